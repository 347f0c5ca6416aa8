"""A shop that sells to Germany: its buyer may withdraw, from goods that are still here and from goods that came."""

from __future__ import annotations

from datetime import timedelta

from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.parts import FactKind
from rescind.demo.catalogue import Buyer, Demo
from rescind.demo.stall import CARRIER, HOST, Ground, Layout, Stall, Ware

LAYOUT = Layout(
    name="Werkstatt Linde",
    preset="eu",
    currency="EUR",
    zone="Europe/Berlin",
    carrier="Nordpaket",
    contact={
        "trader": "Werkstatt Linde e.K.",
        "address": "Beispielweg 7, 30449 Hannover",
        "email": "hallo@werkstatt-linde.example",
        "phone": "+49 511 5550 142",
        "hours": "Mon–Fri 9:00–17:00",
        "city": "Hannover",
    },
)


def protected(demo: Demo) -> Buyer:
    """The first buyer of the demo who lives in Germany."""
    return next(one for one in demo.buyers if one.address.country == "DE")


class ProtectedBuyer:
    """Two orders of one German buyer: one being prepared, beside a line made for them, and one that came last week."""

    def __init__(self, ground: Ground, shop: ShopId, buyer: Buyer) -> None:
        self._clock = ground.clock
        self._stall = Stall(ground, shop, LAYOUT)
        self._buyer = buyer

    async def play(self, opened_at: Instant) -> int:
        """Everything until ``opened_at``; returns how many orders there are."""
        await self._stall.open()
        await self._arrived(opened_at)
        await self._being_prepared(opened_at)
        self._clock.set(opened_at)
        return 2

    async def _arrived(self, opened_at: Instant) -> None:
        wares = (Ware("Oak bread board", 4900),)
        country = self._buyer.address.country
        order = await self._stall.placed("WL-2001", self._buyer, wares, opened_at - timedelta(days=9), country=country)
        for fact, ago, actor in (
            (FactKind.TRACKING_ADDED, timedelta(days=8, hours=4), HOST),
            (FactKind.HANDED_OVER, timedelta(days=8), CARRIER),
            (FactKind.DELIVERED, timedelta(days=6), CARRIER),
        ):
            await self._stall.reports(order, fact, opened_at - ago, actor, tracking=order.number)

    async def _being_prepared(self, opened_at: Instant) -> None:
        wares = (Ware("Beeswax lantern", 3400), Ware("Door sign with your name", 2600, custom_made=True))
        country = self._buyer.address.country
        order = await self._stall.placed(
            "WL-2002", self._buyer, wares, opened_at - timedelta(hours=30), country=country
        )
        await self._stall.reports(order, FactKind.PREPARATION_STARTED, opened_at - timedelta(hours=5))
