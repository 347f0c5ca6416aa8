"""Batches that cross each other wait in one order only, never in a circle."""

import asyncio
import random

import asyncpg
import pytest

from postgres.market import HOST, audit, fingerprint, key
from postgres.servers import VERSIONS
from postgres.strain import crowded, deadlocks, slowly
from rescind.core.errors import IdempotencyKeyReused
from rescind.core.parts import FactKind
from rescind.core.stage import Stage
from rescind.postgres.embedded import SUPERUSER


@pytest.mark.parametrize("version", VERSIONS)
async def test_crossed_keys_wait_for_each_other_in_one_order_only(database, market, others):
    orders = [await market.order() for _ in range(4)]
    await slowly(database, "idempotency")
    crossed = [(orders[0], "a"), (orders[1], "b"), (orders[2], "b"), (orders[3], "a")]
    one, two = market, others
    outcomes = await asyncio.gather(
        *(
            by.asks(order, key=key(name * 16), fingerprint=fingerprint(order))
            for by, (order, name) in zip((one, one, two, two), crossed, strict=True)
        ),
        return_exceptions=True,
    )
    assert [isinstance(one, IdempotencyKeyReused) for one in outcomes] in (
        [False, False, True, True],
        [True, True, False, False],
    )
    assert await deadlocks(database) == 0
    assert await audit(market.pool) == 4


async def test_crossed_numbers_wait_for_each_other_in_one_order_only(database, market, others):
    await slowly(database, "orders")
    first = [await market.placing(number="1"), await market.placing(number="2")]
    second = [
        type(one)(**{n: getattr(one, n) for n in one.__struct_fields__} | {"order": (await others.placing()).order})
        for one in reversed(first)
    ]
    outcomes = await asyncio.gather(
        *(market.does(one, HOST) for one in first), *(others.does(one, HOST) for one in second)
    )
    assert {one.order.id for one in outcomes[:2]} == {one.order.id for one in outcomes[2:]}
    assert await deadlocks(database) == 0
    assert await audit(market.pool) == 2


async def test_batches_that_share_orders_never_wait_for_each_other_in_a_circle(database, market, others):
    orders = [await market.order(Stage.REVIEW) for _ in range(12)]
    dice = random.Random(7)
    steps = (FactKind.ALLOCATED, FactKind.PREPARATION_STARTED, FactKind.PACKING_STARTED, FactKind.PACKED)
    for step in steps:
        mine, theirs = dice.sample(orders, len(orders)), dice.sample(orders, len(orders))
        await asyncio.gather(
            *(market.fact(order, step) for order in mine), *(others.fact(order, step) for order in theirs)
        )
    assert await deadlocks(database) == 0
    assert {(await market.read(order)).version for order in orders} == {6}
    assert await audit(market.pool) == 12


@pytest.mark.parametrize("placing", [True, False])
async def test_orders_are_locked_in_one_order_whatever_order_they_were_spoken_of_in(database, market, others, placing):
    """One order is held from outside: both batches stand before it, each with what the other needs next in hand."""
    first, middle, last = sorted([await market.order(Stage.REVIEW) for _ in range(3)])
    await crowded(database)
    root = await asyncpg.connect(database(SUPERUSER))
    holding = root.transaction()
    await holding.start()
    await root.fetch("SELECT FROM orders WHERE order_id = $1 FOR UPDATE", middle)
    speaking = []
    for by, turn in ((market, (first, middle, last)), (others, (last, middle, first))):
        speaking += [asyncio.create_task(by.fact(order, FactKind.ALLOCATED)) for order in turn]
        if placing:
            speaking.append(asyncio.create_task(by.does(await by.placing(), HOST)))
    await asyncio.sleep(0.3)
    await holding.rollback()
    await asyncio.gather(*speaking)
    await root.close()
    assert await deadlocks(database) == 0
    assert {(await market.read(order)).version for order in (first, middle, last)} == {3}
