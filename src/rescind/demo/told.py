"""Whom a demo marketplace would tell: a warehouse and two groups of the first shop, and the marketplace's own figures.

All are paused: nothing of a demo leaves the machine, and their logs show what would have been sent.
"""

from __future__ import annotations

from rescind.core.ids import ShopId
from rescind.core.scope import Scope
from rescind.demo.marketplace import demo_shop_id
from rescind.desk import Desk

_BY = "operator:demo"
_SIGNS = str.maketrans("ilou", "1100")
"""Signs that no id has."""


async def play(desk: Desk) -> None:
    """Make them."""
    shop = ShopId(demo_shop_id(0))
    warehouse = ("https://warehouse.example/hooks/rescind", "Warehouse", ("cancellation.*", "stock.*"))
    figures = ("https://figures.example/rescind", "Daily figures", ("cancellation.approved", "refund.answered"))
    for owner, (url, about, events) in ((shop, warehouse), (None, figures)):
        scope = Scope(shop=owner)
        made = await desk.endpoints.create(scope, owner, url, about=about, events=events, by=_BY, key="demo")
        await desk.endpoints.change(scope, made.endpoint.id, _BY, state="paused")
    await _robots(desk, shop)


async def _robots(desk: Desk, shop: ShopId) -> None:
    """Two groups of the shop, as they would be connected: at addresses that nothing calls, and paused."""
    for kind, about, topics, place in (
        ("dingtalk", "发货值班群", ("requests", "cases", "messages"), "robot/send?access_token=0"),
        ("wecom", "财务对账群", ("money",), "cgi-bin/webhook/send?key=0"),
    ):
        robots, identifier = desk.robots, f"bot_{kind.translate(_SIGNS):0<22}"
        await robots.table.add(
            shop,
            identifier,
            kind,
            robots.address_of(identifier, kind, f"https://{kind}.example/{place}"),
            robots.secret_of(identifier, ""),
            signed=False,
            about=about,
            topics=topics,
            language="zh",
            made_with=b"demo",
            by=_BY,
        )
        await robots.change(Scope(shop=shop), identifier, _BY, state="paused")
