"""Whether a message is offered in its reader's language, and where asking for that leads."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rescind.conversations import Talk
from rescind.core.conversation import Message, Side
from rescind.locales import Locale
from rescind.web.session import Visit

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_ENGLISH = frozenset((
    "the", "and", "or", "of", "to", "in", "on", "for", "with", "from", "this", "that", "it", "its",
    "it's", "i", "i'm", "my", "we", "our", "you", "your", "he", "she", "they", "their", "is", "are",
    "was", "be", "been", "have", "has", "had", "do", "does", "did", "not", "don't", "can", "could", "would",
    "will", "please", "thank", "thanks", "when", "what", "where", "which", "how", "but", "if", "as", "at", "by",
    "an", "yes", "no", "order", "ordered",
))  # fmt: skip
"""Words that most English sentences have some of, and no other language all of."""


def where(visit: Visit, root: Mapping[Side, str], side: Side, talk: Talk, one: Message) -> str:
    """Where a message can be asked for in the reader's language; nowhere for their own words, and for such as they
    plainly read already.
    """
    offered = visit.desk.translations.here and one.by != side and not one.erased
    if not offered or visit.locale.tag in one.translations or reads_as(visit.locale, one.text):
        return ""
    return f"{root[side]}/{talk.thread.id}/translations/{one.id}"


def reads_as(locale: Locale, text: str) -> bool:
    """Whether words are plainly in a language: Chinese by its signs, English by a third of its small words."""
    if locale.tag == "zh":
        letters = [sign for sign in text if sign.isalpha()]
        return 2 * sum("\u3400" <= sign <= "\u9fff" for sign in letters) > len(letters)
    words = _WORD.findall(text.lower().replace("’", "'"))
    return 3 * sum(word in _ENGLISH for word in words) >= len(words) > 0
