"""Every command that can be handled, every event that can be folded: a line a kind."""

from __future__ import annotations

from rescind.core import (
    cancellation,
    chargeback,
    correction,
    escalation,
    failed_refund,
    fulfilment,
    giving_back,
    granting,
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
    tracking,
    tried,
    withdrawal,
)
from rescind.core.event import BaseEvent

Command = (
    fulfilment.PlaceOrder
    | fulfilment.ReportFact
    | fulfilment.EndHold
    | correction.CorrectFact
    | timers.RingTimer
    | review.TakeReview
    | review.StopReviewed
    | review.LapseReview
    | review.CorrectRecipient
    | cancellation.RequestCancellation
    | cancellation.ApproveCancellation
    | cancellation.RefuseCancellation
    | cancellation.AnswerForCarrier
    | cancellation.WithdrawCancellation
    | cancellation.CancelBySeller
    | cancellation.LapseDeadline
    | refund.RecordRefundReply
    | refund_order.TakeRefundOrder
    | refund_order.ConfirmRefundOrder
    | refund_order.DeclineRefundOrder
    | refund_order.LapseRefundOrder
    | giving_back.GiveBack
    | failed_refund.SettleFailedRefund
    | tried.OweTried
    | chargeback.LapseChargeback
    | tracking.NoteReusedTracking
    | order_note.AddNote
    | order_note.AcknowledgeNote
    | packing.LeaseShipping
    | packing.GiveBackShipping
    | packing.ShipOrder
    | packing.AcknowledgeUnpacked
    | parcels.ArrangeParcels
    | stock.ReceiveBack
    | intercept.ResolveContradiction
    | offer.MakeOffer
    | offer.AnswerOffer
    | returns.OpenReturn
    | returns.TakeReturn
    | returns.AskForMore
    | returns.AddToReturn
    | returns.CloseReturn
    | returns.WithdrawReturn
    | returns.LapseReturn
    | withdrawal.DeclareWithdrawal
    | override.OverrideRules
    | override.AnswerOverride
    | override.LapseOverride
    | second_person.AnswerProposal
    | second_person.LapseProposal
    | escalation.Escalate
    | escalation.TakeEscalation
    | escalation.CloseEscalation
    | granting.GrantEscalation
    | escalation.LapseEscalation
)

Event = (
    fulfilment.OrderPlaced
    | fulfilment.FactReported
    | fulfilment.HoldEnded
    | fulfilment.ContradictionNoted
    | correction.FactCorrected
    | timers.TimerRang
    | review.ReviewTaken
    | review.RecipientCorrected
    | lost_time.TimeReturned
    | cancellation.SellerAsked
    | cancellation.CancellationHeld
    | cancellation.CancellationApproved
    | cancellation.CancellationRefused
    | cancellation.CancellationWithdrawn
    | cancellation.CancellationOvertaken
    | cancellation.DeadlineExtended
    | cancellation.CancellationReopened
    | cancellation.CancellationUndone
    | refund.RefundOwed
    | refund.RefundAnswered
    | refund_order.RefundOrderTaken
    | refund_order.RefundOrderLapsed
    | failed_refund.FailedRefundSettled
    | chargeback.RefundCovered
    | order_note.NoteAdded
    | order_note.NoteAcknowledged
    | packing.ShippingLeased
    | packing.ShippingGivenBack
    | packing.GoodsUnpacked
    | parcels.ParcelsArranged
    | stock.GoodsCameBack
    | intercept.ContradictionResolved
    | offer.OfferMade
    | offer.OfferAccepted
    | offer.OfferDeclined
    | returns.ReturnOpened
    | returns.ReturnTaken
    | returns.ReturnQuestioned
    | returns.ReturnAnswered
    | returns.ReturnLapsed
    | returns.ReturnExtended
    | returns.ReturnClosed
    | override.OverrideProposed
    | override.RulesOverridden
    | override.OverrideDropped
    | second_person.ProposalMade
    | second_person.ProposalConfirmed
    | second_person.ProposalDropped
    | escalation.EscalationOpened
    | escalation.EscalationTaken
    | escalation.EscalationLapsed
    | escalation.EscalationClosed
)


def weighs_refunds(command: Command) -> bool:
    """Whether an answer depends on which refunds a provider may have been asked for: news of money that left past us
    is weighed against what is owed and was not sent (I-10), and what cannot be sent goes another way only once.
    """
    if isinstance(command, fulfilment.ReportFact):
        return command.fact in chargeback.ELSEWHERE
    return isinstance(command, failed_refund.SettleFailedRefund | second_person.AnswerProposal)


def known(event: BaseEvent) -> Event:
    """The event as one of the closed list; a kind that is not in it is a mistake of ours."""
    assert isinstance(event, Event), type(event).__name__
    return event
