"""The packing bench: what to do with a scanned order, shipping it, and taking cancelled goods out again."""

from __future__ import annotations

from rescind.api.acting import act
from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.order_answers import LeaseTold, lease_told
from rescind.api.order_notes import NoteTold, note_told
from rescind.api.order_state import OrderState, order_state
from rescind.api.told import Told, UnitsTold, units_told
from rescind.core import errors
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.intercept import ResolveContradiction
from rescind.core.lifecycle import Command
from rescind.core.order import leased
from rescind.core.packing import AcknowledgeUnpacked, GiveBackShipping, LeaseShipping, ShipOrder, look
from rescind.intake.fields import Code, Identifier, Incoming, Words
from rescind.intake.text import label, words
from rescind.postgres.credentials import Role

_SHOP: frozenset[Role] = frozenset({"seller"})


class Nothing(Incoming, frozen=True, kw_only=True):
    """The call says it all."""


class Leaving(Incoming, frozen=True, kw_only=True):
    """What leaves. With a tracking number a new parcel; without one all labelled ones, or one of unknown number.

    parcel: which of several that the order was split into and that have no label yet.
    """

    carrier: Words = ""
    tracking: Words = ""
    parcel: Identifier | None = None


class Resolution(Incoming, frozen=True, kw_only=True):
    """What was done about a contradiction, or how it ended: one of its ``steps``. comment: for shop and platform."""

    outcome: Code
    comment: Words | None = None


class Scan(Incoming, frozen=True, kw_only=True):
    """What the scanner read: an order's number or id, or a tracking number."""

    code: str


class BenchTold(Told, frozen=True, kw_only=True):
    """What to do with an order at the bench.

    answer: ``stop``, ``hold``, ``note`` or ``go``. why: the reason, as a code. step: what comes next, null where
    nothing may be done. pack: what belongs in the parcel. take_out: cancelled units that must come out of it. until:
    when a hold or a colleague's lease ends. note: the buyer's at placement; notes: all of them, each to be read first.
    """

    order: str
    number: str
    version: int
    answer: str
    why: str
    step: str | None
    instead: str
    until: Instant | None
    pack: list[UnitsTold]
    take_out: list[UnitsTold]
    note: str
    notes: list[NoteTold]


class ScanTold(Told, frozen=True, kw_only=True):
    """An answer for each order the code may mean: several where their parcels travel as one, none for a foreign one."""

    rows: list[BenchTold]


class UnpackTold(Told, frozen=True, kw_only=True):
    """A parcel to be taken apart. ``whole``: nothing of the order ships any more."""

    order: str
    number: str
    since: Instant
    whole: bool
    take_out: list[UnitsTold]


class UnpackingTold(Told, frozen=True, kw_only=True):
    """The parcels that have waited longest, up to 50. ``total``: how many there are."""

    rows: list[UnpackTold]
    total: int


class BenchDone(Told, frozen=True, kw_only=True):
    """What an act at the bench did. ``events``: what was written, nothing where it was no news."""

    events: list[str]
    shipping_lease: LeaseTold | None
    order: OrderState


_FAILS = (
    errors.NotFound,
    errors.Forbidden,
    errors.InvalidTransition,
    errors.BeingShipped,
    errors.NotTakenOut,
    errors.NoteUnread,
    errors.StaleOrder,
)


@operation(
    "GET",
    "/v1/bench",
    may=_SHOP,
    through="scope",
    summary="Scan at the packing bench",
    query=Scan,
    gives=ScanTold,
)
async def scan(call: Call) -> Answer:
    """Stop, hold, note or go: the answer of the packing page, for a scanner with software of its own."""
    desk, who = call.desk, call.principal
    now = desk.now()
    rows: list[BenchTold] = []
    for row in await desk.reads.by_scan(who.scope, call.query.code, now=now):
        view = await desk.reads.order(who.scope, row.order_id)
        order = view.order
        terms = await desk.terms(order)
        found = look(order, terms, desk.book.calendar(terms), now, who=who.id, words=bool(view.details.note))
        rows.append(
            BenchTold(
                order=order.id,
                number=order.number,
                version=order.version,
                answer=found.answer.value,
                why=found.why.value,
                step=found.step.value if found.step else None,
                instead=found.instead,
                until=found.until,
                pack=units_told(found.pack),
                take_out=units_told(found.out),
                note=view.details.note,
                notes=[note_told(one, view.said(one), who.role) for one in order.notes],
            )
        )
    return Answer(body=ScanTold(rows=rows))


