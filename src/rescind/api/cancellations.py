"""Asking to cancel, answering, withdrawing, and reading what became of it."""

from __future__ import annotations

from rescind.api.acting import act
from rescind.api.cancellation_answers import (
    CancellationTold,
    DecisionTold,
    cancellation_of,
    cancellation_told,
    decision_told,
)
from rescind.api.endpoint import ANYBODY, STAFF, Answer, Call, operation
from rescind.api.evidence import Files, MessageName, named
from rescind.api.order_answers import BuyerNamed, ShopNamed
from rescind.api.orders import OrdersAsked, narrowed
from rescind.api.told import Told, UnitsTold
from rescind.core import errors
from rescind.core.cancellation import (
    ApproveCancellation,
    CancelBySeller,
    RefuseCancellation,
    RequestCancellation,
    Said,
    WithdrawCancellation,
    reason_for_buyer,
)
from rescind.core.event import Note
from rescind.core.ids import CancellationId, OrderId
from rescind.core.instant import Instant
from rescind.core.lifecycle import Command
from rescind.core.money import Money
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind
from rescind.core.order import Order
from rescind.core.parts import Cancellation
from rescind.core.stage import Stage
from rescind.core.verdict import Verdict
from rescind.core.views import CaseKind, CaseRow
from rescind.intake import fields
from rescind.intake.consent import Consent, recorded
from rescind.intake.fields import Amount, Code, Incoming, Moment, Quantity, Units, Words
from rescind.intake.text import label, words
from rescind.intake.tracking import tracking_number
from rescind.postgres.credentials import Role

_LINES = 500


class NewCancellation(Incoming, frozen=True, kw_only=True):
    """A wish to cancel. Without lines, everything that is open.

    anyway: ask the seller although the policy refuses. comment: for the seller. consent: how the buyer agreed that
    support asks for them; wanted from support, refused from others. evidence: ids of files. refund, verdict: the amount
    and the answer that were shown; where it would be another, nothing is done. message: the buyer's, about this order,
    that asks to cancel; its time counts where the policy says so.
    """

    reason: Code
    lines: tuple[Units, ...] | None = None
    anyway: bool = False
    comment: Words | None = None
    consent: Consent | None = None
    evidence: Files = ()
    refund: Amount | None = None
    verdict: Verdict | None = None
    message: MessageName | None = None


class Approval(Incoming, frozen=True, kw_only=True):
    """A yes. refund: the amount that was shown; where another would be booked, nothing is."""

    comment: Words | None = None
    refund: Amount | None = None


class Refusal(Incoming, frozen=True, kw_only=True):
    """A no. ``already_shipped`` wants carrier and tracking; support's wants words."""

    reason: Code
    carrier: Words = ""
    tracking: Words = ""
    comment: Words | None = None
    evidence: Files = ()


class Withdrawal(Incoming, frozen=True, kw_only=True):
    """The buyer's change of mind. consent: wanted from support, refused from others."""

    consent: Consent | None = None


class NewOffer(Incoming, frozen=True, kw_only=True):
    """What is offered while the request waits. amount: of a ``partial_refund``; share_bps: of ``keep_item``, of the
    price of what was asked for, in hundredths of a per cent; ship_by: of ``ship_later``; material, labour: what
    stays of ``cancel_with_costs``, with a ``comment`` that says for what. consent: as with a withdrawal.
    """

    kind: OfferKind
    amount: Amount | None = None
    share_bps: Quantity | None = None
    material: Amount | None = None
    labour: Amount | None = None
    ship_by: Moment | None = None
    comment: Words | None = None
    consent: Consent | None = None


class OfferAnswer(Incoming, frozen=True, kw_only=True):
    """Somebody's word on an offer of the other side. number: the one that was read. consent: as with a withdrawal."""

    number: Quantity
    consent: Consent | None = None


class CancellationsTold(Told, frozen=True, kw_only=True):
    """The requests of one order, oldest first."""

    rows: list[CancellationTold]


class CaseTold(Told, frozen=True, kw_only=True):
    """A request in a queue, or a contradiction somebody must look at. ``order_stage``: now; ``stage``: when asked."""

    id: str
    kind: str
    order: str
    number: str
    shop: ShopNamed
    buyer: BuyerNamed
    status: str
    reason: str
    rule: str
    stage: str
    order_stage: Stage
    order_version: int
    amount: Money
    order_total: Money
    lines: list[UnitsTold]
    requested_at: Instant
    filed_by: str
    deadline: Instant | None
    if_silent: str
    closed_at: Instant | None
    closed_by: str | None
    answer: str
    instead: str
    requests_on_order: int


