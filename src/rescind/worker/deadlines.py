"""Deadlines: what is due is put to the engine like any other command, and judged again on the order as it is."""

from __future__ import annotations

from rescind.core.actor import SYSTEM
from rescind.core.cancellation import LapseDeadline
from rescind.core.fulfilment import EndHold
from rescind.core.ids import CancellationId, OrderId
from rescind.core.lifecycle import Command, Due
from rescind.core.outage import Outage
from rescind.core.review import LapseReview
from rescind.core.timers import RingTimer
from rescind.engine import Engine, Submission
from rescind.postgres.due import DueTable
from rescind.worker.each import each

AT_ONCE = 256


async def sweep(engine: Engine, due: DueTable) -> int:
    """Let everything lapse that is due; returns how much there was. Raises an ExceptionGroup of what failed."""
    ready = await due.ready(("deadline", "hold", "timer", "review"), AT_ONCE)
    outages = await due.outages() if ready else ()
    await each(_lapse(engine, order, one, outages) for order, one in ready)
    return len(ready)


async def _lapse(engine: Engine, order: OrderId, one: Due, outages: tuple[Outage, ...]) -> None:
    await engine.handle(Submission(command=_command(order, one, outages), actor=SYSTEM, settled=one))


def _command(order: OrderId, one: Due, outages: tuple[Outage, ...]) -> Command:
    match one.kind:
        case "deadline":
            return LapseDeadline(order=order, cancellation=CancellationId(one.ref), outages=outages)
        case "hold":
            return EndHold(order=order)
        case "review":
            return LapseReview(order=order)
        case _:
            return RingTimer(order=order, name=one.ref.rpartition(":")[2])
