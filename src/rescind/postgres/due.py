"""Due work in the database: what may be done now, leases for what calls the world outside, and time that was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Due
from rescind.core.lifecycle.due import Kind
from rescind.core.order import Order
from rescind.core.outage import Outage
from rescind.core.record import Record, decode, decode_order
from rescind.postgres import deliveries, notices, order_sources
from rescind.postgres.rows import FAN_OUT, SLICES

# One short look into the index for each kind; asked for all of them at once, the planner reads everything that waits,
# whatever its time: half a second at a million rows. The time stands in a SELECT of its own, because one that may
# change from row to row is not looked up in an index either. Slices are checked on what was found: it is due, so
# somebody does it now.
_READY = """
SELECT ready.* FROM unnest($1::text[]) AS k (kind), LATERAL (
    SELECT d.kind, d.ref, d.order_id, d.due_at FROM due d
    WHERE d.kind = k.kind AND d.due_at <= (SELECT coalesce($3, clock_timestamp())) AND d.slice = ANY($2::smallint[])
    ORDER BY d.due_at
    LIMIT $4
) AS ready
ORDER BY ready.due_at
LIMIT $4
"""
# A lease is counted in the database's own time, so that workers with wrong clocks cannot hold one work twice. More is
# looked up than is taken, so that two workers at the same moment both find some; the lock decides who has it. Rows are
# named by ctid, which leaves no choice of how to find them.
_LEASE = """
WITH found AS (
    SELECT d.ctid FROM due d
    WHERE d.kind = $1 AND d.due_at <= (SELECT coalesce($3, clock_timestamp())) AND d.slice = ANY($2::smallint[])
      AND (d.lease_until IS NULL OR d.lease_until <= clock_timestamp())
      -- A restored installation moves no money until somebody compared its refunds with the provider's.
      AND ($1 <> 'refund' OR NOT EXISTS (SELECT FROM installation WHERE key = 'held'))
    ORDER BY d.due_at
    LIMIT 4 * $5
)
UPDATE due d
SET lease_until = clock_timestamp() + $4::interval, fence = d.fence + 1, attempts = d.attempts + 1
WHERE d.ctid = ANY(ARRAY(
    SELECT l.ctid FROM due l
    WHERE l.ctid = ANY(ARRAY(SELECT ctid FROM found)) AND (l.lease_until IS NULL OR l.lease_until <= clock_timestamp())
    ORDER BY l.due_at
    LIMIT $5
    FOR UPDATE SKIP LOCKED
))
RETURNING d.shop_id, d.ref, d.order_id, d.due_at, d.fence, d.attempts, coalesce($3, clock_timestamp()) AS at
"""
# Read once the lease is committed: whoever changes what is to be sent either did so before, or sees that it was taken.
_LEASED = """
SELECT o.state FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (shop_id, order_id, place)
JOIN orders o USING (shop_id, order_id)
ORDER BY w.place
"""
# What is put off was not done.
_POSTPONE = """
UPDATE due SET lease_until = clock_timestamp() + $5::interval, attempts = 0
WHERE shop_id = $1 AND kind = $2 AND ref = $3 AND fence = $4
"""
_EVENTS = """
SELECT w.ref, e.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::int[]) AS w (ref, shop_id, order_id, first, last)
JOIN events e ON e.shop_id = w.shop_id AND e.order_id = w.order_id AND e.seq BETWEEN w.first AND w.last
ORDER BY w.ref, e.seq
"""
_COUNT = """
INSERT INTO buyer_counters (buyer_id, day, name, count)
SELECT buyer_id, day, name, sum(count) FROM unnest($1::text[], $2::date[], $3::text[], $4::int[])
    AS w (buyer_id, day, name, count)
