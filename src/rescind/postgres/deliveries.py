"""Messages to webhook endpoints: what waits, in a queue an endpoint; leases with a fence; and what came of attempts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import NotFound
from rescind.core.instant import Instant
from rescind.core.news import TEST_PREFIX

State = Literal["waiting", "delivered", "failed", "missed"]
"""failed: every attempt did; missed: never tried, because the endpoint was not on."""
MOST = 100
AT_ONCE = 5000
MOST_AGAIN = 10 * AT_ONCE
"""What one call sends again, so that it has an end; the same call again goes on."""
KEPT_FOR = timedelta(days=30)
GIVEN_UP_AFTER = timedelta(days=5)
"""An endpoint that has answered nothing but failures for so long is switched off."""

_WRITE = """
INSERT INTO deliveries (shop_id, event_id, endpoint_id, type, body, state, due_at, made_at)
SELECT w.shop_id, w.event_id, w.endpoint_id, w.type, w.body, w.state, at, at
FROM coalesce($7, clock_timestamp()) AS at,
    unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::text[])
    AS w (shop_id, event_id, endpoint_id, type, body, state)
ON CONFLICT DO NOTHING
"""
# From endpoint to endpoint along the index, whatever the length of their queues, and of each no more than there is room
# for: a queue that nobody empties costs one look. What is taken is due again when the lease ends. Of endpoints that are
# slow no more than their share is taken in all; one that fails and that this worker does not know yet counts as slow.
_LEASE = """
WITH RECURSIVE queues AS (
    (SELECT endpoint_id FROM deliveries WHERE state = 'waiting' ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.endpoint_id FROM deliveries d WHERE d.state = 'waiting' AND d.endpoint_id > q.endpoint_id
            ORDER BY d.endpoint_id LIMIT 1)
    FROM queues q WHERE q.endpoint_id IS NOT NULL
), ready AS (
    SELECT e.endpoint_id, coalesce(k.slow, e.failing_since IS NOT NULL) AS slow,
        coalesce(k.room, CASE WHEN e.failing_since IS NULL THEN $5 ELSE 1 END) AS room
    FROM queues q JOIN webhook_endpoints e USING (endpoint_id)
    LEFT JOIN unnest($2::text[], $3::int[], $4::boolean[]) AS k (endpoint_id, room, slow) USING (endpoint_id)
    -- A restored installation tells nobody anything until it is released: it may be a copy, beside the one that lives.
    WHERE e.state = 'on' AND NOT EXISTS (SELECT FROM installation WHERE key = 'held')
), locked AS MATERIALIZED (
    SELECT d.place, d.due_at, r.slow, row_number() OVER (PARTITION BY r.endpoint_id ORDER BY d.due_at) AS nth
    FROM ready r, LATERAL (
        SELECT ctid AS place, due_at FROM deliveries
        WHERE endpoint_id = r.endpoint_id AND state = 'waiting'
          AND due_at <= (SELECT coalesce($1, clock_timestamp()))
        ORDER BY due_at LIMIT r.room FOR UPDATE SKIP LOCKED
    ) AS d
), shared AS (
    SELECT place, nth, due_at, slow, row_number() OVER (PARTITION BY slow ORDER BY nth, due_at) AS within FROM locked
)
UPDATE deliveries d SET due_at = coalesce($1, clock_timestamp()) + $8::interval, fence = fence + 1
FROM webhook_endpoints e
WHERE e.endpoint_id = d.endpoint_id AND d.ctid = ANY(ARRAY(
    SELECT place FROM shared WHERE NOT slow OR within <= $7 ORDER BY nth, due_at LIMIT $6
))
RETURNING d.shop_id, d.event_id, d.endpoint_id, d.body, d.fence, d.tries, e.url, e.secret, e.key_pair,
    CASE WHEN e.old_until > coalesce($1, clock_timestamp()) THEN e.old_secret END AS old_secret
