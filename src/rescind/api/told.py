"""What everything that goes out is made of, and the one piece all of it shares: units of a line."""

from __future__ import annotations

import msgspec


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything that goes out."""


class UnitsTold(Told, frozen=True, kw_only=True):
    """Some units of a line."""

    line: str
    quantity: int


def units_told(units: dict[str, int]) -> list[UnitsTold]:
    """Units by line as a list, in the order they were given."""
    return [UnitsTold(line=line, quantity=count) for line, count in units.items()]
