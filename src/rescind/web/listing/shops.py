"""The shop that a list is narrowed to, by its name: people know names, and addresses have ids."""

from __future__ import annotations

from dataclasses import replace

from rescind.core.errors import NotFound
from rescind.core.views import ShopFilters
from rescind.web.listing.asked import Asked
from rescind.web.rendering import address
from rescind.web.session import Visit

_OFFERED = 50
"""So many names are offered while somebody types, and so many shops to choose from where a name fits several."""
_LONGEST = 200


async def by_shop(visit: Visit, given: Asked) -> Asked:
    """The same list with the shop that was typed: found by its id, its whole name, or a part that no other has.

    Where none or several fit it is said, and those that fit are offered.
    """
    typed = visit.query("shop_name").strip()[:_LONGEST]
    if not typed or visit.person.role == "seller":
        return given
    found = (await visit.desk.reads.shop_rows(ShopFilters(text=typed), None, _OFFERED)).rows
    whole = [one for one in found if typed.casefold() in {one.shop.name.casefold(), one.shop.id}]
    fitting = whole or list(found)
    said = {**given.typed, "shop_name": typed}
    if len(fitting) == 1:
        go = given.go and address(given.go, shop=fitting[0].shop.id)
        return replace(given, go=go, typed=said)
    _ = visit.locale.gettext
    wrong = _("Several shops are called like that. Choose one.") if fitting else _("No shop is called like that")
    called = [one.shop.name for one in fitting]
    choices = [
        (one.shop.id, one.shop.name if called.count(one.shop.name) == 1 else f"{one.shop.name} · {one.shop.id}")
        for one in fitting
    ]
    return replace(given, go="", errors=[*given.errors, ("shop_name", wrong)], typed=said, shops=choices)


async def names(visit: Visit) -> list[str]:
    """What is offered while somebody types: the first shops by name."""
    page = await visit.desk.reads.shop_rows(ShopFilters(), None, _OFFERED)
    return [one.shop.name for one in page.rows]


async def name_of(visit: Visit, shop: str) -> str:
    """What the shop in an address is called; its id where there is none of that id."""
    if not shop:
        return ""
    try:
        return (await visit.desk.reads.shop(shop)).name
    except NotFound:
        return shop
