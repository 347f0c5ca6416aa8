"""What pages and the API show of orders, read through somebody's scope. Nothing here decides anything."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

import msgspec

from rescind.core.details import Details
from rescind.core.ids import CancellationId, OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import CancellationStatus, OrderNote, Proposal, Refund, RefundOrder, ReturnStatus, Tender
from rescind.core.period import DueBy, Lately
from rescind.core.record import Record
from rescind.core.stage import Stage

T = TypeVar("T")

Sort = Literal["time_left", "newest", "amount"]


class ShopView(msgspec.Struct, frozen=True, kw_only=True):
    """A shop. ``preset``: the policy new orders are pinned to; ``zone``: IANA; ``contact``: address by its kind.

    shop_hash: hash of the shop's own rules, empty when it has none.
    """

    id: ShopId
    name: str
    preset_hash: str
    preset: str
    settings: dict[str, bool | int | str]
    zone: str
    contact: dict[str, str]
    shop_hash: str = ""


class ShopCard(msgspec.Struct, frozen=True, kw_only=True):
    """What anybody may know of a shop."""

    id: ShopId
    name: str
    zone: str
    contact: dict[str, str]


class UnreachedShop(msgspec.Struct, frozen=True, kw_only=True):
    """A shop that nobody can tell. waiting: requests that wait for its answer; since: when the oldest was made."""

    id: ShopId
    name: str
    waiting: int
    since: Instant | None


class BuyerView(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer; name and e-mail are empty for one whom the directory does not know (yet, or any more)."""

    id: str
    name: str
    email: str
    locale: str


class OrderView(msgspec.Struct, frozen=True, kw_only=True):
    """One order in full. ``notes``: words by text id, "" where they were erased; ``updated_at``: last change.

    counted: the buyer's counted cancellations, where they were asked for; at most 2 s behind.
    """

    order: Order
    details: Details
    shop: ShopView
    buyer: BuyerView
    notes: dict[str, str]
    updated_at: Instant
    counted: int | None = None

    def said(self, note: OrderNote) -> str:
        """The words of a note of the buyer's, "" where they were erased."""
        return self.notes.get(note.comment.id, "") if note.comment else self.details.note


class RowLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line as lists show it. ``asked``: units that the request of the row is about, 0 where there is none.

    unit_minor: minor units of the order's currency, before discount and tax.
    """

    line: str
    title: str
    variant: str
    quantity: int
    sku: str
    image: str
    options: dict[str, str]
    cancelled: int
    unit_minor: int
    asked: int = 0


class OrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """An order in a list. ``case_status``, ``due_at``, ``on_silence`` are of the request that waits, if one does.

    stage: as it is at the time of reading. hold_until: end of the span in which nobody ships. dispatch_due_at: when
    the seller should have shipped. tracking: every tracking number known. contradictions: facts that do not fit.
    shipping_by: who ships it. order: the order itself, for who has to judge it. unread: notes nobody has read.
    """

    order: Order
    order_id: OrderId
    number: str
    shop_id: ShopId
    shop_name: str
    buyer_id: str
    buyer_name: str
    stage: Stage
    case_status: str | None
    due_at: Instant | None
    on_silence: str
    hold_until: Instant | None
    dispatch_due_at: Instant | None
    total: Money
    refunded: Money
    on_its_way_back: Money
    placed_at: Instant
    updated_at: Instant
    version: int
    lines: tuple[RowLine, ...]
    open_case_id: CancellationId | None
    last_case_id: CancellationId | None
    tracking: tuple[str, ...]
    contradictions: int
    shipping_by: str = "seller"
    unread: int = 0

    @property
    def given_back(self) -> Money:
        """What has gone back and what is on its way back."""
        return self.refunded + self.on_its_way_back


CaseKind = Literal["cancellation", "contradiction", "review", "return", "override", "refund", "proposal", "escalation"]


class CaseRow(msgspec.Struct, frozen=True, kw_only=True):
    """A request to cancel, a contradiction, an order's review, a return case or a refund order, in a queue or list.

    stage: when it was asked; order_stage: now. Of a contradiction, reason says what does not fit and stage which fact;
    of a review, reason says what the checks found first; of an override, reason says why and stage what is proposed;
    of a refund order, reason is the means of payment; of a proposal, reason is what is to be done with money; of an
    escalation, the ground on which the platform was called.
    amount: what it would give, or gave, back; of a return case, what was paid for its goods.
    answer: the seller's code when a seller refused. note: the buyer's instruction at placement; unread: notes of the
    buyer's that nobody has read. requests_on_order: this one and all others. lines: those the request is about; of a
    contradiction, all.
    """

    case_id: str
    kind: CaseKind
    order_id: OrderId
    number: str
    shop_id: ShopId
    shop_name: str
    buyer_id: str
    buyer_name: str
    status: str
    reason: str
    stage: str
    rule: str
    amount: Money
    requested_at: Instant
    due_at: Instant | None
    on_silence: str
    closed_at: Instant | None
    closed_by: str | None
    filed_by: str
    answer: str
    instead: str
    lines: tuple[RowLine, ...]
    order_version: int
    order_stage: Stage
    order_total: Money
    tracking: tuple[str, ...]
    note: str
    requests_on_order: int
    unread: int = 0


class RefundOrderRow(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that the marketplace pays out itself, and the order and the means of payment it belongs to."""

    order: Order
    refund: Refund
    shop_name: str
    buyer_name: str

    @property
    def amount(self) -> Money:
        """What is to be paid out."""
        return Money(self.refund.amount_minor, self.order.currency)

    @property
    def tender(self) -> Tender:
        """What it goes back to."""
        return next(one for one in self.order.tenders if one.id == self.refund.tender)

    @property
    def ordered(self) -> RefundOrder:
        """What was ordered."""
        assert self.refund.ordered is not None, "only such refunds are in the list"
        return self.refund.ordered


