"""Conversations: about orders, and before any order about a product or a shop."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.evidence import MAY, Files, MessageName
from rescind.api.thread_answers import (
    SeenNoted,
    SentTold,
    TalkTold,
    ThreadsTold,
    TranslationTold,
    talk_told,
    thread_told,
    translation_told,
)
from rescind.conversations import Saying
from rescind.core import errors
from rescind.core.conversation import Outside, Thread, ThreadTab, Way, side_of
from rescind.core.ids import ShopId, canonical, shop_of
from rescind.core.instant import Instant
from rescind.core.transcript import Transcript
from rescind.intake.fields import Incoming, Moment, Words, moment
from rescind.intake.narrowing import Limit, ThreadNarrowing
from rescind.postgres.threads import Sent


class NewMessage(Incoming, frozen=True, kw_only=True):
    """What to say and who reads it; evidence: files that were sent for the order or the conversation before.

    answers: the message of this conversation that it answers, such as a contact note that is not right.
    """

    text: Words
    audience: str = "everyone"
    evidence: Files = ()
    answers: MessageName | None = None


class NewContactNote(Incoming, frozen=True, kw_only=True, rename={"whom": "with"}):
    """What was said elsewhere: when, by which way, with whom, and what. evidence: as with a message."""

    way: Way
    at: Moment
    whom: Words
    text: Words
    evidence: Files = ()


class NewQuestion(Incoming, frozen=True, kw_only=True):
    """A question to a shop before any order. sku, subject: the product it is about, as the marketplace calls it.

    evidence: files that were sent to the shop before.
    """

    shop: Annotated[str, msgspec.Meta(pattern=r"^shp_[0-9a-hjkmnp-tv-z]{8}(?!\n)$")]
    text: Words
    sku: Annotated[str, msgspec.Meta(max_length=64)] = ""
    subject: Annotated[str, msgspec.Meta(max_length=200)] = ""
    evidence: Files = ()


class NewTranslation(Incoming, frozen=True, kw_only=True):
    """Into which language."""

    language: Literal["en", "zh"]


class Upto(Incoming, frozen=True, kw_only=True):
    """Up to which message it was seen; without one, to the last."""

    message: MessageName | None = None


class ThreadsAsked(ThreadNarrowing, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """text: found in messages, products and names, or an order's number.

    tab: ``flagged`` is support's, ``waiting`` a shop's.
    """

    cursor: str | None = None
    limit: Limit = 25


class TalkAsked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """before: the message to read on before."""

    before: MessageName | None = None
    limit: Limit = 50


_SENDING = (
    errors.NotFound,
    errors.InvalidField,
    errors.InvalidText,
    errors.FileRefused,
    errors.IdempotencyKeyReused,
    errors.RateLimited,
)


@operation(
    "GET",
    "/v1/threads",
    may=MAY,
    through="scope",
    summary="List conversations",
    query=ThreadsAsked,
    gives=ThreadsTold,
)
async def listed(call: Call) -> Answer:
    """Your conversations, the latest message first. The list and its search hold only what you may read.

    `tab=waiting` lists those in which a shop owes an answer, the one that is due first at the beginning.
    """
    wanted: ThreadsAsked = call.query
    who, talks = call.principal, call.desk.conversations
    page = await talks.inbox(who, wanted.filters(), wanted.cursor, wanted.limit)
    side = side_of(who.role)
    return Answer(
        body=ThreadsTold(
            rows=[thread_told(one, side, by) for one, by in await _due_first(call, wanted.tab, page.rows)],
            next=page.next,
            previous=page.previous,
            total=page.total,
            unread=await talks.unread(who),
        )
    )


@operation(
    "POST",
    "/v1/threads",
    may=frozenset({"buyer"}),
    through="scope",
    summary="Ask a shop before ordering",
    body=NewQuestion,
    gives=SentTold,
    changes=True,
    statuses=(201,),
    fails=_SENDING,
)
async def ask(call: Call) -> Answer:
    """Ask a shop about a product, or about itself. An order that follows within 30 days is linked to the question."""
    body: NewQuestion = call.body
    shop = (await call.desk.reads.shop(body.shop)).id
    saying = _saying(call, shop, body.text, evidence=body.evidence)
    return _sent(await call.desk.conversations.ask(call.principal, shop, saying, sku=body.sku, subject=body.subject))


@operation(
    "GET",
    "/v1/threads/{thread}",
    may=MAY,
    through="scope",
    summary="Read a conversation",
    query=TalkAsked,
    gives=TalkTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """The last messages of a conversation, or those before one of them, and what was asked, offered and answered of its
    order meanwhile. Reading marks nothing as seen.
    """
    wanted: TalkAsked = call.query
    who, talks = call.principal, call.desk.conversations
    talk = await talks.read(who, _thread(call), wanted.before, wanted.limit)
    return Answer(body=talk_told(talk, await talks.acts(who, talk), side_of(who.role)))


@operation(
    "POST",
    "/v1/threads/{thread}/messages",
    may=MAY,
    through="scope",
    summary="Say something",
    body=NewMessage,
    gives=SentTold,
    changes=True,
    statuses=(201,),
    fails=_SENDING,
)
async def say(call: Call) -> Answer:
    """Say something in a conversation, to everyone in it or to one side and the platform."""
    body, thread = call.body, _thread(call)
    saying = _saying(call, shop_of(thread), body.text, body.audience, body.evidence)._replace(
        answers=body.answers or ""
    )
    return _sent(await call.desk.conversations.say(call.principal, thread, saying))


@operation(
    "POST",
    "/v1/threads/{thread}/messages/{message}/translations",
    may=MAY,
    through="scope",
    summary="Have a message translated",
    body=NewTranslation,
    gives=TranslationTold,
    changes=True,
    statuses=(201,),
    fails=(errors.NotFound, errors.NoTranslator, errors.Unavailable),
)
async def translate(call: Call) -> Answer:
    """A message in a language, by the operator's translator. It is kept beside the message, which stays as it is."""
    call.key(
        ShopId("")
    )  # There is one translation of a message in a language; the header is wanted as of every change.
    language = call.body.language
    made = await call.desk.translations.ask(call.principal, _thread(call), call.ids["message"], language)
    return Answer(body=translation_told(language, made), status=201)


