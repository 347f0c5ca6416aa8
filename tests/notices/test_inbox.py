"""What buyers, shops and the platform are told of an order, and how it stands when they read it."""

from mail.people import ANN, BOB, SAM, SUE
from rescind.core.stage import Stage


async def test_every_step_of_an_order_reaches_whom_it_concerns(teller):
    market = teller.market
    order = await market.order(Stage.PACKING, number="1001")
    asked = (await market.asks(order, anyway=True)).order.open_cancellation
    await teller.carry()
    buyer, seller = await teller.told(ANN), await teller.told(SAM)
    assert buyer[0] == "Kiln & Co was asked to cancel order 1001"
    assert "Order 1001 is paid" in buyer
    assert seller[0] == "A buyer asks to cancel order 1001"
    await market.approves(order, asked.id)
    await teller.carry()
    assert (await teller.told(ANN))[0] == "Kiln & Co has cancelled order 1001"
    assert await teller.told(BOB) == []
    assert await teller.told(SUE) == []
