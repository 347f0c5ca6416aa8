"""A file is what its bytes are, and is kept without what it says of whoever took it (KF-25, UP-01, UP-03)."""

import struct

import pytest

from rescind.core.errors import FileRefused
from rescind.intake.evidence import take
from scenarios.files import GIF, HEIC, HTML, SVG, ZIP, chunk, exif, jpeg, packed, pdf, png, riff, segment, webp


def refused(data):
    with pytest.raises(FileRefused) as why:
        take(data)
    return why.value.params["why"]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(png(), "image/png"), (jpeg(), "image/jpeg"), (webp(), "image/webp"), (pdf(), "application/pdf")],
)
def test_pictures_and_documents_are_taken_as_they_are(data, kind):
    assert take(data) == (kind, data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (SVG, "type"),
        (b"<?xml version='1.0'?>" + SVG, "type"),
        (b"\xef\xbb\xbf" + HTML, "type"),
        (HTML, "type"),
        (ZIP, "type"),
        (GIF, "type"),
        (HEIC, "type"),
        (b"hello", "type"),
        (b"\xff", "type"),
        (b"MZ" + bytes(100), "type"),
        (png()[:40], "damaged"),
        (jpeg()[:30], "damaged"),
        (jpeg()[:-2], "damaged"),
        (webp()[:-4], "damaged"),
        (pdf(end=b""), "damaged"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + HTML, "damaged"),
        (png()[:-6] + b"\0\0\0\0" + png()[-2:], "damaged"),
        (png(width=10_000, height=5_000), "too_wide"),
        (png(width=0), "too_wide"),
        (jpeg(width=60_000, height=60_000), "too_wide"),
        (webp(width=16_000, height=16_000), "too_wide"),
        (png(before=chunk(b"acTL", bytes(8))), "animated"),
        (riff((b"VP8X", b"\x02" + bytes(9)), (b"ANIM", bytes(6))), "animated"),
        (pdf(b"<< /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"), "active"),
        (pdf(b"<< /S /J#61vaScript >>"), "active"),
        (pdf(b"<< /Names << /EmbeddedFiles 2 0 R >> >>"), "active"),
        (pdf(b"<< /Encrypt 3 0 R >>"), "locked"),
        (pdf(b"<< /Subtype /FileAttachment /FS 5 0 R >>"), "active"),
        (pdf(packed(b"<< /S /JavaScript /JS (app.alert(1)) >>")), "active"),
        (pdf(packed(b"<< /S /J#61vaScript >>")), "active"),
        (HTML + pdf(), "type"),
        (b"%PDF-1.7\n%%EOF\n", "damaged"),
        (b"%PDF-1.7\n" + HTML + b"\nstartxref\n9\n%%EOF\n", "damaged"),
        (pdf(page=b"<< /Kids [] /Type /Pages >>"), "damaged"),
        (pdf(after=HTML), "damaged"),
        (pdf().replace(b"startxref\n", b"startxref\n9"), "damaged"),
        (pdf(packed(b"", b"no such packing")), "damaged"),
        (pdf(packed(bytes(17 * 1024 * 1024))), "damaged"),
        (pdf(b"<< /Length 40 >>\nstream\nPK\x01\x02" + bytes(40) + b"PK\x05\x06" + bytes(18) + b"\nendstream"), "type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_can_run_nest_or_hide_is_refused(data, why):  # KF-25
    assert refused(data) == why


def test_a_page_may_be_packed_and_a_document_may_have_been_added_to():
    inside = packed(b"3 0 << /Type /Page /Parent 2 0 R >>")
    assert take(pdf(inside, page=b"<< >>")).type == "application/pdf"
    twice = pdf() + b"4 0 obj << /Note (seen) >> endobj\nstartxref\n9\n%%EOF"
    assert take(twice).data == twice


def test_a_document_may_speak_of_what_it_does_not_do():
    assert take(pdf(b"<< /JSON (no script) /Launcher 1 >>")).type == "application/pdf"


@pytest.mark.parametrize(
    "data",
    [
        png(after=HTML),
        png(before=chunk(b"tEXt", b"Comment\0" + HTML) + chunk(b"eXIf", b"GPS 52.52,13.40")),
        jpeg(after=HTML),
        jpeg(segment(0xFE, HTML), segment(0xE1, exif(turned=1)), segment(0xED, b"Photoshop GPS 52.52")),
        webp((b"EXIF", b"GPS 52.52,13.40"), (b"XMP ", HTML)),
        webp() + HTML,
    ],
)
def test_text_behind_or_inside_a_picture_and_the_place_it_was_taken_are_left_out(data):  # KF-25, UP-03
    kept = take(data).data
    assert kept in {png(), jpeg(), webp()}
    assert b"script" not in kept
    assert b"GPS" not in kept


def test_a_photo_stays_the_right_way_up():
    kept = take(jpeg(segment(0xE1, exif(turned=6)))).data
    assert b"GPS" not in kept
    assert b"52.52" not in kept
    body = kept[kept.index(b"Exif\0\0") + 6 :]
    assert struct.unpack(">4sIHHHIH", body[:20]) == (b"MM\0*", 8, 1, 0x0112, 3, 1, 6)
    assert take(kept).data == kept


def test_the_colours_of_a_photo_stay_what_they_are():
    profile = segment(0xE2, b"ICC_PROFILE\0\x01\x01" + bytes(20))
    assert take(jpeg(profile, segment(0xE2, b"MPF\0" + bytes(9)))).data == take(jpeg(profile)).data
    assert profile in take(jpeg(profile)).data
