"""What of an installation wants somebody and says so nowhere by itself: keys that end, orders that did not come in."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import asyncpg
import msgspec

from rescind.core.instant import Instant

ENDS_WITHIN: Final = timedelta(days=30)
"""So long before a key ends somebody is told: time enough to make another and to put it where it is used."""

# A key that was never used ends for nobody; one that ended lately is missed by a program that still shows it.
_FOUND = """
SELECT k.*, s.*, EXISTS (SELECT FROM orders) AS ordered
FROM (
    SELECT count(*) AS keys, min(expires_at) AS first_ends, (array_agg(principal ORDER BY expires_at))[1] AS first_key
    FROM credentials
    WHERE kind = 'key' AND revoked_at IS NULL AND used_on IS NOT NULL
      AND expires_at BETWEEN clock_timestamp() - $1::interval AND clock_timestamp() + $1::interval
) AS k, (
    SELECT count(*) AS aside, min(received_at) AS aside_since
    FROM (SELECT received_at FROM source_messages WHERE outcome = 'set_aside' ORDER BY received_at LIMIT 1000) AS few
) AS s
"""


class Wanting(msgspec.Struct, frozen=True, kw_only=True):
    """keys: how many that were used end within ``ENDS_WITHIN`` or ended as long ago, the first of them when, and whose;
    aside: messages of order sources of which no order came, counted up to 1,000; ordered: whether there is any order.
    """

    keys: int
    first_ends: Instant | None
    first_key: str | None
    aside: int
    aside_since: Instant | None
    ordered: bool


async def wanting(pool: asyncpg.Pool[Any]) -> Wanting:
    """All of it in one look."""
    row = await pool.fetchrow(_FOUND, ENDS_WITHIN)
    assert row is not None, "an aggregate gives a row"
    return Wanting(**dict(row))
