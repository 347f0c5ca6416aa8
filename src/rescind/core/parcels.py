"""Which units of an order go into which parcel, before any of them has a label: split, combined, combined no more.

What is said here replaces what was said before, except for parcels that are further on: those are past arranging. A
request to cancel is about the order; it does not care how the goods are parcelled (R-025).
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rescind.core import packing
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.context import Context
from rescind.core.errors import Forbidden, InvalidField
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.fulfilment import require_not_cancelled
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Parcel
from rescind.core.terms import Terms

MOST = 50
"""Parcels of one order; more would be a mistake of somebody's program."""

_MAY = frozenset({ActorKind.HOST, ActorKind.SELLER})


class ArrangeParcels(BaseCommand, frozen=True, kw_only=True):
    """Everything that has no label yet goes into these parcels: units by line, by the parcel's name.

    together: the host's name for the package in which they travel with parcels of other orders.
    """

    parcels: dict[str, dict[str, int]]
    together: str = ""


class ParcelsArranged(BaseEvent, frozen=True, kw_only=True):
    """What goes into which parcel was said anew. ``parcels``: all that are not further on, units by line."""

    parcels: dict[str, dict[str, int]]
    together: str = ""


def arrange(
    order: Order, command: ArrangeParcels, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Say what goes into which parcel; the same again is no news.

    Raises Forbidden, InvalidTransition (cancelled, or the policy lets the seller ship nothing yet), InvalidField (a
    parcel that is further on, or units that do not add up to what has no label).
    """
    if actor.kind not in _MAY:
        raise Forbidden(action="arrange_parcels")
    require_not_cancelled(order, "arrange_parcels")
    if actor.kind is ActorKind.SELLER:
        # To split is to prepare shipping. That somebody asks to cancel meanwhile does not matter to it.
        packing.require_may_ship(order, "arrange_parcels", terms, context.calendar, now, answered=True)
    _require_whole(order, command.parcels)
    event = ParcelsArranged(at=now, parcels=command.parcels, together=command.together)
    known = {one.id: (one.lines, one.together) for one in order.parcels if not one.further_on}
    told = {name: (units, command.together) for name, units in command.parcels.items()}
    return Decision(events=() if told == known else (event,))


def _require_whole(order: Order, parcels: Mapping[str, Mapping[str, int]]) -> None:
    """Every unit without a label lies in exactly one of these parcels."""
    if not 0 < len(parcels) <= MOST:
        raise InvalidField(field="/parcels", expected=f"1 to {MOST} parcels")
    past = {one.id for one in order.parcels if one.further_on}
    units: dict[str, int] = {}
    for place, (name, lines) in enumerate(parcels.items()):
        if name in past:
            raise InvalidField(field=f"/parcels/{place}/id", expected="a parcel that has no label yet, or a new one")
        if not lines or any(count < 1 for count in lines.values()):
            raise InvalidField(field=f"/parcels/{place}/lines", expected="at least one unit of a line")
        for line, count in lines.items():
            units[line] = units.get(line, 0) + count
    if units != order.unlabelled_units():
        raise InvalidField(field="/parcels", expected="every unit that has no label yet, in one parcel each")


def apply_arranged(order: Order, event: ParcelsArranged) -> Order:
    """Keep the parcels that are further on, and these instead of the others."""
    known = {one.id: one for one in order.parcels}
    kept = tuple(one for one in order.parcels if one.further_on)
    arranged = tuple(
        msgspec.structs.replace(
            known.get(name, Parcel(id=name)), lines=lines, arranged_at=event.at, together=event.together
        )
        for name, lines in event.parcels.items()
    )
    return msgspec.structs.replace(order, parcels=(*kept, *arranged))
