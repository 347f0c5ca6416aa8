"""What was said and shown about an order: files with who showed them, and the talk of a case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rescind.core.actor import ActorKind
from rescind.core.conversation import Audience, Message, Side
from rescind.core.event import NoteRef
from rescind.core.evidence import EvidenceRef
from rescind.core.ids import ThreadId
from rescind.core.instant import Instant
from rescind.core.record import Record
from rescind.core.returns import Happened

_SPEAKS_AS: Mapping[Side, ActorKind] = {
    "buyer": ActorKind.BUYER,
    "seller": ActorKind.SELLER,
    "platform": ActorKind.SUPPORT,
}


class Exhibit(msgspec.Struct, frozen=True, kw_only=True):
    """One file. about: id of the request, the case or the conversation it came with; by: whose side it is of.

    audience: of the message it came with; what came with anything else is for everybody of the order.
    """

    ref: EvidenceRef
    about: str
    by: ActorKind
    at: Instant
    audience: Audience = Audience.EVERYONE


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a case. kind: name of its event; silent: who let the time pass; words: empty where none were said."""

    kind: str
    by: ActorKind
    at: Instant
    words: str = ""
    evidence: tuple[EvidenceRef, ...] = ()
    outcome: str = ""
    silent: str = ""
    due_at: Instant | None = None


def evidence_of(record: Record) -> tuple[EvidenceRef, ...]:
    """The files that came with an event, or with the request it answers at once."""
    event = record.event
    own: tuple[EvidenceRef, ...] = getattr(event, "evidence", ())
    return own or getattr(getattr(event, "request", None), "evidence", ())


def exhibits(records: Iterable[Record], about: str = "") -> tuple[Exhibit, ...]:
    """Every file that is part of the order, oldest first; of one request or case alone, if one is named."""
    return tuple(
        Exhibit(ref=ref, about=_about(one), by=one.actor.speaks_as, at=one.event.at)
        for one in records
        for ref in evidence_of(one)
        if not about or _about(one) == about
    )


def sent_with(thread: ThreadId, messages: Iterable[Message]) -> tuple[Exhibit, ...]:
    """Every file that came with a message of a conversation, in their order; about it."""
    return tuple(
        Exhibit(ref=ref, about=thread, by=_SPEAKS_AS[one.by], at=one.sent_at, audience=one.audience)
        for one in messages
        for ref in one.evidence
    )


def case_of(record: Record) -> str | None:
    """The return case a record is about, None for one about something else."""
    return record.event.case if isinstance(record.event, Happened) else None


def talk(records: Iterable[tuple[Record, Mapping[str, str]]], case: str) -> tuple[Said, ...]:
    """Everything that happened in a return case, oldest first. records: each with its words by text id."""
    found: list[Said] = []
    for record, notes in records:
        event = record.event
        if not isinstance(event, Happened) or event.case != case:
            continue
        note: NoteRef | None = getattr(event, "comment", None)
        found.append(
            Said(
                kind=type(event).__name__,
                by=record.actor.speaks_as,
                at=event.at,
                words=notes.get(note.id, "") if note else "",
                evidence=evidence_of(record),
                outcome=getattr(event, "outcome", ""),
                silent=getattr(event, "silent", ""),
                due_at=getattr(event, "due_at", None),
            )
        )
    return tuple(found)


def _about(record: Record) -> str:
    event = record.event
    found: str = getattr(event, "cancellation", "") or getattr(event, "case", "")
    return found