GROUP BY buyer_id, day, name
ORDER BY buyer_id, name, day
ON CONFLICT (buyer_id, name, day) DO UPDATE SET count = buyer_counters.count + excluded.count
"""
_PAYMENTS = """
INSERT INTO payments (payment, provider, shop_id, order_id, tender_id)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING
"""
_PAID_BY = """
SELECT state FROM orders
WHERE (shop_id, order_id) IN (SELECT shop_id, order_id FROM payments WHERE payment = $1)
"""
_DONE = """
DELETE FROM due d USING unnest($1::text[], $2::text[], $3::bigint[]) AS w (shop_id, ref, fence)
WHERE d.shop_id = w.shop_id AND d.kind = 'fan_out' AND d.ref = w.ref AND d.fence = w.fence
"""
# The first sign of life after a silence says how long it was. Two processes that come back together say it once.
# Times are the database's own: an outage happens in the world, not in a rehearsal.
_BEAT = """
WITH last AS (SELECT max(beat_at) AS at FROM heartbeats WHERE role = 'web'),
     away AS (
         INSERT INTO outages (began_at, ended_at)
         SELECT at, clock_timestamp() FROM last WHERE $2 = 'web' AND at < clock_timestamp() - $3::interval
         ON CONFLICT DO NOTHING
     )
INSERT INTO heartbeats (worker, role, started_at, beat_at) VALUES ($1, $2, clock_timestamp(), clock_timestamp())
ON CONFLICT (worker) DO UPDATE SET beat_at = excluded.beat_at, role = excluded.role
"""
_OUTAGES = """
SELECT began_at, ended_at FROM outages WHERE ended_at > coalesce($2, clock_timestamp()) - interval '1 year'
UNION ALL
SELECT max(beat_at), clock_timestamp() FROM heartbeats WHERE role = 'web'
HAVING max(beat_at) < clock_timestamp() - $1::interval
"""
# The last sign of life of all stays, for it is where the next silence begins.
_FORGET_BEATS = """
DELETE FROM heartbeats
WHERE beat_at < clock_timestamp() - interval '1 day'
  AND beat_at < (SELECT max(beat_at) FROM heartbeats WHERE role = 'web')
"""
_FORGET_KEYS = """
DELETE FROM idempotency WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency WHERE created_at < coalesce($1, clock_timestamp()) - interval '60 days' LIMIT 5000))
"""
_FORGET_GIFTS = """
DELETE FROM daily_refunds WHERE day < coalesce($1, clock_timestamp())::date - 7
"""


AWAY_FOR = timedelta(minutes=1)
"""A silence of all web processes that is longer is an outage; a restart is shorter."""


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """Work held for a while by one worker, taken ``at``. ``fence`` is what a later write has to show."""

    due: Due
    at: Instant
    order: Order
    fence: int
    attempts: int


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One fan-out: the records of one command, for an order as it stands now."""

    ref: str
    order: Order
    fence: int
    records: tuple[Record, ...]


