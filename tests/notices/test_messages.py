"""What is said in conversations, noted of what was said elsewhere or asked beside an order reaches whom it is for."""

import hashlib
import itertools
from datetime import timedelta

import pytest

from mail.people import ANN, SAM, SUE
from postgres.market import KILN, person
from rescind.conversations import Saying
from rescind.core import escalation
from rescind.core.conversation import Audience, Outside, Way, unanswered_since
from rescind.core.event import Note
from rescind.core.notice import LONGEST_QUIET, QUIET, NoticeKind, Preferences
from rescind.core.order_note import AcknowledgeNote, AddNote
from rescind.core.stage import Stage
from rescind.inbox import owner

SECOND = timedelta(seconds=1)
IN_CONVERSATIONS = {NoticeKind.MESSAGE, NoticeKind.CONTACT_NOTE}
_numbers = itertools.count()


@pytest.fixture
async def order(teller, server):
    """An order of Ann's at Sam's shop; he and Sue of support have addresses, and nothing of it waits to be told."""
    await teller.goes_to(server)
    for who, address in ((SAM, "sam@kiln.example"), (SUE, "sue@platform.example")):
        await teller.people.add(owner(who), "email", address, verified=True)
    found = await teller.market.order(Stage.PREPARING, number="1001")
    await teller.tell()
    return found


class Talk:
    """People who say things about an order, and what the others are told of it."""

    def __init__(self, teller, server, order):
        self.teller, self.server, self.order = teller, server, order
        self.conversations = teller.desk.conversations

    def saying(self, text, audience="everyone", **more):
        number = str(next(_numbers))
        fingerprint = hashlib.sha256(number.encode()).digest()
        return Saying(text=text, audience=audience, key=f"test {number}", fingerprint=fingerprint, **more)

    async def says(self, who, text, audience="everyone", **more):
        order = (await self.teller.market.read(self.order)) if self.order else None
        return await self.conversations.say_about(who, order, self.saying(text, audience, **more))

    async def mailed(self):
        """Who is sent what, from now on; of what is said alone."""
        before = len(self.server.mails())
        await self.teller.tell()
        return sorted(
            (one["To"].partition("@")[0], one["Subject"])
            for one in self.server.mails()[before:]
            if "wrote" in one["Subject"] or "recorded" in one["Subject"] or "note" in one["Subject"]
        )

    async def standing(self, who):
        """What somebody's inbox has of conversations: the words and whether it is over."""
        return [one for one in await self.teller.shown(who) if one.notice.kind in IN_CONVERSATIONS]


@pytest.fixture
def talk(teller, server, order):
    return Talk(teller, server, order)


async def test_several_messages_are_one_notice_that_goes_out_once_it_is_quiet(talk, clock):
    await talk.says(ANN, "Is it on its way?")
    clock.advance(QUIET - SECOND)
    assert await talk.mailed() == []
    await talk.says(ANN, "I am away from Friday on, and nobody else opens the door here.")
    clock.advance(QUIET - SECOND)
    assert await talk.mailed() == [], "she may still be writing"
    clock.advance(SECOND)
    assert await talk.mailed() == [("sam", "The buyer wrote about order 1001")]
    (letter,) = [one for one in talk.server.mails() if one["Subject"].startswith("The buyer wrote")]
    for part in ("plain", "html"):
        text = letter.get_body((part,)).get_content()
        assert "2 new messages about order 1001" in " ".join(text.split())
        assert "I am away from Friday on" in text
        assert "https://desk.test/seller/messages/cnv_" in text
    await talk.says(ANN, "Hello?")
    clock.advance(LONGEST_QUIET)
    assert await talk.mailed() == [], "he was told and has not looked yet"
    (one,) = await talk.standing(SAM)
    assert "3 new messages" in one.words.sentence
    assert "“Hello?”" in one.words.sentence
    assert await talk.standing(ANN) == [], "whoever wrote it knows"
    await talk.says(SAM, "Tomorrow.")
    await talk.says(ANN, "Thanks.")
    clock.advance(QUIET)
    assert await talk.mailed() == [("sam", "The buyer wrote about order 1001")], "he had answered, so this is news"


async def test_whoever_goes_on_writing_is_told_of_all_the_same(talk, clock):
    for _ in range(int(LONGEST_QUIET / timedelta(minutes=1))):
        await talk.says(ANN, "And another thing.")
        assert await talk.mailed() == []
        clock.advance(timedelta(minutes=1))
    assert await talk.mailed() == [("sam", "The buyer wrote about order 1001")]


async def test_what_was_read_on_the_page_is_not_mailed(talk, clock):
    said = await talk.says(ANN, "Is it on its way?")
    await talk.conversations.seen(SAM, said.thread)
    clock.advance(QUIET)
    assert await talk.mailed() == []
    (one,) = await talk.standing(SAM)
    assert (one.notice.over, one.row.read_at is not None) == (True, True)
    # Neither is what was read while the mail waited for a server.
    await talk.says(ANN, "Hello?")
    clock.advance(QUIET)
    messenger = talk.teller.messenger
    await messenger.spoken()
    await messenger.sweep("email")
    await talk.conversations.seen(SAM, said.thread)
    assert await talk.mailed() == []


