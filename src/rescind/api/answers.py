"""What the API says of orders: the shapes, and which of their members each role may see (I-26, I-31)."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from rescind.core import intercept, review, stock
from rescind.core.cancellation import (
    PLATFORM,
    CancellationApproved,
    CancellationHeld,
    CancellationOvertaken,
    CancellationRefused,
    CancellationReopened,
    CancellationUndone,
    CancellationWithdrawn,
    DeadlineExtended,
    SellerAsked,
    reason_for_buyer,
)
from rescind.core.details import LineWords, Recipient
from rescind.core.event import Ground
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.offer import OfferAccepted, OfferDeclined, OfferMade, open_offer
from rescind.core.order import (
    Act,
    Cancellation,
    CancellationStatus,
    Contradiction,
    Line,
    Offer,
    Order,
    Override,
    OverrideOutcome,
    Parcel,
    Refund,
    RefundStatus,
    ReturnStatus,
    ShippingLease,
    Stage,
    Tender,
    leased,
    on_hold_until,
    stage,
    status_of,
)
from rescind.core.packing import to_unpack
from rescind.core.record import Record
from rescind.core.refund import OPEN, Quote
from rescind.core.timers import pay_by
from rescind.core.views import OrderView
from rescind.postgres.credentials import Role

_MONEY_SEEN_BY: frozenset[Role] = frozenset({"buyer", "support", "operator", "host"})
"""Who sees by which means somebody paid. The seller is told how much comes back, not from where."""
_ADDRESS_SEEN_BY: frozenset[Role] = frozenset({"buyer", "seller", "support", "operator", "host"})
_MAIL_SEEN_BY: frozenset[Role] = frozenset({"buyer", "support", "operator", "host"})
_STAFF: frozenset[Role] = frozenset({"support", "operator"})
_ODDITIES_SEEN_BY: frozenset[Role] = frozenset({"seller", "support", "operator", "host"})


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything that goes out."""


class UnitsTold(Told, frozen=True, kw_only=True):
    """Some units of a line."""

    line: str
    quantity: int


class LineTold(Told, frozen=True, kw_only=True):
    """A line as bought. ``open``: units neither cancelled nor shipped; ``paid``: for all its units."""

    id: str
    sku: str
    title: str
    variant: str
    options: dict[str, str]
    image: str
    quantity: int
    cancelled: int
    open: int
    unit_price: Money
    discount: Money
    tax: Money
    paid: Money
    custom_made: bool
    special: bool
    category: str


class TenderTold(Told, frozen=True, kw_only=True):
    """A means of payment. ``on_its_way_back``: owed or sent; ``refunded``: arrived; ``taken_elsewhere``: otherwise."""

    id: str
    method: str
    label: str
    amount: Money
    captured: Money
    on_its_way_back: Money
    refunded: Money
    taken_elsewhere: Money


class ParcelTold(Told, frozen=True, kw_only=True):
    """A parcel. Without lines it holds everything that is open. ``ended``: how its way ended if not at the buyer's.

    arranged_at: when somebody said what goes into it; together: the package it shares with parcels of other orders.
    """

    id: str
    lines: list[UnitsTold]
    carrier: str
    tracking: str
    labelled_at: Instant | None
    handed_over_at: Instant | None
    delivered_at: Instant | None
    ended_at: Instant | None
    ended: str
    arranged_at: Instant | None
    together: str


class OfferTold(Told, frozen=True, kw_only=True):
    """What the seller offers instead of an answer. ``answer``: accepted, declined, or empty while it is open."""

    number: int
    kind: str
    at: Instant
    amount: Money | None
    ship_by: Instant | None
    answer: str


class CancellationTold(Told, frozen=True, kw_only=True):
    """A request to cancel, or a cancellation by the seller or the system.

    verdict and rule: what the policy said to the request; ``status`` is what became of it. deadline, if_silent: until
    when somebody has to answer, and the answer if nobody does. refund: what it gives back. answer: a refusing
    seller's reason. instead: what the policy offers in place of what it refused. fault: whose it was that the system
    cancelled, empty where that cannot be said.
    """

    id: str
    order: str
    status: CancellationStatus
    requested_by: str
    filed_by: str
    requested_at: Instant
    reason: str
    stage: Stage
    lines: list[UnitsTold]
    verdict: str
    rule: str
    instead: str
    refund: Money
    deadline: Instant | None
    if_silent: str
    closed_at: Instant | None
    closed_by: str | None
    answer: str
    offer: OfferTold | None
    fault: str