"""
# A worker that slept past its lease changes nothing: its fence is another's by then. An endpoint that works is not
# written to; one that fails is when that begins, ends, or has gone on for too long.
_FINISH = """
WITH w AS (
    SELECT *, coalesce($10, clock_timestamp()) AS now FROM unnest($1::text[], $2::text[], $3::text[], $4::int[],
        $5::text[], $6::interval[], $7::int[], $8::int[], $9::text[], $11::text[])
    AS w (shop_id, event_id, endpoint_id, fence, state, wait, status, ms, fault, answer)
), moved AS (
    UPDATE deliveries d
    SET state = w.state, due_at = w.now + coalesce(w.wait, interval '0'),
        ended_at = CASE WHEN w.state = 'waiting' THEN NULL ELSE w.now END,
        tries = d.tries + CASE WHEN w.state = 'delivered' THEN 0 ELSE 1 END
    FROM w
    WHERE d.shop_id = w.shop_id AND d.event_id = w.event_id AND d.endpoint_id = w.endpoint_id AND d.fence = w.fence
      AND d.state = 'waiting'
    RETURNING d.shop_id, d.event_id, d.endpoint_id, w.fence, w.now, w.ms, w.status, w.fault, w.answer
), noted AS (
    INSERT INTO delivery_attempts (shop_id, event_id, endpoint_id, number, at, ms, status, fault, answer)
    SELECT shop_id, event_id, endpoint_id, fence, now, ms, status, fault, answer FROM moved
    ON CONFLICT DO NOTHING
), health AS (
    SELECT endpoint_id, bool_or(fault = '') AS well, bool_or(status = 410) AS gone, max(now) AS now
    FROM moved GROUP BY endpoint_id
), due AS MATERIALIZED (
    -- In one order, whoever else judges at the same moment.
    SELECT e.endpoint_id, h.well, h.gone, h.now, e.failing_since <= h.now - $12::interval AS over
    FROM webhook_endpoints e JOIN health h USING (endpoint_id)
    WHERE e.state = 'on' AND CASE WHEN h.well AND NOT h.gone THEN e.failing_since IS NOT NULL
        ELSE h.gone OR e.failing_since IS NULL OR e.failing_since <= h.now - $12::interval END
    ORDER BY e.endpoint_id FOR NO KEY UPDATE OF e
), judged AS (
    UPDATE webhook_endpoints e
    SET failing_since = CASE WHEN h.well THEN NULL ELSE coalesce(e.failing_since, h.now) END,
        state = CASE WHEN h.gone THEN 'gone' WHEN NOT h.well AND h.over THEN 'failing' ELSE e.state END,
        stopped_at = CASE WHEN h.gone OR (NOT h.well AND h.over) THEN h.now ELSE e.stopped_at END
    FROM due h WHERE e.endpoint_id = h.endpoint_id
    RETURNING e.endpoint_id, e.state
)
SELECT endpoint_id, state FROM judged WHERE state <> 'on'
"""
_LOG = """
SELECT d.shop_id, d.event_id, d.type, d.body, d.state, d.due_at, d.made_at, d.ended_at, d.fence, d.tries,
    a.at, a.ms, a.status, a.fault, a.answer
FROM deliveries d LEFT JOIN LATERAL (
    SELECT * FROM delivery_attempts a
    WHERE a.shop_id = d.shop_id AND a.event_id = d.event_id AND a.endpoint_id = d.endpoint_id
    ORDER BY number DESC LIMIT 1
) AS a ON true
WHERE d.endpoint_id = $1 AND ($2::text IS NULL OR d.state = $2)
  AND ($3::text IS NULL OR (d.made_at, d.event_id) < (
      SELECT made_at, event_id FROM deliveries WHERE shop_id = $4 AND event_id = $3 AND endpoint_id = $1))
ORDER BY d.made_at DESC, d.event_id DESC LIMIT $5
"""
_ONE = """
SELECT shop_id, event_id, type, body, state, due_at, made_at, ended_at, fence, tries
FROM deliveries WHERE shop_id = $3 AND event_id = $2 AND endpoint_id = $1
"""
_ATTEMPTS = """
SELECT at, ms, status, fault, answer FROM delivery_attempts
WHERE shop_id = $1 AND event_id = $2 AND endpoint_id = $3 ORDER BY number DESC LIMIT 100
"""
_AGAIN = """
UPDATE deliveries SET state = 'waiting', due_at = coalesce($3, clock_timestamp()), tries = 0, ended_at = NULL
WHERE shop_id = $4 AND event_id = $2 AND endpoint_id = $1 AND state <> 'waiting'
"""
_ALL_AGAIN = """
UPDATE deliveries SET state = 'waiting', due_at = coalesce($3, clock_timestamp()), tries = 0, ended_at = NULL
WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM deliveries
    WHERE endpoint_id = $1 AND made_at >= $2 AND state IN ('failed', 'missed') ORDER BY made_at LIMIT $4
    FOR UPDATE SKIP LOCKED
))
"""
_FORGET = """
WITH old AS (
    DELETE FROM deliveries WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM deliveries WHERE made_at < coalesce($1, clock_timestamp()) - $2::interval LIMIT 10000))
    RETURNING shop_id, event_id, endpoint_id
)
DELETE FROM delivery_attempts a USING old
WHERE a.shop_id = old.shop_id AND a.event_id = old.event_id AND a.endpoint_id = old.endpoint_id
"""


class New(NamedTuple):
    """A message for one endpoint; shop: empty for a test. state: waiting, or missed where the endpoint is not on."""

    shop: str
    event: str
    endpoint: str
    type: str
    body: bytes
    state: State = "waiting"


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """A message that one worker sends now, to where and under which sealed secrets. fence: what its end has to show."""

    shop: str
    event: str
    endpoint: str
    body: bytes
    fence: int
    tries: int
    url: str
    secret: bytes
    old_secret: bytes | None
    asymmetric: bool = False


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What came of sending once. at: when it ended. fault: why it failed, empty where it did not."""

    at: Instant
    ms: int
    status: int
    fault: str
    answer: str


