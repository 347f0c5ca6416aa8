"""An order is one row with an end: who adds to it leaves room for what must still be written."""

from datetime import timedelta

import pytest

from postgres.market import HOST, audit, person, worked
from rescind.core import room
from rescind.core.errors import OrderFull
from rescind.core.event import Note
from rescind.core.fulfilment import ReportFact
from rescind.core.override import AnswerOverride, OverrideRules
from rescind.core.parts import Act, FactKind, Line, Tender
from rescind.core.record import encode_order
from rescind.core.stage import Stage

LINES = tuple(Line(id=f"line-{n:03}", sku=f"SKU-{n}", quantity=1, unit_minor=100) for n in range(300))
TENDERS = tuple(Tender(id=f"t{n}", method="card", amount_minor=1500) for n in range(20))
SUE, SAM = person("support", "sue"), person("seller", "sam")


async def fills(market, order):
    """Support proposes and takes back, until the order holds no more of it."""
    for number in range(1, 30):
        words = Note(id=f"txt_{order[-8:]}{number}", body="Three cards.", salt="salt")
        command = OverrideRules(order=order, act=Act.CANCEL, reason="fraud", comment=words, alone_up_to_minor=None)
        try:
            await market.does(command, SUE)
        except OrderFull:
            return
        await market.does(AnswerOverride(order=order, number=number, confirm=False), SUE)
    pytest.fail("an order has an end")


async def test_what_others_did_leaves_a_buyer_room_to_cancel_and_to_be_paid_back(market):  # promise 7, I-20, R-039
    order = await market.order(Stage.PREPARING, lines=LINES, tenders=TENDERS)
    await fills(market, order)
    before = await market.read(order)
    parcel = {"parcel": "1", "lines": {one.id: 1 for one in LINES}, "tracking": "JD1"}
    label = ReportFact(order=order, fact=FactKind.TRACKING_ADDED, occurred_at=await market.now(), **parcel)
    with pytest.raises(OrderFull):
        await market.does(label, SAM)
    assert await market.read(order) == before, "what was refused wrote nothing"
    asked = (await market.asks(order)).order.cancellations[-1]
    assert asked.status == "awaiting_seller"
    await market.approves(order, asked.id)
    await worked(market)
    market.clock.set(market.clock.read() + timedelta(days=1))
    await worked(market)
    assert {one.status for one in (await market.read(order)).refunds} == {"succeeded"}
    await market.fact(order, "handed_over", actor=HOST, parcel="late", tracking="JD2")
    assert await audit(market.pool) == 1


async def test_what_has_no_room_at_all_is_refused_and_is_no_fault_of_ours(market, monkeypatch):  # I-20
    monkeypatch.setattr(room, "_LEAVES", {})
    order = await market.order(Stage.PREPARING, lines=LINES, tenders=TENDERS)
    await fills(market, order)
    state = await market.read(order)
    assert len(encode_order(state)) <= room.STORED_BYTES
    assert await audit(market.pool) == 1
