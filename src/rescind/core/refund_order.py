"""A refund that the marketplace pays out itself: by its bank, by Alipay or WeChat Pay, in cash (M-15).

We see none of these, so a refund order stands in the place of a call: somebody pays it out and says so, with reference
and day, or says why not. Nothing is guessed. What nobody confirms in time goes to whoever leads support, each time
anew, and the money stays reserved until somebody has spoken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec

from rescind.core import proposal
from rescind.core.actor import Actor, ActorKind
from rescind.core.chargeback import frozen
from rescind.core.context import Context
from rescind.core.deadline import due
from rescind.core.errors import (
    CurrencyMismatch,
    Forbidden,
    InvalidField,
    InvalidTransition,
    NotFound,
    RefundAmountDiffers,
    RefundSettled,
    one_of,
)
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import MoneyAct, Refund, RefundOrder, RefundStatus
from rescind.core.refund import OPEN, ProviderOutcome, RecordRefundReply, RefundAnswered
from rescind.core.refund import answer as provider_said

CAME_BACK = "came_back"
DECLINED_BECAUSE = ("account_closed", "account_unknown", "not_accepted", CAME_BACK)
"""Why a refund order was not paid out; the last also of money that left and was sent back, however late (I-09)."""

_FINAL = frozenset({ProviderOutcome.SUCCEEDED, ProviderOutcome.DECLINED})
_FARTHEST_ZONE = timedelta(hours=14)
"""It is that much later, and somewhere else that much earlier, than here: a day is believed where it can be today."""


class TakeRefundOrder(BaseCommand, frozen=True, kw_only=True):
    """Somebody of support pays it out, so that nobody else does. over: also where a colleague has it."""

    refund: RefundId
    over: bool = False


class ConfirmRefundOrder(BaseCommand, frozen=True, kw_only=True):
    """It was paid out. reference: the payment's own, by which the buyer finds it; paid_on: the day it left.

    amount: what was paid, said again so that it is known to be this refund's.
    """

    refund: RefundId
    reference: str
    paid_on: date
    amount: Money


class DeclineRefundOrder(BaseCommand, frozen=True, kw_only=True):
    """It could not be paid out, or came back. ``code``: of ``DECLINED_BECAUSE``."""

    refund: RefundId
    code: str


class LapseRefundOrder(BaseCommand, frozen=True, kw_only=True):
    """The instant came by which somebody should have confirmed it."""

    refund: RefundId


class RefundOrderTaken(BaseEvent, frozen=True, kw_only=True):
    """``owner`` of support has it."""

    refund: RefundId
    owner: str


class RefundOrderLapsed(BaseEvent, frozen=True, kw_only=True):
    """Nobody confirmed it in time, so that whoever leads support has it, until ``due_at``."""

    refund: RefundId
    due_at: Instant


def waits(refund: Refund) -> bool:
    """Whether somebody is to say that it was paid out."""
    return refund.to_pay_out


def said_paid(order: Order, refund: Refund) -> bool:
    """Whether somebody says that it was paid out and a second person has to agree, so that nobody pays it once more."""
    return waits(refund) and any(
        one.terms.act is MoneyAct.CONFIRM and one.terms.refund == refund.id for one in proposal.waiting(order.proposals)
    )


def owner_of(refund: Refund) -> str:
    """Who is to move: the person who took it, ``lead`` for whoever leads support, or anybody of ``support``."""
    if refund.ordered is None or not waits(refund):
        return ""
    return refund.ordered.owner or ("lead" if refund.ordered.escalated_at else "support")


def answer(order: Order, command: RecordRefundReply, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """What a provider's word changes. A provider that leaves the paying to people gets a limit for their word.

    A refund order that waits is not asked about and not ordered again (ID-05). Raises NotFound.
    """
    refund = next((one for one in order.refunds if one.id == command.refund), None)
    if refund is not None and waits(refund) and command.outcome not in _FINAL:
        return ()
    events = provider_said(order, command, now)
    if not command.confirm_days:
        return events
    return tuple(
        msgspec.structs.replace(
            one,
            confirm_by=due(now, f"{command.confirm_days}bd", context.calendar),
            confirm_days=command.confirm_days,
            next_check_at=None,
        )
        if isinstance(one, RefundAnswered) and one.status is RefundStatus.SUBMITTED
        else one
        for one in events
    )


def take(order: Order, command: TakeRefundOrder, actor: Actor, now: Instant) -> tuple[BaseEvent, ...]:
    """Own it; nothing when one does already.

    Raises Forbidden, NotFound, RefundSettled, InvalidTransition (the buyer's bank decides first; that somebody has paid
    it out all the same is believed; or somebody says that it was paid out).
    """
    if actor.speaks_as is not ActorKind.SUPPORT:
        raise Forbidden(action="take_refund_order")
    refund, ordered = _ordered(order, command.refund)
    if not waits(refund):
        raise _settled(refund)
    if frozen(order, refund):
        raise InvalidTransition(action="take_refund_order", current_state="waits_for_bank", allowed_actions=())
    if said_paid(order, refund):
        raise InvalidTransition(action="take_refund_order", current_state="proposal_proposed", allowed_actions=())
    if ordered.owner not in {"", actor.id} and not command.over:
        # Two who both pay it out pay it twice. Whoever means it says so.
        raise InvalidTransition(
            action="take_refund_order", current_state="taken_by_colleague", allowed_actions=("take_over",)
        )
    return () if ordered.owner == actor.id else (RefundOrderTaken(at=now, refund=refund.id, owner=actor.id),)


def confirm(order: Order, command: ConfirmRefundOrder, actor: Actor, now: Instant) -> tuple[BaseEvent, ...]:
    """It was paid out; said again with the same reference and day it is no news.

    Raises Forbidden, NotFound, CurrencyMismatch, RefundAmountDiffers, InvalidField (no day of this refund's),
    RefundSettled (declined before, or confirmed otherwise).
    """
    _require_payer(actor, "confirm_refund_order")
    refund, ordered = _ordered(order, command.refund)
    owed = Money(refund.amount_minor, order.currency)
    if command.amount.currency != owed.currency:
        raise CurrencyMismatch(expected=owed.currency, actual=command.amount.currency)
    if command.amount != owed:
        raise RefundAmountDiffers(refund=refund.id, expected=owed, actual=command.amount)
    if refund.status is RefundStatus.SUCCEEDED and (refund.reference, ordered.paid_on) == (
        command.reference,
        command.paid_on,
    ):
        return ()
    if not waits(refund):
        raise _settled(refund)
    if not command.reference:
        raise InvalidField(field="/reference", expected="the payment's own reference")
    first, last = (refund.owed_at - _FARTHEST_ZONE).date(), (now + _FARTHEST_ZONE).date()
    if not first <= command.paid_on <= last:
        raise InvalidField(field="/paid_on", expected="a day from when it was owed until today")
    return (
        RefundAnswered(
            at=now,
            refund=refund.id,
            status=RefundStatus.SUCCEEDED,
            reference=command.reference,
            paid_on=command.paid_on,
        ),
    )


def decline(order: Order, command: DeclineRefundOrder, actor: Actor, now: Instant) -> tuple[BaseEvent, ...]:
    """It was not paid out; after it was, only what the bank sent back (I-09).

    Raises Forbidden, NotFound, InvalidField, RefundSettled, InvalidTransition (somebody says that it was paid out, and
    a second person has to agree).
    """
    _require_payer(actor, "decline_refund_order")
    refund, ordered = _ordered(order, command.refund)
    if command.code not in DECLINED_BECAUSE:
        raise InvalidField(field="/code", expected=one_of(DECLINED_BECAUSE))
    if refund.status is RefundStatus.FAILED and ordered.declined == command.code:
        return ()
    late = refund.status is RefundStatus.SUCCEEDED and command.code == CAME_BACK
    if not waits(refund) and not late:
        raise _settled(refund)
    if said_paid(order, refund):
        # A colleague says that the money left. Whoever knows better answers that proposal.
        raise InvalidTransition(
            action="decline_refund_order", current_state="proposal_proposed", allowed_actions=("reject",)
        )
    return (RefundAnswered(at=now, refund=refund.id, status=RefundStatus.FAILED, declined=command.code),)


def lapse(order: Order, command: LapseRefundOrder, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """Pass it up at or after its instant, for as many working days again; before it, or when answered, nothing."""
    refund = next((one for one in order.refunds if one.id == command.refund), None)
    if refund is None or refund.ordered is None or not waits(refund) or now < refund.ordered.due_at:
        return ()
    if frozen(order, refund):
        return ()  # Nobody is late while a bank decides.
    again = due(now, f"{refund.ordered.days}bd", context.calendar)
    freed_at = [one.closed_at for one in order.chargebacks if one.tender == refund.tender and one.closed_at]
    return (RefundOrderLapsed(at=max([refund.ordered.due_at, *freed_at]), refund=refund.id, due_at=again),)


def _require_payer(actor: Actor, action: str) -> None:
    if actor.speaks_as not in {ActorKind.SUPPORT, ActorKind.HOST}:
        raise Forbidden(action=action)


def _ordered(order: Order, refund: RefundId) -> tuple[Refund, RefundOrder]:
    """A refund order of this order. Raises NotFound: also for a refund that a provider pays."""
    found = next((one for one in order.refunds if one.id == refund), None)
    if found is None or found.ordered is None:
        raise NotFound(kind="refund")
    return found, found.ordered


def _settled(refund: Refund) -> RefundSettled:
    paid_on = refund.ordered.paid_on if refund.ordered else None
    return RefundSettled(
        refund=refund.id,
        status=refund.status.value,
        reference=refund.reference,
        paid_on=paid_on.isoformat() if paid_on else "",
    )


# --- what happened --------------------------------------------------------------------------------------------------


def apply_answered(order: Order, event: RefundAnswered) -> Order:
    """Keep what belongs to a refund order beside what every refund has."""
    if event.confirm_by is not None:
        ordered = RefundOrder(ordered_at=event.at, moved_at=event.at, due_at=event.confirm_by, days=event.confirm_days)
        return _with(order, event.refund, ordered)
    before = next(one for one in order.refunds if one.id == event.refund).ordered
    if before is None or event.status in OPEN:
        return order
    paid_on = event.paid_on or before.paid_on
    return _with(order, event.refund, msgspec.structs.replace(before, paid_on=paid_on, declined=event.declined))


def apply_taken(order: Order, event: RefundOrderTaken) -> Order:
    """Somebody has it; the promised instant stays."""
    return _changed(order, event.refund, {"owner": event.owner})


def apply_lapsed(order: Order, event: RefundOrderLapsed) -> Order:
    """Whoever leads support has it, and gives it to somebody anew."""
    return _changed(
        order,
        event.refund,
        {"owner": "", "escalated_at": event.at, "moved_at": event.at, "due_at": event.due_at},
    )


def _changed(order: Order, refund: RefundId, changes: Mapping[str, object]) -> Order:
    before = next(one for one in order.refunds if one.id == refund).ordered
    assert before is not None, "only a refund order is taken or passed on"
    return _with(order, refund, msgspec.structs.replace(before, **changes))


def _with(order: Order, refund: RefundId, ordered: RefundOrder) -> Order:
    return msgspec.structs.replace(
        order,
        refunds=tuple(
            msgspec.structs.replace(one, ordered=ordered) if one.id == refund else one for one in order.refunds
        ),
    )
