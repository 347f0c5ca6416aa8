"""An offer opens the conversation about its order: in inboxes with its mark, in what is read, and on paper (M-17)."""

from datetime import timedelta
from pathlib import Path

import asyncpg

from rescind.api.description import EXAMPLES
from rescind.core.ids import canonical
from rescind.core.stage import Stage
from rescind.postgres import migrate
from rescind.postgres.embedded import OWNER

MINUTE = timedelta(minutes=1)
BACK = EXAMPLES["cancellations_offer"]


async def asked(people, market):
    """An order with a request that waits for the shop; gives its address."""
    order = await market.order(Stage.PREPARING)
    told = await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    return order, f"/v1/orders/{order}/cancellations/{told.json()['cancellation']['id']}"


async def offered(people, market, clock):
    order, path = await asked(people, market)
    clock.advance(MINUTE)
    made = await people.sam.post(f"{path}/offer", BACK)
    assert made.status_code == 200, made.text
    return order, path


async def inbox(who, **query):
    return (await who.get("/v1/threads", **query)).json()


async def unread(*who):
    return [(await inbox(one))["unread"] for one in who]


async def test_an_offer_opens_the_conversation_and_is_new_to_whom_it_is_made(people, market, clock):  # M-17
    await asked(people, market)
    assert (await inbox(people.ann))["rows"] == [], "a request alone opens none"
    order, _ = await offered(people, market, clock)
    for who, new in ((people.ann, True), (people.sam, False), (people.sue, False)):
        (row,) = (await inbox(who))["rows"]
        assert (row["order"], row["last"], row["unread"]) == (order, None, new)
        assert (row["offer"]["amount"], row["offer"]["by"]) == ({"amount": 500, "currency": "EUR"}, "seller")
        assert row["last_at"] == clock.read().isoformat().replace("+00:00", "Z")
    assert [one["id"] for one in (await inbox(people.ann, tab="unread"))["rows"]] == [row["id"]]
    assert (await inbox(people.bob))["rows"] == (await inbox(people.lou))["rows"] == []
    assert (await people.lou.get(f"/v1/threads/{row['id']}")).status_code == 404


async def test_the_acts_are_read_with_the_messages_and_are_on_paper(people, market, clock):
    order, path = await offered(people, market, clock)
    (row,) = (await inbox(people.ann))["rows"]
    for address in (f"/v1/threads/{row['id']}", f"/v1/orders/{order}/messages"):
        talk = (await people.sam.get(address)).json()
        assert (talk["thread"]["id"], talk["messages"]) == (row["id"], [])
        assert [(one["type"], one["by"]) for one in talk["acts"]] == [("SellerAsked", "buyer"), ("OfferMade", "seller")]
        assert talk["acts"][1]["offer"]["amount"] == {"amount": 500, "currency": "EUR"}
        assert talk["acts"][1]["request"] == path.rpartition("/")[2]
    written = (await people.ann.get(f"/v1/threads/{row['id']}/transcript")).json()
    assert [one["type"] for one in written["acts"]] == ["SellerAsked", "OfferMade"]
    assert written["messages"] == []
    clock.advance(MINUTE)
    assert (await people.ann.post(f"{path}/offer/decline", EXAMPLES["cancellations_decline"])).status_code == 200
    (row,) = (await inbox(people.sam))["rows"]
    assert (row["unread"], row["offer"]) == (True, None), "the answer is news, and nothing waits for one"


async def test_each_act_stands_in_one_part_of_a_long_conversation(people, market, clock):
    order, _ = await offered(people, market, clock)
    for number in range(4):
        clock.advance(MINUTE)
        await people.ann.post(f"/v1/orders/{order}/messages", {"text": str(number)})
        if number == 1:
            clock.advance(MINUTE)
            (asked,) = (await market.read(order)).cancellations
            await people.ann.post(f"/v1/orders/{order}/cancellations/{asked.id}/withdraw", {})
        if number == 2:
            clock.advance(MINUTE)
            await people.ann.post(f"/v1/orders/{order}/cancellations", {"reason": "changed_mind"})
    last = (await people.sam.get(f"/v1/orders/{order}/messages", limit=2)).json()
    first = (await people.sam.get(f"/v1/orders/{order}/messages", limit=2, before=last["messages"][0]["id"])).json()
    assert [one["text"] for one in first["messages"] + last["messages"]] == ["0", "1", "2", "3"]
    told = [[one["type"] for one in part["acts"]] for part in (first, last)]
    assert told == [["SellerAsked", "OfferMade", "CancellationWithdrawn"], ["SellerAsked"]]