class RefundTold(Told, frozen=True, kw_only=True):
    """Money on its way back to where it came from. ``in_doubt``: the provider has not said; it is being asked.

    not_sent: why nothing was sent yet although it is owed, for those who can do something about it; empty otherwise.
    """

    id: str
    cancellation: str | None
    tender: str
    amount: Money
    status: RefundStatus
    not_sent: str
    owed_at: Instant
    settled_at: Instant | None


class NextAction(Told, frozen=True, kw_only=True):
    """Whose move it is. ``about``: the object it concerns; ``if_silent``: what happens at the deadline without it."""

    actor: str
    action: str
    about: str
    deadline: Instant | None = None
    if_silent: str = ""


class ContradictionTold(Told, frozen=True, kw_only=True):
    """A fact that does not fit what was decided. ``outcome``: the last step somebody took about it, empty before one.

    steps: what may be said of it now; none once it is closed.
    """

    id: str
    kind: str
    fact: str
    at: Instant
    outcome: str
    closed_at: Instant | None
    closed_by: str | None
    steps: list[str]


class OverrideTold(Told, frozen=True, kw_only=True):
    """A decision against the rules, or the proposal of one; told to staff. ``by``, ``answered_by``: who of support.

    outcome: proposed until ``deadline``, then lapsed; done, rejected, or withdrawn by whoever proposed it.
    """

    number: int
    act: Act
    cancellation: str | None
    lines: list[UnitsTold]
    reason: str
    amount: Money
    by: str
    at: Instant
    deadline: Instant
    outcome: OverrideOutcome
    answered_by: str
    answered_at: Instant | None


class LeaseTold(Told, frozen=True, kw_only=True):
    """Somebody of the shop is about to hand the order to the carrier. ``by``: who, told to sellers and staff alone."""

    by: str
    since: Instant
    until: Instant


class ShopTold(Told, frozen=True, kw_only=True):
    """The seller. ``zone``: IANA name of the place whose days count."""

    id: str
    name: str
    zone: str


class BuyerTold(Told, frozen=True, kw_only=True):
    """The buyer; name and e-mail are empty where the reader may not see them or nobody knows them."""

    id: str
    name: str
    email: str


class ShopNamed(Told, frozen=True, kw_only=True):
    """A seller in a list."""

    id: str
    name: str


class BuyerNamed(Told, frozen=True, kw_only=True):
    """A buyer in a list."""

    id: str
    name: str


class PolicyTold(Told, frozen=True, kw_only=True):
    """The terms the order was bought under; the text is at ``/v1/policies/{hash}``."""

    name: str
    hash: str


class ReviewTold(Told, frozen=True, kw_only=True):
    """Why a person looks at the order. found: codes of the checks; if_silent: release or cancel, at the deadline."""

    found: list[str]
    owner: str
    deadline: Instant | None
    if_silent: str


class OrderState(Told, frozen=True, kw_only=True):
    """Where an order stands. ``version`` counts its events and is its entity tag; ``status`` is the coarse stage."""

    id: str
    number: str
    shop: str
    version: int
    stage: Stage
    status: str
    total: Money
    paid: Money
    refunded: Money
    next_actions: list[NextAction]


