"""Published policies, kept by their hash for as long as an order was bought under them."""

from __future__ import annotations

from collections.abc import Iterable
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

    async def publish(self, *policies: Policy) -> None:
        """Keep policies for ever. Publishing the same text again changes nothing."""
        rows = [(policy.hash, policy.name, policy.layer, policy.canonical()) for policy in policies]
        await self._pool.executemany(_PUBLISH, rows)

    async def by_hash(self, digest: str) -> Policy | None:
        """The policy with this hash, or None."""
        body = await self._pool.fetchval("SELECT body FROM policies WHERE hash = $1", digest)
        return None if body is None else restore(body)

    async def besides(self, known: Iterable[str]) -> tuple[Policy, ...]:
        """Every policy ever published but those whose hashes are known already: to restore one is to check it."""
        rows = await self._pool.fetch("SELECT body FROM policies WHERE hash <> ALL($1::text[])", tuple(known))
        return tuple([restore(row[0]) for row in rows])
