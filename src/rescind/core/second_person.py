"""Money that people move by hand, and the second person it takes above an amount.

One proposes, another confirms or rejects; until then nothing is owed, reserved or sent. What rules decide, or both
parties agree on, needs nobody else. Who confirms has it judged anew, for the order may have moved on.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec

from rescind.core import escalation, failed_refund, giving_back, proposal, refund_order
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.context import Context
from rescind.core.errors import AmountChanged, Forbidden, InvalidTransition, NotFound
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.failed_refund import FailedRefundSettled, SettleFailedRefund, WayOn
from rescind.core.giving_back import GiveBack
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import Granting, MoneyAct, MoneyTerms, Proposal, ProposalOutcome
from rescind.core.refund import RefundOwed
from rescind.core.refund_order import ConfirmRefundOrder
from rescind.core.terms import Terms

ByHand = GiveBack | SettleFailedRefund | ConfirmRefundOrder
"""Every command by which somebody moves money by their own word."""

_SIDES: Final = (ActorKind.SELLER, ActorKind.SUPPORT)
"""Who decides by hand. What the host reports as paid out has happened, and is recorded."""


class AnswerProposal(BaseCommand, frozen=True, kw_only=True):
    """Another person confirms what was proposed, or somebody who may drops it."""

    number: int
    confirm: bool
    comment: Note | None = None


class LapseProposal(BaseCommand, frozen=True, kw_only=True):
    """The instant came until which a proposal waited."""

    number: int


class ProposalMade(BaseEvent, frozen=True, kw_only=True):
    """Somebody (``by``, of ``side``) wants to move money, and another person has to agree before ``due_at``."""

    number: int
    terms: MoneyTerms
    side: str
    by: str
    due_at: Instant
    comment: NoteRef | None = None
    consent: NoteRef | None = None
    grants: Granting | None = None


class ProposalConfirmed(BaseEvent, frozen=True, kw_only=True):
    """Two people decided it. What it did stands in the next record."""

    number: int
    terms: MoneyTerms
    side: str
    by: str
    confirmed_by: str
    comment: NoteRef | None = None


class ProposalDropped(BaseEvent, frozen=True, kw_only=True):
    """It ended without effect: rejected, withdrawn by whoever made it, or lapsed, then ``by`` nobody."""

    number: int
    terms: MoneyTerms
    side: str
    outcome: ProposalOutcome
    by: str = ""
    comment: NoteRef | None = None


EVENTS = (ProposalMade, ProposalConfirmed, ProposalDropped)
"""What is told to support, and to the shop where it is the shop's own; to buyers never."""


def waiting(order: Order) -> tuple[Proposal, ...]:
    """What waits for a second person."""
    return proposal.waiting(order.proposals)


def seen_by(order: Order, side: ActorKind) -> tuple[Proposal, ...]:
    """The proposals this side is told of: support all of them, a shop its own."""
    if side is ActorKind.SUPPORT:
        return order.proposals
    return tuple(one for one in order.proposals if side is ActorKind.SELLER and one.side == side.value)


def about(order: Order, side: ActorKind, act: MoneyAct, refund: RefundId | None = None) -> Proposal | None:
    """The proposal of this side that waits to do this, to this refund where it is about one."""
    mine = (one for one in waiting(order) if one.side == side.value)
    return next((one for one in mine if (one.terms.act, one.terms.refund) == (act, refund)), None)


def alone_left(order: Order, alone_up_to_minor: int | None) -> int | None:
    """What one person may still move by hand on this order, in minor units; None where any amount is left to one.

    The limit is for the order: who gives back in small parts needs the second person as who gives it back at once.
    """
    return None if alone_up_to_minor is None else max(0, alone_up_to_minor - order.alone_minor)


