"""Webhook endpoints through the API: whose they are, what may be chosen, secrets that are shown once, and replay."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.api.description import EXAMPLES
from rescind.postgres.deliveries import Ended

PLACE = "/v1/webhook-endpoints"
NEW = EXAMPLES["webhook_endpoints_create"]


async def made(who, **more):
    answer = await who.post(PLACE, {**NEW, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_who_may_have_endpoints_and_whose_they_are(people):
    own = (await made(people.sam))["endpoint"]
    market = (await made(people.ops))["endpoint"]
    hosts = (await made(people.host, shop=LANTERN))["endpoint"]
    assert (own["shop"], market["shop"], hosts["shop"]) == (KILN, None, LANTERN)

    async def seen(who):
        return {one["id"] for one in (await who.get(PLACE)).json()["endpoints"]}

    assert await seen(people.sam) == {own["id"]}
    assert await seen(people.lou) == {hosts["id"]}
    assert await seen(people.ops) == await seen(people.host) == {own["id"], market["id"], hosts["id"]}
    for who in (people.ann, people.sue):
        assert (await who.get(PLACE)).status_code == (await who.post(PLACE, NEW)).status_code == 403
    for shop in (LANTERN, "shp_zzzzzzzz", "nonsense"):
        assert (await people.sam.post(PLACE, {**NEW, "shop": shop})).status_code == 404
    assert (await people.ops.post(PLACE, {**NEW, "shop": "shp_zzzzzzzz"})).status_code == 404


async def test_the_same_call_again_gives_the_same_endpoint_and_secret_and_no_second_one(people):  # ID-01
    first = await people.sam.post(PLACE, NEW, key="k" * 20)
    again = await people.sam.post(PLACE, NEW, key="k" * 20)
    assert first.json() == again.json()
    assert first.json()["secret"].startswith("whsec_")
    other = await people.sam.post(PLACE, {**NEW, "about": "Another"}, key="k" * 20)
    assert other.json()["type"] == "/problems/idempotency-key-reused"
    assert len((await people.sam.get(PLACE)).json()["endpoints"]) == 1
    assert "secret" not in (await people.sam.get(f"{PLACE}/{first.json()['endpoint']['id']}")).json()


@pytest.mark.parametrize(
    ("member", "value", "where"),
    [
        ("url", "http://example.com/hook", "/url"),
        ("url", "https://127.0.0.1/hook", "/url"),
        ("url", "https://2130706433/", "/url"),
        ("url", "https://me:word@example.com/", "/url"),
        ("url", "https://example.com:8443/", "/url"),
        ("url", "", "/url"),
        ("url", "https://example.com/" + "a" * 1001, "/url"),
        ("events", ["refund.*", "refunds"], "/events"),
        ("events", ["*"], "/events"),
        ("about", "a\nb", "/about"),
        ("about", "x" * 201, "/about"),
        ("secret", "whsec_of_my_own", "/secret"),
    ],
)
async def test_what_cannot_be_an_endpoint_is_refused_by_its_field_and_nothing_is_made(people, member, value, where):
    answer = await people.sam.post(PLACE, {**NEW, member: value})
    assert answer.status_code == 422, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(where)
    assert (await people.sam.get(PLACE)).json()["endpoints"] == []


async def test_a_shop_has_so_many_and_no_more_and_removing_one_makes_room(people):
    ids = [(await made(people.sam, about=str(number)))["endpoint"]["id"] for number in range(20)]
    full = await people.sam.post(PLACE, NEW)
    assert (full.status_code, full.json()["type"], full.json()["limit"]) == (409, "/problems/endpoints-full", 20)
    assert (await people.lou.post(PLACE, NEW)).status_code == 201
    assert (await people.sam.post(f"{PLACE}/{ids[0]}/remove")).json()["state"] == "removed"
    assert (await people.sam.get(f"{PLACE}/{ids[0]}")).status_code == 404
    assert (await people.sam.post(PLACE, NEW)).status_code == 201


async def test_an_endpoint_is_changed_in_what_is_given(people):
    own = (await made(people.sam))["endpoint"]
    changed = await people.sam.send("PATCH", f"{PLACE}/{own['id']}", {"events": [], "state": "paused"})
    assert changed.status_code == 200, changed.text
    assert (changed.json()["events"], changed.json()["state"], changed.json()["url"]) == ([], "paused", NEW["url"])
    assert changed.json()["stopped_at"] is not None
    refused = await people.sam.send("PATCH", f"{PLACE}/{own['id']}", {"about": "B", "url": "http://example.com"})
    assert refused.status_code == 422
    assert (await people.sam.get(f"{PLACE}/{own['id']}")).json() == changed.json(), "all or nothing"
    assert (await people.sam.send("PATCH", f"{PLACE}/{own['id']}", {"state": "failing"})).status_code == 422


async def test_a_test_is_sent_once_a_press_and_not_to_an_endpoint_that_is_off(people):
    own = (await made(people.sam))["endpoint"]["id"]
    sent = await people.sam.post(f"{PLACE}/{own}/test", key="t" * 20)
    again = await people.sam.post(f"{PLACE}/{own}/test", key="t" * 20)
    assert sent.status_code == again.status_code == 201
    assert sent.json()["event"] == again.json()["event"]
    assert sent.json()["message"] == {
        "type": "endpoint.test",
        "timestamp": sent.json()["message"]["timestamp"],
        "data": {"endpoint": own, "test": True},
    }
    assert len((await people.sam.get(f"{PLACE}/{own}/deliveries")).json()["deliveries"]) == 1
    await people.sam.send("PATCH", f"{PLACE}/{own}", {"state": "paused"})
    off = await people.sam.post(f"{PLACE}/{own}/test")
    assert (off.status_code, off.json()["current_state"]) == (409, "paused")


async def test_a_new_secret_is_another_one_and_the_same_call_again_gives_it_again(people):
    first = await made(people.sam)
    place = f"{PLACE}/{first['endpoint']['id']}/rotate"
    second = await people.sam.post(place, key="r" * 20)
    assert second.json() == (await people.sam.post(place, key="r" * 20)).json()
    assert second.json()["secret"] != first["secret"]
    assert second.json()["endpoint"]["old_secret_until"] is not None


async def test_the_log_is_read_part_by_part_and_what_failed_is_sent_again(people, desk, market):
    own = (await made(people.sam, events=[]))["endpoint"]["id"]
    events = [(await people.sam.post(f"{PLACE}/{own}/test")).json()["event"] for _ in range(5)]
    table = desk.endpoints.deliveries
    leased = await table.lease({}, usual=9, most=9, slow_most=9, span=timedelta(seconds=60))
    await table.finish([Ended(one, "failed", None, 500, 12, "status", "<b>no</b>") for one in leased[:3]])
    await table.finish([Ended(one, "delivered", None, 200, 9, "", "") for one in leased[3:]])
    place = f"{PLACE}/{own}/deliveries"
    read, after = [], ""
    while after is not None:
        part = (await people.sam.get(place, limit=2, **({"after": after} if after else {}))).json()
        read += [one["event"] for one in part["deliveries"]]
        after = part["next"]
    assert sorted(read) == sorted(events)
    failed = (await people.sam.get(place, state="failed")).json()["deliveries"]
    assert len(failed) == 3
    assert failed[0]["attempts"] == [
        {"at": failed[0]["attempts"][0]["at"], "ms": 12, "status": 500, "fault": "status", "answer": "<b>no</b>"}
    ]
    one = await people.sam.post(f"{place}/{failed[0]['event']}/replay")
    assert (one.json()["state"], one.json()["sent"]) == ("waiting", 1)
    many = await people.sam.post(f"{PLACE}/{own}/replay", {"since": "2026-01-01T00:00:00Z"})
    assert many.json() == {"again": 2}
    assert (await people.sam.post(f"{PLACE}/{own}/replay", {"since": "2026-01-01"})).status_code == 422
    for strange in ("evt_x%00", "evt_nothing", "x", "evt_" + "a" * 61):
        assert (await people.sam.get(f"{place}/{strange}")).status_code == 404
    assert (await people.sam.get(place, after="evt_%00")).status_code == 422
    assert (await people.sam.get(place, state="lost")).status_code == 422
