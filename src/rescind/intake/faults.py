"""What is wrong with a row of a file: by row and column, kept as codes that have words in every language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from rescind.core import errors
from rescind.core.errors import InvalidField, RescindError


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with one row. column: its name, empty where it is the row's own; code, params: of a
    RescindError.
    """

    nth: int
    column: str = ""
    code: str
    params: dict[str, Any] = {}


def fault_of(nth: int, column: str, error: RescindError) -> Fault:
    """A refused row as it is kept: amounts and instants as text."""
    params = {name: value if isinstance(value, int) else str(value) for name, value in error.params.items()}
    if column and "field" in params:
        params["field"] = column
    return Fault(nth=nth, column=column, code=error.code, params=params)


def of_cells(nth: int, bad: Mapping[int, str], places: Mapping[str, int]) -> list[Fault]:
    """What a row's cells cannot be, by column. bad: why, by the place of a cell; those of columns that nobody reads
    are as they like.
    """
    named = {place: name for name, place in places.items()}
    last = named[max(named)]
    return [
        _of_cell(nth, last if why == "past_the_header" else named[at], why)
        for at, why in bad.items()
        if at in named or why == "past_the_header"
    ]


def _of_cell(nth: int, column: str, why: str) -> Fault:
    match why:
        case "formula":
            return expects(
                nth, column, expected="a value; a formula is not worked out, so paste its value in its place"
            )
        case "long_number":
            return expects(
                nth, column, expected="text; a number of more than 15 digits has lost its last ones in the spreadsheet"
            )
        case "past_the_header":
            return expects(
                nth, column, expected="in its column; the row has more cells than the header: put a comma in quotes"
            )
        case "error":
            return expects(nth, column, expected="a value that the spreadsheet shows without an error")
        case _:
            return expects(nth, column, expected="at most 8000 characters")


def expects(nth: int, column: str, *, expected: str) -> Fault:
    """A cell that should have been something else."""
    return fault_of(nth, column, InvalidField(field=column, expected=expected))


def error_of(fault: Fault) -> RescindError:
    """The error again. A code of an older program is an InvalidField as its params say."""
    kinds = {kind.code: kind for kind in _every(RescindError) if hasattr(kind, "code")}
    return kinds.get(fault.code, errors.InvalidField)(**fault.params)


def _every(kind: type[RescindError]) -> Iterable[type[RescindError]]:
    for one in kind.__subclasses__():
        yield one
        yield from _every(one)
