"""Deciding against the rules' answer: support approves what was refused, stops an order, or restores one (R-039).

Every such act names a reason of a list and says why in words. Above an amount it takes two people: one proposes,
another confirms or rejects, and a proposal that nobody answers lapses. Both are named in what happened.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

import msgspec

from rescind.core import escalation, proposal
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import CancellationUndone, Decision, approved, cancel_by_platform, still_open
from rescind.core.cancellation.fold import apply_undone
from rescind.core.context import Context
from rescind.core.errors import (
    EvidenceMissing,
    Forbidden,
    InvalidTransition,
    NotFound,
    NothingSelected,
    QuantityNotOpen,
    ReasonNotListed,
    UnknownLine,
)
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.fulfilment import ENDINGS
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.parts import (
    Act,
    Cancellation,
    CancellationStatus,
    Granting,
    Override,
    Parcel,
    ProposalOutcome,
    Refund,
    RefundStatus,
)
from rescind.core.proposal import WAITS
from rescind.core.quote import quote
from rescind.core.stock import outside
from rescind.core.terms import Terms
from rescind.core.timers import UNPAID, anew

REASONS: Mapping[Act, tuple[str, ...]] = {
    Act.APPROVE: ("rule_misapplied", "seller_agrees", "hardship", "goodwill"),
    Act.CANCEL: ("fraud", "risk", "experience", "seller_unreachable"),
    Act.REVERSE: ("decided_by_mistake", "parties_agree"),
}
"""Why somebody may decide against the rules; the words beside it say what was found (R-039, R-135)."""


class OverrideRules(BaseCommand, frozen=True, kw_only=True):
    """Support decides against the rules. ``cancellation``: the request to approve or the cancellation to reverse.

    lines: of ``cancel``, units by line; None for everything. alone_up_to_minor: the highest amount, of all such acts on
    the order together, that is decided by one person alone, in the order's currency; None where two always do.
    """

    act: Act
    cancellation: CancellationId | None = None
    lines: dict[str, int] | None = None
    reason: str
    comment: Note | None
    alone_up_to_minor: int | None


class AnswerOverride(BaseCommand, frozen=True, kw_only=True):
    """Another person confirms what was proposed, or anybody of support drops it."""

    number: int
    confirm: bool
    comment: Note | None = None


class LapseOverride(BaseCommand, frozen=True, kw_only=True):
    """The instant came until which a proposal waited."""

    number: int


class OverrideProposed(BaseEvent, frozen=True, kw_only=True):
    """Somebody (``by``) wants to decide against the rules, and another person has to agree before ``due_at``."""

    number: int
    act: Act
    cancellation: CancellationId | None = None
    lines: dict[str, int]
    reason: str
    amount_minor: int
    by: str
    due_at: Instant
    comment: NoteRef | None = None
    grants: Granting | None = None


class RulesOverridden(BaseEvent, frozen=True, kw_only=True):
    """It was decided against the rules, ``by`` one person, and ``confirmed_by`` another where the amount wanted two.

    What it did stands in the next record.
    """

    number: int
    act: Act
    cancellation: CancellationId | None = None
    lines: dict[str, int]
    reason: str
    amount_minor: int
    by: str
    confirmed_by: str = ""
    comment: NoteRef | None = None


class OverrideDropped(BaseEvent, frozen=True, kw_only=True):
    """A proposal ended without effect: rejected, withdrawn by whoever made it, or lapsed."""

    number: int
    outcome: ProposalOutcome
    by: str = ""
    comment: NoteRef | None = None


AMONG_STAFF = (OverrideProposed, OverrideDropped, RulesOverridden)
"""What support weighs among itself; what came of it stands in an event of its own."""


def waiting(order: Order) -> Override | None:
    """The proposal that waits for a second person; there is never more than one."""
    return next(iter(proposal.waiting(order.overrides)), None)


def alone(order: Order) -> int:
    """The money that decisions of single people have moved on this order, in minor units.

    The limit is for the order: who stops it line by line needs the second person as who stops it at once.
    """
    return sum(
        one.amount_minor for one in order.overrides if one.outcome is ProposalOutcome.DONE and not one.answered_by
    )


def possible(order: Order, now: Instant) -> tuple[tuple[Act, CancellationId | None], ...]:
    """What could be decided against the rules now, each with the cancellation it is about."""
    found: list[tuple[Act, CancellationId | None]] = []
    tries: list[tuple[Act, CancellationId | None]] = [(Act.CANCEL, None)]
    for one in reversed(order.cancellations):
        tries.extend(((Act.APPROVE, one.id), (Act.REVERSE, one.id)))
    for act, about in tries:
        try:
            _units(order, act, about, None, now)
        except InvalidTransition:
            continue
        found.append((act, about))
    return tuple(found)


def override(
    order: Order, command: OverrideRules, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Decide against the rules, or propose it where two people have to.

    Raises Forbidden, NotFound, InvalidTransition, NothingSelected, QuantityNotOpen, ReasonNotListed, EvidenceMissing.
    """
    _require_support(actor, f"override_{command.act.value}")
    listed = REASONS[command.act]
    if command.reason not in listed:
        raise ReasonNotListed(reason=command.reason, listed=listed)
    if command.comment is None:
        raise EvidenceMissing(reason=command.reason, needs=("comment",))
    proposed = waiting(order)
    if proposed is not None:
        raise InvalidTransition(
            action=f"override_{command.act.value}",
            current_state="override_proposed",
            allowed_actions=("confirm", "reject"),
            deadline=proposed.due_at,
        )
    units = _units(order, command.act, command.cancellation, command.lines, now)
    _require_all(order, command.lines, units)
    wanted = Override(
        number=len(order.overrides) + 1,
        act=command.act,
        cancellation=command.cancellation,
        lines=units,
        reason=command.reason,
        amount_minor=_amount(order, command.act, command.cancellation, units),
        by=actor.id,
        at=now,
        due_at=now + WAITS,
    )
    words = NoteRef.of(command.comment)
    if command.alone_up_to_minor is None or alone(order) + wanted.amount_minor > command.alone_up_to_minor:
        event = OverrideProposed(
            at=now,
            number=wanted.number,
            act=wanted.act,
            cancellation=wanted.cancellation,
            lines=wanted.lines,
            reason=wanted.reason,
            amount_minor=wanted.amount_minor,
            by=wanted.by,
            due_at=wanted.due_at,
            comment=words,
        )
        return Decision(events=(event,), notes=(command.comment,))
    done = _overridden(wanted, now, words)
    return Decision(events=(done, *_effect(order, wanted, actor, context, terms, now)), notes=(command.comment,))


