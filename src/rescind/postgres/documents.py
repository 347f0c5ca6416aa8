"""Documents as they were issued, numbered without gaps.

A number is taken in the transaction that keeps its document, under the lock of its series' row: whoever issues waits
for whoever does so at the moment, and what is rolled back gives its number back. That is why nobody issues within the
transaction of a cancellation: all cancellations of a shop would wait for each other.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core import documents
from rescind.core.documents import Content, DocumentKind, Issued
from rescind.core.errors import NotFound
from rescind.core.ids import DocumentId, OrderId, ShopId, make_id, shop_of
from rescind.core.instant import Instant
from rescind.core.scope import Scope
from rescind.postgres.reads.conditions import Where, add_id, known, scoped

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_RANDOM_BITS = 28

_OPEN = """
INSERT INTO document_numbers (shop_id, series, year, last) VALUES ($1, $2, $3, 0) ON CONFLICT DO NOTHING
"""
_ALONE = "SELECT last FROM document_numbers WHERE shop_id = $1 AND series = $2 AND year = $3 FOR UPDATE"
_NOW = "SELECT coalesce($1, clock_timestamp())"
_LAST = """
SELECT content, digest, about, revision FROM documents
WHERE shop_id = $1 AND order_id = $2 AND kind = $3 AND about = $4 ORDER BY revision DESC LIMIT 1
"""
_TAKE = "UPDATE document_numbers SET last = $4 WHERE shop_id = $1 AND series = $2 AND year = $3"
_KEEP = """
INSERT INTO documents (
    shop_id, document_id, order_id, kind, about, revision, series, year, number, replaces, content, digest, issued_at
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, ''), $11, $12, $13)
"""
_COLUMNS = """
SELECT d.content, d.digest, d.about, d.revision, coalesce(n.document_id, '') AS replaced_by
FROM documents d JOIN orders o ON o.shop_id = d.shop_id AND o.order_id = d.order_id
LEFT JOIN documents n ON n.shop_id = d.shop_id AND n.replaces = d.document_id
"""
_SERIES = """
SELECT content, digest, about, revision, '' AS replaced_by FROM documents
WHERE shop_id = $1 AND year = $2 ORDER BY series, number
"""
_CALLED = """
SELECT d.document_id, d.kind, d.year, d.number
FROM unnest($1::text[], $2::text[]) AS w (shop_id, document_id) JOIN documents d USING (shop_id, document_id)
"""
_UNASKED = """
SELECT c.order_id, c.case_id FROM cases c
WHERE c.shop_id = $1 AND c.kind = 'cancellation' AND c.status IN ('approved', 'settled') AND c.amount_minor > 0
  AND NOT EXISTS (
      SELECT FROM documents d WHERE d.shop_id = c.shop_id AND d.order_id = c.order_id
        AND d.kind = 'credit_note' AND d.about = c.case_id
  )