class QueueTold(Told, frozen=True, kw_only=True):
    """A part of a queue. ``next`` and ``previous``: cursors, null at an end. ``total``: null when there are many."""

    rows: list[CaseTold]
    next: str | None
    previous: str | None
    total: int | None


DECISION_FAILS = (
    errors.NotFound,
    errors.Forbidden,
    errors.InvalidTransition,
    errors.StaleOrder,
    errors.InvalidText,
    errors.DailyLimit,
)


@operation(
    "POST",
    "/v1/orders/{order}/cancellations",
    may=frozenset({"buyer", "seller", "support", "operator"}),
    through="order",
    summary="Ask to cancel",
    body=NewCancellation,
    gives=DecisionTold,
    changes=True,
    versioned=True,
    under_mandate=True,
    statuses=(201,),
    fails=(
        *DECISION_FAILS,
        errors.ReasonNotListed,
        errors.EvidenceMissing,
        errors.FileRefused,
        errors.ConsentMissing,
        errors.NothingSelected,
        errors.UnknownLine,
        errors.QuantityNotOpen,
        errors.InParcel,
        errors.CurrencyMismatch,
        errors.AmountChanged,
        errors.VerdictChanged,
    ),
)
async def request(call: Call) -> Answer:
    """Ask to cancel an order or some of its lines; the policy answers at once, or says who must answer by when.

    From a buyer, or from support with the buyer's consent, it is a request; from a seller it is the seller's own
    cancellation. A policy's refusal is an answer like any other: `201`, with the rule and what it offers instead.
    """
    body, who = call.body, call.principal
    if who.role == "seller":
        return await decide(call, await _by_seller(call))
    order = call.identifier("order", "ord")
    on_behalf_of, consent = await speaks_for(call)
    command = RequestCancellation(
        order=OrderId(order),
        reason=body.reason,
        lines=fields.selection(body.lines),
        anyway=body.anyway,
        comment=note(call, body.comment, "/comment"),
        consent=consent,
        evidence=await named(call, body.evidence),
        refund=fields.figure(body.refund),
        verdict=body.verdict or "",
        said=await _said(call, body.message),
    )
    return await decide(call, command, on_behalf_of)


async def _said(call: Call, message: str | None) -> Said | None:
    """The message a request is filed from. Raises NotFound for the order, InvalidField."""
    return await call.desk.reads.said((await call.order()).id, message) if message else None


async def _by_seller(call: Call) -> CancelBySeller:
    body = call.body
    if body.anyway:
        raise errors.InvalidField(field="/anyway", expected="absent, for a seller asks nobody")
    _require_no_consent(body.consent)
    if body.message:
        raise errors.InvalidField(field="/message", expected="absent, for a seller asks nobody")
    return CancelBySeller(
        order=OrderId(call.identifier("order", "ord")),
        reason=body.reason,
        lines=fields.selection(body.lines),
        comment=note(call, body.comment, "/comment"),
        evidence=await named(call, body.evidence),
        refund=fields.figure(body.refund),
        verdict=body.verdict or "",
    )


@operation(
    "POST",
    "/v1/orders/{order}/cancellations/{cancellation}/approve",
    may=frozenset({"seller", "support", "operator"}),
    through="order",
    summary="Approve a request",
    body=Approval,
    gives=DecisionTold,
    changes=True,
    versioned=True,
    under_mandate=True,
    fails=(*DECISION_FAILS, errors.DeadlinePassed, errors.CurrencyMismatch, errors.AmountChanged),
)
async def approve(call: Call) -> Answer:
    """Say yes to a request that waits for you, before its deadline; the refund is owed from this moment.

    A seller answers what waits for the seller, support what the policy leaves to the platform.
    """
    command = ApproveCancellation(
        order=OrderId(call.identifier("order", "ord")),
        cancellation=CancellationId(call.identifier("cancellation", "can")),
        comment=note(call, call.body.comment, "/comment"),
        refund=fields.figure(call.body.refund),
    )
    return await decide(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/cancellations/{cancellation}/refuse",
    may=frozenset({"seller", "support", "operator"}),
    through="order",
    summary="Refuse a request",
    body=Refusal,
    gives=DecisionTold,
    changes=True,
    versioned=True,
    under_mandate=True,
    fails=(
        *DECISION_FAILS,
        errors.DeadlinePassed,
        errors.ReasonNotListed,
        errors.RefusalNotOffered,
        errors.EvidenceMissing,
        errors.FileRefused,
    ),
)
async def refuse(call: Call) -> Answer:
    """Say no to a request that waits for you, before its deadline.

    A seller gives a reason the policy lists, support one of its own list with words to the buyer.
    """
    body = call.body
    command = RefuseCancellation(
        order=OrderId(call.identifier("order", "ord")),
        cancellation=CancellationId(call.identifier("cancellation", "can")),
        reason=body.reason,
        carrier=label(body.carrier, field="/carrier"),
        tracking=tracking_number(body.tracking, field="/tracking"),
        comment=note(call, body.comment, "/comment"),
        evidence=await named(call, body.evidence),
    )
    return await decide(call, command)


