"""How a shop is reached, what it keeps ready, and what was said elsewhere, for programs (M-19)."""

from datetime import timedelta

from postgres.market import KILN
from rescind.api.description import EXAMPLES
from rescind.core.stage import Stage

CARD, REPLIES, NOTE = (EXAMPLES[name] for name in ("contact_set_card", "contact_set_replies", "threads_note_contact"))


async def put(who, path, body, **headers):
    return await who.client.request("PUT", path, json=body, headers=who.headers(headers))


async def test_a_shop_sets_its_card_and_everybody_reads_whether_somebody_is_there(people, market, clock):
    path = f"/v1/shops/{KILN}/contact"
    before = (await people.ann.get(path)).json()
    assert (before["version"], before["open"], before["email"]) == (0, None, "")
    told = await put(people.sam, path, CARD)
    assert (told.status_code, told.headers["etag"]) == (200, '"1"')
    assert (told.json()["open"], told.json()["opens_at"]) == (True, None)
    for who in (people.ann, people.sue, people.host, people.ops):
        assert (await who.get(path)).json()["until"] == "2026-05-04T16:30:00Z"
    assert (await people.lou.get(path)).status_code == 404, "one shop's key is for one shop"
    clock.advance(timedelta(hours=10))
    later = (await people.ann.get(path)).json()
    assert (later["open"], later["opens_at"]) == (False, "2026-05-05T08:00:00Z")


async def test_the_card_is_the_shops_own_and_the_same_again_is_no_news(people, market, desk):
    path = f"/v1/shops/{KILN}/contact"
    for _time in range(2):
        assert (await put(people.sam, path, CARD)).json()["version"] == 1
    assert (await put(people.lou, path, CARD)).status_code == 404
    assert (await put(people.ann, path, CARD)).status_code == 403
    stale = await put(people.sam, path, CARD | {"email": "new@kiln.example"}, **{"if-match": '"0"'})
    assert (stale.status_code, stale.json()["type"]) == (412, "/problems/stale-shop")
    wrong = await put(people.sam, path, CARD | {"phone": "12"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/phone")
    assert (await people.sam.get(path)).json()["version"] == 1
    history = await desk.versions.history(KILN)
    assert [(one.kind, one.changed_by) for one in history] == [("contact", "seller:sam")]


async def test_quick_replies_are_for_the_shop_and_are_set_as_a_whole(people, market):
    path = f"/v1/shops/{KILN}/quick-replies"
    assert (await people.sam.get(path)).json()["replies"] == []
    assert (await put(people.sam, path, REPLIES)).json()["replies"] == REPLIES["replies"]
    half = {"replies": [{"title": "T", "texts": {"en": "Only here"}}]}
    wrong = await put(people.sam, path, half)
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/replies/0/texts")
    hidden = {"replies": [{"title": "T", "texts": {"en": "a\u202eb", "zh": "c"}}]}
    unseen = await put(people.sam, path, hidden)
    assert (unseen.status_code, unseen.json()["errors"][0]["pointer"]) == (422, "/replies/0/texts/en")
    assert (await people.sam.get(path)).json()["version"] == 1
    assert (await people.ann.get(path)).status_code == 403
    assert (await people.lou.get(path)).status_code == 404
    assert (await put(people.sam, path, {"replies": []})).json()["version"] == 2


# --- what was said elsewhere -----------------------------------------------------------------------------------------


async def test_what_was_said_elsewhere_is_there_for_all_and_the_other_side_answers_it(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}"
    noted = (await people.ann.post(f"{path}/contact-notes", NOTE)).json()
    for who in (people.ann, people.sam, people.sue):
        (told,) = (await who.get(f"{path}/messages")).json()["messages"]
        assert told["outside"] == {"way": "telephone", "at": "2026-05-04T07:40:00Z", "with": "Sam of Kiln & Co"}
        assert (told["text"], told["audience"], told["says"]) == (NOTE["text"], "everyone", "")
    body = {"text": "I said next week.", "answers": noted["message"]}
    await people.sam.post(f"{path}/messages", body)
    answer = (await people.ann.get(f"{path}/messages")).json()["messages"][1]
    assert answer["answers"] == noted["message"]
    strange = await people.sam.post(f"{path}/messages", body | {"answers": "msg_00000001none0000000000"})
    assert (strange.status_code, strange.json()["errors"][0]["pointer"]) == (422, "/answers")


async def test_a_contact_note_is_evidence_and_never_an_act(people, market, desk):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}"
    before = await market.read(order)
    await people.ann.post(f"{path}/contact-notes", NOTE | {"text": "Please cancel my order, I said."})
    (told,) = (await people.ann.get(f"{path}/messages")).json()["messages"]
    assert told["says"] == "", "no button beside it"
    asked = {"reason": "changed_mind", "message": told["id"]}
    refused = await people.ann.post(f"{path}/cancellations", asked)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/message")
    assert await market.read(order) == before
    row = await desk.pool.fetchrow("SELECT asked_at, answered_at FROM threads")
    assert (row["asked_at"], row["answered_at"]) == (None, None), "it asks nothing, so nobody is slow to answer it"
    attached, since = await desk.conversations.attached(before)
    assert (attached.messages, since) == (1, None), "whoever calls the platform has it attached"


async def test_the_export_proves_the_words_and_with_whom(people, market, desk):
    order = await market.order(Stage.PREPARING)
    sent = (await people.ann.post(f"/v1/orders/{order}/contact-notes", NOTE)).json()
    written = (await people.sam.get(f"/v1/threads/{sent['thread']}/transcript")).json()
    (spoken,) = written["messages"]
    from rescind.core.conversation import digest  # noqa: PLC0415 - what a reader of the export does

    words = f"{spoken['outside']['whom']}\n{spoken['text']}"
    assert digest(spoken["salt"], words) == spoken["digest"]
    assert spoken["outside"]["at"] == NOTE["at"]
    await desk.pool.execute("UPDATE messages SET body = NULL, salt = NULL")
    erased = (await people.sam.get(f"/v1/threads/{sent['thread']}/transcript")).json()
    assert erased["digest"] == written["digest"]
    assert (erased["messages"][0]["text"], erased["messages"][0]["outside"]["whom"]) == ("", "")


async def test_bad_notes_leave_nothing_and_a_repeat_is_one(people, market, desk):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/contact-notes"
    for body, status in (
        (NOTE | {"with": ""}, 422),
        (NOTE | {"with": "a\nb"}, 422),
        (NOTE | {"text": ""}, 422),
        (NOTE | {"way": "smoke"}, 422),
        (NOTE | {"at": "2026-05-05T08:00:00Z"}, 422),
        (NOTE | {"at": "2024-05-04T08:00:00Z"}, 422),
        (NOTE | {"at": "2026-05-04"}, 422),
        (NOTE | {"evidence": ["evi_00000001none0000000000"]}, 422),
        (NOTE | {"audience": "buyer"}, 422),
    ):
        answer = await people.ann.post(path, body)
        assert answer.status_code == status, (body, answer.text)
    assert (await people.bob.post(path, NOTE)).status_code == 404
    assert (await people.host.post(path, NOTE)).status_code == 403
    assert await desk.pool.fetchval("SELECT count(*) FROM messages") == 0
    first = await people.sam.post(path, NOTE, key="contact-key-0123456789")
    assert (await people.sam.post(path, NOTE, key="contact-key-0123456789")).json() == first.json()
    assert await desk.pool.fetchval("SELECT count(*) FROM messages") == 1
