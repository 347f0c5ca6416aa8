"""Webhook endpoints that were switched off because nothing was taken, and whether anybody was written to about it."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import AddressBounces
from rescind.core.ids import NO_SHOP, ShopId
from rescind.core.instant import Instant
from rescind.postgres.mails import MailTable, NewMail

_UNTOLD = """
SELECT e.endpoint_id, e.shop_id, e.stopped_at, coalesce(s.contact ->> 'email', '') AS email,
    coalesce(s.zone, '') AS zone
FROM webhook_endpoints e LEFT JOIN shops s USING (shop_id)
WHERE e.state = 'failing' AND e.told_stopped_at IS DISTINCT FROM e.stopped_at
  AND NOT EXISTS (SELECT FROM installation WHERE key = 'held')
ORDER BY e.endpoint_id LIMIT 100
"""
_TOLD = "UPDATE webhook_endpoints SET told_stopped_at = $2 WHERE endpoint_id = $1 AND stopped_at = $2"


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """An endpoint nobody was written to about. shop: whose, None for the marketplace. email: of the shop, or empty."""

    endpoint_id: str
    shop_id: ShopId | None
    stopped_at: Instant
    email: str
    zone: str


class SwitchedOff:
    """Finds them, and writes the mail together with the mark that it is written."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._mails = MailTable(pool, clock)

    async def untold(self) -> tuple[Untold, ...]:
        """Those that somebody has to be told of."""
        return tuple(Untold(**dict(row)) for row in await self._pool.fetch(_UNTOLD))

    async def tell(self, one: Untold, address: str, language: str) -> bool:
        """Write to an address, once for each time it was switched off; an empty one is nobody.

        False where nobody is written to: there is no address, or it refuses mail.
        """
        written = False
        async with self._pool.acquire() as connection, connection.transaction():
            if address:
                try:
                    await self._mails.write(
                        connection,
                        NewMail(
                            shop=one.shop_id or NO_SHOP,
                            kind="endpoint_off",
                            endpoint=one.endpoint_id,
                            language=language,
                            address=address,
                            key=f"endpoint_off:{one.endpoint_id}:{one.stopped_at.isoformat()}",
                            asked_by="system:webhooks",
                        ),
                    )
                    written = True
                except AddressBounces:
                    pass
            await connection.execute(_TOLD, one.endpoint_id, one.stopped_at)
        return written
