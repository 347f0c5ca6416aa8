"""Finding an order by whatever somebody says, or by the label in somebody's hand."""

from __future__ import annotations

import re

import asyncpg

from rescind.core.instant import Instant
from rescind.core.scope import Scope
from rescind.core.views import OrderRow
from rescind.postgres import paging
from rescind.postgres.reads.conditions import LONGEST_NUMBER, Where, sane, scoped, short_text
from rescind.postgres.reads.orders import order_row, orders_of
from rescind.postgres.reads.search import ASKED, NUMBERED, anywhere, named, numbered, spellings
from rescind.postgres.reads.sorts import ORDER_SORTS
from rescind.postgres.reads.source import Source


class Find(Source):
    async def find(self, scope: Scope, text: str, limit: int = 25, *, now: Instant) -> tuple[OrderRow, ...]:
        """Orders a caller may mean, newest first.

        text: numbers, ids of orders or cancellations, or tracking numbers, apart by commas or spaces; or a part of
        the name or e-mail of buyer or recipient. Empty text finds nothing. Raises InvalidField.
        """
        paging.check_limit(limit)
        wanted = short_text("text", text)
        if not wanted:
            return ()
        inner = scoped(scope, "o")
        outer = Where()
        outer.parameters = inner.parameters
        numbers = tuple(word[:LONGEST_NUMBER] for word in re.split(r"[\s,;，；、]+", wanted) if word)
        worded = named(scope).format(where=inner, pattern=inner.bind(anywhere(wanted)))
        query = numbered(inner, numbers, NUMBERED + ASKED) + "\n    UNION ALL" + worded
        outer.add_matched("o", "found", query)

        def read(row: asyncpg.Record) -> OrderRow:
            return order_row(row, now)

        page = await self._page(orders_of(scope), outer, ORDER_SORTS["newest"], b"", None, limit, read)
        return page.rows

    async def by_scan(self, scope: Scope, text: str, *, now: Instant) -> tuple[OrderRow, ...]:
        """Orders a label may mean: the one of this number or id, else those whose parcel has this tracking number.

        Several share a tracking number when their parcels travel as one.
        """
        wanted = text.strip()
        if not wanted or not sane(wanted, LONGEST_NUMBER):
            return ()
        inner = scoped(scope, "o")
        outer = Where()
        outer.parameters = inner.parameters
        outer.add_matched("o", "found", numbered(inner, (wanted,), NUMBERED))

        def read(row: asyncpg.Record) -> OrderRow:
            return order_row(row, now)

        page = await self._page(orders_of(scope), outer, ORDER_SORTS["newest"], b"", None, 25, read)
        spelt = spellings((wanted,))
        meant = tuple(row for row in page.rows if row.number in spelt or row.order_id in spelt)
        return meant or page.rows
