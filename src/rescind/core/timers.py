"""What the clock does to an order by itself: it reminds, marks a dispatch as late, and cancels.

Each of them is promised when what it counts from happens, and stands in the order. It waits for something to happen
first; once that has, there is nothing left to do, and nothing to take back.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rescind.core import lost_time
from rescind.core.cancellation import cancel_by_system
from rescind.core.context import Context
from rescind.core.deadline import last_before
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.fulfilment import ContradictionNoted
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.order import Order, stage, units_in
from rescind.core.outage import Outage
from rescind.core.parts import CancellationStatus, FactKind, Timer
from rescind.core.terms import Terms

UNPAID = "unpaid_timeout"
"""The reason of a cancellation that a payment may still undo."""
SHIPPED_UNPAID = "shipped_unpaid"
"""The contradiction of goods that have left and were not paid for in time."""
NOT_SHIPPED, NOT_COLLECTED, NOT_ARRIVED = "not_shipped", "not_collected", "not_arrived"
_WAITS_FOR: Mapping[str, str] = {
    "unpaid": UNPAID,
    "auto_cancel_uncollected": NOT_COLLECTED,
    "never_arrived": NOT_ARRIVED,
    "undelivered": NOT_ARRIVED,
}
"""The reason of the timers that wait for something else than a label, by the preset's names for them."""


class RingTimer(BaseCommand, frozen=True, kw_only=True):
    """The instant came that the order's timer of this name waits for. ``outages``: when nobody could have acted."""

    name: str
    outages: tuple[Outage, ...] = ()


class TimerRang(BaseEvent, frozen=True, kw_only=True):
    """What the timer waited for had not happened by ``at``. ``then``: what follows (remind, late, cancel)."""

    name: str
    then: str


def reason_of(timer: Timer) -> str:
    """Why the system cancels when this timer rings: what did not happen in time. The preset's names say which."""
    return UNPAID if timer.then == "remind" else _WAITS_FOR.get(timer.name, NOT_SHIPPED)


def missing(order: Order, timer: Timer) -> dict[str, int]:
    """The units for which what the timer waits for has not happened.

    Paid, labelled (R-073), collected (R-079), or arrived (R-077).
    """
    left = order.open_units()
    paid = order.progress.paid_at is not None or order.cash_on_delivery
    match reason_of(timer):
        case "unpaid_timeout":
            return {} if paid else left
        case "not_collected":
            return left
        case "not_arrived":
            return _not_arrived(order) if paid else {}
        case _:
            return {} if timer.then == "late" and not paid else order.unlabelled_units()


def _not_arrived(order: Order) -> dict[str, int]:
    """Units that are neither cancelled nor delivered, wherever they are."""
    arrived = units_in(parcel for parcel in order.travelling if parcel.delivered_at)
    if arrived is None or order.progress.delivered_at:
        return {}
    still = {line.id: line.open - arrived.get(line.id, 0) for line in order.lines}
    return {line: count for line, count in still.items() if count > 0}


def _fault(order: Order, reason: str, units: Mapping[str, int]) -> str | None:
    """Whose fault it is that goods did not arrive: the carrier's who has all of them, else the seller's (E-09)."""
    if reason != NOT_ARRIVED:
        return None
    return "seller" if units.keys() & order.open_units().keys() else "carrier"


def waiting(order: Order) -> tuple[Timer, ...]:
    """The timers that have something left to wait for."""
    if order.progress.completed_at:
        return tuple(one for one in order.timers if one.rung_at is None and _left_unpaid(order, one))
    return tuple(
        one for one in order.timers if one.rung_at is None and (missing(order, one) or _left_unpaid(order, one))
    )


def _left_unpaid(order: Order, timer: Timer) -> bool:
    """Whether goods have left that nobody paid for: there is nothing to cancel of them, and somebody is told."""
    if not asks_first(timer) or order.progress.paid_at is not None or order.cash_on_delivery:
        return False
    here = order.open_units()
    return any(line.open > here.get(line.id, 0) for line in order.lines)


def asks_first(timer: Timer) -> bool:
    """Whether the provider is asked before this timer rings: what was paid must not end as unpaid (KF-17)."""
    return timer.then == "cancel" and reason_of(timer) == UNPAID


def pay_by(order: Order) -> Timer | None:
    """The timer that ends an order nobody paid, while it waits."""
    return next((one for one in waiting(order) if asks_first(one) and missing(order, one)), None)


def cancels_next(order: Order) -> Timer | None:
    """The timer that cancels next, of those that still wait: what nobody has to do for an order to end."""
    ends = (one for one in waiting(order) if one.then == "cancel" and missing(order, one))
    return min(ends, key=lambda one: one.due_at, default=None)


def ring(order: Order, command: RingTimer, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """Do what was promised for this instant; before it, or when it is not waited for any more, nothing (I-37).

    Whoever a limit binds first gets back the time in which they could not act (I-38).
    """
    timer = next((one for one in waiting(order) if one.name == command.name), None)
    if timer is None or now < timer.due_at:
        return ()
    later = lost_time.of_timer(order, timer, command.outages, now)
    if later is not None:
        return (later,)
    rang = TimerRang(at=timer.due_at, name=timer.name, then=timer.then)
    if timer.then != "cancel":
        return (rang,)
    at_stage, units, reason = stage(order, now), missing(order, timer), reason_of(timer)
    told: tuple[BaseEvent, ...] = (rang,)
    if _left_unpaid(order, timer):
        noted = f"{SHIPPED_UNPAID}-{order.version + 1}"
        told = (rang, ContradictionNoted(at=now, id=noted, kind=SHIPPED_UNPAID, fact=FactKind.HANDED_OVER))
    if not units:
        return told
    fault = _fault(order, reason, units)
    return (*told, *cancel_by_system(order, reason, units, at_stage, context, now, fault=fault))


def anew(order: Order, terms: Terms, context: Context, now: Instant) -> tuple[Timer, ...]:
    """What a restored order is promised: the times to ship and to arrive that were over, counted from now.

    A time that is still to come stays, and so does the one to pay.
    """
    if order.history or (order.progress.paid_at is None and not order.cash_on_delivery):
        return ()
    starts = {"placed": now, "paid": now}
    if order.deliver_by:
        starts["estimated"] = max(last_before(order.deliver_by), now)
    if order.promised_at:
        starts["promised"] = max(order.promised_at, now)
    still = {one.name for one in order.timers if one.rung_at is None and one.due_at > now}
    promised = terms.timers(starts, context.calendar, now, handling=order.handling, shipping_by=order.shipping_by)
    return tuple(one for one in promised if reason_of(one) != UNPAID and one.name not in still and missing(order, one))


def apply_rang(order: Order, event: TimerRang) -> Order:
    """A timer rings once."""
    rung = (msgspec.structs.replace(one, rung_at=event.at) if one.name == event.name else one for one in order.timers)
    return msgspec.structs.replace(order, timers=tuple(rung))


def undone_by_payment(order: Order, paid_at: Instant) -> CancellationId | None:
    """The cancellation that a payment undoes: nobody had paid in time, as far as was known, and somebody had (S-04).

    Stock is the host's matter: the order is restored when it is paid in full and nothing of it was refunded.
    """
    last = order.cancellations[-1] if order.cancellations else None
    limit = next((one.due_at for one in order.timers if one.name == "unpaid"), None)
    if last is None or last.status is not CancellationStatus.APPROVED or last.reason != UNPAID or limit is None:
        return None
    in_full = all(tender.secured_minor == tender.amount_minor for tender in order.tenders)
    return last.id if paid_at < limit and in_full and not order.refunds else None
