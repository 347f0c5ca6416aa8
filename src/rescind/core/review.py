"""Manual review: an order that the automatic checks stopped at waits for a person, and not for ever (M-07).

The buyer's window stays open meanwhile. Who takes the review owns it; the buyer may put the address right; a person
lets the order pass or stops it; where nobody does, the policy's outcome follows at the promised instant.
"""

from __future__ import annotations

import msgspec

from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import cancel_by_system
from rescind.core.context import Context
from rescind.core.errors import Forbidden, InvalidTransition
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.fulfilment import FactReported, apply_fact
from rescind.core.instant import Instant
from rescind.core.order import Order, in_manual_review, stage
from rescind.core.parts import Decider, FactKind, Review
from rescind.core.stage import Stage, rank

OF_RECIPIENT = frozenset({"recipient_missing", "address_implausible", "phone_implausible", "email_implausible"})
FINDINGS = (*sorted(OF_RECIPIENT), "duplicate", "high_value")
"""Everything the automatic checks can find."""
FAILED = "review_failed"


class TakeReview(BaseCommand, frozen=True, kw_only=True):
    """Somebody of support looks at it, so that nobody else does."""


class StopReviewed(BaseCommand, frozen=True, kw_only=True):
    """Support stops the order because of what the review found."""


class LapseReview(BaseCommand, frozen=True, kw_only=True):
    """The instant came at which nobody had looked."""


class CorrectRecipient(BaseCommand, frozen=True, kw_only=True):
    """The buyer puts the address right. The words come beside the command; ``found``: what is wrong with them still."""

    found: tuple[str, ...] = ()


class ReviewTaken(BaseEvent, frozen=True, kw_only=True):
    """``owner`` of support has the review now."""

    owner: str


class RecipientCorrected(BaseEvent, frozen=True, kw_only=True):
    """The buyer changed where the order goes. ``found``: what of the review is left."""

    found: tuple[str, ...] = ()


def waiting(order: Order) -> Review | None:
    """The review, while a person has to look."""
    over = order.progress.cancelled_at or order.progress.completed_at
    return (order.review or Review()) if in_manual_review(order) and not over else None


def correctable(order: Order, now: Instant) -> bool:
    """Whether the buyer may still change where the order goes: until a label says so."""
    return waiting(order) is not None and rank(stage(order, now)) < rank(Stage.AWAITING_COLLECTION)


def take(order: Order, actor: Actor, now: Instant) -> tuple[BaseEvent, ...]:
    """Own the review; nothing when one does already. Raises Forbidden, InvalidTransition."""
    review = _require(order, actor, "take_review", now)
    return () if review.owner == actor.id else (ReviewTaken(at=now, owner=actor.id),)


def stop(order: Order, actor: Actor, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """End the review and the order. Raises Forbidden, InvalidTransition."""
    _require(order, actor, "stop_reviewed", now)
    return _cancelled(order, "support", actor.kind.value, context, now)


def lapse(order: Order, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """Let the policy's outcome follow at or after its instant; before it, or when somebody decided, nothing (I-37)."""
    review = waiting(order)
    if review is None or review.due_at is None or now < review.due_at:
        return ()
    if review.on_silence == "cancel":
        return _cancelled(order, "system", SYSTEM.kind.value, context, now)
    return (_cleared(now, SYSTEM.kind.value),)


def correct_recipient(order: Order, command: CorrectRecipient, actor: Actor, now: Instant) -> tuple[BaseEvent, ...]:
    """Keep what is left of the review, and end it when nothing is. Raises Forbidden, InvalidTransition."""
    if actor.speaks_as is not ActorKind.BUYER:
        raise Forbidden(action="correct_recipient")
    review = waiting(order)
    if review is None or not correctable(order, now):
        raise InvalidTransition(
            action="correct_recipient", current_state=stage(order, now).value, allowed_actions=("contact_support",)
        )
    left = (*command.found, *(one for one in review.found if one not in OF_RECIPIENT))
    changed = RecipientCorrected(at=now, found=left)
    # A review that somebody asked for, and not the checks, is for that person to end.
    return (changed,) if left or not review.found else (changed, _cleared(now, SYSTEM.kind.value))


def _require(order: Order, actor: Actor, action: str, now: Instant) -> Review:
    if actor.speaks_as is not ActorKind.SUPPORT:
        raise Forbidden(action=action)
    review = waiting(order)
    if review is None:
        raise InvalidTransition(action=action, current_state=stage(order, now).value, allowed_actions=())
    return review


def _cleared(now: Instant, by: str) -> FactReported:
    return FactReported(at=now, fact=FactKind.REVIEW_CLEARED, by=by)


def _cancelled(order: Order, decider: Decider, by: str, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    cleared = _cleared(now, by)
    after = apply_fact(order, cleared)
    at_stage = stage(order, now)
    return (cleared, *cancel_by_system(after, FAILED, after.open_units(), at_stage, context, now, by=decider))


def apply_taken(order: Order, event: ReviewTaken) -> Order:
    """Somebody has it."""
    return _with(order, owner=event.owner)


def apply_recipient(order: Order, event: RecipientCorrected) -> Order:
    """Less is left to look at. The words themselves are kept beside the order."""
    return _with(order, found=event.found, corrected=True)


def _with(order: Order, **changes: object) -> Order:
    return msgspec.structs.replace(order, review=msgspec.structs.replace(order.review or Review(), **changes))
