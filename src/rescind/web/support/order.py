"""One order for support: the facts, what happened with each rule that decided, and acting for the caller."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from litestar import get, post
from litestar.params import FromPath

from rescind.core.actor import ActorKind
from rescind.core.cancellation import Decision, RequestCancellation, WithdrawCancellation
from rescind.core.counting import AtTheDoor
from rescind.core.errors import ConsentMissing, InvalidField, InvalidText, RescindError
from rescind.core.event import Note
from rescind.core.fulfilment import ReportFact
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.order import Order, stage
from rescind.core.parts import CancellationStatus, FactKind
from rescind.core.quote import quote
from rescind.core.receipt import judged_again
from rescind.core.review import StopReviewed, TakeReview, waiting
from rescind.core.stage import Stage
from rescind.core.verdict import Verdict
from rescind.core.views import OrderView, TimelineEntry
from rescind.intake.consent import WAYS, in_time
from rescind.locales import Locale
from rescind.web import anchors, order_notes, talk
from rescind.web.buyer.words import pill_key
from rescind.web.document import offered
from rescind.web.evidence import tiles, wall
from rescind.web.explain import RuleCard, finding_of, ground_in, programs_in, rule_card, span_words
from rescind.web.quote_words import quote_rows, quote_tenders
from rescind.web.return_words import return_rows
from rescind.web.seller import corrections, giving, proposals
from rescind.web.seller.console import Console, Fields, Here, Notice, new_key
from rescind.web.seller.order import case_links, lines_of, price_rows, shown, titles
from rescind.web.seller.units import Picked, pick
from rescind.web.session import Html
from rescind.web.support import deciders, escalations
from rescind.web.support import refunds as money_back
from rescind.web.support.find import deadline_kind, whose_move
from rescind.web.tender import tender_name
from rescind.web.timeline import story
from rescind.web.way_words import told

"""How a buyer can have agreed."""


@get("/orders/{order_id:str}")
async def read(console: Here, order_id: FromPath[str]) -> Html:
    """The order; ``reason`` in the address asks the policy first, and nothing is filed by looking."""
    return await show(console, await console.desk.reads.order(console.scope, order_id), notice=_told(console))


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
    entries = await console.desk.reads.timeline(console.scope, order.id)
    at_stage = stage(order, console.now)
    waiting = order.open_cancellation
    values = values or {"reason": console.query("reason"), "anyway": console.query("anyway"), "way": "phone"}
    # Written as the agent would: local time of the page, to the minute.
    values.setdefault("agreed_at", console.now.astimezone(ZoneInfo(console.zone)).strftime("%Y-%m-%dT%H:%M"))
    listed = await console.desk.reasons(order, "buyer") if at_stage is not Stage.CANCELLED else ()
    kept = values
    picked = pick(view, lambda field: kept.get(field) or console.query(field), language)
    errors = (errors or {}) | (picked.errors if values.get("reason") else {})
    terms = await console.desk.terms(order)
    asked, hindrance = await _ask_first(console, view, values, picked)
    review, decision = _in_review(console, order), deciders.answer_of(order, language)
    against, failed = deciders.override_of(console, order, entries), money_back.failed_of(console, order, terms)
    proposed = await proposals.waiting_of(console, order, entries)
    card = await talk.about_order(console.visit, view, [(entry.record, entry.notes) for entry in entries], typed=typed)
    about = [card.thread] if card.thread else []
    return console.page(
        "support/order.html",
        status=status,
        notice=notice,
        here=f"/support/orders/{order.id}",
        errors=errors,
        values=values,
        view=view,
        notes=await order_notes.for_staff(console.visit, view),
        order=order,
        stage=at_stage,
        waiting=waiting,
        waiting_key=pill_key(waiting) if waiting else "",
        move=whose_move(language, waiting.status.value) if waiting else "",
        kind=deadline_kind(waiting.status.value) if waiting else "",
        lines=lines_of(view, {line.id: line.quantity for line in order.lines}),
        paid_rows=price_rows(language, view),
        tenders=[
            {"label": tender_name(language, tender), "amount": Money(tender.captured_minor, order.currency)}
            for tender in order.tenders
        ],
        refunds=told(language, order, await console.desk.ways(view, [entry.record for entry in entries]), "support"),
        papers=offered(language, order, view.shop.zone),
        cases=case_links(order, language, "/support"),
        returns=return_rows(language, order, f"/support/orders/{order.id}"),
        exhibits=[
            *wall(language, order, [entry.record for entry in entries], "support"),
            # Those of questions before the order stand with these, above what was said.
            *tiles(language, order.id, await console.desk.conversations.shown(console.person, about), "support"),
        ],
        story=story([(entry.record, entry.notes) for entry in entries], order, language, "support"),
        talk=card,
        calls=escalations.calls(order, [(entry.record, entry.notes) for entry in entries], language, console.person.id),
        endings=escalations.outcomes(order, language),
        grants=escalations.grants(console, order),
        cards=await _cards(console, order, entries),
        consents=_consents(order, entries),
        reasons=[(code, language.term("reason", code)) for code in dict.fromkeys(one.code for one in listed)],
        needs_words=[one.code for one in listed if "comment" in one.needs],
        picked=picked,
        several=sum(row.open for row in picked.rows) > 1 and terms.preset.policy.settings.buyer_partial,
        asked=asked,
        hindrance=hindrance,
        ways=[(way, way_words(language, way)) for way in WAYS],
        review=review,
        decision=decision,
        override=against,
        failed=failed,
        giving=giving.giving_of(console, order),
        proposals=proposed,
        over=anchors.over(
            order,
            (
                *((anchors.DECIDE,) if decision else ()),
                *((anchors.REVIEW,) if review else ()),
                *((anchors.CALLED,) if order.escalations else ()),
                *((f"override-{against['proposed'].number}",) if against and against["proposed"] else ()),
                *(f"proposal-{one['number']}" for one in proposed),
                *(f"failed-{one['id']}" for one in failed),
            ),
        ),
        door=_at_the_door(console, await console.desk.at_the_door_of(order)),
        mistake=corrections.offer(order, ActorKind.SUPPORT, language),
        keys={"review": new_key(), "file": new_key(), "withdraw": new_key()},
        spoken=_("The order has changed."),
    )


async def _ask_first(
    console: Console, view: OrderView, values: dict[str, str], picked: Picked
) -> tuple[dict[str, Any] | None, Notice | None]:
    """What the policy would answer to this caller, or why it cannot be asked."""
    if not values.get("reason") or picked.errors or view.order.open_cancellation is not None:
        return None, None
    anyway = values.get("anyway") == "1"
    try:
        decision = await console.desk.preview(view.order, reason=values["reason"], lines=picked.lines, anyway=anyway)
    except RescindError as error:
        return None, console.problem(error)
    return await _preview(console, view, decision, picked, anyway=anyway), None


async def _preview(
    console: Console, view: OrderView, decision: Decision, picked: Picked, *, anyway: bool
) -> dict[str, Any]:
    order, language = view.order, console.language
    finding = finding_of(decision)
    ground = ground_in(decision)
    assert ground is not None, "every judgement says why"
    terms = await console.desk.terms(order)
    asked = getattr(decision.events[0], "request", None)
    units = picked.units if picked.lines else order.open_units()
    money = quote(order, units, fees=asked.fees if asked else (), at=console.now)
    deadline = finding.deadline
    reached = console.desk.book.reached(order.shop)
    return {
        "verdict": finding.verdict.value,
        "possible": finding.verdict is not Verdict.REFUSE,
        "sentence": verdict_sentence(language, finding.verdict),
        "due_at": deadline.due_at if deadline else None,
        "kind": deadline_kind(
            {"ask_seller": "awaiting_seller", "ask_carrier": "awaiting_carrier"}.get(finding.verdict, "")
        ),
        "silence": language.term("silence", deadline.on_silence) if deadline and deadline.on_silence else "",
        "instead": finding.instead or "",
        "way_on": language.term("way_on", finding.instead) if finding.instead else "",
        "anyway": anyway,
        "items": ", ".join(f"{titles(view).get(line, line)} × {count}" for line, count in units.items()),
        "card": rule_card(ground, terms, language, deadline=deadline, reached=reached),
        "reached": reached,
        "rows": quote_rows(language, money, titles(view), order),
        "total": Money(money.total_minor, order.currency),
        "tenders": quote_tenders(language, money, order, await console.desk.connected.nowhere(order.tenders)),
    }


def verdict_sentence(language: Locale, verdict: Verdict) -> str:
    """What filing would do, in a sentence to say to the caller."""
    _ = language.gettext
    return {
        Verdict.APPROVE: _("It is cancelled at once. Nobody has to agree."),
        Verdict.ASK_SELLER: _("The shop is asked at once and has to answer in time."),
        Verdict.ASK_CARRIER: _("The carrier is asked to stop the parcel."),
        Verdict.REVIEW: _("It comes to us for a decision."),
        Verdict.REFUSE: _("The policy does not allow it at this stage."),
    }[verdict]


async def _cards(console: Console, order: Order, entries: tuple[TimelineEntry, ...]) -> dict[str, RuleCard]:
    """A rule card for each request that a policy answered, by the request's id."""
    terms = await console.desk.terms(order)
    cards: dict[str, RuleCard] = {}
    records = [entry.record for entry in entries]
    for one in order.cancellations:
        calendar = await console.desk.book.calendar_when(records, one, terms)
        judged = judged_again(records, one, terms, calendar)
        if judged is not None:
            deadline = judged.finding.deadline
            cards[one.id] = rule_card(
                judged.ground,
                terms,
                console.language,
                on=judged.on,
                deadline=deadline,
                reached=not one.unreached,
                program=programs_in(records, one.id, console.language),
            )
    return cards


