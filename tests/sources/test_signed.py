"""Orders in by a signed webhook: kept before it is answered, read once, and what is not understood says why."""

import json
import time

import pytest

from postgres.market import KILN, LANTERN
from rescind.api.description import EXAMPLES
from rescind.worker import sources

ORDER = {**EXAMPLES["orders_place"], "shop": KILN, "placed_at": "2026-05-04T07:30:00Z"}
PLACED = {"type": "order.placed", "data": ORDER}


def fact(kind="paid", **more):
    data = {"fact": kind, "occurred_at": "2026-05-04T07:40:00Z", **more}
    return {"type": "order.fact", "number": ORDER["number"], "shop": KILN, "data": data}


async def test_an_order_and_its_payment_come_in_by_webhook_whichever_is_first(at_desk):
    made = await at_desk.source()
    assert (await at_desk.sends(made, fact())).json() == {"received": True}
    await sources.sweep(at_desk.desk)
    waiting = await at_desk.last("erp")
    assert (waiting.told, waiting.cause, waiting.subject) == ("waiting", "unknown_order", ORDER["number"])
    assert (await at_desk.sends(made, PLACED)).status_code == 200
    await at_desk.works()
    at_desk.later(minutes=1)
    await at_desk.works()
    (order,) = await at_desk.orders()
    assert order.number == ORDER["number"]
    assert order.progress.paid_at is not None
    assert [one.told for one in await at_desk.entries("erp")] == ["done", "done"]
    assert {one.order for one in await at_desk.entries("erp")} == {order.id}


async def test_each_id_is_taken_once_and_the_same_order_again_is_no_news(at_desk):
    made = await at_desk.source()
    for _ in range(2):
        assert (await at_desk.sends(made, PLACED, identifier="msg_same")).status_code == 200
    assert len(await at_desk.entries("erp")) == 1
    await at_desk.works()
    await at_desk.sends(made, PLACED)
    await at_desk.works()
    assert sorted(one.told for one in await at_desk.entries("erp")) == ["done", "no_news"]
    assert len(await at_desk.orders()) == 1


async def test_what_nobody_signed_lately_is_not_kept(at_desk):
    made = await at_desk.source()
    other = await at_desk.source("other")
    now = int(time.time())
    refused = {
        "wrong": await at_desk.sends(made, PLACED, secret=other.secret),
        "too_old": await at_desk.sends(made, PLACED, at=now - 305),
        "unsigned": await at_desk.posts("erp", {"content-type": "application/json"}, json.dumps(PLACED).encode()),
    }
    for cause, answer in refused.items():
        assert answer.status_code == 401
        assert answer.json()["type"] == "/problems/signature-invalid"
        assert answer.json()["cause"] == cause
    assert (await at_desk.sends(made, PLACED, at=now + 305)).status_code == 401
    # Both sides of five minutes, with a moment for the test itself.
    assert (await at_desk.sends(made, PLACED, at=now - 290)).status_code == 200
    assert len(await at_desk.entries("erp")) == 1
    for cause, answer in refused.items():
        # Whoever tries names learns from no answer which of them there are.
        nobody = await at_desk.posts("nobody", dict(answer.request.headers), answer.request.content)
        assert (nobody.status_code, nobody.json()["cause"]) == (401, cause)


async def test_a_body_changed_by_one_byte_is_not_kept(at_desk):
    made = await at_desk.source()
    answer = await at_desk.sends(made, PLACED, identifier="msg_a")
    assert answer.status_code == 200
    request = answer.request
    touched = request.content.replace(b"order.placed", b"order.placet")
    again = await at_desk.posts("erp", dict(request.headers) | {"webhook-id": "msg_a"}, touched)
    assert again.status_code == 401


async def test_for_a_day_both_secrets_count_and_then_the_new_one_alone(at_desk):
    made = await at_desk.source()
    new = await at_desk.sources.rotate("erp", "operator:ops", request="r1")
    assert new.secret != made.secret
    assert (await at_desk.sources.rotate("erp", "operator:ops", request="r1")).secret == new.secret
    assert (await at_desk.sends(new, PLACED)).status_code == 200
    at_desk.later(hours=23, minutes=59)
    assert (await at_desk.sends(new, PLACED, secret=made.secret)).status_code == 200
    at_desk.later(minutes=1)
    assert (await at_desk.sends(new, PLACED, secret=made.secret)).status_code == 401
    assert (await at_desk.sends(new, PLACED)).status_code == 200


@pytest.mark.parametrize(
    ("change", "cause", "field"),
    [
        ({"currency": "XXQ"}, "invalid-field", "/data/currency"),
        ({"lines": [{**ORDER["lines"][0], "unit_price": {"amount": -1, "currency": "EUR"}}]}, "invalid-field", None),
        ({"shipping": {"amount": 5, "currency": "EUR"}}, "amounts-do-not-add-up", "/data"),
        ({"shop": LANTERN}, "invalid-field", "/data/shop"),
        ({"colour": "red"}, "unknown-field", "/data/colour"),
        ({"placed_at": "2030-01-01T00:00:00Z"}, "fact-from-the-future", "/data"),
    ],
)
async def test_what_cannot_be_understood_says_where_and_nothing_is_half_imported(at_desk, change, cause, field):
    made = await at_desk.source(shop=KILN)
    assert (await at_desk.sends(made, {"type": "order.placed", "data": {**ORDER, **change}})).status_code == 200
    await at_desk.works()
    odd = await at_desk.last("erp")
    assert (odd.told, odd.cause) == ("set_aside", cause)
    assert odd.field == field or (field is None and odd.field.startswith("/data/lines/0/unit_price"))
    assert await at_desk.orders() == []
    assert (await at_desk.sends(made, PLACED)).status_code == 200
    await at_desk.works()
    assert len(await at_desk.orders()) == 1, "one that is odd stops no other"


async def test_what_is_no_json_or_too_large_is_answered_at_once(at_desk):
    made = await at_desk.source()
    for body in (b"{", b"[1]", b'"text"'):
        answer = await at_desk.sends(made, body)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/malformed-body")
    large = json.dumps({"type": "order.placed", "pad": "x" * 1024 * 1024}).encode()
    answer = await at_desk.sends(made, large)
    assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too-large")
    assert await at_desk.entries("erp") == ()


async def test_a_message_set_aside_is_read_again_when_somebody_says_so(at_desk):
    made = await at_desk.source()
    await at_desk.sends(made, fact("delivered"), identifier="msg_early")
    for _ in range(sources.TRIES):
        await at_desk.works()
        at_desk.later(hours=1)
    early = await at_desk.sources.entry("erp", "msg_early")
    assert (early.told, early.cause, early.field) == ("set_aside", "unknown_order", "/number")
    await at_desk.sends(made, PLACED)
    await at_desk.works()
    assert await at_desk.sources.all_again("erp") == 1
    await at_desk.works()
    assert (await at_desk.sources.entry("erp", "msg_early")).told == "done"


async def test_messages_of_a_paused_source_wait_until_it_is_on_again(at_desk):
    made = await at_desk.source()
    await at_desk.sources.change("erp", "operator:ops", state="paused")
    assert (await at_desk.sends(made, PLACED)).status_code == 200
    await at_desk.works()
    assert (await at_desk.last("erp")).told == "waiting"
    await at_desk.sources.change("erp", "operator:ops", state="on")
    await at_desk.works()
    assert (await at_desk.last("erp")).told == "done"
