"""A tracking number that stands on two parcels: one of them is followed in vain, so a person looks which is right.

Within an order it is seen at once. Between orders it is found afterwards, by whoever can look at them, and told here.
One parcel for several orders of one buyer is no slip.
"""

from __future__ import annotations

from rescind.core.event import BaseCommand
from rescind.core.fulfilment import ContradictionNoted, FactReported
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Parcel

REUSED = "tracking_reused"


class NoteReusedTracking(BaseCommand, frozen=True, kw_only=True):
    """The number that was told of this parcel stands on a parcel of another buyer as well."""

    parcel: str
    tracking: str


def same(carrier: str, tracking: str, parcel: Parcel) -> bool:
    """Whether a parcel bears this number of this carrier. A carrier that was not named may be any."""
    carriers = {carrier.casefold(), parcel.carrier.casefold()} - {""}
    return parcel.tracking == tracking and len(carriers) < 2


def twice(after: Order, fact: FactReported, identifier: str, now: Instant) -> tuple[ContradictionNoted, ...]:
    """A person looks when two parcels of the order go by one number; told again, it is the same slip."""
    others = (one for one in after.parcels if one.id != fact.parcel)
    if not fact.tracking or _known(after, fact.parcel, fact.tracking) > 1:
        return ()
    if not any(same(fact.carrier, fact.tracking, one) for one in others):
        return ()
    return (ContradictionNoted(at=now, id=identifier, kind=REUSED, fact=fact.fact),)


def note(order: Order, command: NoteReusedTracking, now: Instant) -> tuple[ContradictionNoted, ...]:
    """A person looks, once for each parcel and number; not where the number was put right meanwhile."""
    if not any((one.id, one.tracking) == (command.parcel, command.tracking) for one in order.parcels):
        return ()
    first = next(one for one in order.reports if (one.parcel, one.tracking) == (command.parcel, command.tracking))
    identifier = f"{first.fact.value}-{first.seq}"
    if any(one.id == identifier for one in order.contradictions):
        return ()
    return (ContradictionNoted(at=now, id=identifier, kind=REUSED, fact=first.fact),)


def _known(order: Order, parcel: str, tracking: str) -> int:
    return sum((one.parcel, one.tracking) == (parcel, tracking) for one in order.reports)
