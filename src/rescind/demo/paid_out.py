"""A shop of the demo whose buyers pay by bank transfer: the platform pays refunds out itself, and one is overdue."""

from __future__ import annotations

from datetime import timedelta

from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import RequestCancellation
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import FactKind
from rescind.core.refund import ProviderOutcome, RecordRefundReply
from rescind.core.refund_order import ConfirmRefundOrder, DeclineRefundOrder, LapseRefundOrder, TakeRefundOrder
from rescind.demo import catalogue
from rescind.demo.marketplace import SUPPORTER, demo_shop_id
from rescind.demo.stall import HOST, Ground, Layout, Stall, Ware, buyer_of
from rescind.settings import DEMO_HOST_PAYS

(METHOD,) = DEMO_HOST_PAYS
DAYS = 3

LAYOUT = Layout(
    name="Paper Lantern Press",
    preset="base",
    currency="EUR",
    zone="Europe/Lisbon",
    carrier="Correio Azul",
    contact={
        "trader": "Paper Lantern Press, Lda.",
        "address": "Rua do Exemplo 12, 4050-000 Porto",
        "email": "paper.lantern@example.com",
        "city": "Porto",
    },
)
_BOOK, _PRINT, _PENS = Ware("Bound notebook, A5", 2450), Ware("Risograph print", 3800), Ware("Set of brush pens", 1995)


def place() -> int:
    """Place of this shop among those of the demo."""
    return len(catalogue.load().shops) + 3


async def play(ground: Ground, opened_at: Instant) -> int:
    """Refunds that wait, one of them too long, one paid out and one that could not be; gives how many orders."""
    stall = Stall(ground, demo_shop_id(place()), LAYOUT)
    await stall.open()
    buyers = catalogue.load().buyers
    day = timedelta(days=1)
    supporter = Actor(kind=ActorKind.SUPPORT, id=SUPPORTER)
    told = (
        ("PL-2201", buyers[3], (_BOOK, _PENS), 9 * day),
        ("PL-2207", buyers[17], (_PRINT,), 8 * day),
        ("PL-2210", buyers[9], (_PENS,), 7 * day),
        ("PL-2216", buyers[31], (_PRINT, _BOOK), timedelta(hours=20)),
        ("PL-2219", buyers[25], (_BOOK,), timedelta(hours=5)),
    )
    orders: list[Order] = []
    for number, buyer, wares, ago in told:
        at = opened_at - ago
        order = await stall.placed(number, buyer, wares, at, method=METHOD)
        order = await stall.reports(order, FactKind.PAID, at)
        asked = RequestCancellation(order=order.id, reason="changed_mind")
        order = await stall.does(asked, buyer_of(order), at + timedelta(minutes=20))
        (refund,) = order.refunds
        ordered = RecordRefundReply(
            order=order.id,
            refund=refund.id,
            outcome=ProviderOutcome.SUBMITTED,
            reference=refund.id,
            confirm_days=DAYS,
        )
        orders.append(await stall.does(ordered, SYSTEM, at + timedelta(minutes=21)))
    late, paid, refused, mine, _ = orders
    at = opened_at - 6 * day
    (refund,) = paid.refunds
    confirmed = ConfirmRefundOrder(
        order=paid.id,
        refund=refund.id,
        reference="SEPA-88121-20",
        paid_on=at.date(),
        amount=Money(refund.amount_minor, paid.currency),
    )
    await stall.does(confirmed, HOST, at)
    declined = DeclineRefundOrder(order=refused.id, refund=refused.refunds[0].id, code="account_closed")
    await stall.does(declined, supporter, at + timedelta(hours=1))
    taken = TakeRefundOrder(order=mine.id, refund=mine.refunds[0].id)
    await stall.does(taken, supporter, opened_at - timedelta(hours=2))
    # What nobody confirmed in time has gone to whoever leads support, as often as its time passed.
    while (due_at := _due_at(late)) <= opened_at:
        lapse = LapseRefundOrder(order=late.id, refund=late.refunds[0].id)
        late = await stall.does(lapse, SYSTEM, due_at)
    ground.clock.set(opened_at)
    return len(orders)


def _due_at(order: Order) -> Instant:
    ordered = order.refunds[0].ordered
    assert ordered is not None, "it was ordered above"
    return ordered.due_at
