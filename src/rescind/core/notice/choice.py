"""How people are told: at once, once a day together with the rest, or not by this way. What must be told stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

import msgspec

from rescind.core.errors import InvalidField, one_of
from rescind.core.instant import Instant
from rescind.core.notice.notice import GROUPS, REQUIRED, Group, NoticeRole

How = Literal["at_once", "digest", "off"]
HOWS: tuple[How, ...] = get_args(How)
DIGESTED = frozenset({"email"})
"""Channels that can gather a day's notices into one message."""

_AS_IT_COMES: Mapping[NoticeRole, Mapping[Group, How]] = {
    "buyer": {},
    "seller": {"orders": "digest", "deliveries": "digest"},
    "support": {},
}
"""What is not told at once to whoever has chosen nothing."""

Choices = Mapping[str, Mapping[str, How]]
"""By channel and group."""


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """What a person has chosen. language: a tag, empty for the one we know of them. zone: IANA, empty for the shop's.

    hour: of the daily digest, 0 to 23, in that zone.
    """

    language: str = ""
    zone: str = ""
    hour: int = 8
    choices: dict[str, dict[str, How]] = {}

    def without(self, ended: Choices) -> Preferences:
        """The same, less what was ended elsewhere."""
        off: dict[str, dict[str, How]] = {
            channel: {group: chosen for group, chosen in groups.items() if chosen == "off"}
            for channel, groups in ended.items()
        }
        channels = {*self.choices, *off}
        return msgspec.structs.replace(
            self, choices={one: self.choices.get(one, {}) | off.get(one, {}) for one in channels}
        )


def how(role: NoticeRole, channel: str, group: Group, choices: Choices) -> How:
    """How one group goes by one channel."""
    if group in REQUIRED[role]:
        return "at_once"
    chosen = choices.get(channel, {}).get(group) or _AS_IT_COMES[role].get(group, "at_once")
    return "at_once" if chosen == "digest" and channel not in DIGESTED else chosen


def require_choosable(role: NoticeRole, choices: Choices) -> None:
    """Raises InvalidField for a group that this role is not told of, one that nobody switches off, an unknown way."""
    for channel, groups in choices.items():
        for group, chosen in groups.items():
            field = f"/choices/{channel}/{group}"
            if group not in GROUPS[role]:
                raise InvalidField(field=field, expected=one_of(GROUPS[role]))
            offered = ("at_once",) if group in REQUIRED[role] else HOWS
            if channel not in DIGESTED:
                offered = tuple(one for one in offered if one != "digest")
            if chosen not in offered:
                raise InvalidField(field=field, expected=one_of(offered))


def next_digest(now: Instant, zone: str, hour: int) -> Instant:
    """The next instant after ``now`` at which it is this hour in the zone; skipped or doubled hours come once."""
    here = now.astimezone(ZoneInfo(zone))
    first = here.replace(hour=hour, minute=0, second=0, microsecond=0)
    later = first if first > here else (first + timedelta(days=1)).replace(hour=hour)
    return later.astimezone(now.tzinfo)
