"""Files from outside, taken for what they are and never for what they are called (KF-25).

What a file is shows in its bytes; then it is read as that kind from end to end, and anything that does not belong is
refused or left out: text behind a picture's end, a second file inside, the place and time a phone wrote into a photo.
No picture is decoded here, so there is nothing a crafted one could break.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, NoReturn, cast

import puremagic

from rescind.core.errors import FileRefused
from rescind.core.evidence import MediaType
from rescind.intake.pdf_maker import blotted

WIDEST = 40_000_000
"""Pixels of the largest picture: a screen full of them would fill its reader's memory."""

ACCEPT = "image/jpeg,image/png,image/webp,application/pdf"
"""What a browser's file dialog offers. A phone that keeps photos as HEIC turns them into JPEG upon it."""

_TYPES: Mapping[str, MediaType] = {
    "image/jpeg": "image/jpeg",
    "image/png": "image/png",
    "image/webp": "image/webp",
    "application/pdf": "application/pdf",
}


class Taken(NamedTuple):
    """A file as it is kept: its type, and its bytes without what a photo says of its maker."""

    type: MediaType
    data: bytes


def take(data: bytes) -> Taken:
    """The file as it may be kept. Raises FileRefused, whose ``why`` says what is wrong with it."""
    if not data:
        _refuse("empty")
    kind = _kind(data)
    return Taken(kind, _READERS[kind](data))


def _refuse(why: str) -> NoReturn:
    raise FileRefused(why=why)


def _kind(data: bytes) -> MediaType:
    """What the bytes begin as. Only the beginning is shown to the detector: further in it would guess."""
    try:
        found = cast("list[Any]", puremagic.magic_string(data[:512]))  # pyright: ignore[reportUnknownMemberType]
    except (puremagic.PureError, ValueError):
        found = list[Any]()
    known: list[MediaType] = [_TYPES[one] for one in sorted({str(match.mime_type) for match in found}) if one in _TYPES]
    if len(known) != 1:
        _refuse("type")
    return known[0]


def _within(width: int, height: int) -> None:
    if width < 1 or height < 1 or width * height > WIDEST:
        _refuse("too_wide")


# --- JPEG -------------------------------------------------------------------------------------------------------------

_SOI, _EOI = b"\xff\xd8", b"\xff\xd9"
_SCAN, _EXIF = 0xDA, 0xE1
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE = frozenset({0x01, *range(0xD0, 0xD8)})
# JFIF, the colour profile, and how the colours are to be read; every other application segment is about the maker.
_KEPT_SEGMENTS = frozenset({0xC4, 0xCC, 0xDA, 0xDB, 0xDD, 0xE0, 0xE2, 0xEE}) | _FRAMES


