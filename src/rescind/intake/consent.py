"""How a buyer agreed that support acts for them (M-49): by which way, when, and in which words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Literal, get_args

import msgspec

from rescind.core.errors import InvalidField
from rescind.core.instant import Instant
from rescind.intake.fields import Incoming, Words, moment
from rescind.intake.text import words

Way = Literal["phone", "chat", "mail", "letter"]
WAYS: tuple[Way, ...] = get_args(Way)
THIS_MINUTE = timedelta(minutes=1)
"""Times are given by the minute, so one of this very minute may read as ahead of us."""


class Consent(Incoming, frozen=True, kw_only=True):
    """The buyer's agreement. agreed_at: when it was given, no earlier than the order. remark: what was said."""

    way: Way
    agreed_at: Annotated[datetime, msgspec.Meta(tz=True)]
    remark: Words = ""


def recorded(consent: Consent, *, placed_at: Instant, now: Instant) -> str:
    """The agreement as it is kept. Raises InvalidField, InvalidText."""
    agreed_at = moment(consent.agreed_at, field="/consent/agreed_at")
    if not in_time(agreed_at, placed_at=placed_at, now=now):
        raise InvalidField(field="/consent/agreed_at", expected="a time between the order and now")
    said = words(consent.remark, field="/consent/remark", blank=True)
    return " · ".join(part for part in (consent.way, f"{agreed_at:%Y-%m-%dT%H:%MZ}", said) if part)


def in_time(agreed_at: Instant, *, placed_at: Instant, now: Instant) -> bool:
    """Whether somebody can have agreed then: nobody agrees before the order, nor in the future."""
    return placed_at - THIS_MINUTE < agreed_at <= now + THIS_MINUTE
