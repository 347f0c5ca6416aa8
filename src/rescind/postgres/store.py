"""The store the engine writes to: PostgreSQL, one transaction a batch, one statement a table."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from rescind.clock import Clock
from rescind.core.ids import OrderId, ShopId, shop_of
from rescind.core.instant import Instant
from rescind.core.ports import Change, Conflict, Fingerprint, Key, Retry, Situation, Stored, Used
from rescind.core.record import Record, decode, decode_order
from rescind.postgres import rows
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


class PostgresStore:
    """Where orders are kept. ``clock`` is the database's in production; a rehearsal moves its own by hand."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncGenerator[PostgresUnitOfWork]:
        """One transaction. Raises Retry for a passing fault, Conflict when somebody else made the same row."""
        try:
            async with self._pool.acquire(timeout=ACQUIRE_S) as connection, connection.transaction():
                yield PostgresUnitOfWork(connection, self._clock)
        except asyncpg.UniqueViolationError as fault:
            raise Conflict(fault.constraint_name) from fault
        except PASSING as fault:
            raise Retry(type(fault).__name__) from fault


class PostgresUnitOfWork:
    """One open transaction on one connection."""

    def __init__(self, connection: Any, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock
        self._buyers: dict[str, str] = {}

    async def lock(self, orders: Sequence[OrderId], numbers: Sequence[tuple[ShopId, str]]) -> Sequence[Stored]:
        """Lock and read what exists, in (shop, id) order, so that two batches can never wait for each other."""
        shops = [shop_of(order) for order in orders]
        if numbers:
            found = await self._connection.fetch(
                sql.LOCK, shops, orders, [shop for shop, _ in numbers], [number for _, number in numbers]
            )
        else:
            found = await self._connection.fetch(sql.LOCK_BY_ID, shops, orders)
        stored = [Stored(order=decode_order(row[0]), head=row[1], updated_at=row[2]) for row in found]
        self._buyers = {one.order.id: one.order.buyer for one in stored}
        return stored

    async def look(self, keys: Sequence[Key], orders: Sequence[OrderId]) -> Situation:
        """Read the time, the keys already used and the counters, all after the last lock."""
        used: dict[Key, Used] = {}
        if keys:
            found = await self._connection.fetch(
                sql.LOOK_KEYS,
                [key.shop for key in keys],
                [key.principal for key in keys],
                [key.route for key in keys],
                [key.key for key in keys],
            )
            now: Instant = max(row["now"] for row in found)
            for row in found:
                if row["fingerprint"] is not None:
                    used[keys[row["place"] - 1]] = Used(
                        fingerprint=Fingerprint(row["fingerprint"]),
                        order=OrderId(row["order_id"]),
                        first=row["first_seq"],
                        last=row["last_seq"],
                    )
        else:
            now = await self._connection.fetchval(sql.LOOK_CLOCK)
        now = self._clock.read() or now
        return Situation(now=now, used=used, buyer_cancels_30d=await self._counters(orders, now))

    async def _counters(self, orders: Sequence[OrderId], now: Instant) -> Mapping[OrderId, int]:
        if not orders:
            return {}
        found = await self._connection.fetch(
            sql.LOOK_COUNTERS, orders, [self._buyers[order] for order in orders], now.date()
        )
        return {OrderId(row[0]): row[1] for row in found}

    async def records(self, order: OrderId, last: int) -> Sequence[Record]:
        """The records of an order from the first to ``last``."""
        found = await self._connection.fetch(sql.RECORDS, shop_of(order), order, last)
        return [decode(row[0]) for row in found]

    async def write(self, changes: Sequence[Change], now: Instant) -> None:
        """Write everything, one statement a table. Raises Conflict when an order moved on under the lock's nose."""
        updates = [row for change in changes if (row := rows.order_update(change, now))]
        if updates:
            done = await self._connection.execute(sql.UPDATE_ORDERS, *_columns(updates))
            if done != f"UPDATE {len(updates)}":
                raise Conflict("orders.version")
        for statement, rows_of in rows.tables(now):
            found = [row for change in changes for row in rows_of(change)]
            if found:
                _in_one_order(found, sql.SHARED.get(statement, ()))
                await self._connection.execute(statement, *_columns(found))


def _in_one_order(found: list[rows.Row], columns: Sequence[int]) -> None:
    """Sort rows by the unique key that others may be inserting too."""
    if columns:
        found.sort(key=lambda row: [row[column] for column in columns])


def _columns(found: Sequence[rows.Row]) -> list[list[Any]]:
    return [list(column) for column in zip(*found, strict=True)]


BY_INDEX = {"enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off"}
"""For connections that only write: each of their statements finds a few rows by key. A plan made while a table was
still empty reads all of it, and goes on doing so as it grows, until the next ANALYZE.
"""


async def connect(dsn: str, *, size: int = 8, planning: Mapping[str, str] | None = None) -> asyncpg.Pool[Any]:
    """Open the pool the program serves with. Raises what asyncpg raises when the database cannot be reached."""
    return await asyncpg.create_pool(
        dsn,
        min_size=2,
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

    def get_reset_query(self) -> str:
        return ""
