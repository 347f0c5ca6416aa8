"""Answering: a request, the seller's word, silence, a shipment. Pure, and the policy's refusal is an answer too."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from math import ceil
from typing import assert_never

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import fold
from rescind.core.cancellation.by_support import refuse_for_platform, way_on
from rescind.core.cancellation.guards import (
    require_answerable,
    require_consent,
    require_evidence,
    require_figure,
    require_in_time,
    require_none_open,
    require_speaker,
    require_verdict,
    require_waiting,
)
from rescind.core.cancellation.messages import (
    ApproveCancellation,
    CancelBySeller,
    CancellationApproved,
    CancellationHeld,
    CancellationOvertaken,
    CancellationRefused,
    CancellationReopened,
    CancellationWithdrawn,
    DeadlineExtended,
    Decision,
    LapseDeadline,
    RefuseCancellation,
    RequestCancellation,
    RequestTerms,
    SellerAsked,
    WithdrawCancellation,
)
from rescind.core.cancellation.moments import Moment, moments
from rescind.core.cancellation.said import generosity
from rescind.core.context import Context
from rescind.core.deadline import last_before
from rescind.core.errors import Forbidden, InvalidField, InvalidTransition, RefusalNotOffered
from rescind.core.event import BaseEvent, Ground, Note, NoteRef
from rescind.core.fees import keepable
from rescind.core.fulfilment import FactReported
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, stage
from rescind.core.outage import owed
from rescind.core.parts import Cancellation, CancellationStatus, Decider, FactKind
from rescind.core.policy import Finding, as_promised
from rescind.core.policy.facts import facts
from rescind.core.policy.handed_over import GONE, OVER
from rescind.core.price import Fee
from rescind.core.quote import Quote, Shares, quote, select
from rescind.core.refund import terms_of
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict


def request(
    order: Order, command: RequestCancellation, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Judge a request. Pure: equal arguments, equal decision. The policy's refusal is a decision, not an error.

    Raises InvalidTransition (already cancelled, or a request is open), ReasonNotListed, EvidenceMissing,
    ConsentMissing, Forbidden, NothingSelected, QuantityNotOpen; AmountChanged, VerdictChanged (not as it was shown).
    """
    require_speaker(actor, ActorKind.BUYER, "request_cancellation")
    require_consent(actor, command.consent)
    require_none_open(order, "request_cancellation")
    selection = select(order, command.lines)
    at_stage = stage(order, now)
    money = quote(order, selection)

    def read(moment: Moment) -> dict[str, object]:
        return facts(
            moment.order,
            now=moment.at,
            at_stage=stage(moment.order, moment.at),
            actor="buyer",
            reason=command.reason,
            selection=selection,
            amount_minor=money.freed_minor,
            asked_anyway=command.anyway,
            context=context,
        )

    def judge(asked: dict[str, object]) -> Finding:
        found = terms.judge(
            "request", asked, now=now, starts=starts(order, now), calendar=context.calendar, trace=context.explain
        )
        # Whoever cannot have heard has not answered by saying nothing.
        return as_promised(found, reached=context.reached)

    judged, *others = moments(order, command.said, terms, context.outages, now)
    found = read(judged)
    chosen = terms.reason("buyer", command.reason, found, now)
    require_evidence(chosen, comment=command.comment, evidence=command.evidence)
    finding = judge(found)
    for one in others:
        # The kinder answer holds: being told early, or late by our fault, is no harm.
        then = read(one)
        kinder = judge(then)
        if generosity(kinder) < generosity(finding):
            found, finding, judged = then, kinder, one
    require_verdict(command.verdict, finding.verdict)
    identifier = context.cancellation_id(order.shop, now)
    fees = () if finding.verdict is Verdict.REFUSE else keepable(order, selection, found, terms, now)
    if fees or order.benefits:
        money = quote(order, selection, fees=fees, at=now)
    require_figure(command.refund, Money(money.total_minor, order.currency))
    asked = RequestTerms(
        reason=command.reason,
        requested_by=order.buyer,
        filed_by=actor.kind.value,
        stage=at_stage,
        lines=selection,
        refund_minor=money.total_minor,
        comment=NoteRef.of(command.comment),
        consent=NoteRef.of(command.consent),
        evidence=command.evidence,
        fees=fees,
        said=judged.said,
        lost_s=ceil(judged.lost.total_seconds()),
    )
    ground = _ground(finding, terms, found, context, now)
    event: BaseEvent
    match finding.verdict:
        case Verdict.APPROVE:
            event = approved(
                order, identifier, "rule", selection, context, now, request=asked, ground=ground, money=money
            )
        case Verdict.ASK_SELLER:
            due_at, on_silence = _promise(finding)
            event = SellerAsked(
                at=now,
                cancellation=identifier,
                request=asked,
                ground=ground,
                answer_due_at=due_at,
                on_silence=on_silence,
                unreached=not context.reached,
            )
        case Verdict.ASK_CARRIER | Verdict.REVIEW:
            due_at, on_silence = _promise(finding)
            waiting = (
                CancellationStatus.AWAITING_CARRIER
                if finding.verdict is Verdict.ASK_CARRIER
                else CancellationStatus.IN_REVIEW
            )
            event = CancellationHeld(
                at=now,
                cancellation=identifier,
                by=waiting,
                request=asked,
                ground=ground,
                due_at=due_at,
                on_silence=on_silence,
            )
        case Verdict.REFUSE:
            event = CancellationRefused(at=now, cancellation=identifier, by="rule", request=asked, ground=ground)
        case _:
            assert_never(finding.verdict)
    return Decision(events=(event,), finding=finding, notes=_notes(command.comment, command.consent))


