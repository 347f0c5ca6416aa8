"""What the clock does to an order by itself: it reminds, marks a dispatch as late, and cancels.

Each of them is promised when what it counts from happens, and stands in the order. It waits for something to happen
first; once that has, there is nothing left to do, and nothing to take back.
"""

from __future__ import annotations

import msgspec

from rescind.core.cancellation import cancel_by_system
from rescind.core.context import Context
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.order import CancellationStatus, Order, Timer, stage

UNPAID = "unpaid_timeout"
"""The reason of a cancellation that a payment may still undo."""
_NOT_SHIPPED, _NOT_COLLECTED = "not_shipped", "not_collected"


class RingTimer(BaseCommand, frozen=True, kw_only=True):
    """The instant came that the order's timer of this name waits for."""

    name: str


class TimerRang(BaseEvent, frozen=True, kw_only=True):
    """What the timer waited for had not happened by ``at``. ``then``: what follows (remind, late, cancel)."""

    name: str
    then: str


def reason_of(timer: Timer) -> str:
    """Why the system cancels when this timer rings: what did not happen in time. The preset's names say which."""
    if timer.then == "remind" or timer.name == "unpaid":
        return UNPAID
    return _NOT_COLLECTED if timer.name == "auto_cancel_uncollected" else _NOT_SHIPPED


def missing(order: Order, timer: Timer) -> dict[str, int]:
    """The units for which what the timer waits for has not happened: paid, labelled (R-073), or collected (R-079)."""
    left = order.open_units()
    paid = order.progress.paid_at is not None or order.cash_on_delivery
    match reason_of(timer):
        case "unpaid_timeout":
            return {} if paid else left
        case "not_collected":
            return left
        case _:
            return {} if timer.then == "late" and not paid else order.unlabelled_units()


def waiting(order: Order) -> tuple[Timer, ...]:
    """The timers that have something left to wait for."""
    if order.progress.completed_at:
        return ()
    return tuple(one for one in order.timers if one.rung_at is None and missing(order, one))


def pay_by(order: Order) -> Timer | None:
    """The timer that ends an order nobody paid, while it waits."""
    return next((one for one in waiting(order) if one.then == "cancel" and reason_of(one) == UNPAID), None)


def ring(order: Order, command: RingTimer, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """Do what was promised for this instant; before it, or when it is not waited for any more, nothing (I-37)."""
    timer = next((one for one in waiting(order) if one.name == command.name), None)
    if timer is None or now < timer.due_at:
        return ()
    rang = TimerRang(at=timer.due_at, name=timer.name, then=timer.then)
    if timer.then != "cancel":
        return (rang,)
    at_stage, units = stage(order, now), missing(order, timer)
    return (rang, *cancel_by_system(order, reason_of(timer), units, at_stage, context, now))


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
    in_full = all(tender.captured_minor == tender.amount_minor for tender in order.tenders)
    return last.id if paid_at < limit and in_full and not order.refunds else None
