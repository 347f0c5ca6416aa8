"""Money that waits for a second person."""

from __future__ import annotations

import asyncpg
import msgspec

from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.core.views import Page, ProposalRow
from rescind.postgres import paging
from rescind.postgres.reads.conditions import buyer_told, scoped_cases
from rescind.postgres.reads.source import Source, query

# Built like a page of refund orders: the case, its order's state, and what shop and buyer are called.
_PROPOSALS = query("refund_orders")
_OLDEST_FIRST = paging.Order("oldest", "c.requested_at", "c.case_id", "timestamptz")


class Proposals(Source):
    async def proposals(self, scope: Scope, cursor: str | None = None, limit: int = 25) -> Page[ProposalRow]:
        """A page of those that wait, first the one that lapses first. Raises InvalidField: cursor."""
        where = scoped_cases(scope)
        where.add("c.kind = 'proposal' AND c.closed_at IS NULL")
        of = msgspec.json.encode(["proposals", scope])
        return await self._page(
            _PROPOSALS.replace("{buyer_name}", buyer_told(scope, "name")), where, _OLDEST_FIRST, of, cursor, limit, _row
        )


def _row(row: asyncpg.Record) -> ProposalRow:
    order = decode_order(row["state"])
    number = int(row["case_id"].rpartition("-")[2])
    return ProposalRow(
        order=order,
        proposal=next(one for one in order.proposals if one.number == number),
        shop_name=row["shop_name"] or "",
        buyer_name=row["buyer_name"] or "",
    )
