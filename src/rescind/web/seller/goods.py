"""The goods of one order on its page: what goes into which parcel, and what became of the units that were cancelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from litestar import post
from litestar.params import FromPath

from rescind.core import stock
from rescind.core.errors import RescindError
from rescind.core.lifecycle import Command
from rescind.core.order import Order
from rescind.core.parcels import ArrangeParcels
from rescind.core.stock import ReceiveBack
from rescind.core.views import OrderView
from rescind.locales import Locale
from rescind.web.seller import order as order_page
from rescind.web.seller.console import Console, Fields, Here, new_key
from rescind.web.session import Html

_DIGITS = 7
"""More units than a line can have are no number of this page."""


def parcels(view: OrderView, language: Locale) -> list[dict[str, Any]]:
    """Each parcel with what is in it, as far as somebody said."""
    return [
        {
            "parcel": one,
            "name": language.gettext("Parcel %(name)s") % {"name": one.id},
            "goods": _goods(view, one.lines, language),
            "waits": bool(one.arranged_at) and not one.further_on,
        }
        for one in view.order.parcels
    ]


def splitting(view: OrderView) -> dict[str, Any] | None:
    """The form that takes units into a parcel of their own; None where there is nothing to take apart or together."""
    left = view.order.unlabelled_units()
    if sum(left.values()) < 2:
        return None
    return {"rows": _rows(view, left), "several": len(view.order.arranged) > 1, "keys": (new_key(), new_key())}


def coming_back(view: OrderView, language: Locale) -> dict[str, Any] | None:
    """What became of the cancelled units, and the form for those that are still out; None where nothing did."""
    order = view.order
    shelf, out = stock.back_to_stock(order), stock.outside(order)
    if not shelf and not out:
        return None
    return {"shelf": _goods(view, shelf, language), "rows": _rows(view, out), "key": new_key()}


def _rows(view: OrderView, units: Mapping[str, int]) -> list[dict[str, Any]]:
    names = order_page.titles(view)
    return [
        {"line": line.id, "title": names.get(line.id) or line.sku, "most": units[line.id]}
        for line in view.order.lines
        if units.get(line.id)
    ]


def _goods(view: OrderView, units: Mapping[str, int], language: Locale) -> str:
    return language.gettext(", ").join(f"{row['most']} × {row['title']}" for row in _rows(view, units))


@post("/orders/{order_id:str}/parcels", status_code=200)
async def arrange(console: Here, order_id: FromPath[str]) -> Html:
    """Take units into a parcel of their own, or put everything into one."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    _ = console.language.gettext
    order = view.order
    if form.text("do") == "combine":
        combined = {_names(order, 1)[0]: order.unlabelled_units()}
        return await _do(console, view, form, ArrangeParcels(order=order.id, parcels=combined), "combined")
    units = _numbers(form, "take", order.unlabelled_units())
    if units is None or not units or units == order.unlabelled_units():
        wrong = _("Say how many units go into a parcel of their own, and leave some for the other")
        return await order_page.show(console, view, errors={"split": wrong}, status=422)
    return await _do(console, view, form, ArrangeParcels(order=order.id, parcels=split(order, units)), "split")


@post("/orders/{order_id:str}/received-back", status_code=200)
async def receive(console: Here, order_id: FromPath[str]) -> Html:
    """Say what came back, and what of it cannot be sold again."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    out = stock.outside(view.order)
    back, bad = _numbers(form, "back", out), _numbers(form, "bad", out)
    if back is None or bad is None or not back or any(bad[line] > back.get(line, 0) for line in bad):
        wrong = console.language.gettext("Say how many came back, and no more of them as spoiled")
        return await order_page.show(console, view, errors={"received": wrong}, status=422)
    command = ReceiveBack(order=view.order.id, lines=back, unsellable=bad)
    return await _do(console, view, form, command, "received")


def split(order: Order, units: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """The parcels to be, when these units get one of their own: they are taken out of the last of the others first."""
    left = order.unlabelled_units()
    names = _names(order, 2)
    parts = {one.id: dict(one.lines) for one in order.arranged}
    for line, placed in _sum(parts).items():
        left[line] -= placed
    loose = {line: some for line, some in left.items() if some}
    if loose:
        home = parts.setdefault(next(iter(parts), names.pop(0)), {})
        for line, some in loose.items():
            home[line] = home.get(line, 0) + some
    wanted = dict(units)
    for lines in reversed(parts.values()):
        for line in list(lines):
            taken = min(lines[line], wanted.get(line, 0))
            lines[line] -= taken
            wanted[line] = wanted.get(line, 0) - taken
    kept = {name: {line: some for line, some in lines.items() if some} for name, lines in parts.items()}
    return {name: lines for name, lines in kept.items() if lines} | {names[0]: dict(units)}


def _sum(parts: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    units: dict[str, int] = {}
    for lines in parts.values():
        for line, some in lines.items():
            units[line] = units.get(line, 0) + some
    return units


def _names(order: Order, how_many: int) -> list[str]:
    """Names that no parcel of the order has."""
    known = {one.id for one in order.parcels}
    free: Iterator[str] = (name for name in map(str, count(1)) if name not in known)
    return [next(free) for _ in range(how_many)]


def _numbers(form: Fields, name: str, most: Mapping[str, int]) -> dict[str, int] | None:
    """Units by line from fields such as ``take-1``; None for what is no such number. Nothing is no units."""
    found: dict[str, int] = {}
    for line, limit in most.items():
        text = form.text(f"{name}-{line}") or "0"
        if not (text.isascii() and text.isdigit() and len(text) < _DIGITS) or int(text) > limit:
            return None
        if int(text):
            found[line] = int(text)
    return found


async def _do(console: Console, view: OrderView, form: Fields, command: Command, said: str) -> Html:
    here = f"/seller/orders/{view.order.id}"
    try:
        await console.submit(command, view.shop.id, f"{said}:{view.order.id}", form.text("key"))
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, view.order.id)
        return await order_page.show(console, fresh, notice=console.problem(error), status=409)
    return console.go(f"{here}?said={said}")


ROUTES = (arrange, receive)
