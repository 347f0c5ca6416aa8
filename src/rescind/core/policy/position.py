"""Where something is written: errors that name file, line and column, and an index of where each TOML value stands.

`tomllib` says what a file means but not where. `locate` reads the same text again, after tomllib accepted it, for
positions only; so it may be lenient.
"""

import difflib
import re
from collections.abc import Iterable, Iterator

import msgspec

from rescind.core.sentence import phrased


class PolicyError(ValueError):
    """A policy that cannot be loaded. line and column count from 1; `did_you_mean` is part of the message."""

    def __init__(self, file: str, line: int, column: int, message: str) -> None:
        super().__init__(f"{file}:{line}:{column}: {message}")
        self.file = file
        self.line = line
        self.column = column
        self.message = message


def near(name: str, known: Iterable[str]) -> str:
    """`; did you mean 'stage'?` when a known name is close, else the empty string."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return phrased("; did you mean '%(name)s'?", name=found[0]) if found else ""


class Place(msgspec.Struct, frozen=True):
    """A value in the text: where it starts, for a string the source offset of each of its characters, and its key."""

    start: int
    characters: tuple[int, ...] = ()
    key: int = 0

    def at(self, index: int) -> int:
        """Source offset of the character `index` of the string."""
        if not self.characters:
            return self.start
        return self.characters[min(max(index, 0), len(self.characters) - 1)]


Path = tuple[str | int, ...]


class Text:
    """A source file and the places of its values by path, such as ("rules", 3, "when")."""

    def __init__(self, file: str, source: str) -> None:
        self.file = file
        self.source = source
        self.places: dict[Path, Place] = {}

    def index(self) -> None:
        """Find every value's place. Call it once tomllib accepted the text."""
        self.places = dict(_Scan(self.source).places())

    def error(self, message: str, path: Path = (), index: int = 0) -> PolicyError:
        """An error at character `index` of the value at `path`, or at the nearest enclosing place that is known."""
        while path and path not in self.places:
            path, index = path[:-1], 0
        place = self.places.get(path)
        return self.error_at(message, place.at(index) if place else 0)

    def error_at_key(self, message: str, path: Path) -> PolicyError:
        """An error at the name of a member."""
        place = self.places.get(path)
        return self.error_at(message, place.key) if place else self.error(message, path)

    def error_at(self, message: str, offset: int) -> PolicyError:
        """An error at a source offset."""
        before = self.source[:offset]
        line = before.count("\n") + 1
        return PolicyError(self.file, line, offset - (before.rfind("\n") + 1) + 1, message)


_BARE = re.compile(r"[A-Za-z0-9_-]+")
_ESCAPES = {"b", "t", "n", "f", "r", '"', "\\"}


class _Scan:
    """One pass over TOML text that is known to be valid."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.at = 0
        self.table: Path = ()
        self.arrays: dict[Path, int] = {}

    def places(self) -> Iterator[tuple[Path, Place]]:
        while self.at < len(self.source):
            self._blank()
            if self.at >= len(self.source):
                return
            if self.source[self.at] == "[":
                yield self._header()
            else:
                yield from self._pair(self.table)

    def _header(self) -> tuple[Path, Place]:
        start = self.at
        many = self.source.startswith("[[", self.at)
        self.at += 2 if many else 1
        name = self._key()
        self._blank()
        self.at += 2 if many else 1
        path = self._inside_arrays(name)
        if many:
            number = self.arrays.get(path, -1) + 1
            self.arrays[path] = number
            path = (*path, number)
        self.table = path
        return path, Place(start)

    def _inside_arrays(self, name: Path) -> Path:
        """`[rules.x]` after `[[rules]]` belongs to the last of the rules."""
        path: Path = ()
        for n, part in enumerate(name):
            path = (*path, part)
            if path in self.arrays and n < len(name) - 1:
                path = (*path, self.arrays[path])
        return path

    def _pair(self, table: Path) -> Iterator[tuple[Path, Place]]:
        key = self.at
        path = (*table, *self._key())
        self._blank()
        self.at += 1  # the equals sign
        for found, place in self._value(path):
            yield found, Place(place.start, place.characters, key) if found == path else place

    def _key(self) -> Path:
        parts: list[str] = []
        while True:
            self._blank()
            if self.source[self.at] in "\"'":
                offsets = self._string()
                parts.append("".join(self.source[offset] for offset in offsets[:-1]))
            else:
                found = _BARE.match(self.source, self.at)
                assert found is not None, "tomllib accepted this text"
                parts.append(found[0])
                self.at = found.end()
            self._blank()
            if self.source[self.at] != ".":
                return tuple(parts)
            self.at += 1

    def _value(self, path: Path) -> Iterator[tuple[Path, Place]]:
        self._blank()
        start, first = self.at, self.source[self.at]
        if first in "\"'":
            yield path, Place(start, self._string())
        elif first == "[":
            yield path, Place(start)
            self.at += 1
            number = 0
            while self._more("]"):
                yield from self._value((*path, number))
                number += 1
        elif first == "{":
            yield path, Place(start)
            self.at += 1
            while self._more("}"):
                yield from self._pair(path)
        else:
            while self.at < len(self.source) and self.source[self.at] not in ",]}#\n":
                self.at += 1
            yield path, Place(start)

    def _more(self, end: str) -> bool:
        """Step over a comma; whether another element follows, else past the closing bracket."""
        self._blank()
        if self.source[self.at] == ",":
            self.at += 1
            self._blank()
        if self.source[self.at] == end:
            self.at += 1
            return False
        return True

    def _blank(self) -> None:
        while self.at < len(self.source):
            if self.source[self.at] == "#":
                end = self.source.find("\n", self.at)
                self.at = len(self.source) if end < 0 else end
            elif self.source[self.at] in " \t\r\n":
                self.at += 1
            else:
                return

    def _string(self) -> tuple[int, ...]:
        """Step over a string; the offset at which each character of its value is written."""
        quote = self.source[self.at]
        close = quote * 3 if self.source.startswith(quote * 3, self.at) else quote
        self.at += len(close)
        if len(close) == 3 and self.source.startswith(("\n", "\r\n"), self.at):
            self.at += 1 if self.source[self.at] == "\n" else 2
        offsets: list[int] = []
        while not self._closes(close):
            if quote == '"' and self.source[self.at] == "\\":
                self._escape(offsets)
            else:
                offsets.append(self.at)
                self.at += 1
        offsets.append(self.at)  # one past the end: errors at the end of the text
        self.at += len(close)
        return tuple(offsets)

    def _closes(self, close: str) -> bool:
        # Up to two quotes may stand right before the closing three.
        return self.source.startswith(close, self.at) and not (
            len(close) == 3 and self.source.startswith(close[0], self.at + 3)
        )

    def _escape(self, offsets: list[int]) -> None:
        kind = self.source[self.at + 1]
        if kind in _ESCAPES:
            offsets.append(self.at)
            self.at += 2
        elif kind in "uU":
            offsets.append(self.at)
            self.at += 6 if kind == "u" else 10
        else:  # a backslash at the end of a line swallows the white space after it
            self.at += 1
            while self.source[self.at] in " \t\r\n":
                self.at += 1
