"""The board: every order of the shop, what presses, and the next step of each one in reach of a thumb."""

from __future__ import annotations

from datetime import timedelta

from litestar import get, post
from litestar.params import FromPath

from rescind.core.errors import InvalidField, RescindError
from rescind.core.lists import ORDERS
from rescind.core.order_note import require_read
from rescind.core.packing import platform_ships
from rescind.core.parts import FactKind
from rescind.core.stage import Stage
from rescind.core.views import STAGE_TABS, OrderRow
from rescind.intake.tracking import tracking_number
from rescind.locales import Locale
from rescind.web.listing import asked, heads, tools
from rescind.web.rendering import address
from rescind.web.seller import order as order_page
from rescind.web.seller import robots, steps
from rescind.web.seller.console import Console, Here, back_to
from rescind.web.session import Html

HOME = "/seller/orders"
_TABS = (
    *("all", "to_pay", "to_review", "to_prepare", "to_pack", "packed"),
    *("awaiting_collection", "shipped", "cancelled"),
)
_TILES = {
    "ship_within_24h": ("wait", "clock"),
    "shipping_overdue": ("urgent", "calendar-clock"),
    "cancellation_requested": ("wait", "undo-2"),
    "auto_cancelling_24h": ("wait", "hourglass"),
    "contradictions": ("urgent", "triangle-alert"),
    "notes_to_read": ("urgent", "sticky-note"),
}
_FRESH = timedelta(hours=24)
_AWAY = frozenset({FactKind.PACKED, FactKind.TRACKING_ADDED, FactKind.HANDED_OVER})


@get("/")
async def home(console: Here) -> Html:
    """The board is the seller's front door."""
    return console.go(HOME)


@get("/orders")
async def board(console: Here) -> Html:
    """All orders, or those that one tile, tab or search narrows them to."""
    given = asked(console.visit, ORDERS, console.zone)
    if given.go:
        return console.go(given.go)
    filters, cursor = given.filters(console.visit, console.zone), console.query("cursor") or None
    try:
        page = await console.desk.reads.orders(console.scope, filters, cursor, now=console.now)
    except InvalidField:
        # A cursor of another list, or one kept for too long: the list from its beginning is what was meant.
        page = await console.desk.reads.orders(console.scope, filters, None, now=console.now)
    tab = filters.tab
    around = await tools(console.visit, given, console.zone, path=HOME, total=page.total)
    counts = await console.desk.reads.order_counts(console.scope, now=console.now)
    names = tab_names(console.language)
    base = address(console.here, cursor=None, said=None)
    return console.page(
        "seller/orders.html",
        errors=given.errors,
        notice=console.told(),
        alerts=await robots.troubles(console),
        tools=around,
        q=given.search.text,
        sort=filters.sort or "",
        sorts=sorts(console.language),
        narrowed=around.narrowed or tab != "all",
        columns=heads(console.language, around),
        tiles=[
            {
                "href": f"{HOME}?tab={name}",
                "label": names[name],
                "count": counts.get(name, 0),
                "tone": tone,
                "icon": icon,
                "current": tab == name,
            }
            for name, (tone, icon) in _TILES.items()
        ],
        tabs=[
            {
                "href": HOME if name == "all" else f"{HOME}?tab={name}",
                "label": names[name],
                "count": counts.get(name, 0),
                "current": tab == name,
            }
            for name in _TABS
        ],
        back=base if not cursor else address(base, cursor=cursor),
        rows=[_row(console, one, platform=await _platform_ships(console, one)) for one in page.rows],
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
    )


def sorts(language: Locale) -> list[tuple[str, str]]:
    """By what a list of orders can be sorted."""
    _ = language.gettext
    return [("", _("Recommended")), ("newest", _("Newest")), ("time_left", _("Time left")), ("amount", _("Amount"))]


def tab_names(language: Locale) -> dict[str, str]:
    """What tabs and tiles are called."""
    _ = language.gettext
    return {
        "all": _("All"),
        "to_pay": _("To pay"),
        "to_review": _("New"),
        "to_prepare": _("To prepare"),
        "to_pack": _("To pack"),
        "packed": _("To hand over"),
        "awaiting_collection": language.term("stage", "awaiting_collection"),
        "shipped": language.pgettext("of a parcel", "Sent"),
        # Those that were asked for, or stopped in part, are among them.
        "cancelled": _("Cancellations"),
        "ship_within_24h": _("Ship within 24 h"),
        "shipping_overdue": _("Shipping overdue"),
        "cancellation_requested": _("Cancellation requested"),
        "auto_cancelling_24h": _("Cancels by itself within 24 h"),
        "contradictions": _("Contradicting reports"),
        "notes_to_read": _("Notes to read"),
    }


