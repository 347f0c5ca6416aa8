"""What the API says of money on its way back and of what would go back, and who is told by which means (I-26)."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.api.told import Told
from rescind.core.chargeback import frozen, frozen_until
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus
from rescind.core.price import BenefitKind, Fee
from rescind.core.quote import Quote, TenderShare
from rescind.core.refund import SANDBOX
from rescind.core.reimbursement import Reimbursement
from rescind.postgres.credentials import Role

MONEY_SEEN_BY: frozenset[Role] = frozenset({"buyer", "support", "operator", "host"})
"""Who sees by which means somebody paid. The seller is told how much comes back, not from where."""


class RefundTold(Told, frozen=True, kw_only=True):
    """Money on its way back to where it came from. ``in_doubt``: the provider has not said; it is being asked.

    not_sent: why nothing was sent yet although it is owed, for those who can do something about it; empty otherwise.
    release: nothing was taken, so a promise of the bank is let go. into: empty for its tender, ``store_credit`` or
    ``paid_out`` otherwise. settled: what became of one that failed (again, store_credit, paid_out).
    waits_for: ``bank`` while the buyer's bank decides about this payment, empty otherwise; waits_until: when support
    asks what became of it. covered: what the buyer got of it another way, and is not sent. trial: it is only tried, by
    the sandbox, which moves no money.
    """

    id: str
    cancellation: str | None
    tender: str
    amount: Money
    status: RefundStatus
    not_sent: str
    release: bool
    into: str
    settled: str
    waits_for: str
    waits_until: Instant | None
    covered: Money
    trial: bool
    owed_at: Instant
    settled_at: Instant | None


class QuoteLineTold(Told, frozen=True, kw_only=True):
    """What one line would give back: goods less their discount share, plus their recorded tax.

    discount_by_platform: what of the discount the platform gave.
    """

    line: str
    quantity: int
    goods: Money
    discount: Money
    discount_by_platform: Money
    tax: Money
    total: Money


class FeeTold(Told, frozen=True, kw_only=True):
    """What the seller keeps, by which rule. ``line``: of whose price; null for what is kept once."""

    rule: str
    line: str | None
    amount: Money


class BenefitTold(Told, frozen=True, kw_only=True):
    """Units of a voucher or of points that go back as what they were. ``id``: the host's."""

    id: str
    kind: BenefitKind
    units: int


class FundingTold(Told, frozen=True, kw_only=True):
    """Who bears what goes back. ``subsidy``: what the platform had paid of the price, which falls to it again."""

    seller: Money
    platform: Money
    subsidy: Money


class QuoteTenderTold(Told, frozen=True, kw_only=True):
    """What would go back to one tender."""

    tender: str
    amount: Money


class QuoteTold(Told, frozen=True, kw_only=True):
    """What cancelling would give back. ``total`` is what the tenders add up to; before payment that is nothing.

    charges: what was paid for the order as a whole. fees, fee: what the seller keeps, each and together. released,
    releases: what a bank has promised and nobody took; it is let go. benefits: what comes back as voucher or points.
    other: what the parts do not explain, below zero for what was not paid, was given back before or left another way.
    rounding: what of the total is there only because no smaller amount can be sent; below zero where that much waits
    for the last part of the order. lines, shipping, charges and these two, less fee, are total and released. funding:
    to sellers and staff.
    """

    lines: list[QuoteLineTold]
    shipping: Money
    shipping_tax: Money
    charges: Money
    fees: list[FeeTold]
    fee: Money
    other: Money
    rounding: Money
    total: Money
    tenders: list[QuoteTenderTold]
    released: Money
    releases: list[QuoteTenderTold]
    benefits: list[BenefitTold]
    funding: FundingTold | None


class ReimbursementTold(Told, frozen=True, kw_only=True):
    """What leaving a contract gives back. cancelled: for what has not left, owed at once; returned: for what is sent
    back, once it is there. Null where there is nothing of the kind.
    """

    cancelled: QuoteTold | None
    returned: QuoteTold | None


def reimbursement_told(found: Reimbursement, role: Role) -> ReimbursementTold:
    """Both quotes of a withdrawal."""
    return ReimbursementTold(
        cancelled=quote_told(found.stopped, role) if found.stopped else None,
        returned=quote_told(found.back, role) if found.back else None,
    )


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
            release=one.release,
            into=one.into,
            settled=one.settled,
            waits_for="bank" if frozen(order, one) else "",
            waits_until=frozen_until(order, one.tender) if frozen(order, one) else None,
            covered=Money(one.covered_minor, order.currency),
            trial=one.through == SANDBOX,
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
                discount_by_platform=Money(one.platform_minor, currency),
                tax=Money(one.tax_minor, currency),
                total=Money(one.total_minor, currency),
            )
            for one in quote.lines
        ],
        shipping=Money(quote.shipping_minor, currency),
        shipping_tax=Money(quote.shipping_tax_minor, currency),
        charges=Money(quote.charges_minor, currency),
        fees=fees_told(quote.fees, currency),
        fee=Money(quote.fee_minor, currency),
        other=Money(quote.other_minor, currency),
        rounding=Money(quote.rounding_minor, currency),
        total=Money(quote.total_minor, currency),
        tenders=_shares(quote.tenders, currency, role),
        released=Money(quote.released_minor, currency),
        releases=_shares(quote.releases, currency, role),
        benefits=[BenefitTold(id=one.id, kind=one.kind, units=one.units) for one in quote.benefits],
        funding=None
        if role == "buyer"
        else FundingTold(
            seller=Money(quote.funding.seller_minor, currency),
            platform=Money(quote.funding.platform_minor, currency),
            subsidy=Money(quote.funding.subsidy_minor, currency),
        ),
    )


def fees_told(fees: Iterable[Fee], currency: str) -> list[FeeTold]:
    """What the seller keeps of a cancellation."""
    return [FeeTold(rule=one.rule, line=one.line or None, amount=Money(one.amount_minor, currency)) for one in fees]


def _shares(shares: Iterable[TenderShare], currency: str, role: Role) -> list[QuoteTenderTold]:
    if role not in MONEY_SEEN_BY:
        return []
    return [QuoteTenderTold(tender=one.tender, amount=Money(one.amount_minor, currency)) for one in shares]
