"""Business calendars: which days count, who said so, and an operator's word about a day."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.business_calendar import FIRST_YEAR, LAST_YEAR, CalendarDay, DaySaid, Says
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.intake.fields import Incoming, Words
from rescind.intake.text import label
from rescind.locales import negotiate
from rescind.postgres.credentials import Role

_OPERATOR: frozenset[Role] = frozenset({"operator"})


class CalendarNamed(Told, frozen=True, kw_only=True):
    """A calendar that policies count by, and the time zones in which they read it."""

    calendar: str
    zones: list[str]


class CalendarsTold(Told, frozen=True, kw_only=True):
    """Every calendar that a policy counts by."""

    calendars: list[CalendarNamed]


class WordTold(Told, frozen=True, kw_only=True):
    """What an operator said of a day. known_at: decisions from then on count by it."""

    day: date
    says: Says
    reason: str
    said_by: str
    known_at: Instant


class DayTold(Told, frozen=True, kw_only=True):
    """A day that is not as its weekday says. source: package, or operator with the word that holds."""

    day: date
    counts: bool
    source: str
    name: str
    word: WordTold | None


class CalendarYearTold(Told, frozen=True, kw_only=True):
    """A calendar's year. weekend: 0 is Monday. said: every word about a day of this year, the oldest first."""

    calendar: str
    year: int
    weekend: list[int]
    days: list[DayTold]
    said: list[WordTold]


class Year(Incoming, frozen=True, kw_only=True):
    """Which year; this one unless it is named."""

    year: Annotated[int, msgspec.Meta(ge=FIRST_YEAR, le=LAST_YEAR)] | None = None


class NewWord(Incoming, frozen=True, kw_only=True):
    """A word about a day. says: it is closed, it is open, or it is as the package has it again."""

    day: date
    says: Says
    reason: Words


@operation(
    "GET",
    "/v1/calendars",
    may=STAFF,
    through="self",
    summary="List calendars",
    gives=CalendarsTold,
)
async def named(call: Call) -> Answer:
    """The calendars that business days are counted by, by the names that policies use."""
    found = [CalendarNamed(calendar=name, zones=list(zones)) for name, zones in call.desk.book.zones().items()]
    return Answer(body=CalendarsTold(calendars=found))


@operation(
    "GET",
    "/v1/calendars/{calendar}",
    may=STAFF,
    through="self",
    summary="Read a calendar's year",
    query=Year,
    gives=CalendarYearTold,
    fails=(errors.NotFound,),
)
async def year(call: Call) -> Answer:
    """The days that are not as their weekday says: holidays of the package, and what operators said and why."""
    return _told(call, call.query.year or call.desk.now().year)


@operation(
    "POST",
    "/v1/calendars/{calendar}/days",
    may=_OPERATOR,
    through="self",
    summary="Close or open a day",
    body=NewWord,
    gives=CalendarYearTold,
    changes=True,
    fails=(errors.NotFound,),
)
async def say(call: Call) -> Answer:
    """Deadlines in business days that are promised from now on count by it. Those promised before keep their instant.

    Saying the same again changes nothing. Nothing is ever taken away: who said what stands in ``said``.
    """
    call.key(ShopId(""))  # The word itself makes a repeat harmless; the header is wanted as of every change.
    body: NewWord = call.body
    reason = label(body.reason, field="/reason", blank=False)
    await call.desk.book.say(call.ids["calendar"], body.day, body.says, reason, call.principal.id, call.desk.now())
    return _told(call, body.day.year)


def _told(call: Call, chosen: int) -> Answer:
    book, name = call.desk.book, call.ids["calendar"]
    accepted = call.headers.get(b"accept-language")
    language = negotiate(accepted.decode("latin-1") if accepted else None)
    days = book.year(name, chosen, language)
    told = CalendarYearTold(
        calendar=name,
        year=chosen,
        weekend=sorted(book.package(name).weekend),
        days=[_day(one) for one in days],
        said=[_word(one) for one in book.said(name) if one.day.year == chosen],
    )
    return Answer(body=told)


def _day(one: CalendarDay) -> DayTold:
    return DayTold(
        day=one.day,
        counts=one.counts,
        source="operator" if one.word else "package",
        name=one.name,
        word=_word(one.word) if one.word else None,
    )


def _word(one: DaySaid) -> WordTold:
    return WordTold(day=one.day, says=one.says, reason=one.reason, said_by=one.said_by, known_at=one.known_at)


OPERATIONS = (named, year, say)
