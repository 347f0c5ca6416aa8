"""Times as people and their programs write them into files: exact to one instant, or refused with what to write."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from rescind.core.errors import InvalidField
from rescind.core.fulfilment import CLOCK_DIFFERENCE
from rescind.core.instant import Instant
from rescind.intake.fields import moment

NOT_BEFORE = "no earlier than the order was placed"

_PLAIN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?", re.ASCII)
_YEAR_FIRST = re.compile(
    r"(?P<year>\d{4}) ?[-/.年] ?(?P<month>\d{1,2}) ?[-/.月] ?(?P<day>\d{1,2})日?"
    r"(?:[T ]+(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:\.\d+)?)?)?"
    r" ?(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_YEAR_LAST = re.compile(r"\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d\d)\b.*", re.ASCII)


@lru_cache(maxsize=4096)
def read_moment(text: str, zone: str, field: str) -> Instant:
    """One instant. zone: the shop's, which a time without one is in. Raises InvalidField.

    A year that does not come first leaves open which number is the month; an hour that the clocks showed twice, or
    leapt over, needs its offset.
    """
    said = _read(text, field)
    if said.tzinfo is None:
        said = _placed(said, zone, field)
    return moment(said, field=field)


def before(placed_at: Instant, at: Instant) -> bool:
    """Whether something happened before its order was placed, beyond what two honest clocks differ by."""
    return at < placed_at - CLOCK_DIFFERENCE


def _read(text: str, field: str) -> datetime:
    if _PLAIN.fullmatch(text):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            raise InvalidField(field=field, expected="a day that is in the calendar") from None
    found = _YEAR_FIRST.fullmatch(text)
    if found is None:
        if _YEAR_LAST.fullmatch(text):
            raise InvalidField(field=field, expected="a time with the year first, such as 2026-04-03 14:05")
        raise InvalidField(field=field, expected="a day and a time, such as 2026-04-03 14:05 or 2026-04-03T14:05:00Z")
    if found["hour"] is None:
        raise InvalidField(field=field, expected="a day and a time, such as 2026-04-03 14:05 or 2026-04-03T14:05:00Z")
    names = ("year", "month", "day", "hour", "minute", "second")
    year, month, day, hour, minute, second = (int(found[name] or 0) for name in names)
    offset = found["zone"] or ""
    try:
        said = datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - the next line gives it its zone
        if offset in {"Z", "UTC", "GMT"}:
            return said.replace(tzinfo=UTC)
        return datetime.fromisoformat(said.isoformat() + offset) if offset else said
    except ValueError:
        raise InvalidField(field=field, expected="a day that is in the calendar") from None


def _placed(said: datetime, zone: str, field: str) -> datetime:
    here = ZoneInfo(zone)
    first, second = said.replace(tzinfo=here), said.replace(tzinfo=here, fold=1)
    if first.utcoffset() != second.utcoffset():
        raise InvalidField(
            field=field, expected="a time with its offset, such as 2026-10-25T01:30+01:00, where clocks change"
        )
    return first
