"""The first sheet of an XLSX workbook, row by row, without holding it.

A workbook is a ZIP archive of XML. Both can claim anything: what counts is what is really unpacked, and XML that
declares something of its own is refused before it means anything. Nothing is worked out: a formula is named, and the
result that is stored beside it is not trusted.
"""

from __future__ import annotations

import errno
import math
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import IO, Any
from xml.parsers import expat

from rescind.core.errors import InvalidField
from rescind.intake.sheet import MOST_CELL, MOST_COLUMNS, MOST_ROWS, Row, wrong

_SHEET_BYTES = 512 * 1024 * 1024
_STRING_BYTES = 48 * 1024 * 1024
_SMALL_BYTES = 4 * 1024 * 1024
_TOKEN_BYTES = 1024 * 1024
"""The longest piece of XML that has to be seen whole, such as one cell's text."""
_DIRECTORY_BYTES = 1024 * 1024
_PIECE = 64 * 1024
_PIECES_OF_A_ROW = 64
"""A row of as many cells as there may be, each as long as it may be, is shorter than these 4 MiB."""

_MOST_PLACES = 1_048_576
"""Rows that a sheet of any program has, empty ones among them."""
_PACKED = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How spreadsheet programs pack; other ways are found in archives that somebody made for us."""
_DATES = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})
"""Numbers of the formats of days and times that need no description."""
_HOURS = frozenset({18, 19, 20, 21, 22, 32, 33, 34, 35, 45, 46, 47, 55, 56})
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.')
_BEGINNING = {False: datetime(1899, 12, 30), True: datetime(1904, 1, 1)}  # noqa: DTZ001 - cells have no zone
_DIGITS = 15
"""Digits that a number in a sheet keeps."""

_Attributes = dict[str, str]


def read_workbook(file: IO[bytes]) -> Iterator[Row]:
    """The rows of its first sheet that have cells. Raises InvalidField of ``/file``."""
    _require_small_directory(file)
    try:
        with zipfile.ZipFile(file) as archive:
            yield from _rows(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, KeyError, EOFError, expat.ExpatError):
        # RuntimeError: it has a password. KeyError: a part that every workbook has is missing.
        raise _no_workbook() from None
    except ValueError:
        # A place in the file that is before its beginning.
        raise _no_workbook() from None
    except OSError as odd:
        # The same, of a file on disk. A disk that cannot be read is no fault of the workbook.
        if odd.errno != errno.EINVAL:
            raise
        raise _no_workbook() from None


def _rows(archive: zipfile.ZipFile) -> Iterator[Row]:
    book = _Book()
    _pour(archive, "xl/workbook.xml", _SMALL_BYTES, book.begin)
    links = _Links()
    _pour(archive, "xl/_rels/workbook.xml.rels", _SMALL_BYTES, links.begin)
    if not book.sheets:
        raise _no_workbook()
    names = set(archive.namelist())
    styles = _Styles()
    if "xl/styles.xml" in names:
        _pour(archive, "xl/styles.xml", _SMALL_BYTES, styles.begin, styles.end)
    strings = _Strings()
    if "xl/sharedStrings.xml" in names:
        _pour(archive, "xl/sharedStrings.xml", _STRING_BYTES, strings.begin, strings.end, strings.text)
    sheet = _Sheet(strings.found, styles, since_1904=book.since_1904)
    target = links.targets[book.sheets[0]]
    path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
    nth = pieces = 0
    for _ in _poured(archive, path, _SHEET_BYTES, sheet.begin, sheet.end, sheet.text):
        yield from sheet.take()
        nth, pieces = sheet.nth, pieces + 1 if sheet.inside and sheet.nth == nth else 0
        if pieces > _PIECES_OF_A_ROW:
            raise wrong(expected=f"at most {MOST_CELL} characters in a cell")
    if sheet.merged:
        raise wrong(expected="a table without merged cells")


def _require_small_directory(file: IO[bytes]) -> None:
    """An archive of countless entries would be read into memory before anybody could count them."""
    file.seek(0, 2)
    size = file.tell()
    file.seek(max(0, size - 65_557))
    tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    directory = int.from_bytes(tail[place + 12 : place + 16], "little")
    if place < 0 or len(tail) < place + 20 or directory > _DIRECTORY_BYTES:
        raise _no_workbook()
    file.seek(0)


def _pour(archive: zipfile.ZipFile, path: str, most: int, *handlers: Callable[..., None]) -> None:
    for _ in _poured(archive, path, most, *handlers):
        pass


def _poured(
    archive: zipfile.ZipFile,
    path: str,
    most: int,
    begin: Callable[[str, _Attributes], None],
    end: Callable[[str], None] | None = None,
    text: Callable[[str], None] | None = None,
) -> Iterator[None]:
    """Parse one part of the archive, and pause after each piece."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = _declares
    parser.StartElementHandler = lambda name, attributes: begin(name.rpartition(":")[2], attributes)
    if end is not None:
        parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    if text is not None:
        parser.CharacterDataHandler = text
    unpacked = 0
    # What is told of its size in advance need not be unpacked to be refused, whatever it would turn out to be.
    if archive.getinfo(path).file_size > most:
        raise _too_large()
    if archive.getinfo(path).compress_type not in _PACKED:
        raise _no_workbook()
    with archive.open(path) as part:
        while piece := part.read(_PIECE):
            unpacked += len(piece)
            if unpacked > most:
                raise _too_large()
            parser.Parse(piece, False)
            if unpacked - parser.CurrentByteIndex > _TOKEN_BYTES:
                raise _no_workbook()
            yield
    parser.Parse(b"", True)
    yield


