"""The whole life of an order: every command that can be handled, every event that can be folded.

``decide`` may refuse, ``apply`` may not: what an event says has happened.
"""

from __future__ import annotations

from functools import reduce
from typing import assert_never

import msgspec

from rescind.core import (
    cancellation,
    correction,
    fulfilment,
    intercept,
    offer,
    packing,
    parcels,
    refund,
    review,
    stock,
    timers,
)
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import Decision, fold
from rescind.core.context import Context
from rescind.core.errors import InvalidTransition, NotFound, OrderConflict
from rescind.core.event import BaseEvent
from rescind.core.fulfilment import ENDINGS, SHIPPING
from rescind.core.ids import CancellationId, OrderId
from rescind.core.instant import Instant
from rescind.core.order import FactKind, Order, Parcel, RefundStatus, Stage, stage
from rescind.core.outage import Outage
from rescind.core.policy.facts import facts
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict

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
    | cancellation.WithdrawCancellation
    | cancellation.CancelBySeller
    | cancellation.LapseDeadline
    | refund.RecordRefundReply
    | packing.LeaseShipping
    | packing.GiveBackShipping
    | packing.ShipOrder
    | packing.AcknowledgeUnpacked
    | parcels.ArrangeParcels
    | stock.ReceiveBack
    | intercept.ResolveContradiction
    | offer.MakeOffer
    | offer.AnswerOffer
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
    | packing.ShippingLeased
    | packing.ShippingGivenBack
    | packing.GoodsUnpacked
    | parcels.ParcelsArranged
    | stock.GoodsCameBack
    | intercept.ContradictionResolved
    | offer.OfferMade
    | offer.OfferAccepted
    | offer.OfferDeclined
)


