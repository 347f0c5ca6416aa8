"""Refunds that were only tried, and whose payment turns out to be real: they are owed again, by an operator's word.

It is said of a payment, so that all of its refunds that were only tried are owed together (ADR 0143).
"""

from __future__ import annotations

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.cancellation.guards import require_speaker
from rescind.core.context import Context
from rescind.core.errors import InvalidTransition, NotFound
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.failed_refund import FailedRefundSettled, WayOn, open_minor
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus
from rescind.core.refund import ONLY_TRIED, SANDBOX, RefundAnswered, RefundTerms, apply_answered

_TRIED = frozenset({RefundStatus.SUCCEEDED, RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT, RefundStatus.FAILED})


class OweTried(BaseCommand, frozen=True, kw_only=True):
    """An operator says that the payment behind a refund that was only tried is real. comment: how they know."""

    refund: RefundId
    comment: Note | None = None


def only_tried(refund: Refund) -> bool:
    """Whether it went to the sandbox and nobody has said since what becomes of it."""
    return refund.through == SANDBOX and refund.status in _TRIED and not refund.settled


def owe_again(order: Order, command: OweTried, actor: Actor, context: Context, now: Instant) -> Decision:
    """Owe every refund of that payment that was only tried. Raises Forbidden, NotFound, InvalidTransition."""
    require_speaker(actor, ActorKind.SUPPORT, "owe_tried_refund")
    named = next((one for one in order.refunds if one.id == command.refund), None)
    if named is None:
        raise NotFound(kind="refund")
    if not only_tried(named):
        raise InvalidTransition(
            action="owe_again", current_state=named.settled or named.status.value, allowed_actions=()
        )
    events: list[BaseEvent] = []
    given_up = [one for one in order.refunds if one.tender == named.tender and only_tried(one)]
    after = order
    for one in given_up:
        event = RefundAnswered(at=now, refund=one.id, status=RefundStatus.FAILED, cause=ONLY_TRIED)
        after = apply_answered(after, event)
        events.append(event)
    for place, one in enumerate(given_up):
        failed = next(each for each in after.refunds if each.id == one.id)
        amount = open_minor(after, failed)
        if not amount:
            continue  # It reached the buyer another way meanwhile.
        terms = RefundTerms(
            id=context.refund_id(order.shop, now, place),
            tender=one.tender,
            amount_minor=amount,
            release=one.release,
            into=one.into,
        )
        settled = FailedRefundSettled(
            at=now,
            refund=one.id,
            way=WayOn.AGAIN,
            refunds=(terms,),
            by=actor.id,
            comment=NoteRef.of(command.comment),
        )
        events.append(settled)
    return Decision(events=tuple(events), notes=(command.comment,) if command.comment else ())
