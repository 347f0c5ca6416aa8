"""How a shop is reached: hours, e-mail, telephone, languages, and whether somebody is there right now (M-19)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import msgspec

from rescind.core.deadline import Calendar, day_start, zone_of
from rescind.core.errors import InvalidField
from rescind.core.instant import Instant

DAYS = 7
SPANS = 3
"""Most spans of one day: two breaks are enough for anybody."""
LANGUAGES = 20
_AHEAD = 60
"""Days that are looked at for the next opening: nobody is closed for longer and still has hours."""
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00")
MIDNIGHT = "24:00"


class OpenSpan(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """From when to when somebody is there. day: Monday is 0. opens, closes: local clock, to the minute; a day ends at
    ``24:00``.
    """

    day: int
    opens: str
    closes: str


class ContactCard(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a shop says of itself. zone: IANA, of the hours. phone: in international form. languages: BCP 47, the shop's
    best first. holidays: closed on the public holidays of the calendar its policy counts by.
    """

    email: str = ""
    phone: str = ""
    languages: tuple[str, ...] = ()
    zone: str = "UTC"
    hours: tuple[OpenSpan, ...] = ()
    holidays: bool = True


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody is there. until: when they go, None where the shop never closes; opens_at: when they come back,
    None where that is not in sight.
    """

    open: bool
    until: Instant | None = None
    opens_at: Instant | None = None


def checked(card: ContactCard) -> ContactCard:
    """The card with its hours in order. Raises InvalidField, with a pointer into the card."""
    try:
        zone_of(card.zone)
    except ValueError:
        raise InvalidField(field="/zone", expected="an IANA time zone, such as Europe/London") from None
    if len(card.languages) > LANGUAGES or len(set(card.languages)) != len(card.languages):
        raise InvalidField(field="/languages", expected=f"at most {LANGUAGES} languages, each once")
    ordered = tuple(sorted(card.hours))
    for place, one in enumerate(card.hours):
        if not (0 <= one.day < DAYS and _CLOCK.fullmatch(one.opens) and _CLOCK.fullmatch(one.closes)):
            raise InvalidField(field=f"/hours/{place}", expected="a day from 0 to 6 and times such as 09:00 and 17:30")
        if one.opens >= one.closes:
            raise InvalidField(field=f"/hours/{place}/closes", expected="a time after the opening; a day ends at 24:00")
    for before, after in pairwise(ordered):
        if before.day == after.day and after.opens < before.closes:
            raise InvalidField(field="/hours", expected="spans of a day that do not overlap")
    if any(sum(1 for one in ordered if one.day == day) > SPANS for day in range(DAYS)):
        raise InvalidField(field="/hours", expected=f"at most {SPANS} spans a day")
    return msgspec.structs.replace(card, hours=ordered)


def opening(card: ContactCard, calendar: Calendar, now: Instant) -> Opening | None:
    """Whether the shop is open now and what comes next; None for one that says no hours.

    calendar: whose holidays close it. Its weekend does not: the hours say on which days somebody works.
    """
    if not card.hours:
        return None
    today = now.astimezone(zone_of(card.zone)).date()
    spans = list(_spans(card, calendar, today - timedelta(days=1)))
    current = next((place for place, (opens, closes) in enumerate(spans) if opens <= now < closes), None)
    if current is None:
        return Opening(open=False, opens_at=next((opens for opens, _ in spans if opens > now), None))
    until = spans[current][1]
    for opens, closes in spans[current + 1 :]:
        if opens > until:
            return Opening(open=True, until=until)
        # Midnight between two days on which somebody is there is no closing.
        until = max(until, closes)
    return Opening(open=True)


def _spans(card: ContactCard, calendar: Calendar, first: date) -> Iterator[tuple[Instant, Instant]]:
    for ahead in range(_AHEAD):
        day = first + timedelta(days=ahead)
        if card.holidays and day in calendar.holidays:
            continue
        for one in card.hours:
            if one.day == day.weekday():
                opens, closes = _at(day, one.opens, card.zone), _at(day, one.closes, card.zone)
                # Where clocks jump over both ends, nobody is there.
                if opens < closes:
                    yield opens, closes


def _at(day: date, clock: str, zone: str) -> Instant:
    if clock == MIDNIGHT:
        return day_start(day + timedelta(days=1), zone)
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone_of(zone)).astimezone(UTC)


def by_days(hours: Sequence[OpenSpan]) -> tuple[tuple[tuple[int, int], tuple[OpenSpan, ...]], ...]:
    """Runs of days with the same spans, first and last day of each, in the order of the week; days off are left out."""
    week = [tuple((one.opens, one.closes) for one in hours if one.day == day) for day in range(DAYS)]
    found: list[tuple[tuple[int, int], tuple[OpenSpan, ...]]] = []
    for day, spans in enumerate(week):
        if not spans:
            continue
        if found and found[-1][0][1] == day - 1 and week[day - 1] == spans:
            found[-1] = ((found[-1][0][0], day), found[-1][1])
        else:
            found.append(((day, day), tuple(one for one in hours if one.day == day)))
    return tuple(found)
