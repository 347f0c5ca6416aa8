"""A shop whose parcels are late, so that there is something to decide for carrier and platform.

One request waits for the carrier, one for support because the carrier kept silent, one decision against the rules for a
second person; and two orders to be paid at the door were not taken there.
"""

from __future__ import annotations

from datetime import timedelta

from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import LapseDeadline, RequestCancellation
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.override import OverrideRules
from rescind.core.parts import Act, FactKind
from rescind.demo.catalogue import Buyer
from rescind.demo.stall import CARRIER, Ground, Layout, Stall, Ware, buyer_of

LAYOUT = Layout(
    name="Seri Pagi Batik",
    preset="my",
    currency="MYR",
    zone="Asia/Kuala_Lumpur",
    carrier="Pos Laju",
    contact={
        "trader": "Seri Pagi Batik Sdn. Bhd.",
        "address": "12 Jalan Contoh, 50000 Kuala Lumpur",
        "email": "salam@seripagi.example",
        "phone": "+60 3 5550 0190",
        "hours": "Mon–Sat 9:00–18:00",
        "city": "Kuala Lumpur",
    },
)
_COLLEAGUE = Actor(kind=ActorKind.SUPPORT, id="agent-2")


class LateShop:
    """The orders of one Malaysian shop, each played to the point at which somebody has to decide.

    buyers: the first has asked today, the next two wait for the platform, the last does not take what is to be paid.
    """

    def __init__(self, ground: Ground, shop: ShopId, buyers: tuple[Buyer, Buyer, Buyer, Buyer]) -> None:
        self._clock = ground.clock
        self._stall = Stall(ground, shop, LAYOUT)
        self._buyers = buyers

    async def play(self, opened_at: Instant) -> int:
        """Everything until ``opened_at``; returns how many orders there are."""
        await self._stall.open()
        await self._asked_today(opened_at)
        await self._carrier_silent(opened_at)
        await self._against_the_rules(opened_at)
        for number, title, days in (("SP-1004", "Batik scarf", 20), ("SP-1005", "Batik shirt, short sleeves", 3)):
            await self._not_taken(number, title, opened_at - timedelta(days=days))
        self._clock.set(opened_at)
        return 5

    async def _asked_today(self, opened_at: Instant) -> None:
        ware = Ware("Batik table runner", 8900)
        order = await self._sent("SP-1001", self._buyers[0], ware, opened_at - timedelta(days=9))
        await self._asks(order, opened_at - timedelta(hours=5))

    async def _carrier_silent(self, opened_at: Instant) -> None:
        ware = Ware("Batik cushion cover, set of two", 15900)
        order = await self._sent("SP-1002", self._buyers[1], ware, opened_at - timedelta(days=11))
        order = await self._asks(order, opened_at - timedelta(days=3))
        asked = order.open_cancellation
        assert asked is not None and asked.due_at is not None, "the carrier was asked"  # noqa: PT018
        await self._stall.does(LapseDeadline(order=order.id, cancellation=asked.id), SYSTEM, asked.due_at)

    async def _against_the_rules(self, opened_at: Instant) -> None:
        """Refused by the policy, because it is not late yet; somebody of support wants to grant it all the same."""
        ware = Ware("Hand-drawn batik silk, 4 m", 128000)
        order = await self._sent("SP-1003", self._buyers[2], ware, opened_at - timedelta(days=4), late=False)
        order = await self._asks(order, opened_at - timedelta(hours=7))
        words = "The buyer is in hospital and nobody can take the parcel; the shop says it takes it back."
        command = OverrideRules(
            order=order.id,
            act=Act.APPROVE,
            cancellation=order.cancellations[-1].id,
            reason="hardship",
            comment=self._stall.ids.note(words),
            alone_up_to_minor=100000,
        )
        await self._stall.does(command, _COLLEAGUE, opened_at - timedelta(hours=2))

    async def _not_taken(self, number: str, title: str, refused_at: Instant) -> None:
        order = await self._sent(
            number,
            self._buyers[3],
            Ware(title, 4500),
            refused_at - timedelta(days=3),
            late=False,
            method="cash_on_delivery",
        )
        await self._stall.reports(order, FactKind.REFUSED, refused_at, CARRIER)

    async def _sent(
        self, number: str, buyer: Buyer, ware: Ware, placed_at: Instant, *, late: bool = True, method: str = "card"
    ) -> Order:
        """An order that the platform's carrier has. late: it was to arrive four days after it was placed."""
        order = await self._stall.placed(
            number,
            buyer,
            (ware,),
            placed_at,
            method=method,
            shipping_by="platform",
            deliver_by=placed_at + timedelta(days=4 if late else 12),
        )
        await self._stall.reports(
            order, FactKind.TRACKING_ADDED, placed_at + timedelta(hours=8), tracking=f"MY{number}"
        )
        return await self._stall.reports(order, FactKind.HANDED_OVER, placed_at + timedelta(hours=20), CARRIER)

    async def _asks(self, order: Order, at: Instant) -> Order:
        command = RequestCancellation(order=order.id, reason="better_price")
        return await self._stall.does(command, buyer_of(order), at)
