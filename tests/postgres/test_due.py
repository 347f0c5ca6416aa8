"""What must happen by itself: never early, once, by one worker at a time, and not at all while a restore is held."""

import asyncio
import re
from datetime import timedelta

import asyncpg
import pytest

from postgres.market import LANTERN, audit, market_on, worked
from postgres.servers import VERSIONS
from rescind.core.order import stage
from rescind.core.parts import RefundStatus, Tender
from rescind.core.ports import Captured, ProviderReply
from rescind.core.refund import ProviderOutcome
from rescind.core.stage import Stage
from rescind.postgres.due import _LEASE, _READY, DueTable, LeaseLost
from rescind.postgres.embedded import SUPERUSER
from rescind.postgres.rows import SLICES, slice_of
from rescind.providers.sandbox import Sandbox
from rescind.worker import deadlines, fan_out, loops, payments, refunds
from rescind.worker.refunds import refund_call

TICK = timedelta(microseconds=1)
LONG = timedelta(seconds=30)


@pytest.fixture
async def market(pool, clock):
    async with market_on(pool, clock) as opened:
        yield opened


@pytest.fixture
def due(pool, clock):
    return DueTable(pool, clock)


class Books:
    """A provider that writes down what it was asked, and answers as it was told to."""

    name = "books"

    def __init__(self, outcome=ProviderOutcome.SUCCEEDED, *, check_after_s=0, slow_s=0.0, broken=(), until=None):
        self.outcome, self.check_after_s, self.slow_s, self.broken = outcome, check_after_s, slow_s, broken
        self.until, self.asked = until, asyncio.Event()
        self.sent, self.looked_up = [], []
        self.came_in, self.asked_for = {}, []

    async def refund(self, call):
        self.sent.append((call.refund, call.method, call.amount_minor, call.currency))
        return await self._answer(call.refund)

    async def look_up(self, call):
        self.looked_up.append(call.refund)
        return await self._answer(call.refund)

    async def captured(self, call):
        self.asked_for.append((call.number, call.tender, call.amount_minor))
        await asyncio.sleep(self.slow_s)
        return self.came_in.get(call.tender, Captured(clear=True))

    async def _answer(self, refund):
        if refund in self.broken:
            raise RuntimeError("an adapter with a mistake in it")
        self.asked.set()
        await asyncio.sleep(self.slow_s)
        if self.until:
            await self.until.wait()
        return ProviderReply(outcome=self.outcome, reference=f"re-{refund[-4:]}", check_after_s=self.check_after_s)


async def owed(market, **order):
    """An order whose whole price is owed; gives its id and its refund's."""
    identifier = await market.order(Stage.REVIEW, **order)
    outcome = await market.asks(identifier)
    return identifier, outcome.order.refunds[0].id


async def leases(pool, kind="refund"):
    return await pool.fetch("SELECT ref, fence, attempts, lease_until FROM due WHERE kind = $1 ORDER BY ref", kind)


async def let_pass(database, kind="refund"):
    """The lease's time is over: it is counted on the database's clock, which no test can move."""
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute("UPDATE due SET lease_until = clock_timestamp() - interval '1 ms' WHERE kind = $1", kind)
    await root.close()


async def none_left(connection, counting):
    for _ in range(1000):
        if not await connection.fetchval(counting):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("the work does not end")


# --- deadlines --------------------------------------------------------------------------------------------------------


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


# --- asked before it is given up --------------------------------------------------------------------------------------


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
        assert after.refunded.minor == 4000
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


# --- leases -----------------------------------------------------------------------------------------------------------


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


# --- fan-out ----------------------------------------------------------------------------------------------------------


async def test_every_command_that_wrote_is_carried_with_its_records(market, due):  # I-19
    order = await market.order(Stage.REVIEW)
    outcome = await market.asks(order)
    told = await due.told(10)
    assert [[record.seq for record in one.records] for one in told] == [[1], [2], [3]]
    assert told[2].records == outcome.records
    await market.fact(order, "paid")
    await due.finish(told, [])
    assert await due.told(10) == [], "a fact told twice is no news"


