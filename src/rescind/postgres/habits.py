"""What a shop usually does, read from its own orders of the last months."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg

from rescind.core.habit import DAYS, REPORTED, Favours, favours
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.stage import Stage

FRESH = timedelta(minutes=10)
"""Habits change slowly; a page that is looked at often does not count the same orders each time."""

# The latest thousand say enough, and a large shop's page must not read a hundred thousand.
_MOST = 1000
_PACE = f"""
SELECT extract(epoch FROM reached::timestamptz - placed_at)::bigint FROM (
    SELECT placed_at, convert_from(state, 'UTF8')::jsonb #>> ARRAY['progress', $4] AS reached
    FROM orders WHERE shop_id = $1 AND placed_at >= $2 AND placed_at < $3
    ORDER BY placed_at DESC, order_id DESC LIMIT {_MOST}
) AS latest WHERE reached IS NOT NULL
"""  # noqa: S608 - the only thing put in is a number of ours
_FAVOURS = f"""
SELECT count(*)::int AS asked, count(*) FILTER (WHERE status = 'approved')::int AS granted FROM (
    SELECT c.status FROM cases c
    WHERE c.shop_id = $1 AND c.requested_at >= $2 AND c.requested_at < $3
      AND c.kind = 'cancellation' AND c.status IN ('approved', 'refused', 'overtaken')
      AND EXISTS (
          SELECT FROM events e
          WHERE e.shop_id = c.shop_id AND e.order_id = c.order_id AND e.type = 'SellerAsked'
            AND convert_from(e.body, 'UTF8')::jsonb #>> '{{event,cancellation}}' = c.case_id
            AND convert_from(e.body, 'UTF8')::jsonb #>> '{{event,ground,facts,asked_anyway}}' = 'true'
      )
    ORDER BY c.requested_at DESC LIMIT {_MOST}
) AS late
"""  # noqa: S608 - as above


class Habits:
    """Reads what it is asked for, and keeps it for a while."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._kept: dict[tuple[str, str], tuple[Instant, Any]] = {}

    async def durations(self, shop: ShopId, stage: Stage, now: Instant) -> tuple[int, ...]:
        """Seconds from placement to the beginning of a stage, of the shop's latest orders that reached it.

        Empty for a stage whose beginning nobody reports.
        """
        if stage not in REPORTED:
            return ()

        async def read() -> tuple[int, ...]:
            rows = await self._pool.fetch(_PACE, shop, now - timedelta(days=DAYS), now, REPORTED[stage])
            return tuple(max(0, row[0]) for row in rows)

        return await self._fresh((shop, stage), now, read)

    async def favours(self, shop: ShopId, now: Instant) -> Favours | None:
        """How the shop answered those who asked although it was too late; None where too few did."""

        async def read() -> Favours | None:
            row = await self._pool.fetchrow(_FAVOURS, shop, now - timedelta(days=DAYS), now)
            assert row is not None, "a count has a row"
            return favours(row["asked"], row["granted"])

        return await self._fresh((shop, "favours"), now, read)

    async def _fresh(self, about: tuple[str, str], now: Instant, read: Any) -> Any:
        kept = self._kept.get(about)
        if kept is None or abs(now - kept[0]) > FRESH:
            kept = self._kept[about] = (now, await read())
        return kept[1]
