"""What a list is made of: its columns, what it can be narrowed to, and the views that are there from the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from rescind.core.errors import InvalidField, one_of
from rescind.core.money import Money

Kind = Literal["id", "text", "code", "money", "time", "number"]
"""How a cell is written. ``code``: what the catalogue has words for; ``id``: text, also where it is all digits."""
Reader = Literal["seller", "support"]
"""Whose list it is: a shop's, or the platform's."""
Value = str | int | Money | datetime | None


class Column(msgspec.Struct, frozen=True, kw_only=True):
    """One column. read: the value of a row. terms: what the catalogue calls its codes, the first that has one.

    personal: it says something of a person who bought. staff: only the platform has it. shown: until somebody chooses.
    """

    name: str
    kind: Kind
    read: Callable[[Any], Value]
    terms: tuple[str, ...] = ()
    personal: bool = False
    staff: bool = False
    shown: bool = True


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view that everybody has. name: what the catalogue calls it. where: as it stands in an address."""

    name: str
    where: Mapping[str, str]
    readers: tuple[Reader, ...] = ("seller", "support")


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One list. filters: what it can be narrowed to, by the names that addresses have for it.

    of_staff: it is of those who work here, for whoever lets them in; it leaves by no mail.
    """

    name: str
    columns: tuple[Column, ...]
    filters: tuple[str, ...]
    views: tuple[View, ...] = ()
    readers: tuple[Reader, ...] = ("seller", "support")
    of_staff: bool = False

    def of(self, reader: Reader) -> tuple[Column, ...]:
        """The columns that a reader has."""
        return tuple(one for one in self.columns if reader == "support" or not one.staff)

    def usual(self, reader: Reader) -> tuple[Column, ...]:
        """Those that are shown until somebody chooses."""
        return tuple(one for one in self.of(reader) if one.shown)

    def chosen(self, names: Sequence[str], reader: Reader, field: str = "columns") -> tuple[Column, ...]:
        """The columns of these names, in the list's own order; the usual ones where none is named.

        field: as what they were given. Raises InvalidField: one that the list does not have for this reader.
        """
        if not names:
            return self.usual(reader)
        known = {one.name: one for one in self.of(reader)}
        if not known.keys() >= set(names):
            raise InvalidField(field=field, expected=one_of(known))
        return tuple(one for name, one in known.items() if name in names)

    def views_of(self, reader: Reader) -> tuple[View, ...]:
        """The views that a reader has from the start."""
        return tuple(one for one in self.views if reader in one.readers)


def column(name: str, kind: Kind, read: Callable[[Any], Value], *terms: str, **more: bool) -> Column:
    """A column; ``more``: as in :class:`Column`."""
    return Column(name=name, kind=kind, read=read, terms=terms, **more)
