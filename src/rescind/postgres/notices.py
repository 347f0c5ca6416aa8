"""Notices as rows: written when an event is carried, once for each reader, and marked when somebody has read them."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.ids import NoticeId, ShopId, ThreadId, canonical, make_id, shop_of
from rescind.core.instant import Instant
from rescind.core.notice import LONGEST_QUIET, QUIET, Notice, NoticeRole

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_RANDOM_BITS = 28
KEPT_FOR = timedelta(days=400)
"""How long a notice is kept; what it told of stands in the order's history."""

# What is there already was carried before: its sends are there too, so that only what is new has any.
_WRITE = """
WITH w AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::bytea[], $10::timestamptz[], $11::text[], $12::timestamptz[])
    AS w (shop_id, notice_id, order_id, key, role, party, kind, topic, body, made_at, thread_id, quiet_until)
)
INSERT INTO notices (shop_id, notice_id, order_id, key, role, party, kind, topic, body, made_at, thread_id, quiet_until)
SELECT * FROM w ON CONFLICT (shop_id, order_id, key) DO NOTHING RETURNING notice_id
"""
_SEND = """
INSERT INTO notice_sends (shop_id, notice_id, channel, recipient, state, due_at, made_at)
SELECT w.*, coalesce($7, clock_timestamp())
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[])
    AS w (shop_id, notice_id, channel, recipient, state, due_at)
ON CONFLICT DO NOTHING
"""
_READ = """
UPDATE notices SET read_at = coalesce($5, clock_timestamp()), read_by = $4
WHERE shop_id = $1 AND notice_id = $2 AND role = $3 AND party = $6 AND read_at IS NULL
"""
# Each waits from the newest message on, and none for longer than so: what was sent already stays sent.
_HUSH = """
UPDATE notices SET quiet_until = CASE WHEN quiet_until IS NOT NULL
    THEN greatest(quiet_until, least($5::timestamptz + $6::interval, made_at + $7::interval)) END
WHERE shop_id = $1 AND thread_id = $2 AND thread_id <> '' AND kind = $3 AND role = ANY($4::text[]) AND read_at IS NULL
RETURNING role
"""
_HEARD = """
UPDATE notices SET read_at = coalesce($5, clock_timestamp()), read_by = $4, quiet_until = NULL
WHERE shop_id = $1 AND thread_id = $2 AND thread_id <> '' AND role = $3 AND read_at IS NULL
"""
_READ_ALL = """
UPDATE notices SET read_at = coalesce($4, clock_timestamp()), read_by = $3
WHERE role = $1 AND party = $2 AND read_at IS NULL AND made_at <= $5
"""
_READ_OLDER = """
UPDATE notices SET read_at = coalesce($2, clock_timestamp()), read_by = 'demo' WHERE read_at IS NULL AND made_at < $1
"""
_SEND_NO_OLDER = """
WITH hushed AS (UPDATE notices SET quiet_until = NULL WHERE quiet_until IS NOT NULL AND made_at < $1)
DELETE FROM notice_sends s USING notices n
WHERE n.shop_id = s.shop_id AND n.notice_id = s.notice_id AND n.made_at < $1
"""
_FORGET = """
WITH old AS (
    DELETE FROM notices WHERE ctid = ANY(ARRAY(
        SELECT ctid FROM notices WHERE made_at < coalesce($1, clock_timestamp()) - $2::interval LIMIT 5000))
    RETURNING shop_id, notice_id
)
DELETE FROM notice_sends s USING old WHERE s.shop_id = old.shop_id AND s.notice_id = old.notice_id
"""


class NewSend(NamedTuple):
    """One notice to one address. recipient: a channel's id, or ``buyer:`` and the buyer's. state: waiting, gathered."""

    channel: str
    recipient: str
    state: str
    due_at: Instant


class New(NamedTuple):
    """One notice to be written, and where it goes beside the inbox. made_at: when we heard of what it tells.

    quiet_until: when it is found out where it goes, unless it was read by then.
    """

    notice: Notice
    made_at: Instant
    sends: tuple[NewSend, ...] = ()
    quiet_until: Instant | None = None