@operation(
    "GET",
    "/v1/unpacking",
    may=_SHOP | STAFF,
    through="scope",
    summary="List parcels to unpack",
    gives=UnpackingTold,
)
async def unpacking(call: Call) -> Answer:
    """Parcels packed before their order, or a part of it, was cancelled, until somebody says they are apart."""
    page = await call.desk.reads.to_unpack(call.principal.scope)
    rows = [
        UnpackTold(
            order=one.order_id,
            number=one.number,
            since=one.since,
            whole=one.whole,
            take_out=[UnitsTold(line=line.line, quantity=line.asked) for line in one.lines],
        )
        for one in page.rows
    ]
    return Answer(body=UnpackingTold(rows=rows, total=page.total or 0))


@operation(
    "POST",
    "/v1/orders/{order}/shipping-lease",
    may=_SHOP,
    through="order",
    summary="Begin to ship",
    body=Nothing,
    gives=BenchDone,
    changes=True,
    versioned=True,
    fails=_FAILS,
)
async def lease(call: Call) -> Answer:
    """Say that the order is about to be handed to the carrier. It ends by itself after ten minutes.

    The buyer reads that the parcel is being handed over, and nobody else of the shop ships it meanwhile. It does not
    keep the order from being cancelled: whichever comes first counts.
    """
    return await _do(call, LeaseShipping(order=_order(call)))


@operation(
    "POST",
    "/v1/orders/{order}/shipping-lease/give-back",
    may=_SHOP,
    through="order",
    summary="Do not ship now after all",
    body=Nothing,
    gives=BenchDone,
    changes=True,
    versioned=True,
    fails=_FAILS,
)
async def give_back(call: Call) -> Answer:
    """End a lease on shipping early, one's own or a colleague's."""
    return await _do(call, GiveBackShipping(order=_order(call)))


@operation(
    "POST",
    "/v1/orders/{order}/ship",
    may=_SHOP,
    through="order",
    summary="Ship an order",
    body=Leaving,
    gives=BenchDone,
    changes=True,
    versioned=True,
    fails=(*_FAILS, errors.InvalidText),
)
async def ship(call: Call) -> Answer:
    """Hand the order to the carrier, if it may still leave. An order that was cancelled first is a conflict.

    That is the difference to reporting the fact `handed_over`, which is believed also when it should not have happened.
    """
    body = call.body
    command = ShipOrder(
        order=_order(call),
        carrier=label(body.carrier, field="/carrier"),
        tracking=label(body.tracking, field="/tracking"),
        parcel=body.parcel or "",
    )
    return await _do(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/unpacked",
    may=_SHOP,
    through="order",
    summary="Say that cancelled goods are unpacked",
    body=Nothing,
    gives=BenchDone,
    changes=True,
    versioned=True,
    fails=_FAILS,
)
async def unpacked(call: Call) -> Answer:
    """Everything of the order that was cancelled is out of its parcel; it leaves the list of parcels to unpack."""
    return await _do(call, AcknowledgeUnpacked(order=_order(call)))


@operation(
    "POST",
    "/v1/orders/{order}/contradictions/{contradiction}/resolve",
    may=_SHOP | STAFF,
    through="order",
    summary="Deal with a contradiction",
    body=Resolution,
    gives=BenchDone,
    changes=True,
    versioned=True,
    fails=(*_FAILS, errors.InvalidText),
)
async def resolve(call: Call) -> Answer:
    """Say what was done about a parcel that should not have left, or how it ended. Money does not move by this."""
    body = call.body
    command = ResolveContradiction(
        order=_order(call),
        contradiction=call.ids["contradiction"],
        outcome=body.outcome,
        comment=None if body.comment is None else call.desk.note(words(body.comment, field="/comment")),
    )
    return await _do(call, command)


def _order(call: Call) -> OrderId:
    return OrderId(call.identifier("order", "ord"))


async def _do(call: Call, command: Command) -> Answer:
    outcome = await act(call, command)
    order = outcome.order
    # A repeat is told with the time of the first answer, so that it gets the same bytes (ID-02).
    now = outcome.records[-1].received_at if outcome.records else call.desk.now()
    return Answer(
        body=BenchDone(
            events=[type(one.event).__name__ for one in outcome.records],
            shipping_lease=lease_told(leased(order, now), call.principal.role),
            order=order_state(order, now),
        ),
        version=order.version,
        replayed=outcome.replayed,
    )


OPERATIONS = (scan, unpacking, lease, give_back, ship, unpacked, resolve)
