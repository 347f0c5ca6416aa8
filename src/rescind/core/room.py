"""How much an order can hold: one row that is read whole, with an end, and with room kept for what must come last.

What people ask for can be refused, for they can be told. What happened in the world, an answer that was promised and
money that comes back cannot; so whoever adds to a large order leaves room for these.
"""

from __future__ import annotations

from collections.abc import Mapping

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import CancelBySeller, RequestCancellation
from rescind.core.errors import OrderFull
from rescind.core.escalation import Escalate
from rescind.core.event import BaseCommand
from rescind.core.fulfilment import ReportFact
from rescind.core.granting import GrantEscalation
from rescind.core.order import Order
from rescind.core.order_note import AddNote
from rescind.core.override import OverrideRules
from rescind.core.packing import ShipOrder
from rescind.core.parcels import ArrangeParcels
from rescind.core.record import encode_order
from rescind.core.returns import OpenReturn

STORED_BYTES = 64 * 1024
"""What the database takes (the column's own check)."""

_LEAVES: Mapping[type[BaseCommand], int] = {
    # A request first of all: it is the buyer's right, and nobody else's doings may use up its place.
    RequestCancellation: 8 * 1024,
    CancelBySeller: 16 * 1024,
    OpenReturn: 16 * 1024,
    ArrangeParcels: 16 * 1024,
    OverrideRules: 16 * 1024,
    Escalate: 8 * 1024,
    GrantEscalation: 16 * 1024,
    AddNote: 16 * 1024,
}
"""Bytes that must be free after a command of this kind."""
_SELLER_LEAVES: Mapping[type[BaseCommand], int] = {ReportFact: 16 * 1024, ShipOrder: 16 * 1024}
"""The same where the seller acts: what the host or the carrier reports has happened and is recorded."""

_SMALL = 300
"""Units of a line in this many places are far from filling an order, so that it need not be measured."""


def require_room(command: BaseCommand, actor: Actor, after: Order) -> None:
    """Refuse what would leave an order too little room for what must still be written. Raises OrderFull."""
    leaves = _LEAVES.get(type(command))
    if leaves is None and actor.kind is ActorKind.SELLER:
        leaves = _SELLER_LEAVES.get(type(command))
    if leaves is None or _small(after):
        return
    if len(encode_order(after)) > STORED_BYTES - leaves:
        raise OrderFull


def _small(order: Order) -> bool:
    holders = (order.cancellations, order.overrides, order.proposals, order.returns, order.parcels, order.reports)
    return (8 + len(order.lines)) * (1 + sum(map(len, holders))) < _SMALL
