"""Time as people live it: changes of the clocks, days in a zone, working days across a year's end, the edge itself."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.book import calendar
from rescind.core.deadline import Calendar, day_start, due, reckon
from rescind.policies import preset, presets
from scenarios.shop import Shop, usd

TICK = timedelta(microseconds=1)
CHANGES = {
    # zone: the instants at which its clocks are put forward and back in 2026
    "America/Los_Angeles": ("2026-03-08T10:00", "2026-11-01T09:00"),
    "Europe/Berlin": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Europe/London": ("2026-03-29T01:00", "2026-10-25T01:00"),
    "Australia/Sydney": ("2026-10-03T16:00", "2026-04-04T16:00"),
    "America/Havana": ("2026-03-08T05:00", "2026-11-01T05:00"),
}


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


EDGES = [(zone, utc(change)) for zone, both in CHANGES.items() for change in both]


@given(st.sampled_from(EDGES), st.integers(-72 * 3600, 3600), st.integers(1, 96))
def test_kf_24_hours_last_as_long_as_they_say_over_both_changes(edge, before_s, hours):  # E-01
    zone, change = edge
    start = change + timedelta(seconds=before_s)
    assert due(start, f"{hours}h", Calendar(zone)) - start == timedelta(hours=hours)


@pytest.mark.parametrize(("zone", "change"), EDGES)
def test_kf_24_two_days_in_hours_and_in_days_differ_by_the_change(zone, change):  # E-01, E-03
    midnight = day_start((change - timedelta(days=1)).astimezone(ZoneInfo(zone)).date(), zone)
    in_days = due(midnight - TICK, "2d", Calendar(zone))
    in_hours = due(midnight, "48h", Calendar(zone))
    assert abs(in_days - in_hours) == timedelta(hours=1), "a day of 23 or of 25 hours lies between"


@given(
    st.sampled_from(sorted(CHANGES)),
    st.datetimes(datetime(2025, 12, 1), datetime(2027, 2, 1)).map(lambda t: t.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.integers(1, 60),
)
def test_days_end_with_a_local_day_whatever_the_clocks_do(zone, start, days):  # E-01, E-03
    end = due(start, f"{days}d", Calendar(zone))
    place = ZoneInfo(zone)
    last = start.astimezone(place).date() + timedelta(days=days)
    assert (end - TICK).astimezone(place).date() == last, "everything through 23:59:59.999999 counts"
    assert end.astimezone(place).date() == last + timedelta(days=1)


def test_fourteen_days_over_the_spring_change_end_at_a_midnight():  # E-03
    start = utc("2026-03-20T15:30")
    assert due(start, "14d", Calendar("Europe/Berlin")) == datetime(2026, 4, 4, tzinfo=ZoneInfo("Europe/Berlin"))
    assert due(start, "14d", Calendar("Europe/Berlin")) - utc("2026-04-03T23:00") == timedelta(hours=-1)


@pytest.mark.parametrize(
    ("name", "zone", "start", "span", "last"),
    [
        ("US", "America/Los_Angeles", "2026-12-30T18:00", "2bd", "2027-01-04"),  # Thursday, then Monday
        ("US", "America/Los_Angeles", "2026-12-24T18:00", "1bd", "2026-12-28"),
        ("GB-ENG", "Europe/London", "2026-12-24T12:00", "1bd", "2026-12-29"),  # Boxing Day is made up for on Monday
        ("DE", "Europe/Berlin", "2026-12-23T12:00", "2bd", "2026-12-28"),
        ("TH", "Asia/Bangkok", "2026-12-30T03:00", "2bd", "2027-01-05"),  # New Year's Eve is one there
        ("", "UTC", "2026-12-31T12:00", "2bd", "2027-01-04"),
    ],
)
def test_kf_24_working_days_count_across_the_years_end(name, zone, start, span, last):
    counted = reckon(utc(start), span, calendar(name, zone))
    assert str(counted.last_day) == last
    assert counted.due_at == day_start(date.fromisoformat(last) + timedelta(days=1), zone)


@pytest.mark.parametrize(
    ("zone", "moment", "cutoff", "day_zero"),
    [
        # UTC-2 at 00:30 UTC: it is 22:30 of the day before.
        ("Etc/GMT+2", "2026-05-06T00:30", "14:00", "2026-05-06"),
        ("Etc/GMT+2", "2026-05-06T00:30", "22:30", "2026-05-06"),
        ("Etc/GMT+2", "2026-05-06T00:30", "22:31", "2026-05-05"),
        ("Etc/GMT+2", "2026-05-06T01:59", "23:59:59", "2026-05-05"),
        ("Etc/GMT+2", "2026-05-06T02:00", "23:59:59", "2026-05-06"),
        # UTC+2 at 23:30 UTC: it is 01:30 of the day after.
        ("Etc/GMT-2", "2026-05-05T23:30", "14:00", "2026-05-06"),
        ("Etc/GMT-2", "2026-05-05T23:30", "01:30", "2026-05-07"),
        ("Etc/GMT-2", "2026-05-05T23:30", "01:31", "2026-05-06"),
        ("Etc/GMT-2", "2026-05-05T21:59", "00:00", "2026-05-06"),
        ("Etc/GMT-2", "2026-05-05T22:00", "00:00", "2026-05-07"),
    ],
)
def test_kf_24_a_cut_off_near_midnight_is_read_on_the_local_day(zone, moment, cutoff, day_zero):
    for span in ("0d", "0bd", "1bd"):
        counted = reckon(utc(moment), span, Calendar(zone), cutoff=time.fromisoformat(cutoff))
        assert str(counted.day_zero) == day_zero


@given(
    st.integers(-12, 14),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda t: t.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.times(),
)
def test_kf_24_a_cut_off_is_the_same_hour_of_the_clock_everywhere(offset, start, cutoff):
    zone = f"Etc/GMT{-offset:+d}" if offset else "Etc/GMT"
    local = (start + timedelta(hours=offset)).replace(tzinfo=None)
    expected = local.date() + timedelta(days=1 if local.time() >= cutoff else 0)
    assert reckon(start, "0d", Calendar(zone), cutoff=cutoff).day_zero == expected


@given(
    st.sampled_from(presets()),
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1)).map(lambda t: t.replace(tzinfo=UTC)),  # noqa: DTZ001
    st.lists(st.integers(1, 10**9), min_size=1, max_size=6),
)
def test_a_later_start_never_has_an_earlier_end(name, start, steps):  # E-01 to E-03
    policy = preset(name).at(start)
    days = calendar(policy.policy.calendar, policy.policy.zone)
    moments = [start]
    for step in steps:
        moments.append(moments[-1] + timedelta(milliseconds=step))
    for deadline in policy.deadlines.values():
        ends = [due(one, deadline.span, days, policy.policy.zone) for one in moments]
        assert all(one <= other for one, other in pairwise(ends))
        assert all(end > moment for end, moment in zip(ends, moments, strict=True)) or deadline.span.amount == 0


@pytest.mark.parametrize(("early", "verdict"), [(TICK, "approved"), (timedelta(0), "awaiting_seller")])
def test_a_window_is_open_to_its_last_instant_and_not_at_its_end(early, verdict):  # E-02, R-002
    us = Shop("us").order(placed="Wed 10:00", paid=usd("40.00"))
    us.at(us.time("Wed 11:00") - early).buyer.requests_cancellation()
    assert us.cancellation.status == verdict


@pytest.mark.parametrize(("early", "stage"), [(TICK, "unpaid"), (timedelta(0), "cancelled")])
def test_the_clock_acts_at_the_end_of_a_span_and_not_before(early, stage):  # E-02, R-070
    us = Shop("us").order(placed="Wed 10:00", total=usd("40.00"))
    assert us.at(us.time("Fri 10:00") - early).stage == stage


@pytest.mark.parametrize(("at", "stage"), [("2026-05-13 23:59:59.999999", "review"), ("2026-05-14 00:00", "cancelled")])
def test_the_last_working_day_counts_to_its_last_instant(at, stage):  # E-03, R-073
    us = Shop("us").order(placed="Mon 09:00", paid=usd("40.00"))
    assert us.at(at).stage == stage
