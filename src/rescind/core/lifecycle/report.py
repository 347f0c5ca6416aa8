"""What is reported of an order: facts, corrections of them, parcels that leave."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from rescind.core import cancellation, chargeback, correction, fulfilment, packing
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.cancellation.guards import require_in_time
from rescind.core.context import Context
from rescind.core.errors import InvalidTransition
from rescind.core.event import BaseEvent
from rescind.core.fulfilment import SHIPPING
from rescind.core.instant import Instant
from rescind.core.lifecycle.consequences import consequences
from rescind.core.lifecycle.fold import apply
from rescind.core.lifecycle.messages import known
from rescind.core.order import Order, stage
from rescind.core.parts import PAYING, FactKind
from rescind.core.policy.facts import facts
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict


def record(
    order: Order, command: fulfilment.ReportFact, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Record a fact and what it does to what was decided or is being asked."""
    fulfilment.check_time(command.occurred_at, now)
    if command.fact in chargeback.ELSEWHERE:
        chargeback.require_told(order, command.tender, context.asked)
    if actor.kind is ActorKind.SELLER:
        _require_allowed(order, command, context, terms, now)
    starts = {**cancellation.starts(order, now), "paid": fulfilment.paid_since(order.reports, command.occurred_at)}
    fact = fulfilment.report(
        order,
        command,
        by=actor.kind.value,
        **_promises(order, starts, context, terms),
        timers=terms.timers(starts, context.calendar, now, handling=order.handling, shipping_by=order.shipping_by)
        if command.fact in PAYING and not order.history
        else (),
        review=terms.review((), now, context.calendar) if command.fact is FactKind.REVIEW_OPENED else None,
        paths=context.paths,
    )
    if not fulfilment.is_news(order, fact):
        return Decision(events=())
    return Decision(events=(fact, *consequences(order, fact, context, terms, now)))


def correct(
    order: Order, command: correction.CorrectFact, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    starts = {**cancellation.starts(order, now), "paid": command.occurred_at or now}
    return correction.correct(
        order,
        command,
        actor,
        now,
        **_promises(order, starts, context, terms),
    )


def _promises(order: Order, starts: Mapping[str, Instant], context: Context, terms: Terms) -> dict[str, Instant | None]:
    """Until when nobody ships, and when it should have left; of history nothing is promised."""
    if order.history:
        return {"hold_until": None, "dispatch_due_at": None}
    return {
        "hold_until": terms.due_at("hold", starts, context.calendar),
        "dispatch_due_at": terms.due_at("dispatch", starts, context.calendar, order.handling),
    }


def ship(
    order: Order, command: packing.ShipOrder, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Every parcel that leaves now, as one decision: all of them or none."""
    events: list[BaseEvent] = []
    for fact in packing.leaving(order, command, actor, context, terms, now):
        decision = record(order, fact, actor, context, terms, now)
        events.extend(decision.events)
        order = reduce(apply, map(known, decision.events), order)
    return Decision(events=tuple(events))


def _require_allowed(
    order: Order, command: fulfilment.ReportFact, context: Context, terms: Terms, now: Instant
) -> None:
    """A seller's own next step is an act and may be out of the question; what already happened never is."""
    at_stage = stage(order, now)
    ended = order.progress.cancelled_at
    if ended and command.fact in packing.AT_THE_BENCH and command.occurred_at < ended:
        return  # Told late: the decision stays as it was made, and what lies in a parcel has to come out of it (E-08).
    if ended and command.fact not in SHIPPING:
        raise InvalidTransition(action=command.fact.value, current_state=at_stage.value, allowed_actions=())
    if ended:
        return
    if command.fact not in SHIPPING:
        if command.fact in packing.AT_THE_BENCH:
            packing.require_not_the_platforms(order, command.fact.value, terms, context.calendar, now)
        return
    if order.open_cancellation is not None:
        # What silence means is decided, if not written yet: shipping is no answer any more (I-37).
        require_in_time(order.open_cancellation, now)
    read = facts(
        order,
        now=now,
        at_stage=at_stage,
        actor="seller",
        selection=order.open_units(),
        amount_minor=0,
        with_tracking=bool(command.tracking),
        context=context,
    )
    finding = terms.judge(
        "ship", read, now=now, starts=cancellation.starts(order, now), calendar=context.calendar, trace=False
    )
    if finding.verdict is Verdict.REFUSE:
        raise packing.not_to_ship(order, command.fact.value, finding, now)
