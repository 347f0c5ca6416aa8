"""What robots of group chats are still to say: a queue each, leased as a whole, so that one message carries it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal, NamedTuple

import asyncpg

from rescind.clock import Clock
from rescind.core.instant import Instant
from rescind.postgres.robots import Heard, Held, RobotTable, State

MessageState = Literal["waiting", "said", "over", "failed"]
AT_ONCE = 50
"""Pieces of news that are looked at for one message."""
WAITS_FOR = timedelta(days=3)
"""What a group could not be told for so long is news no more."""
KEPT_FOR = timedelta(days=30)

# A robot that is not on when something happens does not hear of it later: a group is told news, not history.
_PUT = """
WITH r AS (SELECT state, topics FROM robots WHERE shop_id = $1 AND robot_id = $2),
w AS (
    INSERT INTO robot_messages (shop_id, robot_id, message_id, topic, made_at)
    SELECT $1, $2, $3, $4, coalesce($5, clock_timestamp()) FROM r
    WHERE r.state = 'on' AND (r.topics = '{}' OR $4 = ANY(r.topics))
    ON CONFLICT DO NOTHING
)
SELECT state = 'on' FROM r
"""
# From robot to robot along the index, whatever the length of their queues. Of each kind no more than there is room for:
# the three are run by three houses, and one of them that hangs keeps the robots of the others waiting for nothing.
_LEASE = """
WITH RECURSIVE queues AS (
    (SELECT shop_id, robot_id FROM robot_messages WHERE state = 'waiting' ORDER BY shop_id, robot_id LIMIT 1)
    UNION ALL
    SELECT n.shop_id, n.robot_id FROM queues q, LATERAL (
        SELECT m.shop_id, m.robot_id FROM robot_messages m
        WHERE m.state = 'waiting' AND (m.shop_id, m.robot_id) > (q.shop_id, q.robot_id)
        ORDER BY m.shop_id, m.robot_id LIMIT 1) AS n
), locked AS MATERIALIZED (
    SELECT r.shop_id, r.robot_id FROM unnest($2::text[], $3::int[]) AS k (kind, room), LATERAL (
        SELECT r.shop_id, r.robot_id FROM queues q JOIN robots r USING (shop_id, robot_id)
        WHERE r.kind = k.kind AND r.state = 'on' AND r.free_at <= (SELECT coalesce($1, clock_timestamp()))
          AND r.next_at <= (SELECT coalesce($1, clock_timestamp()))
          -- A restored installation tells nobody anything until it is released.
          AND NOT EXISTS (SELECT FROM installation WHERE key = 'held')
        ORDER BY r.next_at LIMIT k.room FOR UPDATE OF r SKIP LOCKED) AS r
)
UPDATE robots r SET free_at = coalesce($1, clock_timestamp()) + $4::interval, fence = fence + 1
FROM locked l WHERE r.shop_id = l.shop_id AND r.robot_id = l.robot_id
RETURNING r.shop_id, r.robot_id, r.kind, r.url, r.secret, r.language, r.fence, r.tries
"""
_WAITING = """
SELECT message_id, topic, made_at FROM robot_messages
WHERE shop_id = $1 AND robot_id = $2 AND state = 'waiting' ORDER BY made_at, message_id LIMIT $3
"""
_END = """
UPDATE robot_messages m SET state = w.state, ended_at = coalesce($5, clock_timestamp())
FROM unnest($3::text[], $4::text[]) AS w (message_id, state)
WHERE m.shop_id = $1 AND m.robot_id = $2 AND m.message_id = w.message_id AND m.state = 'waiting'
"""
_STOP = """
UPDATE robot_messages SET state = 'failed', ended_at = coalesce($3, clock_timestamp())
WHERE shop_id = $1 AND robot_id = $2 AND state = 'waiting'
"""
_RELEASE = """
UPDATE robots SET free_at = coalesce($4, clock_timestamp()) WHERE shop_id = $1 AND robot_id = $2 AND fence = $3
"""
_LOG = """
SELECT message_id, topic, state, made_at, ended_at FROM robot_messages WHERE shop_id = $1 AND robot_id = $2
ORDER BY made_at DESC, message_id DESC LIMIT $3
"""
_COUNT = """
SELECT robot_id, count(*) FROM robot_messages WHERE shop_id = ANY($1::text[]) AND state = 'waiting' GROUP BY 1
"""
_GIVE_UP = """
UPDATE robot_messages SET state = 'failed', ended_at = coalesce($1, clock_timestamp())
WHERE ctid = ANY(ARRAY(SELECT ctid FROM robot_messages WHERE state = 'waiting'
    AND made_at < coalesce($1, clock_timestamp()) - $2::interval LIMIT 10000))
