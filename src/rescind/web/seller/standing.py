"""Where an order stands for its shop, beside what is said about it: the request that waits, or what comes next."""

from __future__ import annotations

from rescind.core.ids import OrderId
from rescind.core.money import Money
from rescind.core.order import Order, stage
from rescind.core.parts import Cancellation, CancellationStatus
from rescind.core.stage import Stage, rank
from rescind.core.views import OrderView
from rescind.web.seller import steps
from rescind.web.seller.console import Console
from rescind.web.seller.order import state_of, stopped_by
from rescind.web.talk.standing import Around, Due, Next, Standing, goods


async def around(console: Console, order: OrderId) -> Around:
    """What a conversation's page shows of the order. Raises NotFound."""
    view = await console.desk.reads.order(console.scope, order)
    return Around(standing=await standing(console, view))


async def standing(console: Console, view: OrderView) -> Standing:
    """What the order's own page has on top, with the way there."""
    order, language = view.order, console.language
    at_stage = stage(order, console.now)
    page = f"/seller/orders/{order.id}"
    if order.open_cancellation is not None:
        return _asked(console, view, order.open_cancellation)
    _ = language.gettext
    state, why = state_of(console, order, await console.desk.terms(order))
    open_order = Next(label=_("Open the order"), href=page, kind="secondary")
    step = steps.NEXT.get(at_stage)
    title, sentence = {
        "stop": (_("STOP. This order is cancelled."), stopped_by(console, order)),
        "check": (_("Check this order before anything moves"), ""),
    }.get(state, (goods(language, view), why))
    ships = state != "stop" and order.dispatch_due_at and rank(at_stage) < rank(Stage.AWAITING_COLLECTION)
    return Standing(
        order=order.id,
        reader="seller",
        title=title,
        state=("stage", at_stage.value),
        sentence=sentence,
        due=Due(at=order.dispatch_due_at, kind="ship_by") if ships and order.dispatch_due_at else None,
        step=Next(label=steps.label(step, language), href=page) if state == "go" and step else open_order,
        goods=goods(language, view) if state in {"stop", "check"} else "",
    )


def _asked(console: Console, view: OrderView, waiting: Cancellation) -> Standing:
    order, language = view.order, console.language
    _ = language.gettext
    mine = waiting.status is CancellationStatus.AWAITING_SELLER
    return Standing(
        order=order.id,
        reader="seller",
        title=_("Hold: the buyer asks to cancel") if mine else _("Hold: a request to cancel is being decided"),
        state=("cancellation", waiting.status.value),
        sentence=asked_for(console, order, waiting),
        due=due_of(console, waiting),
        step=Next(label=_("Answer the request"), href=f"/seller/requests/{waiting.id}")
        if mine
        else Next(label=_("Open the order"), href=f"/seller/orders/{order.id}", kind="secondary"),
        goods=goods(language, view),
    )


def asked_for(console: Console, order: Order, waiting: Cancellation) -> str:
    """Why the buyer asks, and what would go back."""
    language = console.language
    amount = language.money(Money(waiting.refund_minor, order.currency))
    return f"{language.term('reason', waiting.reason)} · {amount}"


def due_of(console: Console, waiting: Cancellation) -> Due | None:
    """By when somebody answers, and what their silence means."""
    if waiting.due_at is None:
        return None
    kinds = {"awaiting_seller": "seller_answer", "awaiting_carrier": "carrier_answer"}
    then = console.language.term("silence", waiting.on_silence) if waiting.on_silence else ""
    return Due(at=waiting.due_at, kind=kinds.get(waiting.status.value, "review"), since=waiting.waits_since, then=then)
