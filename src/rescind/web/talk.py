"""Conversations on pages: what was said, who reads what is said next, and the form that keeps what was typed."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec

from rescind.conversations import Saying, Talk
from rescind.core import cancellation, offer
from rescind.core.conversation import (
    LONGEST,
    About,
    Audience,
    Flag,
    Message,
    Outside,
    Side,
    Thread,
    Translation,
    audiences,
    side_of,
)
from rescind.core.errors import IdempotencyKeyReused, InvalidField, InvalidText, RateLimited, Unavailable
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.record import Record
from rescind.core.views import OrderView, ShopView
from rescind.locales import Locale
from rescind.postgres import paging
from rescind.postgres.threads import Sent
from rescind.web import contact, evidence, quick_replies, translating
from rescind.web.rendering import address
from rescind.web.session import Visit
from rescind.web.timeline import story

SHOWN = 30
"""Messages on a page of something else; its conversation's own page has more."""
ROOT: Mapping[Side, str] = {"buyer": "/messages", "seller": "/seller/messages", "platform": "/support/messages"}
PARTS: Mapping[Side, str] = {"buyer": "/orders", "seller": "/seller/orders", "platform": "/support/orders"}
FRAME: Mapping[Side, str] = {
    "buyer": "buyer/frame.html",
    "seller": "seller/frame.html",
    "platform": "seller/frame.html",
}
_KEY = re.compile(r"[!-~]{16,200}")

