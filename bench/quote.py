"""How long a quote takes: the largest orders that are placed, cancelled in part, with every part a price can have."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from rich.console import Console

from rescind.core.ids import OrderId, make_id, shop_id
from rescind.core.order import Order
from rescind.core.parts import Line, Pins, Tender
from rescind.core.price import Benefit, BenefitKind, Charge, Fee
from rescind.core.quote import quote

LINES = 100
WANTED_S = 0.001
"""A quote of so many lines takes at most this long in the core."""

NOW = datetime(2026, 5, 6, 17, 0, tzinfo=UTC)
ROUNDS = 300


def order(lines: int) -> Order:
    """An order with discounts, taxes, a charge, points, and two payments of which one is promised only."""
    shop = shop_id(1)
    made = tuple(
        Line(
            id=f"l{n}",
            sku="MUG",
            quantity=3,
            unit_minor=1999,
            discount_minor=601,
            tax_minor=1139,
            discount_platform_minor=200,
            custom_made=n % 2 == 0,
        )
        for n in range(lines)
    )
    price = sum(line.paid_minor for line in made) + 499 + 150
    return Order(
        id=OrderId(make_id("ord", shop, NOW, 1)),
        shop=shop,
        buyer="ann",
        number="1",
        currency="EUR",
        placed_at=NOW,
        pins=Pins(preset="base", preset_hash=""),
        lines=made,
        tenders=(
            Tender(id="card", method="card", amount_minor=price - 777, authorised_minor=price - 777),
            Tender(id="gift", method="gift_card", amount_minor=777, captured_minor=777),
        ),
        shipping_minor=499,
        charges=(Charge(code="service_fee", amount_minor=150),),
        benefits=(Benefit(id="p", kind=BenefitKind.POINTS, units=1000),),
    )


def spent(lines: int) -> float:
    """Seconds of the core's own time for one quote, the least of many: others share the machine."""
    asked, best = order(lines), 1.0
    chosen = {line.id: 2 for line in asked.lines}
    fees = tuple(Fee(rule="FEE-2", amount_minor=300, line=line.id, units=2) for line in asked.lines if line.custom_made)
    for _ in range(ROUNDS):
        began = time.process_time()
        quote(asked, chosen, fees=fees, at=NOW)
        best = min(best, time.process_time() - began)
    return best


def run(out: Console) -> bool:
    """Measure; whether it is as fast as we promise."""
    took = spent(LINES)
    out.print(f"quote: {took * 1000:.3f} ms for {LINES} lines (wanted: at most {WANTED_S * 1000:.0f} ms)")
    return took <= WANTED_S