def read(order: Order, actor: ActorKind, context: Context, now: Instant) -> dict[str, object]:
    """The facts as they are before anything particular is asked: everything open is selected, no reason is given."""
    selection = order.open_units()
    return facts(
        order,
        now=now,
        at_stage=stage(order, now),
        actor=actor.value,
        selection=selection,
        amount_minor=quote(order, selection).freed_minor,
        context=context,
    )


def approve(order: Order, command: ApproveCancellation, actor: Actor, context: Context, now: Instant) -> Decision:
    """The seller, or support where the platform decides, says yes in time.

    Raises Forbidden, NotFound, InvalidTransition (also for a seller whose goods have left), DeadlinePassed.
    """
    asked = require_answerable(order, command.cancellation, _decides(actor, "approve"), "approve", now)
    if actor.speaks_as is ActorKind.SELLER and _handed_over(order, asked):
        raise InvalidTransition(
            action="approve",
            current_state=stage(order, now).value,
            allowed_actions=("refuse",),
            rule=OVER["request"].id,
        )
    selection = still_open(order, asked)
    money = quote(order, selection, fees=asked.fees, at=now)
    require_figure(command.refund, Money(money.total_minor, order.currency))
    by: Decider = "support" if actor.kind is ActorKind.SUPPORT else "seller"
    event = approved(order, asked.id, by, selection, context, now, comment=NoteRef.of(command.comment), money=money)
    return Decision(events=(event,), notes=_notes(command.comment))


def _decides(actor: Actor, action: str) -> ActorKind:
    """Seller or support; a carrier's word comes as the carrier's (``by_carrier``). Raises Forbidden."""
    if actor.speaks_as not in {ActorKind.SELLER, ActorKind.SUPPORT}:
        raise Forbidden(action=action)
    return actor.speaks_as


