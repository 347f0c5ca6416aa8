"""A shop of the demo that makes blinds and curtains to measure: nothing of it stops by itself once work began.

One buyer has a quote of what the work has cost and may answer it, one has agreed to such a figure, one got credit
toward another blind. Cut fabric is special goods. And so many asked when it was too late that the page can tell how
that goes.
"""

from __future__ import annotations

from datetime import timedelta

from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import ApproveCancellation, LapseDeadline, RefuseCancellation, RequestCancellation
from rescind.core.giving_back import GiveBack
from rescind.core.habit import LEAST
from rescind.core.instant import Instant
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind
from rescind.core.order import Order
from rescind.core.parts import FactKind
from rescind.demo import catalogue
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.stall import Ground, Layout, Stall, Ware, buyer_of

LAYOUT = Layout(
    name="Brackley Blinds",
    preset="base",
    currency="GBP",
    zone="Europe/London",
    carrier="Parcelway",
    contact={
        "trader": "Brackley Blinds Ltd",
        "address": "3 Example Yard, Brackley NN13 0XX",
        "email": "hello@brackley-blinds.example",
        "hours": "Mon–Fri 9:00–17:00",
        "city": "Brackley",
    },
)
_ROLLER = Ware("Roller blind, 94 × 160 cm, sage", 6400, custom_made=True)
_ROMAN = Ware("Roman blind, 120 × 140 cm, linen", 11800, custom_made=True)
_FABRIC = Ware("Curtain linen, cut to 3.2 m", 7360, special_reason="cut_to_length")
_TRACK = Ware("Curtain track with gliders", 2850)
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def place() -> int:
    """Place of this shop among those of the demo."""
    return len(catalogue.load().shops) + 6


async def play(ground: Ground, opened_at: Instant) -> int:
    """Everything until ``opened_at``; gives how many orders the shop has."""
    stall = Stall(ground, demo_shop_id(place()), LAYOUT)
    await stall.open()
    placed = await _asked_too_late(stall, opened_at)
    placed += await _quoted(stall, opened_at)
    placed += await _special(stall, opened_at)
    placed += await _credited(stall, opened_at)
    ground.clock.set(opened_at)
    return placed


def _seller(stall: Stall) -> Actor:
    return Actor(kind=ActorKind.SELLER, id=f"staff-{stall.shop}")


async def _asks_anyway(stall: Stall, order: Order, at: Instant, words: str = "", reason: str = "changed_mind") -> Order:
    comment = stall.ids.note(words) if words else None
    asked = RequestCancellation(order=order.id, reason=reason, anyway=True, comment=comment)
    return await stall.does(asked, buyer_of(order), at)


async def _being_made(stall: Stall, number: str, buyer: int, wares: tuple[Ware, ...], at: Instant) -> Order:
    order = await stall.placed(number, catalogue.load().buyers[buyer], wares, at)
    return await stall.reports(order, FactKind.PREPARATION_STARTED, at + 3 * _HOUR)


async def _asked_too_late(stall: Stall, opened_at: Instant) -> int:
    """As many as can be told of: most are let off, some are not, and one hears nothing."""
    for n in range(LEAST + 2):
        at = opened_at - (70 - 3 * n) * _DAY
        order = await _being_made(stall, f"BB-{2011 + n}", 12 + n, (_ROLLER if n % 3 else _TRACK,), at)
        order = await stall.reports(order, FactKind.PACKING_STARTED, at + 20 * _HOUR)
        order = await _asks_anyway(stall, order, at + 21 * _HOUR)
        waiting = order.open_cancellation
        assert waiting is not None, "what is asked anyway is asked of the shop"
        assert waiting.due_at is not None, "and it has until then"
        if n % 11 == 5:
            await stall.does(LapseDeadline(order=order.id, cancellation=waiting.id), SYSTEM, waiting.due_at)
        elif n % 4 == 3:
            words = stall.ids.note("It is cut to your window and fits nobody else's. We are sorry.")
            no = RefuseCancellation(order=order.id, cancellation=waiting.id, reason="production_started", comment=words)
            await stall.does(no, _seller(stall), at + 25 * _HOUR)
        else:
            yes = ApproveCancellation(order=order.id, cancellation=waiting.id)
            await stall.does(yes, _seller(stall), at + 24 * _HOUR)
    return LEAST + 2


async def _quoted(stall: Stall, opened_at: Instant) -> int:
    """One quote waits for its buyer, the other was agreed to."""
    agreed = await _being_made(stall, "BB-2041", 8, (_ROMAN,), opened_at - 4 * _DAY)
    agreed = await _asks_anyway(stall, agreed, opened_at - 3 * _DAY, "We are moving after all.")
    agreed = await _quote(stall, agreed, (2600, 1500), opened_at - 3 * _DAY + 2 * _HOUR)
    offer = AnswerOffer(order=agreed.id, cancellation=agreed.cancellations[-1].id, number=1, accept=True)
    await stall.does(offer, buyer_of(agreed), opened_at - 3 * _DAY + 5 * _HOUR)

    open_ = await _being_made(stall, "BB-2044", 0, (_ROMAN, _TRACK), opened_at - 30 * _HOUR)
    open_ = await _asks_anyway(
        stall, open_, opened_at - 6 * _HOUR, "I measured the wrong window. Can you still stop it?"
    )
    await _quote(stall, open_, (3200, 1800), opened_at - 4 * _HOUR)
    return 2


async def _quote(stall: Stall, order: Order, costs: tuple[int, int], at: Instant) -> Order:
    material, labour = costs
    quoted = MakeOffer(
        order=order.id,
        cancellation=order.cancellations[-1].id,
        kind=OfferKind.CANCEL_WITH_COSTS,
        material_minor=material,
        labour_minor=labour,
        comment=stall.ids.note("The linen is cut and one seam is sewn; the rails can be used again."),
    )
    return await stall.does(quoted, _seller(stall), at)


async def _special(stall: Stall, opened_at: Instant) -> int:
    """Fabric off the bolt: before it is cut the shop is asked, afterwards it is too late without it."""
    buyers = catalogue.load().buyers
    fresh = await stall.placed("BB-2046", buyers[9], (_FABRIC,), opened_at - 5 * _HOUR)
    asked = RequestCancellation(order=fresh.id, reason="ordered_by_mistake")
    await stall.does(asked, buyer_of(fresh), opened_at - 2 * _HOUR)
    cut = await _being_made(stall, "BB-2045", 14, (_FABRIC, _TRACK), opened_at - 9 * _HOUR)
    await stall.does(RequestCancellation(order=cut.id, reason="changed_mind"), buyer_of(cut), opened_at - 3 * _HOUR)
    return 2


async def _credited(stall: Stall, opened_at: Instant) -> int:
    """Support ruled that a buyer whose blind came in the wrong green gets credit, to which the buyer agreed."""
    order = await _being_made(stall, "BB-2033", 21, (_ROLLER,), opened_at - 12 * _DAY)
    order = await stall.reports(order, FactKind.HANDED_OVER, opened_at - 9 * _DAY, parcel="1", tracking="PW20330417")
    order = await stall.reports(order, FactKind.DELIVERED, opened_at - 7 * _DAY, parcel="1")
    given = GiveBack(
        order=order.id,
        amount_minor=2000,
        credit=True,
        consent=stall.ids.note("On the telephone, on the day before."),
        comment=stall.ids.note("The green is not that of the sample. Twenty pounds toward another blind."),
    )
    await stall.does(given, Actor(kind=ActorKind.SUPPORT, id="agent-2"), opened_at - 2 * _DAY)
    return 1
