"""How the database and what hangs on it are doing, for whoever runs it."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from rescind.core.instant import Instant

_FACTS = """
SELECT current_setting('server_version') AS server,
       pg_database_size(current_database()) AS size,
       (SELECT max(name) FROM migrations) AS migration,
       EXISTS (SELECT FROM installation WHERE key = 'held') AS held,
       clock_timestamp() AS now
"""
# Each count stops: a queue of a million is shown as "more than", not counted while people wait.
_DUE = """
SELECT kind, (SELECT count(*) FROM (SELECT FROM due d WHERE d.kind = k.kind LIMIT $1) AS few) AS waiting,
       (SELECT count(*) FROM (
            SELECT FROM due d WHERE d.kind = k.kind AND d.due_at < clock_timestamp() - interval '1 minute' LIMIT $1
        ) AS few) AS late
FROM (SELECT DISTINCT kind FROM due) AS k ORDER BY kind
"""
# What came back with a backup are signs of life of another machine, however young they are.
_BEATS = """
SELECT worker, role, started_at, beat_at FROM heartbeats
WHERE beat_at > coalesce((SELECT value::timestamptz FROM installation WHERE key = 'restored_at'), '-infinity')
ORDER BY beat_at DESC LIMIT 20
"""
_OUTAGES = "SELECT began_at, ended_at FROM outages ORDER BY began_at DESC LIMIT 10"
MOST = 10_000


class DueKind(msgspec.Struct, frozen=True):
    """Work of one kind that has a time. late: it should have been done a minute ago; both are counted up to MOST."""

    kind: str
    waiting: int
    late: int


class Beat(msgspec.Struct, frozen=True):
    """A process and its last sign of life. role: web or worker."""

    worker: str
    role: str
    started_at: Instant
    beat_at: Instant


class Away(msgspec.Struct, frozen=True):
    """A time in which nobody could answer anything; what it took from somebody's deadline was given back."""

    began_at: Instant
    ended_at: Instant


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """server: version of PostgreSQL; size: bytes; migration: the last; held: refunds wait after a restore."""

    server: str
    size: int
    migration: str
    held: bool
    now: Instant
    due: tuple[DueKind, ...]
    beats: tuple[Beat, ...]
    outages: tuple[Away, ...]


async def condition(pool: asyncpg.Pool[Any]) -> Condition:
    """Everything at once, read with the rights that serving has."""
    async with pool.acquire() as connection:
        facts = await connection.fetchrow(_FACTS)
        assert facts is not None, "a SELECT without FROM gives a row"
        return Condition(
            **dict(facts),
            due=tuple(DueKind(*row) for row in await connection.fetch(_DUE, MOST)),
            beats=tuple(Beat(*row) for row in await connection.fetch(_BEATS)),
            outages=tuple(Away(*row) for row in await connection.fetch(_OUTAGES)),
        )