class DueTable:
    """Reads and leases due work. ``slices``: the part of it that is this worker's."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock, slices: Sequence[int] = range(SLICES)) -> None:
        self._pool = pool
        self._clock = clock
        self._slices = list(slices)

    async def ready(self, kinds: Sequence[str], limit: int) -> list[tuple[OrderId, Due]]:
        """What is due now and needs no lease, oldest first, because it is judged under the order's own lock."""
        found = await self._pool.fetch(_READY, list(kinds), self._slices, self._clock.read(), limit)
        return [
            (OrderId(row["order_id"]), Due(kind=row["kind"], ref=row["ref"], due_at=row["due_at"])) for row in found
        ]

    async def lease(self, kind: Kind, span: timedelta, limit: int) -> list[Leased]:
        """Take work that calls the outside world; nobody else gets it before ``span`` is over."""
        found = await self._pool.fetch(_LEASE, kind, self._slices, self._clock.read(), span, limit)
        if not found:
            return []
        states = await self._pool.fetch(_LEASED, [row["shop_id"] for row in found], [row["order_id"] for row in found])
        return [
            Leased(
                due=Due(kind=kind, ref=row["ref"], due_at=row["due_at"]),
                at=row["at"],
                order=decode_order(state["state"]),
                fence=row["fence"],
                attempts=row["attempts"],
            )
            for row, state in zip(found, states, strict=True)
        ]

    async def postpone(self, leased: Leased, span: timedelta) -> None:
        """Leave work that cannot be done yet for ``span``, whoever takes it up then; not when somebody else has it."""
        await self._pool.execute(_POSTPONE, leased.order.shop, leased.due.kind, leased.due.ref, leased.fence, span)

    async def paid_by(self, payment: str) -> list[Order]:
        """The orders that a payment of this name pays for, as they stand."""
        return [decode_order(row["state"]) for row in await self._pool.fetch(_PAID_BY, payment)]

    async def told(self, limit: int) -> list[Told]:
        """Take fan-outs together with the records they carry."""
        leased = await self.lease(FAN_OUT, timedelta(seconds=30), limit)
        if not leased:
            return []
        spans = [one.due.ref.rpartition(":")[2].partition("-") for one in leased]
        found = await self._pool.fetch(
            _EVENTS,
            [one.due.ref for one in leased],
            [one.order.shop for one in leased],
            [one.order.id for one in leased],
            [int(first) for first, _, _ in spans],
            [int(last) for _, _, last in spans],
        )
        records: dict[str, list[Record]] = {}
        for row in found:
            records.setdefault(row["ref"], []).append(decode(row["body"]))
        return [
            Told(ref=one.due.ref, order=one.order, fence=one.fence, records=tuple(records.get(one.due.ref, ())))
            for one in leased
        ]

    async def finish(
        self,
        told: Sequence[Told],
        counted: Sequence[tuple[str, Instant, str, int]],
        payments: Sequence[tuple[str, str, str, str, str]] = (),
        news: Sequence[deliveries.New] = (),
        people: Sequence[notices.New] = (),
    ) -> None:
        """Count and forget fan-outs in one transaction, so that a repeat after a crash counts nothing twice.

        counted: buyer, when, name of the counter, how many. payments: what a provider calls one, its connection, and
        the shop, order and tender it pays for. news: messages to endpoints. people: notices to their readers.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.execute(
                _DONE, [one.order.shop for one in told], [one.ref for one in told], [one.fence for one in told]
            )
            if done != f"DELETE {len(told)}":
                raise LeaseLost
            if news:
                await deliveries.write(connection, news, self._clock.read())
            if people:
                await notices.write(connection, people, self._clock.read())
            await order_sources.moved(connection, [(one.order.shop, one.order.id) for one in told], self._clock.read())
            if payments:
                await connection.execute(_PAYMENTS, *map(list, zip(*payments, strict=True)))
            if counted:
                await connection.execute(
                    _COUNT,
                    [buyer for buyer, _, _, _ in counted],
                    [at.date() for _, at, _, _ in counted],
                    [name for _, _, name, _ in counted],
                    [count for _, _, _, count in counted],
                )

    async def beat(self, name: str, role: Literal["web", "worker"]) -> None:
        """Say that this process lives; the first web process after a silence of all records the silence (I-38)."""
        await self._pool.execute(_BEAT, name, role, AWAY_FOR)

    async def outages(self) -> tuple[Outage, ...]:
        """When no web process was there in the last year; an outage that has not ended yet ends now."""
        return tuple(Outage(*row) for row in await self._pool.fetch(_OUTAGES, AWAY_FOR, self._clock.read()))

    async def forget(self) -> None:
        """Drop some idempotency keys past their life (ID-04), and what says nothing any more."""
        await self._pool.execute(_FORGET_KEYS, self._clock.read())
        await self._pool.execute(_FORGET_BEATS)
        await self._pool.execute(_FORGET_GIFTS, self._clock.read())


class LeaseLost(Exception):
    """Somebody else took the work meanwhile; what was done for it is rolled back (I-39)."""
