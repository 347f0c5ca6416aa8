"""The stream of what happened: nothing is lost, nothing is shown to who may not see it, and who is late is told so."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest

from postgres.market import KILN, LANTERN, market_on
from postgres.servers import VERSIONS
from rescind.core.errors import InvalidField
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.postgres import tail as tails
from rescind.postgres.embedded import SUPERUSER
from rescind.postgres.tail import LiveEvent, Position, Reset, Tail

EVERYBODY = Scope()


@pytest.fixture
async def market(pool, clock):
    async with market_on(pool, clock) as opened:
        yield opened


@pytest.fixture
async def tail(market):
    opened = Tail(market.pool)
    await opened.open()
    return opened


class Told(list):
    """What a reader was told, in order."""

    def __init__(self):
        super().__init__()
        self._news = asyncio.Event()

    def hear(self, one):
        self.append(one)
        self._news.set()

    async def reaches(self, count):
        while len(self) < count:
            self._news.clear()
            await self._news.wait()


@asynccontextmanager
async def reading(tail, scope=EVERYBODY, after=None):
    """A reader that has begun, and a way to take what it was told so far."""
    stream = tail.subscribe(scope, after)
    told = Told()

    async def listen():
        async for one in stream:
            told.hear(one)

    task = asyncio.create_task(listen())
    await asyncio.sleep(0)
    yield told
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await stream.aclose()


async def catch_up(tail):
    """Read everything that may be read now, and let the readers hear of it."""
    while await tail.read_once():
        pass
    for _ in range(3):
        await asyncio.sleep(0)


INSERT = """
INSERT INTO events (shop_id, order_id, seq, type, body, hash, received_at)
SELECT shop_id, order_id, version + $2, 'FactReported', '', decode(repeat('00', 32), 'hex'), now()
FROM orders WHERE order_id = $1
"""


@pytest.mark.parametrize("version", VERSIONS)
async def test_lanes_that_commit_in_reverse_lose_nothing(database, market, tail):
    first, second = await market.order(Stage.REVIEW), await market.order(Stage.REVIEW)
    await catch_up(tail)
    slow, quick = [await asyncpg.connect(database(SUPERUSER)) for _ in range(2)]
    naive = await quick.fetchval("SELECT max(id) FROM events")
    async with reading(tail) as told:
        began = slow.transaction()
        await began.start()
        await slow.execute(INSERT, first, 1)
        await quick.execute(INSERT, second, 1)  # a later id, committed at once

        by_id = [row["order_id"] for row in await quick.fetch("SELECT * FROM events WHERE id > $1 ORDER BY id", naive)]
        assert by_id == [second]
        naive = await quick.fetchval("SELECT max(id) FROM events")
        await catch_up(tail)
        assert told == [], "an older transaction still runs: what it wrote may yet come before"

        await began.commit()
        assert await quick.fetch("SELECT FROM events WHERE id > $1", naive) == [], "a cursor of ids has lost one"
        await catch_up(tail)
        assert sorted(one.order for one in told) == sorted([first, second])
        assert [one.position for one in told] == sorted(one.position for one in told)
    await slow.close()
    await quick.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_many_lanes_at_once_are_told_completely_and_once(market, clock):
    tail = Tail(market.pool)
    await tail.open()
    reader = asyncio.create_task(tail.read())
    async with reading(tail) as told:
        orders = await asyncio.gather(*(market.order(Stage.PACKED) for _ in range(40)))
        await asyncio.gather(*(market.asks(order, anyway=True) for order in orders))
        wanted = await market.pool.fetchval("SELECT count(*) FROM events")
        async with asyncio.timeout(10):
            await told.reaches(wanted)
        for order in orders:
            assert [one.seq for one in told if one.order == order] == list(range(1, 8))
        assert len(told) == wanted
    reader.cancel()


async def test_a_tail_begins_with_what_comes_next(market, tail):
    await market.order()
    later = Tail(market.pool)
    await later.open()
    async with reading(tail) as early, reading(later) as told:
        order = await market.order(Stage.UNPAID)
        await catch_up(tail)
        await catch_up(later)
        assert [(one.order, one.seq, one.type) for one in told] == [(order, 1, "OrderPlaced")]
        assert len(early) == 4


async def test_who_reads_sees_what_may_be_seen(market, tail):  # I-30, I-35
    scopes = [Scope(shop=KILN), Scope(shop=LANTERN), Scope(buyer="ann"), Scope(shop=LANTERN, buyer="bob"), EVERYBODY]
    mine = await market.order(Stage.UNPAID)
    theirs = await market.order(Stage.UNPAID, shop=LANTERN, buyer="bob")
    third = await market.order(Stage.UNPAID, shop=LANTERN, buyer="ann")
    cursor = tail.cursor
    await catch_up(tail)
    for scope, seen in zip(
        scopes, ({mine}, {theirs, third}, {mine, third}, {theirs}, {mine, theirs, third}), strict=True
    ):
        async with reading(tail, scope, cursor) as told:
            assert {one.order for one in told} == seen, scope
            assert all(scope.sees(one.shop, one.buyer, one.order) for one in told)


async def test_who_listens_hears_what_may_be_heard(market, tail):  # I-30, I-35
    async with reading(tail, Scope(shop=KILN)) as kiln, reading(tail, Scope(buyer="bob")) as bob:
        mine = await market.order(Stage.UNPAID)
        theirs = await market.order(Stage.UNPAID, shop=LANTERN, buyer="bob")
        await catch_up(tail)
        assert ([one.order for one in kiln], [one.order for one in bob]) == ([mine], [theirs])


async def test_who_comes_back_goes_on_where_it_left(market, tail):
    async with reading(tail) as told:
        first = await market.order(Stage.ALLOCATED)
        await catch_up(tail)
        left = told[1].cursor
        assert [one.seq for one in told] == [1, 2, 3]
    second = await market.order(Stage.UNPAID)
    await catch_up(tail)
    async with reading(tail, after=left) as again:
        assert [(one.order, one.seq) for one in again] == [(first, 3), (second, 1)]
        third = await market.order(Stage.UNPAID)
        await catch_up(tail)
        assert again[-1].order == third
    async with reading(tail, after=tail.cursor) as nothing:
        assert nothing == []


async def test_a_cursor_of_before_a_restore_is_told_so(market, tail):  # architecture 5.5
    await market.order()
    await catch_up(tail)
    old = tail.cursor
    await market.pool.execute("UPDATE installation SET value = '2' WHERE key = 'epoch'")
    restored = Tail(market.pool)
    await restored.open()
    assert restored.cursor.startswith("2-")
    async with reading(restored, after=old) as told:
        assert told == [Reset(restored.cursor)]
        order = await market.order(Stage.UNPAID)
        await catch_up(restored)
        assert told[-1].order == order


async def test_a_place_that_is_forgotten_or_not_reached_is_told_so(market, tail, monkeypatch):
    opened_at = tail.cursor
    async with reading(tail, after=str(Position(1, Position.parse(opened_at).tx - 1, 0))) as told:
        assert told == [Reset(opened_at)], "from before this process began"
    async with reading(tail, after=str(Position(1, Position.parse(opened_at).tx + 10_000, 0))) as told:
        assert told == [Reset(opened_at)], "from a future of another process"
    small = tails.deque(maxlen=3)
    monkeypatch.setattr(tails, "REMEMBERED", 3)
    tail._remembered = small
    await market.order(Stage.PACKED)
    await catch_up(tail)
    kept = [one.cursor for one in small]
    assert [one.seq for one in small] == [4, 5, 6]
    async with reading(tail, after=opened_at) as told:
        assert told == [Reset(tail.cursor)]
    async with reading(tail, after=kept[0]) as told:
        assert [one.seq for one in told] == [5, 6]


async def test_a_reader_that_is_too_slow_is_told_to_begin_anew(market, tail, monkeypatch):
    monkeypatch.setattr(tails, "QUEUE", 4)
    stream = tail.subscribe(EVERYBODY, tail.cursor)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    async with reading(tail) as other:
        order = await market.order(Stage.UNPAID)
        await catch_up(tail)
        assert (await waiting).order == order
        await market.order(Stage.PACKED)
        await catch_up(tail)
        fifth = await asyncio.wait_for(anext(stream), 1)
        assert isinstance(fifth, Reset)
        assert Position.parse(fifth.cursor) <= Position.parse(tail.cursor)
        after = [await asyncio.wait_for(anext(stream), 1)]
        assert isinstance(after[0], LiveEvent)
        assert after[0].position > Position.parse(fifth.cursor)
        assert other[0].order == order, "who keeps up is not disturbed"
    await stream.aclose()
    assert tail._readers == set()


@pytest.mark.parametrize(
    "cursor",
    ["1", "1-2", "1-2-3-4", "1-x-3", "1--3", "-1-2-3", "1-²-3", "1-2-" + "9" * 19, "1-2-" + "9" * 20, "1-2-3 "],
)
async def test_a_cursor_that_is_none_is_refused(tail, cursor):
    with pytest.raises(InvalidField) as refused:
        await anext(tail.subscribe(EVERYBODY, cursor))
    assert refused.value.params["field"] == "Last-Event-ID"
    assert tail._readers == set()


async def test_a_database_that_was_away_has_hidden_nothing(database, market):
    tail = Tail(market.pool, every_s=0.02)
    await tail.open()
    reader = asyncio.create_task(tail.read())
    root = await asyncpg.connect(database(SUPERUSER))
    async with reading(tail) as told:
        for _ in range(3):
            await root.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'rescind'"
            )
            await market.order(Stage.UNPAID)
        async with asyncio.timeout(10):
            await told.reaches(3)
        assert not reader.done()
    await root.close()
    reader.cancel()
