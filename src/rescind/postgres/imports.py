"""Files that are put in: their bytes, their rows, what is wrong with them, and how far the work on them is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.details import Details, LineWords, Recipient
from rescind.core.errors import ImportSettled, NotFound
from rescind.core.ids import ImportId, ShopId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.record import decode, decode_order
from rescind.core.scope import Scope
from rescind.postgres import deliveries
from rescind.postgres.reads.rows import decoded

Kind = Literal["orders", "stages"]
State = Literal["reading", "checking", "checked", "writing", "ended", "refused", "dropped"]
"""refused: the file could not be read at all. dropped: somebody looked at what would happen, and let it be."""
WORKS: tuple[State, ...] = ("reading", "checking", "writing")
LEASE = timedelta(seconds=60)
_PATIENCE = "SET LOCAL statement_timeout = '60s'"
_PATIENCE_S = 60
"""What touches every row of a file may take longer than anything that a page waits for."""
KEPT_FOR = timedelta(days=30)
"""How long rows that did not go in are kept to be corrected; they are full of names and addresses."""
PART_BYTES = 1024 * 1024


class Counts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Orders by what became of them, or would. history, live: that go in; there: that were there already; wrong: that
    stay out; rows_wrong: rows with a fault of their own.
    """

    history: int = 0
    live: int = 0
    there: int = 0
    wrong: int = 0
    rows_wrong: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})

    @property
    def done(self) -> int:
        """Orders that were looked at."""
        return self.history + self.live + self.there + self.wrong


