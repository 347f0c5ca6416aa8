"""Which days count: weekdays less the package's holidays, and an operator's word above both."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.book import calendar, day_names
from rescind.core.business_calendar import DaySaid, days, is_news, last_words, with_words
from rescind.core.deadline import Calendar, due
from rescind.core.errors import InvalidField

THAI = Calendar("Asia/Bangkok", holidays=frozenset({date(2026, 5, 4), date(2026, 5, 16)}))
MONDAY = datetime(2026, 9, 7, 3, tzinfo=UTC)
"""Ten in the morning in Bangkok."""


def said(number, day, says):
    return DaySaid(
        number=number,
        calendar="TH",
        day=date.fromisoformat(day),
        says=says,
        reason="typhoon",
        said_by="ops",
        known_at=MONDAY,
    )


def test_a_typhoon_day_moves_what_is_promised_after_it_was_said():  # R-079, E-03
    closed = with_words(THAI, [said(1, "2026-09-08", "closed")])
    assert due(MONDAY, "2bd", THAI) == datetime(2026, 9, 9, 17, tzinfo=UTC)
    assert due(MONDAY, "2bd", closed) == datetime(2026, 9, 10, 17, tzinfo=UTC)


def test_a_saturday_worked_for_a_holiday_counts():
    worked = with_words(THAI, [said(1, "2026-09-12", "open")])
    friday = MONDAY + timedelta(days=4)
    assert due(friday, "1bd", THAI) == datetime(2026, 9, 14, 17, tzinfo=UTC)
    assert due(friday, "1bd", worked) == datetime(2026, 9, 12, 17, tzinfo=UTC)


def test_a_holiday_that_is_opened_counts_also_at_a_weekend():
    opened = with_words(THAI, [said(1, "2026-05-04", "open"), said(2, "2026-05-16", "open")])
    assert opened.counts(date(2026, 5, 4))
    assert opened.counts(date(2026, 5, 16))


def test_the_last_word_about_a_day_holds_and_the_package_may_have_it_back():
    words = [said(1, "2026-09-08", "closed"), said(2, "2026-09-08", "open"), said(3, "2026-09-08", "closed")]
    assert not with_words(THAI, reversed(words)).counts(date(2026, 9, 8))
    back = [*words, said(4, "2026-09-08", "package")]
    assert with_words(THAI, back) == THAI
    assert last_words(back) == {}


def test_weekends_that_the_package_says_are_worked_count():
    chinese = calendar("CN", "Asia/Shanghai")
    assert date(2024, 10, 12) in chinese.working  # worked for the national holiday, a Saturday
    assert chinese.counts(date(2024, 10, 12))
    assert not chinese.counts(date(2024, 10, 13))


def test_a_calendar_without_worked_weekends_keeps_the_hash_it_always_had():
    assert Calendar("UTC", working=frozenset()).canonical() == b'{"holidays":[],"weekend":[5,6],"zone":"UTC"}'
    assert b'"working":["2026-09-12"]' in with_words(THAI, [said(1, "2026-09-12", "open")]).canonical()


@pytest.mark.parametrize(
    ("day", "says", "expected"),
    [
        ("2015-12-31", "closed", "a day from 2016 to 2040"),
        ("2041-01-01", "open", "a day from 2016 to 2040"),
        ("2026-09-12", "closed", "a day that counts now"),
        ("2026-05-04", "closed", "a day that counts now"),
        ("2026-09-08", "open", "a day that does not count now"),
    ],
)
def test_a_word_that_cannot_be_meant_is_refused(day, says, expected):
    with pytest.raises(InvalidField) as refused:
        is_news(THAI, [], date.fromisoformat(day), says)
    assert refused.value.params == {"field": "/day", "expected": expected}


def test_what_was_said_already_is_no_news():
    words = [said(1, "2026-09-08", "closed")]
    assert not is_news(THAI, words, date(2026, 9, 8), "closed")
    assert is_news(THAI, words, date(2026, 9, 8), "package")
    assert not is_news(THAI, [], date(2026, 9, 8), "package")


def test_a_month_without_a_day_is_refused_because_deadlines_have_to_end():
    first = date(2026, 9, 7)
    month = [first + timedelta(days=n) for n in range(30)]
    words = [said(n, day.isoformat(), "closed") for n, day in enumerate(month) if THAI.counts(day)]
    with pytest.raises(InvalidField, match="leaves one that counts"):
        is_news(THAI, words, first + timedelta(days=30), "closed")
    assert not is_news(THAI, words, month[0], "closed")
    assert due(MONDAY, "2bd", with_words(THAI, words)) > MONDAY


def test_the_year_lists_what_is_not_plain_with_its_name_and_whose_word_it_is():
    names = {date(2026, 5, 4): "Coronation Day"}
    listed = days(THAI, names, [said(1, "2026-09-08", "closed"), said(2, "2027-01-05", "closed")], 2026)
    assert [(one.day.isoformat(), one.counts, one.name, one.word is not None) for one in listed] == [
        ("2026-05-04", False, "Coronation Day", False),
        ("2026-05-16", False, "", False),
        ("2026-09-08", False, "", True),
    ]


def test_holidays_are_named_in_the_readers_language_where_the_package_knows_it():
    new_year = date(2026, 1, 1)
    assert day_names("CN", "zh")[new_year] == "元旦"
    assert day_names("CN", "en")[new_year] == "New Year's Day"
    assert day_names("DE", "zh")[new_year] == "New Year's Day"
    assert day_names("", "en") == {}


@given(
    st.lists(
        st.tuples(st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.sampled_from(("closed", "open", "package"))),
        max_size=12,
    )
)
def test_every_day_is_as_the_last_word_says_and_every_other_as_the_package(words):
    spoken = [said(number, day.isoformat(), says) for number, (day, says) in enumerate(words)]
    counting = with_words(THAI, spoken)
    last = dict(words)
    for offset in range(365):
        day = date(2026, 1, 1) + timedelta(days=offset)
        says = last.get(day, "package")
        assert counting.counts(day) == (THAI.counts(day) if says == "package" else says == "open")
    assert with_words(THAI, spoken).hash == counting.hash
