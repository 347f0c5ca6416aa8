"""An order of a WooCommerce shop: made here once, and kept up with what happens to it there.

Messages come late, twice or never, and in any order. The time of its last change there decides: an older state of it is
no news. All that is told here are facts, each of which counts once, so that a message that was read by half is read
again from its beginning.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import CancelBySeller
from rescind.core.errors import (
    AmountsDoNotAddUp,
    InvalidField,
    OrderConflict,
    RescindError,
    Unavailable,
)
from rescind.core.fulfilment import ReportFact
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.order import Order
from rescind.core.parts import FactKind
from rescind.core.scope import Scope
from rescind.core.told_twice import known_already
from rescind.desk import Desk
from rescind.engine import Submission
from rescind.intake import document
from rescind.intake.orders import NewOrder
from rescind.order_sources import chosen_of
from rescind.placing import place, shop_for
from rescind.postgres.order_sources import Linked, Message, Source
from rescind.woocommerce.documents import WooOrder, WooRefund, minor, moment
from rescind.woocommerce.orders import (
    DRAFTS,
    OVER,
    TENDER,
    Buying,
    changed_at,
    differs,
    meaning_of,
    new_order,
    paid_at,
    provider_of,
    tender,
)
from rescind.woocommerce.telling import our_id
from rescind.worker.findings import Aside, Came, NotYet, host

COUNTED_TWICE = "refund.counted_twice"
"""Topic of a message of our own: what somebody at the shop wrote down first, and a provider told of after that."""
_GONE = frozenset({"handed_over", "delivered", "completed"})


async def read(desk: Desk, source: Source, message: Message) -> Came:
    """Make of a message what there is to make of it. Raises Aside, Trouble, RescindError."""
    told = document.parse(message.body)
    if message.topic == COUNTED_TWICE:
        raise Aside("refund_counted_twice", f"/refunds/{told['refund']}", order=str(told["order"]))
    if "status" not in told and "line_items" not in told:
        return await _deleted(desk, source, str(told.get("id", "")))
    woo = document.shape(told, WooOrder)
    if woo.status in DRAFTS:
        return Came(news=False)
    return await _Reading(desk, source, message, woo).read()


async def _deleted(desk: Desk, source: Source, foreign: str) -> Came:
    """All that is told of an order in the bin is its id. One that is over here too is no loss."""
    linked = await desk.order_sources.table.linked(source.name, foreign)
    if linked is None:
        return Came(news=False)
    order = await _order(desk, linked)
    if all(line.open == 0 for line in order.lines) or order.progress.completed_at:
        return Came(False, order.id)
    raise Aside("deleted_there", "/id", order=order.id)


class _Reading:
    """One state of one order there."""

    def __init__(self, desk: Desk, source: Source, message: Message, woo: WooOrder) -> None:
        self.desk, self.source, self.message, self.woo = desk, source, message, woo
        self.table = desk.order_sources.table
        self.foreign = str(woo.id)
        self.news = False
        self.asked = ""
        """The refund there about which a person is to say whether it is money of its own."""

    async def read(self) -> Came:
        at, chosen = changed_at(self.woo), chosen_of(self.source)
        linked = await self.table.linked(self.source.name, self.foreign)
        if linked is not None and at < linked.changed_at:
            if self.message.counts:
                # What a person said of money holds, however old the state that asked for it.
                await self._refunds(await _order(self.desk, linked), linked)
            return Came(self.news, linked.order)
        # Everything is understood before anything is written.
        meaning = meaning_of(self.woo.status, chosen.statuses)
        if meaning is None:
            raise Aside("unknown_status", "/status", order=linked.order if linked else "")
        buying = await self.desk.order_sources.buying(self.source)
        new = new_order(self.woo, buying)
        if linked is None:
            if self.woo.status in OVER or meaning == "cancelled":
                return Came(news=False)
            linked = await self._placed(new, at)
        changed = differs(msgspec.json.decode(linked.contents, type=NewOrder), new)
        order = await _order(self.desk, linked)
        try:
            order = await self._paid(order, buying)
            order = await self._refunds(order, linked)
            await self._status(order, meaning, chosen.reason)
        except (Unavailable, Aside):
            raise
        except RescindError as refused:
            if self.message.attempts == 1:
                # Another worker may have read another message about it meanwhile: from the beginning it is clear.
                raise NotYet(refused.code, "/status") from None
            raise Aside(refused.code, "/status", order=order.id) from refused
        await self._link(order.id, at, new)
        if changed:
            raise Aside("changed_there", changed, order=order.id)
        if self.asked:
            raise Aside("refund_told_twice", f"/refunds/{self.asked}", order=order.id)
        return Came(self.news, order.id)

    async def _placed(self, new: NewOrder, at: Instant) -> Linked:
        try:
            shop = await shop_for(self.desk, new)
            placed = await place(self.desk, shop, new, host(self.source), scope=Scope(shop=shop.id))
        except OrderConflict:
            raise Aside("number_taken", "/number") from None
        except AmountsDoNotAddUp as wrong:
            raise InvalidField(field="/total", expected="what its parts add up to") from wrong
        self.news = placed.first
        # Not the time of this state yet: what follows from it is still to be written.
        await self._link(placed.outcome.order.id, at - timedelta(seconds=1), new)
        linked = await self.table.linked(self.source.name, self.foreign)
        assert linked is not None, "it was just kept"
        return linked

    async def _paid(self, order: Order, buying: Buying) -> Order:
        at = paid_at(self.woo)
        if at is None:
            return order
        money = next((one for one in order.tenders if one.id == TENDER), None)
        if money is None or (money.wanted_minor == 0 and order.progress.paid_at):
            return order
        command = self._fact(order, FactKind.PAID, at)
        if money.wanted_minor:
            command = msgspec.structs.replace(
                command,
                tender=TENDER,
                amount_minor=money.wanted_minor,
                reference=tender(self.woo, buying).get("payment", ""),
                connection=provider_of(self.woo.payment_method, buying),
            )
        return await self._does(command)

    async def _refunds(self, order: Order, linked: Linked) -> Order:
        """Money that went back there without us. What our own providers sent they tell themselves."""
        there = {str(one.id) for one in self.woo.refunds}
        new = (there - linked.refunds) | (there & self.message.counts)
        if not new:
            return order
        shop = await self.desk.order_sources.shop(self.source.name)
        assert shop is not None, "it is a shop system"
        ours = {one.name for one in await self.desk.connected.all()}
        for one in await shop.refunds(self.foreign):
            if str(one.id) in new and not our_id(one):
                if not self._is_clear(order, one):
                    # A message asks about one refund; the next about the next one.
                    new -= {str(one.id)} if self.asked else set()
                    self.asked = self.asked or str(one.id)
                    continue
                order = await self._refunded(order, one, ours)
        await self.table.seen_there(self.source.name, self.foreign, new)
        return order

    def _is_clear(self, order: Order, refund: WooRefund) -> bool:
        """Whether it is money of its own: a plugin moved it, nobody else told of as much, or a person has said so."""
        if refund.refunded_payment or str(refund.id) in self.message.counts:
            return True
        amount = minor(refund.amount, order.currency, field="/refunds")
        return not known_already(order, TENDER, amount, self._at(refund), told_by=f"{self.source.name}:")

    def _at(self, refund: WooRefund) -> Instant:
        return moment(refund.date_created_gmt, field="/refunds") or self.message.received_at

    async def _refunded(self, order: Order, refund: WooRefund, ours: set[str]) -> Order:
        money = next(one for one in order.tenders if one.id == TENDER)
        amount = minor(refund.amount, order.currency, field="/refunds")
        if amount <= 0 or (refund.refunded_payment and money.provider in ours):
            return order
        if amount > money.captured_minor:
            raise Aside("refund_too_high", "/refunds", order=order.id)
        command = self._fact(order, FactKind.REFUNDED_ELSEWHERE, self._at(refund))
        return await self._does(
            msgspec.structs.replace(
                command, tender=TENDER, amount_minor=amount, reference=f"{self.source.name}:{refund.id}"
            )
        )

    async def _status(self, order: Order, meaning: str, reason: str) -> None:
        gone = any(parcel.gone for parcel in order.parcels)
        match meaning:
            case "nothing":
                return
            case "cancelled":
                stopped = all(line.open == 0 for line in order.lines)
                # What was sent back after it left is paid back and stays sent.
                if stopped or (gone and self.woo.status == "refunded"):
                    return
                seller = Actor(kind=ActorKind.SELLER, id=f"source:{self.source.name}")
                await self._does(CancelBySeller(order=order.id, reason=reason), seller)
            case _ if meaning == "handed_over" and gone:
                return
            case _:
                at = moment(self.woo.date_completed_gmt, field="/date_completed_gmt") if meaning in _GONE else None
                await self._does(self._fact(order, FactKind(meaning), at or changed_at(self.woo)))

    def _fact(self, order: Order, fact: FactKind, at: Instant) -> ReportFact:
        # What we were told of has happened, whatever their clock says.
        return ReportFact(order=order.id, fact=fact, occurred_at=min(at, self.message.received_at))

    async def _does(self, command: Command, actor: Actor | None = None) -> Order:
        outcome = await self.desk.engine.handle(Submission(command=command, actor=actor or host(self.source)))
        self.news = self.news or bool(outcome.records)
        return outcome.order

    async def _link(self, order: OrderId, at: Instant, new: NewOrder) -> None:
        contents = msgspec.json.encode(new)
        await self.table.link(self.source.name, self.foreign, self.source.shop, order, at, contents)


async def _order(desk: Desk, linked: Linked) -> Order:
    order = await desk.order_sources.table.order(linked.shop, linked.order)
    assert order is not None, "orders are never removed"
    return order
