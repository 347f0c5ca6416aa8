"""What must happen by itself when its time has come: never early, once, and judged on the order as it is then."""

import asyncio
import re
from datetime import timedelta

import asyncpg
import pytest

from postgres.due.books import Books
from postgres.market import LANTERN, audit, worked
from postgres.servers import VERSIONS
from rescind.core.order import stage
from rescind.core.stage import Stage
from rescind.postgres.due import _LEASE, _READY, DueTable
from rescind.postgres.embedded import SUPERUSER
from rescind.postgres.rows import SLICES, slice_of
from rescind.worker import deadlines, payments

TICK = timedelta(microseconds=1)
LONG = timedelta(seconds=30)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_deadline_lapses_at_its_instant_and_not_before(market, due, clock):  # I-37
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    clock.set(asked.due_at - TICK)
    assert await deadlines.sweep(market.engine, due) == 0
    assert (await market.read(order)).cancellations[-1].status == "awaiting_seller"
    clock.set(asked.due_at)
    assert await deadlines.sweep(market.engine, due) == 1
    after = await market.read(order)
    assert (after.cancellations[-1].status, after.cancellations[-1].closed_at) == ("approved", asked.due_at)
    assert await deadlines.sweep(market.engine, due) == 0
    assert await audit(market.pool) == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_nobody_pays_ends_at_its_limit_once_however_many_workers_look(market, due, clock):  # S-03, I-37
    order = await market.order(Stage.UNPAID)
    (limit,) = [one for one in (await market.read(order)).timers if one.name == "unpaid"]
    books = Books(slow_s=0.01)
    clock.set(limit.due_at - TICK)
    assert await payments.sweep(market.engine, due, books) == 0
    clock.set(limit.due_at)
    assert await deadlines.sweep(market.engine, due) == 0, "the clock alone does not say that nobody paid"
    assert sum(await asyncio.gather(*(payments.sweep(market.engine, due, books) for _ in range(3)))) == 1
    assert [tender for _, tender, _ in books.asked_for] == ["t"]
    after = await market.read(order)
    assert (stage(after, limit.due_at), len(after.cancellations)) == (Stage.CANCELLED, 1)
    assert after.cancellations[0].closed_by == "system"
    assert await market.pool.fetchval("SELECT count(*) FROM due WHERE kind <> 'fan_out'") == 0
    assert await market.pool.fetchval("SELECT status FROM cases WHERE order_id = $1", order) == "approved"
    assert await audit(market.pool) == 1


async def test_a_payment_takes_its_limit_and_reminders_with_it(market, due, clock):  # I-15
    order = await market.order(Stage.UNPAID, shop=LANTERN)
    waits = "SELECT ref FROM due WHERE kind IN ('timer', 'unpaid') ORDER BY ref"
    names = [row["ref"].rpartition(":")[2] for row in await market.pool.fetch(waits)]
    assert names == ["auto_cancel", "pay_reminder_1", "pay_reminder_2", "unpaid"]
    clock.advance(timedelta(minutes=15))
    assert await deadlines.sweep(market.engine, due) == 1
    await market.fact(order, "paid")
    names = [row["ref"].rpartition(":")[2] for row in await market.pool.fetch(waits)]
    assert names == ["auto_cancel", "dispatch"]
    clock.advance(timedelta(days=20))
    await worked(market, Books())
    after = await market.read(order)
    assert (after.cancellations[-1].reason, after.tenders[0].refunded_minor) == ("not_shipped", 4000)
    assert await audit(market.pool) == 1


async def test_a_review_nobody_looks_at_ends_by_itself(market, due, clock):  # M-07, R-027
    order = await market.order(Stage.REVIEW, found=("recipient_missing",))
    (review,) = await market.pool.fetch("SELECT due_at FROM due WHERE kind = 'review'")
    clock.set(review["due_at"] - TICK)
    await deadlines.sweep(market.engine, due)
    assert stage(await market.read(order), clock.read()) is Stage.REVIEW
    clock.set(review["due_at"])
    await worked(market, Books())
    after = await market.read(order)
    assert (after.cancellations[-1].reason, after.tenders[0].refunded_minor) == ("review_failed", 4000)
    assert await market.pool.fetchval("SELECT count(*) FROM due") == 0
    assert await market.pool.fetchval("SELECT status FROM cases WHERE kind = 'review'") == "closed"
    assert await audit(market.pool) == 1


