"""Everything that is kept sealed and that nothing else tells of, to see whether it can still be opened."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

_APPS = "SELECT account_id AS whose, totp AS sealed FROM accounts WHERE totp IS NOT NULL"
_SOURCES = "SELECT name AS whose, secrets AS sealed FROM order_sources"
_ENDPOINTS = "SELECT endpoint_id AS whose, secret AS sealed FROM webhook_endpoints WHERE state <> 'removed'"
_ROBOTS = "SELECT robot_id || ' url' AS whose, url AS sealed FROM robots"
_PUSH = "SELECT 'key' AS whose, decode(value, 'hex') AS sealed FROM installation WHERE key = 'push_key'"


class Sealed(msgspec.Struct, frozen=True):
    """A sealed thing, and whose name was sealed with it."""

    whose: str
    sealed: bytes


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """apps: the authenticator apps of people; push: the key of web push, once there is one."""

    apps: tuple[Sealed, ...]
    sources: tuple[Sealed, ...]
    endpoints: tuple[Sealed, ...]
    robots: tuple[Sealed, ...]
    push: tuple[Sealed, ...]


async def kept(pool: asyncpg.Pool[Any]) -> Kept:
    """All of it."""
    async with pool.acquire() as connection:

        async def read(query: str) -> tuple[Sealed, ...]:
            return tuple(Sealed(row["whose"], row["sealed"]) for row in await connection.fetch(query))

        return Kept(
            apps=await read(_APPS),
            sources=await read(_SOURCES),
            endpoints=await read(_ENDPOINTS),
            robots=await read(_ROBOTS),
            push=await read(_PUSH),
        )
