"""Whose a file is, and whether an event names it. The bytes themselves are in the object store."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.evidence import ATTACH_WITHIN, SWEPT_AFTER, EvidenceRef
from rescind.core.ids import EvidenceId, OrderId, ShopId, shop_of

OF_ONE_SIDE = 20
"""Most files of one order that buyer, seller and support may each have uploaded (UP-02)."""

# The same file from the same hand is one file: a repeated upload finds it again, and begins its time anew. Its place is
# one that is free, and no two can have the same, so that no number of uploads at once comes to more.
_CLAIM = """
INSERT INTO evidence (shop_id, evidence_id, order_id, by_role, by_id, place, type, size, digest, uploaded_at)
SELECT $1, $2, $3, $4, $5, free.place, $6, $7, $8, coalesce($9, clock_timestamp())
FROM (
    SELECT p.place, false AS mine FROM generate_series(1, $10::int) AS p (place)
    WHERE NOT EXISTS (
        SELECT FROM evidence e WHERE e.shop_id = $1 AND e.order_id = $3 AND e.by_role = $4 AND e.place = p.place
    )
    UNION ALL
    SELECT e.place, true FROM evidence e
    WHERE e.shop_id = $1 AND e.order_id = $3 AND e.by_role = $4 AND e.by_id = $5 AND e.digest = $8
    ORDER BY mine DESC LIMIT 1
) AS free
ON CONFLICT (shop_id, order_id, by_role, by_id, digest) DO UPDATE SET uploaded_at = excluded.uploaded_at
RETURNING evidence_id
"""
_KEPT = "UPDATE evidence SET kept_at = coalesce($3, clock_timestamp()) WHERE shop_id = $1 AND evidence_id = $2"
_FORGET = "DELETE FROM evidence WHERE shop_id = $1 AND evidence_id = $2 AND kept_at IS NULL"
_NAMED = """
EXISTS (
    SELECT FROM events v WHERE v.shop_id = e.shop_id AND v.order_id = e.order_id
      AND position(convert_to(e.evidence_id, 'UTF8') IN v.body) > 0
)
"""
_TO_ATTACH = f"""
SELECT e.evidence_id, e.type, e.size, e.digest FROM evidence e
WHERE e.shop_id = $1 AND e.order_id = $2 AND e.evidence_id = ANY($3::text[]) AND e.by_role = $4 AND e.by_id = $5
  AND e.kept_at IS NOT NULL AND (e.uploaded_at > coalesce($6, clock_timestamp()) - $7::interval OR {_NAMED})
"""  # noqa: S608 - the only thing put in is a condition of ours
_SHOWN = f"""
SELECT e.evidence_id, e.type, e.size, e.digest FROM evidence e
WHERE e.shop_id = $1 AND e.order_id = $2 AND e.evidence_id = $3 AND e.kept_at IS NOT NULL
  AND ((e.by_role = $4 AND e.by_id = $5) OR {_NAMED})
"""  # noqa: S608 - as above
_OLD = f"""
SELECT e.shop_id, e.evidence_id, e.order_id, {_NAMED} AS named FROM evidence e
WHERE e.named_at IS NULL AND e.uploaded_at < coalesce($1, clock_timestamp()) - $2::interval
ORDER BY e.uploaded_at LIMIT $3
"""  # noqa: S608 - as above
_MARK = "UPDATE evidence SET named_at = coalesce($3, clock_timestamp()) WHERE shop_id = $1 AND evidence_id = $2"
_REMOVE = """
DELETE FROM evidence
WHERE shop_id = $1 AND evidence_id = $2 AND uploaded_at < coalesce($3, clock_timestamp()) - $4::interval
RETURNING evidence_id
"""


class Hand(msgspec.Struct, frozen=True):
    """Who uploads or looks: a role, and somebody in it."""

    role: str
    id: str


class Old(msgspec.Struct, frozen=True, kw_only=True):
    """A file past its time. ``named``: an event has it, so it stays."""

    shop: ShopId
    order: OrderId
    id: EvidenceId
    named: bool


class EvidenceTable:
    """One row a file."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def claim(self, order: OrderId, hand: Hand, ref: EvidenceRef) -> EvidenceId | None:
        """Make room for a file before its bytes are kept; None when this side has no more of it for this order.

        Returns the id it has: that of ``ref``, or its earlier one when the same hand sent the same bytes before.
        """
        now = self._clock.read()
        given = (shop_of(order), ref.id, order, hand.role, hand.id, ref.type, ref.size, ref.digest, now, OF_ONE_SIDE)
        for _ in range(OF_ONE_SIDE):
            try:
                found: str | None = await self._pool.fetchval(_CLAIM, *given)
            except asyncpg.UniqueViolationError:
                # Another upload took the same place at the same moment, so there is one fewer now.
                continue
            return EvidenceId(found) if found is not None else None
        return None

    async def kept(self, evidence: EvidenceId) -> None:
        """The bytes are there."""
        await self._pool.execute(_KEPT, shop_of(evidence), evidence, self._clock.read())

    async def forget(self, evidence: EvidenceId) -> None:
        """Give the room back of a file whose bytes could not be kept."""
        await self._pool.execute(_FORGET, shop_of(evidence), evidence)

    async def to_attach(self, order: OrderId, hand: Hand, ids: Sequence[str]) -> tuple[EvidenceRef, ...]:
        """Those of these files that this hand uploaded for this order lately, or that a command named already."""
        rows = await self._pool.fetch(
            _TO_ATTACH, shop_of(order), order, list(ids), hand.role, hand.id, self._clock.read(), ATTACH_WITHIN
        )
        found = {row["evidence_id"]: _ref(row) for row in rows}
        return tuple(found[one] for one in ids if one in found)

    async def shown(self, order: OrderId, hand: Hand, evidence: str) -> EvidenceRef | None:
        """A file of this order, if an event names it or this hand uploaded it."""
        row = await self._pool.fetchrow(_SHOWN, shop_of(order), order, evidence, hand.role, hand.id)
        return _ref(row) if row else None

    async def old(self, limit: int) -> list[Old]:
        """Files that nobody can name any more, and those that were named and are not marked so."""
        rows = await self._pool.fetch(_OLD, self._clock.read(), SWEPT_AFTER, limit)
        return [
            Old(shop=row["shop_id"], order=row["order_id"], id=row["evidence_id"], named=row["named"]) for row in rows
        ]

    async def mark(self, one: Old) -> None:
        """It is part of a case: it need not be looked at again."""
        await self._pool.execute(_MARK, one.shop, one.id, self._clock.read())

    @asynccontextmanager
    async def removing(self, one: Old) -> AsyncGenerator[bool]:
        """Remove the row with the end of the block, in which the bytes go first; False when it was uploaded again.

        Whoever uploads the same file meanwhile waits for it, and then keeps it anew.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchval(_REMOVE, one.shop, one.id, self._clock.read(), SWEPT_AFTER)
            yield gone is not None


def _ref(row: asyncpg.Record) -> EvidenceRef:
    return EvidenceRef(id=EvidenceId(row["evidence_id"]), type=row["type"], size=row["size"], digest=row["digest"])
