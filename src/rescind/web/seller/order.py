"""One order as the shop sees it: the stop, the hold or the next step on top, then everything the bench needs."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.params import FromPath

from rescind.core.actor import ActorKind
from rescind.core.cancellation import CancelBySeller
from rescind.core.errors import InvalidField, NothingSelected, RescindError
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, in_manual_review, on_hold_until, stage
from rescind.core.packing import platform_ships
from rescind.core.parts import Cancellation, CancellationStatus, FactKind
from rescind.core.stage import Stage, rank
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict
from rescind.core.views import OrderView
from rescind.locales import Locale
from rescind.web import anchors, order_notes, talk
from rescind.web.buyer.matter import named
from rescind.web.document import offered
from rescind.web.ending import ending, ready
from rescind.web.progress import progress
from rescind.web.quote_words import quote_rows, quote_tenders
from rescind.web.return_words import return_rows
from rescind.web.seller import answers, corrections, giving, goods, proposals, steps
from rescind.web.seller.console import Console, Here, Notice, new_key
from rescind.web.seller.units import pick
from rescind.web.session import Html
from rescind.web.timeline import story
from rescind.web.way_words import told


@get("/orders/{order_id:str}")
async def read(console: Here, order_id: FromPath[str]) -> Html:
    """The order's page."""
    view = await console.desk.reads.order(console.scope, order_id)
    return await show(console, view, notice=console.told())


def stage_of(view: OrderView, console: Console) -> Stage:
    """How far the order is at the time of this console."""
    return stage(view.order, console.now)


async def show(
    console: Console,
    view: OrderView,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    typed: talk.Typed | None = None,
    status: int = 200,
) -> Html:
    """Render the order with what became of a form, if one was sent."""
    order, language = view.order, console.language
    _ = language.gettext
    at_stage = stage_of(view, console)
    terms = await console.desk.terms(order)
    calendar = console.desk.book.calendar(terms)
    step = steps.NEXT.get(at_stage)
    platform = platform_ships(order, terms, calendar, console.now)
    state, why = state_of(console, order, terms)
    waiting = order.open_cancellation
    entries = await console.desk.reads.timeline(console.scope, order.id)
    notes = await order_notes.for_staff(console.visit, view)
    proposed = await proposals.waiting_of(console, order, entries)
    return console.page(
        "seller/order.html",
        status=status,
        here=f"/seller/orders/{order.id}",
        notice=notice,
        errors=list((errors or {}).items()),
        field_errors=errors or {},
        values=values or {},
        view=view,
        order=order,
        stage=at_stage,
        state=state,
        why=why,
        spoken=_("STOP. This order is cancelled.") if state == "stop" else _("The order has changed."),
        waiting=waiting,
        refund=Money(waiting.refund_minor if waiting else 0, order.currency),
        step=step.value if step else "",
        step_label=steps.label(step, language) if step else "",
        sheet=steps.wants_tracking(at_stage),
        final=step is not None and steps.final(step),
        keys={"step": new_key()},
        left_house=any(parcel.handed_over_at for parcel in order.travelling),
        may_have_left=at_stage is Stage.CANCELLED
        and work_began(order)
        and not any(parcel.gone or parcel.ended for parcel in order.parcels),
        ended=[language.term("event", parcel.ended) for parcel in order.parcels if parcel.ended],
        shelf=lines_of(view, {line.id: line.cancelled for line in order.lines if line.cancelled})
        if work_began(order)
        else [],
        stopped=stopped_by(console, order),
        put_back=_put_back(view, language) if state != "stop" else "",
        platform=platform,
        parcels=goods.parcels(view, language),
        splitting=None if platform or state == "stop" else goods.splitting(view),
        coming_back=goods.coming_back(view, language),
        hidden_until=on_hold_until(order, console.now),
        choices=[(one.id, language.gettext("Parcel %(name)s") % {"name": one.id}) for one in order.arranged],
        cases=case_links(order, language, "/seller"),
        returns=return_rows(language, order, f"/seller/orders/{order.id}"),
        steps=progress(order, console.now),
        lines=lines_of(view, {line.id: line.quantity for line in order.lines}),
        notes=notes,
        story=story([(entry.record, entry.notes) for entry in entries], order, language, "seller"),
        called=[
            {
                "one": one,
                "ground": language.term("escalation", one.ground, "seller"),
                "outcome": language.term("escalation_outcome", one.outcome) if one.outcome else "",
            }
            for one in reversed(order.escalations)
        ],
        talk=await talk.about_order(
            console.visit, view, [(entry.record, entry.notes) for entry in entries], typed=typed
        ),
        ship_by=order.dispatch_due_at if rank(at_stage) < rank(Stage.AWAITING_COLLECTION) and state != "stop" else None,
        ready=ready(language, order) if state != "stop" else None,
        ends=ending(language, order) if state != "stop" else None,
        paid_rows=price_rows(language, view),
        # How much came in, not by which means (I-26).
        tenders=[
            {
                "label": language.gettext("So far"),
                "amount": Money(sum(tender.captured_minor for tender in order.tenders), order.currency),
            }
        ],
        refunds=told(language, order, await console.desk.ways(view, [entry.record for entry in entries]), "seller"),
        papers=offered(language, order, console.zone),
        mistake=corrections.offer(order, ActorKind.SELLER, language),
        giving=giving.giving_of(console, order),
        proposals=proposed,
        over=anchors.over(
            order,
            (
                *((anchors.CALLED,) if order.escalations else ()),
                *((anchors.NOTES,) if notes else ()),
                *(f"proposal-{one['number']}" for one in proposed),
            ),
        ),
        may_cancel=bool(order.open_units()) and rank(at_stage) < rank(Stage.IN_TRANSIT),
    )


