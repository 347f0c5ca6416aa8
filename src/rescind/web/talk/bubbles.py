"""What was said, as its reader sees it, with what happened to the order between."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rescind.conversations import Talk
from rescind.core.conversation import About, Flag, Message, Outside, Side, Thread, Translation, side_of
from rescind.core.instant import Instant
from rescind.core.offer import OfferMade
from rescind.core.order import Order
from rescind.core.record import Record
from rescind.core.spoken import became, spoken
from rescind.locales import Locale
from rescind.web import evidence, translating
from rescind.web.audience_words import label
from rescind.web.rendering import address
from rescind.web.session import Visit
from rescind.web.talk.standing import Wish
from rescind.web.talk.words import REQUESTS, ROOT, name_of
from rescind.web.timeline import story


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A message as its reader sees it. label: who reads it; seen_by, seen_at: which other side saw it, and when.

    wish: what is possible now beside a wish to cancel; remark: what its reader should know of it.
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
    wish: Wish | None = None
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
    """Something that happened to the order between two messages, such as an offer.

    href: where an offer is read. yours: its reader can answer it there; lapsed: its request ended and nobody had.
    """

    at: Instant
    text: str
    detail: str
    icon: str
    tone: str
    href: str = ""
    yours: bool = False
    lapsed: bool = False
    step: bool = True


async def bubbles(visit: Visit, talk: Talk, here: str, wish: Callable[[Message], Wish] | None) -> list[Bubble]:
    """Its messages. here: address of the page. wish: what is possible beside a wish to cancel."""
    who, locale = visit.person, visit.locale
    side, about = side_of(who.role), talk.thread
    home = about.order if about.about is About.ORDER and about.order else about.id
    names = await colleagues(visit, talk.messages)
    last_seen = next((one.id for one in reversed(talk.messages) if one.by == side and one.seen), "")
    found: list[Bubble] = []
    for one in talk.messages:
        own = one.by == side
        seen = min(one.seen.items(), key=lambda by: by[1]) if one.id == last_seen else None
        found.append(
            Bubble(
                id=one.id,
                author=author_of(visit, talk.thread, one, names),
                at=one.sent_at,
                own=own,
                audience=one.audience.value,
                label=label(locale, side, one.audience),
                text=one.text,
                erased=one.erased,
                files=[evidence.tile(locale, home, ref) for ref in one.evidence],
                seen_by=name_of(locale, talk.thread, seen[0]) if seen else "",
                seen_at=seen[1] if seen else None,
                wish=wish(one) if wish and own and one.flag is Flag.WANTS_TO_CANCEL else None,
                remark=_remark(locale, side, one),
                translation=one.translations.get(locale.tag),
                translate=translating.where(visit, ROOT, side, talk, one),
                untranslated=visit.query("untranslated") == one.id,
                outside=one.outside,
                reply=f"{address(here, answers=one.id)}#say" if one.outside and not own and side != "platform" else "",
                answers=one.answers or "",
            )
        )
    return found


def author_of(visit: Visit, thread: Thread, one: Message, names: Mapping[str, str]) -> str:
    """Who wrote a message, as its reader calls them. names: of colleagues."""
    who, side = visit.person, side_of(visit.person.role)
    if one.by == side and (side == "buyer" or one.author == who.id):
        return visit.locale.gettext("You")
    return names.get(one.author) or name_of(visit.locale, thread, one.by)


async def colleagues(visit: Visit, messages: Iterable[Message]) -> Mapping[str, str]:
    """What those of the reader's own side are called who wrote these messages."""
    side = side_of(visit.person.role)
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
        return _("Sounds like a wish to cancel. Nothing was filed by it; the buyer sees beside it what is possible.")
    return ""


def steps(locale: Locale, order: Order, records: Iterable[tuple[Record, Mapping[str, str]]], side: Side) -> list[Step]:
    """What was asked, offered and answered, as it stands in the order's own story."""
    reader = "support" if side == "platform" else side
    found: list[Step] = []
    for record, notes in records:
        if not spoken(record.event):
            continue
        made = record.event if isinstance(record.event, OfferMade) else None
        state = became(order, made) if made else ""
        page = f"{REQUESTS[side].format(order=order.id)}{made.cancellation}" if made and REQUESTS[side] else ""
        found += [
            Step(
                at=one.at,
                text=one.text,
                detail=one.detail,
                icon=one.icon,
                tone=one.tone if state != "lapsed" else "",
                href=page,
                yours=made is not None and state == "open" and side not in {made.by, "platform"},
                lapsed=state == "lapsed",
            )
            for one in story([(record, notes)], order, locale, reader)
        ]
    return found
