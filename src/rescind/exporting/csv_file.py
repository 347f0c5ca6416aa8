"""A list as CSV: RFC 4180 in UTF-8, with a mark by which spreadsheets know that, and no cell that they would run."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from decimal import Decimal

from rescind.exporting.cells import Cell
from rescind.intake.sheet import as_text, safe

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
_MARK = "\ufeff"
_PART = 64 * 1024


async def parts(header: Sequence[str], rows: AsyncIterator[Sequence[Cell]]) -> AsyncIterator[bytes]:
    """The file, part by part; no more of it than one part is ever in memory.

    What is text stays text in a spreadsheet; numbers and times are written from numbers and times, never from text.
    """
    out = io.StringIO()
    write = csv.writer(out, lineterminator="\r\n").writerow
    out.write(_MARK)
    write([safe(one) for one in header])
    async for row in rows:
        write([_written(cell) for cell in row])
        if out.tell() >= _PART:
            yield _taken(out)
    yield _taken(out)


def _written(cell: Cell) -> str:
    match cell:
        case None:
            return ""
        case str():
            return as_text(cell)
        case datetime():
            return cell.isoformat(timespec="seconds")
        case Decimal():
            return f"{cell:f}"
        case _:
            return str(cell)


def _taken(out: io.StringIO) -> bytes:
    said = out.getvalue().encode()
    out.seek(0)
    out.truncate()
    return said