def state_of(console: Console, order: Order, terms: Terms) -> tuple[str, str]:
    """What stands on top: stop, asked, check, wait or go; and for what it waits."""
    language, calendar = console.language, console.desk.book.calendar(terms)
    at_stage = stage(order, console.now)
    state, why = _state(console, order, at_stage)
    if state != "go":
        return state, why
    if platform_ships(order, terms, calendar, console.now):
        return "wait", language.gettext("The platform packs and ships this order. You need to do nothing.")
    if steps.NEXT.get(at_stage) is FactKind.HANDED_OVER:
        finding = answers.shipping(order, terms, calendar, console.now)
        if finding.verdict is Verdict.REFUSE:
            return "wait", language.term("way_on", finding.instead or "contact_support")
    return state, why


def _state(console: Console, order: Order, at_stage: Stage) -> tuple[str, str]:
    if at_stage is Stage.CANCELLED:
        return "stop", ""
    if order.open_cancellation is not None:
        return "asked", ""
    if in_manual_review(order) and rank(at_stage) < rank(Stage.PACKING):
        return "check", ""
    why = waits_for(console, at_stage, order.hold_until)
    return ("wait", why) if why else ("go", "")


def waits_for(console: Console, at_stage: Stage, hold_until: Instant | None) -> str:
    """Why nobody has to do anything at this stage yet; empty where somebody has."""
    _ = console.language.gettext
    if at_stage is Stage.UNPAID:
        return _("Waits for the payment")
    if at_stage is Stage.ON_HOLD and hold_until is not None:
        when = console.language.instant(hold_until, console.zone, now=console.now)
        return _("On hold until %(when)s: nobody ships, the buyer may still cancel") % {"when": when}
    return ""


def work_began(order: Order) -> bool:
    """Whether goods left the shelf for this order, so that somebody must put them back."""
    progress = order.progress
    return any(
        (progress.allocated_at, progress.preparation_started_at, progress.packing_started_at, progress.packed_at)
    )


def stopped_by(console: Console, order: Order) -> str:
    """When, by whom, why, and what goes back; empty for an order of which nothing was cancelled."""
    ended = next((one for one in reversed(order.cancellations) if one.status is CancellationStatus.APPROVED), None)
    if ended is None or ended.closed_at is None:
        return ""
    language = console.language
    words = {
        "when": language.instant(ended.closed_at, console.zone, now=console.now),
        "who": language.term("decider", ended.closed_by or "rule"),
        "why": language.term("reason", ended.reason),
        "amount": language.money(Money(ended.refund_minor, order.currency)),
    }
    if ended.refund_minor:
        return language.gettext("%(when)s · %(who)s · %(why)s · %(amount)s goes back to the buyer") % words
    return language.gettext("%(when)s · %(who)s · %(why)s") % words