async def test_a_buyers_cancellations_are_counted_once_after_a_crash(market, due, database):
    orders = [await market.order(Stage.REVIEW) for _ in range(3)]
    for order in orders:
        await market.asks(order)
    await market.cancels(await market.order())
    await due.told(100)  # and here the worker dies
    await let_pass(database, "fan_out")
    assert await fan_out.sweep(due) == 13
    assert await fan_out.sweep(due) == 0
    counted = await market.pool.fetch("SELECT buyer_id, name, count FROM buyer_counters")
    assert [tuple(row) for row in counted] == [("ann", "cancellations", 3)], "what a seller stops counts for nobody"


async def test_what_was_counted_is_read_by_the_next_decision(market):
    for _ in range(10):
        await market.asks(await market.order(Stage.REVIEW))
    order = await market.order()
    await worked(market)
    asked = (await market.asks(order)).order.cancellations[-1]
    assert (asked.rule, asked.status) == ("FREQUENT-1", "in_review")
    market.clock.advance(timedelta(days=31))
    assert (await market.asks(await market.order())).finding.rule == "ASK-1"
    other = await market.order(buyer="bob")
    assert (await market.asks(other, buyer="bob")).finding.rule == "ASK-1"


# --- refunds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_refund_is_asked_for_by_its_own_id_and_booked(market, due):  # I-05
    order, refund = await owed(market)
    books = Books()
    assert await refunds.sweep(market.engine, due, books) == 1
    assert books.sent == [(refund, "card", 4000, "EUR")]
    after = await market.read(order)
    assert (after.refunds[0].status, after.refunds[0].reference) == ("succeeded", f"re-{refund[-4:]}")
    assert await leases(market.pool) == []
    assert await audit(market.pool) == 1


async def test_a_submitted_refund_is_looked_up_and_never_sent_again(market, due, clock):  # ID-05, WH-06
    _, refund = await owed(market)
    books = Books(ProviderOutcome.SUBMITTED, check_after_s=60)
    await refunds.sweep(market.engine, due, books)
    assert await refunds.sweep(market.engine, due, books) == 0, "not before it is time to ask again"
    clock.advance(timedelta(seconds=60) - TICK)
    assert await refunds.sweep(market.engine, due, books) == 0
    clock.advance(TICK)
    books.outcome = ProviderOutcome.SUCCEEDED
    assert await refunds.sweep(market.engine, due, books) == 1
    assert [one[0] for one in books.sent] == [refund]
    assert books.looked_up == [refund]
    assert await audit(market.pool) == 1


async def test_after_a_long_night_the_provider_is_asked_once_not_once_for_every_check_missed(
    market, due, clock
):  # I-38
    await owed(market)
    books = Books(ProviderOutcome.SUBMITTED, check_after_s=60)
    await refunds.sweep(market.engine, due, books)
    clock.advance(timedelta(days=3))
    for _ in range(5):
        await refunds.sweep(market.engine, due, books)
    assert len(books.looked_up) == 1
    clock.advance(timedelta(seconds=60))
    await refunds.sweep(market.engine, due, books)
    assert len(books.looked_up) == 2


async def test_two_workers_send_a_refund_once(market, due, clock):  # I-05
    made = [await owed(market) for _ in range(6)]
    books = Books(slow_s=0.02)
    other = DueTable(market.pool, clock)
    await asyncio.gather(*(refunds.sweep(market.engine, table, books) for table in (due, other, due, other)))
    assert sorted(one[0] for one in books.sent) == sorted(refund for _, refund in made)
    assert await audit(market.pool) == 6


class Asked(Books):
    """Keeps the whole call."""

    async def refund(self, call):
        self.call = call
        return await super().refund(call)


async def test_the_provider_is_told_which_payment_goes_back_and_through_what(market, due):  # I-05
    told = Tender(id="t", method="card", amount_minor=4000, payment="pi_1", provider="stripe_main", account="acct_1")
    order, refund = await owed(market, tenders=(told,))
    books = Asked()
    await refunds.sweep(market.engine, due, books)
    call = books.call
    assert (call.payment, call.provider, call.account) == ("pi_1", "stripe_main", "acct_1")
    assert (call.order, call.refund, call.tender, call.amount_minor) == (order, refund, "t", 4000)
    stands = (await market.read(order)).refunds[0]
    assert (call.owed_at, call.number) == (stands.owed_at, (await market.read(order)).number)


