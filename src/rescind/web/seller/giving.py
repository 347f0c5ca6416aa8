"""Money goes back though nothing is cancelled: the form for it, for the shop and for support."""

from __future__ import annotations

from typing import Any

from litestar import post
from litestar.params import FromPath

from rescind.core.errors import InvalidField, RescindError
from rescind.core.giving_back import GiveBack, most, shipping_left
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.second_person import alone_left
from rescind.web.seller import order as order_page
from rescind.web.seller.console import Console, Here, new_key
from rescind.web.session import Html


def giving_of(console: Console, order: Order) -> dict[str, Any] | None:
    """What may be given back though nothing is cancelled, and how much of it alone; None when nothing is left."""
    if not most(order):
        return None
    shipping = shipping_left(order)
    return {
        "most": Money(most(order), order.currency),
        "shipping": Money(shipping, order.currency) if shipping > 0 else None,
        "alone": alone_of(console, order),
        "key": new_key(),
    }


def alone_of(console: Console, order: Order) -> Money | None:
    """What one person may still move by hand on this order; None where any amount is left to one."""
    left = alone_left(order, console.desk.settings.alone_up_to.get(order.currency))
    return None if left is None else Money(left, order.currency)


async def give_back(console: Console, order_id: str) -> str:
    """Give back what the form says. Raises RescindError."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    typed = form.text("amount")
    currency = view.order.currency
    amount = Money.parse(typed, currency).minor if typed else None
    command = GiveBack(
        order=view.order.id,
        shipping=bool(form.text("shipping")),
        amount_minor=amount,
        credit=bool(form.text("credit")),
        consent=console.note(form.text("credit_agreed"), "credit_agreed") if form.text("credit") else None,
        comment=console.note(form.text("why_back"), "why_back"),
        # A form that comes back from the browser's history was filled in before this money left.
        left=_seen(form.text("left"), currency),
    )
    outcome = await console.submit(command, view.shop.id, f"give_back:{order_id}", form.text("key"))
    return "proposed" if outcome.proposed else "given_back"


def _seen(minor: str, currency: str) -> Money | None:
    """What could go back when the form was drawn."""
    if not minor:
        return None
    if not (minor.isascii() and minor.isdecimal() and len(minor) < 19):
        raise InvalidField(field="left", expected="a whole number of minor units")
    return Money(int(minor), currency)


@post("/orders/{order_id:str}/give-back", status_code=200)
async def give(console: Here, order_id: FromPath[str]) -> Html:
    """Give back the delivery, or an amount, while the order stays as it is."""
    try:
        said = await give_back(console, order_id)
    except RescindError as error:
        form = await console.form()
        values = {name: form.text(name) for name in ("amount", "why_back")}
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await order_page.show(console, fresh, notice=console.problem(error), values=values, status=409)
    return console.go(f"/seller/orders/{order_id}?said={'money_back' if said == 'given_back' else said}")