# What of an order belongs to what is said about it: what was asked, answered and offered.
_SPOKEN = (
    offer.OfferMade,
    offer.OfferAccepted,
    offer.OfferDeclined,
    cancellation.SellerAsked,
    cancellation.CancellationHeld,
    cancellation.CancellationApproved,
    cancellation.CancellationRefused,
    cancellation.CancellationWithdrawn,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A message as its reader sees it. label: who reads it; seen_by, seen_at: which other side saw it, and when.

    cancel: where the button beside a wish to cancel leads; remark: what its reader should know of it.
    translation: in the reader's language; translate: where asking for one leads; untranslated: it was asked for, and
    the translator gave none. outside: of a contact note, how and with whom it was said elsewhere; reply: where its
    reader answers it. answers: id of the message that this one answers.
    """

    id: str
    author: str
    at: Instant
    own: bool
    audience: str
    label: str
    text: str
    erased: bool
    files: Sequence[evidence.Tile] = ()
    seen_by: str = ""
    seen_at: Instant | None = None
    cancel: str = ""
    remark: str = ""
    translation: Translation | None = None
    translate: str = ""
    untranslated: bool = False
    outside: Outside | None = None
    reply: str = ""
    answers: str = ""
    step: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Something that happened to the order between two messages, such as an offer."""

    at: Instant
    text: str
    detail: str
    icon: str
    tone: str
    href: str = ""
    step: bool = True


@dataclass(slots=True, kw_only=True)
class Typed:
    """What was typed into the box, kept whatever happens to it. answers: id of the message that it is an answer to."""

    text: str = ""
    answers: str = ""
    audience: str = ""
    key: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    files: evidence.Brought | None = None
    errors: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A conversation with the box below it. live: what the page is told of when somebody says something.

    earlier, transcript, elsewhere: addresses, empty where there is none; the last is of the form for what was said
    elsewhere. before: questions from before the order. page: on which page it stands, the order's or its own. replies:
    the shop's own sentences, for its people. contact: how else the shop is reached.
    """

    live: str
    entries: Sequence[Bubble | Step]
    earlier: str
    transcript: str
    before: Sequence[Mapping[str, str]]
    action: str
    choices: Sequence[tuple[str, str]]
    typed: Typed
    field: Mapping[str, Any] | None
    longest: int = LONGEST
    thread: Thread | None = None
    page: str = "thread"
    elsewhere: str = ""
    replies: Sequence[quick_replies.Item] = ()
    contact: contact.Shown | None = None


async def about_order(
    visit: Visit,
    view: OrderView,
    records: Iterable[tuple[Record, Mapping[str, str]]],
    *,
    cancel: str = "",
    request: str = "",
    typed: Typed | None = None,
) -> Card:
    """The conversation on an order's page. cancel: where a wish to cancel leads, while it leads anywhere.

    request: address under which requests of this order are read.
    """
    who, talks, order = visit.person, visit.desk.conversations, view.order
    side = side_of(who.role)
    talk = await talks.of_order(who, order, limit=SHOWN)
    if talk and await _shown(visit, talk):
        visit.unread = max(0, visit.unread - 1)
    steps = _steps(visit.locale, order, records, side, request)
    since = talk.messages[0].sent_at if talk and talk.earlier else None
    entries: list[Bubble | Step] = [one for one in steps if since is None or one.at >= since] if talk else []
    here = f"{PARTS[side]}/{order.id}"
    entries += await _bubbles(visit, talk, order, cancel, here) if talk else []
    return await _card(
        visit,
        side,
        talk,
        sorted(entries, key=lambda one: one.at),
        here=here,
        shop=view.shop,
        reads=view.buyer.locale,
        elsewhere=f"{here}/contact-notes",
        live=order.id,
        page="order",
        action=f"{here}/messages",
        before=[_question(visit.locale, side, one) for one in await talks.before_order(who, order)],
        typed=typed,
        files=True,
    )


async def alone(visit: Visit, thread: str, before: str | None = None, typed: Typed | None = None) -> Card:
    """A conversation on a page of its own, with the message that the address names. Raises NotFound, InvalidField."""
    who, talks = visit.person, visit.desk.conversations
    side = side_of(who.role)
    talk = await talks.read(who, thread, before)
    first = visit.query("from")
    if before is None and first and talk.earlier and all(one.id != first for one in talk.messages):
        talk = await talks.read(who, thread, limit=paging.MOST)
    if before is None and await _shown(visit, talk):
        visit.unread = max(0, visit.unread - 1)
    found = talk.thread
    view = await visit.desk.reads.order(visit.scope, found.order) if found.order else None
    here, about_order = f"{ROOT[side]}/{found.id}", found.about is About.ORDER
    return await _card(
        visit,
        side,
        talk,
        await _bubbles(visit, talk, view.order if view else None, "", here),
        here=here,
        shop=view.shop if view else await visit.desk.reads.shop(found.shop),
        reads=view.buyer.locale if view else "",
        elsewhere=f"{PARTS[side]}/{found.order}/contact-notes" if about_order else "",
        live=found.order if about_order and found.order else found.id,
        action=here,
        typed=typed,
        files=about_order,
    )


async def _shown(visit: Visit, talk: Talk) -> bool:
    """Note that a page showed it; a browser that only fetches ahead has shown nothing."""
    if visit.request.method != "GET" or "prefetch" in visit.request.headers.get("sec-purpose", ""):
        return False
    shown = await visit.desk.conversations.shown(visit.person, talk)
    if shown:
        # What was told of it is read with it.
        visit.unread_notices = await visit.desk.inbox.unread(visit.person)
    return shown


async def _card(
    visit: Visit,
    side: Side,
    talk: Talk | None,
    entries: Sequence[Bubble | Step],
    *,
    here: str,
    shop: ShopView,
    reads: str,
    elsewhere: str,
    live: str,
    action: str,
    typed: Typed | None,
    files: bool,
    before: Sequence[Mapping[str, str]] = (),
    page: str = "thread",
) -> Card:
    alone = f"{ROOT[side]}/{talk.thread.id}" if talk else ""
    replies = await quick_replies.menu(visit, here, reads)
    if typed is None:
        asked = visit.query("answers")
        answers = next((one.id for one in talk.messages if one.id == asked), "") if talk else ""
        typed = Typed(text=quick_replies.chosen(visit, replies), answers=answers)
    kept = typed.files.tiles if typed.files else ()
    return Card(
        live=live,
        entries=entries,
        earlier=f"{alone}?before={talk.messages[0].id}" if talk and talk.earlier else "",
        transcript=f"{alone}/transcript" if talk else "",
        before=before,
        action=action,
        choices=choices(visit.locale, side),
        typed=typed,
        field=evidence.field(visit, kept, typed.errors.get("files", "")) if files else None,
        thread=talk.thread if talk else None,
        page=page,
        elsewhere=elsewhere,
        replies=replies,
        contact=await contact.shown(visit, shop) if side != "seller" else None,
    )


# --- words -----------------------------------------------------------------------------------------------------------


def choices(locale: Locale, side: Side) -> list[tuple[str, str]]:
    """Whom a side may address, in words that name everybody who will read it."""
    _ = locale.gettext
    said = {
        ("buyer", Audience.EVERYONE): _("The shop and platform support"),
        ("buyer", Audience.BUYER): _("Platform support only"),
        ("seller", Audience.EVERYONE): _("The buyer and platform support"),
        ("seller", Audience.SELLER): _("Platform support only"),
        ("platform", Audience.EVERYONE): _("Buyer and shop"),
        ("platform", Audience.BUYER): _("The buyer only"),
        ("platform", Audience.SELLER): _("The shop only"),
        ("platform", Audience.INTERNAL): _("Support only"),
    }
    return [(one.value, said[side, one]) for one in audiences(side)]


def label(locale: Locale, side: Side, audience: Audience) -> str:
    """Who reads a message, as its reader is told."""
    if side != "platform" and audience is not Audience.EVERYONE:
        return locale.gettext("You and platform support")
    return locale.term("audience", audience.value)


def name_of(locale: Locale, thread: Thread, by: Side) -> str:
    """What a side is called by the others."""
    if by == "platform":
        return locale.gettext("Platform support")
    return (thread.shop_name if by == "seller" else thread.buyer_name) or locale.term("actor", by)


def subject(locale: Locale, thread: Thread) -> str:
    """What a conversation is about, in a few words."""
    _ = locale.gettext
    if thread.about is About.ORDER:
        return _("Order %(number)s") % {"number": thread.number}
    if thread.about is About.PRODUCT:
        return thread.subject or thread.sku
    return _("A question to the shop")


def _question(locale: Locale, side: Side, thread: Thread) -> dict[str, str]:
    return {"href": f"{ROOT[side]}/{thread.id}", "text": subject(locale, thread)}


async def _bubbles(visit: Visit, talk: Talk, order: Order | None, cancel: str, here: str) -> list[Bubble]:
    who, locale = visit.person, visit.locale
    side = side_of(who.role)
    names = await _names(visit, side, talk.messages)
    last_seen = next((one.id for one in reversed(talk.messages) if one.by == side and one.seen), "")
    found: list[Bubble] = []
    for one in talk.messages:
        own = one.by == side
        seen = min(one.seen.items(), key=lambda by: by[1]) if one.id == last_seen else None
        mine = own and (side == "buyer" or one.author == who.id)
        found.append(
            Bubble(
                id=one.id,
                author=locale.gettext("You") if mine else names.get(one.author) or name_of(locale, talk.thread, one.by),
                at=one.sent_at,
                own=own,
                audience=one.audience.value,
                label=label(locale, side, one.audience),
                text=one.text,
                erased=one.erased,
                files=[evidence.tile(locale, order.id, ref) for ref in one.evidence] if order else (),
                seen_by=name_of(locale, talk.thread, seen[0]) if seen else "",
                seen_at=seen[1] if seen else None,
                cancel=f"{cancel}?said={one.id}" if cancel and own and one.flag is Flag.WANTS_TO_CANCEL else "",
                remark=_remark(locale, side, one),
                translation=one.translations.get(locale.tag),
                translate=translating.where(visit, ROOT, side, talk, one),
                untranslated=visit.query("untranslated") == one.id,
                outside=one.outside,
                reply=f"{address(here, answers=one.id)}#say" if one.outside and not own else "",
                answers=one.answers or "",
            )
        )
    return found


async def _names(visit: Visit, side: Side, messages: Sequence[Message]) -> Mapping[str, str]:
    """What colleagues are called, by those of their own side."""
    ids = {one.author for one in messages if one.by == side and one.author}
    if side == "buyer" or not ids:
        return {}
    access = visit.desk.access
    if side == "seller":
        return await access.named("seller", ids, visit.person.shop_id)
    return await access.named("operator", ids) | await access.named("support", ids)


def _remark(locale: Locale, side: Side, one: Message) -> str:
    _ = locale.gettext
    if one.flag is Flag.ASKS_BUYER_TO_CANCEL:
        return _("The shop asks the buyer to cancel. Who cannot deliver cancels the order themselves (R-038).")
    if one.flag is Flag.WANTS_TO_CANCEL and side != "buyer":
        return _("Sounds like a wish to cancel. Nothing was filed by it; the buyer sees the button for that.")
    return ""


def _steps(
    locale: Locale, order: Order, records: Iterable[tuple[Record, Mapping[str, str]]], side: Side, request: str
) -> list[Step]:
    """What was asked, offered and answered, as it stands in the order's own story."""
    reader = "support" if side == "platform" else side
    steps: list[Step] = []
    for record, notes in records:
        if not isinstance(record.event, _SPOKEN):
            continue
        about = getattr(record.event, "cancellation", "")
        steps += [
            Step(
                at=one.at,
                text=one.text,
                detail=one.detail,
                icon=one.icon,
                tone=one.tone,
                href=f"{request}/{about}" if request and isinstance(record.event, offer.OfferMade) else "",
            )
            for one in story([(record, notes)], order, locale, reader)
        ]
    return steps


# --- sending ---------------------------------------------------------------------------------------------------------


async def send(visit: Visit, *, order: Order | None = None, thread: str = "") -> tuple[Sent | None, Typed]:
    """Say what was typed about an order or in a conversation; None with what is wrong beside each field.

    Raises CrossSite, NotFound, and whatever leaves nothing to put right.
    """
    fields = await visit.form()
    typed = Typed(text=fields.get("text", ""), audience=fields.get("audience", ""), answers=fields.get("answers", ""))
    key = fields.get("key", "")
    typed.key = key if _KEY.fullmatch(key) else typed.key
    _ = visit.locale.gettext
    if order is not None:
        typed.files = await evidence.brought(visit, order.id)
        if typed.files.error:
            typed.errors["files"] = typed.files.error
    if typed.audience not in dict(choices(visit.locale, side_of(visit.person.role))):
        typed.errors["audience"] = _("Choose who reads it")
    if not typed.text.strip():
        typed.errors["text"] = _("Write something")
    if typed.errors:
        return None, typed
    files = tuple(ref.id for ref in typed.files.refs) if typed.files else ()
    said = [
        order.id if order else thread,
        typed.audience,
        typed.text,
        files,
        *([typed.answers] if typed.answers else []),
    ]
    saying = Saying(
        text=typed.text,
        audience=typed.audience,
        key=f"page {typed.key}",
        fingerprint=hashlib.sha256(msgspec.json.encode(said)).digest(),
        evidence=files,
        answers=typed.answers,
    )
    talks = visit.desk.conversations
    try:
        if order is not None:
            return await talks.say_about(visit.person, order, saying), typed
        return await talks.say(visit.person, thread, saying), typed
    except (InvalidText, InvalidField, RateLimited, Unavailable, IdempotencyKeyReused) as fault:
        typed.errors["text"] = trouble(visit.locale, fault)
        if isinstance(fault, IdempotencyKeyReused):
            # The page was gone back to and something else was written: that is another message.
            typed.key = secrets.token_urlsafe(18)
        return None, typed


def trouble(locale: Locale, fault: Exception) -> str:
    """Why something was not sent. What was typed stays in the box."""
    _ = locale.gettext
    match fault:
        case InvalidText() | InvalidField():
            told = _("Write at most %(count)s characters, without invisible ones")
            return told % {"count": locale.number(LONGEST)}
        case RateLimited():
            return _("That was a lot in a minute. It was not sent yet; wait a moment and send it again.")
        case IdempotencyKeyReused():
            return _("This form was sent before with other words. Send it again if you mean these as well.")
        case _:
            return _("It could not be sent. It stays here; send it again in a moment.")


def status_of(typed: Typed) -> int:
    """The status of a page that shows what was typed again."""
    return HTTPStatus.UNPROCESSABLE_ENTITY if typed.errors else HTTPStatus.OK