def answer(
    order: Order, command: AnswerOverride, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Confirm a proposal as another person than who made it, or drop it.

    Raises Forbidden, NotFound, InvalidTransition (answered, or the order does not allow it any more), DeadlinePassed,
    SecondPersonNeeded.
    """
    _require_support(actor, "answer_override")
    found = proposal.to_answer(order.overrides, command.number, "override", now)
    notes = (command.comment,) if command.comment else ()
    words = NoteRef.of(command.comment)
    if not command.confirm:
        how = proposal.dropped_by(found, actor)
        dropped = OverrideDropped(at=now, number=found.number, outcome=how, by=actor.id, comment=words)
        return Decision(events=(dropped,), notes=notes)
    proposal.require_another(found, actor)
    units = _units(order, found.act, found.cancellation, found.lines, now)
    if units != found.lines or _amount(order, found.act, found.cancellation, units) != found.amount_minor:
        # Who confirms has read one amount; the order has moved on to another.
        raise InvalidTransition(action="confirm", current_state=stage(order, now).value, allowed_actions=("reject",))
    done = _overridden(found, now, words, confirmed_by=actor.id)
    effect = _effect(order, found, actor, context, terms, now)
    ended = escalation.granted(order, found.grants, escalation.GRANTED, now)
    return Decision(events=(done, *effect, *ended), notes=notes)


def lapse(order: Order, command: LapseOverride, now: Instant) -> tuple[BaseEvent, ...]:
    """Drop a proposal at or after its instant; before it, or when somebody answered, nothing happens (I-37)."""
    found = proposal.to_lapse(order.overrides, command.number, now)
    if found is None:
        return ()
    return (OverrideDropped(at=now, number=found.number, outcome=ProposalOutcome.LAPSED),)


def _require_all(order: Order, wanted: dict[str, int] | None, units: dict[str, int]) -> None:
    """Nobody gets less than they chose without being told. Raises NothingSelected, UnknownLine, QuantityNotOpen."""
    if wanted is None:
        return
    if not wanted:
        raise NothingSelected
    for place, (line, count) in enumerate(wanted.items()):
        if all(line != one.id for one in order.lines):
            raise UnknownLine(field=f"/lines/{place}/line")
        if not 0 < count <= units.get(line, 0):
            raise QuantityNotOpen(line=line, open=max(0, units.get(line, 0)))


def _require_support(actor: Actor, action: str) -> None:
    if actor.speaks_as is not ActorKind.SUPPORT:
        raise Forbidden(action=action)


def _about(order: Order, cancellation: CancellationId | None) -> Cancellation:
    found = next((one for one in order.cancellations if one.id == cancellation), None)
    if found is None:
        raise NotFound(kind="cancellation")
    return found


_CLOSED = frozenset({CancellationStatus.REFUSED, CancellationStatus.OVERTAKEN})
_ASKED = frozenset({CancellationStatus.AWAITING_SELLER, CancellationStatus.AWAITING_CARRIER})


def _units(
    order: Order, act: Act, cancellation: CancellationId | None, lines: dict[str, int] | None, now: Instant
) -> dict[str, int]:
    """The units an act is about. Raises NotFound, InvalidTransition where it is out of the question."""
    match act:
        case Act.APPROVE:
            return _approvable(order, _about(order, cancellation), now)
        case Act.CANCEL:
            return _stoppable(order, lines, now)
        case Act.REVERSE:
            return _reversible(order, _about(order, cancellation))
        case _:
            assert_never(act)


def _approvable(order: Order, asked: Cancellation, now: Instant) -> dict[str, int]:
    """What is left of a request that was refused, or waits for somebody else than the platform."""
    waits = order.open_cancellation
    left = order.undelivered()
    units = {line: min(count, left.get(line, 0)) for line, count in still_open(order, asked).items()}
    units = {line: count for line, count in units.items() if count}
    if asked.status not in _CLOSED | _ASKED or (waits is not None and waits.id != asked.id):
        raise InvalidTransition(
            action="override_approve",
            current_state=(waits or asked).status.value,
            allowed_actions=("approve", "refuse") if asked.status is CancellationStatus.IN_REVIEW else (),
        )
    if not units:
        raise InvalidTransition(
            action="override_approve", current_state=stage(order, now).value, allowed_actions=("return_or_refund",)
        )
    return units


def _stoppable(order: Order, lines: dict[str, int] | None, now: Instant) -> dict[str, int]:
    left = order.undelivered()
    if not left or order.progress.completed_at:
        raise InvalidTransition(action="override_cancel", current_state=stage(order, now).value, allowed_actions=())
    if lines is None:
        return left
    return {line: min(count, left.get(line, 0)) for line, count in lines.items()}


def _reversible(order: Order, done: Cancellation) -> dict[str, int]:
    """The units of the last cancellation, if its money has not moved and nobody has taken the goods apart."""
    last = next((one for one in reversed(order.cancellations) if one.status is CancellationStatus.APPROVED), None)
    moved = any(_of(one, done) and one.status is not RefundStatus.FAILED for one in order.refunds)
    unpacked = any(order.unpacked.get(line) for line in done.lines)
    if last is None or last.id != done.id or moved or unpacked or done.reason in _GONE or order.open_cancellation:
        raise InvalidTransition(action="override_reverse", current_state=done.status.value, allowed_actions=())
    return done.lines


def _of(refund: Refund, done: Cancellation) -> bool:
    """Whether money goes back because of a cancellation: by its own refund, or as a payment that came after it."""
    late = refund.cancellation is None and done.closed_at is not None and refund.owed_at >= done.closed_at
    return refund.cancellation == done.id or late


_GONE = frozenset(kind.value for kind in ENDINGS) | {UNPAID}
"""Reasons of cancellations that nobody restores: the goods are lost, or the time to pay is over and no other clock
would ever end the order again (I-15); a payment in time restores it by itself.
"""


def amount(order: Order, act: Act, cancellation: CancellationId | None, now: Instant) -> int:
    """What would go back, in minor units, by an act that is possible now. Raises NotFound, InvalidTransition."""
    return _amount(order, act, cancellation, _units(order, act, cancellation, None, now))


def _amount(order: Order, act: Act, cancellation: CancellationId | None, units: dict[str, int]) -> int:
    """What the act moves: what would go back, or what had been to go back."""
    return _about(order, cancellation).refund_minor if act is Act.REVERSE else quote(order, units).total_minor


def _effect(
    order: Order, wanted: Override, actor: Actor, context: Context, terms: Terms, now: Instant
) -> tuple[BaseEvent, ...]:
    match wanted.act:
        case Act.APPROVE:
            asked = _about(order, wanted.cancellation)
            return (approved(order, asked.id, "support", wanted.lines, context, now),)
        case Act.CANCEL:
            return cancel_by_platform(order, wanted.reason, wanted.lines, stage(order, now), actor, context, now)
        case Act.REVERSE:
            return (_restored(order, _about(order, wanted.cancellation), context, terms, now),)
        case _:
            assert_never(wanted.act)


def _restored(order: Order, done: Cancellation, context: Context, terms: Terms, now: Instant) -> CancellationUndone:
    """The order as it was, with what came back in the house again and a time to ship where the old one is over."""
    back = {line: min(count, order.came_back.get(line, 0)) for line, count in done.lines.items()}
    event = CancellationUndone(
        at=now,
        cancellation=done.id,
        by="support",
        back={line: count for line, count in back.items() if count},
        parcels=tuple(parcel.id for parcel in order.parcels if _came_back(order, parcel)),
    )
    timers = anew(apply_undone(order, event), terms, context, now)
    late = next((one.due_at for one in timers if one.then == "late"), None)
    return msgspec.structs.replace(event, timers=timers, dispatch_due_at=late)


def _came_back(order: Order, parcel: Parcel) -> bool:
    """Whether everything in a parcel that had left is in the house again."""
    if not (parcel.gone or parcel.ended) or not order.came_back:
        return False
    if not parcel.lines:
        return not outside(order)
    return all(order.came_back.get(line, 0) >= count for line, count in parcel.lines.items())


def _overridden(terms: Override, at: Instant, comment: NoteRef | None, *, confirmed_by: str = "") -> RulesOverridden:
    return RulesOverridden(
        at=at,
        number=terms.number,
        act=terms.act,
        cancellation=terms.cancellation,
        lines=terms.lines,
        reason=terms.reason,
        amount_minor=terms.amount_minor,
        by=terms.by,
        confirmed_by=confirmed_by,
        comment=comment,
    )


def apply_proposed(order: Order, event: OverrideProposed) -> Order:
    """Keep what is proposed, and until when."""
    proposed = msgspec.structs.replace(_kept(event, due_at=event.due_at), grants=event.grants)
    return msgspec.structs.replace(order, overrides=(*order.overrides, proposed))


def apply_overridden(order: Order, event: RulesOverridden) -> Order:
    """Keep who decided; a proposal becomes what was done."""
    before = next((one for one in order.overrides if one.number == event.number), None)
    done = msgspec.structs.replace(
        before or _kept(event, due_at=event.at),
        outcome=ProposalOutcome.DONE,
        answered_by=event.confirmed_by,
        answered_at=event.at,
    )
    others = tuple(one for one in order.overrides if one.number != event.number)
    return msgspec.structs.replace(order, overrides=(*others, done))


def apply_dropped(order: Order, event: OverrideDropped) -> Order:
    """Keep how it ended."""
    overrides = proposal.ended(order.overrides, event.number, event.outcome, event.by, event.at)
    return msgspec.structs.replace(order, overrides=overrides)


def _kept(event: OverrideProposed | RulesOverridden, *, due_at: Instant) -> Override:
    return Override(
        number=event.number,
        act=event.act,
        cancellation=event.cancellation,
        lines=event.lines,
        reason=event.reason,
        amount_minor=event.amount_minor,
        by=event.by,
        at=event.at,
        due_at=due_at,
    )
