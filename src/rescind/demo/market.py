"""A page that plays the marketplace's own site, so that the demo shows how buyers come and go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rescind.core.scope import Scope
from rescind.core.views import Filters, OrderRow
from rescind.demo.catalogue import load
from rescind.desk import Desk
from rescind.postgres.credentials import Credential

PATH = "/demo/market"
_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Shopper:
    """Whose page it is: the first buyer of the demo, with their latest orders."""

    buyer: str
    name: str
    orders: Sequence[OrderRow]


async def shopper(desk: Desk) -> Shopper:
    """Who is signed in at the pretended marketplace."""
    buyer = load().buyers[0]
    page = await desk.reads.orders(Scope(buyer=buyer.key), Filters(), None, _SHOWN, now=desk.now())
    return Shopper(buyer.key, buyer.name, page.rows)


def shown(who: Shopper, order: OrderRow, back_to: str) -> Credential:
    """What the marketplace's server asks a fragment with."""
    return Credential(
        kind="link",
        role="buyer",
        principal=who.buyer,
        buyer_id=who.buyer,
        order_id=order.order_id,
        opens="fragment",
        back_to=back_to,
    )
