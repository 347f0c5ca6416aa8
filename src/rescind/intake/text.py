"""Words of people, made fit to be stored and shown: normalised, and free of what a reader cannot see."""

from __future__ import annotations

import re
import unicodedata

from rescind.core.errors import InvalidText

COMMENT = 2000
"""Most characters of a comment, a consent or a note."""
LABEL = 200
"""Most characters of a name, a title or a line of an address."""

# Zero-width and directional marks belong to some scripts' spelling and may stand inside words of a person; overrides
# and isolates turn text round for every reader after it and may not.
_OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_LINE_BREAKS = str.maketrans({"\r": "\n", "\u2028": "\n", "\u2029": "\n", "\x85": "\n"})
_CONTROL = frozenset({"Cc", "Cs", "Cn"})


def words(text: str, *, field: str, limit: int = COMMENT, lines: bool = True, blank: bool = False) -> str:
    """Check and normalise (NFC) what a person wrote. ``field``: JSON pointer for the error.

    lines: line breaks may stand in it. blank: it may be empty. Raises InvalidText.
    """
    if text.isascii() and text.isprintable():
        clean = text.strip()
    else:
        clean = unicodedata.normalize("NFC", text.replace("\r\n", "\n").translate(_LINE_BREAKS)).strip()
        allowed = "\n\t" if lines else ""
        if any(unicodedata.category(sign) in _CONTROL and sign not in allowed for sign in clean):
            raise InvalidText(field=field, expected="text without control characters")
        if _OVERRIDES.search(clean):
            raise InvalidText(field=field, expected="text without direction overrides")
    if len(clean) > limit:
        raise InvalidText(field=field, expected=f"at most {limit} characters")
    if not _INVISIBLE.sub("", clean).strip():
        if blank:
            return ""
        raise InvalidText(field=field, expected="at least one visible character")
    return clean


def label(text: str, *, field: str, limit: int = LABEL, blank: bool = True) -> str:
    """A name, a title, a line of an address: one line, without invisible characters at all. Raises InvalidText."""
    clean = words(text, field=field, limit=limit, lines=False, blank=blank)
    if not clean.isascii() and _INVISIBLE.search(_joiners(clean)):
        raise InvalidText(field=field, expected="text without invisible characters")
    return clean


def _joiners(text: str) -> str:
    """Take out the joiners and variation selectors that Indic and Persian spelling and emoji need between letters."""
    return re.sub("(?<=[^\x00-\x7f])[\u200c\u200d\ufe0f]", "", text)
