"""Where reads come from: the pool, the statements, and how a list is read page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from importlib.resources import files
from typing import Any, TypeVar

import asyncpg

from rescind.core.views import Page
from rescind.postgres import paging
from rescind.postgres.paging import COUNTED, Cursors, Mark
from rescind.postgres.reads.conditions import Where

T = TypeVar("T")

AT_ONCE = 500
"""Rows that are read at once of a list that is read to its end: memory stays flat, and nobody waits long for a turn."""


def query(name: str) -> str:
    """A statement of ``queries/``, with places to be filled."""
    text = files("rescind.postgres").joinpath("queries", f"{name}.sql").read_text("utf-8")
    # Its comments speak of the places to be filled, and would be filled as well.
    return "\n".join(line for line in text.splitlines() if not line.startswith("--"))


class Source:
    """What every read is made of. ``secret``: the installation's, for cursors."""

    def __init__(self, pool: asyncpg.Pool[Any], secret: bytes) -> None:
        self._pool = pool
        self._cursors = Cursors(secret)

    async def _page(
        self,
        statement: str,
        where: Where,
        sort: paging.Order,
        of: bytes,
        cursor: str | None,
        limit: int,
        read: Callable[[asyncpg.Record], T],
    ) -> Page[T]:
        paging.check_limit(limit)
        mark = self._cursors.open(of, cursor) if cursor else None
        rows = await self._rows(statement, where, sort, mark, limit)
        if mark is not None and mark.backward and len(rows) < limit:
            # Back at the beginning, with room left on the page: show the whole first one.
            mark, rows = None, await self._rows(statement, where, sort, None, limit)

        def seal(row: asyncpg.Record, backward: bool) -> str:
            return self._cursors.seal(of, Mark(backward, row["lead"], row["tie"]))

        total = rows[0]["total"] if rows else 0
        return paging.page(rows, mark=mark, limit=limit, total=total, read=read, seal=seal)

    async def _every(
        self, statement: str, where: Where, sort: paging.Order, read: Callable[[asyncpg.Record], T]
    ) -> AsyncIterator[T]:
        """A whole list from its first row on. No transaction is held open meanwhile: rows that come in behind the one
        that was read last are among them, no row is there twice, and none that stays where it is is left out.
        """
        mark: Mark | None = None
        while True:
            rows = await self._rows(statement, where, sort, mark, AT_ONCE, counted=0)
            for row in rows[:AT_ONCE]:
                yield read(row)
            if len(rows) <= AT_ONCE:
                return
            mark = Mark(False, rows[AT_ONCE - 1]["lead"], rows[AT_ONCE - 1]["tie"])

    async def _rows(
        self,
        statement: str,
        where: Where,
        sort: paging.Order,
        mark: Mark | None,
        limit: int,
        *,
        counted: int | None = None,
    ) -> Sequence[asyncpg.Record]:
        beyond, parameters = mark.predicate(sort, len(where.parameters) + 1) if mark else ("true", ())
        backward = mark is not None and mark.backward
        text = statement.format(
            matched=where.matched,
            where=where,
            lead=sort.lead,
            tie=sort.tie,
            beyond=beyond,
            order=sort.by(backward=backward),
            order_out=sort.by(backward=backward, lead="lead", tie="tie"),
            limit=limit + 1,
            counted=COUNTED + 1 if counted is None else counted,
        )
        async with self._pool.acquire() as connection:
            # Without a name it is planned with the very values it has. A plan for all values would read a list from
            # its beginning to its end where a filter fits few rows: seconds instead of milliseconds.
            asked = await connection.prepare(text, name="")
            return await asked.fetch(*where.parameters, *parameters)
