"""Money that waits for a second person: what waits, and that person's word."""

from __future__ import annotations

import msgspec

from rescind.api.acting import act, numbered
from rescind.api.cancellations import DECISION_FAILS, note
from rescind.api.endpoint import Answer, Call, operation
from rescind.api.money_answers import RefundTold, refunds_told
from rescind.api.order_answers import BuyerNamed, ShopNamed
from rescind.api.order_state import OrderState, order_state
from rescind.api.orders import narrowed
from rescind.api.proposal_answers import ProposalTold, proposal_told
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.failed_refund import FailedRefundSettled
from rescind.core.ids import OrderId
from rescind.core.refund import RefundAnswered, RefundOwed
from rescind.core.second_person import AnswerProposal
from rescind.intake.fields import Incoming, Words
from rescind.intake.narrowing import Limit
from rescind.postgres.credentials import Role

_GIVERS: frozenset[Role] = frozenset({"seller", "support", "operator"})


class WaitingTold(Told, frozen=True, kw_only=True):
    """A proposal that waits, and the order it is about."""

    order: str
    number: str
    shop: ShopNamed
    buyer: BuyerNamed
    proposal: ProposalTold


class ProposalsTold(Told, frozen=True, kw_only=True):
    """A part of the list, what lapses first before the others. ``next``: where to go on, null at the end."""

    rows: list[WaitingTold]
    next: str | None
    previous: str | None
    total: int | None


class Waiting(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list."""

    cursor: str | None = None
    limit: Limit = 25


class ProposalAnswer(Incoming, frozen=True, kw_only=True):
    """A second person's word on what was proposed."""

    comment: Words | None = None


class ProposalDecisionTold(Told, frozen=True, kw_only=True):
    """How the proposal ended, the refunds that are owed or paid out by it, and where the order stands."""

    proposal: ProposalTold
    refunds: list[RefundTold]
    order: OrderState


@operation(
    "GET",
    "/v1/proposals",
    may=_GIVERS,
    through="scope",
    summary="List what waits for a second person",
    query=Waiting,
    gives=ProposalsTold,
)
async def waiting(call: Call) -> Answer:
    """The money that one person wants to move by hand and another has to agree to: for staff of every shop, for a shop
    its own. Decisions against the rules are part of their orders, and of `/v1/cancellations?tab=second_person`.
    """
    wanted: Waiting = call.query
    page = await narrowed(call.desk.reads.proposals(call.principal.scope, wanted.cursor, wanted.limit))
    rows = [
        WaitingTold(
            order=one.order.id,
            number=one.order.number,
            shop=ShopNamed(id=one.order.shop, name=one.shop_name),
            buyer=BuyerNamed(id=one.order.buyer, name=one.buyer_name),
            proposal=proposal_told(one.proposal, one.order.currency),
        )
        for one in page.rows
    ]
    return Answer(body=ProposalsTold(rows=rows, next=page.next, previous=page.previous, total=page.total))


@operation(
    "POST",
    "/v1/orders/{order}/proposals/{number}/confirm",
    may=_GIVERS,
    through="order",
    summary="Confirm that money moves",
    body=ProposalAnswer,
    gives=ProposalDecisionTold,
    changes=True,
    versioned=True,
    fails=(
        *DECISION_FAILS,
        errors.DeadlinePassed,
        errors.SecondPersonNeeded,
        errors.AmountChanged,
        errors.RefundTooHigh,
        errors.RefundOfNothing,
        errors.RefundSettled,
    ),
)
async def confirm(call: Call) -> Answer:
    """Agree, as another person than who proposed it, and have it done at once.

    It is judged anew: where the order has moved on, so that less is left or somebody was quicker, nothing happens and
    the problem says why. A key of whoever proposed it is the same person.
    """
    return await _answered(call, confirmed=True)


@operation(
    "POST",
    "/v1/orders/{order}/proposals/{number}/reject",
    may=_GIVERS,
    through="order",
    summary="Reject that money moves",
    body=ProposalAnswer,
    gives=ProposalDecisionTold,
    changes=True,
    versioned=True,
    fails=(*DECISION_FAILS, errors.DeadlinePassed),
)
async def reject(call: Call) -> Answer:
    """Reject what somebody proposed, or withdraw what you proposed yourself; nothing of it happens."""
    return await _answered(call, confirmed=False)


async def _answered(call: Call, *, confirmed: bool) -> Answer:
    command = AnswerProposal(
        order=OrderId(call.identifier("order", "ord")),
        number=numbered(call, "number", "proposal"),
        confirm=confirmed,
        comment=note(call, call.body.comment, "/comment"),
    )
    outcome = await act(call, command)
    order = outcome.order
    moved: set[str] = set()
    for one in outcome.records:
        match one.event:
            case RefundOwed(refunds=refunds) | FailedRefundSettled(refunds=refunds):
                moved |= {terms.id for terms in refunds}
            case RefundAnswered(refund=refund):
                moved.add(refund)
            case _:
                pass
    found = next(one for one in order.proposals if one.number == command.number)
    return Answer(
        body=ProposalDecisionTold(
            proposal=proposal_told(found, order.currency),
            refunds=refunds_told(order, (one for one in order.refunds if one.id in moved), call.principal.role),
            order=order_state(order, outcome.records[-1].received_at),
        ),
        version=order.version,
        replayed=outcome.replayed,
    )


OPERATIONS = (waiting, confirm, reject)
