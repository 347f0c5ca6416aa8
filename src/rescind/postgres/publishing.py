"""Versions of policies: written by one operator, put in force or sent back by another, kept when they are over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import asyncpg
import msgspec

from rescind.core.errors import DraftSettled, FourEyes, IdempotencyKeyReused, NotFound, StaleShop
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.policy import Policy, restore
from rescind.core.record import Record, decode
from rescind.postgres.policies import PolicyTable

Status = Literal["draft", "submitted", "rejected", "live", "retired"]
NUMBERS = 2**31 - 1
"""The largest number a version can have."""

_COLUMNS = """
number, name, coalesce(shop_id, '') AS shop, hash, status, proposed_by, proposed_at, submitted_at, approved_by,
approved_at, retired_at, rejected_by, rejected_at, rejection, note, accepted, base_hash
"""
_ADD = """
INSERT INTO policy_versions (name, shop_id, hash, proposed_by, source, base_hash, note, idempotency_key, fingerprint)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (proposed_by, idempotency_key) DO NOTHING
RETURNING number
"""
_AGAIN = "SELECT number, fingerprint FROM policy_versions WHERE proposed_by = $1 AND idempotency_key = $2"
_SAVE = "UPDATE policy_versions SET hash = $2, source = $3, note = $4 WHERE number = $1"
_SUBMIT = """
UPDATE policy_versions SET status = 'submitted', submitted_at = clock_timestamp(), accepted = $2 WHERE number = $1
"""
_TAKE_BACK = "UPDATE policy_versions SET status = 'draft', submitted_at = NULL WHERE number = $1"
_REJECT = """
UPDATE policy_versions SET status = 'rejected', rejected_by = $2, rejected_at = clock_timestamp(), rejection = $3
WHERE number = $1
"""
# A shop has one set of rules of its own, whatever they are called.
_RETIRE = """
UPDATE policy_versions SET status = 'retired', retired_at = coalesce($3, clock_timestamp())
WHERE status = 'live' AND CASE WHEN $2::text IS NULL THEN name = $1 AND shop_id IS NULL ELSE shop_id = $2 END
"""
_APPROVE = """
UPDATE policy_versions SET status = 'live', approved_by = $2, approved_at = coalesce($3, clock_timestamp())
WHERE number = $1
"""
# A preset's new version is for all shops whose preset has its name. Orders keep what they pinned (I-18).
_TO_SHOPS = """
UPDATE shops SET preset_hash = $2
WHERE preset_hash IN (SELECT hash FROM policies WHERE name = $1 AND layer = 'preset')
"""
# A shop that comes under a preset and a version of that preset that comes in force wait for each other.
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('presets of shops', 0))"
_IN_FORCE = "SELECT hash FROM policy_versions WHERE name = $1 AND shop_id IS NULL AND status = 'live'"
_TO_SHOP = "UPDATE shops SET shop_hash = $2 WHERE shop_id = $1"
# An order's state is JSON, in which a quote within a text is escaped: these names stand only where they are members.
_PINNED = """
WITH latest AS (SELECT state FROM orders ORDER BY placed_at DESC, order_id DESC LIMIT $1),
     pins AS (
         SELECT named.name, position(named.name IN latest.state) AS at, latest.state
         FROM latest, (VALUES ('"preset_hash":"'::bytea), ('"shop_hash":"'::bytea)) AS named (name)
     )
