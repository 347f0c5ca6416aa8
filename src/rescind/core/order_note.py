"""What a buyer asks of the shop beside the order: at placement, and until the parcel leaves (M-18).

A note is for whoever packs, and somebody there says that it was read. It changes nothing about the order (R-164): one
that asks for another address may, where the policy lets it and the buyer wants it, have a person look first.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.address_wish import asks_for_address
from rescind.core.cancellation import Decision
from rescind.core.cancellation.guards import require_consent, require_speaker
from rescind.core.context import Context
from rescind.core.errors import Forbidden, InvalidField, InvalidTransition, NoteUnread, NotFound
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.fulfilment import FactReported
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.parts import FactKind, OrderNote
from rescind.core.review import ADDRESS_ASKED, correctable_at, waiting
from rescind.core.terms import Terms

MOST = 10
"""Notes of one order: it stays one row that is read whole. Whoever has more to say writes a message."""
LONGEST = 500
"""Most characters of a note: it is read at a bench."""
VALUE = "note_review"
"""Name of the policy's value: whether a note that asks for another address may have a person look first."""

Wish = Literal["words", "address"]
"""What a note is understood to be about: anything, or where the parcel goes."""


class AddNote(BaseCommand, frozen=True, kw_only=True):
    """The buyer, or support with the buyer's consent, asks something of the shop.

    hold: nothing is to ship before a person has looked at the address. Only the buyer's own word sets it.
    """

    comment: Note
    hold: bool = False
    consent: Note | None = None


class AcknowledgeNote(BaseCommand, frozen=True, kw_only=True):
    """Somebody who packs has read it."""

    number: int


class NoteAdded(BaseEvent, frozen=True, kw_only=True):
    """The buyer asked for something. comment: None of a note at placement, whose words are kept with the address."""

    number: int
    wish: Wish
    filed_by: str
    comment: NoteRef | None = None
    consent: NoteRef | None = None


class NoteAcknowledged(BaseEvent, frozen=True, kw_only=True):
    """``reader`` of the shop, or of the platform, has read it."""

    number: int
    reader: str


# --- what may be done ------------------------------------------------------------------------------------------------


def wish_of(text: str) -> Wish:
    """What a note is understood to be about."""
    return "address" if asks_for_address(text) else "words"


def unread(order: Order) -> tuple[OrderNote, ...]:
    """The notes that somebody still has to read, oldest first; none once there is nothing left to pack."""
    if not order.notes or order.progress.cancelled_at or not order.open_units():
        return ()
    return tuple([one for one in order.notes if one.acknowledged_at is None])


def closed(order: Order) -> str:
    """Why no note can be added any more: ``cancelled``, ``gone`` (handed over) or ``full``; empty while one can."""
    if order.progress.cancelled_at:
        return "cancelled"
    if order.progress.completed_at or not order.open_units():
        return "gone"
    return "full" if len(order.notes) >= MOST else ""


def may_hold(order: Order, terms: Terms, now: Instant) -> bool:
    """Whether a note about the address may have a person look before anything ships.

    Not once a label says where it goes, nor while somebody looks already.
    """
    allowed = terms.preset.values.get(VALUE, False) is True
    return allowed and not closed(order) and waiting(order) is None and correctable_at(stage(order, now))


def require_read(order: Order) -> None:
    """Nothing is handed to the carrier before the buyer's notes were read. Raises NoteUnread."""
    left = unread(order)
    if left:
        raise NoteUnread(notes=tuple(one.number for one in left))


# --- acts ------------------------------------------------------------------------------------------------------------


def decide(
    order: Order, command: AddNote | AcknowledgeNote, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Answer one of these."""
    if isinstance(command, AddNote):
        return add(order, command, actor, context, terms, now)
    return acknowledge(order, command, actor, now)


def add(order: Order, command: AddNote, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Keep a note, and open the review that it asks for.

    Raises Forbidden, ConsentMissing, InvalidTransition (it has left, is cancelled, or has as many as it holds),
    InvalidField (a hold where there is nothing to hold for, or the policy does not).
    """
    require_speaker(actor, ActorKind.BUYER, "add_note")
    require_consent(actor, command.consent)
    if closed(order):
        raise InvalidTransition(
            action="add_note", current_state=stage(order, now).value, allowed_actions=("contact_support",)
        )
    wish = wish_of(command.comment.body)
    if command.hold and not (wish == "address" and may_hold(order, terms, now)):
        raise InvalidField(field="/hold", expected="false, or a note about the address while the policy lets it wait")
    added = NoteAdded(
        at=now,
        number=len(order.notes) + 1,
        wish=wish,
        filed_by=actor.kind.value,
        comment=NoteRef.of(command.comment),
        consent=NoteRef.of(command.consent),
    )
    notes = tuple(note for note in (command.comment, command.consent) if note)
    if not command.hold:
        return Decision(events=(added,), notes=notes)
    looked_at = FactReported(
        at=now,
        fact=FactKind.REVIEW_OPENED,
        by=SYSTEM.kind.value,
        review=terms.review((ADDRESS_ASKED,), now, context.calendar),
    )
    return Decision(events=(added, looked_at), notes=notes)


def placed(order: Order, wish: Wish, now: Instant) -> NoteAdded:
    """The note that came with the order."""
    return NoteAdded(at=now, number=len(order.notes) + 1, wish=wish, filed_by=ActorKind.BUYER.value)


def acknowledge(order: Order, command: AcknowledgeNote, actor: Actor, now: Instant) -> Decision:
    """Say that it was read; no news when a colleague has said so. Raises Forbidden, NotFound."""
    if actor.speaks_as not in {ActorKind.SELLER, ActorKind.SUPPORT}:
        raise Forbidden(action="acknowledge_note")
    found = next((one for one in order.notes if one.number == command.number), None)
    if found is None:
        raise NotFound(kind="note")
    if found.acknowledged_at is not None:
        return Decision(events=())
    return Decision(events=(NoteAcknowledged(at=now, number=found.number, reader=actor.id),))


# --- what happened ---------------------------------------------------------------------------------------------------


def apply_added(order: Order, event: NoteAdded) -> Order:
    """Keep it."""
    note = OrderNote(number=event.number, wish=event.wish, filed_by=event.filed_by, at=event.at, comment=event.comment)
    return msgspec.structs.replace(order, notes=(*order.notes, note))


def apply_acknowledged(order: Order, event: NoteAcknowledged) -> Order:
    """Keep who has read it, and when."""
    return msgspec.structs.replace(
        order,
        notes=tuple(
            msgspec.structs.replace(one, acknowledged_at=event.at, acknowledged_by=event.reader)
            if one.number == event.number
            else one
            for one in order.notes
        ),
    )
