"""How far events were published to a message broker: one place, moved by one worker at a time, and only forwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.record import Record, decode

NATS = "nats"
MOST = 10_000
"""How far what waits is counted."""

# From now on: what happened before somebody wanted to hear of it is read by the API.
_BEGIN = """
INSERT INTO event_streams (stream, tx, id) VALUES ($1, pg_snapshot_xmin(pg_current_snapshot()), 0)
ON CONFLICT DO NOTHING
"""
_READY = """
SELECT EXISTS (SELECT FROM events e
               WHERE (e.tx, e.id) > (s.tx, s.id) AND e.tx < pg_snapshot_xmin(pg_current_snapshot())) AS ready
FROM event_streams s
WHERE stream = $1 AND (holder = $2 OR lease_until <= clock_timestamp())
  -- A restored installation tells nobody anything until it is released: it may be a copy, beside the one that lives.
  AND NOT EXISTS (SELECT FROM installation WHERE key = 'held')
"""
_LEASE = """
UPDATE event_streams
SET holder = $2, lease_until = clock_timestamp() + $3::interval, fence = fence + CASE WHEN holder = $2 THEN 0 ELSE 1 END
WHERE stream = $1 AND (holder = $2 OR lease_until <= clock_timestamp())
RETURNING tx::text AS tx, id, fence
"""
_FIELDS = "e.tx::text AS tx, e.id, e.shop_id, e.order_id, o.number, e.seq, e.body"
_PAGE = f"""
SELECT {_FIELDS} FROM events e JOIN orders o USING (shop_id, order_id)
WHERE (e.tx, e.id) > ($1::text::xid8, $2::bigint) AND e.tx < pg_snapshot_xmin(pg_current_snapshot())
ORDER BY e.tx, e.id LIMIT $3
"""  # noqa: S608 - names of ours
# A transaction that waited for an order's lock has a lower number than the one it waited for, and a higher event. So of
# the orders of a page, what comes before in the order and after it in the stream.
_BEFORE = f"""
SELECT {_FIELDS}
FROM unnest($1::text[], $2::text[], $3::int[]) AS w (shop_id, order_id, last)
JOIN events e USING (shop_id, order_id) JOIN orders o USING (shop_id, order_id)
WHERE e.seq < w.last AND (e.tx, e.id) > ($4::text::xid8, $5::bigint)
"""  # noqa: S608
_MOVE = """
UPDATE event_streams
SET tx = $3::text::xid8, id = $4, lease_until = clock_timestamp() + $5::interval,
    published_at = coalesce($6, clock_timestamp()), failing_since = NULL, fault = '', said = ''
WHERE stream = $1 AND fence = $2
"""
_FAIL = """
UPDATE event_streams
SET failing_since = coalesce(failing_since, $5, clock_timestamp()), fault = $3, said = $4, lease_until = '-infinity'
WHERE stream = $1 AND fence = $2
"""
_LEAVE = "UPDATE event_streams SET lease_until = '-infinity' WHERE stream = $1 AND holder = $2"
_VIEW = """
SELECT published_at, failing_since, fault, said,
    (SELECT count(*) FROM (
        SELECT FROM events e WHERE (e.tx, e.id) > (s.tx, s.id) ORDER BY e.tx, e.id LIMIT $2) AS few) AS waiting
FROM event_streams s WHERE stream = $1
"""
_FAILING = "SELECT EXISTS (SELECT FROM event_streams WHERE stream = $1 AND failing_since IS NOT NULL)"


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One record, and of which order it is."""

    id: OrderId
    shop: ShopId
    number: str
    record: Record


class Leased(NamedTuple):
    """The next part of what happened, held by one worker. tx, last: where it ends; fence: what moving there shows."""

    fence: int
    tx: str
    last: int
    happened: tuple[Happened, ...]


class StreamView(msgspec.Struct, frozen=True, kw_only=True):
    """How publishing goes. waiting: events that are not published yet, counted up to MOST.

    failing_since: None while it works; fault: why it does not, in a code; said: the broker's own words.
    """

    waiting: int
    published_at: Instant | None
    failing_since: Instant | None
    fault: str
    said: str


class EventStream:
    """The place of one broker. ``holder``: this process, so that it may go on with its own lease."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock, holder: str, *, stream: str = NATS) -> None:
        self._pool = pool
        self._clock = clock
        self._holder = holder
        self._stream = stream

    async def begin(self) -> None:
        """Publish from now on, where nothing was published yet; else from where it was left."""
        await self._pool.execute(_BEGIN, self._stream)

    async def lease(self, span: timedelta, limit: int) -> Leased | None:
        """The next events, in the order in which each of their orders had them; None when there are none for us."""
        # Asked first: an installation in which nothing happens writes nothing.
        if not await self._pool.fetchval(_READY, self._stream, self._holder):
            return None
        place = await self._pool.fetchrow(_LEASE, self._stream, self._holder, span)
        if place is None:
            return None
        rows = await self._pool.fetch(_PAGE, place["tx"], place["id"], limit)
        if not rows:
            return None
        tx, last = rows[-1]["tx"], rows[-1]["id"]
        highest: dict[tuple[str, str], int] = {}
        for row in rows:
            key = (row["shop_id"], row["order_id"])
            highest[key] = max(highest.get(key, 0), row["seq"])
        shops, orders = zip(*highest, strict=True)
        early = await self._pool.fetch(_BEFORE, shops, orders, list(highest.values()), tx, last)
        return Leased(place["fence"], tx, last, tuple(_in_order([*rows, *early])))

    async def move(self, leased: Leased, span: timedelta) -> bool:
        """Everything of it is published. False: somebody else has the lease by now, and will publish it again."""
        done = await self._pool.execute(
            _MOVE, self._stream, leased.fence, leased.tx, leased.last, span, self._clock.read()
        )
        return done == "UPDATE 1"

    async def fail(self, leased: Leased, fault: str, said: str) -> None:
        """Not all of it is published; whoever is next begins with all of it."""
        await self._pool.execute(_FAIL, self._stream, leased.fence, fault, said, self._clock.read())

    async def leave(self) -> None:
        """Let another process go on at once."""
        await self._pool.execute(_LEAVE, self._stream, self._holder)


async def view(pool: asyncpg.Pool[Any], *, stream: str = NATS) -> StreamView | None:
    """How publishing goes; None where nothing was ever published."""
    row = await pool.fetchrow(_VIEW, stream, MOST)
    return None if row is None else StreamView(**dict(row))


async def failing(connection: Any, *, stream: str = NATS) -> bool:
    """Whether the broker takes nothing at the moment."""
    return bool(await connection.fetchval(_FAILING, stream))


def _in_order(rows: Sequence[Any]) -> list[Happened]:
    found = sorted(rows, key=lambda row: (row["shop_id"], row["order_id"], row["seq"]))
    return [
        Happened(id=row["order_id"], shop=row["shop_id"], number=row["number"], record=decode(row["body"]))
        for row in found
    ]
