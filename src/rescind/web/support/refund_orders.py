"""Refunds that the platform pays out itself: the queue, one of them, and the file that goes out and comes back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from rescind.core.actor import ActorKind
from rescind.core.chargeback import frozen
from rescind.core.errors import InvalidField, InvalidText, NotFound, RescindError
from rescind.core.money import Money
from rescind.core.parts import MoneyAct
from rescind.core.refund_order import CAME_BACK, DECLINED_BECAUSE, owner_of, said_paid, waits
from rescind.core.second_person import about
from rescind.core.views import RefundOrderFilters, RefundOrderRow, RefundOrderState
from rescind.intake import confirmations
from rescind.intake.confirmations import LONGEST_REFERENCE, MOST_BYTES, Fault
from rescind.intake.text import label
from rescind.locales import Locale
from rescind.paying_out import Confirmation, Confirmed
from rescind.web.rendering import address
from rescind.web.search import too_many
from rescind.web.seller.board import counted
from rescind.web.seller.console import Console, Here, Notice
from rescind.web.seller.proposals import waiting_of
from rescind.web.session import Html
from rescind.web.tender import method_name, tender_name

PATH = "/support/refund-orders"
_STATES: tuple[RefundOrderState, ...] = ("open", "overdue", "frozen", "confirmed", "declined", "all")
_AGES = (1, 3, 7, 14)
"""Days that a refund may have waited at least, as the queue is narrowed to."""
_SHOWN = 200
"""Lines of a file that one page tells of."""


@get("/refund-orders")
async def queue(console: Here) -> Html:
    """The refunds to pay out, the one that has waited longest first."""
    return await _queue(console, notice=_told(console))


@get("/refund-orders.csv")
async def download(console: Here) -> Response[bytes]:
    """The file to pay out from, of what the address is narrowed to."""
    rows = await console.desk.paying_out.every(console.scope, _filters(console))
    name = f"refunds-{console.now.date().isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(confirmations.written(rows), media_type="text/csv", headers=headers)


@post("/refund-orders/file", status_code=200)
async def upload(console: Here) -> Html:
    """A file that came back: all of it is checked first, and nothing is confirmed while any line has a fault."""
    await console.form()
    sent = (await console.visit.request.form()).get("file")
    data = await sent.read(MOST_BYTES + 1) if isinstance(sent, UploadFile) else b""
    language = console.language
    _ = language.gettext
    try:
        read = confirmations.read(data)
    except RescindError as error:
        return await _queue(console, errors={"file": _file_words(language, error)}, status=422)
    actor, said = console.person.actor(), [one.said for one in read.rows]
    checked = await console.desk.paying_out.check_each(console.scope, actor, said, console.now)
    faults = [*read.faults]
    for row, found in zip(read.rows, checked, strict=True):
        if isinstance(found, RescindError):
            faults.append(Fault(line=row.line, refund=row.said.refund, error=found))
    if faults:
        told = [
            {"outcome": "failed", "label": _("Line %(line)s") % {"line": one.line}, "detail": _line_words(console, one)}
            for one in sorted(faults, key=lambda one: one.line)[:_SHOWN]
        ]
        text = language.ngettext(
            "Nothing was confirmed: %(num)s line has a fault. Mend it and send the file again.",
            "Nothing was confirmed: %(num)s lines have faults. Mend them and send the file again.",
            len(faults),
        ) % {"num": language.number(len(faults))}
        return await _queue(console, notice=Notice(text, "urgent"), results=told, status=422)
    if not read.rows:
        error = _("No line has a reference and a day, so there is nothing to confirm.")
        return await _queue(console, errors={"file": error}, status=422)
    done = await console.desk.paying_out.confirm_each(console.scope, actor, said)
    told = [_result(console, row, one) for row, one in zip(read.rows, done, strict=True)]
    text = _("Read: %(done)s confirmed, %(left)s not paid yet.") % {
        "done": language.number(sum(isinstance(one, Confirmed) and not one.proposed for one in done)),
        "left": language.number(read.left),
    }
    return await _queue(console, notice=Notice(text), results=told[:_SHOWN])


@get("/refund-orders/{refund:str}")
async def one(console: Here, refund: FromPath[str]) -> Html:
    """One refund to pay out: take it, confirm it, or say why not."""
    return await _one(console, refund, notice=_told(console))


@post("/refund-orders/{refund:str}/take", status_code=200)
async def take(console: Here, refund: FromPath[str]) -> Html:
    """See to it oneself."""
    form = await console.form()
    over = bool(form.text("over"))
    try:
        await console.desk.paying_out.take(console.scope, console.person.actor(), refund, over=over)
    except NotFound:
        raise
    except RescindError as error:
        return await _one(console, refund, notice=console.problem(error), status=409)
    return console.go(f"{PATH}/{refund}?said=taken")


@post("/refund-orders/{refund:str}/confirm", status_code=200)
async def confirm(console: Here, refund: FromPath[str]) -> Html:
    """It was paid out."""
    form = await console.form()
    values = {name: form.text(name) for name in ("reference", "paid_on", "amount")}
    found = await console.desk.reads.refund_order(console.scope, refund)
    said, errors = _said(console.language, found, values)
    if said is None:
        return await _one(console, refund, errors=errors, values=values, status=422)
    try:
        done = await console.desk.paying_out.confirm(console.scope, console.person.actor(), said)
    except InvalidField as error:
        field = str(error.params["field"]).lstrip("/")
        errors = {field: _expected(console.language, error)}
        return await _one(console, refund, errors=errors, values=values, status=422)
    except RescindError as error:
        return await _one(console, refund, notice=console.problem(error), values=values, status=409)
    return console.go(f"{PATH}/{refund}?said={'proposed' if done.proposed else 'confirmed'}")


@post("/refund-orders/{refund:str}/decline", status_code=200)
async def decline(console: Here, refund: FromPath[str]) -> Html:
    """It could not be paid out, or came back."""
    form = await console.form()
    _ = console.language.gettext
    code = form.text("code")
    if code not in DECLINED_BECAUSE:
        return await _one(console, refund, errors={"code": _("Choose why it was not paid out")}, status=422)
    try:
        await console.desk.paying_out.decline(console.scope, console.person.actor(), refund, code)
    except NotFound:
        raise
    except RescindError as error:
        return await _one(console, refund, notice=console.problem(error), status=409)
    return console.go(f"{PATH}/{refund}?said=declined")


async def _queue(
    console: Console,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    results: list[dict[str, Any]] | None = None,
    status: int = 200,
) -> Html:
    language = console.language
    _ = language.gettext
    filters, reads = _filters(console), console.desk.reads
    try:
        page = await reads.refund_orders(console.scope, filters, console.query("cursor") or None)
    except InvalidField:
        page = await reads.refund_orders(console.scope, filters, None)
    people = await console.staff(one.ordered.owner for one in page.rows)
    narrowed = {name: console.query(name) or None for name in ("q", "method", "age", "shop")}
    search = console.search()
    unread = {"q": _("Only numbers are looked for here")} if search.words else dict(too_many(language, search))
    here = address(PATH, state=filters.state if filters.state != "open" else None, **narrowed)
    shops = [(shop.id, shop.name) for shop in await reads.shops()]
    methods = [(code, method_name(language, code)) for code in await reads.refund_order_methods()]
    ages = [
        (str(days), language.ngettext("%(num)s day or more", "%(num)s days or more", days) % {"num": days})
        for days in _AGES
    ]
    return console.page(
        "support/refund_orders.html",
        status=status,
        here=here,
        notice=notice,
        errors=(errors or {}) | unread,
        q=search.text,
        results=results or [],
        tabs=[
            {
                "href": address(PATH, state=state if state != "open" else None, **narrowed),
                "label": words,
                "current": state == filters.state,
            }
            for state, words in _state_names(language).items()
        ],
        rows=[_row(console, one, people) for one in page.rows],
        state=filters.state,
        methods=[("", _("Every means")), *methods],
        method=filters.method,
        shops=[("", _("Every shop")), *shops],
        shop=filters.shop,
        ages=[("", _("However long")), *ages],
        age=console.query("age"),
        file=address(f"{PATH}.csv", state=filters.state if filters.state != "open" else None, **narrowed),
        previous=address(here, cursor=page.previous) if page.previous else "",
        next=address(here, cursor=page.next) if page.next else "",
        count=counted(language, page.total, len(page.rows)),
        spoken=_("The list of refunds has changed."),
    )


async def _one(
    console: Console,
    refund: str,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    language = console.language
    found = await console.desk.reads.refund_order(console.scope, refund)
    waiting = waits(found.refund)
    sent = found.refund.status.value == "succeeded"
    codes = [code for code in DECLINED_BECAUSE if waiting or code == CAME_BACK]
    return console.page(
        "support/refund_order.html",
        status=status,
        here=f"{PATH}/{refund}",
        notice=notice,
        errors=errors or {},
        values={"paid_on": console.now.date().isoformat(), "amount": _plain(found.amount)} | (values or {}),
        one=_row(console, found, await console.staff([found.ordered.owner])),
        order=found.order,
        proposal=await _proposal(console, found),
        waiting=waiting,
        sent=sent,
        mine=found.ordered.owner == console.person.id,
        taken=bool(found.ordered.owner),
        longest=LONGEST_REFERENCE,
        first=found.refund.owed_at.date().isoformat(),
        today=console.now.date().isoformat(),
        codes=[(code, language.term("not_paid_out", code)) for code in codes],
        spoken=language.gettext("The refund has changed."),
    )


async def _proposal(console: Console, found: RefundOrderRow) -> dict[str, Any] | None:
    """That a colleague says it was paid out, while that waits for a second person."""
    waits = about(found.order, ActorKind.SUPPORT, MoneyAct.CONFIRM, found.refund.id)
    if waits is None:
        return None
    entries = await console.desk.reads.timeline(console.scope, found.order.id)
    return next(one for one in await waiting_of(console, found.order, entries) if one["number"] == waits.number)


def _row(console: Console, found: RefundOrderRow, people: Mapping[str, str]) -> dict[str, Any]:
    language, refund, ordered = console.language, found.refund, found.ordered
    waiting = waits(refund)
    waits_for_bank = frozen(found.order, refund)
    key = ("escalated" if ordered.escalated_at else "ordered") if waiting else refund.status.value
    key = "frozen" if waits_for_bank else key
    return {
        "id": refund.id,
        "href": f"{PATH}/{refund.id}",
        "order": found.order,
        "order_href": f"/support/orders/{found.order.id}",
        "shop": found.shop_name,
        "buyer": found.buyer_name or found.order.buyer,
        "tender": tender_name(language, found.tender),
        "amount": found.amount,
        "ordered_at": ordered.ordered_at,
        "since": ordered.moved_at,
        "due_at": ordered.due_at,
        "waits": waiting,
        "frozen": waits_for_bank,
        "late": waiting and not waits_for_bank and ordered.escalated_at is not None,
        "then": language.gettext("Otherwise whoever leads support is asked again.")
        if owner_of(refund) == "lead"
        else language.gettext("Otherwise it goes to whoever leads support."),
        "owner": _owner(console, owner_of(refund), people),
        "state": language.term("proposal_outcome", "proposed")
        if said_paid(found.order, refund)
        else language.term("refund_order", key),
        "tone": {
            "escalated": "urgent",
            "succeeded": "good",
            "failed": "urgent",
            "frozen": "calm",
            "taken_elsewhere": "calm",
        }.get(key, "wait"),
        "icon": {"succeeded": "circle-check", "failed": "triangle-alert"}.get(key, "clock"),
        "reference": "" if waiting else refund.reference,
        "paid_on": language.date(ordered.paid_on) if ordered.paid_on else "",
        "declined": language.term("not_paid_out", ordered.declined) if ordered.declined else "",
        "settled_at": refund.settled_at,
    }


def _owner(console: Console, owner: str, people: Mapping[str, str]) -> str:
    """Who is to move: a person by name, or the role where nobody said who has it."""
    language, lead = console.language, console.desk.settings.support_lead
    if owner == "lead" and lead:
        return language.gettext("%(name)s, who leads support") % {"name": lead}
    return language.term("refund_owner", owner) if owner in {"lead", "support"} else people.get(owner, owner)


def _filters(console: Console) -> RefundOrderFilters:
    """What the address says; what it cannot mean is left out."""
    asked, age = console.query("state"), console.query("age")
    days = int(age) if age in {str(one) for one in _AGES} else 0
    return RefundOrderFilters(
        state=asked if asked in _STATES else "open",
        numbers=console.search().numbers,
        method=console.query("method") if console.query("method").replace("_", "").isalnum() else "",
        shop=console.query("shop")[:64],
        before=console.now - timedelta(days=days) if days else None,
    )


def _state_names(language: Locale) -> dict[str, str]:
    _ = language.gettext
    return {
        "open": _("To pay out"),
        "overdue": _("Overdue"),
        "frozen": _("With the buyer's bank"),
        "confirmed": _("Paid out"),
        "declined": _("Not paid out"),
        "all": _("All"),
    }


def _told(console: Console) -> Notice | None:
    _ = console.language.gettext
    text = {
        "taken": _("It is yours. Pay it out, then confirm it here."),
        "confirmed": _("Confirmed. The buyer sees reference and day."),
        "proposed": _("Proposed. Nothing happens until a colleague confirms it."),
        "declined": _("Noted. The money is the buyer's still, and can be refunded again."),
    }.get(console.query("said"))
    return Notice(text) if text else None


def _said(
    language: Locale, found: RefundOrderRow, values: dict[str, str]
) -> tuple[Confirmation | None, dict[str, str]]:
    """What the form says, or what is wrong with each of its fields."""
    _ = language.gettext
    errors: dict[str, str] = {}
    reference, paid_on, amount = "", date.min, found.amount
    try:
        reference = label(values["reference"], field="/reference", limit=LONGEST_REFERENCE, blank=False)
    except InvalidText:
        errors["reference"] = _("Write down the payment's reference")
    try:
        paid_on = date.fromisoformat(values["paid_on"])
    except ValueError:
        errors["paid_on"] = _("Say on which day it was paid out")
    try:
        amount = Money.parse(values["amount"], found.amount.currency)
    except InvalidField as error:
        errors["amount"] = _expected(language, error)
    if errors:
        return None, errors
    said = Confirmation(refund=found.refund.id, reference=reference, paid_on=paid_on, amount=amount)
    return said, {}


def _plain(amount: Money) -> str:
    return str(amount).partition(" ")[0]


def _expected(language: Locale, error: InvalidField | InvalidText) -> str:
    words = language.expected(str(error.params["expected"]))
    return language.gettext("It must be: %(expected)s.") % {"expected": words}


def _file_words(language: Locale, error: RescindError) -> str:
    """Why a file cannot be read at all."""
    field = str(error.params.get("field", "")).lstrip("/")
    if isinstance(error, InvalidField):
        words = _expected(language, error)
        return words if field == "file" else f"{field}: {words}"
    return language.gettext("There is no column %(name)s. Take the header of the file from here.") % {"name": field}


def _line_words(console: Console, fault: Fault) -> str:
    """What is wrong with a line: the column, and what it should have been."""
    error = fault.error
    words = console.problem(error).text
    if isinstance(error, InvalidField | InvalidText):
        field = str(error.params["field"]).lstrip("/")
        expected = _expected(console.language, error)
        words = expected if field == "file" else f"{field}: {expected}"
    return f"{fault.refund} · {words}" if fault.refund else words


def _result(console: Console, row: confirmations.Row, done: Confirmed | RescindError) -> dict[str, Any]:
    _ = console.language.gettext
    said = row.said
    told = {"label": f"{said.refund} · {console.language.money(said.amount)}", "href": f"{PATH}/{said.refund}"}
    if isinstance(done, RescindError):
        return told | {"outcome": "failed", "detail": console.problem(done).text}
    if done.proposed:
        return told | {"outcome": "skipped", "detail": _("Waits for a second person")}
    return told | {"outcome": "done", "detail": said.reference if done.news else _("It was confirmed before.")}


ROUTES = (queue, download, upload, one, take, confirm, decline)
