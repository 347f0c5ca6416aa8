"""What one person may give back on one day, however many ask at once (the threat model's cash-out)."""

import asyncio
from datetime import timedelta

import pytest

from postgres.market import SAM, audit, market_on
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import CancelBySeller
from rescind.core.errors import DailyLimit
from rescind.core.limits import DailyLimits
from rescind.core.money import Money
from rescind.core.stage import Stage

TIM = Actor(kind=ActorKind.SELLER, id="tim")
COUNTED = "SELECT acts, amount_minor FROM daily_refunds WHERE actor = $1"


@pytest.fixture
async def limited(pool, clock):
    async with market_on(pool, clock, limits=DailyLimits(acts=5, amounts={"EUR": 16000})) as market:
        yield market


async def test_of_many_at_once_no_more_are_granted_than_a_day_allows(limited):
    orders = [await limited.order() for _ in range(12)]
    answers = await asyncio.gather(*(limited.cancels(one) for one in orders), return_exceptions=True)
    refused = [one for one in answers if isinstance(one, DailyLimit)]
    assert len(refused) == 8, "four times 40.00 are the 160.00 of a day"
    assert 0 < refused[0].params["retry_after"] <= 86_400
    assert (refused[0].params["most"], refused[0].params["acts"]) == (Money(16000, "EUR"), 5), (
        "how much a day holds is told"
    )
    states = [await limited.read(one) for one in orders]
    assert sum(bool(one.cancellations) for one in states) == 4, "nothing of what was refused is written"
    assert tuple(await limited.pool.fetchrow(COUNTED, "seller:sam")) == (4, 16000)
    assert await audit(limited.pool) == 12


async def test_the_number_counts_too_and_another_person_has_a_day_of_their_own(limited):
    orders = [await limited.order(price=10) for _ in range(7)]
    for one in orders[:5]:
        await limited.cancels(one)
    with pytest.raises(DailyLimit):
        await limited.cancels(orders[5])
    wish = CancelBySeller(order=orders[5], reason="out_of_stock")
    assert (await limited.does(wish, TIM)).order.cancellations[-1].status == "approved"
    limited.clock.advance(timedelta(days=1))
    assert (await limited.cancels(orders[6])).order.cancellations[-1].status == "approved"


async def test_one_key_in_many_hands_has_one_day(limited):  # I-34
    orders = [await limited.order() for _ in range(5)]
    for place, one in enumerate(orders[:4]):
        actor = Actor(kind=ActorKind.SELLER, id=f"s{place}", via="abcd")
        await limited.does(CancelBySeller(order=one, reason="out_of_stock"), actor)
    wish = CancelBySeller(order=orders[4], reason="out_of_stock")
    with pytest.raises(DailyLimit):
        await limited.does(wish, Actor(kind=ActorKind.SELLER, id="s9", via="abcd"))
    assert await limited.pool.fetchrow(COUNTED, "seller:s9") is None, "what was refused counts against nobody"
    assert tuple(await limited.pool.fetchrow(COUNTED, "key:abcd")) == (4, 16000)


async def test_what_the_rules_give_a_buyer_is_neither_counted_nor_held_up(limited):
    orders = [await limited.order(Stage.REVIEW) for _ in range(7)]
    for one in orders:
        assert (await limited.asks(one)).order.cancellations[-1].status == "approved"
    assert await limited.pool.fetchval("SELECT count(*) FROM daily_refunds") == 0


async def test_a_repeat_of_what_was_granted_counts_once(limited):
    order = await limited.order()
    waiting = (await limited.asks(await limited.order(Stage.PREPARING))).order
    await limited.cancels(order)
    with pytest.raises(Exception, match="invalid-transition"):
        await limited.cancels(order)
    await limited.approves(waiting.id, waiting.cancellations[-1].id)
    assert tuple(await limited.pool.fetchrow(COUNTED, f"seller:{SAM.id}")) == (2, 8000)


async def test_without_limits_nothing_is_counted(market):
    await market.cancels(await market.order())
    assert await market.pool.fetchval("SELECT count(*) FROM daily_refunds") == 0
