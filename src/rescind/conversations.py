"""What people say to each other about orders, products and shops: checked, kept once, read by those it is for."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

import structlog

from rescind.access.principal import Principal
from rescind.book import Book
from rescind.core import escalation
from rescind.core.conversation import (
    LONGEST,
    About,
    Audience,
    FirstAnswer,
    Message,
    Outside,
    Side,
    Thread,
    ThreadFilters,
    addressed,
    side_of,
    unanswered_since,
)
from rescind.core.errors import Forbidden, InvalidField
from rescind.core.event import Note
from rescind.core.evidence import Home, require_few
from rescind.core.exhibits import Exhibit, sent_with
from rescind.core.fulfilment import check_time
from rescind.core.ids import MessageId, OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import AskedBefore, Attached
from rescind.core.plain_words import plainly
from rescind.core.scope import Scope
from rescind.core.spoken import OrderAct, acts
from rescind.core.transcript import Asked, Transcript, asked, digest_of, spoken, transcript, whole_of
from rescind.core.views import Page
from rescind.evidence import Evidence
from rescind.intake.text import label, words
from rescind.postgres.reads import Reads
from rescind.postgres.threads import Opening, Said, Sent, ThreadTable

log = structlog.get_logger()

_LONG_AGO = timedelta(days=366)
"""How long before its order something can have been said about it: a product may be talked about for months."""


class Saying(NamedTuple):
    """What came in. audience: as it was chosen. evidence: files sent before.

    key, fingerprint: what makes a repeated call a repeat. outside: how and with whom it was said elsewhere, which makes
    it a contact note about an order. answers: id of the message that this one answers, empty for none.
    """

    text: str
    audience: str
    key: str
    fingerprint: bytes
    evidence: tuple[str, ...] = ()
    outside: Outside | None = None
    answers: str = ""


class Talk(NamedTuple):
    """A conversation as one side reads it, oldest first. earlier: there is more before the first message.

    until: when the message was sent that this part ends before; None for the last part.
    """

    thread: Thread
    messages: tuple[Message, ...]
    earlier: bool
    until: Instant | None = None

    def covers(self, at: Instant) -> bool:
        """Whether what happened then stands in this part."""
        since = self.messages[0].sent_at if self.messages and self.earlier else None
        return (since is None or at >= since) and (self.until is None or at < self.until)


class Conversations:
    """The one way in and out of conversations, for pages and the API alike."""

    def __init__(self, table: ThreadTable, reads: Reads, evidence: Evidence, book: Book) -> None:
        self._table = table
        self._reads = reads
        self._evidence = evidence
        self._book = book

    # --- saying ------------------------------------------------------------------------------------------------------

    async def say_about(self, who: Principal, order: Order, what: Saying) -> Sent:
        """Say something about an order that the caller was seen to have a part in.

        Raises Forbidden, InvalidField, InvalidText, FileRefused, IdempotencyKeyReused, RateLimited.
        """
        about = await self._reads.thread_of(who.scope, side_of(who.role), order.id) if what.answers else None
        answers = await self._answered(who, about, what.answers)
        files = await self._named(order.id, who, what)
        terms = await self._book.terms(order.pins, order.placed_at, order.shop)
        answer_s = int(escalation.answer_time(terms).total_seconds())
        said = _said(who, what, files, answers, answer_s)
        opening = Opening(shop=order.shop, buyer=order.buyer, about=About.ORDER, order=order.id)
        return self._kept(await self._table.begin(opening, said), said)

    async def ask(self, who: Principal, shop: ShopId, what: Saying, *, sku: str = "", subject: str = "") -> Sent:
        """A buyer asks a shop something before any order. sku, subject: the product it is about, if any.

        Raises Forbidden, InvalidField, InvalidText, FileRefused, IdempotencyKeyReused, RateLimited.
        """
        if who.role != "buyer" or who.buyer_id is None or who.order is not None:
            raise Forbidden(action="ask_shop")
        sku, subject = label(sku, field="/sku", limit=64), label(subject, field="/subject")
        about = About.PRODUCT if sku or subject else About.SHOP
        said = _said(who, what, await self._named(shop, who, what))
        opening = Opening(shop=shop, buyer=who.buyer_id, about=about, sku=sku, subject=subject)
        return self._kept(await self._table.begin(opening, said), said)

    async def say(self, who: Principal, thread: str, what: Saying) -> Sent:
        """Say something in a conversation. Raises as ``say_about``, and NotFound for a missing or foreign one."""
        found = await self.thread(who, thread)
        if found.about is About.ORDER and found.order is not None:
            order = (await self._reads.order(who.scope, found.order)).order
            return await self.say_about(who, order, what)
        files = await self._named(found.id, who, what)
        said = _said(who, what, files, await self._answered(who, found, what.answers))
        return self._kept(await self._table.say(found.id, said), said)

    async def note_contact(self, who: Principal, order: Order, what: Saying, now: Instant) -> Sent:
        """Record what was said about an order elsewhere, for everybody of the order to read. It is evidence and no act.

        Raises as ``say_about``, and FactFromTheFuture.
        """
        assert what.outside is not None, "that is what a contact note is"
        check_time(what.outside.at, now)
        if what.outside.at < order.placed_at - _LONG_AGO:
            raise InvalidField(field="/at", expected="a time at most a year before the order")
        return await self.say_about(who, order, what)

    async def home(self, who: Principal, thread: str) -> Home:
        """What a file for a conversation is sent for: its order, or itself. Raises Forbidden, NotFound."""
        found = await self.thread(who, thread)
        return found.order if found.about is About.ORDER and found.order else found.id

    async def _named(self, home: Home, who: Principal, what: Saying) -> tuple[str, ...]:
        files = await self._evidence.named(home, who, what.evidence)
        require_few(files)
        return tuple(one.id for one in files)

    async def _answered(self, who: Principal, thread: Thread | None, message: str) -> MessageId | None:
        """The message that is answered, one of this conversation that the caller reads. Raises InvalidField."""
        if not message:
            return None
        if thread is None or not await self._reads.has_message(thread.id, side_of(who.role), message):
            raise InvalidField(field="/answers", expected="the id of a message of this conversation")
        return MessageId(message)

    def _kept(self, sent: Sent, said: Said) -> Sent:
        if not sent.repeated:
            log.debug("message.sent", thread=sent.thread, message=sent.message, side=said.side, flag=said.flag)
        return sent

    # --- reading -----------------------------------------------------------------------------------------------------

    async def inbox(
        self, who: Principal, filters: ThreadFilters, cursor: str | None = None, limit: int = 25
    ) -> Page[Thread]:
        """The caller's own conversations. Raises Forbidden, InvalidField."""
        side = inbox_side(who, filters)
        return await self._reads.threads(who.scope, side, filters, cursor, limit, account=_account(who))

    async def unread(self, who: Principal) -> int:
        """In how many of them there is something new; none for whom no conversation is."""
        if who.role == "host":
            return 0
        return await self._reads.unread(who.scope, side_of(who.role), account=_account(who))

    async def waiting(self, who: Principal) -> int:
        """In how many of them a shop's people owe an answer; none for everybody else."""
        return await self._reads.waiting(who.shop_id) if who.role == "seller" and who.shop_id else 0

    async def thread(self, who: Principal, thread: str) -> Thread:
        """One conversation. Raises Forbidden, NotFound."""
        return await self._reads.thread(who.scope, side_of(who.role), thread, account=_account(who))

    async def read(self, who: Principal, thread: str, before: str | None = None, limit: int = 50) -> Talk:
        """One conversation with the last of what was said in it. Raises Forbidden, NotFound, InvalidField."""
        found = await self.thread(who, thread)
        return await self._talk(found, side_of(who.role), before, limit)

    async def of_order(self, who: Principal, order: Order, before: str | None = None, limit: int = 50) -> Talk | None:
        """The conversation about an order that the caller sees; None before there is something in it for them."""
        side = side_of(who.role)
        found = await self._reads.thread_of(who.scope, side, order.id, account=_account(who))
        return await self._talk(found, side, before, limit) if found else None

    async def acts(self, who: Principal, talk: Talk) -> tuple[OrderAct, ...]:
        """What was asked, offered and answered of the order meanwhile, oldest first."""
        return tuple(one for one in await acts_about(self._reads, who.scope, talk.thread) if talk.covers(one.at))

    async def before_order(self, who: Principal, order: Order) -> tuple[Thread, ...]:
        """What its buyer had asked before the order, where it is the order that followed."""
        return await self._reads.questions_before(who.scope, side_of(who.role), order.id)

    async def shown(self, who: Principal, threads: Iterable[Thread]) -> tuple[Exhibit, ...]:
        """The files of conversations, as far as the caller reads them; oldest first in each."""
        side = side_of(who.role)
        found: list[Exhibit] = []
        for one in threads:
            found += sent_with(one.id, await self._reads.every_message(one.id, side))
        return tuple(found)

    async def shown_about(self, who: Principal, order: Order) -> tuple[Exhibit, ...]:
        """The files of what was said about an order, and of what its buyer had asked before it."""
        about = await self._reads.thread_of(who.scope, side_of(who.role), order.id)
        return await self.shown(who, [*await self.before_order(who, order), *([about] if about else [])])

    async def transcript(self, who: Principal, thread: str, now: Instant) -> Transcript:
        """Everything of a conversation that the caller may read, written out. Raises Forbidden, NotFound."""
        return await written_out(self._reads, who.scope, side_of(who.role), await self.thread(who, thread), now)

    async def attached(self, order: Order) -> tuple[Attached | None, Instant | None]:
        """What was said, asked before and offered about an order as its buyer reads it, for a case, None where nothing
        was; and since when the shop owes an answer.
        """
        scope, side = Scope(buyer=order.buyer), "buyer"
        found = await self._reads.thread_of(scope, side, order.id)
        messages = await self._reads.every_message(found.id, side) if found else ()
        done = await acts_about(self._reads, scope, found) if found else ()
        before = await _asked_before(self._reads, scope, side, order.id)
        if not (messages or done or before):
            return None, None
        said = spoken(messages)
        kept = Attached(
            thread=found.id if found else "",
            upto=messages[-1].id if messages else "",
            messages=len(messages),
            digest=digest_of(said),
            whole=whole_of(said, done, before),
            acts=len(done),
            before=tuple(AskedBefore(thread=one.thread, messages=one.messages, digest=one.digest) for one in before),
        )
        return kept, unanswered_since(messages)

    async def unanswered(self, order: Order) -> Instant | None:
        """Since when the shop owes its buyer an answer about an order; None where it owes none."""
        scope, side = Scope(buyer=order.buyer), "buyer"
        found = await self._reads.thread_of(scope, side, order.id)
        return unanswered_since(await self._reads.every_message(found.id, side)) if found else None

    async def first_answers(self, shop: ShopId, now: Instant) -> FirstAnswer | None:
        """How fast a shop answers what it is asked first."""
        return await self._reads.first_answers(shop, now)

    async def _talk(self, thread: Thread, side: Side, before: str | None, limit: int) -> Talk:
        messages, earlier = await self._reads.messages(thread.id, side, before, limit)
        return Talk(thread, messages, earlier, await self._reads.sent_at(thread.id, side, before) if before else None)

    # --- marks -------------------------------------------------------------------------------------------------------

    async def seen(self, who: Principal, thread: str, upto: str | None = None) -> bool:
        """The caller's side saw a conversation up to a message, or all of it; whether that was news.

        Raises Forbidden, NotFound, InvalidField for a message that is not there for this side.
        """
        side = side_of(who.role)
        found = await self.thread(who, thread)
        last = found.last.id if found.last else None
        if upto is not None and upto != last:
            if not await self._reads.has_message(found.id, side, upto):
                raise InvalidField(field="/message", expected="the id of a message of this conversation")
            last = MessageId(upto)
        return await self._table.seen(found.id, side, last, who.holder, _account(who))

    async def looked_at(self, who: Principal, thread: str) -> bool:
        """Support has looked at what was flagged; whether anything still was. Raises Forbidden, NotFound."""
        if side_of(who.role) != "platform":
            raise Forbidden(action="look_at_flagged")
        return await self._table.looked_at((await self.thread(who, thread)).id)

    async def read_on_page(self, who: Principal, talk: Talk) -> bool:
        """A page showed the end of a conversation to somebody: noted, where it was news."""
        if not talk.thread.unread:
            return False
        last = talk.messages[-1].id if talk.messages else None
        return await self._table.seen(talk.thread.id, side_of(who.role), last, who.holder, _account(who))


