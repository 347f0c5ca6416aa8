"""The mail server that operators have set up: one row, its password sealed."""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from rescind.core.instant import Instant

_READ = "SELECT host, port, security, username AS user, password, sender, name, changed_at, changed_by FROM mail_server"
_PUT = """
INSERT INTO mail_server (host, port, security, username, password, sender, name, changed_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (one) DO UPDATE
SET host = excluded.host, port = excluded.port, security = excluded.security, username = excluded.username,
    password = excluded.password, sender = excluded.sender, name = excluded.name,
    changed_at = clock_timestamp(), changed_by = excluded.changed_by
"""
_REMOVE = "DELETE FROM mail_server"


class KeptServer(msgspec.Struct, frozen=True, kw_only=True):
    """The row as it is kept; password is sealed, and empty where none is wanted."""

    host: str
    port: int
    security: str
    user: str
    password: bytes
    sender: str
    name: str
    changed_at: Instant
    changed_by: str


class MailServerTable:
    """Reads and writes the server."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def read(self) -> KeptServer | None:
        """The server, where there is one."""
        row = await self._pool.fetchrow(_READ)
        return KeptServer(**dict(row)) if row else None

    async def put(
        self, *, host: str, port: int, security: str, user: str, password: bytes, sender: str, name: str, by: str
    ) -> None:
        """Keep it in place of the one before."""
        await self._pool.execute(_PUT, host, port, security, user, password, sender, name, by)

    async def remove(self) -> bool:
        """Send nothing any more; False where nothing was set up."""
        return await self._pool.execute(_REMOVE) == "DELETE 1"
