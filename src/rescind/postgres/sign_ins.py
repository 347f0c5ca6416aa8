"""What a sign-in leaves while it is under way: the step it stands at, and how often it was tried."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

_KEEP = """
INSERT INTO sign_in_steps (token_hash, kind, account_id, data, expires_at)
VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval)
"""
_FORGET_OLD = "DELETE FROM sign_in_steps WHERE expires_at < clock_timestamp()"
_FIND = """
SELECT account_id AS account, data FROM sign_in_steps
WHERE token_hash = $1 AND kind = $2 AND expires_at > clock_timestamp()
"""
_TAKE = """
DELETE FROM sign_in_steps WHERE token_hash = $1 AND kind = $2 AND expires_at > clock_timestamp()
RETURNING account_id AS account, data
"""
# Counted before anything is looked at, so that tries made at once do not go past the limit together.
_COUNT = """
INSERT INTO sign_in_tries (about, tries, until) VALUES ($1, 1, clock_timestamp() + $2::interval)
ON CONFLICT (about) DO UPDATE SET
    tries = CASE WHEN sign_in_tries.until < clock_timestamp() THEN 1 ELSE sign_in_tries.tries + 1 END,
    until = CASE WHEN sign_in_tries.until < clock_timestamp() THEN excluded.until ELSE sign_in_tries.until END
RETURNING tries, ceil(extract(epoch FROM until - clock_timestamp()))::int AS left_s
"""
_CLEAR = "DELETE FROM sign_in_tries WHERE about = $1"
_ONE_LESS = "UPDATE sign_in_tries SET tries = greatest(0, tries - 1) WHERE about = $1"
_TIDY = "DELETE FROM sign_in_tries WHERE until < clock_timestamp() - interval '1 day'"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """Where somebody stands. account: who has shown the first half; data: what the rest is checked against."""

    account: str
    data: bytes


class SignInTable:
    """Steps by the hash of the token that a browser keeps, and tries by whom or from where."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def keep(self, token_hash: bytes, kind: str, step: Step, lifetime: timedelta) -> None:
        """Remember a step for so long."""
        await self._pool.execute(_FORGET_OLD)
        await self._pool.execute(_TIDY)
        await self._pool.execute(_KEEP, token_hash, kind, step.account, step.data, lifetime)

    async def find(self, token_hash: bytes, kind: str) -> Step | None:
        """A step that is not over."""
        row = await self._pool.fetchrow(_FIND, token_hash, kind)
        return Step(**dict(row)) if row else None

    async def take(self, token_hash: bytes, kind: str) -> Step | None:
        """The same, used up by it: an answer to one question is taken once."""
        row = await self._pool.fetchrow(_TAKE, token_hash, kind)
        return Step(**dict(row)) if row else None

    async def count(self, about: str, span: timedelta) -> tuple[int, int]:
        """Count a try; how many there were within the span, and in how many seconds it ends."""
        row = await self._pool.fetchrow(_COUNT, about, span)
        assert row is not None, "a row that is counted comes back"
        return row["tries"], max(1, row["left_s"])

    async def clear(self, about: str) -> None:
        """Whoever got in has made no wrong try."""
        await self._pool.execute(_CLEAR, about)

    async def one_less(self, about: str) -> None:
        """One try was right after all."""
        await self._pool.execute(_ONE_LESS, about)
