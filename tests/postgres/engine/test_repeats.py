"""The same key, or the same order, twice: it happens once."""

import asyncio
import random

import pytest

from postgres.market import HOST, LANTERN, audit, contents, fingerprint, key, worked
from postgres.servers import VERSIONS
from rescind.core.errors import IdempotencyKeyReused, NotFound, OrderConflict
from rescind.core.scope import Scope


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_same_key_gets_the_same_answer_also_after_the_order_moved_on(market):  # ID-02
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask 1")}
    first = await market.asks(order, **said)
    asked = first.order.cancellations[-1].id
    await market.approves(order, asked)
    await worked(market)
    before = await contents(market.pool)
    again = await market.asks(order, **said)
    assert again.replayed
    assert not first.replayed
    assert (again.order, again.records) == (first.order, first.records)
    assert again.order.cancellations[-1].status == "awaiting_seller", "as it stood right after the first"
    assert await contents(market.pool) == before


async def test_a_repeat_is_answered_whatever_version_it_expected(market):  # ID-02
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask 1"), "expected_version": 3}
    first = await market.asks(order, **said)
    assert (await market.asks(order, **said)).records == first.records


async def test_another_request_under_the_same_key_is_refused(market):  # ID-02
    one, two = await market.order(), await market.order()
    await market.asks(one, key=key("a" * 16), fingerprint=fingerprint("ask 1"))
    for order, said in ((one, "ask 2"), (two, "ask 1 of two")):
        with pytest.raises(IdempotencyKeyReused):
            await market.asks(order, key=key("a" * 16), fingerprint=fingerprint(said))
    assert not (await market.read(two)).cancellations


async def test_a_key_belongs_to_its_shop_its_principal_and_its_route(market):  # ID-01, I-35
    keys = (
        key("a" * 16),
        key("a" * 16, principal="bob"),
        key("a" * 16, route="POST /elsewhere"),
        key("a" * 16, shop=LANTERN),
    )
    for number, one in enumerate(keys):
        outcome = await market.asks(await market.order(), key=one, fingerprint=fingerprint(str(number)))
        assert not outcome.replayed


async def test_a_repeat_shows_nothing_to_who_may_not_see_it_any_more(market):  # ID-02, I-30
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask 1")}
    await market.asks(order, **said)
    with pytest.raises(NotFound):
        await market.asks(order, **said, scope=Scope(buyer="bob"))


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_same_key_twenty_times_at_once_runs_once(market, others):  # ID-02, KF-12
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask 1")}
    outcomes = await asyncio.gather(*(random.choice((market, others)).asks(order, **said) for _ in range(20)))
    assert sum(not one.replayed for one in outcomes) == 1
    assert all(one.records == outcomes[0].records for one in outcomes)
    assert len((await market.read(order)).cancellations) == 1


async def test_one_key_for_two_orders_in_one_batch_serves_the_first(market):
    orders = [await market.order(), await market.order()]
    outcomes = await asyncio.gather(
        *(market.asks(order, key=key("a" * 16), fingerprint=fingerprint(order)) for order in orders),
        return_exceptions=True,
    )
    assert outcomes[0].order.open_cancellation
    assert isinstance(outcomes[1], IdempotencyKeyReused)
    assert await audit(market.pool) == 2


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_placed_twice_at_once_is_one_order(market, others):
    for _ in range(5):
        first = await market.placing()
        second = type(first)(
            **{name: getattr(first, name) for name in first.__struct_fields__}
            | {"order": (await others.placing()).order}
        )
        neighbours = [await market.placing() for _ in range(3)]
        outcomes = await asyncio.gather(
            market.does(first, HOST), others.does(second, HOST), *(market.does(one, HOST) for one in neighbours)
        )
        assert outcomes[0].order == outcomes[1].order
        assert sorted(len(one.records) for one in outcomes[:2]) == [0, 1]
        assert [one.order.id for one in outcomes[2:]] == [one.order for one in neighbours]
    assert await audit(market.pool) == 20


async def test_an_order_placed_again_with_other_contents_is_a_conflict(market):
    first = await market.placing()
    await market.does(first, HOST)
    await market.fact(first.order, "paid")
    same = await market.does(first, HOST)
    assert (same.records, same.order.version) == ((), 2)
    other = await market.placing(number=first.number, price=3999)
    with pytest.raises(OrderConflict) as refused:
        await market.does(other, HOST)
    assert refused.value.params == {"number": first.number, "order": first.order, "field": "/lines/0"}
    elsewhere = await market.placing(number=first.number, shop=LANTERN)
    assert (await market.does(elsewhere, HOST)).order.version == 1, "a number belongs to its shop"
