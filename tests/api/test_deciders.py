"""The carrier's word, the platform's own decisions, and two people above an amount, over the API."""

from datetime import timedelta

from postgres.market import KILN, worked
from rescind.core.parts import Tender
from rescind.core.stage import Stage
from rescind.policies import preset

AT_THE_DOOR = (Tender(id="t", method="cash_on_delivery", amount_minor=4000),)


async def late(people, market):
    """An order of the Malaysian shop, late on its way, whose buyer asked to stop it."""
    order = await market.order(Stage.IN_TRANSIT, policy="my", shipping_by="platform", deliver_by=market.clock.read())
    told = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "better_price"})
    assert told.json()["cancellation"]["status"] == "awaiting_carrier", told.text
    return f"/v1/orders/{order}/cancellations/{told.json()['cancellation']['id']}"


async def test_the_host_tells_the_carriers_yes_once(people, market):  # R-007, S-33, ID-02
    path = await late(people, market)
    key = {"key": "the-carriers-yes-01"}
    first = await people.host.post(f"{path}/carrier-answer", {"answer": "yes"}, **key)
    again = await people.host.post(f"{path}/carrier-answer", {"answer": "yes"}, **key)
    assert first.status_code == 200, first.text
    assert again.content == first.content
    told = first.json()
    assert (told["cancellation"]["status"], told["cancellation"]["closed_by"]) == ("approved", "carrier")
    assert [one["amount"]["amount"] for one in told["refunds"]] == [4000]
    assert (await people.host.post(f"{path}/carrier-answer", {"answer": "no"})).status_code == 409


async def test_who_may_tell_it_and_with_what(people, market):
    path = await late(people, market)
    for who, status in ((people.ann, 403), (people.sam, 403), (people.bob, 403), (people.sue, 422)):
        assert (await who.post(f"{path}/carrier-answer", {"answer": "no"})).status_code == status
    body = {"answer": "no", "comment": "Case 4711: on the van already."}
    told = (await people.sue.post(f"{path}/carrier-answer", body)).json()["cancellation"]
    assert (told["status"], told["closed_by"], told["instead"]) == ("refused", "carrier", "return_or_refund")
    events = (await people.ann.get(path.partition("/cancellations")[0] + "/events")).json()["rows"]
    assert (events[-1]["decided_by"], events[-1]["text"]) == ("carrier", "Case 4711: on the van already.")


async def test_after_the_deadline_the_platform_decides(people, market):  # R-007, I-37
    path = await late(people, market)
    market.clock.set(market.clock.read() + timedelta(hours=48))
    told = await people.host.post(f"{path}/carrier-answer", {"answer": "yes"})
    assert (told.status_code, told.json()["type"]) == (409, "/problems/deadline-passed")
    await worked(market)
    assert (await people.ann.get(path)).json()["status"] == "in_review"
    assert (await people.sam.post(f"{path}/approve", {})).status_code == 409
    told = await people.sue.post(f"{path}/refuse", {"reason": "carrier_cannot_stop", "comment": "It was at the door."})
    assert told.json()["cancellation"]["closed_by"] == "support", told.text


async def refused(people, market, price=4000):
    order = await market.order(Stage.IN_TRANSIT, price=price)
    told = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    assert told.json()["cancellation"]["status"] == "refused"
    return f"/v1/orders/{order}", told.json()["cancellation"]["id"]


def approving(cancellation, **more):
    body = {"act": "approve", "cancellation": cancellation, "reason": "rule_misapplied", "comment": "A wrong scan."}
    return body | more


async def test_up_to_the_amount_one_person_decides(people, market):
    path, cancellation = await refused(people, market)
    for who in (people.ann, people.sam, people.host):
        assert (await who.post(f"{path}/overrides", approving(cancellation))).status_code == 403
    told = await people.sue.post(f"{path}/overrides", approving(cancellation))
    assert told.status_code == 201, told.text
    assert (told.json()["override"]["outcome"], told.json()["override"]["by"]) == ("done", "sue")
    assert told.json()["order"]["on_its_way_back"]["amount"] == 4000


