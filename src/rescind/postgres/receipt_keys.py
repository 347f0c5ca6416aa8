"""The public halves of the keys that sign receipts: those in use and those retired, all of which stay published.

They are rows of ``installation``, and so part of a backup: a receipt can be checked after a restore too.
"""

from __future__ import annotations

import secrets
from typing import Any

import asyncpg
import msgspec

from rescind.core.instant import Instant

_PREFIX = "receipt_key:"
_SALT = "receipt_salt"
_ADD = """
INSERT INTO installation (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = installation.value
RETURNING value
"""
_ALL = "SELECT value FROM installation WHERE starts_with(key, $1)"


class ReceiptKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public key. id: SHA-256 of its 32 bytes, in hex; public: those bytes in hex; retired_at: None while in use."""

    id: str
    public: str
    added_at: Instant
    retired_at: Instant | None = None


class ReceiptKeys:
    """Reads and writes the published keys, and the salt of what receipts withhold."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def publish(self, key: ReceiptKey) -> ReceiptKey:
        """Publish a key; one that is published already comes back as it is, retired perhaps."""
        text = msgspec.json.encode(key).decode()
        return _read(await self._pool.fetchval(_ADD, _PREFIX + key.id, text))

    async def retire_all_but(self, keep: str, at: Instant) -> None:
        """Retire every other key that is in use."""
        for key in await self.all():
            if key.id != keep and key.retired_at is None:
                text = msgspec.json.encode(msgspec.structs.replace(key, retired_at=at)).decode()
                await self._pool.execute("UPDATE installation SET value = $2 WHERE key = $1", _PREFIX + key.id, text)

    async def all(self) -> tuple[ReceiptKey, ...]:
        """Every key ever published, the newest first."""
        found = [_read(row[0]) for row in await self._pool.fetch(_ALL, _PREFIX)]
        return tuple(sorted(found, key=lambda key: (key.added_at, key.id), reverse=True))

    async def salt(self) -> bytes:
        """32 random bytes that all salts are made from: who has a receipt learns those in it and no others."""
        return bytes.fromhex(await self._pool.fetchval(_ADD, _SALT, secrets.token_hex(32)))


def _read(text: str) -> ReceiptKey:
    return msgspec.json.decode(text, type=ReceiptKey)
