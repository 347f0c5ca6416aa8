"""A conversation with the box below it: on the page of its order, or on one of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rescind.conversations import Talk
from rescind.core.conversation import LONGEST, About, Message, Side, Thread, side_of
from rescind.core.order import Order
from rescind.core.record import Record
from rescind.core.views import OrderView, ShopView
from rescind.postgres import paging
from rescind.web import contact, evidence, quick_replies
from rescind.web.session import Visit
from rescind.web.talk.bubbles import Bubble, Step, bubbles, steps
from rescind.web.talk.saying import Typed
from rescind.web.talk.standing import Finds, Standing, Wish
from rescind.web.talk.words import PARTS, ROOT, choices, subject

SHOWN = 30
"""Messages on a page of something else; its conversation's own page has more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What was asked before an order: where it is read, about what it was, and what was shown with it."""

    href: str
    text: str
    files: Sequence[evidence.Tile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A conversation with the box below it. live: what the page is told of when somebody says something.

    earlier, transcript, elsewhere: addresses, empty where there is none; the last is of the form for what was said
    elsewhere. before: questions from before the order. page: on which page it stands, the order's or its own. replies:
    the shop's own sentences, for its people. contact: how else the shop is reached. standing: of the order, where the
    page does not show it anyway.
    """

    live: str
    entries: Sequence[Bubble | Step]
    earlier: str
    transcript: str
    before: Sequence[Question]
    action: str
    choices: Sequence[tuple[str, str]]
    typed: Typed
    field: Mapping[str, Any]
    longest: int = LONGEST
    thread: Thread | None = None
    page: str = "thread"
    elsewhere: str = ""
    replies: Sequence[quick_replies.Item] = ()
    contact: contact.Shown | None = None
    standing: Standing | None = None


async def about_order(
    visit: Visit,
    view: OrderView,
    records: Iterable[tuple[Record, Mapping[str, str]]],
    *,
    wish: Callable[[Message], Wish] | None = None,
    typed: Typed | None = None,
) -> Card:
    """The conversation on an order's page. wish: what is possible beside a wish to cancel."""
    who, talks, order = visit.person, visit.desk.conversations, view.order
    side = side_of(who.role)
    talk = await talks.of_order(who, order, limit=SHOWN)
    if talk and await _shown(visit, talk):
        visit.unread = max(0, visit.unread - 1)
    entries: list[Bubble | Step] = _between(steps(visit.locale, order, records, side), talk)
    here = f"{PARTS[side]}/{order.id}"
    entries += await bubbles(visit, talk, here, wish) if talk else []
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
        before=[await _question(visit, side, one, order) for one in await talks.before_order(who, order)],
        typed=typed,
    )


async def alone(visit: Visit, thread: str, finds: Finds, before: str | None = None, typed: Typed | None = None) -> Card:
    """A conversation on a page of its own, below where its order stands, with the message that the address names.

    Raises NotFound, InvalidField.
    """
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
    around = await finds(view.order.id) if view else None
    entries: list[Bubble | Step] = []
    if view and found.about is About.ORDER:
        told = await visit.desk.reads.timeline(visit.scope, view.order.id)
        happened = steps(visit.locale, view.order, ((one.record, one.notes) for one in told), side)
        entries += _between(happened, talk)
    here, about_order = f"{ROOT[side]}/{found.id}", found.about is About.ORDER
    entries += await bubbles(visit, talk, here, around.wish if around else None)
    return await _card(
        visit,
        side,
        talk,
        sorted(entries, key=lambda one: one.at),
        here=here,
        shop=view.shop if view else await visit.desk.reads.shop(found.shop),
        reads=view.buyer.locale if view else "",
        elsewhere=f"{PARTS[side]}/{found.order}/contact-notes" if about_order else "",
        live=found.order if about_order and found.order else found.id,
        action=here,
        typed=typed,
        standing=around.standing if around else None,
    )


def _between(happened: Iterable[Step], talk: Talk | None) -> list[Bubble | Step]:
    """What happened while the messages on a page were written."""
    return [one for one in happened if talk is None or talk.covers(one.at)]


async def _shown(visit: Visit, talk: Talk) -> bool:
    """Note that a page showed it; a browser that only fetches ahead has shown nothing."""
    if visit.request.method != "GET" or "prefetch" in visit.request.headers.get("sec-purpose", ""):
        return False
    shown = await visit.desk.conversations.read_on_page(visit.person, talk)
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
    before: Sequence[Question] = (),
    page: str = "thread",
    standing: Standing | None = None,
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
        field=evidence.field(visit, kept, typed.errors.get("files", "")),
        thread=talk.thread if talk else None,
        page=page,
        elsewhere=elsewhere,
        replies=replies,
        contact=await contact.shown(visit, shop) if side != "seller" else None,
        standing=standing,
    )


async def _question(visit: Visit, side: Side, thread: Thread, order: Order) -> Question:
    reader = "support" if side == "platform" else side
    shown = await visit.desk.conversations.shown(visit.person, [thread])
    files = evidence.tiles(visit.locale, order.id, shown, reader)
    return Question(href=f"{ROOT[side]}/{thread.id}", text=subject(visit.locale, thread), files=files)
