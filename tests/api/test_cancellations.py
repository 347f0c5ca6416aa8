"""Asking first, asking in earnest, answering, withdrawing, and the receipt of it all."""

import asyncio
import hashlib
import json
from datetime import timedelta

import msgspec

from postgres.market import LANTERN, audit, worked
from rescind.core.deadline import Calendar
from rescind.core.instant import instant
from rescind.core.policy import judge, restore
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.locales import locale
from rescind.web.explain import rule_card

EUR_40 = {"amount": 4000, "currency": "EUR"}


async def test_a_request_is_asked_approved_and_refunded(people, market, desk):
    order = await market.order(Stage.PREPARING)
    first = await people.ann.get(f"/v1/orders/{order}/cancellability")
    assert first.status_code == 200, first.text
    told = first.json()
    assert (told["verdict"], told["deadline"]["if_silent"]) == ("ask_seller", "approve")
    assert told["quote"]["total"] == EUR_40
    assert told["quote"]["tenders"] == [{"tender": "t", "amount": EUR_40}]
    assert told["findings"][-1]["held"]
    assert await desk.pool.fetchval("SELECT count(*) FROM cases") == 0

    asked = await people.ann.post(
        f"/v1/orders/{order}/cancellations", {"reason": "changed_mind", "comment": "Found one at home."}
    )
    assert asked.status_code == 201, asked.text
    case = asked.json()["cancellation"]
    assert (case["status"], case["rule"], case["refund"]) == ("awaiting_seller", told["rule"], EUR_40)
    assert case["deadline"] == told["deadline"]["due_at"]
    assert asked.headers["location"] == f"/v1/orders/{order}/cancellations/{case['id']}"
    assert {"actor": "seller", "action": "approve_or_refuse", "about": case["id"], "deadline": case["deadline"],
            "if_silent": "approve"} in asked.json()["order"]["next_actions"]  # fmt: skip
    queue = (await people.sam.get("/v1/cancellations", tab="to_respond")).json()
    assert [row["id"] for row in queue["rows"]] == [case["id"]]
    assert queue["rows"][0]["lines"] == [{"line": "1", "quantity": 1}]

    path = f"/v1/orders/{order}/cancellations/{case['id']}"
    approved = await people.sam.post(f"{path}/approve", {"comment": "Of course."})
    assert (approved.status_code, approved.json()["cancellation"]["status"]) == (200, "approved")
    assert approved.json()["refunds"][0]["status"] == "owed"
    assert approved.json()["refunds"][0]["tender"] == ""
    await worked(market)
    desk.clock.advance(timedelta(hours=1))
    await worked(market)
    read = (await people.ann.get(f"/v1/orders/{order}")).json()
    assert (read["stage"], read["refunded"]) == ("cancelled", EUR_40)
    assert read["refunds"][0]["status"] == "succeeded"
    assert await audit(desk.pool) == 1
    timeline = (await people.ann.get(f"/v1/orders/{order}/events")).json()["rows"]
    said = {row["type"]: row for row in timeline}
    assert said["SellerAsked"]["text"] == "Found one at home."
    assert said["CancellationApproved"]["text"] == "Of course."
    assert said["CancellationApproved"]["amount"] == EUR_40


async def test_a_refusal_by_policy_is_an_answer_and_counts(people, market):
    order = await market.order(Stage.IN_TRANSIT)
    told = (await people.ann.get(f"/v1/orders/{order}/cancellability")).json()
    assert (told["verdict"], told["instead"]) == ("refuse", "return_or_refund")
    asked = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": told["reason"]})
    assert asked.status_code == 201, asked.text
    assert asked.json()["cancellation"]["status"] == "refused"
    assert asked.json()["cites"]
    listed = (await people.ann.get(f"/v1/orders/{order}/cancellations")).json()
    assert [row["status"] for row in listed["rows"]] == ["refused"]


