"""The inbox of buyer, seller and support, and one conversation on a page of its own: the same for all three."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, get_args

from litestar import get
from litestar.di import NamedDependency

from rescind.core.conversation import About, Side, Thread, ThreadFilters, ThreadTab, side_of
from rescind.core.errors import InvalidField, NoTranslator, Unavailable
from rescind.core.ids import canonical
from rescind.core.lists import MESSAGES
from rescind.locales import LANGUAGE_NAMES, Locale
from rescind.web import talk
from rescind.web.listing import asked, tools
from rescind.web.offer_words import made, replied
from rescind.web.rendering import address
from rescind.web.session import Html, Visit, messages_of

Page = Callable[..., Html]
"""How a role's pages are made: ``visit.page`` or that of its console."""
_TABS = get_args(ThreadTab)
_EXCERPT = 140


async def listing(visit: Visit, page: Page) -> Html:
    """A side's conversations, the latest message first; those in which it owes an answer by when that is due."""
    side = side_of(visit.person.role)
    _ = visit.locale.gettext
    tabs = _tabs(visit.locale, side)
    wanted = visit.query("tab")
    tab: ThreadTab = next((one for one in tabs if one == wanted), _TABS[0])
    given = asked(visit, MESSAGES, "UTC")
    text = given.search.words
    filters = ThreadFilters(tab=tab, text=text)
    talks, cursor = visit.desk.conversations, visit.query("cursor") or None
    try:
        found = await talks.inbox(visit.person, filters, cursor)
    except InvalidField:
        # A place of another list: the list from its beginning is what was meant.
        found = await talks.inbox(visit.person, filters)
    counts = {"unread": visit.unread, "waiting": await talks.waiting(visit.person)}
    due = await visit.desk.due_first(found.rows) if tab == "waiting" else [(one, None) for one in found.rows]
    names = await talk.colleagues(visit, [one.last for one in found.rows if one.last])
    root, base = talk.ROOT[side], address(visit.here, cursor=None)
    around = None
    if side != "buyer":
        around = await tools(visit, given, "UTC", path=root, total=found.total)
    return page(
        "talk/inbox.html",
        base=talk.FRAME[side],
        root=root,
        tools=around,
        errors=given.errors,
        q=text,
        tabs=[
            {
                "href": address(base, tab=None if name == "all" else name),
                "label": words,
                "count": counts.get(name),
                "current": name == tab,
            }
            for name, words in tabs.items()
        ],
        rows=[_row(visit, one, names) | {"due": by} for one, by in due],
        previous=address(base, cursor=found.previous) if found.previous else "",
        next=address(base, cursor=found.next) if found.next else "",
        searched=bool(text) or tab != "all",
    )


def _tabs(locale: Locale, side: Side) -> dict[ThreadTab, str]:
    _ = locale.gettext
    names: dict[ThreadTab, str] = {"all": _("All"), "unread": _("Unread")}
    if side == "platform":
        names["flagged"] = _("To look at")
    if side == "seller":
        names["waiting"] = _("Wait for your answer")
    return names


def _with(visit: Visit, one: Thread) -> str:
    """Who the others of a conversation are."""
    side = side_of(visit.person.role)
    who = {"buyer": one.shop_name, "seller": one.buyer_name}.get(side, f"{one.buyer_name} · {one.shop_name}")
    return who or visit.locale.term("actor", "seller" if side == "buyer" else "buyer")


def _row(visit: Visit, one: Thread, names: Mapping[str, str]) -> dict[str, Any]:
    side, locale = side_of(visit.person.role), visit.locale
    last = one.last
    text = " ".join(last.text.split()) if last else ""
    acted = _acted(locale, one, side) if one.acted_last else ""
    return {
        "thread": one,
        "href": f"{talk.ROOT[side]}/{one.id}",
        "who": _with(visit, one),
        "subject": talk.subject(locale, one),
        "followed": _followed(locale, one),
        "offered": one.offer is not None,
        "yours": one.offer is not None and side not in {one.offer.by, "platform"},
        "acted": acted,
        "by": talk.author_of(visit, one, last, names) if last else "",
        "text": text[:_EXCERPT] + ("…" if len(text) > _EXCERPT else ""),
        "label": talk.label(locale, side, last.audience) if last and last.audience != "everyone" else "",
    }


def _acted(locale: Locale, one: Thread, side: Side) -> str:
    """What was offered or answered last, where nothing was said since."""
    offer = one.offered
    if offer is None:
        return ""
    if offer.answer:
        return replied(locale, offer.answer, by="seller" if offer.by == "buyer" else "buyer", mine=side == "buyer")
    text = made(locale, offer, one.currency, mine=side == "buyer")
    return text if one.offer else locale.gettext("%(said)s · It is off the table.") % {"said": text}