def decide(order: Order, command: ByHand, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    """Do it, or propose it where it is above what one person does alone.

    Raises what deciding it alone raises, and InvalidTransition where the same is proposed already.
    """
    done = _alone(order, command, actor, context, terms, now)
    wanted = _terms(order, command, done)
    if wanted is None or context.alone_up_to_minor is None or actor.speaks_as not in _SIDES:
        return done
    left = _left(order, wanted, context.alone_up_to_minor)
    if wanted.amount_minor <= left:
        return msgspec.structs.replace(done, events=tuple(_counted(one, wanted.amount_minor) for one in done.events))
    if proposed_before(order, actor.kind, wanted):
        return Decision(events=())
    event = ProposalMade(
        at=now,
        number=max((one.number for one in order.proposals), default=0) + 1,
        terms=wanted,
        side=actor.kind.value,
        by=actor.id,
        due_at=now + proposal.WAITS,
        comment=NoteRef.of(getattr(command, "comment", None)),
        consent=NoteRef.of(getattr(command, "consent", None)),
    )
    return Decision(events=(event,), notes=done.notes)


def answer(
    order: Order, command: AnswerProposal, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Confirm a proposal as another person than who made it, or drop it.

    Raises Forbidden, NotFound, InvalidTransition (answered), DeadlinePassed, SecondPersonNeeded, AmountChanged; and
    what deciding it raises, where the order does not allow it any more.
    """
    if actor.speaks_as not in _SIDES:
        raise Forbidden(action="answer_proposal")
    found = proposal.to_answer(seen_by(order, actor.speaks_as), command.number, "proposal", now)
    words = NoteRef.of(command.comment)
    notes = (command.comment,) if command.comment else ()
    if not command.confirm:
        how = proposal.dropped_by(found, actor)
        dropped = ProposalDropped(
            at=now, number=found.number, terms=found.terms, side=found.side, outcome=how, by=actor.id, comment=words
        )
        return Decision(events=(dropped,), notes=notes)
    proposal.require_another(found, actor)
    confirmed = ProposalConfirmed(
        at=now,
        number=found.number,
        terms=found.terms,
        side=found.side,
        by=found.by,
        confirmed_by=actor.id,
        comment=words,
    )
    ended = escalation.granted(order, found.grants, escalation.REFUNDED, now)
    return Decision(events=(confirmed, *_effect(order, found, context, terms, now), *ended), notes=notes)


def lapse(order: Order, command: LapseProposal, now: Instant) -> tuple[BaseEvent, ...]:
    """Drop a proposal at or after its instant; before it, or when somebody answered, nothing happens (I-37)."""
    found = proposal.to_lapse(order.proposals, command.number, now)
    if found is None:
        return ()
    how = ProposalOutcome.LAPSED
    return (ProposalDropped(at=now, number=found.number, terms=found.terms, side=found.side, outcome=how),)


def proposed_before(order: Order, side: ActorKind, wanted: MoneyTerms) -> bool:
    """Whether the very same waits already. Raises InvalidTransition where this side proposes something else about it.

    A shop is not told of what support weighs, by a refusal neither.
    """
    before = about(order, side, wanted.act, wanted.refund)
    if before is None:
        return False
    if before.terms == wanted and wanted.act is MoneyAct.CONFIRM:
        return True  # Said again, as a confirmation may be; a second gift of the same amount is another gift.
    raise InvalidTransition(
        action=wanted.act.value,
        current_state="proposal_proposed",
        allowed_actions=("confirm", "reject"),
        deadline=before.due_at,
    )


def to_confirm(order: Order, command: ConfirmRefundOrder) -> MoneyTerms:
    """What confirming a refund order says of its money. Raises NotFound."""
    owed = next((one for one in order.refunds if one.id == command.refund), None)
    if owed is None:
        raise NotFound(kind="refund")
    return MoneyTerms(
        act=MoneyAct.CONFIRM,
        amount_minor=owed.amount_minor,
        refund=owed.id,
        reference=command.reference,
        paid_on=command.paid_on,
    )


def _alone(order: Order, command: ByHand, actor: Actor, context: Context, terms: Terms, now: Instant) -> Decision:
    match command:
        case GiveBack():
            return giving_back.give(order, command, actor, context, now)
        case SettleFailedRefund():
            return failed_refund.settle(order, command, actor, context, terms, now)
        case ConfirmRefundOrder():
            return Decision(events=refund_order.confirm(order, command, actor, now))
        case _:
            assert_never(command)


def _terms(order: Order, command: ByHand, done: Decision) -> MoneyTerms | None:
    """What a command would do with money; None where it does nothing, or only tries the same way again."""
    if not done.events:
        return None
    match command, done.events[-1]:
        case GiveBack(), RefundOwed(refunds=refunds, shipping_minor=shipping):
            amount = sum(one.amount_minor for one in refunds)
            way = WayOn.STORE_CREDIT.value if command.credit else ""
            return MoneyTerms(act=MoneyAct.GIVE_BACK, amount_minor=amount, shipping_minor=shipping, way=way)
        case SettleFailedRefund(way=way, voucher=voucher), FailedRefundSettled(refund=refund, refunds=refunds):
            if way is WayOn.AGAIN:
                return None
            amount = sum(one.amount_minor for one in refunds)
            return MoneyTerms(act=MoneyAct.SETTLE, amount_minor=amount, refund=refund, way=way.value, reference=voucher)
        case ConfirmRefundOrder(), _:
            return to_confirm(order, command)
        case _:
            return None


def _left(order: Order, wanted: MoneyTerms, alone_up_to_minor: int) -> int:
    """What one person may move of this kind. A refund that is to be paid out is decided already, and each is whole."""
    if wanted.act is MoneyAct.CONFIRM:
        return alone_up_to_minor
    return alone_up_to_minor - order.alone_minor


def _counted(event: BaseEvent, amount_minor: int) -> BaseEvent:
    if isinstance(event, RefundOwed | FailedRefundSettled):
        return msgspec.structs.replace(event, alone_minor=amount_minor)
    return event


def _effect(order: Order, found: Proposal, context: Context, terms: Terms, now: Instant) -> tuple[BaseEvent, ...]:
    """What was proposed, decided anew for who proposed it. Raises AmountChanged where it is not the same any more."""
    who = Actor(kind=ActorKind(found.side), id=found.by)
    command = _again(order, found)
    done = _alone(order, command, who, context, terms, now)
    wanted = _terms(order, command, done)
    if wanted is not None and wanted.amount_minor != found.terms.amount_minor:
        raise AmountChanged(
            confirmed=Money(found.terms.amount_minor, order.currency), refund=Money(wanted.amount_minor, order.currency)
        )
    return tuple(_with_words(one, found) for one in done.events)


def _again(order: Order, found: Proposal) -> ByHand:
    said = found.terms
    match said.act:
        case MoneyAct.GIVE_BACK:
            amount = said.amount_minor - said.shipping_minor
            credit = said.way == WayOn.STORE_CREDIT
            return GiveBack(
                order=order.id,
                shipping=said.shipping_minor > 0,
                amount_minor=amount or None,
                credit=credit,
                consent=_kept(found.consent),
                comment=_kept(found.comment) if credit else None,
            )
        case MoneyAct.SETTLE:
            assert said.refund is not None, "it settles one"
            return SettleFailedRefund(
                order=order.id,
                refund=said.refund,
                way=WayOn(said.way),
                voucher=said.reference,
                consent=_kept(found.consent),
            )
        case MoneyAct.CONFIRM:
            assert said.refund is not None, "it confirms one"
            assert said.paid_on is not None, "it says when"
            return ConfirmRefundOrder(
                order=order.id,
                refund=said.refund,
                reference=said.reference,
                paid_on=said.paid_on,
                amount=Money(said.amount_minor, order.currency),
            )
        case _:
            assert_never(said.act)


def _kept(words: NoteRef | None) -> Note | None:
    """Words that were kept with a proposal: only where they are is known here."""
    return Note(id=words.id, body="", salt="") if words else None


def _with_words(event: BaseEvent, found: Proposal) -> BaseEvent:
    """What was said with the proposal belongs to what came of it."""
    match event:
        case RefundOwed():
            return msgspec.structs.replace(event, comment=found.comment, consent=found.consent)
        case FailedRefundSettled():
            return msgspec.structs.replace(event, comment=found.comment, consent=found.consent)
        case _:
            return event


# --- what happened --------------------------------------------------------------------------------------------------


def apply_made(order: Order, event: ProposalMade) -> Order:
    """Keep it in the place of what was proposed about the same before: an order does not grow by changing minds."""
    made = Proposal(
        number=event.number,
        terms=event.terms,
        side=event.side,
        by=event.by,
        at=event.at,
        due_at=event.due_at,
        comment=event.comment,
        consent=event.consent,
        grants=event.grants,
    )
    others = tuple(one for one in order.proposals if _place(one) != _place(made))
    return msgspec.structs.replace(order, proposals=(*others, made))


def _place(one: Proposal) -> tuple[str, MoneyAct, RefundId | None]:
    return (one.side, one.terms.act, one.terms.refund)


def apply_confirmed(order: Order, event: ProposalConfirmed) -> Order:
    """Keep who agreed."""
    proposals = proposal.ended(order.proposals, event.number, ProposalOutcome.DONE, event.confirmed_by, event.at)
    return msgspec.structs.replace(order, proposals=proposals)


def apply_dropped(order: Order, event: ProposalDropped) -> Order:
    """Keep how it ended."""
    proposals = proposal.ended(order.proposals, event.number, event.outcome, event.by, event.at)
    return msgspec.structs.replace(order, proposals=proposals)
