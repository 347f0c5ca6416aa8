"""Orders and stage changes that come as a file: taken, checked, put in chunk by chunk, and told of when it is over.

The file is another door to the commands that the API takes one by one; nothing here decides. Whatever happens to the
process, work goes on after the last chunk that was kept: an order that is in already is known by who placed it.
"""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import IO, NamedTuple

import msgspec
import structlog

from rescind.book import Book
from rescind.clock import Clock, wall_clock
from rescind.core import news
from rescind.core.errors import Forbidden, InvalidField, Unavailable
from rescind.core.history import is_history
from rescind.core.ids import NO_SHOP, ImportId, OrderId, ShopId, make_id
from rescind.core.instant import Instant
from rescind.core.parts import Pins
from rescind.core.scope import Scope
from rescind.core.views import ShopView
from rescind.engine import Engine, Submission
from rescind.import_chunk import Chunk, Shops, speaker_of
from rescind.intake.columns import Header, kind_of, read_header
from rescind.intake.faults import Fault, fault_of
from rescind.intake.order_rows import Unreadable, commands_of, difference
from rescind.intake.sheet import MOST_BYTES, Row, plain, read_rows, wrong
from rescind.placing import checked
from rescind.postgres.deliveries import New
from rescind.postgres.directory import BuyerTold, Directory
from rescind.postgres.endpoints import EndpointTable
from rescind.postgres.imports import PART_BYTES, Counts, Import, ImportLost, ImportTable, There
from rescind.postgres.pins import PinTable
from rescind.postgres.reads import Reads
from rescind.postgres.store import AWAY

log = structlog.get_logger()