def _too_large() -> InvalidField:
    return wrong(expected=f"a workbook that unpacks to {_SHEET_BYTES // 1024 // 1024} MiB at most; else CSV")


def _no_workbook() -> InvalidField:
    return wrong(expected="an XLSX workbook as spreadsheet programs write it, without a password")


def _declares(*_: Any) -> None:
    raise wrong(expected="an XLSX workbook without declarations of its own")


class _Book:
    """Which sheets there are, the first to be shown first."""

    def __init__(self) -> None:
        self.sheets: list[str] = []
        self.since_1904 = False

    def begin(self, name: str, attributes: _Attributes) -> None:
        if name == "workbookPr":
            self.since_1904 = attributes.get("date1904") in {"1", "true"}
        if name == "sheet" and attributes.get("state", "visible") == "visible":
            link = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            self.sheets.append(link)


class _Links:
    """Which part of the archive a sheet is."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def begin(self, name: str, attributes: _Attributes) -> None:
        if name == "Relationship":
            self.targets[attributes.get("Id", "")] = attributes.get("Target", "")


class _Styles:
    """Which styles show a number as a day, and which with the time of day as well."""

    def __init__(self) -> None:
        self._described: dict[str, str] = {}
        self._inside = False
        self.formats: list[tuple[bool, bool]] = []

    def begin(self, name: str, attributes: _Attributes) -> None:
        if name == "numFmt":
            self._described[attributes.get("numFmtId", "")] = attributes.get("formatCode", "")
        if name == "cellXfs":
            self._inside = True
        if name == "xf" and self._inside:
            self.formats.append(self._of(attributes.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._inside = False

    def _of(self, identifier: str) -> tuple[bool, bool]:
        said = self._described.get(identifier)
        if said is None:
            number = _whole(identifier, 0)
            return number in _DATES, number in _HOURS
        bare = _QUOTED.sub("", said).lower()
        hours = "h" in bare or "时" in said
        return hours or "y" in bare or "d" in bare, hours


class _Strings:
    """Texts that cells refer to by their place."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self._parts: list[str] = []
        self._length = 0
        self._inside = False
        self._spoken = 0

    def begin(self, name: str, _: _Attributes) -> None:
        if name == "si":
            self._parts, self._length = [], 0
        self._inside = name == "t" and not self._spoken
        # How Japanese and Chinese names are spoken stands beside them and is no part of them.
        self._spoken += name == "rPh"

    def end(self, name: str) -> None:
        self._inside = False
        self._spoken -= name == "rPh"
        if name == "si":
            self.found.append("".join(self._parts)[: MOST_CELL + 1])

    def text(self, said: str) -> None:
        if self._inside and self._length <= MOST_CELL:
            self._parts.append(said)
            self._length += len(said)


