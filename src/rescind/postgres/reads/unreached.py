"""Shops that nobody can tell, for whoever runs the installation."""

from __future__ import annotations

import asyncpg
import msgspec

from rescind.core.views import Page, UnreachedShop
from rescind.postgres import paging
from rescind.postgres.reads.conditions import Where
from rescind.postgres.reads.source import Source, query

_SHOPS = query("unreached_shops")
_LONGEST_FIRST = paging.Order("longest", "s.since", "s.shop_id", "timestamptz", nullable=True)


class UnreachedShops(Source):
    async def unreached_shops(self, cursor: str | None = None, limit: int = 25) -> Page[UnreachedShop]:
        """A page of shops without a verified address, first the one whose buyers have waited longest.

        Raises InvalidField: cursor, limit.
        """
        of = msgspec.json.encode(["unreached shops"])
        return await self._page(_SHOPS, Where(), _LONGEST_FIRST, of, cursor, limit, _row)


def _row(row: asyncpg.Record) -> UnreachedShop:
    return UnreachedShop(id=row["shop_id"], name=row["name"], waiting=row["waiting"], since=row["since"])