def _consents(order: Order, entries: tuple[TimelineEntry, ...]) -> list[str]:
    """The buyer's agreements that support wrote down for this order, the newest first."""
    found: list[str] = []
    for entry in entries:
        event = entry.record.event
        note = getattr(event, "consent", None) or getattr(getattr(event, "request", None), "consent", None)
        if note is not None and (words := entry.notes.get(note.id)):
            found.append(words)
    return found[::-1] if order.cancellations else []


def way_words(language: Locale, way: str) -> str:
    """How the buyer agreed."""
    _ = language.gettext
    return {
        "phone": _("On the telephone"),
        "chat": _("In a chat"),
        "mail": _("By e-mail"),
        "letter": _("By letter"),
    }[way]


def _consent(console: Console, order: Order, form: Fields) -> tuple[Note | None, dict[str, str]]:
    """The recorded agreement, or what is missing of it. A time still to come is no agreement."""
    language = console.language
    _ = language.gettext
    errors: dict[str, str] = {}
    way, remark = form.text("way"), form.text("remark")
    if way not in WAYS:
        errors["way"] = _("Say how the buyer agreed")
    try:
        local = datetime.fromisoformat(form.text("agreed_at"))
        agreed_at = local.replace(tzinfo=local.tzinfo or ZoneInfo(console.zone)).astimezone(UTC)
        if not in_time(agreed_at, placed_at=order.placed_at, now=console.now):
            errors["agreed_at"] = _("The buyer must have agreed after placing the order, and before now")
    except ValueError:
        errors["agreed_at"] = _("Say when the buyer agreed")
        agreed_at = console.now
    if not form.text("agreed"):
        errors["agreed"] = _("Tick this once the buyer has agreed")
    if errors:
        return None, errors
    when = f"{language.instant(agreed_at, console.zone, now=console.now)} {language.zone(agreed_at, console.zone)}"
    words = " · ".join(part for part in (way_words(language, way), when, remark) if part)
    try:
        return console.note(words, "remark"), {}
    except InvalidText as error:
        return None, {"remark": console.problem(error).text}


