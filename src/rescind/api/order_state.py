"""Where an order stands, in short, and whose move it is (I-15)."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.api.told import Told
from rescind.core import escalation, failed_refund, review
from rescind.core.chargeback import frozen, frozen_until
from rescind.core.failed_refund import unsettled
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.offer import open_offer
from rescind.core.order import Order, stage
from rescind.core.parts import CancellationStatus, RefundStatus, ReturnStatus
from rescind.core.refund import OPEN
from rescind.core.stage import Stage, status_of
from rescind.core.terms import undeliverable
from rescind.core.timers import NOT_ARRIVED, NOT_COLLECTED, NOT_SHIPPED, UNPAID, cancels_next, reason_of


class NextAction(Told, frozen=True, kw_only=True):
    """Whose move it is. ``about``: the object it concerns; ``if_silent``: what happens at the deadline without it."""

    actor: str
    action: str
    about: str
    deadline: Instant | None = None
    if_silent: str = ""


class OrderState(Told, frozen=True, kw_only=True):
    """Where an order stands. ``version`` counts its events and is its entity tag; ``status`` is the coarse stage.

    refunded: what has gone back; on_its_way_back: what is owed, sent or in doubt.
    """

    id: str
    number: str
    shop: str
    version: int
    stage: Stage
    status: str
    total: Money
    paid: Money
    refunded: Money
    on_its_way_back: Money
    next_actions: list[NextAction]


def order_state(order: Order, now: Instant) -> OrderState:
    """An order in short."""
    at_stage = stage(order, now)
    return OrderState(
        id=order.id,
        number=order.number,
        shop=order.shop,
        version=order.version,
        stage=at_stage,
        status=status_of(at_stage),
        total=order.total,
        paid=order.paid,
        refunded=order.refunded,
        on_its_way_back=order.on_its_way_back,
        next_actions=next_actions(order, now),
    )


def next_actions(order: Order, now: Instant) -> list[NextAction]:
    """Everything the order waits for: who, what, by when, and what happens otherwise (I-15)."""
    return [*_answers(order), *_steps(order, stage(order, now), now), *_money(order), *_oddities(order)]


def _answers(order: Order) -> Iterable[NextAction]:
    waiting = order.open_cancellation
    if waiting is None:
        return
    match waiting.status:
        case CancellationStatus.AWAITING_SELLER:
            actor, action = "seller", "approve_or_refuse"
        case CancellationStatus.AWAITING_CARRIER:
            actor, action = "carrier", "stop_the_parcel"
        case _:
            actor, action = "support", "decide"
    yield NextAction(
        actor=actor, action=action, about=waiting.id, deadline=waiting.due_at, if_silent=waiting.on_silence
    )
    offer = open_offer(waiting)
    if offer is not None:
        actor = "seller" if offer.by == "buyer" else "buyer"
        yield NextAction(actor=actor, action="answer_offer", about=waiting.id, deadline=waiting.due_at)
    if waiting.filed_by != "seller":
        yield NextAction(actor="buyer", action="withdraw", about=waiting.id, deadline=waiting.due_at)


_STEPS: dict[Stage, tuple[str, str]] = {
    Stage.UNPAID: ("buyer", "pay"),
    Stage.ON_HOLD: ("system", "end_hold"),
    Stage.REVIEW: ("seller", "prepare"),
    Stage.ALLOCATED: ("seller", "prepare"),
    Stage.PREPARING: ("seller", "pack"),
    Stage.PACKING: ("seller", "pack"),
    Stage.PACKED: ("seller", "ship"),
    Stage.AWAITING_COLLECTION: ("carrier", "collect"),
    Stage.PARTIALLY_SHIPPING: ("seller", "ship"),
    Stage.IN_TRANSIT: ("carrier", "deliver"),
}


_ENDS = {
    UNPAID: ("buyer", "pay"),
    NOT_SHIPPED: ("seller", "ship"),
    NOT_COLLECTED: ("carrier", "collect"),
    NOT_ARRIVED: ("carrier", "deliver"),
}
"""Who could keep the clock from cancelling, and by what, by the reason it would give."""


def _steps(order: Order, at_stage: Stage, now: Instant) -> Iterable[NextAction]:
    step = _STEPS.get(at_stage)
    if step is None:
        return
    actor, action = step
    limit, late = cancels_next(order), order.dispatch_due_at if actor == "seller" else None
    if at_stage is Stage.ON_HOLD:
        yield NextAction(actor=actor, action=action, about=order.id, deadline=order.hold_until)
    elif late is not None and (limit is None or now < late < limit.due_at):
        yield NextAction(actor=actor, action=action, about=order.id, deadline=late, if_silent="late")
    elif limit is not None:
        yield NextAction(actor=actor, action=action, about=order.id, deadline=limit.due_at, if_silent=limit.then)
        return
    else:
        yield NextAction(actor=actor, action=action, about=order.id)
    if limit is not None:
        # What comes first is not all: from the day it is promised everybody can see when the order ends by itself.
        actor, action = _ENDS[reason_of(limit)]
        yield NextAction(actor=actor, action=action, about=order.id, deadline=limit.due_at, if_silent=limit.then)


_SETTLE = "resolve_failed_refund"


def _money(order: Order) -> Iterable[NextAction]:
    for one in order.refunds:
        if frozen(order, one):
            until = frozen_until(order, one.tender)
            yield NextAction(
                actor="bank", action="decide_chargeback", about=one.id, deadline=until, if_silent="support"
            )
        elif one.status in OPEN:
            if failed_refund.stuck(order, one):
                # It is tried again, too; but whose move it is decides what becomes of it.
                by, what = ("operator", "connect_provider") if one.cause == "not_set_up" else ("support", _SETTLE)
                yield NextAction(actor=by, action=what, about=one.id, deadline=one.next_check_at, if_silent="try_again")
                continue
            action = "send_refund" if one.status is RefundStatus.OWED else "ask_provider"
            yield NextAction(actor="system", action=action, about=one.id, deadline=one.next_check_at)
        elif one in unsettled(order):
            yield NextAction(actor="support", action=_SETTLE, about=one.id)


def _oddities(order: Order) -> Iterable[NextAction]:
    called = escalation.current(order)
    if called is not None:
        about = f"{order.id}:{called.number}"
        yield NextAction(
            actor="support", action="close_escalation", about=about, deadline=called.due_at, if_silent="escalate"
        )
    for one in order.open_returns:
        with_buyer = one.status is ReturnStatus.WITH_BUYER
        yield NextAction(
            actor="buyer" if with_buyer else "support",
            action="add_to_return" if with_buyer else "close_return",
            about=one.id,
            deadline=one.due_at,
            if_silent="support" if with_buyer else "escalate",
        )
    waits = review.waiting(order)
    if waits is not None and undeliverable(waits.found):
        yield NextAction(
            actor="buyer", action="correct_recipient", about=order.id, deadline=waits.due_at, if_silent=waits.on_silence
        )
    if waits is not None:
        yield NextAction(
            actor="support", action="review", about=order.id, deadline=waits.due_at, if_silent=waits.on_silence
        )
    for one in order.open_contradictions:
        yield NextAction(actor="support", action="resolve_contradiction", about=one.id)
