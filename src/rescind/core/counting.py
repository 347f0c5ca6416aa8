"""What is counted of a buyer for the limits that policies set; worker and stories count by the same words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from rescind.core.cancellation import PLATFORM, CancellationApproved
from rescind.core.fulfilment import FactReported
from rescind.core.order import Order
from rescind.core.parts import CancellationStatus, FactKind
from rescind.core.record import Record
from rescind.core.terms import Terms

CANCELLATIONS = "cancellations"
DOOR_REFUSALS = "door_refusals"

_NOT_THE_BUYER = frozenset({"seller", "system"})
_UNASKED = frozenset({"system", PLATFORM})
_ONCE_APPROVED = frozenset({CancellationStatus.APPROVED, CancellationStatus.UNDONE})


def counted(order: Order, records: Sequence[Record]) -> tuple[str, ...]:
    """The names of the counters that one command of an order adds one to (R-122, R-215).

    An order counts once, with the first of its cancellations: whoever takes ten items out of one order, each when they
    think of it, has not cancelled ten orders (M-31).
    """
    approved = [one.event for one in records if isinstance(one.event, CancellationApproved)]
    first = next((one for one in approved if one.by not in _NOT_THE_BUYER and not _unasked(one)), None)
    found = (CANCELLATIONS,) if first is not None and not _counted_before(order, first) else ()
    return (*found, DOOR_REFUSALS) if _refused_at_the_door(order, records, approved) else found


def _counted_before(order: Order, event: CancellationApproved) -> bool:
    """Whether an earlier cancellation of the order was counted. One that was undone since had been."""
    return any(
        one.id != event.cancellation
        and one.status in _ONCE_APPROVED
        and one.closed_at is not None
        and one.closed_at < event.at
        and one.closed_by not in _NOT_THE_BUYER
        and one.filed_by not in _UNASKED
        for one in order.cancellations
    )


def _unasked(event: CancellationApproved) -> bool:
    return event.request is not None and event.request.filed_by in _UNASKED


def _refused_at_the_door(order: Order, records: Sequence[Record], approved: Sequence[CancellationApproved]) -> bool:
    """Whether the buyer did not take an order that was to be paid at the door: once an order, however many parcels.

    What came back because the carrier called it back was not refused, and nobody has to pay for a seller's mistake.
    """
    excused = order.progress.seller_fault_at or order.progress.error_confirmed_at
    if not order.cash_on_delivery or excused:
        return False
    told = [one.seq for one in records if isinstance(one.event, FactReported) and one.event.fact is FactKind.REFUSED]
    first = min((one.seq for one in order.reports if one.fact is FactKind.REFUSED), default=0)
    ended = any(one.request is not None and one.request.reason == FactKind.REFUSED.value for one in approved)
    return first in told and ended


class AtTheDoor(msgspec.Struct, frozen=True, kw_only=True):
    """How a buyer stands with paying at the door. refused: in the last ``days``; off_until: the day it may be again."""

    refused: int
    limit: int
    days: int
    off_until: date | None

    @property
    def left(self) -> int:
        """How many more refusals there are before it is switched off."""
        return max(0, self.limit - self.refused)


def at_the_door(terms: Terms, refusals: Sequence[tuple[date, int]], today: date) -> AtTheDoor | None:
    """What the policy makes of a buyer's refusals, by day; None where it sets no limit (R-122).

    It is over by itself, on the day on which fewer than the limit lie in the span.
    """
    limit, length = terms.preset.values.get("door_refusals", 0), terms.preset.values.get("door_refusals_days", 0)
    if not isinstance(limit, int) or not isinstance(length, int) or limit <= 0:
        return None
    within = sorted(day for day, count in refusals for _ in range(count) if day > today - timedelta(days=length))
    over = len(within) - limit
    return AtTheDoor(
        refused=len(within),
        limit=limit,
        days=length,
        off_until=within[over] + timedelta(days=length) if over >= 0 else None,
    )
