"""Whose a file is, and whether an event names it. The bytes themselves are in the object store."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import EvidenceFull, IdempotencyKeyReused
from rescind.core.evidence import ATTACH_WITHIN, SWEPT_AFTER, EvidenceRef, Home, shop_at
from rescind.core.ids import EvidenceId, OrderId, ShopId, ThreadId, shop_of
from rescind.core.instant import Instant
from rescind.core.ports import Fingerprint, Key

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

# Which files are of an order, a conversation, or somebody who is about to ask a shop; by how the id of it begins.
_HERE = {
    "ord_": "e.order_id = $2",
    "cnv_": "e.thread_id = $2",
    "shp_": "e.shop_id = $2 AND e.order_id IS NULL AND e.thread_id IS NULL AND e.by_id = $4",
}
# A question that was asked took its files along, and asking it again names them again.
_NAMEABLE = _HERE | {"shp_": "e.shop_id = $2 AND e.order_id IS NULL"}
# The order's row, so that of several uploads at once each sees what those before it brought (UP-02). A command waits no
# longer than it takes to count.
_ALONE = {
    "ord_": "SELECT FROM orders WHERE shop_id = $1 AND order_id = $2 FOR NO KEY UPDATE",
    "cnv_": "SELECT FROM threads WHERE shop_id = $1 AND thread_id = $2 FOR NO KEY UPDATE",
}
# Before any order it is counted by the person as well, for whom there is no row.
_ONE_OF_THEIRS = "SELECT pg_advisory_xact_lock(hashtextextended('evidence ' || $1 || ' ' || $2 || ' ' || $3, 0))"
# The same file from the same hand is one file: a repeated upload finds it again, and begins its time anew.
_AGAIN = """
UPDATE evidence e SET uploaded_at = coalesce($6, clock_timestamp())
WHERE e.shop_id = $1 AND {here} AND e.by_role = $3 AND e.by_id = $4 AND e.digest = $5
RETURNING e.evidence_id
"""
_SENT = """
SELECT count(*), coalesce(sum(size), 0)::bigint AS size FROM evidence
WHERE shop_id = $1 AND order_id = $2 AND by_role = $3
"""
# An order was bought and a conversation costs nothing to begin. So besides what a side sent to one, all counts that a
# buyer sent to the shop before any order in a day, or keeps ready for a question.
_SENT_BEFORE = """
SELECT count(*), coalesce(sum(size), 0)::bigint AS size FROM evidence
WHERE shop_id = $1 AND by_role = $3 AND order_id IS NULL
  AND (thread_id = $2 OR by_role = 'buyer' AND by_id = $4
       AND (thread_id IS NULL OR uploaded_at > coalesce($5, clock_timestamp()) - interval '1 day'))
"""
_CLAIM = """
INSERT INTO evidence (shop_id, order_id, thread_id, by_role, by_id, place, evidence_id, type, size, digest, uploaded_at)
SELECT $1, CASE WHEN $2 LIKE 'ord_%' THEN $2 END, CASE WHEN $2 LIKE 'cnv_%' THEN $2 END,
       $3, $4, free.place, $5, $6, $7, $8, coalesce($9, clock_timestamp())
FROM generate_series(1, $10::int + 1) AS free (place)
WHERE NOT EXISTS (
    SELECT FROM evidence e WHERE e.shop_id = $1 AND {here} AND e.by_role = $3 AND e.place = free.place
)
ORDER BY free.place LIMIT 1
"""
# No event comes of an upload, so its key names none: the last is below the first.
_TAKE_KEY = """
INSERT INTO idempotency (shop_id, principal, route, key, fingerprint, order_id, first_seq, last_seq, created_at)
VALUES ($1, $2, $3, $4, $5, $6, 1, 0, coalesce($7, clock_timestamp()))
ON CONFLICT DO NOTHING RETURNING true
"""
_KEY_IS_OF = """
SELECT fingerprint FROM idempotency WHERE shop_id = $1 AND principal = $2 AND route = $3 AND key = $4
"""
_KEPT = "UPDATE evidence SET kept_at = coalesce($3, clock_timestamp()) WHERE shop_id = $1 AND evidence_id = $2"
_FORGET = "DELETE FROM evidence WHERE shop_id = $1 AND evidence_id = $2 AND kept_at IS NULL RETURNING true"
_GIVE_KEY_BACK = """
DELETE FROM idempotency WHERE shop_id = $1 AND principal = $2 AND route = $3 AND key = $4
"""
_IN_EVENT = """
EXISTS (
    SELECT FROM events v WHERE v.shop_id = e.shop_id AND v.order_id = {order}
      AND position(convert_to(e.evidence_id, 'UTF8') IN v.body) > 0
)
"""
_IN_MESSAGE = """
EXISTS (
    SELECT FROM messages m WHERE m.shop_id = e.shop_id AND m.evidence <> '{}' AND m.evidence @> ARRAY[e.evidence_id]
)
"""
_NAMED = f"({_IN_EVENT.replace('{order}', 'e.order_id')} OR {_IN_MESSAGE})"
# What a conversation had before the order that followed it ($8) is of that order, too.
_TO_ATTACH = f"""
SELECT e.evidence_id, e.type, e.size, e.digest FROM evidence e
WHERE e.shop_id = $1 AND e.by_role = $3 AND e.by_id = $4 AND e.evidence_id = ANY($5::text[]) AND e.kept_at IS NOT NULL
  AND ({{here}} AND (e.uploaded_at > coalesce($6, clock_timestamp()) - $7::interval OR {_NAMED})
       OR e.thread_id = ANY($8::text[]) AND {_IN_MESSAGE})
