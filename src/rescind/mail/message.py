"""A mail as bytes: text and HTML beside each other, files behind them, and headers that nobody else writes into."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from rescind.core.instant import Instant

MOST_BYTES = 10 * 1024 * 1024
"""No mail of ours is larger; most servers take no more than that."""
_LONGEST_SUBJECT = 200
# Seven bits go through every server, so none has to be asked what it can.
_POLICY = SMTP.clone(cte_type="7bit")


class Attachment(msgspec.Struct, frozen=True):
    """A file that goes along. kind: its media type; text is UTF-8."""

    name: str
    kind: str
    data: bytes


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What a mail says. language: as of RFC 5646. unsubscribe: an https address that ends such mail by one POST.

    A letter somebody asked for has none: there is nothing to end.
    """

    subject: str
    text: str
    html: str
    language: str
    attachments: tuple[Attachment, ...] = ()
    unsubscribe: str = ""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """Who writes to whom, and the mail's own id. name: what the sender is called; reply_to: where answers go."""

    id: str
    sender: str
    name: str
    to: str
    at: Instant
    reply_to: str = ""


class Over(Exception):
    """What the mail was to tell does not stand any more, so there is nothing to send."""


class TooLarge(Exception):
    """The mail has more bytes than any mail of ours may have."""


def written(letter: Letter, envelope: Envelope) -> bytes:
    """The message with CRLF at the end of each line. Raises TooLarge.

    The same mail has the same Message-ID however often it is tried, so that whoever got it twice can tell.
    """
    message = EmailMessage(_POLICY)
    message["From"] = Address(_plain(envelope.name), addr_spec=envelope.sender)
    message["To"] = Address(addr_spec=envelope.to)
    if envelope.reply_to:
        message["Reply-To"] = Address(addr_spec=envelope.reply_to)
    message["Subject"] = _plain(letter.subject)[:_LONGEST_SUBJECT]
    message["Date"] = format_datetime(envelope.at)
    message["Message-ID"] = f"<{envelope.id}@{envelope.sender.rpartition('@')[2]}>"
    # RFC 3834: a program wrote it, and no program should answer.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    if letter.unsubscribe:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content(letter.text)
    message.add_alternative(letter.html, subtype="html")
    for one in letter.attachments:
        main, _, sub = one.kind.partition("/")
        params = {"charset": "utf-8"} if main == "text" else {}
        message.add_attachment(one.data, maintype=main, subtype=sub, filename=one.name, params=params)
    # Last: what is said of a content moves with it into the part that it becomes.
    message["Content-Language"] = letter.language
    data = message.as_bytes()
    if len(data) > MOST_BYTES:
        raise TooLarge
    return data


def _plain(text: str) -> str:
    """Without anything that ends a line, also as Unicode has it."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
