"""The stream of what happened: one reader a process, fanned out in memory.

Ids are given before commit, so a reader that only remembered the last id would pass over a row that was given a low
id and committed late. It reads by (transaction, id) and stops below the oldest transaction still running.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any

import asyncpg
import msgspec
import structlog

from rescind.core.conversation import SIDES, Audience, Side, may_read, told_of_seen
from rescind.core.errors import InvalidField
from rescind.core.override import AMONG_STAFF
from rescind.core.scope import Scope
from rescind.core.second_person import EVENTS as TWO_PEOPLE
from rescind.postgres.store import AWAY

log = structlog.get_logger()

EVERY_S = 0.1
REMEMBERED = 20_000
"""How many events a reader that was away can catch up on without reading its page again."""
QUEUE = 1_000
PAGE = 500

# Messages, that they were seen, and notices take their numbers from the same sequence as events, so that all are one
# stream in one order. Of what was seen: for whom the messages of others were that were not seen before.
_READ = """
SELECT tx::text AS tx, id, shop_id, order_id, thread_id, buyer_id, seq, type, audience, side FROM (
    (SELECT e.tx, e.id, e.shop_id, e.order_id, '' AS thread_id, o.buyer_id, e.seq, e.type, '' AS audience,
            CASE WHEN e.type = ANY($4)
                 THEN convert_from(e.body, 'UTF8')::jsonb -> 'event' ->> 'side' ELSE '' END AS side
     FROM events e JOIN orders o USING (shop_id, order_id)
     WHERE (e.tx, e.id) > ($1::text::xid8, $2::bigint) AND e.tx < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY e.tx, e.id LIMIT $3)
    UNION ALL
    (SELECT m.tx, m.id, m.shop_id, coalesce(t.order_id, ''), m.thread_id, t.buyer_id, 0, 'MessageSent', m.audience, ''
     FROM messages m JOIN threads t USING (shop_id, thread_id)
     WHERE (m.tx, m.id) > ($1::text::xid8, $2::bigint) AND m.tx < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY m.tx, m.id LIMIT $3)
    UNION ALL
    (SELECT r.tx, r.id, r.shop_id, coalesce(t.order_id, ''), r.thread_id, t.buyer_id, 0, 'MessagesSeen',
            (SELECT coalesce(string_agg(DISTINCT m.audience, ','), '') FROM messages m
             WHERE m.shop_id = r.shop_id AND m.thread_id = r.thread_id AND m.side <> r.side AND m.place <= r.place
               AND m.place > coalesce((
                   SELECT max(p.place) FROM message_reads p
                   WHERE p.shop_id = r.shop_id AND p.thread_id = r.thread_id AND p.side = r.side AND p.place < r.place
               ), 0)),
            r.side
     FROM message_reads r JOIN threads t USING (shop_id, thread_id)
     WHERE r.tx IS NOT NULL AND (r.tx, r.id) > ($1::text::xid8, $2::bigint)
       AND r.tx < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY r.tx, r.id LIMIT $3)
    UNION ALL
    (SELECT n.tx, n.id, n.shop_id, n.order_id, '', CASE WHEN n.role = 'buyer' THEN n.party ELSE '' END, 0,
            'NoticeMade', '', n.role
     FROM notices n
     WHERE (n.tx, n.id) > ($1::text::xid8, $2::bigint) AND n.tx < pg_snapshot_xmin(pg_current_snapshot())
     ORDER BY n.tx, n.id LIMIT $3)
) AS happened
ORDER BY happened.tx, happened.id
LIMIT $3
"""
SEEN = "MessagesSeen"
"""The type of an event that a side saw what was said."""
_SIDES: Mapping[str, Side] = {one: one for one in SIDES}
_HERE = "SELECT pg_snapshot_xmin(pg_current_snapshot())::text"
_MOST_ID = 2**63 - 1
"""The highest id an event can have."""
_AMONG_STAFF = frozenset(kind.__name__ for kind in AMONG_STAFF)
_TWO_PEOPLE = frozenset(kind.__name__ for kind in TWO_PEOPLE)
_MEMBERS = ("shop_id", "order_id", "buyer_id", "seq", "type", "thread_id", "audience", "side")
"""Columns in the order in which an event has them."""
NOTICE_MADE = "NoticeMade"
"""The type of what tells a reader's own pages that there is a notice; nobody else is told."""
_EPOCH = "SELECT value FROM installation WHERE key = 'epoch'"


class Position(msgspec.Struct, frozen=True, order=True):
    """A place in the stream. ``epoch`` rises with every restore, after which transaction numbers begin anew."""

    epoch: int
    tx: int
    id: int

    def __str__(self) -> str:
        return f"{self.epoch}-{self.tx}-{self.id}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read a cursor a client sends back. Raises InvalidField."""
        parts = text.split("-")
        digits = len(parts) == 3 and all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts)
        epoch, tx, number = (int(part) for part in parts) if digits else (0, 0, _MOST_ID + 1)
        if number > _MOST_ID:
            raise InvalidField(field="Last-Event-ID", expected="a cursor that this stream has given out")
        return cls(epoch, tx, number)