async def written_out(reads: Reads, scope: Scope, side: Side, thread: Thread, now: Instant) -> Transcript:
    """Everything of a conversation that a side may read, with what belongs to its order."""
    messages = await reads.every_message(thread.id, side)
    before: tuple[Asked, ...] = ()
    if thread.about is About.ORDER and thread.order is not None:
        before = await _asked_before(reads, scope, side, thread.order)
    return transcript(thread, side, messages, now, await acts_about(reads, scope, thread), before)


async def _asked_before(reads: Reads, scope: Scope, side: Side, order: OrderId) -> tuple[Asked, ...]:
    """The questions that an order followed, as a side reads them."""
    questions = await reads.questions_before(scope, side, order)
    return tuple([asked(one, await reads.every_message(one.id, side)) for one in questions])


async def acts_about(reads: Reads, scope: Scope, thread: Thread) -> tuple[OrderAct, ...]:
    """What was asked, offered and answered of the order that a conversation is about; nothing before there is one."""
    if thread.about is not About.ORDER or thread.order is None:
        return ()
    entries = await reads.timeline(scope, thread.order)
    order = (await reads.order(scope, thread.order)).order
    return acts(((one.record, one.notes) for one in entries), order)


def _account(who: Principal) -> str:
    """The account of somebody to whom a note among support can be new; empty for everybody else."""
    return who.account if side_of(who.role) == "platform" else ""


