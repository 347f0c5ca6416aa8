"""Everything that takes money from an order at once: never more than came in, and never less than fits."""

import asyncio
import os
import random
from collections import Counter

from postgres.market import HOST, SAM, audit, person
from rescind.core.cancellation import CancelBySeller, RequestCancellation
from rescind.core.errors import InvalidTransition, QuantityNotOpen, RefundOfNothing, RefundTooHigh
from rescind.core.giving_back import GiveBack, most
from rescind.core.parts import FactKind, Line, Tender

ORDERS = 1000 if os.environ.get("PROOF") == "full" else 100
AT_ONCE = 8
TOGETHER = 25
REFUSALS = InvalidTransition | QuantityNotOpen | RefundOfNothing | RefundTooHigh
"""What is said where nothing fits any more."""


async def test_eight_partial_refunds_at_once_take_what_fits_and_no_cent_more(market, others):  # KF-12, I-02, I-10
    dice = random.Random(12)
    won, lost = Counter(), Counter()
    for _ in range(0, ORDERS, TOGETHER):
        orders = await asyncio.gather(*(paid(market, dice) for _ in range(TOGETHER)))
        asked = [(order, *one) for order in orders for one in wishes(order, dice)]
        dice.shuffle(asked)
        said = await asyncio.gather(
            *(by.does(command, actor) for by, (_, command, actor) in zip(turns(market, others), asked, strict=False)),
            return_exceptions=True,
        )
        for (order, command, actor), one in zip(asked, said, strict=True):
            if not isinstance(one, BaseException):
                won[type(command).__name__] += 1
                continue
            assert isinstance(one, REFUSALS), one
            lost[type(command).__name__] += 1
            if isinstance(one, RefundTooHigh):
                assert one.params["left"].minor < command.amount_minor + order.shipping_minor * command.shipping
            # What was open then is less now. If it fits now, it was refused for nothing.
            again = await asyncio.gather(market.does(command, actor), return_exceptions=True)
            assert isinstance(again[0], REFUSALS), (command, one)
        for order in orders:
            await _holds(market, order.id)
            await _gives_the_rest(others, order.id)
    assert min(won.values()) > ORDERS // 10, won
    assert min(lost.values()) > ORDERS // 10, lost
    assert await audit(market.pool) == ORDERS


def turns(*markets):
    """Each process in turn."""
    while True:
        yield from markets


async def paid(market, dice):
    """An order of two lines and a delivery, paid by one card or by two."""
    lines = tuple(Line(id=name, sku="MUG", quantity=3, unit_minor=dice.randint(1, 5000)) for name in ("cup", "pot"))
    shipping = dice.choice((0, 499))
    whole = sum(line.paid_minor for line in lines) + shipping
    part = dice.randint(1, whole - 1)
    amounts = {"t": whole} if dice.random() < 0.5 else {"t": part, "u": whole - part}
    tenders = tuple(Tender(id=name, method="card", amount_minor=amount) for name, amount in amounts.items())
    command = await market.placing(lines=lines, tenders=tenders, shipping_minor=shipping)
    await market.does(command, HOST)
    return (await market.fact(command.order, FactKind.PAID)).order


def wishes(order, dice):
    """Eight ways to want some of it back, with who asks; all together for about twice what there is."""
    for _ in range(AT_ONCE):
        lines = {dice.choice(("cup", "pot")): dice.randint(1, 2)}
        amount = dice.randint(1, most(order) * 6 // 10 + 1)
        yield dice.choice(
            (
                (CancelBySeller(order=order.id, reason="out_of_stock", lines=lines), SAM),
                (RequestCancellation(order=order.id, reason="changed_mind", lines=lines), person("buyer", order.buyer)),
                (GiveBack(order=order.id, amount_minor=amount), SAM),
                (GiveBack(order=order.id, shipping=bool(order.shipping_minor), amount_minor=amount), person("support")),
            )
        )


async def _holds(market, order):
    """What is reserved is what was owed, by tender, and within what came in by it."""
    after = await market.read(order)
    owed = Counter()
    for one in after.refunds:
        assert one.amount_minor > 0
        owed[one.tender] += one.amount_minor
    for tender in after.tenders:
        assert owed[tender.id] == tender.reserved_minor <= tender.captured_minor == tender.amount_minor
    cancelled = {line.id: line.cancelled for line in after.lines}
    told = Counter()
    for case in after.cancellations:
        told.update(case.lines)
    assert {name: count for name, count in cancelled.items() if count} == dict(told)


async def _gives_the_rest(market, order):
    """All that is left can go back, to the last cent, and then nothing more."""
    left = most(await market.read(order))
    if left:
        await market.does(GiveBack(order=order, amount_minor=left), SAM)
    after = await market.read(order)
    assert most(after) == 0
    assert sum(one.reserved_minor for one in after.tenders) == after.paid.minor
    again = await asyncio.gather(market.does(GiveBack(order=order, amount_minor=1), SAM), return_exceptions=True)
    assert isinstance(again[0], REFUSALS)