"""
_FORGET = """
DELETE FROM robot_messages WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM robot_messages WHERE made_at < coalesce($1, clock_timestamp()) - $2::interval LIMIT 10000))
"""


class Waiting(NamedTuple):
    """A piece of news that a group has not heard yet."""

    id: str
    topic: str
    made_at: Instant


class Logged(NamedTuple):
    """A line of a robot's log."""

    id: str
    topic: str
    state: MessageState
    made_at: Instant
    ended_at: Instant | None


class RobotMessages:
    """Leases robots that have something to say, and writes down what came of it."""

    def __init__(self, pool: asyncpg.Pool[Any], robots: RobotTable, clock: Clock) -> None:
        self._pool = pool
        self._robots = robots
        self._clock = clock

    async def put(self, shop: str, robot: str, notice: str, topic: str) -> bool:
        """Let a robot tell of a notice if its group chose the topic, once; False: the robot is not on."""
        return bool(await self._pool.fetchval(_PUT, shop, robot, notice, topic, self._clock.read()))

    async def lease(self, rooms: Mapping[str, int], span: timedelta) -> list[Held]:
        """Robots that have something to say and may be spoken to; nobody else gets them before ``span`` is over.

        rooms: by kind, how many.
        """
        rows = await self._pool.fetch(_LEASE, self._clock.read(), list(rooms), list(rooms.values()), span)
        return [Held(*row) for row in rows]

    async def waiting(self, held: Held) -> list[Waiting]:
        """What a robot is to say, the oldest first."""
        return [Waiting(*row) for row in await self._pool.fetch(_WAITING, held.shop, held.id, AT_ONCE)]

    async def finish(self, held: Held, heard: Heard, ended: Mapping[str, MessageState]) -> State | None:
        """Write down what came of speaking to a robot, and of which news. None: it is somebody else's by now."""
        now = self._clock.read()
        async with self._pool.acquire() as connection, connection.transaction():
            state = await self._robots.finish(connection, held, heard)
            if state is None:
                return None
            await self._end(connection, held, ended)
            if state in {"gone", "failing"}:
                await connection.execute(_STOP, held.shop, held.id, now)
            return state

    async def nothing(self, held: Held, ended: Mapping[str, MessageState]) -> None:
        """All of it was over: the robot was not spoken to, and may be at once."""
        await self._end(self._pool, held, ended)
        await self._pool.execute(_RELEASE, held.shop, held.id, held.fence, self._clock.read())

    async def _end(self, connection: Any, held: Held, ended: Mapping[str, MessageState]) -> None:
        if ended:
            await connection.execute(_END, held.shop, held.id, list(ended), list(ended.values()), self._clock.read())

    async def log(self, shop: str, robot: str, limit: int) -> list[Logged]:
        """What a group heard and is to hear, the newest first. Whose it is was checked with the robot."""
        return [Logged(*row) for row in await self._pool.fetch(_LOG, shop, robot, limit)]

    async def count(self, shops: Sequence[str]) -> dict[str, int]:
        """By robot, how much waits."""
        return {row[0]: row[1] for row in await self._pool.fetch(_COUNT, list(shops))}

    async def forget(self) -> None:
        """Give up what has waited for too long, and drop what is older than anybody asks about."""
        now = self._clock.read()
        await self._pool.execute(_GIVE_UP, now, WAITS_FOR)
        await self._pool.execute(_FORGET, now, KEPT_FOR)
