"""Double entry: where the money of an order stands, in postings that add up to nothing (I-06)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import assert_never

import msgspec

from rescind.core import (
    cancellation,
    chargeback,
    correction,
    escalation,
    failed_refund,
    fulfilment,
    intercept,
    lost_time,
    offer,
    order_note,
    override,
    packing,
    parcels,
    refund,
    refund_order,
    returns,
    review,
    second_person,
    stock,
    timers,
)
from rescind.core.failed_refund import WayOn
from rescind.core.lifecycle import Event
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus, Tender

PROVIDER = "provider"
"""Money that payment providers hold for the marketplace."""
SELLER = "seller"
"""What the marketplace owes the seller."""
BUYER = "buyer"
"""What is on its way back to the buyer."""
CREDIT = "credit"
"""What the marketplace owes buyers as credit of its own: balances, gift cards, vouchers, points, store credit. Paying
with it takes from it, a refund to it gives it back, and no payment provider has a part in either. Of a refund that
became credit because its tender could not take it, the money it stands for is still with the provider."""
ELSEWHERE = "elsewhere"
"""Money that left by a way that is not ours: a chargeback, the provider's own page."""
BY_HAND = "by_hand"
"""What somebody paid out by hand, with a voucher, because no provider could."""

ACCOUNTS = (PROVIDER, CREDIT, SELLER, BUYER, ELSEWHERE, BY_HAND)
"""Every account there is, in the order in which people read them."""

CREDIT_METHODS = frozenset({"balance", "gift_card", "points", "store_credit", "voucher"})
"""Means of payment that are money the marketplace owes already."""
_OTHER_WAYS: Mapping[str, str] = {WayOn.STORE_CREDIT: CREDIT, WayOn.PAID_OUT: BY_HAND}
"""Where a refund that its tender could not take comes from."""


class Posting(msgspec.Struct, frozen=True):
    """One side of an entry: ``amount_minor`` > 0 adds to the account, < 0 takes from it."""

    account: str
    tender: str
    amount_minor: int


def postings(before: Order | None, event: Event) -> tuple[Posting, ...]:
    """The entry an event makes; empty for an event that moves no money, as on trial none does (ADR 0143)."""
    made = _made(before, event)
    if isinstance(event, refund.RefundAnswered) and event.cause == refund.ONLY_TRIED:
        return (*_opened(before, event), *made)
    tried = {one.id for one in (before.tenders if before else ()) if one.trial}
    if isinstance(event, fulfilment.FactReported):
        tried |= {tender for tender, through in event.through.items() if through.trial}
    return tuple(one for one in made if one.tender not in tried)


def _opened(before: Order | None, event: refund.RefundAnswered) -> tuple[Posting, ...]:
    """Where the money of a tender stands that was taken for a trial until now, and about which nothing was written."""
    assert before is not None, "a refund belongs to an order"
    owed = _refund(before, event.refund)
    tender = next(one for one in before.tenders if one.id == owed.tender)
    if not tender.trial:
        return ()
    stands = balances(msgspec.structs.replace(tender, trial=False), before.refunds)
    return tuple(Posting(account, tender.id, amount) for account, amount in stands.items() if amount)


