"""Asking to stop an order, and every way the question can end."""

from __future__ import annotations

from typing import assert_never

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.context import Context
from rescind.core.errors import (
    ConsentMissing,
    DeadlinePassed,
    EvidenceMissing,
    Forbidden,
    InvalidTransition,
    NotFound,
    ReasonNotListed,
    RefusalNotOffered,
)
from rescind.core.event import Command, Event, Ground, Note, NoteRef
from rescind.core.fulfilment import FactReported
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.order import (
    Cancellation,
    CancellationStatus,
    Decider,
    FactKind,
    Order,
    Stage,
    stage,
)
from rescind.core.policy.facts import facts
from rescind.core.policy import Finding, Reason
from rescind.core.refund import RefundTerms, owe, quote, select
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict


class RequestCancellation(Command, frozen=True, kw_only=True):
    """The buyer, or support with the buyer's consent, asks to stop an order.

    lines: units by line id, None for everything open. anyway: ask the seller although the window is closed (M-02).
    consent: how the buyer agreed that support files this (M-49).
    """

    reason: str
    lines: dict[str, int] | None = None
    anyway: bool = False
    comment: Note | None = None
    consent: Note | None = None


class ApproveCancellation(Command, frozen=True, kw_only=True):
    """The seller agrees to a request."""

    cancellation: CancellationId
    comment: Note | None = None


class RefuseCancellation(Command, frozen=True, kw_only=True):
    """The seller declines a request, with a listed reason; ``already_shipped`` needs carrier and tracking (R-053)."""

    cancellation: CancellationId
    reason: str
    carrier: str = ""
    tracking: str = ""
    comment: Note | None = None


class WithdrawCancellation(Command, frozen=True, kw_only=True):
    """The buyer, or support with consent, takes a request back."""

    cancellation: CancellationId
    consent: Note | None = None


class CancelBySeller(Command, frozen=True, kw_only=True):
    """The seller stops the order of their own accord (R-037)."""

    reason: str
    lines: dict[str, int] | None = None
    comment: Note | None = None


class LapseDeadline(Command, frozen=True, kw_only=True):
    """The instant came at which silence is an answer (CONSENT-2)."""

    cancellation: CancellationId


class RequestTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked, by whom, at what stage. ``filed_by`` differs from ``requested_by`` when support filed it."""

    reason: str
    requested_by: str
    filed_by: str
    stage: Stage
    lines: dict[str, int]
    refund_minor: int
    comment: NoteRef | None = None
    consent: NoteRef | None = None


class CancellationApproved(Event, frozen=True, kw_only=True):
    """The units are cancelled and their money is owed. ``request``: present when asked and answered at once."""

    cancellation: CancellationId
    by: Decider
    lines: dict[str, int]
    refunds: tuple[RefundTerms, ...] = ()
    shipping_minor: int = 0
    request: RequestTerms | None = None
    ground: Ground | None = None
    comment: NoteRef | None = None


class SellerAsked(Event, frozen=True, kw_only=True):
    """The seller must answer before ``answer_due_at``; after it ``on_silence`` answers. Stored: a promise does not move."""

    cancellation: CancellationId
    request: RequestTerms
    ground: Ground
    answer_due_at: Instant
    on_silence: str


class CancellationHeld(Event, frozen=True, kw_only=True):
    """The carrier or the platform must answer before ``due_at``."""

    cancellation: CancellationId
    by: CancellationStatus
    request: RequestTerms | None = None
    ground: Ground | None = None
    due_at: Instant
    on_silence: str


class CancellationRefused(Event, frozen=True, kw_only=True):
    """The order goes on. ``answer``: the seller's reason, when a seller refused."""

    cancellation: CancellationId
    by: Decider
    request: RequestTerms | None = None
    ground: Ground | None = None
    answer: str = ""
    comment: NoteRef | None = None


class CancellationWithdrawn(Event, frozen=True, kw_only=True):
    """The buyer took the request back."""

    cancellation: CancellationId
    consent: NoteRef | None = None


