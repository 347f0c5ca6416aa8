"""What the API says of money on its way back and of what would go back, and who is told by which means (I-26)."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.api.told import Told
from rescind.core.chargeback import frozen, frozen_until
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, Refund, RefundStatus
from rescind.core.refund import Quote
from rescind.postgres.credentials import Role

MONEY_SEEN_BY: frozenset[Role] = frozenset({"buyer", "support", "operator", "host"})
"""Who sees by which means somebody paid. The seller is told how much comes back, not from where."""


class RefundTold(Told, frozen=True, kw_only=True):
    """Money on its way back to where it came from. ``in_doubt``: the provider has not said; it is being asked.

    not_sent: why nothing was sent yet although it is owed, for those who can do something about it; empty otherwise.
    waits_for: ``bank`` while the buyer's bank decides about this payment, empty otherwise; waits_until: when support
    asks what became of it. covered: what the buyer got of it another way, and is not sent.
    """

    id: str
    cancellation: str | None
    tender: str
    amount: Money
    status: RefundStatus
    not_sent: str
    waits_for: str
    waits_until: Instant | None
    covered: Money
    owed_at: Instant
    settled_at: Instant | None


class QuoteLineTold(Told, frozen=True, kw_only=True):
    """What one line would give back: goods less their discount share, plus their recorded tax."""

    line: str
    quantity: int
    goods: Money
    discount: Money
    tax: Money
    total: Money


class QuoteTenderTold(Told, frozen=True, kw_only=True):
    """What would go back to one tender."""

    tender: str
    amount: Money


class QuoteTold(Told, frozen=True, kw_only=True):
    """What cancelling would give back. ``total`` is what the tenders add up to; before payment that is nothing."""

    lines: list[QuoteLineTold]
    shipping: Money
    total: Money
    tenders: list[QuoteTenderTold]


def refunds_told(order: Order, refunds: Iterable[Refund], role: Role) -> list[RefundTold]:
    """Refunds; to a seller without the tender they go to."""
    return [
        RefundTold(
            id=one.id,
            cancellation=one.cancellation,
            tender=one.tender if role in MONEY_SEEN_BY else "",
            amount=Money(one.amount_minor, order.currency),
            status=one.status,
            not_sent=one.cause if role in MONEY_SEEN_BY and role != "buyer" else "",
            waits_for="bank" if frozen(order, one) else "",
            waits_until=frozen_until(order, one.tender) if frozen(order, one) else None,
            covered=Money(one.covered_minor, order.currency),
            owed_at=one.owed_at,
            settled_at=one.settled_at,
        )
        for one in refunds
    ]


def quote_told(quote: Quote, role: Role) -> QuoteTold:
    """A quote; to a seller without the tenders."""
    currency = quote.currency
    return QuoteTold(
        lines=[
            QuoteLineTold(
                line=one.line,
                quantity=one.quantity,
                goods=Money(one.goods_minor, currency),
                discount=Money(one.discount_minor, currency),
                tax=Money(one.tax_minor, currency),
                total=Money(one.total_minor, currency),
            )
            for one in quote.lines
        ],
        shipping=Money(quote.shipping_minor, currency),
        total=Money(quote.total_minor, currency),
        tenders=[QuoteTenderTold(tender=one.tender, amount=Money(one.amount_minor, currency)) for one in quote.tenders]
        if role in MONEY_SEEN_BY
        else [],
    )
