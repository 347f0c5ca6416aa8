"""Versions of policies: proposed by one operator, put in force by another, and kept when they are over."""

from __future__ import annotations

from typing import Any, Literal

import asyncpg
import msgspec

from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.policy import Policy, restore
from rescind.postgres.policies import PolicyTable

Status = Literal["draft", "live", "retired"]

_COLUMNS = (
    "number, name, coalesce(shop_id, '') AS shop, hash, status, proposed_by, proposed_at, approved_by, approved_at"
)
_PROPOSE = """
INSERT INTO policy_versions (name, shop_id, hash, proposed_by) VALUES ($1, $2, $3, $4) RETURNING number
"""
_RETIRE = """
UPDATE policy_versions SET status = 'retired', retired_at = clock_timestamp()
WHERE status = 'live' AND name = $1 AND shop_id IS NOT DISTINCT FROM $2
"""
_APPROVE = """
UPDATE policy_versions SET status = 'live', approved_by = $2, approved_at = clock_timestamp() WHERE number = $1
"""
# A preset's new version is for all shops whose preset has its name. Orders keep what they pinned (I-18).
_TO_SHOPS = """
UPDATE shops SET preset_hash = $2
WHERE preset_hash IN (SELECT hash FROM policies WHERE name = $1 AND layer = 'preset')
"""
_TO_SHOP = "UPDATE shops SET shop_hash = $2 WHERE shop_id = $1"


class VersionError(Exception):
    """Nothing was put in force. The message says why."""


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version. shop: whose own rules it holds, empty for a preset; approved_by: empty for a draft."""

    number: int
    name: str
    shop: str
    hash: str
    status: Status
    proposed_by: str
    proposed_at: Instant
    approved_by: str
    approved_at: Instant | None


class Versions:
    """Reads and writes ``policy_versions``, and what shops are bound to by it."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def propose(self, policy: Policy, by: str, shop: ShopId | None = None) -> int:
        """Keep a policy as a draft; gives its number. Nothing follows from a draft."""
        await PolicyTable(self._pool).publish(policy)
        return await self._pool.fetchval(_PROPOSE, policy.name, shop, policy.hash, by)

    async def approve(self, number: int, by: str) -> Version:
        """Put a draft in force and retire the version before it. Orders already placed keep theirs.

        Raises VersionError: there is no such draft, or the one who proposed it is the one who approves it.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM policy_versions WHERE number = $1 FOR UPDATE",  # noqa: S608 - our own columns
                number,
            )
            if row is None or row["status"] != "draft":
                raise VersionError(f"There is no draft {number}.")
            draft = _version(row)
            if draft.proposed_by == by:
                raise VersionError(f"{by} proposed it; somebody else has to approve it.")
            shop = draft.shop or None
            await connection.execute(_RETIRE, draft.name, shop)
            await connection.execute(_APPROVE, number, by)
            if shop:
                await connection.execute(_TO_SHOP, shop, draft.hash)
            else:
                await connection.execute(_TO_SHOPS, draft.name, draft.hash)
            found = await connection.fetchrow(
                f"SELECT {_COLUMNS} FROM policy_versions WHERE number = $1",  # noqa: S608 - our own columns
                number,
            )
            assert found is not None, "it was just written"
            return _version(found)

    async def all(self) -> tuple[Version, ...]:
        """Every version, the newest first."""
        rows = await self._pool.fetch(f"SELECT {_COLUMNS} FROM policy_versions ORDER BY number DESC")  # noqa: S608
        return tuple(_version(row) for row in rows)

    async def draft(self, number: int) -> tuple[Version, Policy]:
        """A version and its text. Raises VersionError when there is none of this number."""
        row = await self._pool.fetchrow(
            f"SELECT {_COLUMNS}, (SELECT body FROM policies p WHERE p.hash = v.hash) AS body "  # noqa: S608 - as above
            "FROM policy_versions v WHERE number = $1",
            number,
        )
        if row is None:
            raise VersionError(f"There is no draft {number}.")
        return _version(row), restore(row["body"])


def _version(row: Any) -> Version:
    return Version(
        number=row["number"],
        name=row["name"],
        shop=row["shop"],
        hash=row["hash"],
        status=row["status"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        approved_by=row["approved_by"] or "",
        approved_at=row["approved_at"],
    )
