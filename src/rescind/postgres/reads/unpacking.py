"""Parcels that must be taken apart."""

from __future__ import annotations

import asyncpg
import msgspec

from rescind.core.packing import to_unpack
from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.core.views import Page, UnpackRow
from rescind.postgres import paging
from rescind.postgres.reads.conditions import scoped
from rescind.postgres.reads.rows import row_lines
from rescind.postgres.reads.source import Source, query

_UNPACKING = query("unpacking")


class Unpacking(Source):
    async def to_unpack(self, scope: Scope, limit: int = 50) -> Page[UnpackRow]:
        """Parcels that must be taken apart, the one that has waited longest first. Raises InvalidField: limit."""
        paging.check_limit(limit)
        where = scoped(scope, "o")
        rows = await self._pool.fetch(_UNPACKING.format(where=where, limit=limit), *where.parameters)
        return Page(rows=tuple(_unpack_row(row) for row in rows), total=rows[0]["total"] if rows else 0)


def _unpack_row(row: asyncpg.Record) -> UnpackRow:
    order = decode_order(row["state"])
    out = to_unpack(order)
    return UnpackRow(
        order_id=order.id,
        number=order.number,
        since=row["since"],
        whole=order.progress.cancelled_at is not None,
        lines=tuple(msgspec.structs.replace(line, asked=out[line.line]) for line in row_lines(row) if line.line in out),
    )
