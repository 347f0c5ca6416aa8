"""Offers over the API: made, accepted, declined, repeated, and by whom."""

from rescind.api.description import EXAMPLES
from rescind.core.parts import Line
from rescind.core.stage import Stage


async def asked(people, market):
    order = await market.order(Stage.PREPARING)
    told = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    return f"/v1/orders/{order}/cancellations/{told.json()['cancellation']['id']}"


async def test_an_offer_is_made_read_and_accepted(people, market):
    path = await asked(people, market)
    made = await people.sam.post(f"{path}/offer", EXAMPLES["cancellations_offer"])
    assert made.status_code == 200, made.text
    offer = made.json()["cancellation"]["offer"]
    assert (offer["number"], offer["kind"], offer["amount"]) == (
        1,
        "partial_refund",
        {"amount": 500, "currency": "EUR"},
    )
    order = (await people.ann.get(path.partition("/cancellations")[0])).json()
    assert "answer_offer" in {one["action"] for one in order["next_actions"]}
    key = {"key": "accept-the-offer-01"}
    first = await people.ann.post(f"{path}/offer/accept", EXAMPLES["cancellations_accept"], **key)
    again = await people.ann.post(f"{path}/offer/accept", EXAMPLES["cancellations_accept"], **key)
    assert first.status_code == 200, first.text
    assert again.content == first.content
    assert first.json()["cancellation"]["status"] == "settled"
    assert [one["amount"]["amount"] for one in first.json()["refunds"]] == [500]
    late = await people.ann.post(f"{path}/offer/accept", EXAMPLES["cancellations_accept"])
    assert late.status_code == 409
    assert (await people.sam.get("/v1/cancellations", tab="withdrawn")).json()["rows"][0]["status"] == "settled"


async def test_a_declined_offer_leaves_the_request_waiting(people, market):
    path = await asked(people, market)
    body = {"kind": "ship_later", "ship_by": "2026-05-08T18:00:00+02:00"}
    assert (await people.sam.post(f"{path}/offer", body)).status_code == 200
    declined = await people.ann.post(f"{path}/offer/decline", EXAMPLES["cancellations_decline"])
    told = declined.json()["cancellation"]
    assert (told["status"], told["offer"]["answer"]) == ("awaiting_seller", "declined")
    assert told["offer"]["ship_by"] == "2026-05-08T16:00:00Z"


async def test_offers_are_the_sellers_and_answers_the_buyers(people, market):
    path = await asked(people, market)
    for who, status in ((people.ann, 409), (people.host, 403), (people.lou, 404)):
        assert (await who.post(f"{path}/offer", EXAMPLES["cancellations_offer"])).status_code == status
    for body, status in (
        ({"kind": "partial_refund"}, 422),
        ({"kind": "partial_refund", "amount": {"amount": 4001, "currency": "EUR"}}, 422),
        ({"kind": "partial_refund", "amount": {"amount": 1, "currency": "USD"}}, 422),
        ({"kind": "ship_later"}, 422),
        ({"kind": "a house"}, 422),
    ):
        assert (await people.sam.post(f"{path}/offer", body)).status_code == status, body
    await people.sam.post(f"{path}/offer", EXAMPLES["cancellations_offer"])
    agreement = {"way": "phone", "agreed_at": market.clock.read().isoformat()}
    assert (await people.sam.post(f"{path}/offer/accept", {"number": 1})).status_code == 403
    assert (await people.bob.post(f"{path}/offer/accept", {"number": 1})).status_code == 404
    assert (await people.sue.post(f"{path}/offer/accept", {"number": 1})).status_code == 422
    assert (await people.ann.post(f"{path}/offer/accept", {"number": 1, "consent": agreement})).status_code == 422
    agreed = await people.sue.post(f"{path}/offer/accept", {"number": 1, "consent": agreement})
    assert agreed.json()["cancellation"]["status"] == "settled", agreed.text


async def test_a_buyer_answers_a_quote_for_material_and_labour_by_one_of_their_own(people, market):  # M-08, M-44
    order = await market.order(
        Stage.PREPARING, lines=(Line(id="1", sku="RING", quantity=1, unit_minor=4000, custom_made=True),)
    )
    body = {"reason": "changed_mind", "anyway": True}
    told = (await people.ann.post(f"/v1/orders/{order}/cancellations", body)).json()["cancellation"]
    assert (told["rule"], told["if_silent"]) == ("CUSTOM-3", "refuse")
    path = f"/v1/orders/{order}/cancellations/{told['id']}"
    quoted = {"kind": "cancel_with_costs", "material": eur(900), "labour": eur(600), "comment": "Silver, two hours."}
    too_much = await people.sam.post(f"{path}/offer", {**quoted, "labour": eur(3101)})
    assert (too_much.status_code, too_much.json()["type"]) == (422, "/problems/invalid-field")
    offer = (await people.sam.post(f"{path}/offer", quoted)).json()["cancellation"]["offer"]
    assert (offer["by"], offer["material"], offer["labour"], offer["refund"]) == (
        "seller",
        eur(900),
        eur(600),
        eur(2500),
    )
    countered = await people.ann.post(f"{path}/offer", {**quoted, "labour": eur(100), "comment": "One hour?"})
    assert countered.json()["cancellation"]["offer"]["by"] == "buyer"
    read = (await people.sam.get(f"/v1/orders/{order}")).json()["next_actions"]
    assert [one["actor"] for one in read if one["action"] == "answer_offer"] == ["seller"]
    assert (await people.ann.post(f"{path}/offer/accept", {"number": 2})).status_code == 403
    done = (await people.sam.post(f"{path}/offer/accept", {"number": 2})).json()
    assert (done["cancellation"]["status"], done["cancellation"]["refund"]) == ("approved", eur(3000))
    assert [(one["rule"], one["amount"]) for one in done["cancellation"]["fees"]] == [
        ("material", eur(900)),
        ("labour", eur(100)),
    ]
    assert done["order"]["stage"] == "cancelled"


def eur(minor):
    return {"amount": minor, "currency": "EUR"}
