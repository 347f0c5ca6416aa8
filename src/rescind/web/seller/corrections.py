"""Taking a step back: the last thing somebody may say was a mistake, and the form that says so."""

from __future__ import annotations

from typing import Any

from litestar import post
from litestar.params import FromPath

from rescind.core.actor import ActorKind
from rescind.core.correction import CorrectFact, CorrectionReason, correctable
from rescind.core.errors import InvalidField, RescindError
from rescind.core.order import Order
from rescind.locales import Locale
from rescind.web.seller import order as order_page
from rescind.web.seller.console import Console, Here, new_key
from rescind.web.session import Html

_UNDONE = tuple(reason for reason in CorrectionReason if reason is not CorrectionReason.WRONG_TIME)


def offer(order: Order, by: ActorKind, language: Locale) -> dict[str, Any] | None:
    """What ``parts.mistake`` shows: the last report this reader may take back, None when there is none."""
    last = correctable(order, by)
    if last is None:
        return None
    return {
        "seq": last.seq,
        "what": language.term("event", last.fact.value),
        "detail": " ".join(part for part in (last.carrier, last.tracking) if part),
        "at": last.at,
        "reasons": [(reason.value, language.term("correction", reason.value)) for reason in _UNDONE],
        "key": new_key(),
    }


async def take_back(console: Console, order_id: str) -> None:
    """Do what the form says. Raises what the correction raises."""
    form = await console.form()
    order = (await console.desk.reads.order(console.scope, order_id)).order
    seq, reason = form.text("seq"), form.text("reason")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 10):
        raise InvalidField(field="seq", expected="the number of an event")
    if reason not in {one.value for one in _UNDONE}:
        raise InvalidField(field="reason", expected="a reason of this page")
    command = CorrectFact(order=order.id, seq=int(seq), reason=CorrectionReason(reason))
    await console.submit(command, order.shop, f"corrections:{order_id}:{seq}", form.text("key"))


@post("/orders/{order_id:str}/corrections", status_code=200)
async def correct(console: Here, order_id: FromPath[str]) -> Html:
    """Take the seller's own last step back."""
    try:
        await take_back(console, order_id)
    except RescindError as error:
        fresh = await console.desk.reads.order(console.scope, order_id)
        return await order_page.show(console, fresh, notice=console.problem(error), status=409)
    return console.go(f"/seller/orders/{order_id}?said=corrected")
