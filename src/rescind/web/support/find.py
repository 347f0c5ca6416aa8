"""Support's first page: the one order somebody calls about, and below it every case that waits for anybody."""

from __future__ import annotations

from litestar import get

from rescind.core.errors import InvalidField
from rescind.core.parts import CancellationStatus, ReturnStatus
from rescind.core.views import CaseRow, Filters, OrderRow
from rescind.locales import Locale
from rescind.postgres.alerts import alerts
from rescind.web.operator.console import CALENDARS, MONEY, REFUNDS, TALKS, navigation
from rescind.web.rendering import Link, address
from rescind.web.search import too_many
from rescind.web.seller.board import counted
from rescind.web.seller.console import Comes, Console, Here
from rescind.web.seller.requests import case_state
from rescind.web.session import Html
from rescind.web.support.alerts import standing
from rescind.web.tender import method_name

HOME = "/support"
_TABS = ("to_respond", "with_platform", "second_person", "escalated", "waiting_for_buyer", "all")


async def support_console(visit: Comes) -> Console:
    """A dependency of support's pages. Raises Unauthenticated, Forbidden."""
    visit.require("support", "operator")
    if visit.person.role == "operator":
        return Console(visit, visit.zone or "UTC", await navigation(visit))
    counts = await visit.desk.reads.case_counts(visit.scope)
    stuck = sum(one.count for one in await alerts(visit.desk.pool, visit.now))
    _ = visit.locale.gettext
    path = visit.request.url.path
    days, money = path.startswith(CALENDARS), path.startswith(MONEY)
    cases = not days and not money and not path.startswith(TALKS)
    nav = (
        Link(HOME, _("Cases and orders"), count=counts.get("with_platform") or None, current=cases),
        Link(REFUNDS, _("Refunds"), count=stuck or None, current=money),
        Link(CALENDARS, _("Calendars"), current=days),
    )
    # People of the platform have orders of every shop before them: what they compare stands in one zone, their own.
    return Console(visit, visit.zone or "UTC", nav)


@get("/")
async def home(console: Here) -> Html:
    """A search finds orders of every shop; without one the queue of open cases stands here."""
    language = console.language
    _ = language.gettext
    search = console.search()
    cursor = console.query("cursor") or None
    base = address(console.here, cursor=None, said=None)
    counts = await console.desk.reads.case_counts(console.scope)
    # Nobody is to look for work behind an empty tab.
    first = next((name for name in _TABS if counts.get(name)), "all")
    tab = console.query("tab") if console.query("tab") in _TABS else first
    found = await _found(console, search.numbers, search.words, cursor) if search.text else None
    cases = None if found else await _waiting(console, tab, cursor)
    page = found or cases
    assert page is not None, "there is a search or a queue"
    return console.page(
        "support/home.html",
        errors=too_many(language, search),
        notice=console.told(),
        alerts=await standing(console),
        q=search.text,
        tabs=[
            {
                "href": f"{HOME}?tab={name}",
                "label": label,
                "count": counts.get(name, 0) if name != "all" else None,
                "current": name == tab,
            }
            for name, label in _tab_names(language).items()
        ],
        found=[_order_row(one) for one in found.rows] if found else None,
        cases=[case_row(console, one) for one in cases.rows] if cases else [],
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
        count=counted(language, page.total, len(page.rows)),
        spoken=_("The list of cases has changed."),
    )


def _tab_names(language: Locale) -> dict[str, str]:
    _ = language.gettext
    return {
        "to_respond": _("Waiting for seller"),
        "with_platform": _("Waiting for us or the carrier"),
        "second_person": _("Waits for a second person"),
        "escalated": _("Too late at support"),
        "waiting_for_buyer": _("Waiting for buyer"),
        "all": _("All"),
    }


async def _found(console: Console, numbers: tuple[str, ...], words: str, cursor: str | None):  # noqa: ANN202
    filters = Filters(numbers=numbers, text=words, sort="newest")
    try:
        return await console.desk.reads.orders(console.scope, filters, cursor, now=console.now)
    except InvalidField:
        return await console.desk.reads.orders(console.scope, filters, None, now=console.now)


async def _waiting(console: Console, tab: str, cursor: str | None):  # noqa: ANN202
    filters = Filters(tab=tab, sort=None if tab != "all" else "newest")
    try:
        return await console.desk.reads.cases(console.scope, filters, cursor, now=console.now)
    except InvalidField:
        return await console.desk.reads.cases(console.scope, filters, None, now=console.now)


def _order_row(row: OrderRow) -> dict[str, object]:
    return {"id": row.order_id, "href": f"{HOME}/orders/{row.order_id}", "order": row}


