"""What the API says of orders: the shapes, and which of their members each role may see (I-26, I-31)."""

from __future__ import annotations

from rescind.api.cancellation_answers import CancellationTold, cancellation_told
from rescind.api.money_answers import MONEY_SEEN_BY, RefundTold, refunds_told
from rescind.api.order_state import NextAction, next_actions
from rescind.api.proposal_answers import ProposalTold, proposals_told
from rescind.api.told import Told, UnitsTold, units_told
from rescind.core import intercept, review, stock
from rescind.core.details import LineWords, Recipient
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, leased, on_hold_until, stage
from rescind.core.packing import to_unpack
from rescind.core.parts import Act, Contradiction, Line, Override, Parcel, ProposalOutcome, ShippingLease, Tender
from rescind.core.stage import Stage, status_of
from rescind.core.views import OrderView
from rescind.postgres.credentials import Role

_ADDRESS_SEEN_BY: frozenset[Role] = frozenset({"buyer", "seller", "support", "operator", "host"})
_MAIL_SEEN_BY: frozenset[Role] = frozenset({"buyer", "support", "operator", "host"})
_STAFF: frozenset[Role] = frozenset({"support", "operator"})
_ODDITIES_SEEN_BY: frozenset[Role] = frozenset({"seller", "support", "operator", "host"})


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
    special_reason: str
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
    outcome: ProposalOutcome
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
    """Why a person looks at the order. found: codes of the checks; if_silent: release or cancel, at the deadline.

    fields: members of the recipient that a finding is about.
    """

    found: list[str]
    fields: list[str]
    owner: str
    deadline: Instant | None
    if_silent: str


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
    on_its_way_back: Money
    lines: list[LineTold]
    tenders: list[TenderTold]
    parcels: list[ParcelTold]
    cancellations: list[CancellationTold]
    refunds: list[RefundTold]
    review: ReviewTold | None
    contradictions: list[ContradictionTold]
    overrides: list[OverrideTold]
    proposals: list[ProposalTold]
    shipping_lease: LeaseTold | None
    to_unpack: list[UnitsTold]
    still_out: list[UnitsTold]
    back_to_stock: list[UnitsTold]
    next_actions: list[NextAction]
    recipient: Recipient
    note: str


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
        on_its_way_back=order.on_its_way_back,
        lines=_lines(order, view.details.lines),
        tenders=[_tender(one, order.currency) for one in order.tenders] if role in MONEY_SEEN_BY else [],
        parcels=[_parcel(one) for one in order.parcels],
        cancellations=[cancellation_told(one, order, role) for one in order.cancellations],
        refunds=refunds_told(order, order.refunds, role),
        review=_review(order, role),
        contradictions=[_contradiction(one) for one in order.contradictions] if role in _ODDITIES_SEEN_BY else [],
        overrides=[override_told(one, order.currency) for one in order.overrides] if role in _STAFF else [],
        proposals=proposals_told(order, role),
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
        special_reason=line.special_reason,
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
    return ReviewTold(
        found=list(one.found),
        fields=list(dict.fromkeys(review.FIELDS[code] for code in one.found if code in review.FIELDS)),
        owner=owner,
        deadline=one.due_at,
        if_silent=one.on_silence,
    )


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
