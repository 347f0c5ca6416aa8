"""Tracking numbers, as carriers print them."""

from __future__ import annotations

import re

from rescind.core.errors import InvalidField

_SHAPE = re.compile(r"(?=.*[0-9])[A-Za-z0-9 ./-]{4,60}")


def tracking_number(text: str, *, field: str) -> str:
    """Check what a seller or a marketplace gives as a tracking number; empty where none is known.

    A carrier's number is letters, digits and the signs between them: anything else is a slip that a buyer would follow
    in vain. ``field``: JSON pointer for the error. Raises InvalidField.
    """
    clean = text.strip()
    if clean and not _SHAPE.fullmatch(clean):
        raise InvalidField(field=field, expected="4 to 60 letters, digits, spaces or - . /, with a digit among them")
    return clean
