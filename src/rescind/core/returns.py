"""What has left the shop and is not right: the buyer says so, and support sees to it (M-13, M-42, M-43).

A case has a number, an owner and an instant by which somebody moves. Nobody's silence ends it: a case that waits too
long for us goes to whoever leads support, and one that waits for the buyer comes back to us. No money moves from here;
what was agreed goes the ordinary ways.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision, read
from rescind.core.cancellation.guards import require_consent, require_evidence, require_speaker
from rescind.core.context import Context
from rescind.core.errors import (
    Forbidden,
    InvalidField,
    InvalidTransition,
    NotFound,
    NothingSelected,
    QuantityNotOpen,
    one_of,
)
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.evidence import EvidenceRef, require_few
from rescind.core.ids import ReturnId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, stage
from rescind.core.outage import Outage, owed
from rescind.core.parts import Decider, ReturnCase, ReturnStatus
from rescind.core.policy import Reason
from rescind.core.stage import Stage, rank
from rescind.core.terms import Terms

MOST = 10
"""Cases of one order: it stays one row that is read whole."""

OUTCOMES = ("refund_by_shop", "return_agreed", "replacement_agreed", "credit_given", "not_upheld")
"""How support ends a case. What it names is done by the ordinary ways: the shop's own refund, parcel or order."""
WITHDRAWN = "withdrawn"

_SPANS: Mapping[str, timedelta] = {"return_case": timedelta(hours=48), "return_answer": timedelta(hours=72)}
"""What was promised under policies from before there were such cases."""


class Wish(StrEnum):
    """What the buyer would like."""

    REFUND = "refund"
    RETURN = "return_refund"
    REPLACEMENT = "replacement"


class OpenReturn(BaseCommand, frozen=True, kw_only=True):
    """The buyer, or support with the buyer's consent, says what is wrong with goods that have left the shop.

    lines: units by line id. reason: one of the policy's own list.
    """

    reason: str
    wish: Wish
    lines: dict[str, int]
    comment: Note | None = None
    consent: Note | None = None
    evidence: tuple[EvidenceRef, ...] = ()


class TakeReturn(BaseCommand, frozen=True, kw_only=True):
    """Somebody of support sees to it, so that nobody else does."""

    case: ReturnId


class AskForMore(BaseCommand, frozen=True, kw_only=True):
    """Support has a question to the buyer."""

    case: ReturnId
    comment: Note


class AddToReturn(BaseCommand, frozen=True, kw_only=True):
    """The buyer answers, or adds words or files unasked."""

    case: ReturnId
    comment: Note | None = None
    evidence: tuple[EvidenceRef, ...] = ()


class CloseReturn(BaseCommand, frozen=True, kw_only=True):
    """Support ends the case and tells the buyer why. ``outcome``: one of ``OUTCOMES``."""

    case: ReturnId
    outcome: str
    comment: Note


class WithdrawReturn(BaseCommand, frozen=True, kw_only=True):
    """The buyer needs nothing any more."""

    case: ReturnId
    consent: Note | None = None


class LapseReturn(BaseCommand, frozen=True, kw_only=True):
    """The instant came by which somebody should have moved. ``outages``: when nobody could have."""

    case: ReturnId
    outages: tuple[Outage, ...] = ()


class ReturnOpened(BaseEvent, frozen=True, kw_only=True):
    """A case began, at ``stage``; support moves before ``due_at``. ``filed_by`` differs from the buyer for support."""

    case: ReturnId
    reason: str
    wish: Wish
    lines: dict[str, int]
    stage: Stage
    filed_by: str
    due_at: Instant
    comment: NoteRef | None = None
    consent: NoteRef | None = None
    evidence: tuple[EvidenceRef, ...] = ()


class ReturnTaken(BaseEvent, frozen=True, kw_only=True):
    """``owner`` of support has it."""

    case: ReturnId
    owner: str


class ReturnQuestioned(BaseEvent, frozen=True, kw_only=True):
    """Support asked; the buyer answers before ``due_at``."""

    case: ReturnId
    owner: str
    due_at: Instant
    comment: NoteRef