async def test_the_payment_is_what_the_host_called_it_when_it_came_in(market, due):
    order = await market.order(Stage.UNPAID)
    await market.fact(order, "paid", tender="t", amount_minor=1500, reference="pi_first")
    await market.fact(order, "paid", tender="t", amount_minor=2500, reference="pi_second")
    assert (await market.read(order)).tenders[0].payment == "pi_first", "the first one stays"
    placed = await market.order(
        Stage.UNPAID, tenders=(Tender(id="t", method="card", amount_minor=4000, payment="pi_placed"),)
    )
    await market.fact(placed, "paid", tender="t", amount_minor=4000, reference="ch_other")
    assert (await market.read(placed)).tenders[0].payment == "pi_placed", "and so does what placing said"
    assert await audit(market.pool) == 2


async def test_a_worker_that_died_after_asking_asks_again_under_the_same_id(market, due, database):  # I-05, I-07
    order, refund = await owed(market)
    books = Books()
    (leased,) = await due.lease("refund", LONG, 1)
    await books.refund(refund_call(leased.order, leased.order.refunds[0], leased.at))  # and here the worker dies
    assert leased.order.refunds[0].status is RefundStatus.OWED
    await let_pass(database)
    await refunds.sweep(market.engine, due, books)
    assert {one[0] for one in books.sent} == {refund}
    assert (await market.read(order)).refunds[0].status == "succeeded"


async def test_an_answer_that_comes_too_late_undoes_nothing(market, due, database):  # I-39, KF-14
    order, refund = await owed(market)
    awake = asyncio.Event()
    slow = Books(ProviderOutcome.IN_DOUBT, until=awake)
    sleeping = asyncio.create_task(refunds.sweep(market.engine, due, slow))
    await slow.asked.wait()
    await let_pass(database)
    await refunds.sweep(market.engine, due, Books())
    assert (await market.read(order)).refunds[0].status == "succeeded"
    awake.set()
    await sleeping
    after = await market.read(order)
    assert (after.refunds[0].status, after.tenders[0].refunded_minor) == ("succeeded", 4000)
    assert await leases(market.pool) == []
    assert refund == slow.sent[0][0]


async def test_a_restored_installation_moves_no_money_until_somebody_looked(market, due):  # architecture 8
    order, _ = await owed(market)
    await market.pool.execute("INSERT INTO installation (key, value) VALUES ('held', 'restored')")
    books = Books()
    assert await refunds.sweep(market.engine, due, books) == 0
    assert await fan_out.sweep(due) > 0, "everything else goes on"
    assert books.sent == []
    assert (await market.read(order)).refunds[0].status == "owed"
    await market.pool.execute("DELETE FROM installation WHERE key = 'held'")
    assert await refunds.sweep(market.engine, due, books) == 1


async def test_one_broken_refund_stops_no_other(market, due):
    made = [await owed(market) for _ in range(3)]
    books = Books(broken={made[1][1]})
    with pytest.raises(ExceptionGroup):
        await refunds.sweep(market.engine, due, books)
    statuses = [(await market.read(order)).refunds[0].status for order, _ in made]
    assert statuses == ["succeeded", "owed", "succeeded"]
    assert [row["ref"] for row in await leases(market.pool)] == [made[1][1]]


async def test_what_was_never_sent_says_so_with_its_cause_and_is_not_pending(market, due, clock, database):  # KF-16
    order, refund = await owed(market)

    class Blocked(Books):
        async def refund(self, call):
            self.looked_up.append(call.refund)
            return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="account_missing", check_after_s=900)

    books = Blocked()
    await refunds.sweep(market.engine, due, books)
    after = (await market.read(order)).refunds[0]
    assert (after.status, after.cause, after.reference) == (RefundStatus.OWED, "account_missing", "")
    tender = (await market.read(order)).tenders[0]
    assert (tender.reserved_minor, tender.refunded_minor) == (4000, 0)
    version = (await market.read(order)).version
    assert await refunds.sweep(market.engine, due, books) == 0, "not at once again"
    clock.advance(timedelta(minutes=15))
    await let_pass(database)
    assert await refunds.sweep(market.engine, due, books) == 1
    assert await refunds.sweep(market.engine, due, books) == 0
    assert (await market.read(order)).version == version, "the same cause again is no news"
    await let_pass(database)
    await refunds.sweep(market.engine, due, Books())
    after = (await market.read(order)).refunds[0]
    assert (after.status, after.cause) == ("succeeded", ""), "once the cause is gone it is sent, under the same id"
    assert await audit(market.pool) == 1
    assert refund == books.looked_up[0]


# --- the loops --------------------------------------------------------------------------------------------------------


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
