"""Browsers that people want to be told in, and the key by which push services know us."""

from __future__ import annotations

from typing import Any, NamedTuple

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.instant import Instant
from rescind.postgres.notice_people import Owner, drop

_KEY, PUSH = "push_key", "push"
# The first who needs a key makes it; whoever came at the same moment takes that one.
_TAKE_KEY = """
INSERT INTO installation (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = installation.value
RETURNING value
"""
_SEEN = "subscription_id, role, shop_id, person, browser, language, created_at, last_at, last_fault"
_OF = f"""
SELECT {_SEEN} FROM push_subscriptions WHERE role = $1 AND shop_id = $2 AND person = $3
ORDER BY created_at, subscription_id
"""  # noqa: S608 - names of ours
# A browser that somebody else signed in with belongs to who subscribed last.
_ADD = """
INSERT INTO push_subscriptions (subscription_id, address, role, shop_id, person, endpoint, point, auth, browser,
    language, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, coalesce($11, clock_timestamp()))
ON CONFLICT (address) DO UPDATE SET subscription_id = excluded.subscription_id, role = excluded.role,
    shop_id = excluded.shop_id, person = excluded.person, endpoint = excluded.endpoint, point = excluded.point,
    auth = excluded.auth, browser = excluded.browser, language = excluded.language, created_at = excluded.created_at,
    last_at = NULL, last_fault = ''
"""
_ONLY = """
DELETE FROM push_subscriptions WHERE subscription_id IN (
    SELECT subscription_id FROM push_subscriptions WHERE role = $1 AND shop_id = $2 AND person = $3
    ORDER BY created_at DESC, subscription_id OFFSET $4)
RETURNING subscription_id
"""
_FIND = "SELECT subscription_id, endpoint, point, auth, language FROM push_subscriptions WHERE subscription_id = $1"
_TOLD = """
UPDATE push_subscriptions SET last_at = coalesce($2, clock_timestamp()), last_fault = $3 WHERE subscription_id = $1
"""
_REMOVE = "DELETE FROM push_subscriptions WHERE subscription_id = $1 AND role = $2 AND shop_id = $3 AND person = $4"


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A browser as its person sees it. last_fault: empty when it took the last message."""

    id: str
    role: str
    shop: str
    person: str
    browser: str
    language: str
    created_at: Instant
    last_at: Instant | None
    last_fault: str


class Sealed(NamedTuple):
    """Where a browser is told, and with which keys. endpoint, auth: sealed."""

    id: str
    endpoint: bytes
    point: bytes
    auth: bytes
    language: str


class PushTable:
    """Keeps subscriptions and the key."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def key(self, made: bytes) -> bytes:
        """The sealed key of the installation; ``made`` is it from now on where there was none."""
        return bytes.fromhex(await self._pool.fetchval(_TAKE_KEY, _KEY, made.hex()))

    async def of(self, owner: Owner) -> tuple[Subscription, ...]:
        """The browsers of a person."""
        rows = await self._pool.fetch(_OF, owner.role, owner.shop, owner.person)
        return tuple(
            msgspec.convert({**row, "id": row["subscription_id"], "shop": row["shop_id"]}, Subscription) for row in rows
        )

    async def add(self, sealed: Sealed, address: bytes, owner: Owner, browser: str, *, most: int) -> None:
        """Keep a browser, the same one once; of a person the newest ``most``."""
        whose = (owner.role, owner.shop, owner.person)
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                _ADD,
                *(sealed.id, address, *whose, sealed.endpoint, sealed.point, sealed.auth, browser, sealed.language),
                self._clock.read(),
            )
            for row in await connection.fetch(_ONLY, *whose, most):
                await drop(connection, PUSH, row["subscription_id"])

    async def find(self, identifier: str) -> Sealed | None:
        """Where one browser is told."""
        row = await self._pool.fetchrow(_FIND, identifier)
        return Sealed(*row) if row else None

    async def told(self, identifier: str, fault: str) -> None:
        """Note what came of a message."""
        await self._pool.execute(_TOLD, identifier, self._clock.read(), fault)

    async def gone(self, identifier: str) -> None:
        """Forget a browser that wants nothing more, and that there is a way to it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute("DELETE FROM push_subscriptions WHERE subscription_id = $1", identifier)
            await drop(connection, PUSH, identifier)

    async def remove(self, identifier: str, owner: Owner) -> bool:
        """Forget a browser of a person; whether it was theirs."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.execute(_REMOVE, identifier, owner.role, owner.shop, owner.person)
            if done == "DELETE 1":
                await drop(connection, PUSH, identifier)
            return done == "DELETE 1"

    async def reset(self) -> int:
        """Forget every browser and the key; how many browsers that were."""
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.execute("DELETE FROM push_subscriptions")
            await drop(connection, PUSH)
            await connection.execute("DELETE FROM installation WHERE key = $1", _KEY)
        return int(done.rpartition(" ")[2])
