"""What a fact does to what was decided or is being asked."""

from __future__ import annotations

from rescind.core import cancellation, chargeback, fulfilment, refund, timers, tracking
from rescind.core.context import Context
from rescind.core.event import BaseEvent
from rescind.core.fulfilment import ENDINGS, SHIPPING
from rescind.core.instant import Instant
from rescind.core.lifecycle.fold import apply
from rescind.core.order import Order, stage, units_in
from rescind.core.packing import to_unpack
from rescind.core.parts import PAYING, FactKind, Parcel
from rescind.core.quote import overpaid
from rescind.core.stage import Stage
from rescind.core.terms import Terms

SHIPPED_IN_HOLD = "shipped_in_hold"


def consequences(
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
            if after.recalled and fact.fact is not FactKind.DELIVERED:
                return ()  # The carrier has it and brings it back: its scans are no surprise.
            if any(one.kind == "shipped_after_cancel" and one.closed_at is None for one in order.contradictions):
                return ()  # Label, scan and delivery of one parcel are one case for one person.
            return (fulfilment.ContradictionNoted(at=now, id=identifier, kind="shipped_after_cancel", fact=fact.fact),)
        if fact.fact is FactKind.DELIVERED and _given_up(after):
            kind = "delivered_after_ending"
            return (fulfilment.ContradictionNoted(at=now, id=identifier, kind=kind, fact=fact.fact),)
        # One case for one fact: that goods moved against an open request is the graver news of it.
        moved = (
            *_in_hold(order, after, fact, now),
            *_with_cancelled(order, after, fact, identifier, now),
            *_while_asked(after, fact, identifier, terms, now),
        )
        noted = any(isinstance(one, fulfilment.ContradictionNoted) for one in moved)
        return moved if noted else (*moved, *tracking.twice(after, fact, identifier, now))
    if fact.fact not in chargeback.ENDS and fulfilment.told_before(order, fact.fact, fact.reference):
        # One name, two amounts: the desk counts what pays nobody twice, and a person asks which of them is so.
        differ = fulfilment.ContradictionNoted(at=now, id=identifier, kind="amounts_differ", fact=fact.fact)
        return (differ, *(_settled(after, fact, context, now) if fact.fact in chargeback.ELSEWHERE else ()))
    if fact.fact in PAYING:
        undone = timers.undone_by_payment(after, after.progress.paid_at or fact.at)
        if undone is not None:
            return (cancellation.CancellationUndone(at=now, cancellation=undone),)
        owed = refund.terms_of(overpaid(after), order, context, now)
        return (*_in_hold(order, after, fact, now), *((refund.RefundOwed(at=now, refunds=owed),) if owed else ()))
    if fact.fact in chargeback.ELSEWHERE:
        return _past_us(after, fact, identifier, context, now)
    return ()


def _past_us(
    after: Order, fact: fulfilment.FactReported, identifier: str, context: Context, now: Instant
) -> tuple[BaseEvent, ...]:
    """A person looks at money that left another way; what the buyer has for good is not sent again (I-10)."""
    gone, back = fact.taken.get(fact.tender, 0), fact.returned.get(fact.tender, 0)
    noted = fulfilment.ContradictionNoted(at=now, id=identifier, kind=fact.fact.value, fact=fact.fact)
    # Where the bank took and decided in one word, or takes again what it had given back, a person hears of it.
    news = () if fact.fact in chargeback.ENDS and gone <= back else (noted,)
    return (*news, *_settled(after, fact, context, now))


def _settled(after: Order, fact: fulfilment.FactReported, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    gone, back = fact.taken.get(fact.tender, 0), fact.returned.get(fact.tender, 0)
    if fact.fact is not FactKind.REFUNDED_ELSEWHERE:
        known = chargeback.named(after, fact.tender, fact.reference)
        if not known.outcome:
            return ()
        gone = known.gone_minor
    return chargeback.settled(after, fact.tender, gone, back, context, now)


def silence(order: Order, command: chargeback.LapseChargeback, now: Instant) -> tuple[BaseEvent, ...]:
    """Ask support when no word of a bank came in time. What is owed waits on: sending it could pay it twice."""
    found = next((one for one in order.chargebacks if one.seq == command.seq), None)
    if found is None or now < found.due_at or not chargeback.unheard(order, found):
        return ()
    identifier = f"{chargeback.SILENT}-{found.seq}"
    return (fulfilment.ContradictionNoted(at=now, id=identifier, kind=chargeback.SILENT, fact=FactKind.CHARGED_BACK),)


def _given_up(after: Order) -> bool:
    """Whether units have arrived that were cancelled because they had not (R-077)."""
    if all(one.reason != timers.NOT_ARRIVED for one in after.cancellations):
        return False
    arrived = units_in(parcel for parcel in after.travelling if parcel.delivered_at)
    return arrived is None or any(arrived.get(line.id, 0) > line.open for line in after.lines)


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


def _with_cancelled(
    before: Order, after: Order, fact: fulfilment.FactReported, identifier: str, now: Instant
) -> tuple[BaseEvent, ...]:
    """A parcel was closed before some of it was cancelled, nobody said that it was taken out, and now it has left."""
    if not before.cancellations:
        return ()
    inside = sum(to_unpack(before).values())
    if sum(to_unpack(after).values()) >= inside:
        return ()
    return (fulfilment.ContradictionNoted(at=now, id=f"inside-{identifier}", kind="cancelled_inside", fact=fact.fact),)


def _in_hold(
    order: Order, after: Order, fact: fulfilment.FactReported, now: Instant
) -> tuple[fulfilment.ContradictionNoted, ...]:
    """Where a parcel was labelled or left in the hold, somebody looks into it (R-021): the buyer can still think again.

    One case an order, whichever of payment and parcel was told first.
    """
    paid_at, until = after.progress.paid_at, after.hold_until
    if paid_at is None or until is None or any(one.kind == SHIPPED_IN_HOLD for one in order.contradictions):
        return ()
    moved = (at for parcel in after.travelling for at in (parcel.labelled_at, parcel.handed_over_at) if at)
    if not any(paid_at <= at < until for at in moved):
        return ()
    identifier = f"{SHIPPED_IN_HOLD}-{after.version}"
    return (fulfilment.ContradictionNoted(at=now, id=identifier, kind=SHIPPED_IN_HOLD, fact=fact.fact),)


def _while_asked(
    after: Order, fact: fulfilment.FactReported, identifier: str, terms: Terms, now: Instant
) -> tuple[BaseEvent, ...]:
    """What a parcel does to the question that waits, if one does."""
    if after.open_cancellation is None:
        return ()
    if cancellation.called_back(after.open_cancellation):
        # That they are on their way is what is asked about, so a scan is no answer; arriving is.
        return cancellation.overtake(after, now)
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