async def test_a_deadline_goes_with_the_question(market, due, clock):
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    await market.withdraws(order, asked.id)
    clock.advance(timedelta(days=9))
    assert await deadlines.sweep(market.engine, due) == 0
    assert (await market.read(order)).cancellations[-1].status == "withdrawn"


async def test_a_row_left_over_from_a_question_that_was_answered_goes_without_a_trace(market, due, clock):  # I-38
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    await market.withdraws(order, asked.id)
    version = (await market.read(order)).version
    await market.pool.execute(
        "INSERT INTO due (shop_id, kind, ref, order_id, due_at, slice) SELECT shop_id, 'deadline', $2, order_id, $3, 0"
        " FROM orders WHERE order_id = $1",
        order,
        asked.id,
        asked.due_at,
    )
    clock.set(asked.due_at)
    assert await deadlines.sweep(market.engine, due) == 1
    assert await deadlines.sweep(market.engine, due) == 0
    assert (await market.read(order)).version == version


async def test_after_a_long_night_every_overdue_deadline_lapses_once_oldest_first(market, due, clock):  # I-38
    cases = []
    for _ in range(12):
        order = await market.order()
        cases.append((order, (await market.asks(order)).order.cancellations[-1]))
        clock.advance(timedelta(minutes=7))
    clock.advance(timedelta(days=3))
    ready = await due.ready(("deadline",), 100)
    assert [one.ref for _, one in ready] == [asked.id for _, asked in cases]
    both = await asyncio.gather(deadlines.sweep(market.engine, due), deadlines.sweep(market.engine, due))
    assert sum(both) >= 12
    for order, _ in cases:
        after = await market.read(order)
        assert after.cancellations[-1].closed_by == "silence"
        assert after.given_back.minor == 4000
    assert await audit(market.pool) == 12


async def test_the_end_of_a_hold_is_told_once(market, due, clock):
    order = await market.order(Stage.REVIEW, shop=LANTERN)
    held_until = (await market.read(order)).hold_until
    clock.set(held_until - TICK)
    assert await deadlines.sweep(market.engine, due) == 0
    clock.set(held_until)
    assert await deadlines.sweep(market.engine, due) == 1
    assert await deadlines.sweep(market.engine, due) == 0
    types = [row[0] for row in await market.pool.fetch("SELECT type FROM events ORDER BY seq")]
    assert types == ["OrderPlaced", "FactReported", "HoldEnded"]


@pytest.mark.parametrize("version", VERSIONS)
async def test_what_is_not_due_yet_is_not_even_read(market, database, clock):
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute(
        """INSERT INTO due (shop_id, kind, ref, order_id, due_at, slice)
           SELECT 'shp_00000001', (ARRAY['deadline', 'hold', 'refund'])[1 + n % 3], n::text, 'ord', $1, n % 64
           FROM generate_series(1, 50000) n""",
        clock.read() + timedelta(days=1),
    )
    await root.execute("ANALYZE due")
    slices = list(range(SLICES))
    for statement, values in (
        (_READY, (["deadline", "hold"], slices, None, 256)),
        (_LEASE, ("refund", slices, None, LONG, 256)),
    ):
        async with root.transaction():
            await root.execute("SET LOCAL enable_bitmapscan = off")  # it hides behind another name what it looks up
            plan = "\n".join(row[0] for row in await root.fetch(f"EXPLAIN (COSTS off) {statement}", *values))
        assert re.search(r"Index Cond: \(\(kind = .*\) AND \(due_at <= ", plan), plan
        assert "Seq Scan on due" not in plan, plan
    await root.close()


async def test_one_worker_keeps_to_its_slices(market, clock):
    orders = [await market.order() for _ in range(10)]
    for order in orders:
        await market.asks(order)
    clock.advance(timedelta(days=2))
    halves = [DueTable(market.pool, clock, range(0, SLICES, 2)), DueTable(market.pool, clock, range(1, SLICES, 2))]
    found = [{order for order, _ in await half.ready(("deadline",), 100)} for half in halves]
    assert found[0] | found[1] == set(orders)
    assert found[0] & found[1] == set()
    assert all(slice_of(order) % 2 == 0 for order in found[0])
