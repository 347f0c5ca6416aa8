"""How an order begins, and what is said of one that is placed again. What costs nothing is paid from the beginning."""

from __future__ import annotations

from rescind.core import fulfilment, order_note
from rescind.core.actor import SYSTEM
from rescind.core.cancellation import Decision
from rescind.core.context import Context
from rescind.core.deadline import last_before
from rescind.core.errors import InvalidField, OrderConflict
from rescind.core.event import BaseEvent
from rescind.core.instant import Instant
from rescind.core.lifecycle import report
from rescind.core.order import Order
from rescind.core.parts import FactKind
from rescind.core.terms import Terms


def place(
    order: Order | None, command: fulfilment.PlaceOrder, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Place an order, once; the same again is no news, another under its number a conflict."""
    fulfilment.check_time(command.placed_at, now)
    _require_listed(command, terms)
    if order is None:
        if command.promised_at is None and terms.needs_promise(command.handling):
            raise InvalidField(field="/promised_at", expected="when goods of this handling will be ready")
        starts = {"placed": command.placed_at}
        if command.promised_at:
            starts["promised"] = command.promised_at
        if command.deliver_by:
            starts["estimated"] = last_before(command.deliver_by)
        promised = (
            ()
            if command.history
            else terms.timers(starts, context.calendar, now, handling=command.handling, shipping_by=command.shipping_by)
        )
        placed = fulfilment.place(command, promised)
        # A note of long ago is kept with the address; nobody has to read it before a parcel leaves.
        noted = (
            (order_note.placed(placed.order, command.noted, command.placed_at),)
            if command.noted and not command.history
            else ()
        )
        begun = (placed, *noted, *_paid(placed, context, terms, now))
        if not command.found or command.history:
            return Decision(events=begun)
        opened = fulfilment.FactReported(
            at=now,
            fact=FactKind.REVIEW_OPENED,
            by=SYSTEM.kind.value,
            review=terms.review(command.found, now, context.calendar),
        )
        return Decision(events=(*begun, opened))
    differs = fulfilment.difference(order, command)
    if not differs:
        return Decision(events=())
    raise OrderConflict(number=command.number, order=order.id, field=differs)


def _paid(placed: fulfilment.OrderPlaced, context: Context, terms: Terms, now: Instant) -> tuple[BaseEvent, ...]:
    """That an order of nothing is paid, at the moment it is placed: no payment will come that could say so."""
    order = placed.order
    if order.total.minor or order.cash_on_delivery:
        return ()
    told = fulfilment.ReportFact(order=order.id, fact=FactKind.PAID, occurred_at=order.placed_at)
    return report.record(order, told, SYSTEM, context, terms, now).events


def _require_listed(command: fulfilment.PlaceOrder, terms: Terms) -> None:
    """Why goods are special is one of the policy's list; a policy from before there was one lists nothing.

    Raises InvalidField.
    """
    listed = [reason.code for reason in terms.preset.policy.reasons.special]
    for place, line in enumerate(command.lines):
        if listed and line.special_reason and line.special_reason not in listed:
            raise InvalidField(field=f"/lines/{place}/special", expected="a reason of the policy's own list")
