"""A tracking number on parcels of two buyers has a person look; one parcel for one buyer's orders has not."""

import pytest

from postgres.market import HOST, KILN, LANTERN
from rescind.core.correction import CorrectFact
from rescind.core.stage import Stage
from rescind.postgres.tracking import TrackingTable
from rescind.worker import fan_out
from rescind.worker.tracking import Numbers


@pytest.fixture
def carried(market, due):
    """Carries what is due, as the worker does."""
    numbers = Numbers(market.engine, TrackingTable(market.pool, market.clock))

    async def sweep():
        while await fan_out.sweep(due, numbers=numbers):
            pass

    return sweep


async def labelled(market, tracking, *, carrier="Post", **more):
    order = await market.order(Stage.PACKED, **more)
    await market.fact(order, "tracking_added", carrier=carrier, tracking=tracking)
    return order


async def cases(market, order):
    return [one.kind for one in (await market.read(order)).open_contradictions]


async def test_a_number_of_another_buyers_parcel_gives_the_shop_a_case_once(market, carried):
    first = await labelled(market, "8R41592653589")
    await carried()
    second = await labelled(market, "8R41592653589", carrier="post", buyer="bob")
    await carried()
    assert await cases(market, second) == ["tracking_reused"]
    assert await cases(market, first) == [], "it was there before"
    await market.fact(second, "handed_over", carrier="post", tracking="8R41592653589")
    await carried()
    assert await cases(market, second) == ["tracking_reused"]


async def test_two_that_are_told_together_are_both_found(market, carried):
    orders = [await labelled(market, "8R41592653590", buyer=buyer) for buyer in ("ann", "bob")]
    await carried()
    assert [await cases(market, order) for order in orders] == [["tracking_reused"]] * 2


@pytest.mark.parametrize(
    "other",
    [
        {"tracking": "8R1", "buyer": "ann"},
        {"tracking": "8R1", "buyer": "bob", "carrier": "UPS"},
        {"tracking": "8R2", "buyer": "bob"},
        {"tracking": "8R1", "buyer": "bob", "shop": LANTERN},
    ],
    ids=["one parcel for one buyer", "another carrier", "another number", "another shop"],
)
async def test_what_is_no_slip_gives_no_case(market, carried, other):
    first = await labelled(market, "8R1", shop=KILN)
    second = await labelled(market, **other)
    await carried()
    assert "tracking_reused" not in await cases(market, first) + await cases(market, second)


async def test_a_label_that_was_taken_back_is_no_other_parcel(market, carried):
    first = await labelled(market, "8R41592653591")
    seq = (await market.read(first)).reports[-1].seq
    await market.does(CorrectFact(order=first, seq=seq, reason="label_voided"), HOST)
    second = await labelled(market, "8R41592653591", buyer="bob")
    await carried()
    assert await cases(market, second) == []