def _jpeg(data: bytes) -> bytes:
    """Segment by segment to the end of the picture; what a phone wrote about itself is left out, but for "this way up".

    A phone holds its photo as the sensor saw it, and says beside it how to turn it.
    """
    kept, at, framed, scanned = [_SOI], 2, False, False
    turned = b""
    while True:
        marker, at = _marker(data, at)
        if marker == 0xD9:
            break
        if marker in _ALONE:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if length < 2 or at + length > len(data):
            _refuse("damaged")
        body = data[at + 2 : at + length]
        at += length
        if marker == _EXIF and not turned:
            turned = _turned(body)
        if marker in _FRAMES:
            if len(body) < 6:
                _refuse("damaged")
            _within(int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big"))
            framed = True
        if marker in _KEPT_SEGMENTS and (body := _of_the_picture(marker, body)) is not None:
            kept.append(bytes((0xFF, marker)) + (2 + len(body)).to_bytes(2, "big") + body)
        if marker == _SCAN:
            scanned = True
            end = _end_of_scan(data, at)
            kept.append(data[at:end])
            at = end
    if not (framed and scanned):
        _refuse("damaged")
    return b"".join((_SOI, turned, *kept[1:], _EOI))


def _of_the_picture(marker: int, body: bytes) -> bytes | None:
    """A segment without what is not about the picture as it is shown; None where nothing of it is."""
    if marker == 0xE0:
        # Its size and resolution, and no smaller picture beside it: that one may show what was cut off.
        return body[:12] + b"\0\0" if body.startswith(b"JFIF\0") and len(body) >= 14 else None
    if marker == 0xE2:
        return body if body.startswith(b"ICC_PROFILE\0") else None
    if marker == 0xEE:
        return body[:12] if body.startswith(b"Adobe") and len(body) >= 12 else None
    return body


def _marker(data: bytes, at: int) -> tuple[int, int]:
    """The marker at ``at``, and where what follows it begins."""
    if data[at : at + 1] != b"\xff":
        _refuse("damaged")
    while data[at : at + 1] == b"\xff":
        at += 1
    if at >= len(data) or data[at] in {0x00, 0xD8}:
        _refuse("damaged")
    return data[at], at + 1


def _end_of_scan(data: bytes, at: int) -> int:
    """Where the compressed data ends: at the next marker that is neither a stuffed byte nor a restart."""
    while True:
        at = data.find(b"\xff", at)
        if at < 0 or at + 1 >= len(data):
            _refuse("damaged")
        if data[at + 1] != 0x00 and data[at + 1] not in _ALONE:
            return at
        at += 2


def _turned(body: bytes) -> bytes:
    """A segment that says which way is up and nothing else; empty where the photo does not say, or says it is."""
    if not body.startswith(b"Exif\0\0"):
        return b""
    tiff = body[6:]
    orders: Mapping[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
    order = orders.get(tiff[:4])
    if order is None:
        return b""

    def number(at: int, width: int) -> int:
        return int.from_bytes(tiff[at : at + width], order)

    first = number(4, 4)
    for place in range(min(number(first, 2), 512)):
        entry = first + 2 + 12 * place
        if number(entry, 2) == 0x0112:
            way = number(entry + 8, 2)
            return _SAYS_TURNED + bytes((0, way, 0, 0, 0, 0, 0, 0)) if 2 <= way <= 8 else b""
    return b""


_SAYS_TURNED = b"\xff\xe1\x00\x22Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01"
# --- PNG --------------------------------------------------------------------------------------------------------------

_PNG = b"\x89PNG\r\n\x1a\n"
_LARGEST_PROFILE = 4 * 1024 * 1024
_KEPT_CHUNKS = frozenset(
    {b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"bKGD", b"pHYS"}
)


def _png(data: bytes) -> bytes:
    """Chunk by chunk with its checksum; text, times and places are left out, and so is what stands behind the end."""
    if not data.startswith(_PNG):
        _refuse("damaged")
    kept, at, seen = [_PNG], 8, set[bytes]()
    while b"IEND" not in seen:
        length, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        end = at + 12 + length
        if end > len(data) or zlib.crc32(data[at + 4 : end - 4]).to_bytes(4, "big") != data[end - 4 : end]:
            _refuse("damaged")
        if name == b"acTL":
            _refuse("animated")
        if (name == b"IHDR") == bool(seen):
            _refuse("damaged")
        if name == b"IHDR":
            _within(int.from_bytes(data[at + 8 : at + 12], "big"), int.from_bytes(data[at + 12 : at + 16], "big"))
        if name == b"iCCP":
            _profile(data[at + 8 : end - 4])
        if name in _KEPT_CHUNKS:
            kept.append(data[at:end])
        elif name[0] < 0x61:
            # Without a critical chunk that we do not know, the picture would be another one.
            _refuse("damaged")
        seen.add(name)
        at = end
    if b"IDAT" not in seen:
        _refuse("damaged")
    return b"".join(kept)


def _profile(body: bytes) -> None:
    """A colour profile is packed: one that unpacks to more than any profile has is there for something else."""
    opened = zlib.decompressobj()
    try:
        opened.decompress(body.partition(b"\0")[2][1:], _LARGEST_PROFILE)
    except zlib.error:
        _refuse("damaged")
    if not opened.eof:
        _refuse("damaged")


# --- WebP -------------------------------------------------------------------------------------------------------------

_KEPT_WEBP = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"})
_ANIMATED, _ABOUT_MAKER = 0x02, 0x08 | 0x04


def _webp(data: bytes) -> bytes:
    """Chunk by chunk within the length its own header gives; descriptions are left out."""
    end = 8 + int.from_bytes(data[4:8], "little")
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP" or end > len(data):
        _refuse("damaged")
    kept, at, seen = list[bytes](), 12, set[bytes]()
    while at < end:
        name, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        after = at + 8 + length + length % 2
        if at + 8 > end or after > end:
            _refuse("damaged")
        body = data[at + 8 : at + 8 + length]
        if name in {b"ANIM", b"ANMF"}:
            _refuse("animated")
        if name in _KEPT_WEBP:
            kept.append(_webp_chunk(name, body))
        seen.add(name)
        at = after
    if not seen & {b"VP8 ", b"VP8L"}:
        _refuse("damaged")
    inside = b"WEBP" + b"".join(kept)
    return b"RIFF" + len(inside).to_bytes(4, "little") + inside


def _webp_chunk(name: bytes, body: bytes) -> bytes:
    if name == b"VP8X" and len(body) >= 10:
        if body[0] & _ANIMATED:
            _refuse("animated")
        body = bytes((body[0] & ~_ABOUT_MAKER,)) + body[1:]
        _within(1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
    elif name == b"VP8L" and len(body) >= 5:
        bits = int.from_bytes(body[1:5], "little")
        _within(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    elif name == b"VP8 " and len(body) >= 10:
        _within(int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF)
    elif name in {b"VP8X", b"VP8L", b"VP8 "}:
        _refuse("damaged")
    return name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)


# --- PDF --------------------------------------------------------------------------------------------------------------

_ACTS = (
    *(b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/FileAttachment", b"/RichMedia", b"/XFA"),
    *(b"/SubmitForm", b"/ImportData", b"/GoToE", b"/GoToR", b"/Rendition", b"/Movie", b"/Sound"),
)
_GAP = rb"(?:[\s\0]|%[^\r\n]*[\r\n])"
# A place to open at is an array; whatever else is to be done upon opening is an act.
_OPENS = re.compile(rb"/OpenAction(?![^()<>\[\]{}/%%\s\0])(?!%b*\[)" % _GAP)
_AT_EVENTS = re.compile(rb"/AA(?:%b*<<|%b+[0-9])" % (_GAP, _GAP))
_NAME_ENDS = b"()<>[]{}/% \t\r\n\f\0"
_PAGE = re.compile(rb"/Type\s*/Page(?=[()<>\[\]{}/%\s\0]|$)")
_TABLE = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF\s*\Z")
_STREAM = re.compile(rb"(?<![A-Za-z])stream[ \t]*(?:\r\n|\r|\n)")
_PAIRS = re.compile(rb"\s*[0-9]+\s+[0-9]+\s")
_HEAD, _STREAMS = 16 * 1024, 20_000
"""Where the words about a stream begin, before it, at most; and how many of them a document of ten MiB may have."""
_UNPACKED = 16 * 1024 * 1024
"""Bytes that a document's packed objects may have in all: more would be there to fill the memory of who reads it."""
_ARCHIVE_END, _ARCHIVE_FILE, _ARCHIVE_NOTE = b"PK\x05\x06", b"PK\x01\x02", 65_557


def _pdf(data: bytes) -> bytes:
    """A document that begins and ends as one, has a page, is not locked, is nothing else besides, and in its objects
    does nothing by itself.

    What it says of its maker is blotted out, and it is only ever handed out to be saved.
    """
    ends = _TABLE.search(data, max(0, len(data) - 1024))
    if not data.startswith(b"%PDF-") or ends is None or not 0 < int(ends[1]) < ends.start():
        _refuse("damaged")
    if _ARCHIVE_END in data[-_ARCHIVE_NOTE:] and _ARCHIVE_FILE in data:
        # An archive is read from its end, so that one file can be a document and an archive as well.
        _refuse("type")
    plain = _plain_names(data)
    if _has(plain, b"/Encrypt"):
        _refuse("locked")
    objects = [plain, *map(_plain_names, _unpacked(data))]
    if any(_OPENS.search(part) or _AT_EVENTS.search(part) for part in objects):
        _refuse("active")
    if any(_has(part, act) for part in objects for act in _ACTS):
        _refuse("active")
    if not any(_PAGE.search(part) for part in objects):
        _refuse("damaged")
    return blotted(data)


def _unpacked(data: bytes) -> Iterator[bytes]:
    """The objects that a document of today packs together, each lot of them spelt out."""
    left = _UNPACKED
    # Every place is looked at where a stream may begin, also within another: the document's own table decides which
    # of them readers take for one.
    for count, found in enumerate(_STREAM.finditer(data)):
        if count == _STREAMS:
            _refuse("damaged")
        before = max(0, found.start() - _HEAD)
        head = data[max(before, data.rfind(b"obj", before, found.start())) : found.start()]
        says_so, body = _packs(_plain_names(head)), data[found.end() : data.find(b"endstream", found.end())]
        if not (says_so or _begins_as_packed(body)):
            continue
        opened = zlib.decompressobj()
        try:
            objects = opened.decompress(body, left)
        except zlib.error:
            objects = b""
        left -= len(objects)
        # Nothing else is in use to pack objects with, and what cannot be read is not said to be harmless.
        if left <= 0 or (says_so and not opened.eof):
            _refuse("damaged")
        yield objects


def _packs(head: bytes) -> bool:
    """Whether a stream holds objects: it says so, or how many and where the first is, which is what readers go by."""
    if not (_has(head, b"/ObjStm") or (_has(head, b"/N") and _has(head, b"/First"))):
        return False
    if _has(head, b"/DecodeParms") or _has(head, b"/DP"):
        # Names would be taken apart and put together again by whoever reads it.
        _refuse("damaged")
    return True


def _begins_as_packed(body: bytes) -> bool:
    """Whether it unpacks to what packed objects begin with, whatever is said of it: pairs of numbers."""
    try:
        return _PAIRS.match(zlib.decompressobj().decompress(body[:4096], 64)) is not None
    except zlib.error:
        return False


def _plain_names(data: bytes) -> bytes:
    """The bytes with names spelt out: ``/J#53`` is ``/JS``."""
    parts = data.split(b"#")
    out = [parts[0]]
    for part in parts[1:]:
        try:
            out.append(bytes((int(part[:2].decode("ascii"), 16),)) + part[2:])
        except (UnicodeDecodeError, ValueError):
            out.append(b"#" + part)
    return b"".join(out)


def _has(data: bytes, name: bytes) -> bool:
    """Whether a name stands there whole: ``/JS`` is not in ``/JSON``. An embedded file has an ``s`` behind it too."""
    at = data.find(name)
    while at >= 0:
        after = data[at + len(name) : at + len(name) + 1]
        if not after or after in _NAME_ENDS or (name == b"/EmbeddedFile" and after == b"s"):
            return True
        at = data.find(name, at + 1)
    return False


_READERS: Mapping[MediaType, Callable[[bytes], bytes]] = cast(
    "Mapping[MediaType, Callable[[bytes], bytes]]",
    {"image/jpeg": _jpeg, "image/png": _png, "image/webp": _webp, "application/pdf": _pdf},
)
