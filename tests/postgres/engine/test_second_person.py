"""Two people for money, on a real database: what many do at once, what lapses by itself, whose day it counts for."""

import asyncio
from datetime import timedelta

import pytest

from postgres.market import ANN, SAM, audit, market_on, worked
from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import DailyLimit, InvalidTransition, NotFound, RefundTooHigh
from rescind.core.giving_back import GiveBack
from rescind.core.limits import DailyLimits
from rescind.core.scope import Scope
from rescind.core.second_person import AnswerProposal
from rescind.postgres.reads import Reads
from rescind.postgres.tail import Tail

SUE = Actor(kind=ActorKind.SUPPORT, id="sue")
CAL = Actor(kind=ActorKind.SUPPORT, id="cal")
EVERYBODY = Scope()


@pytest.fixture
async def watched(pool, clock):
    async with market_on(pool, clock, alone_up_to={"EUR": 1000}) as market:
        yield market


async def gives(market, order, minor, who=SUE):
    return (await market.does(GiveBack(order=order, amount_minor=minor), who)).order


async def agrees(market, order, number=1, who=CAL):
    return (await market.does(AnswerProposal(order=order, number=number, confirm=True), who)).order


async def test_of_many_confirmations_at_once_one_moves_the_money(watched):
    order = await watched.order()
    await gives(watched, order, 2000)
    crowd = [Actor(kind=ActorKind.SUPPORT, id=f"c{place}") for place in range(8)]
    answers = await asyncio.gather(*(agrees(watched, order, who=one) for one in crowd), return_exceptions=True)
    assert sum(isinstance(one, InvalidTransition) for one in answers) == 7
    read = await watched.read(order)
    assert (len(read.refunds), read.given_back.minor) == (1, 2000)
    await audit(watched.pool)


async def test_of_confirming_rejecting_and_cancelling_at_once_never_more_than_was_paid_moves(watched):
    for _ in range(6):
        order = await watched.order()
        await gives(watched, order, 3000)
        no = AnswerProposal(order=order, number=1, confirm=False)
        answers = await asyncio.gather(
            agrees(watched, order), watched.does(no, SUE), watched.cancels(order), return_exceptions=True
        )
        faults = [one for one in answers if isinstance(one, Exception)]
        assert all(isinstance(one, InvalidTransition | RefundTooHigh) for one in faults), faults
        read = await watched.read(order)
        assert read.given_back.minor == 4000, "the cancellation gave what was left, or all"
    await audit(watched.pool)


async def test_a_proposal_waits_in_the_list_and_lapses_by_itself(watched):
    order = await watched.order()
    await gives(watched, order, 2000)
    await gives(watched, order, 2500, SAM)
    reads = Reads(watched.pool, b"k" * 32)
    rows = (await reads.proposals(EVERYBODY)).rows
    assert [(one.proposal.by, one.amount.minor) for one in rows] == [("sue", 2000), ("sam", 2500)]
    shop = (await watched.read(order)).shop
    assert [one.proposal.by for one in (await reads.proposals(Scope(shop=shop))).rows] == ["sam"]
    assert (await reads.proposals(Scope(buyer="ann"))).rows == ()
    assert (await reads.case_counts(EVERYBODY))["second_person"] == 2
    assert (await reads.case_counts(Scope(shop=shop)))["second_person"] == 1
    watched.clock.advance(timedelta(hours=47, minutes=59))
    await worked(watched)
    assert len((await reads.proposals(EVERYBODY)).rows) == 2
    watched.clock.advance(timedelta(minutes=1))
    await worked(watched)
    assert (await reads.proposals(EVERYBODY)).rows == ()
    assert [one.outcome for one in (await watched.read(order)).proposals] == ["lapsed", "lapsed"]
    await audit(watched.pool)


async def test_a_currency_without_an_amount_is_left_to_one_person(watched):
    order = await watched.order(currency="USD")
    assert (await gives(watched, order, 4000)).given_back.minor == 4000


async def test_only_who_may_see_it_answers(watched):
    order = await watched.order()
    await gives(watched, order, 2000)
    with pytest.raises(NotFound):
        await agrees(watched, order, who=SAM)
    with pytest.raises(Exception, match="forbidden"):
        await agrees(watched, order, who=ANN)
    assert (await watched.read(order)).given_back.minor == 0


async def test_what_two_people_give_counts_against_the_day_of_both(pool, clock):
    limits = DailyLimits(amounts={"EUR": 3000})
    async with market_on(pool, clock, limits=limits, alone_up_to={"EUR": 1000}) as market:
        first, second = [await market.order() for _ in range(2)]
        await gives(market, first, 2000)
        assert await pool.fetchval("SELECT count(*) FROM daily_refunds") == 0, "nothing was given yet"
        await agrees(market, first)
        days = await pool.fetch("SELECT actor, acts, amount_minor FROM daily_refunds ORDER BY actor")
        assert [tuple(one) for one in days] == [("support:cal", 1, 2000), ("support:sue", 1, 2000)]
        await gives(market, second, 2000)
        with pytest.raises(DailyLimit):
            await agrees(market, second, who=Actor(kind=ActorKind.SUPPORT, id="tom"))
        assert (await market.read(second)).given_back.minor == 0
        await audit(pool)


async def test_what_is_proposed_is_heard_live_by_those_who_may_answer_it(watched):
    tail = Tail(watched.pool)
    await tail.open()
    begin = tail.cursor
    order = await watched.order()
    await gives(watched, order, 2000)
    await gives(watched, order, 2500, SAM)
    await agrees(watched, order, 2)
    while await tail.read_once():
        pass
    shop = (await watched.read(order)).shop

    async def heard(scope):
        stream = tail.subscribe(scope, begin)
        kinds = []
        while kinds[-1:] != ["RefundOwed"]:
            kinds.append((await anext(stream)).type)
        await stream.aclose()
        return [one for one in kinds if one.startswith("Proposal")]

    assert await heard(EVERYBODY) == ["ProposalMade", "ProposalMade", "ProposalConfirmed"]
    assert await heard(Scope(shop=shop)) == ["ProposalMade", "ProposalConfirmed"], "its own, not support's"
    assert await heard(Scope(buyer="ann")) == []
