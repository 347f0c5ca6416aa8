"""The buyer calls the platform: the shop does not answer or refuses, or broke a policy that has a name (M-20).

What was said until then is attached by itself, as a digest of the conversation and where it stood. A case has an owner
and an instant by which support moves; a step that nobody takes goes up and gets a new one. It decides nothing by
itself: support does what the buyer is right about (``granting``), and that ends it, or says why not.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.cancellation.guards import require_consent, require_speaker
from rescind.core.context import Context
from rescind.core.deadline import Calendar, span
from rescind.core.errors import Forbidden, InvalidField, InvalidTransition, NotFound, one_of
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.parts import Attached, CancellationStatus, Decider, Escalation, Granting, ReturnStatus
from rescind.core.terms import Terms

MOST = 5
"""Escalations of one order: it stays one row that is read whole."""

SILENT, REFUSES = "shop_silent", "shop_refuses"
BREACHES = ("asks_buyer_to_cancel", "not_as_described", "pressure", "contact_outside")
"""Policies that a shop may have broken: the platform is called at once, with words on what happened."""
GROUNDS = (SILENT, REFUSES, *BREACHES)

GRANTED, REFUNDED = "granted", "refunded"
OUTCOMES = (GRANTED, REFUNDED, "shop_answers", "shop_warned", "settled", "not_upheld")
"""How it ends. The first two are said of what was cancelled or given back since it began, never of what somebody is
going to do; as a rule the act itself ends it so (``granting``).
"""


class Escalate(BaseCommand, frozen=True, kw_only=True):
    """The buyer, or support with the buyer's consent, calls the platform. ``ground``: one of ``GROUNDS``.

    attached: the conversation as the buyer reads it now. unanswered_since: the first message of the buyer's that the
    shop has not answered; None where it has answered, or was not asked.
    """

    ground: str
    comment: Note | None = None
    consent: Note | None = None
    attached: Attached | None = None
    unanswered_since: Instant | None = None


class TakeEscalation(BaseCommand, frozen=True, kw_only=True):
    """Somebody of support sees to it, so that nobody else does."""

    number: int


class CloseEscalation(BaseCommand, frozen=True, kw_only=True):
    """Support ends it without doing anything, and tells both sides why. ``outcome``: one that is ``true_of`` it."""

    number: int
    outcome: str
    comment: Note


class LapseEscalation(BaseCommand, frozen=True, kw_only=True):
    """The instant came by which support should have moved."""

    number: int


class EscalationOpened(BaseEvent, frozen=True, kw_only=True):
    """The platform was called; support moves before ``due_at``."""

    number: int
    ground: str
    filed_by: str
    due_at: Instant
    attached: Attached | None = None
    comment: NoteRef | None = None
    consent: NoteRef | None = None


class EscalationTaken(BaseEvent, frozen=True, kw_only=True):
    """``owner`` of support has it."""

    number: int
    owner: str


class EscalationLapsed(BaseEvent, frozen=True, kw_only=True):
    """Support did not move in time: whoever leads it has the case, until ``due_at``."""

    number: int
    due_at: Instant


class EscalationClosed(BaseEvent, frozen=True, kw_only=True):
    """It is over."""

    number: int
    outcome: str
    by: Decider
    comment: NoteRef | None = None


Happened = EscalationOpened | EscalationTaken | EscalationLapsed | EscalationClosed


def possible(order: Order, terms: Terms, unanswered_since: Instant | None, now: Instant) -> tuple[str, ...]:
    """The grounds on which the platform may be called now; none while a case is open or too many were."""
    if current(order) is not None or len(order.escalations) >= MOST:
        return ()
    found: list[str] = []
    if unanswered_since is not None and now - unanswered_since >= answer_time(terms):
        found.append(SILENT)
    if any(one.closed_by == "seller" and one.status is CancellationStatus.REFUSED for one in order.cancellations):
        found.append(REFUSES)
    return (*found, *BREACHES)


def answer_time(terms: Terms) -> timedelta:
    """How long a shop has to answer before its silence is a ground: what the policy gives it for a request."""
    told = span(str(terms.preset.values.get("answer_span", "24h")))
    return timedelta(days=told.amount) if told.unit == "bd" else timedelta(seconds=told.seconds)


def current(order: Order) -> Escalation | None:
    """The one that is open; there is never more than one."""
    return next((one for one in reversed(order.escalations) if one.closed_at is None), None)


def decide(
    order: Order,
    command: Escalate | TakeEscalation | CloseEscalation | LapseEscalation,
    actor: Actor,
    context: Context,
    terms: Terms,
    now: Instant,
) -> Decision:
    """Answer one of these."""
    match command:
        case Escalate():
            return escalate(order, command, actor, context, terms, now)
        case TakeEscalation():
            return take(order, command, actor, now)
        case CloseEscalation():
            return close(order, command, actor, now)
        case LapseEscalation():
            return Decision(events=lapse(order, command, context, terms, now))


def escalate(order: Order, command: Escalate, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Call the platform. Raises Forbidden, ConsentMissing, InvalidTransition (one is open, or there were too many),
    InvalidField (a ground that does not exist or does not hold yet, a breach without words).
    """
    require_speaker(actor, ActorKind.BUYER, "escalate")
    require_consent(actor, command.consent)
    if command.ground not in GROUNDS:
        raise InvalidField(field="/ground", expected=one_of(GROUNDS))
    listed = possible(order, terms, command.unanswered_since, now)
    if not listed:
        raise InvalidTransition(
            action="escalate", current_state=stage(order, now).value, allowed_actions=("contact_support",)
        )
    if command.ground not in listed:
        raise InvalidField(field="/ground", expected=one_of(listed))
    if command.ground in BREACHES and command.comment is None:
        raise InvalidField(field="/comment", expected="what happened, in a few words")
    event = EscalationOpened(
        at=now,
        number=len(order.escalations) + 1,
        ground=command.ground,
        filed_by=actor.kind.value,
        due_at=_due_at(terms, context.calendar, now),
        attached=command.attached,
        comment=NoteRef.of(command.comment),
        consent=NoteRef.of(command.consent),
    )
    return Decision(events=(event,), notes=tuple(note for note in (command.comment, command.consent) if note))


