"""Instead of yes or no: the seller offers something while a request waits, and the buyer takes it or leaves it.

The request's own clock goes on. Nobody's silence is an answer to an offer: at the deadline the request is answered as
it was promised when it was made.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.cancellation.guards import (
    require_answerable,
    require_consent,
    require_in_time,
    require_speaker,
    require_waiting,
)
from rescind.core.context import Context
from rescind.core.errors import InvalidField, InvalidTransition
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Cancellation, CancellationStatus, Offer
from rescind.core.quote import share_out
from rescind.core.refund import RefundTerms, owe


class OfferKind(StrEnum):
    """What a seller may offer."""

    PARTIAL_REFUND = "partial_refund"
    SHIP_LATER = "ship_later"


class MakeOffer(BaseCommand, frozen=True, kw_only=True):
    """The seller offers money back for keeping the goods, or a later day to ship them.

    amount_minor: of a partial refund, in the order's currency. ship_by: of a later shipment.
    """

    cancellation: CancellationId
    kind: OfferKind
    amount_minor: int = 0
    ship_by: Instant | None = None
    comment: Note | None = None


class AnswerOffer(BaseCommand, frozen=True, kw_only=True):
    """The buyer, or support with consent, takes the offer or declines it. ``number``: the one that was read."""

    cancellation: CancellationId
    number: int
    accept: bool
    consent: Note | None = None


class OfferMade(BaseEvent, frozen=True, kw_only=True):
    """Something else is on the table; a second offer takes the place of the first."""

    cancellation: CancellationId
    number: int
    kind: OfferKind
    amount_minor: int = 0
    ship_by: Instant | None = None
    comment: NoteRef | None = None


class OfferAccepted(BaseEvent, frozen=True, kw_only=True):
    """The request is settled: the order goes on, some money is owed or the day to ship has moved."""

    cancellation: CancellationId
    refunds: tuple[RefundTerms, ...] = ()
    ship_by: Instant | None = None
    consent: NoteRef | None = None


class OfferDeclined(BaseEvent, frozen=True, kw_only=True):
    """The request waits on as before."""

    cancellation: CancellationId
    consent: NoteRef | None = None


def most(order: Order) -> int:
    """The most that can be offered for keeping the goods, in minor units: all that could still go back."""
    return sum(tender.left_minor for tender in order.tenders)


def make(order: Order, command: MakeOffer, actor: Actor, now: Instant) -> Decision:
    """Offer something, in the seller's own time to answer.

    Raises Forbidden, NotFound, InvalidTransition, DeadlinePassed, InvalidField (an amount or a day that cannot be).
    """
    require_speaker(actor, ActorKind.SELLER, "offer")
    asked = require_answerable(order, command.cancellation, ActorKind.SELLER, "offer", now)
    event = OfferMade(
        at=now,
        cancellation=asked.id,
        number=asked.offer.number + 1 if asked.offer else 1,
        kind=command.kind,
        comment=NoteRef.of(command.comment),
    )
    match command.kind:
        case OfferKind.PARTIAL_REFUND:
            if not 0 < command.amount_minor <= most(order):
                raise InvalidField(field="amount", expected=f"from 1 to {most(order)} minor units")
            event = msgspec.structs.replace(event, amount_minor=command.amount_minor)
        case OfferKind.SHIP_LATER:
            if command.ship_by is None or command.ship_by <= now:
                raise InvalidField(field="ship_by", expected="a time that is still to come")
            event = msgspec.structs.replace(event, ship_by=command.ship_by)
        case _:
            assert_never(command.kind)
    return Decision(events=(event,), notes=(command.comment,) if command.comment else ())


def answer(order: Order, command: AnswerOffer, actor: Actor, context: Context, now: Instant) -> Decision:
    """Take an offer or decline it, while the request waits and before its deadline.

    Raises Forbidden, ConsentMissing, NotFound, InvalidTransition (no such offer is open), DeadlinePassed (I-37).
    """
    require_speaker(actor, ActorKind.BUYER, "answer_offer")
    require_consent(actor, command.consent)
    asked = require_waiting(order, command.cancellation, "answer_offer")
    offer = open_offer(asked)
    if offer is None or offer.number != command.number:
        raise InvalidTransition(action="answer_offer", current_state=asked.status.value, allowed_actions=("withdraw",))
    require_in_time(asked, now)
    notes = (command.consent,) if command.consent else ()
    consent = NoteRef.of(command.consent)
    if not command.accept:
        return Decision(events=(OfferDeclined(at=now, cancellation=asked.id, consent=consent),), notes=notes)
    # Shared over the payments as every refund is, never more than is left on one.
    shares = share_out(order.tenders, offer.amount_minor, everything=False)
    event = OfferAccepted(
        at=now,
        cancellation=asked.id,
        refunds=tuple(
            RefundTerms(
                id=context.refund_id(order.shop, now, place), tender=share.tender, amount_minor=share.amount_minor
            )
            for place, share in enumerate(shares)
        ),
        ship_by=offer.ship_by,
        consent=consent,
    )
    return Decision(events=(event,), notes=notes)


def open_offer(asked: Cancellation) -> Offer | None:
    """The offer that waits for the buyer, as long as the request itself waits for the seller."""
    if asked.status is not CancellationStatus.AWAITING_SELLER or asked.offer is None or asked.offer.answer:
        return None
    return asked.offer


def apply_made(order: Order, event: OfferMade) -> Order:
    """Put it on the table."""
    offer = Offer(
        number=event.number,
        kind=event.kind.value,
        amount_minor=event.amount_minor,
        ship_by=event.ship_by,
        at=event.at,
    )
    return _replace(order, event.cancellation, offer=offer)


def apply_accepted(order: Order, event: OfferAccepted) -> Order:
    """Settle the request: owe the money, move the day to ship."""
    refunded = sum(terms.amount_minor for terms in event.refunds)
    order = owe(order, event.refunds, event.cancellation, event.at)
    if event.ship_by is not None:
        order = msgspec.structs.replace(order, dispatch_due_at=event.ship_by)
    return _replace(
        _answered(order, event.cancellation, "accepted"),
        event.cancellation,
        status=CancellationStatus.SETTLED,
        closed_at=event.at,
        closed_by="buyer",
        refund_minor=refunded,
    )


def apply_declined(order: Order, event: OfferDeclined) -> Order:
    """Take it off the table; the request waits on."""
    return _answered(order, event.cancellation, "declined")


def _answered(order: Order, cancellation: CancellationId, word: str) -> Order:
    asked = next(one for one in order.cancellations if one.id == cancellation)
    assert asked.offer is not None, "an answer follows an offer"
    return _replace(order, cancellation, offer=msgspec.structs.replace(asked.offer, answer=word))


def _replace(order: Order, cancellation: CancellationId, **changes: object) -> Order:
    return msgspec.structs.replace(
        order,
        cancellations=tuple(
            msgspec.structs.replace(one, **changes) if one.id == cancellation else one for one in order.cancellations
        ),
    )