class OrderTold(Told, frozen=True, kw_only=True):
    """One order in full, as far as the reader may see it. A seller is told the recipient when the hold is over.

    still_out: cancelled units that left and did not come back; back_to_stock: cancelled units that may be sold again.
    """

    id: str
    number: str
    shop: ShopTold
    buyer: BuyerTold
    version: int
    stage: Stage
    status: str
    placed_at: Instant
    updated_at: Instant
    paid_at: Instant | None
    hold_until: Instant | None
    dispatch_due_at: Instant | None
    cancelled_at: Instant | None
    policy: PolicyTold
    total: Money
    shipping: Money
    shipping_by: str
    handling: str
    promised_at: Instant | None
    deliver_by: Instant | None
    cross_border: bool
    paid: Money
    refunded: Money
    lines: list[LineTold]
    tenders: list[TenderTold]
    parcels: list[ParcelTold]
    cancellations: list[CancellationTold]
    refunds: list[RefundTold]
    review: ReviewTold | None
    contradictions: list[ContradictionTold]
    overrides: list[OverrideTold]
    shipping_lease: LeaseTold | None
    to_unpack: list[UnitsTold]
    still_out: list[UnitsTold]
    back_to_stock: list[UnitsTold]
    next_actions: list[NextAction]
    recipient: Recipient
    note: str


class DecisionTold(Told, frozen=True, kw_only=True):
    """What became of an act on a request: the request, the money it makes owed, and where the order stands.

    verdict, rule, cites: the policy's own answer to the request; its whole reasoning is in the receipt.
    """

    cancellation: CancellationTold
    cites: list[str]
    refunds: list[RefundTold]
    order: OrderState
    receipt: str


class QuoteLineTold(Told, frozen=True, kw_only=True):
    """What one line would give back: goods less their discount share, plus their recorded tax."""

    line: str
    quantity: int
    goods: Money
    discount: Money
    tax: Money
    total: Money


class QuoteTenderTold(Told, frozen=True, kw_only=True):
    """What would go back to one tender."""

    tender: str
    amount: Money


class QuoteTold(Told, frozen=True, kw_only=True):
    """What cancelling would give back. ``total`` is what the tenders add up to; before payment that is nothing."""

    lines: list[QuoteLineTold]
    shipping: Money
    total: Money
    tenders: list[QuoteTenderTold]


def order_told(view: OrderView, role: Role, now: Instant) -> OrderTold:
    """An order for a reader of this role. ``now``: for the stage."""
    order = view.order
    at_stage = stage(order, now)
    return OrderTold(
        id=order.id,
        number=order.number,
        shop=ShopTold(id=view.shop.id, name=view.shop.name, zone=view.shop.zone),
        buyer=BuyerTold(id=order.buyer, name=view.buyer.name, email=view.buyer.email if role in _MAIL_SEEN_BY else ""),
        version=order.version,
        stage=at_stage,
        status=status_of(at_stage),
        placed_at=order.placed_at,
        updated_at=view.updated_at,
        paid_at=order.progress.paid_at,
        hold_until=order.hold_until,
        dispatch_due_at=order.dispatch_due_at,
        cancelled_at=order.progress.cancelled_at,
        policy=PolicyTold(name=order.pins.preset, hash=order.pins.preset_hash),
        total=order.total,
        shipping=Money(order.shipping_minor, order.currency),
        shipping_by=order.shipping_by,
        handling=order.handling,
        promised_at=order.promised_at,
        deliver_by=order.deliver_by,
        cross_border=order.cross_border,
        paid=order.paid,
        refunded=order.refunded,
        lines=_lines(order, view.details.lines),
        tenders=[_tender(one, order.currency) for one in order.tenders] if role in _MONEY_SEEN_BY else [],
        parcels=[_parcel(one) for one in order.parcels],
        cancellations=[cancellation_told(one, order, role) for one in order.cancellations],
        refunds=refunds_told(order, order.refunds, role),
        review=_review(order, role),
        contradictions=[_contradiction(one) for one in order.contradictions] if role in _ODDITIES_SEEN_BY else [],
        overrides=[override_told(one, order.currency) for one in order.overrides] if role in _STAFF else [],
        shipping_lease=lease_told(leased(order, now), role),
        to_unpack=units_told(to_unpack(order)) if role in _ODDITIES_SEEN_BY else [],
        still_out=units_told(stock.outside(order)) if role in _ODDITIES_SEEN_BY else [],
        back_to_stock=units_told(stock.back_to_stock(order)) if role in _ODDITIES_SEEN_BY else [],
        next_actions=next_actions(order, now),
        recipient=view.details.recipient if _sees_address(order, role, now) else Recipient(),
        note=view.details.note,
    )


