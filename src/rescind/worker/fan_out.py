"""Fan-out: what a command wrote is carried to everything that is kept from events."""

from __future__ import annotations

from rescind.core.counting import counted
from rescind.core.instant import Instant
from rescind.postgres.due import DueTable, Told

AT_ONCE = 200


async def sweep(due: DueTable) -> int:
    """Carry every fan-out that is due; returns how many there were."""
    told = await due.told(AT_ONCE)
    if told:
        await due.finish(told, [row for one in told for row in _counted(one)])
    return len(told)


def _counted(told: Told) -> list[tuple[str, Instant, str, int]]:
    """What counts for the buyer, for the limits that policies may set (R-122, R-215)."""
    at = told.records[-1].event.at if told.records else None
    return [(told.order.buyer, at, name, 1) for name in counted(told.order, told.records)] if at else []
