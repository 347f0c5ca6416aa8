"""Cancellations nobody asks for: what the carrier reports, and what did not happen in time (R-039, R-135).

They take the same path as every other: units, money, refund. On cash on delivery nothing was paid and nothing is owed.
"""

from __future__ import annotations

from collections.abc import Mapping

from rescind.core.actor import SYSTEM, Actor
from rescind.core.cancellation.decide import approved, grants
from rescind.core.cancellation.messages import RequestTerms
from rescind.core.context import Context
from rescind.core.event import BaseEvent
from rescind.core.instant import Instant
from rescind.core.order import Order, units_in
from rescind.core.parts import Decider, FactKind, Parcel
from rescind.core.quote import quote
from rescind.core.stage import Stage

FAULT: Mapping[str, str] = {
    "review_failed": "",
    "unpaid_timeout": "buyer",
    "not_shipped": "seller",
    "not_collected": "seller",
    "not_arrived": "",
    FactKind.REFUSED.value: "buyer",
    FactKind.DELIVERY_FAILED.value: "",
    FactKind.LOST.value: "carrier",
    FactKind.DAMAGED.value: "carrier",
    FactKind.TRACKING_STALE.value: "carrier",
    FactKind.UNTRACEABLE.value: "seller",
    "fraud": "",
    "risk": "",
    "experience": "",
    "seller_unreachable": "seller",
}
"""Every reason the system and the platform have, with whose fault it is; empty where the reason alone does not say
(R-190, E-09).
"""


def cancel_by_system(
    order: Order,
    reason: str,
    selection: Mapping[str, int],
    at_stage: Stage,
    context: Context,
    now: Instant,
    *,
    by: Decider = "system",
    fault: str | None = None,
) -> tuple[BaseEvent, ...]:
    """Stop these units, also when they have left; nothing where none are left. A request for them is answered by it.

    at_stage: how far the order was before it happened. by: support, where a person stops what a check had stopped at.
    fault: whose, where the reason alone does not say.
    """
    whose = FAULT[reason] if fault is None else fault
    return _cancelled(order, reason, whose, selection, at_stage, SYSTEM.id, SYSTEM.kind.value, by, context, now)


AMONG_STAFF = frozenset({"fraud", "risk"})
"""Reasons that say what the platform thinks of a buyer."""

UNSAID = "platform_decision"
"""What a buyer reads in their place."""


def reason_for_buyer(reason: str) -> str:
    """The reason of a cancellation as its buyer is told it: what was suspected of them stays with staff (I-26)."""
    return UNSAID if reason in AMONG_STAFF else reason


def reasons_meant(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """The reasons a buyer looks for by the words they are told: nothing is found by a word that they are not."""
    return tuple(
        meant
        for one in reasons
        for meant in (sorted(AMONG_STAFF) if one == UNSAID else [UNSAID if one in AMONG_STAFF else one])
    )


PLATFORM = "operator"
"""Who files a cancellation that the platform itself decides, against the rules; not support for a buyer."""


def cancel_by_platform(
    order: Order,
    reason: str,
    selection: Mapping[str, int],
    at_stage: Stage,
    actor: Actor,
    context: Context,
    now: Instant,
) -> tuple[BaseEvent, ...]:
    """Stop these units for a reason of the platform's (R-039). A request for them is answered by it."""
    return _cancelled(order, reason, FAULT[reason], selection, at_stage, actor.id, PLATFORM, "support", context, now)


def _cancelled(
    order: Order,
    reason: str,
    fault: str,
    selection: Mapping[str, int],
    at_stage: Stage,
    requested_by: str,
    filed_by: str,
    by: Decider,
    context: Context,
    now: Instant,
) -> tuple[BaseEvent, ...]:
    units = {line: count for line, count in selection.items() if count > 0}
    if not units:
        return ()
    waiting = order.open_cancellation
    answered = waiting.id if waiting is not None and grants(order, waiting, units) else None
    money = quote(order, units, at=now)
    asked = RequestTerms(
        reason=reason,
        requested_by=requested_by,
        filed_by=filed_by,
        stage=at_stage,
        lines=units,
        refund_minor=money.total_minor,
        fault=fault,
    )
    identifier = answered or context.cancellation_id(order.shop, now)
    return (approved(order, identifier, by, units, context, now, request=asked, money=money),)


def contents(order: Order, parcel: Parcel) -> dict[str, int] | None:
    """Units in a parcel that are not cancelled; None when that cannot be said, and somebody has to find out.

    A parcel that named no lines holds what the others do not, if they say what they hold and it was known before.
    """
    if parcel.lines:
        return {line.id: min(line.open, parcel.lines.get(line.id, 0)) for line in order.lines}
    others = [one for one in order.travelling if one.id != parcel.id]
    held = units_in(others)
    heard_of_before = [one for one in order.reports if one.parcel == parcel.id][:-1]
    if held is None or (others and not heard_of_before):
        return None
    return {line.id: line.open - held.get(line.id, 0) for line in order.lines}
