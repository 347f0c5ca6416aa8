"""Refunds by the worker: under their own id, once, and not at all while a restore is held."""

import asyncio
from datetime import timedelta

import pytest

from postgres.due.books import Books, leases, let_pass, owed
from postgres.market import audit
from postgres.servers import VERSIONS
from rescind.core.parts import RefundStatus, Tender
from rescind.core.ports import ProviderReply
from rescind.core.refund import ProviderOutcome
from rescind.core.stage import Stage
from rescind.postgres.due import DueTable
from rescind.worker import fan_out, refunds
from rescind.worker.refunds import refund_call

TICK = timedelta(microseconds=1)
LONG = timedelta(seconds=30)


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
