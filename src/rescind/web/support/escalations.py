"""Calls for the platform on an order's page: taken by somebody, ended with a reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from litestar import post
from litestar.params import FromPath

from rescind.core.errors import InvalidField, InvalidText, RescindError
from rescind.core.escalation import OUTCOMES, CloseEscalation, EscalationOpened, TakeEscalation
from rescind.core.lifecycle import Command
from rescind.core.order import Order
from rescind.core.record import Record
from rescind.locales import Locale
from rescind.web.seller.console import Console, Fields, Here, new_key
from rescind.web.session import Html


def calls(
    order: Order, records: Iterable[tuple[Record, Mapping[str, str]]], locale: Locale, me: str = ""
) -> list[dict[str, Any]]:
    """The order's calls, the newest first, each with what its buyer wrote. ``me``: who of support reads."""
    wrote = {
        record.event.number: notes.get(record.event.comment.id, "")
        for record, notes in records
        if isinstance(record.event, EscalationOpened) and record.event.comment is not None
    }
    return [
        {
            "one": one,
            "ground": locale.term("escalation", one.ground, "support"),
            "outcome": locale.term("escalation_outcome", one.outcome) if one.outcome else "",
            "wrote": wrote.get(one.number, ""),
            "mine": bool(me) and one.owner == me,
            "transcript": f"/support/messages/{one.attached.thread}/transcript" if one.attached else "",
            "key": new_key(),
        }
        for one in reversed(order.escalations)
    ]


def outcomes(locale: Locale) -> list[tuple[str, str]]:
    """How support may end a call, in words."""
    return [(one, locale.term("escalation_outcome", one)) for one in OUTCOMES]


@post("/orders/{order_id:str}/escalations/{number:int}", status_code=200)
async def answer(console: Here, order_id: FromPath[str], number: FromPath[int]) -> Html:
    """Take a call, or end it with an outcome and words to both sides."""
    # The page of the order shows these calls and so knows this file.
    from rescind.web.support.order import show  # noqa: PLC0415

    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    values = {"outcome": form.text("outcome"), "ending": form.text("ending")}
    if form.text("act") != "take" and values["outcome"] not in OUTCOMES:
        told = console.language.gettext("Say how it ends")
        return await show(console, view, errors={"outcome": told}, values=values, status=422)
    try:
        command = _command(console, view.order, number, form)
        await console.submit(command, view.shop.id, f"escalation:{order_id}:{number}", form.text("key"))
    except (InvalidText, InvalidField):
        told = console.language.gettext("Tell both sides why, in at most 500 characters")
        return await show(console, view, errors={"ending": told}, values=values, status=422)
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await show(console, fresh, notice=console.problem(error), values=values, status=409)
    return console.go(f"/support/orders/{order_id}#called")


def _command(console: Console, order: Order, number: int, form: Fields) -> Command:
    if form.text("act") == "take":
        return TakeEscalation(order=order.id, number=number)
    said = console.note(form.text("ending"), "ending")
    if said is None:
        raise InvalidField(field="ending", expected="what happened, in a few words")
    return CloseEscalation(order=order.id, number=number, outcome=form.text("outcome"), comment=said)


ROUTES = (answer,)
