"""The only place that asks what time it is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

from rescind.core.instant import Instant


class Clock(Protocol):
    """``read`` gives the deciding time, or None where the database's own clock decides."""

    def read(self) -> Instant | None:
        """The time decisions are made at, or None for the database's."""
        ...


class DatabaseClock:
    """Production: every decision is dated by the database."""

    def read(self) -> Instant | None:
        """Leave the time to the database."""
        return None


class HandClock:
    """A clock moved by hand, for tests and rehearsals; refused together with a real payment provider."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def read(self) -> Instant | None:
        """The time it was set to."""
        return self._now

    def set(self, now: Instant) -> None:
        """Move to ``now``; backwards too, as real clocks do."""
        self._now = now

    def advance(self, span: timedelta) -> None:
        """Move on by ``span``."""
        self._now += span


def wall_clock() -> Instant:
    """This machine's time, for what is shown and not decided."""
    return datetime.now(UTC)
