"""CSV tables of published histories: found by their headings, read line by line, exact in money and time.

A row is a line: no table read here has line breaks inside a field, and holding to that means an unclosed quote
spoils one row instead of swallowing the rest of the file.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from msgspec import Struct

from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.simulator.history import BadRow, Tally

_ENDINGS = (".csv", ".csv.gz")
_HEADING_LIMIT = 10_000
_KEPT = 200_000
_PROGRESS_EVERY = 4096
_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?")
_HOUR = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}")
_TO_ITS_END = timedelta(minutes=59, seconds=59)
_TIME_LENGTH = len("2018-01-31 14:05:00")


class UnknownLayoutError(Exception):
    """No known history at the path. The message lists what was found and what was looked for."""


class UnreadableError(ValueError):
    """A field that cannot be read: its text, and why not."""

    def __init__(self, text: str, why: str) -> None:
        super().__init__(f"{text!r} {why}")
        self.text = text

    def among(self, columns: tuple[str, ...], fields: tuple[str, ...]) -> str:
        """The complaint with the name of the column that holds the text."""
        column = next((name for name, cell in zip(columns, fields, strict=True) if cell == self.text), None)
        return f"{column}: {self}" if column else str(self)


class Layout(Struct, frozen=True):
    """What a published history consists of: for each table its columns (more may be there, in any sequence)."""

    name: str
    needed: Mapping[str, tuple[str, ...]]
    optional: Mapping[str, tuple[str, ...]]

    def locate(self, found: Mapping[Path, tuple[str, ...]]) -> dict[str, Path]:
        """The file of each table. Raises UnknownLayoutError when a needed table is missing or two files could be it."""
        files: dict[str, Path] = {}
        for table, columns in {**self.needed, **self.optional}.items():
            fitting = [path for path, heading in found.items() if set(columns) <= set(heading)]
            if len(fitting) > 1:
                names = ", ".join(path.name for path in fitting)
                message = f"{self.name}: several files hold the table {table} ({names}); keep one of them"
                raise UnknownLayoutError(message)
            if fitting:
                files[table] = fitting[0]
            elif table in self.needed:
                message = f"{self.name}: no file with the columns {', '.join(columns)} (the table {table})"
                raise UnknownLayoutError(message)
        return files


def headings(path: Path) -> dict[Path, tuple[str, ...]]:
    """The headings of a CSV file and of those beside it, or of those in a folder; unreadable files have none.

    Raises UnknownLayoutError when the path does not exist or is no CSV file.
    """
    if not path.exists():
        message = f"{path} does not exist"
        raise UnknownLayoutError(message)
    if path.is_file() and not path.name.lower().endswith(_ENDINGS):
        message = f"{path.name} is neither .csv nor .csv.gz"
        raise UnknownLayoutError(message)
    folder = path if path.is_dir() else path.parent
    files = sorted(file for file in folder.iterdir() if file.name.lower().endswith(_ENDINGS) and file.is_file())
    return {file: _heading(file) for file in files}


def rows(path: Path, columns: tuple[str, ...], tally: Tally) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Each sound row as its line number and the fields of `columns`; bad rows go to `tally.pending`."""

    def bad(line: int, message: str) -> None:
        tally.pending.append(BadRow(path.name, line, message))

    line = 0
    before = tally.bytes_read
    with path.open("rb") as stored:
        try:
            heading: list[str] | None = None
            pick = itemgetter(0)
            for line, raw in enumerate(_lines(path, stored), 1):
                if not line % _PROGRESS_EVERY:
                    tally.bytes_read = before + stored.tell()
                try:
                    cells = _cells(raw.decode("utf-8-sig" if line == 1 else "utf-8"))
                except UnicodeDecodeError as error:
                    bad(line, f"not UTF-8 (byte 0x{raw[error.start]:02x} at position {error.start + 1})")
                    continue
                except csv.Error as error:
                    bad(line, f"not CSV ({error})")
                    continue
                if heading is None:
                    heading = cells
                    pick = itemgetter(*(heading.index(column) for column in columns))
                elif len(cells) == len(heading):
                    yield line, pick(cells)
                elif cells:
                    bad(line, f"{len(heading)} columns expected, {len(cells)} found")
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            bad(line + 1, f"the compressed file is damaged, nothing after this could be read ({error})")
    tally.bytes_read = before + path.stat().st_size


