"""Answering: a request, the seller's word, silence, a shipment. Pure, and the policy's refusal is an answer too."""

from __future__ import annotations

from typing import assert_never

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation.guards import (
    require_answerable,
    require_consent,
    require_listed,
    require_none_open,
    require_speaker,
    require_waiting,
)
from rescind.core.cancellation.messages import (
    ApproveCancellation,
    CancelBySeller,
    CancellationApproved,
    CancellationHeld,
    CancellationOvertaken,
    CancellationRefused,
    CancellationWithdrawn,
    Decision,
    LapseDeadline,
    RefuseCancellation,
    RequestCancellation,
    RequestTerms,
    SellerAsked,
    WithdrawCancellation,
)
from rescind.core.context import Context
from rescind.core.errors import EvidenceMissing, InvalidTransition, RefusalNotOffered
from rescind.core.event import BaseEvent, Ground, Note, NoteRef
from rescind.core.fulfilment import FactReported
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.order import CancellationStatus, Decider, FactKind, Order, stage
from rescind.core.policy import Finding
from rescind.core.policy.facts import facts
from rescind.core.refund import RefundTerms, quote, select
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict


def request(
    order: Order, command: RequestCancellation, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Judge a request. Pure: equal arguments, equal decision. The policy's refusal is a decision, not an error.

    Raises InvalidTransition (already cancelled, or a request is open), ReasonNotListed, ConsentMissing, Forbidden,
    NothingSelected, QuantityNotOpen.
    """
    require_speaker(actor, ActorKind.BUYER, "request_cancellation")
    require_consent(actor, command.consent)
    require_none_open(order, "request_cancellation")
    selection = select(order, command.lines)
    at_stage = stage(order, now)
    money = quote(order, selection)
    found = facts(
        order,
        now=now,
        at_stage=at_stage,
        actor="buyer",
        reason=command.reason,
        selection=selection,
        amount_minor=money.total_minor,
        asked_anyway=command.anyway,
        context=context,
    )
    require_listed(command.reason, terms.reasons("buyer", found))
    finding = terms.judge(
        "request", found, now=now, starts=starts(order, now), calendar=context.calendar, trace=context.explain
    )
    identifier = context.cancellation_id(order.shop, now)
    asked = RequestTerms(
        reason=command.reason,
        requested_by=order.buyer,
        filed_by=actor.kind.value,
        stage=at_stage,
        lines=selection,
        refund_minor=money.total_minor,
        comment=NoteRef.of(command.comment),
        consent=NoteRef.of(command.consent),
    )
    ground = _ground(finding, terms, found, context)
    event: BaseEvent
    match finding.verdict:
        case Verdict.APPROVE:
            event = approved(order, identifier, "rule", selection, context, now, request=asked, ground=ground)
        case Verdict.ASK_SELLER:
            due_at, on_silence = _promise(finding)
            event = SellerAsked(
                at=now,
                cancellation=identifier,
                request=asked,
                ground=ground,
                answer_due_at=due_at,
                on_silence=on_silence,
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
        amount_minor=quote(order, selection).total_minor,
        context=context,
    )


def approve(order: Order, command: ApproveCancellation, actor: Actor, context: Context, now: Instant) -> Decision:
    """The seller says yes, in time. Raises Forbidden, NotFound, InvalidTransition, DeadlinePassed."""
    asked = require_answerable(order, command.cancellation, actor, "approve", now)
    selection = _still_open(order, asked.lines)
    event = approved(order, asked.id, "seller", selection, context, now, comment=NoteRef.of(command.comment))
    return Decision(events=(event,), notes=_notes(command.comment))


def refuse(
    order: Order, command: RefuseCancellation, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """The seller says no, in time, with a reason from the list; a parcel already gone is named by its tracking.

    Raises Forbidden, NotFound, InvalidTransition, DeadlinePassed, ReasonNotListed, RefusalNotOffered, EvidenceMissing.
    """
    asked = require_answerable(order, command.cancellation, actor, "refuse", now)
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
    chosen = require_listed(command.reason, terms.reasons("refusal", found))
    given = {"tracking": bool(command.carrier and command.tracking), "comment": command.comment is not None}
    missing = tuple(need for need in chosen.needs if not given.get(need, True))
    if missing:
        raise EvidenceMissing(reason=command.reason, needs=missing)
    event = CancellationRefused(
        at=now, cancellation=asked.id, by="seller", answer=command.reason, comment=NoteRef.of(command.comment)
    )
    gone = _shipped(command, now) if command.tracking else ()
    return Decision(events=(event, *gone), notes=_notes(command.comment))


def _shipped(command: RefuseCancellation, now: Instant) -> tuple[BaseEvent, ...]:
    return (
        FactReported(
            at=now, fact=FactKind.TRACKING_ADDED, parcel="1", carrier=command.carrier, tracking=command.tracking
        ),
    )


ALREADY_SHIPPED = "already_shipped"


def withdraw(order: Order, command: WithdrawCancellation, actor: Actor, now: Instant) -> Decision:
    """The buyer takes back a request that waits. Raises Forbidden, ConsentMissing, NotFound, InvalidTransition."""
    require_speaker(actor, ActorKind.BUYER, "withdraw")
    require_consent(actor, command.consent)
    asked = require_waiting(order, command.cancellation, "withdraw")
    event = CancellationWithdrawn(at=now, cancellation=asked.id, consent=NoteRef.of(command.consent))
    return Decision(events=(event,), notes=_notes(command.consent))


def cancel_by_seller(
    order: Order, command: CancelBySeller, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """The seller stops the order; the policy says whether that is still possible (R-037). A refusal is a decision.

    Raises Forbidden, InvalidTransition, ReasonNotListed, NothingSelected, QuantityNotOpen.
    """
    require_speaker(actor, ActorKind.SELLER, "cancel_by_seller")
    if order.progress.cancelled_at:
        raise InvalidTransition(action="cancel_by_seller", current_state="cancelled", allowed_actions=())
    selection = select(order, command.lines)
    at_stage = stage(order, now)
    money = quote(order, selection)
    found = facts(
        order,
        now=now,
        at_stage=at_stage,
        actor="seller",
        reason=command.reason,
        selection=selection,
        amount_minor=money.total_minor,
        asked_anyway=False,
        context=context,
    )
    require_listed(command.reason, terms.reasons("seller", found))
    finding = terms.judge(
        "seller_cancel", found, now=now, starts=starts(order, now), calendar=context.calendar, trace=context.explain
    )
    ground = _ground(finding, terms, found, context)
    waiting = order.open_cancellation
    identifier = waiting.id if waiting else context.cancellation_id(order.shop, now)
    asked = RequestTerms(
        reason=command.reason,
        requested_by=actor.id,
        filed_by=actor.kind.value,
        stage=at_stage,
        lines=selection,
        refund_minor=money.total_minor,
        comment=NoteRef.of(command.comment),
    )
    event: BaseEvent
    if finding.verdict is Verdict.APPROVE:
        event = approved(order, identifier, "seller", selection, context, now, request=asked, ground=ground)
    else:
        identifier = context.cancellation_id(order.shop, now)
        if waiting:
            raise InvalidTransition(
                action="cancel_by_seller", current_state=waiting.status.value, allowed_actions=("approve", "refuse")
            )
        event = CancellationRefused(at=now, cancellation=identifier, by="rule", request=asked, ground=ground)
    return Decision(events=(event,), finding=finding, notes=_notes(command.comment))


def lapse(order: Order, command: LapseDeadline, context: Context, now: Instant) -> Decision:
    """Let silence answer at or after the deadline; before it, or when somebody answered, nothing happens (I-37)."""
    waiting = order.open_cancellation
    if waiting is None or waiting.id != command.cancellation or waiting.due_at is None or now < waiting.due_at:
        return Decision(events=())
    event: BaseEvent
    match waiting.on_silence:
        case "approve":
            selection = _still_open(order, waiting.lines)
            event = approved(order, waiting.id, "silence", selection, context, now)
        case "refuse":
            event = CancellationRefused(at=now, cancellation=waiting.id, by="silence")
        case _:
            # Escalated: a person of the platform decides; the queue has no clock of its own that could decide for them.
            event = CancellationHeld(
                at=now, cancellation=waiting.id, by=CancellationStatus.IN_REVIEW, due_at=waiting.due_at, on_silence=""
            )
    return Decision(events=(event,))


def overtake(order: Order, at: Instant) -> tuple[BaseEvent, ...]:
    """What a shipment does to the request that waits, if one does."""
    waiting = order.open_cancellation
    return () if waiting is None else (CancellationOvertaken(at=at, cancellation=waiting.id),)


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
) -> CancellationApproved:
    """The approval of some units, with the refunds it makes us owe."""
    money = quote(order, selection)
    return CancellationApproved(
        at=now,
        cancellation=cancellation,
        by=by,
        lines=selection,
        refunds=tuple(
            RefundTerms(
                id=context.refund_id(order.shop, now, place), tender=share.tender, amount_minor=share.amount_minor
            )
            for place, share in enumerate(money.tenders)
        ),
        shipping_minor=money.shipping_minor,
        request=request,
        ground=ground,
        comment=comment,
    )


def _still_open(order: Order, wanted: dict[str, int]) -> dict[str, int]:
    """The units of a request that may still be cancelled: some may have been cancelled or shipped since."""
    left = {line.id: line.open for line in order.lines}
    return {line: min(count, left.get(line, 0)) for line, count in wanted.items() if left.get(line, 0)}


def starts(order: Order, now: Instant) -> dict[str, Instant]:
    """The instants a deadline of this order may count from."""
    found = {"requested": now, "placed": order.placed_at}
    if order.progress.paid_at:
        found["paid"] = order.progress.paid_at
    return found


def _promise(finding: Finding) -> tuple[Instant, str]:
    assert finding.deadline is not None, "the loader lets no waiting verdict through without a deadline"
    assert finding.deadline.on_silence is not None, "a waiting verdict says what silence means"
    return finding.deadline.due_at, finding.deadline.on_silence


def _ground(finding: Finding, terms: Terms, found: dict[str, object], context: Context) -> Ground:
    return Ground(
        rule=finding.rule,
        layer=finding.layer,
        verdict=finding.verdict.value,
        policies=terms.hashes(),
        facts=found,
        cites=finding.cites,
        instead=finding.instead or "",
        calendar=context.calendar.hash,
        as_of=context.as_of,
    )


def _notes(*notes: Note | None) -> tuple[Note, ...]:
    return tuple(note for note in notes if note is not None)
