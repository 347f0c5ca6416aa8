"""The feed of stock instructions: read from the events in the order of the tail, and worked out again each time.

Nothing is stored for it. A page looks at so many events, plays those orders once more that had a cancellation, and says
what each of the events makes the host do. Who goes on from the page's cursor reads everything there is exactly once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec

from rescind.core.errors import InvalidField
from rescind.core.instant import Instant
from rescind.core.lifecycle import apply
from rescind.core.order import Order
from rescind.core.record import decode
from rescind.core.stock import Instruction, instructions
from rescind.postgres.tail import Position, epoch

LOOKED_AT = 1_000
"""Events of one page. Most make nobody do anything, so a page may be empty and still lead on."""

_LOOK = """
SELECT e.tx::text AS tx, e.id, e.shop_id, e.order_id, e.seq, o.case_status IS NOT NULL AS has_case
FROM events e JOIN orders o USING (shop_id, order_id)
WHERE (e.tx, e.id) > ($1::text::xid8, $2::bigint) AND e.tx < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY e.tx, e.id
LIMIT $3
"""
_HISTORIES = """
SELECT e.shop_id, e.order_id, e.seq, e.body
FROM events e
JOIN unnest($1::text[], $2::text[], $3::integer[]) AS w (shop_id, order_id, last)
    ON e.shop_id = w.shop_id AND e.order_id = w.order_id AND e.seq <= w.last
ORDER BY e.shop_id, e.order_id, e.seq
"""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An instruction with what it is about. ``because``: the kind of event; ``at``: when that happened."""

    instruction: Instruction
    shop: str
    number: str
    because: str
    at: Instant


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the feed. ``next``: where to go on, also when there is nothing yet; ``more``: whether there is now."""

    told: Sequence[Told]
    next: str
    more: bool


class StockFeed:
    """Reads what hosts are to do with their stock."""

    def __init__(self, pool: asyncpg.Pool[Any], *, looked_at: int = LOOKED_AT) -> None:
        self._pool = pool
        self._looked_at = looked_at

    async def read(self, after: str | None) -> Page:
        """From after a cursor, or from the beginning. Raises InvalidField for a cursor of no use any more."""
        now = await epoch(self._pool)
        start = Position(now, 0, 0) if after is None else Position.parse(after)
        if start.epoch != now:
            # Transactions were numbered anew. Instructions keep their ids, so reading all of it again does no harm.
            raise InvalidField(field="after", expected="a cursor given out since the last restore, or none")
        rows = await self._pool.fetch(_LOOK, str(start.tx), start.id, self._looked_at)
        told = await self._told([row for row in rows if row["has_case"]])
        last = Position(now, int(rows[-1]["tx"]), rows[-1]["id"]) if rows else start
        return Page(told=told, next=str(last), more=len(rows) == self._looked_at)

    async def _told(self, rows: Sequence[asyncpg.Record]) -> list[Told]:
        last: dict[tuple[str, str], int] = {}
        for row in rows:
            order = (row["shop_id"], row["order_id"])
            last[order] = max(row["seq"], last.get(order, 0))
        if not last:
            return []
        wanted = {(row["order_id"], row["seq"]) for row in rows}
        found: dict[tuple[str, int], list[Told]] = {}
        columns = [*map(list, zip(*last, strict=True)), list(last.values())]
        before: Order | None = None
        for row in await self._pool.fetch(_HISTORIES, *columns):
            record = decode(row["body"])
            after = apply(None if record.seq == 1 else before, record.event)
            if before is not None and record.seq > 1 and (after.id, record.seq) in wanted:
                found[after.id, record.seq] = [
                    Told(
                        instruction=one,
                        shop=after.shop,
                        number=after.number,
                        because=type(record.event).__name__,
                        at=record.event.at,
                    )
                    for one in instructions(before, after)
                ]
            before = after
        return [one for row in rows for one in found.get((row["order_id"], row["seq"]), ())]
