"""Shops and buyers: who there is, as the host reports them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

import asyncpg
import msgspec

from rescind.core.details import BuyerWords
from rescind.core.ids import OrderId, ShopId, shop_id, shop_of
from rescind.core.instant import Instant
from rescind.core.policy import Policy
from rescind.core.policy.literal import Plain
from rescind.postgres.accounts import AccountTable, Note
from rescind.postgres.publishing import require_in_force

_ADD_SHOP = """
INSERT INTO shops (shop_id, name, preset_hash, settings, zone, contact) VALUES ($1, $2, $3, $4::jsonb, $5, $6::jsonb)
ON CONFLICT (shop_id) DO UPDATE
SET name = excluded.name, preset_hash = excluded.preset_hash, settings = excluded.settings, zone = excluded.zone,
    contact = excluded.contact
"""
_NEW_SHOP = """
INSERT INTO shops (shop_id, name, preset_hash, settings, zone, contact) VALUES ($1, $2, $3, $4::jsonb, $5, $6::jsonb)
ON CONFLICT (shop_id) DO NOTHING RETURNING shop_id
"""
_INSERT = """
INSERT INTO buyers (buyer_id, name, email, locale, told_at)
SELECT buyer_id, name, email, coalesce(nullif(locale, ''), 'en'), coalesce(told_at, '-infinity')
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::timestamptz[])
    AS w (buyer_id, name, email, locale, told_at)
"""
# Silence takes nothing away, and what was said before the last word is no news.
_TELL = f"""
{_INSERT} ON CONFLICT (buyer_id) DO UPDATE
SET name = coalesce(nullif(excluded.name, ''), buyers.name), email = coalesce(nullif(excluded.email, ''), buyers.email),
    locale = excluded.locale, told_at = excluded.told_at
WHERE buyers.told_at <= excluded.told_at
"""
_INTRODUCE = f"{_INSERT} ON CONFLICT DO NOTHING"
_CORRECT = "UPDATE people SET buyer = $3::jsonb WHERE shop_id = $1 AND order_id = $2"
_COUNTED = """
SELECT coalesce(sum(count), 0)::int FROM buyer_counters
WHERE buyer_id = $1 AND name = 'cancellations' AND day > $2
"""
_BY_DAY = "SELECT day, count FROM buyer_counters WHERE buyer_id = $1 AND name = $2 AND day > $3 ORDER BY day"


_SHOP_BITS = 40


def new_shop() -> ShopId:
    """An id that no shop has."""
    return shop_id(secrets.randbits(_SHOP_BITS))


class BuyerTold(NamedTuple):
    """What was told of a buyer with an order. told_at: when the order was placed."""

    buyer: str
    words: BuyerWords
    told_at: Instant


class Directory:
    """Writes the tables ``shops`` and ``buyers``, and what is corrected of who bought an order."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def put_shop(
        self,
        shop: ShopId,
        *,
        name: str,
        preset_hash: str,
        settings: dict[str, bool | int | str],
        zone: str,
        contact: dict[str, str],
    ) -> None:
        """Add or change a shop. Orders already placed keep the policy they pinned (I-18)."""
        said, reach = (msgspec.json.encode(one).decode() for one in (settings, contact))
        await self._pool.execute(_ADD_SHOP, shop, name, preset_hash, said, zone, reach)

    async def add_shop(
        self,
        shop: ShopId,
        *,
        name: str,
        preset: Policy,
        settings: Mapping[str, Plain],
        zone: str,
        contact: Mapping[str, str],
        note: Note,
    ) -> bool:
        """Add a shop, with its line in the record; False where it is there already. Raises StaleShop."""
        said, reach = (msgspec.json.encode(one).decode() for one in (settings, contact))
        async with self._pool.acquire() as connection, connection.transaction():
            await require_in_force(connection, preset, shop)
            new = await connection.fetchval(_NEW_SHOP, shop, name, preset.hash, said, zone, reach) is not None
            if new:
                await AccountTable(self._pool).note(note, connection)
        return new

    async def put_buyer(self, buyer: str, *, name: str, email: str, locale: str = "en") -> None:
        """A buyer as the marketplace knows them before any order."""
        await self._pool.execute(_TELL, [buyer], [name], [email], [locale], [None])

    async def tell_buyers(self, told: Iterable[BuyerTold]) -> None:
        """The marketplace says who buyers are: the order that was placed last has the last word."""
        await self._put(_TELL, told)

    async def introduce_buyers(self, told: Iterable[BuyerTold]) -> None:
        """Buyers as they were long ago; of whom something is known already, it stays."""
        await self._put(_INTRODUCE, told)

    async def _put(self, statement: str, told: Iterable[BuyerTold]) -> None:
        last: dict[str, BuyerTold] = {}
        for one in sorted(told, key=lambda one: one.told_at):
            if one.words.name or one.words.email:
                last[one.buyer] = one
        rows = [(one.buyer, *msgspec.structs.astuple(one.words), one.told_at) for _, one in sorted(last.items())]
        if rows:
            await self._pool.execute(statement, *map(list, zip(*rows, strict=True)))

    async def correct(self, order: OrderId, words: BuyerWords) -> None:
        """Who bought an order is called so, and reads there."""
        await self._pool.execute(_CORRECT, shop_of(order), order, msgspec.json.encode(words).decode())

    async def cancellations_since(self, buyer: str, since: Instant) -> int:
        """How many of a buyer's cancellations were counted after the day of ``since``; at most 2 s behind."""
        return await self._pool.fetchval(_COUNTED, buyer, since.date())

    async def counted_by_day(self, buyer: str, name: str, since: Instant) -> list[tuple[date, int]]:
        """One of a buyer's counters, day by day, after the day of ``since``; at most 2 s behind."""
        return [(row["day"], row["count"]) for row in await self._pool.fetch(_BY_DAY, buyer, name, since.date())]

    async def empty(self) -> bool:
        """Whether no shop has been added yet."""
        return not await self._pool.fetchval("SELECT EXISTS (SELECT FROM shops)")