class ReturnAnswered(BaseEvent, frozen=True, kw_only=True):
    """The buyer said or showed more. ``due_at``: support's new limit, where it had been the buyer's move."""

    case: ReturnId
    due_at: Instant | None = None
    comment: NoteRef | None = None
    evidence: tuple[EvidenceRef, ...] = ()


class ReturnLapsed(BaseEvent, frozen=True, kw_only=True):
    """Whoever was to move did not: the buyer, so that it is ours again, or support, so that its lead has it."""

    case: ReturnId
    silent: str
    due_at: Instant


class ReturnExtended(BaseEvent, frozen=True, kw_only=True):
    """The buyer gets the time back in which we were not there (I-38): ``returned_s`` seconds more."""

    case: ReturnId
    due_at: Instant
    returned_s: int


class ReturnClosed(BaseEvent, frozen=True, kw_only=True):
    """It is over: ``outcome`` is one of ``OUTCOMES``, or that the buyer withdrew it."""

    case: ReturnId
    outcome: str
    by: Decider
    comment: NoteRef | None = None
    consent: NoteRef | None = None


Happened = ReturnOpened | ReturnTaken | ReturnQuestioned | ReturnAnswered | ReturnLapsed | ReturnExtended | ReturnClosed
"""What can have happened in a case."""


def returnable(order: Order, now: Instant) -> dict[str, int]:
    """Units by line that have left the shop and are in no open case."""
    if not rank(Stage.PARTIALLY_SHIPPING) <= rank(stage(order, now)) < rank(Stage.CANCELLED):
        return {}
    still_here = order.open_units()
    taken: dict[str, int] = {}
    for one in order.open_returns:
        for line, count in one.lines.items():
            taken[line] = taken.get(line, 0) + count
    left = {line.id: line.open - still_here.get(line.id, 0) - taken.get(line.id, 0) for line in order.lines}
    return {line: count for line, count in left.items() if count > 0}


