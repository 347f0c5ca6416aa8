"""Where an order stands for support, beside what is said about it: the call or request that waits, and whose move."""

from __future__ import annotations

from rescind.core import escalation
from rescind.core.ids import OrderId
from rescind.core.order import stage
from rescind.core.views import OrderView
from rescind.web.buyer.words import pill_key
from rescind.web.seller.console import Console
from rescind.web.seller.standing import asked_for, due_of
from rescind.web.support.find import whose_move
from rescind.web.talk.standing import Around, Due, Next, Standing, goods


async def around(console: Console, order: OrderId) -> Around:
    """What a conversation's page shows of the order. Raises NotFound."""
    view = await console.desk.reads.order(console.scope, order)
    return Around(standing=standing(console, view))


def standing(console: Console, view: OrderView) -> Standing:
    """The call that is open before the request that is, for that is what support is asked to move."""
    order, language = view.order, console.language
    _ = language.gettext
    page, line = f"/support/orders/{order.id}", goods(language, view)
    called, waiting = escalation.current(order), order.open_cancellation
    if called is not None:
        return Standing(
            order=order.id,
            reader="support",
            title=_("The platform was called"),
            state=("return", called.status.value),
            sentence=language.term("escalation", called.ground, "support"),
            due=Due(
                at=called.due_at,
                kind="case_step",
                since=called.opened_at,
                then=_("Otherwise it goes to whoever leads support."),
            ),
            step=Next(label=_("Open the case"), href=f"{page}#called"),
            goods=line,
        )
    if waiting is not None:
        mine = waiting.status.value == "in_review"
        return Standing(
            order=order.id,
            reader="support",
            title=_("A request is open"),
            state=("cancellation", pill_key(waiting)),
            sentence=asked_for(console, order, waiting),
            move="" if mine else whose_move(language, waiting.status.value),
            due=due_of(console, waiting),
            step=Next(label=_("Our decision"), href=f"{page}#act")
            if mine
            else Next(label=_("Open the order"), href=f"{page}#act", kind="secondary"),
            goods=line,
        )
    at_stage = stage(order, console.now)
    return Standing(
        order=order.id,
        reader="support",
        title=line,
        state=("stage", at_stage.value),
        step=Next(label=_("Open the order"), href=page, kind="secondary"),
    )
