"""Every request and case of the marketplace, as a list."""

from __future__ import annotations

from typing import Final

from litestar import get

from rescind.core.errors import InvalidField
from rescind.core.lists import REQUESTS
from rescind.core.views import CASE_TABS
from rescind.web.listing import asked, by_shop, heads, tools
from rescind.web.rendering import address
from rescind.web.seller.board import sorts
from rescind.web.seller.console import Here
from rescind.web.seller.requests import tab_names
from rescind.web.session import Html
from rescind.web.support.find import case_row

PATH: Final = "/support/requests"


@get("/requests")
async def read(console: Here) -> Html:
    """Requests and cases of every shop, narrowed as the address says."""
    given = await by_shop(console.visit, asked(console.visit, REQUESTS, console.zone))
    if given.go:
        return console.go(given.go)
    filters, cursor = given.filters(console.visit, console.zone), console.query("cursor") or None
    try:
        page = await console.desk.reads.cases(console.scope, filters, cursor, now=console.now)
    except InvalidField:
        page = await console.desk.reads.cases(console.scope, filters, None, now=console.now)
    around = await tools(console.visit, given, console.zone, path=PATH, total=page.total)
    base = address(console.here, cursor=None, said=None)
    language = console.language
    names = tab_names(language) | {
        "to_respond": language.gettext("Waiting for seller"),
        "with_platform": language.gettext("Waiting for us or the carrier"),
        "escalated": language.gettext("Too late at support"),
    }
    return console.page(
        "support/requests.html",
        errors=given.errors,
        tools=around,
        q=given.search.text,
        sort=given.value("sort"),
        sorts=sorts(language),
        tabs=[
            {
                "href": address(base, tab=None if name == "all" else name, view=None),
                "label": names[name],
                "current": filters.tab == name,
            }
            for name in ("all", *(one for one in CASE_TABS if one != "all"))
        ],
        columns=heads(language, around),
        rows=[case_row(console, one) for one in page.rows],
        previous=address(base, cursor=page.previous) if page.previous else "",
        next=address(base, cursor=page.next) if page.next else "",
    )


ROUTES = (read,)
