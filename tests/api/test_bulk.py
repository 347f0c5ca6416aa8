"""Many requests answered by one call: each decided by itself, once, as a single answer would be."""

import secrets
from datetime import timedelta

from postgres.market import KILN, LANTERN
from rescind.core.stage import Stage

BULK = "/v1/requests/bulk"


async def asked(market, *, shop=KILN, **more):
    order = await market.order(Stage.PREPARING, shop=shop, **more)
    return order, (await market.asks(order)).order.open_cancellation.id


def yes(*requests):
    return {"answers": [{"request": one, "answer": "approve"} for one in requests]}


async def test_each_is_decided_by_itself_and_partial_failure_is_normal(people, market, clock):
    late = await asked(market)
    clock.advance(timedelta(hours=23))
    first, second, gone = [await asked(market) for _ in range(3)]
    other = await market.order(Stage.PREPARING, shop=LANTERN)
    clock.advance(timedelta(hours=1))
    foreign = other, (await market.asks(other)).order.open_cancellation.id
    await market.withdraws(*gone)
    answers = [
        {"request": late[1], "answer": "approve"},
        {"request": first[1], "answer": "approve"},
        {"request": second[1], "answer": "refuse", "reason": "other", "comment": "It is engraved."},
        {"request": gone[1], "answer": "approve"},
        {"request": foreign[1], "answer": "approve"},
    ]
    done = await people.sam.post(BULK, {"answers": answers})
    assert done.status_code == 200, done.text
    rows = done.json()["rows"]
    assert [row["request"] for row in rows] == [one["request"] for one in answers]
    assert [row["result"] for row in rows] == ["problem", "approved", "refused", "problem", "problem"]
    assert [row["problem"] and row["problem"]["type"] for row in rows] == [
        *("/problems/deadline-passed", None, None, "/problems/invalid-transition", "/problems/not-found")
    ]
    assert (await market.read(first[0])).given_back.minor == 4000
    assert (await market.read(second[0])).open_cancellation is None
    assert (await market.read(foreign[0])).open_cancellation is not None
    said = (await people.ann.get(f"/v1/orders/{second[0]}/events")).text
    assert "It is engraved." in said


async def test_a_single_answer_decides_the_same(people, market):
    (one, case), (many, other) = await asked(market, price=2500), await asked(market, price=2500)
    single = await people.sam.post(f"/v1/orders/{one}/cancellations/{case}/approve", {})
    assert single.status_code == 200
    await people.sam.post(BULK, yes(other))
    left, right = await market.read(one), await market.read(many)
    assert left.given_back == right.given_back
    assert [type(event) for event in left.cancellations] == [type(event) for event in right.cancellations]
    assert left.cancellations[0].status is right.cancellations[0].status
    assert left.cancellations[0].closed_by == right.cancellations[0].closed_by


async def test_the_same_sent_again_tells_what_became_of_each_and_does_nothing_twice(people, market):
    orders = [await asked(market) for _ in range(3)]
    key = secrets.token_hex(12)
    body = yes(*(case for _, case in orders))
    first = (await people.sam.post(BULK, body, key=key)).json()["rows"]
    before = [(await market.read(order)).version for order, _ in orders]
    again = (await people.sam.post(BULK, body, key=key)).json()["rows"]
    assert [row["repeated"] for row in first] == [False] * 3
    assert [row["repeated"] for row in again] == [True] * 3
    assert [row["result"] for row in again] == ["approved"] * 3
    assert [(await market.read(order)).version for order, _ in orders] == before


async def test_a_key_that_was_used_for_other_answers_refuses_all_of_them(people, market):
    (first, one), (second, two) = [await asked(market) for _ in range(2)]
    key = secrets.token_hex(12)
    assert (await people.sam.post(BULK, yes(one), key=key)).status_code == 200
    for body in (
        yes(one, two),
        yes(two),
        {"answers": [{"request": one, "answer": "refuse", "reason": "other", "comment": "No."}]},
    ):
        refused = await people.sam.post(BULK, body, key=key)
        assert (refused.status_code, refused.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert (await market.read(second)).open_cancellation is not None, "nothing of it was done"
    assert (await market.read(first)).given_back.minor == 4000
    assert (await people.lou.post(BULK, yes(two), key=key)).status_code == 200, "another's key is another"


async def test_a_row_may_say_what_was_seen_as_a_single_answer_does(people, market):
    (first, one), (second, two), (third, three) = [await asked(market) for _ in range(3)]
    version = (await market.read(first)).version
    rows = [
        {"request": one, "answer": "approve", "version": version, "refund": {"amount": 4000, "currency": "EUR"}},
        {"request": two, "answer": "approve", "version": version - 1},
        {"request": three, "answer": "approve", "refund": {"amount": 3999, "currency": "EUR"}},
    ]
    told = (await people.sam.post(BULK, {"answers": rows})).json()["rows"]
    assert [row["result"] for row in told] == ["approved", "problem", "problem"]
    assert [row["problem"]["type"] for row in told[1:]] == ["/problems/stale-version", "/problems/amount-changed"]
    for order in (second, third):
        assert (await market.read(order)).open_cancellation is not None
    no = {"request": two, "answer": "refuse", "reason": "other", "refund": {"amount": 1, "currency": "EUR"}}
    assert "/answers/0/refund" in (await people.sam.post(BULK, {"answers": [no]})).text


async def test_a_form_that_is_not_right_in_any_row_refuses_the_whole_call(people, market):
    order, case = await asked(market)
    good = {"request": case, "answer": "approve"}
    for body, at in (
        ({"answers": []}, "/answers"),
        ({"answers": [good, good]}, "/answers"),
        ({"answers": [good, {"request": "x", "answer": "refuse"}]}, "/answers/1/reason"),
        ({"answers": [{**good, "reason": "other"}]}, "/answers/0/reason"),
        (yes(*(f"can_{n}" for n in range(501))), "/answers"),
    ):
        refused = await people.sam.post(BULK, body)
        assert (refused.status_code, at in refused.text) == (422, True), refused.text
    assert (await people.sam.post(BULK, {"answers": [good]}, key=None)).status_code == 400
    assert (await people.ann.post(BULK, {"answers": [good]})).status_code == 403
    assert (await market.read(order)).open_cancellation is not None
