"""Business calendars: every version by its hash, and what operators said of single days."""

from __future__ import annotations

from datetime import date
from typing import Any

import asyncpg
import msgspec

from rescind.core.business_calendar import DaySaid, Says
from rescind.core.deadline import Calendar
from rescind.core.instant import Instant

_PUBLISH = "INSERT INTO calendars (hash, name, body) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING"
_SAY = """
INSERT INTO calendar_days (calendar, day, says, reason, said_by, known_at) VALUES ($1, $2, $3, $4, $5, $6)
"""
_SAID = "SELECT number, calendar, day, says, reason, said_by, known_at FROM calendar_days ORDER BY number"


class CalendarTable:
    """Reads and writes the tables ``calendars`` and ``calendar_days``. Both only grow."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def publish(self, name: str, calendar: Calendar) -> None:
        """Keep a calendar for ever, so that a receipt that names it can be given out again."""
        await self._pool.execute(_PUBLISH, calendar.hash, name, calendar.canonical())

    async def by_hash(self, digest: str) -> Calendar | None:
        """The calendar with this hash, or None."""
        body = await self._pool.fetchval("SELECT body FROM calendars WHERE hash = $1", digest)
        return None if body is None else msgspec.json.decode(body, type=Calendar)

    async def say(self, name: str, day: date, says: Says, reason: str, by: str, known_at: Instant) -> None:
        """Keep an operator's word about a day. The last one counts."""
        await self._pool.execute(_SAY, name, day, says, reason, by, known_at)

    async def last(self) -> int:
        """The number of the last word, 0 where there is none."""
        return await self._pool.fetchval("SELECT coalesce(max(number), 0) FROM calendar_days")

    async def said(self) -> tuple[DaySaid, ...]:
        """Every word, the oldest first."""
        return tuple(DaySaid(**row) for row in await self._pool.fetch(_SAID))