AT_ONCE = 2
"""Chunks under way: one is decided while the database writes another."""
ROWS_OF_A_CHUNK = 600
"""More than an order may have, and about as many orders as the database likes to take at once."""
TRIES = 5
"""So often a file is taken up to be taken apart before it is given up."""
_ROWS_AT_ONCE = 4000
_LONGEST_NAME = 200
_RANDOM_BITS = 28
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Importing:
    """Takes files and works on them."""

    table: ImportTable
    engine: Engine
    reads: Reads
    book: Book
    directory: Directory
    pins: PinTable
    endpoints: EndpointTable
    clock: Clock

    async def receive(
        self, file: IO[bytes], name: str, *, by: str, shop: ShopId | None = None, confirmed: bool = False
    ) -> Import:
        """Keep a file, to be checked, and put in once somebody has confirmed it. by: ``role:id``.

        shop: whose people put it in; they tell what happened to what is theirs, and place no orders. Raises
        InvalidField for a file that is no table with the columns it needs, Forbidden.
        """
        size = file.seek(0, 2)
        if size > MOST_BYTES:
            raise InvalidField(field="/file", expected=f"at most {MOST_BYTES // 1024 // 1024} MiB")
        header = await asyncio.to_thread(_first, file)
        kind = kind_of(header)
        if shop is not None and kind == "orders":
            raise Forbidden(action="import_orders")
        read_header(header, kind)
        identifier = ImportId(make_id("imp", shop or NO_SHOP, self._now(), secrets.randbits(_RANDOM_BITS)))
        file.seek(0)
        await self.table.begin(
            identifier,
            kind,
            iter(lambda: file.read(PART_BYTES), b""),
            shop=shop,
            by=by,
            name="".join(sign for sign in name if sign.isprintable())[:_LONGEST_NAME],
            size=size,
            confirmed=confirmed,
        )
        return await self.table.read(Scope(), identifier)

    async def work(self, identifier: ImportId | None = None) -> Import | None:
        """Do all there is to do about one import, the oldest first; None when there is nothing to do about any."""
        one = await self.table.lease(identifier)
        if one is None:
            return None
        if one.state == "reading":
            one = await self._staged(one)
        if one.state in {"checking", "writing"}:
            await self._go_through(one)
        return await self.table.read(Scope(), one.id)

    async def confirm(self, scope: Scope, identifier: str) -> Import:
        """Put in what was checked. Said again it changes nothing. Raises NotFound, ImportSettled."""
        one = await self.table.read(scope, identifier)
        if not one.confirmed:
            await self.table.settle(one, "writing")
        return await self.table.read(scope, identifier)

    async def drop(self, scope: Scope, identifier: str) -> Import:
        """Let it be. Said again it changes nothing. Raises NotFound, ImportSettled."""
        one = await self.table.read(scope, identifier)
        if one.state != "dropped":
            await self.table.settle(one, "dropped")
        return await self.table.read(scope, identifier)

    async def _staged(self, one: Import) -> Import:
        """Take the file apart; one that we fail at every time is refused, as nothing of it was put in yet."""
        try:
            return await self._stage(one)
        except (*AWAY, Unavailable, ImportLost):
            raise
        except Exception:
            if one.fence < TRIES:
                raise
            log.exception("import.given_up", id=one.id)
            await self.table.refuse(one, _encode([fault_of(0, "", wrong(expected="a table in CSV or XLSX"))]).decode())
            return await self.table.read(Scope(), one.id)

    async def _stage(self, one: Import) -> Import:
        """Take the file apart into rows."""
        await self.table.restart(one)
        with tempfile.TemporaryFile() as file:
            async for part in self.table.parts(one.id):
                file.write(part)
            try:
                shops = Shops(await self.reads.shops())
                rows = read_rows(file)
                first = await asyncio.to_thread(next, rows)
                header = read_header(first.cells, one.kind)
                while batch := await asyncio.to_thread(_some, rows, header, shops):
                    await self.table.stage(one, batch)
            except InvalidField as error:
                # Wherever in the file it shows: of one that cannot be read to its end nothing is put in.
                await self.table.refuse(one, _encode([fault_of(0, "", error)]).decode())
                return await self.table.read(Scope(), one.id)
        return await self.table.staged(one, [cell.strip() for cell in first.cells], header.ignored)

    async def _go_through(self, one: Import) -> None:
        """Look at every order of the file after the last one that was kept: the next chunk while one is written."""
        header, shops = read_header(one.header, one.kind), Shops(await self.reads.shops())
        counts, last = one.counts, one.last
        under_way: deque[tuple[tuple[str, str], asyncio.Task[Chunk]]] = deque()
        ahead, more = last, True
        try:
            while more or under_way:
                while more and len(under_way) < AT_ONCE:
                    groups, more = await self.table.groups(one, ahead, ROWS_OF_A_CHUNK)
                    if groups:
                        ahead = (groups[-1].shop, groups[-1].number)
                        work = self._put_in(Chunk(one, groups, header, shops))
                        under_way.append((ahead, asyncio.create_task(work)))
                if under_way:
                    last, task = under_way.popleft()
                    done = await task
                    counts += done.counts
                    await self.table.keep(one, one.state, last, counts, _kept(done))
        finally:
            for _, task in under_way:
                task.cancel()
        if one.state == "writing":
            await self.table.keep(one, "ended", last, counts, news=await self._news(one, counts))
        else:
            await self.table.keep(one, "checked", last, counts)

    async def _news(self, one: Import, counts: Counts) -> list[New]:
        """A message that it is over, for every endpoint of the marketplace, or of the shop whose people put it in."""
        data = news.ImportData(
            id=one.id, put_in=counts.history + counts.live, there_already=counts.there, left_out=counts.wrong
        )
        body = news.import_body(data, self._now())
        return [
            New(
                one.shop or NO_SHOP,
                f"evt_{one.id[4:]}_1",
                each.id,
                news.IMPORT_ENDED,
                body,
                "waiting" if each.state == "on" else "missed",
            )
            for each in await self.endpoints.listening()
            if each.shop in {None, one.shop} and news.wanted(each.events, news.IMPORT_ENDED)
        ]

    async def _put_in(self, chunk: Chunk) -> Chunk:
        there = await self.table.there(chunk.wanted())
        buyers = _Buyers([], [])
        if chunk.one.kind == "stages":
            chunk.stages(there)
        else:
            buyers = await self._orders(chunk, there)
        writes = chunk.one.state == "writing"
        if chunk.commands:
            handle = self.engine.bring_in if writes else self.engine.weigh
            chunk.answered(await handle(chunk.commands))
        if writes:
            # The directory is no part of the orders and may be filled again; what it says is only shown.
            await self.directory.tell_buyers(buyers.now)
            await self.directory.introduce_buyers(buyers.once)
        return chunk

    async def _orders(self, chunk: Chunk, there: Mapping[tuple[str, str], There]) -> _Buyers:
        """Ask for the orders that are not there yet; gives what their buyers are called."""
        now, pins, actor = self._now(), _Pins(self.pins), speaker_of(chunk.one)
        buyers = _Buyers([], [])
        for read in chunk.orders():
            known = there.get((read.shop.id, read.group.number))
            identifier = known.order.id if known else make_id("ord", read.shop.id, now, secrets.randbits(_RANDOM_BITS))
            terms = known.order.pins if known else await pins.at(read.shop, read.told.body.placed_at)
            try:
                placing, details, facts = commands_of(read.told, OrderId(identifier), terms, now)
            except Unreadable as wrong:
                chunk.refuse(read.group, wrong.faults)
                continue
            if known is None:
                if is_history(placing.placed_at, (one.fact for one in facts), now):
                    placing = msgspec.structs.replace(placing, history=True)
                else:
                    placing = await checked(self.book, self.reads, placing, details)
                chunk.place(read, Submission(command=placing, actor=actor, details=details), facts)
            elif differs := difference(read.told, placing, details, facts, known.order, known.details):
                chunk.differs(read, *differs)
                continue
            else:
                chunk.is_there(known)
            if known is None or known.via == chunk.one.id:
                past = is_history(placing.placed_at, (one.fact for one in facts), now)
                said = BuyerTold(placing.buyer, details.buyer, placing.placed_at)
                (buyers.once if past else buyers.now).append(said)
        return buyers

    def _now(self) -> Instant:
        return self.clock.read() or wall_clock()


