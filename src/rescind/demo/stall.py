"""How a shop of the demo is laid out: its place in the directory, its orders, and what happens to them and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol
from zlib import crc32

from rescind.clock import HandClock
from rescind.core.actor import Actor, ActorKind
from rescind.core.details import BuyerWords, Details, LineWords, Recipient
from rescind.core.event import Note
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.order import Order
from rescind.core.parts import FactKind, Line, Pins, Tender
from rescind.demo.catalogue import Address, Buyer
from rescind.engine import Engine, Submission
from rescind.policies import preset
from rescind.postgres.directory import Directory

HOST, CARRIER = Actor(kind=ActorKind.HOST, id="demo"), Actor(kind=ActorKind.CARRIER, id="demo")


class Ids(Protocol):
    """Makes ids and notes, as the desk does."""

    def new_order_id(self, shop: ShopId) -> OrderId:
        """A fresh id for an order of this shop."""
        ...

    def note(self, words: str) -> Note:
        """Words ready to be kept."""
        ...


@dataclass(frozen=True, slots=True)
class Ground:
    """What every shop of the demo stands on."""

    engine: Engine
    directory: Directory
    clock: HandClock
    ids: Ids


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A shop: the preset it sells under and what it set itself, its currency, who carries its parcels, and how it is
    reached.
    """

    name: str
    preset: str
    currency: str
    zone: str
    carrier: str
    contact: Mapping[str, str]
    settings: Mapping[str, bool | int | str] = field(default_factory=dict[str, bool | int | str])


class Ware(NamedTuple):
    """One unit of something, at a price in minor units. special_reason: why it is special goods, where it is."""

    title: str
    price: int
    custom_made: bool = False
    special_reason: str = ""


def _sku(title: str) -> str:
    """An article's number as shops have them: its initials and three digits that stay the same."""
    return f"{''.join(word[0] for word in title.split()).upper()}-{crc32(title.encode()) % 900 + 100}"


def recipient_of(buyer: Buyer, address: Address) -> Recipient:
    """Whom a parcel goes to, in the words of an order."""
    return Recipient(
        name=address.recipient,
        phone=address.phone,
        email=buyer.email,
        street=", ".join(address.lines),
        city=address.city,
        postcode=address.postcode,
        country=address.country,
    )


def buyer_words(buyer: Buyer) -> BuyerWords:
    """Who bought, in the words of an order."""
    return BuyerWords(name=buyer.name, email=buyer.email, locale=buyer.locale)


class Stall:
    """One shop and its orders. Each step sets the clock to its own time."""

    def __init__(self, ground: Ground, shop: ShopId, layout: Layout) -> None:
        self.shop = shop
        self.ids = ground.ids
        self._ground = ground
        self._layout = layout

    async def open(self) -> None:
        """Put the shop into the directory."""
        layout = self._layout
        await self._ground.directory.put_shop(
            self.shop,
            name=layout.name,
            preset_hash=preset(layout.preset).hash,
            settings=dict(layout.settings),
            zone=layout.zone,
            contact=dict(layout.contact),
        )

    async def placed(
        self, number: str, buyer: Buyer, wares: Sequence[Ware], at: Instant, *, method: str = "card", **more: Any
    ) -> Order:
        """An order, paid at once unless it is to be paid at the door. more: further facts of ``PlaceOrder``."""
        layout, pinned = self._layout, preset(self._layout.preset)
        lines = tuple(
            Line(
                id=str(place),
                sku=_sku(ware.title),
                quantity=1,
                unit_minor=ware.price,
                custom_made=ware.custom_made,
                special=bool(ware.special_reason),
                special_reason=ware.special_reason,
            )
            for place, ware in enumerate(wares, 1)
        )
        label, whole = "Visa ··4242" if method == "card" else "", sum(one.paid_minor for one in lines)
        command = PlaceOrder(
            order=self.ids.new_order_id(self.shop),
            shop=self.shop,
            buyer=buyer.key,
            number=number,
            currency=layout.currency,
            placed_at=at,
            pins=Pins(preset=layout.preset, preset_hash=pinned.hash, settings=dict(layout.settings)),
            lines=lines,
            tenders=(Tender(id="1", method=method, label=label, amount_minor=whole),),
            **more,
        )
        details = Details(
            lines=tuple(LineWords(line=str(place), title=ware.title) for place, ware in enumerate(wares, 1)),
            recipient=recipient_of(buyer, buyer.address),
            buyer=buyer_words(buyer),
        )
        order = await self._handled(Submission(command=command, actor=HOST, details=details), at)
        return await self.reports(order, FactKind.PAID, at) if method == "card" else order

    async def reports(
        self, order: Order, fact: FactKind, at: Instant, actor: Actor = HOST, *, tracking: str = "", **more: Any
    ) -> Order:
        """A fact that somebody told as it happened; with ``tracking`` the shop's carrier is named too.

        more: further members of ``ReportFact``.
        """
        carrier = self._layout.carrier if tracking else ""
        command = ReportFact(order=order.id, fact=fact, occurred_at=at, carrier=carrier, tracking=tracking, **more)
        return await self.does(command, actor, at)

    async def does(self, command: Command, actor: Actor, at: Instant) -> Order:
        """Anything that somebody does about an order."""
        return await self._handled(Submission(command=command, actor=actor), at)

    async def _handled(self, submission: Submission, at: Instant) -> Order:
        self._ground.clock.set(at)
        return (await self._ground.engine.handle(submission)).order


def buyer_of(order: Order) -> Actor:
    """Who bought it, as who acts."""
    return Actor(kind=ActorKind.BUYER, id=order.buyer)
