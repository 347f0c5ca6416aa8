"""Calls that do many things, each under a key of its own: as a whole, too, a key belongs to one request (ID-02)."""

from __future__ import annotations

from typing import Any

import asyncpg

from rescind.core.errors import IdempotencyKeyReused
from rescind.core.instant import Instant
from rescind.core.ports import Fingerprint, Key

# Of two that come at once with different bodies one is first, and the other finds it there.
_CLAIM = """
INSERT INTO idempotency (shop_id, principal, route, key, fingerprint, order_id, first_seq, last_seq, created_at)
VALUES ($1, $2, $3, $4, $5, '', 1, 0, coalesce($6, clock_timestamp()))
ON CONFLICT DO NOTHING
"""
_CLAIMED = """
SELECT fingerprint FROM idempotency WHERE shop_id = $1 AND principal = $2 AND route = $3 AND key = $4
"""


class WholeCalls:
    """Keeps which request a key was used for."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def claim(self, key: Key, fingerprint: Fingerprint, now: Instant | None) -> None:
        """Take a key for a request, before anything of it is done; the same request again takes it as well.

        Raises IdempotencyKeyReused.
        """
        of = (key.shop, key.principal, key.route, key.key)
        await self._pool.execute(_CLAIM, *of, fingerprint, now)
        if await self._pool.fetchval(_CLAIMED, *of) != fingerprint:
            raise IdempotencyKeyReused
