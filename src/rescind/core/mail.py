"""Mail that goes out: where a message stands, what a server's answer means for it, and when it is tried again."""

from __future__ import annotations

import re
from datetime import timedelta
from enum import StrEnum
from typing import Literal

import msgspec

from rescind.core.ids import DocumentId, MailId, OrderId, ShopId
from rescind.core.instant import Instant

MailKind = Literal["document", "notice", "digest", "code", "endpoint_off", "staff", "list", "guest"]
Place = Literal["connect", "tls", "login", "sender", "recipient", "data", "content", "size", "compose", "returned", ""]
"""Where in the talk with a server something was said, or nothing any more. ``content``: once it was given the mail;
``returned``: by a server further on, in a mail that came back.
"""

A_DAY_EACH, A_DAY_EVERY = 3, 20
"""How often one document, and how many in all, may be sent to one address on one day (UTC)."""

_MINUTES = (1, 5, 15, 30, 60, 120, 240, 480, 720, 1440, 1440)
LADDER = tuple(timedelta(minutes=one) for one in _MINUTES)
"""How long is waited after each try that came to nothing: about three days in all."""

_ENHANCED = re.compile(r"5\.(\d{1,3})\.(\d{1,3})\b")
_OF_THE_ADDRESS = frozenset({"1.0", "1.1", "1.2", "1.3", "1.6", "1.10", "2.1"})
"""RFC 3463: no such mailbox or domain, moved away, disabled. A full mailbox or a policy says nothing about them."""
_OF_A_RECIPIENT: frozenset[Place] = frozenset({"recipient", "returned"})
_OF_THE_MAIL: frozenset[Place] = frozenset({"recipient", "returned", "data", "content", "size"})
_PLAINLY = frozenset({550, 551, 553})
_LONGEST_SAID = 300


class MailStatus(StrEnum):
    """Where a mail stands. taken: by the server; what becomes of it beyond nobody tells us.

    dropped: what it was to tell did not stand any more when its turn came.
    """

    WAITING = "waiting"
    TAKEN = "taken"
    REFUSED = "refused"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    DROPPED = "dropped"


AGAIN = frozenset({MailStatus.REFUSED, MailStatus.FAILED, MailStatus.IN_DOUBT})
"""What a person may send once more."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """One message to one address. What it says is made when it is sent, from what it names.

    order, document, endpoint: what it is about, by its kind; empty for the rest. about: the notice it tells of, what a
    code is made from, or the file of a list; reader: whom it is for, as ``notice_sends`` names them. masked: the
    address as it may be shown. tries: how often a server was asked. code, said: its last answer.
    """

    id: MailId
    shop: ShopId
    order: OrderId
    kind: MailKind
    document: DocumentId
    endpoint: str
    language: str
    address: str
    masked: str
    asked_by: str
    asked_at: Instant
    status: MailStatus
    due_at: Instant
    tries: int
    settled_at: Instant | None
    place: Place
    code: int
    said: str
    about: str = ""
    reader: str = ""

    @property
    def put_off(self) -> bool:
        """Whether it waits because a try came to nothing; else it waits for its first, or is under way."""
        return self.status is MailStatus.WAITING and bool(self.place)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one try. code: as of SMTP, 0 where the server said nothing; said: its own words, in one line.

    how: ``not_now`` is tried again, ``in_doubt`` is not. bounces: the address is refused for good, whatever is sent.
    """

    how: Literal["taken", "refused", "not_now", "in_doubt"]
    place: Place
    code: int = 0
    said: str = ""
    bounces: bool = False


def judge(place: Place, code: int, said: str = "") -> Answer:
    """What a server's answer at some place means. code: 0 for a line that was cut, or an answer that never came."""
    said = _one_line(said)
    if place == "content" and not code:
        return Answer(how="in_doubt", place=place, said=said)
    if place == "content" and 200 <= code < 300:
        return Answer(how="taken", place=place, code=code, said=said)
    # Before it hears of a recipient a server speaks of itself or of us: an operator mends that, and the mail waits.
    about_the_mail = place in _OF_THE_MAIL or (place == "sender" and code == 552)
    if not about_the_mail or not 500 <= code < 600:
        return Answer(how="not_now", place=place, code=code, said=said)
    bounces = place in _OF_A_RECIPIENT and _no_such(code, said)
    return Answer(how="refused", place=place, code=code, said=said, bounces=bounces)


def _no_such(code: int, said: str) -> bool:
    found = _ENHANCED.match(said)
    return f"{found[1]}.{found[2]}" in _OF_THE_ADDRESS if found else code in _PLAINLY


def _one_line(said: str) -> str:
    return " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())[:_LONGEST_SAID]


def wait_after(tries: int) -> timedelta | None:
    """How long to wait after so many tries; None when that was the last."""
    return LADDER[tries - 1] if tries <= len(LADDER) else None


def masked(address: str) -> str:
    """An address as it may be shown to whoever need not know it: ``m…@example.com``."""
    local, _, domain = address.rpartition("@")
    return f"{local[0] if len(local) > 1 else ''}…@{domain}"
