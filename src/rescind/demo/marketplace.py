"""Plays the demo's plan through the engine, so that the marketplace opens with real decisions in its books."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import chain

import structlog

from rescind.access.principal import Principal
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import (
    ApproveCancellation,
    CancelBySeller,
    LapseDeadline,
    RefuseCancellation,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.details import Details, LineWords, Recipient
from rescind.core.errors import RescindError
from rescind.core.fulfilment import EndHold, PlaceOrder, ReportFact
from rescind.core.ids import ShopId, shop_id
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command, due
from rescind.core.offer import MakeOffer, OfferKind
from rescind.core.order import Order
from rescind.core.order_note import AcknowledgeNote, unread, wish_of
from rescind.core.parcels import ArrangeParcels
from rescind.core.parts import CancellationStatus, FactKind, Line, Pins, Tender
from rescind.core.refund import OPEN, ProviderOutcome, RecordRefundReply
from rescind.core.returns import AskForMore, CloseReturn, OpenReturn, TakeReturn, Wish, returnable
from rescind.core.timers import RingTimer
from rescind.demo import catalogue
from rescind.demo.deciders import LateShop
from rescind.demo.pictures import dented_parcel, two_colours
from rescind.demo.stall import HOST, Ground, buyer_words, recipient_of
from rescind.demo.withdrawals import ProtectedBuyer, protected
from rescind.engine import Submission
from rescind.evidence import Evidence
from rescind.intake.checks import check_recipient
from rescind.policies import preset

log = structlog.get_logger()

_OUTCOMES = {
    "refund.submitted": ProviderOutcome.SUBMITTED,
    "refund.succeeded": ProviderOutcome.SUCCEEDED,
    "refund.failed": ProviderOutcome.DECLINED,
    "refund.in_doubt": ProviderOutcome.IN_DOUBT,
}
_MAX_WAIT = timedelta(hours=6)
SUPPORTER = "support-1"
"""Who of the platform's support the demo lets anyone be."""


def demo_shop_id(place: int) -> ShopId:
    """The id of the demo's shop at this place; the same in every demo, so that links can be written down."""
    return shop_id(0x5E5C1D << 16 | place)


_TRADERS: Mapping[str, dict[str, str]] = {
    key: {"trader": trader, "address": address}
    for key, trader, address in (
        ("lantern-lane", "Lantern Lane Ltd", "4 Example Wynd, Edinburgh EH1 1AA"),
        ("copper-kettle", "Copper Kettle Kitchen Ltd", "18 Sample Street, Bristol BS1 4ZZ"),
        ("inkwell-and-oak", "Inkwell & Oak LLP", "2 Specimen Yard, Manchester M1 1ZZ"),
        ("fern-and-spade", "Fern & Spade Trade Ltd", "77 Pattern Road, Cardiff CF10 1ZZ"),
        ("little-harbour", "深圳市小港湾玩具有限公司", "广东省深圳市南山区示例路 8 号"),
        ("north-quay", "North Quay Bags Inc.", "500 Example Slip, New York, NY 10004"),
    )
}
"""Who runs each shop, and where; a shop's public page says both."""