def worth(order: Order, lines: Mapping[str, int]) -> Money:
    """What was paid for these units, rounded down; what comes back is agreed, not worked out here."""
    paid = {line.id: line.paid_minor * lines.get(line.id, 0) // line.quantity for line in order.lines}
    return Money(sum(paid.values()), order.currency)


def number(order: Order, case: ReturnCase) -> str:
    """What people call a case: the order's number and which of its cases it is."""
    return f"{order.number}-R{order.returns.index(case) + 1}"


def reasons(order: Order, terms: Terms, context: Context, now: Instant) -> tuple[Reason, ...]:
    """What may be wrong, as the policy lists it for the order as it is."""
    return terms.reasons("returns", read(order, ActorKind.BUYER, context, now), now)


def open_case(
    order: Order, command: OpenReturn, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Begin a case. Raises Forbidden, ConsentMissing, InvalidTransition (nothing has left the shop, or too many cases),
    NothingSelected, QuantityNotOpen, ReasonNotListed, EvidenceMissing, InvalidField.
    """
    require_speaker(actor, ActorKind.BUYER, "open_return")
    require_consent(actor, command.consent)
    left = returnable(order, now)
    if not left and not order.open_returns:
        raise _no_case(order, now)
    lines = {line: count for line, count in command.lines.items() if count}
    if not lines:
        raise NothingSelected
    for line, count in lines.items():
        if not 0 < count <= left.get(line, 0):
            raise QuantityNotOpen(line=line, open=left.get(line, 0))
    chosen = terms.reason("returns", command.reason, read(order, ActorKind.BUYER, context, now), now)
    require_evidence(chosen, comment=command.comment, evidence=command.evidence)
    event = begin(
        order,
        reason=command.reason,
        wish=command.wish,
        lines=lines,
        actor=actor,
        context=context,
        terms=terms,
        now=now,
        comment=NoteRef.of(command.comment),
        consent=NoteRef.of(command.consent),
        evidence=command.evidence,
    )
    return Decision(events=(event,), notes=tuple(note for note in (command.comment, command.consent) if note))


def begin(
    order: Order,
    *,
    reason: str,
    wish: Wish,
    lines: dict[str, int],
    actor: Actor,
    context: Context,
    terms: Terms,
    now: Instant,
    comment: NoteRef | None,
    consent: NoteRef | None,
    evidence: tuple[EvidenceRef, ...] = (),
) -> ReturnOpened:
    """A case about these units, promised as the terms promise it. Raises InvalidTransition (too many cases)."""
    if len(order.returns) >= MOST:
        raise _no_case(order, now)
    return ReturnOpened(
        at=now,
        case=context.return_id(order.shop, now),
        reason=reason,
        wish=wish,
        lines=lines,
        stage=stage(order, now),
        filed_by=actor.kind.value,
        due_at=_due_at("return_case", terms, context, now),
        comment=comment,
        consent=consent,
        evidence=evidence,
    )


def _no_case(order: Order, now: Instant) -> InvalidTransition:
    return InvalidTransition(
        action="open_return", current_state=stage(order, now).value, allowed_actions=("contact_support",)
    )


def take(order: Order, command: TakeReturn, actor: Actor, now: Instant) -> Decision:
    """Own it; nothing when one does already. Raises Forbidden, NotFound, InvalidTransition."""
    case = _by_support(order, command.case, actor, "take_return")
    return Decision(events=() if case.owner == actor.id else (ReturnTaken(at=now, case=case.id, owner=actor.id),))


def ask(order: Order, command: AskForMore, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Put the move to the buyer; a second question takes the place of the first. Raises as ``take`` does."""
    case = _by_support(order, command.case, actor, "ask_for_more")
    event = ReturnQuestioned(
        at=now,
        case=case.id,
        owner=actor.id,
        due_at=_due_at("return_answer", terms, context, now),
        comment=_kept(command.comment),
    )
    return Decision(events=(event,), notes=(command.comment,))


def add(order: Order, command: AddToReturn, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Say or show more, at any time while the case is open: late is better than not at all.

    Raises Forbidden, NotFound, InvalidTransition, InvalidField (neither words nor files, or too many of these).
    """
    require_speaker(actor, ActorKind.BUYER, "add_to_return")
    case = require_open(order, command.case, "add_to_return")
    require_few(command.evidence)
    if command.comment is None and not command.evidence:
        raise InvalidField(field="/comment", expected="words, or files beside it")
    asked = case.status is ReturnStatus.WITH_BUYER
    event = ReturnAnswered(
        at=now,
        case=case.id,
        due_at=_due_at("return_case", terms, context, now) if asked else None,
        comment=NoteRef.of(command.comment),
        evidence=command.evidence,
    )
    return Decision(events=(event,), notes=(command.comment,) if command.comment else ())


def close(order: Order, command: CloseReturn, actor: Actor, now: Instant) -> Decision:
    """End it with an outcome and the reason for it. Raises Forbidden, NotFound, InvalidTransition, InvalidField."""
    case = _by_support(order, command.case, actor, "close_return")
    if command.outcome not in OUTCOMES:
        raise InvalidField(field="/outcome", expected=one_of(OUTCOMES))
    event = ReturnClosed(at=now, case=case.id, outcome=command.outcome, by="support", comment=_kept(command.comment))
    return Decision(events=(event,), notes=(command.comment,))


def withdraw(order: Order, command: WithdrawReturn, actor: Actor, now: Instant) -> Decision:
    """The buyer ends it. Raises Forbidden, ConsentMissing, NotFound, InvalidTransition."""
    require_speaker(actor, ActorKind.BUYER, "withdraw_return")
    require_consent(actor, command.consent)
    case = require_open(order, command.case, "withdraw_return")
    event = ReturnClosed(at=now, case=case.id, outcome=WITHDRAWN, by="buyer", consent=NoteRef.of(command.consent))
    return Decision(events=(event,), notes=(command.consent,) if command.consent else ())


def lapse(order: Order, command: LapseReturn, context: Context, terms: Terms, now: Instant) -> Decision:
    """Pass the case on at or after its instant; before it, or when somebody moved, nothing happens (I-37).

    The buyer first gets back the time in which nobody could answer; our own time is not made longer by our absence.
    """
    case = next((one for one in order.open_returns if one.id == command.case), None)
    if case is None or now < case.due_at:
        return Decision(events=())
    if case.status is ReturnStatus.WITH_BUYER:
        more_s = owed(command.outages, case.moved_at, case.due_at, case.returned_s)
        if more_s:
            later = case.due_at + timedelta(seconds=more_s)
            return Decision(events=(ReturnExtended(at=now, case=case.id, due_at=later, returned_s=more_s),))
    silent = ActorKind.BUYER if case.status is ReturnStatus.WITH_BUYER else ActorKind.SUPPORT
    due_at = _due_at("return_case", terms, context, now)
    return Decision(events=(ReturnLapsed(at=case.due_at, case=case.id, silent=silent.value, due_at=due_at),))


def require_open(order: Order, case: ReturnId, action: str) -> ReturnCase:
    """The case, while it is open. Raises NotFound, InvalidTransition."""
    found = next((one for one in order.returns if one.id == case), None)
    if found is None:
        raise NotFound(kind="return")
    if found.closed_at is not None:
        raise InvalidTransition(action=action, current_state=found.outcome, allowed_actions=())
    return found


def _by_support(order: Order, case: ReturnId, actor: Actor, action: str) -> ReturnCase:
    if actor.speaks_as is not ActorKind.SUPPORT:
        raise Forbidden(action=action)
    return require_open(order, case, action)


def _due_at(name: str, terms: Terms, context: Context, now: Instant) -> Instant:
    return terms.due_at(name, {"requested": now, "asked": now}, context.calendar) or now + _SPANS[name]


def _kept(note: Note) -> NoteRef:
    return NoteRef(id=note.id, digest=note.digest)


# --- what happened --------------------------------------------------------------------------------------------------


def apply_opened(order: Order, event: ReturnOpened) -> Order:
    """A new case that waits for support."""
    case = ReturnCase(
        id=event.case,
        reason=event.reason,
        wish=event.wish.value,
        lines=event.lines,
        stage=event.stage,
        filed_by=event.filed_by,
        opened_at=event.at,
        moved_at=event.at,
        due_at=event.due_at,
    )
    return msgspec.structs.replace(order, returns=(*order.returns, case))


def apply_taken(order: Order, event: ReturnTaken) -> Order:
    """Somebody has it; the promised instant stays."""
    return _with(order, event.case, owner=event.owner)


def apply_questioned(order: Order, event: ReturnQuestioned) -> Order:
    """It is the buyer's move."""
    changes = {"status": ReturnStatus.WITH_BUYER, "moved_at": event.at, "due_at": event.due_at, "returned_s": 0}
    return _with(order, event.case, owner=event.owner, **changes)


def apply_answered(order: Order, event: ReturnAnswered) -> Order:
    """It is support's move again, if it had been the buyer's."""
    if event.due_at is None:
        return order
    return _with(order, event.case, status=ReturnStatus.WITH_SUPPORT, moved_at=event.at, due_at=event.due_at)


def apply_lapsed(order: Order, event: ReturnLapsed) -> Order:
    """Back to support, or on to its lead."""
    late = event.silent == ActorKind.SUPPORT.value
    status = ReturnStatus.ESCALATED if late else ReturnStatus.WITH_SUPPORT
    return _with(order, event.case, status=status, moved_at=event.at, due_at=event.due_at)


def apply_extended(order: Order, event: ReturnExtended) -> Order:
    """A later instant for the same move."""
    case = next(one for one in order.returns if one.id == event.case)
    return _with(order, event.case, due_at=event.due_at, returned_s=case.returned_s + event.returned_s)


def apply_closed(order: Order, event: ReturnClosed) -> Order:
    """Over."""
    ended = {"outcome": event.outcome, "closed_at": event.at, "closed_by": event.by}
    return _with(order, event.case, status=ReturnStatus.CLOSED, **ended)


def _with(order: Order, case: ReturnId, **changes: object) -> Order:
    return msgspec.structs.replace(
        order,
        returns=tuple(msgspec.structs.replace(one, **changes) if one.id == case else one for one in order.returns),
    )
