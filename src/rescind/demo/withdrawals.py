"""A shop that sells to Germany: its buyer may withdraw, from goods that are still here and from goods that came."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from rescind.clock import HandClock
from rescind.core.actor import Actor, ActorKind
from rescind.core.details import Details, LineWords, Recipient
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.order import FactKind, Line, Order, Pins, Tender
from rescind.demo.catalogue import Buyer, Demo
from rescind.engine import Engine, Submission
from rescind.policies import preset
from rescind.postgres.directory import Directory

_PRESET, _CURRENCY, _ZONE = "eu", "EUR", "Europe/Berlin"
_HOST, _CARRIER = Actor(kind=ActorKind.HOST, id="demo"), Actor(kind=ActorKind.CARRIER, id="demo")


def protected(demo: Demo) -> Buyer:
    """The first buyer of the demo who lives in Germany."""
    return next(one for one in demo.buyers if one.address.country == "DE")


class _Ids(Protocol):
    def new_order_id(self, shop: ShopId) -> OrderId: ...


class ProtectedBuyer:
    """Two orders of one German buyer: one being prepared, beside a line made for them, and one that came last week."""

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
            name="Werkstatt Linde",
            preset_hash=preset(_PRESET).hash,
            settings={},
            zone=_ZONE,
            contact={
                "trader": "Werkstatt Linde e.K.",
                "address": "Beispielweg 7, 30449 Hannover",
                "email": "hallo@werkstatt-linde.example",
                "phone": "+49 511 5550 142",
                "hours": "Mon–Fri 9:00–17:00",
                "city": "Hannover",
            },
        )
        delivered = await self._placed("WL-2001", "Oak bread board", 4900, opened_at - timedelta(days=9))
        await self._on_its_way(delivered, opened_at)
        prepared = await self._placed(
            "WL-2002", "Beeswax lantern", 3400, opened_at - timedelta(hours=30), engraved="Door sign with your name"
        )
        await self._reports(prepared, FactKind.PREPARATION_STARTED, opened_at - timedelta(hours=5), _HOST)
        self._clock.set(opened_at)
        return 2

    async def _on_its_way(self, order: Order, opened_at: Instant) -> None:
        steps = (
            (FactKind.TRACKING_ADDED, timedelta(days=8, hours=4), _HOST),
            (FactKind.HANDED_OVER, timedelta(days=8), _CARRIER),
            (FactKind.DELIVERED, timedelta(days=6), _CARRIER),
        )
        for fact, ago, actor in steps:
            await self._reports(order, fact, opened_at - ago, actor, carrier="Nordpaket", tracking=order.number)

    async def _placed(self, number: str, title: str, price: int, placed_at: Instant, *, engraved: str = "") -> Order:
        self._clock.set(placed_at)
        buyer = self._buyer
        lines = [Line(id="1", sku=number, quantity=1, unit_minor=price)]
        words = [LineWords(line="1", title=title)]
        if engraved:
            lines.append(Line(id="2", sku=f"{number}-E", quantity=1, unit_minor=2600, custom_made=True))
            words.append(LineWords(line="2", title=engraved))
        command = PlaceOrder(
            order=self._ids.new_order_id(self._shop),
            shop=self._shop,
            buyer=buyer.key,
            number=number,
            currency=_CURRENCY,
            placed_at=placed_at,
            pins=Pins(preset=_PRESET, preset_hash=preset(_PRESET).hash),
            lines=tuple(lines),
            tenders=(
                Tender(id="1", method="card", label="Visa ··4242", amount_minor=sum(one.paid_minor for one in lines)),
            ),
            country=buyer.address.country,
        )
        address = buyer.address
        details = Details(
            lines=tuple(words),
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
        return await self._reports(outcome.order, FactKind.PAID, placed_at, _HOST)

    async def _reports(
        self, order: Order, fact: FactKind, at: Instant, actor: Actor, carrier: str = "", tracking: str = ""
    ) -> Order:
        self._clock.set(at)
        command = ReportFact(order=order.id, fact=fact, occurred_at=at, carrier=carrier, tracking=tracking)
        return await self._handle(command, actor)

    async def _handle(self, command: Command, actor: Actor) -> Order:
        return (await self._engine.handle(Submission(command=command, actor=actor))).order
