"""Who answers each command: a line a kind."""

from __future__ import annotations

from typing import assert_never

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
from rescind.core.actor import Actor
from rescind.core.cancellation import Decision
from rescind.core.context import Context
from rescind.core.errors import NotFound
from rescind.core.instant import Instant
from rescind.core.lifecycle import report
from rescind.core.lifecycle.consequences import silence
from rescind.core.lifecycle.messages import Command
from rescind.core.lifecycle.placement import place
from rescind.core.order import Order
from rescind.core.terms import Terms


def decide(  # noqa: C901, PLR0912, PLR0915 - one line for each kind there is
    order: Order | None, command: Command, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Answer one command. Pure: equal arguments, equal decision.

    ``order`` is None when none of that id is stored. Raises RescindError when there is nothing to decide: a wrong
    state, a missing right, a passed deadline. What a policy refuses is a decision.
    """
    if isinstance(command, fulfilment.PlaceOrder):
        return place(order, command, context, terms, now)
    order = require(order)
    match command:
        case fulfilment.ReportFact():
            return report.record(order, command, actor, context, terms, now)
        case fulfilment.EndHold():
            return Decision(events=fulfilment.end_hold(order, now))
        case review.TakeReview():
            return Decision(events=review.take(order, actor, now))
        case review.StopReviewed():
            return Decision(events=review.stop(order, actor, context, now))
        case review.LapseReview():
            return Decision(events=review.lapse(order, command, context, now))
        case review.CorrectRecipient():
            return Decision(events=review.correct_recipient(order, command, actor, context, terms, now))
        case timers.RingTimer():
            return Decision(events=timers.ring(order, command, context, now))
        case correction.CorrectFact():
            return report.correct(order, command, actor, context, terms, now)
        case cancellation.RequestCancellation():
            return cancellation.request(order, command, actor, context, terms, now)
        case cancellation.ApproveCancellation():
            return cancellation.approve(order, command, actor, context, now)
        case cancellation.RefuseCancellation():
            return cancellation.refuse(order, command, actor, context, terms, now)
        case cancellation.AnswerForCarrier():
            return cancellation.answer_for_carrier(order, command, actor, context, now)
        case cancellation.WithdrawCancellation():
            return cancellation.withdraw(order, command, actor, now)
        case cancellation.CancelBySeller():
            return cancellation.cancel_by_seller(order, command, actor, context, terms, now)
        case cancellation.LapseDeadline():
            return cancellation.lapse(order, command, context, terms, now)
        case refund.RecordRefundReply():
            return Decision(events=refund_order.answer(order, command, context, now))
        case refund_order.TakeRefundOrder():
            return Decision(events=refund_order.take(order, command, actor, now))
        case refund_order.DeclineRefundOrder():
            return Decision(events=refund_order.decline(order, command, actor, now))
        case refund_order.LapseRefundOrder():
            return Decision(events=refund_order.lapse(order, command, context, now))
        case giving_back.GiveBack() | failed_refund.SettleFailedRefund() | refund_order.ConfirmRefundOrder():
            return second_person.decide(order, command, actor, context, terms, now)
        case tried.OweTried():
            return tried.owe_again(order, command, actor, context, now)
        case second_person.AnswerProposal():
            return second_person.answer(order, command, actor, context, terms, now)
        case second_person.LapseProposal():
            return Decision(events=second_person.lapse(order, command, now))
        case chargeback.LapseChargeback():
            return Decision(events=silence(order, command, now))
        case tracking.NoteReusedTracking():
            return Decision(events=tracking.note(order, command, now))
        case order_note.AddNote() | order_note.AcknowledgeNote():
            return order_note.decide(order, command, actor, context, terms, now)
        case packing.LeaseShipping():
            return packing.lease(order, actor, context, terms, now)
        case packing.GiveBackShipping():
            return packing.give_back(order, actor, now)
        case packing.ShipOrder():
            return report.ship(order, command, actor, context, terms, now)
        case packing.AcknowledgeUnpacked():
            return packing.acknowledge(order, actor, now)
        case parcels.ArrangeParcels():
            return parcels.arrange(order, command, actor, context, terms, now)
        case stock.ReceiveBack():
            return stock.receive(order, command, actor, now)
        case intercept.ResolveContradiction():
            return intercept.resolve(order, command, actor, now)
        case offer.MakeOffer():
            return offer.make(order, command, actor, context, terms, now)
        case offer.AnswerOffer():
            return offer.answer(order, command, actor, context, terms, now)
        case returns.OpenReturn():
            return returns.open_case(order, command, actor, context, terms, now)
        case returns.TakeReturn():
            return returns.take(order, command, actor, now)
        case returns.AskForMore():
            return returns.ask(order, command, actor, context, terms, now)
        case returns.AddToReturn():
            return returns.add(order, command, actor, context, terms, now)
        case returns.CloseReturn():
            return returns.close(order, command, actor, now)
        case returns.WithdrawReturn():
            return returns.withdraw(order, command, actor, now)
        case returns.LapseReturn():
            return returns.lapse(order, command, context, terms, now)
        case withdrawal.DeclareWithdrawal():
            return withdrawal.declare(order, command, actor, context, terms, now)
        case override.OverrideRules():
            return override.override(order, command, actor, context, terms, now)
        case override.AnswerOverride():
            return override.answer(order, command, actor, context, terms, now)
        case override.LapseOverride():
            return Decision(events=override.lapse(order, command, now))
        case (
            escalation.Escalate()
            | escalation.TakeEscalation()
            | escalation.CloseEscalation()
            | escalation.LapseEscalation()
        ):
            return escalation.decide(order, command, actor, context, terms, now)
        case granting.GrantEscalation():
            return granting.grant(order, command, actor, context, terms, now)
        case _:
            assert_never(command)


def require(order: Order | None) -> Order:
    """The order, or NotFound when there is none."""
    if order is None:
        raise NotFound(kind="order")
    return order