def _put_back(view: OrderView, language: Locale) -> str:
    gone = {line.id: line.cancelled for line in view.order.lines if line.cancelled}
    if not gone or not work_began(view.order):
        return ""
    return language.gettext(", ").join(f"{line['quantity']} × {line['title']}" for line in lines_of(view, gone))


def case_links(order: Order, language: Locale, root: str) -> list[dict[str, str]]:
    """Each fact that does not fit and is not dealt with, in words, newest first, and where to deal with it."""
    _ = language.gettext
    said = {
        "shipped_after_cancel": _(
            "the carrier scanned the parcel although the order is cancelled. Have it turned back."
        ),
        "shipped_while_asked": _("the goods moved while a request to cancel was open."),
        "cancelled_inside": _("the parcel left, and nobody said that the cancelled items were taken out of it."),
        "tracking_reused": _("its tracking number stands on another parcel, too."),
        "shipped_in_hold": _("a parcel was labelled or left in the hold, in which nothing is to be shipped."),
        "shipped_unpaid": _("the goods left, and nobody has paid for them in time."),
        "charged_back": _("the bank took the payment back."),
        "chargeback_lost": _("the bank decided for the buyer."),
        "chargeback_won": _("the bank decided for the marketplace, and it was not told that it took the payment."),
        "chargeback_silent": _("no word of the bank has come on a payment that it took back."),
        "refunded_elsewhere": _("money was paid back outside of this desk."),
        "amounts_differ": _("one payment was told with two amounts."),
        "delivered_after_ending": _("a parcel arrived that the carrier had reported as lost or on its way back."),
        "ended_after_delivery": _("the carrier reports trouble with a parcel that had been delivered."),
        "parcel_unknown": _("the carrier reports trouble with a parcel, and nobody said what is in it."),
    }
    return [
        {
            "text": said.get(one.kind, language.term("contradiction", one.kind)),
            "outcome": language.term("intercept", one.outcome) if one.outcome else "",
            "href": f"{root}/orders/{order.id}/contradictions/{one.id}",
        }
        for one in reversed(order.open_contradictions)
    ]


def lines_of(view: OrderView, units: dict[str, int]) -> list[dict[str, Any]]:
    """Lines with their words, for so many units each; lines without units are left out."""
    words = {one.line: one for one in view.details.lines}
    found: list[dict[str, Any]] = []
    for line in view.order.lines:
        if not units.get(line.id):
            continue
        said = words.get(line.id)
        found.append(
            {
                "title": (said.title if said else "") or line.sku,
                "variant": said.variant if said else "",
                # What the variant says already is not said twice.
                "options": {name: text for name, text in said.options.items() if text != said.variant} if said else {},
                "image": said.image if said else "",
                "sku": line.sku,
                "quantity": units[line.id],
                "amount": Money(line.unit_minor * units[line.id], view.order.currency),
                "custom_made": line.custom_made,
                "special": line.special,
                "special_reason": line.special_reason,
                "cancelled": line.cancelled,
            }
        )
    return found


def titles(view: OrderView) -> dict[str, str]:
    """Title and variant by line id."""
    return {one.line: named(one) for one in view.details.lines}


def price_rows(language: Locale, view: OrderView) -> list[dict[str, Any]]:
    """What the order cost, row by row."""
    _ = language.gettext
    order = view.order
    goods = sum(line.quantity * line.unit_minor for line in order.lines)
    discount = sum(line.discount_minor for line in order.lines)
    tax = sum(line.tax_minor for line in order.lines)
    rows: list[dict[str, Any]] = [{"label": _("Items"), "amount": Money(goods, order.currency)}]
    if discount:
        rows.append({"label": _("Discount"), "amount": Money(discount, order.currency), "minus": True})
    if tax:
        rows.append({"label": _("Tax"), "amount": Money(tax, order.currency)})
    if order.shipping_minor:
        rows.append({"label": _("Delivery"), "amount": Money(order.shipping_minor, order.currency)})
    if order.charges:
        charged = sum(charge.amount_minor for charge in order.charges)
        rows.append({"label": _("Charges on the whole order"), "amount": Money(charged, order.currency)})
    return rows


