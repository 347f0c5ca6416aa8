"""What people are told of an order: who hears of an event, what is asked of them, and whether it still stands."""

from rescind.core.notice.notice import GROUPS, REQUIRED, Group, Notice, NoticeKind, NoticeRole, group_of
from rescind.core.notice.standing import as_of
from rescind.core.notice.telling import notices_of

__all__ = [
    "GROUPS",
    "REQUIRED",
    "Group",
    "Notice",
    "NoticeKind",
    "NoticeRole",
    "as_of",
    "group_of",
    "notices_of",
]
