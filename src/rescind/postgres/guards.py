"""What one person may move alone and give in a day: the installation's, so that it holds at every door (ADR 0109)."""

from __future__ import annotations

import time
from typing import Any, Final

import asyncpg
import msgspec

from rescind.core.limits import Guards

KNOWN_FOR_S: Final = 1.0
"""So long it takes at most until a process that runs already keeps what another one has written."""

_READ = "SELECT value FROM installation WHERE key = 'guards'"
_WRITE = """
INSERT INTO installation (key, value) VALUES ('guards', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""


class GuardTable:
    """Reads and writes them. ``otherwise``: what holds where nobody has served from this database yet."""

    def __init__(self, pool: asyncpg.Pool[Any], otherwise: Guards) -> None:
        self._pool = pool
        self._otherwise = otherwise
        self._known: tuple[float, Guards] | None = None

    async def now(self) -> Guards:
        """What holds now."""
        at = time.monotonic()
        if self._known is None or at - self._known[0] > KNOWN_FOR_S:
            kept = await self._pool.fetchval(_READ)
            self._known = (at, self._otherwise if kept is None else msgspec.json.decode(kept, type=Guards))
        return self._known[1]

    async def write(self) -> None:
        """Make what this process was told hold for the installation. Whoever serves pages does, when it begins."""
        await self._pool.execute(_WRITE, msgspec.json.encode(self._otherwise).decode())
        self._known = None
