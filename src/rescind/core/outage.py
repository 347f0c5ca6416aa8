"""Times in which nobody could answer because we were not there (I-38)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import msgspec

from rescind.core.instant import Instant


class Outage(msgspec.Struct, frozen=True, order=True, omit_defaults=True):
    """From the last sign of life before it to the first after it."""

    began_at: Instant
    ended_at: Instant


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
