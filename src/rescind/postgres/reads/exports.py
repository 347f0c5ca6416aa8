"""The record of lists that were taken away, for whoever runs the installation."""

from __future__ import annotations

import asyncpg
import msgspec

from rescind.core.views import ExportFilters, Page
from rescind.postgres import paging
from rescind.postgres.exports import Taken
from rescind.postgres.reads.conditions import Where, short_text
from rescind.postgres.reads.source import Source, query

_EXPORTS = query("exports")
_NEWEST = paging.Order("newest", "o.began_at", "o.export_id", "timestamptz", descending=True)


class Exports(Source):
    async def exports(self, filters: ExportFilters, cursor: str | None = None, limit: int = 25) -> Page[Taken]:
        """A page of what was taken away, newest first. For operators alone. Raises InvalidField: cursor, limit."""
        where = Where()
        for column, text in (("list", filters.list), ("via", filters.via), ("person", filters.person)):
            if text:
                where.add(f"o.{column} = {{}}", short_text(column, text))
        if filters.personal is not None:
            where.add("o.personal = {}", filters.personal)
        of = msgspec.json.encode(["exports", filters])
        return await self._page(_EXPORTS, where, _NEWEST, of, cursor, limit, _row)


def _row(row: asyncpg.Record) -> Taken:
    return Taken(**{name: row[name] for name in Taken.__struct_fields__})
