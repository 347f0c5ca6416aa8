"""What must happen to an order by itself, when, and what is said to it then."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from rescind.core import (
    cancellation,
    chargeback,
    escalation,
    failed_refund,
    fulfilment,
    override,
    refund,
    refund_order,
    returns,
    review,
    second_person,
    timers,
)
from rescind.core.ids import CancellationId, OrderId, RefundId, ReturnId
from rescind.core.instant import Instant
from rescind.core.lifecycle.messages import Command
from rescind.core.order import Order
from rescind.core.outage import Outage

Kind = Literal[
    "deadline",
    "hold",
    "review",
    "return",
    "override",
    "proposal",
    "escalation",
    "chargeback",
    "unpaid",
    "timer",
    "refund",
    "refund_order",
    "fan_out",
]
"""What waits for a time, and news of an order to pass on. The installation's page has words for each of them."""

UNPAID: Final = "unpaid"
"""The kind of due work that asks the provider before the clock says that nobody paid (KF-17)."""


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must happen to an order by itself, no earlier than ``due_at``. ``ref`` names its object."""

    kind: Kind
    ref: str
    due_at: Instant


def due(order: Order) -> tuple[Due, ...]:
    """Everything that waits for a time, from the order alone: what no longer waits is no longer here (I-15)."""
    found: list[Due] = []
    waiting = order.open_cancellation
    if waiting is not None and waiting.due_at is not None:
        found.append(Due(kind="deadline", ref=waiting.id, due_at=waiting.due_at))
    if order.hold_until is not None and not order.hold_ended and not order.progress.cancelled_at:
        found.append(Due(kind="hold", ref=order.id, due_at=order.hold_until))
    looked_at = review.waiting(order)
    if looked_at is not None and looked_at.due_at is not None:
        found.append(Due(kind="review", ref=order.id, due_at=looked_at.due_at))
    found.extend(Due(kind="return", ref=one.id, due_at=one.due_at) for one in order.open_returns)
    called = escalation.current(order) if order.escalations else None
    if called is not None:
        found.append(Due(kind="escalation", ref=f"{order.id}:{called.number}", due_at=called.due_at))
    proposed = override.waiting(order)
    if proposed is not None:
        found.append(Due(kind="override", ref=f"{order.id}:{proposed.number}", due_at=proposed.due_at))
    found.extend(
        Due(kind="proposal", ref=f"{order.id}:{one.number}", due_at=one.due_at) for one in second_person.waiting(order)
    )
    found.extend(
        Due(kind=UNPAID if timers.asks_first(one) else "timer", ref=f"{order.id}:{one.name}", due_at=one.due_at)
        for one in timers.waiting(order)
    )
    found.extend(
        Due(kind="refund", ref=one.id, due_at=one.next_check_at or one.owed_at)
        for one in order.refunds
        if one.status in refund.OPEN
        and not refund_order.waits(one)
        and not (order.chargebacks and chargeback.frozen(order, one))
        and not (order.proposals and failed_refund.being_settled(order, one))
    )
    # Nobody is asked about a refund order: whoever paid it out says so.
    found.extend(
        Due(kind="refund_order", ref=one.id, due_at=one.ordered.due_at)
        for one in order.refunds
        if one.ordered is not None
        and refund_order.waits(one)
        and not (order.chargebacks and chargeback.frozen(order, one))
    )
    found.extend(
        Due(kind="chargeback", ref=f"{order.id}:{one.seq}", due_at=one.due_at)
        for one in order.chargebacks
        if chargeback.unheard(order, one)
    )
    return tuple(found)


class DueMoves(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of an order does to what waits: ``gone`` by kind and ref, ``new`` also where an instant moved."""

    gone: tuple[tuple[str, str], ...]
    new: tuple[Due, ...]


def due_moves(before: Order | None, after: Order, settled: tuple[Due, ...] = ()) -> DueMoves:
    """What no longer waits, and what waits since, or for another instant. ``settled``: what has just been done."""
    was = {(one.kind, one.ref): one for one in due(before)} if before else {}
    now = {(one.kind, one.ref): one for one in due(after)} if after is not before else was
    gone = {*was, *((one.kind, one.ref) for one in settled)} - now.keys()
    return DueMoves(gone=tuple(sorted(gone)), new=tuple(one for key, one in now.items() if was.get(key) != one))


def by_itself(order: OrderId, one: Due, outages: tuple[Outage, ...] = ()) -> Command:
    """What to say to an order when its time has come for this. ``outages``: when nobody could have answered (I-38)."""
    match one.kind:
        case "deadline":
            return cancellation.LapseDeadline(order=order, cancellation=CancellationId(one.ref), outages=outages)
        case "hold":
            return fulfilment.EndHold(order=order)
        case "review":
            return review.LapseReview(order=order, outages=outages)
        case "return":
            return returns.LapseReturn(order=order, case=ReturnId(one.ref), outages=outages)
        case "override":
            return override.LapseOverride(order=order, number=int(one.ref.rpartition(":")[2]))
        case "proposal":
            return second_person.LapseProposal(order=order, number=int(one.ref.rpartition(":")[2]))
        case "escalation":
            return escalation.LapseEscalation(order=order, number=int(one.ref.rpartition(":")[2]))
        case "refund_order":
            return refund_order.LapseRefundOrder(order=order, refund=RefundId(one.ref))
        case "chargeback":
            return chargeback.LapseChargeback(order=order, seq=int(one.ref.rpartition(":")[2]))
        case _:
            return timers.RingTimer(order=order, name=one.ref.rpartition(":")[2], outages=outages)
