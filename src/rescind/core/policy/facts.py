"""What a rule may read of an order, worked out once for each decision.

One entry for each word of the vocabulary; a test compares the two lists.
"""

from __future__ import annotations

from datetime import timedelta

from rescind.core.context import Context
from rescind.core.deadline import Calendar, zone_of
from rescind.core.instant import Instant
from rescind.core.order import Order, in_manual_review, leased
from rescind.core.parts import CancellationStatus, Line
from rescind.core.stage import Stage, rank, status_of

NONE = "none"
"""What ``country`` and ``category`` say when nobody told us."""

_UNASKED = frozenset({"system", "operator"})
_LONGEST_LATE = timedelta(days=366)


def facts(
    order: Order,
    *,
    now: Instant,
    at_stage: Stage,
    actor: str,
    selection: dict[str, int],
    amount_minor: int,
    context: Context,
    reason: str = "none",
    asked_anyway: bool = False,
    with_tracking: bool = False,
) -> dict[str, object]:
    """Every fact of the vocabulary, none of them null, for an act of ``actor`` on ``selection`` at ``now``.

    amount_minor: what the act would give back. ``lines`` has the line facts of the selected lines.
    """
    progress, due_at = order.progress, order.dispatch_due_at
    # What has left cannot be asked for, so that all of the rest is the whole (M-09, R-060).
    left = order.open_units()
    return {
        "stage": str(at_stage),
        "status": status_of(at_stage),
        "actor": actor,
        "reason": reason,
        "shipping_by": order.shipping_by,
        "handling": order.handling,
        "country": order.country or NONE,
        "amount": amount_minor,
        "currency": order.currency,
        "paid": progress.paid_at is not None,
        "past_dispatch_sla": due_at is not None and now >= due_at,
        "dispatched_late": due_at is not None and _dispatched_late(order, due_at),
        "past_estimated_delivery": (
            order.deliver_by is not None and now >= order.deliver_by and rank(at_stage) < rank(Stage.DELIVERED)
        ),
        "out_for_delivery": progress.out_for_delivery_at is not None,
        "carrier_said_no": bool(order.cancellations) and _carrier_said_no(order),
        "cross_border": order.cross_border,
        "in_manual_review": in_manual_review(order),
        "production_started": progress.preparation_started_at is not None,
        "asked_anyway": asked_anyway,
        "partial": bool(left) and selection != left,
        "request_open": bool(order.cancellations) and order.open_cancellation is not None,
        "shipping_leased": order.shipping_lease is not None and leased(order, now) is not None,
        "with_tracking": with_tracking,
        "order_error_confirmed": progress.error_confirmed_at is not None,
        "seller_fault": progress.seller_fault_at is not None,
        "cash_on_delivery": order.cash_on_delivery,
        "since_placed": _seconds(order.placed_at, now),
        "since_paid": _seconds(progress.paid_at, now) if progress.paid_at else 0,
        "working_days_late": 0 if due_at is None else working_days_late(due_at, now, context.calendar),
        "requests_on_order": _asked_before(order) if order.cancellations else 0,
        "buyer_cancels_30d": context.buyer_cancels_30d,
        "lines": [line_facts(line) for line in order.lines if line.id in selection],
    }


def line_facts(line: Line) -> dict[str, object]:
    """What a rule may read of one line."""
    return {"custom_made": line.custom_made, "special": line.special, "category": line.category or NONE}


def _seconds(since: Instant, now: Instant) -> int:
    """Whole seconds that passed, never less than none."""
    passed = now - since
    return passed.days * 86_400 + passed.seconds if passed.days >= 0 else 0


def _carrier_said_no(order: Order) -> bool:
    return any(one.closed_by == "carrier" and one.status is CancellationStatus.REFUSED for one in order.cancellations)


def _asked_before(order: Order) -> int:
    """A refusal that itself sends the buyer to the seller must not be what keeps the buyer from going there."""
    return len(
        [one for one in order.cancellations if one.instead != "ask_seller_anyway" and one.filed_by not in _UNASKED]
    )


def _dispatched_late(order: Order, due_at: Instant) -> bool:
    left = [parcel.handed_over_at for parcel in order.parcels if parcel.handed_over_at]
    return bool(left) and min(left) >= due_at


def working_days_late(due_at: Instant, now: Instant, calendar: Calendar) -> int:
    """Working days that passed whole since dispatch was due (R-033); no more are counted than a year has."""
    if now <= due_at:
        return 0
    zone = zone_of(calendar.zone)
    # The due instant is the first of a day: that day is the first that may pass.
    first, until = due_at.astimezone(zone).date(), min(now, due_at + _LONGEST_LATE).astimezone(zone).date()
    return sum(calendar.counts(first + timedelta(days=n)) for n in range((until - first).days))
