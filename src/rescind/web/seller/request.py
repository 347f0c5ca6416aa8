"""One request to cancel: what a seller sees before answering, and the answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import get, post
from litestar.params import FromPath

from rescind.core.cancellation import ApproveCancellation, RefuseCancellation
from rescind.core.errors import EvidenceMissing, InvalidText, NotFound, ReasonNotListed, RescindError
from rescind.core.event import Ground, NoteRef
from rescind.core.evidence import EvidenceRef
from rescind.core.ids import CancellationId
from rescind.core.money import Money
from rescind.core.offer import most, most_costs, open_offer
from rescind.core.order import Order, stage
from rescind.core.parts import Cancellation, CancellationStatus
from rescind.core.receipt import Judged, judged_again
from rescind.core.record import Record
from rescind.core.terms import Terms
from rescind.core.views import CaseRow, Filters, OrderView, TimelineEntry
from rescind.locales import Locale
from rescind.web import order_notes
from rescind.web.buyer.words import pill_key
from rescind.web.evidence import SENT_AT_ONCE, Brought, Tile, brought, wall
from rescind.web.evidence import field as file_field
from rescind.web.explain import RuleCard, ground_of, programs_in, rule_card
from rescind.web.offer_words import answered, offered
from rescind.web.quote_words import quote_rows
from rescind.web.rendering import address
from rescind.web.seller.answers import Answers, answers
from rescind.web.seller.board import parcel_errors
from rescind.web.seller.console import Console, Here, back_to, new_key
from rescind.web.seller.order import lines_of, shown, titles
from rescind.web.session import Html
from rescind.web.tender import tender_name

HOME = "/seller/requests"


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
        sums=quote_rows(language, found.quote, titles(view), order),
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
    context = await console.desk.context(order, terms, 0)
    costs = most_costs(order, case, context, terms, console.now) if mine else 0
    return console.page(
        "seller/request.html",
        status=status,
        here=f"{HOME}/{case.id}",
        notice=console.problem(error) if error else console.told(),
        errors=errors or {},
        values=values or {},
        view=view,
        notes=await order_notes.for_staff(console.visit, view),
        order=order,
        case=case,
        stage=stage(order, console.now),
        state_key=pill_key(case),
        refund=Money(case.refund_minor, order.currency),
        open=await opened(console, view, case, entries, files, (errors or {}).get("files", "")) if mine else None,
        exhibits=wall(language, order, records, "seller", case.id) if not mine else [],
        closed=_closed(console, case) if not mine else "",
        card=_card(judged, case, terms, records, language) if judged else None,
        offered=offered(language, case.offer, order, console.zone, "seller") if case.offer else "",
        offer_answered=answered(language, case.offer, "seller") if case.offer else "",
        countered=mine and (theirs := open_offer(case)) is not None and theirs.by == "buyer",
        offer_limit=Money(most(order), order.currency),
        costs_limit=Money(costs, order.currency) if costs else None,
        offer_key=new_key(),
        lines=lines_of(view, case.lines),
        spoken=_("The request has changed."),
    )


def _card(judged: Judged, case: Cancellation, terms: Terms, records: Sequence[Record], language: Locale) -> RuleCard:
    """Why the policy asked, without what a seller has no claim to know of the buyer (I-26)."""
    return rule_card(
        judged.ground,
        terms,
        language,
        title=language.gettext("Why you are asked"),
        on=judged.on,
        deadline=judged.finding.deadline,
        reached=not case.unreached,
        untold=frozenset({"buyer_cancels_30d"}),
        program=programs_in(records, case.id, language),
    )


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
            order=row.order_id,
            cancellation=CancellationId(row.case_id),
            comment=console.note(form.text("comment")),
            refund=shown(form.text("refund"), row.amount.currency),
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
        command = refusal(console, row, values, files.refs)
        await console.submit(command, row.shop_id, f"refuse:{case_id}", form.text("key"))
    except (ReasonNotListed, EvidenceMissing, InvalidText) as error:
        return await show(console, row, error=error, values=values, files=files, status=422)
    except RescindError as error:
        fresh = await find_case(console, case_id)
        return await show(console, fresh, error=error, values=values, files=files, status=409)
    said = "tracking" if values["tracking"] else "refused"
    return console.go(address(back_to(form.text("back") or f"{HOME}/{case_id}", HOME), said=said))


def refusal(
    console: Console, row: CaseRow, values: dict[str, str], evidence: tuple[EvidenceRef, ...] = ()
) -> RefuseCancellation:
    """The command that a form with a reason asks for."""
    return RefuseCancellation(
        order=row.order_id,
        cancellation=CancellationId(row.case_id),
        reason=values["reason"],
        carrier=values.get("carrier", ""),
        tracking=values.get("tracking", ""),
        comment=console.note(values["comment"]),
        evidence=evidence,
    )
