"""Support decides what the policy leaves to the platform: what is to be reviewed, and where others kept silent."""

from __future__ import annotations

from rescind.core.cancellation.messages import CancellationRefused, Decision, RefuseCancellation
from rescind.core.errors import EvidenceMissing, InvalidField, ReasonNotListed
from rescind.core.event import NoteRef
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.parts import Cancellation
from rescind.core.stage import Stage, rank

SUPPORT_REFUSALS = ("asked_too_often", "carrier_cannot_stop", "goods_on_their_way", "buyer_agreed_to_keep", "other")
"""Why support says no to a request that the platform decides. The words beside it are what the buyer reads."""


def refuse_for_platform(order: Order, asked: Cancellation, command: RefuseCancellation, now: Instant) -> Decision:
    """Close a request that waits for the platform. Raises ReasonNotListed, EvidenceMissing, InvalidField."""
    if command.reason not in SUPPORT_REFUSALS:
        raise ReasonNotListed(reason=command.reason, listed=SUPPORT_REFUSALS)
    if command.comment is None:
        raise EvidenceMissing(reason=command.reason, needs=("comment",))
    if command.carrier or command.tracking:
        raise InvalidField(field="/tracking", expected="absent, for support reports no parcel")
    event = CancellationRefused(
        at=now,
        cancellation=asked.id,
        by="support",
        answer=command.reason,
        comment=NoteRef.of(command.comment),
        instead=way_on(order, now),
    )
    return Decision(events=(event,), notes=(command.comment,))


def way_on(order: Order, now: Instant) -> str:
    """What is left to a buyer whose request a person refused: once goods have left, the way back; else support."""
    return "return_or_refund" if rank(stage(order, now)) >= rank(Stage.PARTIALLY_SHIPPING) else "contact_support"
