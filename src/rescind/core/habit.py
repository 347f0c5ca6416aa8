"""What a shop usually does, told only where enough happened to tell it, and always with how far it strays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import msgspec

from rescind.core.instant import Instant
from rescind.core.stage import Stage

LEAST = 20
"""Of fewer than this nothing is told: it would say more about single orders than about the shop."""
DAYS = 90
"""How far back is looked."""

# The stages whose beginning the shop reports, by the member of an order's progress that says when.
REPORTED = {
    Stage.PREPARING: "preparation_started_at",
    Stage.PACKING: "packing_started_at",
    Stage.PACKED: "packed_at",
}


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """When a stage will likely begin. at: the median; earliest, latest: eight in ten orders lie between them.

    orders: how many this is drawn from, of those that took longer than this one has taken already.
    """

    stage: Stage
    at: Instant
    earliest: Instant
    latest: Instant
    orders: int


class Favours(msgspec.Struct, frozen=True, kw_only=True):
    """Requests that came too late and were put to the shop all the same: how many were answered, how many granted."""

    asked: int
    granted: int


def pace(stage: Stage, seconds: Sequence[int], placed_at: Instant, now: Instant) -> Pace | None:
    """From how long other orders took from being placed to this stage; None where too few are left to say.

    An order that waits for an hour already will not be packed in its first: only those that took longer count.
    """
    waited = (now - placed_at).total_seconds()
    longer = sorted(one for one in seconds if one > waited)
    if len(longer) < LEAST:
        return None
    early, middle, late = (placed_at + timedelta(seconds=_quantile(longer, tenths)) for tenths in (1, 5, 9))
    return Pace(stage=stage, at=middle, earliest=early, latest=late, orders=len(longer))


def favours(asked: int, granted: int) -> Favours | None:
    """None where too few asked to say anything."""
    return Favours(asked=asked, granted=granted) if asked >= LEAST else None


def _quantile(ordered: Sequence[int], tenths: int) -> int:
    """The least value that at least so many tenths of all do not exceed."""
    return ordered[-(-len(ordered) * tenths // 10) - 1]
