"""Requests to cancel: the queue, one of them in full, and the answers, one at a time or a hundred at once."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

from litestar import get, post
from litestar.params import FromPath

from rescind.core.cancellation import ApproveCancellation, RefuseCancellation
from rescind.core.errors import (
    DeadlinePassed,
    EvidenceMissing,
    InvalidField,
    InvalidText,
    InvalidTransition,
    NotFound,
    ReasonNotListed,
    RescindError,
    StaleOrder,
)
from rescind.core.event import Ground, NoteRef
from rescind.core.evidence import EvidenceRef
from rescind.core.ids import CancellationId
from rescind.core.money import Money
from rescind.core.offer import most
from rescind.core.order import Cancellation, CancellationStatus, Offer, Order, Stage, rank, stage
from rescind.core.receipt import Judged, judged_again
from rescind.core.terms import Terms
from rescind.core.views import CASE_TABS, CaseRow, Filters, OrderView, TimelineEntry
from rescind.locales import Locale
from rescind.web.buyer.words import pill_key, quote_rows
from rescind.web.evidence import SENT_AT_ONCE, Brought, Tile, brought, wall
from rescind.web.evidence import field as file_field
from rescind.web.explain import RuleCard, ground_of, rule_card
from rescind.web.rendering import address
from rescind.web.seller.answers import Answers, answers
from rescind.web.seller.board import counted, parcel_errors, too_many
from rescind.web.seller.console import MOST, Console, Here, back_to, new_key
from rescind.web.seller.order import lines_of, titles
from rescind.web.session import Html
from rescind.web.tender import tender_name

HOME = "/seller/requests"
_TABS = tuple(one for one in CASE_TABS if one != "escalated")
_SORTS = ("time_left", "newest", "amount")
_COMMON_REASONS = (
    "changed_mind",
    "ordered_by_mistake",
    "duplicate",
    "wrong_address",
    "wrong_variant",
    "wrong_contact",
    "better_price",
    "change_payment",
    "too_late",
    "seller_asked",
    "price_error",
    "undeliverable_address",
    "other",
)


@dataclass(frozen=True, slots=True)
class Open:
    """A request that waits for this seller, with everything needed to answer it."""

    order: Order
    waiting: Cancellation
    answers: Answers
    sums: list[dict[str, Any]]
    total: Money
    tenders: list[dict[str, Any]]
    back: list[dict[str, Any]]
    keys: tuple[str, str]
    files: dict[str, Any]
    shown: list[Tile]
    comment: str
    anyway: bool
    filed_by: str


@get("/requests")
async def queue(console: Here) -> Html:
    """The queue; ``open`` in the address opens one row with what each answer would do."""
    language = console.language
    _ = language.gettext
    search = console.search()
    tab = console.query("tab") if console.query("tab") in _TABS else "to_respond"
    sort = console.query("sort") if console.query("sort") in _SORTS else ""
    reason = console.query("reason") if console.query("reason") in _COMMON_REASONS else ""
    filters = Filters(
        tab=tab,
        numbers=search.numbers,
        text=search.words,
        reason=(reason,) if reason else (),
        sort=sort or None,  # pyright: ignore[reportArgumentType]  # one of _SORTS
    )
    cursor = console.query("cursor") or None
    try:
        page = await console.desk.reads.cases(console.scope, filters, cursor, now=console.now)
    except InvalidField:
        page = await console.desk.reads.cases(console.scope, filters, None, now=console.now)
    counts = await console.desk.reads.case_counts(console.scope)
    chosen = next((row for row in page.rows if row.case_id == console.query("open") and answerable(row)), None)
    base = address(console.here, cursor=None, said=None, of=None, open=None)
    plain_no = await _plain_no(console)
    names = tab_names(language)
    return console.page(
        "seller/requests.html",
        errors=too_many(language, search),
        notice=console.told(),
        tab=tab,
        bulk=tab == "to_respond",
        q=search.text,
        reason=reason,
        reasons=[("", _("Any")), *((code, language.term("reason", code)) for code in _COMMON_REASONS)],
        sort=sort,
        sorts=[("", _("Time left")), ("newest", _("Newest")), ("amount", _("Amount"))],
        narrowed=bool(search.text or reason),
        tabs=[
            {
                "href": HOME if name == "to_respond" else f"{HOME}?tab={name}",
                "label": names[name],
                "count": counts.get(name, 0) if name in {"to_respond", "waiting_for_buyer", "with_platform"} else None,
                "current": tab == name,
            }
            for name in _TABS
        ],
        chips=_chips(console, base, search.text, reason),
        rows=[_row(console, row, base, chosen, plain_no=plain_no) for row in page.rows],
        open=await _opened(console, chosen) if chosen else None,
        closed_here=address(base, open=None),
        spoken=_("The list of requests has changed."),
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
        count=counted(language, page.total, len(page.rows)),
    )


def tab_names(language: Locale) -> dict[str, str]:
    """What the tabs are called."""
    _ = language.gettext
    return {
        "to_respond": _("To respond"),
        "waiting_for_buyer": _("Waiting for buyer"),
        "with_platform": _("With platform"),
        "approved": _("Approved"),
        "refused": _("Refused"),
        "withdrawn": _("Withdrawn"),
        "all": _("All"),
    }


def answerable(row: CaseRow) -> bool:
    """Whether the seller may answer this row now."""
    return row.kind == "cancellation" and row.status == CancellationStatus.AWAITING_SELLER.value


def _chips(console: Console, base: str, text: str, reason: str) -> list[dict[str, str]]:
    chips: list[dict[str, str]] = []
    if text:
        chips.append({"href": address(base, q=None), "label": text if len(text) <= 40 else f"{text[:38]} …"})
    if reason:
        chips.append({"href": address(base, reason=None), "label": console.language.term("reason", reason)})
    return chips


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
    if row.kind == "review":
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


async def opened(
    console: Console,
    view: OrderView,
    waiting: Cancellation,
    entries: tuple[TimelineEntry, ...],
    files: Brought | None = None,
    error: str = "",
) -> Open:
    """Work out what a seller sees before answering."""
    order, language = view.order, console.language
    terms = await console.desk.terms(order)
    found = answers(order, waiting, terms, console.desk.book.calendar(terms), console.now)
    ground = ground_of((entry.record for entry in entries), waiting.id)
    names = {tender.id: tender_name(language, tender) for tender in order.tenders}
    return Open(
        order=order,
        waiting=waiting,
        answers=found,
        sums=quote_rows(language, found.quote, titles(view)),
        total=Money(found.quote.total_minor, order.currency),
        tenders=[
            {"label": names[share.tender], "amount": Money(share.amount_minor, order.currency)}
            for share in found.quote.tenders
        ],
        back=lines_of(view, found.back),
        keys=(new_key(), new_key()),
        files=file_field(console.visit, files.tiles if files else (), error),
        shown=wall(language, order, [entry.record for entry in entries], "seller", waiting.id),
        comment=comment_on(entries, waiting.id),
        anyway=asked_anyway(ground),
        filed_by=waiting.filed_by,
    )


def asked_anyway(ground: Ground | None) -> bool:
    """Whether the buyer asked although the policy had said no (M-02)."""
    return ground is not None and ground.facts.get("asked_anyway") is True


def comment_on(entries: tuple[TimelineEntry, ...], cancellation: str) -> str:
    """What the buyer wrote with the request."""
    for entry in entries:
        event = entry.record.event
        asked = getattr(event, "request", None)
        if getattr(event, "cancellation", None) == cancellation and asked is not None:
            note: NoteRef | None = asked.comment
            return entry.notes.get(note.id, "") if note else ""
    return ""


@get("/requests/{case_id:str}")
async def one(console: Here, case_id: FromPath[str]) -> Html:
    """One request in full."""
    return await show(console, await find_case(console, case_id))


async def find_case(console: Console, case_id: str) -> CaseRow:
    """One request of the queue. Raises NotFound."""
    page = await console.desk.reads.cases(console.scope, Filters(numbers=(case_id,)), limit=10, now=console.now)
    found = next((row for row in page.rows if row.case_id == case_id), None)
    if found is None:
        raise NotFound(kind="cancellation")
    return found


async def show(
    console: Console,
    row: CaseRow,
    *,
    error: RescindError | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    files: Brought | None = None,
    status: int = 200,
) -> Html:
    """Render a request with what became of an answer, if one was sent."""
    view = await console.desk.reads.order(console.scope, row.order_id)
    order, language = view.order, console.language
    _ = language.gettext
    case = next((one for one in order.cancellations if one.id == row.case_id), None)
    if case is None:
        raise NotFound(kind="cancellation")
    entries = await console.desk.reads.timeline(console.scope, order.id)
    terms = await console.desk.terms(order)
    records = [entry.record for entry in entries]
    calendar = await console.desk.book.calendar_when(records, case, terms)
    judged = judged_again(records, case, terms, calendar)
    mine = case.status is CancellationStatus.AWAITING_SELLER
    return console.page(
        "seller/request.html",
        status=status,
        here=f"{HOME}/{case.id}",
        notice=console.problem(error) if error else console.told(),
        errors=errors or {},
        values=values or {},
        view=view,
        order=order,
        case=case,
        stage=stage(order, console.now),
        state_key=pill_key(case),
        refund=Money(case.refund_minor, order.currency),
        open=await opened(console, view, case, entries, files, (errors or {}).get("files", "")) if mine else None,
        exhibits=wall(language, order, records, "seller", case.id) if not mine else [],
        closed=_closed(console, case) if not mine else "",
        card=_card(judged, terms, language) if judged else None,
        offered=_offered(console, order, case.offer) if case.offer else "",
        offer_limit=Money(most(order), order.currency),
        offer_key=new_key(),
        lines=lines_of(view, case.lines),
        spoken=_("The request has changed."),
    )


def _card(judged: Judged, terms: Terms, language: Locale) -> RuleCard:
    """Why the policy asked, without what a seller has no claim to know of the buyer (I-26)."""
    return rule_card(
        judged.ground,
        terms,
        language,
        title=language.gettext("Why you are asked"),
        on=judged.on,
        deadline=judged.finding.deadline,
        untold=frozenset({"buyer_cancels_30d"}),
    )


def _offered(console: Console, order: Order, offer: Offer) -> str:
    language = console.language
    if offer.ship_by is not None:
        when = f"{language.instant(offer.ship_by, console.zone)} {language.zone(offer.ship_by, console.zone)}"
        return language.gettext("You offered to ship it by %(when)s.") % {"when": when}
    amount = language.money(Money(offer.amount_minor, order.currency))
    return language.gettext("You offered %(amount)s back for keeping the goods.") % {"amount": amount}


def _closed(console: Console, case: Cancellation) -> str:
    language = console.language
    _ = language.gettext
    if case.closed_at is None:
        return _("Somebody else decides this one; you need to do nothing.")
    words = {
        "who": language.term("decider", case.closed_by or "rule"),
        "when": language.instant(case.closed_at, console.zone, now=console.now),
        "why": language.term("refusal", case.answer) if case.answer else "",
    }
    return (_("%(who)s, %(when)s: %(why)s") if case.answer else _("%(who)s, %(when)s")) % words


@post("/requests/{case_id:str}/approve", status_code=200)
async def approve(console: Here, case_id: FromPath[str]) -> Html:
    """Agree to one request."""
    form = await console.form()
    row = await find_case(console, case_id)
    try:
        command = ApproveCancellation(
            order=row.order_id, cancellation=CancellationId(row.case_id), comment=console.note(form.text("comment"))
        )
        await console.submit(command, row.shop_id, f"approve:{case_id}", form.text("key"))
    except RescindError as error:
        fresh = await find_case(console, case_id)
        return await show(console, fresh, error=error, values={"approve_comment": form.text("comment")}, status=409)
    return console.go(address(back_to(form.text("back") or f"{HOME}/{case_id}", HOME), said="approved"))


@post("/requests/{case_id:str}/refuse", status_code=200, request_max_body_size=SENT_AT_ONCE)
async def refuse(console: Here, case_id: FromPath[str]) -> Html:
    """Decline one request, with a listed reason and what that reason needs."""
    form = await console.form()
    row = await find_case(console, case_id)
    values = {name: form.text(name).strip() for name in ("reason", "carrier", "tracking", "comment")}
    _ = console.language.gettext
    view = await console.desk.reads.order(console.scope, row.order_id)
    offered = {one.code: one.needs for one in await console.desk.reasons(view.order, "refusal")}
    needs = offered.get(values["reason"], ())
    errors: dict[str, str] = {}
    if not values["reason"]:
        errors["reason"] = _("Choose a reason")
    if "tracking" in needs:
        errors |= parcel_errors(console.language, values["carrier"], values["tracking"])
    else:
        values |= {"carrier": "", "tracking": ""}
    if "comment" in needs and not values["comment"]:
        errors["comment"] = _("Say why, in your own words")
    files = await brought(console.visit, row.order_id)
    if files.error:
        errors["files"] = files.error
    elif "evidence" in needs and not files.refs:
        errors["files"] = _("Add a photo or a document that shows it")
    if errors:
        return await show(console, row, errors=errors, values=values, files=files, status=422)
    try:
        command = _refusal(console, row, values, files.refs)
        await console.submit(command, row.shop_id, f"refuse:{case_id}", form.text("key"))
    except (ReasonNotListed, EvidenceMissing, InvalidText) as error:
        return await show(console, row, error=error, values=values, files=files, status=422)
    except RescindError as error:
        fresh = await find_case(console, case_id)
        return await show(console, fresh, error=error, values=values, files=files, status=409)
    said = "tracking" if values["tracking"] else "refused"
    return console.go(address(back_to(form.text("back") or f"{HOME}/{case_id}", HOME), said=said))


def _refusal(
    console: Console, row: CaseRow, values: dict[str, str], evidence: tuple[EvidenceRef, ...] = ()
) -> RefuseCancellation:
    return RefuseCancellation(
        order=row.order_id,
        cancellation=CancellationId(row.case_id),
        reason=values["reason"],
        carrier=values.get("carrier", ""),
        tracking=values.get("tracking", ""),
        comment=console.note(values["comment"]),
        evidence=evidence,
    )


# --- many at once ----------------------------------------------------------------------------------------------------


@get("/requests/answer")
async def check(console: Here) -> Html:
    """The ticked requests, with what answering them all would give back, before anything happens."""
    answer = _answer(console.query("answer"))
    wanted = list(console.ticked())
    return await _check(console, answer, wanted)


def _answer(text: str) -> Literal["approve", "refuse"]:
    return "refuse" if text == "refuse" else "approve"


async def _check(
    console: Console,
    answer: Literal["approve", "refuse"],
    wanted: list[str],
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    language = console.language
    _ = language.gettext
    errors = dict(errors or {})
    if len(wanted) > MOST:
        errors["chosen"] = _("Up to %(most)s at once; the first %(most)s are here.") % {"most": MOST}
    rows = await _cases(console, wanted[:MOST])
    totals: dict[str, int] = {}
    for row in rows.values():
        totals[row.amount.currency] = totals.get(row.amount.currency, 0) + row.amount.minor
    codes = await _refusals(console, rows) if answer == "refuse" else []
    refusals = [{"value": code, "label": language.term("refusal", code)} for code in codes]
    if answer == "refuse" and rows and not refusals:
        errors["chosen"] = _("Your policy has no plain refusal: answer each by itself, with its tracking number.")
    return console.page(
        "seller/answer_many.html",
        status=status,
        title=_("Approve several requests") if answer == "approve" else _("Refuse several requests"),
        answer=answer,
        key=new_key(),
        errors=errors,
        values=values or {},
        cases=[
            {
                "id": one.case_id,
                "case": one,
                "reason": language.term("reason", one.reason),
                "href": f"{HOME}/{one.case_id}",
            }
            for one in rows.values()
        ],
        totals=[Money(minor, currency) for currency, minor in totals.items()],
        reasons=refusals,
    )


async def _cases(console: Console, wanted: list[str]) -> dict[str, CaseRow]:
    """The requests of these ids that this shop has, in the order they were ticked."""
    if not wanted:
        return {}
    page = await console.desk.reads.cases(console.scope, Filters(numbers=tuple(wanted)), limit=100, now=console.now)
    found = {row.case_id: row for row in page.rows}
    return {case_id: found[case_id] for case_id in wanted if case_id in found}


async def _refusals(console: Console, rows: dict[str, CaseRow]) -> list[str]:
    """Reasons that one sentence can give for all of them: on offer for each, and needing nothing of its own."""
    if not rows:
        return []
    listed: list[str] | None = None
    for row in rows.values():
        view = await console.desk.reads.order(console.scope, row.order_id)
        terms = await console.desk.terms(view.order)
        if not terms.explicit_reject:
            return []
        codes = [
            one.code
            for one in await console.desk.reasons(view.order, "refusal")
            if not {"tracking", "evidence"} & set(one.needs)
        ]
        listed = codes if listed is None else [code for code in listed if code in codes]
    return listed or []


@post("/requests/answer", status_code=200)
async def answer_many(console: Here) -> Html:
    """Answer each ticked request by a command of its own; one line says what became of each."""
    form = await console.form()
    language = console.language
    _ = language.gettext
    answer = _answer(form.text("answer"))
    wanted = list(form.ticked)
    values = {"reason": form.text("reason"), "comment": form.text("comment")}
    errors = _bulk_errors(console, answer, values)
    if errors or len(wanted) > MOST:
        return await _check(console, answer, wanted, errors, values, 422)
    rows = await _cases(console, wanted)
    results = await asyncio.gather(
        *(_answer_one(console, case_id, rows.get(case_id), answer, values, form.text("key")) for case_id in wanted)
    )
    return console.page(
        "seller/answered.html",
        title=_("Approved") if answer == "approve" else _("Refused"),
        answer=answer,
        key=form.text("key"),
        values=values,
        results=results,
        failed=[case_id for case_id, result in zip(wanted, results, strict=True) if result["outcome"] == "failed"],
    )


def _bulk_errors(console: Console, answer: str, values: dict[str, str]) -> dict[str, str]:
    _ = console.language.gettext
    if answer != "refuse":
        return {}
    if not values["reason"]:
        return {"reason": _("Choose a reason")}
    if values["reason"] == "other" and not values["comment"].strip():
        return {"comment": _("Say why, in your own words")}
    try:
        console.note(values["comment"])
    except InvalidText as error:
        return {"comment": console.problem(error).text}
    return {}


async def _answer_one(
    console: Console, case_id: str, row: CaseRow | None, answer: str, values: dict[str, str], key: str
) -> dict[str, str]:
    """One command with a key of its own, so that sending the form again repeats nothing that was done."""
    language = console.language
    _ = language.gettext
    if row is None:
        return {"label": f"…{case_id[-6:]}", "outcome": "skipped", "detail": _("No request of this shop")}
    line = {"label": row.number, "href": f"{HOME}/{case_id}"}
    command = (
        ApproveCancellation(order=row.order_id, cancellation=CancellationId(case_id))
        if answer == "approve"
        else _refusal(console, row, values)
    )
    try:
        await console.submit(command, row.shop_id, f"{answer}:{case_id}", f"{key}.{case_id}")
    except InvalidTransition as error:
        state = str(error.params.get("current_state", ""))
        detail = _("Nothing left to answer: %(state)s") % {"state": language.term("cancellation", state, "seller")}
        return {**line, "outcome": "skipped", "detail": detail}
    except DeadlinePassed:
        return {**line, "outcome": "skipped", "detail": _("The time to answer was over")}
    except (StaleOrder, RescindError) as error:
        return {**line, "outcome": "failed", "detail": console.problem(error).text}
    done = _("%(amount)s goes back") if answer == "approve" else _("The order goes on")
    return {**line, "outcome": "done", "detail": done % {"amount": language.money(row.amount)}}