def _sees_address(order: Order, role: Role, now: Instant) -> bool:
    return role in _ADDRESS_SEEN_BY and (role != "seller" or on_hold_until(order, now) is None)


def order_state(order: Order, now: Instant) -> OrderState:
    """An order in short."""
    at_stage = stage(order, now)
    return OrderState(
        id=order.id,
        number=order.number,
        shop=order.shop,
        version=order.version,
        stage=at_stage,
        status=status_of(at_stage),
        total=order.total,
        paid=order.paid,
        refunded=order.refunded,
        next_actions=next_actions(order, now),
    )


def decision_told(order: Order, cancellation: Cancellation, records: Iterable[Record], role: Role) -> DecisionTold:
    """The answer to an act, from the order right after it and the records it wrote alone.

    Nothing else goes in, not even the time, so that a repeat gets the same bytes (ID-02).
    """
    written = tuple(records)
    grounds = [ground for one in written if (ground := ground_of(one)) is not None]
    now = written[-1].received_at if written else order.placed_at
    return DecisionTold(
        cancellation=cancellation_told(cancellation, order, role),
        cites=list(grounds[-1].cites) if grounds else [],
        refunds=refunds_told(order, (one for one in order.refunds if one.cancellation == cancellation.id), role),
        order=order_state(order, now),
        receipt=f"/v1/orders/{order.id}/cancellations/{cancellation.id}/receipt",
    )


_ABOUT_CANCELLATIONS = (
    CancellationApproved,
    SellerAsked,
    CancellationHeld,
    CancellationRefused,
    CancellationWithdrawn,
    CancellationOvertaken,
    DeadlineExtended,
    OfferMade,
    OfferAccepted,
    OfferDeclined,
    CancellationReopened,
    CancellationUndone,
)


def cancellation_of(record: Record) -> str | None:
    """The cancellation a record is about, None for one about something else."""
    return record.event.cancellation if isinstance(record.event, _ABOUT_CANCELLATIONS) else None


def ground_of(record: Record) -> Ground | None:
    """Why the policy answered as this record says, None for a record that no policy decided."""
    event = record.event
    if isinstance(event, (CancellationApproved, SellerAsked, CancellationHeld, CancellationRefused)):
        return event.ground
    return None


def cancellation_told(one: Cancellation, order: Order, role: Role) -> CancellationTold:
    """A request, for any of the parties to it; a buyer is not told what the platform suspects (I-26)."""
    return CancellationTold(
        id=one.id,
        order=order.id,
        status=one.status,
        requested_by=one.filed_by if one.filed_by in {"seller", "system", PLATFORM} else "buyer",
        filed_by=one.filed_by,
        requested_at=one.requested_at,
        reason=reason_for_buyer(one.reason) if role == "buyer" else one.reason,
        stage=one.stage,
        lines=units_told(one.lines),
        verdict=one.verdict,
        rule=one.rule,
        instead=one.instead,
        refund=Money(one.refund_minor, order.currency),
        deadline=one.due_at if one.status.waiting else None,
        if_silent=one.on_silence if one.status.waiting else "",
        closed_at=one.closed_at,
        closed_by=one.closed_by,
        answer=one.answer,
        offer=_offer(one.offer, order.currency),
        fault=one.fault,
    )


def _offer(one: Offer | None, currency: str) -> OfferTold | None:
    if one is None:
        return None
    return OfferTold(
        number=one.number,
        kind=one.kind,
        at=one.at,
        amount=Money(one.amount_minor, currency) if one.amount_minor else None,
        ship_by=one.ship_by,
        answer=one.answer,
    )


def refunds_told(order: Order, refunds: Iterable[Refund], role: Role) -> list[RefundTold]:
    """Refunds; to a seller without the tender they go to."""
    return [
        RefundTold(
            id=one.id,
            cancellation=one.cancellation,
            tender=one.tender if role in _MONEY_SEEN_BY else "",
            amount=Money(one.amount_minor, order.currency),
            status=one.status,
            not_sent=one.cause if role in _MONEY_SEEN_BY and role != "buyer" else "",
            owed_at=one.owed_at,
            settled_at=one.settled_at,
        )
        for one in refunds
    ]


