"""Sentences for people that the core makes from a pattern, so that a page can say them in another language.

The core speaks English and knows no catalogue. What it says to the author of a policy keeps its pattern and what was
filled in; whoever shows it asks the reader's language for the pattern (``Locale.told``).
"""

from __future__ import annotations


class Sentence(str):
    """An English sentence that knows its pattern and parameters. ``str(sentence)`` forgets them."""

    __slots__ = ("params", "pattern")

    pattern: str
    params: dict[str, object]


def phrased(pattern: str, /, **params: object) -> Sentence:
    """Fill in a pattern. Its parameters may be sentences themselves; each is told in the reader's language, too."""
    sentence = Sentence(pattern % params if params else pattern)
    sentence.pattern, sentence.params = pattern, params
    return sentence


def marked(pattern: str) -> str:
    """The pattern itself: it stands in a table, and whoever gathers patterns for the catalogues finds it there."""
    return pattern


def why(error: Exception) -> str:
    """What an error says, with its pattern where it has one."""
    said = error.args[0] if error.args else ""
    return said if isinstance(said, str) else str(said)
