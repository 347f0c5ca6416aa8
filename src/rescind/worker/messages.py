"""What providers told us: our own refunds move on, and money that left another way is written down (WH-03, WH-04)."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import structlog

from rescind.connections import Connected
from rescind.core.actor import SYSTEM
from rescind.core.errors import RescindError, Unavailable
from rescind.core.fulfilment import ReportFact
from rescind.core.ids import OrderId, RefundId, shop_of
from rescind.core.order import Order
from rescind.core.parts import FactKind, RefundStatus, Tender
from rescind.core.ports import DisputeNews, News, PaymentNews, RefundNews
from rescind.core.refund import ProviderOutcome, RecordRefundReply
from rescind.engine import Engine, Submission
from rescind.postgres.connections import Message
from rescind.worker.each import each

log = structlog.get_logger()

AT_ONCE = 32
LEASE = timedelta(seconds=60)
CHECK_AGAIN = timedelta(minutes=15)
TRIES = 12
"""How often a message that finds no order yet is read again before a person looks at it: three quarters of an hour."""
_WAITS = frozenset({RefundStatus.OWED, RefundStatus.IN_DOUBT})
_GOING_OR_GONE = frozenset({ProviderOutcome.SUCCEEDED, ProviderOutcome.SUBMITTED})


class _Aside(Exception):
    """Nothing can be made of it. Why, in a code."""


class _NotYet(Exception):
    """What it is about is not here yet."""


async def sweep(engine: Engine, connected: Connected) -> int:
    """Read every message that is due; returns how many. Raises an ExceptionGroup of what failed."""
    leased = await connected.table.lease(LEASE, AT_ONCE)
    await each(_read(engine, connected, one) for one in leased)
    return len(leased)


async def _read(engine: Engine, connected: Connected, message: Message) -> None:
    table = connected.table
    try:
        news = await connected.news(message)
        if news is None:
            raise _Aside("unknown_type")
        told = [await _tell(engine, connected, message, one) for one in news]
    except Unavailable as away:
        after = away.params.get("retry_after")
        await table.postpone(message, timedelta(seconds=after if isinstance(after, int) else 30))
    except _NotYet as absent:
        if message.attempts >= TRIES:
            await table.finish(message, "set_aside", str(absent))
        else:
            await table.postpone(message, timedelta(seconds=min(2**message.attempts, 600)))
    except (_Aside, msgspec.ValidationError, ValueError) as odd:
        cause = str(odd) if isinstance(odd, _Aside) else "unreadable"
        log.warning("provider.message_set_aside", connection=message.connection, id=message.id, cause=cause)
        await table.finish(message, "set_aside", cause)
    else:
        await table.finish(message, "done" if any(told) else "no_news")


async def _tell(engine: Engine, connected: Connected, message: Message, news: News) -> bool:
    """Say it to the order it is about; whether it was news there."""
    if isinstance(news, RefundNews) and news.refund:
        return await _own_refund(engine, connected, message, news)
    order, tender = await _paid_by(connected, message, news)
    if news.currency != order.currency:
        raise _Aside("other_currency")
    match news:
        case PaymentNews():
            missing = tender.amount_minor - tender.captured_minor
            if not missing:
                return False
            amount = min(news.amount_minor, missing)
            return await _report(engine, message, order, tender, FactKind.PAID, news, amount, news.payments[0])
        case DisputeNews(won=won, lost=lost) if won or lost:
            fact = FactKind.CHARGEBACK_WON if won else FactKind.CHARGEBACK_LOST
            return await _report(engine, message, order, tender, fact, news, news.amount_minor, news.reference)
        case RefundNews() if news.status not in _GOING_OR_GONE:
            if any(one.reference == news.reference for one in order.reports):
                raise _Aside("refund_by_hand_failed")
            return False
        case RefundNews() | DisputeNews():
            by_bank = isinstance(news, DisputeNews)
            fact = FactKind.CHARGED_BACK if by_bank else FactKind.REFUNDED_ELSEWHERE
            return await _report(engine, message, order, tender, fact, news, news.amount_minor, news.reference)


async def _own_refund(engine: Engine, connected: Connected, message: Message, news: RefundNews) -> bool:
    """A refund of ours comes back. It is looked for by our own id, and is no news if it says what we know (KF-14)."""
    try:
        shop = shop_of(news.order)
    except RescindError:
        raise _Aside("unknown_order") from None
    order = await connected.table.order(shop, news.order)
    if order is None:
        raise _NotYet("unknown_order")
    refund = next((one for one in order.refunds if one.id == news.refund), None)
    if refund is None:
        raise _Aside("unknown_refund")
    tender = next(one for one in order.tenders if one.id == refund.tender)
    # Signed by a connection of ours and named by our own id, it is this refund, unless another one took it.
    if (refund.through or tender.provider) not in {"", message.connection}:
        raise _Aside("other_connection")
    if (news.amount_minor, news.currency) != (refund.amount_minor, order.currency):
        raise _Aside("other_amount")
    if news.status is ProviderOutcome.IN_DOUBT or (
        news.status is ProviderOutcome.SUBMITTED and refund.status not in _WAITS
    ):
        return False
    command = RecordRefundReply(
        order=order.id,
        refund=RefundId(news.refund),
        outcome=news.status,
        reference=news.reference,
        next_check_at=message.at + CHECK_AGAIN,
        through=message.connection,
    )
    outcome = await engine.handle(Submission(command=command, actor=SYSTEM))
    return bool(outcome.records)


async def _paid_by(connected: Connected, message: Message, news: News) -> tuple[Order, Tender]:
    """The one tender that a payment paid for."""
    # A payment that nobody named a connection for is found by its own id; that it was taken here, the message says.
    found = await connected.table.paid_by(news.payments, (message.connection, ""))
    if not found:
        raise _NotYet("unknown_payment")
    if len(found) > 1:
        # Several orders or tenders share it, and whose money it was the provider does not say.
        raise _Aside("shared_payment")
    ((shop, identifier, name),) = found
    order = await connected.table.order(shop, OrderId(identifier))
    tender = next((one for one in order.tenders if one.id == name), None) if order else None
    if order is None or tender is None:
        raise _NotYet("unknown_order")
    if tender.provider not in {"", message.connection}:
        raise _Aside("other_connection")
    return order, tender


async def _report(
    engine: Engine,
    message: Message,
    order: Order,
    tender: Tender,
    fact: FactKind,
    news: News,
    amount: int,
    reference: str,
) -> bool:
    command = ReportFact(
        order=order.id,
        fact=fact,
        # What we were told of has happened, whatever their clock says.
        occurred_at=min(news.at, message.received_at),
        tender=tender.id,
        amount_minor=amount,
        reference=reference,
        connection=message.connection,
    )
    try:
        outcome = await engine.handle(Submission(command=command, actor=SYSTEM))
    except Unavailable:
        raise
    except RescindError as refused:
        log.warning("provider.message_refused", order=order.id, fact=fact.value, code=refused.code)
        raise _Aside("does_not_fit") from refused
    return bool(outcome.records)
