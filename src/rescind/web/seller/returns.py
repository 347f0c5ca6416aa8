"""A return case for support, which sees to it, and for the shop, which reads along."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath

from rescind.core import returns
from rescind.core.errors import InvalidField, InvalidText, RescindError
from rescind.core.exhibits import talk
from rescind.core.ids import ReturnId
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.order import Order, stage
from rescind.core.parts import ReturnCase, ReturnStatus
from rescind.core.returns import OUTCOMES, AskForMore, CloseReturn, TakeReturn
from rescind.core.views import OrderView
from rescind.web.return_words import conversation
from rescind.web.seller.case import load, reader_of
from rescind.web.seller.console import Console, Here, Notice, new_key
from rescind.web.seller.order import lines_of
from rescind.web.session import Html

_ACTS = ("take", "ask", "close")


@get("/orders/{order_id:str}/returns/{case_id:str}")
async def case(console: Here, order_id: FromPath[str], case_id: FromPath[str]) -> Html:
    """One case: what is wrong, what was shown, whose move it is."""
    view = await console.desk.reads.order(console.scope, order_id)
    return await _show(console, view, case_id, notice=_told(console))


@post("/orders/{order_id:str}/returns/{case_id:str}", status_code=200)
async def act(console: Here, order_id: FromPath[str], case_id: FromPath[str]) -> Html:
    """Take it, ask the buyer, or end it. Support alone does; the shop has no form here."""
    form = await console.form()
    view = await console.desk.reads.order(console.scope, order_id)
    wanted = form.text("act")
    words = form.text("question") if wanted == "ask" else form.text("comment")
    values = {"act": wanted, "outcome": form.text("outcome"), "question": form.text("question")}
    values["comment"] = form.text("comment")
    errors = _errors(console, wanted, words, values)
    if errors:
        return await _show(console, view, case_id, errors=errors, values=values, status=422)
    try:
        command = _command(console, view.order, case_id, wanted, words, values["outcome"])
        await console.submit(command, view.shop.id, f"return:{case_id}:{wanted}", form.text("key"))
    except InvalidText as error:
        at = "question" if wanted == "ask" else "comment"
        errors = {at: console.problem(error).text}
        return await _show(console, view, case_id, errors=errors, values=values, status=422)
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await _show(console, fresh, case_id, notice=console.problem(error), values=values, status=409)
    return console.go(f"/support/orders/{order_id}/returns/{case_id}?said={wanted}")


def _errors(console: Console, wanted: str, words: str, values: dict[str, str]) -> dict[str, str]:
    _ = console.language.gettext
    errors: dict[str, str] = {}
    if wanted == "ask" and not words:
        errors["question"] = _("Write what you want to know")
    if wanted == "close":
        if values["outcome"] not in OUTCOMES:
            errors["outcome"] = _("Say how it ends")
        if not words:
            errors["comment"] = _("Tell the buyer why")
    return errors


def _command(console: Console, order: Order, case_id: str, wanted: str, words: str, outcome: str) -> Command:
    case, note = ReturnId(case_id), console.note(words)
    if wanted == "take":
        return TakeReturn(order=order.id, case=case)
    if wanted not in _ACTS or note is None:
        raise InvalidField(field="act", expected=" ".join(_ACTS))
    if wanted == "ask":
        return AskForMore(order=order.id, case=case, comment=note)
    return CloseReturn(order=order.id, case=case, outcome=outcome, comment=note)


async def _show(
    console: Console,
    view: OrderView,
    case_id: str,
    *,
    notice: Notice | None = None,
    errors: dict[str, str] | None = None,
    values: dict[str, str] | None = None,
    status: int = 200,
) -> Html:
    order, language = view.order, console.language
    found, entries = await load(console, view, "return", order.returns, case_id)
    reader = reader_of(console)
    said = talk([(entry.record, entry.notes) for entry in entries], found.id)
    return console.page(
        "seller/case.html",
        status=status,
        here=f"/{reader}/orders/{order.id}/returns/{found.id}",
        notice=notice,
        errors=errors or {},
        values=values or {},
        view=view,
        order=order,
        case=found,
        number=returns.number(order, found),
        stage=stage(order, console.now),
        reader=reader,
        back=f"/{reader}/orders/{order.id}",
        worth=returns.worth(order, found.lines),
        refunded=order.given_back,
        paid=Money(sum(tender.captured_minor for tender in order.tenders), order.currency),
        lines=lines_of(view, found.lines),
        said=conversation(language, order.id, said, reader),
        shown=[file for one in conversation(language, order.id, said, reader) for file in one["files"]],
        outcomes=[(one, language.term("return_outcome", one)) for one in OUTCOMES],
        mine=found.owner == console.person.id,
        open=found.closed_at is None,
        then=then(console, found),
        keys={name: new_key() for name in _ACTS},
        spoken=language.gettext("The case has moved on."),
    )


def then(console: Console, case: ReturnCase) -> str:
    """What follows when nobody moves."""
    _ = console.language.gettext
    if case.status is ReturnStatus.WITH_BUYER:
        return _("Without an answer it is support's move again.")
    return _("Otherwise it goes to whoever leads support.")


def _told(console: Console) -> Notice | None:
    _ = console.language.gettext
    text = {
        "take": _("The case is yours."),
        "ask": _("Asked. The buyer reads it now, and it is the buyer's move."),
        "close": _("Closed. The buyer reads the outcome and your reason."),
    }.get(console.query("said"))
    return Notice(text) if text else None


READING = (case,)
ROUTES = (case, act)
