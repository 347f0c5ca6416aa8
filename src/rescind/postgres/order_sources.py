"""The tables of order sources: who they are, what they told us, and which order of ours an order there is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import NotFound
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.record import decode_order
from rescind.postgres.accounts import noted

Kind = Literal["signed", "woocommerce"]
State = Literal["on", "paused"]
Outcome = Literal["done", "no_news", "set_aside"]
Told = Literal["waiting", "done", "no_news", "set_aside", "ignored"]
"""What became of a message, or that nothing has yet."""

_SEEN = (
    "name, kind, shop_id, url, state, settings, old_until, version, fetch_at, fetched_to, fetch_trouble, created_at, "
    "changed_at, changed_by"
)
_FIND = "SELECT * FROM order_sources WHERE name = $1"
_ALL = f"SELECT {_SEEN} FROM order_sources ORDER BY name"  # noqa: S608 - names of ours
_ADD = """
INSERT INTO order_sources (name, kind, shop_id, url, settings, secrets, made_with, changed_by, fetch_at, created_at,
    changed_at)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, CASE WHEN $9 THEN at END, at, at FROM coalesce($10, clock_timestamp()) AS at
ON CONFLICT DO NOTHING
"""
_CHANGE = """
UPDATE order_sources
SET url = $2, settings = $3, secrets = $4, state = $5, changed_by = $6, version = version + 1,
    changed_at = coalesce($7, clock_timestamp()),
    fetch_at = CASE WHEN $8 THEN coalesce($7, clock_timestamp()) ELSE fetch_at END
WHERE name = $1
"""
_ROTATE = """
UPDATE order_sources
SET secrets = $2, rotated_with = $3, old_until = coalesce($5, clock_timestamp()) + $6::interval, changed_by = $4,
    version = version + 1, changed_at = coalesce($5, clock_timestamp())
WHERE name = $1 AND rotated_with IS DISTINCT FROM $3
"""
_KEEP = """
INSERT INTO source_messages (source, message_id, topic, subject, body, received_at, due_at)
SELECT $1, $2, $3, $4, $5, at, at FROM coalesce($6, clock_timestamp()) AS at
ON CONFLICT DO NOTHING
"""
# What a source pushed and what was fetched from it wait alike; those of a paused source wait until it is on again.
_LEASE = """
UPDATE source_messages m SET due_at = coalesce($1, clock_timestamp()) + $2::interval, attempts = attempts + 1
WHERE (source, message_id) IN (
    SELECT w.source, w.message_id FROM source_messages w JOIN order_sources s ON s.name = w.source
    WHERE w.done_at IS NULL AND w.due_at <= coalesce($1, clock_timestamp()) AND s.state = 'on'
    ORDER BY w.due_at, w.received_at LIMIT $3 FOR UPDATE OF w SKIP LOCKED
)
RETURNING source, message_id, topic, subject, body, attempts, received_at, counts, coalesce($1, clock_timestamp()) AS at
"""
_DONE = """
UPDATE source_messages
SET done_at = coalesce($3, clock_timestamp()), outcome = $4, cause = $5, field = $6, expected = $7, order_id = $8
WHERE source = $1 AND message_id = $2
"""
_POSTPONE = """
UPDATE source_messages SET due_at = coalesce($3, clock_timestamp()) + $4::interval, cause = $5
WHERE source = $1 AND message_id = $2
"""
_AGAIN = """
UPDATE source_messages
SET done_at = NULL, outcome = '', cause = '', field = '', expected = '', attempts = 0, ignored_by = '',
    ignored_why = '', due_at = coalesce($3, clock_timestamp()),
    counts = CASE WHEN $4::text = '' OR $4 = ANY(counts) THEN counts ELSE counts || $4 END
WHERE source = $1 AND message_id = $2 AND done_at IS NOT NULL
"""
_IGNORE = """
UPDATE source_messages SET outcome = 'ignored', ignored_by = $3, ignored_why = $4
WHERE source = $1 AND message_id = $2 AND outcome = 'set_aside'
"""
_ALL_AGAIN = """
UPDATE source_messages
SET done_at = NULL, outcome = '', cause = '', field = '', expected = '', attempts = 0,
    due_at = coalesce($2, clock_timestamp())
