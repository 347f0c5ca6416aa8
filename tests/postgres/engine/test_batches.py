"""Commands that arrive together: one transaction, and each its own answer."""

import asyncio

import pytest

from postgres.market import ANN, HOST, KILN, LANTERN, NOBODY, SAM, audit, contents, fingerprint, key
from postgres.servers import VERSIONS
from rescind.core.cancellation import ApproveCancellation
from rescind.core.errors import InvalidTransition, NotFound, OrderConflict, QuantityNotOpen, StaleOrder
from rescind.core.fulfilment import ReportFact
from rescind.core.parts import FactKind, Pins
from rescind.core.scope import Scope
from rescind.core.stage import Stage


@pytest.mark.parametrize("version", VERSIONS)
async def test_commands_that_arrive_together_share_one_transaction(market, store):
    orders = [await market.order() for _ in range(6)]
    waiting = [(await market.asks(order)).order.cancellations[-1].id for order in orders[:4]]
    before = store.transactions
    placing = await market.placing()
    outcomes = await asyncio.gather(
        market.approves(orders[0], waiting[0]),
        market.refuses(orders[1], waiting[1]),
        market.withdraws(orders[2], waiting[2]),
        market.cancels(orders[3]),
        market.fact(orders[4], FactKind.PREPARATION_STARTED),
        market.asks(orders[5]),
        market.does(placing, HOST),
    )
    assert store.transactions == before + 1
    statuses = [one.order.cancellations[-1].status for one in outcomes[:4]]
    assert statuses == ["approved", "refused", "withdrawn", "approved"]
    assert outcomes[6].order.version == 1
    for outcome in outcomes:
        assert await market.read(outcome.order.id) == outcome.order
        assert outcome.records[-1].seq == outcome.order.version
    assert await audit(market.pool) == 7


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_command_that_is_refused_leaves_its_neighbours_alone(market, store):
    good, bad = await market.order(), await market.order()
    unknown = Pins(preset="base", preset_hash="0" * 64)
    broken = await market.placing()
    broken = type(broken)(**{name: getattr(broken, name) for name in broken.__struct_fields__} | {"pins": unknown})
    before = store.transactions
    first, second, third = await asyncio.gather(
        market.asks(good), market.approves(bad, NOBODY), market.does(broken, HOST), return_exceptions=True
    )
    assert store.transactions == before + 1
    assert first.order.open_cancellation
    assert isinstance(second, NotFound)
    assert isinstance(third, AssertionError), "a mistake of ours is told to its own caller only"
    assert (await market.read(bad)).version == 3
    assert await audit(market.pool) == 2


async def test_commands_about_one_order_keep_their_turn(market, store):
    order = await market.order(Stage.REVIEW)
    steps = (FactKind.ALLOCATED, FactKind.PREPARATION_STARTED, FactKind.PACKING_STARTED, FactKind.PACKED)
    before = store.transactions
    outcomes = await asyncio.gather(*(market.fact(order, step) for step in steps))
    assert [one.order.version for one in outcomes] == [3, 4, 5, 6]
    assert store.transactions == before + len(steps), "nobody ran into another and had to be tried again"
    assert [one.records[0].event.fact for one in outcomes] == list(steps)


async def test_a_problem_writes_nothing_at_all(market):  # I-20
    order, shipped = await market.order(), await market.order(Stage.IN_TRANSIT)
    asked = (await market.asks(order)).order.cancellations[-1].id
    before = await contents(market.pool)
    again = await market.placing(number=(await market.read(order)).number, price=1)
    wrong = (
        (market.asks(order), InvalidTransition),
        (market.asks(order, key=key("k" * 16), fingerprint=fingerprint("ask")), InvalidTransition),
        (market.approves(order, NOBODY), NotFound),
        (market.approves(order, asked, expected_version=3), StaleOrder),
        (market.does(ApproveCancellation(order=order, cancellation=asked), ANN), Exception),
        (market.cancels(shipped, lines={"1": 99}), QuantityNotOpen),
        (market.does(again, HOST), OrderConflict),
        (market.asks(order, scope=Scope(buyer="bob")), NotFound),
    )
    for speaking, problem in wrong:
        with pytest.raises(problem):
            await speaking
    assert await contents(market.pool) == before


async def test_somebody_elses_order_is_not_found(market):  # KF-23, I-30
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1].id
    missing = await market.placing()
    packed = ReportFact(order=order, fact=FactKind.PACKED, occurred_at=market.clock.read())
    said = set()
    for scope in (Scope(buyer="bob"), Scope(shop=LANTERN), Scope(shop=LANTERN, buyer="ann")):
        for speaking in (
            market.asks(order, scope=scope),
            market.approves(order, asked, scope=scope),
            market.withdraws(order, asked, scope=scope),
            market.does(packed, SAM, scope=scope),
            market.asks(missing.order, scope=scope),
        ):
            with pytest.raises(NotFound) as refused:
                await speaking
            said.add(str(refused.value))
    assert said == {"not-found: kind=order"}
    await market.approves(order, asked, scope=Scope(shop=KILN))


async def test_a_version_that_moved_on_is_told(market):
    order = await market.order()
    with pytest.raises(StaleOrder) as refused:
        await market.asks(order, expected_version=2)
    assert refused.value.params == {"order": order, "expected": 2, "actual": 3}
    outcome = await market.asks(order, expected_version=3)
    assert outcome.order.version == 4
