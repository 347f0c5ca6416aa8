"""Addresses and messages: what goes over the wire, and what nobody gets to write into it."""

from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rescind.core.errors import InvalidField
from rescind.core.mail import masked
from rescind.mail.address import wire
from rescind.mail.message import Attachment, Envelope, Letter, written

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def envelope(**more):
    return Envelope(
        **{"id": "eml_1", "sender": "desk@market.test", "name": "", "to": "ann@example.org", "at": NOON} | more
    )


def letter(**more):
    return Letter(**{"subject": "Hello", "text": "Text\n", "html": "<p>Text</p>", "language": "en"} | more)


def sent(a_letter, an_envelope):
    return message_from_bytes(written(a_letter, an_envelope), policy=policy.default)


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("ann@example.org", "ann@example.org"),
        (" ann+tag@Example.ORG ", "ann+tag@example.org"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@例子.测试", "ann@xn--fsqu00a.xn--0zwm56d"),
        ("o'hara.x@a-b.example.org", "o'hara.x@a-b.example.org"),
    ],
)
def test_an_address_goes_over_the_wire_in_ascii(typed, address):
    assert wire(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        *("", "ann", "@example.org", "ann@", "ann@localhost", "ann@example", "ann@127.0.0.1", "ann@[127.0.0.1]"),
        *("用户@example.org", "ann @example.org", "ann@exa mple.org", '"a b"@example.org', "a..b@example.org"),
        *("ann@example.org\nBcc: eve@example.org", "ann@example.org\r\n", "a@b.org,c@d.org", "a@b@c.org", "<a@b.org>"),
        *(".a@example.org", "a.@example.org", "a@-example.org", "a@example..org", "x" * 65 + "@example.org"),
        *("a@" + "x" * 64 + ".org", "a@" + "x." * 130 + "org", "a@example.org\x00", "a@exam\u202eple.org"),
    ],
)
def test_what_is_no_address_for_everybody_is_refused(typed):
    if typed.strip() != typed and "Bcc" not in typed:
        assert wire(typed) == typed.strip()
        return
    with pytest.raises(InvalidField):
        wire(typed)


def test_a_masked_address_shows_whose_it_may_be_and_no_more():
    assert [masked(one) for one in ("ann@example.org", "a@example.org")] == ["a…@example.org", "…@example.org"]


@settings(max_examples=settings.default.max_examples // 4)  # one takes 50 ms
@given(st.text(), st.text(), st.text(max_size=20))
def test_whatever_people_are_called_writes_no_header_and_no_line_of_its_own(subject, name, text):
    message = sent(letter(subject=subject, text=text or "x"), envelope(name=name))
    assert [key for key in message if key.lower() in {"bcc", "cc", "x"}] == []
    assert len(message.get_all("To")) == len(message.get_all("Subject")) == len(message.get_all("From")) == 1
    assert message["To"] == "ann@example.org"
    assert message["From"].addresses[0].addr_spec == "desk@market.test"


def test_a_line_break_in_a_subject_is_a_space():
    hostile = "Order 1\r\nBcc: eve@example.org\u2028X-Evil: 1\x85Y: 2"
    message = sent(letter(subject=hostile), envelope(name="Market\nBcc: eve@example.org"))
    assert message["Subject"] == "Order 1 Bcc: eve@example.org X-Evil: 1 Y: 2"
    assert message["Bcc"] is None
    assert message["X-Evil"] is None


def test_a_message_goes_through_every_server_and_no_program_answers_it():
    data = written(letter(text="值 " * 400, html="<p>" + "长" * 2000 + "</p>"), envelope(reply_to="help@market.test"))
    assert data.isascii()
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert data.count(b"\n") == data.count(b"\r\n")
    message = message_from_bytes(data, policy=policy.default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Reply-To"] == "help@market.test"
    assert message["Date"].datetime == NOON
    assert message.get_body(("plain",)).get_content().startswith("值 值")


def test_only_mail_that_nobody_asked_for_can_be_unsubscribed_from():
    assert sent(letter(), envelope())["List-Unsubscribe"] is None
    message = sent(letter(unsubscribe="https://desk.test/unsubscribe/x"), envelope())
    assert message["List-Unsubscribe"] == "<https://desk.test/unsubscribe/x>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_a_file_goes_along_byte_by_byte():
    data = bytes(range(256)) * 9
    message = sent(letter(attachments=(Attachment("收据 1.pdf", "application/pdf", data),)), envelope())
    (file,) = message.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("收据 1.pdf", data)
