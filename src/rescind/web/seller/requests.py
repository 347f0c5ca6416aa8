"""The queue of requests to cancel: its tabs, its rows, and what they are called."""

from __future__ import annotations

from litestar import get

from rescind.core.errors import InvalidField
from rescind.core.lists import REQUESTS
from rescind.core.parts import CancellationStatus
from rescind.core.stage import Stage, rank
from rescind.core.views import CASE_TABS, CaseRow, Filters
from rescind.locales import Locale
from rescind.web.listing import asked, heads, tools
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Here
from rescind.web.seller.request import HOME, Open, opened
from rescind.web.session import Html

_TABS = tuple(one for one in CASE_TABS if one != "escalated")


@get("/requests")
async def queue(console: Here) -> Html:
    """The queue; ``open`` in the address opens one row with what each answer would do."""
    language = console.language
    _ = language.gettext
    given = asked(console.visit, REQUESTS, console.zone, usual={"tab": "to_respond"})
    if given.go:
        return console.go(given.go)
    filters, cursor = given.filters(console.visit, console.zone), console.query("cursor") or None
    try:
        page = await console.desk.reads.cases(console.scope, filters, cursor, now=console.now)
    except InvalidField:
        page = await console.desk.reads.cases(console.scope, filters, None, now=console.now)
    tab = filters.tab
    around = await tools(console.visit, given, console.zone, path=HOME, total=page.total)
    counts = await console.desk.reads.case_counts(console.scope)
    chosen = next((row for row in page.rows if row.case_id == console.query("open") and answerable(row)), None)
    gone = None if chosen else await _answered(console)
    base = address(console.here, cursor=None, said=None, of=None, open=None)
    plain_no = await _plain_no(console)
    names = tab_names(language)
    return console.page(
        "seller/requests.html",
        errors=given.errors,
        notice=console.told(),
        tab=tab,
        tools=around,
        # Where all of them wait for the shop, nobody needs to be told of each.
        columns=[one for one in heads(language, around) if tab != "to_respond" or one["key"] != "status"],
        bulk=tab == "to_respond",
        q=given.search.text,
        sort=filters.sort or "",
        sorts=[("", _("Time left")), ("newest", _("Newest")), ("amount", _("Amount"))],
        narrowed=around.narrowed,
        tabs=[
            {
                "href": HOME if name == "to_respond" else f"{HOME}?tab={name}",
                "label": names[name],
                "count": counts.get(name, 0)
                if name in {"to_respond", "waiting_for_buyer", "with_platform", "second_person"}
                else None,
                "current": tab == name,
            }
            # Only where a second person is ever needed.
            for name in _TABS
            if name != "second_person" or counts.get(name) or tab == name
        ],
        rows=[_row(console, row, base, chosen, plain_no=plain_no) for row in page.rows],
        plain_no=plain_no,
        open=await _opened(console, chosen) if chosen else None,
        gone=gone,
        gone_state=case_state(language, gone, "seller")[1] if gone else "",
        closed_here=address(base, open=None),
        spoken=_("The list of requests has changed."),
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
    )


async def _answered(console: Console) -> CaseRow | None:
    """The request that is open on this page and was answered meanwhile, in another window or by the clock."""
    wanted = console.query("open")
    if not wanted:
        return None
    found = await console.desk.reads.cases(console.scope, Filters(tab="all", numbers=(wanted,)), None, now=console.now)
    return next((row for row in found.rows if row.case_id == wanted and not answerable(row)), None)


def tab_names(language: Locale) -> dict[str, str]:
    """What the tabs are called."""
    _ = language.gettext
    return {
        "to_respond": _("To respond"),
        "waiting_for_buyer": _("Waiting for buyer"),
        "with_platform": _("With platform"),
        "second_person": _("Waits for a second person"),
        "approved": _("Approved"),
        "refused": _("Refused"),
        "withdrawn": _("Withdrawn"),
        "all": _("All"),
    }


def answerable(row: CaseRow) -> bool:
    """Whether the seller may answer this row now."""
    return row.kind == "cancellation" and row.status == CancellationStatus.AWAITING_SELLER.value


