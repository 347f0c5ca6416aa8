"""What every command and every event have in common."""

from __future__ import annotations

import hashlib

import msgspec

from rescind.core.ids import OrderId
from rescind.core.instant import Instant


class BaseCommand(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=True):
    """Somebody wants something of one order. Ids and words are made by the shell and come with the command."""

    order: OrderId


class BaseEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="type", tag=True):
    """Something happened to one order. ``at``: when, by its own clock; when we heard stands in the record around it."""

    at: Instant


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """Words of a person that belong to an event. They are stored apart, with their salt, so that they can be erased."""

    id: str
    body: str
    salt: str

    @property
    def digest(self) -> str:
        """SHA-256 of salt and words: it proves words that are there and says nothing of words that are gone."""
        return hashlib.sha256(f"{self.salt}\n{self.body}".encode()).hexdigest()


class NoteRef(msgspec.Struct, frozen=True, kw_only=True):
    """What an event keeps of somebody's words: where they are, and a salted hash that proves them unchanged."""

    id: str
    digest: str

    @classmethod
    def of(cls, note: Note | None) -> NoteRef | None:
        """Reference to a note, when there is one."""
        return None if note is None else cls(id=note.id, digest=note.digest)


class Ground(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why the policy answered as it did: enough to judge again offline.

    policies: hash by layer; facts: every fact a rule could read, as it was; as_of: how old the counters among them are.
    fault: "seller" where a cancellation on this ground counts against the seller (E-09), else empty.
    """

    rule: str
    layer: str
    verdict: str
    policies: dict[str, str]
    facts: dict[str, object]
    cites: tuple[str, ...] = ()
    instead: str = ""
    calendar: str = ""
    as_of: Instant | None = None
    fault: str = ""
