"""Files of conversations before any order, over HTTP: who sees them, how many there may be, and what follows (M-34)."""

import asyncio
from datetime import timedelta

import msgspec
import pytest

from postgres.market import KILN, LANTERN
from rescind.core.stage import Stage
from rescind.core.transcript import Transcript, complete
from scenarios.files import HTML, exif, jpeg, png, segment

HOUR = timedelta(hours=1)


async def send(who, path, data=None, kind="image/png", **more):
    data = png() if data is None else data
    return await who.post(f"/v1/{path}/evidence", content=data, headers={"content-type": kind, **more})


async def sent(who, path, data=None):
    answer = await send(who, path, data)
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def ask(who, files=(), shop=KILN, sku="MUG", **more):
    body = {"shop": shop, "sku": sku, "subject": "Mug", "text": "Is this crack normal?", "evidence": list(files)}
    return await who.post("/v1/threads", body, **more)


@pytest.fixture
async def asked(people):
    """A question of Ann's to Sam's shop with a photo; gives the thread and the file."""
    file = await sent(people.ann, f"shops/{KILN}")
    answer = await ask(people.ann, [file])
    assert answer.status_code == 201, answer.text
    return answer.json()["thread"], file


async def statuses(people, path):
    return [(await who.get(path)).status_code for who in (people.ann, people.sam, people.sue, people.bob, people.lou)]


async def test_a_file_of_a_question_is_its_senders_until_it_is_asked_and_then_its_readers(people):  # KF-25, M-34
    file = await sent(people.ann, f"shops/{KILN}")
    path = f"/v1/shops/{KILN}/evidence/{file}"
    assert (await people.ann.get(path)).content == png()
    assert (await people.bob.get(path)).status_code == 404
    assert (await people.sam.get(path)).status_code == 403
    thread = (await ask(people.ann, [file])).json()["thread"]
    assert (await people.ann.get(path)).status_code == 404, "it went along with the question"
    assert await statuses(people, f"/v1/threads/{thread}/evidence/{file}") == [200, 200, 200, 404, 404]
    assert (await people.host.get(f"/v1/threads/{thread}/evidence/{file}")).status_code == 403
    (message,) = (await people.sam.get(f"/v1/threads/{thread}")).json()["messages"]
    assert [one["id"] for one in message["evidence"]] == [file]
    await people.sam.post(f"/v1/threads/{thread}/seen", {"message": message["id"]})
    (row,) = (await people.ann.get("/v1/threads")).json()["rows"]
    assert row["last"] == (await people.ann.get(f"/v1/threads/{thread}")).json()["messages"][-1]
    assert (len(row["last"]["evidence"]), row["last"]["seen"][0]["by"]) == (1, "seller"), (
        "as it stands in the inbox, too"
    )
    (listed,) = (await people.sam.get(f"/v1/threads/{thread}/evidence")).json()["rows"]
    assert (listed["file"]["id"], listed["about"], listed["by"]) == (file, thread, "buyer")


async def test_a_file_of_a_conversation_is_seen_by_those_its_message_is_for(people, asked):  # KF-25
    thread, _ = asked
    file = await sent(people.sam, f"threads/{thread}", png(colour=(1, 2, 3)))
    path = f"/v1/threads/{thread}/evidence/{file}"
    assert await statuses(people, path) == [404, 200, 404, 404, 404]
    said = {"text": "Between us", "audience": "seller", "evidence": [file]}
    assert (await people.sam.post(f"/v1/threads/{thread}/messages", said)).status_code == 201
    assert await statuses(people, path) == [404, 200, 200, 404, 404]
    assert len((await people.ann.get(f"/v1/threads/{thread}/evidence")).json()["rows"]) == 1
    foreign = await people.ann.post(f"/v1/threads/{thread}/messages", {"text": "Mine", "evidence": [file]})
    assert (foreign.status_code, foreign.json()["errors"][0]["pointer"]) == (422, "/evidence")


async def test_files_of_questions_are_checked_and_stripped_as_those_of_orders(people, market, asked, tmp_path):  # UP-05
    thread, _ = asked
    for path in (f"shops/{KILN}", f"threads/{thread}"):
        for data, kind, status in ((HTML, "image/png", 422), (png(), "image/jpeg", 422), (HTML, "text/html", 415)):
            assert (await send(people.ann, path, data, kind)).status_code == status
        told = await send(people.ann, path, jpeg(segment(0xE1, exif())), "image/jpeg")
        kept = next(one for one in (tmp_path / "evidence").rglob(told.json()["id"]))
        assert b"52.52" not in kept.read_bytes()
    for who, path in ((people.bob, f"threads/{thread}"), (people.ann, "threads/" + "cnv_" + "0" * 22)):
        assert (await send(who, path)).status_code == 404
    assert (await send(people.sam, f"shops/{KILN}")).status_code == 403
    assert await market.pool.fetchval("SELECT count(*) FROM evidence") == 3


