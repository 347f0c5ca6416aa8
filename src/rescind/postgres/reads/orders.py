"""The list of orders."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import msgspec

from rescind.core.instant import Instant
from rescind.core.order import stage
from rescind.core.order_note import unread
from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.core.views import Filters, OrderRow, Page
from rescind.postgres.reads.conditions import HAS_CASE, Where, add_filters, buyer_told, checked_codes, scoped
from rescind.postgres.reads.rows import row_lines, tracking
from rescind.postgres.reads.search import add_searches
from rescind.postgres.reads.sorts import order_sort
from rescind.postgres.reads.source import Source, query
from rescind.postgres.reads.tabs import add_order_tab

_ORDERS = query("orders")


class Orders(Source):
    async def orders(
        self, scope: Scope, filters: Filters, cursor: str | None = None, limit: int = 25, *, now: Instant
    ) -> Page[OrderRow]:
        """A page of orders. ``now``: for the stage, and for tabs about times.

        Raises InvalidField: cursor, limit, tab, or a filter out of its range.
        """
        where, sort = _where(scope, filters, now), order_sort(filters)
        of = msgspec.json.encode(["orders", sort.name, scope, filters])

        def read(row: asyncpg.Record) -> OrderRow:
            return order_row(row, now)

        return await self._page(orders_of(scope), where, sort, of, cursor, limit, read)

    def every_order(self, scope: Scope, filters: Filters, *, now: Instant) -> AsyncIterator[OrderRow]:
        """All orders of a list, in its order. Raises InvalidField: tab, or a filter out of its range."""

        def read(row: asyncpg.Record) -> OrderRow:
            return order_row(row, now)

        return self._every(orders_of(scope), _where(scope, filters, now), order_sort(filters), read)


def orders_of(scope: Scope) -> str:
    """The statement of a list of orders, for whom it is read."""
    return _ORDERS.replace("{buyer_name}", buyer_told(scope, "name"))


def _where(scope: Scope, filters: Filters, now: Instant) -> Where:
    where = scoped(scope, "o")
    add_order_tab(where, filters.tab, now)
    add_filters(where, "o", "placed_at", "total_minor", filters, now)
    if filters.stage:
        where.add("o.stage = ANY({})", checked_codes("stage", filters.stage))
    if filters.reason:
        where.add(HAS_CASE.format("c.reason = ANY({})"), checked_codes("reason", filters.reason))
    add_searches(where, "o", scope, filters)
    return where


def order_row(row: asyncpg.Record, now: Instant) -> OrderRow:
    order = decode_order(row["state"])
    waiting = order.open_cancellation
    asked = waiting.lines if waiting else {}
    last = order.open_cancellation or (order.cancellations[-1] if order.cancellations else None)
    return OrderRow(
        order=order,
        order_id=order.id,
        number=order.number,
        shop_id=order.shop,
        shop_name=row["shop_name"] or "",
        buyer_id=order.buyer,
        buyer_name=row["buyer_name"] or "",
        stage=stage(order, now),
        case_status=waiting.status.value if waiting else None,
        due_at=waiting.due_at if waiting else None,
        on_silence=waiting.on_silence if waiting else "",
        hold_until=order.hold_until,
        dispatch_due_at=order.dispatch_due_at,
        total=order.total,
        refunded=order.refunded,
        on_its_way_back=order.on_its_way_back,
        placed_at=order.placed_at,
        updated_at=row["updated_at"],
        version=order.version,
        lines=tuple(msgspec.structs.replace(line, asked=asked.get(line.line, 0)) for line in row_lines(row)),
        open_case_id=waiting.id if waiting else None,
        last_case_id=last.id if last else None,
        tracking=tracking(order),
        contradictions=len(order.open_contradictions),
        shipping_by=order.shipping_by,
        unread=len(unread(order)),
    )
