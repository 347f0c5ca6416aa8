"""Conversations as they go out."""

from __future__ import annotations

from rescind.api.cancellation_answers import OfferTold, offer_told
from rescind.api.evidence import EvidenceTold, evidence_told
from rescind.api.told import Told
from rescind.conversations import Talk
from rescind.core.conversation import Message, Side, Thread, Translation, Way, audiences
from rescind.core.instant import Instant
from rescind.core.spoken import OrderAct


class SeenTold(Told, frozen=True, kw_only=True):
    """When another side first saw a message, or something after it."""

    by: Side
    at: Instant


class TranslationTold(Told, frozen=True, kw_only=True):
    """What a translator made of a message. by: what it is called. Nothing decides by it."""

    language: str
    text: str
    by: str
    at: Instant


class OutsideTold(Told, frozen=True, kw_only=True, rename={"whom": "with"}):
    """When, by which way and with whom something was said that was not said here. with: empty once erased."""

    way: Way
    at: Instant
    whom: str


class MessageTold(Told, frozen=True, kw_only=True):
    """One message. by: buyer, seller or platform; author: who of them, told to their own side and to the platform only.

    audience: everyone; buyer or seller: that side and the platform; internal: the platform alone. text: empty once
    erased. digest: SHA-256 of salt and text. says: what it plainly says: `wants_to_cancel` of a buyer's message,
    `asks_buyer_to_cancel` of a seller's, which support alone is told. Neither changes anything. translations: those
    that somebody has asked for. outside: of a contact note, how and with whom it was said elsewhere; its digest is of
    salt, `with` and text. answers: the message that it is an answer to.
    """

    id: str
    by: Side
    author: str
    audience: str
    text: str
    erased: bool
    digest: str
    sent_at: Instant
    evidence: list[EvidenceTold]
    says: str
    seen: list[SeenTold]
    translations: list[TranslationTold]
    outside: OutsideTold | None
    answers: str | None


class ThreadTold(Told, frozen=True, kw_only=True):
    """A conversation as the caller's side has it. about: order, product or shop. order, number: what it is about, or
    the order that followed a question. last: null before anything was said, where there is an offer only. last_at: of
    the last message, offer or answer to one. offer: the one that waits for an answer. unread: something in it is new.
    flagged: support should look at it; told to support only. waits_since: when the buyer wrote what the shop has not
    answered since. answer_by: until when it owes the answer, after which its silence is a ground to call the platform;
    told in the tab ``waiting``.
    """

    id: str
    about: str
    shop: str
    shop_name: str
    buyer: str
    buyer_name: str
    order: str | None
    number: str
    sku: str
    subject: str
    last_at: Instant
    last: MessageTold | None
    offer: OfferTold | None
    unread: bool
    flagged: bool
    waits_since: Instant | None
    answer_by: Instant | None


class ThreadsTold(Told, frozen=True, kw_only=True):
    """A part of the list, latest message first. unread: conversations with something new, counted up to 100."""

    rows: list[ThreadTold]
    next: str | None
    previous: str | None
    total: int | None
    unread: int


class OrderActTold(Told, frozen=True, kw_only=True):
    """Something that was asked, offered or answered of the order, between the messages. seq, type: of its event.

    by: who did it: an actor, or `policy`, `silence`. request: which one it is about. reason: of a request or a refusal.
    due_at: until when somebody had to answer. text: what was said with it.
    """

    seq: int
    at: Instant
    type: str
    by: str
    request: str
    reason: str
    due_at: Instant | None
    offer: OfferTold | None
    text: str


class TalkTold(Told, frozen=True, kw_only=True):
    """What was said, oldest first. thread: null before there is anything in it for the caller. earlier: there is more
    before it. acts: what was asked, offered and answered meanwhile; each is done and answered at its request.
    audiences: whom the caller may address. before: questions from before the order, where it followed them.
    """

    thread: ThreadTold | None
    messages: list[MessageTold]
    acts: list[OrderActTold]
    earlier: bool
    audiences: list[str]
    before: list[ThreadTold]


class SentTold(Told, frozen=True, kw_only=True):
    """What was kept, and in which conversation."""

    thread: str
    message: str


class SeenNoted(Told, frozen=True, kw_only=True):
    """noted: whether it was news."""

    noted: bool


def message_told(one: Message) -> MessageTold:
    """One message."""
    return MessageTold(
        id=one.id,
        by=one.by,
        author=one.author,
        audience=one.audience.value,
        text=one.text,
        erased=one.erased,
        digest=one.digest,
        sent_at=one.sent_at,
        evidence=evidence_told(one.evidence),
        says=one.flag.value if one.flag else "",
        outside=OutsideTold(way=one.outside.way, at=one.outside.at, whom=one.outside.whom) if one.outside else None,
        answers=one.answers,
        seen=[SeenTold(by=side, at=at) for side, at in sorted(one.seen.items())],
        translations=[translation_told(tag, each) for tag, each in sorted(one.translations.items())],
    )


def translation_told(language: str, one: Translation) -> TranslationTold:
    """One translation."""
    return TranslationTold(language=language, text=one.text, by=one.by, at=one.at)


def thread_told(one: Thread, side: Side, answer_by: Instant | None = None) -> ThreadTold:
    """One conversation for a side. answer_by: until when its shop owes an answer."""
    return ThreadTold(
        id=one.id,
        about=one.about.value,
        shop=one.shop,
        shop_name=one.shop_name,
        buyer=one.buyer,
        buyer_name=one.buyer_name,
        order=one.order,
        number=one.number,
        sku=one.sku,
        subject=one.subject,
        last_at=one.last_at,
        last=message_told(one.last) if one.last else None,
        offer=offer_told(one.offer, one.currency),
        unread=one.unread,
        flagged=one.flagged and side == "platform",
        waits_since=one.waits_since,
        answer_by=answer_by,
    )


def _order_act_told(one: OrderAct) -> OrderActTold:
    return OrderActTold(
        seq=one.seq,
        at=one.at,
        type=one.type,
        by=one.by,
        request=one.request,
        reason=one.reason,
        due_at=one.due_at,
        offer=offer_told(one.offer, one.currency),
        text=one.text,
    )


def talk_told(talk: Talk | None, acts: tuple[OrderAct, ...], side: Side, before: tuple[Thread, ...] = ()) -> TalkTold:
    """A conversation with what was said and done in it."""
    return TalkTold(
        thread=thread_told(talk.thread, side) if talk else None,
        messages=[message_told(one) for one in talk.messages] if talk else [],
        acts=[_order_act_told(one) for one in acts],
        earlier=talk.earlier if talk else False,
        audiences=[one.value for one in audiences(side)],
        before=[thread_told(one, side) for one in before],
    )
