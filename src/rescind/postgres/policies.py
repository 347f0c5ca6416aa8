"""Published policies, kept by their hash for as long as an order was bought under them."""

from __future__ import annotations

from typing import Any

import asyncpg

from rescind.core.policy import Policy, restore

_PUBLISH = """
INSERT INTO policies (hash, name, layer, body) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING
"""


class PolicyTable:
    """Reads and writes the table ``policies``."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def publish(self, policy: Policy) -> None:
        """Keep a policy for ever. Publishing the same text again changes nothing."""
        await self._pool.execute(_PUBLISH, policy.hash, policy.name, policy.layer, policy.canonical())

    async def by_hash(self, digest: str) -> Policy | None:
        """The policy with this hash, or None."""
        body = await self._pool.fetchval("SELECT body FROM policies WHERE hash = $1", digest)
        return None if body is None else restore(body)

    async def all(self) -> tuple[Policy, ...]:
        """Every policy ever published, oldest first."""
        return tuple(
            restore(row[0]) for row in await self._pool.fetch("SELECT body FROM policies ORDER BY published_at")
        )
