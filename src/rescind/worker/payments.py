"""Unpaid orders: the provider is asked before one is given up, for word of a payment may be late or lost (KF-17)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from rescind.core.actor import SYSTEM
from rescind.core.fulfilment import ReportFact
from rescind.core.lifecycle import UNPAID, by_itself
from rescind.core.order import FactKind, Tender
from rescind.core.ports import Captured, PaymentProvider
from rescind.engine import Engine, Submission
from rescind.postgres.due import DueTable, Leased
from rescind.worker.each import each

AT_ONCE = 32
LEASE = timedelta(seconds=30)
CHECK_AGAIN = timedelta(minutes=5)


async def sweep(engine: Engine, due: DueTable, provider: PaymentProvider) -> int:
    """Settle or give up every order whose time to pay is over; returns how many. Raises an ExceptionGroup."""
    leased = await due.lease(UNPAID, LEASE, AT_ONCE)
    await each(_settle(engine, due, one, provider) for one in leased)
    return len(leased)


async def _settle(engine: Engine, due: DueTable, leased: Leased, provider: PaymentProvider) -> None:
    order = leased.order
    waiting = [tender for tender in order.tenders if tender.captured_minor < tender.amount_minor]
    replies = [
        await provider.captured(order.number, one.id, one.method, one.amount_minor, order.currency) for one in waiting
    ]
    unclear = [reply.check_after_s for reply in replies if not reply.clear]
    if unclear:
        # Not known is not unpaid: the order waits for the answer.
        wait = min((span for span in unclear if span), default=0)
        await due.postpone(leased, timedelta(seconds=wait) if wait else CHECK_AGAIN)
        return
    found = [(tender, reply) for tender, reply in zip(waiting, replies, strict=True) if reply.at is not None]
    ends = Submission(command=by_itself(order.id, leased.due), actor=SYSTEM, settled=leased.due)
    if _in_time(leased, waiting, found):
        # All of it in one command, so that no crash leaves half a payment.
        at = max(reply.at for _, reply in found if reply.at is not None)
        paid = ReportFact(order=order.id, fact=FactKind.PAID, occurred_at=at)
        await engine.handle(Submission(command=paid, actor=SYSTEM))
        await engine.handle(ends)
        return
    await engine.handle(ends)
    for tender, reply in found:
        # Too late, or not all of it: what did come in goes back (S-04).
        amount = min(reply.amount_minor, tender.amount_minor - tender.captured_minor)
        if amount > 0 and reply.at is not None:
            late = ReportFact(
                order=order.id, fact=FactKind.PAID, occurred_at=reply.at, tender=tender.id, amount_minor=amount
            )
            await engine.handle(Submission(command=late, actor=SYSTEM))


def _in_time(leased: Leased, waiting: Sequence[Tender], found: Sequence[tuple[Tender, Captured]]) -> bool:
    """Whether everything that was to be paid had come in before the limit."""
    return len(found) == len(waiting) and all(
        reply.at is not None
        and reply.at < leased.due.due_at
        and tender.captured_minor + reply.amount_minor >= tender.amount_minor
        for tender, reply in found
    )