async def write(connection: PoolConnectionProxy[Any], found: Sequence[New], now: Instant | None) -> None:
    """Write what is new of these, within somebody's transaction."""
    named = {_id(one): one for one in found}
    fresh = {
        row["notice_id"]
        for row in await connection.fetch(
            _WRITE,
            [one.notice.shop for one in named.values()],
            list(named),
            [one.notice.order for one in named.values()],
            [one.notice.key for one in named.values()],
            [one.notice.role for one in named.values()],
            [one.notice.party for one in named.values()],
            [one.notice.kind.value for one in named.values()],
            [one.notice.group for one in named.values()],
            [msgspec.json.encode(one.notice) for one in named.values()],
            [one.made_at for one in named.values()],
            [one.notice.thread or "" for one in named.values()],
            [one.quiet_until for one in named.values()],
        )
    }
    sends = [(one.notice.shop, name, *each) for name, one in named.items() if name in fresh for each in one.sends]
    if sends:
        await connection.execute(_SEND, *map(list, zip(*sends, strict=True)), now)


async def send(
    connection: PoolConnectionProxy[Any], shop: ShopId, notice: NoticeId, sends: Sequence[NewSend], now: Instant | None
) -> None:
    """Let a notice that stands in the inbox go where it goes beside it, within somebody's transaction."""
    if sends:
        rows = [(shop, notice, *each) for each in sends]
        await connection.execute(_SEND, *map(list, zip(*rows, strict=True)), now)


async def say(connection: PoolConnectionProxy[Any], found: Sequence[Notice], at: Instant) -> None:
    """Tell of a message those who were not told yet of others that they have not read, within its transaction.

    found: for each of its readers, all of one conversation. Whoever was told hears no more; what was not sent yet waits
    until it has been quiet again.
    """
    if not found:
        return
    one = found[0]
    rows = await connection.fetch(
        _HUSH, one.shop, one.thread, one.kind.value, [each.role for each in found], at, QUIET, LONGEST_QUIET
    )
    told = {row["role"] for row in rows}
    await write(connection, [New(each, at, quiet_until=at + QUIET) for each in found if each.role not in told], at)


async def heard(
    connection: PoolConnectionProxy[Any], shop: ShopId, thread: ThreadId, role: NoticeRole, by: str, now: Instant | None
) -> None:
    """A side has read all of a conversation, so what it was told of it is read, too."""
    await connection.execute(_HEARD, shop, thread, role, by, now)


def _id(one: New) -> NoticeId:
    # What one command did comes in the order in which it did it, also where all of it happened at once.
    at = one.made_at + timedelta(milliseconds=one.notice.seq)
    return NoticeId(make_id("ntc", one.notice.shop, at, secrets.randbits(_RANDOM_BITS)))


class NoticeTable:
    """What readers do with their notices, and how long those are kept."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def read(self, role: NoticeRole, party: str, notice: str, by: str) -> bool:
        """Somebody has read one of their notices; whether that was news. Raises NotFound for what is no notice's id."""
        identifier = canonical("ntc", notice)
        done = await self._pool.execute(_READ, shop_of(identifier), identifier, role, by, self._clock.read(), party)
        return done == "UPDATE 1"

    async def read_all(self, role: NoticeRole, party: str, by: str, upto: Instant) -> int:
        """Somebody has read all of their notices that were made until then; how many that were."""
        done: str = await self._pool.execute(_READ_ALL, role, party, by, self._clock.read(), upto)
        return int(done.rpartition(" ")[2])

    async def past(self, read_before: Instant, mailed_before: Instant) -> None:
        """Let what is older be read by whomever it was for, and go by no mail any more: a demo's past."""
        await self._pool.execute(_READ_OLDER, read_before, self._clock.read())
        await self._pool.execute(_SEND_NO_OLDER, mailed_before)

    async def forget(self) -> None:
        """Drop some that are older than anybody looks for."""
        await self._pool.execute(_FORGET, self._clock.read(), KEPT_FOR)


def parties(found: Collection[Notice]) -> tuple[set[tuple[str, str]], set[ShopId], bool]:
    """The buyers, each with the order, and the shops among the readers of these, and whether the platform is one."""
    buyers = {(one.party, str(one.order)) for one in found if one.role == "buyer"}
    shops = {one.shop for one in found if one.role == "seller"}
    return buyers, shops, any(one.role == "support" for one in found)
