"""A conversation written out as one side reads it: what is exported, printed and put into a case as it stood then."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from rescind.core.conversation import About, Audience, Message, Outside, Side, Thread, Translation, audiences
from rescind.core.conversation import digest as words_digest
from rescind.core.evidence import EvidenceRef
from rescind.core.ids import MessageId, ThreadId
from rescind.core.instant import Instant
from rescind.core.spoken import OrderAct


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A message in another language, as a translator gave it. by: what that is called; at: when.

    digest: SHA-256 over the digest of the message, and everything here: it belongs to that message and to no other.
    """

    language: str
    text: str
    by: str
    at: Instant
    digest: str


class Spoken(msgspec.Struct, frozen=True, kw_only=True):
    """One message; the original, which is what counts. digest: SHA-256 of salt, line feed and text, so that whoever has
    all three can check them.

    outside: of a contact note; ``whom`` and a line feed stand before the text there. answers: what it is an answer to.
    translations: those that somebody has asked for, by language.
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
    translations: tuple[Rendered, ...] = ()


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question that the order followed, which has a transcript of its own.

    digest: that of its messages; files: theirs. sku, subject: the product it was about. at: of its first message.
    """

    thread: ThreadId
    at: Instant
    sku: str
    subject: str
    messages: int
    digest: str
    files: tuple[EvidenceRef, ...]


class Transcript(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of a conversation that ``reader`` may read, oldest first.

    digest: of what was said, which stays the same whoever sees or translates it later. whole: of all that stands in the
    messages here, with who saw them and with their translations, of the acts and of the questions before; empty in
    transcripts of before.

    acts: what was asked, offered and answered meanwhile; before: what its buyer had asked before the order; both empty
    in transcripts of before, too.

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
    whole: str = ""
    acts: tuple[OrderAct, ...] = ()
    before: tuple[Asked, ...] = ()


def transcript(
    thread: Thread,
    reader: Side,
    messages: Iterable[Message],
    at: Instant,
    acts: tuple[OrderAct, ...] = (),
    before: tuple[Asked, ...] = (),
) -> Transcript:
    """Write a conversation out. messages: those that this side may read, as they were read for it."""
    said = spoken(messages)
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
        messages=said,
        digest=digest_of(said),
        whole=whole_of(said, acts, before),
        acts=acts,
        before=before,
    )


def asked(thread: Thread, messages: Sequence[Message]) -> Asked:
    """A question as it stands in the transcript of the order that followed. messages: at least one."""
    return Asked(
        thread=thread.id,
        at=messages[0].sent_at,
        sku=thread.sku,
        subject=thread.subject,
        messages=len(messages),
        digest=digest_of(spoken(messages)),
        files=tuple(file for one in messages for file in one.evidence),
    )


def spoken(messages: Iterable[Message]) -> tuple[Spoken, ...]:
    """Messages as they stand in a transcript."""
    return tuple(
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
            translations=tuple(_rendered(one.digest, tag, each) for tag, each in sorted(one.translations.items())),
        )
        for one in messages
    )


def digest_of(messages: tuple[Spoken, ...]) -> str:
    """SHA-256 in hex over who said what to whom and when, with the files; what was seen since changes nothing of it.

    Words that were erased are still in it by their own digests.
    """
    return hashlib.sha256(msgspec.json.encode([_told(one) for one in messages])).hexdigest()


def whole_of(messages: tuple[Spoken, ...], acts: tuple[OrderAct, ...] = (), before: tuple[Asked, ...] = ()) -> str:
    """SHA-256 in hex over what was said, who saw it when, every translation, every act, and every question before."""
    told: list[object] = [
        [*_told(one), sorted(one.seen.items()), [each.digest for each in one.translations]] for one in messages
    ]
    told += [*acts, *before]
    return hashlib.sha256(msgspec.json.encode(told)).hexdigest()


def rendered_digest(message: str, language: str, text: str, by: str, at: Instant) -> str:
    """What proves a translation. message: the digest of what was translated."""
    return hashlib.sha256(msgspec.json.encode([message, language, by, at, text])).hexdigest()


def altered(told: Transcript) -> tuple[MessageId, ...]:
    """The messages that do not stand there as they were written out: their words, audience, or a translation."""
    readable = set(audiences(told.reader))
    return tuple(
        one.id
        for one in told.messages
        if one.audience not in readable
        or (one.text and words_digest(one.salt, _words(one)) != one.digest)
        or any(
            rendered_digest(one.digest, each.language, each.text, each.by, each.at) != each.digest
            for each in one.translations
        )
    )


def complete(told: Transcript) -> bool:
    """Whether nothing was left out, put in or moved."""
    return digest_of(told.messages) == told.digest and told.whole in {
        "",
        whole_of(told.messages, told.acts, told.before),
    }


def _words(one: Spoken) -> str:
    """What the digest is of: of a contact note, with whom it was said stands before the text."""
    return one.text if one.outside is None else f"{one.outside.whom}\n{one.text}"


def _rendered(message: str, language: str, one: Translation) -> Rendered:
    digest = rendered_digest(message, language, one.text, one.by, one.at)
    return Rendered(language=language, text=one.text, by=one.by, at=one.at, digest=digest)


def _told(one: Spoken) -> list[object]:
    told: list[object] = [one.id, one.at, one.by, one.audience, one.digest, [file.digest for file in one.files]]
    if one.outside is not None:
        told.append([one.outside.way, one.outside.at])
    if one.answers is not None:
        told.append(one.answers)
    return told
