"""That somebody of the shop has read what the buyer asks for, as the order's page and the bench both say it."""

from __future__ import annotations

from litestar import post
from litestar.params import FromPath

from rescind.core.errors import RescindError
from rescind.core.order_note import AcknowledgeNote
from rescind.core.views import OrderView
from rescind.web.rendering import address
from rescind.web.seller.console import Fields, Here
from rescind.web.seller.order import show
from rescind.web.session import Html


def acknowledging(view: OrderView, form: Fields) -> AcknowledgeNote:
    """The command of the button beside a note."""
    number = form.text("note")
    return AcknowledgeNote(order=view.order.id, number=int(number) if number.isdecimal() and len(number) < 4 else 0)


@post("/orders/{order_id:str}/notes", status_code=200)
async def read(console: Here, order_id: FromPath[str]) -> Html:
    """Somebody has read one."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    command = acknowledging(view, form)
    try:
        await console.submit(command, view.shop.id, f"note:{order_id}:{command.number}", form.text("key"))
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await show(console, fresh, notice=console.problem(error), status=409)
    return console.go(address(f"/seller/orders/{order_id}", said="note_read"))


ROUTES = (read,)
