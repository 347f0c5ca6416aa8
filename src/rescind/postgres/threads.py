"""Conversations as rows: what is said is added and never changed; what a side has seen is noted once for each place."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import msgspec

from rescind.clock import Clock, wall_clock
from rescind.core.conversation import (
    AT_ONCE,
    SIDES,
    WITHIN,
    About,
    Audience,
    Flag,
    Outside,
    Side,
    alerted,
    audiences,
    readers,
)
from rescind.core.errors import IdempotencyKeyReused, InvalidField, RateLimited
from rescind.core.event import Note
from rescind.core.ids import MessageId, OrderId, ShopId, ThreadId, make_id, shop_of
from rescind.core.instant import Instant
from rescind.core.notice import Notice, NoticeKind, role_of
from rescind.core.order import Order
from rescind.core.record import Record
from rescind.core.spoken import concerns
from rescind.postgres import notices

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_RANDOM_BITS = 28

# One conversation an order, whoever begins it and however many do at once.
_OPEN = """
INSERT INTO threads (shop_id, thread_id, buyer_id, about, order_id, sku, subject, opened_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, coalesce($8, clock_timestamp()))
ON CONFLICT (shop_id, order_id) DO NOTHING
"""
# What was sent to the shop for a question goes along with it, and with no other.
_TAKE_ALONG = """
WITH taken AS (
    UPDATE evidence SET thread_id = $2
    WHERE shop_id = $1 AND evidence_id = ANY($3::text[]) AND order_id IS NULL AND thread_id IS NULL
    RETURNING evidence_id
)
SELECT count(*) FROM taken
"""
_OF_ORDER = "SELECT thread_id FROM threads WHERE shop_id = $1 AND order_id = $2"
# Whoever says something waits for whoever is just saying something, so that places have no gap and times no knot.
_ALONE = """
SELECT t.buyer_id, t.messages, t.order_id, coalesce(nullif(t.subject, ''), t.sku) AS subject, o.number
FROM threads t LEFT JOIN orders o ON o.shop_id = t.shop_id AND o.order_id = t.order_id
WHERE t.shop_id = $1 AND t.thread_id = $2 FOR NO KEY UPDATE OF t
"""
_SAID = """
SELECT message_id, thread_id, fingerprint FROM messages
WHERE shop_id = $1 AND side = $2 AND author = $3 AND key = $4
"""
_LATELY = """
SELECT count(*) FROM messages
WHERE shop_id = $1 AND thread_id = $2 AND side = $3 AND place > $4 - $5::int
  AND sent_at > coalesce($6, clock_timestamp()) - $7::interval
"""
_SAY = """
INSERT INTO messages (shop_id, thread_id, place, message_id, audience, side, author, body, salt, digest, evidence,
                      flag, key, fingerprint, outside_way, outside_at, answers, sent_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
        coalesce($18, clock_timestamp()))
ON CONFLICT (shop_id, side, author, key) DO NOTHING
RETURNING sent_at
"""
_COUNT = """
UPDATE threads SET messages = $3,
    asked_at = CASE WHEN $4 = 'buyer' AND $5 THEN coalesce(asked_at, $6) ELSE asked_at END,
    answered_at = CASE WHEN $4 = 'seller' AND $5 AND asked_at IS NOT NULL THEN coalesce(answered_at, $6)
                       ELSE answered_at END,
    waits_since = CASE WHEN $5 AND $4 = 'buyer' THEN coalesce(waits_since, $6)
                       WHEN $5 AND $4 = 'seller' THEN NULL ELSE waits_since END
WHERE shop_id = $1 AND thread_id = $2
"""
_TELL = """
INSERT INTO thread_sides (shop_id, thread_id, side, buyer_id, last_at, last_place, new_place, flagged, note_place)
SELECT $1, $2, one.side, $3, $4, $5, CASE WHEN one.alerted THEN $5 ELSE 0 END, one.side = 'platform' AND $6,
       CASE WHEN $9 THEN $5 ELSE 0 END
