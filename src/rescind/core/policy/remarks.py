"""What the libraries say about a text that they cannot read, as sentences of ours that other languages can say.

Only usual remarks are here. Another one stays in the library's own words.
"""

from __future__ import annotations

import re
from typing import Final

from rescind.core.sentence import marked, phrased

Remarks = tuple[tuple[str, str], ...]
"""What a library says, as a regular expression, and our pattern, filled in with its groups."""

FORMS: Final[Remarks] = (
    (r"Object missing required field `(?P<name>.+)`", marked("`%(name)s` is missing")),
    (r"Expected `(?P<wanted>.+)`, got `(?P<actual>.+)`", marked("Expected `%(wanted)s`, got `%(actual)s`")),
    (r"Invalid enum value (?P<word>.+)", marked("Invalid enum value %(word)s")),
)
TOML: Final[Remarks] = (
    (r"Invalid statement", marked("Invalid statement")),
    (r"Invalid value", marked("Invalid value")),
    (r"Invalid date or datetime", marked("Invalid date or datetime")),
    (r"Invalid hex value", marked("Invalid hex value")),
    (r"Invalid initial character for a key part", marked("Invalid initial character for a key part")),
    (r"Unterminated string", marked("Unterminated string")),
    (r"Unclosed array", marked("Unclosed array")),
    (r"Unclosed inline table", marked("Unclosed inline table")),
    (r"Unescaped '.+' in a string", marked("Unescaped backslash in a string")),
    (r"Cannot overwrite a value", marked("Cannot overwrite a value")),
    (r"Cannot declare (?P<key>.+) twice", marked("Cannot declare %(key)s twice")),
    (r"Duplicate inline table key (?P<key>.+)", marked("Duplicate inline table key %(key)s")),
    (r"Cannot (?:mutate immutable|redefine) namespace (?P<key>.+)", marked("%(key)s is complete already")),
    (r"(?:Illegal|Found invalid) character (?P<sign>.+)", marked("Illegal character %(sign)s")),
    (
        r"Expected newline or end of document after a statement",
        marked("Expected newline or end of document after a statement"),
    ),
    (r"Expected '=' after a key in a key/value pair", marked("Expected '=' after a key in a key/value pair")),
    (r"Expected (?P<what>'.+?')(?: at the end of an? .+)?", marked("Expected %(what)s")),
)
CONDITION: Final[Remarks] = (
    (r"Error tokenizing .*", marked("a quote is never closed")),
    (r"Required keyword: .+", marked("something is missing here")),
    (r"Expecting (?P<what>.+)", marked("%(what)s is expected here")),
    (r"Expected (?P<what>.+) after (?P<before>.+)", marked("%(what)s is expected after %(before)s")),
    (r"Invalid expression / Unexpected token", marked("something is not expected here")),
)


def remark(message: str, known: Remarks) -> str:
    """A remark of a library, with a pattern where it is one of the usual ones."""
    for said, pattern in known:
        found = re.fullmatch(said, message)
        if found:
            return phrased(pattern, **found.groupdict())
    return message
