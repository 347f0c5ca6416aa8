"""Who looks after a refund that does not come to an end by itself."""

from __future__ import annotations

from typing import Any

import asyncpg

from rescind.core.errors import NotFound
from rescind.core.ids import RefundId, shop_of

# Only what is open or failed has somebody to look after it.
_TAKE = """
INSERT INTO refund_owners (shop_id, refund_id, owner)
SELECT shop_id, refund_id, $3 FROM refunds
WHERE shop_id = $1 AND refund_id = $2 AND place NOT IN ('succeeded', 'settled')
ON CONFLICT (shop_id, refund_id) DO UPDATE SET owner = excluded.owner, taken_at = clock_timestamp()
RETURNING owner
"""


class RefundOwners:
    """Notes who looks after one."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def take(self, refund: RefundId, owner: str) -> None:
        """Note who looks after a refund from now on. Raises NotFound for one that is neither open nor failed."""
        if await self._pool.fetchval(_TAKE, shop_of(refund), refund, owner) is None:
            raise NotFound(kind="refund")
