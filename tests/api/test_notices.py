"""Notices over the API: each reads their own, in the language they ask for, and chooses how they are told."""

import re
from datetime import timedelta

from postgres.market import KILN, LANTERN
from rescind.core.stage import Stage
from rescind.postgres.due import DueTable
from rescind.worker import fan_out


async def carried(desk):
    while await fan_out.sweep(DueTable(desk.pool, desk.clock), people=desk.inbox.people):
        pass


async def test_each_reads_their_own_notices_with_the_move_and_the_link(people, desk, market):
    order = await market.order(Stage.PACKING, number="1001")
    asked = (await market.asks(order, anyway=True)).order.open_cancellation
    await carried(desk)
    told = (await people.sam.get("/v1/notices")).json()
    assert told["unread"] == 2
    first = told["rows"][0]
    assert (first["kind"], first["group"], first["order"], first["about"]) == (
        "request_asked",
        "requests",
        order,
        asked.id,
    )
    assert (first["whose_move"], first["settled"], first["link"]) == ("seller", False, f"/seller/requests/{asked.id}")
    assert first["due_at"] == asked.due_at.isoformat().replace("+00:00", "Z")
    chinese = (await people.sam.get(f"/v1/notices/{first['id']}?language=zh")).json()
    assert chinese["subject"] == "买家申请取消订单 1001"
    assert (await people.ann.get(f"/v1/notices/{first['id']}")).status_code == 404
    assert (await people.host.get("/v1/notices")).status_code == 403
    assert (await people.sam.post(f"/v1/notices/{first['id']}/read", {})).json() == {"read": 1}
    assert (await people.sam.post(f"/v1/notices/{first['id']}/read", {})).json() == {"read": 0}
    assert (await people.sam.get("/v1/notices?tab=unread")).json()["unread"] == 1
    assert (await people.sam.post("/v1/notices/read", {})).json() == {"read": 1}
    await market.approves(order, asked.id)
    assert (await people.sam.get(f"/v1/notices/{first['id']}")).json()["settled"] is True


async def test_a_list_is_read_on_by_its_cursor(people, desk, market):
    for number in range(3):
        await market.order(Stage.ALLOCATED, number=str(2000 + number))
    await carried(desk)
    first = (await people.ann.get("/v1/notices?limit=4")).json()
    rest = (await people.ann.get(f"/v1/notices?limit=4&cursor={first['next']}")).json()
    names = [one["id"] for one in first["rows"] + rest["rows"]]
    assert (len(names), len(set(names)), first["total"]) == (6, 6, 6)
    wrong = await people.sam.get(f"/v1/notices?cursor={first['next']}")
    assert wrong.status_code == 422


async def test_what_is_required_is_said_and_stays(people):
    before = (await people.ann.get("/v1/notice-preferences")).json()
    required = {one["group"] for one in before["groups"] if one["required"]}
    assert required == {"requests", "money"}
    chosen = {"zone": "Asia/Shanghai", "hour": 21, "choices": {"email": {"orders": "digest", "deliveries": "off"}}}
    after = (await people.ann.send("PUT", "/v1/notice-preferences", chosen)).json()
    assert {one["group"]: one["channels"]["email"] for one in after["groups"]} == {
        "requests": "at_once",
        "money": "at_once",
        "cases": "at_once",
        "messages": "at_once",
        "orders": "digest",
        "deliveries": "off",
    }
    for wrong in (
        {"choices": {"email": {"money": "off"}}},
        {"choices": {"email": {"orders": "sometimes"}}},
        {"hour": 24},
        {"zone": "Atlantis"},
        {"mail": True},
    ):
        refused = await people.ann.send("PUT", "/v1/notice-preferences", wrong)
        assert refused.status_code in {400, 422}, wrong
    assert (await people.ann.get("/v1/notice-preferences")).json() == after, "nothing of it was kept"


