"""The table ``mandates``: what people let programs do, and what of it was used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import asyncpg
import msgspec

from rescind.core.errors import MandateStands, NotFound
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.mandate import Bounds, Held, ProgramAct
from rescind.core.money import Money
from rescind.postgres.credentials import MARK_BYTES, Role

_BOUNDS = "m.acts, m.shops, m.buyer_id AS buyer, m.currency, m.each_minor, m.a_day_minor, m.acts_a_day, m.until"
_FIELDS = f"""
m.mandate_id AS id, {_BOUNDS}, m.because, m.made_by, m.made_by_name, m.made_at, m.ended_by, m.ended_by_name,
m.ended_at, m.used_on, m.used_minor, m.used_acts, m.acts_made,
encode(substring(m.key_hash FROM 1 FOR {MARK_BYTES}), 'hex') AS key,
c.principal AS program, c.role, c.shop_id AS shop, c.buyer_id AS key_buyer,
c.revoked_at IS NULL AND c.expires_at > clock_timestamp() AS key_in_force
"""
_FROM = "FROM mandates m JOIN credentials c ON c.token_hash = m.key_hash"
# A shop is told of its own programs, of the platform's that may act on its orders, and of those that did. Of one that
# is not its own it is told what was used on its orders.
_SEES = """
($1::text IS NULL OR c.shop_id = $1 OR $1 = ANY(m.shops) OR (c.role IN ('support', 'operator') AND m.shops = '{}')
 OR EXISTS (SELECT FROM mandate_acts a WHERE (a.shop_id, a.mandate_id) = ($1, m.mandate_id)))
"""
_ALL = f"""
SELECT {_FIELDS} {_FROM} WHERE {_SEES}
ORDER BY m.ended_at IS NULL AND m.until > $3 DESC, m.made_at DESC, m.mandate_id LIMIT $2
"""
_ONE = f"SELECT {_FIELDS} {_FROM} WHERE {_SEES} AND m.mandate_id = $2"
_HERE = """
SELECT mandate_id, coalesce(sum(counted_minor) FILTER (WHERE done_at >= $3), 0)::bigint AS used_minor,
       count(*) FILTER (WHERE done_at >= $3) AS used_acts, count(*) AS acts_made
FROM mandate_acts WHERE shop_id = $1 AND mandate_id = ANY($2::text[]) GROUP BY mandate_id
"""
_ACTS = """
SELECT a.id, a.mandate_id AS mandate, a.shop_id AS shop, a.order_id AS order, o.number, a.act, o.currency,
       a.worth_minor, a.counted_minor, a.done_at AS at
FROM mandate_acts a JOIN orders o USING (shop_id, order_id)
WHERE a.mandate_id = $2 AND ($1::text IS NULL OR a.shop_id = $1) AND ($3::bigint IS NULL OR a.id < $3)
ORDER BY a.id DESC LIMIT $4
"""
# Of two who give a mandate to one key at once, the second waits for the first and then sees its mandate.
_KEY = f"""
SELECT token_hash, role, shop_id, buyer_id FROM credentials
WHERE kind = 'key' AND mandated AND encode(substring(token_hash FROM 1 FOR {MARK_BYTES}), 'hex') = $1
  AND revoked_at IS NULL AND expires_at > clock_timestamp()
