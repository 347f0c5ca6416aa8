"""Goods: what the host is told to do with its stock, what goes into which parcel, and what came back."""

from __future__ import annotations

from typing import Annotated

import msgspec

from rescind.api.endpoint import Answer, Call, operation
from rescind.api.orders import FactTold, recorded
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.order import Order
from rescind.core.parcels import MOST, ArrangeParcels
from rescind.core.stock import InstructionKind, ReceiveBack
from rescind.engine import Submission
from rescind.intake.fields import Identifier, Incoming, Units, selection
from rescind.postgres.credentials import Role
from rescind.postgres.stock import Told as Instructed


class FeedPlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where to go on: the ``next`` of the page before; from the beginning without."""

    after: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class InstructionTold(Told, frozen=True, kw_only=True):
    """One thing to do with stock, once for each id. ``release``: these units are not set aside any more. ``restock``:
    they came back and may be sold. ``reserve``: they belong to the order again after all.

    because: the event of the order that made it so, and ``event`` its number; at: when that happened.
    """

    id: str
    kind: InstructionKind
    shop: str
    order: str
    number: str
    line: str
    sku: str
    quantity: int
    event: int
    because: str
    at: Instant


class InstructionsTold(Told, frozen=True, kw_only=True):
    """A part of the feed, oldest first. ``next``: where to go on; it is given also when there is nothing new.

    more: whether to go on at once; a page may be empty and still lead on.
    """

    rows: list[InstructionTold]
    next: str
    more: bool


class ParcelUnits(Incoming, frozen=True, kw_only=True):
    """What goes into one parcel, which is named by the caller."""

    id: Identifier
    lines: tuple[Units, ...]


class Arrangement(Incoming, frozen=True, kw_only=True):
    """Every unit that has no label yet, in one parcel each.

    together: name of the package in which they travel with parcels of other orders; without, they travel alone.
    """

    parcels: Annotated[tuple[ParcelUnits, ...], msgspec.Meta(min_length=1, max_length=MOST)]
    together: Identifier | None = None


class Back(Incoming, frozen=True, kw_only=True):
    """Units that are in the house again; without, all that were out. unsellable: those of them that cannot be sold."""

    lines: tuple[Units, ...] | None = None
    unsellable: tuple[Units, ...] = ()


_SHIPPERS: frozenset[Role] = frozenset({"host", "seller"})


@operation(
    "GET",
    "/v1/stock-instructions",
    may=frozenset({"host", "operator"}),
    through="scope",
    summary="Follow what to do with stock",
    query=FeedPlace,
    gives=InstructionsTold,
)
async def follow_stock(call: Call) -> Answer:
    """What became of the units of cancelled orders, for the host that owns the stock: release, restock, reserve.

    Keep `next` with what you did, and go on from there; nothing is left out that was committed late. An id is of one
    instruction for ever: who reads it again does nothing again. A cursor from before a restore is refused, and the feed
    is then read from the beginning.
    """
    try:
        page = await call.desk.stock.read(call.query.after)
    except errors.InvalidField as fault:
        raise errors.InvalidField(**fault.params | {"field": "?after"}) from None
    return Answer(body=InstructionsTold(rows=[_instruction(one) for one in page.told], next=page.next, more=page.more))


def _instruction(told: Instructed) -> InstructionTold:
    one = told.instruction
    return InstructionTold(
        id=one.id,
        kind=one.kind,
        shop=told.shop,
        order=one.order,
        number=told.number,
        line=one.line,
        sku=one.sku,
        quantity=one.quantity,
        event=one.seq,
        because=told.because,
        at=told.at,
    )


_FAILS = (errors.NotFound, errors.Forbidden, errors.InvalidTransition, errors.StaleOrder)


@operation(
    "POST",
    "/v1/orders/{order}/parcels",
    may=_SHIPPERS,
    through="order",
    summary="Split or combine parcels",
    body=Arrangement,
    gives=FactTold,
    changes=True,
    versioned=True,
    statuses=(201, 200),
    fails=_FAILS,
)
async def arrange(call: Call) -> Answer:
    """Say what goes into which parcel; it takes the place of what was said before. Parcels with a label stay.

    Units of a parcel that gets its label before the others cannot be cancelled one by one any more; the others can. An
    open request stays as it is: it is about the order. A seller cannot do it while the order is on hold, or when the
    platform ships it.
    """
    order = await call.order()
    body: Arrangement = call.body
    names = [one.id for one in body.parcels]
    if len(set(names)) != len(names):
        raise errors.InvalidField(field="/parcels", expected="each parcel once")
    parcels: dict[str, dict[str, int]] = {}
    for place, one in enumerate(body.parcels):
        parcels[one.id] = _units(one.lines, f"/parcels/{place}/lines")
    return await _acted(call, order, ArrangeParcels(order=order.id, parcels=parcels, together=body.together or ""))


@operation(
    "POST",
    "/v1/orders/{order}/received-back",
    may=_SHIPPERS | {"support"},
    through="order",
    summary="Say that goods came back",
    body=Back,
    gives=FactTold,
    changes=True,
    versioned=True,
    statuses=(201, 200),
    fails=(*_FAILS, errors.NothingSelected, errors.QuantityNotOpen),
)
async def received_back(call: Call) -> Answer:
    """Cancelled goods that had left are in the house again: refused at the door, undeliverable, or turned back.

    `still_out` of the order says which are not. What may be sold again becomes a `restock` instruction.
    """
    order = await call.order()
    body: Back = call.body
    unsellable = _units(body.unsellable, "/unsellable") if body.unsellable else {}
    command = ReceiveBack(order=order.id, lines=selection(body.lines), unsellable=unsellable)
    return await _acted(call, order, command)


def _units(told: tuple[Units, ...], field: str) -> dict[str, int]:
    units = {one.line: one.quantity for one in told}
    if len(units) != len(told):
        raise errors.InvalidField(field=field, expected="each line once")
    return units


async def _acted(call: Call, order: Order, command: Command) -> Answer:
    return recorded(
        call,
        await call.desk.engine.handle(
            Submission(
                command=command,
                actor=call.principal.actor(),
                key=call.key(order.shop),
                fingerprint=call.fingerprint(),
                expected_version=call.expected_version(),
                scope=call.principal.scope,
            )
        ),
    )


OPERATIONS = (follow_stock, arrange, received_back)
