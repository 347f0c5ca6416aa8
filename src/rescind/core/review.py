"""Manual review: an order that the automatic checks stopped at waits for a person, and not for ever (M-07).

The buyer's window stays open meanwhile. Who takes the review owns it; the buyer may put the address right; a person
lets the order pass or stops it; where nobody does, the policy's outcome follows at the promised instant.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rescind.core import lost_time
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import cancel_by_system
from rescind.core.context import Context
from rescind.core.errors import Forbidden, InvalidTransition
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.fulfilment import FactReported, apply_fact
from rescind.core.instant import Instant
from rescind.core.order import Order, in_manual_review, stage
from rescind.core.outage import Outage
from rescind.core.parts import Decider, FactKind, Review
from rescind.core.stage import Stage, rank
from rescind.core.terms import Terms, undeliverable

FIELDS: Mapping[str, str] = {
    "recipient_missing": "name",
    "street_missing": "street",
    "town_missing": "city",
    "city_left_out": "city",
    "city_implausible": "city",
    "postcode_left_out": "postcode",
    "postcode_implausible": "postcode",
    "region_implausible": "region",
    "country_unknown": "country",
    "country_left_out": "country",
    "phone_implausible": "phone",
    "email_implausible": "email",
}
"""The field of the recipient that a finding is about. ``address_implausible`` of older orders did not say."""
ADDRESS_ASKED = "address_asked"
"""Nothing the checks found: the buyer asks for another address, and for a person to look."""
OF_RECIPIENT = frozenset({*FIELDS, "address_implausible", ADDRESS_ASKED})
FINDINGS = (*sorted(OF_RECIPIENT), "duplicate", "high_value")
"""Everything the automatic checks can find."""
FAILED = "review_failed"


class TakeReview(BaseCommand, frozen=True, kw_only=True):
    """Somebody of support looks at it, so that nobody else does."""


class StopReviewed(BaseCommand, frozen=True, kw_only=True):
    """Support stops the order because of what the review found."""


class LapseReview(BaseCommand, frozen=True, kw_only=True):
    """The instant came at which nobody had looked. ``outages``: when nobody could have."""

    outages: tuple[Outage, ...] = ()


class CorrectRecipient(BaseCommand, frozen=True, kw_only=True):
    """The buyer puts the address right. The words come beside the command; ``found``: what is wrong with them still.

    changed: whether they are other words than those that were kept.
    """

    found: tuple[str, ...] = ()
    changed: bool = True


class ReviewTaken(BaseEvent, frozen=True, kw_only=True):
    """``owner`` of support has the review now."""

    owner: str


class RecipientCorrected(BaseEvent, frozen=True, kw_only=True):
    """The buyer changed where the order goes. ``found``: what of the review is left.

    promised: what is promised for that, where it is another promise than what was found before had.
    """

    found: tuple[str, ...] = ()
    promised: Review | None = None


def waiting(order: Order) -> Review | None:
    """The review, while a person has to look, and something is left in the shop that could be kept from leaving."""
    if not in_manual_review(order):
        return None
    over = order.progress.cancelled_at or order.progress.completed_at or order.progress.delivered_at
    return None if over or not order.open_units() else order.review or Review()


def correctable(order: Order, now: Instant) -> bool:
    """Whether the buyer may still change where the order goes: until a label says so."""
    return waiting(order) is not None and correctable_at(stage(order, now))


def correctable_at(at_stage: Stage) -> bool:
    """Whether no label says yet where an order at this stage goes."""
    return rank(at_stage) < rank(Stage.AWAITING_COLLECTION)


def take(order: Order, actor: Actor, now: Instant) -> tuple[BaseEvent, ...]:
    """Own the review; nothing when one does already. Raises Forbidden, InvalidTransition."""
    review = _require(order, actor, "take_review", now)
    return () if review.owner == actor.id else (ReviewTaken(at=now, owner=actor.id),)


def stop(order: Order, actor: Actor, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """End the review and the order. Raises Forbidden, InvalidTransition."""
    _require(order, actor, "stop_reviewed", now)
    return _cancelled(order, "support", actor.kind.value, context, now)


def lapse(order: Order, command: LapseReview, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """Let the policy's outcome follow at or after its instant; before it, or when somebody decided, nothing (I-37).

    A buyer first gets back the time in which nothing could be put right (I-38).
    """
    review = waiting(order)
    if review is None or review.due_at is None or now < review.due_at:
        return ()
    later = lost_time.of_review(order, review, command.outages, now)
    if later is not None:
        return (later,)
    if review.on_silence == "cancel":
        return _cancelled(order, "system", SYSTEM.kind.value, context, now)
    return (_cleared(now, SYSTEM.kind.value),)


def correct_recipient(
    order: Order, command: CorrectRecipient, actor: Actor, context: Context, terms: Terms, now: Instant
) -> tuple[BaseEvent, ...]:
    """Keep what is left of the review, and end it when nothing is; what changes nothing is no news.

    Raises Forbidden, InvalidTransition.
    """
    if actor.speaks_as is not ActorKind.BUYER:
        raise Forbidden(action="correct_recipient")
    review = waiting(order)
    if review is None or not correctable(order, now):
        raise InvalidTransition(
            action="correct_recipient", current_state=stage(order, now).value, allowed_actions=("contact_support",)
        )
    left = (*command.found, *(one for one in review.found if one not in OF_RECIPIENT))
    if not command.changed and left == review.found:
        return ()
    # Silence must not cancel for what was found before and is right now, nor let go what has become wrong since.
    promised = terms.review(left, now, context.calendar) if undeliverable(left) != undeliverable(review.found) else None
    changed = RecipientCorrected(at=now, found=left, promised=promised)
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
    if event.promised is not None:
        promise = event.promised
        order = _with(order, due_at=promise.due_at, on_silence=promise.on_silence, since=event.at, returned_s=0)
    return _with(order, found=event.found, corrected=True)


def _with(order: Order, **changes: object) -> Order:
    return msgspec.structs.replace(order, review=msgspec.structs.replace(order.review or Review(), **changes))
