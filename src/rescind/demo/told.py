"""Systems that a demo marketplace would tell: a warehouse of the first shop, and the marketplace's own figures.

Both are paused: nothing of a demo leaves the machine, and their logs show what would have been sent.
"""

from __future__ import annotations

from rescind.core.ids import ShopId
from rescind.core.scope import Scope
from rescind.demo.marketplace import demo_shop_id
from rescind.desk import Desk

_BY = "operator:demo"


async def play(desk: Desk) -> None:
    """Make both."""
    shop = ShopId(demo_shop_id(0))
    warehouse = ("https://warehouse.example/hooks/rescind", "Warehouse", ("cancellation.*", "stock.*"))
    figures = ("https://figures.example/rescind", "Daily figures", ("cancellation.approved", "refund.answered"))
    for owner, (url, about, events) in ((shop, warehouse), (None, figures)):
        scope = Scope(shop=owner)
        made = await desk.endpoints.create(scope, owner, url, about=about, events=events, by=_BY, key="demo")
        await desk.endpoints.change(scope, made.endpoint.id, _BY, state="paused")