def case_row(console: Console, row: CaseRow) -> dict[str, object]:
    """A row of support's queue, and of its list of requests."""
    language = console.language
    waits = row.closed_at is None
    key, words = case_state(language, row, "support")
    return {
        "id": row.case_id,
        "href": _page_of(row),
        "case": row,
        "waits": waits,
        # A review and a contradiction ask for no sum of their own: what is at stake is the order.
        "amount": row.order_total if row.kind in {"review", "contradiction"} else row.amount,
        "kind": deadline_kind(row.status),
        "move": whose_move(language, row.status, row.kind) if waits else "",
        "late": row.status == "escalated",
        "then": _then(language, row),
        "state_key": key,
        "state": words,
        "reason": case_reason(language, row),
        "moves": row.kind not in {"review", "contradiction", "escalation"},
        "flags": [language.gettext("Filed by support")] if row.filed_by == "support" and row.kind != "proposal" else [],
    }


def _then(language: Locale, row: CaseRow) -> str:
    """What follows when nobody moves in time."""
    _ = language.gettext
    if row.kind == "return":
        with_buyer = row.status == ReturnStatus.WITH_BUYER.value
        late, lead = (
            _("Without an answer it is support's move again."),
            _("Otherwise it goes to whoever leads support."),
        )
        return late if with_buyer else lead
    if row.kind == "refund":
        again, lead = (
            _("Otherwise whoever leads support is asked again."),
            _("Otherwise it goes to whoever leads support."),
        )
        return "" if row.closed_at else again if row.status == "escalated" else lead
    if row.kind in {"proposal", "override"}:
        return "" if row.closed_at else _("Otherwise it lapses.")
    return language.term("silence", row.on_silence) if row.on_silence else ""


def _page_of(row: CaseRow) -> str:
    """The order's page, or the one a case has of its own."""
    order = f"{HOME}/orders/{row.order_id}"
    match row.kind:
        case "contradiction":
            return f"{order}/contradictions/{row.case_id.partition(':')[2]}"
        case "return":
            return f"{order}/returns/{row.case_id}"
        case "refund":
            return f"{HOME}/refund-orders/{row.case_id}"
        case _:
            return order


def case_reason(language: Locale, row: CaseRow) -> str:
    """Why a row is there."""
    match row.kind:
        case "cancellation":
            return language.term("reason", row.reason)
        case "review":
            return language.term("finding", row.reason)
        case "return":
            return language.term("return_reason", row.reason)
        case "refund":
            return language.gettext("To pay out: %(tender)s") % {"tender": method_name(language, row.reason)}
        case "proposal":
            return language.term("money_act", row.reason)
        case "escalation":
            return language.term("escalation", row.reason, "support")
        case "override":
            return language.gettext("Against the rules: %(reason)s") % {"reason": language.term("override", row.reason)}
        case _:
            return misfit(language, row.reason)


def whose_move(language: Locale, status: str, kind: str = "cancellation") -> str:
    """Who must act, in a word."""
    if status == ReturnStatus.WITH_BUYER.value:
        return language.term("actor", "buyer")
    if kind != "cancellation":
        return language.term("actor", "support")
    return {
        CancellationStatus.AWAITING_SELLER.value: language.term("actor", "seller"),
        CancellationStatus.AWAITING_CARRIER.value: language.term("actor", "carrier"),
        CancellationStatus.IN_REVIEW.value: language.term("actor", "support"),
    }.get(status, "")


def deadline_kind(status: str) -> str:
    """Which deadline a waiting request has."""
    return {
        "awaiting_seller": "seller_answer",
        "awaiting_carrier": "carrier_answer",
        "with_support": "case_step",
        "escalated": "case_step",
        "ordered": "refund_order",
        "with_buyer": "case_answer",
        "proposed": "proposal",
    }.get(status, "review")


def misfit(language: Locale, kind: str) -> str:
    """A contradiction in a few words."""
    _ = language.gettext
    return {
        "shipped_after_cancel": _("Shipped after it was cancelled"),
        "shipped_while_asked": _("Shipped while a request was open"),
        "cancelled_inside": _("Left with cancelled items, perhaps"),
        "tracking_reused": _("One tracking number, two parcels"),
        "shipped_in_hold": _("Shipped in the hold"),
        "shipped_unpaid": _("Left without a payment"),
        "charged_back": _("Payment taken back by the bank"),
        "chargeback_lost": _("The bank decided for the buyer"),
        "chargeback_won": _("The bank decided for the marketplace"),
        "chargeback_silent": _("No word of the bank"),
        "refunded_elsewhere": _("Paid back outside of this desk"),
        "amounts_differ": _("One payment, two amounts"),
        "delivered_after_ending": _("Delivered after it was given up"),
        "ended_after_delivery": _("Trouble with a delivered parcel"),
        "parcel_unknown": _("Trouble with a parcel of unknown contents"),
    }.get(kind, language.term("contradiction", kind))