async def test_what_was_offered_is_read_by_looking_by_answering_and_by_writing(people, market, clock):
    order, path = await offered(people, market, clock)
    (row,) = (await inbox(people.ann))["rows"]
    seen = f"/v1/threads/{row['id']}/seen"
    assert (await people.ann.post(seen, {})).json() == {"noted": True}
    assert (await people.ann.post(seen, {})).json() == {"noted": False}
    assert await unread(people.ann, people.sam) == [0, 0]
    clock.advance(MINUTE)
    await people.sam.post(f"{path}/offer", BACK)
    assert await unread(people.ann, people.sam) == [1, 0]
    said = await people.ann.post(f"/v1/orders/{order}/messages", {"text": "Let me think."})
    assert await unread(people.ann, people.sam) == [0, 1], "nobody writes who has not seen it"
    # Between what was said to the seller and what follows there is a note that the buyer knows nothing of.
    await people.sue.post(f"/v1/orders/{order}/messages", {"text": "Aside", "audience": "internal"})
    clock.advance(MINUTE)
    await people.sam.post(f"{path}/offer", BACK)
    assert (await people.ann.post(seen, {"message": said.json()["message"]})).json() == {"noted": True}
    assert await unread(people.ann) == [0]
    clock.advance(MINUTE)
    await people.sam.post(f"{path}/offer", BACK)
    await people.sam.post(f"/v1/orders/{order}/messages", {"text": "Better?"})
    await people.ann.post(seen, {"message": said.json()["message"]})
    assert await unread(people.ann) == [1], "what was said after it is not seen yet"
    assert (await people.ann.post(seen, {})).json() == {"noted": True}
    assert await unread(people.ann) == [0]
    clock.advance(MINUTE)
    await people.sam.post(f"{path}/offer", BACK)
    accepted = await people.ann.post(f"{path}/offer/accept", {"number": 5})
    assert accepted.status_code == 200, accepted.text
    assert await unread(people.ann, people.sam) == [0, 1], "whoever answers has read, and the answer is news"


async def test_the_platform_can_be_called_about_an_offer_without_a_message(people, market, clock):
    order, _ = await offered(people, market, clock)
    called = await people.ann.post(f"/v1/orders/{order}/escalations", EXAMPLES["escalations_call_platform"])
    assert called.status_code == 201, called.text


async def test_offers_of_before_stand_in_conversations_as_those_made_since(people, market, clock, database):
    """The migration opens what the command would have opened."""
    waiting, _ = await offered(people, market, clock)
    talked, path = await offered(people, market, clock)
    await people.ann.post(f"/v1/orders/{talked}/messages", {"text": "Hm."})
    await people.sam.post(f"/v1/orders/{talked}/messages", {"text": "Well?"})
    await people.ann.post(f"/v1/threads/{await _thread(people, talked)}/seen", {})
    declined, path = await offered(people, market, clock)
    await people.ann.post(f"{path}/offer/decline", EXAMPLES["cancellations_decline"])
    await people.sam.post(f"/v1/threads/{await _thread(people, declined)}/seen", {})
    await asked(people, market)
    before = [_marks(await inbox(who)) for who in (people.ann, people.sam, people.sue)]
    file = Path(migrate.__file__).with_name("migrations") / "0036_pre_files_before_orders.sql"
    owner = await asyncpg.connect(database(OWNER))
    try:
        await owner.execute("DELETE FROM message_reads")
        await owner.execute("DELETE FROM thread_sides WHERE last_place = 0")
        await owner.execute(
            "DELETE FROM threads t WHERE NOT EXISTS (SELECT FROM messages m WHERE m.thread_id = t.thread_id)"
        )
        assert len((await inbox(people.ann))["rows"]) == 1
        await owner.execute(file.read_text().partition("\n\n")[0])
    finally:
        await owner.close()
    after = [_marks(await inbox(who)) for who in (people.ann, people.sam, people.sue)]
    # What was read of it is not known; that an offer waits is.
    assert after == [before[0] | {talked: True}, before[1], before[2]]
    thread = await _thread(people, waiting)
    assert canonical("cnv", thread) == thread
    assert (await people.ann.post(f"/v1/threads/{thread}/seen", {})).json() == {"noted": True}
    assert (await people.sam.post(f"/v1/orders/{waiting}/messages", {"text": "Hello"})).json()["thread"] == thread


async def _thread(people, order):
    return (await people.ann.get(f"/v1/orders/{order}/messages")).json()["thread"]["id"]


def _marks(told):
    return {row["order"]: row["unread"] for row in told["rows"]}