async def test_what_silence_means_is_said_alike_before_and_after_asking(people, desk, market):  # UNHEARD-1
    for goes_to, if_silent in (("decides", "refuse"), ("platform", "escalate")):
        await people.ops.send("PUT", "/v1/unreached-shops", {"goes_to": goes_to})
        order = await market.order(Stage.PACKING)
        before = (await people.ann.get(f"/v1/orders/{order}/cancellability?anyway=true")).json()
        assert (before["verdict"], before["rule"]) == ("ask_seller", "ANYWAY-1")
        assert (before["unreached"], before["deadline"]["if_silent"]) == (goes_to == "platform", if_silent)
        asked = {"reason": before["reason"], "anyway": True}
        after = (await people.ann.post(f"/v1/orders/{order}/cancellations", asked)).json()["cancellation"]
        assert (after["unreached"], after["if_silent"]) == (before["unreached"], if_silent)


async def test_a_shops_address_is_verified_and_counts(people, desk):
    was = (await people.ops.get("/v1/unreached-shops")).json()
    assert (was["goes_to"], was["unreached"]) == ("decides", 2)
    await people.ops.send("PUT", "/v1/unreached-shops", {"goes_to": "platform"})
    nothing = {"channels": [], "reached": False, "last": None, "waiting": 0, "silence": "platform"}
    assert (await people.sam.get("/v1/notice-channels")).json() == nothing
    made = await people.sam.post("/v1/notice-channels", {"address": "sam@kiln.example"})
    assert (made.status_code, made.json()["verified_at"]) == (201, None)
    assert (await people.ann.post("/v1/notice-channels", {"address": "a@b.example"})).status_code == 403
    channel = made.json()["id"]
    wrong = await people.sam.post(f"/v1/notice-channels/{channel}/verify", {"code": "00000000"})
    assert (wrong.status_code, wrong.json()["type"].rpartition("/")[2]) == (422, "code-wrong")
    (nonce,) = [one.about for one in await desk.post.table.latest() if one.kind == "code"]
    code = desk.inbox.code(channel, nonce)
    assert re.fullmatch(r"\d{8}", code)
    done = await people.sam.post(f"/v1/notice-channels/{channel}/verify", {"code": code})
    assert (done.status_code, done.json()["verified_at"] is not None) == (200, True)
    told = (await people.sam.get("/v1/notice-channels")).json()
    assert (told["reached"], told["last"]) == (True, channel)
    assert desk.book.reached(KILN)
    removing = f"/v1/notice-channels/{channel}/remove"
    asked = await people.sam.post(removing, {})
    assert (asked.status_code, asked.json()["type"].rpartition("/")[2]) == (409, "last-address")
    assert (asked.json()["goes_to"], asked.json()["waiting"]) == ("platform", 0)
    assert desk.book.reached(KILN)
    assert (await people.sam.post(removing, {"last": True})).json()["reached"] is False


async def test_shops_that_cannot_be_told_are_listed_page_by_page_those_who_wait_longest_first(people, desk, market):
    await people.ops.send("PUT", "/v1/unreached-shops", {"goes_to": "platform"})
    order = await market.order(Stage.PACKING, shop=LANTERN)
    market.clock.advance(timedelta(hours=2))
    since = (await market.asks(order)).order.open_cancellation
    first = (await people.ops.get("/v1/unreached-shops?limit=1")).json()
    rest = (await people.ops.get(f"/v1/unreached-shops?limit=1&cursor={first['next']}")).json()
    assert [one["shop"]["id"] for one in first["rows"] + rest["rows"]] == [LANTERN, KILN]
    assert [one["waiting"] for one in first["rows"] + rest["rows"]] == [1, 0]
    assert first["rows"][0]["since"] == since.requested_at.isoformat().replace("+00:00", "Z")
    assert (rest["rows"][0]["since"], rest["next"], rest["total"]) == (None, None, 2)
    assert (await people.ops.get(f"/v1/unreached-shops?limit=1&cursor={rest['previous']}")).json()["rows"] == first[
        "rows"
    ]
    assert (await people.ops.get("/v1/unreached-shops?cursor=made-up")).status_code == 422
    assert (await people.sam.get("/v1/unreached-shops")).status_code == 403
