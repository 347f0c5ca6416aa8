"""The demo's photos, drawn when it opens, so that nothing of anybody's has to be shipped with the program."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache

WIDTH, HEIGHT = 480, 300
_DOT = 2
"""Points on each side of what is asked at once."""
_TABLE, _WALL, _SHADE = 0, 1, 2
_BOX, _BOX_DARK, _TAPE, _HOLE = 3, 4, 5, 6
_BLUE, _RED, _RIM = 7, 8, 9
_COLOURS = (
    (203, 189, 168),
    (232, 228, 220),
    (170, 156, 136),
    (191, 146, 96),
    (160, 118, 74),
    (222, 200, 160),
    (70, 48, 30),
    (76, 116, 158),
    (176, 74, 62),
    (238, 236, 230),
)


@cache
def dented_parcel() -> bytes:
    """A parcel with a torn corner."""

    def at(x: int, y: int) -> int:
        inside = 130 <= x < 350 and 80 <= y < 240
        torn = (x - 350) ** 2 + (y - 80) ** 2 < (62 + 9 * ((x * 7 + y * 3) % 11) // 10) ** 2
        if inside and torn:
            return _HOLE
        if inside:
            return _TAPE if 228 <= x < 252 else _BOX_DARK if y >= 226 or x >= 338 else _BOX
        return _SHADE if 120 <= x < 372 and 240 <= y < 252 else _ground(y)

    return _png(at)


def lantern() -> bytes:
    """A lantern with panes on a table, as somebody has one at home."""

    def at(x: int, y: int) -> int:
        ring = ((x - 240) ** 2 + (y - 66) ** 2) ** 0.5
        if 14 <= ring < 20 and y < 72:
            return _SHADE
        if 72 <= y < 104 and abs(x - 240) < 12 + (y - 72) * 2:
            return _BOX_DARK
        if 104 <= y < 226 and abs(x - 240) < 72:
            frame = abs(x - 240) >= 64 or abs(x - 240) < 4
            flame = (x - 240) ** 2 / 2 + (y - 186) ** 2 / 5 < 110
            return _BOX if frame else _TAPE if flame else _RIM
        if 226 <= y < 242 and abs(x - 240) < 86:
            return _BOX_DARK
        return _SHADE if 242 <= y < 250 and abs(x - 240) < 80 else _ground(y)

    return _png(at)


def two_colours() -> bytes:
    """Two cups, of which one has another colour."""

    def at(x: int, y: int) -> int:
        for left, colour in ((110, _BLUE), (270, _RED)):
            if left <= x < left + 96 and 100 <= y < 230:
                return _RIM if y < 110 else colour
            ring = ((x - left - 100) ** 2 + (y - 160) ** 2) ** 0.5
            if x >= left + 96 and 18 <= ring < 30:
                return colour
            if left - 8 <= x < left + 112 and 230 <= y < 240:
                return _SHADE
        return _ground(y)

    return _png(at)


def _ground(y: int) -> int:
    return _WALL if y < 150 else _TABLE


def _row(at: Callable[[int, int], int], y: int) -> bytes:
    """One line of the picture: the demo opens sooner when not every point of it is asked."""
    row = bytearray(WIDTH)
    row[::_DOT] = row[1::_DOT] = bytes(at(x, y) for x in range(0, WIDTH, _DOT))
    return b"\0" + row


def _png(at: Callable[[int, int], int]) -> bytes:
    rows = b"".join(_row(at, y) * _DOT for y in range(0, HEIGHT, _DOT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)
    palette = b"".join(bytes(colour) for colour in _COLOURS)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
