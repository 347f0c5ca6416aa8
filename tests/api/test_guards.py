"""Guards of money over HTTP: what somebody confirmed is what is booked, and refunds wait while a bank decides."""

from rescind.core.stage import Stage

EUR_40 = {"amount": 4000, "currency": "EUR"}


async def told(people, order, fact, **more):
    """What the host reports of a payment."""
    occurred = (await people.host.get(f"/v1/orders/{order}")).json()["placed_at"]
    body = {"fact": fact, "occurred_at": occurred, "tender": "t", **more}
    answer = await people.host.post(f"/v1/orders/{order}/facts", body)
    assert answer.status_code in {200, 201}, answer.text
    return answer


async def test_a_request_with_another_refund_than_was_shown_does_nothing(people, market, desk):  # KF-06
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    await told(people, order, "charged_back", amount={"amount": 1500, "currency": "EUR"})
    version = (await people.ann.get(f"/v1/orders/{order}")).json()["version"]
    answer = await people.ann.post(path, {"reason": "changed_mind", "refund": EUR_40})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/amount-changed")
    assert answer.json()["confirmed"] == EUR_40
    assert answer.json()["refund"] == {"amount": 2500, "currency": "EUR"}
    assert (await people.ann.get(f"/v1/orders/{order}")).json()["version"] == version
    right = await people.ann.post(path, {"reason": "changed_mind", "refund": {"amount": 2500, "currency": "EUR"}})
    assert right.status_code == 201, right.text


async def test_an_approval_names_the_refund_that_it_grants(people, market, desk):  # KF-06, I-10
    order = await market.order(Stage.PREPARING)
    asked = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind", "refund": EUR_40})
    path = f"/v1/orders/{order}/cancellations/{asked.json()['cancellation']['id']}/approve"
    await told(people, order, "refunded_elsewhere", amount={"amount": 1000, "currency": "EUR"})
    answer = await people.sam.post(path, {"refund": EUR_40})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/amount-changed")
    other = await people.sam.post(path, {"refund": {"amount": 3000, "currency": "USD"}})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/currency-mismatch")
    right = await people.sam.post(path, {"refund": {"amount": 3000, "currency": "EUR"}})
    assert (right.status_code, right.json()["refunds"][0]["amount"]["amount"]) == (200, 3000)


async def test_a_seller_who_stops_an_order_names_what_goes_back(people, market, desk):  # KF-06
    order = await market.order(Stage.PREPARING)
    path, body = f"/v1/orders/{order}/cancellations", {"reason": "out_of_stock"}
    answer = await people.sam.post(path, {**body, "refund": {"amount": 3999, "currency": "EUR"}})
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/amount-changed")
    assert (await people.sam.post(path, {**body, "refund": EUR_40})).status_code == 201


async def test_a_frozen_refund_says_who_decides_and_until_when(people, market, desk):  # I-10, promise 5
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    await told(people, order, "charged_back", amount={"amount": 1000, "currency": "EUR"}, reference="dp_1")
    assert (await people.sam.post(path, {"reason": "out_of_stock"})).status_code == 201
    kinds = "SELECT kind FROM due WHERE order_id = $1 AND kind IN ('refund', 'chargeback')"
    assert [row[0] for row in await desk.pool.fetch(kinds, order)] == ["chargeback"]
    read = (await people.ann.get(f"/v1/orders/{order}")).json()
    (refund,) = read["refunds"]
    assert (refund["status"], refund["waits_for"]) == ("owed", "bank")
    assert refund["waits_until"]
    assert {"actor": "bank", "action": "decide_chargeback", "about": refund["id"], "deadline": refund["waits_until"],
            "if_silent": "support"} in read["next_actions"]  # fmt: skip
    await told(people, order, "chargeback_won", reference="dp_1")
    assert [row[0] for row in await desk.pool.fetch(kinds, order)] == ["refund", "refund"]
    read = (await people.ann.get(f"/v1/orders/{order}")).json()
    assert [(one["amount"]["amount"], one["waits_for"]) for one in read["refunds"]] == [(3000, ""), (1000, "")]


async def test_an_amount_of_nothing_captures_nothing_and_takes_nothing(people, market, desk):  # KF-06
    order = await market.order(Stage.UNPAID)
    placed = (await people.host.get(f"/v1/orders/{order}")).json()["placed_at"]
    nothing = {"occurred_at": placed, "tender": "t", "amount": {"amount": 0, "currency": "EUR"}}
    for fact in ("paid", "authorised", "charged_back", "refunded_elsewhere", "chargeback_won", "chargeback_lost"):
        answer = await people.host.post(f"/v1/orders/{order}/facts", {"fact": fact, **nothing})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/amount"), answer.text
    read = (await people.host.get(f"/v1/orders/{order}")).json()
    assert (read["paid"]["amount"], read["version"]) == (0, 1)


async def test_the_end_of_a_chargeback_names_its_tender(people, market, desk):
    order = await market.order(Stage.PREPARING)
    placed = (await people.host.get(f"/v1/orders/{order}")).json()["placed_at"]
    for fact, more, at in (
        ("chargeback_won", {}, "/tender"),
        ("refunded_elsewhere", {"tender": "t"}, "/amount"),
        ("packed", {"tender": "t"}, "/fact"),
    ):
        answer = await people.host.post(f"/v1/orders/{order}/facts", {"fact": fact, "occurred_at": placed, **more})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, at), answer.text
    seller = await people.sam.post(
        f"/v1/orders/{order}/facts", {"fact": "chargeback_won", "occurred_at": placed, "tender": "t"}
    )
    assert seller.status_code == 403
