"""Links that the marketplace signs itself: its secrets, sealed, and which of the links have signed somebody in."""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import asyncpg
import msgspec

from rescind.core.instant import Instant

_FIELDS = "secret_id AS id, made_by, made_at, used_at, ended_at"
_ADD = """
INSERT INTO link_secrets (secret_id, secret, made_by) VALUES ($1, $2, $3)
"""
# Whoever makes one waits for whoever does so at the moment, so that the limit is one.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('link secrets', 0))"
_COUNT = "SELECT count(*) FROM link_secrets WHERE ended_at IS NULL AND secret_id <> $1"
_KEPT = "SELECT secret FROM link_secrets WHERE secret_id = $1"
_ALL = f"SELECT {_FIELDS} FROM link_secrets ORDER BY ended_at IS NOT NULL, made_at DESC LIMIT 100"  # noqa: S608 - names of ours
_FIND = f"SELECT {_FIELDS} FROM link_secrets WHERE secret_id = $1"  # noqa: S608 - names of ours
_IN_FORCE = "SELECT secret_id, secret FROM link_secrets WHERE ended_at IS NULL ORDER BY made_at"
_END = "UPDATE link_secrets SET ended_at = clock_timestamp() WHERE secret_id = $1 AND ended_at IS NULL"
# The day is enough to see that nobody signs with it any more, and costs one write a secret a day.
_USED = """
UPDATE link_secrets SET used_at = clock_timestamp()
WHERE secret_id = $1 AND (used_at IS NULL OR used_at < clock_timestamp() - interval '1 day')
"""
_FORGET_OLD = "DELETE FROM used_links WHERE expires_at < clock_timestamp() - interval '1 hour'"
_TAKE = "INSERT INTO used_links (link_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_TAKEN = "SELECT true FROM used_links WHERE link_hash = $1"

_ENDED = "SELECT true FROM buyer_endings WHERE buyer_id = $1 AND ended_at >= $2"


class LinkSecret(msgspec.Struct, frozen=True, kw_only=True):
    """A secret as operators see it; what it is nobody is shown again. used_at: within a day; None before the first."""

    id: str
    made_by: str
    made_at: Instant
    used_at: Instant | None
    ended_at: Instant | None


class Sealed(NamedTuple):
    """A secret that is in force."""

    id: str
    secret: bytes


class LinkTable:
    """Reads and writes them; what a link is known by is hashed."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def add(self, identifier: str, sealed: bytes, by: str, most: int) -> bool:
        """Keep a secret where there is none of this id; False where as many as may be are in force."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_ALONE)
            if await connection.fetchrow(_KEPT, identifier):
                return True
            if await connection.fetchval(_COUNT, identifier) >= most:
                return False
            await connection.execute(_ADD, identifier, sealed, by)
        return True

    async def kept(self, identifier: str) -> bytes:
        """A secret as it is sealed."""
        sealed: bytes = await self._pool.fetchval(_KEPT, identifier)
        return sealed

    async def all(self) -> tuple[LinkSecret, ...]:
        """Every secret, those in force first and the newest of them first."""
        return tuple(LinkSecret(**dict(row)) for row in await self._pool.fetch(_ALL))

    async def find(self, identifier: str) -> LinkSecret | None:
        """One of them."""
        row = await self._pool.fetchrow(_FIND, identifier)
        return LinkSecret(**dict(row)) if row else None

    async def in_force(self) -> tuple[Sealed, ...]:
        """Those that count, the oldest first."""
        return tuple(Sealed(row["secret_id"], row["secret"]) for row in await self._pool.fetch(_IN_FORCE))

    async def end(self, identifier: str) -> bool:
        """Let a secret count no more; whether it did."""
        return await self._pool.execute(_END, identifier) == "UPDATE 1"

    async def used(self, identifier: str) -> None:
        """A link of this secret signed somebody in."""
        await self._pool.execute(_USED, identifier)

    async def take(self, signature: str, expires_at: Instant) -> bool:
        """Use a signed link up; of two who do so at once one gets it."""
        await self._pool.execute(_FORGET_OLD)
        return await self._pool.execute(_TAKE, _known_by(signature), expires_at) == "INSERT 0 1"

    async def ended(self, buyer: str, made_at: Instant) -> bool:
        """Whether all ways in of a buyer were ended since then."""
        return bool(await self._pool.fetchval(_ENDED, buyer, made_at))

    async def taken(self, signature: str) -> bool:
        """Whether it was used up."""
        return bool(await self._pool.fetchval(_TAKEN, _known_by(signature)))


def _known_by(signature: str) -> bytes:
    return hashlib.sha256(signature.encode()).digest()
