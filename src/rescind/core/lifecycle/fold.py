"""What each event does to the order: a line a kind."""

from __future__ import annotations

from functools import reduce
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
from rescind.core.cancellation import fold
from rescind.core.lifecycle.messages import Event
from rescind.core.order import Order


def apply(order: Order | None, event: Event) -> Order:
    """Fold one event into the order. Total: no rules here, no refusal, no clock."""
    if isinstance(event, fulfilment.OrderPlaced):
        folded = fulfilment.apply_placed(event)
    else:
        assert order is not None, "the first event of an order is OrderPlaced"
        folded = _fold(order, event)
    return msgspec.structs.replace(folded, version=(order.version if order else 0) + 1)


def _fold(order: Order, event: Event) -> Order:  # noqa: C901, PLR0912, PLR0915 - one line for each kind there is
    match event:
        case fulfilment.OrderPlaced():
            return fulfilment.apply_placed(event)
        case fulfilment.FactReported():
            return fulfilment.apply_fact(order, event)
        case fulfilment.HoldEnded():
            return fulfilment.apply_hold_ended(order)
        case fulfilment.ContradictionNoted():
            return fulfilment.apply_contradiction(order, event)
        case review.ReviewTaken():
            return review.apply_taken(order, event)
        case review.RecipientCorrected():
            return review.apply_recipient(order, event)
        case lost_time.TimeReturned():
            return lost_time.apply_returned(order, event)
        case timers.TimerRang():
            return timers.apply_rang(order, event)
        case correction.FactCorrected():
            return correction.apply_corrected(order, event)
        case cancellation.SellerAsked():
            return fold.apply_asked(order, event)
        case cancellation.CancellationHeld():
            return fold.apply_held(order, event)
        case cancellation.CancellationApproved():
            return fold.apply_approved(order, event)
        case cancellation.CancellationRefused():
            return fold.apply_refused(order, event)
        case cancellation.CancellationWithdrawn():
            return fold.apply_withdrawn(order, event)
        case cancellation.CancellationOvertaken():
            return fold.apply_overtaken(order, event)
        case cancellation.DeadlineExtended():
            return fold.apply_extended(order, event)
        case cancellation.CancellationReopened():
            return fold.apply_reopened(order, event)
        case cancellation.CancellationUndone():
            return fold.apply_undone(order, event)
        case refund.RefundOwed():
            return refund.apply_owed(order, event)
        case refund.RefundAnswered():
            return refund_order.apply_answered(refund.apply_answered(order, event), event)
        case refund_order.RefundOrderTaken():
            return refund_order.apply_taken(order, event)
        case refund_order.RefundOrderLapsed():
            return refund_order.apply_lapsed(order, event)
        case failed_refund.FailedRefundSettled():
            return failed_refund.apply_settled(order, event)
        case chargeback.RefundCovered():
            return chargeback.apply_covered(order, event)
        case order_note.NoteAdded():
            return order_note.apply_added(order, event)
        case order_note.NoteAcknowledged():
            return order_note.apply_acknowledged(order, event)
        case packing.ShippingLeased():
            return packing.apply_leased(order, event)
        case packing.ShippingGivenBack():
            return packing.apply_given_back(order)
        case packing.GoodsUnpacked():
            return packing.apply_unpacked(order, event)
        case parcels.ParcelsArranged():
            return parcels.apply_arranged(order, event)
        case stock.GoodsCameBack():
            return stock.apply_came_back(order, event)
        case intercept.ContradictionResolved():
            return intercept.apply_resolved(order, event)
        case offer.OfferMade():
            return offer.apply_made(order, event)
        case offer.OfferAccepted():
            return offer.apply_accepted(order, event)
        case offer.OfferDeclined():
            return offer.apply_declined(order, event)
        case returns.ReturnOpened():
            return returns.apply_opened(order, event)
        case returns.ReturnTaken():
            return returns.apply_taken(order, event)
        case returns.ReturnQuestioned():
            return returns.apply_questioned(order, event)
        case returns.ReturnAnswered():
            return returns.apply_answered(order, event)
        case returns.ReturnLapsed():
            return returns.apply_lapsed(order, event)
        case returns.ReturnExtended():
            return returns.apply_extended(order, event)
        case returns.ReturnClosed():
            return returns.apply_closed(order, event)
        case override.OverrideProposed():
            return override.apply_proposed(order, event)
        case override.RulesOverridden():
            return override.apply_overridden(order, event)
        case override.OverrideDropped():
            return override.apply_dropped(order, event)
        case second_person.ProposalMade():
            return second_person.apply_made(order, event)
        case second_person.ProposalConfirmed():
            return second_person.apply_confirmed(order, event)
        case second_person.ProposalDropped():
            return second_person.apply_dropped(order, event)
        case (
            escalation.EscalationOpened()
            | escalation.EscalationTaken()
            | escalation.EscalationLapsed()
            | escalation.EscalationClosed()
        ):
            return escalation.apply(order, event)
        case _:
            assert_never(event)


def replay(events: tuple[Event, ...]) -> Order:
    """The order that these events, from the first, add up to."""
    order = reduce(apply, events, None)
    assert order is not None, "an order has at least the event that placed it"
    return order
