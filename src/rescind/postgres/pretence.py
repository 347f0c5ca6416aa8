"""Whether a database holds the demo marketplace: said once, when it is filled, and never changed."""

from __future__ import annotations

from typing import Any

import asyncpg

_MARK = "INSERT INTO installation (key, value) VALUES ('demo', '1') ON CONFLICT DO NOTHING"
_IS = "SELECT EXISTS (SELECT FROM installation WHERE key = 'demo')"


async def mark(pool: asyncpg.Pool[Any]) -> None:
    """Say that what follows is invented."""
    await pool.execute(_MARK)


async def pretends(pool: asyncpg.Pool[Any]) -> bool:
    """Whether everything in it is."""
    return bool(await pool.fetchval(_IS))
