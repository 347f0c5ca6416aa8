"""Refunds that do not come to an end by themselves, as one look says it: how many, and since when (KF-15)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final, Literal

import asyncpg
import msgspec

from rescind.core.instant import Instant

UNCLEAR_FOR: Final = timedelta(hours=24)
"""How long a refund may be unclear before somebody is told; it is asked about by itself meanwhile."""
MOST: Final = 10_000

# Each count stops: nobody waits for a million to be counted.
_FOUND = f"""
SELECT kind, count(*) AS count, min(since) AS since, count(*) FILTER (WHERE w.owner IS NULL) AS unowned
FROM (
    (SELECT 'failed' AS kind, shop_id, refund_id, failed_at AS since FROM failed_refunds
     ORDER BY failed_at, refund_id LIMIT {MOST})
    UNION ALL
    (SELECT 'unclear', shop_id, refund_id, unclear_at FROM unclear_refunds WHERE unclear_at <= $1
     ORDER BY unclear_at, refund_id LIMIT {MOST})
    UNION ALL
    (SELECT CASE WHEN cause = 'not_set_up' THEN 'not_set_up' ELSE 'not_sent' END, shop_id, refund_id, unsent_at
     FROM unsent_refunds ORDER BY unsent_at, refund_id LIMIT {MOST})
) AS stuck
LEFT JOIN refund_owners w USING (shop_id, refund_id)
GROUP BY kind ORDER BY kind
"""  # noqa: S608 - a number of ours
_ANY = """
SELECT EXISTS (SELECT FROM failed_refunds) OR EXISTS (SELECT FROM unsent_refunds)
    OR EXISTS (SELECT FROM unclear_refunds WHERE unclear_at <= $1)
"""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Refunds of one kind that wait for a person: ``failed`` for good, ``not_sent`` for their details, ``not_set_up``
    for an operator to connect a provider, or ``unclear`` for longer than ``UNCLEAR_FOR``.

    count: up to MOST; since: the oldest; unowned: those nobody looks after.
    """

    kind: Literal["failed", "not_sent", "not_set_up", "unclear"]
    count: int
    since: Instant
    unowned: int


async def alerts(pool: asyncpg.Pool[Any], now: Instant) -> tuple[Alert, ...]:
    """What stands now; nothing where all is well."""
    return tuple(Alert(**dict(row)) for row in await pool.fetch(_FOUND, now - UNCLEAR_FOR))


async def anything(connection: asyncpg.Connection[Any], now: Instant) -> bool:
    """Whether there is any at all, at the price of three looks into an index."""
    return bool(await connection.fetchval(_ANY, now - UNCLEAR_FOR))
