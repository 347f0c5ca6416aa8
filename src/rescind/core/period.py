"""Spans of time that follow the clock: today, the last seven days, what is overdue, as filters of lists name them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from rescind.core.instant import Instant

Lately = Literal["", "today", "7d", "30d"]
"""Since when: the beginning of today, or of the day so many days back, today among them."""
DueBy = Literal["", "overdue", "24h", "today"]
"""Until when something is due: until now, within a day, or until the end of today."""

_DAYS = {"today": 1, "7d": 7, "30d": 30}


def since(lately: Lately, now: Instant, zone: str) -> Instant | None:
    """The instant from which it counts, by the calendar of a zone; None without one."""
    return _midnight(now, zone, 1 - _DAYS[lately]) if lately else None


def until(due: DueBy, now: Instant, zone: str) -> Instant | None:
    """The instant before which something must be due; None without one."""
    match due:
        case "":
            return None
        case "overdue":
            return now
        case "24h":
            return now + timedelta(hours=24)
        case "today":
            return _midnight(now, zone, 1)


def _midnight(now: Instant, zone: str, days: int) -> Instant:
    """The beginning of the day so many days from today. A day that has no midnight begins with its first instant."""
    where = ZoneInfo(zone)
    day = now.astimezone(where).date() + timedelta(days=days)
    return datetime(day.year, day.month, day.day, tzinfo=where).astimezone(now.tzinfo)
