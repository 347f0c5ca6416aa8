"""Deadlines: what is due is put to the engine like any other command, and judged again on the order as it is."""

from __future__ import annotations

from rescind.core.actor import SYSTEM
from rescind.core.ids import OrderId
from rescind.core.lifecycle import Due, by_itself
from rescind.core.outage import Outage
from rescind.engine import Engine, Submission
from rescind.postgres.due import DueTable
from rescind.worker.each import each

AT_ONCE = 256
KINDS = (
    *("deadline", "hold", "timer", "review", "return", "override", "proposal", "escalation"),
    *("refund_order", "chargeback"),
)
"""What lapses by itself when its time has come."""


async def sweep(engine: Engine, due: DueTable) -> int:
    """Let everything lapse that is due; returns how much there was. Raises an ExceptionGroup of what failed."""
    ready = await due.ready(KINDS, AT_ONCE)
    outages = await due.outages() if ready else ()
    await each(_lapse(engine, order, one, outages) for order, one in ready)
    return len(ready)


async def _lapse(engine: Engine, order: OrderId, one: Due, outages: tuple[Outage, ...]) -> None:
    await engine.handle(Submission(command=by_itself(order, one, outages), actor=SYSTEM, settled=one))
