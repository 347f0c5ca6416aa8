"""What is found of one thing, and from where on it is worth a word. Nothing here looks at anything by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, Literal

import msgspec

from rescind.core.instant import Instant

Topic = Literal[
    "database",
    "processes",
    "work",
    "clock",
    "people",
    "programs",
    "provider",
    "orders",
    "mail",
    "address",
    "backup",
    "disk",
    "keys",
]
Grade = Literal["good", "attention", "broken"]
"""attention: it runs, and somebody should see to it. broken: something does not work, or will soon be lost."""

MISSING: Final = frozenset(
    {"provider_none", "provider_trial", "orders_none", "mail_none", "address_none", "backup_none"}
)
"""What a marketplace that has just begun has to see to before it is fit for orders of its own."""
APART_S: Final = 2.0
WRONG_S: Final = 60.0
"""How far the clocks of this machine and of the database may be apart. Providers refuse what is five minutes off."""
BACKUP_EVERY: Final = timedelta(hours=36)
"""A daily backup that is half a day late was missed."""
TRIED_EVERY: Final = timedelta(days=35)
"""So long the word of a restore that was tried is good for: a month, and a few days of grace."""
LITTLE_SPACE, NO_SPACE = 2 * 10**9, 3 * 10**8
"""Bytes. Below the second PostgreSQL may stop at the next burst of work."""
LITTLE_SHARE: Final = 0.05


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing, and how it is.

    code: what was found; its sentence, and what to do about it, stand in the catalogues under this name. params: what
    the sentence has to be filled with: numbers, moments, and words of other programs as they said them.
    """

    topic: Topic
    code: str
    grade: Grade = "good"
    params: dict[str, int | str | Instant] = {}


def of_clock(apart_s: float, kept: bool | None) -> Finding:
    """apart_s: seconds by which the database is ahead. kept: whether something sets this machine's clock, if known."""
    if abs(apart_s) > APART_S:
        grade: Grade = "broken" if abs(apart_s) > WRONG_S else "attention"
        return Finding(topic="clock", code="clock_apart", grade=grade, params={"seconds": round(abs(apart_s))})
    if kept is False:
        return Finding(topic="clock", code="clock_unkept", grade="attention")
    return Finding(topic="clock", code="clock_good" if kept else "clock_alike")


def of_disk(folder: str, free: int, total: int) -> Finding:
    """free, total: bytes of the disk that a folder is on."""
    params: dict[str, int | str | Instant] = {"folder": folder, "megabytes": free // 10**6}
    if free < NO_SPACE:
        return Finding(topic="disk", code="disk_full", grade="broken", params=params)
    if free < LITTLE_SPACE or free < LITTLE_SHARE * total:
        return Finding(topic="disk", code="disk_low", grade="attention", params=params)
    return Finding(topic="disk", code="disk_good", params=params)


def of_backup(made: Instant | None, tried: Instant | None, now: Instant) -> Finding:
    """made: when the last backup was written; tried: when one was last restored on trial."""
    if made is None:
        return Finding(topic="backup", code="backup_none", grade="broken")
    if now - made > BACKUP_EVERY:
        return Finding(topic="backup", code="backup_old", grade="broken", params={"made": made})
    if tried is None:
        return Finding(topic="backup", code="backup_untried", grade="attention", params={"made": made})
    params: dict[str, int | str | Instant] = {"made": made, "tried": tried}
    if now - tried > TRIED_EVERY:
        return Finding(topic="backup", code="backup_tried_long_ago", grade="attention", params=params)
    return Finding(topic="backup", code="backup_good", params=params)


def of_programs(count: int, first_ends: Instant | None, first_key: str | None, now: Instant) -> Finding:
    """count: keys in use that end soon or ended lately; first_ends, first_key: the first of them, when and whose."""
    if not count or first_ends is None:
        return Finding(topic="programs", code="programs_good")
    params: dict[str, int | str | Instant] = {"count": count, "name": first_key or "", "ends": first_ends}
    if first_ends <= now:
        return Finding(topic="programs", code="programs_ended", grade="attention", params=params)
    return Finding(topic="programs", code="programs_end", grade="attention", params=params)


def of_orders(aside: int, since: Instant | None, *, ordered: bool) -> Finding:
    """aside: messages of order sources that gave no order; since: the oldest; ordered: whether any order is there."""
    if aside and since is not None:
        params: dict[str, int | str | Instant] = {"count": aside, "since": since}
        return Finding(topic="orders", code="orders_aside", grade="attention", params=params)
    if not ordered:
        return Finding(topic="orders", code="orders_none", grade="attention")
    return Finding(topic="orders", code="orders_good")
