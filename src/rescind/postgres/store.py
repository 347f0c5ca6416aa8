"""The store the engine writes to: PostgreSQL, one statement to read a batch and one to write it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from rescind.clock import Clock
from rescind.core.errors import OrderFull, OutsideMandate
from rescind.core.ids import OrderId, RefundId, shop_of
from rescind.core.instant import Instant
from rescind.core.mandate import Errand, Held, require_within, used_by
from rescind.core.parts import RefundStatus
from rescind.core.ports import Beyond, Change, Conflict, Fingerprint, Found, Retry, Situation, Stored, Used, Wanted
from rescind.core.record import Record, decode, decode_order
from rescind.core.spoken import concerns
from rescind.postgres import mandates, rows, threads
from rescind.postgres import statements as sql

PASSING = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # as in AWAY
    OSError,  # no socket, nobody behind it, or no answer in time
)
"""Faults of the database that say nothing about the command; it may be tried again."""

AWAY = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""What a loop in the background waits out. asyncpg's internal error is one of them: a connection that was ended from
outside, and has not noticed yet, answers with it.
"""

ACQUIRE_S = 2.0
"""How long a transaction waits for a free connection before the caller is told to come back."""


_STATE_FITS = "orders_state_check"
"""The column's check of how large an order may be."""

PLANNED_FOR = 100
"""After so many tries a connection plans its statements again. A plan made while a table was nearly empty reads all of
it, and would go on doing so as it grows.
"""


class PostgresStore:
    """Where orders are kept. ``clock`` is the database's in production; a rehearsal moves its own by hand."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    @asynccontextmanager
    async def unit_of_work(self, *, locking: bool = False, many: bool = False) -> AsyncGenerator[PostgresUnitOfWork]:
        """One try. Without locks each of its two statements is a transaction of its own, and the second finds out
        whether the first still holds; with locks they share one. many: plans are made anew, for tables that grow.
        """
        try:
            async with self._pool.acquire(timeout=ACQUIRE_S) as lent:
                connection: Any = lent  # passes on what our own class adds, which its type does not know
                await connection.keep_planning(anew=many)
                work = PostgresUnitOfWork(connection, self._clock, locking=locking)
                if locking:
                    async with connection.transaction():
                        yield work
                else:
                    yield work
        except asyncpg.UniqueViolationError as fault:
            raise Conflict(fault.constraint_name) from fault
        except asyncpg.CheckViolationError as fault:
            if fault.constraint_name != _STATE_FITS:
                raise
            raise OrderFull from fault
        except PASSING as fault:
            raise Retry(type(fault).__name__) from fault


class _Beyond(Exception):
    """Somebody's day is full; what of this gift was counted already is not."""


class PostgresUnitOfWork:
    """One try on one connection."""

    def __init__(self, connection: Any, clock: Clock, *, locking: bool) -> None:
        self._connection = connection
        self._clock = clock
        self._locking = locking

    async def read(self, wanted: Sequence[Wanted]) -> Situation:
        """Read the orders, the time, the keys already used and the counters in one statement, so of one moment.

        Locks come before, in (shop, id) order, so that two batches can never wait for each other.
        """
        if self._locking:
            shops, orders, numbers = zip(*((one.shop, one.order, one.number) for one in wanted), strict=True)
            await self._connection.execute(sql.LOCK, shops, orders, numbers)
        found = await self._connection.fetch(
            sql.READ, [(place, *_names(one)) for place, one in enumerate(wanted)], self._clock.read()
        )
        return Situation(
            now=max(row[9] for row in found),
            found=[_found(row, await self._asked(one, row[1])) for one, row in zip(wanted, found, strict=True)],
        )

    async def _asked(self, wanted: Wanted, state: bytes | None) -> frozenset[RefundId]:
        if not wanted.asked or state is None:
            return frozenset()
        assert self._locking, "what nobody holds can be sent right after it was read"
        refunds = [one.id for one in decode_order(state).refunds if one.status is RefundStatus.OWED]
        found = await self._connection.fetch(sql.ASKED, wanted.shop, refunds) if refunds else ()
        return frozenset(RefundId(ref) for ref, attempts in found if attempts)

    async def records(self, order: OrderId, last: int) -> Sequence[Record]:
        """The records of an order from the first to ``last``."""
        found = await self._connection.fetch(sql.RECORDS, shop_of(order), order, last)
        return [decode(row[0]) for row in found]

    async def write(self, changes: Sequence[Change], now: Instant) -> Sequence[Beyond]:
        """Write everything in one statement, or nothing when one of the orders is not any more as it was read.

        What somebody gives by their own decision, and what a program does under a mandate, is counted first, and what
        is offered has its place in a conversation after it, in the same transaction.
        """
        if all(change.gift is None and change.errand is None and not _offers(change) for change in changes):
            await self._write(changes, now)
            return ()
        async with self._connection.transaction():
            beyond = await self._count(changes, now)
            if kept := [change for change in changes if all(change is not one.change for one in beyond)]:
                await self._write(kept, now)
                if acts := [act for act in (_act(one, now) for one in kept) if act is not None]:
                    await mandates.keep(self._connection, acts)
                # In the order in which the orders themselves are taken: two batches never wait for each other.
                for change in sorted(filter(_offers, kept), key=lambda one: (one.after.shop, one.after.id)):
                    await threads.act(self._connection, change.after, [one.record for one in change.written], now)
        return beyond

    async def _count(self, changes: Sequence[Change], now: Instant) -> Sequence[Beyond]:
        """Count what is given, person by person; gives the changes that go beyond somebody's day or mandate, uncounted.

        Mandates are held before anything is counted, in the order of their ids, so that two batches can never wait for
        each other; from then on none of them ends or is used by anybody else until this is committed.
        """
        beyond: list[Beyond] = []
        errands = {change.errand.mandate for change in changes if change.errand is not None}
        held = await mandates.hold(self._connection, errands) if errands else {}
        for change in sorted(changes, key=lambda one: one.gift.givers if one.gift else ()):
            try:
                used = _used(held, change.errand, now)
                await self._give(change, now)
            except OutsideMandate as error:
                beyond.append(Beyond(change=change, outside=error))
            except _Beyond:
                beyond.append(Beyond(change=change))
            else:
                held |= used
        if errands:
            await mandates.use(self._connection, held.values())
        return beyond

    async def _give(self, change: Change, now: Instant) -> None:
        given = change.gift
        if given is None:
            return
        day = (now.date(), given.currency, given.amount_minor, given.most_acts, given.most_minor)
        async with self._connection.transaction():
            for giver in given.givers:
                if not await self._connection.fetchval(sql.GIVE, giver, *day):
                    raise _Beyond

    async def _write(self, changes: Sequence[Change], now: Instant) -> None:
        write = rows.PLACING if any(change.before is None or change.details for change in changes) else rows.MOVING
        statement, written = write.statement(changes, now)
        # The first table is that of the orders which move on: each of its rows must find its order.
        await self._connection.execute(statement, *written, len(written[0]))


