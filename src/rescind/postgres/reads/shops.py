"""The list of shops, as the platform has it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import msgspec

from rescind.core.errors import InvalidField, one_of
from rescind.core.views import Page, ShopFilters, ShopRow
from rescind.postgres import paging
from rescind.postgres.reads.conditions import Where, short_text
from rescind.postgres.reads.directory import shop_view
from rescind.postgres.reads.search import anywhere
from rescind.postgres.reads.source import Source, query

_SHOPS = query("shop_rows")
_SORTS = {
    "name": paging.Order("name", "o.name", "o.shop_id", "text"),
    "newest": paging.Order("newest", "o.created_at", "o.shop_id", "timestamptz", descending=True),
}


class ShopRows(Source):
    async def shop_rows(self, filters: ShopFilters, cursor: str | None = None, limit: int = 25) -> Page[ShopRow]:
        """A page of shops. For the platform alone. Raises InvalidField: cursor, limit, text, sort."""
        where, sort = _where(filters), _sort(filters)
        of = msgspec.json.encode(["shops", filters])
        return await self._page(_SHOPS, where, sort, of, cursor, limit, _row)

    def every_shop(self, filters: ShopFilters) -> AsyncIterator[ShopRow]:
        """All shops of a list, in its order. Raises InvalidField: text, sort."""
        return self._every(_SHOPS, _where(filters), _sort(filters), _row)


def _where(filters: ShopFilters) -> Where:
    where = Where()
    if text := short_text("text", filters.text):
        where.add("(o.name ILIKE {} OR o.shop_id = {})", anywhere(text), text)
    return where


def _sort(filters: ShopFilters) -> paging.Order:
    if filters.sort not in _SORTS:
        raise InvalidField(field="sort", expected=one_of(_SORTS))
    return _SORTS[filters.sort]


def _row(row: asyncpg.Record) -> ShopRow:
    return ShopRow(shop=shop_view(row), waiting=row["waiting"], since=row["created_at"])