def decide(  # noqa: C901, PLR0912 - one line for each kind there is
    order: Order | None, command: Command, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Answer one command. Pure: equal arguments, equal decision.

    ``order`` is None when none of that id is stored. Raises RescindError when there is nothing to decide: a wrong
    state, a missing right, a passed deadline. What a policy refuses is a decision.
    """
    if isinstance(command, fulfilment.PlaceOrder):
        return _place(order, command, context, terms, now)
    order = require(order)
    match command:
        case fulfilment.ReportFact():
            return _record(order, command, actor, context, terms, now)
        case fulfilment.EndHold():
            return Decision(events=fulfilment.end_hold(order, now))
        case review.TakeReview():
            return Decision(events=review.take(order, actor, now))
        case review.StopReviewed():
            return Decision(events=review.stop(order, actor, context, now))
        case review.LapseReview():
            return Decision(events=review.lapse(order, context, now))
        case review.CorrectRecipient():
            return Decision(events=review.correct_recipient(order, command, actor, now))
        case timers.RingTimer():
            return Decision(events=timers.ring(order, command, context, now))
        case correction.CorrectFact():
            return _correct(order, command, actor, context, terms, now)
        case cancellation.RequestCancellation():
            return cancellation.request(order, command, actor, context, terms, now)
        case cancellation.ApproveCancellation():
            return cancellation.approve(order, command, actor, context, now)
        case cancellation.RefuseCancellation():
            return cancellation.refuse(order, command, actor, context, terms, now)
        case cancellation.WithdrawCancellation():
            return cancellation.withdraw(order, command, actor, now)
        case cancellation.CancelBySeller():
            return cancellation.cancel_by_seller(order, command, actor, context, terms, now)
        case cancellation.LapseDeadline():
            return cancellation.lapse(order, command, context, now)
        case refund.RecordRefundReply():
            return Decision(events=refund.answer(order, command, now))
        case packing.LeaseShipping():
            return packing.lease(order, actor, context, terms, now)
        case packing.GiveBackShipping():
            return packing.give_back(order, actor, now)
        case packing.ShipOrder():
            return _ship(order, command, actor, context, terms, now)
        case packing.AcknowledgeUnpacked():
            return packing.acknowledge(order, actor, now)
        case parcels.ArrangeParcels():
            return parcels.arrange(order, command, actor, context, terms, now)
        case stock.ReceiveBack():
            return stock.receive(order, command, actor, now)
        case intercept.ResolveContradiction():
            return intercept.resolve(order, command, actor, now)
        case offer.MakeOffer():
            return offer.make(order, command, actor, now)
        case offer.AnswerOffer():
            return offer.answer(order, command, actor, context, now)
        case _:
            assert_never(command)


def require(order: Order | None) -> Order:
    """The order, or NotFound when there is none."""
    if order is None:
        raise NotFound(kind="order")
    return order


def _place(
    order: Order | None, command: fulfilment.PlaceOrder, context: Context, terms: Terms, now: Instant
) -> Decision:
    fulfilment.check_time(command.placed_at, now)
    if order is None:
        starts = {"placed": command.placed_at} | ({"promised": command.promised_at} if command.promised_at else {})
        promised = terms.timers(starts, context.calendar, now, command.handling)
        placed = fulfilment.place(command, promised)
        if not command.found:
            return Decision(events=(placed,))
        opened = fulfilment.FactReported(
            at=now,
            fact=FactKind.REVIEW_OPENED,
            by=SYSTEM.kind.value,
            review=terms.review(command.found, now, context.calendar),
        )
        return Decision(events=(placed, opened))
    if fulfilment.same_contents(order, command):
        return Decision(events=())
    raise OrderConflict(number=command.number, order=order.id)


def _record(
    order: Order, command: fulfilment.ReportFact, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Record a fact and what it does to what was decided or is being asked."""
    fulfilment.check_time(command.occurred_at, now)
    if actor.kind is ActorKind.SELLER:
        _require_allowed(order, command, context, terms, now)
    starts = {**cancellation.starts(order, now), "paid": command.occurred_at}
    fact = fulfilment.report(
        order,
        command,
        by=actor.kind.value,
        hold_until=terms.due_at("hold", starts, context.calendar),
        dispatch_due_at=terms.due_at("dispatch", starts, context.calendar, order.handling),
        timers=terms.timers(starts, context.calendar, now, order.handling) if command.fact is FactKind.PAID else (),
        review=terms.review((), now, context.calendar) if command.fact is FactKind.REVIEW_OPENED else None,
    )
    if not fulfilment.is_news(order, fact):
        return Decision(events=())
    return Decision(events=(fact, *_consequences(order, fact, context, terms, now)))


def _correct(
    order: Order, command: correction.CorrectFact, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    starts = {"placed": order.placed_at, "paid": command.occurred_at or now}
    return correction.correct(
        order,
        command,
        actor,
        now,
        hold_until=terms.due_at("hold", starts, context.calendar),
        dispatch_due_at=terms.due_at("dispatch", starts, context.calendar, order.handling),
    )


def _ship(
    order: Order, command: packing.ShipOrder, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Every parcel that leaves now, as one decision: all of them or none."""
    events: list[BaseEvent] = []
    for fact in packing.leaving(order, command, actor, context, terms, now):
        decision = _record(order, fact, actor, context, terms, now)
        events.extend(decision.events)
        order = reduce(apply, map(known, decision.events), order)
    return Decision(events=tuple(events))


def _require_allowed(
    order: Order, command: fulfilment.ReportFact, context: Context, terms: Terms, now: Instant
) -> None:
    """A seller's own next step is an act and may be out of the question; what already happened never is."""
    at_stage = stage(order, now)
    if order.progress.cancelled_at and command.fact not in SHIPPING:
        raise InvalidTransition(action=command.fact.value, current_state=at_stage.value, allowed_actions=())
    if order.progress.cancelled_at:
        return
    if command.fact not in SHIPPING:
        if command.fact in packing.AT_THE_BENCH:
            packing.require_not_the_platforms(order, command.fact.value, terms, context.calendar, now)
        return
    read = facts(
        order,
        now=now,
        at_stage=at_stage,
        actor="seller",
        selection=order.open_units(),
        amount_minor=0,
        with_tracking=bool(command.tracking),
        context=context,
    )
    finding = terms.judge(
        "ship", read, now=now, starts=cancellation.starts(order, now), calendar=context.calendar, trace=False
    )
    if finding.verdict is Verdict.REFUSE:
        raise packing.not_to_ship(order, command.fact.value, finding, now)


def _consequences(
    order: Order, fact: fulfilment.FactReported, context: Context, terms: Terms, now: Instant
) -> tuple[BaseEvent, ...]:
    after = apply(order, fact)
    identifier = f"{fact.fact.value}-{after.version}"
    if fact.fact in ENDINGS:
        return _ended(after, fact, identifier, stage(order, now), context, now)
    if fact.fact in SHIPPING:
        if _parcel(after, fact).ended:
            # A scan that is told late is no contradiction; what arrived after all is.
            odd = fact.fact is FactKind.DELIVERED
            kind = "delivered_after_ending"
            return (fulfilment.ContradictionNoted(at=now, id=identifier, kind=kind, fact=fact.fact),) if odd else ()
        if after.progress.cancelled_at:
            if any(one.kind == "shipped_after_cancel" and one.closed_at is None for one in order.contradictions):
                return ()  # Label, scan and delivery of one parcel are one case for one person.
            return (fulfilment.ContradictionNoted(at=now, id=identifier, kind="shipped_after_cancel", fact=fact.fact),)
        return _while_asked(after, fact, identifier, terms, now)
    if fact.fact is FactKind.PAID:
        undone = timers.undone_by_payment(after, fact.at)
        if undone is not None:
            return (cancellation.CancellationUndone(at=now, cancellation=undone),)
        owed = tuple(
            refund.RefundTerms(
                id=context.refund_id(order.shop, now, place), tender=share.tender, amount_minor=share.amount_minor
            )
            for place, share in enumerate(refund.overpaid(after))
        )
        return (refund.RefundOwed(at=now, refunds=owed),) if owed else ()
    if fact.fact is FactKind.CHARGED_BACK:
        return (fulfilment.ContradictionNoted(at=now, id=identifier, kind="charged_back", fact=fact.fact),)
    return ()


def _parcel(order: Order, fact: fulfilment.FactReported) -> Parcel:
    return next(parcel for parcel in order.parcels if parcel.id == fact.parcel)


def _ended(
    after: Order, fact: fulfilment.FactReported, identifier: str, at_stage: Stage, context: Context, now: Instant
) -> tuple[BaseEvent, ...]:
    """A parcel that will not arrive is cancelled, and refunded, on the carrier's word (R-110, Q-09).

    Where that word does not say what was in it, or the goods had arrived, a person finds out.
    """
    if after.progress.cancelled_at:
        # It comes back, as it should.
        return ()
    parcel = _parcel(after, fact)
    units = cancellation.contents(after, parcel)
    if parcel.ended and units is not None:
        return cancellation.cancel_by_system(after, fact.fact.value, units, at_stage, context, now)
    kind = "parcel_unknown" if parcel.ended else "ended_after_delivery"
    return (fulfilment.ContradictionNoted(at=now, id=identifier, kind=kind, fact=fact.fact),)


def _while_asked(
    after: Order, fact: fulfilment.FactReported, identifier: str, terms: Terms, now: Instant
) -> tuple[BaseEvent, ...]:
    """What a parcel does to the question that waits, if one does."""
    if after.open_cancellation is None:
        return ()
    if terms.shipping_rejects:
        # Also when the number is known from before: a scan of that parcel is no hand-over without tracking.
        if any(parcel.tracking for parcel in after.parcels if parcel.id == fact.parcel):
            return cancellation.overtake(after, now)
        if fact.fact is FactKind.TRACKING_ADDED:
            return ()
    # The goods moved although a question was open. Without a tracking number that is no answer; where
    # shipping is blocked it should not have happened. Either way a person hears of it.
    noted = fulfilment.ContradictionNoted(at=now, id=identifier, kind="shipped_while_asked", fact=fact.fact)
    return (noted,) if terms.shipping_rejects else (noted, *cancellation.overtake(after, now))


def known(event: BaseEvent) -> Event:
    """The event as one of the closed list; a kind that is not in it is a mistake of ours."""
    assert isinstance(event, Event), type(event).__name__
    return event


def apply(order: Order | None, event: Event) -> Order:
    """Fold one event into the order. Total: no rules here, no refusal, no clock."""
    if isinstance(event, fulfilment.OrderPlaced):
        folded = fulfilment.apply_placed(event)
    else:
        assert order is not None, "the first event of an order is OrderPlaced"
        folded = _fold(order, event)
    return msgspec.structs.replace(folded, version=(order.version if order else 0) + 1)


def _fold(order: Order, event: Event) -> Order:  # noqa: C901, PLR0912 - one line for each kind there is
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
            return refund.owe(order, event.refunds, None, event.at)
        case refund.RefundAnswered():
            return refund.apply_answered(order, event)
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
        case _:
            assert_never(event)


def replay(events: tuple[Event, ...]) -> Order:
    """The order that these events, from the first, add up to."""
    order = reduce(apply, events, None)
    assert order is not None, "an order has at least the event that placed it"
    return order


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that must happen to an order by itself, no earlier than ``due_at``. ``ref`` names its object."""

    kind: str
    ref: str
    due_at: Instant


def due(order: Order) -> tuple[Due, ...]:
    """Everything that waits for a time, from the order alone: what no longer waits is no longer here (I-15)."""
    found: list[Due] = []
    waiting = order.open_cancellation
    if waiting is not None and waiting.due_at is not None:
        found.append(Due(kind="deadline", ref=waiting.id, due_at=waiting.due_at))
    if order.hold_until is not None and not order.hold_ended and not order.progress.cancelled_at:
        found.append(Due(kind="hold", ref=order.id, due_at=order.hold_until))
    looked_at = review.waiting(order)
    if looked_at is not None and looked_at.due_at is not None:
        found.append(Due(kind="review", ref=order.id, due_at=looked_at.due_at))
    found.extend(Due(kind="timer", ref=f"{order.id}:{one.name}", due_at=one.due_at) for one in timers.waiting(order))
    found.extend(
        Due(kind="refund", ref=one.id, due_at=one.next_check_at or one.owed_at)
        for one in order.refunds
        if one.status in refund.OPEN
    )
    return tuple(found)


def by_itself(order: OrderId, one: Due, outages: tuple[Outage, ...] = ()) -> Command:
    """What to say to an order when its time has come for this. ``outages``: when nobody could have answered (I-38)."""
    match one.kind:
        case "deadline":
            return cancellation.LapseDeadline(order=order, cancellation=CancellationId(one.ref), outages=outages)
        case "hold":
            return fulfilment.EndHold(order=order)
        case "review":
            return review.LapseReview(order=order)
        case _:
            return timers.RingTimer(order=order, name=one.ref.rpartition(":")[2])


def refund_done(order: Order) -> bool:
    """Whether every refund of the order has arrived, and there is one."""
    return bool(order.refunds) and all(one.status is RefundStatus.SUCCEEDED for one in order.refunds)
