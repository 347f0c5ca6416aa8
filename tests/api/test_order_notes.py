"""Notes of buyers to whoever packs, for programs (M-18)."""

from tests.api.test_orders import ORDER

from rescind.api.description import EXAMPLES
from rescind.core.stage import Stage

ADDRESS = EXAMPLES["order_notes_add"]


async def notes(who, order):
    answer = await who.get(f"/v1/orders/{order}/notes")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_note_at_placement_is_read_at_the_bench_before_anything_else(people, market):
    placed = await people.host.post("/v1/orders", ORDER | {"note": "It is a present."})
    order = placed.json()["id"]
    (told,) = (await notes(people.sam, order))["rows"]
    assert (told["number"], told["text"], told["wish"], told["acknowledged_at"]) == (
        1,
        "It is a present.",
        "words",
        None,
    )
    assert (await people.ann.get("/v1/orders")).json()["rows"][0]["unread_notes"] == 1
    await market.fact(order, "paid")
    (row,) = (await people.sam.get("/v1/bench", code=placed.json()["number"])).json()["rows"]
    assert (row["answer"], row["why"], row["step"]) == ("note", "unread", None)
    assert row["notes"][0]["text"] == "It is a present."
    read = await people.sam.post(f"/v1/orders/{order}/notes/1/acknowledge", EXAMPLES["order_notes_acknowledge"])
    assert read.json()["acknowledged_by"] == "sam"
    (seen,) = (await notes(people.ann, order))["rows"]
    assert (bool(seen["acknowledged_at"]), seen["acknowledged_by"]) == (True, ""), "who of the shop is its own affair"
    (row,) = (await people.sam.get("/v1/bench", code=placed.json()["number"])).json()["rows"]
    assert (row["why"], row["step"]) == ("words", "start")


async def test_shipping_waits_for_the_note_and_the_fact_does_not(people, market):
    order = await market.order(Stage.PACKED)
    path = f"/v1/orders/{order}"
    assert (await people.ann.post(f"{path}/notes", {"text": "Ring twice."})).status_code == 201
    for act in ("packing_lease", "packing_ship"):
        address = {"packing_lease": "shipping-lease", "packing_ship": "ship"}[act]
        refused = await people.sam.post(f"{path}/{address}", EXAMPLES[act])
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/note-unread")
        assert refused.json()["notes"] == [1]
    told = await people.host.post(f"{path}/facts", {"fact": "handed_over", "occurred_at": "2026-05-04T08:00:00Z"})
    assert told.json()["order"]["stage"] == "in_transit"
    late = await people.ann.post(f"{path}/notes", {"text": "And leave it with the porter."})
    assert (late.status_code, late.json()["type"]) == (409, "/problems/invalid-transition")
    assert (await notes(people.ann, order))["closed"] == "gone"


async def test_a_note_about_the_address_is_tried_and_then_holds_the_order(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/notes"
    tried = await people.ann.post(f"{path}/understood", EXAMPLES["order_notes_understood"], key=None)
    assert tried.json() == {"wish": "address", "may_hold": True}
    held = await people.ann.post(path, ADDRESS)
    assert held.json()["wish"] == "address"
    told = (await people.ann.get(f"/v1/orders/{order}")).json()
    assert (told["review"]["found"], told["review"]["if_silent"]) == (["address_asked"], "release")
    assert (await notes(people.ann, order))["may_hold"] is False, "somebody looks already"
    again = await people.ann.post(path, ADDRESS)
    assert (again.status_code, again.json()["errors"][0]["pointer"]) == (422, "/hold")


async def test_the_same_note_twice_is_one_and_bad_ones_leave_nothing(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/notes"
    for _time in range(2):
        answer = await people.ann.post(path, {"text": "Ring twice."}, key="note-key-0123456789")
        assert answer.json()["number"] == 1
    for body in ({"text": ""}, {"text": "x" * 501}, {"text": "a\u202eb"}, {"text": "Ring.", "hold": True}, {}):
        assert (await people.ann.post(path, body)).status_code in {400, 422}, body
    assert (await people.bob.post(path, {"text": "Mine?"})).status_code == 404
    assert (await people.sam.post(path, {"text": "Ours?"})).status_code == 403
    assert (await people.ann.post(f"{path}/1/acknowledge")).status_code == 403
    assert (await people.lou.post(f"{path}/1/acknowledge")).status_code == 404
    assert (await people.sam.post(f"{path}/2/acknowledge")).status_code == 404
    assert len((await notes(people.ann, order))["rows"]) == 1


async def test_words_of_a_note_can_be_erased_and_the_note_stays(people, market, desk):
    order = await market.order(Stage.PREPARING)
    await people.ann.post(f"/v1/orders/{order}/notes", {"text": "Ring at Lee."})
    assert "Ring at Lee" not in str(await desk.pool.fetch("SELECT body FROM events WHERE order_id = $1", order))
    await desk.pool.execute("UPDATE texts SET body = NULL, salt = NULL WHERE order_id = $1", order)
    (told,) = (await notes(people.sam, order))["rows"]
    assert (told["number"], told["text"]) == (1, "")
