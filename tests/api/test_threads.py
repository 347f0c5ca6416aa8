"""Conversations over HTTP: kept once, read by those they are for, and known to nobody else (M-17, M-34, R-038)."""

import asyncio
import hashlib
from datetime import datetime, timedelta

import pytest

from postgres.market import KILN, LANTERN
from rescind.access.principal import Principal
from rescind.conversations import Saying
from rescind.core.conversation import ThreadFilters
from rescind.core.stage import Stage
from scenarios.files import png

DAY = timedelta(hours=24)
SECRET = "xylophone"
"""A word of an internal note, looked for everywhere it must not be."""


async def say(who, order, text, audience="everyone", **more):
    answer = await who.post(f"/v1/orders/{order}/messages", {"text": text, "audience": audience}, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def texts(who, order):
    return [one["text"] for one in (await who.get(f"/v1/orders/{order}/messages")).json()["messages"]]


@pytest.fixture
async def talked(people, market):
    """An order and a conversation about it with a message of each audience; gives the order and the thread."""
    order = await market.order(Stage.PREPARING)
    said = await say(people.ann, order, "Is it on its way?")
    await say(people.sam, order, "Nearly.")
    await say(people.ann, order, "They are slow.", "buyer")
    await say(people.sam, order, "Impatient buyer.", "seller")
    await say(people.sue, order, f"Watch this one: {SECRET}", "internal")
    return order, said["thread"]


async def test_each_side_reads_what_is_for_it_and_the_platform_reads_all(people, talked):  # M-17
    order, _ = talked
    both = ["Is it on its way?", "Nearly."]
    assert await texts(people.ann, order) == [*both, "They are slow."]
    assert await texts(people.sam, order) == [*both, "Impatient buyer."]
    assert await texts(people.sue, order) == [
        *both,
        "They are slow.",
        "Impatient buyer.",
        f"Watch this one: {SECRET}",
    ]


async def test_an_internal_note_is_nowhere_for_buyer_and_seller(people, talked, desk):  # I-26
    order, thread = talked
    inbox = (await people.ann.get("/v1/threads")).json()
    for who in (people.ann, people.sam):
        for path in (
            "/v1/threads",
            f"/v1/threads/{thread}",
            f"/v1/threads/{thread}/transcript",
            f"/v1/orders/{order}/messages",
            f"/v1/orders/{order}",
            f"/v1/orders/{order}/events",
        ):
            answer = await who.get(path)
            assert answer.status_code == 200, path
            assert SECRET not in answer.text, path
            assert "internal" not in answer.text, path
        assert (await who.get("/v1/threads", text=SECRET)).json()["rows"] == []
    assert (await people.sue.get("/v1/threads", text=SECRET)).json()["rows"][0]["id"] == thread
    await say(people.sue, order, f"{SECRET} again", "internal")
    assert (await people.ann.get("/v1/threads")).json() == inbox, "not even the time of it shows"


async def test_what_is_for_the_platform_alone_does_not_open_the_conversation_to_the_other_side(people, market):
    order = await market.order(Stage.PREPARING)
    said = await say(people.ann, order, "May I tell you something about this shop?", "buyer")
    assert (await people.sam.get("/v1/threads")).json()["rows"] == []
    assert (await people.sam.get(f"/v1/threads/{said['thread']}")).status_code == 404
    assert (await people.sam.get(f"/v1/orders/{order}/messages")).json()["thread"] is None
    assert (await people.sue.get("/v1/threads", tab="unread")).json()["unread"] == 1


async def test_a_foreign_thread_answers_like_a_missing_one(people, talked):  # KF-23
    _, thread = talked
    missing = thread[:-1] + ("0" if thread[-1] != "0" else "1")
    calls = (
        ("GET", "", None),
        ("GET", "/transcript", None),
        ("POST", "/messages", {"text": "x"}),
        ("POST", "/seen", {}),
    )
    for who in (people.bob, people.lou):
        for method, path, body in calls:
            got = [
                await (
                    who.get(f"/v1/threads/{one}{path}")
                    if method == "GET"
                    else who.post(f"/v1/threads/{one}{path}", body)
                )
                for one in (thread, missing)
            ]
            assert [one.status_code for one in got] == [404, 404]
            assert {**got[0].json(), "instance": ""} == {**got[1].json(), "instance": ""}
        assert (await who.get("/v1/threads", text="way")).json()["rows"] == []
    assert (await people.host.get(f"/v1/threads/{thread}")).status_code == 403


async def test_a_message_sent_twice_is_said_once_however_the_answers_cross(people, market):
    order = await market.order(Stage.PREPARING)
    key = "the-same-message-1"
    answers = await asyncio.gather(*(say(people.ann, order, "Hello", key=key) for _ in range(5)))
    assert len({one["message"] for one in answers}) == 1
    assert await texts(people.sam, order) == ["Hello"]
    other = await people.ann.post(f"/v1/orders/{order}/messages", {"text": "Another"}, key=key)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")


async def test_two_who_begin_at_once_are_in_one_conversation(people, market):
    order = await market.order(Stage.PREPARING)
    said = await asyncio.gather(
        say(people.ann, order, "Hello"), say(people.sam, order, "Hi"), say(people.sue, order, "Hey")
    )
    assert len({one["thread"] for one in said}) == 1
    assert sorted(await texts(people.ann, order)) == ["Hello", "Hey", "Hi"]


async def test_nobody_addresses_whom_they_could_not_read_themselves(people, market):
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/messages"
    for who, audience in ((people.ann, "seller"), (people.sam, "buyer"), (people.ann, "internal"), (people.sam, "x")):
        answer = await who.post(path, {"text": "Psst", "audience": audience})
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/audience")
    for text in ("", "  \n ", "a" * 2001, "bad \u202e sign"):
        answer = await people.ann.post(path, {"text": text})
        assert answer.status_code == 422, text
    assert await texts(people.ann, order) == []


async def test_the_other_side_sees_when_it_was_seen(people, talked, clock):
    order, thread = talked
    await say(people.ann, order, "And now?")
    mine = (await people.ann.get(f"/v1/threads/{thread}")).json()["messages"][-1]
    assert mine["seen"] == []
    assert (await people.sam.get("/v1/threads")).json()["unread"] == 1
    clock.advance(timedelta(minutes=3))
    assert (await people.sam.post(f"/v1/threads/{thread}/seen", {"message": mine["id"]})).json() == {"noted": True}
    assert (await people.sam.post(f"/v1/threads/{thread}/seen", {})).json() == {"noted": False}
    (seen,) = (await people.ann.get(f"/v1/threads/{thread}")).json()["messages"][-1]["seen"]
    assert (seen["by"], seen["at"]) == ("seller", clock.read().isoformat().replace("+00:00", "Z"))
    assert (await people.sam.get("/v1/threads")).json()["unread"] == 0
    await people.sue.post(f"/v1/threads/{thread}/seen", {})
    assert all(
        one["by"] != "platform"
        for one in (await people.ann.get(f"/v1/threads/{thread}")).json()["messages"][-1]["seen"]
    )
    unknown = await people.sam.post(f"/v1/threads/{thread}/seen", {"message": "msg_" + "0" * 22})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/message")
    assert await texts(people.sam, order)


async def test_a_file_is_seen_by_those_the_message_is_for(people, market):  # KF-25
    order = await market.order(Stage.PREPARING)
    sent = await people.ann.post(f"/v1/orders/{order}/evidence", content=png(), headers={"content-type": "image/png"})
    file = sent.json()["id"]
    path = f"/v1/orders/{order}/evidence/{file}"
    answer = await people.ann.post(
        f"/v1/orders/{order}/messages", {"text": "Look", "audience": "buyer", "evidence": [file]}
    )
    assert answer.status_code == 201, answer.text
    assert [(await who.get(path)).status_code for who in (people.ann, people.sue, people.sam, people.bob)] == [
        200,
        200,
        404,
        404,
    ]
    await people.ann.post(f"/v1/orders/{order}/messages", {"text": "Look", "evidence": [file]})
    assert (await people.sam.get(path)).content == png()
    talk = (await people.sam.get(f"/v1/orders/{order}/messages")).json()
    assert [one["id"] for one in talk["messages"][-1]["evidence"]] == [file]
    foreign = await people.sam.post(f"/v1/orders/{order}/messages", {"text": "Mine now", "evidence": [file]})
    assert (foreign.status_code, foreign.json()["errors"][0]["pointer"]) == (422, "/evidence")


async def test_a_file_that_only_a_message_names_is_not_swept(people, market, desk, clock):
    order = await market.order(Stage.PREPARING)
    sent = await people.ann.post(f"/v1/orders/{order}/evidence", content=png(), headers={"content-type": "image/png"})
    file = sent.json()["id"]
    await people.ann.post(f"/v1/orders/{order}/messages", {"text": "Look", "evidence": [file]})
    clock.advance(timedelta(days=3))
    await desk.evidence.sweep()
    assert (await people.sam.get(f"/v1/orders/{order}/evidence/{file}")).status_code == 200


async def test_a_question_before_any_order_is_linked_to_the_order_that_follows(people, market, clock):  # M-34
    asked = await people.ann.post(
        "/v1/threads", {"shop": KILN, "sku": "MUG", "subject": "Mug", "text": "How tall is it?"}
    )
    assert asked.status_code == 201, asked.text
    thread = asked.json()["thread"]
    await people.ann.post("/v1/threads", {"shop": LANTERN, "text": "Do you ship to Norway?"})
    (row,) = (await people.sam.get("/v1/threads")).json()["rows"]
    assert (row["about"], row["subject"], row["order"], row["unread"]) == ("product", "Mug", None, True)
    await people.sam.post(f"/v1/threads/{thread}/messages", {"text": "9 cm"})
    clock.advance(timedelta(days=2))
    order = await market.order(Stage.PREPARING)
    clock.advance(timedelta(hours=1))
    await market.order(Stage.PREPARING)
    (row,) = (await people.sam.get("/v1/threads")).json()["rows"]
    assert row["order"] == order, "the first order that followed, and no later one"
    talk = (await people.sam.get(f"/v1/orders/{order}/messages")).json()
    assert [one["id"] for one in talk["before"]] == [thread]
    assert talk["thread"] is None
    refused = await people.sam.post("/v1/threads", {"shop": KILN, "text": "Buy something?"})
    assert refused.status_code == 403


async def test_saying_please_cancel_changes_nothing(people, market):
    order = await market.order(Stage.PREPARING)
    before = (await people.ann.get(f"/v1/orders/{order}")).json()
    await say(people.ann, order, "Please cancel my order")
    assert (await people.ann.get(f"/v1/orders/{order}")).json() == before
    assert [one["says"] for one in (await people.ann.get(f"/v1/orders/{order}/messages")).json()["messages"]] == [
        "wants_to_cancel"
    ]


async def test_a_seller_who_asks_the_buyer_to_cancel_is_shown_to_support_and_the_message_stays(
    people, market
):  # R-038, S-38
    order = await market.order(Stage.PREPARING)
    said = await say(people.sam, order, "We ran out, please cancel the order")
    (row,) = (await people.sue.get("/v1/threads", tab="flagged")).json()["rows"]
    assert (row["id"], row["last"]["says"], row["flagged"]) == (said["thread"], "asks_buyer_to_cancel", True)
    for who in (people.ann, people.sam):
        talk = (await who.get(f"/v1/orders/{order}/messages")).json()
        assert [(one["text"], one["says"]) for one in talk["messages"]] == [("We ran out, please cancel the order", "")]
        assert talk["thread"]["flagged"] is False
        assert (await who.get("/v1/threads", tab="flagged")).status_code == 422


async def test_a_transcript_proves_itself(people, talked):
    _, thread = talked
    answer = await people.ann.get(f"/v1/threads/{thread}/transcript")
    assert answer.headers["content-disposition"].startswith('attachment; filename="conversation-')
    written = answer.json()
    assert [one["text"] for one in written["messages"]] == ["Is it on its way?", "Nearly.", "They are slow."]
    for one in written["messages"]:
        assert hashlib.sha256(f"{one['salt']}\n{one['text']}".encode()).hexdigest() == one["digest"]
    again = (await people.ann.get(f"/v1/threads/{thread}/transcript")).json()
    assert again["digest"] == written["digest"]


async def test_words_can_be_erased_and_nothing_else_of_a_message(people, talked, desk):
    order, thread = talked
    before = (await people.ann.get(f"/v1/threads/{thread}/transcript")).json()
    await desk.pool.execute("UPDATE messages SET body = NULL, salt = NULL")
    talk = (await people.ann.get(f"/v1/orders/{order}/messages")).json()
    assert [(one["text"], one["erased"]) for one in talk["messages"]] == [("", True)] * 3
    assert (await people.ann.get(f"/v1/threads/{thread}/transcript")).json()["digest"] == before["digest"]
    for statement in ("UPDATE messages SET audience = 'everyone'", "DELETE FROM messages", "DELETE FROM message_reads"):
        with pytest.raises(Exception, match="permission denied"):
            await desk.pool.execute(statement)


async def test_a_side_that_sends_too_much_at_once_waits(people, market, clock):
    order = await market.order(Stage.PREPARING)
    for number in range(20):
        await say(people.ann, order, f"Message {number}")
    answer = await people.ann.post(f"/v1/orders/{order}/messages", {"text": "One more"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    await say(people.sam, order, "I can still answer")
    clock.advance(timedelta(seconds=61))
    await say(people.ann, order, "One more")


async def test_a_long_conversation_is_read_part_by_part(people, market, clock):
    order = await market.order(Stage.PREPARING)
    for number in range(12):
        await say(
            people.ann if number % 2 else people.sue, order, str(number), "everyone" if number % 2 else "internal"
        )
        clock.advance(timedelta(seconds=10))
    path, found, before = f"/v1/orders/{order}/messages", [], {}
    while True:
        talk = (await people.sam.get(path, limit=2, **before)).json()
        found = [one["text"] for one in talk["messages"]] + found
        if not talk["earlier"]:
            break
        before = {"before": talk["messages"][0]["id"]}
    assert found == ["1", "3", "5", "7", "9", "11"]
    internal = (await people.sue.get(path)).json()["messages"][0]["id"]
    assert (await people.sam.get(path, before=internal)).status_code == 422, "not even its id is known to the seller"


async def test_the_stream_tells_of_messages_to_whom_they_are_for(people, talked, desk):
    order, _ = talked
    heard = {}
    async with asyncio.timeout(10):
        while sum(one.type == "MessageSent" for one in desk.tail._remembered) < 5:  # noqa: ASYNC110 - a tail tells nobody that it has read
            await asyncio.sleep(0.02)
    for name, who in (("ann", people.ann), ("sam", people.sam), ("sue", people.sue)):
        principal = await desk.access.identify(f"Bearer {who.token}".encode(), None, "test")
        events = desk.tail._missed(desk.tail._from, principal.scope)
        heard[name] = [one.audience for one in events if one.type == "MessageSent" and one.order == order]
    assert heard["ann"] == ["everyone", "everyone", "buyer"]
    assert heard["sam"] == ["everyone", "everyone", "seller"]
    assert heard["sue"] == ["everyone", "everyone", "buyer", "seller", "internal"]


async def test_that_it_was_seen_is_told_to_those_who_may_know_and_to_the_windows_of_who_saw(people, talked, desk):
    order, thread = talked
    everybody = {"buyer", "seller", "platform"}

    async def told(who):
        assert (await who.post(f"/v1/threads/{thread}/seen", {})).json() == {"noted": True}
        return await told_last(people, desk, thread)

    await say(people.ann, order, "So slow.", "buyer")
    await say(people.sam, order, "So impatient.", "seller")
    assert await told(people.sue) == everybody, "each of them had written to support"
    await say(people.ann, order, "And now?")
    assert (await people.sue.post(f"/v1/threads/{thread}/seen", {})).json() == {"noted": False}, "it is not for support"
    assert await told(people.sam) == everybody
    await say(people.sue, order, "Wait a day.", "seller")
    assert await told(people.sam) == {"seller", "platform"}
    await say(people.ann, order, "Are they serious?", "buyer")
    assert await told(people.sue) == {"buyer", "platform"}


async def test_whoever_answers_has_read_what_was_there_before(people, market, desk):
    order = await market.order(Stage.PREPARING)
    said = await say(people.ann, order, "Is it on its way?")
    await say(people.ann, order, "Hello?")
    unread = [(await who.get("/v1/threads")).json()["unread"] for who in (people.sam, people.ann)]
    assert unread == [1, 0]
    assert (await people.sam.get("/v1/notices")).json()["unread"] > 0
    await say(people.sam, order, "Nearly.")
    unread = [(await who.get("/v1/threads")).json()["unread"] for who in (people.sam, people.ann)]
    assert unread == [0, 1]
    assert await left_of_messages(desk, said["thread"]) == ["buyer"], "the answer is told to the buyer alone"
    answered = (await people.ann.get(f"/v1/threads/{said['thread']}")).json()["messages"][1]
    assert [one["by"] for one in answered["seen"]] == ["seller"]


async def test_a_note_calls_the_colleagues_who_have_written_there_and_each_reads_it_for_themselves(
    people, market, desk
):
    order = await market.order(Stage.PREPARING)
    robin, kim, lee = (
        Principal(role="support", id=name, account=name, credential="test")
        for name in ("psn_robin", "psn_kim", "psn_lee")
    )
    talks = desk.conversations

    async def notes(who, words, audience="internal"):
        what = Saying(text=words, audience=audience, key=f"a key of {words}", fingerprint=hashlib.sha256().digest())
        return await talks.say_about(who, await market.read(order), what)

    async def news():
        return [await talks.unread(one) for one in (robin, kim, lee)]

    thread = (await notes(kim, "We look into it.", "everyone")).thread
    assert await news() == [0, 0, 0]
    await notes(robin, "Second time this week.")
    assert await news() == [0, 1, 0], "whoever has not been in it is called by the desk's own list"
    (row,) = (await talks.inbox(kim, ThreadFilters(tab="unread"))).rows
    assert (row.id, row.unread, (await talks.inbox(robin, ThreadFilters())).rows[0].unread) == (thread, True, False)
    assert (await people.sue.get("/v1/threads")).json()["unread"] == 0, (
        "without an account there is the side's mark only"
    )
    assert await talks.read_on_page(kim, await talks.read(kim, thread))
    assert await news() == [0, 0, 0]
    await notes(kim, "Asked them.")
    assert await talks.seen(lee, thread) is False
    assert await news() == [1, 0, 0], "what a colleague reads is not read by another"
    assert await talks.seen(robin, thread) is True
    await say(people.ann, order, "Hello?", "buyer")
    assert await news() == [1, 1, 1], "what others say is for the desk"
    assert await talks.seen(lee, thread) is True
    assert await news() == [0, 0, 0]
    unread = [(await who.get("/v1/threads")).json()["unread"] for who in (people.ann, people.sam)]
    assert unread == [0, 1], "of the notes nobody else learns"


async def left_of_messages(desk, thread):
    rows = await desk.pool.fetch("SELECT role FROM notices WHERE thread_id = $1 AND read_at IS NULL", thread)
    return [row["role"] for row in rows]


async def told_last(people, desk, thread):
    """The sides that are told of the last time something in it was seen."""
    marks = await desk.pool.fetchval("SELECT count(*) FROM message_reads WHERE thread_id = $1", thread)
    found = []
    async with asyncio.timeout(10):
        while len(found) < marks:
            found = [one for one in desk.tail._remembered if one.type == "MessagesSeen" and one.thread == thread]
            await asyncio.sleep(0.02)
    sides = {"buyer": people.ann, "seller": people.sam, "platform": people.sue}
    scopes = {
        side: (await desk.access.identify(f"Bearer {who.token}".encode(), None, "test")).scope
        for side, who in sides.items()
    }
    return {side for side, scope in scopes.items() if found[-1].told_to(scope)}


async def test_a_request_filed_from_a_message_counts_from_it(people, market, clock):  # M-17
    order = await market.order(Stage.PREPARING)
    path = f"/v1/orders/{order}/cancellations"
    wish = await say(people.ann, order, "Please cancel my order")
    other = await say(people.ann, order, "Is it blue?")
    clock.advance(timedelta(hours=1))
    await market.fact(order, "packing_started")
    for message in (other["message"], "msg_" + "0" * 22):
        wrong = await people.ann.post(path, {"reason": "changed_mind", "message": message})
        assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/message")
    foreign = await people.bob.post(path, {"reason": "changed_mind", "message": wish["message"]})
    assert foreign.status_code == 404
    asked = await people.ann.post(path, {"reason": "changed_mind", "message": wish["message"]})
    assert (asked.json()["cancellation"]["status"], asked.json()["cancellation"]["rule"]) == (
        "awaiting_seller",
        "ASK-1",
    )
    receipt = (await people.ann.get(asked.json()["receipt"])).json()
    assert receipt["facts"]["stage"] == "preparing"
    await people.ann.post(f"{path}/{asked.json()['cancellation']['id']}/withdraw", {})
    again = await people.ann.post(path, {"reason": "changed_mind", "message": wish["message"]})
    assert again.json()["cancellation"]["status"] == "refused", "the message is spent: its request was taken back"


async def test_a_shop_reads_what_waits_for_its_answer_with_until_when_and_what_is_due_first(people, market, clock):
    first, second = await market.order(Stage.PREPARING), await market.order(Stage.PREPARING)
    begun, asked = clock.read(), []
    for order in (first, second):
        asked.append(await say(people.ann, order, "Hello?"))
        clock.advance(timedelta(hours=1))
    await say(people.ann, first, "Hello again?")
    await say(people.sue, first, "Aside", "internal")
    rows = (await people.sam.get("/v1/threads", tab="waiting")).json()["rows"]
    assert [row["id"] for row in rows] == [one["thread"] for one in asked]
    assert datetime.fromisoformat(rows[0]["waits_since"]) - begun < timedelta(minutes=1), "asking again asks once"
    assert datetime.fromisoformat(rows[0]["answer_by"]) - datetime.fromisoformat(rows[0]["waits_since"]) == DAY
    await say(people.sam, first, "Tomorrow", "seller")
    assert len((await people.sam.get("/v1/threads", tab="waiting")).json()["rows"]) == 2, (
        "the buyer reads nothing of it"
    )
    await say(people.sam, first, "Tomorrow")
    (row,) = (await people.sam.get("/v1/threads", tab="waiting")).json()["rows"]
    assert row["id"] == asked[1]["thread"]
    for who in (people.ann, people.sue):
        assert (await who.get("/v1/threads", tab="waiting")).status_code == 422
