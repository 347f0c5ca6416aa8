"""Who talks with whom: threads between buyer, seller and platform, and the one place that says who may read what.

A message has an audience that its author chose and saw beside the box before sending. Everything that shows messages
(pages, the API, the live stream, search, export, files) asks here who may read one, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Literal

import msgspec

from rescind.core.errors import Forbidden, InvalidField
from rescind.core.event import Note
from rescind.core.evidence import EvidenceRef
from rescind.core.ids import MessageId, OrderId, ShopId, ThreadId
from rescind.core.instant import Instant
from rescind.core.parts import Offer

Side = Literal["buyer", "seller", "platform"]
SIDES: tuple[Side, ...] = ("buyer", "seller", "platform")

LONGEST = 2000
"""Most characters of a message, which is what a comment on a request may have."""
AT_ONCE, WITHIN = 20, timedelta(minutes=1)
"""How many messages one side sends to one thread within so long: more is a program, or an accident."""

LEAST = 20
"""Of fewer answers than this no answer time is told."""


class Audience(StrEnum):
    """Who reads a message. The platform reads everything: whoever writes is told so."""

    EVERYONE = "everyone"
    BUYER = "buyer"
    SELLER = "seller"
    INTERNAL = "internal"


_READERS: Mapping[Audience, frozenset[Side]] = {
    Audience.EVERYONE: frozenset(SIDES),
    Audience.BUYER: frozenset({"buyer", "platform"}),
    Audience.SELLER: frozenset({"seller", "platform"}),
    Audience.INTERNAL: frozenset({"platform"}),
}
_SIDE_OF: Mapping[str, Side] = {
    "buyer": "buyer",
    "seller": "seller",
    "support": "platform",
    "operator": "platform",
}


class About(StrEnum):
    """What a thread is about: an order, or before any order a product of a shop, or the shop itself."""

    ORDER = "order"
    PRODUCT = "product"
    SHOP = "shop"


class Flag(StrEnum):
    """What a message plainly says, so that somebody is told. It changes nothing, and the message stays as it is.

    wants_to_cancel: of a buyer's message, which gets the button beside it. asks_buyer_to_cancel: of a seller's, which
    support is shown: who cannot deliver cancels, and does not have the buyer do it (R-038).
    """

    WANTS_TO_CANCEL = "wants_to_cancel"
    ASKS_BUYER_TO_CANCEL = "asks_buyer_to_cancel"


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """What a translator made of a message. by: what the translator is called; at: when."""

    text: str
    by: str
    at: Instant


class Way(StrEnum):
    """How something was said that was not said here."""

    TELEPHONE = "telephone"
    EMAIL = "email"
    IN_PERSON = "in_person"
    OTHER = "other"


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """When, by which way and with whom something was said elsewhere. whom: empty once erased."""

    way: Way
    at: Instant
    whom: str


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message as one side reads it. text, salt: empty once erased. digest: SHA-256 of both, which stays.

    outside: of a contact note, which says what was said elsewhere; its digest is of the salt, ``whom`` and the text, a
    line each. answers: the message that this one is an answer to, where it says so. seen: when each other side first
    saw it, or something after it. translations: by language, for those who asked; nothing decides by them.
    """

    id: MessageId
    audience: Audience
    by: Side
    author: str
    text: str
    digest: str
    salt: str
    sent_at: Instant
    evidence: tuple[EvidenceRef, ...] = ()
    flag: Flag | None = None
    seen: dict[Side, Instant] = {}
    erased: bool = False
    translations: dict[str, Translation] = {}
    outside: Outside | None = None
    answers: MessageId | None = None


