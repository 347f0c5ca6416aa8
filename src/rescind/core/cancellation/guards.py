"""What must hold before there is anything to decide. Each raises the problem it is named after."""

from __future__ import annotations

from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import (
    AmountChanged,
    ConsentMissing,
    CurrencyMismatch,
    DeadlinePassed,
    EvidenceMissing,
    Forbidden,
    InvalidTransition,
    NotFound,
    VerdictChanged,
)
from rescind.core.event import Note
from rescind.core.evidence import EvidenceRef, require_few
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import Cancellation, CancellationStatus
from rescind.core.policy import Reason
from rescind.core.verdict import Verdict


def require_waiting(order: Order, cancellation: CancellationId, action: str) -> Cancellation:
    """The request, as long as somebody still has to act. Raises NotFound, InvalidTransition."""
    found = next((one for one in order.cancellations if one.id == cancellation), None)
    if found is None:
        raise NotFound(kind="cancellation")
    if not found.status.waiting:
        raise InvalidTransition(action=action, current_state=found.status.value, allowed_actions=())
    return found


_WAITS_FOR = {
    ActorKind.SELLER: CancellationStatus.AWAITING_SELLER,
    ActorKind.CARRIER: CancellationStatus.AWAITING_CARRIER,
    ActorKind.SUPPORT: CancellationStatus.IN_REVIEW,
}


def require_in_time(waiting: Cancellation, now: Instant) -> None:
    """A person's act counts before the deadline only, whether or not the clock has acted yet. Raises DeadlinePassed.

    A request that silence had handed to the platform before that had a time of its own has no deadline to be late for.
    """
    if waiting.due_at is not None and waiting.on_silence and now >= waiting.due_at:
        raise DeadlinePassed(due_at=waiting.due_at, now=now)


def require_answerable(
    order: Order, cancellation: CancellationId, by: ActorKind, action: str, now: Instant
) -> Cancellation:
    """The request that waits for this kind of actor still. Raises Forbidden, NotFound, InvalidTransition,
    DeadlinePassed (I-37).
    """
    if by not in _WAITS_FOR:
        raise Forbidden(action=action)
    found = require_waiting(order, cancellation, action)
    if found.status is not _WAITS_FOR[by]:
        raise InvalidTransition(action=action, current_state=found.status.value, allowed_actions=())
    require_in_time(found, now)
    return found


def require_speaker(actor: Actor, kind: ActorKind, action: str) -> None:
    """Only this kind of actor may do it. Raises Forbidden."""
    if actor.speaks_as is not kind:
        raise Forbidden(action=action)


def require_consent(actor: Actor, consent: Note | None) -> None:
    """Who acts for somebody else says how that person agreed (M-49). Raises ConsentMissing."""
    if actor.on_behalf_of and consent is None:
        raise ConsentMissing


def require_none_open(order: Order, action: str) -> None:
    """Nothing is asked of an order that has ended, or twice at once (E-04). Raises InvalidTransition."""
    if order.progress.cancelled_at:
        raise InvalidTransition(action=action, current_state="cancelled", allowed_actions=())
    waiting = order.open_cancellation
    if waiting is not None:
        raise InvalidTransition(
            action=action, current_state=waiting.status.value, allowed_actions=("withdraw",), deadline=waiting.due_at
        )


def require_figure(confirmed: Money | None, refund: Money) -> None:
    """What somebody confirmed is what would be booked (KF-06). Raises CurrencyMismatch, AmountChanged."""
    if confirmed is None:
        return
    if confirmed.currency != refund.currency:
        raise CurrencyMismatch(expected=refund.currency, actual=confirmed.currency)
    if confirmed != refund:
        raise AmountChanged(confirmed=confirmed, refund=refund)


def require_verdict(shown: str, verdict: Verdict) -> None:
    """What somebody was shown is what is answered; time alone may have changed it. Raises VerdictChanged."""
    if shown and shown != verdict:
        raise VerdictChanged(shown=shown, verdict=verdict.value)


def require_evidence(
    reason: Reason, *, comment: Note | None, evidence: tuple[EvidenceRef, ...], tracking: bool = True
) -> None:
    """What the policy wants with this reason is there (R-053, R-136). Raises EvidenceMissing, InvalidField (files)."""
    require_few(evidence)
    if not reason.needs:
        return
    given = {"comment": comment is not None, "tracking": tracking, "evidence": bool(evidence)}
    missing = tuple(need for need in reason.needs if not given[need])
    if missing:
        raise EvidenceMissing(reason=reason.code, needs=missing)
