"""Where notices lead to on an order's page; once what they asked for is over, to what happened instead."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.core.order import Order

DECIDE, REVIEW, CALLED, NOTES = "decide", "review", "called", "notes"


def over(order: Order, there: Iterable[str]) -> list[str]:
    """Places that somebody may be led to and that are not on the page any more. there: those that are."""
    places = (
        *(DECIDE, REVIEW, CALLED, NOTES),
        *(f"override-{one.number}" for one in order.overrides),
        *(f"proposal-{one.number}" for one in order.proposals),
        *(f"failed-{one.id}" for one in order.refunds),
    )
    shown = set(there)
    return [one for one in places if one not in shown]
