"""Time that was lost because we were not there is given back before silence takes anything from anybody (I-38).

Requests and return cases have events of their own for it. Here are the others whose silence ends an order: a review
that only the buyer can answer, and the limits by which it has to be paid, shipped or delivered. A proposal that lapses
takes nothing from anybody: it can be made again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, TypeVar, assert_never

import msgspec

from rescind.core.event import BaseEvent
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.outage import Outage, owed
from rescind.core.parts import Review, Timer


class TimeReturned(BaseEvent, frozen=True, kw_only=True):
    """A later instant for the same promise: ``returned_s`` seconds more. of: what kind; name: the timer's."""

    of: Literal["review", "timer"]
    name: str = ""
    due_at: Instant
    returned_s: int


def of_review(order: Order, review: Review, outages: tuple[Outage, ...], now: Instant) -> TimeReturned | None:
    """What the buyer gets back of the time to put the address right; None where nothing was lost."""
    since = review.since or order.progress.review_opened_at
    if review.on_silence != "cancel" or review.due_at is None or since is None:
        return None  # What silence lets go takes nothing from a buyer, and our own time is not made longer.
    more = owed(outages, since, review.due_at, review.returned_s)
    if not more:
        return None
    return TimeReturned(at=now, of="review", due_at=review.due_at + timedelta(seconds=more), returned_s=more)


def of_timer(order: Order, timer: Timer, outages: tuple[Outage, ...], now: Instant) -> TimeReturned | None:
    """What is given back of a limit that ends the order; None where nothing was lost, or it ends nothing."""
    if timer.then != "cancel":
        return None
    more = owed(outages, timer.since or order.placed_at, timer.due_at, timer.returned_s)
    if not more:
        return None
    due_at = timer.due_at + timedelta(seconds=more)
    return TimeReturned(at=now, of="timer", name=timer.name, due_at=due_at, returned_s=more)


def apply_returned(order: Order, event: TimeReturned) -> Order:
    """Move the promise in favour of whoever it was made to."""
    match event.of:
        case "review":
            return msgspec.structs.replace(order, review=_later(order.review or Review(), event))
        case "timer":
            timers = (_later(one, event) if one.name == event.name else one for one in order.timers)
            return msgspec.structs.replace(order, timers=tuple(timers))
        case _:
            assert_never(event.of)


P = TypeVar("P", Review, Timer)


def _later(promise: P, event: TimeReturned) -> P:
    return msgspec.structs.replace(promise, due_at=event.due_at, returned_s=promise.returned_s + event.returned_s)
