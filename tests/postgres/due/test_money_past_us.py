"""Money that leaves past us while we send some ourselves: what a provider was asked for is never counted as unsent."""

import asyncio
from datetime import timedelta

import pytest

from postgres.due.books import Books, let_pass, owed
from postgres.market import audit
from rescind.core.errors import RefundUnderWay
from rescind.core.parts import RefundStatus
from rescind.core.ports import ProviderReply
from rescind.core.refund import ProviderOutcome
from rescind.worker import refunds

LONG = timedelta(seconds=30)
FACTS = ("refunded_elsewhere", "charged_back", "chargeback_lost")


async def told(market, order, fact="refunded_elsewhere", amount=1500):
    return await market.fact(order, fact, tender="t", amount_minor=amount, reference="their-1")


async def test_what_was_not_taken_up_to_be_sent_is_sent_without_what_the_buyer_has(market, due):  # I-10
    order, _ = await owed(market)
    await told(market, order)
    books = Books()
    await refunds.sweep(market.engine, due, books)
    assert [one[2] for one in books.sent] == [2500]
    assert await audit(market.pool) == 1


@pytest.mark.parametrize("fact", FACTS)
async def test_while_a_refund_is_being_sent_nothing_is_taken_off_it(market, due, fact):  # I-10
    order, refund = await owed(market)
    awake = asyncio.Event()
    slow = Books(until=awake)
    sending = asyncio.create_task(refunds.sweep(market.engine, due, slow))
    await slow.asked.wait()
    before = (await market.read(order)).version
    with pytest.raises(RefundUnderWay) as told_again:
        await told(market, order, fact)
    assert told_again.value.params == {"refund": refund, "retry_after": 30}
    assert (await market.read(order)).version == before, "nothing was recorded"
    awake.set()
    await sending
    await told(market, order, fact)
    after = await market.read(order)
    assert (after.refunds[0].status, after.refunds[0].amount_minor) == ("succeeded", 4000), "all of it went"
    assert await audit(market.pool) == 1


async def test_a_refund_whose_sender_died_may_have_gone(market, due, database):  # I-07, I-10
    order, _ = await owed(market)
    await due.lease("refund", LONG, 1)  # and here the worker dies, whether before the call or after it
    await let_pass(database)
    with pytest.raises(RefundUnderWay):
        await told(market, order)
    books = Books()
    await refunds.sweep(market.engine, due, books)
    await told(market, order)
    assert [one[2] for one in books.sent] == [4000]
    assert await audit(market.pool) == 1


async def test_what_was_never_sent_is_not_being_sent(market, due, database, clock):  # KF-16, I-10
    order, _ = await owed(market)

    class Blocked(Books):
        async def refund(self, call):
            self.asked_for.append(call.refund)
            return ProviderReply(outcome=ProviderOutcome.NOT_SENT, cause="account_missing", check_after_s=900)

    await refunds.sweep(market.engine, due, Blocked())
    await told(market, order)
    after = (await market.read(order)).refunds[0]
    assert (after.status, after.amount_minor) == (RefundStatus.OWED, 2500)
    await let_pass(database)
    clock.advance(timedelta(minutes=15))
    books = Books()
    await refunds.sweep(market.engine, due, books)
    assert [one[2] for one in books.sent] == [2500]


async def test_another_payments_refund_is_in_nobodys_way(market, due):
    order, _ = await owed(market)
    other, _ = await owed(market)
    await due.lease("refund", LONG, 1)
    refused = 0
    for one in (order, other):
        try:
            await told(market, one)
        except RefundUnderWay:
            refused += 1
    assert refused == 1


async def test_of_sending_and_news_from_elsewhere_one_comes_first(market, due):  # I-10
    """Whichever wins, what is sent and what is kept from being sent are what was owed, to the cent."""
    sent_whole = 0
    for turn in range(24):
        order, refund = await owed(market)
        books = Books()

        async def news(order=order):
            while True:
                try:
                    return await told(market, order)
                except RefundUnderWay:
                    await asyncio.sleep(0.002)

        async def send(books=books, turn=turn):
            await asyncio.sleep(turn % 12 * 0.0007)
            await refunds.sweep(market.engine, due, books)

        await asyncio.gather(send(), news())
        await refunds.sweep(market.engine, due, books)
        after = await market.read(order)
        one = next(one for one in after.refunds if one.id == refund)
        assert [(name, amount) for name, _, amount, _ in books.sent] == [(refund, one.amount_minor)]
        assert (one.status, one.amount_minor + one.covered_minor) == ("succeeded", 4000)
        sent_whole += one.amount_minor == 4000
    assert 0 < sent_whole < 24, "both came first at times"
    assert await audit(market.pool) == 24
