"""Withdrawals from a contract as an order's records tell them: what is acknowledged to the buyer, and kept by them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rescind.core.actor import ActorKind
from rescind.core.event import BaseEvent, NoteRef
from rescind.core.instant import Instant
from rescind.core.record import Record
from rescind.core.returns import ReturnOpened
from rescind.core.withdrawal import REASON


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """One declaration. stopped: units cancelled by it, returned: units that come back; by line.

    statement: its words, empty where they were erased or none were said. key: of the command that made it.
    """

    at: Instant
    by: ActorKind
    statement: str
    cancellation: str = ""
    case: str = ""
    stopped: dict[str, int] = {}
    returned: dict[str, int] = {}
    key: str = ""

    @property
    def id(self) -> str:
        """What it is found by: the request's id, or the case's where it stopped nothing."""
        return self.cancellation or self.case

    @property
    def lines(self) -> dict[str, int]:
        """Everything that was withdrawn from."""
        names = dict.fromkeys((*self.stopped, *self.returned))
        return {line: self.stopped.get(line, 0) + self.returned.get(line, 0) for line in names}


def declarations(records: Iterable[tuple[Record, Mapping[str, str]]]) -> tuple[Declared, ...]:
    """Every withdrawal of an order, oldest first. records: each with its words by text id.

    What one command did to a split order, a cancellation and a return case, is one declaration.
    """
    found: list[Declared] = []
    for record, notes in records:
        one = _of(record, record.event, notes)
        if one is None:
            continue
        if found and (found[-1].at, found[-1].key) == (one.at, one.key) and not found[-1].case:
            before = found.pop()
            one = msgspec.structs.replace(before, case=one.case, returned=one.returned)
        found.append(one)
    return tuple(found)


def _of(record: Record, event: BaseEvent, notes: Mapping[str, str]) -> Declared | None:
    by = record.actor.speaks_as
    if isinstance(event, ReturnOpened):
        if event.reason != REASON:
            return None
        words = _words(event.comment, notes)
        return Declared(at=event.at, by=by, statement=words, case=event.case, returned=event.lines, key=record.key)
    asked = getattr(event, "request", None)
    if asked is None or asked.reason != REASON:
        return None
    return Declared(
        at=event.at,
        by=by,
        statement=_words(asked.comment, notes),
        cancellation=getattr(event, "cancellation", ""),
        stopped=asked.lines,
        key=record.key,
    )


def _words(note: NoteRef | None, notes: Mapping[str, str]) -> str:
    return notes.get(note.id, "") if note else ""
