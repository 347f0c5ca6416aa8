"""Connections that are lost in the middle, and answers that are lost after the end."""

import asyncio

import asyncpg
import pytest

from postgres.cut import line_to
from postgres.market import HOST, audit, contents, fingerprint, key, market_on
from postgres.servers import VERSIONS
from rescind.core.errors import Unavailable
from rescind.postgres.due import DueTable
from rescind.postgres.embedded import SUPERUSER
from rescind.postgres.store import BY_INDEX, connect
from rescind.worker import deadlines

WRITING = b"fan_out"
"""What is said only when something is written."""


@pytest.fixture
async def line(database, clock, tmp_path):
    """A market whose line to the database can be cut."""
    async with line_to(database(), tmp_path) as (cutter, address):
        pool = await connect(address, size=4, planning=BY_INDEX)
        async with market_on(pool, clock) as opened:
            yield cutter, opened
        pool.terminate()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("heard", [True, False])
async def test_a_commit_whose_answer_was_lost_is_found_by_its_key(line, pool, heard):  # CC-04
    cutter, market = line
    orders = [await market.order() for _ in range(3)]
    cutter.cut((WRITING, heard))
    outcomes = await asyncio.gather(
        *(market.asks(order, key=key(order), fingerprint=fingerprint(order)) for order in orders)
    )
    assert cutter.cuts == 1
    assert sum(one.replayed for one in outcomes) == (3 if heard else 0)
    for order, outcome in zip(orders, outcomes, strict=True):
        assert len(outcome.records) == 1
        assert len((await market.read(order)).cancellations) == 1
    assert await audit(pool) == 3


@pytest.mark.parametrize("heard", [True, False])
async def test_an_order_whose_placing_was_lost_in_the_commit_is_placed_once(line, pool, heard):  # CC-04
    cutter, market = line
    placing = await market.placing()
    cutter.cut((WRITING, heard))
    outcome = await market.does(placing, HOST, key=key("p" * 16), fingerprint=fingerprint("place"))
    assert (cutter.cuts, outcome.replayed, len(outcome.records)) == (1, heard, 1)
    assert await audit(pool) == 1


@pytest.mark.parametrize(
    "plan",
    [
        [(WRITING, True), (b"COMMIT", True), (b"COMMIT", False), (b"COMMIT", True)],
        [(WRITING, False), (b"COMMIT", False), (WRITING, True), (b"COMMIT", True), (b"COMMIT", False)],
        [(WRITING, False), (b"COMMIT", False), (WRITING, False), (WRITING, True)],
    ],
)
async def test_a_line_that_breaks_again_and_again_is_dialled_again_and_again(line, pool, plan):  # CC-01, CC-04
    cutter, market = line
    order = await market.order()
    cutter.cut(*plan)
    outcome = await market.asks(order, key=key("a" * 16), fingerprint=fingerprint("ask"))
    done_at_once, done_later = plan[0][1], (b"COMMIT", True) in plan[1:]
    assert (cutter.cuts, outcome.replayed, len(outcome.records)) == (len(plan), done_at_once or done_later, 1)
    assert await audit(pool) == 1


async def test_a_line_that_stays_cut_is_told_as_such_and_nothing_was_written(line, pool):
    cutter, market = line
    order = await market.order()
    before = await contents(pool)
    cutter.cut(*[(WRITING, False)] * 99)
    with pytest.raises(Unavailable):
        await market.asks(order, key=key("a" * 16), fingerprint=fingerprint("ask"))
    assert await contents(pool) == before


@pytest.mark.parametrize(
    "plan",
    [
        [(b"clock_timestamp", True)],
        [(b"INSERT INTO events", True)],
        [(WRITING, False), (b"FOR NO KEY UPDATE", True), (b"INSERT INTO events", True)],
    ],
)
async def test_a_line_that_breaks_in_the_middle_of_a_try_is_dialled_again(line, pool, plan):
    cutter, market = line
    order = await market.order()
    await market.pool.expire_connections()  # a new connection says its statements in full
    cutter.cut(*plan)
    outcome = await market.asks(order, key=key("a" * 16), fingerprint=fingerprint("ask"))
    assert (cutter.cuts, outcome.replayed) == (len(plan), False)
    assert await audit(pool) == 1


async def test_a_line_that_breaks_while_a_repeat_is_answered_is_dialled_again(line, pool):
    cutter, market = line
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask")}
    first = await market.asks(order, **said)
    await market.pool.expire_connections()
    cutter.cut((b"SELECT body FROM events", True))
    again = await market.asks(order, **said)
    assert (cutter.cuts, again.replayed, again.records) == (1, True, first.records)


async def test_a_timer_whose_commit_was_lost_lapses_once(line, pool, clock):  # CC-04, I-37
    cutter, market = line
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    clock.set(asked.due_at)
    cutter.cut((WRITING, True))
    assert await deadlines.sweep(market.engine, DueTable(pool, clock)) == 1
    assert cutter.cuts == 1
    after = await market.read(order)
    assert (after.cancellations[-1].closed_by, after.given_back.minor) == ("silence", 4000)
    assert await audit(pool) == 1


async def test_a_connection_ended_from_outside_costs_nobody_an_answer(market, database):
    orders = [await market.order() for _ in range(20)]
    root = await asyncpg.connect(database(SUPERUSER))
    kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'rescind'"

    async def ends():
        for _ in range(5):
            await asyncio.sleep(0.004)
            await root.fetchval(kill + " AND datname = current_database()")

    outcomes = await asyncio.gather(
        ends(), *(market.asks(order, key=key(order), fingerprint=fingerprint(order)) for order in orders)
    )
    assert all(len(one.records) == 1 for one in outcomes[1:])
    await root.close()
    again = await connect(database(), size=2)
    assert await audit(again) == 20
    await again.close()