FROM unnest($7::text[], $8::bool[]) AS one (side, alerted)
ON CONFLICT (shop_id, thread_id, side) DO UPDATE SET
    last_at = excluded.last_at, last_place = excluded.last_place,
    new_place = greatest(thread_sides.new_place, excluded.new_place),
    flagged = thread_sides.flagged OR excluded.flagged,
    note_place = greatest(thread_sides.note_place, excluded.note_place)
"""
_TOOK_PART = """
INSERT INTO thread_people (shop_id, thread_id, account_id, seen_place) VALUES ($1, $2, $3, $4)
ON CONFLICT (shop_id, thread_id, account_id) DO UPDATE SET seen_place = excluded.seen_place
"""
_SEEN_BY = """
UPDATE thread_people p SET seen_place = m.place FROM messages m
WHERE p.shop_id = $1 AND p.thread_id = $2 AND p.account_id = $3 AND p.seen_place < m.place
  AND m.shop_id = $1 AND m.thread_id = $2 AND m.message_id = $4
RETURNING true
"""
# An offer has a place and no message: whoever saw a message saw the offers after it, up to the next one they may read.
_SEEN = """
WITH moved AS (
    UPDATE thread_sides t SET seen_place = upto.place
    FROM (SELECT coalesce((SELECT m.place FROM messages m WHERE m.shop_id = $1 AND m.thread_id = $2
                           AND m.message_id = $4), 0) AS place) said
    CROSS JOIN LATERAL (
        SELECT CASE WHEN EXISTS (
            SELECT FROM messages m WHERE m.shop_id = $1 AND m.thread_id = $2 AND m.audience = ANY($6::text[])
              AND m.place > said.place AND m.place <= x.new_place
        ) THEN said.place ELSE greatest(said.place, x.new_place) END AS place
        FROM thread_sides x WHERE x.shop_id = $1 AND x.thread_id = $2 AND x.side = $3
    ) upto
    WHERE t.shop_id = $1 AND t.thread_id = $2 AND t.side = $3
      AND t.seen_place < upto.place AND t.new_place > t.seen_place
    RETURNING t.seen_place
)
INSERT INTO message_reads (shop_id, thread_id, side, place, seen_at)
SELECT $1, $2, $3, seen_place, coalesce($5, clock_timestamp()) FROM moved
ON CONFLICT DO NOTHING RETURNING true
"""
_ALL_SEEN = """
SELECT EXISTS (SELECT FROM thread_sides WHERE shop_id = $1 AND thread_id = $2 AND side = $3 AND new_place <= seen_place)
"""
# Whoever says something has read what was there: nobody answers what they have not seen.
_ANSWERED = """
WITH moved AS (
    UPDATE thread_sides SET seen_place = greatest(last_place, new_place)
    WHERE shop_id = $1 AND thread_id = $2 AND side = $3 AND new_place > seen_place
    RETURNING seen_place
)
INSERT INTO message_reads (shop_id, thread_id, side, place, seen_at)
SELECT $1, $2, $3, seen_place, $4 FROM moved
ON CONFLICT DO NOTHING
"""
_TAKE_PLACE = "UPDATE threads SET messages = messages + 1 WHERE shop_id = $1 AND thread_id = $2 RETURNING messages"
_TELL_ACT = """
INSERT INTO thread_sides (shop_id, thread_id, side, buyer_id, last_at, last_place, new_place)
SELECT $1, $2, one.side, $3, $4, 0, CASE WHEN one.side = $6 THEN $5 ELSE 0 END FROM unnest($7::text[]) AS one (side)
ON CONFLICT (shop_id, thread_id, side) DO UPDATE SET
    last_at = excluded.last_at, new_place = greatest(thread_sides.new_place, excluded.new_place)
