"""Order sources through the API: who may have them, secrets that are shown once, and what is told of a message."""

from postgres.market import KILN
from rescind.api.description import EXAMPLES
from rescind.worker import sources

PLACE = "/v1/order-sources"
NEW = {**EXAMPLES["order_sources_create"], "shop": KILN}


async def test_a_source_is_made_changed_and_listed_and_its_secret_is_shown_once(people):
    made = await people.ops.post(PLACE, NEW, key="k" * 20)
    assert (made.status_code, made.headers["location"]) == (201, f"{PLACE}/erp")
    assert made.json()["secret"].startswith("whsec_")
    assert (await people.ops.post(PLACE, NEW, key="k" * 20)).json()["secret"] == made.json()["secret"]
    again = await people.ops.post(PLACE, NEW)
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, "/name")
    paused = await people.ops.send("PATCH", f"{PLACE}/erp", {"state": "paused"})
    assert paused.json()["state"] == "paused"
    (listed,) = (await people.ops.get(PLACE)).json()["sources"]
    assert (listed["name"], listed["shop"], listed["waiting"]) == ("erp", KILN, 0)
    assert "secret" not in listed
    rotated = await people.ops.post(f"{PLACE}/erp/rotate")
    assert rotated.json()["secret"] != made.json()["secret"]
    assert (await people.ops.get(f"{PLACE}/erp/check")).json() == {"trouble": ""}
    assert (await people.ops.post(f"{PLACE}/erp/fetch")).status_code == 422


async def test_messages_are_listed_page_by_page_and_read_again(people, desk):
    await people.ops.post(PLACE, NEW)
    for place in range(3):
        await desk.order_sources.table.keep("erp", f"msg_{place}", "order.placed", "1", b'{"type":"order.gone"}')
    first = (await people.ops.get(f"{PLACE}/erp/messages", limit=2)).json()
    rest = (await people.ops.get(f"{PLACE}/erp/messages", limit=2, after=first["next"])).json()
    assert [one["id"] for one in first["messages"] + rest["messages"]] == ["msg_2", "msg_1", "msg_0"]
    assert rest["next"] is None
    one = (await people.ops.get(f"{PLACE}/erp/messages/msg_1")).json()
    assert (one["told"], one["message"]) == ("waiting", {"type": "order.gone"})
    assert (await people.ops.post(f"{PLACE}/erp/messages/msg_1/retry")).status_code == 200
    assert (await people.ops.post(f"{PLACE}/erp/retry")).json() == {"again": 0}
    for missing in (f"{PLACE}/none", f"{PLACE}/erp/messages/none", f"{PLACE}/none/messages"):
        assert (await people.ops.get(missing)).status_code == 404


async def test_a_message_is_ignored_with_a_reason_and_only_what_asks_is_counted(people, desk):
    await people.ops.post(PLACE, NEW)
    await desk.order_sources.table.keep("erp", "msg_1", "order.placed", "1", b'{"type":"order.gone"}')
    ignore = f"{PLACE}/erp/messages/msg_1/ignore"
    assert (await people.ops.post(ignore, {"reason": "Not ours."})).status_code == 409, "it waits"
    await sources.sweep(desk)
    assert (await people.ops.post(ignore, {"reason": ""})).status_code == 422
    assert (await people.ops.post(f"{PLACE}/erp/messages/msg_1/count")).status_code == 409
    told = (await people.ops.post(ignore, {"reason": "Not ours."})).json()
    assert (told["told"], told["ignored_by"], told["ignored_why"]) == ("ignored", "operator:ops", "Not ours.")
    (one,) = (await people.ops.get(f"{PLACE}/erp/messages", told="ignored")).json()["messages"]
    assert one["id"] == "msg_1"
    assert (await people.ops.post(f"{PLACE}/erp/retry")).json() == {"again": 0}
    again = (await people.ops.post(f"{PLACE}/erp/messages/msg_1/retry")).json()
    assert (again["told"], again["ignored_why"]) == ("waiting", None)
    assert (await people.sue.post(ignore, {"reason": "Not ours."})).status_code == 403


async def test_sources_are_for_operators_alone(people):
    for who in (people.ann, people.sam, people.sue, people.host):
        assert (await who.get(PLACE)).status_code == (await who.post(PLACE, NEW)).status_code == 403
