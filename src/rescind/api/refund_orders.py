"""Refunds that the marketplace pays out itself: what is to be paid, and word that it was, or why not."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec

from rescind.api.endpoint import STAFF, Answer, Call, operation
from rescind.api.order_answers import BuyerNamed, ShopNamed
from rescind.api.orders import narrowed
from rescind.api.problems import ProblemTold, told
from rescind.api.proposal_answers import ProposalTold, to_confirm_told
from rescind.api.told import Told
from rescind.core import errors
from rescind.core.chargeback import frozen
from rescind.core.errors import RescindError
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.parts import RefundStatus
from rescind.core.refund_order import owner_of, said_paid, waits
from rescind.core.views import RefundOrderFilters, RefundOrderRow, RefundOrderState
from rescind.intake.confirmations import LONGEST_REFERENCE
from rescind.intake.fields import Amount, Code, Incoming, Moment, moment
from rescind.intake.narrowing import Limit
from rescind.intake.text import label
from rescind.paying_out import Confirmation, Confirmed
from rescind.postgres.credentials import Role

MOST = 100
_PAYERS: frozenset[Role] = frozenset({"host", "support", "operator"})


class RefundOrderTold(Told, frozen=True, kw_only=True):
    """A refund to pay out. method, tender: by which means of payment, and the host's own id of it.

    owner: who is to move: the person of support who took it, ``support`` for any of them, ``lead`` for whoever leads
    them, because nobody confirmed in time; empty once it is settled. waits_for: ``bank`` while the buyer's bank decides
    about the payment, ``second_person`` while somebody says that it was paid out and another has to agree, so that
    nothing is to be paid out; else empty. deadline, if_silent: until when, and that it is passed up then. declined: the
    code for which it was not paid out, or came back. proposal: what the second person has to agree to; told to staff.
    """

    id: str
    order: str
    number: str
    shop: ShopNamed
    buyer: BuyerNamed
    method: str
    tender: str
    amount: Money
    status: RefundStatus
    ordered_at: Instant
    owner: str
    waits_for: str
    overdue: bool
    deadline: Instant | None
    if_silent: str
    reference: str
    paid_on: date | None
    declined: str
    settled_at: Instant | None
    proposal: ProposalTold | None


class RefundOrdersTold(Told, frozen=True, kw_only=True):
    """A part of the list, what has waited longest first. ``next``: where to go on, null at the end."""

    rows: list[RefundOrderTold]
    next: str | None
    previous: str | None
    total: int | None


class ToPayOut(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the list is narrowed to: by state, means of payment, shop, and when they were ordered."""

    state: RefundOrderState = "open"
    method: Annotated[str, msgspec.Meta(max_length=64)] = ""
    shop: Annotated[str, msgspec.Meta(max_length=64)] = ""
    since: Moment | None = None
    before: Moment | None = None
    cursor: str | None = None
    limit: Limit = 25


Reference = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, description="The payment's own, by which the buyer finds it.")
]


class PaidOut(Incoming, frozen=True, kw_only=True):
    """That it was paid out. paid_on: the day it left. amount: what was paid; it must be the refund's."""

    reference: Reference
    paid_on: date
    amount: Amount


class NotPaidOut(Incoming, frozen=True, kw_only=True):
    """Why it was not: account_closed, account_unknown, not_accepted, came_back."""

    code: Code


class TakingToPayOut(Incoming, frozen=True, kw_only=True):
    """over: also where a colleague has it."""

    over: bool = False


class OnePaidOut(PaidOut, frozen=True, kw_only=True):
    """That one of several was paid out."""

    refund_order: Annotated[str, msgspec.Meta(max_length=64)]


class ManyPaidOut(Incoming, frozen=True, kw_only=True):
    """Several that were paid out, each once."""

    rows: Annotated[tuple[OnePaidOut, ...], msgspec.Meta(min_length=1, max_length=MOST)]


