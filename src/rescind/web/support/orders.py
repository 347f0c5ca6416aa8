"""Every order of the marketplace, as a list."""

from __future__ import annotations

from typing import Final

from litestar import get

from rescind.core.errors import InvalidField
from rescind.core.lists import ORDERS
from rescind.core.views import OrderRow
from rescind.web.listing import asked, by_shop, heads, tools
from rescind.web.rendering import address
from rescind.web.seller.board import sorts, tab_names
from rescind.web.seller.console import Here
from rescind.web.session import Html

PATH: Final = "/support/orders"
_TABS = (
    "all",
    "cancellation_requested",
    "to_pay",
    "to_review",
    "to_prepare",
    "to_pack",
    "packed",
    "shipped",
    "cancelled",
)


@get("/orders")
async def read(console: Here) -> Html:
    """Orders of every shop, narrowed as the address says."""
    given = await by_shop(console.visit, asked(console.visit, ORDERS, console.zone))
    if given.go:
        return console.go(given.go)
    filters, cursor = given.filters(console.visit, console.zone), console.query("cursor") or None
    try:
        page = await console.desk.reads.orders(console.scope, filters, cursor, now=console.now)
    except InvalidField:
        # A cursor of another list, or one kept for too long: the list from its beginning is what was meant.
        page = await console.desk.reads.orders(console.scope, filters, None, now=console.now)
    around = await tools(console.visit, given, console.zone, path=PATH, total=page.total)
    base = address(console.here, cursor=None, said=None)
    names = tab_names(console.language)
    return console.page(
        "support/orders.html",
        errors=given.errors,
        tools=around,
        q=given.search.text,
        sort=given.value("sort"),
        sorts=sorts(console.language),
        tabs=[
            {
                "href": address(base, tab=None if name == "all" else name, view=None),
                "label": names[name],
                "current": filters.tab == name,
            }
            for name in _TABS
        ],
        columns=heads(console.language, around),
        rows=[_row(one) for one in page.rows],
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
    )


def _row(row: OrderRow) -> dict[str, object]:
    return {"id": row.order_id, "href": f"{PATH}/{row.order_id}", "order": row}


ROUTES = (read,)