class Opening:
    """One run through the plan, from the oldest event of any order to the newest."""

    def __init__(self, ground: Ground, evidence: Evidence) -> None:
        self._ground = ground
        self._engine = ground.engine
        self._directory = ground.directory
        self._clock = ground.clock
        self._evidence = evidence
        self._ids = ground.ids
        self._demo = catalogue.load()
        self._orders: dict[str, Order] = {}
        self._by_platform = self._uneventful("preparing")
        self._in_two_parcels = self._uneventful("packed")

    def _uneventful(self, stage: str) -> str:
        """The newest order of the demo's seller that is so far, has several articles, and of which nobody asked."""
        shop = self._demo.shops[0].key
        return max(
            one.number
            for one in self._demo.orders
            if one.shop == shop
            and one.expects.stage == stage
            and len(one.lines) > 1
            and all(event.what in set(FactKind) for event in one.plan)
        )

    async def play(self, opened_at: Instant) -> int:
        """Fill an empty marketplace with everything that happened before ``opened_at``; returns how many orders."""
        shops = await self._people()
        steps: list[tuple[int, int, catalogue.Order, catalogue.Event | None]] = []
        for place, order in enumerate(self._demo.orders):
            steps.append((-order.placed, place, order, None))
            steps.extend((-event.minutes, place, order, event) for event in order.plan)
        for minutes, _, planned, event in sorted(steps, key=lambda step: (step[0], step[1])):
            now = opened_at + timedelta(minutes=minutes)
            self._clock.set(now)
            await self._by_itself(planned, now)
            if event is None:
                await self._place(planned, shops[planned.shop], now)
            else:
                await self._step(planned, event, now)
        await self._offer()
        await self._split(opened_at)
        await self._returns(opened_at)
        for planned in self._demo.orders:
            await self._by_itself(planned, opened_at)
        shops, buyers = len(self._demo.shops), self._demo.buyers
        late = LateShop(self._ground, demo_shop_id(shops), (buyers[0], buyers[4], buyers[23], buyers[37]))
        german = ProtectedBuyer(self._ground, demo_shop_id(shops + 1), protected(self._demo))
        placed = len(self._orders) + await late.play(opened_at) + await german.play(opened_at)
        self._clock.set(opened_at)
        return placed

    async def _offer(self) -> None:
        """The demo's seller has made one offer, so that there is one to read, to accept and to decline."""
        shop = self._demo.shops[0].key
        for planned in self._demo.orders:
            order = self._orders[planned.number]
            waiting = order.open_cancellation
            if planned.shop != shop or waiting is None or waiting.status is not CancellationStatus.AWAITING_SELLER:
                continue
            if waiting.on_silence == "approve" and waiting.refund_minor:
                command = MakeOffer(
                    order=order.id,
                    cancellation=waiting.id,
                    kind=OfferKind.PARTIAL_REFUND,
                    amount_minor=-(-waiting.refund_minor // 5),
                    comment=self._ids.note("It is packed with care already. A fifth of the price back if you keep it?"),
                )
                await self._handle(planned, command, Actor(kind=ActorKind.SELLER, id=f"staff-{order.shop}"))
                return

    async def _split(self, now: Instant) -> None:
        """One order goes into two parcels, of which one has its label: its items are not cancelled one by one."""
        planned = next(one for one in self._demo.orders if one.number == self._in_two_parcels)
        order = self._orders[planned.number]
        first, *others = order.lines
        parcels = {"1": {first.id: first.open}, "2": {line.id: line.open for line in others}}
        seller = Actor(kind=ActorKind.SELLER, id=f"staff-{order.shop}")
        await self._handle(planned, ArrangeParcels(order=order.id, parcels=parcels), seller)
        label = ReportFact(
            order=order.id,
            fact=FactKind.TRACKING_ADDED,
            occurred_at=now,
            parcel="1",
            carrier="Northway Post",
            tracking="NP-4471-2093",
        )
        await self._handle(planned, label, seller)

    async def _returns(self, opened_at: Instant) -> None:
        """Two cases of the demo's first buyer: one that support has to take, one with a question to the buyer."""
        buyer = self._demo.buyers[0].key
        arrived = [
            planned
            for planned in sorted(self._demo.orders, key=lambda one: one.shop != self._demo.shops[0].key)
            if planned.buyer == buyer
            and planned.expects.stage != "completed"
            and returnable(self._orders[planned.number], opened_at)
        ]
        told = (
            (
                "damaged",
                Wish.REFUND,
                "The parcel came with a torn corner, and the contents are broken.",
                dented_parcel,
            ),
            ("wrong_item", Wish.REPLACEMENT, "I ordered two of the same. One has another colour.", two_colours),
        )
        for hours, planned, (reason, wish, words, picture) in zip((5, 20), arrived, told, strict=False):
            self._clock.set(opened_at - timedelta(hours=hours))
            order = self._orders[planned.number]
            who = Principal(role="buyer", id=buyer, credential="demo")
            photo = (await self._evidence.keep(order.id, who, picture())).ref
            line = next(iter(returnable(order, opened_at)))
            command = OpenReturn(
                order=order.id,
                reason=reason,
                wish=wish,
                lines={line: 1},
                comment=self._ids.note(words),
                evidence=(photo,),
            )
            await self._handle(planned, command, Actor(kind=ActorKind.BUYER, id=buyer))
            if reason == "wrong_item":
                self._clock.set(opened_at - timedelta(hours=hours - 3))
                question = self._ids.note("Which colour did you order, and does the label on the box name it?")
                case = self._orders[planned.number].returns[-1].id
                asked = AskForMore(order=order.id, case=case, comment=question)
                await self._handle(planned, asked, Actor(kind=ActorKind.SUPPORT, id=SUPPORTER))
        await self._decided_return(opened_at)
        self._clock.set(opened_at)

    async def _decided_return(self, opened_at: Instant) -> None:
        """A case of somebody else that support has ended, so that one can be read to its end."""
        days = timedelta(days=1)
        planned = max(
            (
                one
                for one in self._demo.orders
                if one.shop == self._demo.shops[0].key
                and one.buyer != self._demo.buyers[0].key
                and not one.expects.cancellation
                and any(event.what == "delivered" and event.minutes > 5 * 24 * 60 for event in one.plan)
                and returnable(self._orders[one.number], opened_at - 4 * days)
            ),
            key=lambda one: one.number,
        )
        order = self._orders[planned.number]
        buyer, support = Actor(kind=ActorKind.BUYER, id=planned.buyer), Actor(kind=ActorKind.SUPPORT, id=SUPPORTER)
        self._clock.set(opened_at - 4 * days)
        photo = (
            await self._evidence.keep(
                order.id, Principal(role="buyer", id=planned.buyer, credential="demo"), dented_parcel()
            )
        ).ref
        line = next(iter(returnable(order, opened_at - 4 * days)))
        opened = OpenReturn(
            order=order.id,
            reason="damaged",
            wish=Wish.REPLACEMENT,
            lines={line: 1},
            comment=self._ids.note("One of them came broken. Could I have another?"),
            evidence=(photo,),
        )
        await self._handle(planned, opened, buyer)
        case = self._orders[planned.number].returns[-1].id
        self._clock.set(opened_at - 3 * days)
        await self._handle(planned, TakeReturn(order=order.id, case=case), support)
        self._clock.set(opened_at - 3 * days + timedelta(minutes=25))
        words = "The shop sends another one this week; you need not send anything back."
        ended = CloseReturn(order=order.id, case=case, outcome="replacement_agreed", comment=self._ids.note(words))
        await self._handle(planned, ended, support)

    async def _people(self) -> dict[str, ShopId]:
        shops = {shop.key: demo_shop_id(place) for place, shop in enumerate(self._demo.shops)}
        for shop in self._demo.shops:
            await self._directory.put_shop(
                shops[shop.key],
                name=shop.name,
                preset_hash=preset(shop.preset).hash,
                settings=_settings(shop),
                zone=shop.zone,
                contact=_TRADERS[shop.key]
                | {"email": shop.email, "phone": shop.phone, "hours": shop.hours, "city": shop.city},
            )
        for buyer in self._demo.buyers:
            await self._directory.put_buyer(buyer.key, name=buyer.name, email=buyer.email, locale=buyer.locale)
        return shops

    async def _place(self, planned: catalogue.Order, shop: ShopId, now: Instant) -> None:
        buyer = next(one for one in self._demo.buyers if one.key == planned.buyer)
        seller = next(one for one in self._demo.shops if one.key == planned.shop)
        to = recipient_of(buyer, planned.deliver_to or buyer.address)
        command = PlaceOrder(
            order=self._ids.new_order_id(shop),
            shop=shop,
            buyer=planned.buyer,
            number=planned.number,
            currency=planned.currency,
            placed_at=now,
            pins=Pins(preset=seller.preset, preset_hash=preset(seller.preset).hash, settings=_settings(seller)),
            lines=tuple(
                Line(
                    id=line.id,
                    sku=line.sku,
                    quantity=line.quantity,
                    unit_minor=line.unit_minor,
                    discount_minor=line.discount_minor,
                    tax_minor=line.tax_minor,
                    custom_made=line.custom_made,
                )
                for line in planned.lines
            ),
            tenders=tuple(
                Tender(id=tender.id, method=tender.method, label=tender.label, amount_minor=tender.amount_minor)
                for tender in planned.tenders
            ),
            shipping_minor=planned.shipping_minor,
            found=_findings(planned, to),
            shipping_by="fulfilled_by_platform" if planned.number == self._by_platform else "seller",
            noted=wish_of(planned.note) if planned.note else "",
        )
        details = Details(
            lines=tuple(
                LineWords(line=line.id, title=line.title, variant=line.variant, options=line.options)
                for line in planned.lines
            ),
            recipient=to,
            buyer=buyer_words(buyer),
            note=planned.note,
        )
        outcome = await self._engine.handle(Submission(command=command, actor=HOST, details=details))
        self._orders[planned.number] = outcome.order

    async def _by_itself(self, planned: catalogue.Order, now: Instant) -> None:
        """What the clock did since the order's last step; requests have their own in the plan (`clock.lapses`)."""
        order = self._orders.get(planned.number)
        if order is None:
            return
        for one in sorted(due(order), key=lambda one: one.due_at):
            if one.due_at > now:
                break
            if one.kind == "hold":
                await self._handle(planned, EndHold(order=order.id), SYSTEM)
            elif one.kind in {"timer", "unpaid"}:
                self._clock.set(one.due_at)
                await self._handle(planned, RingTimer(order=order.id, name=one.ref.rpartition(":")[2]), SYSTEM)
        self._clock.set(now)

    async def _step(self, planned: catalogue.Order, event: catalogue.Event, now: Instant) -> None:
        order = self._orders[planned.number]
        if event.what == "review_opened" and event.reason:
            return  # It was found as the order came in.
        if event.what == "packed":
            # Whoever packed it had read what the buyer asked for.
            for one in unread(order):
                reader = Actor(kind=ActorKind.SELLER, id=f"staff-{order.shop}")
                await self._handle(planned, AcknowledgeNote(order=order.id, number=one.number), reader)
        for command, actor in self._commands(order, event, now):
            await self._handle(planned, command, actor)

    async def _handle(self, planned: catalogue.Order, command: Command, actor: Actor) -> None:
        try:
            outcome = await self._engine.handle(Submission(command=command, actor=actor))
        except RescindError as refusal:
            raise AssertionError(f"demo order {planned.number}: {type(command).__name__} met {refusal}") from refusal
        self._orders[planned.number] = outcome.order

    def _commands(self, order: Order, event: catalogue.Event, now: Instant) -> list[tuple[Command, Actor]]:
        buyer = Actor(kind=ActorKind.BUYER, id=order.buyer)
        seller = Actor(kind=ActorKind.SELLER, id=f"staff-{order.shop}")
        comment = self._ids.note(event.comment) if event.comment else None
        waiting = order.open_cancellation
        match event.what:
            case "buyer.requests":
                command: Command = RequestCancellation(
                    order=order.id,
                    reason=event.reason,
                    anyway=event.anyway,
                    lines=event.lines or None,
                    comment=comment,
                )
                return [(command, buyer)]
            case "seller.cancels":
                command = CancelBySeller(
                    order=order.id, reason=event.reason, lines=event.lines or None, comment=comment
                )
                return [(command, seller)]
            case "refund.submitted" | "refund.succeeded" | "refund.failed" | "refund.in_doubt":
                return _replies(order, event, now)
            case "seller.approves" | "seller.refuses" | "buyer.withdraws" | "clock.lapses":
                assert waiting is not None, f"{order.number} has no request to answer with {event.what}"
                answers: dict[str, tuple[Command, Actor]] = {
                    "seller.approves": (
                        ApproveCancellation(order=order.id, cancellation=waiting.id, comment=comment),
                        seller,
                    ),
                    "seller.refuses": (
                        RefuseCancellation(
                            order=order.id,
                            cancellation=waiting.id,
                            reason=event.reason,
                            carrier=event.carrier,
                            tracking=event.tracking,
                            comment=comment,
                        ),
                        seller,
                    ),
                    "buyer.withdraws": (WithdrawCancellation(order=order.id, cancellation=waiting.id), buyer),
                    "clock.lapses": (LapseDeadline(order=order.id, cancellation=waiting.id), SYSTEM),
                }
                return [answers[event.what]]
            case _:
                fact = ReportFact(
                    order=order.id,
                    fact=FactKind(event.what),
                    occurred_at=now,
                    parcel=event.parcel,
                    lines=event.lines,
                    carrier=event.carrier,
                    tracking=event.tracking,
                )
                return [(fact, HOST)]


def _findings(planned: catalogue.Order, to: Recipient) -> tuple[str, ...]:
    """What the automatic check stopped at when the order came in; of an address what it says of it, field by field."""
    planned_for = [event.reason for event in planned.plan if event.what == "review_opened" and event.reason]
    said = [check_recipient(to) if reason == "address_implausible" else (reason,) for reason in planned_for]
    return tuple(chain.from_iterable(said))


def _settings(shop: catalogue.Shop) -> dict[str, bool | int | str]:
    return {"window": f"{shop.own_window_hours}h"} if shop.own_window_hours else {}


def _replies(order: Order, event: catalogue.Event, now: Instant) -> list[tuple[Command, Actor]]:
    return [
        (
            RecordRefundReply(
                order=order.id,
                refund=refund.id,
                outcome=_OUTCOMES[event.what],
                reference=f"sandbox-{refund.id[-10:]}",
                next_check_at=now + _MAX_WAIT,
            ),
            SYSTEM,
        )
        for refund in order.refunds
        if refund.status in OPEN and event.tender in {"", refund.tender}
    ]