"""
_LOOKED_AT = """
UPDATE thread_sides SET flagged = false WHERE shop_id = $1 AND thread_id = $2 AND side = 'platform' AND flagged
RETURNING true
"""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says, ready to be kept. key, fingerprint: what makes a repeated call a repeat.

    outside: of what was said elsewhere; ``note`` holds with whom in its first line. answers: another message of it.
    answer_s: how long the shop has to answer before the buyer may call the platform, in seconds; 0 where they may not.
    """

    side: Side
    author: str
    account: str = ""
    audience: Audience
    note: Note
    evidence: tuple[str, ...] = ()
    flag: Flag | None = None
    outside: Outside | None = None
    answers: MessageId | None = None
    answer_s: int = 0
    key: str
    fingerprint: bytes


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What a conversation that does not exist yet is about."""

    shop: ShopId
    buyer: str
    about: About
    order: OrderId | None = None
    sku: str = ""
    subject: str = ""


class Sent(NamedTuple):
    """What was kept. repeated: by an earlier call that said the same."""

    thread: ThreadId
    message: MessageId
    repeated: bool


class ThreadTable:
    """Writes. Whoever calls has seen through their own scope that the thread, the order or the shop is there."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def begin(self, opening: Opening, said: Said) -> Sent:
        """Say something in a new conversation, or in that of the order where there is one.

        Raises IdempotencyKeyReused, RateLimited, InvalidField for a file that another question took along; after any of
        them there is no more than before.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            if before := await self._before(connection, opening.shop, said):
                return before
            thread = await _opened(connection, opening, self._clock.read())
            if opening.order is None and said.evidence:
                taken: int = await connection.fetchval(_TAKE_ALONG, opening.shop, thread, list(said.evidence))
                if taken < len(said.evidence):
                    raise InvalidField(field="/evidence", expected="files that no other question has")
            return await self._say(connection, thread, said)

    async def say(self, thread: ThreadId, said: Said) -> Sent:
        """Say something in a conversation. Raises IdempotencyKeyReused, RateLimited."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self._before(connection, shop_of(thread), said) or await self._say(connection, thread, said)

    async def seen(self, thread: ThreadId, side: Side, upto: MessageId | None, by: str, account: str = "") -> bool:
        """A side saw everything up to a message that it may read, and what was offered before the next one.

        Whether that was news, to the side or to the person of the account. upto: None before anything was said. by: who
        of it.
        """
        shop, now = shop_of(thread), self._clock.read()
        readable = [one.value for one in audiences(side)]
        async with self._pool.acquire() as connection, connection.transaction():
            moved = bool(await connection.fetchval(_SEEN, shop, thread, side, upto, now, readable))
            if moved and await connection.fetchval(_ALL_SEEN, shop, thread, side):
                await notices.heard(connection, shop, thread, role_of(side), by, now)
            if account and await connection.fetchval(_SEEN_BY, shop, thread, account, upto):
                return True
            return moved

    async def looked_at(self, thread: ThreadId) -> bool:
        """Support has looked at what a message of this thread plainly says; whether it was still to be looked at."""
        return bool(await self._pool.fetchval(_LOOKED_AT, shop_of(thread), thread))

    async def _before(self, connection: PoolConnectionProxy[Any], shop: ShopId, said: Said) -> Sent | None:
        """What an earlier call of this key left. Raises IdempotencyKeyReused for one that said something else."""
        row = await connection.fetchrow(_SAID, shop, said.side, said.author, said.key)
        if row is None:
            return None
        if row["fingerprint"] != said.fingerprint:
            raise IdempotencyKeyReused
        return Sent(row["thread_id"], row["message_id"], repeated=True)

    async def _say(self, connection: PoolConnectionProxy[Any], thread: ThreadId, said: Said) -> Sent:
        shop = shop_of(thread)
        row = await connection.fetchrow(_ALONE, shop, thread)
        assert row is not None, "the caller saw it, and threads stay"
        place, now = row["messages"] + 1, self._clock.read()
        lately: int = await connection.fetchval(_LATELY, shop, thread, said.side, place, 10 * AT_ONCE, now, WITHIN)
        if lately >= AT_ONCE:
            raise RateLimited(retry_after=int(WITHIN.total_seconds()))
        message = MessageId(_id("msg", shop, now))
        flag = said.flag.value if said.flag else ""
        at: Instant | None = await connection.fetchval(
            _SAY,
            *(shop, thread, place, message, said.audience.value, said.side, said.author),
            *(said.note.body, said.note.salt, said.note.digest, list(said.evidence), flag, said.key),
            said.fingerprint,
            *((said.outside.way.value, said.outside.at) if said.outside else (None, None)),
            *(said.answers, now),
        )
        if at is None:
            # The same call at the same moment: it was written while this one waited.
            found = await self._before(connection, shop, said)
            assert found is not None, "its key is there"
            return found
        await connection.execute(_ANSWERED, shop, thread, said.side, at)
        await notices.heard(connection, shop, thread, role_of(said.side), said.author, at)
        told = readers(said.audience)
        # A note of what was said elsewhere neither asks nor answers anything here.
        both = {"buyer", "seller"} <= set(told) and said.outside is None
        await connection.execute(_COUNT, shop, thread, place, said.side, both, at)
        await connection.execute(
            _TELL,
            *(shop, thread, row["buyer_id"], at, place, said.flag is Flag.ASKS_BUYER_TO_CANCEL),
            *(list(told), [alerted(side, said.side, said.audience, said.flag) for side in told]),
            said.audience is Audience.INTERNAL,
        )
        if said.account:
            await connection.execute(_TOOK_PART, shop, thread, said.account, place)
        await notices.say(connection, _notices(thread, message, said, row, at), at)
        return Sent(thread, message, repeated=False)


