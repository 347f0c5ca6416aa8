"""Notices on their way: a queue for each address, leases with a fence, and what is gathered for a digest.

Taking one moves its ``due_at`` to where the lease ends; what is written afterwards shows the fence, so that a worker
that slept past its lease changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.ids import NoticeId, ShopId, shop_of
from rescind.core.instant import Instant
from rescind.core.notice import Notice, Unread
from rescind.core.order import Order
from rescind.core.record import decode_order
from rescind.postgres.mails import MailTable, Telling
from rescind.postgres.notices import NewSend, send
from rescind.postgres.unread import unread, unread_of

_NOW = "(SELECT coalesce($1, clock_timestamp()))"
# From address to address along the index, and of each no more than a few, so that the length of one queue costs nobody
# else anything.
_LEASE = f"""
WITH RECURSIVE queues AS (
    (SELECT recipient FROM notice_sends WHERE channel = $2 AND state = 'waiting' ORDER BY recipient LIMIT 1)
    UNION ALL
    SELECT (SELECT s.recipient FROM notice_sends s
            WHERE s.channel = $2 AND s.state = 'waiting' AND s.recipient > q.recipient ORDER BY s.recipient LIMIT 1)
    FROM queues q WHERE q.recipient IS NOT NULL
), ready AS MATERIALIZED (
    SELECT d.place, d.due_at FROM queues q, LATERAL (
        SELECT ctid AS place, due_at FROM notice_sends s
        WHERE s.channel = $2 AND s.recipient = q.recipient AND s.state = 'waiting' AND s.due_at <= {_NOW}
          -- A restored installation tells nobody anything until it is released.
          AND NOT EXISTS (SELECT FROM installation WHERE key = 'held')
        ORDER BY s.due_at LIMIT $4 FOR UPDATE SKIP LOCKED
    ) AS d
)
UPDATE notice_sends s SET due_at = {_NOW} + $3::interval, fence = fence + 1, tries = tries + 1
WHERE s.ctid = ANY(ARRAY(SELECT place FROM ready ORDER BY due_at LIMIT $5))
RETURNING s.shop_id, s.notice_id, s.channel, s.recipient, s.fence, s.tries
"""  # noqa: S608 - a piece of ours
_AS_IT_IS = f"""
LEFT JOIN orders o ON o.shop_id = n.shop_id AND o.order_id = n.order_id
LEFT JOIN shops s ON s.shop_id = n.shop_id
{unread("n")}
"""
_FOUND = f"""
SELECT n.body, n.kind, o.state, s.name AS shop_name, s.zone, u.*
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (shop_id, notice_id, place)
JOIN notices n ON n.shop_id = w.shop_id AND n.notice_id = w.notice_id
{_AS_IT_IS}
ORDER BY w.place
"""  # noqa: S608 - a piece of ours
_END = f"""
UPDATE notice_sends SET state = $6, ended_at = {_NOW}, said = $7, mail = $8
WHERE shop_id = $2 AND notice_id = $3 AND channel = $4 AND recipient = $5 AND fence = $9 AND state = 'waiting'
"""  # noqa: S608 - a piece of ours
_LATER = f"""
UPDATE notice_sends SET due_at = {_NOW} + $6::interval, said = $7
WHERE shop_id = $2 AND notice_id = $3 AND channel = $4 AND recipient = $5 AND fence = $8 AND state = 'waiting'
"""  # noqa: S608 - a piece of ours
_GATHERED = f"""
SELECT recipient, min(shop_id) AS shop_id, max(due_at) AS due_at FROM notice_sends
WHERE state = 'gathered' AND due_at <= {_NOW} GROUP BY recipient ORDER BY recipient LIMIT $2
"""  # noqa: S608 - a piece of ours
_TAKE_GATHERED = f"""
UPDATE notice_sends SET state = $4, ended_at = {_NOW}, mail = $3
WHERE state = 'gathered' AND recipient = $2 AND due_at <= {_NOW}
"""  # noqa: S608 - a piece of ours
_OF_MAIL = f"""
SELECT n.body, n.kind, o.state, s.name AS shop_name, s.zone, w.notice_id, u.*
FROM notice_sends w
JOIN notices n ON n.shop_id = w.shop_id AND n.notice_id = w.notice_id
{_AS_IT_IS}
WHERE w.mail = $1 ORDER BY n.made_at, n.notice_id
"""  # noqa: S608 - a piece of ours
_ONE = f"""
SELECT n.body, n.kind, o.state, s.name AS shop_name, s.zone, u.*
FROM notices n
{_AS_IT_IS}
WHERE n.shop_id = $1 AND n.notice_id = $2
"""  # noqa: S608 - a piece of ours
_HUSHED = f"""
SELECT body, shop_id, notice_id FROM notices WHERE quiet_until <= {_NOW} ORDER BY quiet_until LIMIT $2
"""  # noqa: S608 - a piece of ours
# Whoever comes second finds nothing to say, and what was read meanwhile is told to nobody.
_SPEAK = f"""
UPDATE notices SET quiet_until = NULL
WHERE shop_id = $2 AND notice_id = $3 AND quiet_until <= {_NOW} RETURNING read_at IS NULL
"""  # noqa: S608 - a piece of ours


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """One notice that one worker sends now. fence: what its end has to show; tries: with this one."""

    shop: ShopId
    notice: NoticeId
    channel: str
    recipient: str
    fence: int
    tries: int


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A notice with the order and what is unread of its conversation as they are now.

    order: None where it is of none. zone: the shop's.
    """

    notice: Notice
    order: Order | None
    unread: Unread
    shop_name: str
    zone: str


