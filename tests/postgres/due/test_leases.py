"""Work that calls the world outside: one worker at a time, and nothing from one that slept too long."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from postgres.due.books import leases, let_pass, owed
from postgres.servers import VERSIONS
from rescind.core.stage import Stage
from rescind.postgres.due import LeaseLost
from rescind.postgres.embedded import SUPERUSER

LONG = timedelta(seconds=30)


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_one_worker_holds_no_other_gets_until_the_lease_ends(market, due, clock, database):  # CC-05
    made = [await owed(market) for _ in range(5)]
    first, second = await asyncio.gather(due.lease("refund", LONG, 3), due.lease("refund", LONG, 3))
    refs = [one.due.ref for one in (*first, *second)]
    assert sorted(refs) == sorted(refund for _, refund in made)
    assert await due.lease("refund", LONG, 10) == []
    clock.advance(timedelta(days=1))
    assert await due.lease("refund", LONG, 10) == [], "a lease runs on the database's clock, not on the deciding one"
    await let_pass(database)
    again = await due.lease("refund", LONG, 10)
    assert len(again) == 5
    assert {one.fence for one in again} == {2}
    assert {one.attempts for one in again} == {2}


async def test_what_another_worker_is_just_taking_is_passed_over_not_waited_for(market, due, database):  # CC-05
    made = sorted([(await owed(market))[1] for _ in range(3)])
    root = await asyncpg.connect(database(SUPERUSER))
    async with root.transaction():
        await root.fetch("SELECT FROM due WHERE ref = $1 FOR UPDATE", made[1])
        async with asyncio.timeout(1.5):
            assert sorted(one.due.ref for one in await due.lease("refund", LONG, 10)) == [made[0], made[2]]
    assert [one.due.ref for one in await due.lease("refund", LONG, 10)] == [made[1]]
    await root.close()


async def test_an_order_comes_with_its_work_as_it_stands_now(market, due):
    order, refund = await owed(market)
    (leased,) = await due.lease("refund", LONG, 1)
    assert leased.order == await market.read(order)
    assert leased.due.ref == refund


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_worker_that_slept_past_its_lease_changes_nothing(market, due, database):  # I-39
    order = await market.order(Stage.REVIEW)
    await market.asks(order)
    slept = await due.told(10)
    assert len(slept) == 3
    await let_pass(database, "fan_out")
    awake = await due.told(10)
    with pytest.raises(LeaseLost):
        await due.finish(slept, [("ann", slept[0].records[0].received_at, "cancellations", 1)])
    assert await market.pool.fetch("SELECT * FROM buyer_counters") == []
    assert len(await leases(market.pool, "fan_out")) == 3
    await due.finish(awake, [("ann", awake[0].records[0].received_at, "cancellations", 1)])
    assert await leases(market.pool, "fan_out") == []
    assert await market.pool.fetchval("SELECT sum(count) FROM buyer_counters") == 1
    with pytest.raises(LeaseLost):
        await due.finish(awake, [("ann", awake[0].records[0].received_at, "cancellations", 1)])