SELECT convert_from(substring(state FROM at + length(name) FOR 64), 'UTF8') AS hash, count(*) AS orders
FROM pins WHERE at > 0 GROUP BY 1
"""
# Bounded on both sides: so many records are looked through, and so many of them given.
_JUDGED = """
SELECT body FROM (SELECT tx, id, type, body FROM events ORDER BY tx DESC, id DESC LIMIT $2) AS latest
WHERE type IN ('SellerAsked', 'CancellationHeld', 'CancellationApproved', 'CancellationRefused')
ORDER BY tx DESC, id DESC LIMIT $1
"""
_ONCE_A_LOOK = 10


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One version. shop: whose own rules it holds, empty for a preset; approved_by: empty for what never was in force.

    note: what its author says of it. accepted: worked examples that are meant to come out otherwise. base_hash: what
    was in force when it was begun. rejection: why it was sent back.
    """

    number: int
    name: str
    shop: str
    hash: str
    status: Status
    proposed_by: str
    proposed_at: Instant
    submitted_at: Instant | None
    approved_by: str
    approved_at: Instant | None
    retired_at: Instant | None
    rejected_by: str
    rejected_at: Instant | None
    rejection: str
    note: str
    accepted: tuple[str, ...]
    base_hash: str


class Once(msgspec.Struct, frozen=True):
    """What makes a repeated call a repeat: its key, and the fingerprint of what was asked."""

    key: str
    fingerprint: bytes