WHERE source = $1 AND outcome = 'set_aside'
"""
_TOLD = "CASE WHEN done_at IS NULL THEN 'waiting' ELSE outcome END"
_LOG = f"""
SELECT source, message_id, topic, subject, received_at, attempts, done_at, {_TOLD} AS told, cause, field, expected,
    order_id, due_at, ignored_by, ignored_why
FROM source_messages WHERE source = $1 AND ($2::text IS NULL OR {_TOLD} = $2)
    AND ($3::text IS NULL OR (received_at, message_id) < (
        SELECT received_at, message_id FROM source_messages WHERE source = $1 AND message_id = $3))
ORDER BY received_at DESC, message_id DESC LIMIT $4
"""  # noqa: S608 - names of ours
_ONE = f"""
SELECT source, message_id, topic, subject, received_at, attempts, done_at, {_TOLD} AS told, cause, field, expected,
    order_id, due_at, ignored_by, ignored_why, body
FROM source_messages WHERE source = $1 AND message_id = $2
"""  # noqa: S608
_COUNTS = f"""
SELECT source, {_TOLD} AS told, count(*), max(received_at) AS last FROM source_messages GROUP BY 1, 2
"""  # noqa: S608
_FORGET = """
DELETE FROM source_messages
WHERE outcome IN ('done', 'no_news', 'ignored') AND done_at < clock_timestamp() - $1::interval
"""
_FETCH = """
UPDATE order_sources SET fetch_at = coalesce($1, clock_timestamp()) + $2::interval
WHERE name IN (SELECT name FROM order_sources WHERE state = 'on' AND fetch_at <= coalesce($1, clock_timestamp())
    ORDER BY fetch_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING name, coalesce($1, clock_timestamp()) AS at
"""
_FETCHED = """
UPDATE order_sources
SET fetched_to = coalesce($2, fetched_to), fetch_trouble = $3, fetch_at = coalesce($4, clock_timestamp()) + $5::interval
WHERE name = $1
"""
_LINK = """
INSERT INTO source_orders (source, foreign_id, shop_id, order_id, changed_at, contents) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (source, foreign_id) DO UPDATE
SET changed_at = greatest(source_orders.changed_at, excluded.changed_at), contents = excluded.contents
"""
_LINKED = "SELECT * FROM source_orders WHERE source = $1 AND foreign_id = $2"
_OURS = "SELECT * FROM source_orders WHERE shop_id = $1 AND order_id = $2"
_SEEN_THERE = """
UPDATE source_orders SET refunds = ARRAY(SELECT DISTINCT unnest(refunds || $3::text[]) ORDER BY 1)
WHERE source = $1 AND foreign_id = $2
"""
_TO_TELL = """
UPDATE source_orders o
SET due_at = coalesce($1, clock_timestamp()) + $2::interval, attempts = attempts + 1, again = false
WHERE (source, foreign_id) IN (
    SELECT w.source, w.foreign_id FROM source_orders w JOIN order_sources s ON s.name = w.source
    WHERE w.due_at <= coalesce($1, clock_timestamp()) AND s.state = 'on'
    ORDER BY w.due_at LIMIT $3 FOR UPDATE OF w SKIP LOCKED
)
RETURNING *, coalesce($1, clock_timestamp()) AS at
"""
# What moved again meanwhile stays due.
_WAS_TOLD = """
UPDATE source_orders
SET told = ARRAY(SELECT DISTINCT unnest(told || $3::text[]) ORDER BY 1), trouble = '', attempts = 0,
    due_at = CASE WHEN again THEN coalesce($4, clock_timestamp()) END
WHERE source = $1 AND foreign_id = $2
"""
_NOT_TOLD = """
UPDATE source_orders
SET told = ARRAY(SELECT DISTINCT unnest(told || $3::text[]) ORDER BY 1), trouble = $4,
    due_at = coalesce($5, clock_timestamp()) + $6::interval
WHERE source = $1 AND foreign_id = $2
"""
# What is being told, or waits because an answer was lost, keeps its time: nobody else may begin in between.
_MOVED = """
UPDATE source_orders o SET due_at = coalesce(o.due_at, $3, clock_timestamp()), again = true
FROM unnest($1::text[], $2::text[]) AS w (shop_id, order_id), order_sources s
WHERE o.shop_id = w.shop_id AND o.order_id = w.order_id AND s.name = o.source AND s.kind = 'woocommerce'
"""
_MARK = """
UPDATE source_orders SET told = told || $3::text
WHERE source = $1 AND foreign_id = $2 AND NOT $3 = ANY(told) RETURNING true
"""
_UNMARK = "UPDATE source_orders SET told = array_remove(told, $3) WHERE source = $1 AND foreign_id = $2"
_UNTOLD = """
SELECT source, foreign_id, shop_id, order_id, trouble, due_at, attempts FROM source_orders
WHERE source = $1 AND due_at IS NOT NULL AND trouble <> '' ORDER BY due_at LIMIT 100
"""
_STATE = "SELECT state FROM orders WHERE shop_id = $1 AND order_id = $2"

KEPT_FOR = timedelta(days=30)
"""Messages that were understood are kept as long as somebody may ask about them."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Where orders come from; its secrets are not in it. shop: whose orders they are, empty where each message says.

    url: where the host answers, empty where it only pushes. settings: as JSON. old_until: until when the secret before
    still counts. fetch_at: when it is caught up with next, None for one that only pushes; fetched_to: everything that
    changed there until then is here; fetch_trouble: why the last attempt came to nothing, in a code.
    """

    name: str
    kind: Kind
    shop: str
    url: str
    state: State
    settings: bytes
    old_until: Instant | None
    version: int
    fetch_at: Instant | None
    fetched_to: Instant | None
    fetch_trouble: str
    created_at: Instant
    changed_at: Instant
    changed_by: str


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A source with its secrets as they are kept, and what the request that made it was known by."""

    source: Source
    secrets: bytes
    made_with: bytes


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a source told us, leased ``at``. subject: what the host calls the order.

    counts: refunds there of which a person said that they are money of their own.
    """

    source: str
    id: str
    topic: str
    subject: str
    body: bytes
    attempts: int
    received_at: Instant
    at: Instant
    counts: frozenset[str] = frozenset()


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A message and what became of it. cause: why nothing could be made of it, in a code; field, expected: where, as a
    JSON pointer, and what should stand there. order: which of ours it was about, where that is known.
    ignored_by, ignored_why: of one about which somebody said that nothing is to be made of it.
    """

    source: str
    id: str
    topic: str
    subject: str
    received_at: Instant
    attempts: int
    done_at: Instant | None
    told: Told
    cause: str
    field: str
    expected: str
    order: str
    due_at: Instant
    ignored_by: str = ""
    ignored_why: str = ""
    body: bytes = b""


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages of a source came to what, and when the last one came."""

    by_told: Mapping[str, int] = {}
    last_at: Instant | None = None


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """An order there, which is one of ours. changed_at: of its state there that we have read; contents: as it was
    bought. refunds: those there that are known here; told: what of ours was told there. attempts: to tell it.
    """

    source: str
    foreign: str
    shop: str
    order: OrderId
    changed_at: Instant
    contents: bytes
    refunds: frozenset[str]
    told: frozenset[str]
    due_at: Instant | None
    attempts: int
    trouble: str
    at: Instant | None = None


class OrderSourceTable:
    """Reads and writes sources, their messages, and which order is which."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    # Sources.

    async def all(self) -> tuple[Source, ...]:
        """Every source, by name."""
        return tuple(map(_source, await self._pool.fetch(_ALL)))

    async def find(self, name: str) -> Sealed:
        """A source by name. Raises NotFound."""
        row = await self._pool.fetchrow(_FIND, name)
        if row is None:
            raise NotFound(kind="source")
        return Sealed(source=_source(row), secrets=row["secrets"], made_with=row["made_with"])

    async def add(
        self,
        name: str,
        kind: Kind,
        shop: str,
        url: str,
        settings: bytes,
        secrets: bytes,
        made_with: bytes,
        by: str,
        *,
        fetched: bool,
    ) -> None:
        """Keep a new source; one of this name that is there stays as it is. fetched: it is asked what changed, too."""
        given = (name, kind, shop, url, settings, secrets, made_with, by, fetched, self._clock.read())
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.execute(_ADD, *given) == "INSERT 0 1":
                await noted(connection, "source_made", by, f"{name} ({kind})")

    async def change(
        self,
        name: str,
        *,
        url: str,
        settings: bytes,
        secrets: bytes,
        state: State,
        by: str,
        fetch: bool = False,
    ) -> None:
        """Keep a source as it is now. fetch: ask it for what changed at once."""
        now = self._clock.read()
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_CHANGE, name, url, settings, secrets, state, by, now, fetch)
            if not fetch:
                await noted(connection, "source_changed", by, name)

    async def rotate(self, name: str, secrets: bytes, rotated_with: bytes, by: str, holds: timedelta) -> None:
        """Put a new secret in place; the one before counts for ``holds``. The same request again changes nothing."""
        given = (name, secrets, rotated_with, by, self._clock.read(), holds)
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.execute(_ROTATE, *given) == "UPDATE 1":
                await noted(connection, "source_rotated", by, name)

    # Messages.

    async def keep(self, source: str, message: str, topic: str, subject: str, body: bytes) -> None:
        """Keep a message as it came; the same one again changes nothing."""
        await self._pool.execute(_KEEP, source, message, topic, subject, body, self._clock.read())

    async def lease(self, span: timedelta, limit: int) -> list[Message]:
        """Take messages that are due; nobody else gets them before ``span`` is over."""
        return [
            Message(
                source=row["source"],
                id=row["message_id"],
                topic=row["topic"],
                subject=row["subject"],
                body=row["body"],
                attempts=row["attempts"],
                received_at=row["received_at"],
                at=row["at"],
                counts=frozenset(row["counts"]),
            )
            for row in await self._pool.fetch(_LEASE, self._clock.read(), span, limit)
        ]

    async def finish(
        self,
        message: Message,
        outcome: Outcome,
        *,
        cause: str = "",
        field: str = "",
        expected: str = "",
        order: str = "",
    ) -> None:
        """Say what became of a message."""
        await self._pool.execute(
            _DONE, message.source, message.id, self._clock.read(), outcome, cause, field, expected, order
        )

    async def postpone(self, message: Message, span: timedelta, cause: str) -> None:
        """Leave a message for ``span``; why, in a code."""
        await self._pool.execute(_POSTPONE, message.source, message.id, self._clock.read(), span, cause)

    async def again(self, source: str, message: str, counts: str = "") -> None:
        """Read a message again, whatever became of it. counts: a refund there that is money of its own after all."""
        await self._pool.execute(_AGAIN, source, message, self._clock.read(), counts)

    async def ignore(self, source: str, message: str, by: str, why: str) -> bool:
        """Make nothing of a message that was set aside; False for one that is not."""
        return await self._pool.execute(_IGNORE, source, message, by, why) == "UPDATE 1"

    async def all_again(self, source: str) -> int:
        """Read again everything that nothing could be made of; how much that is."""
        return int((await self._pool.execute(_ALL_AGAIN, source, self._clock.read())).rpartition(" ")[2])

    async def log(self, source: str, told: Told | None, *, after: str | None, limit: int) -> tuple[Entry, ...]:
        """Messages of a source, the newest first, from after one on."""
        return tuple(map(_entry, await self._pool.fetch(_LOG, source, told, after, limit)))

    async def message(self, source: str, message: str) -> Entry:
        """One message with its body. Raises NotFound."""
        row = await self._pool.fetchrow(_ONE, source, message)
        if row is None:
            raise NotFound(kind="message")
        return _entry(row)

    async def counts(self) -> dict[str, Counts]:
        """How many messages of each source came to what."""
        found: dict[str, dict[str, int]] = {}
        last: dict[str, Instant] = {}
        for row in await self._pool.fetch(_COUNTS):
            found.setdefault(row["source"], {})[row["told"]] = row["count"]
            last[row["source"]] = max(row["last"], last.get(row["source"], row["last"]))
        return {name: Counts(by_told=told, last_at=last[name]) for name, told in found.items()}

    async def forget(self) -> None:
        """Drop messages that were understood long ago: names and addresses of buyers stand in them."""
        await self._pool.execute(_FORGET, KEPT_FOR)

    # Catching up.

    async def to_fetch(self, span: timedelta) -> tuple[str, Instant] | None:
        """The source that is to be asked what changed, and the time now; nobody else has it before ``span`` is over."""
        row = await self._pool.fetchrow(_FETCH, self._clock.read(), span)
        return (row["name"], row["at"]) if row else None

    async def fetched(self, source: str, to: Instant | None, trouble: str, again_in: timedelta) -> None:
        """Say how far it is caught up with (None: no further), what was in the way, and when it is asked again."""
        await self._pool.execute(_FETCHED, source, to, trouble, self._clock.read(), again_in)

    # Which order is which, and what it is to be told.

    async def link(
        self, source: str, foreign: str, shop: str, order: str, changed_at: Instant, contents: bytes
    ) -> None:
        """Keep which order of ours an order there is, and the state of it there that was read."""
        await self._pool.execute(_LINK, source, foreign, shop, order, changed_at, contents)

    async def linked(self, source: str, foreign: str) -> Linked | None:
        """What is known of an order there."""
        row = await self._pool.fetchrow(_LINKED, source, foreign)
        return _linked(row) if row else None

    async def ours(self, shop: str, order: str) -> Linked | None:
        """Where an order of ours came from, if from a source that is to be told."""
        row = await self._pool.fetchrow(_OURS, shop, order)
        return _linked(row) if row else None

    async def seen_there(self, source: str, foreign: str, refunds: Iterable[str]) -> None:
        """Remember refunds there, by their ids there."""
        await self._pool.execute(_SEEN_THERE, source, foreign, list(refunds))

    async def to_tell(self, span: timedelta, limit: int) -> list[Linked]:
        """Take orders of which something is to be told; nobody else gets them before ``span`` is over."""
        return [_linked(row) for row in await self._pool.fetch(_TO_TELL, self._clock.read(), span, limit)]

    async def was_told(self, one: Linked, told: Iterable[str]) -> None:
        """Say that the order there knows all of it."""
        await self._pool.execute(_WAS_TOLD, one.source, one.foreign, list(told), self._clock.read())

    async def not_told(self, one: Linked, told: Iterable[str], trouble: str, again_in: timedelta) -> None:
        """Say what of it the order there knows, what is in the way of the rest, and when it is tried again."""
        await self._pool.execute(_NOT_TOLD, one.source, one.foreign, list(told), trouble, self._clock.read(), again_in)

    async def mark(self, one: Linked, name: str) -> bool:
        """Put down that something is about to be asked for there; whether nobody had before."""
        return bool(await self._pool.fetchval(_MARK, one.source, one.foreign, name))

    async def unmark(self, one: Linked, name: str) -> None:
        """It was plainly not taken, so that it may be asked for again."""
        await self._pool.execute(_UNMARK, one.source, one.foreign, name)

    async def untold(self, source: str) -> tuple[Linked, ...]:
        """Orders there that could not be told something yet."""
        return tuple(
            Linked(
                source=row["source"],
                foreign=row["foreign_id"],
                shop=row["shop_id"],
                order=OrderId(row["order_id"]),
                changed_at=row["due_at"],
                contents=b"",
                refunds=frozenset(),
                told=frozenset(),
                due_at=row["due_at"],
                attempts=row["attempts"],
                trouble=row["trouble"],
            )
            for row in await self._pool.fetch(_UNTOLD, source)
        )

    async def order(self, shop: str, order: str) -> Order | None:
        """An order of ours as it stands."""
        state = await self._pool.fetchval(_STATE, shop, order)
        return None if state is None else decode_order(state)


