"""Whether somebody of a shop is there, and when they come back: hours, holidays, zones, changes of clocks (M-19)."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from rescind.core.contact_card import ContactCard, Opening, OpenSpan, by_days, checked, opening
from rescind.core.deadline import Calendar
from rescind.core.errors import InvalidField
from rescind.core.quick_reply import QuickReply
from rescind.core.quick_reply import checked as checked_replies
from rescind.intake import contact as intake

LONDON = ZoneInfo("Europe/London")
WEEK = tuple(OpenSpan(day=day, opens="09:00", closes="17:30") for day in range(5))
BANK_HOLIDAY = Calendar("Europe/London", holidays=frozenset({date(2026, 5, 25)}))
ALWAYS = tuple(OpenSpan(day=day, opens="00:00", closes="24:00") for day in range(7))


def at(text, zone=LONDON):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def card(hours=WEEK, **more):
    return checked(ContactCard(hours=hours, zone="Europe/London", **more))


def there(text, hours=WEEK, calendar=BANK_HOLIDAY, **more):
    return opening(card(hours, **more), calendar, at(text))


def test_both_ends_of_a_day():
    assert there("2026-05-04T08:59") == Opening(open=False, opens_at=at("2026-05-04T09:00"))
    assert there("2026-05-04T09:00") == Opening(open=True, until=at("2026-05-04T17:30"))
    assert there("2026-05-04T17:29") == Opening(open=True, until=at("2026-05-04T17:30"))
    assert there("2026-05-04T17:30") == Opening(open=False, opens_at=at("2026-05-05T09:00"))


def test_over_a_weekend_and_a_holiday_it_opens_on_the_next_day_somebody_works():
    assert there("2026-05-22T18:00").opens_at == at("2026-05-26T09:00")
    assert there("2026-05-25T12:00") == Opening(open=False, opens_at=at("2026-05-26T09:00"))
    assert there("2026-05-25T12:00", holidays=False) == Opening(open=True, until=at("2026-05-25T17:30"))


def test_hours_on_a_saturday_count_whatever_the_calendar_calls_a_weekend():
    saturday = (OpenSpan(day=5, opens="10:00", closes="14:00"),)
    assert there("2026-05-09T11:00", saturday).open


def test_a_break_closes_and_says_when_it_is_over():
    hours = (OpenSpan(day=0, opens="13:00", closes="18:00"), OpenSpan(day=0, opens="09:00", closes="12:00"))
    assert there("2026-05-04T12:30", hours) == Opening(open=False, opens_at=at("2026-05-04T13:00"))


def test_midnight_between_two_open_days_is_no_closing():
    hours = (OpenSpan(day=0, opens="20:00", closes="24:00"), OpenSpan(day=1, opens="00:00", closes="04:00"))
    assert there("2026-05-04T23:59", hours) == Opening(open=True, until=at("2026-05-05T04:00"))
    assert there("2026-05-05T00:00", hours) == Opening(open=True, until=at("2026-05-05T04:00"))
    assert there("2026-05-04T12:00", ALWAYS, holidays=False) == Opening(open=True)


def test_the_hours_are_of_the_shops_clock_also_when_it_is_changed():
    assert there("2026-03-27T12:00").until == datetime(2026, 3, 27, 17, 30, tzinfo=UTC)
    assert there("2026-03-30T12:00").until == datetime(2026, 3, 30, 16, 30, tzinfo=UTC)
    skipped = (OpenSpan(day=6, opens="01:00", closes="02:00"),)
    assert there("2026-03-29T00:30", skipped, holidays=False).opens_at == at("2026-04-05T01:00")


def test_a_card_without_hours_says_nothing_and_one_that_never_opens_promises_nothing():
    assert opening(ContactCard(email="a@b.example"), BANK_HOLIDAY, at("2026-05-04T12:00")) is None
    closed = Calendar("Europe/London", holidays=frozenset(date.fromordinal(n) for n in range(739_000, 740_500)))
    assert there("2026-05-04T12:00", calendar=closed) == Opening(open=False)


def test_days_that_are_alike_stand_in_one_row():
    hours = (*WEEK, OpenSpan(day=6, opens="10:00", closes="12:00"))
    assert [days for days, _ in by_days(card(hours).hours)] == [(0, 4), (6, 6)]
    gap = tuple(one for one in WEEK if one.day != 2)
    assert [days for days, _ in by_days(card(gap).hours)] == [(0, 1), (3, 4)]


@pytest.mark.parametrize(
    ("hours", "field"),
    [
        ([(7, "09:00", "17:00")], "/hours/0"),
        ([(0, "9:00", "17:00")], "/hours/0"),
        ([(0, "09:00", "25:00")], "/hours/0"),
        ([(0, "17:00", "09:00")], "/hours/0/closes"),
        ([(0, "09:00", "09:00")], "/hours/0/closes"),
        ([(0, "09:00", "12:00"), (0, "11:59", "17:00")], "/hours"),
        ([(0, "01:00", "02:00"), (0, "03:00", "04:00"), (0, "05:00", "06:00"), (0, "07:00", "08:00")], "/hours"),
    ],
)
def test_hours_that_cannot_be_meant_are_refused(hours, field):
    with pytest.raises(InvalidField) as told:
        card(tuple(OpenSpan(day=day, opens=opens, closes=closes) for day, opens, closes in hours))
    assert told.value.params["field"] == field


def given(**more):
    told = {"email": "", "phone": "", "languages": (), "zone": "UTC", "hours": (), "holidays": True}
    return intake.card(**told | more)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"email": "shop"}, "/email"),
        ({"email": "a@b"}, "/email"),
        ({"phone": "020 7946 0018"}, "/phone"),
        ({"phone": "+44 1"}, "/phone"),
        ({"phone": "call us"}, "/phone"),
        ({"languages": ("xx",)}, "/languages/0"),
        ({"languages": ("en", "en")}, "/languages"),
        ({"zone": "Mars/Base"}, "/zone"),
    ],
)
def test_a_card_nobody_could_use_is_refused(wrong, field):
    with pytest.raises(InvalidField) as told:
        given(**wrong)
    assert told.value.params["field"] == field


def test_a_telephone_number_is_kept_as_the_world_writes_it():
    assert given(phone="+442079460018").phone == "+44 20 7946 0018"
    assert given(phone="+86 755 8888 8888").phone == "+86 755 8888 8888"


def test_a_quick_reply_is_there_in_both_languages_and_found_by_a_name_of_its_own():
    good = QuickReply(title="Tomorrow", texts={"en": "Tomorrow.", "zh": "明天。"})
    assert checked_replies((good,), ("en", "zh")) == (good,)
    for replies, field in (
        ((good, good), "/1/title"),
        ((QuickReply(title="T", texts={"en": "Only here"}),), "/0/texts"),
        ((QuickReply(title="T", texts={"en": "x", "zh": ""}),), "/0/texts/zh"),
        ((QuickReply(title="T" * 61, texts=good.texts),), "/0/title"),
    ):
        with pytest.raises(InvalidField) as told:
            checked_replies(replies, ("en", "zh"))
        assert told.value.params["field"] == field
