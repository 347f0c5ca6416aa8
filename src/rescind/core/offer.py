"""Instead of yes or no: the seller offers something while a request waits, and the buyer takes it or leaves it, or
answers by an offer of their own, which the seller takes or leaves.

The request's own clock goes on. Nobody's silence is an answer to an offer: at the deadline the request is answered as
it was promised when it was made.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import assert_never

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision, approved, still_open
from rescind.core.cancellation.guards import (
    require_answerable,
    require_consent,
    require_in_time,
    require_waiting,
)
from rescind.core.context import Context
from rescind.core.costs import agreed, chargeable_minor
from rescind.core.errors import AmountChanged, EnoughOffers, Forbidden, InvalidField, InvalidTransition
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.fees import BPS
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, stage
from rescind.core.parts import Cancellation, CancellationStatus, Offer
from rescind.core.policy.facts import facts
from rescind.core.quote import nearest, quote, share_out
from rescind.core.refund import RefundTerms, owe
from rescind.core.terms import Terms


class OfferKind(StrEnum):
    """What may be offered: an amount or a share of the price for keeping the goods, a later day to ship, or to cancel
    and keep what the work that was begun has cost.
    """

    PARTIAL_REFUND = "partial_refund"
    KEEP_ITEM = "keep_item"
    SHIP_LATER = "ship_later"
    CANCEL_WITH_COSTS = "cancel_with_costs"


FURTHEST = timedelta(days=366)
"""Nobody agrees to wait longer than that; a year of four digits that is mistyped is no offer."""
MOST = 6
"""Offers of one request, of both sides together: whoever has not agreed by then waits for the answer."""


class MakeOffer(BaseCommand, frozen=True, kw_only=True):
    """The seller offers something, or the buyer, or support with consent, something else in return.

    amount_minor: of a partial refund, in the order's currency. share_bps: of keeping the item, of the price of what was
    asked for, in hundredths of a per cent. ship_by: of a later shipment. material_minor, labour_minor: what stays of a
    cancellation with costs; ``comment`` says for what.
    """

    cancellation: CancellationId
    kind: OfferKind
    amount_minor: int = 0
    share_bps: int = 0
    material_minor: int = 0
    labour_minor: int = 0
    ship_by: Instant | None = None
    comment: Note | None = None
    consent: Note | None = None


class AnswerOffer(BaseCommand, frozen=True, kw_only=True):
    """Whoever did not make it takes the offer or declines it; support for the buyer with consent.

    number: the one that was read.
    """

    cancellation: CancellationId
    number: int
    accept: bool
    consent: Note | None = None


class OfferMade(BaseEvent, frozen=True, kw_only=True):
    """Something else is on the table; a second offer takes the place of the first. Amounts as in ``Offer``."""

    cancellation: CancellationId
    number: int
    kind: OfferKind
    by: str = "seller"
    amount_minor: int = 0
    share_bps: int = 0
    material_minor: int = 0
    labour_minor: int = 0
    refund_minor: int = 0
    ship_by: Instant | None = None
    comment: NoteRef | None = None
    consent: NoteRef | None = None


class OfferAccepted(BaseEvent, frozen=True, kw_only=True):
    """``by`` whom it was offered to: the request is settled and the order goes on, money is owed or the day to ship
    has moved. cancels: what is agreed is to cancel, and the approval stands in the next record.
    """

    cancellation: CancellationId
    refunds: tuple[RefundTerms, ...] = ()
    ship_by: Instant | None = None
    by: str = "buyer"
    cancels: bool = False
    consent: NoteRef | None = None


class OfferDeclined(BaseEvent, frozen=True, kw_only=True):
    """The request waits on as before."""

    cancellation: CancellationId
    by: str = "buyer"
    consent: NoteRef | None = None


def most(order: Order) -> int:
    """The most that can be offered for keeping the goods, in minor units: all that could still go back."""
    return sum(tender.left_minor for tender in order.free)


def make(order: Order, command: MakeOffer, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Offer something, in the seller's own time to answer; a buyer offers in return for what the seller offered.

    Raises Forbidden, ConsentMissing, NotFound, InvalidTransition (nothing to answer), EnoughOffers, DeadlinePassed,
    InvalidField (an amount, a share or a day that cannot be, or no words for what costs are).
    """
    if actor.speaks_as not in _SIDES:
        raise Forbidden(action="offer")
    require_consent(actor, command.consent)
    asked = require_answerable(order, command.cancellation, ActorKind.SELLER, "offer", now)
    before = open_offer(asked)
    theirs = before is not None and before.by == ActorKind.SELLER
    made = asked.offer.number if asked.offer else 0
    if made >= MOST:
        raise EnoughOffers(most=MOST, deadline=asked.due_at)
    if actor.speaks_as is ActorKind.BUYER and not theirs:
        raise InvalidTransition(
            action="offer",
            current_state=asked.status.value,
            allowed_actions=("withdraw",) if actor.speaks_as is ActorKind.BUYER else ("approve", "refuse"),
        )
    event = OfferMade(
        at=now,
        cancellation=asked.id,
        number=made + 1,
        kind=command.kind,
        by=actor.speaks_as.value,
        comment=NoteRef.of(command.comment),
        consent=NoteRef.of(command.consent),
    )
    match command.kind:
        case OfferKind.PARTIAL_REFUND:
            amount = _within(command.amount_minor, most(order), "amount")
            if nearest(order, amount) != amount:
                raise InvalidField(field="amount", expected=IN_STEPS)
            event = msgspec.structs.replace(event, amount_minor=amount)
        case OfferKind.KEEP_ITEM:
            event = msgspec.structs.replace(event, **_share(order, asked, command.share_bps))
        case OfferKind.SHIP_LATER:
            if command.ship_by is None or command.ship_by <= now:
                raise InvalidField(field="ship_by", expected="a time that is still to come")
            if command.ship_by > now + FURTHEST:
                raise InvalidField(field="ship_by", expected="a day of the next year at the latest")
            event = msgspec.structs.replace(event, ship_by=command.ship_by)
        case OfferKind.CANCEL_WITH_COSTS:
            event = msgspec.structs.replace(event, **_costs(order, asked, command, context, terms, now))
        case _:
            assert_never(command.kind)
    return Decision(events=(event,), notes=tuple(one for one in (command.comment, command.consent) if one))


