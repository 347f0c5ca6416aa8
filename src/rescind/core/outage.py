"""Times in which nobody could answer because we were not there (I-38)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from math import ceil

import msgspec

from rescind.core.instant import Instant


class Outage(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """From the last sign of life before it to the first after it."""

    began_at: Instant
    ended_at: Instant


def owed(outages: Iterable[Outage], since: Instant, due_at: Instant, returned_s: int) -> int:
    """Whole seconds by which ``due_at`` moves for what was lost since ``since``; 0 when nothing was.

    returned_s: what was given back before, which ``due_at`` has in it. What is lost of the time given back is lost too,
    so that the new instant leaves as much of the promise as there was.
    """
    known, more = tuple(outages), 0
    while True:
        away = ceil(lost(known, since, due_at + timedelta(seconds=more)).total_seconds()) - returned_s
        if away <= more:
            return more
        more = away


def lost(outages: Iterable[Outage], since: Instant, until: Instant) -> timedelta:
    """How much of the time from ``since`` to ``until`` was lost. What two outages share is lost once."""
    total = timedelta(0)
    reached = since
    for one in sorted(outages):
        began, ended = max(one.began_at, reached), min(one.ended_at, until)
        if began < ended:
            total += ended - began
            reached = ended
    return total
