"""How much of one worker each webhook endpoint gets, so that one that hangs delays no other (WH-13).

An endpoint begins with a little, gets more with each quick receipt, half with each failure, and one at a time when it
is slow. All that are slow share half of the worker; the other half is always there for the rest.
"""

from __future__ import annotations

import random
from collections import Counter

from rescind.postgres.deliveries import Room

MOST = 256
"""Attempts that are under way in one worker at the same moment, at most."""
SLOW_MOST = MOST // 2
BEGIN = 4
LARGEST = 64
QUICK_MS = 1000
_REMEMBERED = 10_000


class Shares:
    """Counts what is under way, and learns how endpoints are."""

    def __init__(self) -> None:
        self._window: dict[str, int] = {}
        self._slow: set[str] = set()
        self._under_way: Counter[str] = Counter()

    @property
    def free(self) -> int:
        """How many attempts may begin."""
        return MOST - self._under_way.total()

    @property
    def slow_free(self) -> int:
        """How many of them may be to endpoints that are slow."""
        return max(0, SLOW_MOST - sum(self._under_way[one] for one in self._slow))

    def rooms(self) -> dict[str, Room]:
        """Room by endpoint, for those about which anything is known."""
        return {
            one: Room(max(0, self._window.get(one, BEGIN) - self._under_way[one]), one in self._slow)
            for one in self._window.keys() | self._under_way.keys()
        }

    def begins(self, endpoint: str) -> None:
        """An attempt is under way."""
        self._under_way[endpoint] += 1

    def ends(self, endpoint: str, *, well: bool, ms: int) -> None:
        """It is over."""
        self._under_way[endpoint] -= 1
        if not self._under_way[endpoint]:
            del self._under_way[endpoint]
        window = self._window.get(endpoint, BEGIN)
        if ms > QUICK_MS:
            self._slow.add(endpoint)
            self._window[endpoint] = 1
        else:
            self._slow.discard(endpoint)
            self._window[endpoint] = min(LARGEST, window + 1) if well else max(1, window // 2)
        if len(self._window) > _REMEMBERED:
            # Which one is forgotten matters little: it begins again.
            forgotten = random.choice(tuple(self._window))  # noqa: S311
            del self._window[forgotten]
            self._slow.discard(forgotten)
