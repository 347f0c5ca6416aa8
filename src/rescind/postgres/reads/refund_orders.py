"""Refunds that the marketplace pays out itself: those somebody has to confirm, and how the others ended."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg
import msgspec

from rescind.core.errors import InvalidField, NotFound, one_of
from rescind.core.ids import shop_of
from rescind.core.instant import instant
from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.core.views import Page, RefundOrderFilters, RefundOrderRow
from rescind.postgres import paging
from rescind.postgres.reads.conditions import Where, buyer_told, checked_codes, known, scoped, short_text
from rescind.postgres.reads.search import spellings
from rescind.postgres.reads.source import Source, query

_REFUND_ORDERS = query("refund_orders")
_STATES: Mapping[str, str] = {
    "open": "c.closed_at IS NULL AND c.status <> 'frozen'",
    "frozen": "c.status = 'frozen'",
    "overdue": "c.closed_at IS NULL AND c.status = 'escalated'",
    "confirmed": "c.status = 'succeeded'",
    "declined": "c.status = 'failed'",
    "all": "true",
}
# When it was ordered never changes, so nothing is skipped or shown twice while others are confirmed.
_OLDEST_FIRST = paging.Order("oldest", "c.requested_at", "c.case_id", "timestamptz")
_NUMBERED = """(c.case_id = ANY($numbers) OR EXISTS (
    SELECT FROM orders o WHERE o.shop_id = c.shop_id AND o.order_id = c.order_id AND o.number = ANY($numbers)))"""
_METHODS = """
SELECT DISTINCT c.reason FROM cases c WHERE c.kind = 'refund' AND c.closed_at IS NULL ORDER BY c.reason LIMIT 50
"""


class RefundOrders(Source):
    async def refund_orders(
        self, scope: Scope, filters: RefundOrderFilters, cursor: str | None = None, limit: int = 25
    ) -> Page[RefundOrderRow]:
        """A page of refund orders, the one that has waited longest first.

        Raises InvalidField: cursor, limit, or a filter out of its range.
        """
        if filters.state not in _STATES:
            raise InvalidField(field="state", expected=one_of(_STATES))
        where = _of(scope)
        where.add(_STATES[filters.state])
        if filters.method:
            where.add("c.reason = ANY({})", checked_codes("method", (filters.method,)))
        if filters.shop:
            where.add("c.shop_id = {}", short_text("shop", filters.shop))
        if filters.since is not None:
            where.add("c.requested_at >= {}", instant(filters.since, field="since"))
        if filters.before is not None:
            where.add("c.requested_at < {}", instant(filters.before, field="before"))
        if filters.numbers:
            numbers = where.bind(spellings(filters.numbers), "::text[]")
            where.add(_NUMBERED.replace("$numbers", numbers))
        of = msgspec.json.encode(["refund_orders", scope, filters])
        return await self._page(_rows_of(scope), where, _OLDEST_FIRST, of, cursor, limit, _row)

    async def refund_order(self, scope: Scope, refund: str) -> RefundOrderRow:
        """One of them, by the refund's id. Raises NotFound: missing, foreign, or a refund that a provider pays."""
        where = _of(scope)
        identifier = known("ref", refund, "refund")
        where.add("c.shop_id = {} AND c.case_id = {}", shop_of(identifier), identifier)
        page = await self._page(_rows_of(scope), where, _OLDEST_FIRST, b"", None, 1, _row)
        if not page.rows:
            raise NotFound(kind="refund")
        return page.rows[0]

    async def refund_order_methods(self) -> tuple[str, ...]:
        """By which means there are refunds to pay out."""
        return tuple(row["reason"] for row in await self._pool.fetch(_METHODS))


def _rows_of(scope: Scope) -> str:
    return _REFUND_ORDERS.replace("{buyer_name}", buyer_told(scope, "name"))


def _of(scope: Scope) -> Where:
    where = scoped(scope, "c")
    where.add("c.kind = 'refund'")
    return where


def _row(row: asyncpg.Record) -> RefundOrderRow:
    order = decode_order(row["state"])
    return RefundOrderRow(
        order=order,
        refund=next(one for one in order.refunds if one.id == row["case_id"]),
        shop_name=row["shop_name"] or "",
        buyer_name=row["buyer_name"] or "",
    )
