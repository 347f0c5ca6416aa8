"""Reports that a mail came back later (RFC 3464): read from a folder that the operator's mailbox is delivered to.

A report is anybody's mail. It is believed about a mail of ours that it names by the Message-ID we gave it, and about
nothing else: the address it names is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from email.parser import BytesParser
from email.policy import compat32
from pathlib import Path
from typing import NamedTuple, cast

from rescind.core.ids import MailId

LARGEST = 1024 * 1024
"""A report is a few KiB with the head of what came back; one that has the whole of it is cut here and read as far."""
_OURS = re.compile(r"<(eml_[0-9a-hjkmnp-tv-z]{22})@[^<>@\s]+>", re.ASCII)
_CODE = re.compile(r"\b([245]\d\d)\b[ -]?(.*)", re.DOTALL)
_STATUS = re.compile(r"5\.\d{1,3}\.\d{1,3}", re.ASCII)


class Report(NamedTuple):
    """That a mail was given up by a server further on. code: as of SMTP; said: its words, the enhanced code first."""

    mail: MailId
    code: int
    said: str


def read(data: bytes) -> Report | None:
    """What a mail reports; None for one that is no report, not about a mail of ours, or not of a failure for good."""
    try:
        return _read(data[:LARGEST])
    except (ValueError, LookupError, TypeError, RecursionError):
        # Made to be unreadable, such as parts within parts without end.
        return None


def _read(data: bytes) -> Report | None:
    message = BytesParser(policy=compat32).parsebytes(data)
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    named = _OURS.search(_returned(message))
    failed = next(_failures(message), None)
    if named is None or failed is None:
        return None
    status, diagnosis = failed
    found = _CODE.search(diagnosis)
    code, said = (int(found[1]), found[2].strip()) if found else (550, diagnosis)
    if code < 500:
        code = 550
    return Report(MailId(named[1]), code, said if said.startswith(status) else f"{status} {said}".strip())


def _returned(message: Message) -> str:
    """The Message-ID of what came back."""
    for part in message.walk():
        kind = part.get_content_type()
        inside = cast("list[Message] | str", part.get_payload())
        if kind == "message/rfc822" and isinstance(inside, list) and inside:
            return _header(inside[0], "Message-ID")
        if kind == "text/rfc822-headers":
            head = part.get_payload(decode=True)
            if isinstance(head, bytes):
                return _header(BytesParser(policy=compat32).parsebytes(head), "Message-ID")
    return ""


def _failures(message: Message) -> Iterator[tuple[str, str]]:
    """(enhanced code, diagnosis) of each recipient that was given up for good."""
    for part in message.walk():
        blocks = cast("list[Message] | str", part.get_payload())
        if part.get_content_type() != "message/delivery-status" or isinstance(blocks, str):
            continue
        for block in blocks:
            found = _STATUS.match(_header(block, "Status").strip())
            if _header(block, "Action").strip().lower() == "failed" and found:
                yield found[0], _header(block, "Diagnostic-Code").partition(";")[2].strip()


def _header(message: Message, name: str) -> str:
    return str(cast("object", message[name]) or "")


class Folder:
    """A Maildir: what is new in it is read once and then lies with the rest, as read."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def new(self, most: int = 50) -> list[tuple[Path, bytes]]:
        """Some of what is new, the oldest first. Raises OSError."""
        found = sorted(one for one in (self._path / "new").iterdir() if one.is_file() and not one.name.startswith("."))
        return [(one, _begin(one)) for one in found[:most]]

    def done(self, one: Path) -> None:
        """Put it with those that were read. Raises OSError."""
        (self._path / "cur").mkdir(exist_ok=True)
        one.replace(self._path / "cur" / f"{one.name.partition(':')[0]}:2,S")


def _begin(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST)
