"""What a side has not read of a conversation, and when it is told so: after a short quiet, and once."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from rescind.core.conversation import Side
from rescind.core.instant import Instant
from rescind.core.notice.notice import NoticeKind, NoticeRole

QUIET = timedelta(minutes=2)
"""For how long nothing more may have been said before what was said goes out. People write a thought in several
messages, and whoever has the page open has read them by then: both want no mail for each.
"""
LONGEST_QUIET = timedelta(minutes=10)
"""After so long it goes out though more is being said: the shop's time to answer runs from the first message."""
EXCERPT = 140
"""How many characters of the newest message are told."""
IN_CONVERSATIONS = frozenset({NoticeKind.MESSAGE, NoticeKind.CONTACT_NOTE})
"""What is told of a conversation: it stands for as long as a side has not read it."""

_ROLES: dict[Side, NoticeRole] = {"buyer": "buyer", "seller": "seller", "platform": "support"}


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """Of one kind in one conversation. text, by: the newest, and its side; the text is empty once it was erased.

    since: of the first message of the buyer's that the shop has not answered, where it owes an answer.
    """

    count: int = 0
    text: str = ""
    by: str = ""
    since: Instant | None = None


def role_of(side: Side) -> NoticeRole:
    """As whom a side is told."""
    return _ROLES[side]


def excerpt(text: str) -> str:
    """How a message begins, on one line."""
    line = " ".join(text.split())
    return line if len(line) <= EXCERPT else line[:EXCERPT].rstrip() + "…"
