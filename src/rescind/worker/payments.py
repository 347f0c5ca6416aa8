"""Unpaid orders: the provider is asked before one is given up, for word of a payment may be late or lost (KF-17)."""

from __future__ import annotations

from datetime import timedelta

from rescind.core.actor import SYSTEM
from rescind.core.fulfilment import ReportFact
from rescind.core.lifecycle import UNPAID, by_itself
from rescind.core.order import Order
from rescind.core.outage import Outage
from rescind.core.parts import FactKind, Tender
from rescind.core.ports import Captured, PaymentCall, PaymentProvider
from rescind.engine import Engine, Submission
from rescind.postgres.due import DueTable, Leased
from rescind.worker.each import each

AT_ONCE = 32
LEASE = timedelta(seconds=30)
CHECK_AGAIN = timedelta(minutes=5)
CASH_ON_DELIVERY = "cash_on_delivery"


async def sweep(engine: Engine, due: DueTable, provider: PaymentProvider) -> int:
    """Settle or give up every order whose time to pay is over; returns how many. Raises an ExceptionGroup."""
    leased = await due.lease(UNPAID, LEASE, AT_ONCE)
    outages = await due.outages() if leased else ()
    await each(_settle(engine, due, one, provider, outages) for one in leased)
    return len(leased)


async def _settle(
    engine: Engine, due: DueTable, leased: Leased, provider: PaymentProvider, outages: tuple[Outage, ...]
) -> None:
    order = leased.order
    asked = [one for one in order.tenders if one.captured_minor < one.amount_minor and one.method != CASH_ON_DELIVERY]
    replies = [await provider.captured(payment_call(order, one)) for one in asked]
    unclear = [reply.check_after_s for reply in replies if not reply.clear]
    if unclear:
        # Not known is not unpaid: the order waits for the answer.
        wait = min((span for span in unclear if span), default=0)
        await due.postpone(leased, timedelta(seconds=wait) if wait else CHECK_AGAIN)
        return
    limit = leased.due.due_at
    told = [
        (reply.at, _told(order, tender, reply))
        for tender, reply in zip(asked, replies, strict=True)
        if reply.at is not None
    ]
    # What came in before the limit is told first; if it is all of it, nothing is left for the limit to do. What came in
    # at the limit or after goes back (S-04, E-02).
    for at, command in told:
        if at < limit:
            await engine.handle(Submission(command=command, actor=SYSTEM))
    await engine.handle(Submission(command=by_itself(order.id, leased.due, outages), actor=SYSTEM, settled=leased.due))
    for at, command in told:
        if at >= limit:
            await engine.handle(Submission(command=command, actor=SYSTEM))


def _told(order: Order, tender: Tender, reply: Captured) -> ReportFact:
    """A payment as a fact; a tender gets no more than it was to pay."""
    assert reply.at is not None, "only what came in is told"
    return ReportFact(
        order=order.id,
        fact=FactKind.PAID,
        occurred_at=reply.at,
        tender=tender.id,
        amount_minor=min(reply.amount_minor, tender.amount_minor - tender.captured_minor),
    )


def payment_call(order: Order, tender: Tender) -> PaymentCall:
    """A tender as its provider is asked about it."""
    return PaymentCall(
        order=order.id,
        number=order.number,
        shop=order.shop,
        tender=tender.id,
        method=tender.method,
        payment=tender.payment,
        trial=tender.trial,
        provider=tender.provider,
        account=tender.account,
        amount_minor=tender.amount_minor,
        currency=order.currency,
    )