@post("/orders/{order_id:str}/file", status_code=200)
async def file(console: Here, order_id: FromPath[str]) -> Html:
    """Ask to cancel for the buyer: their request, under their policy, with their recorded consent (M-49)."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    values = {name: form.text(name) for name in ("reason", "anyway", "way", "agreed_at", "remark", "comment")}
    values |= {name: text for name, text in form.values.items() if name.startswith("units-")}
    picked = pick(view, form.text, console.language)
    _ = console.language.gettext
    consent, errors = _consent(console, view.order, form)
    errors |= picked.errors
    if not values["reason"]:
        errors["reason"] = _("Choose a reason")
    if values["reason"] == "other" and not values["comment"]:
        errors["comment"] = _("Write down what the buyer says")
    if errors:
        return await show(console, view, errors=errors, values=values, status=422)
    try:
        if consent is None:
            raise ConsentMissing
        command = RequestCancellation(
            order=view.order.id,
            reason=values["reason"],
            lines=picked.lines,
            anyway=values["anyway"] == "1",
            comment=console.note(values["comment"]),
            consent=consent,
            refund=shown(form.text("refund"), view.order.currency),
        )
        outcome = await console.submit(
            command, view.shop.id, f"file:{order_id}", form.text("key"), on_behalf_of=view.order.buyer
        )
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await show(console, fresh, notice=console.problem(error), values=values, status=409)
    status = outcome.order.cancellations[-1].status
    return console.go(f"/support/orders/{order_id}?said=filed_{status.value}")


@post("/orders/{order_id:str}/withdraw", status_code=200)
async def withdraw(console: Here, order_id: FromPath[str]) -> Html:
    """Take the open request back for the buyer, with their recorded consent."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    values = {name: form.text(name) for name in ("way", "agreed_at", "remark")}
    consent, errors = _consent(console, view.order, form)
    if errors:
        return await show(console, view, errors=errors, values=values, status=422)
    waiting = view.order.open_cancellation
    try:
        if waiting is None:
            fresh = await console.desk.reads.order(console.scope, order_id)
            _ = console.language.gettext
            gone = Notice(_("There is no open request any more. Look at what happened."), "wait")
            return await show(console, fresh, notice=gone, status=409)
        command = WithdrawCancellation(order=view.order.id, cancellation=waiting.id, consent=consent)
        await console.submit(
            command, view.shop.id, f"withdraw:{waiting.id}", form.text("key"), on_behalf_of=view.order.buyer
        )
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await show(console, fresh, notice=console.problem(error), values=values, status=409)
    return console.go(f"/support/orders/{order_id}?said=withdrawn")


