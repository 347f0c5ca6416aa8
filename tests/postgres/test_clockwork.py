"""A hundred thousand things wait for their times: none is done early, none twice, and all of them are done."""

import asyncio
import os
import random
from collections import Counter
from datetime import timedelta

import pytest

from postgres.market import HOST, LANTERN, market_on
from rescind.core.record import decode
from rescind.postgres.due import DueTable
from rescind.postgres.store import BY_INDEX, connect
from rescind.providers.sandbox import Sandbox
from rescind.worker import deadlines, payments

WAITING = 100_000 if os.environ.get("PROOF") == "full" else 10_000
OF_EACH = ("pay_reminder_1", "pay_reminder_2", "unpaid")
"""What the clock does to an order of Lantern's that nobody pays: after 15 minutes, 16 hours and 48 hours."""
TOGETHER = 250
STEPS = 40


@pytest.fixture
async def market(pool, clock):
    async with market_on(pool, clock) as opened:
        yield opened


@pytest.fixture
async def others(database, clock):
    """A second worker in a process of its own, as far as the database can tell."""
    elsewhere = await connect(database(), size=4, planning=BY_INDEX)
    async with market_on(elsewhere, clock) as opened:
        yield opened
    await elsewhere.close()


async def test_everything_that_waits_is_done_once_and_not_before_its_time(market, others, clock):  # I-15, I-37, E-02
    dice = random.Random(100)
    began = clock.read()
    orders = -(-WAITING // len(OF_EACH))
    for start in range(0, orders, TOGETHER):
        placed = [await market.placing(shop=LANTERN) for _ in range(min(TOGETHER, orders - start))]
        await asyncio.gather(*(market.does(one, HOST) for one in placed))
        clock.advance(timedelta(hours=30) * TOGETHER / orders + timedelta(microseconds=dice.randrange(10**6)))
    waiting = dict(await market.pool.fetch("SELECT kind, count(*) FROM due WHERE kind <> 'fan_out' GROUP BY kind"))
    assert waiting["unpaid"] == orders
    assert sum(waiting.values()) >= WAITING
    # Nothing is swept while orders come in, so that all of it waits at once; then the clock is moved by hand, in steps
    # of every size, also while two workers are at it.
    ends = began + timedelta(hours=30 + 48, minutes=2)
    tables = [(one.engine, DueTable(one.pool, clock)) for one in (market, others)]
    while clock.read() < ends:
        clock.advance((ends - began) / STEPS * dice.random() * 2 + timedelta(microseconds=1))
        await asyncio.gather(*(worked(engine, table) for engine, table in tables), ticks(clock, dice))
        late = "SELECT count(*) FROM due WHERE kind <> 'fan_out' AND due_at <= $1 AND lease_until IS NULL"
        await asyncio.gather(*(worked(engine, table) for engine, table in tables))
        assert await market.pool.fetchval(late, clock.read()) == 0
    left = await market.pool.fetchval("SELECT count(*) FROM due WHERE kind <> 'fan_out'")
    assert left == 0, "the limit of label and dispatch goes with the order that nobody paid"
    await only_once_and_in_time(market.pool, orders)


async def worked(engine, table):
    """A worker that looks until it finds nothing."""
    while await deadlines.sweep(engine, table) + await payments.sweep(engine, table, Sandbox()):
        pass


async def ticks(clock, dice):
    """Time passes while they work."""
    for _ in range(20):
        clock.advance(timedelta(seconds=dice.random() * 9))
        await asyncio.sleep(0.002)


async def only_once_and_in_time(pool, orders):
    rang, cancelled = Counter(), Counter()
    async with pool.acquire() as connection, connection.transaction():
        rows = connection.cursor("SELECT body FROM events WHERE type ~ '^(TimerRang|CancellationApproved)$'")
        async for row in rows:
            record = decode(row["body"])
            if type(record.event).__name__ == "TimerRang":
                rang[record.order, record.event.name] += 1
                assert record.received_at >= record.event.at, "early"
            else:
                cancelled[record.order] += 1
    assert set(rang.values()) == {1}
    assert Counter(name for _, name in rang) == dict.fromkeys(OF_EACH, orders)
    assert (set(cancelled.values()), len(cancelled)) == ({1}, orders)