class Thread(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation with one buyer in one shop.

    order, number: what it is about, or the order that followed a question; empty while there is none. sku, subject: of
    the product a question is about. last_at: of the last message this side may read, or of the last offer or answer to
    one; unread: there is one that it has not seen, or for whom of support it was read a note of a colleague. last: None
    before anything was said. waits_since: when the buyer wrote what the seller has not answered since
    (``unanswered_since``). offered: what was offered last about its order, with amounts in ``currency``; offer: the
    same while it can be answered.
    """

    id: ThreadId
    shop: ShopId
    shop_name: str
    buyer: str
    buyer_name: str
    about: About
    order: OrderId | None
    number: str
    sku: str
    subject: str
    last_at: Instant
    unread: bool
    flagged: bool = False
    waits_since: Instant | None = None
    offer: Offer | None = None
    offered: Offer | None = None
    currency: str = ""
    last: Message | None = None

    @property
    def acted_last(self) -> bool:
        """Whether the last of it was an offer or an answer to one, and no message."""
        return self.last is None or self.last.sent_at < self.last_at


ThreadTab = Literal["all", "unread", "flagged", "waiting"]


class ThreadFilters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an inbox is narrowed to. text: words of a message, an order's number, a product or a name.

    tab: ``all``, ``unread``; ``flagged``: threads with a message that support should see; ``waiting``: in which the
    seller owes an answer, the one that has waited longest first.
    """

    tab: ThreadTab = "all"
    text: str = ""


class FirstAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a shop answers what it is asked first. seconds: the median. threads: from how many that is drawn."""

    seconds: int
    threads: int


def may_read(side: Side, audience: Audience) -> bool:
    """Whether a side may know that there is such a message at all."""
    return side in _READERS[audience]


def audiences(side: Side) -> tuple[Audience, ...]:
    """What a side reads, which is also whom it may write to: nobody sends what they could not read themselves."""
    return tuple(one for one in Audience if may_read(side, one))


def readers(audience: Audience) -> tuple[Side, ...]:
    """The sides that read such a message, in a fixed order."""
    return tuple(side for side in SIDES if may_read(side, audience))


def side_of(role: str) -> Side:
    """For which side somebody speaks. Raises Forbidden for whom no conversation is."""
    side = _SIDE_OF.get(role)
    if side is None:
        raise Forbidden(action="read_messages")
    return side


def addressed(side: Side, audience: str) -> Audience:
    """The audience somebody chose. Raises InvalidField for one that does not exist, or that they may not address."""
    found = next((one for one in audiences(side) if one.value == audience), None)
    if found is None:
        raise InvalidField(field="/audience", expected="who reads it, one of those that you read yourself")
    return found


def alerted(side: Side, by: Side, audience: Audience, flag: Flag | None) -> bool:
    """Whether a message is news to a side that reads it. The platform overhears buyer and seller and is not called by
    what they say to each other, unless it is something that support should see.
    """
    if side == by or not may_read(side, audience):
        return False
    return side != "platform" or audience is not Audience.EVERYONE or flag is Flag.ASKS_BUYER_TO_CANCEL


def may_know_seen(reader: Side, seer: Side, audience: Audience) -> bool:
    """Whether a side is told when another saw a message: that support overheard something is its own affair."""
    return may_read(seer, audience) and (
        seer != "platform" or reader == "platform" or audience is not Audience.EVERYONE
    )


def told_of_seen(reader: Side, seer: Side, audiences: Iterable[Audience]) -> bool:
    """Whether a side is told at once that another saw messages for these: its own windows are, too."""
    return reader == seer or any(may_read(reader, one) and may_know_seen(reader, seer, one) for one in audiences)


def digest(salt: str, text: str) -> str:
    """What is kept of words for good, as a note has it: it proves those that are there."""
    return Note(id="", body=text, salt=salt).digest


def unanswered_since(messages: Sequence[Message]) -> Instant | None:
    """When the buyer wrote what the shop has not answered since; None where it owes no answer. Oldest first."""
    since: Instant | None = None
    for one in messages:
        if one.audience is not Audience.EVERYONE or one.outside is not None:
            # What was said elsewhere is evidence and no question here.
            continue
        if one.by == "seller":
            since = None
        elif one.by == "buyer" and since is None:
            since = one.sent_at
    return since


def first_answer(seconds: Sequence[int]) -> FirstAnswer | None:
    """How fast a shop answers, from how long it took each time; None of too few, which would tell of single buyers."""
    if len(seconds) < LEAST:
        return None
    ordered = sorted(max(0, one) for one in seconds)
    return FirstAnswer(seconds=ordered[(len(ordered) - 1) // 2], threads=len(ordered))
