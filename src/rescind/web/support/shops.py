"""Every shop of the marketplace, as a list."""

from __future__ import annotations

from typing import Final

from litestar import get

from rescind.core.errors import InvalidField
from rescind.core.lists import SHOPS
from rescind.core.views import ShopRow
from rescind.intake.narrowing import ShopNarrowing
from rescind.web.listing import asked, heads, tools
from rescind.web.rendering import address
from rescind.web.seller.console import Here
from rescind.web.session import Html

PATH: Final = "/support/shops"


@get("/shops")
async def read(console: Here) -> Html:
    """Shops, narrowed as the address says; each leads to its orders."""
    given = asked(console.visit, SHOPS, console.zone)
    if given.go:
        return console.go(given.go)
    assert isinstance(given.narrowing, ShopNarrowing), "this list has such filters"
    filters, cursor = given.narrowing.filters(), console.query("cursor") or None
    try:
        page = await console.desk.reads.shop_rows(filters, cursor)
    except InvalidField:
        page = await console.desk.reads.shop_rows(filters, None)
    around = await tools(console.visit, given, console.zone, path=PATH, total=page.total)
    base, _ = address(console.here, cursor=None, said=None), console.language.gettext
    return console.page(
        "support/shops.html",
        errors=given.errors,
        tools=around,
        q=given.search.text,
        sort=given.value("sort"),
        sorts=[("", console.language.pgettext("of a shop", "Name")), ("newest", _("Newest"))],
        columns=heads(console.language, around, main="name"),
        rows=[_row(one) for one in page.rows],
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
    )


def _row(row: ShopRow) -> dict[str, object]:
    return {"id": row.shop.id, "href": f"/support/orders?shop={row.shop.id}", "row": row}


ROUTES = (read,)
