"""The queue: requests and contradictions that wait for somebody, and those that are closed."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import msgspec

from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import stage
from rescind.core.order_note import unread
from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.core.views import CaseKind, CaseRow, Filters, Page
from rescind.postgres.reads.conditions import Where, add_filters, buyer_told, checked_codes, scoped_cases
from rescind.postgres.reads.rows import row_lines, tracking
from rescind.postgres.reads.search import add_searches
from rescind.postgres.reads.sorts import case_sort
from rescind.postgres.reads.source import Source, query
from rescind.postgres.reads.tabs import add_case_tab

_CASES = query("cases")


class Cases(Source):
    async def cases(
        self,
        scope: Scope,
        filters: Filters,
        cursor: str | None = None,
        limit: int = 25,
        *,
        now: Instant,
        kind: CaseKind | None = None,
    ) -> Page[CaseRow]:
        """A page of requests and, for whoever is no buyer, contradictions. ``now``: for the order's stage; ``kind``: of
        these alone.

        Raises InvalidField: cursor, limit, tab, or a filter out of its range.
        """
        where, sort = _where(scope, filters, now), case_sort(filters)
        if kind is not None:
            where.add("c.kind = {}", kind)
        of = msgspec.json.encode(["cases", sort.name, scope, filters, *([kind] if kind else [])])

        def read(row: asyncpg.Record) -> CaseRow:
            return _case_row(row, now)

        return await self._page(_cases_of(scope), where, sort, of, cursor, limit, read)

    def every_case(self, scope: Scope, filters: Filters, *, now: Instant) -> AsyncIterator[CaseRow]:
        """All rows of a queue, in its order. Raises InvalidField: tab, or a filter out of its range."""

        def read(row: asyncpg.Record) -> CaseRow:
            return _case_row(row, now)

        return self._every(_cases_of(scope), _where(scope, filters, now), case_sort(filters), read)


def _cases_of(scope: Scope) -> str:
    return _CASES.replace("{buyer_name}", buyer_told(scope, "name"))


def _where(scope: Scope, filters: Filters, now: Instant) -> Where:
    where = scoped_cases(scope)
    add_case_tab(where, filters.tab)
    add_filters(where, "c", "requested_at", "amount_minor", filters, now)
    if filters.stage:
        where.add("c.stage = ANY({})", checked_codes("stage", filters.stage))
    if filters.reason:
        where.add("c.reason = ANY({})", checked_codes("reason", filters.reason))
    add_searches(where, "c", scope, filters)
    return where


def _case_row(row: asyncpg.Record, now: Instant) -> CaseRow:
    order = decode_order(row["state"])
    request = next((one for one in order.cancellations if one.id == row["case_id"]), None)
    lines = row_lines(row)
    case = request or next((one for one in order.returns if one.id == row["case_id"]), None)
    if case is not None:
        asked = case.lines
        lines = tuple(msgspec.structs.replace(line, asked=asked[line.line]) for line in lines if line.line in asked)
    return CaseRow(
        case_id=row["case_id"],
        kind=row["kind"],
        order_id=order.id,
        number=order.number,
        shop_id=order.shop,
        shop_name=row["shop_name"] or "",
        buyer_id=order.buyer,
        buyer_name=row["buyer_name"] or "",
        status=row["status"],
        reason=row["reason"],
        stage=row["stage"],
        rule=row["rule"],
        amount=Money(row["amount_minor"], row["currency"]),
        requested_at=row["requested_at"],
        due_at=row["due_at"],
        on_silence=row["on_silence"],
        closed_at=row["closed_at"],
        closed_by=row["closed_by"],
        filed_by=row["filed_by"],
        answer=request.answer if request else "",
        instead=request.instead if request else "",
        lines=lines,
        order_version=order.version,
        order_stage=stage(order, now),
        order_total=order.total,
        tracking=tracking(order),
        note=row["note"],
        unread=len(unread(order)),
        requests_on_order=len(order.cancellations),
    )
