"""Fan-out: what a command wrote is carried to everything that is kept from events."""

from __future__ import annotations

from rescind.core.cancellation import CancellationApproved
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
    """The buyer's cancellations, for the limits that policies may set (R-215)."""
    return [
        (told.order.buyer, record.event.at, "cancellations", 1)
        for record in told.records
        if isinstance(record.event, CancellationApproved) and record.event.by not in {"seller", "system"}
    ]
