"""What a PDF says of whoever made it, blotted out where it stands: its length and every place in it stay as they are.

Scanning programs put a phone's photos into a document as they are, with the place and the time in them. What is looked
for is what programs write without being asked, not what somebody hides.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import NoReturn

from rescind.core.errors import FileRefused

_STREAM = re.compile(rb"(?<![A-Za-z])stream[ \t]*(?:\r\n|\r|\n)")
_HEAD = 16 * 1024
"""Bytes before a stream in which the words about it begin, at most."""
_UNPACKED = 64 * 1024 * 1024
"""Bytes that are unpacked in all to look for photos: more would be there to fill the memory of who reads it."""
_ABOUT_DOCUMENT = re.compile(rb"/Type\s*/Metadata\b|/Subtype\s*/XML\b")
_ABOUT_MAKER = re.compile(rb"/(?:Author|Creator|Producer|Subject|Keywords|CreationDate|ModDate)(?=[\s(<])\s*")
_REFERENCE = re.compile(rb"([0-9]{1,10})\s+([0-9]{1,5})\s+R\b")
_OBJECT = re.compile(rb"(?<![0-9])([0-9]{1,10})\s+([0-9]{1,5})\s+obj\s*")
_PHOTO = re.compile(rb"/(?:DCTDecode|DCT)\b")
_OBJECTS = re.compile(rb"/ObjStm\b")
_SIGNS = re.compile(rb"\\.|[()]", re.DOTALL)
_LONGEST = 64 * 1024
"""Bytes of the longest name: whatever is longer is none."""
_EMPTY = zlib.compress(b"")
_SIGNED = re.compile(rb"/ByteRange\s*\[")
_PHOTO_TELLS = (b"Exif\0\0", b"http://ns.adobe.com/", b"Photoshop 3.0\0", b"MPF\0")


def blotted(data: bytes) -> bytes:
    """The document without what it says of its maker; as it came where it is signed, for its maker's name is the point.

    Raises FileRefused, whose ``why`` is ``traces``, where it cannot be blotted out without writing the document anew.
    """
    if _SIGNED.search(data):
        return data
    out, elsewhere, left = bytearray(data), set[tuple[bytes, bytes]](), _UNPACKED
    for head, start in _streams(data):
        if data.startswith(b"\xff\xd8\xff", start):
            _photo(out, start)
        elif _ABOUT_DOCUMENT.search(head):
            end = _end(data, start)
            # Readers unpack it, and find nothing in it.
            empty = _EMPTY if b"/FlateDecode" in head and end - start >= len(_EMPTY) else b""
            out[start:end] = empty.ljust(end - start, b"\0" if empty else b" ")
        elif _PHOTO.search(head):
            left -= _packed_photo(data[start : _end(data, start)], left)
        elif _OBJECTS.search(head):
            _packed_objects(out, start, _end(data, start), elsewhere)
    _names(out, data, elsewhere)
    _strings(out, data, elsewhere)
    return bytes(out)


def _streams(data: bytes) -> Iterator[tuple[bytes, int]]:
    """The words about each stream, and where its bytes begin."""
    for found in _STREAM.finditer(data):
        before = max(0, found.start() - _HEAD)
        yield data[max(before, data.rfind(b"obj", before, found.start())) : found.start()], found.end()


def _end(data: bytes | bytearray, start: int) -> int:
    """Where a stream ends, ahead of the line's end that stands between it and the word for it."""
    end = data.find(b"endstream", start)
    if end < 0:
        return len(data)
    line = 2 if data.endswith(b"\r\n", start, end) else data.endswith((b"\n", b"\r"), start, end)
    return end - line


def _refuse() -> NoReturn:
    raise FileRefused(why="traces")


