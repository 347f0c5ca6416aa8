"""Time zones by their names. To list them all reads many folders, so it is done once a process."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def known() -> frozenset[str]:
    """Every zone that this machine knows, such as Europe/London."""
    return frozenset(available_timezones())


@cache
def offered() -> tuple[str, ...]:
    """Those that somebody may choose from a list, by name: places, and UTC."""
    return tuple(one for one in sorted(known()) if "/" in one or one == "UTC")
