"""The hold after a restore: what it waits for, and letting refunds run again.

A backup knows nothing of what was refunded after it. So the hold ends when, for every provider, our refunds were
compared with its own over the time in between, and each difference was told to its order or explained by a person.
"""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from rescind.core.instant import Instant
from rescind.core.refund import HOST, SANDBOX

_HELD = """
SELECT held.value AS held, restored.value::timestamptz AS restored_at FROM installation held
LEFT JOIN installation restored ON restored.key = 'restored_at'
WHERE held.key = 'held'
"""
# The last thing the backup knows.
_LAST = "SELECT max(received_at) FROM events WHERE received_at <= $1"
_PROVIDERS = """
SELECT provider FROM (
    SELECT DISTINCT coalesce(nullif(t ->> 'provider',
                                    coalesce((SELECT name FROM provider_connections WHERE own), $2)), '') AS provider
    FROM orders, jsonb_array_elements(convert_from(state, 'UTF8')::jsonb -> 'tenders') AS t
    WHERE placed_at <= $1
) AS named WHERE provider NOT IN ($2, $3) ORDER BY 1
"""
# The latest run that looked at all of that time. One after it may have found more, so older ones do not count.
_RUN = """
SELECT number, (SELECT count(*) FROM differences WHERE run = number AND state = 'open') AS open
FROM reconciliations
WHERE provider = $1 AND finished_at IS NOT NULL AND started_at >= $2 AND until >= $2 AND since <= $3
ORDER BY number DESC LIMIT 1
"""
_RELEASE = """
WITH gone AS (DELETE FROM installation WHERE key = 'held' RETURNING value)
INSERT INTO releases (held, released_by, runs, reason) SELECT value, $1, $2, $3 FROM gone RETURNING number
"""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider's refunds still have to be compared for. run: the one that was made; open: its differences that
    nobody has explained. No run: none has looked at everything since ``since``, up to now.
    """

    provider: str
    since: Instant
    run: int | None
    open: int


class Held(msgspec.Struct, frozen=True, kw_only=True):
    """A hold, and what it waits for; with nothing of that it may be released. runs: those that were good enough."""

    restored_at: Instant
    waits_for: tuple[Wanted, ...]
    runs: tuple[int, ...]


async def held(connection: asyncpg.Connection[Any] | asyncpg.Pool[Any]) -> Held | None:
    """The hold, None where refunds run."""
    row = await connection.fetchrow(_HELD)
    if row is None:
        return None
    restored_at = row["restored_at"]
    since = await connection.fetchval(_LAST, restored_at, timeout=60) or restored_at
    # An installation that knows of no payment may still have sent refunds after its backup.
    found_there = await connection.fetch(_PROVIDERS, restored_at, SANDBOX, HOST, timeout=600)
    providers = [one["provider"] for one in found_there] or [""]
    waits_for: list[Wanted] = []
    runs: list[int] = []
    for provider in providers:
        found = await connection.fetchrow(_RUN, provider, restored_at, since)
        if found is not None and found["open"] == 0:
            runs.append(found["number"])
            continue
        run, still = (found["number"], found["open"]) if found else (None, 0)
        waits_for.append(Wanted(provider=provider, since=since, run=run, open=still))
    return Held(restored_at=restored_at, waits_for=tuple(waits_for), runs=tuple(runs))


async def release(connection: asyncpg.Connection[Any], by: str, runs: tuple[int, ...], reason: str = "") -> bool:
    """Let refunds run, and keep who said so on what: runs, or a reason for going without. False: it was not held."""
    async with connection.transaction():
        return await connection.fetchval(_RELEASE, by, list(runs), reason) is not None
