"""The cells of a row: for programs by the names and codes of the API, for people in the words of their pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from rescind.core.listing import Column, Reader
from rescind.core.money import Money, decimals
from rescind.locales import Locale

Cell = str | int | Decimal | datetime | None
"""An amount is a decimal number beside its currency, a time one in the reader's zone."""


class Cells:
    """How the rows of one file are written. language: None writes names and codes."""

    def __init__(
        self, columns: Sequence[Column], *, zone: str, language: Locale | None = None, reader: Reader = "support"
    ) -> None:
        self.columns = tuple(columns)
        self.zone = zone
        self._where = ZoneInfo(zone)
        self._language = language
        self._reader: Reader = reader

    @property
    def kinds(self) -> tuple[str, ...]:
        """What stands in each cell of a row: text, number, amount or time."""
        found: list[str] = []
        for one in self.columns:
            match one.kind:
                case "money":
                    found += ["amount", "text"]
                case "time" | "number":
                    found.append(one.kind)
                case _:
                    found.append("text")
        return tuple(found)

    def header(self) -> list[str]:
        """What the columns are called."""
        found: list[str] = []
        for one in self.columns:
            name = one.name if self._language is None else self._language.pgettext("column", one.name)
            found.append(name)
            if one.kind == "money":
                found.append(
                    f"{one.name}_currency"
                    if self._language is None
                    else self._language.gettext("%(column)s: currency") % {"column": name}
                )
        return found

    def row(self, row: Any) -> list[Cell]:
        """What one row says."""
        found: list[Cell] = []
        for one in self.columns:
            value = one.read(row)
            match value:
                case Money(minor=minor, currency=currency):
                    found += [Decimal(minor).scaleb(-decimals(currency)), currency]
                case datetime():
                    found.append(value.astimezone(self._where))
                case str() if one.kind == "code":
                    found.append(self._word(one, value))
                case None if one.kind == "money":
                    found += [None, None]
                case _:
                    found.append(value)
        return found

    def _word(self, column: Column, code: str) -> str:
        language = self._language
        if language is None:
            return code
        for context in column.terms:
            if language.has(context, code) or language.has(context, f"{code}@{self._reader}"):
                return language.term(context, code, self._reader)
        return code
