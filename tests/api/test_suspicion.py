"""What the platform suspects of a buyer is read by shops and support, and by the buyer nowhere."""

import pytest

from api.test_stream import listening
from postgres.market import KILN
from rescind.app import make_app
from rescind.core.stage import Stage
from web.consoles import Person

NEUTRAL = "platform_decision"


@pytest.fixture(params=["fraud", "risk"])
async def stopped(request, people, market):
    """An order that support stopped for a reason of that kind: its id, its cancellation's, and the reason."""
    order = await market.order(Stage.PACKED)
    body = {"act": "cancel", "reason": request.param, "comment": "Three cards, one address."}
    told = await people.sue.post(f"/v1/orders/{order}/overrides", body)
    assert told.status_code == 201
    (one,) = (await people.sue.get(f"/v1/orders/{order}/cancellations")).json()["rows"]
    return order, one["id"], request.param


def addresses(order, cancellation):
    return (
        f"/v1/orders/{order}",
        f"/v1/orders/{order}/events",
        f"/v1/orders/{order}/cancellations",
        f"/v1/orders/{order}/cancellations/{cancellation}",
        "/v1/cancellations",
    )


async def test_what_is_suspected_is_in_nothing_that_the_buyer_reads(people, stopped):  # I-26, R-039
    order, cancellation, reason = stopped
    for address in addresses(order, cancellation):
        mine = (await people.ann.get(address)).text
        assert f'"{reason}"' not in mine, address
        assert f'"{NEUTRAL}"' in mine, address
        for staff in (people.sam, people.sue):
            theirs = (await staff.get(address)).text
            assert f'"{reason}"' in theirs, address
            assert f'"{NEUTRAL}"' not in theirs, address


async def test_looking_for_a_suspicion_finds_a_buyer_nothing(people, stopped):  # I-26
    order, cancellation, reason = stopped
    for wanted, found in ((reason, []), (NEUTRAL, [cancellation]), ("changed_mind", [])):
        answer = await people.ann.get(f"/v1/cancellations?reason={wanted}")
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert [one["id"] for one in told["rows"]] == found, wanted
        listed = (await people.ann.get(f"/v1/orders?reason={wanted}")).json()
        assert [one["id"] for one in listed["rows"]] == ([order] if found else []), wanted
    told = (await people.sue.get(f"/v1/cancellations?reason={reason}")).json()
    assert [one["id"] for one in told["rows"]] == [cancellation]


async def test_the_receipt_of_a_request_that_was_stopped_tells_no_suspicion(people, market):  # I-26, M-15
    order = await market.order(Stage.PREPARING)
    asked = (await market.asks(order)).order.open_cancellation.id
    body = {"act": "cancel", "reason": "fraud", "comment": "Three cards, one address."}
    assert (await people.sue.post(f"/v1/orders/{order}/overrides", body)).status_code == 201
    for address in (*addresses(order, asked), f"/v1/orders/{order}/cancellations/{asked}/receipt"):
        told = await people.ann.get(address)
        assert told.status_code == 200
        assert '"fraud"' not in told.text, address


async def test_the_live_stream_tells_no_reason(served, people, market):  # I-26
    order = await market.order(Stage.PACKED)
    async with listening(served, people.ann.token) as ann:
        await ann.message()
        body = {"act": "cancel", "reason": "fraud", "comment": "Three cards, one address."}
        await people.sue.post(f"/v1/orders/{order}/overrides", body)
        heard = (await ann.message())["data"]
        # What happened to the order before may still be on its way.
        while "CancellationApproved" not in heard:
            heard += (await ann.message())["data"]
    assert "fraud" not in heard


async def test_the_buyers_pages_say_that_the_platform_stopped_it(desk, stopped):  # I-26
    order, cancellation, reason = stopped
    app = make_app(desk)
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    for page in (f"/orders/{order}", f"/orders/{order}/requests/{cancellation}", "/orders"):
        text = (await ann.see(page)).text
        assert "suspected fraud" not in text, page
        assert f"Stopped by the platform: {reason}" not in text, page
    assert "Stopped by the platform" in (await ann.see(f"/orders/{order}/requests/{cancellation}")).text
    receipt = (await ann.see(f"/orders/{order}/requests/{cancellation}/receipt")).text
    assert "Stopped by the platform" in receipt
    assert "Stopped by the platform:" not in receipt
    sam = await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)
    assert "Stopped by the platform:" in (await sam.see(f"/seller/orders/{order}")).text