RefundOrderState = Literal["open", "overdue", "frozen", "confirmed", "declined", "all"]
"""``open`` and, of those, the ``overdue`` that whoever leads support has; ``frozen``, which wait for a bank; how the
others ended.
"""


class ProposalRow(msgspec.Struct, frozen=True, kw_only=True):
    """Money that waits for a second person, and the order it belongs to."""

    order: Order
    proposal: Proposal
    shop_name: str
    buyer_name: str

    @property
    def amount(self) -> Money:
        """What is to move."""
        return Money(self.proposal.terms.amount_minor, self.order.currency)


class RefundOrderFilters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a list of refund orders is narrowed to. since <= ordered < before. method: of the tender. shop: its id.

    numbers: of orders, or of the refunds themselves.
    """

    state: RefundOrderState = "open"
    numbers: tuple[str, ...] = ()
    method: str = ""
    shop: str = ""
    since: Instant | None = None
    before: Instant | None = None


RefundPlace = Literal["in_doubt", "not_sent", "failed", "owed", "submitted", "succeeded", "settled"]
"""Where a refund stands. not_sent: owed, with a cause for which nothing was sent (KF-16). settled: it ended another
way, by support's word or because the buyer got the money elsewhere.
"""
RefundState = RefundPlace | Literal["all"]


class RefundRow(msgspec.Struct, frozen=True, kw_only=True):
    """One refund in a list. due_at: when its provider is asked next. settled_at: when it ended, None while it has not.
    owner: who looks after it, None for nobody yet. method: of the tender.
    """

    shop_id: ShopId
    shop_name: str
    order_id: OrderId
    number: str
    refund: str
    tender: str
    method: str
    amount: Money
    place: RefundPlace
    status: str
    cause: str
    reference: str
    owed_at: Instant
    settled_at: Instant | None
    due_at: Instant | None
    owner: str | None


class UnpackRow(msgspec.Struct, frozen=True, kw_only=True):
    """A parcel of a cancelled order, or of a part of one, that must be taken apart. lines: what comes out, ``asked``
    units each. since: when it was known.
    """

    order_id: OrderId
    number: str
    since: Instant
    whole: bool
    lines: tuple[RowLine, ...]


class TimelineEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One record, with the words that belong to it by text id ("" where they were erased)."""

    record: Record
    notes: dict[str, str]


class EventEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One record, in the order in which records became visible. Reading on from ``cursor`` skips and repeats none."""

    cursor: str
    shop: ShopId
    buyer: str
    record: Record


class Events(msgspec.Struct, frozen=True, kw_only=True):
    """Some records and where to read on; ``cursor`` stays where it was when there is nothing new."""

    entries: tuple[EventEntry, ...]
    cursor: str


class ExportFilters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the record of lists that were taken away is narrowed to. person: as they are known to the record.

    personal: whether people who bought are spoken of; None for both.
    """

    list: str = ""
    via: str = ""
    person: str = ""
    personal: bool | None = None


ShopSort = Literal["name", "newest"]


class ShopFilters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a list of shops is narrowed to. text: found anywhere in the name, or the shop's id."""

    text: str = ""
    sort: ShopSort = "name"


class ShopRow(msgspec.Struct, frozen=True, kw_only=True):
    """A shop in a list. waiting: how many requests wait for its answer. since: when it was added."""

    shop: ShopView
    waiting: int
    since: Instant


PersonSort = Literal["name", "newest", "seen"]
"""By name, who came last, or who signed in longest ago, first of all who never did."""
SignedIn = Literal["", "yes", "never"]