def inbox_side(who: Principal, filters: ThreadFilters) -> Side:
    """On which side of an inbox somebody reads. Raises InvalidField for a tab that is others'."""
    side = side_of(who.role)
    if filters.tab == "flagged" and side != "platform":
        raise InvalidField(field="?tab", expected="all or unread")
    if filters.tab == "waiting" and side != "seller":
        raise InvalidField(field="?tab", expected="all or unread; only shops owe answers")
    return side


def _said(
    who: Principal, what: Saying, files: tuple[str, ...], answers: MessageId | None = None, answer_s: int = 0
) -> Said:
    side = side_of(who.role)
    audience: Audience = addressed(side, what.audience)
    text = words(what.text, field="/text", limit=LONGEST)
    flag = plainly(side, text)
    if audience is not Audience.EVERYONE or what.outside is not None:
        # What is said to the platform alone asks nothing of the other side, and what was said elsewhere nothing here.
        flag = None
    if what.outside is not None:
        if audience is not Audience.EVERYONE:
            raise InvalidField(field="/audience", expected="everyone: what was said elsewhere is for all to see")
        text = f"{label(what.outside.whom, field='/with', blank=False)}\n{text}"
    return Said(
        side=side,
        author=who.holder,
        account=_account(who),
        audience=audience,
        note=Note(id="", body=text, salt=secrets.token_hex(16)),
        evidence=files,
        flag=flag,
        outside=what.outside,
        answers=answers,
        answer_s=answer_s,
        key=what.key,
        fingerprint=what.fingerprint,
    )
