"""Refunds by where they stand: those that wait for a provider, those that nobody knows the end of, those that failed.

An order keeps its own refunds. Those that are open have due work, and those that failed a row of their own, so that
neither has to be looked for among all orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

import asyncpg
import msgspec

from rescind.core.errors import NotFound
from rescind.core.ids import RefundId, shop_of
from rescind.core.instant import Instant
from rescind.core.scope import Scope

Where = Literal["in_doubt", "not_sent", "failed", "owed", "submitted"]
"""not_sent: owed, with a cause for which nothing was sent (KF-16)."""
LISTS: Final[tuple[Where, ...]] = get_args(Where)
MOST: Final = 100
LOOKED_AT: Final = 10_000
"""So many open refunds are looked at, those first that are asked about first; a count that stops there says so."""

# A refund stands in its order; which one of them it is, the due row says.
_REFUND = """
SELECT found.shop_id, s.name AS shop_name, found.order_id, o.number, o.currency, r ->> 'id' AS refund,
       r ->> 'tender' AS tender, (r ->> 'amount_minor')::bigint AS amount_minor,
       coalesce(r ->> 'status', 'owed') AS status, coalesce(r ->> 'cause', '') AS cause,
       coalesce(r ->> 'reference', '') AS reference, (r ->> 'owed_at')::timestamptz AS owed_at,
       coalesce((r ->> 'settled_at')::timestamptz, (r ->> 'owed_at')::timestamptz) AS settled_at, found.due_at,
       w.owner, w.taken_at
FROM found
JOIN orders o USING (shop_id, order_id)
JOIN shops s USING (shop_id)
CROSS JOIN LATERAL jsonb_array_elements(convert_from(o.state, 'UTF8')::jsonb -> 'refunds') AS r
LEFT JOIN refund_owners w ON w.shop_id = found.shop_id AND w.refund_id = found.refund_id
WHERE r ->> 'id' = found.refund_id
"""
_OPEN = f"""
WITH found AS (
    SELECT shop_id, order_id, ref AS refund_id, due_at FROM due
    WHERE kind = 'refund' AND ($1::text IS NULL OR shop_id = $1)
    ORDER BY due_at LIMIT {LOOKED_AT}
), told AS ({_REFUND})
"""  # noqa: S608 - our own columns
_WHERE = "CASE WHEN status = 'owed' AND cause <> '' THEN 'not_sent' ELSE status END"
_NAMED = "(${place}::text[] IS NULL OR number = ANY(${place}) OR refund = ANY(${place}) OR reference = ANY(${place}))"
_LIST = f"""{_OPEN}
SELECT * FROM told WHERE {_WHERE} = $2 AND {_NAMED.format(place=5)} AND ($3::text IS NULL OR (owed_at, refund) > (
    SELECT owed_at, refund FROM told WHERE refund = $3))
ORDER BY owed_at, refund LIMIT $4
"""  # noqa: S608 - our own columns
_COUNT = f"{_OPEN} SELECT {_WHERE} AS place, count(*) FROM told GROUP BY 1"  # noqa: S608 - our own columns
_FAILED = f"""
WITH found AS (
    SELECT shop_id, order_id, refund_id, NULL::timestamptz AS due_at, failed_at FROM failed_refunds
    WHERE ($1::text IS NULL OR shop_id = $1) AND ($2::text IS NULL OR (failed_at, refund_id) < (
        SELECT failed_at, refund_id FROM failed_refunds WHERE refund_id = $2))
    ORDER BY failed_at DESC, refund_id DESC LIMIT CASE WHEN $4::text[] IS NULL THEN $3 ELSE {LOOKED_AT} END
), told AS ({_REFUND} ORDER BY found.failed_at DESC, found.refund_id DESC)
SELECT * FROM told WHERE {_NAMED.format(place=4)} LIMIT $3
"""  # noqa: S608 - our own columns
_COUNT_FAILED = f"""
SELECT count(*) FROM (
    SELECT FROM failed_refunds WHERE $1::text IS NULL OR shop_id = $1 LIMIT {LOOKED_AT}
) AS few
"""  # noqa: S608 - our own columns
# Only what is open or failed has somebody to look after it.
_TAKE = """
INSERT INTO refund_owners (shop_id, refund_id, owner)
SELECT $1, $2, $3
WHERE EXISTS (SELECT FROM due WHERE shop_id = $1 AND kind = 'refund' AND ref = $2)
   OR EXISTS (SELECT FROM failed_refunds WHERE shop_id = $1 AND refund_id = $2)
ON CONFLICT (shop_id, refund_id) DO UPDATE SET owner = excluded.owner, taken_at = clock_timestamp()
RETURNING owner
"""


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    """One refund for a list. due_at: when its provider is asked next, None for one that failed. owner: who looks after
    it, None for nobody yet. settled_at: since when it has failed.
    """

    shop_id: str
    shop_name: str
    order_id: str
    number: str
    currency: str
    refund: str
    tender: str
    amount_minor: int
    status: str
    cause: str
    reference: str
    owed_at: Instant
    settled_at: Instant
    due_at: Instant | None
    owner: str | None
    taken_at: Instant | None


class RefundLists:
    """Reads refunds by where they stand, and notes who looks after one."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def listed(
        self,
        scope: Scope,
        where: Where,
        *,
        after: str | None = None,
        limit: int = MOST,
        numbers: Sequence[str] = (),
    ) -> tuple[RefundView, ...]:
        """Those that stand there, the oldest first; of the failed the newest. after: the refund to read on from.

        numbers: only those of orders of these numbers, or called so by us or the provider.
        """
        named = list(numbers) or None
        if where == "failed":
            rows = await self._pool.fetch(_FAILED, scope.shop, after, limit, named)
        else:
            rows = await self._pool.fetch(_LIST, scope.shop, where, after, limit, named)
        return tuple(RefundView(**dict(row)) for row in rows)

    async def counts(self, scope: Scope) -> Mapping[Where, int]:
        """How many stand where; of open ones no more than ``LOOKED_AT`` are looked at."""
        found = {row["place"]: row["count"] for row in await self._pool.fetch(_COUNT, scope.shop)}
        found["failed"] = await self._pool.fetchval(_COUNT_FAILED, scope.shop)
        return {where: found.get(where, 0) for where in LISTS}

    async def take(self, refund: RefundId, owner: str) -> None:
        """Note who looks after a refund from now on. Raises NotFound for one that is neither open nor failed."""
        if await self._pool.fetchval(_TAKE, shop_of(refund), refund, owner) is None:
            raise NotFound(kind="refund")