def drain(tally: Tally) -> Iterator[BadRow]:
    """Hand over the bad rows met since the last call."""
    if tally.pending:
        met, tally.pending = tally.pending, []
        yield from met


class Amounts(dict[str, Money]):
    """Decimal text to money in a currency of two decimals, remembered because prices repeat.

    Raises UnreadableError for anything but digits with at most two decimals, and for negative amounts.
    """

    def __init__(self, currency: str) -> None:
        super().__init__()
        self._currency = currency

    def __missing__(self, text: str) -> Money:
        match = _AMOUNT.fullmatch(text)
        if match is None:
            raise UnreadableError(text, "is not an amount with at most two decimals")
        minus, whole, part = match.groups(default="")
        minor = int(whole) * 100 + int(part.ljust(2, "0"))
        if minus and minor:
            raise UnreadableError(text, "is a negative amount")
        if len(self) >= _KEPT:
            self.clear()
        amount = self[text] = Money(minor, self._currency)
        return amount


class LocalTimes:
    """Local times without a zone, as a source writes them, to instants.

    A time that the clocks went through twice is the earlier one; one that they skipped is as much after the jump
    as it was meant to be after the old clock's reading (00:30 in a gap from 00:00 to 01:00 is 01:30).
    """

    def __init__(self, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._hours: dict[str, str] = {}

    def read(self, text: str) -> Instant:
        """`2018-01-31 14:05:00` to an instant. Raises UnreadableError."""
        try:
            hour = self._hours.get(text[:13]) or self._learn(text)
            if len(text) != _TIME_LENGTH or hour is None:
                return self._slowly(text)
            # Minutes and seconds are the same in UTC, so only the hour is looked up; a third of the time of a
            # conversion through the zone.
            return datetime.fromisoformat(f"{hour}{text[13:]}+00:00")
        except (ValueError, OverflowError):
            raise UnreadableError(text, "is not a time like 2018-01-31 14:05:00") from None

    def _learn(self, text: str) -> str | None:
        """The hour of `text` in UTC, or None when its offset is not a whole and constant number of hours."""
        if _HOUR.fullmatch(text[:13]) is None:
            raise ValueError(text)
        first = datetime.fromisoformat(f"{text[:13]}:00:00").replace(tzinfo=self._zone)
        offset = first.utcoffset()
        if offset != (first + _TO_ITS_END).utcoffset():
            return None
        in_utc = first.astimezone(UTC)
        if in_utc.minute or in_utc.second:
            return None
        hour = self._hours[text[:13]] = in_utc.isoformat()[:13]
        return hour

    def _slowly(self, text: str) -> Instant:
        if len(text) != _TIME_LENGTH:
            raise ValueError(text)
        return datetime.fromisoformat(text).replace(tzinfo=self._zone).astimezone(UTC)


def _heading(path: Path) -> tuple[str, ...]:
    try:
        with path.open("rb") as stored:
            line = _lines(path, stored).readline(_HEADING_LIMIT)
        return tuple(_cells(line.decode("utf-8-sig")))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error):
        return ()


def _lines(path: Path, stored: io.BufferedReader) -> io.BufferedReader:
    if path.name.lower().endswith(".gz"):
        # A GzipFile reads like the raw stream that a BufferedReader wants; its own readline is several times slower.
        return io.BufferedReader(cast("io.RawIOBase", gzip.GzipFile(fileobj=stored)), 1 << 16)
    return stored


def _cells(text: str) -> list[str]:
    text = text.rstrip("\r\n")
    if '"' in text:
        return next(csv.reader((text,), strict=True))
    return text.split(",") if text else []
