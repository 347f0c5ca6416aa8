"""Sentences that a shop keeps ready for its conversations, each in both languages."""

from __future__ import annotations

import msgspec

from rescind.core.conversation import LONGEST
from rescind.core.errors import InvalidField

MOST = 30
"""Replies of one shop: a list that somebody finds something in."""
LONGEST_TITLE = 60


class QuickReply(msgspec.Struct, frozen=True, kw_only=True):
    """One of them. title: what the shop's people find it by. texts: the words by language, ``en`` and ``zh``."""

    title: str
    texts: dict[str, str]


def checked(replies: tuple[QuickReply, ...], languages: tuple[str, ...]) -> tuple[QuickReply, ...]:
    """The list, if every reply is there in every language. Raises InvalidField, with a pointer into the list."""
    if len(replies) > MOST:
        raise InvalidField(field="", expected=f"at most {MOST} replies")
    titles: set[str] = set()
    for place, one in enumerate(replies):
        if not 0 < len(one.title) <= LONGEST_TITLE or one.title in titles:
            expected = f"a title of its own of at most {LONGEST_TITLE} characters"
            raise InvalidField(field=f"/{place}/title", expected=expected)
        titles.add(one.title)
        if set(one.texts) != set(languages):
            raise InvalidField(field=f"/{place}/texts", expected="the words in every language of these pages")
        for language in languages:
            if not 0 < len(one.texts[language]) <= LONGEST:
                expected = f"words of at most {LONGEST} characters"
                raise InvalidField(field=f"/{place}/texts/{language}", expected=expected)
    return replies