def counted(language: Locale, total: int | None, shown: int) -> str:
    """How many there are in all, when more than this page shows."""
    if total is None:
        return language.gettext("more than can be counted")
    return "" if total <= shown else language.ngettext("%(num)s in all", "%(num)s in all", total) % {"num": total}


async def _platform_ships(console: Console, row: OrderRow) -> bool:
    """Whether the platform does what the shop would do next; it takes the order's own terms to say so."""
    if row.shipping_by == "seller" or row.stage not in steps.NEXT:
        return False
    order = (await console.desk.reads.order(console.scope, row.order_id)).order
    terms = await console.desk.terms(order)
    return platform_ships(order, terms, console.desk.book.calendar(terms), console.now)


def _row(console: Console, row: OrderRow, *, platform: bool) -> dict[str, object]:
    step = None if platform else steps.NEXT.get(row.stage)
    unshipped = row.stage in STAGE_TABS["to_ship"] and row.stage is not Stage.AWAITING_COLLECTION
    return {
        "id": row.order_id,
        "href": f"{HOME}/{row.order_id}",
        "order": row,
        "step": step.value if step else "",
        "step_label": steps.label(step, console.language) if step else "",
        "sheet": step is not None and steps.wants_tracking(row.stage),
        "final": step is not None and steps.final(step),
        "why": console.language.gettext("The platform ships it")
        if platform
        else order_page.waits_for(console, row.stage, row.hold_until),
        "ship_by": row.dispatch_due_at if unshipped and not platform else None,
        "stopped": row.stage is Stage.CANCELLED and console.now - row.updated_at < _FRESH,
    }


@post("/orders/{order_id:str}/facts", status_code=200)
async def report(console: Here, order_id: FromPath[str]) -> Html:
    """Report that a step is done. ``fact``: which; a parcel that opens needs carrier and tracking number."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    _ = console.language.gettext
    here = f"{HOME}/{view.order.id}"
    named = form.text("fact")
    carrier, tracking = form.text("carrier").strip(), form.text("tracking").strip()
    try:
        if named not in {one.value for one in steps.REPORTED}:
            raise InvalidField(field="fact", expected="a step of this page")
        fact = FactKind(named)
        if fact in _AWAY:
            # Told by the host it would be believed; somebody of the shop reads first what the buyer asks for.
            require_read(view.order)
        # A parcel that opens is named by its tracking number; one that has a label goes on under that.
        opens = fact is FactKind.TRACKING_ADDED or (
            fact is FactKind.HANDED_OVER
            and (steps.wants_tracking(order_page.stage_of(view, console)) or bool(carrier or tracking))
        )
        errors = parcel_errors(console.language, carrier, tracking) if opens else {}
        if errors:
            return await order_page.show(
                console, view, errors=errors, values={"carrier": carrier, "tracking": tracking}, status=422
            )
        for command in steps.reports(
            view.order, fact, console.now, carrier=carrier, tracking=tracking, parcel=form.text("parcel")
        ):
            await console.submit(
                command, view.shop.id, f"facts:{order_id}:{fact.value}:{command.parcel}", form.text("key")
            )
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await order_page.show(console, fresh, notice=console.problem(error), status=409)
    back = back_to(form.text("back") or here, here)
    return console.go(address(back, said=fact.value))


def parcel_errors(language: Locale, carrier: str, tracking: str) -> dict[str, str]:
    """What is wrong with a parcel's name, by field."""
    _ = language.gettext
    errors: dict[str, str] = {}
    if not 0 < len(carrier) <= 60 or not carrier.isprintable():
        errors["carrier"] = _("Enter the carrier's name, such as Royal Mail")
    try:
        known = tracking_number(tracking, field="tracking")
    except InvalidField:
        known = ""
    if not known:
        errors["tracking"] = _("Enter the tracking number as it stands on the label: letters and digits, at least 4")
    return errors