async def test_the_answer_in_the_hold_names_the_moment_it_changes(people, market, desk):
    order = await market.order(Stage.UNPAID, shop=LANTERN)
    await market.fact(order, "paid")
    told = (await people.ann.get(f"/v1/orders/{order}/cancellability")).json()
    assert (told["stage"], told["verdict"]) == ("on_hold", "approve")
    assert instant(told["until"]) == desk.clock.read() + timedelta(hours=1)
    desk.clock.advance(timedelta(hours=1))
    later = (await people.ann.get(f"/v1/orders/{order}/cancellability")).json()
    assert later["verdict"] == told["then"] != "approve"


async def test_a_seller_asks_about_and_makes_their_own_cancellation(people, market):
    order = await market.order(Stage.PREPARING, units=2)
    told = (await people.sam.get(f"/v1/orders/{order}/cancellability", reason="out_of_stock", line="1:1")).json()
    assert (told["role"], told["verdict"], told["quote"]["total"]) == ("seller", "approve", EUR_40)
    assert told["withheld"] == ["buyer_cancels_30d"]
    assert "buyer_cancels_30d" not in told["facts"]
    done = await people.sam.post(
        f"/v1/orders/{order}/cancellations", {"reason": "out_of_stock", "lines": [{"line": "1", "quantity": 1}]}
    )
    assert done.status_code == 201, done.text
    assert done.json()["cancellation"]["requested_by"] == "seller"
    assert done.json()["order"]["stage"] != "cancelled"
    assert done.json()["order"]["on_its_way_back"] == EUR_40


