"""Files as people and attackers send them, made byte by byte."""

import struct
import zlib


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width=3, height=2, *, before=b"", after=b"", colour=(180, 60, 40)) -> bytes:
    """A picture of one colour. before: chunks ahead of the data; after: what stands behind the end."""
    rows = b"".join(b"\0" + bytes(colour) * min(width, 64) for _ in range(min(height, 64)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + data + chunk(b"IEND", b"") + after


def exif(*, turned=6, place=b"52.5200,13.4050") -> bytes:
    """What a phone writes: which way is up, and where it was."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, turned, 0)
    return b"Exif\0\0" + b"II*\0" + struct.pack("<IH", 8, 1) + entry + b"\0\0\0\0" + b"GPS " + place


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def jpeg(*segments: bytes, width=3, height=2, after=b"") -> bytes:
    """A photo. segments: what stands ahead of the picture itself."""
    frame = segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\x01\x11\x00")
    tables = segment(0xDB, b"\0" + bytes(64)) + segment(0xC4, b"\0" + bytes(16))
    scan = segment(0xDA, b"\x01\x01\x00\x00\x3f\x00") + b"\x12\xff\x00\x34\xff\xd0\x56"
    return b"\xff\xd8" + b"".join(segments) + tables + frame + scan + b"\xff\xd9" + after


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    inside = b"WEBP" + b"".join(
        name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2) for name, body in chunks
    )
    return b"RIFF" + struct.pack("<I", len(inside)) + inside


def webp(*chunks: tuple[bytes, bytes], width=3, height=2) -> bytes:
    bits = (width - 1) | (height - 1) << 14
    return riff(*chunks, (b"VP8L", b"\x2f" + struct.pack("<I", bits) + b"\x00" * 8))


PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>"


def pdf(more=b"", page=PAGE, end=b"%%EOF\n", after=b"") -> bytes:
    """A document of one empty page, which every reader opens. more: one more object."""
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page]
    out, places = b"%PDF-1.7\n", list[int]()
    for number, one in enumerate([*objects, *([more] if more else [])], 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    at = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%b" % (len(places) + 1, table)
    return out + b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%b%b" % (len(places) + 1, at, end, after)


def packed(objects: bytes, data: bytes | None = None) -> bytes:
    """Objects as documents of today pack them."""
    body = zlib.compress(objects) if data is None else data
    head = b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>" % len(body)
    return head + b"\nstream\n" + body + b"\nendstream"


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(document.domain)</script></svg>'
HTML = b"<!doctype html><html><script>alert(document.domain)</script></html>"
ZIP = b"PK\x03\x04" + bytes(40)
GIF = b"GIF89a/*" + bytes(40) + b"*/=1;alert(1)"
HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(40)