@operation(
    "POST",
    "/v1/threads/{thread}/seen",
    may=MAY,
    through="scope",
    summary="Mark a conversation as seen",
    body=Upto,
    gives=SeenNoted,
    changes=True,
    fails=(errors.NotFound, errors.InvalidField),
)
async def seen(call: Call) -> Answer:
    """Say that your side has seen a conversation. The others are shown when."""
    call.key(ShopId(""))  # What was seen is seen once; the header is wanted as of every change.
    noted = await call.desk.conversations.seen(call.principal, _thread(call), call.body.message)
    return Answer(body=SeenNoted(noted=noted))


@operation(
    "GET",
    "/v1/threads/{thread}/transcript",
    may=MAY,
    through="scope",
    summary="Export a conversation",
    gives=Transcript,
    fails=(errors.NotFound,),
)
async def export(call: Call) -> Answer:
    """Everything in a conversation that you may read, with a digest of each message and of all of them."""
    thread = _thread(call)
    written = await call.desk.conversations.transcript(call.principal, thread, call.desk.now())
    name = f'attachment; filename="conversation-{thread[-8:]}.json"'.encode()
    return Answer(body=written, headers=((b"content-disposition", name),))


@operation(
    "GET",
    "/v1/orders/{order}/messages",
    may=MAY,
    through="order",
    summary="Read the conversation about an order",
    query=TalkAsked,
    gives=TalkTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """What was said about an order, and what its buyer had asked before it."""
    wanted: TalkAsked = call.query
    order, who, talks = await call.order(), call.principal, call.desk.conversations
    talk = await talks.of_order(who, order, wanted.before, wanted.limit)
    acts = await talks.acts(who, talk) if talk else ()
    return Answer(body=talk_told(talk, acts, side_of(who.role), await talks.before_order(who, order)))


@operation(
    "POST",
    "/v1/orders/{order}/messages",
    may=MAY,
    through="order",
    summary="Say something about an order",
    body=NewMessage,
    gives=SentTold,
    changes=True,
    statuses=(201,),
    fails=_SENDING,
)
async def say_about(call: Call) -> Answer:
    """Begin or go on with the conversation about an order. Words that ask to cancel change nothing by themselves."""
    body, order = call.body, await call.order()
    saying = _saying(call, order.shop, body.text, body.audience, body.evidence)._replace(answers=body.answers or "")
    return _sent(await call.desk.conversations.say_about(call.principal, order, saying))


@operation(
    "POST",
    "/v1/orders/{order}/contact-notes",
    may=MAY,
    through="order",
    summary="Record what was said elsewhere",
    body=NewContactNote,
    gives=SentTold,
    changes=True,
    statuses=(201,),
    fails=(*_SENDING, errors.FactFromTheFuture),
)
async def note_contact(call: Call) -> Answer:
    """Record a talk on the telephone, an e-mail or a meeting in the conversation about an order, for all to read.

    It is evidence and no act: nothing is asked, answered or cancelled by it. The other side may answer it (`answers`).
    """
    body: NewContactNote = call.body
    order = await call.order()
    outside = Outside(way=body.way, at=moment(body.at, field="/at"), whom=body.whom)
    saying = _saying(call, order.shop, body.text, evidence=body.evidence)._replace(outside=outside)
    return _sent(await call.desk.conversations.note_contact(call.principal, order, saying, call.desk.now()))


async def _due_first(call: Call, tab: ThreadTab, rows: tuple[Thread, ...]) -> list[tuple[Thread, Instant | None]]:
    if tab != "waiting":
        return [(one, None) for one in rows]
    return list(await call.desk.due_first(rows))


def _thread(call: Call) -> str:
    return canonical("cnv", call.ids["thread"])


def _saying(call: Call, shop: ShopId, text: str, audience: str = "everyone", evidence: tuple[str, ...] = ()) -> Saying:
    key = call.key(shop)
    return Saying(
        text=text,
        audience=audience,
        key=f"{key.route} {key.key}",
        fingerprint=call.fingerprint(),
        evidence=evidence,
    )


def _sent(sent: Sent) -> Answer:
    return Answer(
        body=SentTold(thread=sent.thread, message=sent.message),
        status=201,
        location=f"/v1/threads/{sent.thread}",
        replayed=sent.repeated,
    )


OPERATIONS = (listed, ask, read, say, translate, seen, export, of_order, say_about, note_contact)
