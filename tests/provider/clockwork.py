"""The provider's own time: real time, and what it was moved on by; and what is to happen later."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime


class Clockwork:
    """``at(when, do)`` happens once; moving the clock on by hand makes everything that is due happen at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ahead = 0.0
        self._later: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._iso = (0, "")

    def now(self) -> float:
        return time.time() + self._ahead

    def iso(self, when: float) -> str:
        """PayPal's way to write a time; whole seconds, of which the last is remembered."""
        second = int(when)
        if second != self._iso[0]:
            self._iso = (second, datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
        return self._iso[1]

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._later, (self.now() + seconds, next(self._count), do))
        self._wind()

    def advance(self, seconds: float) -> None:
        self._ahead += seconds
        self._strike()

    def clear(self) -> None:
        self._later.clear()
        self._ahead = 0.0

    def _strike(self) -> None:
        self._timer = None
        while self._later and self._later[0][0] <= self.now():
            heapq.heappop(self._later)[2]()
        self._wind()

    def _wind(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._later:
            self._timer = self._loop.call_later(max(0.0, self._later[0][0] - self.now()), self._strike)