def _offers(change: Change) -> bool:
    return any(concerns(one.record) is not None for one in change.written)


def _used(held: Mapping[str, Held], errand: Errand | None, now: Instant) -> Mapping[str, Held]:
    """The mandate of an errand after it, where there is one. Raises OutsideMandate."""
    if errand is None:
        return {}
    mandate = held[errand.mandate]
    require_within(mandate, errand, now)
    return {mandate.id: used_by(mandate, errand, now)}


def _act(change: Change, now: Instant) -> mandates.Act | None:
    """What a change is in the list of what was done under its mandate; None where there is none."""
    wanted = change.errand
    if wanted is None:
        return None
    return mandates.Act(
        mandate=wanted.mandate,
        shop=change.after.shop,
        order=change.after.id,
        seq=change.written[0].record.seq,
        act=wanted.act,
        worth_minor=wanted.stake_minor,
        counted_minor=wanted.uses_minor,
        at=now,
    )


def _names(wanted: Wanted) -> tuple[str | None, ...]:
    key = wanted.key
    names = (wanted.shop, wanted.order, wanted.number)
    return (*names, key.shop, key.principal, key.route, key.key) if key else (*names, None, None, None, None)


def _found(row: asyncpg.Record, asked: frozenset[RefundId]) -> Found:
    _, state, head, updated_at, fingerprint, used_for, first, last, cancels, _ = row
    return Found(
        stored=None if state is None else Stored(order=decode_order(state), head=head, updated_at=updated_at),
        used=None
        if fingerprint is None
        else Used(fingerprint=Fingerprint(fingerprint), order=OrderId(used_for), first=first, last=last),
        buyer_cancels_30d=cancels or 0,
        asked=asked,
    )


BY_INDEX = {
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "plan_cache_mode": "force_generic_plan",
}
"""For connections that only write: each of their statements finds a few rows by key, and planning costs as much as
running.
"""


async def connect(dsn: str, *, size: int = 8, planning: Mapping[str, str] | None = None) -> asyncpg.Pool[Any]:
    """Open the pool the program serves with. Raises what asyncpg raises when the database cannot be reached."""
    return await asyncpg.create_pool(
        dsn,
        min_size=min(2, size),
        max_size=size,
        command_timeout=15,
        connection_class=_Connection,
        server_settings={
            "application_name": "rescind",
            "lock_timeout": "2s",
            "statement_timeout": "5s",
            "idle_in_transaction_session_timeout": "15s",
            "synchronous_commit": "on",
            "jit": "off",
            **(planning or {}),
        },
    )


class _Connection(asyncpg.Connection):
    """A connection that is not reset when it goes back: nothing here sets session state, and the query costs as much
    as a small transaction (measured: 28 % of the server's time).
    """

    _tries = 0

    def get_reset_query(self) -> str:
        return ""

    async def keep_planning(self, *, anew: bool = False) -> None:
        """Count one more try, and forget the plans of this connection when it is time."""
        self._tries += 1
        if anew or self._tries % PLANNED_FOR == 0:
            await self.execute("DISCARD PLANS")
