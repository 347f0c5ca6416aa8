"""All refunds, by where they stand: those that wait for somebody or a provider, and those that came to an end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Final, get_args

import asyncpg
import msgspec

from rescind.core.errors import InvalidField, one_of
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.scope import Scope
from rescind.core.views import Filters, Page, RefundPlace, RefundRow
from rescind.postgres import paging
from rescind.postgres.reads.amounts import by_amount
from rescind.postgres.reads.conditions import Where, add_filters, narrow, scoped
from rescind.postgres.reads.search import numbered
from rescind.postgres.reads.source import Source, query

PLACES: Final[tuple[RefundPlace, ...]] = get_args(RefundPlace)
COUNTED: Final = 10_000
"""Refunds of one place are counted up to here."""

_REFUNDS = query("refunds")
_OLDEST = paging.Order("oldest", "r.owed_at", "r.refund_id", "timestamptz")
_LAST_FAILED = paging.Order(
    "last_failed", "coalesce(r.settled_at, r.owed_at)", "r.refund_id", "timestamptz", descending=True
)
_SORTS = {
    "newest": paging.Order("newest", "r.owed_at", "r.refund_id", "timestamptz", descending=True),
    "amount": by_amount("r", "amount_minor", "refund_id"),
}
_OPEN: Final = ("in_doubt", "not_sent", "owed", "submitted")
# By the number of their orders, by what we call them, and by what the provider does.
_NAMED = """
    SELECT r.shop_id, r.refund_id FROM orders o JOIN refunds r ON r.shop_id = o.shop_id AND r.order_id = o.order_id
    WHERE {where} AND o.number = ANY({numbers})
    UNION ALL
    SELECT r.shop_id, r.refund_id FROM refunds r
    WHERE {where} AND r.shop_id = ANY({shops}) AND r.refund_id = ANY({ids})
    UNION ALL
    SELECT r.shop_id, r.refund_id FROM refunds r
    WHERE {where} AND r.reference <> '' AND r.reference = ANY({numbers})"""
_COUNTS = f"""
SELECT p.place, n.count FROM unnest($2::text[]) AS p (place)
CROSS JOIN LATERAL (SELECT count(*) FROM (
    SELECT FROM refunds r WHERE r.place = p.place AND ($1::text IS NULL OR r.shop_id = $1) LIMIT {COUNTED}
) AS few) AS n
"""  # noqa: S608 - a number of ours


class Refunds(Source):
    async def refunds(
        self, scope: Scope, filters: Filters, cursor: str | None = None, limit: int = 25, *, now: Instant
    ) -> Page[RefundRow]:
        """A page of refunds; ``tab``: where they stand, or all. Those that are open come oldest first.

        Raises InvalidField: cursor, limit, tab, sort, or a filter out of its range.
        """
        where, sort = _where(scope, filters, now), _sort(filters)
        of = msgspec.json.encode(["refunds", sort.name, scope, filters])
        return await self._page(_REFUNDS, where, sort, of, cursor, limit, _row)

    def every_refund(self, scope: Scope, filters: Filters, *, now: Instant) -> AsyncIterator[RefundRow]:
        """All refunds of a list, in its order. Raises InvalidField as above."""
        return self._every(_REFUNDS, _where(scope, filters, now), _sort(filters), _row)

    async def refund_counts(self, scope: Scope) -> Mapping[RefundPlace, int]:
        """How many stand where, each counted up to ``COUNTED``."""
        found = {row["place"]: row["count"] for row in await self._pool.fetch(_COUNTS, scope.shop, PLACES)}
        return {place: found[place] for place in PLACES}


def _where(scope: Scope, filters: Filters, now: Instant) -> Where:
    assert scope.buyer is None, "buyers read their refunds on their orders"
    if filters.tab not in (*PLACES, "all"):
        raise InvalidField(field="tab", expected=one_of((*PLACES, "all")))
    where = scoped(scope, "r")
    if filters.tab != "all":
        where.add("r.place = {}", filters.tab)
    add_filters(where, "r", "owed_at", "amount_minor", filters, now)
    if filters.numbers:
        seen = Where()
        seen.parameters = where.parameters
        narrow(seen, scope, "r")
        where.add_matched("r", "named", numbered(seen, filters.numbers, _NAMED), key="refund_id")
    return where


def _sort(filters: Filters) -> paging.Order:
    if filters.sort is not None:
        if filters.sort not in _SORTS:
            raise InvalidField(field="sort", expected=one_of(_SORTS))
        return _SORTS[filters.sort]
    if filters.tab in _OPEN:
        return _OLDEST
    return _LAST_FAILED if filters.tab == "failed" else _SORTS["newest"]


def _row(row: asyncpg.Record) -> RefundRow:
    return RefundRow(
        shop_id=row["shop_id"],
        shop_name=row["shop_name"] or "",
        order_id=row["order_id"],
        number=row["number"],
        refund=row["refund_id"],
        tender=row["tender_id"],
        method=row["method"],
        amount=Money(row["amount_minor"], row["currency"]),
        place=row["place"],
        status=row["status"],
        cause=row["cause"],
        reference=row["reference"],
        owed_at=row["owed_at"],
        settled_at=row["settled_at"],
        due_at=row["due_at"],
        owner=row["owner"],
    )
