"""A shop whose parcels are late, so that there is something to decide for carrier and platform.

One request waits for the carrier, one for support because the carrier kept silent, one decision against the rules for a
second person; and two orders to be paid at the door were not taken there.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from rescind.clock import HandClock
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import LapseDeadline, RequestCancellation
from rescind.core.details import Details, LineWords, Recipient
from rescind.core.event import Note
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.order import Act, FactKind, Line, Order, Pins, Tender
from rescind.core.override import OverrideRules
from rescind.demo.catalogue import Buyer
from rescind.engine import Engine, Submission
from rescind.policies import preset
from rescind.postgres.directory import Directory

_PRESET, _CURRENCY, _ZONE = "my", "MYR", "Asia/Kuala_Lumpur"
_HOST, _CARRIER = Actor(kind=ActorKind.HOST, id="demo"), Actor(kind=ActorKind.CARRIER, id="demo")
_COLLEAGUE = Actor(kind=ActorKind.SUPPORT, id="agent-2")


class _Ids(Protocol):
    def new_order_id(self, shop: ShopId) -> OrderId: ...
    def note(self, words: str) -> Note: ...


class LateShop:
    """The orders of one Malaysian shop, each played to the point at which somebody has to decide."""

    def __init__(
        self, engine: Engine, directory: Directory, clock: HandClock, ids: _Ids, shop: ShopId, buyer: Buyer
    ) -> None:
        self._engine = engine
        self._directory = directory
        self._clock = clock
        self._ids = ids
        self._shop = shop
        self._buyer = buyer

    async def play(self, opened_at: Instant) -> int:
        """Everything until ``opened_at``; returns how many orders there are."""
        await self._directory.put_shop(
            self._shop,
            name="Seri Pagi Batik",
            preset_hash=preset(_PRESET).hash,
            settings={},
            zone=_ZONE,
            contact={
                "email": "salam@seripagi.example",
                "phone": "+60 3 5550 0190",
                "hours": "Mon–Sat 9:00–18:00",
                "city": "Kuala Lumpur",
            },
        )
        await self._asked_today(opened_at)
        await self._carrier_silent(opened_at)
        await self._against_the_rules(opened_at)
        for number, days in (("SP-1004", 20), ("SP-1005", 3)):
            await self._not_taken(number, opened_at - timedelta(days=days))
        self._clock.set(opened_at)
        return 5

    async def _asked_today(self, opened_at: Instant) -> None:
        order = await self._sent("SP-1001", "Batik table runner", 8900, opened_at - timedelta(days=9))
        self._clock.set(opened_at - timedelta(hours=5))
        await self._asks(order)

    async def _carrier_silent(self, opened_at: Instant) -> None:
        order = await self._sent("SP-1002", "Batik cushion cover, set of two", 15900, opened_at - timedelta(days=11))
        self._clock.set(opened_at - timedelta(days=3))
        order = await self._asks(order)
        asked = order.open_cancellation
        assert asked is not None and asked.due_at is not None, "the carrier was asked"  # noqa: PT018
        self._clock.set(asked.due_at)
        await self._handle(LapseDeadline(order=order.id, cancellation=asked.id), SYSTEM)

    async def _against_the_rules(self, opened_at: Instant) -> None:
        """Refused by the policy, because it is not late yet; somebody of support wants to grant it all the same."""
        order = await self._sent(
            "SP-1003", "Hand-drawn batik silk, 4 m", 128000, opened_at - timedelta(days=4), late=False
        )
        self._clock.set(opened_at - timedelta(hours=7))
        order = await self._asks(order)
        self._clock.set(opened_at - timedelta(hours=2))
        words = "The buyer is in hospital and nobody can take the parcel; the shop says it takes it back."
        command = OverrideRules(
            order=order.id,
            act=Act.APPROVE,
            cancellation=order.cancellations[-1].id,
            reason="hardship",
            comment=self._ids.note(words),
            alone_up_to_minor=100000,
        )
        await self._handle(command, _COLLEAGUE)

    async def _not_taken(self, number: str, refused_at: Instant) -> None:
        order = await self._sent(
            number, "Batik scarf", 4500, refused_at - timedelta(days=3), late=False, method="cash_on_delivery"
        )
        self._clock.set(refused_at)
        await self._reports(order, FactKind.REFUSED, _CARRIER)

    async def _sent(
        self,
        number: str,
        title: str,
        price: int,
        placed_at: Instant,
        *,
        late: bool = True,
        method: str = "card",
    ) -> Order:
        """An order that the platform's carrier has. late: it was to arrive four days after it was placed."""
        self._clock.set(placed_at)
        buyer, label = self._buyer, "Visa ··4242" if method == "card" else ""
        command = PlaceOrder(
            order=self._ids.new_order_id(self._shop),
            shop=self._shop,
            buyer=buyer.key,
            number=number,
            currency=_CURRENCY,
            placed_at=placed_at,
            pins=Pins(preset=_PRESET, preset_hash=preset(_PRESET).hash),
            lines=(Line(id="1", sku=number, quantity=1, unit_minor=price),),
            tenders=(Tender(id="1", method=method, label=label, amount_minor=price),),
            shipping_by="platform",
            deliver_by=placed_at + timedelta(days=4 if late else 12),
        )
        address = buyer.address
        details = Details(
            lines=(LineWords(line="1", title=title),),
            recipient=Recipient(
                name=address.recipient,
                phone=address.phone,
                email=buyer.email,
                street=", ".join(address.lines),
                city=address.city,
                postcode=address.postcode,
                country=address.country,
            ),
        )
        outcome = await self._engine.handle(Submission(command=command, actor=_HOST, details=details))
        if method == "card":
            await self._reports(outcome.order, FactKind.PAID, _HOST)
        self._clock.set(placed_at + timedelta(hours=8))
        await self._reports(outcome.order, FactKind.TRACKING_ADDED, _HOST, carrier="Pos Laju", tracking=f"MY{number}")
        self._clock.set(placed_at + timedelta(hours=20))
        return await self._reports(outcome.order, FactKind.HANDED_OVER, _CARRIER)

    async def _reports(
        self, order: Order, fact: FactKind, actor: Actor, carrier: str = "", tracking: str = ""
    ) -> Order:
        now = self._clock.read()
        assert now is not None, "a clock moved by hand has a time"
        return await self._handle(
            ReportFact(order=order.id, fact=fact, occurred_at=now, carrier=carrier, tracking=tracking), actor
        )

    async def _asks(self, order: Order) -> Order:
        command = RequestCancellation(order=order.id, reason="better_price")
        return await self._handle(command, Actor(kind=ActorKind.BUYER, id=order.buyer))

    async def _handle(self, command: Command, actor: Actor) -> Order:
        return (await self._engine.handle(Submission(command=command, actor=actor))).order