class _Buyers(NamedTuple):
    """What orders say of their buyers: those of now, which the marketplace tells, and those of once."""

    now: list[BuyerTold]
    once: list[BuyerTold]


class _Pins:
    """The terms that orders were bought under, looked up once for each span in which a shop changed nothing."""

    def __init__(self, table: PinTable) -> None:
        self._table = table
        self._turns: dict[ShopId, list[Instant]] = {}
        self._found: dict[tuple[ShopId, int], Pins] = {}

    async def at(self, shop: ShopView, then: Instant) -> Pins:
        """The terms of an order placed then."""
        if shop.id not in self._turns:
            self._turns[shop.id] = await self._table.turns(shop)
        span = (shop.id, bisect_right(self._turns[shop.id], then))
        if span not in self._found:
            self._found[span] = await self._table.at(shop, then)
        return self._found[span]


def _first(file: IO[bytes]) -> list[str]:
    """The header of a file. Raises InvalidField."""
    return next(read_rows(file)).cells


def _some(rows: Iterator[Row], header: Header, shops: Shops) -> list[tuple[str, str, int, str]]:
    """The next rows, as they are kept: beside the shop and the number they name.

    The shop by its id, whichever way a row names it: the rows of one order stand together, and go in together or not.
    """
    shop, number = header.places["shop"], header.places["order_number"]
    return [
        (shops.key(_cell(row, shop)), _cell(row, number), row.nth, _encode(row).decode())
        for row in islice(rows, _ROWS_AT_ONCE)
    ]


def _cell(row: Row, place: int) -> str:
    return plain(row.cells[place])[:_LONGEST_NAME] if place < len(row.cells) else ""


def _kept(chunk: Chunk) -> list[tuple[int, str, str, str]]:
    """What is wrong, a row at a time."""
    kept: list[tuple[int, str, str, str]] = []
    for group, faults in chunk.wrong:
        by_row: dict[int, list[Fault]] = {}
        for one in faults:
            by_row.setdefault(one.nth, []).append(one)
        kept += [(nth, group.shop, group.number, _encode(some).decode()) for nth, some in by_row.items()]
    return kept
