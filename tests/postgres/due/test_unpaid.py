"""Before an order is given up as unpaid, the provider is asked."""

import asyncio
from datetime import timedelta

import pytest

from postgres.due.books import Books, leases, let_pass
from postgres.market import audit, worked
from postgres.servers import VERSIONS
from rescind.core.parts import Tender
from rescind.core.ports import Captured
from rescind.core.stage import Stage
from rescind.worker import payments

TICK = timedelta(microseconds=1)


async def overdue(market, clock, **more):
    """An order whose time to pay is just over, and when that was."""
    order = await market.order(Stage.UNPAID, **more)
    (limit,) = [one for one in (await market.read(order)).timers if one.name == "unpaid"]
    clock.set(limit.due_at)
    return order, limit.due_at


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_paid_order_whose_message_is_lost_is_settled_not_cancelled(market, due, clock):  # KF-17, S-04
    order, limit = await overdue(market, clock)
    books = Books(slow_s=0.01)
    books.came_in["t"] = Captured(clear=True, at=limit - TICK, amount_minor=4000)
    await asyncio.gather(*(payments.sweep(market.engine, due, books) for _ in range(3)))
    await worked(market, books)
    after = await market.read(order)
    assert (after.cancellations, after.tenders[0].captured_minor, after.progress.paid_at) == ((), 4000, limit - TICK)
    told = await market.pool.fetchval("SELECT count(*) FROM events WHERE order_id = $1", order)
    assert told == 2, "placed, and paid once"
    await market.fact(order, "paid")
    assert (await market.read(order)).version == 2, "the message that comes after all says nothing new"
    assert await audit(market.pool) == 1


async def test_what_came_in_at_the_limit_or_not_whole_goes_back(market, due, clock):  # KF-17, S-04, E-02
    two = (Tender(id="t", method="card", amount_minor=2500), Tender(id="g", method="gift", amount_minor=1500))
    late, limit = await overdue(market, clock)
    books = Books()
    books.came_in["t"] = Captured(clear=True, at=limit, amount_minor=4000)
    await worked(market, books)
    assert [one.reason for one in (await market.read(late)).cancellations] == ["unpaid_timeout"]
    assert (await market.read(late)).tenders[0].refunded_minor == 4000
    part, limit = await overdue(market, clock, tenders=two)
    books.came_in = {"t": Captured(clear=True, at=limit - TICK, amount_minor=2500)}
    await worked(market, books)
    after = await market.read(part)
    assert (len(after.cancellations), [one.refunded_minor for one in after.tenders]) == (1, [2500, 0])
    assert await audit(market.pool) == 2


async def test_what_the_provider_does_not_know_is_not_unpaid(market, due, clock, database):  # KF-17, I-07
    order, limit = await overdue(market, clock)
    books = Books()
    books.came_in["t"] = Captured(clear=False)
    assert await payments.sweep(market.engine, due, books) == 1
    assert await payments.sweep(market.engine, due, books) == 0, "it is asked again later, not at once"
    assert (await market.read(order)).cancellations == ()
    (left,) = await leases(market.pool, "unpaid")
    assert left["lease_until"] is not None
    await let_pass(database, "unpaid")
    books.came_in["t"] = Captured(clear=True)
    await worked(market, books)
    assert [one.reason for one in (await market.read(order)).cancellations] == ["unpaid_timeout"]
    assert (await market.read(order)).cancellations[0].closed_at == limit


async def test_a_payment_that_comes_while_the_provider_is_asked_wins(market, due, clock):  # KF-17
    order, _ = await overdue(market, clock)

    class Slow(Books):
        async def captured(self, *asked):
            await market.fact(order, "paid")
            return await super().captured(*asked)

    await payments.sweep(market.engine, due, Slow())
    after = await market.read(order)
    assert (after.cancellations, after.tenders[0].captured_minor) == ((), 4000)
    assert await audit(market.pool) == 1