@operation(
    "POST",
    "/v1/orders/{order}/cancellations/{cancellation}/withdraw",
    may=frozenset({"buyer", "support", "operator"}),
    through="order",
    summary="Withdraw a request",
    body=Withdrawal,
    gives=DecisionTold,
    changes=True,
    versioned=True,
    under_mandate=True,
    fails=(*DECISION_FAILS, errors.ConsentMissing),
)
async def withdraw(call: Call) -> Answer:
    """Take a request back while it waits; the order goes on."""
    order = call.identifier("order", "ord")
    cancellation = CancellationId(call.identifier("cancellation", "can"))
    on_behalf_of, consent = await speaks_for(call)
    command = WithdrawCancellation(order=OrderId(order), cancellation=cancellation, consent=consent)
    return await decide(call, command, on_behalf_of)


@operation(
    "POST",
    "/v1/orders/{order}/cancellations/{cancellation}/offer",
    may=frozenset({"seller", "buyer", "support", "operator"}),
    through="order",
    summary="Offer something instead",
    body=NewOffer,
    gives=DecisionTold,
    changes=True,
    versioned=True,
    under_mandate=True,
    fails=(
        *DECISION_FAILS,
        errors.DeadlinePassed,
        errors.EnoughOffers,
        errors.InvalidField,
        errors.CurrencyMismatch,
        errors.ConsentMissing,
    ),
)
async def offer(call: Call) -> Answer:
    """Offer money back for keeping the goods, a share of their price, a later day to ship, or, for goods that were
    begun to be made for this buyer, to cancel and keep what material and labour cost.

    The request's deadline stays where it is, and what silence means too. A buyer may answer an open offer by one of
    their own. Another offer takes the place of the one before; there are at most six.
    """
    body = call.body
    order = await call.order()
    on_behalf_of, consent = await speaks_for(call)
    command = MakeOffer(
        order=order.id,
        cancellation=CancellationId(call.identifier("cancellation", "can")),
        kind=body.kind,
        amount_minor=fields.minor(body.amount, order.currency),
        share_bps=body.share_bps or 0,
        material_minor=fields.minor(body.material, order.currency),
        labour_minor=fields.minor(body.labour, order.currency),
        ship_by=fields.moment(body.ship_by, field="/ship_by") if body.ship_by else None,
        comment=note(call, body.comment, "/comment"),
        consent=consent,
    )
    return await decide(call, command, on_behalf_of)


@operation(
    "POST",
    "/v1/orders/{order}/cancellations/{cancellation}/offer/accept",
    may=frozenset({"buyer", "seller", "support", "operator"}),
    through="order",
    summary="Accept an offer",
    body=OfferAnswer,
    gives=DecisionTold,
    changes=True,
    versioned=True,
    fails=(*DECISION_FAILS, errors.DeadlinePassed, errors.ConsentMissing, errors.AmountChanged),
)
async def accept(call: Call) -> Answer:
    """Take what the other side offers: the request is settled, the order goes on, and the money is owed at once. Of
    `cancel_with_costs` the order is cancelled, and what was offered to go back goes back.
    """
    return await _answer_offer(call, accepted=True)


@operation(
    "POST",
    "/v1/orders/{order}/cancellations/{cancellation}/offer/decline",
    may=frozenset({"buyer", "seller", "support", "operator"}),
    through="order",
    summary="Decline an offer",
    body=OfferAnswer,
    gives=DecisionTold,
    changes=True,
    versioned=True,
    fails=(*DECISION_FAILS, errors.DeadlinePassed, errors.ConsentMissing),
)
async def decline(call: Call) -> Answer:
    """Leave what the other side offers: the request waits on, by the deadline it has."""
    return await _answer_offer(call, accepted=False)


async def _answer_offer(call: Call, *, accepted: bool) -> Answer:
    order = call.identifier("order", "ord")
    on_behalf_of, consent = await speaks_for(call)
    command = AnswerOffer(
        order=OrderId(order),
        cancellation=CancellationId(call.identifier("cancellation", "can")),
        number=call.body.number,
        accept=accepted,
        consent=consent,
    )
    return await decide(call, command, on_behalf_of)


async def speaks_for(call: Call) -> tuple[str, Note | None]:
    """The buyer a member of staff acts for, and their consent; empty for a buyer, whose own order it must be.

    Raises NotFound, InvalidField, InvalidText.
    """
    consent: Consent | None = call.body.consent
    if call.principal.role not in STAFF:
        _require_no_consent(consent)
        return "", None
    order = await call.order()
    if consent is None:
        return order.buyer, None
    return order.buyer, call.desk.note(recorded(consent, placed_at=order.placed_at, now=call.desk.now()))


