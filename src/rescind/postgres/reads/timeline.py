"""Everything that happened to one order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from rescind.core.cancellation import RequestTerms
from rescind.core.errors import NotFound
from rescind.core.event import NoteRef
from rescind.core.record import Record, decode
from rescind.core.scope import Scope
from rescind.core.views import TimelineEntry
from rescind.postgres.reads.conditions import add_id, scoped
from rescind.postgres.reads.rows import decoded
from rescind.postgres.reads.source import Source, query

_TIMELINE = query("timeline")


class Timeline(Source):
    async def timeline(self, scope: Scope, order_id: str) -> tuple[TimelineEntry, ...]:
        """Everything that happened to an order, from the first. Raises NotFound like ``order``."""
        where = scoped(scope, "o")
        add_id(where, order_id)
        rows = await self._pool.fetch(_TIMELINE.format(where=where), *where.parameters)
        if not rows:
            raise NotFound(kind="order")
        notes = decoded(rows[0]["notes"], dict[str, str], {})
        return tuple(_entry(decode(row["body"]), notes) for row in rows)


def _entry(record: Record, notes: Mapping[str, str]) -> TimelineEntry:
    return TimelineEntry(record=record, notes={one: notes.get(one, "") for one in _note_ids(record.event)})


def _note_ids(struct: msgspec.Struct) -> Iterable[str]:
    """The texts an event refers to, its request's among them."""
    for name in struct.__struct_fields__:
        value = getattr(struct, name)
        if isinstance(value, NoteRef):
            yield value.id
        elif isinstance(value, RequestTerms):
            yield from _note_ids(value)
