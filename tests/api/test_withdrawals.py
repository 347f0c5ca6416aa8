"""Withdrawing from the contract over the API: asking first, declaring, and the text to hand on (art. 11a)."""

import pytest

from rescind.core.parts import Line
from rescind.core.stage import Stage

SAID = {"name": "Ann Müller", "acknowledge_to": "ann@example.org"}
GOODS = (
    Line(id="1", sku="MUG", quantity=2, unit_minor=1000),
    Line(id="2", sku="SIGN", quantity=1, unit_minor=2000, custom_made=True),
)


@pytest.fixture(autouse=True)
def summer(desk):
    """After the law of June 2026."""
    desk.clock.set(desk.clock.read().replace(year=2026, month=7, day=6))


async def test_asking_first_tells_what_may_be_withdrawn_from_and_until_when(people, market):
    here = await market.order(Stage.PREPARING, country="DE", lines=GOODS)
    there = await market.order(Stage.DELIVERED, country="DE")
    british = await market.order(Stage.DELIVERED, country="GB")
    chinese = await market.order(Stage.DELIVERED, country="CN")
    on_its_way = await market.order(Stage.IN_TRANSIT, country="CN")

    async def told(order):
        told = (await people.ann.get(f"/v1/orders/{order}/cancellability")).json()["withdrawal"]
        return told and {name: said for name, said in told.items() if name != "refund"}

    eu, all_of_it = {"law": "law-eu-withdrawal", "kind": "withdraw"}, [{"line": "1", "quantity": 1}]
    assert await told(here) == eu | {"until": None, "lines": [{"line": "1", "quantity": 2}]}
    assert await told(there) == eu | {"until": "2026-07-20T22:00:00Z", "lines": all_of_it}
    uk = {"law": "law-uk-cancellation", "kind": "withdraw", "until": "2026-07-20T23:00:00Z", "lines": all_of_it}
    assert await told(british) == uk
    cn = {"law": "law-cn-7-day", "kind": "send_back", "until": "2026-07-13T16:00:00Z", "lines": all_of_it}
    assert await told(chinese) == cn
    assert await told(on_its_way) is None


async def test_what_it_gives_back_is_told_before_and_after_the_same(people, market):  # 2011/83/EU, art. 13(1)
    order = await market.order(Stage.PREPARING, country="DE", lines=GOODS, price=4500, shipping_minor=500)

    async def asked(*lines):
        query = "&".join(f"line={line}" for line in lines)
        told = await people.ann.get(f"/v1/orders/{order}/cancellability?{query}")
        return told.json()["withdrawal"]["refund"]

    whole, half = await asked(), await asked("1:1")
    assert (whole["cancelled"]["total"]["amount"], half["cancelled"]["total"]["amount"]) == (2000, 1000)
    assert (whole["cancelled"]["fee"]["amount"], whole["returned"]) == (0, None)
    assert (await asked("2:1"))["cancelled"] is None, "made to order is not for this law"
    told = (await people.ann.post(f"/v1/orders/{order}/withdrawals", SAID)).json()
    assert told["refund"] == whole
    (refund,) = (await people.ann.get(f"/v1/orders/{order}")).json()["refunds"]
    assert refund["amount"] == whole["cancelled"]["total"]


async def test_what_is_sent_back_comes_with_the_delivery_where_the_contract_ends(people, market):
    mugs = (Line(id="1", sku="MUG", quantity=2, unit_minor=4000),)
    there = await market.order(Stage.DELIVERED, country="DE", lines=mugs, price=8500, shipping_minor=500)
    chinese = await market.order(Stage.DELIVERED, country="CN", lines=mugs, price=8500, shipping_minor=500)
    one = {**SAID, "lines": [{"line": "1", "quantity": 1}]}
    paths = [f"/v1/orders/{order}/withdrawals" for order in (there, there, chinese)]
    told = [(await people.ann.post(path, said)).json() for path, said in zip(paths, (one, SAID, SAID), strict=True)]
    refunds = [one["refund"]["returned"] for one in told]
    paid = (await people.ann.get(f"/v1/orders/{there}")).json()["paid"]["amount"]
    assert refunds[0]["total"]["amount"] + refunds[1]["total"]["amount"] == paid
    assert [one["shipping"]["amount"] for one in refunds] == [0, 500, 0], "Chinese law gives back the price alone"
    assert "Less may come back only for goods" in told[0]["acknowledgement"]
    assert "must be in good condition" in told[2]["acknowledgement"]


async def test_a_return_without_a_reason_opens_a_case_that_names_the_right(people, market):
    order = await market.order(Stage.DELIVERED, country="CN")
    made = await people.ann.post(f"/v1/orders/{order}/withdrawals", SAID)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["refund_before"], told["send_back_before"]) == (None, None), "they count from when the goods are back"
    assert "send back without a reason" in told["statement"]
    assert "within 7 days of having the goods back" in told["acknowledgement"]
    (case,) = (await people.ann.get(f"/v1/orders/{order}/returns")).json()["rows"]
    assert (case["id"], case["reason"]) == (told["case"], "withdrawal")


async def test_a_declaration_cancels_and_is_acknowledged(people, market):
    order = await market.order(Stage.PREPARING, country="DE", lines=GOODS)
    path = f"/v1/orders/{order}/withdrawals"
    made = await people.ann.post(path, SAID)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["cancelled"], told["returned"], told["case"]) == ([{"line": "1", "quantity": 2}], [], "")
    assert (told["refund_before"], told["send_back_before"]) == ("2026-07-20T22:00:00Z", None)
    assert "I, Ann Müller, withdraw" in told["acknowledgement"]
    case = (await people.ann.get(f"/v1/orders/{order}/cancellations/{told['cancellation']}")).json()
    assert (case["status"], case["reason"]) == ("approved", "withdrawal")
    assert (await people.ann.get(path)).json()["rows"] == [told]
    again = await people.ann.post(path, SAID)
    assert (again.status_code, again.json()["type"].rpartition("/")[2]) == (409, "no-withdrawal")
    assert (await people.bob.get(path)).status_code == 404
    assert (await people.bob.post(path, SAID)).status_code == 404
    assert (await people.sam.post(path, SAID)).status_code == 403


async def test_after_delivery_support_declares_it_with_consent(people, market):
    order = await market.order(Stage.DELIVERED, country="DE")
    path = f"/v1/orders/{order}/withdrawals"
    assert (await people.sue.post(path, SAID)).status_code == 422
    agreed = {"way": "phone", "agreed_at": market.clock.read().isoformat()}
    made = await people.sue.post(path, {**SAID, "consent": agreed})
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["returned"], told["cancellation"]) == ([{"line": "1", "quantity": 1}], "")
    (case,) = (await people.ann.get(f"/v1/orders/{order}/returns")).json()["rows"]
    assert (case["id"], case["reason"], case["wish"], case["filed_by"]) == (
        told["case"],
        "withdrawal",
        "return_refund",
        "support",
    )


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"name": "Ann"}, 422),
        ({**SAID, "name": ""}, 422),
        ({**SAID, "name": "A\u202eb"}, 422),
        ({**SAID, "lines": [{"line": "1", "quantity": 3}]}, 409),
        ({**SAID, "lines": [{"line": "9", "quantity": 1}]}, 422),
        ({**SAID, "lines": []}, 422),
        ({**SAID, "reason": "x"}, 422),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_written(people, market, said, status):
    order = await market.order(Stage.PREPARING, country="DE", units=2)
    refused = await people.ann.post(f"/v1/orders/{order}/withdrawals", said)
    assert refused.status_code == status, refused.text
    assert (await market.read(order)).cancellations == ()
