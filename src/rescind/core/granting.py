"""Support does what a call for the platform is right about, and that ends the call: act and record are one step (M-24).

What support may do is decided where it is decided anyway: the request that waits for the platform, what is decided
against the rules, money that is given back. Where that takes a second person, the call stays open until there is one.
"""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

import msgspec

from rescind.core import cancellation, escalation, giving_back, override, second_person
from rescind.core.actor import Actor
from rescind.core.cancellation import ApproveCancellation, Decision, still_open
from rescind.core.cancellation.guards import require_figure
from rescind.core.context import Context
from rescind.core.errors import CurrencyMismatch, NothingSelected
from rescind.core.escalation import GRANTED, REFUNDED
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.giving_back import GiveBack
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.override import REASONS, OverrideProposed, OverrideRules
from rescind.core.parts import Act, CancellationStatus, Granting, ProposalOutcome
from rescind.core.quote import quote
from rescind.core.second_person import ProposalMade
from rescind.core.terms import Terms


class GrantAct(StrEnum):
    """What is done: a request is approved, the order is stopped, money goes back though nothing is cancelled."""

    APPROVE = "approve"
    CANCEL = "cancel"
    GIVE_BACK = "give_back"


class GrantEscalation(BaseCommand, frozen=True, kw_only=True):
    """Support grants a call. comment: what buyer and shop read.

    cancellation: the request of ``approve``. reason: of what is against the rules, as of ``OverrideRules``; empty where
    the request waits for the platform, and of ``give_back``. refund: of ``give_back`` what goes back, else what was
    shown, or None. alone_up_to_minor: as of ``OverrideRules``.
    """

    number: int
    act: GrantAct
    cancellation: CancellationId | None = None
    reason: str = ""
    refund: Money | None = None
    comment: Note
    alone_up_to_minor: int | None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """Something that support may do now. reasons: those it takes one of; amount_minor: what goes back, or the most."""

    act: GrantAct
    cancellation: CancellationId | None = None
    reasons: tuple[str, ...] = ()
    amount_minor: int


_AGAINST = {Act.APPROVE: GrantAct.APPROVE, Act.CANCEL: GrantAct.CANCEL}


def ways(order: Order, now: Instant) -> tuple[Way, ...]:
    """What support may do for whoever has called, each with its money; nothing of it while a grant waits."""
    case = escalation.current(order)
    if case is None or proposed(order, case.number):
        return ()
    found: list[Way] = []
    asked = order.open_cancellation
    if asked is not None and asked.status is CancellationStatus.IN_REVIEW:
        money = quote(order, still_open(order, asked), fees=asked.fees, at=now)
        found.append(Way(act=GrantAct.APPROVE, cancellation=asked.id, amount_minor=money.total_minor))
    for act, about in override.possible(order, now) if override.waiting(order) is None else ():
        if act in _AGAINST:
            amount = override.amount(order, act, about, now)
            found.append(Way(act=_AGAINST[act], cancellation=about, reasons=REASONS[act], amount_minor=amount))
    if giving_back.most(order):
        found.append(Way(act=GrantAct.GIVE_BACK, amount_minor=giving_back.most(order)))
    return tuple(found)


def proposed(order: Order, number: int) -> bool:
    """Whether what grants a call waits for a second person."""
    return any(
        one.grants is not None and one.grants.number == number and one.outcome is ProposalOutcome.PROPOSED
        for one in (*order.overrides, *order.proposals)
    )


def grant(
    order: Order, command: GrantEscalation, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Do it and end the call with it, or propose it where two people have to.

    Raises Forbidden, NotFound, InvalidTransition (the call has ended), and what the act itself raises.
    """
    case = escalation.by_support(order, command.number, actor, "grant_escalation")
    done = _do(order, command, actor, context, terms, now)
    words = NoteRef.of(command.comment)
    assert words is not None, "the command has words"
    grants = Granting(number=case.number, comment=words)
    events = tuple(_for(one, grants) for one in done.events)
    if not any(isinstance(one, OverrideProposed | ProposalMade) for one in events):
        outcome = REFUNDED if command.act is GrantAct.GIVE_BACK else GRANTED
        events = (*events, *escalation.granted(order, grants, outcome, now))
    return msgspec.structs.replace(done, events=events, notes=(command.comment,))


def _do(order: Order, command: GrantEscalation, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    match command.act:
        case GrantAct.GIVE_BACK:
            if command.refund is None:
                raise NothingSelected
            if command.refund.currency != order.currency:
                raise CurrencyMismatch(expected=order.currency, actual=command.refund.currency)
            given = GiveBack(order=order.id, amount_minor=command.refund.minor, comment=command.comment)
            return second_person.decide(order, given, actor, context, terms, now)
        case GrantAct.APPROVE if command.cancellation is not None and not command.reason:
            approve = ApproveCancellation(
                order=order.id, cancellation=command.cancellation, refund=command.refund, comment=command.comment
            )
            return cancellation.approve(order, approve, actor, context, now)
        case GrantAct.APPROVE:
            return _against(order, Act.APPROVE, command, actor, context, terms, now)
        case GrantAct.CANCEL:
            return _against(order, Act.CANCEL, command, actor, context, terms, now)
        case _:
            assert_never(command.act)


def _against(
    order: Order, act: Act, command: GrantEscalation, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    about = command.cancellation if act is Act.APPROVE else None
    rules = OverrideRules(
        order=order.id,
        act=act,
        cancellation=about,
        reason=command.reason,
        comment=command.comment,
        alone_up_to_minor=command.alone_up_to_minor,
    )
    decision = override.override(order, rules, actor, context, terms, now)
    require_figure(command.refund, Money(override.amount(order, act, about, now), order.currency))
    return decision


def _for(event: BaseEvent, grants: Granting) -> BaseEvent:
    """A proposal remembers for which call it is made."""
    if isinstance(event, OverrideProposed | ProposalMade):
        return msgspec.structs.replace(event, grants=grants)
    return event
