"""A file is what its bytes are, and is kept without what it says of whoever took it (KF-25, UP-01, UP-03)."""

import base64
import io
import re
import struct
from typing import cast

import pytest
import weasyprint
from PIL import Image

from rescind.core.errors import FileRefused
from rescind.intake.evidence import take
from scenarios.files import exif, jpeg, packed, pdf, png, segment, webp
from scenarios.hostile import CLEANED, REFUSED, TELLTALE


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


def of_its_own_type(name):
    """Whether a file is what it is said to be: what it is said to be is known to whoever sends it alone."""
    return "said to be" not in name


@pytest.mark.parametrize("name", list(filter(of_its_own_type, REFUSED)))
def test_what_can_run_nest_or_hide_is_refused(name):  # KF-25
    data, _, why = REFUSED[name]
    assert refused(data) == why


def test_a_page_may_be_packed_and_a_document_may_have_been_added_to():
    inside = packed(b"3 0 << /Type /Page /Parent 2 0 R >>")
    assert take(pdf(inside, page=b"<< >>")).type == "application/pdf"
    twice = pdf() + b"4 0 obj << /Note (seen) >> endobj\nstartxref\n9\n%%EOF"
    assert take(twice).data == twice


def test_a_document_may_speak_of_what_it_does_not_do():
    assert take(pdf(b"<< /JSON (no script) /Launcher 1 >>")).type == "application/pdf"


@pytest.mark.parametrize("name", CLEANED)
def test_text_behind_or_inside_a_picture_and_the_place_it_was_taken_are_left_out(name):  # KF-25, UP-03
    data, _, left = CLEANED[name]
    kept = take(data).data
    assert kept == left
    assert not any(word in kept for word in TELLTALE)


def test_the_size_in_a_photos_head_stays_and_the_smaller_picture_in_it_goes():
    head = b"JFIF\0\x01\x02\x01\0\x48\0\x48"
    assert take(jpeg(segment(0xE0, head + b"\x02\x01" + b"GPSGPS"))).data == jpeg(segment(0xE0, head + b"\0\0"))


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


@pytest.mark.parametrize("made", [{}, {"pdf_variant": "pdf/a-3b"}, {"uncompressed_pdf": True}], ids=str)
def test_a_document_as_programs_make_it_tells_nothing_of_its_maker_and_keeps_its_places(made):  # ADR 0131
    photo = io.BytesIO()
    about = Image.Exif()
    about[0x010F] = "Telephone maker"
    Image.new("RGB", (64, 48), (180, 60, 40)).save(photo, "JPEG", exif=about, comment=b"at home")
    sheet = (
        '<title>Invoice</title><meta name=author content="Ann Home"><meta name=generator content="Scanner 3">'
        f'<h1>Invoice</h1><img src="data:image/jpeg;base64,{base64.b64encode(photo.getvalue()).decode()}">'
    )
    before = cast("bytes", weasyprint.HTML(string=sheet).write_pdf(**made))
    assert b"at home" in before, "the photo goes in as it is"
    after = take(before).data
    assert len(after) == len(before)
    for word in (b"Ann Home", b"at home", b"Telephone", b"Scanner", b"WeasyPrint"):
        assert word not in after
    starts = [(found[1], found.start(1)) for found in re.finditer(rb"\n(\d+ 0 obj)", before)]
    assert all(after.startswith(words, at) for words, at in starts)
