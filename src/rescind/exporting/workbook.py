"""A list as a workbook (XLSX): text as text, amounts as numbers, times as dates."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from rescind.exporting.cells import Cell

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_PART = 64 * 1024
_AT_ONCE = 500
MOST_ROWS = 1_048_575
"""Rows that a sheet has room for, below its header."""
_LONGEST_CELL = 32_767
_WIDTHS = {"text": 22, "number": 12, "amount": 14, "time": 20}


async def parts(
    header: Sequence[str], kinds: Sequence[str], zone: str, rows: AsyncIterator[Sequence[Cell]]
) -> AsyncIterator[bytes]:
    """The file, part by part. A workbook is only whole at its end, so it is written to disk first, row by row.

    zone: whose clock its dates go by, which a workbook cannot say of a date and the header does.
    """
    with tempfile.TemporaryDirectory(prefix="rescind-list-") as folder:
        path = Path(folder) / "list.xlsx"
        writing = _Writing(path, folder, header, kinds, zone)
        waiting: list[Sequence[Cell]] = []
        async for row in rows:
            waiting.append(row)
            if len(waiting) == _AT_ONCE:
                await asyncio.to_thread(writing.add, waiting)
                waiting = []
        await asyncio.to_thread(writing.end, waiting)
        with path.open("rb") as file:
            while part := await asyncio.to_thread(file.read, _PART):
                yield part


class _Writing:
    """One sheet, written row by row."""

    def __init__(self, path: Path, folder: str, header: Sequence[str], kinds: Sequence[str], zone: str) -> None:
        options = {"constant_memory": True, "tmpdir": folder, "strings_to_urls": False, "strings_to_formulas": False}
        self._book: Any = xlsxwriter.Workbook(str(path), options)
        self._sheet: Any = self._book.add_worksheet()
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._amounts = {
            digits: self._book.add_format({"num_format": "0" + ("." + "0" * digits if digits else "")})
            for digits in range(4)
        }
        bold = self._book.add_format({"bold": True})
        self._next = 0
        for place, kind in enumerate(kinds):
            self._sheet.set_column(place, place, _WIDTHS[kind])
        self._sheet.freeze_panes(1, 0)
        for place, (name, kind) in enumerate(zip(header, kinds, strict=True)):
            self._sheet.write_string(0, place, f"{name} ({zone})" if kind == "time" else name, bold)

    def add(self, rows: Sequence[Sequence[Cell]]) -> None:
        for row in rows:
            self._next += 1
            if self._next > MOST_ROWS:
                return
            for place, cell in enumerate(row):
                self._write(place, cell)

    def end(self, rows: Sequence[Sequence[Cell]]) -> None:
        self.add(rows)
        self._book.close()

    def _write(self, place: int, cell: Cell) -> None:
        match cell:
            case None | "":
                return
            case str():
                # Never a formula, whatever it begins with: a cell of text is told to be one.
                self._sheet.write_string(self._next, place, cell[:_LONGEST_CELL])
            case datetime():
                self._sheet.write_datetime(self._next, place, cell.replace(tzinfo=None), self._date)
            case Decimal():
                exponent = cell.as_tuple().exponent
                digits = -exponent if isinstance(exponent, int) else 0
                self._sheet.write_number(self._next, place, float(cell), self._amounts[min(max(digits, 0), 3)])
            case int():
                self._sheet.write_number(self._next, place, cell)