async def test_support_asks_for_a_buyer_with_recorded_consent_only(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    without = await people.sue.post(path, {"reason": "changed_mind"})
    assert (without.status_code, without.json()["type"]) == (422, "/problems/consent-missing")
    at = market.clock.read().isoformat()
    for consent, pointer in (
        ({"way": "phone", "agreed_at": "2019-01-01T10:00:00Z"}, "/consent/agreed_at"),
        ({"way": "phone", "agreed_at": "2039-01-01T10:00:00Z"}, "/consent/agreed_at"),
        ({"way": "dream", "agreed_at": at}, "/consent/way"),
        ("yes", "/consent"),
    ):
        odd = await people.sue.post(path, {"reason": "changed_mind", "consent": consent})
        assert odd.json()["errors"][0]["pointer"] == pointer
    agreed = {"way": "phone", "agreed_at": at, "remark": "Named street and number."}
    asked = await people.sue.post(path, {"reason": "changed_mind", "consent": agreed})
    assert asked.status_code == 201, asked.text
    assert asked.json()["cancellation"]["filed_by"] == "support"
    kept = f"phone · {at[:16]}Z · Named street and number."
    for who, seen in ((people.sue, kept), (people.ann, ""), (people.sam, "")):
        rows = (await who.get(f"/v1/orders/{order}/events")).json()["rows"]
        assert rows[-1]["behalf"]
        assert rows[-1]["consent"] == seen
    foreign = await people.ann.post(path, {"reason": "changed_mind", "consent": agreed})
    assert foreign.json()["errors"][0]["pointer"] == "/consent"
    case = asked.json()["cancellation"]["id"]
    withdrawn = await people.sue.post(f"{path}/{case}/withdraw", {"consent": {"way": "phone", "agreed_at": at}})
    assert withdrawn.json()["cancellation"]["status"] == "withdrawn"


async def test_the_same_key_gives_the_same_bytes_and_changes_nothing(people, market, desk):
    order = await market.order(Stage.PREPARING)
    path, key = f"/v1/orders/{order}/cancellations", "0123456789abcdef"
    first = await people.ann.post(path, content='{"reason": "changed_mind", "anyway": false}', key=key)
    desk.clock.advance(timedelta(minutes=3))
    again = await people.ann.post(path, content='{"anyway":false,"reason":"changed_mind"}', key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers["idempotent-replay"] == "true"
    assert "idempotent-replay" not in first.headers
    other = await people.ann.post(path, {"reason": "better_price"}, key=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    assert await desk.pool.fetchval("SELECT count(*) FROM cases") == 1
    # Approved since, the repeat still tells what the first call was told.
    case = first.json()["cancellation"]["id"]
    await people.sam.post(f"{path}/{case}/approve", key="fedcba9876543210")
    assert (
        await people.ann.post(path, content='{"reason":"changed_mind","anyway":false}', key=key)
    ).content == first.content
    approved = await people.sam.post(f"{path}/{case}/approve", key="fedcba9876543210")
    assert (approved.status_code, approved.headers["idempotent-replay"]) == (200, "true")


async def test_another_person_with_the_same_key_is_another_request(people, market):
    order = await market.order(Stage.PREPARING)
    path, key = f"/v1/orders/{order}/cancellations", "0123456789abcdef"
    assert (await people.ann.post(path, {"reason": "changed_mind"}, key=key)).status_code == 201
    assert (await people.bob.post(path, {"reason": "changed_mind"}, key=key)).status_code == 404


async def test_twenty_at_once_open_one_request(people, market, desk):
    order = await market.order(Stage.PREPARING)
    calls = [people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"}) for _ in range(20)]
    answers = await asyncio.gather(*calls)
    assert sorted(one.status_code for one in answers) == [201] + [409] * 19
    refused = next(one.json() for one in answers if one.status_code == 409)
    assert refused["type"] == "/problems/invalid-transition"
    assert refused["current_state"] == "awaiting_seller"
    assert refused["allowed_actions"] == ["withdraw"]
    assert await desk.pool.fetchval("SELECT count(*) FROM cases") == 1


async def test_if_match_lets_nobody_answer_what_they_have_not_seen(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    seen = (await people.ann.get(f"/v1/orders/{order}")).headers["etag"]
    asked = await people.ann.post(path, {"reason": "changed_mind"}, headers={"if-match": seen})
    assert asked.status_code == 201
    case = asked.json()["cancellation"]["id"]
    stale = await people.sam.post(f"{path}/{case}/approve", headers={"if-match": seen})
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-version")
    assert stale.json()["actual"] == stale.json()["expected"] + 1
    for wrong in ('W/"1"', "1", '"x"', '"1", "2"'):
        answer = await people.sam.post(f"{path}/{case}/approve", headers={"if-match": wrong})
        assert (answer.status_code, answer.json()["errors"][0]["header"]) == (422, "If-Match")
    assert (await people.sam.post(f"{path}/{case}/approve", headers={"if-match": "*"})).status_code == 200


async def test_after_the_deadline_the_clock_answers(people, market, desk):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    case = (await people.ann.post(path, {"reason": "changed_mind"})).json()["cancellation"]
    desk.clock.set(instant(case["deadline"]))
    late = await people.sam.post(f"{path}/{case['id']}/approve")
    assert (late.status_code, late.json()["type"]) == (409, "/problems/deadline-passed")
    await worked(market)
    read = (await people.sam.get(f"{path}/{case['id']}")).json()
    assert (read["status"], read["closed_by"]) == ("approved", "silence")


async def test_a_seller_refuses_with_what_the_reason_needs(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    case = (await people.ann.post(path, {"reason": "changed_mind"})).json()["cancellation"]["id"]
    bare = await people.sam.post(f"{path}/{case}/refuse", {"reason": "already_shipped"})
    assert (bare.status_code, bare.json()["type"]) == (422, "/problems/evidence-missing")
    assert bare.json()["needs"] == ["tracking"]
    odd = await people.sam.post(f"{path}/{case}/refuse", {"reason": "no_mood"})
    assert (odd.status_code, odd.json()["type"]) == (422, "/problems/reason-not-listed")
    assert "already_shipped" in odd.json()["listed"]
    done = await people.sam.post(
        f"{path}/{case}/refuse", {"reason": "already_shipped", "carrier": "Colissimo", "tracking": "8R415"}
    )
    assert done.status_code == 200, done.text
    assert (done.json()["cancellation"]["status"], done.json()["cancellation"]["answer"]) == (
        "refused",
        "already_shipped",
    )
    assert (await people.ann.get(f"/v1/orders/{order}")).json()["parcels"][0]["tracking"] == "8R415"


async def test_selections_are_exact(people, market):
    order = await market.order(Stage.PREPARING, units=3)
    path = f"/v1/orders/{order}/cancellations"

    async def asks(lines):
        return await people.ann.post(path, {"reason": "changed_mind", "lines": lines})

    assert (await asks([])).json()["type"] == "/problems/nothing-selected"
    assert (await asks([{"line": "1", "quantity": 4}])).json()["open"] == 3
    assert (await asks([{"line": "9", "quantity": 1}])).json()["errors"][0]["pointer"] == "/lines/0/line"
    assert (await asks([{"line": "1", "quantity": 9}])).json()["type"] == "/problems/quantity-not-open"
    twice = await asks([{"line": "1", "quantity": 1}, {"line": "1", "quantity": 1}])
    assert twice.json()["errors"][0]["pointer"] == "/lines"
    assert (await asks([{"line": "1", "quantity": 2}])).json()["cancellation"]["refund"]["amount"] == 8000


async def test_a_receipt_is_enough_to_come_to_the_same_answer(people, market, desk):
    order = await market.order(Stage.PREPARING)
    asked = (await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})).json()
    desk.clock.advance(timedelta(minutes=1))
    # An older time of payment becomes known afterwards; the arithmetic of the decision stays what it was.
    await people.host.post(f"/v1/orders/{order}/facts", {"fact": "paid", "occurred_at": "2026-05-04T07:00:00Z"})
    found = await people.ann.get(asked["receipt"])
    assert found.status_code == 200, found.text
    receipt = found.json()
    (named,) = receipt["layers"]
    text = (await people.nobody.get(f"/v1/policies/{named['hash']}")).content
    assert hashlib.sha256(text).hexdigest() == named["hash"]
    terms = restore(text).at(instant(named["as_of"]), named["settings"])
    days = msgspec.convert(receipt["calendar"] | {"hash": None}, Calendar, strict=False)
    assert days.hash == receipt["calendar"]["hash"]
    finding = judge(
        (terms,),
        receipt["on"],
        receipt["facts"],
        instant(receipt["decided_at"]),
        {name: instant(at) for name, at in receipt["starts"].items()},
        days,
    )
    assert (finding.rule, finding.verdict.value) == (receipt["rule"], receipt["verdict"])
    assert finding.deadline.due_at == instant(receipt["deadline"]["due_at"])
    assert receipt["cancellation"]["deadline"] == receipt["deadline"]["due_at"]
    assert receipt["records"][0]["type"] == "SellerAsked"
    stored = {
        row["seq"]: row["hash"].hex()
        for row in await desk.pool.fetch("SELECT seq, hash FROM events WHERE order_id = $1", order)
    }
    assert {one["seq"]: one["hash"] for one in receipt["records"]}.items() <= stored.items()
    assert receipt["head"] == stored[receipt["length"]]
    assert receipt["withheld"] == []
    sellers = (await people.sam.get(asked["receipt"])).json()
    assert sellers["withheld"] == ["buyer_cancels_30d"]
    assert "buyer_cancels_30d" not in json.dumps(sellers["facts"])


async def test_asking_first_tells_what_would_change_the_answer(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellability"
    asked = (await people.ann.get(path)).json()
    found = {one["fact"]: one for one in asked["flips"] if one["kinder"]}
    assert (found["stage"]["wanted"], found["stage"]["verdict"]) == ("review", "approve")
    assert (found["seller_fault"]["op"], found["seller_fault"]["rule"]) == ("is", "FAULT-1")
    harder = {one["fact"] for one in asked["flips"] if not one["kinder"]}
    assert "buyer_cancels_30d" in harder
    # What a party has no claim to know is not told by a side door.
    support = {one["fact"] for one in (await people.sue.get(path)).json()["flips"]}
    sellers = {one["fact"] for one in (await people.sam.get(path)).json()["flips"]}
    assert "buyer_cancels_30d" in support
    assert "buyer_cancels_30d" not in sellers


async def test_only_parties_may_answer_and_foreign_looks_like_missing(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    case = (await people.ann.post(path, {"reason": "changed_mind"})).json()["cancellation"]["id"]
    for who, act, status in (
        (people.ann, "approve", 403),
        # Support answers what waits for the platform; this one waits for the seller.
        (people.sue, "approve", 409),
        (people.host, "approve", 403),
        (people.sam, "withdraw", 403),
        (people.lou, "approve", 404),
        (people.bob, "withdraw", 404),
        (people.nobody, "approve", 401),
    ):
        assert (await who.post(f"{path}/{case}/{act}")).status_code == status, act
    for seen in ("", f"/{case}", f"/{case}/receipt"):
        assert (await people.bob.get(path + seen)).status_code == 404
        assert (await people.lou.get(path + seen)).status_code == 404
    for seen in ("cancellability", "events"):
        assert (await people.bob.get(f"/v1/orders/{order}/{seen}")).status_code == 404
    assert (await people.ann.post(f"{path}/{case[:-1]}/withdraw")).status_code == 404
    assert (await people.host.post(path, {"reason": "changed_mind"})).status_code == 403


async def test_the_law_of_the_buyers_country_answers_when_it_gives_more(people, market, desk):
    order = await market.order(Stage.PACKED, country="FR")
    ahead = (await people.ann.get(f"/v1/orders/{order}/cancellability")).json()
    assert (ahead["verdict"], ahead["layer"], ahead["rule"]) == ("approve", "law", "LAW-EU-1")
    asked = (await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})).json()
    assert (asked["cancellation"]["status"], asked["cancellation"]["rule"]) == ("approved", "LAW-EU-1")
    receipt = (await people.ann.get(asked["receipt"])).json()
    hashes = {one["layer"]: one["hash"] for one in receipt["layers"]}
    assert (receipt["layer"], set(hashes)) == ("law", {"preset", "law"})
    # The law that decided can be read like any policy, and comes to the same answer from the facts of the receipt.
    text = (await people.nobody.get(f"/v1/policies/{hashes['law']}")).content
    law = restore(text).at(instant(receipt["decided_at"]))
    finding = judge((law,), "request", receipt["facts"], desk.now(), {}, Calendar("UTC"))
    assert (finding.rule, finding.layer) == ("LAW-EU-1", "law")
    assert [one["rule"] for one in receipt["findings"] if one["held"]] == ["PACKED-1", "LAW-EU-1"]


async def test_where_nobody_says_the_country_no_law_is_applied(people, market):
    order = await market.order(Stage.PACKED)
    assert (await people.ann.get(f"/v1/orders/{order}/cancellability")).json()["rule"] == "PACKED-1"


async def test_the_page_names_the_law(people, market, desk):
    order = await market.order(Stage.PACKED, country="GB")
    asked = (await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})).json()
    stored = await market.read(order)
    view = await desk.reads.timeline(Scope(), order)
    ground = next(entry.record.event.ground for entry in view if getattr(entry.record.event, "ground", None))
    card = rule_card(ground, await desk.terms(stored), locale("en"))
    assert card.id == asked["cancellation"]["rule"] == "LAW-UK-1"
    assert card.sentence == "UK law: you may cancel without a reason"
    assert card.why, "the comparisons that made it hold"
