"""Nobody's time runs while nobody could answer (I-38)."""

from datetime import timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postgres.market import audit, market_on
from postgres.servers import VERSIONS
from rescind.clock import DatabaseClock
from rescind.core.instant import instant
from rescind.core.outage import Outage, lost, owed
from rescind.core.stage import Stage
from rescind.postgres.due import DueTable
from rescind.postgres.embedded import SUPERUSER
from rescind.providers.sandbox import Sandbox
from rescind.worker import deadlines, payments

TICK = timedelta(microseconds=1)
NOON = instant("2026-03-02T12:00:00Z")


@pytest.fixture
async def market(pool, clock):
    async with market_on(pool, clock) as opened:
        yield opened


@pytest.fixture
def due(pool, clock):
    return DueTable(pool, clock)


async def away(market, began, ended):
    await market.pool.execute("INSERT INTO outages VALUES ($1, $2)", began, ended)


async def silence(database, age):
    """Everybody's last sign of life was ``age`` ago."""
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute("UPDATE heartbeats SET beat_at = clock_timestamp() - $1::interval", age)
    await root.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_seller_gets_back_the_hours_in_which_nobody_was_there(market, due, clock):
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    began = asked.requested_at + timedelta(hours=20)
    await away(market, began, asked.due_at + timedelta(hours=2))
    clock.set(asked.due_at + timedelta(hours=2))
    assert await deadlines.sweep(market.engine, due) == 1
    waiting = (await market.read(order)).cancellations[-1]
    # Four hours of the seller's twenty-four were lost, and two of the four that take their place as well.
    assert (waiting.status, waiting.due_at) == ("awaiting_seller", asked.due_at + timedelta(hours=6))
    assert await deadlines.sweep(market.engine, due) == 0
    clock.set(waiting.due_at - TICK)
    assert await deadlines.sweep(market.engine, due) == 0
    clock.set(waiting.due_at)
    assert await deadlines.sweep(market.engine, due) == 1
    closed = (await market.read(order)).cancellations[-1]
    assert (closed.status, closed.closed_by, closed.returned_s) == ("approved", "silence", 6 * 3600)
    assert await audit(market.pool) == 1


async def test_the_buyer_gets_back_the_hours_in_which_no_address_could_be_put_right(market, due, clock):
    order = await market.order(Stage.REVIEW, found=("street_missing",))
    promised = (await market.read(order)).review.due_at
    await away(market, promised - timedelta(hours=10), promised + timedelta(hours=1))
    clock.set(promised + timedelta(hours=1))
    assert await deadlines.sweep(market.engine, due) == 1
    found = await market.read(order)
    assert (found.progress.cancelled_at, found.review.due_at) == (None, promised + timedelta(hours=11))
    clock.set(found.review.due_at - TICK)
    assert await deadlines.sweep(market.engine, due) == 0
    clock.set(found.review.due_at)
    assert await deadlines.sweep(market.engine, due) == 1
    assert (await market.read(order)).progress.cancelled_at
    assert await audit(market.pool) == 1


async def test_the_platform_gets_no_more_time_to_look_for_its_own_absence(market, due, clock):
    order = await market.order(Stage.REVIEW, found=("duplicate",))
    promised = (await market.read(order)).review.due_at
    await away(market, promised - timedelta(hours=10), promised)
    clock.set(promised)
    assert await deadlines.sweep(market.engine, due) == 1
    found = await market.read(order)
    assert (found.progress.review_cleared_at, found.progress.cancelled_at) == (promised, None)


async def test_the_limit_to_pay_moves_by_the_hours_that_were_lost(market, due, clock):
    order = await market.order(Stage.UNPAID)
    limit = next(one for one in (await market.read(order)).timers if one.name == "unpaid")
    await away(market, limit.due_at - timedelta(hours=3), limit.due_at + timedelta(hours=1))
    clock.set(limit.due_at + timedelta(hours=1))
    provider = Sandbox()
    assert await payments.sweep(market.engine, due, provider) == 1
    found = await market.read(order)
    later = next(one for one in found.timers if one.name == "unpaid")
    assert (found.progress.cancelled_at, later.due_at) == (None, limit.due_at + timedelta(hours=4))
    clock.set(later.due_at - TICK)
    assert await payments.sweep(market.engine, due, provider) == 0
    clock.set(later.due_at)
    assert await payments.sweep(market.engine, due, provider) == 1
    assert (await market.read(order)).progress.cancelled_at
    assert await audit(market.pool) == 1


async def test_the_seller_may_answer_in_the_time_that_was_given_back(market, due, clock):
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    await away(market, asked.due_at - timedelta(hours=1), asked.due_at)
    clock.set(asked.due_at)
    await deadlines.sweep(market.engine, due)
    clock.advance(timedelta(minutes=59))
    outcome = await market.approves(order, asked.id)
    assert outcome.order.cancellations[-1].closed_by == "seller"


async def test_an_outage_before_the_question_or_after_the_deadline_moves_nothing(market, due, clock):
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    await away(market, asked.requested_at - timedelta(hours=9), asked.requested_at)
    await away(market, asked.due_at, asked.due_at + timedelta(hours=9))
    clock.set(asked.due_at + timedelta(hours=9))
    assert await deadlines.sweep(market.engine, due) == 1
    assert (await market.read(order)).cancellations[-1].status == "approved"


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_first_sign_of_life_after_a_silence_says_how_long_it_was(market, database):
    due = DueTable(market.pool, DatabaseClock())
    assert await due.outages() == ()
    await due.beat("web a", "web")
    await due.beat("worker a", "worker")
    await silence(database, timedelta(seconds=50))
    await due.beat("web a", "web")
    assert await due.outages() == (), "a restart is no outage"
    await silence(database, timedelta(hours=3))
    await due.beat("worker a", "worker")
    # A worker alone answers nobody: for it the silence goes on.
    (still,) = await due.outages()
    assert timedelta(hours=3) <= still.ended_at - still.began_at < timedelta(hours=3, seconds=30)
    await due.beat("web b", "web")
    await due.beat("web a", "web")
    (over,) = await due.outages()
    assert over.began_at == still.began_at
    assert await due.outages() == (over,)


async def test_signs_of_life_are_forgotten_but_for_the_last_one(market, database):
    due = DueTable(market.pool, DatabaseClock())
    await due.beat("web a", "web")
    await due.beat("worker a", "worker")
    await silence(database, timedelta(days=2))
    await due.forget()
    assert len(await due.outages()) == 1
    await due.beat("web b", "web")
    await due.forget()
    left = [row[0] for row in await market.pool.fetch("SELECT worker FROM heartbeats")]
    assert left == ["web b"]


hours = st.integers(0, 48).map(lambda n: NOON + timedelta(hours=n))
outages = st.lists(st.tuples(hours, hours).map(sorted).map(lambda pair: Outage(*pair)), max_size=6)


@given(outages, hours, hours)
def test_every_lost_hour_is_counted_once(known, since, until):
    each = [since + timedelta(hours=n) for n in range(max(0, int((until - since) / timedelta(hours=1))))]
    missed = sum(any(one.began_at <= hour < one.ended_at for one in known) for hour in each)
    assert lost(known, since, until) == timedelta(hours=missed)


@given(outages, hours, st.integers(1, 48))
def test_what_is_given_back_leaves_as_much_as_was_promised_and_is_given_once(known, since, promised):
    due_at = since + timedelta(hours=promised)
    more = owed(known, since, due_at, 0)
    later = due_at + timedelta(seconds=more)
    assert later - since - lost(known, since, later) == timedelta(hours=promised)
    assert owed(known, since, later, more) == 0