def _photo(out: bytearray, start: int) -> None:
    """Blot out the segments of a JPEG that are about its maker, and what stands behind its end."""
    at = start + 2
    while True:
        if at + 4 > len(out) or out[at] != 0xFF:
            return _unreadable(out, start)
        marker = out[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0xD9:
            break
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:
            at += 2
        else:
            length = int.from_bytes(out[at + 2 : at + 4], "big")
            if length < 2 or at + 2 + length > len(out):
                return _unreadable(out, start)
            body = slice(at + 4, at + 2 + length)
            if _of_the_maker(marker, bytes(out[body])):
                out[body] = bytes(length - 2)
            at += 2 + length
            if marker == 0xDA:
                at = _after_scan(out, at)
    end = _end(out, at + 2)
    out[at + 2 : end] = bytes(end - at - 2)
    return None


def _of_the_maker(marker: int, body: bytes) -> bool:
    """Whether a segment is a remark or a program's own, and not about how the picture is to be read."""
    if marker == 0xE0:
        return not body.startswith(b"JFIF\0") or len(body) > 14
    if marker == 0xE2:
        return not body.startswith(b"ICC_PROFILE\0")
    if marker == 0xEE:
        return not body.startswith(b"Adobe")
    return 0xE1 <= marker <= 0xEF or marker == 0xFE


def _after_scan(out: bytearray, at: int) -> int:
    while (at := out.find(b"\xff", at)) >= 0 and at + 1 < len(out):
        if out[at + 1] != 0x00 and not 0xD0 <= out[at + 1] <= 0xD7:
            return at
        at += 2
    return len(out)


def _unreadable(out: bytearray, start: int) -> None:
    """A photo that no reader knows the end of: it may stay where nothing in it is of the kinds that tell."""
    body = out[start : _end(out, start)]
    if any(tells in body for tells in _PHOTO_TELLS):
        _refuse()


def _packed_photo(body: bytes, most: int) -> int:
    """A photo that was packed once more cannot be written over: it is refused where it has something to tell.

    Gives how many bytes it has, of as many as there may be at most.
    """
    try:
        photo = zlib.decompressobj().decompress(body, most)
    except zlib.error:
        _refuse()
    left = bytearray(photo)
    if not photo.startswith(b"\xff\xd8") or len(photo) >= most:
        _refuse()
    _photo(left, 0)
    if bytes(left) != photo:
        _refuse()
    return len(photo)


def _packed_objects(out: bytearray, start: int, end: int, elsewhere: set[tuple[bytes, bytes]]) -> None:
    """Objects that are packed together, packed again without the names; what is left over behind them is not read."""
    try:
        objects = zlib.decompressobj().decompress(bytes(out[start:end]), _UNPACKED)
    except zlib.error:
        return
    left = bytearray(objects)
    _names(left, objects, elsewhere)
    if bytes(left) == objects:
        return
    again = zlib.compress(bytes(left), 9)
    if len(again) > end - start:
        _refuse()
    out[start:end] = again.ljust(end - start, b"\0")


def _names(out: bytearray, data: bytes, elsewhere: set[tuple[bytes, bytes]]) -> None:
    """Blot out what names a maker, a program or a time; ``elsewhere`` takes up which of it are objects of their own."""
    done = 0
    for found in _ABOUT_MAKER.finditer(data):
        if found.start() < done:
            continue
        if (other := _REFERENCE.match(data, found.end())) is not None:
            elsewhere.add((other[1], other[2]))
        else:
            done = _string(out, data, found.end())


def _strings(out: bytearray, data: bytes, wanted: set[tuple[bytes, bytes]]) -> None:
    """Blot out strings that are objects of their own. What is not found is packed, and nothing tells which it is."""
    done, missing = 0, set(wanted)
    for found in _OBJECT.finditer(data) if wanted else ():
        if found.start() >= done and (found[1], found[2]) in wanted:
            missing.discard((found[1], found[2]))
            done = _string(out, data, found.end())
    if missing:
        _refuse()


def _string(out: bytearray, data: bytes, at: int) -> int:
    """Blot out the string that begins here, if one does; gives where it ends."""
    if data[at : at + 1] == b"<" and data[at : at + 2] != b"<<":
        end = data.find(b">", at, at + _LONGEST)
    elif data[at : at + 1] == b"(":
        end = _closed(data, at)
    else:
        return at
    if end < 0:
        _refuse()
    out[at + 1 : end] = b" " * (end - at - 1)
    return end


def _closed(data: bytes, at: int) -> int:
    """Where the bracket closes that opens here; -1 where it does not."""
    depth = 0
    for sign in _SIGNS.finditer(data, at, at + _LONGEST):
        depth += {b"(": 1, b")": -1}.get(sign[0], 0)
        if depth == 0:
            return sign.start()
    return -1