class _Sheet:
    """Cells on their way into rows."""

    def __init__(self, strings: list[str], styles: _Styles, *, since_1904: bool) -> None:
        self._strings, self._formats, self._beginning = strings, styles.formats, _BEGINNING[since_1904]
        self._ready: list[Row] = []
        self.nth = 0
        self.inside = False
        self._cells: list[str] = []
        self._bad: dict[int, str] = {}
        self._column = -1
        self._kind = self._style = ""
        self._formula = self._reads = False
        self._parts: list[str] = []
        self._length = 0
        self.merged = False

    def take(self) -> list[Row]:
        """The rows that are complete since the last time."""
        ready, self._ready = self._ready, []
        return ready

    def begin(self, name: str, attributes: _Attributes) -> None:
        match name:
            case "row":
                nth = _whole(attributes.get("r", ""), self.nth + 1)
                if nth <= self.nth:
                    raise _no_workbook()
                if nth > _MOST_PLACES:
                    # A row with nothing in it takes its time, too.
                    raise wrong(expected=f"at most {MOST_ROWS} rows")
                self.nth, self.inside = nth, True
                self._cells, self._bad, self._column = [], {}, -1
            case "c":
                self._column = _column(attributes.get("r", ""), self._column + 1)
                self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
                self._formula, self._parts, self._length = False, [], 0
            case "v" | "t":
                self._reads = True
            case "f":
                self._formula = True
            case "mergeCell":
                self.merged = True
            case _:
                pass

    def end(self, name: str) -> None:
        match name:
            case "v" | "t":
                self._reads = False
            case "c" if self._column >= MOST_COLUMNS:
                # A cell that is coloured and empty is no content.
                if self._formula or "".join(self._parts).strip():
                    raise wrong(expected=f"at most {MOST_COLUMNS} columns")
            case "c":
                self._cells += [""] * (self._column + 1 - len(self._cells))
                cell, bad = self._read("".join(self._parts))
                self._cells[self._column] = cell[:MOST_CELL]
                if bad or len(cell) > MOST_CELL:
                    self._bad[self._column] = bad or "too_long"
            case "row":
                self.inside = False
                if any(self._cells) or self._bad:
                    self._ready.append(Row(self.nth, self._cells, self._bad))
            case _:
                pass

    def text(self, said: str) -> None:
        # What is beyond the longest cell is not collected: that it is too long is known already.
        if self._reads and self._length <= MOST_CELL:
            self._parts.append(said)
            self._length += len(said)

    def _read(self, said: str) -> tuple[str, str]:
        """A cell as text, and what is wrong with it."""
        if self._formula:
            return said, "formula"
        match self._kind:
            case "s":
                place = _whole(said, len(self._strings))
                if place >= len(self._strings):
                    raise _no_workbook()
                return self._strings[place], ""
            case "n":
                return self._number(said) if said else ("", "")
            case "e":
                return said, "error"
            case _:
                return said, ""

    def _number(self, said: str) -> tuple[str, str]:
        try:
            value = float(said)
        except ValueError:
            return said, "error"
        if not math.isfinite(value):
            return said, "error"
        style = _whole(self._style, 0)
        dated, with_hours = self._formats[style] if style < len(self._formats) else (False, False)
        if dated:
            return self._moment(value, with_hours=with_hours)
        # The shortest text that is this number is what somebody typed: files hold 1.1 as 1.1000000000000001.
        text = format(Decimal(repr(value)), "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return text, "long_number" if len(text.lstrip("-0.").replace(".", "")) > _DIGITS else ""

    def _moment(self, value: float, *, with_hours: bool) -> tuple[str, str]:
        try:
            said = self._beginning + timedelta(seconds=round(value * 86_400))
        except OverflowError:
            return str(value), "error"
        return (said.isoformat() if with_hours or said.time() != datetime.min.time() else said.date().isoformat()), ""


def _whole(said: str, otherwise: int) -> int:
    """A whole number as a workbook writes its own; of more digits than any of them has, and of others' digits, none."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 9 else otherwise


def _column(reference: str, otherwise: int) -> int:
    """The place of a column by a cell's name, such as ``C7``."""
    letters = reference.rstrip("0123456789")
    place = otherwise
    if letters.isascii() and letters.isalpha() and len(letters) < 4:
        place = -1
        for letter in letters.upper():
            place = (place + 1) * 26 + ord(letter) - 65
    return place
