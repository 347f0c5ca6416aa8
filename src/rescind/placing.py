"""Placing an order that was told from outside: one path, whichever door it comes through."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rescind.book import Book
from rescind.core.actor import Actor
from rescind.core.details import BuyerWords, Details
from rescind.core.errors import InvalidField, NotFound, OrderConflict
from rescind.core.fulfilment import OrderPlaced, PlaceOrder
from rescind.core.ids import OrderId
from rescind.core.money import Money
from rescind.core.ports import Fingerprint, Key
from rescind.core.scope import Scope
from rescind.core.views import ShopView
from rescind.engine import Outcome, Submission
from rescind.intake.checks import check_order
from rescind.intake.orders import NewOrder, place_order, shop_of
from rescind.postgres.directory import BuyerTold
from rescind.postgres.reads import Reads

if TYPE_CHECKING:
    from rescind.desk import Desk

SOON_AGAIN = timedelta(hours=1)
"""Within this an equal order of the same buyer may be one too many."""
_NO_REQUEST, _EVERYTHING = Fingerprint(b""), Scope()


class Placed(NamedTuple):
    """What came of it. first: the order was not there before."""

    outcome: Outcome
    first: bool


async def shop_for(desk: Desk, body: NewOrder) -> ShopView:
    """The shop that an order is for. Raises InvalidField."""
    try:
        return await desk.reads.shop(shop_of(body))
    except NotFound:
        raise InvalidField(field="/shop", expected="a shop of this marketplace") from None


async def place(
    desk: Desk,
    shop: ShopView,
    body: NewOrder,
    actor: Actor,
    *,
    key: Key | None = None,
    fingerprint: Fingerprint = _NO_REQUEST,
    scope: Scope = _EVERYTHING,
) -> Placed:
    """Place an order under the terms of the day it was placed on; the same order again changes nothing.

    key, fingerprint: what makes a repeat of the request a repeat. scope: whose orders the teller may tell of; without a
    shop it speaks for the marketplace, and what it says of the buyer is kept beside its orders too.
    Raises InvalidField, InvalidText, CurrencyMismatch, AmountsDoNotAddUp, FactFromTheFuture, OrderConflict.
    """
    command, details = place_order(body, desk.new_order_id(shop.id), desk.pins(shop), desk.now())
    command = msgspec.structs.replace(command, pins=await desk.pins_at(shop, command.placed_at))
    outcome = await desk.engine.handle(
        Submission(
            command=await checked(desk.book, desk.reads, command, details),
            actor=actor,
            key=key,
            fingerprint=fingerprint,
            details=details,
        )
    )
    order = outcome.order
    placed = any(isinstance(one.event, OrderPlaced) for one in outcome.records)
    corrected = order.review is not None and order.review.corrected
    if not placed:
        kept = (await desk.reads.order(scope, order.id)).details
        told = msgspec.structs.replace(kept, buyer=details.buyer)
        if not corrected and told != details:
            # The engine compares what rules and money depend on; titles, names and addresses are kept beside the order.
            raise OrderConflict(number=order.number, order=order.id, field=_otherwise(details, told))
        if scope.shop is None:
            await _correct(desk, order.id, kept.buyer, details.buyer)
    if scope.shop is None:
        # The directory is no part of the order and may be filled again; what it says is only shown.
        await desk.directory.tell_buyers([BuyerTold(order.buyer, details.buyer, order.placed_at)])
    return Placed(outcome, placed)


async def _correct(desk: Desk, order: OrderId, kept: BuyerWords, told: BuyerWords) -> None:
    """The marketplace tells an order again and names its buyer otherwise; what it leaves out stays."""
    words = BuyerWords(name=told.name or kept.name, email=told.email or kept.email, locale=told.locale or kept.locale)
    if words != kept:
        await desk.directory.correct(order, words)


async def checked(book: Book, reads: Reads, command: PlaceOrder, details: Details) -> PlaceOrder:
    """The command with what the automatic checks want a person to look at."""
    charged = sum(charge.amount_minor for charge in command.charges)
    price = sum(line.paid_minor for line in command.lines) + command.shipping_minor + charged
    total = Money(price, command.currency)
    terms = await book.terms(command.pins, command.placed_at)
    since = command.placed_at - SOON_AGAIN
    # Hosts that only ship at home say once where that is.
    to = msgspec.structs.replace(details.recipient, country=details.recipient.country or command.country)
    found = check_order(
        to,
        total_minor=total.minor,
        high_value=terms.preset.values.get("high_value", 0),
        duplicate=await reads.placed_between(
            command.shop, command.buyer, since, command.placed_at, total=total, besides=command.number
        ),
    )
    return msgspec.structs.replace(command, found=found)


def _otherwise(details: Details, kept: Details) -> str:
    """Which member of a report says otherwise in words than what is kept, as a pointer."""
    if details.lines != kept.lines:
        pairs = zip(details.lines, kept.lines, strict=False)
        nth = next((nth for nth, (said, before) in enumerate(pairs) if said != before), None)
        return "/lines" if nth is None else f"/lines/{nth}"
    return "/recipient" if details.recipient != kept.recipient else "/note"
