"""Shipping and cancelling at the same moment, from two programs on one database: the order lets one of them win."""

import asyncio
import os
import random
from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN, SAM, audit, market_on
from rescind.core.errors import InvalidTransition, RescindError
from rescind.core.packing import LeaseShipping, ShipOrder
from rescind.core.parts import CancellationStatus
from rescind.core.stage import Stage

PAIRS = 10_000 if os.environ.get("PROOF") == "full" else 600
"""Pairs in all; `make proof` plays the ten thousand."""
TOGETHER = 60
HEAD_START_S = 0.004
LEAST_SHARE = 0.05


@pytest.fixture
async def two_programs(pool, clock):
    """The bench speaks to one, the buyer and the shop's desk to the other; only the database is shared."""
    async with market_on(pool, clock) as bench, market_on(pool, clock) as desk:
        yield bench, desk


async def later(seconds, command):
    """What came of a command that was sent a moment later: the outcome, or why it was refused."""
    await asyncio.sleep(seconds)
    try:
        return await command
    except RescindError as refusal:
        return refusal


async def together(orders, ship, cancel, chance):
    """Each order's two commands at nearly the same moment, many orders at once; gives who did what."""
    found = []
    for first in range(0, len(orders), TOGETHER):
        some = orders[first : first + TOGETHER]
        found += await asyncio.gather(
            *(
                asyncio.gather(
                    later(chance.uniform(0, HEAD_START_S), ship(order)),
                    later(chance.uniform(0, HEAD_START_S), cancel(order)),
                )
                for order in some
            )
        )
    return found


def check_shares(shipped, pairs):
    assert LEAST_SHARE <= shipped / pairs <= 1 - LEAST_SHARE, f"{shipped} of {pairs} shipped: that was no race"


def shipping(bench):
    return lambda order: bench.does(ShipOrder(order=order, carrier="Post", tracking="JD1"), SAM)


async def test_of_ship_and_cancel_exactly_one_wins(two_programs, pool):  # KF-22 M-11 R-050 R-052
    bench, desk = two_programs
    pairs = PAIRS // 2
    orders = await asyncio.gather(*(desk.order(Stage.REVIEW, shop=KILN) for _ in range(pairs)))
    # Half of them are leased: somebody is about to ship, and it changes nothing about who wins.
    await asyncio.gather(*(bench.does(LeaseShipping(order=order), SAM) for order in orders[::2]))
    found = await together(orders, shipping(bench), desk.asks, random.Random(52))
    shipped = 0
    for order, (left, asked) in zip(orders, found, strict=True):
        state = await desk.read(order)
        (request,) = state.cancellations
        assert asked.order.cancellations[-1].status is request.status
        if isinstance(left, InvalidTransition):
            assert request.status is CancellationStatus.APPROVED
            assert state.parcels == ()
            assert state.given_back == state.paid
        else:
            shipped += 1
            assert request.status is CancellationStatus.REFUSED
            assert [bool(parcel.handed_over_at) for parcel in state.parcels] == [True]
            assert state.refunds == ()
        assert state.contradictions == ()
    check_shares(shipped, pairs)
    assert await audit(pool) == pairs


async def test_of_shipping_and_the_shops_yes_exactly_one_wins(two_programs, pool, clock):  # KF-22 R-050
    bench, desk = two_programs
    pairs = PAIRS // 2
    orders = await asyncio.gather(*(desk.order(Stage.PREPARING, shop=LANTERN) for _ in range(pairs)))
    clock.set(clock.read() + timedelta(hours=2))
    asked = {order: (await desk.asks(order)).order.open_cancellation.id for order in orders}
    found = await together(orders, shipping(bench), lambda order: desk.approves(order, asked[order]), random.Random(22))
    shipped = 0
    for order, (left, approved) in zip(orders, found, strict=True):
        state = await desk.read(order)
        (request,) = state.cancellations
        if isinstance(left, InvalidTransition):
            assert request.status is CancellationStatus.APPROVED
            assert state.parcels == ()
            assert state.given_back == state.paid
        else:
            shipped += 1
            assert isinstance(approved, InvalidTransition)
            assert request.status is CancellationStatus.OVERTAKEN
            assert state.refunds == ()
        assert state.contradictions == ()
    check_shares(shipped, pairs)
    assert await audit(pool) == pairs
