"""Shops and buyers."""

import pytest

from postgres.mall import KILN, LANTERN
from rescind.core.errors import NotFound
from rescind.core.ids import shop_id


async def test_shops_and_buyers_are_found_by_id(reads):
    assert [shop.name for shop in await reads.shops()] == ["Blue Lantern", "Kiln & Co"]
    assert (await reads.shop(KILN)).preset == "base"
    card = await reads.shops_public(LANTERN)
    assert (card.name, card.zone, card.contact) == ("Blue Lantern", "Europe/Stockholm", {"email": "shop@example.org"})
    assert (await reads.buyer("bob")).email == "bob@example.com"
    for read, identifier in (
        (reads.shop, shop_id(9)),
        (reads.shop, "x"),
        (reads.shops_public, "shp_"),
        (reads.buyer, "x\x00"),
    ):
        with pytest.raises(NotFound):
            await read(identifier)