_EVERYTHING = Scope()


class LiveEvent(msgspec.Struct, frozen=True):
    """That something happened to an order, or was said in a conversation; what it was is read by who may read it.

    thread, audience: of a message, else empty; of messages that were seen, for whom they all were. order: empty for
    what was said before any. side: whose proposal it is about, who saw them, or as whom a notice's reader is told.
    """

    position: Position
    shop: str
    order: str
    buyer: str
    seq: int
    type: str
    thread: str = ""
    audience: str = ""
    side: str = ""

    def told_to(self, scope: Scope) -> bool:
        """Whether it is of an order that is visible, not what others weigh among themselves (I-26), and if somebody
        said it, for them.
        """
        if self.type == NOTICE_MADE:
            return self._is_for(scope)
        if not scope.sees(self.shop, self.buyer, self.order):
            return False
        if self.type == SEEN:
            audiences = [Audience(one) for one in self.audience.split(",") if one]
            return told_of_seen(_side(scope), _SIDES[self.side], audiences)
        if self.audience:
            return may_read(_side(scope), Audience(self.audience))
        if scope == _EVERYTHING:
            return True
        if self.type in _TWO_PEOPLE:
            return scope.shop is not None and self.side == "seller"
        return self.type not in _AMONG_STAFF

    def _is_for(self, scope: Scope) -> bool:
        """Whether a notice is for this reader: one buyer, a shop's own, or the platform's."""
        match self.side:
            case "buyer":
                # Who came for one order reads no notices: they are of all that somebody bought.
                return scope.buyer == self.buyer and scope.order is None
            case "seller":
                return scope.shop == self.shop
            case _:
                return scope == _EVERYTHING

    @property
    def cursor(self) -> str:
        """What a client gives back to go on after this event."""
        return str(self.position)


def _side(scope: Scope) -> Side:
    return "platform" if scope == _EVERYTHING else "seller" if scope.buyer is None else "buyer"


class Reset(msgspec.Struct, frozen=True):
    """The place a reader left off is gone; it should read its page again and go on from ``cursor``."""

    cursor: str


async def epoch(pool: asyncpg.Pool[Any]) -> int:
    """How often this database was restored, from 1."""
    return int(await pool.fetchval(_EPOCH) or 1)


class _Reader:
    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.queue: asyncio.Queue[LiveEvent | Reset] = asyncio.Queue(QUEUE)

    def tell(self, event: LiveEvent) -> None:
        if not event.told_to(self.scope):
            return
        if self.queue.full():
            while not self.queue.empty():
                self.queue.get_nowait()
            self.queue.put_nowait(Reset(event.cursor))
        else:
            self.queue.put_nowait(event)


class Tail:
    """Reads what was committed and tells everybody who may know. Run ``read()`` as one task of the process."""

    def __init__(self, pool: asyncpg.Pool[Any], *, every_s: float = EVERY_S) -> None:
        self._pool = pool
        self._every_s = every_s
        self._position = Position(0, 0, 0)
        self._remembered: deque[LiveEvent] = deque(maxlen=REMEMBERED)
        self._from = self._position
        self._readers: set[_Reader] = set()

    @property
    def cursor(self) -> str:
        """The place up to which everybody has been told."""
        return str(self._position)

    async def open(self) -> None:
        """Begin at what is committed now."""
        self._position = self._from = Position(await epoch(self._pool), int(await self._pool.fetchval(_HERE)), 0)

    async def read(self) -> None:
        """Read for ever; a database that is away is asked again, and nothing is missed meanwhile."""
        while True:
            try:
                more = await self.read_once()
            except AWAY as fault:
                log.warning("tail.unavailable", fault=type(fault).__name__)
                more = False
            if not more:
                await asyncio.sleep(self._every_s)

    async def read_once(self) -> bool:
        """Read one page and tell it; True when there is likely more."""
        found = await self._pool.fetch(_READ, str(self._position.tx), self._position.id, PAGE, list(_TWO_PEOPLE))
        for row in found:
            position = Position(self._position.epoch, int(row["tx"]), row["id"])
            event = LiveEvent(position, *(row[name] for name in _MEMBERS))
            if len(self._remembered) == REMEMBERED:
                self._from = self._remembered[0].position
            self._remembered.append(event)
            self._position = position
            for reader in self._readers:
                reader.tell(event)
        return len(found) == PAGE

    async def subscribe(self, scope: Scope, after: str | None = None) -> AsyncIterator[LiveEvent | Reset]:
        """What a scope may see, from after a cursor or from now on. Raises InvalidField for no cursor of ours."""
        reader = _Reader(scope)
        start = Position.parse(after) if after else None
        self._readers.add(reader)
        try:
            if start is not None:
                for event in self._missed(start, scope):
                    yield event
            while True:
                yield await reader.queue.get()
        finally:
            self._readers.discard(reader)

    def _missed(self, start: Position, scope: Scope) -> list[LiveEvent | Reset]:
        if start.epoch != self._position.epoch or start < self._from or start > self._position:
            return [] if start == self._position else [Reset(self.cursor)]
        return [event for event in self._remembered if event.position > start and event.told_to(scope)]
