"""Orders that somebody holds, and decisions on an order that moved on."""

import asyncio
import time
from datetime import timedelta

import asyncpg
import pytest

from postgres.market import HOST, KILN, audit, contents, market_on
from postgres.servers import VERSIONS
from postgres.strain import asleep, slowly
from rescind.clock import DatabaseClock
from rescind.core.fulfilment import ReportFact
from rescind.core.parts import FactKind
from rescind.core.ports import Retry, Wanted
from rescind.core.stage import Stage
from rescind.engine import Submission
from rescind.postgres.embedded import SUPERUSER
from rescind.postgres.store import BY_INDEX, connect


async def test_a_decision_is_dated_after_what_it_waited_for(database):  # I-36
    """Somebody else's change of the order is being written when the request is decided, on the order as it was."""
    pools = [await connect(database(), size=3, planning=BY_INDEX) for _ in range(2)]
    async with market_on(pools[0], DatabaseClock()) as market, market_on(pools[1], DatabaseClock()) as others:
        order = await market.order(Stage.REVIEW)
        await slowly(database, "events")
        allocating = asyncio.create_task(others.fact(order, FactKind.ALLOCATED))
        await asleep(database)
        asked = await market.asks(order)
        allocated = await allocating
        assert asked.order.version == allocated.order.version + 1, "decided again, on the order as it is"
        seen = asked.records[0].received_at - allocated.records[0].received_at
        assert seen > timedelta(seconds=0.14), "and dated by then: what was slow took that long"
    for pool in pools:
        await pool.close()


async def test_a_lock_that_is_held_too_long_is_tried_again(market, database):  # CC-01
    order = await market.order()
    root = await asyncpg.connect(database(SUPERUSER))
    holding = root.transaction()
    await holding.start()
    await root.fetch("SELECT FROM orders WHERE order_id = $1 FOR UPDATE", order)
    asking_now = asyncio.create_task(market.asks(order))
    await asyncio.sleep(2.3)
    await holding.rollback()
    assert (await asking_now).order.open_cancellation
    await root.close()


async def test_an_order_that_somebody_holds_keeps_few_waiting_and_briefly(database, others):
    """Those who share its batch wait until the batch gives up; who comes later does not."""
    orders = [await others.order() for _ in range(8)]
    root = await asyncpg.connect(database(SUPERUSER))
    holding = root.transaction()
    await holding.start()
    await root.fetch("SELECT FROM orders WHERE order_id = $1 FOR UPDATE", orders[0])
    together = [asyncio.create_task(others.asks(order)) for order in orders[:6]]
    await asyncio.sleep(0.1)
    for late in orders[6:]:
        started = time.monotonic()
        await others.asks(late)
        assert time.monotonic() - started < 0.5
    assert not any(one.done() for one in together)
    await holding.rollback()
    for outcome in await asyncio.gather(*together):
        assert outcome.order.open_cancellation
    await root.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_that_moved_on_since_it_was_read_is_left_alone(market, store):  # I-13, I-20
    orders = [await market.order(Stage.REVIEW) for _ in range(2)]
    async with store.unit_of_work() as work:
        situation = await work.read([Wanted(order=order, shop=KILN) for order in orders])
        changes = []
        for order, found in zip(orders, situation.found, strict=True):
            packed = ReportFact(order=order, fact=FactKind.PACKED, occurred_at=situation.now)
            submission = Submission(command=packed, actor=HOST)
            _, change = await market.engine._decide(submission, found, situation.now, 0)
            changes.append(change)
    await market.fact(orders[1], FactKind.ALLOCATED)
    before = await contents(market.pool)
    with pytest.raises(Retry):
        async with store.unit_of_work() as work:
            await work.write(changes, situation.now)
    assert await contents(market.pool) == before, "not even its neighbour, which had not moved"
    assert await audit(market.pool) == 2


async def test_a_clock_set_back_does_not_turn_history_around(market, clock):  # I-38
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    clock.advance(timedelta(hours=-5))
    outcome = await market.withdraws(order, asked.id)
    assert outcome.records[0].received_at == asked.requested_at
    rows = await market.pool.fetch("SELECT received_at FROM events WHERE order_id = $1 ORDER BY seq", order)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    again = (await market.asks(order)).order.cancellations[-1]
    assert again.due_at == asked.due_at, "nobody's time is shortened"