class ResultTold(Told, frozen=True, kw_only=True):
    """What became of one: confirmed, proposed (a second person has to agree), already (the very same was said before),
    or a problem.
    """

    refund_order: str
    result: str
    problem: ProblemTold | None


class ResultsTold(Told, frozen=True, kw_only=True):
    """What became of each, in the order in which they came."""

    rows: list[ResultTold]


_FAILS = (errors.NotFound, errors.Forbidden, errors.RefundSettled)
_CONFIRMS = (*_FAILS, errors.CurrencyMismatch, errors.RefundAmountDiffers, errors.InvalidText)


@operation(
    "GET",
    "/v1/refund-orders",
    may=_PAYERS,
    through="scope",
    summary="List refunds to pay out",
    query=ToPayOut,
    gives=RefundOrdersTold,
)
async def to_pay_out(call: Call) -> Answer:
    """The refunds that the marketplace pays out itself. When one was ordered never changes, so a page read on from its
    cursor skips and repeats none while others are confirmed.
    """
    wanted: ToPayOut = call.query
    filters = RefundOrderFilters(
        state=wanted.state,
        method=wanted.method,
        shop=wanted.shop,
        since=None if wanted.since is None else moment(wanted.since, field="?since"),
        before=None if wanted.before is None else moment(wanted.before, field="?before"),
    )
    page = await narrowed(call.desk.reads.refund_orders(call.principal.scope, filters, wanted.cursor, wanted.limit))
    rows = [refund_order_told(one, call.principal.role) for one in page.rows]
    return Answer(body=RefundOrdersTold(rows=rows, next=page.next, previous=page.previous, total=page.total))


