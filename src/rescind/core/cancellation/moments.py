"""The moments as of which a request may be judged; of all answers the kindest holds.

It is made now. It may have been said before, in a message that counts from its own moment. And where we were not there
for a while, nobody could ask: a window that the clock ends, of a hold or since the order was placed, is as long as it
was promised without that while (I-38).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NamedTuple

from rescind.core.cancellation.messages import Said
from rescind.core.cancellation.said import as_said
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.outage import Outage, lost
from rescind.core.terms import Terms


class Moment(NamedTuple):
    """As of when the rules are asked, and the order as it stood then. said: the message that this is the moment of.

    lost: so much of the time was ours.
    """

    at: Instant
    order: Order
    said: Said | None = None
    lost: timedelta = timedelta()


def moments(
    order: Order, said: Said | None, terms: Terms, outages: tuple[Outage, ...], now: Instant
) -> Iterator[Moment]:
    """Now, and each other moment that may be kinder."""
    yield Moment(now, order)
    if said is not None and (before := as_said(order, said, terms, now)) is not None:
        yield Moment(said.at, before, said)
    if away := lost_to(order, outages, now):
        # What happened since has happened; only the clock is behind.
        yield Moment(now - away, order, lost=away)


def lost_to(order: Order, outages: tuple[Outage, ...], now: Instant) -> timedelta:
    """How long of this order's life nobody could ask for anything."""
    return lost(outages, order.placed_at, now) if outages else timedelta()