@pytest.mark.parametrize(
    ("by", "audience", "told"),
    [
        (ANN, Audience.EVERYONE, ["sam"]),
        (ANN, Audience.BUYER, ["sue"]),
        (SAM, Audience.EVERYONE, ["ann"]),
        (SAM, Audience.SELLER, ["sue"]),
        (SUE, Audience.EVERYONE, ["ann", "sam"]),
        (SUE, Audience.BUYER, ["ann"]),
        (SUE, Audience.SELLER, ["sam"]),
        (SUE, Audience.INTERNAL, []),
    ],
)
async def test_those_are_told_who_may_read_it_and_nobody_else(talk, clock, by, audience, told):
    await talk.says(by, "Between us.", audience.value)
    clock.advance(QUIET)
    assert [who for who, _ in await talk.mailed()] == told
    for who, name in ((ANN, "ann"), (SAM, "sam"), (SUE, "sue")):
        assert len(await talk.standing(who)) == (name in told)


async def test_the_shop_is_told_by_when_an_answer_is_wanted_and_that_the_platform_may_be_called_then(talk, clock):
    await talk.says(SUE, "Please look at this order.", "seller")
    (one,) = await talk.standing(SAM)
    assert (one.notice.move, one.notice.due_at) == ("", None), "support asks nothing that has a limit"
    clock.advance(timedelta(minutes=5))
    asked_at = clock.read()
    await talk.says(ANN, "Is it on its way?")
    clock.advance(timedelta(hours=3))
    await talk.says(ANN, "Hello?")
    (one,) = await talk.standing(SAM)
    order = await talk.teller.market.read(talk.order)
    terms = await talk.teller.desk.terms(order)
    assert one.notice.due_at == asked_at + escalation.answer_time(terms)
    assert "the buyer can call the platform" in one.words.move
    attached, since = await talk.conversations.attached(order)
    assert (attached.messages, since) == (2, asked_at)
    for early, called in ((SECOND, False), (timedelta(0), True)):
        now = one.notice.due_at - early
        assert (escalation.SILENT in escalation.possible(order, terms, since, now)) is called
    # What is read of the rows is what the conversation's own page reads of the messages.
    said = (await talk.conversations.of_order(SAM, order)).messages
    assert unanswered_since(said) == asked_at
    clock.advance(timedelta(days=3))
    (one,) = await talk.standing(SAM)
    assert one.words.move.endswith("That is over, so the buyer can call the platform.")


async def test_a_question_before_any_order_is_told_and_opens_the_conversation(talk, clock, server):
    asked = await talk.conversations.ask(ANN, KILN, talk.saying("Does it fit?"), sku="MUG-1", subject="Tall mug")
    clock.advance(QUIET)
    assert await talk.mailed() == [("sam", "The buyer wrote about “Tall mug”")]
    (one,) = await talk.standing(SAM)
    assert one.words.link == f"/seller/messages/{asked.thread}?from={asked.message}#{asked.message}"
    assert (one.notice.move, one.notice.due_at) == ("seller", None), "there is no order to call the platform about"
    await talk.conversations.say(SAM, asked.thread, talk.saying("It does."))
    clock.advance(QUIET)
    assert await talk.mailed() == [("ann", "Kiln & Co wrote to you about “Tall mug”")]


async def test_a_note_of_what_was_said_elsewhere_is_told_and_asks_for_nothing(talk, clock):
    order = await talk.teller.market.read(talk.order)
    outside = Outside(way=Way.TELEPHONE, at=clock.read(), whom="Mr Li")
    await talk.conversations.note_contact(SAM, order, talk.saying("She agreed.", outside=outside), clock.read())
    clock.advance(QUIET)
    assert await talk.mailed() == [("ann", "Kiln & Co recorded what was said about order 1001")]
    (one,) = await talk.standing(ANN)
    assert "“She agreed.”" in one.words.sentence, "without with whom, which is not part of it"
    assert (one.notice.kind, one.notice.move) == (NoticeKind.CONTACT_NOTE, "")


async def test_a_note_that_is_added_later_is_told_to_the_shop_until_it_was_read(talk):
    note = Note(id="nte_1", body="Please ring twice.", salt="s")
    await talk.teller.market.does(AddNote(order=talk.order, comment=note), person("buyer", "ann"))
    assert await talk.mailed() == [("sam", "A note for whoever packs order 1001")]

    async def told():
        return [one for one in await talk.teller.shown(SAM) if one.notice.kind is NoticeKind.ORDER_NOTE]

    (one,) = await told()
    assert (one.words.link, one.notice.move) == (f"/seller/orders/{talk.order}#notes", "seller")
    await talk.teller.market.does(AcknowledgeNote(order=talk.order, number=1), person("seller", "sam"))
    assert (await told())[0].notice.over


async def test_whoever_wants_messages_once_a_day_gets_them_then_and_whoever_wants_none_none(talk, clock, server):
    inbox = talk.teller.desk.inbox
    await inbox.choose(SAM, Preferences(hour=8, choices={"email": {"messages": "digest"}}))
    await inbox.choose(ANN, Preferences(choices={"email": {"messages": "off"}}))
    await talk.says(SUE, "Please agree with each other.")
    clock.advance(QUIET)
    assert await talk.mailed() == []
    clock.advance(timedelta(days=1))
    before = len(server.mails())
    await talk.teller.messenger.digests()
    await talk.teller.send()
    (digest,) = [one for one in server.mails()[before:] if one["To"] == "sam@kiln.example"]
    assert "Please agree with each other." in digest.get_body(("plain",)).get_content()