def _made(before: Order | None, event: Event) -> tuple[Posting, ...]:
    match event:
        case fulfilment.FactReported():
            if not event.captured and not event.taken and not event.returned:
                return ()
            held = _held(before)
            captured = _move(event.captured, source=SELLER, target=held)
            back = _move(event.returned, source=ELSEWHERE, target=held)
            return (*captured, *_move(event.taken, source=held, target=ELSEWHERE), *back)
        case cancellation.CancellationApproved() | refund.RefundOwed() | offer.OfferAccepted():
            return _move(_owed(event.refunds), source=BUYER, target=SELLER)
        case refund.RefundAnswered():
            return _answered(before, event)
        case chargeback.RefundCovered():
            # Owed to nobody any more: the buyer has it already, from what lies in ``elsewhere``.
            return _move({_refund(before, event.refund).tender: event.amount_minor}, source=SELLER, target=BUYER)
        case failed_refund.FailedRefundSettled():
            by_hand = {one.tender: one.amount_minor for one in event.refunds if one.into == WayOn.PAID_OUT}
            others = tuple(one for one in event.refunds if one.into != WayOn.PAID_OUT)
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
            | lost_time.TimeReturned()
            | cancellation.SellerAsked()
            | cancellation.CancellationHeld()
            | cancellation.CancellationRefused()
            | cancellation.CancellationWithdrawn()
            | cancellation.CancellationOvertaken()
            | cancellation.DeadlineExtended()
            | order_note.NoteAdded()
            | order_note.NoteAcknowledged()
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
            | second_person.ProposalMade()
            | second_person.ProposalConfirmed()
            | second_person.ProposalDropped()
            | cancellation.CancellationReopened()
            | cancellation.CancellationUndone()
            | escalation.EscalationOpened()
            | escalation.EscalationTaken()
            | escalation.EscalationLapsed()
            | escalation.EscalationClosed()
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
    if owed.release:
        return ()
    amount = {owed.tender: owed.amount_minor}
    source = _OTHER_WAYS.get(owed.into) or _held(before)[owed.tender]
    if event.status is RefundStatus.SUCCEEDED:
        return _move(amount, source=source, target=BUYER)
    if event.status is not RefundStatus.FAILED:
        return ()
    if owed.status is RefundStatus.SUCCEEDED:
        # The bank sent it back: it lies with the provider again and is owed to nobody until somebody decides (I-09).
        return (*_move(amount, source=BUYER, target=source), *_move(amount, source=SELLER, target=BUYER))
    return _move(amount, source=SELLER, target=BUYER)


def _refund(before: Order | None, identifier: str) -> Refund:
    assert before is not None, "a refund belongs to an order"
    return next(one for one in before.refunds if one.id == identifier)


def holder(tender: Tender) -> str:
    """The account that the money of a tender lies in while it is here."""
    return CREDIT if tender.method in CREDIT_METHODS else PROVIDER


def balances(tender: Tender, refunds: Iterable[Refund]) -> dict[str, int]:
    """What the postings of one tender must add up to in each account, from it and the order's refunds alone."""
    if tender.trial:
        return {}
    gone = tender.reserved_minor + tender.refunded_minor
    sums = Counter(
        {
            SELLER: gone - tender.captured_minor,
            BUYER: -tender.reserved_minor,
            ELSEWHERE: tender.taken_elsewhere_minor,
            holder(tender): tender.captured_minor - tender.refunded_minor - tender.taken_elsewhere_minor,
        }
    )
    for one in refunds:
        account = _OTHER_WAYS.get(one.into)
        if account and one.tender == tender.id and one.status is RefundStatus.SUCCEEDED:
            # It came to the buyer from there, so what the tender took is where it was.
            sums[account] -= one.amount_minor
            sums[holder(tender)] += one.amount_minor
    return dict(sums)


def _held(order: Order | None) -> dict[str, str]:
    assert order is not None, "money moves on an order that is there"
    return {tender.id: holder(tender) for tender in order.tenders}


def _owed(refunds: tuple[refund.RefundTerms, ...]) -> dict[str, int]:
    """What becomes owed of what was captured: to let go of a promise moves no money."""
    return {terms.tender: terms.amount_minor for terms in refunds if not terms.release}


def _move(
    amounts: dict[str, int], *, source: str | dict[str, str], target: str | dict[str, str]
) -> tuple[Posting, ...]:
    """From one account to another; an account that depends on the tender is given by tender."""
    return tuple(
        posting
        for tender, amount in amounts.items()
        for posting in (
            Posting(source if isinstance(source, str) else source[tender], tender, -amount),
            Posting(target if isinstance(target, str) else target[tender], tender, amount),
        )
    )
