"""The line of steps an order goes through, as buyer and seller alike see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.stage import Stage

_STEPS = ("placed", "paid", "preparing", "ready", "shipped", "delivered")
_STEP_OF = {
    Stage.UNPAID: "placed",
    Stage.ON_HOLD: "paid",
    Stage.REVIEW: "paid",
    Stage.ALLOCATED: "paid",
    Stage.PREPARING: "preparing",
    Stage.PACKING: "preparing",
    Stage.PACKED: "ready",
    Stage.AWAITING_COLLECTION: "ready",
    Stage.PARTIALLY_SHIPPING: "shipped",
    Stage.IN_TRANSIT: "shipped",
    Stage.DELIVERED: "delivered",
    Stage.COMPLETED: "delivered",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One step. ``stopped``: the order ended here; ``at``: when it was reached, None where nobody said so."""

    name: str
    state: Literal["done", "now", "todo", "stopped"]
    at: Instant | None = None


def progress(order: Order, now: Instant) -> tuple[Step, ...]:
    """Every step of an order that goes on; of a cancelled one those it came to, and then its end."""
    reached = _reached(order)
    end = order.progress.cancelled_at
    if end is not None:
        # A parcel that left in spite of it is told elsewhere: what came after the end is no step towards anything.
        came_to = [Step(name, "done", at) for name, at in reached.items() if at is not None and at <= end]
        return (*came_to, Step("cancelled", "stopped", end))
    here = _STEPS.index(_STEP_OF[stage(order, now)])
    return tuple(
        Step(name, _state(place, here), reached[name] if place <= here else None) for place, name in enumerate(_STEPS)
    )


def _state(place: int, here: int) -> Literal["done", "now", "todo"]:
    if place == here:
        return "done" if place == len(_STEPS) - 1 else "now"
    return "done" if place < here else "todo"


def _reached(order: Order) -> dict[str, Instant | None]:
    """When each step began; of steps that parcels report, the first that left and the last that arrived."""
    times = order.progress
    labelled = [one.labelled_at for one in order.parcels if one.labelled_at]
    left = [one.handed_over_at for one in order.parcels if one.handed_over_at]
    arrived = [one.delivered_at for one in order.parcels if one.delivered_at]
    return {
        "placed": order.placed_at,
        "paid": times.paid_at,
        "preparing": times.preparation_started_at or times.packing_started_at,
        "ready": times.packed_at or min(labelled, default=None),
        "shipped": min(left, default=None),
        "delivered": times.delivered_at or max(arrived, default=None),
    }
