"""The tables of connected providers, and of what they told us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import TrialRefused
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.record import decode_order
from rescind.core.refund import SANDBOX
from rescind.postgres.accounts import noted

_COLUMNS = "name, kind, test, account, own, direct, version, changed_at, changed_by"
_FIND = "SELECT * FROM provider_connections WHERE CASE WHEN $1 = '' THEN own ELSE name = $1 END"
_ALL = f"SELECT {_COLUMNS} FROM provider_connections ORDER BY name"  # noqa: S608 - names of ours
# Two who connect at the same moment come one after the other, so that a trial never begins beside what moves money.
_ONE_BY_ONE = "LOCK TABLE provider_connections IN SHARE ROW EXCLUSIVE MODE"
_IN_USE = "SELECT name FROM provider_connections WHERE name <> $1 AND (own OR NOT test) ORDER BY own DESC, name LIMIT 1"
_DISOWN = """
UPDATE provider_connections SET own = false, version = version + 1 WHERE own AND name <> $1 AND ($2 OR name = $3)
"""
_PUT = """
INSERT INTO provider_connections (name, kind, test, account, own, direct, secrets, changed_by, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, coalesce($9, clock_timestamp()))
ON CONFLICT (name) DO UPDATE
SET kind = excluded.kind, test = excluded.test, account = excluded.account, own = excluded.own,
    direct = excluded.direct, secrets = excluded.secrets, version = provider_connections.version + 1,
    changed_at = excluded.changed_at, changed_by = excluded.changed_by