class Hushed(msgspec.Struct, frozen=True, kw_only=True):
    """A notice of a conversation in which it has been quiet for long enough."""

    id: NoticeId
    shop: ShopId
    notice: Notice


class Gathered(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody whose digest is due. shop: one of those it tells of. due_at: the hour it was gathered for."""

    recipient: str
    shop: ShopId
    due_at: Instant


class NoticeSends:
    """Leases and ends what is on its way."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def lease(self, channel: str, span: timedelta, *, each: int, most: int) -> list[Leased]:
        """Take what is due on a channel, ``each`` of an address at most; nobody else has it before ``span`` is over."""
        rows = await self._pool.fetch(_LEASE, self._clock.read(), channel, span, each, most)
        return [
            Leased(
                shop=ShopId(row["shop_id"]),
                notice=NoticeId(row["notice_id"]),
                channel=row["channel"],
                recipient=row["recipient"],
                fence=row["fence"],
                tries=row["tries"],
            )
            for row in rows
        ]

    async def found(self, leased: Sequence[Leased]) -> list[Found]:
        """What these tell, in their order."""
        rows = await self._pool.fetch(_FOUND, [one.shop for one in leased], [one.notice for one in leased])
        return [_found(row) for row in rows]

    async def end(self, leased: Leased, state: str, said: str = "", mail: str = "") -> None:
        """It was sent, dropped, refused, or given up. mail: what it went with."""
        await self._pool.execute(
            _END,
            self._clock.read(),
            *(leased.shop, leased.notice, leased.channel, leased.recipient, state, said[:300], mail, leased.fence),
        )

    async def later(self, leased: Leased, span: timedelta, said: str = "") -> None:
        """Try it again after ``span``."""
        await self._pool.execute(
            _LATER,
            self._clock.read(),
            *(leased.shop, leased.notice, leased.channel, leased.recipient, span, said[:300], leased.fence),
        )

    async def hushed(self, limit: int) -> list[Hushed]:
        """What was said in conversations, is unread, and may be told now."""
        rows = await self._pool.fetch(_HUSHED, self._clock.read(), limit)
        return [
            Hushed(
                id=NoticeId(row["notice_id"]),
                shop=ShopId(row["shop_id"]),
                notice=msgspec.json.decode(row["body"], type=Notice),
            )
            for row in rows
        ]

    async def speak(self, hushed: Hushed, sends: Sequence[NewSend]) -> None:
        """Let one go where it goes, once however many workers find it; nowhere when it was read meanwhile."""
        now = self._clock.read()
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_SPEAK, now, hushed.shop, hushed.id):
                await send(connection, hushed.shop, hushed.id, sends, now)

    async def gathered(self, limit: int) -> list[Gathered]:
        """Whose digests are due."""
        rows = await self._pool.fetch(_GATHERED, self._clock.read(), limit)
        return [Gathered(recipient=row["recipient"], shop=ShopId(row["shop_id"]), due_at=row["due_at"]) for row in rows]

    async def put_together(self, gathered: Gathered, mails: MailTable, telling: Telling) -> None:
        """Let all that was gathered for somebody go with one mail, written with it. Raises AddressBounces."""
        async with self._pool.acquire() as connection, connection.transaction():
            mail = await mails.write_telling(connection, telling)
            await connection.execute(_TAKE_GATHERED, self._clock.read(), gathered.recipient, mail.id, "sent")

    async def let_go(self, gathered: Gathered, state: str) -> None:
        """Nothing of it can be sent: it was ``dropped``, or ``refused``."""
        await self._pool.execute(_TAKE_GATHERED, self._clock.read(), gathered.recipient, "", state)

    async def of_mail(self, mail: str) -> list[tuple[NoticeId, Found]]:
        """What a digest tells, the oldest first."""
        return [(NoticeId(row["notice_id"]), _found(row)) for row in await self._pool.fetch(_OF_MAIL, mail)]

    async def one(self, notice: str) -> Found | None:
        """What one notice tells; None once it is no longer kept. Raises NotFound for what is no notice's id."""
        row = await self._pool.fetchrow(_ONE, shop_of(notice), notice)
        return _found(row) if row else None


def _found(row: asyncpg.Record) -> Found:
    return Found(
        notice=msgspec.json.decode(row["body"], type=Notice),
        order=decode_order(row["state"]) if row["state"] else None,
        unread=unread_of(row),
        shop_name=row["shop_name"] or "",
        zone=row["zone"] or "UTC",
    )
