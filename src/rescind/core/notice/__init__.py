"""What people are told of an order: who hears of an event, what is asked of them, and whether it still stands."""

from rescind.core.notice.choice import HOWS, Choices, How, Preferences, how, next_digest, require_choosable
from rescind.core.notice.notice import GROUPS, REQUIRED, Group, Notice, NoticeKind, NoticeRole, group_of
from rescind.core.notice.standing import as_of, promises
from rescind.core.notice.telling import notices_of
from rescind.core.notice.unread import LONGEST_QUIET, QUIET, Unread, role_of

__all__ = [
    "GROUPS",
    "HOWS",
    "LONGEST_QUIET",
    "QUIET",
    "REQUIRED",
    "Choices",
    "Group",
    "How",
    "Notice",
    "NoticeKind",
    "NoticeRole",
    "Preferences",
    "Unread",
    "as_of",
    "group_of",
    "how",
    "next_digest",
    "notices_of",
    "promises",
    "require_choosable",
    "role_of",
]
