"""A conversation written out as one side reads it: what is exported, printed and put into a case as it stood then."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from rescind.core.conversation import About, Audience, Message, Outside, Side, Thread
from rescind.core.evidence import EvidenceRef
from rescind.core.ids import MessageId, ThreadId
from rescind.core.instant import Instant


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """One message. digest: SHA-256 of salt, line feed and text, so that whoever has all three can check them.

    outside: of a contact note; ``whom`` and a line feed stand before the text there. answers: what it is an answer to.
    """

    id: MessageId
    at: Instant
    by: Side
    audience: Audience
    text: str
    salt: str
    digest: str
    files: tuple[EvidenceRef, ...]
    seen: dict[Side, Instant]
    outside: Outside | None = None
    answers: MessageId | None = None


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a conversation that ``reader`` may read, oldest first. digest: of the messages as they stand here.

    order: its number, empty where there is none. sku, subject: the product that was asked about.
    """

    thread: ThreadId
    reader: Side
    about: About
    shop: str
    shop_name: str
    buyer: str
    buyer_name: str
    order: str
    sku: str
    subject: str
    taken_at: Instant
    messages: tuple[Spoken, ...]
    digest: str


def transcript(thread: Thread, reader: Side, messages: Iterable[Message], at: Instant) -> Transcript:
    """Write a conversation out. messages: those that this side may read, as they were read for it."""
    spoken = tuple(
        Spoken(
            id=one.id,
            at=one.sent_at,
            by=one.by,
            audience=one.audience,
            text=one.text,
            salt=one.salt,
            digest=one.digest,
            files=one.evidence,
            seen=one.seen,
            outside=one.outside,
            answers=one.answers,
        )
        for one in messages
    )
    return Transcript(
        thread=thread.id,
        reader=reader,
        about=thread.about,
        shop=thread.shop,
        shop_name=thread.shop_name,
        buyer=thread.buyer,
        buyer_name=thread.buyer_name,
        order=thread.number,
        sku=thread.sku,
        subject=thread.subject,
        taken_at=at,
        messages=spoken,
        digest=digest_of(spoken),
    )


def digest_of(messages: tuple[Spoken, ...]) -> str:
    """SHA-256 in hex over who said what to whom and when, with the files; what was seen since changes nothing of it.

    Words that were erased are still in it by their own digests.
    """
    return hashlib.sha256(msgspec.json.encode([_told(one) for one in messages])).hexdigest()


def _told(one: Spoken) -> list[object]:
    told: list[object] = [one.id, one.at, one.by, one.audience, one.digest, [file.digest for file in one.files]]
    if one.outside is not None:
        told.append([one.outside.way, one.outside.at])
    if one.answers is not None:
        told.append(one.answers)
    return told
