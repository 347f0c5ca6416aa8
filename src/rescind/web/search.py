"""What somebody types into a search box: numbers they have at hand, up to a hundred at once, or words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from rescind.locales import Locale

MOST = 100
"""So many numbers at once, and so many rows that are answered at once."""
LONGEST_NUMBER = 128
LONGEST_SEARCH = 200
_APART = re.compile(r"[\s,;，；、]+")


@dataclass(frozen=True, slots=True)
class Search:
    """numbers: when every word has a digit, else words. ``cut``: how many numbers too many. text: as it was typed."""

    text: str = ""
    numbers: tuple[str, ...] = ()
    words: str = ""
    cut: int = 0

    @property
    def short(self) -> str:
        """As a page says it again."""
        return self.text if len(self.text) <= 40 else f"{self.text[:38]} …"


def read_search(typed: str) -> Search:
    """Read a search box."""
    text = _plain(typed)
    words = [word[:LONGEST_NUMBER] for word in _APART.split(text) if word]
    if words and all(any(sign.isdigit() for sign in word) for word in words):
        return Search(text, numbers=tuple(words[:MOST]), cut=max(0, len(words) - MOST))
    return Search(text, words=text[:LONGEST_SEARCH])


def read_words(typed: str) -> Search:
    """Read a search box as words, whatever they look like."""
    text = _plain(typed)
    return Search(text, words=text[:LONGEST_SEARCH])


def _plain(typed: str) -> str:
    return "".join(sign if sign.isprintable() else " " for sign in typed).strip()


def too_many(language: Locale, given: Search) -> list[tuple[str, str]]:
    """The error of a search for more numbers than one search takes."""
    if not given.cut:
        return []
    text = language.ngettext(
        "A search takes so many numbers: %(most)s. The last one was left out.",
        "A search takes so many numbers: %(most)s. The last %(num)s were left out.",
        given.cut,
    )
    return [("q", text % {"most": MOST, "num": given.cut})]