FOR NO KEY UPDATE
"""  # noqa: S608 - a number of ours
_STANDS = "SELECT mandate_id FROM mandates WHERE key_hash = $1 AND ended_at IS NULL AND until > $2"
_ADD = """
INSERT INTO mandates (mandate_id, key_hash, acts, shops, buyer_id, currency, each_minor, a_day_minor, acts_a_day, until,
                      because, made_by, made_by_name, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_END = """
UPDATE mandates SET ended_at = $2, ended_by = $3, ended_by_name = $4 WHERE mandate_id = $1 AND ended_at IS NULL
"""
_HOLD = f"""
SELECT m.mandate_id AS id, m.ended_at, m.used_on, m.used_minor, m.used_acts, m.acts_made, {_BOUNDS} FROM mandates m
WHERE m.mandate_id = ANY($1::text[]) ORDER BY m.mandate_id FOR NO KEY UPDATE
"""  # noqa: S608 - names of ours
_USE = """
UPDATE mandates AS m
SET used_on = u.used_on, used_minor = u.used_minor, used_acts = u.used_acts, acts_made = u.acts_made
FROM unnest($1::text[], $2::date[], $3::bigint[], $4::bigint[], $5::bigint[])
    AS u (mandate_id, used_on, used_minor, used_acts, acts_made)
WHERE m.mandate_id = u.mandate_id
"""
_DONE = """
INSERT INTO mandate_acts (shop_id, order_id, seq, mandate_id, act, worth_minor, counted_minor, done_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                     $8::timestamptz[])
"""
MOST = 500
"""So many are listed."""


class NewMandate(msgspec.Struct, frozen=True, kw_only=True):
    """A mandate to be made. key: the mark of the key it is for. by: as what and who; by_name: what they are called."""

    id: str
    key: str
    bounds: Bounds
    because: str
    by: str
    by_name: str
    at: Instant


class MandateView(msgspec.Struct, frozen=True, kw_only=True):
    """A mandate as people see it. program: what its key is called; role, shop, key_buyer: as whom the key comes."""

    id: str
    key: str
    program: str
    role: Role
    shop: ShopId | None
    key_buyer: str | None
    key_in_force: bool
    held: Held
    because: str
    made_by: str
    made_by_name: str
    made_at: Instant
    ended_by: str
    ended_by_name: str

    @property
    def bounds(self) -> Bounds:
        """What it allows."""
        return self.held.bounds

    def holds(self, now: Instant) -> bool:
        """Whether anything can be done under it."""
        return self.key_in_force and self.held.ended_at is None and now < self.bounds.until

    def left(self, day: date) -> int:
        """What of a day's sum is left, in minor units."""
        return max(0, self.bounds.a_day_minor - self.held.used(day))


class Act(msgspec.Struct, frozen=True, kw_only=True):
    """What was done under a mandate. seq: the first of its records in the order; worth_minor: what it was about;
    counted_minor: what of it counted against the day.
    """

    mandate: str
    shop: ShopId
    order: OrderId
    seq: int
    act: ProgramAct
    worth_minor: int
    counted_minor: int
    at: Instant


class ActView(msgspec.Struct, frozen=True, kw_only=True):
    """An act as people see it. number: the host's of the order; worth, counted: as of ``Act``; id: where to read on."""

    id: int
    mandate: str
    shop: ShopId
    order: OrderId
    number: str
    act: ProgramAct
    worth: Money
    counted: Money
    at: Instant


class MandateTable:
    """Writes and reads mandates. None is ever deleted: events name them."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def all(self, now: Instant, shop: ShopId | None = None) -> tuple[MandateView, ...]:
        """Those that hold first, and the newest of them first; shop: as it is told of them."""
        return await self._as_told(await self._pool.fetch(_ALL, shop, MOST, now), now, shop)

    async def one(self, identifier: str, now: Instant, shop: ShopId | None = None) -> MandateView:
        """Raises NotFound, also for one that the shop is told nothing of."""
        found = await self._as_told(await self._pool.fetch(_ONE, shop, identifier), now, shop)
        if not found:
            raise NotFound(kind="mandate")
        return found[0]

    async def acts(
        self, identifier: str, after: int | None, limit: int, shop: ShopId | None = None
    ) -> tuple[ActView, ...]:
        """What was done under a mandate, the last first; shop: on its orders. after: of which part this is the next."""
        return tuple(map(_act, await self._pool.fetch(_ACTS, shop, identifier, after, limit)))

    async def _as_told(
        self, rows: Sequence[Mapping[str, Any]], now: Instant, shop: ShopId | None
    ) -> tuple[MandateView, ...]:
        found = tuple(map(_view, rows))
        others = [one.id for one in found if shop is not None and one.shop != shop]
        if not others:
            return found
        midnight = datetime.combine(now.date(), time(), UTC)
        here = {row["mandate_id"]: row for row in await self._pool.fetch(_HERE, shop, others, midnight)}
        return tuple(_here(one, here.get(one.id), now) if one.id in others else one for one in found)

    async def add(self, mandate: NewMandate) -> None:
        """Keep a mandate. Raises NotFound (no such key acts under mandates alone and is in force), MandateStands."""
        async with self._pool.acquire() as connection, connection.transaction():
            key = await connection.fetchrow(_KEY, mandate.key)
            if key is None:
                raise NotFound(kind="key")
            stands = await connection.fetchval(_STANDS, key["token_hash"], mandate.at)
            if stands is not None:
                raise MandateStands(mandate=stands)
            bounds = mandate.bounds
            await connection.execute(
                _ADD,
                mandate.id,
                key["token_hash"],
                list(bounds.acts),
                list(bounds.shops),
                bounds.buyer,
                bounds.currency,
                bounds.each_minor,
                bounds.a_day_minor,
                bounds.acts_a_day,
                bounds.until,
                mandate.because,
                mandate.by,
                mandate.by_name,
                mandate.at,
            )

    async def end(self, identifier: str, at: Instant, by: str, by_name: str) -> bool:
        """End a mandate, once whoever is using it has committed; whether it had not ended before."""
        done: str = await self._pool.execute(_END, identifier, at, by, by_name)
        return not done.endswith(" 0")


async def hold(connection: Any, mandates: Iterable[str]) -> dict[str, Held]:
    """Mandates as they are, by their ids; nobody uses or ends them until the transaction is over."""
    rows = await connection.fetch(_HOLD, sorted(mandates))
    return {row["id"]: _held(row) for row in rows}


async def use(connection: Any, held: Iterable[Held]) -> None:
    """Keep what was used of mandates that are held."""
    rows = [(one.id, one.used_on, one.used_minor, one.used_acts, one.acts) for one in held]
    await connection.execute(_USE, *map(list, zip(*rows, strict=True)))


async def keep(connection: Any, acts: Iterable[Act]) -> None:
    """Keep what was done under which mandate, beside the records that say the same order by order."""
    rows = [
        (one.shop, one.order, one.seq, one.mandate, one.act, one.worth_minor, one.counted_minor, one.at) for one in acts
    ]
    await connection.execute(_DONE, *map(list, zip(*rows, strict=True)))


def _held(row: Mapping[str, Any]) -> Held:
    return Held(
        id=row["id"],
        bounds=Bounds(
            acts=tuple(ProgramAct(one) for one in row["acts"]),
            shops=tuple(ShopId(one) for one in row["shops"]),
            buyer=row["buyer"],
            currency=row["currency"],
            each_minor=row["each_minor"],
            a_day_minor=row["a_day_minor"],
            acts_a_day=row["acts_a_day"],
            until=row["until"],
        ),
        ended_at=row["ended_at"],
        used_on=row["used_on"],
        used_minor=row["used_minor"],
        used_acts=row["used_acts"],
        acts=row["acts_made"],
    )


def _here(one: MandateView, used: Mapping[str, Any] | None, now: Instant) -> MandateView:
    """The same, as far as it was used on the orders of one shop."""
    held = msgspec.structs.replace(
        one.held,
        used_on=now.date(),
        used_minor=used["used_minor"] if used else 0,
        used_acts=used["used_acts"] if used else 0,
        acts=used["acts_made"] if used else 0,
    )
    return msgspec.structs.replace(one, held=held)


def _act(row: Mapping[str, Any]) -> ActView:
    return ActView(
        id=row["id"],
        mandate=row["mandate"],
        shop=ShopId(row["shop"]),
        order=OrderId(row["order"]),
        number=row["number"],
        act=ProgramAct(row["act"]),
        worth=Money(row["worth_minor"], row["currency"]),
        counted=Money(row["counted_minor"], row["currency"]),
        at=row["at"],
    )


def _view(row: Mapping[str, Any]) -> MandateView:
    names = ("id", "key", "program", "role", "shop", "key_buyer", "key_in_force", "because", "made_by", "made_by_name")
    more = ("made_at", "ended_by", "ended_by_name")
    return MandateView(held=_held(row), **{name: row[name] for name in (*names, *more)})