def _require_no_consent(consent: Consent | None) -> None:
    if consent is not None:
        raise errors.InvalidField(field="/consent", expected="absent, for only support acts for somebody else")


async def decide(call: Call, command: Command, on_behalf_of: str = "") -> Answer:
    """Have an act on a request decided, and tell what became of it."""
    outcome = await act(call, command, on_behalf_of)
    about = next(identifier for one in outcome.records if (identifier := cancellation_of(one)) is not None)
    order = outcome.order
    cancellation = next(one for one in order.cancellations if one.id == about)
    created = call.operation.statuses[0] == 201
    return Answer(
        body=decision_told(order, cancellation, outcome.records, call.principal.role),
        status=call.operation.statuses[0],
        version=order.version,
        location=f"/v1/orders/{order.id}/cancellations/{about}" if created else "",
        replayed=outcome.replayed,
    )


def note(call: Call, said: str | None, field: str) -> Note | None:
    """Words that came with an act, ready to be kept. Raises InvalidText."""
    return None if said is None else call.desk.note(words(said, field=field))


@operation(
    "GET",
    "/v1/orders/{order}/cancellations",
    may=ANYBODY,
    through="order",
    summary="List the requests of an order",
    gives=CancellationsTold,
    fails=(errors.NotFound,),
)
async def of_order(call: Call) -> Answer:
    """Every request to cancel this order and every cancellation by its seller, oldest first."""
    order = await call.order()
    rows = [cancellation_told(one, order, call.principal.role) for one in order.cancellations]
    return Answer(body=CancellationsTold(rows=rows), version=order.version)


@operation(
    "GET",
    "/v1/orders/{order}/cancellations/{cancellation}",
    may=ANYBODY,
    through="order",
    summary="Read a request",
    gives=CancellationTold,
    fails=(errors.NotFound,),
)
async def read(call: Call) -> Answer:
    """One request to cancel. Its `ETag` is the order's version, which answers to it may name in `If-Match`."""
    order = await call.order()
    return Answer(body=cancellation_told(find(call, order), order, call.principal.role), version=order.version)


def find(call: Call, order: Order) -> Cancellation:
    """The cancellation of the address among those of its order. Raises NotFound."""
    identifier = call.identifier("cancellation", "can")
    found = next((one for one in order.cancellations if one.id == identifier), None)
    if found is None:
        raise errors.NotFound(kind="can")
    return found


class QueueAsked(OrdersAsked, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a queue is narrowed to. kind: of these alone; a tab may hold requests, reviews, contradictions and more."""

    kind: CaseKind | None = None


@operation(
    "GET",
    "/v1/cancellations",
    may=ANYBODY,
    through="scope",
    summary="List requests",
    query=QueueAsked,
    gives=QueueTold,
)
async def queue(call: Call) -> Answer:
    """The requests of the caller's scope, by tab: to_respond, waiting_for_buyer, with_platform, approved, and so on."""
    desk, wanted = call.desk, call.query
    page = await narrowed(
        desk.reads.cases(
            call.principal.scope,
            wanted.filters(call.principal.role),
            wanted.cursor,
            wanted.limit,
            now=desk.now(),
            kind=wanted.kind,
        )
    )
    return Answer(
        body=QueueTold(
            rows=[_case(one, call.principal.role) for one in page.rows],
            next=page.next,
            previous=page.previous,
            total=page.total,
        )
    )


def _case(one: CaseRow, role: Role) -> CaseTold:
    return CaseTold(
        id=one.case_id,
        kind=one.kind,
        order=one.order_id,
        number=one.number,
        shop=ShopNamed(id=one.shop_id, name=one.shop_name),
        buyer=BuyerNamed(id=one.buyer_id, name=one.buyer_name),
        status=one.status,
        reason=reason_for_buyer(one.reason) if role == "buyer" else one.reason,
        rule=one.rule,
        stage=one.stage,
        order_stage=one.order_stage,
        order_version=one.order_version,
        amount=one.amount,
        order_total=one.order_total,
        lines=[UnitsTold(line=line.line, quantity=line.asked) for line in one.lines if line.asked],
        requested_at=one.requested_at,
        filed_by=one.filed_by,
        deadline=one.due_at,
        if_silent=one.on_silence,
        closed_at=one.closed_at,
        closed_by=one.closed_by,
        answer=one.answer,
        instead=one.instead,
        requests_on_order=one.requests_on_order,
    )


OPERATIONS = (request, of_order, read, approve, refuse, withdraw, offer, accept, decline, queue)
