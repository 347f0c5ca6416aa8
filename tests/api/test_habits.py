"""How quick a shop packs and how kind it is to those who come too late, told from its own orders."""

from datetime import timedelta

from rescind.core.parts import FactKind
from rescind.core.stage import Stage


async def packed_at_their_pace(market, clock, hours):
    """Orders that were placed one after another and packed so many hours later."""
    for took in hours:
        order = await market.order(Stage.PREPARING)
        clock.advance(timedelta(hours=took))
        await market.fact(order, FactKind.PACKING_STARTED)


async def test_when_it_will_be_too_late_is_told_from_twenty_orders_on(people, market, desk):
    await packed_at_their_pace(market, desk.clock, [1] * 2 + [2] * 15 + [5] * 2)
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellability"
    assert (await people.ann.get(path)).json()["likely"] is None
    await packed_at_their_pace(market, desk.clock, [3])
    order = await market.order(Stage.PREPARING)
    placed = desk.now()
    told = (await people.ann.get(f"/v1/orders/{order}/cancellability")).json()["likely"]
    assert (told["stage"], told["orders"]) == ("packing", 20)
    expected = [placed + timedelta(hours=hours) for hours in (1, 2, 3)]
    assert [told["earliest"], told["at"], told["latest"]] == [f"{one:%Y-%m-%dT%H:%M:%SZ}" for one in expected]
    # The seller is not told what the buyer is to expect.
    assert (await people.sam.get(f"/v1/orders/{order}/cancellability")).json()["likely"] is None


async def test_how_a_shop_answers_late_requests_is_told_from_twenty_on(people, market, desk):
    late = await market.order(Stage.PACKED)
    path = f"/v1/orders/{late}/cancellability"
    for number in range(20):
        assert (await people.ann.get(path)).json()["favours"] is None, number
        order = await market.order(Stage.PACKED)
        asked = await market.asks(order, anyway=True)
        case = asked.order.open_cancellation.id
        await (market.approves(order, case) if number % 4 == 0 else market.refuses(order, case))
        desk.clock.advance(timedelta(minutes=11))
    # What was asked in time, or still waits, is not counted.
    await market.asks(await market.order(Stage.PREPARING))
    await market.asks(await market.order(Stage.PACKED), anyway=True)
    assert (await people.ann.get(path)).json()["favours"] == {"asked": 20, "granted": 5}
    assert (await people.ann.get(path, anyway="true")).json()["favours"] == {"asked": 20, "granted": 5}
    assert (await people.sam.get(path)).json()["favours"] is None
    desk.clock.advance(timedelta(days=91))
    assert (await people.ann.get(path)).json()["favours"] is None
