"""The rows of a file that somebody puts in, CSV or XLSX, read one after another and never all at once.

Whatever a file claims, no more of it is held than one row, and no more of it is read than there is room for. A file
that cannot be read at all is an InvalidField of ``/file``; what is wrong with one cell stands with its row.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections import deque
from collections.abc import Iterator
from typing import IO

import msgspec

from rescind.core.errors import InvalidField

MOST_BYTES = 64 * 1024 * 1024
MOST_ROWS = 250_000
MOST_COLUMNS = 100
MOST_CELL = 8000
"""Characters of one cell; longer than any text that is kept."""
_MOST_EMPTY = 1_048_576
"""Rows with nothing in them, each of which takes its time."""
NO_PAGE = "a table in CSV or XLSX; this is a web page in HTML, so open it in a spreadsheet and save it as XLSX"
_BEGINS = 512
"""Bytes by which a file that is no table is known."""
_ROW_CHARACTERS = 1024 * 1024
_PIECE = 64 * 1024

# Wide forms too: spreadsheets of Chinese and Japanese systems read them as the narrow ones.
_CALCULATED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What a cell must not begin with when it goes out: a spreadsheet would work it out instead of showing it."""
_MONTHS = (
    r"jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?"
    r"|aug(ust)?|sept?(ember)?|oct(ober)?|nov(ember)?|dec(ember)?"
)
_TURNED = re.compile(
    rf"\W*\d[\d\W_年月日时分秒]*(e[\d\W]*)?([ap]m?)?|(\d+\W*({_MONTHS})|({_MONTHS})\W*\d)[\d\W]*|true|false",
    re.IGNORECASE,
)
"""What a spreadsheet that opens a CSV takes for a number, a day, an hour, a share or a truth."""
_TWO_BYTES = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|html|head|meta|table|\?xml|!--)", re.IGNORECASE)
"""How a page of the web begins, which some shop systems give under the name of a table."""
_SAID_APART = re.compile(r"\ufeff?\"?sep=([^\"\w\s]|\t)\"?\r?\n?", re.IGNORECASE)
_UNUSUAL = re.compile(rb"[\x81-\xfe][\x40-\x7e]")


class Row(msgspec.Struct, frozen=True, array_like=True):
    """A row of a file. nth: its place, where the header is 1. bad: what is wrong with a cell, by its column's place."""

    nth: int
    cells: list[str]
    bad: dict[int, str] = {}


def wrong(*, expected: str) -> InvalidField:
    """What is raised for a file that cannot be read at all."""
    return InvalidField(field="/file", expected=expected)


def safe(text: str) -> str:
    """A cell that is shown as it is: an apostrophe keeps it from being worked out."""
    return f"'{text}" if text.startswith(_CALCULATED) else text


def as_text(text: str) -> str:
    """The same for what has to stay as it is written, such as the number of an order: 0017, 10/12, 12E5.

    A tab behind it, which nobody sees and whoever reads a file here leaves out, makes it text to a spreadsheet.
    """
    apart = safe(text)
    return f"{text}\t" if apart == text and _TURNED.fullmatch(text) else apart


def plain(text: str) -> str:
    """A cell as it was meant, without the apostrophe of ``safe`` and the tab of ``as_text``."""
    text = text.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_CALCULATED) else text


def narrow(text: str) -> str:
    """A number, code or time as it was meant, where an input method for Chinese wrote wide signs."""
    return unicodedata.normalize("NFKC", text)


def said_apart(line: str) -> str:
    """What a first line such as ``sep=,`` says stands between cells: Excel's own, never shown. Else empty."""
    found = _SAID_APART.fullmatch(line)
    return found[1] if found else ""


def is_page(begins: bytes) -> bool:
    """Whether a file is a page of the web, whatever it is called."""
    return _PAGE.match(begins) is not None


