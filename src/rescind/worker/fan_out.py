"""Fan-out: what a command wrote is carried to everything that is kept from events."""

from __future__ import annotations

from rescind.core.counting import counted
from rescind.core.fulfilment import FactReported, OrderPlaced
from rescind.core.instant import Instant
from rescind.postgres.due import DueTable, Told

AT_ONCE = 200


async def sweep(due: DueTable) -> int:
    """Carry every fan-out that is due; returns how many there were."""
    told = await due.told(AT_ONCE)
    if told:
        counts = [row for one in told for row in _counted(one)]
        await due.finish(told, counts, [row for one in told for row in _payments(one)])
    return len(told)


def _counted(told: Told) -> list[tuple[str, Instant, str, int]]:
    """What counts for the buyer, for the limits that policies may set (R-122, R-215)."""
    at = told.records[-1].event.at if told.records else None
    return [(told.order.buyer, at, name, 1) for name in counted(told.order, told.records)] if at else []


def _payments(told: Told) -> list[tuple[str, str, str, str, str]]:
    """Which tenders the payments that were named now pay for, so that a provider's message finds its order (WH-03)."""
    named: set[str] = set()
    for record in told.records:
        match record.event:
            case OrderPlaced(order=order):
                named |= {tender.id for tender in order.tenders if tender.payment}
            case FactReported(payments=payments):
                named |= payments.keys()
            case _:
                pass
    order = told.order
    return [
        (tender.payment, tender.provider, order.shop, order.id, tender.id)
        for tender in order.tenders
        if tender.id in named
    ]