class Ended(NamedTuple):
    """What an attempt leaves: the state from now on, and how long to wait where it is tried again."""

    leased: Leased
    state: State
    wait: timedelta | None
    status: int
    ms: int
    fault: str
    answer: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log. due_at: when it is sent next, while it waits. attempts: the newest first; a list has one."""

    event: str
    type: str
    body: bytes
    state: State
    due_at: Instant
    made_at: Instant
    ended_at: Instant | None
    sent: int
    attempts: tuple[Attempt, ...]


class Room(NamedTuple):
    """How much more may be under way to an endpoint, and whether it is one of the slow."""

    room: int
    slow: bool


async def write(connection: Any, new: Sequence[New], now: Instant | None) -> None:
    """Keep messages, within the caller's transaction. One that is there already is the same and stays."""
    await connection.execute(_WRITE, *map(list, zip(*new, strict=True)), now)


class DeliveryTable:
    """Leases what waits, writes down what came of it, and shows the log. Whose it is was checked with its endpoint."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def add(self, new: Sequence[New]) -> None:
        """Keep messages."""
        await write(self._pool, new, self._clock.read())

    async def lease(
        self, known: Mapping[str, Room], *, usual: int, most: int, slow_most: int, span: timedelta
    ) -> list[Leased]:
        """Take what is due, and nobody else gets it before ``span`` is over.

        known: room by endpoint; usual: for one that is not among them. most: in all; slow_most: to slow endpoints.
        """
        found = await self._pool.fetch(
            _LEASE,
            self._clock.read(),
            list(known),
            [one.room for one in known.values()],
            [one.slow for one in known.values()],
            usual,
            most,
            slow_most,
            span,
        )
        return [
            Leased(
                shop=row["shop_id"],
                event=row["event_id"],
                endpoint=row["endpoint_id"],
                body=row["body"],
                fence=row["fence"],
                tries=row["tries"],
                url=row["url"],
                secret=row["secret"],
                old_secret=row["old_secret"],
                asymmetric=row["key_pair"],
            )
            for row in found
        ]

    async def finish(self, ended: Sequence[Ended]) -> list[tuple[str, str]]:
        """Write down what came of attempts, in one statement; endpoints that were switched off by it, and why."""
        rows = await self._pool.fetch(
            _FINISH,
            [one.leased.shop for one in ended],
            [one.leased.event for one in ended],
            [one.leased.endpoint for one in ended],
            [one.leased.fence for one in ended],
            [one.state for one in ended],
            [one.wait for one in ended],
            [one.status for one in ended],
            [one.ms for one in ended],
            [one.fault for one in ended],
            self._clock.read(),
            [one.answer for one in ended],
            GIVEN_UP_AFTER,
        )
        return [(row["endpoint_id"], row["state"]) for row in rows]

    async def log(
        self, endpoint: str, state: State | None = None, *, after: str | None = None, limit: int = MOST
    ) -> tuple[Delivery, ...]:
        """Messages to an endpoint, the newest first, each with its last attempt. after: the event to read on from."""
        rows = await self._pool.fetch(_LOG, endpoint, state, after, _shop(after or ""), limit)
        return tuple(_delivery(row, (_attempt(row),) if row["at"] else ()) for row in rows)

    async def one(self, endpoint: str, event: str) -> Delivery:
        """A message with all its attempts. Raises NotFound."""
        row = await self._pool.fetchrow(_ONE, endpoint, event, _shop(event))
        if row is None:
            raise NotFound(kind="delivery")
        attempts = await self._pool.fetch(_ATTEMPTS, row["shop_id"], event, endpoint)
        return _delivery(row, tuple(map(_attempt, attempts)))

    async def again(self, endpoint: str, event: str) -> None:
        """Send a message again, whatever came of it before; one that waits already goes on waiting."""
        await self._pool.execute(_AGAIN, endpoint, event, self._clock.read(), _shop(event))

    async def all_again(self, endpoint: str, since: Instant) -> int:
        """Send again what failed or was missed since then, the oldest first; how much, ``MOST_AGAIN`` at most."""
        total, again, now = 0, AT_ONCE, self._clock.read()
        while again == AT_ONCE and total < MOST_AGAIN:
            # Part by part: no statement of ours may take long.
            done = await self._pool.execute(_ALL_AGAIN, endpoint, since, now, AT_ONCE)
            again = int(done.rpartition(" ")[2])
            total += again
        return total

    async def forget(self) -> None:
        """Drop what is older than anybody asks about."""
        await self._pool.execute(_FORGET, self._clock.read(), KEPT_FOR)


def _shop(event: str) -> str:
    """The shop of the order whose event it is; a test is about no order."""
    return "" if event.startswith(TEST_PREFIX) else f"shp_{event[4:12]}"


def _attempt(row: Any) -> Attempt:
    return Attempt(at=row["at"], ms=row["ms"], status=row["status"], fault=row["fault"], answer=row["answer"])


def _delivery(row: Any, attempts: tuple[Attempt, ...]) -> Delivery:
    return Delivery(
        event=row["event_id"],
        type=row["type"],
        body=row["body"],
        state=row["state"],
        due_at=row["due_at"],
        made_at=row["made_at"],
        ended_at=row["ended_at"],
        sent=row["fence"],
        attempts=attempts,
    )