async def test_above_it_another_person_confirms_and_both_are_named(people, market):
    path, cancellation = await refused(people, market, price=20001)
    cal = await people.key("operator", "cal")
    told = (await people.sue.post(f"{path}/overrides", approving(cancellation))).json()
    assert (told["override"]["outcome"], told["order"]["on_its_way_back"]["amount"]) == ("proposed", 0)
    mine = await people.sue.post(f"{path}/overrides/1/confirm", {})
    assert (mine.status_code, mine.json()["type"]) == (403, "/problems/second-person-needed")
    queue = (await people.sue.get("/v1/cancellations", tab="with_platform")).json()["rows"]
    assert [(one["kind"], one["status"]) for one in queue] == [("override", "proposed")]
    done = await cal.post(f"{path}/overrides/1/confirm", {"comment": "So it is."})
    assert done.json()["override"] | {"at": "", "deadline": "", "answered_at": ""} == told["override"] | {
        "outcome": "done",
        "answered_by": "cal",
        "at": "",
        "deadline": "",
        "answered_at": "",
    }
    rows = (await people.sue.get(f"{path}/events")).json()["rows"]
    assert [(one["type"], one["decided_by"], one["confirmed_by"]) for one in rows[-3:-1]] == [
        ("OverrideProposed", "sue", ""),
        ("RulesOverridden", "sue", "cal"),
    ]
    seen = (await people.ann.get(f"{path}/events")).json()["rows"]
    assert "OverrideProposed" not in {one["type"] for one in seen}, "what support weighs is not told to others"
    assert (await people.ann.get(path)).json()["overrides"] == []


async def test_a_proposal_is_rejected_or_lapses(people, market):
    path, cancellation = await refused(people, market, price=20001)
    await people.sue.post(f"{path}/overrides", approving(cancellation))
    dropped = await people.sue.post(f"{path}/overrides/1/reject", {"comment": "I was wrong."})
    assert dropped.json()["override"]["outcome"] == "withdrawn"
    for number in ("1", "01", "9", "x"):
        assert (await people.sue.post(f"{path}/overrides/{number}/confirm", {})).status_code in {404, 409}
    await people.sue.post(f"{path}/overrides", approving(cancellation))
    market.clock.set(market.clock.read() + timedelta(hours=48))
    await worked(market)
    assert (await people.sue.get(path)).json()["overrides"][1]["outcome"] == "lapsed"
    assert (await people.sue.get("/v1/cancellations", tab="with_platform")).json()["rows"] == []


async def test_what_makes_no_sense_is_named(people, market):
    path, cancellation = await refused(people, market)
    for body, status in (
        (approving(None), 422),
        (approving(cancellation, act="cancel"), 422),
        (approving(cancellation, reason="fraud"), 422),
        (approving(cancellation, comment=None), 422),
        (approving(cancellation, lines=[{"line": "1", "quantity": 1}]), 422),
        (approving("can_nobody"), 404),
        ({"act": "cancel", "reason": "fraud", "comment": "x", "lines": []}, 422),
        ({"act": "cancel", "reason": "fraud", "comment": "x", "lines": [{"line": "1", "quantity": 9}]}, 409),
    ):
        told = await people.sue.post(f"{path}/overrides", body)
        assert told.status_code == status, told.text


async def test_refusals_at_the_door_are_read_by_the_host(people, market):  # S-25, R-122
    for number in range(3):
        order = await market.order(Stage.UNPAID, policy="th", tenders=AT_THE_DOOR)
        await market.fact(order, "handed_over", tracking=f"TH{number}")
        await market.fact(order, "refused")
        await market.fact(order, "refused")
        await worked(market)
    plain = (await people.host.get("/v1/buyers/ann", shop=KILN)).json()["cash_on_delivery"]
    assert (plain["allowed"], plain["limit"]) == (True, None), "the policy of this shop sets no limit"
    await market.directory.put_shop(
        KILN, name="Kiln", preset_hash=preset("th").hash, settings={}, zone="Asia/Bangkok", contact={}
    )
    told = (await people.host.get("/v1/buyers/ann", shop=KILN)).json()["cash_on_delivery"]
    assert told == {"allowed": False, "refused": 3, "limit": 3, "days": 60, "off_until": "2026-07-03"}
    other = (await people.host.get("/v1/buyers/bob", shop=KILN)).json()["cash_on_delivery"]
    assert (other["allowed"], other["refused"]) == (True, 0)
    for who in (people.ann, people.sam):
        assert (await who.get("/v1/buyers/ann", shop=KILN)).status_code == 403
    assert (await people.host.get("/v1/buyers/ann", shop="shp_nobody")).status_code == 404
    assert (await people.host.get("/v1/buyers/ann")).status_code == 422
