"""Spans and the instants at which they end (E-01 to E-03): elapsed hours, calendar days, business days."""

import hashlib
import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from rescind.core.instant import Instant
from rescind.core.sentence import phrased

Unit = Literal["s", "m", "h", "d", "bd"]

_SPAN = re.compile(r"([0-9]{1,6})(s|m|h|bd|d)")
_SECONDS: dict[str, int] = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# A span that finds no business day in this many days has a calendar without any.
_LONGEST_WITHOUT_BUSINESS_DAY = 366
_TICK = timedelta(microseconds=1)
_SATURDAY = 5


class Span(msgspec.Struct, frozen=True):
    """A length of time as a policy writes it: `90m`, `24h`, `14d` (calendar days), `2bd` (business days)."""

    amount: int
    unit: Unit

    @property
    def elapsed(self) -> bool:
        """Whether it runs on the clock alone, with no calendar."""
        return self.unit in {"s", "m", "h"}

    @property
    def seconds(self) -> int:
        """Elapsed length; a day is 24 hours. A business day has no elapsed length: ValueError."""
        if self.unit == "bd":
            msg = phrased("%(span)s has no fixed number of seconds", span=self)
            raise ValueError(msg)
        return self.amount * _SECONDS[self.unit]

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


def span(text: str) -> Span:
    """Read `90m`, `24h`, `14d` or `2bd`. Anything else: ValueError."""
    found = _SPAN.fullmatch(text)
    if found is None:
        msg = phrased(
            "%(text)s is not a span: write a whole number and s, m, h, d or bd, such as 24h or 2bd", text=repr(text)
        )
        raise ValueError(msg)
    unit: Unit = found[2]  # pyright: ignore[reportAssignmentType]  # the pattern admits the five units only
    return Span(int(found[1]), unit)


class Calendar(msgspec.Struct, frozen=True, dict=True):
    """Which days count. The core is given this as data and never asks a library.

    zone: IANA name. weekend: days as `date.weekday()` gives them, Monday 0. holidays: days that do not count either.
    working: days of a weekend that count all the same, as where a holiday is worked for on a Saturday.
    """

    zone: str
    weekend: frozenset[int] = frozenset({5, 6})
    holidays: frozenset[date] = frozenset()
    working: frozenset[date] = frozenset()

    def counts(self, day: date) -> bool:
        """Whether `day` is a business day."""
        return day not in self.holidays and (day.weekday() not in self.weekend or day in self.working)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of what this calendar says, for receipts."""
        return hashlib.sha256(self.canonical()).hexdigest()

    def canonical(self) -> bytes:
        """What is hashed, and kept: one byte string for one meaning. Days worked at weekends only where there are some,
        so that a calendar without any keeps the hash it always had.
        """
        said = {"zone": self.zone, "weekend": sorted(self.weekend), "holidays": sorted(self.holidays)}
        if self.working:
            said["working"] = sorted(self.working)
        return msgspec.json.encode(said, order="sorted")


class Reckoning(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a deadline was worked out, part by part, so that anybody can do it again.

    day_zero: the local day the counting starts after. last_day: the last day that counts. skipped: days passed over,
    being weekend or holiday. The three are empty for elapsed spans.
    """

    start: Instant
    span: str
    zone: str
    due_at: Instant
    day_zero: date | None = None
    last_day: date | None = None
    skipped: tuple[date, ...] = ()


def due(start: Instant, length: Span | str, calendar: Calendar, zone: str | None = None) -> Instant:
    """The first instant at which `length` is over: who acts before it is in time, the timer acts from it on (E-02)."""
    return reckon(start, length, calendar, zone).due_at


def reckon(
    start: Instant, length: Span | str, calendar: Calendar, zone: str | None = None, cutoff: time | None = None
) -> Reckoning:
    """As `due`, with the arithmetic.

    zone: overrides the calendar's. cutoff: local time of day from which a start counts as made on the next day; for
    business days a start on a day that does not count is moved to the next that does, as well.
    """
    parsed = span(length) if isinstance(length, str) else length
    name = zone or calendar.zone
    if parsed.elapsed:
        return Reckoning(start, str(parsed), name, start + timedelta(seconds=parsed.seconds))
    local = start.astimezone(zone_of(name))
    late = cutoff is not None and local.time() >= cutoff
    if parsed.unit == "d":
        day_zero = local.date() + timedelta(days=1 if late else 0)
        last = day_zero + timedelta(days=parsed.amount)
        skipped: tuple[date, ...] = ()
    else:
        day_zero = local.date()
        if late:
            day_zero += timedelta(days=1)
        if cutoff is not None:
            day_zero = _business_day_from(day_zero, calendar)
        last, skipped = _count(day_zero, parsed.amount, calendar)
    due_at = day_start(last + timedelta(days=1), name)
    return Reckoning(start, str(parsed), name, due_at, day_zero, last, skipped)


def _count(day_zero: date, amount: int, calendar: Calendar) -> tuple[date, tuple[date, ...]]:
    """The last counted day and the days skipped. Zero business days end with the first one from `day_zero` on."""
    skipped: list[date] = []
    day, left, idle = day_zero, amount, 0
    if amount == 0:
        last = _business_day_from(day_zero, calendar)
        return last, tuple(day_zero + timedelta(days=n) for n in range((last - day_zero).days))
    while left:
        day += timedelta(days=1)
        if calendar.counts(day):
            left, idle = left - 1, 0
            continue
        skipped.append(day)
        idle += 1
        if idle > _LONGEST_WITHOUT_BUSINESS_DAY:
            msg = phrased("the calendar has no business day after %(day)s", day=day_zero)
            raise ValueError(msg)
    return day, tuple(skipped)


def _business_day_from(day: date, calendar: Calendar) -> date:
    for n in range(_LONGEST_WITHOUT_BUSINESS_DAY):
        if calendar.counts(day + timedelta(days=n)):
            return day + timedelta(days=n)
    msg = phrased("the calendar has no business day after %(day)s", day=day)
    raise ValueError(msg)


def day_start(day: date, zone: str) -> Instant:
    """The first instant of a local day.

    Where midnight is skipped by a change of the clocks the day begins when they jump; where it comes twice, at the
    first. `fold=0` gives both: in a gap it reads the time by the old offset, which is the instant of the jump.
    """
    return datetime.combine(day, time(0), tzinfo=zone_of(zone)).astimezone(UTC)


def to_working_day(until: Instant, calendar: Calendar, zone: str) -> Instant:
    """A span of days that is over at ``until``, lengthened to the end of the next day that is worked.

    For laws that rest on Saturdays, Sundays and public holidays, whatever weekend a calendar has and whatever Saturday
    it works on for a holiday; ``calendar`` gives the holidays.
    """
    last = last_before(until).astimezone(zone_of(zone)).date()
    while last.weekday() >= _SATURDAY or last in calendar.holidays:
        last += timedelta(days=1)
    return day_start(last + timedelta(days=1), zone)


def last_before(until: Instant) -> Instant:
    """The last instant of a span that is over at ``until``: days counted from its day begin with the next (E-03)."""
    return until - _TICK


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone of this name. An unknown one: ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        msg = phrased("%(name)s is not a time zone", name=repr(name))
        raise ValueError(msg) from error