_SIDES = (ActorKind.SELLER, ActorKind.BUYER)
IN_STEPS = "an amount that the payment provider can send, in whole steps of the smallest one"
"""What an amount has to be that somebody names; one that is worked out is the nearest of these."""


def _within(amount: int, limit: int, field: str) -> int:
    if not 0 < amount <= limit:
        raise InvalidField(field=field, expected=f"from 1 to {limit} minor units")
    return amount


def _share(order: Order, asked: Cancellation, share_bps: int) -> dict[str, int]:
    """A share of the price of what was asked for, as far as it can still go back."""
    if not 0 < share_bps <= BPS:
        raise InvalidField(field="share_bps", expected=f"from 1 to {BPS} hundredths of a per cent")
    price = sum(line.total_minor for line in quote(order, still_open(order, asked)).lines)
    amount = min(price * share_bps // BPS, most(order))
    amount = nearest(order, _within(amount, most(order), "share_bps"))
    return {"share_bps": share_bps, "amount_minor": _within(amount, most(order), "share_bps")}


def most_costs(order: Order, asked: Cancellation, context: Context, terms: Terms, now: Instant) -> int:
    """The most that may be kept for material and labour of a request, in minor units; 0 where nothing may."""
    selection = still_open(order, asked)
    read = facts(
        order,
        now=now,
        at_stage=stage(order, now),
        actor="buyer",
        reason=asked.reason,
        selection=selection,
        amount_minor=asked.refund_minor,
        asked_anyway=True,
        context=context,
    )
    return chargeable_minor(order, selection, read, terms, now)


def _costs(
    order: Order, asked: Cancellation, command: MakeOffer, context: Context, terms: Terms, now: Instant
) -> dict[str, int]:
    """What stays and what then goes back, to the cent, so that what is accepted is what was read."""
    limit = most_costs(order, asked, context, terms, now)
    if not limit:
        raise InvalidField(field="kind", expected="another kind: nothing was begun that may be charged for")
    if command.material_minor < 0 or command.labour_minor < 0:
        raise InvalidField(field="material", expected="nothing below zero")
    _within(command.material_minor + command.labour_minor, limit, "material")
    if command.comment is None:
        raise InvalidField(field="comment", expected="what material and what work it was")
    fees = agreed(command.material_minor, command.labour_minor)
    money = quote(order, still_open(order, asked), fees=fees, at=now)
    return {
        "material_minor": command.material_minor,
        "labour_minor": command.labour_minor,
        "refund_minor": money.total_minor,
    }


def answer(order: Order, command: AnswerOffer, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Take an offer or decline it, while the request waits and before its deadline.

    Raises Forbidden (also for whoever made it), ConsentMissing, NotFound, InvalidTransition (no such offer is open),
    DeadlinePassed (I-37), AmountChanged (of costs, when the order has moved on since they were read).
    """
    if actor.speaks_as not in _SIDES:
        raise Forbidden(action="answer_offer")
    require_consent(actor, command.consent)
    asked = require_waiting(order, command.cancellation, "answer_offer")
    offer = open_offer(asked)
    if offer is None or offer.number != command.number:
        raise InvalidTransition(action="answer_offer", current_state=asked.status.value, allowed_actions=("withdraw",))
    if offer.by == actor.speaks_as:
        raise Forbidden(action="answer_offer")
    require_in_time(asked, now)
    notes = (command.consent,) if command.consent else ()
    consent, by = NoteRef.of(command.consent), actor.speaks_as.value
    if not command.accept:
        return Decision(events=(OfferDeclined(at=now, cancellation=asked.id, by=by, consent=consent),), notes=notes)
    if offer.kind == OfferKind.CANCEL_WITH_COSTS:
        return Decision(events=_cancelled(order, asked, offer, by, consent, context, terms, now), notes=notes)
    # Shared over the payments as every refund is, never more than is left on one.
    shares = share_out(order.free, offer.amount_minor, everything=False)
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
        by=by,
        consent=consent,
    )
    return Decision(events=(event,), notes=notes)


def _cancelled(
    order: Order,
    asked: Cancellation,
    offer: Offer,
    by: str,
    consent: NoteRef | None,
    context: Context,
    terms: Terms,
    now: Instant,
) -> tuple[BaseEvent, ...]:
    """The agreement and the approval that follows from it, by whoever asked nothing: the seller grants it."""
    selection = still_open(order, asked)
    money = quote(order, selection, fees=agreed(offer.material_minor, offer.labour_minor), at=now)
    kept = offer.material_minor + offer.labour_minor
    if money.total_minor != offer.refund_minor or kept > most_costs(order, asked, context, terms, now):
        raise AmountChanged(
            confirmed=Money(offer.refund_minor, order.currency), refund=Money(money.total_minor, order.currency)
        )
    accepted = OfferAccepted(at=now, cancellation=asked.id, by=by, cancels=True, consent=consent)
    return (accepted, approved(order, asked.id, "seller", selection, context, now, money=money))


def open_offer(asked: Cancellation) -> Offer | None:
    """The offer that waits for an answer, as long as the request itself waits for the seller."""
    if asked.status is not CancellationStatus.AWAITING_SELLER or asked.offer is None or asked.offer.answer:
        return None
    return asked.offer


def latest(order: Order) -> Offer | None:
    """What was offered last about an order, whatever became of it."""
    made = [one.offer for one in order.cancellations if one.offer is not None]
    return max(made, key=lambda one: one.at, default=None)


def as_made(event: OfferMade) -> Offer:
    """An offer as it was made, unanswered."""
    return Offer(
        number=event.number,
        kind=event.kind.value,
        by=event.by,
        amount_minor=event.amount_minor,
        share_bps=event.share_bps,
        material_minor=event.material_minor,
        labour_minor=event.labour_minor,
        refund_minor=event.refund_minor,
        ship_by=event.ship_by,
        at=event.at,
    )


def apply_made(order: Order, event: OfferMade) -> Order:
    """Put it on the table."""
    return _replace(order, event.cancellation, offer=as_made(event))


def apply_accepted(order: Order, event: OfferAccepted) -> Order:
    """Settle the request: owe the money, move the day to ship. Where it cancels, the approval closes it."""
    if event.cancels:
        return _answered(order, event.cancellation, "accepted")
    refunded = sum(terms.amount_minor for terms in event.refunds)
    order = owe(order, event.refunds, event.cancellation, event.at)
    if event.ship_by is not None:
        order = msgspec.structs.replace(order, dispatch_due_at=event.ship_by)
    return _replace(
        _answered(order, event.cancellation, "accepted"),
        event.cancellation,
        status=CancellationStatus.SETTLED,
        closed_at=event.at,
        closed_by="seller" if event.by == ActorKind.SELLER else "buyer",
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
