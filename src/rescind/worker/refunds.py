"""Refunds: the provider is asked outside any transaction, and only for what was committed as owed (I-05, I-08)."""

from __future__ import annotations

from datetime import timedelta

from rescind.core.actor import SYSTEM
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus
from rescind.core.ports import PaymentProvider, ProviderReply, RefundCall
from rescind.core.refund import OPEN, ProviderOutcome, RecordRefundReply
from rescind.engine import Engine, Submission
from rescind.postgres.due import DueTable, Leased
from rescind.worker.each import each

AT_ONCE = 32
LEASE = timedelta(seconds=30)
CHECK_AGAIN = timedelta(minutes=15)


async def sweep(engine: Engine, due: DueTable, provider: PaymentProvider) -> int:
    """Send or ask about every refund that is due; returns how many. Raises an ExceptionGroup of what failed."""
    leased = await due.lease("refund", LEASE, AT_ONCE)
    await each(_ask(engine, due, one, provider) for one in leased)
    return len(leased)


async def _ask(engine: Engine, due: DueTable, leased: Leased, provider: PaymentProvider) -> None:
    order = leased.order
    refund = next((one for one in order.refunds if one.id == leased.due.ref), None)
    if refund is None or refund.status not in OPEN:
        return
    reply = await _asked(provider, refund_call(order, refund, leased.at), refund)
    wait = timedelta(seconds=reply.check_after_s) if reply.check_after_s else CHECK_AGAIN
    command = RecordRefundReply(
        order=order.id,
        refund=refund.id,
        outcome=reply.outcome,
        reference=reply.reference,
        cause=reply.cause,
        next_check_at=leased.at + wait,
        confirm_days=reply.confirm_days,
    )
    await engine.handle(Submission(command=command, actor=SYSTEM))
    if reply.outcome is ProviderOutcome.NOT_SENT:
        # It is owed as before, so nothing in the order says when to try again.
        await due.postpone(leased, wait)


async def _asked(provider: PaymentProvider, call: RefundCall, refund: Refund) -> ProviderReply:
    if refund.release:
        # Letting go is asked for again until it is clear: what was let go stays so, and there is no refund to look up.
        return await provider.release(call)
    if refund.status is RefundStatus.OWED:
        return await provider.refund(call)
    return await provider.look_up(call)


def refund_call(order: Order, refund: Refund, at: Instant) -> RefundCall:
    """A refund as its provider is asked for it."""
    tender = next(tender for tender in order.tenders if tender.id == refund.tender)
    return RefundCall(
        order=order.id,
        number=order.number,
        shop=order.shop,
        tender=tender.id,
        method=tender.method,
        payment=tender.payment,
        provider=tender.provider,
        account=tender.account,
        amount_minor=refund.amount_minor,
        currency=order.currency,
        refund=refund.id,
        owed_at=refund.owed_at,
        at=at,
        reference=refund.reference,
        into=refund.into,
    )