class Import(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was put in. shop: whose own people did; None: the marketplace's. by: ``role:id`` of who did."""

    id: ImportId
    kind: Kind
    shop: ShopId | None
    by: str
    name: str
    size: int
    confirmed: bool
    state: State
    fault: str
    header: tuple[str, ...]
    ignored: tuple[str, ...]
    rows: int
    orders: int
    counts: Counts
    last: tuple[str, str] | None
    made_at: Instant
    ended_at: Instant | None
    fence: int


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """The rows of one order, as they were kept."""

    shop: str
    number: str
    rows: tuple[bytes, ...]


class There(msgspec.Struct, frozen=True, kw_only=True):
    """An order that is there. via: the import or credential it was placed through."""

    order: Order
    details: Details
    via: str


class ImportLost(Exception):
    """Somebody else goes on with the import."""


_COLUMNS = """
import_id, kind, shop_id, put_in_by, file_name, size, confirmed, state, fault, header::text, ignored::text, row_count,
order_count, counts::text, last_shop, last_number, made_at, ended_at, fence
"""
_BEGIN = """
INSERT INTO imports (import_id, kind, shop_id, put_in_by, file_name, size, confirmed, state, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 'reading', coalesce($8, clock_timestamp()))
"""
_LEASE = f"""
UPDATE imports SET lease_until = clock_timestamp() + $1, fence = fence + 1
WHERE import_id = (
    SELECT import_id FROM imports
    WHERE state = ANY($2) AND ($3::text IS NULL OR import_id = $3)
      AND (lease_until IS NULL OR lease_until <= clock_timestamp())
    ORDER BY made_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING {_COLUMNS}
"""  # noqa: S608 - our own text
_KEEP = """
UPDATE imports SET state = $3, last_shop = $4, last_number = $5, counts = $6::jsonb, ended_at = $7,
    lease_until = CASE WHEN $8 THEN NULL ELSE clock_timestamp() + $9 END
WHERE import_id = $1 AND fence = $2 AND state = ANY($10)
RETURNING 1
"""
# Keyed by what the file names, so the rows of an order stand beside each other wherever they stood in the file.
_ROWS = """
SELECT shop, number, cells FROM import_rows
WHERE import_id = $1 AND (shop, number) > ($2, $3) ORDER BY shop, number, nth LIMIT $4
"""
_THERE = """
SELECT o.shop_id, o.number, o.state, p.recipient::text AS recipient, coalesce(p.note, '') AS note, e.body,
    (SELECT json_agg(json_build_object('line', l.line_id, 'title', l.title, 'variant', l.variant,
                                       'options', l.options, 'image', l.image) ORDER BY l.place)
     FROM order_lines l WHERE l.shop_id = o.shop_id AND l.order_id = o.order_id)::text AS lines
FROM unnest($1::text[], $2::text[]) AS w (shop_id, number)
JOIN orders o USING (shop_id, number)
JOIN events e ON e.shop_id = o.shop_id AND e.order_id = o.order_id AND e.seq = 1
LEFT JOIN people p ON p.shop_id = o.shop_id AND p.order_id = o.order_id
"""
_FAULTY_ROWS = """
SELECT r.nth, r.cells, f.fault FROM import_rows r LEFT JOIN import_faults f USING (import_id, shop, number, nth)
WHERE r.import_id = $1 AND r.nth > $2 AND EXISTS (
    SELECT FROM import_faults x WHERE x.import_id = r.import_id AND x.shop = r.shop AND x.number = r.number
)
ORDER BY r.nth LIMIT $3
"""
# What went in is in its orders; only what did not is needed here, with all rows of its order.
_CLEAR = """
DELETE FROM import_rows r WHERE import_id = $1 AND NOT EXISTS (
    SELECT FROM import_faults x WHERE x.import_id = r.import_id AND x.shop = r.shop AND x.number = r.number
)
"""


class ImportTable:
    """Keeps imports. Work on one is leased, so that two workers never do the same part of it at once."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def begin(
        self,
        identifier: ImportId,
        kind: Kind,
        parts: Iterable[bytes],
        *,
        shop: ShopId | None,
        by: str,
        name: str,
        size: int,
        confirmed: bool,
    ) -> None:
        """Keep a file. confirmed: it goes in without anybody looking first."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_BEGIN, identifier, kind, shop, by, name, size, confirmed, self._clock.read())
            for place, data in enumerate(parts):
                await connection.execute("INSERT INTO import_parts VALUES ($1, $2, $3)", identifier, place, data)

    async def parts(self, identifier: ImportId) -> AsyncIterator[bytes]:
        """The file again, part by part."""
        place = 0
        while True:
            part = await self._pool.fetchval(
                "SELECT data FROM import_parts WHERE import_id = $1 AND place = $2", identifier, place
            )
            if part is None:
                return
            yield part
            place += 1

    async def read(self, scope: Scope, identifier: str) -> Import:
        """One import, through somebody's eyes. Raises NotFound."""
        row = await self._pool.fetchrow(
            f"SELECT {_COLUMNS} FROM imports WHERE import_id = $1 AND ($2::text IS NULL OR shop_id = $2)",  # noqa: S608
            identifier,
            scope.shop,
        )
        if row is None:
            raise NotFound(kind="import")
        return _import(row)

    async def latest(self, scope: Scope, limit: int) -> list[Import]:
        """The last ones, the newest first."""
        rows = await self._pool.fetch(
            f"SELECT {_COLUMNS} FROM imports WHERE ($1::text IS NULL OR shop_id = $1)"  # noqa: S608
            " ORDER BY made_at DESC, import_id DESC LIMIT $2",
            scope.shop,
            limit,
        )
        return [_import(row) for row in rows]

    async def lease(self, identifier: ImportId | None = None) -> Import | None:
        """Take an import that there is work on; nobody else goes on with it meanwhile."""
        row = await self._pool.fetchrow(_LEASE, LEASE, list(WORKS), identifier)
        return None if row is None else _import(row)

    async def stage(self, one: Import, rows: Sequence[tuple[str, str, int, str]]) -> None:
        """Keep rows: shop, number, place in the file, cells. Under a lease that is still ours."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._renew(connection, one)
            await connection.copy_records_to_table(
                "import_rows",
                records=[(one.id, *row) for row in rows],
                columns=["import_id", "shop", "number", "nth", "cells"],
            )

    async def restart(self, one: Import) -> None:
        """Forget what was read of the file before a stop."""
        async with self._pool.acquire() as connection, connection.transaction():
            await self._renew(connection, one)
            await connection.execute(_PATIENCE)
            await connection.execute("DELETE FROM import_rows WHERE import_id = $1", one.id, timeout=_PATIENCE_S)

    async def staged(self, one: Import, header: Sequence[str], ignored: Sequence[str]) -> Import:
        """All rows are kept; the file itself is not needed any more."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_PATIENCE)
            row = await connection.fetchrow(
                f"""
                UPDATE imports SET state = $3, header = $4::jsonb, ignored = $5::jsonb,
                    row_count = (SELECT count(*) FROM import_rows WHERE import_id = $1),
                    order_count = (SELECT count(DISTINCT (shop, number)) FROM import_rows WHERE import_id = $1)
                WHERE import_id = $1 AND fence = $2 AND state = 'reading' RETURNING {_COLUMNS}
                """,  # noqa: S608
                one.id,
                one.fence,
                "writing" if one.confirmed else "checking",
                _json(list(header)),
                _json(list(ignored)),
                timeout=_PATIENCE_S,
            )
            if row is None:
                raise ImportLost
            await connection.execute("DELETE FROM import_parts WHERE import_id = $1", one.id)
        return _import(row)

    async def refuse(self, one: Import, fault: str) -> None:
        """The file could not be read at all, and why."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.fetchval(
                "UPDATE imports SET state = 'refused', fault = $3, ended_at = coalesce($4, clock_timestamp())"
                " WHERE import_id = $1 AND fence = $2 RETURNING 1",
                one.id,
                one.fence,
                fault,
                self._clock.read(),
            )
            if not done:
                raise ImportLost
            await connection.execute(_PATIENCE)
            for table in ("import_parts", "import_rows"):
                await connection.execute(f"DELETE FROM {table} WHERE import_id = $1", one.id, timeout=_PATIENCE_S)  # noqa: S608

    async def groups(self, one: Import, after: tuple[str, str] | None, limit: int) -> tuple[list[Group], bool]:
        """The next orders of a file, from ``limit`` of its rows, and whether there may be more.

        An order that has so many rows itself has too many; what is beyond is passed over.
        """
        shop, number = after or ("", "")
        found = await self._pool.fetch(_ROWS, one.id, shop, number, limit)
        by_order: dict[tuple[str, str], list[bytes]] = {}
        for row in found:
            by_order.setdefault((row["shop"], row["number"]), []).append(row["cells"].encode())
        more = len(found) == limit
        if more and len(by_order) > 1:
            # The rest of its rows may be beyond the limit.
            by_order.popitem()
        return [Group(shop=shop, number=number, rows=tuple(rows)) for (shop, number), rows in by_order.items()], more

    async def there(self, wanted: Iterable[tuple[ShopId, str]]) -> Mapping[tuple[str, str], There]:
        """Orders of these shops and numbers that are there."""
        pairs = list(wanted)
        if not pairs:
            return {}
        shops, numbers = map(list, zip(*pairs, strict=True))
        return {
            (row["shop_id"], row["number"]): There(
                order=decode_order(row["state"]),
                details=Details(
                    lines=decoded(row["lines"], tuple[LineWords, ...], ()),
                    recipient=decoded(row["recipient"], Recipient, Recipient()),
                    note=row["note"],
                ),
                via=decode(row["body"]).actor.via,
            )
            for row in await self._pool.fetch(_THERE, shops, numbers)
        }

    async def keep(
        self,
        one: Import,
        state: State,
        last: tuple[str, str] | None,
        counts: Counts,
        faults: Sequence[tuple[int, str, str, str]] = (),
        news: Sequence[deliveries.New] = (),
    ) -> None:
        """Keep how far the work is, and what was found wrong on the way: place of the row, shop, number, fault. news:
        who is told that it is over.
        """
        over = state not in WORKS
        shop, number = last or (None, None)
        ended_at = await self._now() if state == "ended" else None
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(
                _KEEP, one.id, one.fence, state, shop, number, _json(counts), ended_at, over, LEASE, list(WORKS)
            ):
                raise ImportLost
            if faults:
                await connection.executemany(
                    "INSERT INTO import_faults (import_id, nth, shop, number, fault) VALUES ($1, $2, $3, $4, $5)"
                    " ON CONFLICT (import_id, shop, number, nth) DO UPDATE SET fault = excluded.fault",
                    [(one.id, *fault) for fault in faults],
                )
            if news:
                await deliveries.write(connection, news, self._clock.read())
            if state == "ended":
                await connection.execute(_PATIENCE)
                await connection.execute(_CLEAR, one.id, timeout=_PATIENCE_S)

    async def settle(self, one: Import, state: Literal["writing", "dropped"]) -> None:
        """Go on with what was checked, or let it be. Raises ImportSettled."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(
                "UPDATE imports SET state = $2, confirmed = $2 = 'writing', last_shop = NULL, last_number = NULL,"
                " counts = CASE WHEN $2 = 'writing' THEN '{}' ELSE counts END, lease_until = NULL"
                " WHERE import_id = $1 AND state = 'checked' RETURNING 1",
                one.id,
                state,
            ):
                raise ImportSettled(state=one.state)
            if state == "writing":
                await connection.execute("DELETE FROM import_faults WHERE import_id = $1", one.id)

    async def faults(self, one: Import, limit: int) -> list[tuple[int, str]]:
        """The first rows that are wrong, with what is wrong with them."""
        found = await self._pool.fetch(
            "SELECT nth, fault FROM import_faults WHERE import_id = $1 ORDER BY nth LIMIT $2", one.id, limit
        )
        return [(row["nth"], row["fault"]) for row in found]

    async def faulty_rows(self, one: Import, after: int, limit: int) -> list[tuple[int, bytes, str]]:
        """Rows that stay out: place, cells as they were kept, and fault; none where another of the order is wrong."""
        found = await self._pool.fetch(_FAULTY_ROWS, one.id, after, limit)
        return [(row["nth"], row["cells"].encode(), row["fault"] or "") for row in found]

    async def forget(self) -> None:
        """Drop rows and files that nobody came back for, and keep what became of them."""
        old = await self._pool.fetch(
            "SELECT import_id FROM imports WHERE made_at < coalesce($1::timestamptz, clock_timestamp()) - $2::interval"
            " AND EXISTS (SELECT FROM import_rows r WHERE r.import_id = imports.import_id)",
            self._clock.read(),
            KEPT_FOR,
        )
        for row in old:
            async with self._pool.acquire() as connection, connection.transaction():
                await connection.execute(_PATIENCE)
                await connection.execute(
                    "UPDATE imports SET state = 'dropped' WHERE import_id = $1 AND state = 'checked'", row["import_id"]
                )
                for table in ("import_faults", "import_rows", "import_parts"):
                    await connection.execute(
                        f"DELETE FROM {table} WHERE import_id = $1",  # noqa: S608
                        row["import_id"],
                        timeout=_PATIENCE_S,
                    )

    async def _renew(self, connection: Any, one: Import) -> None:
        if not await connection.fetchval(
            "UPDATE imports SET lease_until = clock_timestamp() + $3 WHERE import_id = $1 AND fence = $2 RETURNING 1",
            one.id,
            one.fence,
            LEASE,
        ):
            raise ImportLost

    async def _now(self) -> Instant:
        return self._clock.read() or await self._pool.fetchval("SELECT clock_timestamp()")


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _import(row: asyncpg.Record) -> Import:
    last = None if row["last_shop"] is None else (row["last_shop"], row["last_number"])
    return Import(
        id=ImportId(row["import_id"]),
        kind=row["kind"],
        shop=row["shop_id"],
        by=row["put_in_by"],
        name=row["file_name"],
        size=row["size"],
        confirmed=row["confirmed"],
        state=row["state"],
        fault=row["fault"] or "",
        header=tuple(msgspec.json.decode(row["header"], type=list[str])),
        ignored=tuple(msgspec.json.decode(row["ignored"], type=list[str])),
        rows=row["row_count"],
        orders=row["order_count"],
        counts=msgspec.json.decode(row["counts"], type=Counts),
        last=last,
        made_at=row["made_at"],
        ended_at=row["ended_at"],
        fence=row["fence"],
    )
