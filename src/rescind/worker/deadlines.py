"""Deadlines: what is due is put to the engine like any other command, and judged again under the order's lock."""

from __future__ import annotations

import asyncio

import structlog

from rescind.core.actor import SYSTEM
from rescind.core.cancellation import LapseDeadline
from rescind.core.errors import NotFound
from rescind.core.fulfilment import EndHold
from rescind.core.ids import CancellationId, OrderId
from rescind.core.lifecycle import Command, Due
from rescind.engine import Engine, Submission
from rescind.postgres.due import DueTable

log = structlog.get_logger()

AT_ONCE = 256


async def sweep(engine: Engine, due: DueTable) -> int:
    """Let everything lapse that is due; returns how much there was."""
    ready = await due.ready(("deadline", "hold"), AT_ONCE)
    await asyncio.gather(*(_lapse(engine, order, one) for order, one in ready))
    return len(ready)


async def _lapse(engine: Engine, order: OrderId, one: Due) -> None:
    command: Command = (
        LapseDeadline(order=order, cancellation=CancellationId(one.ref))
        if one.kind == "deadline"
        else EndHold(order=order)
    )
    try:
        await engine.handle(Submission(command=command, actor=SYSTEM, settled=one))
    except NotFound:
        log.exception("deadline.without_order", order=order, ref=one.ref)