"""
_KEEP = """
INSERT INTO provider_messages (connection, message_id, type, body, received_at, due_at)
VALUES ($1, $2, $3, $4, coalesce($5, clock_timestamp()), coalesce($5, clock_timestamp()) + $6::interval)
ON CONFLICT DO NOTHING
"""
_LEASE = """
UPDATE provider_messages m SET due_at = coalesce($1, clock_timestamp()) + $2::interval, attempts = attempts + 1
WHERE (connection, message_id) IN (
    SELECT connection, message_id FROM provider_messages
    WHERE done_at IS NULL AND due_at <= coalesce($1, clock_timestamp())
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING connection, message_id, type, body, attempts, received_at, coalesce($1, clock_timestamp()) AS at
"""
_DONE = """
UPDATE provider_messages SET done_at = coalesce($3, clock_timestamp()), outcome = $4, cause = $5
WHERE connection = $1 AND message_id = $2
"""
_POSTPONE = """
UPDATE provider_messages SET due_at = coalesce($3, clock_timestamp()) + $4::interval
WHERE connection = $1 AND message_id = $2
"""
_ASIDE = """
SELECT connection, message_id, type, received_at, cause FROM provider_messages
WHERE outcome = 'set_aside' ORDER BY received_at DESC LIMIT 100
"""
_FORGET = (
    "DELETE FROM provider_messages WHERE outcome IN ('done', 'no_news') AND done_at < clock_timestamp() - $1::interval"
)
_PAID = (
    "SELECT DISTINCT shop_id, order_id, tender_id FROM payments "
    "WHERE payment = ANY($1::text[]) AND provider = ANY($2::text[])"
)
_STATE = "SELECT state FROM orders WHERE shop_id = $1 AND order_id = $2"

_BY_HAND = "SELECT value FROM installation WHERE key = 'paid_out_by_host'"
_CHOOSE_BY_HAND = """
INSERT INTO installation (key, value) VALUES ('paid_out_by_host', $1)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""

Outcome = Literal["done", "no_news", "set_aside"]
KEPT_FOR = timedelta(days=30)
"""Messages that were understood are kept as long as somebody may ask about them."""


class ConnectionView(msgspec.Struct, frozen=True, kw_only=True):
    """A connected provider; its secrets are not in it. account: whose key it is, where the key says."""

    name: str
    kind: str
    test: bool
    account: str
    own: bool
    direct: bool
    version: int
    changed_at: Instant
    changed_by: str


class Sealed(msgspec.Struct, frozen=True, kw_only=True):
    """A connection with its secrets as they are kept."""

    view: ConnectionView
    secrets: bytes


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider told us, leased ``at``."""

    connection: str
    id: str
    type: str
    body: bytes
    attempts: int
    received_at: Instant
    at: Instant


class Aside(msgspec.Struct, frozen=True, kw_only=True):
    """A message that nothing could be made of, and why; a person looks at it (WH-05)."""

    connection: str
    message_id: str
    type: str
    received_at: Instant
    cause: str


class ByHand(msgspec.Struct, frozen=True):
    """Means of payment whose refunds the marketplace pays out itself, as an operator chose them. by: who did."""

    means: tuple[str, ...] = ()
    by: str = ""


class ConnectionTable:
    """Reads and writes connections, messages, and which payment pays for which order."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def find(self, name: str) -> Sealed | None:
        """A connection by name; "" is the installation's own."""
        row = await self._pool.fetchrow(_FIND, name)
        if row is None:
            return None
        told = dict(row)
        secrets = told.pop("secrets")
        return Sealed(view=ConnectionView(**told), secrets=secrets)

    async def all(self) -> tuple[ConnectionView, ...]:
        """Every connection, by name."""
        return tuple(ConnectionView(**dict(row)) for row in await self._pool.fetch(_ALL))

    async def put(self, view: ConnectionView, secrets: bytes) -> None:
        """Keep a connection; one of the same name is replaced, and there is one that is the installation's own.

        What moves money ends a trial. Raises TrialRefused for one that would take payments from another connection.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_ONE_BY_ONE)
            if view.name == SANDBOX and view.own:
                in_use = await connection.fetchval(_IN_USE, SANDBOX)
                if in_use is not None:
                    raise TrialRefused(connection=in_use)
            if view.own or not view.test:
                await connection.execute(_DISOWN, view.name, view.own, SANDBOX)
            await connection.execute(
                _PUT,
                view.name,
                view.kind,
                view.test,
                view.account,
                view.own,
                view.direct,
                secrets,
                view.changed_by,
                self._clock.read(),
            )
            await noted(connection, "provider_connected", view.changed_by, f"{view.name} ({view.kind})")

    async def by_hand(self) -> ByHand:
        """What an operator chose the marketplace to pay out itself."""
        kept = await self._pool.fetchval(_BY_HAND)
        return msgspec.json.decode(kept, type=ByHand) if kept else ByHand()

    async def choose_by_hand(self, chosen: ByHand) -> None:
        """Keep that choice in place of the one before."""
        await self._pool.execute(_CHOOSE_BY_HAND, msgspec.json.encode(chosen).decode())

    async def keep(self, connection: str, message: str, kind: str, body: bytes, after: timedelta = timedelta()) -> None:
        """Keep a message as it came; the same one again changes nothing (WH-02). It is read ``after`` that long."""
        await self._pool.execute(_KEEP, connection, message, kind, body, self._clock.read(), after)

    async def lease(self, span: timedelta, limit: int) -> list[Message]:
        """Take messages that are due; nobody else gets them before ``span`` is over."""
        return [
            Message(
                connection=row["connection"],
                id=row["message_id"],
                type=row["type"],
                body=row["body"],
                attempts=row["attempts"],
                received_at=row["received_at"],
                at=row["at"],
            )
            for row in await self._pool.fetch(_LEASE, self._clock.read(), span, limit)
        ]

    async def finish(self, message: Message, outcome: Outcome, cause: str = "") -> None:
        """Say what became of a message."""
        await self._pool.execute(_DONE, message.connection, message.id, self._clock.read(), outcome, cause)

    async def postpone(self, message: Message, span: timedelta) -> None:
        """Leave a message for ``span``."""
        await self._pool.execute(_POSTPONE, message.connection, message.id, self._clock.read(), span)

    async def aside(self) -> tuple[Aside, ...]:
        """What a person has to look at, newest first."""
        return tuple(Aside(**dict(row)) for row in await self._pool.fetch(_ASIDE))

    async def forget(self) -> None:
        """Drop messages that were understood long ago: what buyers paid with stands in them."""
        await self._pool.execute(_FORGET, KEPT_FOR)

    async def paid_by(self, names: Sequence[str], connections: Sequence[str]) -> list[tuple[str, OrderId, str]]:
        """Shop, order and tender of everything that a payment pays for, by any of its names."""
        return [
            (row["shop_id"], row["order_id"], row["tender_id"])
            for row in await self._pool.fetch(_PAID, list(names), list(connections))
        ]

    async def order(self, shop: str, order: str) -> Order | None:
        """An order as it stands."""
        state = await self._pool.fetchval(_STATE, shop, order)
        return None if state is None else decode_order(state)