class CancellationOvertaken(Event, frozen=True, kw_only=True):
    """The goods left before anybody answered (R-050)."""

    cancellation: CancellationId


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer: what happened, why, and which words were said."""

    events: tuple[Event, ...]
    finding: Finding | None = None
    notes: tuple[Note, ...] = ()


def request(order: Order, command: RequestCancellation, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Judge a request. Pure: equal arguments, equal decision. The policy's refusal is a decision, not an error.

    Raises InvalidTransition (already cancelled, or a request is open), ReasonNotListed, ConsentMissing, Forbidden,
    NothingSelected, QuantityNotOpen.
    """
    _require_speaker(actor, ActorKind.BUYER, "request_cancellation")
    _require_consent(actor, command.consent)
    _require_none_open(order, "request_cancellation", now)
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
    _require_listed(command.reason, terms.reasons("buyer", found))
    finding = terms.judge("request", found, now=now, starts=starts(order, now), calendar=context.calendar, trace=context.explain)
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
    event: Event
    match finding.verdict:
        case Verdict.APPROVE:
            event = approved(order, identifier, "rule", selection, context, now, request=asked, ground=ground)
        case Verdict.ASK_SELLER:
            due_at, on_silence = _promise(finding)
            event = SellerAsked(
                at=now, cancellation=identifier, request=asked, ground=ground, answer_due_at=due_at, on_silence=on_silence
            )
        case Verdict.ASK_CARRIER | Verdict.REVIEW:
            due_at, on_silence = _promise(finding)
            waiting = (
                CancellationStatus.AWAITING_CARRIER
                if finding.verdict is Verdict.ASK_CARRIER
                else CancellationStatus.IN_REVIEW
            )
            event = CancellationHeld(
                at=now, cancellation=identifier, by=waiting, request=asked, ground=ground, due_at=due_at, on_silence=on_silence
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
    waiting = _answerable(order, command.cancellation, actor, "approve", now)
    selection = _still_open(order, waiting.lines)
    event = approved(order, waiting.id, "seller", selection, context, now, comment=NoteRef.of(command.comment))
    return Decision(events=(event,), notes=_notes(command.comment))


def refuse(
    order: Order, command: RefuseCancellation, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """The seller says no, in time, with a reason from the list; a parcel already gone is named by its tracking.

    Raises Forbidden, NotFound, InvalidTransition, DeadlinePassed, ReasonNotListed, RefusalNotOffered, EvidenceMissing.
    """
    waiting = _answerable(order, command.cancellation, actor, "refuse", now)
    found = facts(
        order,
        now=now,
        at_stage=stage(order, now),
        actor="seller",
        selection=waiting.lines,
        amount_minor=waiting.refund_minor,
        with_tracking=bool(command.tracking),
        context=context,
    )
    if command.reason != ALREADY_SHIPPED and not terms.explicit_reject:
        raise RefusalNotOffered(allowed_actions=("approve", "add_tracking"))
    chosen = _require_listed(command.reason, terms.reasons("refusal", found))
    given = {"tracking": bool(command.carrier and command.tracking), "comment": command.comment is not None}
    missing = tuple(need for need in chosen.needs if not given.get(need, True))
    if missing:
        raise EvidenceMissing(reason=command.reason, needs=missing)
    event = CancellationRefused(
        at=now, cancellation=waiting.id, by="seller", answer=command.reason, comment=NoteRef.of(command.comment)
    )
    gone = _shipped(command, now) if command.tracking else ()
    return Decision(events=(event, *gone), notes=_notes(command.comment))


def _shipped(command: RefuseCancellation, now: Instant) -> tuple[Event, ...]:
    return (
        FactReported(
            at=now, fact=FactKind.TRACKING_ADDED, parcel="1", carrier=command.carrier, tracking=command.tracking
        ),
    )


ALREADY_SHIPPED = "already_shipped"


def withdraw(order: Order, command: WithdrawCancellation, actor: Actor, now: Instant) -> Decision:
    """The buyer takes the request back while it waits. Raises Forbidden, ConsentMissing, NotFound, InvalidTransition."""
    _require_speaker(actor, ActorKind.BUYER, "withdraw")
    _require_consent(actor, command.consent)
    waiting = _waiting(order, command.cancellation, "withdraw")
    event = CancellationWithdrawn(at=now, cancellation=waiting.id, consent=NoteRef.of(command.consent))
    return Decision(events=(event,), notes=_notes(command.consent))


def cancel_by_seller(
    order: Order, command: CancelBySeller, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """The seller stops the order; the policy says whether that is still possible (R-037). A refusal is a decision.

    Raises Forbidden, InvalidTransition, ReasonNotListed, NothingSelected, QuantityNotOpen.
    """
    _require_speaker(actor, ActorKind.SELLER, "cancel_by_seller")
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
    _require_listed(command.reason, terms.reasons("seller", found))
    finding = terms.judge("seller_cancel", found, now=now, starts=starts(order, now), calendar=context.calendar, trace=context.explain)
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
    event: Event
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
    event: Event
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


def overtake(order: Order, at: Instant) -> tuple[Event, ...]:
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


def apply_approved(order: Order, event: CancellationApproved) -> Order:
    """Cancel the units, reserve the money, close the request."""
    lines = tuple(
        msgspec.structs.replace(line, cancelled=line.cancelled + event.lines.get(line.id, 0)) for line in order.lines
    )
    progress = order.progress
    if all(line.open == 0 for line in lines):
        progress = msgspec.structs.replace(progress, cancelled_at=event.at)
    order = msgspec.structs.replace(
        order,
        lines=lines,
        shipping_refunded_minor=order.shipping_refunded_minor + event.shipping_minor,
        progress=progress,
    )
    order = owe(order, event.refunds, event.cancellation, event.at)
    refunded = sum(terms.amount_minor for terms in event.refunds)
    return _close(order, event, CancellationStatus.APPROVED, event.by, refunded)


def apply_asked(order: Order, event: SellerAsked) -> Order:
    """Keep the question and its deadline."""
    return _open(
        order, event, event.request, event.ground, CancellationStatus.AWAITING_SELLER, event.answer_due_at, event.on_silence
    )


def apply_held(order: Order, event: CancellationHeld) -> Order:
    """Keep whose move it is now; a held request that was already open only changes hands."""
    if event.request is not None and event.ground is not None:
        return _open(order, event, event.request, event.ground, event.by, event.due_at, event.on_silence)
    return _replace(order, event.cancellation, status=event.by, due_at=None, on_silence=event.on_silence)


def apply_refused(order: Order, event: CancellationRefused) -> Order:
    """Close the request; the order goes on."""
    return _close(order, event, CancellationStatus.REFUSED, event.by, None)


def apply_withdrawn(order: Order, event: CancellationWithdrawn) -> Order:
    """Close the request at the buyer's wish."""
    return _replace(
        order, event.cancellation, status=CancellationStatus.WITHDRAWN, closed_at=event.at, closed_by="buyer"
    )


def apply_overtaken(order: Order, event: CancellationOvertaken) -> Order:
    """Close the request because the goods have left."""
    return _replace(
        order, event.cancellation, status=CancellationStatus.OVERTAKEN, closed_at=event.at, closed_by="shipment"
    )


def _close(
    order: Order,
    event: CancellationApproved | CancellationRefused,
    status: CancellationStatus,
    by: Decider,
    refund_minor: int | None,
) -> Order:
    if event.request is not None and event.ground is not None and not _known(order, event.cancellation):
        order = _open(order, event, event.request, event.ground, status, None, "")
    answer = event.answer if isinstance(event, CancellationRefused) else ""
    changes: dict[str, object] = {"status": status, "closed_at": event.at, "closed_by": by, "answer": answer}
    if refund_minor is not None:
        changes["refund_minor"] = refund_minor
    return _replace(order, event.cancellation, **changes)


def _open(
    order: Order,
    event: SellerAsked | CancellationHeld | CancellationApproved | CancellationRefused,
    asked: RequestTerms,
    ground: Ground,
    status: CancellationStatus,
    due_at: Instant | None,
    on_silence: str,
) -> Order:
    opened = Cancellation(
        id=event.cancellation,
        status=status,
        reason=asked.reason,
        requested_at=event.at,
        requested_by=asked.requested_by,
        filed_by=asked.filed_by,
        stage=asked.stage,
        rule=ground.rule,
        verdict=ground.verdict,
        lines=asked.lines,
        refund_minor=asked.refund_minor,
        due_at=due_at,
        on_silence=on_silence,
        instead=ground.instead,
    )
    return msgspec.structs.replace(order, cancellations=(*order.cancellations, opened))


def _replace(order: Order, cancellation: CancellationId, **changes: object) -> Order:
    return msgspec.structs.replace(
        order,
        cancellations=tuple(
            msgspec.structs.replace(one, **changes) if one.id == cancellation else one for one in order.cancellations
        ),
    )


def _known(order: Order, cancellation: CancellationId) -> bool:
    return any(one.id == cancellation for one in order.cancellations)


def _still_open(order: Order, wanted: dict[str, int]) -> dict[str, int]:
    """The units of a request that may still be cancelled: some may have been cancelled or shipped since."""
    left = {line.id: line.open for line in order.lines}
    return {line: min(count, left.get(line, 0)) for line, count in wanted.items() if left.get(line, 0)}


def _waiting(order: Order, cancellation: CancellationId, action: str) -> Cancellation:
    found = next((one for one in order.cancellations if one.id == cancellation), None)
    if found is None:
        raise NotFound(kind="cancellation")
    if not found.status.waiting:
        raise InvalidTransition(action=action, current_state=found.status.value, allowed_actions=())
    return found


def _answerable(
    order: Order, cancellation: CancellationId, actor: Actor, action: str, now: Instant
) -> Cancellation:
    _require_speaker(actor, ActorKind.SELLER, action)
    waiting = _waiting(order, cancellation, action)
    if waiting.status is not CancellationStatus.AWAITING_SELLER:
        raise InvalidTransition(action=action, current_state=waiting.status.value, allowed_actions=())
    if waiting.due_at is not None and now >= waiting.due_at:
        raise DeadlinePassed(due_at=waiting.due_at, now=now)
    return waiting


def _require_speaker(actor: Actor, kind: ActorKind, action: str) -> None:
    if actor.speaks_as is not kind:
        raise Forbidden(action=action)


def _require_consent(actor: Actor, consent: Note | None) -> None:
    if actor.on_behalf_of and consent is None:
        raise ConsentMissing


def _require_none_open(order: Order, action: str, now: Instant) -> None:
    if order.progress.cancelled_at:
        raise InvalidTransition(action=action, current_state="cancelled", allowed_actions=())
    waiting = order.open_cancellation
    if waiting is not None:
        raise InvalidTransition(
            action=action, current_state=waiting.status.value, allowed_actions=("withdraw",), deadline=waiting.due_at
        )


def _require_listed(reason: str, offered: tuple[Reason, ...]) -> Reason:
    found = next((one for one in offered if one.code == reason), None)
    if found is None:
        raise ReasonNotListed(reason=reason, listed=tuple(one.code for one in offered))
    return found


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