async def test_a_file_goes_with_one_question_and_a_repeated_call_is_the_same(people):  # ID-02
    key = {"idempotency-key": "a-key-of-some-length"}
    file = (await send(people.ann, f"shops/{KILN}", **key)).json()["id"]
    elsewhere = await sent(people.ann, f"shops/{LANTERN}")
    for who, files in ((people.bob, [file]), (people.ann, [elsewhere]), (people.ann, [file, file])):
        wrong = await ask(who, files)
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/evidence")
    first, again = [await ask(people.ann, [file], key="the-same-question-1") for _ in range(2)]
    assert (again.status_code, again.content) == (201, first.content)
    taken = await ask(people.ann, [file])
    assert (taken.status_code, taken.json()["errors"][0]["pointer"]) == (422, "/evidence")
    assert len((await people.ann.get("/v1/threads")).json()["rows"]) == 1, "nothing was asked by it"
    repeated = await send(people.ann, f"shops/{KILN}", **key)
    assert (repeated.json()["id"], repeated.headers["idempotent-replay"]) == (file, "true")
    assert await sent(people.ann, f"shops/{KILN}") != file, "sent anew it is for another question"


async def test_conversations_cannot_be_used_to_fill_the_store(people, desk, clock, asked):  # UP-02
    thread, _ = asked
    most = desk.settings.evidence_order_files
    places = [f"threads/{thread}", f"shops/{KILN}"]
    answers = await asyncio.gather(
        *(send(people.ann, places[place % 2], png(colour=(place, 0, 0))) for place in range(most + 4))
    )
    assert sorted(one.status_code for one in answers) == [201] * (most - 1) + [409] * 5, "the first was the question's"
    assert next(one.json()["files"] for one in answers if one.status_code == 409) == most
    assert (await send(people.sam, f"threads/{thread}")).status_code == 201, "each side has room of its own"
    assert (await send(people.bob, f"shops/{KILN}")).status_code == 201
    assert (await send(people.ann, f"shops/{LANTERN}")).status_code == 201
    clock.advance(49 * HOUR)
    assert await desk.evidence.sweep() > 0
    assert (await send(people.ann, f"shops/{KILN}")).status_code == 201, "the next day there is room again"


async def test_what_no_question_names_is_swept_and_what_one_names_stays(people, desk, clock, asked, tmp_path):  # UP-06
    thread, file = asked
    await sent(people.ann, f"shops/{KILN}", png(colour=(9, 9, 9)))
    await sent(people.sam, f"threads/{thread}")
    clock.advance(47 * HOUR)
    assert await desk.evidence.sweep() == 0
    clock.advance(2 * HOUR)
    assert await desk.evidence.sweep() == 3
    assert [one.name for one in (tmp_path / "evidence").rglob("*") if one.is_file()] == [file]
    assert await statuses(people, f"/v1/threads/{thread}/evidence/{file}") == [200, 200, 200, 404, 404]


async def test_the_order_that_follows_has_the_files_of_its_question(people, market, clock, asked):  # M-34, R-054
    thread, file = asked
    later = await sent(people.ann, f"threads/{thread}", png(colour=(1, 2, 3)))
    clock.advance(HOUR)
    order = await market.order(Stage.PREPARING)
    clock.advance(HOUR)
    other = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/evidence/{file}"
    assert await statuses(people, path) == [200, 200, 200, 404, 404]
    assert await statuses(people, path.replace(order, other)) == [404] * 5, "it was another order that followed"
    (row,) = (await people.sam.get(f"/v1/orders/{order}/evidence")).json()["rows"]
    assert (row["file"]["id"], row["about"], row["by"]) == (file, thread, "buyer")
    asks = f"/v1/orders/{order}/cancellations"
    unsaid = await people.ann.post(asks, {"reason": "changed_mind", "evidence": [later]})
    assert (unsaid.status_code, unsaid.json()["errors"][0]["pointer"]) == (422, "/evidence")
    wish = await people.ann.post(asks, {"reason": "changed_mind", "evidence": [file]})
    assert wish.status_code == 201, wish.text
    rows = (await people.sam.get(f"/v1/orders/{order}/evidence")).json()["rows"]
    assert [one["about"] for one in rows] == [thread, wish.json()["cancellation"]["id"]]
    assert await statuses(people, path) == [200, 200, 200, 404, 404]


async def test_an_id_that_stands_in_an_event_opens_no_file_of_somebody_else(people, market):  # KF-25
    foreign = await sent(people.bob, f"shops/{KILN}")
    assert (await ask(people.bob, [foreign])).status_code == 201
    own = await sent(people.ann, f"shops/{KILN}")
    assert (await ask(people.ann, [own], sku="")).status_code == 201
    order = await market.order(Stage.PACKED)
    for file, status in ((foreign, 404), (own, 200)):
        await market.fact(order, "handed_over", tracking=file, lines={"1": 1})
        assert (await people.ann.get(f"/v1/orders/{order}/evidence/{file}")).status_code == status


async def test_a_transcript_lists_the_files_of_a_question_and_so_does_that_of_the_order(people, market, asked):
    thread, file = asked
    written = (await people.sam.get(f"/v1/threads/{thread}/transcript")).json()
    assert [one["id"] for one in written["messages"][0]["files"]] == [file]
    order = await market.order(Stage.PREPARING)
    said = await people.sam.post(f"/v1/orders/{order}/messages", {"text": "Thank you for your order."})
    answer = await people.sam.get(f"/v1/threads/{said.json()['thread']}/transcript")
    (before,) = answer.json()["before"]
    assert (before["thread"], before["digest"], before["messages"]) == (thread, written["digest"], 1)
    assert [one["id"] for one in before["files"]] == [file]
    told = msgspec.json.decode(answer.content, type=Transcript)
    assert complete(told)
    assert not complete(msgspec.structs.replace(told, before=())), "nor may it be left out"