def quote_told(quote: Quote, role: Role) -> QuoteTold:
    """A quote; to a seller without the tenders."""
    currency = quote.currency
    return QuoteTold(
        lines=[
            QuoteLineTold(
                line=one.line,
                quantity=one.quantity,
                goods=Money(one.goods_minor, currency),
                discount=Money(one.discount_minor, currency),
                tax=Money(one.tax_minor, currency),
                total=Money(one.total_minor, currency),
            )
            for one in quote.lines
        ],
        shipping=Money(quote.shipping_minor, currency),
        total=Money(quote.total_minor, currency),
        tenders=[QuoteTenderTold(tender=one.tender, amount=Money(one.amount_minor, currency)) for one in quote.tenders]
        if role in _MONEY_SEEN_BY
        else [],
    )


def units_told(units: dict[str, int]) -> list[UnitsTold]:
    """Units by line as a list, in the order they were given."""
    return [UnitsTold(line=line, quantity=count) for line, count in units.items()]


def next_actions(order: Order, now: Instant) -> list[NextAction]:
    """Everything the order waits for: who, what, by when, and what happens otherwise (I-15)."""
    return [*_answers(order), *_steps(order, stage(order, now)), *_money(order), *_oddities(order)]


def _answers(order: Order) -> Iterable[NextAction]:
    waiting = order.open_cancellation
    if waiting is None:
        return
    match waiting.status:
        case CancellationStatus.AWAITING_SELLER:
            actor, action = "seller", "approve_or_refuse"
        case CancellationStatus.AWAITING_CARRIER:
            actor, action = "carrier", "stop_the_parcel"
        case _:
            actor, action = "support", "decide"
    yield NextAction(
        actor=actor, action=action, about=waiting.id, deadline=waiting.due_at, if_silent=waiting.on_silence
    )
    offer = open_offer(waiting)
    if offer is not None:
        yield NextAction(actor="buyer", action="answer_offer", about=waiting.id, deadline=waiting.due_at)
    if waiting.filed_by != "seller":
        yield NextAction(actor="buyer", action="withdraw", about=waiting.id, deadline=waiting.due_at)


_STEPS: dict[Stage, tuple[str, str]] = {
    Stage.UNPAID: ("buyer", "pay"),
    Stage.ON_HOLD: ("system", "end_hold"),
    Stage.REVIEW: ("seller", "prepare"),
    Stage.ALLOCATED: ("seller", "prepare"),
    Stage.PREPARING: ("seller", "pack"),
    Stage.PACKING: ("seller", "pack"),
    Stage.PACKED: ("seller", "ship"),
    Stage.AWAITING_COLLECTION: ("carrier", "collect"),
    Stage.PARTIALLY_SHIPPING: ("seller", "ship"),
    Stage.IN_TRANSIT: ("carrier", "deliver"),
}


def _steps(order: Order, at_stage: Stage) -> Iterable[NextAction]:
    step = _STEPS.get(at_stage)
    if step is None:
        return
    actor, action = step
    if at_stage is Stage.ON_HOLD:
        yield NextAction(actor=actor, action=action, about=order.id, deadline=order.hold_until)
    elif actor == "seller":
        late = "late" if order.dispatch_due_at else ""
        yield NextAction(actor=actor, action=action, about=order.id, deadline=order.dispatch_due_at, if_silent=late)
    elif at_stage is Stage.UNPAID and (limit := pay_by(order)) is not None:
        yield NextAction(actor=actor, action=action, about=order.id, deadline=limit.due_at, if_silent=limit.then)
    else:
        yield NextAction(actor=actor, action=action, about=order.id)


def _money(order: Order) -> Iterable[NextAction]:
    for one in order.refunds:
        if one.status in OPEN:
            action = "send_refund" if one.status is RefundStatus.OWED else "ask_provider"
            yield NextAction(actor="system", action=action, about=one.id, deadline=one.next_check_at)
        elif one.status is RefundStatus.FAILED:
            yield NextAction(actor="support", action="resolve_failed_refund", about=one.id)


