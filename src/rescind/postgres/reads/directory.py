"""Shops and buyers, as the directory knows them."""

from __future__ import annotations

import asyncpg

from rescind.core.errors import NotFound
from rescind.core.views import BuyerView, ShopCard, ShopView
from rescind.postgres.reads.conditions import LONGEST_TEXT, known, sane
from rescind.postgres.reads.rows import decoded
from rescind.postgres.reads.source import Source, query

_SHOPS = query("shops")
_BUYER = "SELECT buyer_id, name, email, locale FROM buyers WHERE buyer_id = $1"


class ShopsAndBuyers(Source):
    async def shops(self) -> tuple[ShopView, ...]:
        """Every shop of the marketplace by name."""
        return tuple(shop_view(row) for row in await self._pool.fetch(_SHOPS, None))

    async def shop(self, shop_id: str) -> ShopView:
        """One shop. Raises NotFound."""
        row = await self._pool.fetchrow(_SHOPS, known("shp", shop_id, "shop"))
        if row is None:
            raise NotFound(kind="shop")
        return shop_view(row)

    async def shops_public(self, shop_id: str) -> ShopCard:
        """What anybody may know of a shop. Raises NotFound."""
        shop = await self.shop(shop_id)
        return ShopCard(id=shop.id, name=shop.name, zone=shop.zone, contact=shop.contact)

    async def buyer(self, buyer_id: str) -> BuyerView:
        """One buyer from the directory. Raises NotFound."""
        row = await self._pool.fetchrow(_BUYER, buyer_id) if sane(buyer_id, LONGEST_TEXT) else None
        if row is None:
            raise NotFound(kind="buyer")
        return BuyerView(id=row["buyer_id"], name=row["name"], email=row["email"], locale=row["locale"])


def shop_view(row: asyncpg.Record) -> ShopView:
    return ShopView(
        id=row["shop_id"],
        name=row["shop_name"],
        preset_hash=row["preset_hash"],
        preset=row["preset"],
        shop_hash=row["shop_hash"],
        settings=decoded(row["settings"], dict[str, bool | int | str], {}),
        zone=row["zone"],
        contact=decoded(row["contact"], dict[str, str], {}),
    )