ORDER BY c.closed_at, c.case_id
"""
_CHECKED = """
SELECT d.document_id, d.series, d.year, d.number, d.content, d.digest, n.last
FROM documents d FULL JOIN document_numbers n ON n.shop_id = d.shop_id AND n.series = d.series AND n.year = d.year
WHERE coalesce(d.shop_id, n.shop_id) = $1 ORDER BY d.series, d.year, d.number
"""


class Flaw(msgspec.Struct, frozen=True):
    """Something wrong with what was issued. why: ``missing`` (a number without its document) or ``edited``."""

    number: str
    why: str


class DocumentTable:
    """Issues documents and reads them through somebody's scope."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def issue(self, about: str, said: Content) -> Issued:
        """Keep a document with the next number of its series; the one there is already where it tells the same money.

        said: as ``core.documents.draft`` makes it. A later receipt names the one it takes the place of.
        """
        while True:
            async with self._pool.acquire() as connection, connection.transaction():
                issued = await self._issue(connection, about, said)
            # A year that ended while others were waited for has a series of its own.
            if issued is not None:
                return issued

    async def _issue(self, connection: PoolConnectionProxy[Any], about: str, said: Content) -> Issued | None:
        shop, series = shop_of(said.order), said.kind.series
        year = documents.year_of(await connection.fetchval(_NOW, self._clock.read()), said.zone)
        await connection.execute(_OPEN, shop, series, year)
        count: int = await connection.fetchval(_ALONE, shop, series, year)
        # Read under the lock: whoever was faster has kept theirs.
        row = await connection.fetchrow(_LAST, shop, said.order, said.kind.value, about)
        before = _issued(row) if row else None
        if before and (said.kind is not DocumentKind.RECEIPT or said.says_the_same_money(before.content)):
            return before
        # The time of its turn, so that times rise with numbers.
        issued_at: Instant = await connection.fetchval(_NOW, self._clock.read())
        if documents.year_of(issued_at, said.zone) != year:
            return None
        content = msgspec.structs.replace(
            said,
            id=DocumentId(make_id("doc", shop, issued_at, secrets.randbits(_RANDOM_BITS))),
            number=documents.number(said.kind, year, count + 1),
            issued_at=issued_at,
            replaces=before.content.id if before else said.replaces,
            replaces_number=before.content.number if before else said.replaces_number,
        )
        kept = documents.encode(content)
        issued = Issued(
            content=content,
            digest=documents.digest(kept),
            about=about,
            revision=before.revision + 1 if before else 1,
        )
        await connection.execute(_TAKE, shop, series, year, count + 1)
        await connection.execute(
            _KEEP,
            *(shop, content.id, content.order, content.kind.value, about, issued.revision, series, year, count + 1),
            *(content.replaces, kept, issued.digest, issued_at),
        )
        return issued

    async def read(self, scope: Scope, document: str) -> Issued:
        """One document of an order that is in scope. Raises NotFound: missing, foreign, or no id of a document."""
        where = scoped(scope, "o")
        identifier = known("doc", document, "document")
        where.add("d.shop_id = {} AND d.document_id = {}", shop_of(identifier), identifier)
        found = await self._rows(where)
        if not found:
            raise NotFound(kind="document")
        return found[0]

    async def of_order(self, scope: Scope, order: OrderId) -> tuple[Issued, ...]:
        """The documents of an order in scope, in the order in which they were issued."""
        where = scoped(scope, "o")
        add_id(where, order)
        return await self._rows(where)

    async def called(self, ids: Iterable[DocumentId]) -> Mapping[DocumentId, tuple[DocumentKind, str]]:
        """What kind of document each of these is, and its number."""
        wanted = list(dict.fromkeys(ids))
        found = await self._pool.fetch(_CALLED, [shop_of(one) for one in wanted], wanted)
        return {
            DocumentId(row["document_id"]): (
                kind := DocumentKind(row["kind"]),
                documents.number(kind, row["year"], row["number"]),
            )
            for row in found
        }

    async def of_year(self, shop: ShopId, year: int) -> tuple[Issued, ...]:
        """The documents of a shop in a year, series by series, by number."""
        return tuple(_issued(row) for row in await self._pool.fetch(_SERIES, shop, year))

    async def unasked(self, shop: ShopId) -> list[tuple[OrderId, str]]:
        """Cancellations of a shop that gave money back and have no credit note yet, the oldest first."""
        return [(OrderId(row["order_id"]), row["case_id"]) for row in await self._pool.fetch(_UNASKED, shop)]

    async def flaws(self, shop: ShopId) -> tuple[Flaw, ...]:
        """Numbers that have no document, and documents that are not as they were issued."""
        found: list[Flaw] = []
        expected: dict[tuple[str, int], int] = {}
        last: dict[tuple[str, int], int] = {}
        for row in await self._pool.fetch(_CHECKED, shop):
            if row["number"] is None:
                continue
            series = (row["series"], row["year"])
            wanted = expected.get(series, 1)
            found.extend(
                Flaw(f"{series[0]}{series[1]}-{count:06}", "missing") for count in range(wanted, row["number"])
            )
            expected[series], last[series] = row["number"] + 1, row["last"]
            if documents.digest(row["content"]) != row["digest"]:
                found.append(Flaw(f"{series[0]}{series[1]}-{row['number']:06}", "edited"))
        for (letters, year), count in last.items():
            found.extend(
                Flaw(f"{letters}{year}-{one:06}", "missing") for one in range(expected[letters, year], count + 1)
            )
        return tuple(found)

    async def _rows(self, where: Where) -> tuple[Issued, ...]:
        statement = f"{_COLUMNS} WHERE {where} ORDER BY d.issued_at, d.series DESC, d.year, d.number"
        return tuple(_issued(row) for row in await self._pool.fetch(statement, *where.parameters))


def _issued(row: asyncpg.Record) -> Issued:
    return Issued(
        content=documents.decode(row["content"]),
        digest=row["digest"],
        about=row["about"],
        revision=row["revision"],
        replaced_by=row.get("replaced_by", ""),
    )
