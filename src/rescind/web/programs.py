"""Programs that act for people, as shop, support and operator see them: mandates, and what was done under each."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from litestar import get, post
from litestar.params import FromPath

from rescind.access.people import by
from rescind.core.errors import Forbidden, NotFound
from rescind.core.ids import ShopId
from rescind.core.money import Money
from rescind.postgres.mandates import MandateView
from rescind.web.seller.console import Console, Here, Notice
from rescind.web.session import Html

HOME = "/seller/programs"
SHOWN = 25


@get("/programs")
async def read(console: Here) -> Html:
    """The mandates over a shop's orders, those first that hold."""
    found = await console.desk.mandates.all(console.now, console.scope.shop)
    shops = await shop_names(console)
    ended = Notice(console.language.gettext("Ended. The program does nothing under it any more."))
    return console.page(
        "programs/list.html",
        notice=ended if console.query("said") == "ended" else None,
        rows=[mandate_row(console, one, shops) for one in found],
    )


@post("/programs/{mandate:str}/end", status_code=HTTPStatus.OK)
async def end(console: Here, mandate: FromPath[str]) -> Html:
    """End the mandate of a program of the shop's own, now."""
    await console.form()
    if console.person.rights != "manage":
        raise Forbidden(action="manage_shop")
    await console.desk.mandates.end(by(console.person), mandate, console.now, console.scope.shop)
    return console.go(f"{HOME}?said=ended")


@get("/programs/{mandate:str}")
async def one(console: Here, mandate: FromPath[str]) -> Html:
    """A mandate, and what was done under it on the orders that whoever reads it sees, the last first."""
    shop = console.scope.shop
    found = await console.desk.mandates.one(mandate, console.now, shop)
    acts, rest = await console.desk.mandates.acts(mandate, _after(console), SHOWN, shop)
    return console.page(
        "programs/one.html",
        around="seller/frame.html" if shop else "operator/frame.html",
        row=mandate_row(console, found, await shop_names(console)),
        back="/operator/mandates" if console.person.role == "operator" else HOME if shop else "",
        orders="/seller/orders" if shop else "/support/orders",
        acts=acts,
        more=f"?after={rest}" if rest else "",
    )


READING = (one,)
ROUTES = (read, end, *READING)


def mandate_row(console: Console, one: MandateView, shops: Mapping[ShopId, str]) -> dict[str, object]:
    """A line of the table of mandates. own: it is of the shop that reads it, which may end it."""
    allowed, language, day = one.bounds, console.language, console.now.date()
    return {
        "id": one.id,
        "mandate": one,
        "own": console.scope.shop is None or one.shop == console.scope.shop,
        "whose": language.term("program_of", "own" if one.shop and one.shop == console.scope.shop else one.role),
        "holds": one.holds(console.now),
        "acts": [language.term("program_act", act) for act in allowed.acts],
        "for": [shops.get(shop, shop) for shop in _seen(console, allowed.shops)] or [_whose(console, one, shops)],
        "buyer": allowed.buyer,
        "each": Money(allowed.each_minor, allowed.currency),
        "a_day": Money(allowed.a_day_minor, allowed.currency),
        "used": Money(one.held.used(day), allowed.currency),
        "made": one.held.made(day),
    }


async def shop_names(console: Console) -> Mapping[ShopId, str]:
    """What the shops are called that whoever reads this knows of."""
    own = console.scope.shop
    return {one.id: one.name for one in await console.desk.reads.shops() if own is None or one.id == own}


def _seen(console: Console, named: tuple[ShopId, ...]) -> list[ShopId]:
    """The shops that a mandate names, as far as they are the reader's business."""
    return [shop for shop in named if console.scope.shop is None or shop == console.scope.shop]


def _whose(console: Console, one: MandateView, shops: Mapping[ShopId, str]) -> str:
    """What a mandate that names no shop is about: all that its key sees."""
    if one.shop:
        return shops.get(one.shop, one.shop)
    return one.key_buyer or console.language.gettext("All shops")


def _after(console: Console) -> int | None:
    said = console.query("after")
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) < 19):
        raise NotFound(kind="address")
    return int(said)
