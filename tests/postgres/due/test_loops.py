"""The worker as a whole: it does what is due, says that it lives, and outlives what breaks."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from postgres.due.books import Books, owed
from postgres.market import audit, worked
from postgres.servers import VERSIONS
from rescind.postgres.embedded import SUPERUSER
from rescind.providers.sandbox import Sandbox
from rescind.worker import loops, refunds


async def none_left(connection, counting):
    for _ in range(1000):
        if not await connection.fetchval(counting):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the work does not end")


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_worker_does_everything_that_is_due_and_says_that_it_lives(market, due, clock):
    orders = [await market.order() for _ in range(3)]
    for order in orders:
        await market.asks(order)
    clock.advance(timedelta(hours=24))
    working = asyncio.create_task(loops.run(market.engine, due, Books()))
    await none_left(market.pool, "SELECT count(*) FROM due")
    working.cancel()
    for order in orders:
        assert (await market.read(order)).refunds[0].status == "succeeded"
    assert await market.pool.fetchval("SELECT count(*) FROM heartbeats") == 1
    assert await audit(market.pool) == 3


async def test_the_worker_outlives_a_database_that_goes_and_a_provider_that_breaks(market, due, database):
    made = [await owed(market) for _ in range(3)]
    working = asyncio.create_task(loops.run(market.engine, due, Books(broken={made[0][1]})))
    root = await asyncpg.connect(database(SUPERUSER))
    for _ in range(4):
        await root.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'rescind' AND datname = current_database()"
        )
        await asyncio.sleep(0.05)
    unasked = "SELECT count(*) FROM due WHERE kind = 'refund' AND lease_until IS NULL"
    await none_left(root, unasked)
    order, _ = await owed(market)  # the one that breaks was asked about; the work goes on all the same
    await none_left(root, f"SELECT count(*) FROM tenders WHERE order_id = '{order}' AND refunded_minor = 0")
    assert not working.done()
    working.cancel()
    await root.close()


class Stuck(Books):
    """Does not answer some refunds for as long as nobody lets it."""

    def __init__(self, stuck):
        super().__init__()
        self.stuck, self.let_go, self.at_once, self.most = stuck, asyncio.Event(), 0, 0

    async def refund(self, call):
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        try:
            if call.refund in self.stuck:
                self.asked.set()
                await self.let_go.wait()
            return await super().refund(call)
        finally:
            self.at_once -= 1


async def test_a_provider_that_does_not_answer_one_refund_holds_up_no_other(market, due):
    made = [await owed(market) for _ in range(40)]
    books = Stuck({refund for _, refund in made[:3]})
    working = asyncio.create_task(loops.run(market.engine, due, books))
    await none_left(market.pool, "SELECT greatest(count(*) - 3, 0) FROM due WHERE kind = 'refund'")
    statuses = [(await market.read(order)).refunds[0].status for order, _ in made]
    assert statuses == ["owed"] * 3 + ["succeeded"] * 37, "each is written down by itself, more than a batch of them"
    assert 3 < books.most <= refunds.AT_ONCE
    late, _ = await owed(market)
    await none_left(market.pool, f"SELECT count(*) FROM tenders WHERE order_id = '{late}' AND refunded_minor = 0")
    books.let_go.set()
    await none_left(market.pool, "SELECT count(*) FROM due WHERE kind = 'refund'")
    assert len({one[0] for one in books.sent}) == len(books.sent) == 41
    working.cancel()
    assert await audit(market.pool) == 41


async def test_a_worker_that_ends_lets_go_of_what_it_waits_for(market, due):
    _, refund = await owed(market)
    books = Stuck({refund})
    working = asyncio.create_task(loops.run(market.engine, due, books))
    await books.asked.wait()
    working.cancel()
    await asyncio.wait([working], timeout=5)
    assert working.done()
    assert books.at_once == 0


async def test_the_sandbox_is_settled_through_the_same_doors(market):
    for price, status in ((4000, "succeeded"), (4013, "failed"), (4017, "succeeded")):
        order, _ = await owed(market, price=price)
        for _ in range(3):
            await worked(market, Sandbox())
            market.clock.advance(timedelta(seconds=2))
        assert (await market.read(order)).refunds[0].status == status
    assert await audit(market.pool) == 3


async def test_old_keys_are_forgotten_and_young_ones_kept(market, due):  # ID-04
    insert = """INSERT INTO idempotency
                SELECT 'shp_00000001', 'ann', 'r', n::text, decode(repeat('00', 32), 'hex'), 'o', 1, 1,
                       $1::timestamptz - n * interval '1 day' FROM generate_series(58, 62) n"""
    await market.pool.execute(insert, market.clock.read())
    await due.forget()
    kept = [row[0] for row in await market.pool.fetch("SELECT key FROM idempotency ORDER BY key")]
    assert kept == ["58", "59", "60"]
