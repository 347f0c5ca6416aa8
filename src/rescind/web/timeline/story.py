"""Who tells each event: a line a kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from rescind.core import (
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
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.record import Record
from rescind.locales import Locale
from rescind.web.timeline.bench import at_bench
from rescind.web.timeline.escalated import escalated
from rescind.web.timeline.fact import corrected, placed, reported
from rescind.web.timeline.goods import moved
from rescind.web.timeline.intercept import noted, resolved
from rescind.web.timeline.noted import note
from rescind.web.timeline.offer import offered
from rescind.web.timeline.override import weighed
from rescind.web.timeline.proposal import between_two
from rescind.web.timeline.refund import answered, covered, ordered, owed, settled
from rescind.web.timeline.request import request
from rescind.web.timeline.returned import returned
from rescind.web.timeline.review import recipient_corrected, taken
from rescind.web.timeline.teller import Entry, Teller
from rescind.web.timeline.timer import hold_ended, rang, time_returned


def story(
    entries: Iterable[tuple[Record, Mapping[str, str]]], order: Order, locale: Locale, reader: str
) -> tuple[Entry, ...]:
    """The order's history for one reader (buyer, seller, support), newest first.

    It stands in the sequence in which it was told: what was decided was decided on what was known by then. What had
    happened before the line beneath it says when it was told (E-08).
    """
    told: list[Entry] = []
    latest: Instant | None = None
    for record, notes in entries:
        entry = _tell(Teller(record, notes, order, locale, reader))
        at = _minute(record.event.at)
        if entry is not None:
            told.append(replace(entry, told_at=record.received_at) if latest is not None and at < latest else entry)
            latest = max(at, latest or at)
    return tuple(reversed(told))


def _minute(at: Instant) -> Instant:
    """As far as a page shows it: clocks of honest reporters differ by less."""
    return at.replace(second=0, microsecond=0)


def _tell(teller: Teller) -> Entry | None:  # noqa: C901, PLR0912 - one line for each kind there is
    event = teller.record.event
    match event:
        case fulfilment.OrderPlaced():
            return placed(teller)
        case fulfilment.FactReported():
            return reported(teller, event)
        case fulfilment.HoldEnded():
            return hold_ended(teller)
        case fulfilment.ContradictionNoted():
            return noted(teller)
        case review.ReviewTaken():
            return taken(teller)
        case review.RecipientCorrected():
            return recipient_corrected(teller, event)
        case lost_time.TimeReturned():
            return time_returned(teller, event)
        case timers.TimerRang():
            return rang(teller, event)
        case correction.FactCorrected():
            return corrected(teller, event)
        case refund.RefundOwed():
            return owed(teller, event)
        case failed_refund.FailedRefundSettled():
            return settled(teller, event)
        case refund.RefundAnswered():
            return answered(teller, event)
        case refund_order.RefundOrderTaken() | refund_order.RefundOrderLapsed():
            return ordered(teller, event)
        case chargeback.RefundCovered():
            return covered(teller, event)
        case order_note.NoteAdded() | order_note.NoteAcknowledged():
            return note(teller, event)
        case packing.ShippingLeased() | packing.ShippingGivenBack() | packing.GoodsUnpacked():
            return at_bench(teller, event)
        case parcels.ParcelsArranged() | stock.GoodsCameBack():
            return moved(teller, event)
        case intercept.ContradictionResolved():
            return resolved(teller, event)
        case offer.OfferMade() | offer.OfferAccepted() | offer.OfferDeclined():
            return offered(teller, event)
        case (
            returns.ReturnOpened()
            | returns.ReturnTaken()
            | returns.ReturnQuestioned()
            | returns.ReturnAnswered()
            | returns.ReturnLapsed()
            | returns.ReturnExtended()
            | returns.ReturnClosed()
        ):
            return returned(teller, event)
        case (
            escalation.EscalationOpened()
            | escalation.EscalationTaken()
            | escalation.EscalationLapsed()
            | escalation.EscalationClosed()
        ):
            return escalated(teller, event)
        case override.OverrideProposed() | override.RulesOverridden() | override.OverrideDropped():
            return weighed(teller, event)
        case second_person.ProposalMade() | second_person.ProposalConfirmed() | second_person.ProposalDropped():
            return between_two(teller, event)
        case _:
            return request(teller, event)