def take(order: Order, command: TakeEscalation, actor: Actor, now: Instant) -> Decision:
    """Own it; nothing when one does already. Raises Forbidden, NotFound, InvalidTransition."""
    case = by_support(order, command.number, actor, "take_escalation")
    if case.owner == actor.id:
        return Decision(events=())
    return Decision(events=(EscalationTaken(at=now, number=case.number, owner=actor.id),))


def close(order: Order, command: CloseEscalation, actor: Actor, now: Instant) -> Decision:
    """End it. Raises Forbidden, NotFound, InvalidField, InvalidTransition: already closed, or said of what was not done
    since it began.
    """
    case = by_support(order, command.number, actor, "close_escalation")
    if command.outcome not in OUTCOMES:
        raise InvalidField(field="/outcome", expected=one_of(OUTCOMES))
    if command.outcome not in true_of(order, case):
        raise InvalidTransition(
            action="close_escalation", current_state=stage(order, now).value, allowed_actions=("approve", "override")
        )
    kept = NoteRef.of(command.comment)
    event = EscalationClosed(at=now, number=case.number, outcome=command.outcome, by="support", comment=kept)
    return Decision(events=(event,), notes=(command.comment,))


def true_of(order: Order, case: Escalation) -> tuple[str, ...]:
    """The outcomes that would be true of a call now: it is not granted before something was cancelled or given back."""
    cancelled = any(
        one.status is CancellationStatus.APPROVED and one.closed_at is not None and one.closed_at >= case.opened_at
        for one in order.cancellations
    )
    given = any(
        one.cancellation is None and one.instead_of is None and not one.release and one.owed_at >= case.opened_at
        for one in order.refunds
    )
    untrue = {GRANTED: not cancelled, REFUNDED: not given}
    return tuple(one for one in OUTCOMES if not untrue.get(one))


def granted(order: Order, grants: Granting | None, outcome: str, now: Instant) -> tuple[EscalationClosed, ...]:
    """The end of the call for which something is just being done, if it is one and nobody has ended it meanwhile."""
    case = current(order)
    if grants is None or case is None or case.number != grants.number:
        return ()
    return (EscalationClosed(at=now, number=case.number, outcome=outcome, by="support", comment=grants.comment),)


def lapse(
    order: Order, command: LapseEscalation, context: Context, terms: Terms, now: Instant
) -> tuple[BaseEvent, ...]:
    """Send it up at or after its instant; before it, or when it was closed, nothing happens (I-37)."""
    case = current(order)
    if case is None or case.number != command.number or now < case.due_at:
        return ()
    return (EscalationLapsed(at=case.due_at, number=case.number, due_at=_due_at(terms, context.calendar, now)),)


def _due_at(terms: Terms, calendar: Calendar, now: Instant) -> Instant:
    return terms.escalated(now, calendar, on_its_way=False)[0]


def by_support(order: Order, number: int, actor: Actor, action: str) -> Escalation:
    """The call that support moves, while it is open. Raises Forbidden, NotFound, InvalidTransition."""
    if actor.speaks_as is not ActorKind.SUPPORT:
        raise Forbidden(action=action)
    found = next((one for one in order.escalations if one.number == number), None)
    if found is None:
        raise NotFound(kind="escalation")
    if found.closed_at is not None:
        raise InvalidTransition(action=action, current_state=found.outcome, allowed_actions=())
    return found


# --- what happened ---------------------------------------------------------------------------------------------------


def apply(order: Order, event: Happened) -> Order:
    """Fold one of these into the order."""
    match event:
        case EscalationOpened():
            case = Escalation(
                number=event.number,
                ground=event.ground,
                filed_by=event.filed_by,
                opened_at=event.at,
                due_at=event.due_at,
                attached=event.attached,
            )
            return msgspec.structs.replace(order, escalations=(*order.escalations, case))
        case EscalationTaken():
            return _with(order, event.number, owner=event.owner)
        case EscalationLapsed():
            return _with(order, event.number, due_at=event.due_at, status=ReturnStatus.ESCALATED)
        case EscalationClosed():
            ended = {"outcome": event.outcome, "closed_at": event.at, "closed_by": event.by}
            return _with(order, event.number, status=ReturnStatus.CLOSED, **ended)


def _with(order: Order, number: int, **changes: object) -> Order:
    return msgspec.structs.replace(
        order,
        escalations=tuple(
            msgspec.structs.replace(one, **changes) if one.number == number else one for one in order.escalations
        ),
    )