"""  # noqa: S608 - the only thing put in is a condition of ours
# An id may stand in an event by chance or by design: what an order may have is its own, and its buyer's questions.
_MAY_HAVE = """
(e.order_id = $2 OR e.thread_id IN (
    SELECT t.thread_id FROM threads t JOIN orders o ON o.shop_id = t.shop_id AND o.buyer_id = t.buyer_id
    WHERE o.shop_id = $1 AND o.order_id = $2))
"""
_SHOWN = f"""
SELECT e.evidence_id, e.type, e.size, e.digest, e.order_id FROM evidence e
WHERE e.shop_id = $1 AND e.evidence_id = $5 AND e.kept_at IS NOT NULL
  AND ({_MAY_HAVE} AND {_IN_EVENT.replace("{order}", "$2")}
       OR ({{here}} OR e.thread_id = ANY($7::text[])) AND ((e.by_role = $3 AND e.by_id = $4) OR EXISTS (
           SELECT FROM messages m WHERE m.shop_id = e.shop_id AND m.evidence <> '{{}}'
             AND m.evidence @> ARRAY[e.evidence_id] AND m.audience = ANY($6::text[]))))
"""  # noqa: S608 - as above
_OLD = f"""
SELECT e.shop_id, e.evidence_id, e.order_id, {_NAMED} AS named FROM evidence e
WHERE e.named_at IS NULL AND e.uploaded_at < coalesce($1, clock_timestamp()) - $2::interval
ORDER BY e.uploaded_at LIMIT $3
"""  # noqa: S608 - as above
_MARK = "UPDATE evidence SET named_at = coalesce($3, clock_timestamp()) WHERE shop_id = $1 AND evidence_id = $2"
_REMOVE = """
DELETE FROM evidence
WHERE shop_id = $1 AND evidence_id = $2 AND uploaded_at < coalesce($3, clock_timestamp()) - $4::interval
RETURNING evidence_id
"""


class Hand(msgspec.Struct, frozen=True):
    """Who uploads or looks: a role, and somebody in it."""

    role: str
    id: str


class Room(NamedTuple):
    """What buyer, seller and support may each have sent for one order or conversation (UP-02)."""

    files: int
    mib: int

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return self.mib * 1024 * 1024


class Once(NamedTuple):
    """What makes a repeated call a repeat: its key, and what the call said."""

    key: Key
    fingerprint: Fingerprint


class Old(msgspec.Struct, frozen=True, kw_only=True):
    """A file past its time. order: None where it came before any. named: an event or a message has it, so it stays."""

    shop: ShopId
    order: OrderId | None
    id: EvidenceId
    named: bool


class EvidenceTable:
    """One row a file."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def claim(
        self, home: Home, hand: Hand, ref: EvidenceRef, room: Room, once: Once | None = None
    ) -> tuple[EvidenceId, bool]:
        """Make room for a file before its bytes are kept. ``once``: the key of the call, taken with it or not at all.

        Returns the id it has, its earlier one when the same hand sent the same bytes before, and whether the call is a
        repeat. Raises EvidenceFull, IdempotencyKeyReused.
        """
        now, here = self._clock.read(), (shop_at(home), home, hand.role, hand.id)
        async with self._pool.acquire() as connection, connection.transaction():
            repeated = await _repeats(connection, home, once, now)
            await _alone(connection, home, hand)
            # A call that is repeated later finds its file where a question took it.
            again = _at(home, _AGAIN, _NAMEABLE if repeated else _HERE)
            found: str | None = await connection.fetchval(again, *here, ref.digest, now)
            if found is not None:
                return EvidenceId(found), repeated
            sent = await _sent(connection, home, hand, now)
            if sent["count"] >= room.files or sent["size"] + ref.size > room.size:
                raise EvidenceFull(files=room.files, mib=room.mib)
            await connection.execute(
                _at(home, _CLAIM), *here, ref.id, ref.type, ref.size, ref.digest, now, sent["count"]
            )
        return ref.id, repeated

    async def kept(self, evidence: EvidenceId) -> None:
        """The bytes are there."""
        await self._pool.execute(_KEPT, shop_of(evidence), evidence, self._clock.read())

    async def forget(self, evidence: EvidenceId, once: Once | None = None) -> None:
        """Give back the room of a file whose bytes could not be kept, and the key of the call that brought it."""
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchval(_FORGET, shop_of(evidence), evidence)
            if gone and once is not None:
                await connection.execute(_GIVE_KEY_BACK, *msgspec.structs.astuple(once.key))

    async def to_attach(
        self, home: Home, hand: Hand, ids: Sequence[str], before: Sequence[ThreadId] = ()
    ) -> tuple[EvidenceRef, ...]:
        """Those of these files that this hand uploaded for this lately, or that a command or a message named already.

        before: conversations that an order followed.
        """
        rows = await self._pool.fetch(
            _at(home, _TO_ATTACH, _NAMEABLE),
            *(shop_at(home), home, hand.role, hand.id, list(ids), self._clock.read(), ATTACH_WITHIN, list(before)),
        )
        found = {row["evidence_id"]: _ref(row) for row in rows}
        return tuple(found[one] for one in ids if one in found)

    async def shown(
        self, home: Home, hand: Hand, evidence: str, reads: Sequence[str], before: Sequence[ThreadId] = ()
    ) -> tuple[EvidenceRef, OrderId | None] | None:
        """A file, if an event of this order names it, a message to one of these audiences, or this hand uploaded it.

        With the order it was sent for, if any. before: conversations that an order followed.
        """
        row = await self._pool.fetchrow(
            _at(home, _SHOWN),
            *(shop_at(home), home, hand.role, hand.id, evidence, list(reads), list(before)),
        )
        return (_ref(row), row["order_id"]) if row else None

    async def old(self, limit: int) -> list[Old]:
        """Files that nobody can name any more, and those that were named and are not marked so."""
        rows = await self._pool.fetch(_OLD, self._clock.read(), SWEPT_AFTER, limit)
        return [
            Old(shop=row["shop_id"], order=row["order_id"], id=row["evidence_id"], named=row["named"]) for row in rows
        ]

    async def mark(self, one: Old) -> None:
        """It is part of a case: it need not be looked at again."""
        await self._pool.execute(_MARK, one.shop, one.id, self._clock.read())

    @asynccontextmanager
    async def removing(self, one: Old) -> AsyncGenerator[bool]:
        """Remove the row with the end of the block, in which the bytes go first; False when it was uploaded again.

        Whoever uploads the same file meanwhile waits for it, and then keeps it anew.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            gone = await connection.fetchval(_REMOVE, one.shop, one.id, self._clock.read(), SWEPT_AFTER)
            yield gone is not None


def _at(home: Home, statement: str, where: Mapping[str, str] = _HERE) -> str:
    return statement.replace("{here}", where[home[:4]])


async def _alone(connection: PoolConnectionProxy[Any], home: Home, hand: Hand) -> None:
    """Wait for whoever is just counting what this side, or before any order this person, has sent."""
    shop, lock = shop_at(home), _ALONE.get(home[:4])
    if lock is not None:
        await connection.execute(lock, shop, home)
    if not home.startswith("ord_"):
        await connection.execute(_ONE_OF_THEIRS, shop, hand.role, hand.id)


async def _sent(connection: PoolConnectionProxy[Any], home: Home, hand: Hand, now: Instant | None) -> asyncpg.Record:
    """How much was sent already of what counts together with one more file."""
    shop = shop_at(home)
    if home.startswith("ord_"):
        row = await connection.fetchrow(_SENT, shop, home, hand.role)
    else:
        row = await connection.fetchrow(_SENT_BEFORE, shop, home, hand.role, hand.id, now)
    assert row is not None, "a count is a row"
    return row


async def _repeats(connection: PoolConnectionProxy[Any], home: Home, once: Once | None, now: Instant | None) -> bool:
    """Take the key of a call; whether the same call took it before. Raises IdempotencyKeyReused."""
    if once is None:
        return False
    key = msgspec.structs.astuple(once.key)
    if await connection.fetchval(_TAKE_KEY, *key, once.fingerprint, home, now):
        return False
    if await connection.fetchval(_KEY_IS_OF, *key) != once.fingerprint:
        raise IdempotencyKeyReused
    return True


def _ref(row: asyncpg.Record) -> EvidenceRef:
    return EvidenceRef(id=EvidenceId(row["evidence_id"]), type=row["type"], size=row["size"], digest=row["digest"])
