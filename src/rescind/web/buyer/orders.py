"""The list of a buyer's orders, and one order with everything about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.core.acknowledgement import declarations
from rescind.core.arrival import ways
from rescind.core.errors import InvalidField
from rescind.core.instant import Instant
from rescind.core.outlook import Ahead, Outlook
from rescind.core.parts import Parcel
from rescind.core.record import Record
from rescind.core.review import OF_RECIPIENT, correctable
from rescind.core.review import waiting as reviewed
from rescind.core.stage import Stage, rank
from rescind.core.terms import undeliverable
from rescind.core.views import Filters, OrderRow
from rescind.prospects import MONTH
from rescind.web import acknowledgement, document, order_notes, talk, way_words
from rescind.web.buyer import money_words, standing, words
from rescind.web.buyer.matter import Matter, history, load
from rescind.web.ending import ending, ready
from rescind.web.evidence import SENT_AT_ONCE
from rescind.web.progress import progress
from rescind.web.return_words import return_rows
from rescind.web.search import read_search, too_many
from rescind.web.session import Html, Visit

TABS = ("all", "to_pay", "to_ship", "shipped", "completed", "cancelled")
PAGE_SIZE = 10


@dataclass(frozen=True, slots=True)
class Row:
    """One card of the list. ``state``: what its pill is made of: context and key; ``offer``: what the order's own page
    offers, None where there is nothing to ask.
    """

    order: OrderRow
    state: tuple[str, str]
    offer: words.Offer | None


@get("/orders")
async def order_list(visit: NamedDependency[Visit]) -> Html:
    """Everything this buyer has ordered, newest first."""
    visit.require("buyer")
    _ = visit.locale.gettext
    tab = visit.query("tab", "all")
    tab = tab if tab in TABS else "all"
    asked = read_search(visit.query("q"))
    filters = Filters(tab=tab, numbers=asked.numbers, text=asked.words)
    after = visit.query("after") or None
    try:
        page = await visit.desk.reads.orders(visit.scope, filters, after, PAGE_SIZE, now=visit.now)
    except InvalidField:
        # A place of another list, or one kept for too long: the list from its beginning is what was meant.
        page = await visit.desk.reads.orders(visit.scope, filters, None, PAGE_SIZE, now=visit.now)
    counts = await visit.desk.reads.order_counts(visit.scope, now=visit.now)
    names = {
        "all": _("All"),
        "to_pay": _("To pay"),
        "to_ship": _("To ship"),
        "shipped": _("Shipped"),
        "completed": _("Completed"),
        "cancelled": _("Cancelled & refunds"),
    }
    return visit.page(
        "buyer/orders.html",
        zone=await _zone(visit, page.rows),
        rows=await _rows(visit, page.rows),
        tabs=[(key, names[key], counts.get(key, 0)) for key in TABS],
        tab=tab,
        q=asked.text,
        asked=asked.short,
        errors=too_many(visit.locale, asked),
        page=page,
    )


async def _zone(visit: Visit, rows: tuple[OrderRow, ...]) -> str:
    """Whose clock a list goes by when its reader's is not known: that of the shop of its newest order."""
    return (await visit.desk.reads.shop(rows[0].shop_id)).zone if rows else "UTC"


async def _rows(visit: Visit, rows: tuple[OrderRow, ...]) -> list[Row]:
    """Each order is judged as its own page judges it, and what it would give back is left out."""
    desk, now = visit.desk, visit.now
    # A list is one buyer's, so what is counted of buyers is asked once.
    counted = await desk.directory.cancellations_since(rows[0].buyer_id, now - MONTH) if rows else 0
    found: list[Row] = []
    for row in rows:
        terms = await desk.terms(row.order)
        outlook = Outlook(row.order, terms, await desk.context(row.order, terms, counted))
        said = outlook.said(now)
        arrived = rank(row.stage) >= rank(Stage.DELIVERED)
        path, reached = f"/orders/{row.order_id}", outlook.reached
        offer = words.offered(visit.locale, said, path, arrived=arrived, reached=reached) if said else None
        state = ("stage", row.stage.value) if row.case_status is None else ("cancellation", row.case_status)
        found.append(Row(row, state, offer))
    return found