def _oddities(order: Order) -> Iterable[NextAction]:
    for one in order.open_returns:
        with_buyer = one.status is ReturnStatus.WITH_BUYER
        yield NextAction(
            actor="buyer" if with_buyer else "support",
            action="add_to_return" if with_buyer else "close_return",
            about=one.id,
            deadline=one.due_at,
            if_silent="support" if with_buyer else "escalate",
        )
    waits = review.waiting(order)
    if waits is not None:
        yield NextAction(
            actor="support", action="review", about=order.id, deadline=waits.due_at, if_silent=waits.on_silence
        )
    for one in order.open_contradictions:
        yield NextAction(actor="support", action="resolve_contradiction", about=one.id)


def _lines(order: Order, words: tuple[LineWords, ...]) -> list[LineTold]:
    said = {one.line: one for one in words}
    left = order.open_units()
    return [_line(line, said.get(line.id), left.get(line.id, 0), order.currency) for line in order.lines]


def _line(line: Line, words: LineWords | None, left: int, currency: str) -> LineTold:
    return LineTold(
        id=line.id,
        sku=line.sku,
        title=words.title if words else line.sku,
        variant=words.variant if words else "",
        options=words.options if words else {},
        image=words.image if words else "",
        quantity=line.quantity,
        cancelled=line.cancelled,
        open=left,
        unit_price=Money(line.unit_minor, currency),
        discount=Money(line.discount_minor, currency),
        tax=Money(line.tax_minor, currency),
        paid=Money(line.paid_minor, currency),
        custom_made=line.custom_made,
        special=line.special,
        category=line.category,
    )


def _tender(one: Tender, currency: str) -> TenderTold:
    return TenderTold(
        id=one.id,
        method=one.method,
        label=one.label,
        amount=Money(one.amount_minor, currency),
        captured=Money(one.captured_minor, currency),
        on_its_way_back=Money(one.reserved_minor, currency),
        refunded=Money(one.refunded_minor, currency),
        taken_elsewhere=Money(one.taken_elsewhere_minor, currency),
    )


def _parcel(one: Parcel) -> ParcelTold:
    return ParcelTold(
        id=one.id,
        lines=units_told(one.lines),
        carrier=one.carrier,
        tracking=one.tracking,
        labelled_at=one.labelled_at,
        handed_over_at=one.handed_over_at,
        delivered_at=one.delivered_at,
        ended_at=one.ended_at,
        ended=one.ended,
        arranged_at=one.arranged_at,
        together=one.together,
    )


def _review(order: Order, role: Role) -> ReviewTold | None:
    """The review that waits; who has it is the platform's own matter."""
    one = review.waiting(order)
    if one is None:
        return None
    owner = one.owner if role in _ODDITIES_SEEN_BY and role != "seller" else ""
    return ReviewTold(found=list(one.found), owner=owner, deadline=one.due_at, if_silent=one.on_silence)


def _contradiction(one: Contradiction) -> ContradictionTold:
    return ContradictionTold(
        id=one.id,
        kind=one.kind,
        fact=one.fact.value,
        at=one.at,
        outcome=one.outcome,
        closed_at=one.closed_at,
        closed_by=one.closed_by,
        steps=list(intercept.steps(one)),
    )


def override_told(one: Override, currency: str) -> OverrideTold:
    """A decision against the rules, for staff."""
    return OverrideTold(
        number=one.number,
        act=one.act,
        cancellation=one.cancellation,
        lines=units_told(one.lines),
        reason=one.reason,
        amount=Money(one.amount_minor, currency),
        by=one.by,
        at=one.at,
        deadline=one.due_at,
        outcome=one.outcome,
        answered_by=one.answered_by,
        answered_at=one.answered_at,
    )


def lease_told(lease: ShippingLease | None, role: Role) -> LeaseTold | None:
    """A lease, if there is one, for a reader of this role."""
    if lease is None:
        return None
    return LeaseTold(by=lease.by if role in _ODDITIES_SEEN_BY else "", since=lease.since, until=lease.until)
