"""Calling the platform over HTTP: with what was said attached, in support's queue until somebody ends it (M-20)."""

from datetime import timedelta

from api.test_thread_evidence import ask, sent
from postgres.market import KILN
from rescind.api.description import EXAMPLES
from rescind.core.stage import Stage
from rescind.postgres.due import DueTable
from rescind.worker import deadlines

BREACH = {"ground": "pressure", "comment": "They threaten to send it anyway."}


async def say(who, order, text, audience="everyone"):
    answer = await who.post(f"/v1/orders/{order}/messages", {"text": text, "audience": audience})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_what_was_said_is_attached_as_it_stood(people, market):
    order = await market.order(Stage.PREPARING)
    await say(people.ann, order, "Hello?")
    await say(people.sue, order, "Odd shop.", "internal")
    before = await people.ann.get(f"/v1/orders/{order}/messages")
    thread = before.json()["thread"]["id"]
    written = (await people.ann.get(f"/v1/threads/{thread}/transcript")).json()
    called = await people.ann.post(f"/v1/orders/{order}/escalations", BREACH)
    assert called.status_code == 201, called.text
    assert called.json()["attached"] == {
        "thread": thread,
        "upto": written["messages"][-1]["id"],
        "messages": 1,
        "digest": written["digest"],
        "whole": written["whole"],
        "acts": 0,
        "before": [],
    }, "as the buyer reads it, so that the buyer can prove it too"
    await say(people.sam, order, "Now I answer")
    kept = (await people.sue.get(f"/v1/orders/{order}/escalations")).json()["rows"][0]["attached"]
    assert kept == called.json()["attached"]


async def test_a_question_before_the_order_and_an_offer_are_attached_without_a_message(people, market, clock):  # M-20
    order = await market.order(Stage.PREPARING)
    assert (await people.ann.post(f"/v1/orders/{order}/escalations", BREACH)).json()["attached"] is None

    file = await sent(people.bob, f"shops/{KILN}")
    thread = (await ask(people.bob, [file])).json()["thread"]
    clock.advance(timedelta(minutes=1))
    order = await market.order(Stage.PREPARING, buyer="bob")
    asked = (await people.bob.get(f"/v1/threads/{thread}/transcript")).json()
    question = {"thread": thread, "messages": 1, "digest": asked["digest"]}
    attached = (await people.bob.post(f"/v1/orders/{order}/escalations", BREACH)).json()["attached"]
    assert (attached["thread"], attached["messages"], attached["before"]) == ("", 0, [question])
    await people.sue.post(f"/v1/orders/{order}/escalations/1/close", {"outcome": "not_upheld", "comment": "No."})

    wish = (await people.bob.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})).json()
    made = f"/v1/orders/{order}/cancellations/{wish['cancellation']['id']}/offer"
    assert (await people.sam.post(made, EXAMPLES["cancellations_offer"])).status_code == 200
    again = (await people.bob.post(f"/v1/orders/{order}/escalations", BREACH)).json()["attached"]
    written = (await people.bob.get(f"/v1/threads/{again['thread']}/transcript")).json()
    assert (again["messages"], again["acts"], again["before"]) == (0, 2, [question])
    assert again["whole"] == written["whole"] != attached["whole"], "the offer is proved by it, and the question's file"


async def test_silence_is_a_ground_once_the_shop_had_its_time(people, market, clock):
    order = await market.order(Stage.PREPARING)
    path, silent = f"/v1/orders/{order}/escalations", {"ground": "shop_silent"}
    assert (await people.ann.post(path, silent)).json()["errors"][0]["pointer"] == "/ground"
    await say(people.ann, order, "Hello?")
    clock.advance(timedelta(hours=23, minutes=59))
    assert "shop_silent" not in (await people.ann.get(path)).json()["grounds"]
    assert (await people.ann.post(path, silent)).status_code == 422
    clock.advance(timedelta(minutes=1))
    assert "shop_silent" in (await people.ann.get(path)).json()["grounds"]
    assert (await people.ann.post(path, silent)).status_code == 201
    assert (await people.ann.get(path)).json()["grounds"] == []


async def test_it_waits_in_supports_queue_with_an_owner_and_a_clock_until_it_is_ended(people, market, desk, clock):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/escalations"
    await people.ann.post(path, BREACH)
    (row,) = (await people.sue.get("/v1/cancellations", tab="with_platform")).json()["rows"]
    assert (row["kind"], row["reason"], row["status"]) == ("escalation", "pressure", "with_support")
    for who in (people.ann, people.sam):
        assert (await who.get("/v1/cancellations", tab="all")).json()["rows"] == []
        refused = await who.post(f"{path}/1/take", {})
        assert refused.status_code == 403
    taken = await people.sue.post(f"{path}/1/take", {})
    assert (taken.status_code, taken.json()["owner"]) == (200, "sue")
    assert (await people.ann.get(path)).json()["rows"][0]["owner"] == "", "who of support has it is theirs to know"
    clock.advance(timedelta(hours=48))
    assert await deadlines.sweep(desk.engine, DueTable(desk.pool, desk.clock)) == 1
    assert (await people.sue.get("/v1/cancellations", tab="escalated")).json()["rows"][0]["kind"] == "escalation"
    early = await people.sue.post(f"{path}/1/close", {"outcome": "granted", "comment": "It will be cancelled."})
    assert (early.status_code, early.json()["type"]) == (409, "/problems/invalid-transition")
    stopped = {"act": "cancel", "reason": "seller_unreachable", "comment": "We have cancelled it for you."}
    assert (await people.sam.post(f"{path}/1/grant", stopped)).status_code == 403
    other = stopped | {"refund": {"amount": 1, "currency": "EUR"}}
    refused = await people.sue.post(f"{path}/1/grant", other)
    assert refused.json()["type"] == "/problems/amount-changed"
    ended = await people.sue.post(f"{path}/1/grant", stopped)
    assert (ended.json()["status"], ended.json()["outcome"], ended.json()["proposed"]) == ("closed", "granted", False)
    assert (await people.ann.get(f"/v1/orders/{order}")).json()["stage"] == "cancelled"
    assert (await people.sue.get("/v1/cancellations", tab="with_platform")).json()["rows"] == []
    for missing in ("2", "0", "x", "1e1"):
        assert (await people.sue.post(f"{path}/{missing}/take", {})).status_code == 404


async def test_support_calls_for_a_buyer_only_with_consent(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/escalations"
    assert (await people.sue.post(path, BREACH)).json()["type"] == "/problems/consent-missing"
    assert (await people.sam.post(path, BREACH)).status_code == 403


async def test_money_is_given_back_for_a_call_and_ends_it_as_that(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/escalations"
    await people.ann.post(path, BREACH)
    given = {"act": "give_back", "refund": {"amount": 500, "currency": "EUR"}, "comment": "For the trouble."}
    for wrong in ({"refund": None}, {"refund": {"amount": 500, "currency": "USD"}}, {"cancellation": "can_1"}):
        answer = await people.sue.post(f"{path}/1/grant", given | wrong)
        assert answer.status_code in {409, 422}, answer.text
    ended = await people.sue.post(f"{path}/1/grant", given)
    assert (ended.json()["outcome"], ended.status_code) == ("refunded", 200)
    again = await people.sue.post(f"{path}/1/grant", given)
    assert again.json()["type"] == "/problems/invalid-transition"