def _followed(locale: Locale, one: Thread) -> str:
    if one.about is About.ORDER or not one.number:
        return ""
    return locale.gettext("then order %(number)s") % {"number": one.number}


async def one(visit: Visit, page: Page, finds: talk.Finds, thread: str, typed: talk.Typed | None = None) -> Html:
    """One conversation. finds: where its order stands. Raises NotFound for a missing and a foreign one alike."""
    before = visit.query("before") or None
    try:
        card = await talk.alone(visit, thread, finds, before, typed)
    except InvalidField:
        before, card = None, await talk.alone(visit, thread, finds, None, typed)
    assert card.thread is not None, "it was found"
    side, found = side_of(visit.person.role), card.thread
    return page(
        "talk/thread.html",
        status=talk.status_of(card.typed),
        here=f"{talk.ROOT[side]}/{found.id}",
        base=talk.FRAME[side],
        root=talk.ROOT[side],
        card=card,
        title=talk.subject(visit.locale, found),
        who=_with(visit, found),
        order=f"{talk.PARTS[side]}/{found.order}" if found.order else "",
        number=found.number,
        past=before is not None,
        latest=f"{talk.ROOT[side]}/{found.id}",
        flagged=found.flagged and side == "platform",
    )


async def say(visit: Visit, page: Page, finds: talk.Finds, thread: str) -> Html:
    """Say something, or show the box again with what is wrong."""
    found = await visit.desk.conversations.thread(visit.person, thread)
    order = None
    if found.about is About.ORDER and found.order:
        order = (await visit.desk.reads.order(visit.scope, found.order)).order
    sent, typed = await talk.send(visit, order=order, thread=found.id)
    if sent is None:
        return await one(visit, page, finds, thread, typed)
    return visit.go(f"{talk.ROOT[side_of(visit.person.role)]}/{sent.thread}#say")


async def translate(visit: Visit, thread: str, message: str) -> Html:
    """Have a message translated into the reader's language, and show it where it was asked for."""
    fields = await visit.form()
    side, talks = side_of(visit.person.role), visit.desk.conversations
    found, failed = await talks.thread(visit.person, thread), ""
    try:
        await visit.desk.translations.ask(visit.person, thread, message, visit.locale.tag)
    except (Unavailable, NoTranslator):
        failed = f"?untranslated={canonical('msg', message)}"
    here = f"{talk.ROOT[side]}/{found.id}"
    if fields.get("page") == "order" and found.about is About.ORDER and found.order:
        here = f"{talk.PARTS[side]}/{found.order}"
    return visit.go(f"{here}{failed}#{canonical('msg', message)}")


async def looked_at(visit: Visit, thread: str) -> Html:
    """Support has looked at what was flagged."""
    await visit.form()
    await visit.desk.conversations.looked_at(visit.person, thread)
    return visit.go(f"{talk.ROOT['platform']}/{thread}")


async def transcript(visit: Visit, page: Page, thread: str) -> Html:
    """Everything of a conversation that its reader may read, for paper."""
    written = await visit.desk.conversations.transcript(visit.person, thread, visit.now)
    found = await visit.desk.conversations.thread(visit.person, thread)
    side = side_of(visit.person.role)
    happened: list[talk.Step] = []
    if written.acts and found.order:
        told = await visit.desk.reads.timeline(visit.scope, found.order)
        order = (await visit.desk.reads.order(visit.scope, found.order)).order
        happened = talk.steps(visit.locale, order, ((one.record, one.notes) for one in told), side)
    return page(
        "talk/transcript.html",
        live=False,
        base=talk.FRAME[side],
        root=talk.ROOT[side],
        written=written,
        entries=sorted([*written.messages, *happened], key=lambda one: one.at),
        title=talk.subject(visit.locale, found),
        names={by: talk.name_of(visit.locale, found, by) for by in ("buyer", "seller", "platform")},
        labels={one.value: talk.label(visit.locale, side, one) for one in {said.audience for said in written.messages}},
        answered={said.id: said for said in written.messages},
        languages=LANGUAGE_NAMES,
        file=f"/v1/threads/{written.thread}/transcript",
    )


@get("/messages/unread")
async def unread(visit: NamedDependency[Visit]) -> Html:
    """The entry of the navigation alone, with the count as it is now; for everybody who has conversations."""
    visit.require("buyer", "seller", "support", "operator")
    return visit.entry(messages_of(visit, visit.query("at")))


ROUTES = (unread,)
