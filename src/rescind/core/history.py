"""Orders that are brought along with what happened to them elsewhere: where history ends and what lives begins.

What is history was lived through without us. The clock does nothing to it by itself, and nobody is told of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import FactKind
from rescind.core.record import Record

LATELY = timedelta(days=3)
"""What is older when we hear of it is history."""

LEFT = frozenset({FactKind.HANDED_OVER, FactKind.OUT_FOR_DELIVERY, FactKind.DELIVERED, FactKind.COMPLETED})
"""What is told of goods that are not in the house any more."""


def is_history(placed_at: Instant, told: Iterable[FactKind], now: Instant) -> bool:
    """Whether an order that is brought along is history: its goods have left, or it was not placed lately."""
    return placed_at < now - LATELY or not LEFT.isdisjoint(told)


def is_old(record: Record) -> bool:
    """Whether it tells of the world of long ago."""
    return record.received_at - record.event.at > LATELY


def tells_nobody(before: Order | None, after: Order, records: Iterable[Record]) -> bool:
    """Whether what was brought along of an order is told to nobody: all of a history, and what is added to it late."""
    return after.history and (before is None or all(is_old(one) for one in records))