class PersonFilters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a list of those who work here is narrowed to. text: found anywhere in a name or address. shop: an id; empty
    for everybody. signed_in: whether they ever did so in that role.
    """

    text: str = ""
    role: str = ""
    shop: str = ""
    rights: str = ""
    signed_in: SignedIn = ""
    sort: PersonSort = "name"


class Page(msgspec.Struct, Generic[T], frozen=True, kw_only=True):
    """A part of a list. ``next`` and ``previous`` are cursors, None at an end.

    total: rows in the whole list; None when there are more than a page would count.
    """

    rows: tuple[T, ...]
    next: str | None = None
    previous: str | None = None
    total: int | None = None


class Filters(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a list is narrowed to; everything that is given must hold.

    tab: one of the list's tabs. numbers: up to 100 order numbers, order or cancellation ids, tracking numbers or SKUs,
    any of which may fit. text: up to 200 characters, found anywhere in a product's title or the name or e-mail of
    buyer or recipient, whatever the case of its letters. reason: codes, any of them (orders: of any request).
    stage: any of these (requests: when asked). placed_from <= placed (requests: made) < placed_to;
    amount_min_minor <= amount <= amount_max_minor; due_before: whose deadline is earlier. shop, buyer: ids.
    currency: ISO 4217. sort: None is the tab's own order. placed, due: spans that follow the clock of ``zone``.
    """

    tab: str = "all"
    numbers: tuple[str, ...] = ()
    text: str = ""
    reason: tuple[str, ...] = ()
    stage: tuple[str, ...] = ()
    placed_from: Instant | None = None
    placed_to: Instant | None = None
    amount_min_minor: int | None = None
    amount_max_minor: int | None = None
    currency: str = ""
    due_before: Instant | None = None
    shop: str = ""
    buyer: str = ""
    sort: Sort | None = None
    placed: Lately = ""
    due: DueBy = ""
    zone: str = "UTC"


STAGE_TABS: dict[str, tuple[Stage, ...]] = {
    "to_pay": (Stage.UNPAID,),
    "to_review": (Stage.ON_HOLD, Stage.REVIEW),
    "to_prepare": (Stage.ALLOCATED, Stage.PREPARING),
    "to_pack": (Stage.PACKING,),
    "to_ship": (
        Stage.ON_HOLD,
        Stage.REVIEW,
        Stage.ALLOCATED,
        Stage.PREPARING,
        Stage.PACKING,
        Stage.PACKED,
        Stage.AWAITING_COLLECTION,
    ),
    "shipped": (Stage.PARTIALLY_SHIPPING, Stage.IN_TRANSIT, Stage.DELIVERED),
} | {stage.value: (stage,) for stage in Stage if stage is not Stage.CANCELLED}
"""Tabs of the order list that are a choice of stages. Every stage but ``cancelled`` is a tab of its own name too."""

ORDER_TABS = (
    "all",
    *STAGE_TABS,
    "cancelled",
    "ship_within_24h",
    "shipping_overdue",
    "cancellation_requested",
    "auto_cancelling_24h",
    "contradictions",
    "notes_to_read",
)
"""``cancelled``: stopped in part or in whole, or asked to be. The others after it are a seller's tiles:

ship_within_24h, shipping_overdue: not with the carrier, and the time to ship ends within a day, or is over;
cancellation_requested: a request waits; auto_cancelling_24h: one that silence approves within a day;
contradictions: a fact does not fit what was decided, and nobody has looked at it yet;
notes_to_read: the buyer asks for something that nobody has read, and not all has left; what ships first is first.
"""

CASE_TABS: dict[str, tuple[str, ...] | None] = {
    "to_respond": (CancellationStatus.AWAITING_SELLER,),
    "waiting_for_buyer": (ReturnStatus.WITH_BUYER,),
    "with_platform": (
        CancellationStatus.IN_REVIEW,
        CancellationStatus.AWAITING_CARRIER,
        "open",
        "carrier_asked",
        ReturnStatus.WITH_SUPPORT,
        ReturnStatus.ESCALATED,
        "proposed",
        "ordered",
    ),
    "escalated": (ReturnStatus.ESCALATED,),
    "second_person": ("proposed",),
    "approved": (CancellationStatus.APPROVED,),
    "refused": (CancellationStatus.REFUSED, CancellationStatus.OVERTAKEN),
    "withdrawn": (CancellationStatus.WITHDRAWN, CancellationStatus.SETTLED, CancellationStatus.UNDONE),
    "all": None,
}
"""Tabs of the queue by the statuses in them, None for every one. ``open`` is a contradiction that waits for a person,
``carrier_asked`` one for which somebody asked the carrier to turn the parcel back; ``proposed`` is a decision against
the rules, or money that somebody wants to move by hand, that waits for a second person.
``ordered`` is a refund that the marketplace pays out itself, until somebody says that it did.
``escalated``: return cases and refund orders that support let wait for too long, so that whoever leads it has them.
"""