async def _plain_no(console: Console) -> bool:
    """Whether the shop's present policy has a plain refusal; each request is judged by its own when it is opened."""
    assert console.person.shop_id is not None, "a seller has a shop"
    shop = await console.desk.reads.shop(console.person.shop_id)
    return (await console.desk.book.terms(console.desk.pins(shop), console.now)).explicit_reject


def case_state(language: Locale, row: CaseRow, reader: str) -> tuple[str, str]:
    """Key and words of a closed or foreign row's state."""
    if row.kind == "review":
        return "", language.gettext("Being checked")
    if row.kind == "return":
        return row.status, language.term("return", row.status, reader)
    if row.kind == "refund":
        return "", language.term("refund_order", row.status)
    if row.kind == "proposal":
        return "", language.term("proposal_outcome", row.status)
    if row.kind == "override":
        return "", language.term("override_outcome", row.status)
    if row.kind == "contradiction":
        known = language.has("intercept", row.status)
        return "", language.term("intercept", row.status) if known else language.gettext("Contradicting reports")
    by = {
        "rule": "by_rule",
        "silence": "on_silence",
        "carrier": "by_carrier",
        "support": "by_support",
        "system": "by_system",
    }.get(row.closed_by or "", "")
    key = f"{row.status}_{by}" if by and row.status in {"approved", "refused"} else row.status
    if row.filed_by == "seller" and row.status == "approved":
        key = "cancelled_by_seller"
    return key, language.term("cancellation", key, reader)


def case_reason(language: Locale, row: CaseRow) -> str:
    """Why a row is there, for its shop."""
    match row.kind:
        case "cancellation":
            return language.term("reason", row.reason)
        case "return":
            return language.term("return_reason", row.reason)
        case "proposal":
            return language.term("money_act", row.reason)
        case _:
            return case_state(language, row, "seller")[1]


def _row(console: Console, row: CaseRow, base: str, chosen: CaseRow | None, *, plain_no: bool) -> dict[str, object]:
    language = console.language
    _ = language.gettext
    may = answerable(row)
    opened = chosen is not None and row.case_id == chosen.case_id
    flags: list[str] = []
    if row.filed_by == "support":
        flags.append(_("Filed by support"))
    if may and rank(row.order_stage) >= rank(Stage.PACKED):
        flags.append(_("Packed"))
    if row.requests_on_order > 1:
        times = row.requests_on_order
        flags.append(language.ngettext("%(num)s request", "%(num)s requests", times) % {"num": times})

    def opening(at: str, **changes: str) -> str:
        # The part after # is what gets the focus, so that Enter confirms what the letter on the keyboard began.
        return f"{address(base, open=row.case_id, **changes)}#{at}"

    page = f"{HOME}/{row.case_id}"
    if row.kind in {"review", "proposal"}:
        page = f"/seller/orders/{row.order_id}"
    if row.kind == "return":
        page = f"/seller/orders/{row.order_id}/returns/{row.case_id}"
    if row.kind == "contradiction":
        # A contradiction's id is its order's with its own behind it.
        page = f"/seller/orders/{row.order_id}/contradictions/{row.case_id.partition(':')[2]}"
    return {
        "case": row,
        "open": opened,
        "answerable": may,
        "href": (base if opened else opening(f"row-{row.case_id}")) if may else page,
        "approve": opening("confirm"),
        "refuse": opening("reason"),
        "initials": initials(row.buyer_name),
        "reason": case_reason(language, row),
        "flags": flags,
        "waits": may,
        "asks": row.kind in {"cancellation", "return"},
        "moves": row.kind in {"cancellation", "return", "proposal"},
        "state": case_state(language, row, "seller")[1],
        "plain_no": plain_no,
    }


def initials(name: str) -> str:
    """Who it is without saying it: a queue is read on screens that others see."""
    parts = name.split()[:3]
    # A dot shortens a word of letters; 刘 is a family name and whole.
    return " ".join(f"{part[0]}." if part[0].isascii() else part[0] for part in parts) or "–"


async def _opened(console: Console, row: CaseRow) -> Open:
    view = await console.desk.reads.order(console.scope, row.order_id)
    entries = await console.desk.reads.timeline(console.scope, row.order_id)
    waiting = next(one for one in view.order.cancellations if one.id == row.case_id)
    return await opened(console, view, waiting, entries)