@post("/orders/{order_id:str}/corrections", status_code=200)
async def correct(console: Here, order_id: FromPath[str]) -> Html:
    """Take back what the shop or support reported by mistake."""
    try:
        await corrections.take_back(console, order_id)
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await show(console, fresh, notice=console.problem(error), status=409)
    return console.go(f"/support/orders/{order_id}?said=corrected")


@post("/orders/{order_id:str}/review", status_code=200)
async def review(console: Here, order_id: FromPath[str]) -> Html:
    """Take the review, let the order pass, or stop it."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    act = form.text("act")
    try:
        if act not in _REVIEW_ACTS:
            raise InvalidField(field="act", expected=" ".join(_REVIEW_ACTS))
        await console.submit(
            _review_command(view.order, act, console), view.shop.id, f"review:{order_id}:{act}", form.text("key")
        )
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await show(console, fresh, notice=console.problem(error), status=409)
    return console.go(f"/support/orders/{order_id}?said=review_{act}")


@post("/orders/{order_id:str}/decide", status_code=200)
async def decide(console: Here, order_id: FromPath[str]) -> Html:
    """Answer a request for the platform, or tell what the carrier said."""
    return await _done(console, order_id, deciders.decide)


@post("/orders/{order_id:str}/give-back", status_code=200)
async def give_back(console: Here, order_id: FromPath[str]) -> Html:
    """Give back the delivery, or an amount, while the order stays as it is."""
    return await _done(console, order_id, giving.give_back)


@post("/orders/{order_id:str}/settle", status_code=200)
async def settle(console: Here, order_id: FromPath[str]) -> Html:
    """Say what becomes of a refund that failed."""
    return await _done(console, order_id, money_back.settle)


@post("/orders/{order_id:str}/proposals", status_code=200)
async def answer_proposal(console: Here, order_id: FromPath[str]) -> Html:
    """Confirm or drop that money moves, as another person than who proposed it."""
    return await _done(console, order_id, proposals.answer)


@post("/orders/{order_id:str}/override", status_code=200)
async def override(console: Here, order_id: FromPath[str]) -> Html:
    """Decide against the rules, alone or with a second person."""
    return await _done(console, order_id, deciders.override)


@post("/orders/{order_id:str}/override/answer", status_code=200)
async def answer_override(console: Here, order_id: FromPath[str]) -> Html:
    """Confirm or drop what a colleague proposed."""
    return await _done(console, order_id, deciders.answer_override)


async def _done(console: Console, order_id: str, act: Callable[[Console, str], Awaitable[str]]) -> Html:
    """Do it and show what became of it; what was written stays in the form when it could not be done."""
    try:
        said = await act(console, order_id)
    except RescindError as error:
        form = await console.form()
        kept = ("said", "why", "what", "words", "amount", "why_back", "way_back", "agreed_how", "voucher")
        values = {name: form.text(name) for name in kept} | {"way": "phone"}
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await show(console, fresh, notice=console.problem(error), values=values, status=409)
    return console.go(f"/support/orders/{order_id}?said={said}")


_REVIEW_ACTS = ("take", "pass", "stop")


def _review_command(order: Order, act: str, console: Console) -> Command:
    match act:
        case "take":
            return TakeReview(order=order.id)
        case "stop":
            return StopReviewed(order=order.id)
        case _:
            return ReportFact(order=order.id, fact=FactKind.REVIEW_CLEARED, occurred_at=console.now)


def _at_the_door(console: Console, door: AtTheDoor | None) -> Notice | None:
    """What has been refused at the door by this buyer, and what follows from it; nothing where nothing was."""
    if door is None or not door.refused:
        return None
    _ = console.language.gettext
    numbers = {"count": door.refused, "limit": door.limit, "span": span_words(console.language, f"{door.days}d")}
    if door.off_until is None:
        return Notice(_("Refused at the door: %(count)s of %(limit)s in %(span)s.") % numbers, "calm")
    day = console.language.date(door.off_until)
    text = _("Refused at the door: %(count)s of %(limit)s in %(span)s. Paying at the door is off until %(day)s.")
    return Notice(text % (numbers | {"day": day}), "wait")


def _in_review(console: Console, order: Order) -> dict[str, Any] | None:
    """The review that waits: what was found, who has it, and what follows without an outcome."""
    one = waiting(order)
    if one is None:
        return None
    language = console.language
    return {
        "found": [language.term("finding", code) for code in one.found or ("asked_for",)],
        "owner": one.owner,
        "mine": one.owner == console.person.id,
        "since": order.progress.review_opened_at,
        "due_at": one.due_at,
        "then": language.term("silence", one.on_silence) if one.on_silence else "",
    }


def _told(console: Console) -> Notice | None:
    _ = console.language.gettext
    said = console.query("said")
    good = {
        f"filed_{CancellationStatus.APPROVED.value}": _("Filed, and cancelled at once. The refund is on its way."),
        f"filed_{CancellationStatus.AWAITING_SELLER.value}": _("Filed. The shop has been asked."),
        f"filed_{CancellationStatus.AWAITING_CARRIER.value}": _("Filed. The carrier has been asked."),
        f"filed_{CancellationStatus.IN_REVIEW.value}": _("Filed. It waits for our decision."),
        "withdrawn": _("Withdrawn for the buyer. The order goes on."),
        "review_take": _("The review is yours."),
        "review_pass": _("The check is done. The order goes on."),
        "review_stop": _("Stopped. What was paid goes back."),
        "corrected": _("Taken back. The order is where it was before."),
        "decided_approve": _("Approved. What was paid goes back, and the buyer is told."),
        "decided_refuse": _("Declined. The buyer reads your words, and the order goes on."),
        "decided_carrier_yes": _("Noted: it comes back. What was paid goes back to the buyer."),
        "decided_carrier_no": _("Noted: it cannot be stopped. The order goes on, and the buyer reads what is left."),
        "given_back": _("Given back. The money is on its way."),
        "settled_again": _("It is sent again."),
        "settled_store_credit": _("It becomes credit with us. The buyer can spend it once it is booked."),
        "settled_paid_out": _("Noted as paid out by hand."),
        "proposed": _("Proposed. Nothing happens until a colleague confirms it."),
        "proposal_confirmed": _("Confirmed. Two people agreed, and it is done."),
        "proposal_dropped": _("Dropped. Nothing of it happens."),
        "override_done": _("Done against the rules. Who decided and why stands on the timeline."),
        "override_proposed": _("Proposed. Nothing happens until a colleague confirms it."),
        "override_dropped": _("Dropped. Nothing of it happens."),
    }
    if said in good:
        return Notice(good[said])
    if said == f"filed_{CancellationStatus.REFUSED.value}":
        return Notice(_("Filed, and refused by the policy. The reason is on the timeline."), "wait")
    return None
