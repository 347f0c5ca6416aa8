"""Counting tries that fail, so that guessing takes longer than it is worth."""

from __future__ import annotations

import time

from rescind.core.errors import RateLimited


class Throttle:
    """Counts by name, forgiving ``per_second``; RateLimited once ``burst`` are on the account."""

    def __init__(self, *, burst: int, per_second: float) -> None:
        self._burst = burst
        self._per_second = per_second
        self._accounts: dict[str, tuple[float, float]] = {}

    def check(self, name: str) -> None:
        """Raise RateLimited when the account is full."""
        counted = self._counted(name)
        # Forgiving never stands still: three counted a moment ago are already a little less than three.
        if counted > self._burst - 1:
            raise RateLimited(retry_after=max(1, round((counted - self._burst + 1) / self._per_second)))

    def count(self, name: str) -> None:
        """Put one on the account."""
        if len(self._accounts) > 10_000:
            self._accounts = {name: at for name, at in self._accounts.items() if self._counted(name) > 0}
        self._accounts[name] = (self._counted(name) + 1, time.monotonic())

    def _counted(self, name: str) -> float:
        count, at = self._accounts.get(name, (0.0, 0.0))
        return max(0.0, count - (time.monotonic() - at) * self._per_second)
