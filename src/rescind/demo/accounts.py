"""A shop of the demo whose money went more ways than there and back, and all refunds against the provider's list.

It keeps a share of what it made for one buyer or packed already. A bank took money twice: one word is waited for, one
has come. Some came back as a favour. Its receipts and credit notes are issued.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import msgspec

from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import ApproveCancellation, RequestCancellation
from rescind.core.giving_back import GiveBack
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import FactKind, RefundStatus
from rescind.core.ports import ProviderRefund
from rescind.core.reconcile import GRACE, OurRefund
from rescind.core.refund import ProviderOutcome, RecordRefundReply
from rescind.core.scope import Scope
from rescind.demo import catalogue
from rescind.demo.marketplace import demo_shop_id
from rescind.demo.operators import OPERATORS
from rescind.demo.stall import Ground, Layout, Stall, Ware, buyer_of
from rescind.desk import Desk
from rescind.postgres.reconciliation import BACK, Reconciliations
from rescind.worker import reconciliation

LAYOUT = Layout(
    name="Saltmarsh Pottery",
    preset="base",
    currency="GBP",
    zone="Europe/London",
    carrier="Northway Post",
    contact={
        "trader": "Saltmarsh Pottery",
        "address": "The Old Boatyard, Whitstable CT5 1ZZ",
        "email": "hello@saltmarsh.example",
        "hours": "Mon–Fri 9:00–17:00",
        "city": "Whitstable",
    },
    settings={"material_bps": 3000, "restocking_bps": 1000},
)
SOURCE = "sandbox-refunds.csv"
_PLATE, _BOWL = Ware("Dinner plate, set of four", 6400), Ware("Serving bowl", 3800)
_NAMED = Ware("Mug with a name on it", 2600, custom_made=True)
_DAY = timedelta(days=1)
_STATUS = {
    RefundStatus.SUBMITTED: ProviderOutcome.SUBMITTED,
    RefundStatus.IN_DOUBT: ProviderOutcome.IN_DOUBT,
    RefundStatus.SUCCEEDED: ProviderOutcome.SUCCEEDED,
    RefundStatus.FAILED: ProviderOutcome.DECLINED,
}


def place() -> int:
    """Place of this shop among those of the demo."""
    return len(catalogue.load().shops) + 4


async def play(desk: Desk, ground: Ground, opened_at: Instant) -> int:
    """Everything until ``opened_at``; gives how many orders the shop has."""
    stall = Stall(ground, demo_shop_id(place()), LAYOUT)
    await stall.open()
    buyers = catalogue.load().buyers
    bank_decides = await stall.placed("SM-3301", buyers[0], (_PLATE, _BOWL), opened_at - 6 * _DAY)
    await _bank_took(stall, bank_decides, _PLATE.price, opened_at - 2 * _DAY)
    asked = RequestCancellation(order=bank_decides.id, reason="changed_mind")
    await _approved(stall, asked, buyer_of(bank_decides), opened_at - _DAY)

    bank_decided = await stall.placed("SM-3288", buyers[14], (_BOWL,), opened_at - 25 * _DAY)
    await _bank_took(stall, bank_decided, _BOWL.price, opened_at - 20 * _DAY)
    await stall.reports(
        bank_decided,
        FactKind.CHARGEBACK_LOST,
        opened_at - 4 * _DAY,
        tender="1",
        amount_minor=_BOWL.price,
        reference=f"dp_{bank_decided.number}",
    )

    made = await stall.placed("SM-3294", buyers[6], (_NAMED, _BOWL), opened_at - 5 * _DAY)
    await stall.reports(made, FactKind.PREPARATION_STARTED, opened_at - 4 * _DAY)
    made = await _approved(
        stall,
        RequestCancellation(order=made.id, reason="changed_mind", anyway=True),
        buyer_of(made),
        opened_at - 3 * _DAY,
    )
    await _sent(stall, made, ProviderOutcome.SUCCEEDED, opened_at - 3 * _DAY + timedelta(hours=3))

    packed = await stall.placed("SM-3297", buyers[21], (_PLATE,), opened_at - 4 * _DAY)
    for fact, hours in ((FactKind.PREPARATION_STARTED, 20), (FactKind.PACKED, 26)):
        await stall.reports(packed, fact, opened_at - 4 * _DAY + timedelta(hours=hours))
    packed = await _approved(
        stall,
        RequestCancellation(order=packed.id, reason="changed_mind", anyway=True),
        buyer_of(packed),
        opened_at - 2 * _DAY,
    )
    on_its_way = await _sent(stall, packed, ProviderOutcome.SUBMITTED, opened_at - 2 * _DAY + timedelta(hours=3))

    favour = await stall.placed("SM-3299", buyers[0], (_BOWL, _NAMED), opened_at - 3 * _DAY)
    await stall.reports(favour, FactKind.PREPARATION_STARTED, opened_at - 2 * _DAY)
    words = "One glaze has a bubble we could not hide; five pounds back, with our apologies."
    given = GiveBack(order=favour.id, amount_minor=500, comment=stall.ids.note(words))
    favour = await stall.does(given, _seller(favour), opened_at - _DAY)
    favour = await _sent(stall, favour, ProviderOutcome.SUCCEEDED, opened_at - _DAY + timedelta(hours=2))

    ground.clock.set(opened_at)
    orders = (bank_decides, bank_decided, made, packed, favour)
    for order in orders:
        await desk.documents.of_order(Scope(shop=order.shop), order.id)
    await _reconciled(desk, on_its_way, twice=made, opened_at=opened_at)
    return len(orders)


async def _bank_took(stall: Stall, order: Order, amount: int, at: Instant) -> None:
    reference = f"dp_{order.number}"
    await stall.reports(order, FactKind.CHARGED_BACK, at, tender="1", amount_minor=amount, reference=reference)


async def _approved(stall: Stall, asked: RequestCancellation, buyer: Actor, at: Instant) -> Order:
    """Asked, and approved by the shop where the policy leaves it to the shop."""
    order = await stall.does(asked, buyer, at)
    waits = order.open_cancellation
    if waits is None:
        return order
    approve = ApproveCancellation(order=order.id, cancellation=waits.id)
    return await stall.does(approve, _seller(order), at + timedelta(hours=2))


async def _sent(stall: Stall, order: Order, outcome: ProviderOutcome, at: Instant) -> Order:
    for refund in order.refunds:
        reply = RecordRefundReply(
            order=order.id,
            refund=refund.id,
            outcome=outcome,
            reference=f"sandbox-{refund.id[-10:]}",
            next_check_at=at + 3 * _DAY,
        )
        order = await stall.does(reply, SYSTEM, at)
    return order


def _seller(order: Order) -> Actor:
    return Actor(kind=ActorKind.SELLER, id=f"staff-{order.shop}")


async def _reconciled(desk: Desk, on_its_way: Order, twice: Order, opened_at: Instant) -> None:
    """All of our refunds against a list that agrees but for a few: arrived, sent twice, another amount, not ours."""
    table, since = Reconciliations(desk.pool), opened_at - BACK
    theirs = _list(await _ours(table, since, opened_at), on_its_way.refunds[0].id, twice.refunds[0].id)
    by_hand = ProviderRefund(
        reference="sandbox-by-hand-0031",
        amount_minor=1200,
        currency="GBP",
        status=ProviderOutcome.SUCCEEDED,
        at=opened_at - 9 * _DAY,
    )
    (operator, _), *_ = OPERATORS.values()
    run = await reconciliation.reconcile(
        desk.engine,
        table,
        _at_once((*theirs, by_hand)),
        provider="",
        source=SOURCE,
        since=since,
        until=opened_at,
        by=f"operator:{operator}",
    )
    found = await table.differences(run.number)
    place = next(one.place for one in found if one.their_reference == by_hand.reference)
    words = "Paid on the provider's own page for a parcel that came late; the shop was told and bears it."
    await table.explain(run.number, place, operator, words)


def _list(ours: Sequence[OurRefund], arrived: str, twice: str) -> tuple[ProviderRefund, ...]:
    """What the provider has: ours as it stands, but that one has arrived, one is there twice, and one is less."""
    listed = [
        ProviderRefund(
            reference=one.reference,
            refund=one.refund,
            payment=one.payment,
            amount_minor=one.amount_minor,
            currency=one.currency,
            status=ProviderOutcome.SUCCEEDED if one.refund == arrived else _STATUS[one.status],
            at=one.owed_at,
        )
        for one in ours
        if one.expected and one.status in _STATUS
    ]
    again = next(one for one in listed if one.refund == twice)
    less = max((one for one in listed if one.status is ProviderOutcome.SUCCEEDED), key=lambda one: one.amount_minor)
    return (
        *(msgspec.structs.replace(one, amount_minor=one.amount_minor - 100) if one is less else one for one in listed),
        msgspec.structs.replace(again, reference=f"{again.reference}-2"),
    )


async def _ours(table: Reconciliations, since: Instant, until: Instant) -> list[OurRefund]:
    async with table.both(_at_once(()), provider="", since=since, until=until + GRACE) as (ours, _):
        return [one async for one in ours]


async def _at_once(refunds: Sequence[ProviderRefund]) -> AsyncIterator[Sequence[ProviderRefund]]:
    yield refunds