def refuse(
    order: Order, command: RefuseCancellation, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """The seller says no, in time, with a reason from the list; a parcel already gone is named by its tracking (R-053).

    Support says no to what the platform decides, with a reason of its own list and words to the buyer.

    Raises Forbidden, NotFound, InvalidTransition (also when the policy lets nothing ship from here), DeadlinePassed,
    ReasonNotListed, RefusalNotOffered, EvidenceMissing, InvalidField for a parcel beside another reason, or files.
    """
    by = _decides(actor, "refuse")
    asked = require_answerable(order, command.cancellation, by, "refuse", now)
    if by is ActorKind.SUPPORT:
        return refuse_for_platform(order, asked, command, now)
    found = facts(
        order,
        now=now,
        at_stage=stage(order, now),
        actor="seller",
        selection=asked.lines,
        amount_minor=asked.refund_minor,
        with_tracking=bool(command.tracking),
        context=context,
    )
    if command.reason != ALREADY_SHIPPED and not terms.explicit_reject:
        raise RefusalNotOffered(allowed_actions=("approve", "add_tracking"))
    chosen = terms.reason("refusal", command.reason, found, now)
    parcel = bool(command.carrier and command.tracking)
    require_evidence(chosen, comment=command.comment, evidence=command.evidence, tracking=parcel)
    if command.reason == ALREADY_SHIPPED:
        _require_shippable(order, found, context, terms, now)
    elif command.carrier or command.tracking:
        raise InvalidField(field="/tracking", expected="absent, unless the reason is already_shipped")
    event = CancellationRefused(
        at=now,
        cancellation=asked.id,
        by="seller",
        answer=command.reason,
        comment=NoteRef.of(command.comment),
        evidence=command.evidence,
    )
    gone = (_shipped(order, asked, command, now),) if command.tracking else ()
    return Decision(events=(event, *gone), notes=_notes(command.comment))


def _require_shippable(order: Order, found: dict[str, object], context: Context, terms: Terms, now: Instant) -> None:
    """A parcel named in a refusal is the seller's own act like any other: what may not ship has not shipped (R-021).

    That a request waits is left out: it is just being answered.
    """
    finding = terms.judge(
        "ship",
        found | {"request_open": False},
        now=now,
        starts=starts(order, now),
        calendar=context.calendar,
        trace=False,
    )
    if finding.verdict is Verdict.REFUSE:
        raise InvalidTransition(
            action="refuse",
            current_state=stage(order, now).value,
            allowed_actions=(finding.instead,) if finding.instead else (),
            rule=finding.rule,
        )


def _shipped(order: Order, asked: Cancellation, command: RefuseCancellation, now: Instant) -> FactReported:
    """The parcel the seller names: one for everything, if there is such a one, or a new one with what was asked for."""
    known = [parcel.id for parcel in order.parcels]
    meant = [one for one in order.arranged if one.lines == asked.lines]
    whole = next((one.id for one in (*meant, *order.parcels) if one in meant or not one.lines), None)
    everything = whole is not None or all(line.open == asked.lines.get(line.id, 0) for line in order.lines)
    return FactReported(
        at=now,
        fact=FactKind.TRACKING_ADDED,
        by=ActorKind.SELLER.value,
        parcel=whole or next(name for name in map(str, count(1)) if name not in known),
        lines={} if everything else asked.lines,
        carrier=command.carrier,
        tracking=command.tracking,
    )


ALREADY_SHIPPED = "already_shipped"


def withdraw(order: Order, command: WithdrawCancellation, actor: Actor, now: Instant) -> Decision:
    """The buyer takes back a request that waits.

    Raises Forbidden, ConsentMissing, NotFound, InvalidTransition, DeadlinePassed: what silence means was promised.
    """
    require_speaker(actor, ActorKind.BUYER, "withdraw")
    require_consent(actor, command.consent)
    asked = require_waiting(order, command.cancellation, "withdraw")
    require_in_time(asked, now)
    event = CancellationWithdrawn(at=now, cancellation=asked.id, consent=NoteRef.of(command.consent))
    return Decision(events=(event,), notes=_notes(command.consent))


def cancel_by_seller(
    order: Order, command: CancelBySeller, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """The seller stops the order; the policy says whether that is still possible (R-037). A refusal is a decision.

    Raises Forbidden, InvalidTransition (cancelled, or a request waits for an answer that this would not be),
    ReasonNotListed, EvidenceMissing, NothingSelected, QuantityNotOpen.
    """
    require_speaker(actor, ActorKind.SELLER, "cancel_by_seller")
    if order.progress.cancelled_at:
        raise InvalidTransition(action="cancel_by_seller", current_state="cancelled", allowed_actions=())
    selection = select(order, command.lines)
    at_stage = stage(order, now)
    money = quote(order, selection)
    require_figure(command.refund, Money(money.total_minor, order.currency))
    found = facts(
        order,
        now=now,
        at_stage=at_stage,
        actor="seller",
        reason=command.reason,
        selection=selection,
        amount_minor=money.freed_minor,
        asked_anyway=False,
        context=context,
    )
    chosen = terms.reason("seller", command.reason, found, now)
    require_evidence(chosen, comment=command.comment, evidence=command.evidence)
    finding = terms.judge(
        "seller_cancel", found, now=now, starts=starts(order, now), calendar=context.calendar, trace=context.explain
    )
    require_verdict(command.verdict, finding.verdict)
    ground = _ground(finding, terms, found, context, now)
    waiting = order.open_cancellation
    if waiting and not (finding.verdict is Verdict.APPROVE and grants(order, waiting, selection)):
        raise InvalidTransition(
            action="cancel_by_seller", current_state=waiting.status.value, allowed_actions=("approve", "refuse")
        )
    # Whoever stops everything that was asked for has answered the question.
    identifier = waiting.id if waiting else context.cancellation_id(order.shop, now)
    asked = RequestTerms(
        reason=command.reason,
        requested_by=actor.id,
        filed_by=actor.kind.value,
        stage=at_stage,
        lines=selection,
        refund_minor=money.total_minor,
        comment=NoteRef.of(command.comment),
        evidence=command.evidence,
    )
    event: BaseEvent
    if finding.verdict is Verdict.APPROVE:
        event = approved(order, identifier, "seller", selection, context, now, request=asked, ground=ground)
    else:
        event = CancellationRefused(at=now, cancellation=identifier, by="rule", request=asked, ground=ground)
    return Decision(events=(event,), finding=finding, notes=_notes(command.comment))


def lapse(order: Order, command: LapseDeadline, context: Context, terms: Terms, now: Instant) -> Decision:
    """Let silence answer at or after the deadline; before it, or when somebody answered, nothing happens (I-37).

    Time in which nobody could answer is given back first (I-38). What is handed on has a deadline again, so that the
    platform's own silence is an answer too (I-15).
    """
    waiting = order.open_cancellation
    if waiting is None or waiting.id != command.cancellation or waiting.due_at is None or now < waiting.due_at:
        return Decision(events=())
    event: BaseEvent
    more_s = owed(command.outages, waiting.waits_since, waiting.due_at, waiting.returned_s)
    if more_s:
        later = waiting.due_at + timedelta(seconds=more_s)
        event = DeadlineExtended(at=now, cancellation=waiting.id, due_at=later, returned_s=more_s)
        return Decision(events=(event,))
    match waiting.on_silence:
        case "approve" if waiting.status is CancellationStatus.AWAITING_SELLER and _handed_over(order, waiting):
            instead = OVER["request"].instead or ""
            event = CancellationRefused(at=now, cancellation=waiting.id, by="silence", instead=instead)
        case "approve":
            selection = still_open(order, waiting)
            event = approved(order, waiting.id, "silence", selection, context, now, fees=waiting.fees)
        case "refuse":
            instead = way_on(order, now) if waiting.escalated_at or _on_its_way(order, waiting) else ""
            event = CancellationRefused(at=now, cancellation=waiting.id, by="silence", instead=instead)
        case _:
            due_at, on_silence = terms.escalated(now, context.calendar, on_its_way=_on_its_way(order, waiting))
            event = CancellationHeld(
                at=now,
                cancellation=waiting.id,
                by=CancellationStatus.IN_REVIEW,
                due_at=due_at,
                on_silence=on_silence,
            )
    return Decision(events=(event,))


def overtake(order: Order, at: Instant) -> tuple[BaseEvent, ...]:
    """What the parcels do to the request that waits: nothing, while enough is left of all that it asks for.

    One for goods on their way is over when all of them have arrived.
    """
    waiting = order.open_cancellation
    if waiting is None:
        return ()
    if called_back(waiting):
        return () if still_open(order, waiting) else (CancellationOvertaken(at=at, cancellation=waiting.id),)
    left = order.unlabelled_units()
    if all(left.get(line, 0) >= count for line, count in waiting.lines.items()):
        return ()
    return (CancellationOvertaken(at=at, cancellation=waiting.id),)


def reopen(order: Order, at: Instant) -> tuple[BaseEvent, ...]:
    """What a parcel that is not there any more does to the request it had closed: the question stands again.

    The deadline that was promised stays; where it is over, silence answers now.
    """
    last = order.cancellations[-1] if order.cancellations else None
    if last is None or order.progress.cancelled_at:
        return ()
    if last.status is not CancellationStatus.OVERTAKEN and last.answer != ALREADY_SHIPPED:
        return ()
    asked_again = fold.apply_reopened(order, CancellationReopened(at=at, cancellation=last.id))
    if overtake(asked_again, at):
        return ()
    return (CancellationReopened(at=at, cancellation=last.id),)


def approved(
    order: Order,
    cancellation: CancellationId,
    by: Decider,
    selection: dict[str, int],
    context: Context,
    now: Instant,
    *,
    request: RequestTerms | None = None,
    ground: Ground | None = None,
    comment: NoteRef | None = None,
    money: Quote | None = None,
    fees: tuple[Fee, ...] = (),
) -> CancellationApproved:
    """The approval of some units, with the refunds it makes us owe. fees: what was shown when it was asked."""
    money = money or quote(order, selection, fees=fees, at=now)
    return CancellationApproved(
        at=now,
        cancellation=cancellation,
        by=by,
        lines=selection,
        refunds=terms_of(Shares(refunds=money.tenders, releases=money.releases), order, context, now),
        shipping_minor=money.shipping_minor,
        charges_minor=money.charges_minor,
        fees=money.fees,
        benefits={one.id: one.units for one in money.benefits},
        request=request,
        ground=ground,
        comment=comment,
    )


def grants(order: Order, waiting: Cancellation, selection: dict[str, int]) -> bool:
    """Whether stopping this selection gives the buyer all that was asked for and may still be stopped."""
    return all(selection.get(line, 0) >= count for line, count in still_open(order, waiting).items())


def still_open(order: Order, asked: Cancellation) -> dict[str, int]:
    """The units of a request that may still be cancelled: some may have been cancelled, or delivered, since."""
    left = order.undelivered() if called_back(asked) else {line.id: line.open for line in order.lines}
    return {line: min(count, left.get(line, 0)) for line, count in asked.lines.items() if left.get(line, 0)}


def _handed_over(order: Order, asked: Cancellation) -> bool:
    """Whether a seller was asked about goods that had left already, as a rule of before could have it (M-10, KF-22).

    No rule puts such a question any more; one that was put may still wait. Goods that leave while a question waits are
    another matter: they end it, or the policy calls it silence (R-051).
    """
    return asked.stage in GONE and not called_back(asked) and _on_its_way(order, asked)


def _on_its_way(order: Order, asked: Cancellation) -> bool:
    """Whether a carrier has any of the goods that a request is still about."""
    here = order.open_units()
    return any(count > here.get(line, 0) for line, count in still_open(order, asked).items())


def called_back(asked: Cancellation) -> bool:
    """Whether the request was for goods on their way, which only delivery takes out of the carrier's hands (R-007)."""
    return asked.verdict == Verdict.ASK_CARRIER.value


def starts(order: Order, now: Instant) -> dict[str, Instant]:
    """The instants a deadline of this order may count from."""
    found = {"requested": now, "placed": order.placed_at}
    if order.progress.paid_at:
        found["paid"] = order.progress.paid_at
    if order.promised_at:
        found["promised"] = order.promised_at
    if order.deliver_by:
        found["estimated"] = last_before(order.deliver_by)
    return found


def _promise(finding: Finding) -> tuple[Instant, str]:
    assert finding.deadline is not None, "the loader lets no waiting verdict through without a deadline"
    assert finding.deadline.on_silence is not None, "a waiting verdict says what silence means"
    return finding.deadline.due_at, finding.deadline.on_silence


def _ground(finding: Finding, terms: Terms, found: dict[str, object], context: Context, now: Instant) -> Ground:
    catalogue = "seller" if found["actor"] == "seller" else "buyer"
    return Ground(
        rule=finding.rule,
        layer=finding.layer,
        verdict=finding.verdict.value,
        policies=terms.hashes(found, now),
        facts=found,
        cites=finding.cites,
        instead=finding.instead or "",
        calendar=context.calendar.hash,
        as_of=context.as_of,
        fault="seller" if terms.seller_at_fault(catalogue, str(found["reason"]), found) else "",
    )


def _notes(*notes: Note | None) -> tuple[Note, ...]:
    return tuple([note for note in notes if note is not None])