async def moved(connection: Any, orders: Sequence[tuple[str, str]], now: Instant | None) -> None:
    """Have the orders of sources looked at that moved, each by its shop and id; in the caller's transaction."""
    await connection.execute(_MOVED, [shop for shop, _ in orders], [order for _, order in orders], now)


def _source(row: Any) -> Source:
    return Source(
        name=row["name"],
        kind=row["kind"],
        shop=row["shop_id"],
        url=row["url"],
        state=row["state"],
        settings=row["settings"],
        old_until=row["old_until"],
        version=row["version"],
        fetch_at=row["fetch_at"],
        fetched_to=row["fetched_to"],
        fetch_trouble=row["fetch_trouble"],
        created_at=row["created_at"],
        changed_at=row["changed_at"],
        changed_by=row["changed_by"],
    )


def _entry(row: Any) -> Entry:
    told = dict(row)
    return Entry(id=told.pop("message_id"), order=told.pop("order_id"), **told)


def _linked(row: Any) -> Linked:
    return Linked(
        source=row["source"],
        foreign=row["foreign_id"],
        shop=row["shop_id"],
        order=OrderId(row["order_id"]),
        changed_at=row["changed_at"],
        contents=row["contents"],
        refunds=frozenset(row["refunds"]),
        told=frozenset(row["told"]),
        due_at=row["due_at"],
        attempts=row["attempts"],
        trouble=row["trouble"],
        at=row.get("at"),
    )
