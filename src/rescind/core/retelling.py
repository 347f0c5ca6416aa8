"""What the shop system an order came from is to be told of what became of it here, worked out from the order alone.

Each thing has a name, so that what was told is known and told once, in whatever order it happened and however often it
is looked at.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rescind.core.order import Order
from rescind.core.parts import CancellationStatus, Refund, RefundStatus
from rescind.core.refund import SANDBOX

Kind = Literal["cancelled", "part", "refund", "sent_back", "goes_on"]
"""cancelled: the whole order; part: some units of it; refund: money that goes back while the order goes on; sent_back:
money of an order that is cancelled; goes_on: it was cancelled and is not any more.
"""
CANCELLED = "cancelled"
_MOVES = frozenset({RefundStatus.SUBMITTED, RefundStatus.SUCCEEDED})


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell. name: it is told once under it. id: of the cancellation or refund. lines: units by line id
    that need not be sent; amount_minor: what goes back.
    """

    name: str
    kind: Kind
    id: str = ""
    lines: dict[str, int] = {}
    amount_minor: int = 0


def to_tell(order: Order, told: frozenset[str], paid_there: str = "") -> tuple[Telling, ...]:
    """What is to be told and was not yet, in the order in which it is told.

    paid_there: the connection by which the shop system itself pays refunds; it knows of those.
    """
    found: list[Telling] = []
    whole = all(line.open == 0 for line in order.lines)
    stopped = [one for one in order.cancellations if one.status is CancellationStatus.APPROVED]
    if whole:
        found.append(Telling(name=CANCELLED, kind="cancelled", lines=_units(order)))
    else:
        if CANCELLED in told:
            found.append(Telling(name="goes_on", kind="goes_on"))
        found += [
            Telling(name=f"part:{one.id}", kind="part", id=one.id, lines=one.lines, amount_minor=one.refund_minor)
            for one in stopped
        ]
    units = {one.id: one.lines for one in stopped}
    for refund in order.refunds:
        if not _goes_back(refund) or (paid_there and refund.through == paid_there):
            continue
        # A refund in the books of an order that is cancelled would make it one that is refunded.
        kind: Kind = "sent_back" if whole else "refund"
        # Units are told with the first money of their cancellation: told with each, they would be put back twice.
        lines = units.pop(refund.cancellation, {}) if refund.cancellation else {}
        found.append(
            Telling(name=f"refund:{refund.id}", kind=kind, id=refund.id, lines=lines, amount_minor=refund.amount_minor)
        )
    return tuple(one for one in found if one.name not in told)


def restocked_with(order: Order, refund: str) -> dict[str, int]:
    """The units that are told with a refund: those of its cancellation, with the first money of it."""
    this = next((one for one in order.refunds if one.id == refund), None)
    if this is None or this.cancellation is None or all(line.open == 0 for line in order.lines):
        return {}
    first = next(one for one in order.refunds if one.cancellation == this.cancellation)
    of_it = next((one for one in order.cancellations if one.id == this.cancellation), None)
    return of_it.lines if of_it and first.id == refund else {}


def _goes_back(refund: Refund) -> bool:
    if refund.through == SANDBOX:
        # It was only tried, and the shop's books would have it as money.
        return False
    return refund.status in _MOVES and not refund.release and refund.amount_minor > 0


def _units(order: Order) -> dict[str, int]:
    return {line.id: line.quantity for line in order.lines}
