"""Records of every order, as programs read them on from a cursor."""

from __future__ import annotations

from rescind.core.errors import InvalidField
from rescind.core.record import decode
from rescind.core.scope import Scope
from rescind.core.views import EventEntry, Events
from rescind.postgres import paging
from rescind.postgres.reads.conditions import Where, narrow
from rescind.postgres.reads.source import Source, query
from rescind.postgres.tail import Position

_EVENTS = query("events")
_EPOCH = "SELECT value FROM installation WHERE key = 'epoch'"


class Stream(Source):
    async def events_after(self, scope: Scope, cursor: str | None, limit: int = 100) -> Events:
        """Records in the order in which they became visible, after a cursor or from the first.

        The cursors are those of the live stream. Raises InvalidField: limit, or a cursor from before a restore.
        """
        paging.check_limit(limit)
        epoch = int(await self._pool.fetchval(_EPOCH) or 1)
        position = Position(epoch, 0, 0)
        if cursor is not None:
            try:
                position = Position.parse(cursor)
            except InvalidField:
                position = Position(-1, 0, 0)
            if position.epoch != epoch or position.tx >= 2**63 or position.id >= 2**63:
                raise InvalidField(field="cursor", expected="a cursor that this stream has given out")
        where = Where()
        where.parameters += [str(position.tx), position.id, limit]
        narrow(where, scope, "o")
        rows = await self._pool.fetch(_EVENTS.format(where=where), *where.parameters)
        entries = tuple(
            EventEntry(
                cursor=str(Position(epoch, int(row["tx"]), row["id"])),
                shop=row["shop_id"],
                buyer=row["buyer_id"],
                record=decode(row["body"]),
            )
            for row in rows
        )
        return Events(entries=entries, cursor=entries[-1].cursor if entries else str(position))
