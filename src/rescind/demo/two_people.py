"""A shop of the demo that sells dear things, so that money there takes two people.

A colleague of support wants to give some back, another says that a refund was paid out, and the shop itself proposes a
favour: each waits for somebody else to confirm it.
"""

from __future__ import annotations

from datetime import timedelta

from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import RequestCancellation
from rescind.core.giving_back import GiveBack
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.parts import FactKind
from rescind.core.refund import ProviderOutcome, RecordRefundReply
from rescind.core.refund_order import ConfirmRefundOrder
from rescind.demo import catalogue
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.paid_out import DAYS, METHOD
from rescind.demo.stall import Ground, Layout, Stall, Ware, buyer_of

LAYOUT = Layout(
    name="Halden Furniture",
    preset="base",
    currency="EUR",
    zone="Europe/Copenhagen",
    carrier="Nordfragt",
    contact={
        "trader": "Halden Furniture ApS",
        "address": "Eksempelvej 3, 8000 Aarhus C",
        "email": "post@halden.example",
        "hours": "Mon–Fri 8:00–16:00",
        "city": "Aarhus",
    },
)
_TABLE, _CHAIR, _LAMP = Ware("Oak table, 160 cm", 89000), Ware("Chair with armrests", 34500), Ware("Floor lamp", 41200)
_COLLEAGUE = Actor(kind=ActorKind.SUPPORT, id="agent-2")


def place() -> int:
    """Place of this shop among those of the demo."""
    return len(catalogue.load().shops) + 5


async def play(ground: Ground, opened_at: Instant) -> int:
    """Everything until ``opened_at``; gives how many orders the shop has."""
    stall = Stall(ground, demo_shop_id(place()), LAYOUT)
    await stall.open()
    buyers, hour = catalogue.load().buyers, timedelta(hours=1)

    scratched = await stall.placed("HF-4107", buyers[11], (_TABLE,), opened_at - timedelta(days=8))
    words = "The top came with a scratch across it. The buyer keeps it for 300 euros less; photos are in the case."
    given = GiveBack(order=scratched.id, amount_minor=30000, comment=stall.ids.note(words))
    await stall.does(given, _COLLEAGUE, opened_at - 20 * hour)

    late = await stall.placed("HF-4112", buyers[27], (_TABLE, _CHAIR), opened_at - timedelta(days=6))
    words = "Two weeks late, and they waited at home twice. A chair's worth back."
    given = GiveBack(order=late.id, amount_minor=_CHAIR.price, comment=stall.ids.note(words))
    await stall.does(given, Actor(kind=ActorKind.SELLER, id=f"staff-{stall.shop}"), opened_at - 7 * hour)

    at = opened_at - timedelta(days=2)
    paid = await stall.placed("HF-4118", buyers[19], (_LAMP,), at, method=METHOD)
    paid = await stall.reports(paid, FactKind.PAID, at)
    asked = RequestCancellation(order=paid.id, reason="changed_mind")
    paid = await stall.does(asked, buyer_of(paid), at + hour)
    (refund,) = paid.refunds
    ordered = RecordRefundReply(
        order=paid.id,
        refund=refund.id,
        outcome=ProviderOutcome.SUBMITTED,
        reference=refund.id,
        confirm_days=DAYS,
    )
    await stall.does(ordered, SYSTEM, at + 2 * hour)
    confirmed = ConfirmRefundOrder(
        order=paid.id,
        refund=refund.id,
        reference="SEPA-90417-03",
        paid_on=(opened_at - 3 * hour).date(),
        amount=Money(refund.amount_minor, paid.currency),
    )
    await stall.does(confirmed, _COLLEAGUE, opened_at - 3 * hour)
    ground.clock.set(opened_at)
    return 3
