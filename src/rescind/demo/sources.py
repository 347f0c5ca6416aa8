"""Two systems that send a demo marketplace their orders: a shop on WooCommerce, and a program that signs.

Most of what they sent was understood, some was not. The shop system is paused: nothing of a demo leaves the machine.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec

from rescind.core.instant import Instant
from rescind.demo.catalogue import load
from rescind.demo.marketplace import demo_shop_id
from rescind.desk import Desk
from rescind.order_sources import Chosen, Keys
from rescind.worker import sources

_BY = "operator:demo"
SHOP, PROGRAM = "lantern_shop", "warehouse"


async def play(desk: Desk, opened_at: Instant) -> int:
    """Let them send what they sent in the last hours; gives how many orders came of it."""
    shop = demo_shop_id(0)
    currency = next(one.currency for one in load().orders if one.shop == load().shops[0].key)
    table = desk.order_sources.table
    keys = desk.order_sources.sealed(SHOP, Keys(webhook="demo"))
    url, chosen = "https://lantern.example", msgspec.json.encode(Chosen())
    await table.add(SHOP, "woocommerce", shop, url, chosen, keys, b"demo", _BY, fetched=False)
    await desk.order_sources.create(PROGRAM, "signed", _BY, request="demo", shop=shop)
    first, second = (
        _order(number, opened_at - timedelta(hours=age), currency) for number, age in ((4071, 7), (4074, 3))
    )
    boxed = second | {"status": "gift-wrapping", "date_modified_gmt": _gmt(opened_at - timedelta(hours=1))}
    for place, (topic, told) in enumerate(
        (("order.created", first), ("order.updated", first), ("order.created", second), ("order.updated", boxed))
    ):
        await table.keep(SHOP, f"demo-{place}", topic, str(told["number"]), msgspec.json.encode(told))
    fact = {"fact": "preparation_started", "occurred_at": (opened_at - timedelta(hours=2)).isoformat()}
    for place, said in enumerate(
        (
            {"type": "order.fact", "number": "4071", "data": fact},
            {"type": "order.fact", "number": "4071", "data": fact | {"fact": "sealed"}},
        )
    ):
        await table.keep(PROGRAM, f"demo-{place}", "order.fact", "4071", msgspec.json.encode(said))
    while await sources.sweep(desk):
        pass
    await desk.order_sources.change(SHOP, _BY, state="paused")
    return 2


def _order(number: int, at: Instant, currency: str) -> dict[str, Any]:
    """An order as WooCommerce tells it."""
    person = {
        "first_name": "Ingrid",
        "last_name": "Falk",
        "address_1": "12 Lantern Row",
        "city": "Bristol",
        "postcode": "BS1 4ST",
        "country": "GB",
        "email": "ingrid.falk@mail.example",
        "phone": "+44 117 496 0123",
    }
    return {
        "id": number,
        "number": str(number),
        "status": "processing",
        "currency": currency,
        "date_created_gmt": _gmt(at),
        "date_modified_gmt": _gmt(at),
        "date_paid_gmt": _gmt(at),
        "total": "47.00",
        "customer_id": 88,
        "billing": person,
        "shipping": person,
        "payment_method": "stripe",
        "payment_method_title": "Card",
        "transaction_id": f"ch_demo{number}",
        "line_items": [
            {
                "id": 3 * number,
                "name": "Paper lantern, large",
                "product_id": 51,
                "variation_id": 53,
                "quantity": 2,
                "subtotal": "40.00",
                "total": "35.00",
                "total_tax": "7.00",
                "taxes": [{"id": 1, "total": "7.00"}],
                "sku": "LAN-L",
                "meta_data": [{"key": "pa_colour", "display_key": "Colour", "display_value": "Ivory"}],
            }
        ],
        "shipping_lines": [{"id": 3 * number + 1, "total": "5.00", "total_tax": "0.00"}],
    }


def _gmt(at: Instant) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}"