async def act(connection: PoolConnectionProxy[Any], order: Order, records: Sequence[Record], at: Instant) -> None:
    """Give what was offered or answered a place in the conversation about its order, within the command's transaction.

    That opens it where nobody has said anything. Everybody reads it, and to whom it is offered it is new.
    """
    for record in records:
        concerned = concerns(record)
        if concerned is None:
            continue
        by, to = concerned
        opening = Opening(shop=order.shop, buyer=order.buyer, about=About.ORDER, order=order.id)
        thread = await _opened(connection, opening, at)
        place: int = await connection.fetchval(_TAKE_PLACE, order.shop, thread)
        if record.actor.kind.value == by:
            # What support does for somebody they have not seen yet.
            await connection.execute(_ANSWERED, order.shop, thread, by, at)
        await connection.execute(_TELL_ACT, order.shop, thread, order.buyer, at, place, to, list(SIDES))


async def _opened(connection: PoolConnectionProxy[Any], opening: Opening, at: Instant | None) -> ThreadId:
    """A new conversation, or that of the order where there is one."""
    thread = ThreadId(_id("cnv", opening.shop, at))
    await connection.execute(
        _OPEN,
        *(opening.shop, thread, opening.buyer, opening.about.value, opening.order),
        *(opening.sku, opening.subject, at),
    )
    if opening.order is None:
        return thread
    return ThreadId(await connection.fetchval(_OF_ORDER, opening.shop, opening.order))


def _id(prefix: str, shop: ShopId, at: Instant | None) -> str:
    return make_id(prefix, shop, at or wall_clock(), secrets.randbits(_RANDOM_BITS))


def _notices(thread: ThreadId, message: MessageId, said: Said, row: asyncpg.Record, at: Instant) -> list[Notice]:
    """What a message tells those to whom it is news. row: its conversation."""
    shop = shop_of(thread)
    parties: dict[Side, str] = {"buyer": row["buyer_id"], "seller": shop, "platform": ""}
    return [
        Notice(
            kind=NoticeKind.CONTACT_NOTE if said.outside else NoticeKind.MESSAGE,
            role=role_of(side),
            party=parties[side],
            order=OrderId(row["order_id"] or ""),
            shop=shop,
            number=row["number"] or "",
            seq=0,
            at=at,
            about=message,
            thread=thread,
            subject=row["subject"],
            answer_s=said.answer_s if side == "seller" else 0,
        )
        for side in readers(said.audience)
        if alerted(side, said.side, said.audience, said.flag)
    ]