def read_rows(file: IO[bytes]) -> Iterator[Row]:
    """Every row that is not empty, the header first. Raises InvalidField of ``/file``, wherever in the file."""
    from rescind.intake.workbook import read_workbook  # noqa: PLC0415 - it knows Row, and most files are CSV

    file.seek(0)
    begins = file.read(_BEGINS)
    file.seek(0)
    if not begins:
        raise wrong(expected="a table with a header")
    if begins.startswith(b"\xd0\xcf\x11\xe0"):
        raise wrong(expected="a file in CSV or XLSX without a password; one in XLS has to be saved as XLSX")
    if begins.startswith((b"%PDF", b"\x1f\x8b", b"Rar!", b"7z")):
        raise wrong(expected="a table in CSV or XLSX")
    if is_page(begins):
        raise wrong(expected=NO_PAGE)
    rows = read_workbook(file) if begins.startswith(b"PK") else _read_csv(file)
    count = 0
    for seen, row in enumerate(rows):
        if seen > _MOST_EMPTY + count:
            raise wrong(expected=f"at most {MOST_ROWS} rows")
        if not any(cell.strip() for cell in row.cells):
            continue
        count += 1
        if count > MOST_ROWS + 1:
            raise wrong(expected=f"at most {MOST_ROWS} rows")
        if any(cell.strip() for cell in row.cells[MOST_COLUMNS:]):
            raise wrong(expected=f"at most {MOST_COLUMNS} columns")
        yield Row(row.nth, row.cells[:MOST_COLUMNS], row.bad) if len(row.cells) > MOST_COLUMNS else row
    if not count:
        raise wrong(expected="a table with a header")


def _read_csv(file: IO[bytes]) -> Iterator[Row]:
    encoding = _encoding(file)
    lines = _Lines(file, encoding)
    apart = said_apart(lines.first())
    if apart:
        next(lines)
    table = csv.reader(lines, delimiter=apart or _apart(lines.first()), strict=True)
    begins, width = 1, 0
    try:
        for cells in table:
            lines.begin()
            if not width and any(cell.strip() for cell in cells):
                width = len(cells)
            yield _cut(Row(begins, cells), width)
            begins = table.line_num + 1
    except csv.Error:
        raise wrong(expected="a table with commas, semicolons or tabs, and with quotes that are closed") from None


def _cut(row: Row, width: int) -> Row:
    """With what is wrong with its cells. width: how many the header has; a comma that was meant as part of a value
    moves all that follow it, and what is read of such a row would be somebody else's price.
    """
    bad = {place: "too_long" for place, cell in enumerate(row.cells) if len(cell) > MOST_CELL}
    if any(cell.strip() for cell in row.cells[width:]):
        bad[width] = "past_the_header"
    return Row(row.nth, [cell[:MOST_CELL] for cell in row.cells], bad) if bad else row


def _apart(header: str) -> str:
    """What stands between cells: whatever the header has most of, outside of quotes."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(",;\t", key=bare.count)


class _Lines:
    """The lines of a text, decoded piece by piece; one row may be only so long, over however many lines."""

    def __init__(self, file: IO[bytes], encoding: str) -> None:
        file.seek(0)
        self._file = file
        self._decoder = codecs.getincrementaldecoder(encoding)()
        self._ready: deque[str] = deque()
        self._rest = ""
        self._ended = False
        self._used = 0

    def begin(self) -> None:
        """Another row begins."""
        self._used = 0

    def first(self) -> str:
        """The first line, which stays."""
        self._fill()
        return self._ready[0] if self._ready else ""

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self._fill()
        if not self._ready:
            raise StopIteration
        line = self._ready.popleft()
        self._used += len(line)
        _require_short(self._used)
        if "\0" in line:
            raise wrong(expected="text without NUL characters")
        return line

    def _fill(self) -> None:
        while not self._ready and not self._ended:
            piece = self._file.read(_PIECE)
            self._ended = not piece
            *lines, self._rest = (self._rest + self._decoder.decode(piece, final=self._ended)).split("\n")
            self._ready.extend(f"{line}\n" for line in lines)
            if self._ended and self._rest:
                self._ready.append(self._rest)
            _require_short(len(self._rest))


def _require_short(size: int) -> None:
    if size > _ROW_CHARACTERS:
        raise wrong(expected="a table with commas, semicolons or tabs, and with quotes that are closed")


def _encoding(file: IO[bytes]) -> str:
    """UTF-8, or else GB18030 as programs in China write it. Raises InvalidField for what is neither."""
    file.seek(0)
    if file.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
        raise wrong(expected="text in UTF-8 or GB18030")
    if _decodes(file, "utf-8-sig"):
        return "utf-8-sig"
    if not _decodes(file, "gb18030"):
        raise wrong(expected="text in UTF-8 or GB18030")
    # Western text of before UTF-8 decodes too, as signs that hardly occur: an accented letter and the one after it.
    usual = unusual = 0
    file.seek(0)
    while piece := file.read(_PIECE):
        usual += len(_TWO_BYTES.findall(piece))
        unusual += len(_UNUSUAL.findall(piece))
    if unusual * 2 > usual:
        raise wrong(expected="text in UTF-8 or GB18030")
    return "gb18030"


def _decodes(file: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    try:
        while piece := file.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
