"""What a buyer asks of the shop beside an order, and who of the shop has read it."""

from __future__ import annotations

from rescind.api.acting import act, numbered
from rescind.api.cancellations import speaks_for
from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.order import Order
from rescind.core.order_note import LONGEST, AcknowledgeNote, AddNote, closed, may_hold, wish_of
from rescind.core.parts import OrderNote
from rescind.intake.consent import Consent
from rescind.intake.fields import Incoming, Words
from rescind.intake.text import words
from rescind.postgres.credentials import Role

_KNOWS_WHO: frozenset[Role] = frozenset({"seller", "support", "operator"})


class NewNote(Incoming, frozen=True, kw_only=True):
    """What to ask of the shop. hold: nothing is to ship before a person has looked at the address; only for a note that
    asks for another one, as `…/notes/understood` tells. consent: as with a request to cancel.
    """

    text: Words
    hold: bool = False
    consent: Consent | None = None


class NoteTried(Incoming, frozen=True, kw_only=True):
    """The words of a note that is not written yet."""

    text: Words


class Reading(Incoming, frozen=True, kw_only=True):
    """The call says it all."""


class NoteTold(Told, frozen=True, kw_only=True):
    """One note. number: of those of the order. wish: `address` where it plainly asks for another one, else `words`.

    text: empty once erased. acknowledged_by: who of the shop or the platform has read it; not told to the buyer.
    """

    number: int
    text: str
    wish: str
    filed_by: str
    at: Instant
    acknowledged_at: Instant | None
    acknowledged_by: str


class NotesTold(Told, frozen=True, kw_only=True):
    """The notes of an order, oldest first. closed: why there can be no more: `gone`, `cancelled` or `full`; else empty.

    may_hold: whether one about the address may have a person look before anything ships.
    """

    rows: list[NoteTold]
    closed: str
    may_hold: bool


class UnderstoodTold(Told, frozen=True, kw_only=True):
    """How a note would be understood, and whether it may hold the order. Nothing is written."""

    wish: str
    may_hold: bool


_FAILS = (errors.NotFound, errors.Forbidden, errors.InvalidTransition, errors.StaleOrder)


@operation(
    "GET",
    "/v1/orders/{order}/notes",
    may=ANYBODY,
    through="order",
    summary="List the notes of an order",
    gives=NotesTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """What the buyer asked of the shop at placement and since, and when somebody there said to have read it."""
    view = await call.view()
    order = view.order
    held = may_hold(order, await call.desk.terms(order), call.desk.now())
    rows = [note_told(one, view.said(one), call.principal.role) for one in order.notes]
    return Answer(body=NotesTold(rows=rows, closed=closed(order), may_hold=held), version=order.version)


@operation(
    "POST",
    "/v1/orders/{order}/notes",
    may=frozenset({"buyer", "support", "operator"}),
    through="order",
    summary="Write a note to an order",
    body=NewNote,
    gives=NoteTold,
    changes=True,
    versioned=True,
    statuses=(201,),
    fails=(*_FAILS, errors.InvalidField, errors.InvalidText, errors.ConsentMissing),
)
async def add(call: Call) -> Answer:
    """Ask something of the shop until the parcel is handed over. Whoever packs has to say that they have read it.

    A note changes nothing else. One that asks for another address may, where the policy lets it, have a person look
    first: then `hold` opens a manual review.
    """
    body, order = call.body, await call.order()
    on_behalf_of, consent = await speaks_for(call)
    said = call.desk.note(words(body.text, field="/text", limit=LONGEST))
    return await _do(call, AddNote(order=order.id, comment=said, hold=body.hold, consent=consent), on_behalf_of)


@operation(
    "POST",
    "/v1/orders/{order}/notes/understood",
    may=frozenset({"buyer", "support", "operator"}),
    through="order",
    summary="Try how a note is understood",
    body=NoteTried,
    gives=UnderstoodTold,
    fails=(errors.NotFound, errors.InvalidText),
)
async def understood(call: Call) -> Answer:
    """What a note would be understood to ask for, so that its writer can say whether that is meant."""
    order = await call.order()
    wish = wish_of(words(call.body.text, field="/text", limit=LONGEST))
    held = wish == "address" and may_hold(order, await call.desk.terms(order), call.desk.now())
    return Answer(body=UnderstoodTold(wish=wish, may_hold=held))


@operation(
    "POST",
    "/v1/orders/{order}/notes/{note}/acknowledge",
    may=_KNOWS_WHO,
    through="order",
    summary="Say that a note was read",
    body=Reading,
    gives=NoteTold,
    changes=True,
    versioned=True,
    fails=_FAILS,
)
async def acknowledge(call: Call) -> Answer:
    """Say that you have read it. Nothing is handed over by the shop before every note is; once is enough."""
    order, number = await call.order(), numbered(call, "note", "note")
    return await _do(call, AcknowledgeNote(order=order.id, number=number), number=number)


async def _do(call: Call, command: Command, on_behalf_of: str = "", *, number: int = 0) -> Answer:
    outcome = await act(call, command, on_behalf_of)
    after: Order = outcome.order
    note = after.notes[number - 1]
    view = await call.desk.reads.order(call.principal.scope, after.id)
    return Answer(
        body=note_told(note, view.said(note), call.principal.role),
        status=call.operation.statuses[0],
        version=after.version,
        replayed=outcome.replayed,
    )


def note_told(one: OrderNote, text: str, role: Role) -> NoteTold:
    """One note as this role is told of it."""
    return NoteTold(
        number=one.number,
        text=text,
        wish=one.wish,
        filed_by=one.filed_by,
        at=one.at,
        acknowledged_at=one.acknowledged_at,
        acknowledged_by=one.acknowledged_by if role in _KNOWS_WHO else "",
    )


OPERATIONS = (of_order, add, understood, acknowledge)