@get("/orders/{order_id:str}")
async def order_page(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """One order: where it is, what can be done about it, what it holds, and what happened."""
    return await show(visit, await load(visit, order_id))


@post("/orders/{order_id:str}/messages", status_code=HTTPStatus.OK, request_max_body_size=SENT_AT_ONCE)
async def say(visit: NamedDependency[Visit], order_id: FromPath[str]) -> Html:
    """Say something about the order, or show its page again with what was typed."""
    found = await load(visit, order_id)
    sent, typed = await talk.send(visit, order=found.order)
    return visit.go(f"{found.path}#say") if sent else await show(visit, found, typed)


async def show(
    visit: Visit, found: Matter, typed: talk.Typed | None = None, *, note: order_notes.Typed | None = None
) -> Html:
    """The order's page; ``typed``, ``note``: what was to be said, or noted, and could not be kept."""
    records, entries = await history(visit, found)
    order = found.order
    waiting = order.open_cancellation
    last = order.cancellations[-1] if order.cancellations else None
    return visit.page(
        "buyer/order.html",
        zone=found.zone,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if note else talk.status_of(typed) if typed else HTTPStatus.OK,
        here=found.path,
        called=[
            {
                "one": one,
                "ground": visit.locale.term("escalation", one.ground),
                "outcome": visit.locale.term("escalation_outcome", one.outcome) if one.outcome else "",
            }
            for one in reversed(order.escalations)
        ],
        talk=await talk.about_order(
            visit,
            found.view,
            [(entry.record, entry.notes) for entry in records],
            wish=lambda message: standing.wish(visit.locale, found, message),
            typed=typed,
        ),
        notes=order_notes.card(visit.locale, found.view, found.path, note),
        m=found,
        order=order,
        words=words,
        standing=standing.standing(visit.locale, found),
        check=_check(visit, found),
        waiting=waiting,
        last=last,
        steps=progress(order, visit.now),
        ready=ready(visit.locale, order),
        ends=ending(visit.locale, order),
        entries=entries,
        ahead=_ahead(found) if found.answer else (),
        wrong=_wrong(found),
        refunds=refunds(visit, found, (entry.record for entry in records)),
        papers=document.offered(visit.locale, order, found.zone),
        parcels=[parcel_words(found, parcel) for parcel in order.parcels if parcel.carrier or parcel.tracking],
        cases=return_rows(visit.locale, order, found.path),
        until=acknowledgement.until(visit.locale, found.withdrawal) if found.withdrawal else "",
        declared=[
            {"href": f"{found.path}/withdrawals/{one.id}", "at": one.at}
            for one in declarations((entry.record, entry.notes) for entry in records)
        ],
        door=money_words.at_the_door(
            visit.locale,
            await visit.desk.at_the_door_of(order),
            order,
            over=rank(found.stage) >= rank(Stage.DELIVERED),
        ),
    )


@dataclass(frozen=True, slots=True)
class Check:
    """Why a person looks at the order, and what becomes of it. must: the buyer alone can mend it; kind: of deadline."""

    title: str
    found: list[str]
    due_at: Instant | None
    since: Instant | None
    kind: str
    then: str
    href: str
    must: bool


def _check(visit: Visit, found: Matter) -> Check | None:
    order, _, term = found.order, visit.locale.gettext, visit.locale.term
    review = reviewed(order)
    if review is None:
        return None
    must, mine = undeliverable(review.found), not OF_RECIPIENT.isdisjoint(review.found)
    return Check(
        title=_("The address needs you") if must else _("A person looks at your order before it goes on"),
        found=[term("finding", code) for code in review.found],
        due_at=review.due_at,
        since=order.progress.review_opened_at,
        kind="address_by" if must else "look_by",
        then=term("silence", review.on_silence) if review.on_silence else "",
        href=f"{found.path}/address" if mine and correctable(order, visit.now) else "",
        must=must,
    )


def _wrong(found: Matter) -> str:
    """Address of the cancel flow, to which a reason is added; empty where the flow has nothing to offer."""
    if found.answer is None:
        return ""
    verdict, _, instead = found.answer.kind
    if verdict != "refuse" or instead in {"ask_for_what_is_open", "request_whole_order"}:
        return f"{found.path}/cancel?"
    return f"{found.path}/cancel?anyway=1&" if instead == "ask_seller_anyway" else ""


def _ahead(found: Matter) -> tuple[Ahead, ...]:
    steps = found.outlook.ahead(found.now)
    return steps if len(steps) > 1 else ()


def parcel_words(found: Matter, parcel: Parcel) -> dict[str, Any]:
    """A parcel as ``parts.parcel`` shows it."""
    goods = [f"{found.words(line).title} × {count}" for line, count in parcel.lines.items()]
    return {"parcel": parcel, "goods": goods, "alone": len(found.order.parcels) == 1}


def refunds(visit: Visit, found: Matter, records: Iterable[Record], cancellation: str = "") -> list[way_words.Told]:
    """The way of each refund, of one request or of all."""
    order = found.order
    calendar = visit.desk.book.working_days(order.country, found.terms)
    every = ways(order, records, calendar, found.now, visit.desk.settings.pay_out_days)
    wanted = (one for one in every if not cancellation or one.refund.cancellation == cancellation)
    return way_words.told(visit.locale, order, wanted, "buyer")


ROUTES = (order_list, order_page, say)
