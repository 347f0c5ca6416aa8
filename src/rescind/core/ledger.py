"""Double entry: where the money of an order stands, in postings that add up to nothing (I-06)."""

from __future__ import annotations

from typing import assert_never

import msgspec

from rescind.core import (
    cancellation,
    chargeback,
    correction,
    fulfilment,
    intercept,
    offer,
    override,
    packing,
    parcels,
    refund,
    returns,
    review,
    stock,
    timers,
)
from rescind.core.lifecycle import Event
from rescind.core.order import Order, Refund, RefundStatus

PROVIDER = "provider"
"""Money that payment providers hold for the marketplace."""
SELLER = "seller"
"""What the marketplace owes the seller."""
BUYER = "buyer"
"""What is on its way back to the buyer."""
ELSEWHERE = "elsewhere"
"""Money that left by a way that is not ours: a chargeback, the provider's own page."""


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
            back = _move(event.returned, source=ELSEWHERE, target=PROVIDER)
            return (*captured, *_move(event.taken, source=PROVIDER, target=ELSEWHERE), *back)
        case cancellation.CancellationApproved() | refund.RefundOwed() | offer.OfferAccepted():
            return _move(_owed(event.refunds), source=BUYER, target=SELLER)
        case refund.RefundAnswered():
            return _answered(before, event)
        case chargeback.RefundCovered():
            # Owed to nobody any more: the buyer has it already, from what lies in ``elsewhere``.
            return _move({_refund(before, event.refund).tender: event.amount_minor}, source=SELLER, target=BUYER)
        case (
            fulfilment.OrderPlaced()
            | fulfilment.HoldEnded()
            | fulfilment.ContradictionNoted()
            | correction.FactCorrected()
            | timers.TimerRang()
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
    owed = _refund(before, event.refund)
    amount = {owed.tender: owed.amount_minor}
    if event.status is RefundStatus.SUCCEEDED:
        return _move(amount, source=PROVIDER, target=BUYER)
    if event.status is not RefundStatus.FAILED:
        return ()
    if owed.status is RefundStatus.SUCCEEDED:
        # The bank sent it back: it lies with the provider again and is owed to nobody until somebody decides (I-09).
        return (*_move(amount, source=BUYER, target=PROVIDER), *_move(amount, source=SELLER, target=BUYER))
    return _move(amount, source=SELLER, target=BUYER)


def _refund(before: Order | None, identifier: str) -> Refund:
    assert before is not None, "a refund belongs to an order"
    return next(one for one in before.refunds if one.id == identifier)


def _owed(refunds: tuple[refund.RefundTerms, ...]) -> dict[str, int]:
    return {terms.tender: terms.amount_minor for terms in refunds}


def _move(amounts: dict[str, int], *, source: str, target: str) -> tuple[Posting, ...]:
    return tuple(
        posting
        for tender, amount in amounts.items()
        for posting in (Posting(source, tender, -amount), Posting(target, tender, amount))
    )
