"""What operators say of single days: a typhoon that closes one, a Saturday that is worked instead of a holiday.

The days of a calendar come from a package. An operator's last word about a day stands above it, is kept for ever with
its reason, and counts for whatever is decided from then on; what was promised before keeps its instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

import msgspec

from rescind.core.deadline import Calendar
from rescind.core.errors import InvalidField
from rescind.core.instant import Instant

Says = Literal["closed", "open", "package"]
"""The day does not count; it does, also at a weekend; it is as the package has it again."""

WEEKDAYS = "weekdays"
"""What people call the calendar of policies that name none."""

FIRST_YEAR, LAST_YEAR = 2016, 2040
"""The years that calendars know. Fixed, so that a calendar and its hash are the same whenever they are asked for."""

_LONGEST_CLOSED = 31


class DaySaid(msgspec.Struct, frozen=True, kw_only=True):
    """One word of an operator about a day of the calendar with this name, empty for plain weekdays."""

    number: int
    calendar: str
    day: date
    says: Says
    reason: str
    said_by: str
    known_at: Instant


class CalendarDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day that is not plain. name: the holiday's; word: the operator's that holds, None where the package's does."""

    day: date
    counts: bool
    name: str
    word: DaySaid | None


def last_words(said: Iterable[DaySaid]) -> dict[date, DaySaid]:
    """The word that holds for each day, in their order; none where the package's holds again."""
    found = {one.day: one for one in sorted(said, key=lambda one: one.number)}
    return {day: one for day, one in sorted(found.items()) if one.says != "package"}


def with_words(package: Calendar, said: Iterable[DaySaid]) -> Calendar:
    """The calendar as it counts: the package's days with the last word about each."""
    holidays, working = set(package.holidays), set(package.working)
    for day, one in last_words(said).items():
        if one.says == "closed":
            holidays.add(day)
            working.discard(day)
        else:
            holidays.discard(day)
            if day.weekday() in package.weekend:
                working.add(day)
    return msgspec.structs.replace(package, holidays=frozenset(holidays), working=frozenset(working))


def days(package: Calendar, names: Mapping[date, str], said: Iterable[DaySaid], year: int) -> tuple[CalendarDay, ...]:
    """Every day of a year that is not as its weekday says, or about which an operator's word holds, in their order.

    names: what the package calls its holidays.
    """
    words = last_words(said)
    counting = with_words(package, words.values())
    return tuple(
        CalendarDay(day=day, counts=counting.counts(day), name=names.get(day, ""), word=words.get(day))
        for day in sorted({*package.holidays, *package.working, *words})
        if day.year == year
    )


def is_news(package: Calendar, said: Iterable[DaySaid], day: date, says: Says) -> bool:
    """Whether a word changes what was said of the day; saying it again changes nothing.

    Raises InvalidField: a day no calendar knows, one that is already so without anybody's word, and one whose closing
    would leave a month without a day that counts, on which deadlines could not end.
    """
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise InvalidField(field="/day", expected=f"a day from {FIRST_YEAR} to {LAST_YEAR}")
    words = last_words(said)
    now = words[day].says if day in words else "package"
    if now == says:
        return False
    if now == "package" and package.counts(day) == (says == "open"):
        if says == "closed":
            raise InvalidField(field="/day", expected="a day that counts now")
        raise InvalidField(field="/day", expected="a day that does not count now")
    if says == "closed":
        _require_open_days(with_words(package, words.values()), day)
    return True


def _require_open_days(calendar: Calendar, closing: date) -> None:
    """Deadlines in business days have to end: refuse what closes a whole month around a day."""
    first = last = closing
    while not calendar.counts(before := date.fromordinal(first.toordinal() - 1)):
        first = before
    while not calendar.counts(after := date.fromordinal(last.toordinal() + 1)):
        last = after
    if (last - first).days >= _LONGEST_CLOSED:
        raise InvalidField(field="/day", expected="a day that leaves one that counts in every month around it")
