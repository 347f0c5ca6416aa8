"""Comparing our refunds with a provider's, all of them: what is news is told to the orders, the rest is kept."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import structlog

from rescind.core.actor import SYSTEM
from rescind.core.errors import RescindError
from rescind.core.ids import OrderId, RefundId
from rescind.core.instant import Instant
from rescind.core.parts import RefundStatus
from rescind.core.ports import ProviderRefund
from rescind.core.reconcile import BECOMES, LATE_AFTER, Compared, Difference, OurRefund, compare, side_by_side
from rescind.core.refund import OPEN, RecordRefundReply
from rescind.engine import Engine, Submission
from rescind.postgres.reconciliation import Counts, Reconciliations, Run, State

log = structlog.get_logger()

TOGETHER = 64
"""Differences that are told to orders at the same time, and then kept."""
CHECK_AGAIN = timedelta(minutes=15)


async def reconcile(
    engine: Engine,
    table: Reconciliations,
    theirs: AsyncIterator[Sequence[ProviderRefund]],
    *,
    provider: str,
    source: str,
    since: Instant,
    until: Instant,
    by: str,
    late_after: timedelta = LATE_AFTER,
) -> Run:
    """Compare everything between two times and keep what differs; gives the finished run.

    theirs: what the provider has, some at a time, in any order. What fails on the way leaves a run without an end,
    which counts for nothing.
    """
    counts = Counts()
    async with table.both(theirs, provider=provider, since=since, until=until) as (ours, listed):
        run = await table.begin(provider=provider, source=source, since=since, until=until, by=by)
        waiting: list[Difference] = []
        kept = 0
        async for mine, his in side_by_side(ours, listed):
            compared = compare(mine, his, until=until, late_after=late_after)
            if mine is None and compared.differences and await table.told_elsewhere(his[0], provider):
                # The order heard of it already and counts it as taken elsewhere, so nobody need look at it.
                compared = Compared(agreed="agreed")
            _count(counts, mine, his, compared.agreed)
            waiting += compared.differences
            if len(waiting) >= TOGETHER:
                await table.keep(run, kept + 1, await _told(engine, waiting, until))
                kept += len(waiting)
                waiting = []
        await table.keep(run, kept + 1, await _told(engine, waiting, until))
    return await table.finish(run, counts)


def _count(counts: Counts, mine: OurRefund | None, his: Sequence[ProviderRefund], agreed: str | None) -> None:
    counts.ours += mine is not None and (mine.expected or bool(his))
    counts.theirs += len(his)
    match agreed:
        case "agreed":
            counts.agreed += 1
        case "on_its_way":
            counts.on_its_way += 1
        case "not_sent":
            counts.not_sent += mine is not None and mine.expected
        case _:
            pass


async def _told(engine: Engine, found: Sequence[Difference], until: Instant) -> list[tuple[Difference, State]]:
    """Each difference with its state: those that are news for their orders are told to them now."""
    states = await asyncio.gather(*(_tell(engine, one, until) for one in found))
    return list(zip(found, states, strict=True))


async def _tell(engine: Engine, one: Difference, until: Instant) -> State:
    if one.news is None or one.ours is None:
        return "open"
    wanted = BECOMES[one.news]
    command = RecordRefundReply(
        order=OrderId(one.ours.order),
        refund=RefundId(one.ours.refund),
        outcome=one.news,
        reference=one.theirs[0].reference,
        next_check_at=until + CHECK_AGAIN if wanted in OPEN else None,
    )
    try:
        outcome = await engine.handle(Submission(command=command, actor=SYSTEM))
    except RescindError as refusal:
        log.warning("reconcile.refused", refund=one.ours.refund, why=refusal.code)
        return "open"
    # The order may have moved on since it was read; what counts is where it stands now.
    now: RefundStatus = next(each.status for each in outcome.order.refunds if each.id == one.ours.refund)
    return "told" if now is wanted else "open"