@get("/orders/{order_id:str}/cancel")
async def ask(console: Here, order_id: FromPath[str]) -> Html:
    """The page before a direct cancellation: its reasons, and exactly what it does."""
    return await _confirm(console, await console.desk.reads.order(console.scope, order_id))


async def _confirm(
    console: Console,
    view: OrderView,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    order, language = view.order, console.language
    _ = language.gettext
    values = values or {}
    picked = pick(view, lambda field: values.get(field, ""), language)
    units = picked.units or order.open_units()
    terms = await console.desk.terms(order)
    calendar = console.desk.book.calendar(terms)
    stop = answers.stop(order, units, values.get("reason", ""), terms, calendar, console.now)
    whole = answers.stop(order, order.open_units(), "", terms, calendar, console.now)
    return console.page(
        "seller/cancel.html",
        status=status,
        notice=notice,
        errors=errors or {},
        values=values,
        view=view,
        order=order,
        stage=stage_of(view, console),
        waiting=order.open_cancellation,
        picked=picked,
        several=sum(row.open for row in picked.rows) > 1 and terms.preset.policy.settings.seller_partial != "no",
        # Whether this selection may be stopped is said beside it; the form goes away only where nothing may be.
        possible=whole.finding.verdict is Verdict.APPROVE and bool(order.open_units()),
        allowed=stop.finding.verdict is Verdict.APPROVE and not picked.errors,
        sentence=language.rule(stop.finding.rule),
        way_on=language.term("way_on", stop.finding.instead) if stop.finding.instead else "",
        reasons=[{"value": one.code, "label": language.term("reason", one.code)} for one in stop.reasons],
        rows=quote_rows(language, stop.quote, titles(view), order),
        total=Money(stop.quote.total_minor, order.currency),
        tenders=quote_tenders(language, stop.quote, order, await console.desk.connected.nowhere(order.tenders)),
        keys={"cancel": new_key()},
    )


@post("/orders/{order_id:str}/cancel", status_code=200)
async def cancel(console: Here, order_id: FromPath[str]) -> Html:
    """Cancel everything that is open, or the units that were chosen."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    _ = console.language.gettext
    values = {name: text for name, text in form.values.items() if name.startswith("units-")}
    values |= {"reason": form.text("reason"), "comment": form.text("comment")}
    picked = pick(view, form.text, console.language)
    if form.text("step") == "quote":
        # What it gives back is worked out while the rest is still being filled in.
        return await _confirm(console, view, values=values)
    errors = picked.errors | ({} if values["reason"] else {"reason": _("Choose a reason")})
    if errors:
        return await _confirm(console, view, errors=errors, values=values, status=422)
    try:
        command = CancelBySeller(
            order=view.order.id,
            reason=values["reason"],
            lines=picked.lines,
            comment=console.note(values["comment"]),
            refund=shown(form.text("refund"), view.order.currency),
        )
        outcome = await console.submit(
            command, view.shop.id, f"cancel:{order_id}", form.text("key"), version=version_of(form.text("version"))
        )
    except (RescindError, NothingSelected) as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await _confirm(console, fresh, notice=console.problem(error), values=values, status=409)
    if last(outcome.order).status is not CancellationStatus.APPROVED:
        # The policy's refusal is a decision too: it is on the timeline now, with its rule.
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await _confirm(console, fresh, values=values, status=409)
    return console.go(f"/seller/orders/{order_id}?said={'cancelled' if picked.whole else 'cancelled_some'}")


def last(order: Order) -> Cancellation:
    """The newest cancellation of an order that has one."""
    return order.cancellations[-1]


def shown(text: str, currency: str) -> Money | None:
    """The refund that a form showed, in minor units; None where it does not say. Raises InvalidField."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise InvalidField(field="refund", expected="a whole number of minor units")
    return Money(int(text), currency)


def version_of(text: str) -> int | None:
    """The order's version a form was made from; None where it does not say."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None