@operation(
    "GET",
    "/v1/refund-orders/{refund}",
    may=_PAYERS,
    through="scope",
    summary="Read a refund to pay out",
    gives=RefundOrderTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """One refund order."""
    found = await call.desk.reads.refund_order(call.principal.scope, call.identifier("refund", "ref"))
    return Answer(body=refund_order_told(found, call.principal.role), version=found.order.version)


@operation(
    "POST",
    "/v1/refund-orders/{refund}/take",
    may=STAFF,
    through="scope",
    summary="Take a refund to pay out",
    body=TakingToPayOut,
    gives=RefundOrderTold,
    changes=True,
    keyed=False,
    fails=(*_FAILS, errors.InvalidTransition),
)
async def take(call: Call) -> Answer:
    """Become the one of support who pays it out. Taking what one has already changes nothing; what a colleague has is
    taken with `over` alone. Nobody takes what the buyer's bank decides about first.
    """
    who, asked = call.principal, call.body
    refund = call.identifier("refund", "ref")
    done = await call.desk.paying_out.take(who.scope, who.actor(), refund, over=asked.over)
    return _done(done, who.role)


@operation(
    "POST",
    "/v1/refund-orders/{refund}/confirm",
    may=_PAYERS,
    through="scope",
    summary="Confirm that a refund was paid out",
    body=PaidOut,
    gives=RefundOrderTold,
    changes=True,
    keyed=False,
    statuses=(200, 202),
    fails=_CONFIRMS,
)
async def confirm(call: Call) -> Answer:
    """It was paid out, with its reference and day. The very same said again changes nothing, so a call whose answer was
    lost is simply repeated; another reference or day for it is refused.

    What a person of staff says of more than the amount of `RESCIND_REFUND_SECOND_PERSON_ABOVE` is a `proposal`, and the
    answer `202`, until another confirms it. What the host says has happened.
    """
    who = call.principal
    said = _said(call.identifier("refund", "ref"), call.body, "")
    done = await call.desk.paying_out.confirm(who.scope, who.actor(), said)
    return _done(done, who.role, status=202 if done.proposed else 200)


@operation(
    "POST",
    "/v1/refund-orders/{refund}/decline",
    may=_PAYERS,
    through="scope",
    summary="Say that a refund was not paid out",
    body=NotPaidOut,
    gives=RefundOrderTold,
    changes=True,
    keyed=False,
    fails=_FAILS,
)
async def decline(call: Call) -> Answer:
    """It could not be paid out, and its money can be refunded again. Of one that was confirmed only `came_back` is
    taken, however late the bank sent it back. Said again it changes nothing.
    """
    who = call.principal
    refund = call.identifier("refund", "ref")
    return _done(await call.desk.paying_out.decline(who.scope, who.actor(), refund, call.body.code), who.role)


@operation(
    "POST",
    "/v1/refund-order-confirmations",
    may=_PAYERS,
    through="scope",
    summary="Confirm many refunds",
    body=ManyPaidOut,
    gives=ResultsTold,
    changes=True,
    keyed=False,
    fails=(errors.InvalidText,),
)
async def confirm_many(call: Call) -> Answer:
    """Up to a hundred at a time, each by itself: one that cannot be confirmed keeps no other from it. A call whose
    answer was lost is simply repeated. A form that is not right in any row refuses the whole call.
    """
    who = call.principal
    body: ManyPaidOut = call.body
    if len({one.refund_order for one in body.rows}) != len(body.rows):
        raise errors.InvalidField(field="/rows", expected="each refund once")
    said = [_said(one.refund_order, one, f"/rows/{place}") for place, one in enumerate(body.rows)]
    results = await call.desk.paying_out.confirm_each(who.scope, who.actor(), said)
    return Answer(
        body=ResultsTold(rows=[_result(one.refund, result) for one, result in zip(said, results, strict=True)])
    )


def refund_order_told(one: RefundOrderRow, role: Role) -> RefundOrderTold:
    """A refund order as it stands."""
    ordered, waiting, waits_for_bank = one.ordered, waits(one.refund), frozen(one.order, one.refund)
    return RefundOrderTold(
        id=one.refund.id,
        order=one.order.id,
        number=one.order.number,
        shop=ShopNamed(id=one.order.shop, name=one.shop_name),
        buyer=BuyerNamed(id=one.order.buyer, name=one.buyer_name),
        method=one.tender.method,
        tender=one.tender.id,
        amount=one.amount,
        status=one.refund.status,
        ordered_at=ordered.ordered_at,
        owner="" if waits_for_bank else owner_of(one.refund),
        waits_for="bank" if waits_for_bank else "second_person" if said_paid(one.order, one.refund) else "",
        overdue=waiting and not waits_for_bank and ordered.escalated_at is not None,
        deadline=ordered.due_at if waiting and not waits_for_bank else None,
        if_silent="escalate" if waiting and not waits_for_bank else "",
        reference="" if waiting else one.refund.reference,
        paid_on=ordered.paid_on,
        declined=ordered.declined,
        settled_at=one.refund.settled_at,
        proposal=to_confirm_told(one.order, one.refund.id, role) if waiting else None,
    )


def _said(refund: str, body: PaidOut, at: str) -> Confirmation:
    return Confirmation(
        refund=refund,
        reference=label(body.reference, field=f"{at}/reference", limit=LONGEST_REFERENCE, blank=False),
        paid_on=body.paid_on,
        amount=Money(body.amount.amount, body.amount.currency),
    )


def _done(done: Confirmed, role: Role, *, status: int = 200) -> Answer:
    return Answer(body=refund_order_told(done.row, role), version=done.row.order.version, status=status)


def _result(refund: str, result: Confirmed | RescindError) -> ResultTold:
    if isinstance(result, Confirmed):
        became = "proposed" if result.proposed else "confirmed" if result.news else "already"
        return ResultTold(refund_order=refund, result=became, problem=None)
    return ResultTold(refund_order=refund, result="problem", problem=told(result))


OPERATIONS = (to_pay_out, read, take, confirm, decline, confirm_many)
