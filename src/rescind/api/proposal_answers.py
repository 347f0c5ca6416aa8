"""How a proposal to move money goes out."""

from __future__ import annotations

from datetime import date

from rescind.api.told import Told
from rescind.core.actor import ActorKind
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import MoneyAct, Proposal, ProposalOutcome
from rescind.core.second_person import about, seen_by
from rescind.postgres.credentials import Role


class ProposalTold(Told, frozen=True, kw_only=True):
    """Money that one person wants to move by hand, and another has to agree to. ``by``, ``answered_by``: who.

    side: ``seller`` or ``support``, whose proposal it is. shipping: what of the amount is for delivery. refund: the one
    that failed, or is to be paid out; way: what is to become of one that failed. reference: of the payment, or the
    voucher's number. outcome: proposed until ``deadline``, then lapsed; done, rejected, or withdrawn by its maker.
    """

    number: int
    act: MoneyAct
    amount: Money
    shipping: Money
    refund: str | None
    way: str
    reference: str
    paid_on: date | None
    side: str
    by: str
    at: Instant
    deadline: Instant
    outcome: ProposalOutcome
    answered_by: str
    answered_at: Instant | None


_SIDES: dict[str, ActorKind] = {
    "seller": ActorKind.SELLER,
    "support": ActorKind.SUPPORT,
    "operator": ActorKind.SUPPORT,
}


def proposal_told(one: Proposal, currency: str) -> ProposalTold:
    """A proposal as it stands."""
    terms = one.terms
    return ProposalTold(
        number=one.number,
        act=terms.act,
        amount=Money(terms.amount_minor, currency),
        shipping=Money(terms.shipping_minor, currency),
        refund=terms.refund,
        way=terms.way,
        reference=terms.reference,
        paid_on=terms.paid_on,
        side=one.side,
        by=one.by,
        at=one.at,
        deadline=one.due_at,
        outcome=one.outcome,
        answered_by=one.answered_by,
        answered_at=one.answered_at,
    )


def proposals_told(order: Order, role: Role) -> list[ProposalTold]:
    """The proposals of an order that this role is told of: support's staff all, a shop its own, others none."""
    side = _SIDES.get(role)
    return [proposal_told(one, order.currency) for one in (seen_by(order, side) if side else ())]


def to_confirm_told(order: Order, refund: RefundId, role: Role) -> ProposalTold | None:
    """The proposal to confirm that a refund was paid out, while it waits; for staff."""
    if _SIDES.get(role) is not ActorKind.SUPPORT:
        return None
    found = about(order, ActorKind.SUPPORT, MoneyAct.CONFIRM, refund)
    return None if found is None else proposal_told(found, order.currency)
