"""A shop that answers too few requests in time: the platform agrees for it, for a while (R-036). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec

from rescind.core.deadline import Calendar, day_start, due, zone_of
from rescind.core.errors import RescindError
from rescind.core.instant import Instant
from rescind.core.policy.literal import Plain

SETTING = "auto_approve_requests"
"""What is switched on for whoever buys from now on; whoever bought before is reached by a standing consent."""
_WHOLE_BPS = 10_000


class AutomationRequired(RescindError):
    """The platform switched it on, and its time is not over. Params: setting, until (Instant)."""

    code = "automation-required"


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """How a shop answered in one calendar month. month: its first day, where the preset counts its days.

    asked: requests whose deadline fell into the month and that the buyer did not take back; in_time: those of them that
    the shop answered before it.
    """

    month: date
    asked: int
    in_time: int

    @property
    def in_time_bps(self) -> int:
        """The share that was answered in time, rounded down; all of none."""
        return self.in_time * _WHOLE_BPS // self.asked if self.asked else _WHOLE_BPS


class Required(msgspec.Struct, frozen=True, kw_only=True):
    """What a preset demands. least: of fewer requests nothing follows, so that one late answer does not do it."""

    answered_bps: int
    least: int
    span: str

    @classmethod
    def of(cls, values: Mapping[str, Plain]) -> Required | None:
        """As the values of a resolved preset say; None where it demands nothing."""
        found = tuple(values.get(name) for name in ("answered_bps", "answered_least", "automation_span"))
        match found:
            case (int(bps), int(least), str(length)):
                return cls(answered_bps=bps, least=least, span=length)
            case _:
                return None


def may_end_at(required: Required, answered: Answered, now: Instant, zone: str) -> Instant | None:
    """Until when the platform agrees in the shop's place; None when the shop answered well enough, or was asked little.

    The day on which it begins is day 0 of the span, as of every span in days (E-03).

    Compared in whole numbers: nine of ten are 90 %, and 89.99 % are not.
    """
    if answered.asked < required.least:
        return None
    if answered.in_time * _WHOLE_BPS >= required.answered_bps * answered.asked:
        return None
    return due(now, required.span, Calendar(zone))


def require_over(until: Instant | None, now: Instant) -> None:
    """Let the seller switch it off. Raises AutomationRequired while its time is not over."""
    if until is not None and now < until:
        raise AutomationRequired(setting=SETTING, until=until)


def month_before(now: Instant, zone: str) -> tuple[date, Instant, Instant]:
    """The last calendar month that is over where the preset counts: its first day, its beginning and its end."""
    following = now.astimezone(zone_of(zone)).date().replace(day=1)
    first = (following - timedelta(days=1)).replace(day=1)
    return first, day_start(first, zone), day_start(following, zone)
