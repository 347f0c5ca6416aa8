"""When the last backup was written, and when one was last restored on trial: kept beside what is backed up."""

from __future__ import annotations

from typing import Any, Literal

import asyncpg
import msgspec

from rescind.core.instant import Instant

_KEEP = """
INSERT INTO installation (key, value) VALUES ($1, clock_timestamp()::text)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
_LAST = """
SELECT (SELECT value::timestamptz FROM installation WHERE key = 'backup_made_at') AS made,
       (SELECT value::timestamptz FROM installation WHERE key = 'backup_tried_at') AS tried
"""


class Backups(msgspec.Struct, frozen=True):
    """made: when the last backup was written; tried: when one was last restored on trial. None: never."""

    made: Instant | None
    tried: Instant | None


async def keep(dsn: str, what: Literal["backup_made_at", "backup_tried_at"]) -> None:
    """Remember that it was done now. dsn: as the owner."""
    connection = await asyncpg.connect(dsn, server_settings={"timezone": "UTC"})
    try:
        await connection.execute(_KEEP, what)
    finally:
        await connection.close()


async def last(pool: asyncpg.Pool[Any]) -> Backups:
    """What is remembered."""
    row = await pool.fetchrow(_LAST)
    assert row is not None, "a SELECT without FROM gives a row"
    return Backups(row["made"], row["tried"])
