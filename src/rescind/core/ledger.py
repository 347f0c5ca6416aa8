"""Double entry: where the money of an order stands, in postings that add up to nothing (I-06)."""

from __future__ import annotations

from typing import assert_never

import msgspec

from rescind.core import (
    cancellation,
    correction,
    failed_refund,
    fulfilment,
    intercept,
    offer,
    override,
    packing,
    parcels,
    refund,
    refund_order,
    returns,
    review,
    stock,
    timers,
)
from rescind.core.failed_refund import Way
from rescind.core.lifecycle import Event
from rescind.core.order import Order, RefundStatus

PROVIDER = "provider"
"""Money that payment providers hold for the marketplace."""
SELLER = "seller"
"""What the marketplace owes the seller."""
BUYER = "buyer"
"""What is on its way back to the buyer."""
ELSEWHERE = "elsewhere"
"""Money that left by a way that is not ours: a chargeback, the provider's own page."""
CREDIT = "credit"
"""What the marketplace gave buyers as credit with itself; the money it stands for is still with the provider."""
BY_HAND = "by_hand"
"""What somebody paid out by hand, with a voucher, because no provider could."""


class Posting(msgspec.Struct, frozen=True):
    """One side of an entry: ``amount_minor`` > 0 adds to the account, < 0 takes from it."""

    account: str
    tender: str
    amount_minor: int


def postings(before: Order | None, event: Event) -> tuple[Posting, ...]:
    """The entry an event makes; empty for an event that moves no money."""
    match event:
        case fulfilment.FactReported():
            captured = _move(event.captured, source=SELLER, target=PROVIDER)
            return (*captured, *_move(event.taken, source=PROVIDER, target=ELSEWHERE))
        case cancellation.CancellationApproved() | refund.RefundOwed() | offer.OfferAccepted():
            return _move(_owed(event.refunds), source=BUYER, target=SELLER)
        case refund.RefundAnswered():
            return _answered(before, event)
        case failed_refund.FailedRefundSettled():
            by_hand = {one.tender: one.amount_minor for one in event.refunds if one.into == Way.PAID_OUT}
            others = tuple(one for one in event.refunds if one.into != Way.PAID_OUT)
            return (*_move(_owed(others), source=BUYER, target=SELLER), *_move(by_hand, source=BY_HAND, target=SELLER))
        case (
            fulfilment.OrderPlaced()
            | fulfilment.HoldEnded()
            | fulfilment.ContradictionNoted()
            | correction.FactCorrected()
            | timers.TimerRang()
            | refund_order.RefundOrderTaken()
            | refund_order.RefundOrderLapsed()
            | review.ReviewTaken()
            | review.RecipientCorrected()
            | cancellation.SellerAsked()
            | cancellation.CancellationHeld()
            | cancellation.CancellationRefused()
            | cancellation.CancellationWithdrawn()
            | cancellation.CancellationOvertaken()
            | cancellation.DeadlineExtended()
            | packing.ShippingLeased()
            | packing.ShippingGivenBack()
            | packing.GoodsUnpacked()
            | parcels.ParcelsArranged()
            | stock.GoodsCameBack()
            | intercept.ContradictionResolved()
            | offer.OfferMade()
            | offer.OfferDeclined()
            | override.OverrideProposed()
            | override.RulesOverridden()
            | override.OverrideDropped()
            | cancellation.CancellationReopened()
            | cancellation.CancellationUndone()
            | returns.ReturnOpened()
            | returns.ReturnTaken()
            | returns.ReturnQuestioned()
            | returns.ReturnAnswered()
            | returns.ReturnLapsed()
            | returns.ReturnExtended()
            | returns.ReturnClosed()
        ):
            return ()
        case _:
            assert_never(event)


def _answered(before: Order | None, event: refund.RefundAnswered) -> tuple[Posting, ...]:
    assert before is not None, "a refund belongs to an order"
    owed = next(one for one in before.refunds if one.id == event.refund)
    if owed.release:
        return ()
    amount = {owed.tender: owed.amount_minor}
    source = CREDIT if owed.into == Way.STORE_CREDIT else PROVIDER
    if event.status is RefundStatus.SUCCEEDED:
        return _move(amount, source=source, target=BUYER)
    if event.status is not RefundStatus.FAILED:
        return ()
    if owed.status is RefundStatus.SUCCEEDED:
        # The bank sent it back: it lies with the provider again and is owed to nobody until somebody decides (I-09).
        return (*_move(amount, source=BUYER, target=source), *_move(amount, source=SELLER, target=BUYER))
    return _move(amount, source=SELLER, target=BUYER)


def _owed(refunds: tuple[refund.RefundTerms, ...]) -> dict[str, int]:
    """What becomes owed of what was captured: to let go of a promise moves no money."""
    return {terms.tender: terms.amount_minor for terms in refunds if not terms.release}


def _move(amounts: dict[str, int], *, source: str, target: str) -> tuple[Posting, ...]:
    return tuple(
        posting
        for tender, amount in amounts.items()
        for posting in (Posting(source, tender, -amount), Posting(target, tender, amount))
    )
