"""When a list is mailed: every day or every week, at an hour by somebody's own clock."""

from __future__ import annotations

from typing import Literal
from zoneinfo import ZoneInfo

import msgspec

from rescind.core.instant import Instant
from rescind.core.notice import next_digest

Rhythm = Literal["daily", "weekly"]


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """hour: 0 to 23 in ``zone``. weekday: of a weekly one, Monday is 0."""

    rhythm: Rhythm
    hour: int
    zone: str
    weekday: int = 0

    def next(self, now: Instant) -> Instant:
        """The first time after ``now``. However much was missed, there is one."""
        found = next_digest(now, self.zone, self.hour)
        while self.rhythm == "weekly" and found.astimezone(ZoneInfo(self.zone)).weekday() != self.weekday:
            found = next_digest(found, self.zone, self.hour)
        return found