class Versions:
    """Reads and writes ``policy_versions``, and what shops are bound to by it."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def add(
        self,
        policy: Policy,
        by: str,
        shop: ShopId | None = None,
        *,
        source: str | None = None,
        base_hash: str = "",
        note: str = "",
        once: Once | None = None,
    ) -> tuple[int, bool]:
        """Keep a policy as a draft; its number, and whether it is new. Nothing follows from a draft.

        Raises IdempotencyKeyReused when the key of ``once`` came with something else before.
        """
        await PolicyTable(self._pool).publish(policy)
        key, mark = (once.key, once.fingerprint) if once else (None, None)
        number = await self._pool.fetchval(_ADD, policy.name, shop, policy.hash, by, source, base_hash, note, key, mark)
        if number is not None:
            return number, True
        row = await self._pool.fetchrow(_AGAIN, by, key)
        assert row is not None, "its key stood in the way"
        if row["fingerprint"] != mark:
            raise IdempotencyKeyReused
        return row["number"], False

    async def sent_before(self, by: str, once: Once) -> bool:
        """Whether this person used the key before."""
        return await self._pool.fetchrow(_AGAIN, by, once.key) is not None

    async def propose(self, policy: Policy, by: str, shop: ShopId | None = None) -> int:
        """Keep a policy and submit it at once; gives its number."""
        number, _ = await self.add(policy, by, shop)
        await self.submit(number, by)
        return number

    async def save(self, number: int, by: str, policy: Policy, source: str, note: str) -> Version:
        """Put another text into a draft. Raises NotFound, DraftSettled, FourEyes for somebody else's."""
        await PolicyTable(self._pool).publish(policy)
        return await self._settle(number, by, "draft", _SAVE, policy.hash, source, note, own=True)

    async def submit(self, number: int, by: str, accepted: tuple[str, ...] = ()) -> Version:
        """Ask for approval; from now on nobody changes it. Raises as :meth:`save`."""
        return await self._settle(number, by, "draft", _SUBMIT, accepted, own=True)

    async def take_back(self, number: int, by: str) -> Version:
        """Work on it again instead of having it approved. Raises as :meth:`save`."""
        return await self._settle(number, by, "submitted", _TAKE_BACK, own=True)

    async def reject(self, number: int, by: str, reason: str) -> Version:
        """Send back what was submitted. Raises NotFound, DraftSettled, FourEyes for one's own."""
        return await self._settle(number, by, "submitted", _REJECT, by, reason, own=False)

    async def approve(self, number: int, by: str, at: Instant | None = None) -> Version:
        """Put in force what was submitted and retire the version before it. Orders already placed keep theirs.

        at: since when, by the clock that orders are placed by; None for the database's.

        Raises NotFound, DraftSettled, FourEyes.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            draft = await self._locked(connection, number, "submitted")
            if draft.proposed_by == by:
                raise FourEyes(by=by)
            shop = draft.shop or None
            await connection.execute(_ONE_AT_A_TIME)
            await connection.execute(_RETIRE, draft.name, shop, at)
            await connection.execute(_APPROVE, number, by, at)
            if shop:
                await connection.execute(_TO_SHOP, shop, draft.hash)
            else:
                await connection.execute(_TO_SHOPS, draft.name, draft.hash)
            return await self._one(connection, number)

    async def _settle(self, number: int, by: str, status: Status, statement: str, *values: Any, own: bool) -> Version:
        async with self._pool.acquire() as connection, connection.transaction():
            draft = await self._locked(connection, number, status)
            if (draft.proposed_by == by) != own:
                raise FourEyes(by=draft.proposed_by)
            await connection.execute(statement, number, *values)
            return await self._one(connection, number)

    async def _locked(self, connection: Any, number: int, status: Status) -> Version:
        found = await self._one(connection, number, "FOR UPDATE")
        if found.status != status:
            raise DraftSettled(number=number, state=found.status)
        return found

    async def _one(self, connection: Any, number: int, lock: str = "") -> Version:
        if not 0 < number <= NUMBERS:
            raise NotFound(kind="draft")
        row = await connection.fetchrow(f"SELECT {_COLUMNS} FROM policy_versions WHERE number = $1 {lock}", number)  # noqa: S608 - our own columns
        if row is None:
            raise NotFound(kind="draft")
        return _version(row)

    async def all(self) -> tuple[Version, ...]:
        """Every version, the newest first."""
        rows = await self._pool.fetch(f"SELECT {_COLUMNS} FROM policy_versions ORDER BY number DESC")  # noqa: S608 - our own columns
        return tuple(_version(row) for row in rows)

    async def draft(self, number: int) -> tuple[Version, Policy]:
        """A version and what it says. Raises NotFound."""
        found = await self._one(self._pool, number)
        body = await self._pool.fetchval("SELECT body FROM policies WHERE hash = $1", found.hash)
        return found, restore(body)

    async def written(self, digest: str) -> str | None:
        """The text of this hash as somebody wrote it; None where only the published form is known."""
        return await self._pool.fetchval(
            "SELECT source FROM policy_versions WHERE hash = $1 AND source IS NOT NULL ORDER BY number LIMIT 1", digest
        )

    async def published_at(self) -> dict[str, Instant]:
        """When each text was first kept here, by its hash."""
        return {row[0]: row[1] for row in await self._pool.fetch("SELECT hash, published_at FROM policies")}

    async def pinned(self, most: int) -> dict[str, int]:
        """How many of the latest orders are bound to each policy, by its hash."""
        return {row["hash"]: row["orders"] for row in await self._pool.fetch(_PINNED, most)}

    async def judged(self, most: int) -> tuple[Record, ...]:
        """The latest records in which a policy may have answered, newest first."""
        rows = await self._pool.fetch(_JUDGED, most, most * _ONCE_A_LOOK, timeout=timedelta(seconds=5).total_seconds())
        return tuple(decode(row[0]) for row in rows)


async def require_in_force(connection: Any, preset: Policy, shop: ShopId) -> None:
    """Let a shop come under this preset within a transaction, if nobody put another version of it in force meanwhile.

    Before the shop's row is locked: whoever puts a version in force comes this way too. Raises StaleShop.
    """
    await connection.execute(_ONE_AT_A_TIME)
    live = await connection.fetchval(_IN_FORCE, preset.name)
    if live is not None and live != preset.hash:
        raise StaleShop(shop=shop, expected=0, actual=0)


def _version(row: Any) -> Version:
    return Version(
        number=row["number"],
        name=row["name"],
        shop=row["shop"],
        hash=row["hash"],
        status=row["status"],
        proposed_by=row["proposed_by"],
        proposed_at=row["proposed_at"],
        submitted_at=row["submitted_at"],
        approved_by=row["approved_by"] or "",
        approved_at=row["approved_at"],
        retired_at=row["retired_at"],
        rejected_by=row["rejected_by"] or "",
        rejected_at=row["rejected_at"],
        rejection=row["rejection"],
        note=row["note"],
        accepted=tuple(row["accepted"]),
        base_hash=row["base_hash"],
    )
