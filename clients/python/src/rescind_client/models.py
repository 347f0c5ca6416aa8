"""What the API takes and gives. Written by tools/write_client.py; change it there."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

import msgspec


class Problem(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What went wrong (RFC 9457); problems bring members of their own, which their pages describe."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[Place] = []


class Place(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Where the fault is: a JSON pointer into the body, a query parameter or a header, and the code of the fault."""

    code: str
    pointer: str = ""
    parameter: str = ""
    header: str = ""
    expected: str = ""
    known: list[str] = []


class NewOrder(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An order. Lines, less discounts, with tax, shipping and charges add up to the tenders.

    shipping: what was paid for delivery. shipping_tax: of it, the tax. shipping_discount: what it would have cost
    more.

    handling: whether the goods are ready, or made, got or released first; then ``promised_at`` says when they will
    be. deliver_by: the first instant at which the estimated day of delivery is over.
    """

    shop: str
    number: str
    buyer: NewBuyer
    currency: str
    placed_at: datetime
    lines: list[NewLine]
    tenders: list[NewTender]
    shipping: Amount | None = None
    shipping_tax: Amount | None = None
    shipping_discount: Amount | None = None
    charges: list[NewCharge] = []
    benefits: list[NewBenefit] = []
    shipping_by: Literal["fulfilled_by_platform", "platform", "seller"] = "seller"
    handling: Literal["backorder", "custom", "made_to_order", "pre_order", "regular"] = "regular"
    promised_at: datetime | None = None
    deliver_by: datetime | None = None
    cross_border: bool = False
    recipient: NewRecipient | None = msgspec.field(default=None)
    note: str = ""


class NewBuyer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Who bought. Name and e-mail are kept with this order: they are for the people who handle it, mail about it goes
    there, and a guest proves this address. ``locale``: the language they read.

    country: where they live; the law of that country may give more than the policy (ISO 3166 alpha-2). Without it,
    the country that the parcel goes to.
    """

    id: str
    name: str = ""
    email: str = ""
    country: str = ""
    locale: str = "en"


class NewLine(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One line as bought. ``discount`` and ``tax`` are the line's recorded shares and are never worked out again.

    discount_by_platform: what of the discount the platform gave; the seller gave the rest.
    """

    id: str
    sku: str
    title: str
    variant: str = ""
    options: dict[str, str] | None = msgspec.field(default=None)
    image: str = ""
    quantity: int
    unit_price: Amount
    discount: Amount | None = None
    discount_by_platform: Amount | None = None
    tax: Amount | None = None
    custom_made: bool = False
    special: (
        bool
        | Literal[
            "cut_to_length",
            "dated",
            "digital",
            "hazardous",
            "hygiene",
            "living",
            "mixed",
            "other",
            "perishable",
            "unsealed_media",
        ]
    ) = False
    category: str = ""


class Amount(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Money, in whole minor units of its currency: 1999 EUR is 19.99, 1999 JPY is 1999."""

    amount: int
    currency: str


class NewTender(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One means of payment and the share of the total it carries. ``label``: brand and last four digits, never more.

    payment: what the payment provider calls it, such as Stripe's ``pi_…`` or a PayPal capture; it may come later,
    as the reference of ``paid``. provider: the name of the connection it is taken through; without, the
    installation's own. account: the seller's account at the provider, such as Stripe's ``acct_…``, where money was
    taken on or for it.
    """

    id: str
    method: str
    label: str = ""
    amount: Amount
    payment: str | None = None
    provider: str | None = None
    account: str | None = None


class NewCharge(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Something paid for the order as a whole, such as a service fee. ``returns``: it goes back with the last of it."""

    code: str
    amount: Amount
    returns: bool = True
    by: Literal["platform", "seller"] = "platform"


class NewBenefit(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A voucher or points the buyer used; it goes back as what it was, never as money. ``units``: of points."""

    id: str
    kind: BenefitKind
    units: int = 1
    by: Literal["platform", "seller"] = "platform"
    expires_at: datetime | None = None


BenefitKind = Literal["points", "voucher"]
"""What a buyer gave up for a discount and gets back as what it was, never as money."""


class NewRecipient(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Whom the parcel goes to."""

    name: str = ""
    phone: str = ""
    email: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


class OrderState(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Where an order stands. ``version`` counts its events and is its entity tag; ``status`` is the coarse stage.

    refunded: what has gone back; on_its_way_back: what is owed, sent or in doubt.
    """

    id: str
    number: str
    shop: str
    version: int
    stage: str
    status: str
    total: Money
    paid: Money
    refunded: Money
    on_its_way_back: Money
    next_actions: list[NextAction]


Stage = Literal[
    "allocated",
    "awaiting_collection",
    "cancelled",
    "completed",
    "delivered",
    "in_transit",
    "on_hold",
    "packed",
    "packing",
    "partially_shipping",
    "preparing",
    "review",
    "unpaid",
]
"""How far fulfilment went, in order; a policy compares them with ``<`` and ``>=``."""


class Money(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """``minor``: count of the currency's smallest unit (1999 EUR is 19.99, 1999 JPY is 1999); ``currency``: ISO 4217.

    JSON: ``{"amount": 1999, "currency": "EUR"}``.
    """

    amount: int
    currency: str


class NextAction(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Whose move it is. ``about``: the object it concerns; ``if_silent``: what happens at the deadline without it."""

    actor: str
    action: str
    about: str
    deadline: str | None = None
    if_silent: str = ""


class OrdersTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of a list. ``next`` and ``previous``: cursors, null at an end. ``total``: null when there are many."""

    rows: list[OrderRowTold]
    next: str | None
    previous: str | None
    total: int | None


class OrderRowTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An order in a list. ``cancellation_status``, ``deadline``, ``if_silent`` are of the request that waits.

    unread_notes: notes of the buyer's that nobody of the shop has said to have read. refunded: what has gone back;
    on_its_way_back: what is owed, sent or in doubt.
    """

    id: str
    number: str
    shop: ShopNamed
    buyer: BuyerNamed
    version: int
    stage: str
    status: str
    placed_at: str
    updated_at: str
    total: Money
    refunded: Money
    on_its_way_back: Money
    lines: list[RowTold]
    tracking: list[str]
    dispatch_due_at: str | None
    hold_until: str | None
    cancellation: str | None
    cancellation_status: str | None
    deadline: str | None
    if_silent: str
    unread_notes: int


class ShopNamed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A seller in a list."""

    id: str
    name: str


class BuyerNamed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A buyer in a list."""

    id: str
    name: str


class RowTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A line in a list of orders."""

    line: str
    sku: str
    title: str
    variant: str
    options: dict[str, str]
    image: str
    quantity: int
    cancelled: int
    unit_price: Money


class OrderTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One order in full, as far as the reader may see it. A seller is told the recipient when the hold is over.

    still_out: cancelled units that left and did not come back; back_to_stock: cancelled units that may be sold
    again.
    """

    id: str
    number: str
    shop: ShopTold
    buyer: BuyerTold
    version: int
    stage: str
    status: str
    placed_at: str
    updated_at: str
    paid_at: str | None
    hold_until: str | None
    dispatch_due_at: str | None
    cancelled_at: str | None
    policy: PolicyTold
    total: Money
    shipping: Money
    shipping_by: str
    handling: str
    promised_at: str | None
    deliver_by: str | None
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


class ShopTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The seller. ``zone``: IANA name of the place whose days count."""

    id: str
    name: str
    zone: str


class BuyerTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The buyer; name and e-mail are empty where the reader may not see them or nobody knows them."""

    id: str
    name: str
    email: str


class PolicyTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The terms the order was bought under; the text is at ``/v1/policies/{hash}``."""

    name: str
    hash: str


class LineTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
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


class TenderTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A means of payment. ``on_its_way_back``: owed or sent; ``refunded``: arrived; ``taken_elsewhere``: otherwise."""

    id: str
    method: str
    label: str
    amount: Money
    captured: Money
    on_its_way_back: Money
    refunded: Money
    taken_elsewhere: Money


class ParcelTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A parcel. Without lines it holds everything that is open. ``ended``: how its way ended if not at the buyer's.

    arranged_at: when somebody said what goes into it; together: the package it shares with parcels of other orders.
    """

    id: str
    lines: list[UnitsTold]
    carrier: str
    tracking: str
    labelled_at: str | None
    handed_over_at: str | None
    delivered_at: str | None
    ended_at: str | None
    ended: str
    arranged_at: str | None
    together: str


class UnitsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Some units of a line."""

    line: str
    quantity: int


class CancellationTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A request to cancel, or a cancellation by the seller or the system.

    verdict and rule: what the policy said to the request; ``status`` is what became of it. deadline, if_silent:
    until when somebody has to answer, and the answer if nobody does. unreached: the shop could not be told when it
    was asked, so that silence was promised to go to the platform, whatever the policy says (UNHEARD-1). refund:
    what it gives back. fees, fee: what the seller keeps if it is approved, each and together. returned: vouchers
    and points that went back, in units by the host's id. answer: a refusing seller's reason. instead: what the
    policy offers in place of what it refused. fault: whose it was that the system cancelled, empty where that
    cannot be said.
    """

    id: str
    order: str
    status: str
    requested_by: str
    filed_by: str
    requested_at: str
    reason: str
    stage: str
    lines: list[UnitsTold]
    verdict: str
    rule: str
    instead: str
    refund: Money
    fees: list[FeeTold]
    fee: Money
    returned: dict[str, int]
    deadline: str | None
    if_silent: str
    unreached: bool
    closed_at: str | None
    closed_by: str | None
    answer: str
    offer: OfferTold | None
    fault: str


CancellationStatus = Literal[
    "approved",
    "awaiting_carrier",
    "awaiting_seller",
    "in_review",
    "overtaken",
    "refused",
    "settled",
    "undone",
    "withdrawn",
]
"""Where a request to cancel stands."""


class FeeTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What the seller keeps, by which rule. ``line``: of whose price; null for what is kept once."""

    rule: str
    line: str | None
    amount: Money


class OfferTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is offered instead of an answer, ``by`` seller or buyer. ``answer``: accepted, declined, or empty.

    material, labour: what stays of ``cancel_with_costs``; refund: what goes back then.
    """

    number: int
    kind: str
    at: str
    by: str
    amount: Money | None
    share_bps: int | None
    material: Money | None
    labour: Money | None
    refund: Money | None
    ship_by: str | None
    answer: str


class RefundTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Money on its way back to where it came from. ``in_doubt``: the provider has not said; it is being asked.

    not_sent: why nothing was sent yet although it is owed, for those who can do something about it; empty
    otherwise. release: nothing was taken, so a promise of the bank is let go. into: empty for its tender,
    ``store_credit`` or ``paid_out`` otherwise. settled: what became of one that failed (again, store_credit,
    paid_out). waits_for: ``bank`` while the buyer's bank decides about this payment, empty otherwise; waits_until:
    when support asks what became of it. covered: what the buyer got of it another way, and is not sent. trial: it
    is only tried, by the sandbox, which moves no money.
    """

    id: str
    cancellation: str | None
    tender: str
    amount: Money
    status: str
    not_sent: str
    release: bool
    into: str
    settled: str
    waits_for: str
    waits_until: str | None
    covered: Money
    trial: bool
    owed_at: str
    settled_at: str | None


RefundStatus = Literal["failed", "in_doubt", "owed", "submitted", "succeeded", "taken_elsewhere"]
"""Where money owed stands. ``in_doubt``: the provider has not said, so it is neither done nor undone (I-07).

``taken_elsewhere``: the buyer got it another way, from the bank or by hand, so that nothing is sent (I-10).
"""


class ReviewTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Why a person looks at the order. found: codes of the checks; if_silent: release or cancel, at the deadline.

    fields: members of the recipient that a finding is about.
    """

    found: list[str]
    fields: list[str]
    owner: str
    deadline: str | None
    if_silent: str


class ContradictionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A fact that does not fit what was decided. ``outcome``: the last step somebody took about it, empty before one.

    steps: what may be said of it now; none once it is closed.
    """

    id: str
    kind: str
    fact: str
    at: str
    outcome: str
    closed_at: str | None
    closed_by: str | None
    steps: list[str]


class OverrideTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A decision against the rules, or the proposal of one; told to staff. ``by``, ``answered_by``: who of support.

    outcome: proposed until ``deadline``, then lapsed; done, rejected, or withdrawn by whoever proposed it.
    """

    number: int
    act: str
    cancellation: str | None
    lines: list[UnitsTold]
    reason: str
    amount: Money
    by: str
    at: str
    deadline: str
    outcome: str
    answered_by: str
    answered_at: str | None


Act = Literal["approve", "cancel", "reverse"]
"""What support may decide against the rules: grant a request, stop an order, restore what was stopped."""

ProposalOutcome = Literal["done", "lapsed", "proposed", "rejected", "withdrawn"]
"""Where a decision that may take two people stands. ``proposed``: it waits for the second of them."""


class ProposalTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Money that one person wants to move by hand, and another has to agree to. ``by``, ``answered_by``: who.

    side: ``seller`` or ``support``, whose proposal it is. shipping: what of the amount is for delivery. refund: the
    one that failed, or is to be paid out; way: what is to become of one that failed. reference: of the payment, or
    the voucher's number. outcome: proposed until ``deadline``, then lapsed; done, rejected, or withdrawn by its
    maker.
    """

    number: int
    act: str
    amount: Money
    shipping: Money
    refund: str | None
    way: str
    reference: str
    paid_on: date | None
    side: str
    by: str
    at: str
    deadline: str
    outcome: str
    answered_by: str
    answered_at: str | None


MoneyAct = Literal["confirm_refund_order", "give_back", "settle_failed_refund"]
"""How people move money by hand: give some back, settle a refund that failed, say that they paid one out."""


class LeaseTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Somebody of the shop is about to hand the order to the carrier. ``by``: who, told to sellers and staff alone."""

    by: str
    since: str
    until: str


class Recipient(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Whom the parcel goes to. ``country``: ISO 3166 alpha-2."""

    name: str = ""
    phone: str = ""
    email: str = ""
    street: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


class Fact(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Something that happened to an order, by its own clock.

    parcel, lines, carrier, tracking: of tracking_added, handed_over, delivered, and of how else a parcel's way ends
    (refused, delivery_failed, lost, damaged, tracking_stale, untraceable); without lines, everything open. tender,
    amount: of paid and authorised (without: every tender in full), charged_back, refunded_elsewhere (paid back at
    the provider's own page, or by hand), chargeback_won (what came back; without: all) and chargeback_lost (what
    stays with the buyer; without: all). reference: what the bank or the provider calls it; told again, the money
    counts once. An amount of 0 is refused: nothing came in by it, and it never means everything.
    """

    fact: FactKind
    occurred_at: datetime
    parcel: str | None = None
    lines: list[Units] | None = None
    carrier: str = ""
    tracking: str = ""
    tender: str | None = None
    amount: Amount | None = None
    reference: str | None = None


FactKind = Literal[
    "allocated",
    "authorised",
    "chargeback_lost",
    "chargeback_won",
    "charged_back",
    "completed",
    "damaged",
    "delivered",
    "delivery_failed",
    "error_confirmed",
    "handed_over",
    "lost",
    "out_for_delivery",
    "packed",
    "packing_started",
    "paid",
    "preparation_started",
    "refunded_elsewhere",
    "refused",
    "review_cleared",
    "review_opened",
    "seller_at_fault",
    "tracking_added",
    "tracking_stale",
    "untraceable",
]
"""What the host, the seller or the carrier reports of the world."""


class Units(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Some units of one line of the order."""

    line: str
    quantity: int


class FactTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a report did. ``recorded``: false when it was no news; ``events``: what was written, in order."""

    recorded: bool
    events: list[str]
    order: OrderState


class Correction(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was reported was not so. ``event``: the number of the event that reported it, as the timeline has it.

    occurred_at: when it really happened; without it, it did not happen.
    """

    event: int
    reason: CorrectionReason
    occurred_at: datetime | None = None
    comment: str = ""


CorrectionReason = Literal["label_voided", "mistake", "other_order", "wrong_time"]
"""Why something that was reported is not so."""


class ReviewAct(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What becomes of a review: ``take`` it, let the order ``pass``, or ``stop`` it."""

    act: Literal["pass", "stop", "take"]


class ImportTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A file that was put in. kind: orders, or stages of orders that are there.

    state: reading, checking, checked (it waits to be confirmed), writing, ended, refused (it cannot be read at all)
    or dropped. rows, orders: what the file has; looked_at: orders that were gone through so far. live, history:
    orders that go in, by whether deadlines run and anybody is told; there_already: orders that change nothing;
    left_out: orders with a row that is wrong. ignored: headers of columns that are not read. faults: the first of
    them.
    """

    id: str
    kind: str
    state: str
    name: str
    shop: str | None
    rows: int
    orders: int
    looked_at: int
    live: int
    history: int
    there_already: int
    left_out: int
    ignored: list[str]
    faults: list[FaultTold]
    made_at: str
    ended_at: str | None


class FaultTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is wrong with one row. row: its place in the file, where the header is 1. type: the problem's address."""

    row: int
    column: str
    type: str
    detail: str


class ImportsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The last imports, the newest first, without their faults."""

    rows: list[ImportTold]


class ExportsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the record, newest first. next, previous: cursors, null at an end. total: null when there are many."""

    rows: list[ExportTold]
    next: str | None
    previous: str | None
    total: int | None


class ExportTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A list that somebody took away. via: page, api, cli or mail. personal: it says something of people who bought.

    query: what it was narrowed to. rows: how many left; ended_at: null while it goes on.
    """

    id: str
    role: str
    shop: str | None
    person: str
    via: str
    list: str
    query: str
    columns: list[str]
    personal: bool
    format: str
    rows: int
    began_at: str
    ended_at: str | None


class ListsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The lists that the caller has."""

    lists: list[ListTold]


class ListTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A list that the caller has. filters: the parameters it can be narrowed by, sorting among them."""

    name: str
    columns: list[ListColumnTold]
    filters: list[str]
    views: list[ReadyViewTold]


class ListColumnTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A column of a list. kind: id, text, code, money, time or number. shown: the caller sees it on pages. personal:
    it says something of people who bought.
    """

    name: str
    kind: str
    shown: bool
    personal: bool


class ReadyViewTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A view that everybody has. where: as it stands behind the question mark of an address."""

    name: str
    where: dict[str, str]


class ListColumnsPut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The columns to show, in whatever order; none for those that a list shows by itself."""

    columns: list[str] = []


class ViewsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The views that the caller keeps, up to 50."""

    views: list[ViewTold]


class ViewTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A view that the caller keeps. rhythm: empty where it is not mailed; channel, weekday, hour, zone, format,
    language: how it is. next_at: when next, null for not. paused: why not at the moment.
    """

    id: str
    list: str
    name: str
    where: str
    columns: list[str]
    rhythm: str
    weekday: int
    hour: int
    zone: str
    format: str
    language: str
    channel: str
    next_at: str | None
    paused: str


class NewView(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A list as it is to be kept. where: what stands behind the question mark of its address, such as
    ``stage=packed&placed=7d``. columns: none for the usual ones.
    """

    list: str
    name: str
    where: str = ""
    columns: list[str] = []


class ViewMail(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """When a view is mailed. rhythm: empty for not at all. weekday: of a weekly one, Monday is 0; hour: by the clock
    of ``zone``. language: of the file. channel: the id of a mail address of the caller's that is verified.
    """

    rhythm: Literal["", "daily", "weekly"]
    weekday: int = 0
    hour: int = 8
    zone: str = "UTC"
    format: Literal["csv", "xlsx"] = "csv"
    language: Literal["en", "zh"] = "en"
    channel: str = ""


class Untouched(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The call says it all."""


class ViewFilesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The files of the caller that are still there, the latest first."""

    files: list[ViewFileTold]


class ViewFileTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A file that was made of a view. size: bytes. until: when it is gone."""

    id: str
    view: str
    list: str
    format: str
    rows: int
    size: int
    made_at: str
    until: str


class Cancellability(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What would be decided now.

    unreached: the shop has no verified address at which it could be told, so that its silence goes to the platform
    (UNHEARD-1); ``if_silent`` says so wherever the shop is asked. False where the installation lets silence decide.
    verdict: approve, ask_seller, ask_carrier, review or refuse; instead: what the policy offers where it refuses.
    deadline: by when somebody would have to answer. until: when the clock alone changes this answer, to ``then``;
    null when no time changes it. findings: the rules asked, in order. flips: what would change the answer, fact by
    fact. facts: what the rules could read. likely, favours: to buyers and staff, and only when drawn from 20 cases
    or more. withdrawal: null where no law gives such a right, or its time is over. shipping_lease: somebody of the
    shop is about to hand the order to the carrier, and whichever comes first counts; else null.
    """

    order: str
    version: int
    stage: str
    status: str
    at: str
    role: str
    unreached: bool
    reason: str
    reasons: list[ReasonTold]
    lines: list[UnitsTold]
    anyway: bool
    verdict: str
    rule: str
    layer: str
    cites: list[str]
    instead: str
    deadline: DeadlineTold | None
    until: str | None
    then: str
    likely: LikelyTold | None
    favours: FavoursTold | None
    withdrawal: WithdrawalTold | None
    shipping_lease: LeaseTold | None
    quote: QuoteTold
    findings: list[StepTold]
    flips: list[FlipTold]
    facts: dict[str, bool | int | str | list[Any] | dict[str, Any]]
    withheld: list[str]
    policies: dict[str, str]


class ReasonTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A reason that may be given now. needs: what must come with it."""

    code: str
    needs: list[str]


class DeadlineTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A promised instant and how it was worked out; the four last are of spans counted in days.

    starts_from: the event the span runs from; start: when that was. The order's day is day 0, and ``due_at`` is the
    first instant after ``last_day``; ``skipped`` days do not count.
    """

    name: str
    due_at: str
    if_silent: str
    starts_from: str
    start: str
    span: str
    zone: str
    day_zero: date | None
    last_day: date | None
    skipped: list[date]
    calendar: str


class LikelyTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """When a request will likely be refused, from how long the shop's orders of the last 90 days took. No promise.

    stage: the one that ends the time. at: the median; eight in ten orders lie from earliest to latest; orders: of
    how many. Only orders count that took longer than this one has taken already.
    """

    stage: str
    at: str
    earliest: str
    latest: str
    orders: int


class FavoursTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Requests of the last 90 days that came too late and were put to the shop all the same."""

    asked: int
    granted: int


class WithdrawalTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The right to withdraw from the contract, or to send goods back without a reason, by a law in force today.

    law: which. kind: `withdraw`, from placing on, or `send_back`, from delivery on. until: the first instant after
    the period; null until everything has been delivered. lines: what it is about. It is declared by a withdrawal.
    refund: what declaring it now would give back, for the lines asked about as far as it is about them, or else for
    all of them.
    """

    law: str
    kind: str
    until: str | None
    lines: list[UnitsTold]
    refund: ReimbursementTold


class ReimbursementTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What leaving a contract gives back. cancelled: for what has not left, owed at once; returned: for what is sent
    back, once it is there. Null where there is nothing of the kind.
    """

    cancelled: QuoteTold | None
    returned: QuoteTold | None


class QuoteTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What cancelling would give back. ``total`` is what the tenders add up to; before payment that is nothing.

    charges: what was paid for the order as a whole. fees, fee: what the seller keeps, each and together. released,
    releases: what a bank has promised and nobody took; it is let go. benefits: what comes back as voucher or
    points. other: what the parts do not explain, below zero for what was not paid, was given back before or left
    another way. rounding: what of the total is there only because no smaller amount can be sent; below zero where
    that much waits for the last part of the order. lines, shipping, charges and these two, less fee, are total and
    released. funding: to sellers and staff.
    """

    lines: list[QuoteLineTold]
    shipping: Money
    shipping_tax: Money
    charges: Money
    fees: list[FeeTold]
    fee: Money
    other: Money
    rounding: Money
    total: Money
    tenders: list[QuoteTenderTold]
    released: Money
    releases: list[QuoteTenderTold]
    benefits: list[BenefitTold]
    funding: FundingTold | None


class QuoteLineTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What one line would give back: goods less their discount share, plus their recorded tax.

    discount_by_platform: what of the discount the platform gave.
    """

    line: str
    quantity: int
    goods: Money
    discount: Money
    discount_by_platform: Money
    tax: Money
    total: Money


class QuoteTenderTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What would go back to one tender."""

    tender: str
    amount: Money


class BenefitTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Units of a voucher or of points that go back as what they were. ``id``: the host's."""

    id: str
    kind: str
    units: int


class FundingTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Who bears what goes back. ``subsidy``: what the platform had paid of the price, which falls to it again."""

    seller: Money
    platform: Money
    subsidy: Money


class StepTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One rule that was asked, in order. failed: the least that would have had to be otherwise for it to hold.

    set_aside: only there when true: it held, and says yes to what no rule can, such as cancelling what has arrived.
    """

    layer: str
    policy: str
    rule: str
    held: bool
    failed: list[AtomTold]
    set_aside: bool | None = msgspec.field(default=None)


class AtomTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One comparison of one fact, as it would have had to be.

    op: = != < <= > >= in is. wanted, actual: a word, a count in ``unit``, or a flag; minor units when ``unit`` is a
    currency. actual is null when the reader may not know it. line: place of the selected line, from 0. by: values.
    """

    fact: str
    op: str
    wanted: bool | int | str | list[int | str]
    actual: bool | int | str | None
    unit: str
    line: int | None
    by: list[str]


class FlipTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One fact that alone would have led to another answer. wanted: as it would have had to be, the nearest such
    value.

    verdict, rule, if_silent, instead: the answer then. kinder: it is more generous than the one that was given.
    """

    fact: str
    op: str
    wanted: bool | int | str
    actual: bool | int | str
    unit: str
    verdict: str
    rule: str
    if_silent: str
    instead: str
    kinder: bool


class NewCancellation(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A wish to cancel. Without lines, everything that is open.

    anyway: ask the seller although the policy refuses. comment: for the seller. consent: how the buyer agreed that
    support asks for them; wanted from support, refused from others. evidence: ids of files. refund, verdict: the
    amount and the answer that were shown; where it would be another, nothing is done. message: the buyer's, about
    this order, that asks to cancel; its time counts where the policy says so.
    """

    reason: str
    lines: list[Units] | None = None
    anyway: bool = False
    comment: str | None = None
    consent: Consent | None = None
    evidence: list[str] = []
    refund: Amount | None = None
    verdict: Verdict | None = None
    message: str | None = None


class Consent(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The buyer's agreement. agreed_at: when it was given, no earlier than the order. remark: what was said."""

    way: Literal["chat", "letter", "mail", "phone"]
    agreed_at: datetime
    remark: str = ""


Verdict = Literal["approve", "ask_carrier", "ask_seller", "refuse", "review"]
"""What a rule says about a request. The order of the members is the published order: the most generous first."""


class DecisionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What became of an act on a request: the request, the money it makes owed, and where the order stands.

    verdict, rule, cites: the policy's own answer to the request; its whole reasoning is in the receipt. mandate:
    under which a program did it, else empty.
    """

    cancellation: CancellationTold
    cites: list[str]
    refunds: list[RefundTold]
    order: OrderState
    receipt: str
    mandate: str


class CancellationsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The requests of one order, oldest first."""

    rows: list[CancellationTold]


class Approval(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A yes. refund: the amount that was shown; where another would be booked, nothing is."""

    comment: str | None = None
    refund: Amount | None = None


class Refusal(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A no. ``already_shipped`` wants carrier and tracking; support's wants words."""

    reason: str
    carrier: str = ""
    tracking: str = ""
    comment: str | None = None
    evidence: list[str] = []


class Withdrawal(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The buyer's change of mind. consent: wanted from support, refused from others."""

    consent: Consent | None = None


class NewOffer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is offered while the request waits. amount: of a ``partial_refund``; share_bps: of ``keep_item``, of the
    price of what was asked for, in hundredths of a per cent; ship_by: of ``ship_later``; material, labour: what
    stays of ``cancel_with_costs``, with a ``comment`` that says for what. consent: as with a withdrawal.
    """

    kind: OfferKind
    amount: Amount | None = None
    share_bps: int | None = None
    material: Amount | None = None
    labour: Amount | None = None
    ship_by: datetime | None = None
    comment: str | None = None
    consent: Consent | None = None


OfferKind = Literal["cancel_with_costs", "keep_item", "partial_refund", "ship_later"]
"""What may be offered: an amount or a share of the price for keeping the goods, a later day to ship, or to cancel and
keep what the work that was begun has cost.
"""


class OfferAnswer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Somebody's word on an offer of the other side. number: the one that was read. consent: as with a withdrawal."""

    number: int
    consent: Consent | None = None


class QueueTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of a queue. ``next`` and ``previous``: cursors, null at an end. ``total``: null when there are many."""

    rows: list[CaseTold]
    next: str | None
    previous: str | None
    total: int | None


class CaseTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
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
    order_stage: str
    order_version: int
    amount: Money
    order_total: Money
    lines: list[UnitsTold]
    requested_at: str
    filed_by: str
    deadline: str | None
    if_silent: str
    closed_at: str | None
    closed_by: str | None
    answer: str
    instead: str
    requests_on_order: int


class ManyAnswers(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Several answers, each request once."""

    answers: list[OneAnswer]


class OneAnswer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A yes or a no to one request. reason: of a no; ``already_shipped`` wants carrier and tracking. version: of its
    order, as it was read, in the place of ``If-Match``: where the order has moved on, nothing is done. refund: of a
    yes, the amount that was shown; where another would be booked, nothing is.
    """

    request: str
    answer: Literal["approve", "refuse"]
    reason: str = ""
    carrier: str = ""
    tracking: str = ""
    comment: str | None = None
    version: int | None = None
    refund: Amount | None = None


class ItemsAnswered(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What became of each, in the order in which they came."""

    rows: list[ItemAnswered]


class ItemAnswered(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What became of one: approved, refused, or a problem. order, version: as of then. repeated: the same was sent
    before under the same key, and this is what became of it then.
    """

    request: str
    result: str
    order: str
    version: int | None
    repeated: bool
    problem: ProblemTold | None


class ProblemTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Why one of several could not be done; ``type`` is the address of the problem's page."""

    type: str
    title: str
    status: int
    detail: str


class RefundWaysTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The refunds of an order, in the order in which they came to be owed."""

    rows: list[RefundWayTold]


class RefundWayTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A refund with its way.

    expected_from, expected_by: the days on which it should be there, both included, in working days where the buyer
    lives; null once it is there, and while it is not on its way. overdue: they are over. trouble: what is in the
    way, empty where nothing is. move: who must act now; move_by: the day by which the platform means to, null where
    it is not its move. reference: the provider's own; to a seller empty, as the tender is.
    """

    id: str
    cancellation: str | None
    tender: str
    amount: Money
    status: str
    not_sent: str
    release: bool
    into: str
    settled: str
    waits_for: str
    waits_until: str | None
    covered: Money
    trial: bool
    owed_at: str
    settled_at: str | None
    expected_from: date | None
    expected_by: date | None
    overdue: bool
    steps: list[RefundStepTold]
    trouble: str
    move: str
    move_by: date | None
    reference: str


class RefundStepTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One step of its way; at: when it was reached, null before."""

    step: str
    state: str
    at: str | None


class DocumentsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The documents of an order, in the order in which they were issued."""

    rows: list[DocumentNamed]


class DocumentNamed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A document in a list. kind: receipt, credit_note, or reversal, which takes a credit note back.

    cancellation: whose credit note it is; empty on a receipt. replaces: the document it takes the place of, or
    takes back; replaced_by: the later one that does so to it. digest: SHA-256 of what is kept, in hex.
    """

    id: str
    kind: str
    number: str
    issued_at: str
    order: str
    cancellation: str
    total: Money
    replaces: str
    replaced_by: str
    digest: str


class DocumentTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A document in full. charges: on the order as a whole. fees: what the seller kept, by which rule. released: what
    was only reserved, and let go. other: what the parts do not explain, such as money for keeping the goods
    (``settled``). owed: of a credit note about no cancellation, why money went back: `given`, `late_payment` or
    `chargeback`; cancelled_at is then when.

    To a seller it does not say by which means somebody paid.
    """

    id: str
    kind: str
    number: str
    issued_at: str
    order: str
    cancellation: str
    total: Money
    replaces: str
    replaced_by: str
    digest: str
    order_number: str
    placed_at: str
    buyer: str
    zone: str
    seller: SellerTold
    lines: list[DocumentRowTold]
    shipping: Money
    charges: Money
    fees: list[FeeTold]
    released: Money
    other: Money
    tax: Money
    payments: list[PaymentTold]
    refunds: list[PaidBackTold]
    cancelled_at: str | None
    settled: bool
    owed: str


class SellerTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Who issued it, as the shop was called that day."""

    name: str
    trader: str
    address: str
    register: str
    email: str
    phone: str


class DocumentRowTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A line of it. total: goods less discount plus tax. cancelled: units of the line that were, on a receipt."""

    line: str
    sku: str
    title: str
    quantity: int
    unit_price: Money
    goods: Money
    discount: Money
    tax: Money
    total: Money
    cancelled: int


class PaymentTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What came in by one tender; elsewhere: what left it again by other ways."""

    tender: str
    amount: Money
    elsewhere: Money


class PaidBackTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Money owed back to one tender. reference: the provider's own, where it was known when this was issued, or the
    number of the voucher where it went ``into`` another way. state: `failed` while support decides about it,
    `elsewhere` where the buyer has it by a bank, else empty.
    """

    refund: str
    tender: str
    amount: Money
    owed_at: str
    cancellation: str
    reference: str
    into: str
    state: str


class MailsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Mails, newest first."""

    rows: list[MailTold]


class MailTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One mail. to: the address, masked; empty to a seller. status: waiting, taken (by the server), refused, failed
    (nobody took it for three days), in_doubt (the line broke before the server said), dropped (what it was to tell
    did not stand any more).

    kind: document, notice, digest, the code that proves an address, or endpoint_off. document, endpoint, order:
    which of them it is about, empty where it is about none; notice: the one it tells of.

    place, code, said: where in the talk with the server its last answer came, and the answer; for operators alone.
    """

    id: str
    kind: str
    document: str
    endpoint: str
    order: str
    notice: str
    to: str
    language: str
    status: str
    asked_at: str
    asked_by: str
    settled_at: str | None
    next_try_at: str | None
    tries: int
    place: str
    code: int
    said: str


class MailPost(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A document to be sent. language: of the mail; null for the one the buyer reads."""

    language: Literal["en", "zh"] | None = None


class OutboxTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How mail is: server is null while none is set up, and mail waits. counts: mails by status."""

    server: ServerTold | None
    counts: dict[str, int]
    rows: list[MailTold]
    bounces: list[BounceTold]


class ServerTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The server that mail is handed to, never its password. source: environment, or page."""

    host: str
    port: int
    security: str
    user: str
    sender: str
    name: str
    source: str
    changed_at: str | None
    changed_by: str


class BounceTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An address that a server refused for good."""

    address: str
    code: int
    said: str
    bounced_at: str


class ServerPut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A server to hand mail to. port: null for the usual one. password: empty keeps that of the same server and user.

    security: tls from the beginning, starttls before anything is told, or none for a server on the same machine.
    """

    host: str
    security: Literal["none", "starttls", "tls"]
    sender: str
    port: int | None = None
    user: str = ""
    password: str = ""
    name: str = ""


class TestPost(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Where a test goes."""

    address: str


class TestedTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What the server said to a test. how: taken, refused, not_now, in_doubt; place: where in the talk with it."""

    how: str
    place: str
    code: int
    said: str


class RetryPost(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Nothing more has to be said."""


class EvidenceTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A file. digest: SHA-256 in hex of the bytes that are kept, from which a photo's place and time were taken out."""

    id: str
    type: str
    size: int
    digest: str


class ExhibitsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The files of an order or a conversation, oldest first."""

    rows: list[ExhibitTold]


class ExhibitTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A file of a case or a conversation. about: id of the request to cancel, the return case or the conversation; by:
    buyer, seller or support.
    """

    file: EvidenceTold
    about: str
    by: str
    at: str


class ThreadsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the list, latest message first. unread: conversations with something new, counted up to 100."""

    rows: list[ThreadTold]
    next: str | None
    previous: str | None
    total: int | None
    unread: int


class ThreadTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A conversation as the caller's side has it. about: order, product or shop. order, number: what it is about, or
    the order that followed a question. last: null before anything was said, where there is an offer only. last_at:
    of the last message, offer or answer to one. offer: the one that waits for an answer. unread: something in it is
    new. flagged: support should look at it; told to support only. waits_since: when the buyer wrote what the shop
    has not answered since. answer_by: until when it owes the answer, after which its silence is a ground to call
    the platform; told in the tab ``waiting``.
    """

    id: str
    about: str
    shop: str
    shop_name: str
    buyer: str
    buyer_name: str
    order: str | None
    number: str
    sku: str
    subject: str
    last_at: str
    last: MessageTold | None
    offer: OfferTold | None
    unread: bool
    flagged: bool
    waits_since: str | None
    answer_by: str | None


class MessageTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One message. by: buyer, seller or platform; author: who of them, told to their own side and to the platform
    only.

    audience: everyone; buyer or seller: that side and the platform; internal: the platform alone. text: empty once
    erased. digest: SHA-256 of salt and text. says: what it plainly says: `wants_to_cancel` of a buyer's message,
    `asks_buyer_to_cancel` of a seller's, which support alone is told. Neither changes anything. translations: those
    that somebody has asked for. outside: of a contact note, how and with whom it was said elsewhere; its digest is
    of salt, `with` and text. answers: the message that it is an answer to.
    """

    id: str
    by: str
    author: str
    audience: str
    text: str
    erased: bool
    digest: str
    sent_at: str
    evidence: list[EvidenceTold]
    says: str
    seen: list[SeenTold]
    translations: list[TranslationTold]
    outside: OutsideTold | None
    answers: str | None


class SeenTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """When another side first saw a message, or something after it."""

    by: str
    at: str


class TranslationTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a translator made of a message. by: what it is called. Nothing decides by it."""

    language: str
    text: str
    by: str
    at: str


class OutsideTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """When, by which way and with whom something was said that was not said here. with: empty once erased."""

    way: str
    at: str
    with_: str = msgspec.field(name="with")


Way = Literal["email", "in_person", "other", "telephone"]
"""How something was said that was not said here."""


class NewQuestion(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A question to a shop before any order. sku, subject: the product it is about, as the marketplace calls it.

    evidence: files that were sent to the shop before.
    """

    shop: str
    text: str
    sku: str = ""
    subject: str = ""
    evidence: list[str] = []


class SentTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was kept, and in which conversation."""

    thread: str
    message: str


class TalkTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was said, oldest first. thread: null before there is anything in it for the caller. earlier: there is more
    before it. acts: what was asked, offered and answered meanwhile; each is done and answered at its request.
    audiences: whom the caller may address. before: questions from before the order, where it followed them.
    """

    thread: ThreadTold | None
    messages: list[MessageTold]
    acts: list[OrderActTold]
    earlier: bool
    audiences: list[str]
    before: list[ThreadTold]


class OrderActTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Something that was asked, offered or answered of the order, between the messages. seq, type: of its event.

    by: who did it: an actor, or `policy`, `silence`. request: which one it is about. reason: of a request or a
    refusal. due_at: until when somebody had to answer. text: what was said with it.
    """

    seq: int
    at: str
    type: str
    by: str
    request: str
    reason: str
    due_at: str | None
    offer: OfferTold | None
    text: str


class NewMessage(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What to say and who reads it; evidence: files that were sent for the order or the conversation before.

    answers: the message of this conversation that it answers, such as a contact note that is not right.
    """

    text: str
    audience: str = "everyone"
    evidence: list[str] = []
    answers: str | None = None


class NewTranslation(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Into which language."""

    language: Literal["en", "zh"]


class Upto(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Up to which message it was seen; without one, to the last."""

    message: str | None = None


class SeenNoted(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """noted: whether it was news."""

    noted: bool


class Transcript(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Everything of a conversation that ``reader`` may read, oldest first.

    digest: of what was said, which stays the same whoever sees or translates it later. whole: of all that stands in
    the messages here, with who saw them and with their translations, of the acts and of the questions before; empty
    in transcripts of before.

    acts: what was asked, offered and answered meanwhile; before: what its buyer had asked before the order; both
    empty in transcripts of before, too.

    order: its number, empty where there is none. sku, subject: the product that was asked about.
    """

    thread: str
    reader: str
    about: str
    shop: str
    shop_name: str
    buyer: str
    buyer_name: str
    order: str
    sku: str
    subject: str
    taken_at: str
    messages: list[Spoken]
    digest: str
    whole: str = ""
    acts: list[OrderAct] = []
    before: list[Asked] = []


About = Literal["order", "product", "shop"]
"""What a thread is about: an order, or before any order a product of a shop, or the shop itself."""


class Spoken(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One message; the original, which is what counts. digest: SHA-256 of salt, line feed and text, so that whoever
    has all three can check them.

    outside: of a contact note; ``whom`` and a line feed stand before the text there. answers: what it is an answer
    to. translations: those that somebody has asked for, by language.
    """

    id: str
    at: str
    by: str
    audience: str
    text: str
    salt: str
    digest: str
    files: list[EvidenceRef]
    seen: dict[str, str]
    outside: Outside | None = None
    answers: str | None = None
    translations: list[Rendered] = []


Audience = Literal["buyer", "everyone", "internal", "seller"]
"""Who reads a message. The platform reads everything: whoever writes is told so."""


class EvidenceRef(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One file as an event names it. digest: SHA-256 of the bytes that are kept, in hex; size: of these, in bytes."""

    id: str
    type: str
    size: int
    digest: str


class Outside(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """When, by which way and with whom something was said elsewhere. whom: empty once erased."""

    way: str
    at: str
    whom: str


class Rendered(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A message in another language, as a translator gave it. by: what that is called; at: when.

    digest: SHA-256 over the digest of the message, and everything here: it belongs to that message and to no other.
    """

    language: str
    text: str
    by: str
    at: str
    digest: str


class OrderAct(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Something that was asked, offered or answered, as the order keeps it. seq: of its record; type: of its event.

    by: who did it (an actor, or ``policy``, ``silence``); reason: of a request or of a refusal, a code of the
    policy's. due_at: until when somebody had to answer. offer: its terms, in minor units of ``currency``, as they
    were made. text: what was said with it, and ``digest`` what the order keeps of that; both empty where nothing
    was.
    """

    seq: int
    at: str
    type: str
    by: str
    request: str
    reason: str = ""
    due_at: str | None = None
    offer: Offer | None = None
    currency: str = ""
    text: str = ""
    digest: str = ""


class Offer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is offered instead of an answer (``offer.OfferKind``), ``by`` the seller, or the buyer in return.

    amount_minor: back for keeping the goods, ``share_bps`` of their price where it was said so. material_minor,
    labour_minor: what stays for work that was begun, and refund_minor what then goes back. answer: accepted,
    declined, or empty.
    """

    number: int
    kind: str
    at: str
    by: str = "seller"
    amount_minor: int = 0
    share_bps: int = 0
    material_minor: int = 0
    labour_minor: int = 0
    refund_minor: int = 0
    ship_by: str | None = None
    answer: str = ""


class Asked(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A question that the order followed, which has a transcript of its own.

    digest: that of its messages; files: theirs. sku, subject: the product it was about. at: of its first message.
    """

    thread: str
    at: str
    sku: str
    subject: str
    messages: int
    digest: str
    files: list[EvidenceRef]


class NewContactNote(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was said elsewhere: when, by which way, with whom, and what. evidence: as with a message."""

    way: Way
    at: datetime
    with_: str = msgspec.field(name="with")
    text: str
    evidence: list[str] = []


class NoticesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the list, the latest first. unread: how many are new, counted up to 100."""

    rows: list[NoticeTold]
    next: str | None
    previous: str | None
    total: int | None
    unread: int


class NoticeTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One notice as it stands now. kind, group: what it tells; about: the request, refund or case it is about.

    thread: the conversation that a message is of, empty for everything else; order, number: empty before there is
    an order. unread: how many messages of it wait. subject, sentence, move: the words, in the language that was
    asked for; move is empty where nothing is asked of anybody. whose_move: buyer, seller, support, carrier, or
    empty; due_at: until when. link: where the action is, an address on these pages. settled: it does not stand any
    more. at: when we heard of it.
    """

    id: str
    kind: str
    group: str
    order: str
    number: str
    shop: str
    about: str
    thread: str
    unread: int
    subject: str
    sentence: str
    move: str
    whose_move: str
    due_at: str | None
    link: str
    settled: bool
    at: str
    read_at: str | None


class UptoInstant(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Until when what was told has been read; null for all of it."""

    upto: str | None = None


class ReadTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """read: how many of the notices that was news of."""

    read: int


class PreferencesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How the caller is told. language, zone: empty for those we know of them. hour: of the daily digest, 0 to 23."""

    language: str
    zone: str
    hour: int
    groups: list[GroupTold]


class GroupTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One group of notices. required: nobody switches it off. channels: by their names, how it goes there."""

    group: str
    required: bool
    channels: dict[str, str]


class PreferencesPut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How the caller wants to be told. choices: by channel and group; what is left out is as it comes by itself."""

    language: Literal["", "en", "zh"] = ""
    zone: str = ""
    hour: int = 8
    choices: dict[str, dict[str, Literal["at_once", "digest", "off"]]] = {}


class ChannelsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The caller's addresses. reached: of a seller, whether anything reaches their shop, so that its silence counts.

    last: the id of the one address by which their shop can be told at all, of whoever in it; null where there is
    none or another. waiting: requests that wait for the shop's answer. silence: what it means while the shop has no
    address: ``platform`` or ``decides``.
    """

    channels: list[ChannelTold]
    reached: bool
    last: str | None
    waiting: int
    silence: str


class ChannelTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An address of the caller's. verified_at: when it was proved; gone_at: since when it takes nothing any more."""

    id: str
    channel: str
    address: str
    made_at: str
    verified_at: str | None
    gone_at: str | None


class NewChannel(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A mail address. language: of the mail with the code."""

    address: str
    language: Literal["en", "zh"] = "en"


class CodePost(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The code from the mail."""

    code: str


class Removal(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """last: remove it also where nothing else tells the shop anything."""

    last: bool = False


class UnreachedTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """goes_to, unreached: as ``SilenceTold`` has them. rows: such shops, first the one whose buyers have waited
    longest. ``next``: where to go on, null at the end.
    """

    goes_to: str
    unreached: int
    rows: list[UnreachedShopTold]
    next: str | None
    previous: str | None
    total: int | None


class UnreachedShopTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A shop without a verified address. waiting: requests that wait for its answer; since: when the oldest was made,
    null where none waits.
    """

    shop: ShopNamed
    waiting: int
    since: str | None


class SilencePut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What the silence of a shop that cannot be told means."""

    goes_to: Literal["decides", "platform"]


class SilenceTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """goes_to: platform where a shop that cannot be told is not decided for by its silence, else decides.

    unreached: how many shops have no verified address.
    """

    goes_to: str
    unreached: int


class SubscriptionsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The caller's browsers. public_key: what a browser subscribes with (`applicationServerKey`, in base 64 for URLs);
    null where the installation can tell none.
    """

    public_key: str | None
    subscriptions: list[SubscriptionTold]


class SubscriptionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A browser that is told. browser: what it was called; language: in which it is told, where nothing else is
    chosen.

    last_at: when a message last went there; last_fault: what was in the way, empty when it was taken.
    """

    id: str
    browser: str
    language: str
    created_at: str
    last_at: str | None
    last_fault: str


class NewSubscription(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """endpoint, keys: as the browser's `PushSubscription` gives them. browser: what its person knows it by."""

    endpoint: str
    keys: SubscriptionKeys
    browser: str = ""
    language: str = "en"


class SubscriptionKeys(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What messages are encrypted with, in base 64 for URLs."""

    p256dh: str
    auth: str


class NotesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The notes of an order, oldest first. closed: why there can be no more: `gone`, `cancelled` or `full`; else
    empty.

    may_hold: whether one about the address may have a person look before anything ships.
    """

    rows: list[NoteTold]
    closed: str
    may_hold: bool


class NoteTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One note. number: of those of the order. wish: `address` where it plainly asks for another one, else `words`.

    text: empty once erased. acknowledged_by: who of the shop or the platform has read it; not told to the buyer.
    """

    number: int
    text: str
    wish: str
    filed_by: str
    at: str
    acknowledged_at: str | None
    acknowledged_by: str


class NewNote(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What to ask of the shop. hold: nothing is to ship before a person has looked at the address; only for a note
    that asks for another one, as `…/notes/understood` tells. consent: as with a request to cancel.
    """

    text: str
    hold: bool = False
    consent: Consent | None = None


class NoteTried(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The words of a note that is not written yet."""

    text: str


class UnderstoodTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How a note would be understood, and whether it may hold the order. Nothing is written."""

    wish: str
    may_hold: bool


class Reading(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The call says it all."""


class EscalationsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The calls of an order, oldest first, and the grounds on which its buyer may call now."""

    rows: list[EscalationTold]
    grounds: list[str]


class EscalationTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One call for the platform. number: of those of the order. owner: told to support alone; taken: there is one.

    deadline: until when support moves, else it goes to whoever leads support, and gets a new one. proposed: what
    would grant it waits for a second person.
    """

    number: int
    order: str
    ground: str
    status: str
    filed_by: str
    opened_at: str
    taken: bool
    proposed: bool
    owner: str
    deadline: str | None
    attached: AttachedTold | None
    outcome: str
    closed_at: str | None
    closed_by: str | None


ReturnStatus = Literal["closed", "escalated", "with_buyer", "with_support"]
"""Whose move a return case is. ``escalated``: support let its time pass, so that its lead has it."""


class AttachedTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was said as it stood. digest: of the conversation's transcript as the buyer reads it, up to the message
    ``upto``; both ids are empty where nothing was said since the order. whole: also of ``acts`` requests, offers
    and answers and of the questions ``before``, as in the transcript; empty in calls from when it was not kept.
    """

    thread: str
    upto: str
    messages: int
    digest: str
    whole: str
    acts: int
    before: list[AskedBeforeTold]


class AskedBeforeTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A question from before the order as it stood. digest: of its transcript as the buyer reads it."""

    thread: str
    messages: int
    digest: str


class NewEscalation(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """On what ground the platform is called; a breach wants words. consent: as with a request to cancel."""

    ground: str
    comment: str | None = None
    consent: Consent | None = None


class Taking(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An empty object."""


class Grant(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is done for the buyer, and the reason that buyer and shop are told.

    act: ``approve`` a request, ``cancel`` what has not arrived, or ``give_back`` money. cancellation: of
    ``approve``. reason: as of a decision against the rules; absent of a request that waits for the platform, and of
    ``give_back``. refund: of ``give_back`` what goes back; else the amount that was shown, so that no other is
    booked.
    """

    act: GrantAct
    cancellation: str | None = None
    reason: str | None = None
    refund: Amount | None = None
    comment: str


GrantAct = Literal["approve", "cancel", "give_back"]
"""What is done: a request is approved, the order is stopped, money goes back though nothing is cancelled."""


class Ending(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How support ends it, and the reason that buyer and shop are told."""

    outcome: str
    comment: str


class NewWithdrawal(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A declaration. Without lines, everything that may be withdrawn from.

    name: who declares it. acknowledge_to: where its receipt is acknowledged to, such as an e-mail address. consent:
    how the buyer agreed that support declares it for them; wanted from support, refused from others.
    """

    name: str
    acknowledge_to: str
    lines: list[Units] | None = None
    consent: Consent | None = None


class WithdrawalDeclared(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A declaration that was received. at: when. cancelled, returned: units stopped, and units that are sent back.

    cancellation, case: ids of what it opened; empty where it did not. refund_before, send_back_before: the first
    instants after the last day for each; null where the law counts from when the goods are back, or names no day.
    refund: what it gives back, as of that moment. acknowledgement: plain text to hand on to the buyer, in the
    language of `Accept-Language`.
    """

    id: str
    order: str
    at: str
    statement: str
    cancelled: list[UnitsTold]
    returned: list[UnitsTold]
    cancellation: str
    case: str
    refund: ReimbursementTold
    refund_before: str | None
    send_back_before: str | None
    acknowledgement: str


class WithdrawalsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The withdrawals of an order, oldest first."""

    rows: list[WithdrawalDeclared]


class NewRefund(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What to give back: the ``shipping`` as it was paid, an ``amount``, or both together. Nothing is cancelled by it.

    ``left``: what can go back as the caller saw it; when it is another amount by now, nothing is done.

    The money goes back to where it came from; nobody chooses where. ``credit``: support rules that it becomes
    credit toward a later purchase instead, with the buyer's ``consent`` in words and a ``comment`` that says why.
    """

    shipping: bool = False
    amount: AskedAmount | None = None
    credit: bool = False
    consent: str | None = None
    comment: str | None = None
    left: LeftAmount | None = None


class AskedAmount(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Money somebody wants to give back, in whole minor units of the order's currency; more than zero."""

    amount: int
    currency: str


class LeftAmount(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What could go back when the caller looked, in whole minor units of the order's currency."""

    amount: int
    currency: str


class RefundsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The refunds that are owed by what was done, or the proposal where a second person has to agree first; and where
    the order stands.
    """

    refunds: list[RefundTold]
    proposal: ProposalTold | None
    order: OrderState


class FailedRefund(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What becomes of money a provider could not send back.

    way: ``again`` to the same tender, at ``wait_until`` or at once; ``store_credit``, with the buyer's ``consent``
    in words; ``paid_out`` by hand, with the number of its ``voucher``.
    """

    way: WayOn
    wait_until: datetime | None = None
    consent: str | None = None
    voucher: str = ""
    comment: str | None = None


WayOn = Literal["again", "paid_out", "store_credit"]
"""What may become of it. ``again``: to the same tender, now or later."""


class TriedRefund(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Why a refund that was only tried is owed as money; the buyer, the shop and support read the ``comment``."""

    comment: str | None = None


class NewReturn(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is wrong, with which items, and what the buyer would like. consent: as with a request to cancel."""

    reason: str
    wish: Wish
    lines: list[Units]
    comment: str | None = None
    consent: Consent | None = None
    evidence: list[str] = []


Wish = Literal["refund", "replacement", "return_refund"]
"""What the buyer would like."""


class ReturnTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A return case. number: to say on the telephone. move: whose it is, ``support`` or ``buyer``; empty once closed.

    deadline, if_silent: until when, and what follows then: ``escalate`` passes it to whoever leads support,
    ``support`` back to support. No money moves from a case; its outcome says what was agreed.
    """

    id: str
    number: str
    order: str
    status: str
    reason: str
    wish: str
    lines: list[UnitsTold]
    stage: str
    opened_at: str
    filed_by: str
    taken: bool
    move: str
    deadline: str | None
    if_silent: str
    outcome: str
    closed_at: str | None
    closed_by: str | None


class ReturnsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The return cases of an order, oldest first; what may still be put into one, and the reasons there are."""

    rows: list[ReturnTold]
    returnable: list[UnitsTold]
    reasons: list[ReasonTold]


class CaseInFull(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A return case with everything that was said and shown, oldest first."""

    case: ReturnTold
    said: list[SaidTold]


class SaidTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One step of a case. what: opened, taken, questioned, answered, lapsed, extended or closed. silent: who let the
    time pass.
    """

    what: str
    by: str
    at: str
    words: str
    evidence: list[EvidenceTold]
    outcome: str
    silent: str


class ReturnStep(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An empty object."""


class ReturnQuestion(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What support wants to know of the buyer."""

    comment: str


class Addition(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """More words or files of the buyer's; one of them at least."""

    comment: str | None = None
    evidence: list[str] = []


class Outcome(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How support ends a case, and the reason that the buyer is told."""

    outcome: str
    comment: str


class ReturnWithdrawal(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The buyer needs nothing any more. consent: as with a request to cancel."""

    consent: Consent | None = None


class RefundOrdersTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the list, what has waited longest first. ``next``: where to go on, null at the end."""

    rows: list[RefundOrderTold]
    next: str | None
    previous: str | None
    total: int | None


class RefundOrderTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A refund to pay out. method, tender: by which means of payment, and the host's own id of it.

    owner: who is to move: the person of support who took it, ``support`` for any of them, ``lead`` for whoever
    leads them, because nobody confirmed in time; empty once it is settled. waits_for: ``bank`` while the buyer's
    bank decides about the payment, ``second_person`` while somebody says that it was paid out and another has to
    agree, so that nothing is to be paid out; else empty. deadline, if_silent: until when, and that it is passed up
    then. declined: the code for which it was not paid out, or came back. proposal: what the second person has to
    agree to; told to staff.
    """

    id: str
    order: str
    number: str
    shop: ShopNamed
    buyer: BuyerNamed
    method: str
    tender: str
    amount: Money
    status: str
    ordered_at: str
    owner: str
    waits_for: str
    overdue: bool
    deadline: str | None
    if_silent: str
    reference: str
    paid_on: date | None
    declined: str
    settled_at: str | None
    proposal: ProposalTold | None


class TakingToPayOut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """over: also where a colleague has it."""

    over: bool = False


class PaidOut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """That it was paid out. paid_on: the day it left. amount: what was paid; it must be the refund's."""

    reference: str
    paid_on: date
    amount: Amount


class NotPaidOut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Why it was not: account_closed, account_unknown, not_accepted, came_back."""

    code: str


class ManyPaidOut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Several that were paid out, each once."""

    rows: list[OnePaidOut]


class OnePaidOut(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """That one of several was paid out."""

    reference: str
    paid_on: date
    amount: Amount
    refund_order: str


class ResultsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What became of each, in the order in which they came."""

    rows: list[ResultTold]


class ResultTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What became of one: confirmed, proposed (a second person has to agree), already (the very same was said before),
    or a problem.
    """

    refund_order: str
    result: str
    problem: ProblemTold | None


class ProposalsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the list, what lapses first before the others. ``next``: where to go on, null at the end."""

    rows: list[WaitingTold]
    next: str | None
    previous: str | None
    total: int | None


class WaitingTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A proposal that waits, and the order it is about."""

    order: str
    number: str
    shop: ShopNamed
    buyer: BuyerNamed
    proposal: ProposalTold


class ProposalAnswer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A second person's word on what was proposed."""

    comment: str | None = None


class ProposalDecisionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How the proposal ended, the refunds that are owed or paid out by it, and where the order stands."""

    proposal: ProposalTold
    refunds: list[RefundTold]
    order: OrderState


class CarrierAnswer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The carrier's word. comment: what it said, or where that is written down; wanted from support."""

    answer: Literal["no", "yes"]
    comment: str | None = None


class NewOverride(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A decision against the rules. act: ``approve`` a request, ``cancel`` the order, ``reverse`` a cancellation.

    cancellation: of ``approve`` and ``reverse``. lines: of ``cancel``; without them everything that is not
    delivered.
    """

    act: Act
    cancellation: str | None = None
    lines: list[Units] | None = None
    reason: str
    comment: str | None = None


class OverrideDecisionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What became of it: ``done``, or ``proposed`` until a second person confirms; and where the order stands."""

    override: OverrideTold
    order: OrderState


class OverrideAnswer(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A second person's word on what was proposed."""

    comment: str | None = None


class BuyerStandingTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A buyer as the policy of one shop sees them."""

    id: str
    shop: str
    cash_on_delivery: AtTheDoorTold


class AtTheDoorTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Orders to be paid at the door that were refused there. allowed: whether one may be placed now.

    refused: in the last ``days``. limit: at so many it is switched off; null where the policy sets none. off_until:
    the day on which it is open again by itself.
    """

    allowed: bool
    refused: int
    limit: int | None
    days: int
    off_until: date | None


class WaysInEnded(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """ended: how many sessions and open links there were."""

    ended: int


class ScanTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An answer for each order the code may mean: several where their parcels travel as one, none for a foreign one."""

    rows: list[BenchTold]


class BenchTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What to do with an order at the bench.

    answer: ``stop``, ``hold``, ``note`` or ``go``. why: the reason, as a code. step: what comes next, null where
    nothing may be done. pack: what belongs in the parcel. take_out: cancelled units that must come out of it.
    until: when a hold or a colleague's lease ends. note: the buyer's at placement; notes: all of them, each to be
    read first.
    """

    order: str
    number: str
    version: int
    answer: str
    why: str
    step: str | None
    instead: str
    until: str | None
    pack: list[UnitsTold]
    take_out: list[UnitsTold]
    note: str
    notes: list[NoteTold]


class UnpackingTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The parcels that have waited longest, up to 50. ``total``: how many there are."""

    rows: list[UnpackTold]
    total: int


class UnpackTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A parcel to be taken apart. ``whole``: nothing of the order ships any more."""

    order: str
    number: str
    since: str
    whole: bool
    take_out: list[UnitsTold]


class Nothing(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The call says it all."""


class BenchDone(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What an act at the bench did. ``events``: what was written, nothing where it was no news."""

    events: list[str]
    shipping_lease: LeaseTold | None
    order: OrderState


class Leaving(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What leaves. With a tracking number a new parcel; without one all labelled ones, or one of unknown number.

    parcel: which of several that the order was split into and that have no label yet.
    """

    carrier: str = ""
    tracking: str = ""
    parcel: str | None = None


class Resolution(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was done about a contradiction, or how it ended: one of its ``steps``. comment: for shop and platform."""

    outcome: str
    comment: str | None = None


class InstructionsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the feed, oldest first. ``next``: where to go on; it is given also when there is nothing new.

    more: whether to go on at once; a page may be empty and still lead on.
    """

    rows: list[InstructionTold]
    next: str
    more: bool


class InstructionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One thing to do with stock, once for each id. ``release``: these units are not set aside any more. ``restock``:
    they came back and may be sold. ``reserve``: they belong to the order again after all.

    because: the event of the order that made it so, and ``event`` its number; at: when that happened.
    """

    id: str
    kind: str
    shop: str
    order: str
    number: str
    line: str
    sku: str
    quantity: int
    event: int
    because: str
    at: str


InstructionKind = Literal["release", "reserve", "restock"]
"""What the host does with units. reserve: what was released or restocked is this order's again."""


class Arrangement(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Every unit that has no label yet, in one parcel each.

    together: name of the package in which they travel with parcels of other orders; without, they travel alone.
    """

    parcels: list[ParcelUnits]
    together: str | None = None


class ParcelUnits(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What goes into one parcel, which is named by the caller."""

    id: str
    lines: list[Units]


class Back(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Units that are in the house again; without, all that were out. unsellable: those of them that cannot be sold."""

    lines: list[Units] | None = None
    unsellable: list[Units] = []


class SettingsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What the shop has chosen. ``version`` is the ETag; 0 when it has chosen nothing since it was added."""

    shop: str
    preset: str
    policy: str
    version: int
    settings: list[SettingTold]
    automation: AutomationTold | None


class SettingTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One value that the preset lets shops choose. default: what holds without a choice. cites: rows it comes from.

    locked_until: before this the shop cannot change it; null when it can.
    """

    name: str
    value: bool | int | str
    default: bool | int | str
    choices: list[bool | int | str]
    low: bool | int | str
    high: bool | int | str
    cites: list[str]
    locked_until: str | None


class AutomationTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """That the platform agrees for the shop. month: first day of the one it follows from; until: may end from then."""

    since: str
    until: str
    month: date
    asked: int
    in_time: int


class NewSettings(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The values to be chosen, by name; what is not named stays as it is."""

    settings: dict[str, bool | int | str]


class RulesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The shop's rules. offered: whether its preset has such rules at all. waits: how long a rule may let wait."""

    shop: str
    version: int
    offered: bool
    waits: list[str]
    rules: list[RuleTold]


class RuleTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One rule. id: as decisions name it; condition: what it means, in the language of policies."""

    id: str
    name: str
    reasons: list[str]
    categories: list[str]
    least: Money | None
    most: Money | None
    first_day: date | None
    last_day: date | None
    wait: str
    condition: str


class NewRules(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """All rules of the shop, in the order in which they are asked; none ends them."""

    rules: list[NewRule]


class NewRule(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Requests the shop agrees to. What is not said does not matter; all that is said must fit.

    categories: every line of the request is of one of them. least, most: what the request would give back, both
    included. first_day, last_day: both included, where the shop is. wait: how long the seller may still answer.
    """

    name: str
    reasons: list[str] = []
    categories: list[str] = []
    least: Amount | None = None
    most: Amount | None = None
    first_day: date | None = None
    last_day: date | None = None
    wait: str = "0h"


class ShopsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the list. ``next`` and ``previous``: cursors, null at an end. ``total``: null when there are many."""

    rows: list[ShopListed]
    next: str | None
    previous: str | None
    total: int | None


class ShopListed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A shop in the list. policy: the preset that new orders are bought under. to_answer: requests that wait for it."""

    id: str
    name: str
    policy: str
    zone: str
    contact: dict[str, str]
    to_answer: int
    since: str


class ShopPost(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A shop to add. policy: name of the preset that its orders are bought under; zone: such as Europe/London.

    settings: values it chooses of those the preset offers, by name.
    """

    name: str
    policy: str = "base"
    zone: str = "UTC"
    contact: ReachPatch | None = msgspec.field(default=None)
    settings: dict[str, bool | int | str] | None = msgspec.field(default=None)


class ReachPatch(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How a shop is reached and who is behind it. phone: with its country's prefix; trader: its legal name; register:
    trade register and number. What is not named stays, an empty text is taken away.
    """

    email: str | None = None
    phone: str | None = None
    trader: str | None = None
    address: str | None = None
    register: str | None = None


class ShopFactsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A shop. ``version`` is the ETag; 0 when nothing of this was changed since it was added. policy_hash: the version
    of its preset that orders placed now are bought under.
    """

    id: str
    name: str
    zone: str
    policy: str
    policy_hash: str
    contact: dict[str, str]
    version: int


class ShopPatch(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is to be said otherwise of a shop; what is not named stays."""

    name: str | None = None
    policy: str | None = None
    zone: str | None = None
    contact: ReachPatch | None = msgspec.field(default=None)


class ShopFitTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What of a shop's own choices has no room under a preset: settings by name, and rules by theirs."""

    shop: str
    policy: str
    settings: dict[str, bool | int | str]
    rules: list[str]


class CardTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How a shop is reached. version is the ETag, 0 where it has said nothing yet.

    open: whether somebody is there now, null where it says no hours; until: when they go; opens_at: when they come
    back. answer_time: null below 20 questions.
    """

    shop: str
    version: int
    email: str
    phone: str
    languages: list[str]
    zone: str
    hours: list[SpanTold]
    holidays: bool
    open: bool | None
    until: str | None
    opens_at: str | None
    answer_time: AnswerTimeTold | None


class SpanTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """As it was set."""

    day: int
    opens: str
    closes: str


class AnswerTimeTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How fast the shop answers what it is asked first: the median in seconds, of so many questions of 90 days."""

    seconds: int
    questions: int


class NewCard(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How the shop is reached. phone: with its country's prefix. languages: codes, the shop's best first.

    zone: of the hours, the shop's own without one. holidays: closed on the public holidays of its market's
    calendar.
    """

    email: str = ""
    phone: str = ""
    languages: list[str] = []
    zone: str | None = None
    hours: list[NewSpan] = []
    holidays: bool = True


class NewSpan(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """When somebody is there on one day of the week, Monday being 0. Local time; a day ends at `24:00`."""

    day: int
    opens: str
    closes: str


class RepliesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The shop's quick replies. version is the ETag, 0 where it has kept none yet."""

    shop: str
    version: int
    replies: list[ReplyTold]


class ReplyTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One of them."""

    title: str
    texts: dict[str, str]


class NewReplies(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """All of the shop's quick replies, in their order; none ends them."""

    replies: list[NewReply]


class NewReply(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A sentence to keep ready. texts: its words in every language of the pages, by code."""

    title: str
    texts: dict[str, str]


class Receipt(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Why the policy answered as it did, and what became of it.

    on, layers, facts, starts and calendar are the whole question; the texts of the layers are at
    ``/v1/policies/{hash}``. verdict, rule, findings and deadline are the answer that anybody gets who asks it.
    fault: ``seller`` where the reason counts against the seller, empty where it is nobody's.

    commitments: of each fact that not every reader may see, SHA-256 of the canonical form of [salt, fact, value].
    openings: the salts of those that this reader may see. withheld: those it may not; with any there, this receipt
    alone may not be enough to come to the answer again. records: every record about this cancellation, each with
    its place in the order's hash chain, which holds ``length`` records and ends in ``head``.
    """

    format: int
    issuer: str
    issued_at: str
    reader: str
    order: str
    number: str
    cancellation: CancellationTold
    refunds: list[RefundTold]
    on: str
    decided_at: str
    verdict: str
    rule: str
    layer: str
    cites: list[str]
    instead: str
    fault: str
    layers: list[LayerNamed]
    placed_at: str
    starts: dict[str, str]
    facts: dict[str, bool | int | str | list[Any] | dict[str, Any]]
    commitments: dict[str, str]
    openings: dict[str, str]
    withheld: list[str]
    counted_at: str | None
    calendar: CalendarTold
    deadline: DeadlineTold | None
    findings: list[StepTold]
    records: list[PlaceTold]
    head: str
    length: int
    signature: SignatureTold


class LayerNamed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One layer that was judged: its published text by hash, and what it was resolved with.

    as_of: the moment whose values hold: of a law and a standing consent that of the decision, else that of the
    order.
    """

    layer: str
    name: str
    language: int
    hash: str
    settings: dict[str, bool | int | str]
    as_of: str


class CalendarTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The days that count. weekend: 0 is Monday. working: days of a weekend that count all the same.

    hash: SHA-256 of zone, weekend, holidays, and working where there are any, as sorted JSON.
    """

    hash: str
    zone: str
    weekend: list[int]
    holidays: list[date]
    working: list[date]


class PlaceTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A record's place in the order's chain: hash = SHA-256(previous, record). head: the last hash of the chain."""

    seq: int
    type: str
    at: str
    received_at: str
    hash: str
    previous: str


class SignatureTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """digests: SHA-256 of each other member's canonical form. key: SHA-256 of public_key, listed at /v1/receipt-keys.

    value: the key's Ed25519 signature over the canonical form of the four other members. All in lower-case hex.
    """

    algorithm: str
    digests: dict[str, str]
    key: str
    public_key: str
    value: str


class ReceiptKeysTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Every key that ever signed a receipt here, the newest first."""

    keys: list[ReceiptKeyTold]


class ReceiptKeyTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A public key as JSON Web Key (RFC 8037). kid: SHA-256 of its 32 bytes; retired_at: it signed nothing after."""

    kty: str
    crv: str
    use: str
    kid: str
    x: str
    added_at: str
    retired_at: str | None


class CalendarsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Every calendar that a policy counts by."""

    calendars: list[CalendarNamed]


class CalendarNamed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A calendar that policies count by, and the time zones in which they read it."""

    calendar: str
    zones: list[str]


class CalendarYearTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A calendar's year. weekend: 0 is Monday. said: every word about a day of this year, the oldest first."""

    calendar: str
    year: int
    weekend: list[int]
    days: list[DayTold]
    said: list[WordTold]


class DayTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A day that is not as its weekday says. source: package, or operator with the word that holds."""

    day: date
    counts: bool
    source: str
    name: str
    word: WordTold | None


class WordTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What an operator said of a day. known_at: decisions from then on count by it."""

    day: date
    says: str
    reason: str
    said_by: str
    known_at: str


class NewWord(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A word about a day. says: it is closed, it is open, or it is as the package has it again."""

    day: date
    says: Literal["closed", "open", "package"]
    reason: str


class TimelineTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Everything that happened to an order, from the first."""

    order: str
    rows: list[EventTold]


class EventTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One thing that happened. Members that do not belong to its type are null or empty.

    at: when, by its own clock; received_at: when we heard. by: the role that acted; behalf: support acted for the
    buyer; mandate: under which a program did it for them, else empty. decided_by: whose decision it was: rule,
    seller, carrier, silence, support; against the rules, which person of support, and confirmed_by the second one.
    verdict, rule, cites: of the policy. amount: money that became owed, was captured, or was taken. text:
    somebody's words, empty once erased. corrects: the event whose report a correction takes back; with occurred_at
    it happened then, without it did not.
    """

    seq: int
    type: str
    at: str
    received_at: str
    by: str
    behalf: bool
    mandate: str
    cancellation: str | None
    refund: str | None
    fact: str
    kind: str
    reason: str
    stage: str
    verdict: str
    rule: str
    cites: list[str]
    decided_by: str
    status: str
    answer: str
    deadline: str | None
    if_silent: str
    lines: list[UnitsTold]
    amount: Money | None
    parcel: str
    carrier: str
    tracking: str
    corrects: int | None
    confirmed_by: str
    occurred_at: str | None
    text: str
    consent: str


class PoliciesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Every policy: presets, law packs, and shops' own rules."""

    policies: list[PolicyStanding]


class PolicyStanding(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A policy as it stands. hash: of what is in force; version: None for what came with the release.

    orders: how many of the latest orders are bound to each of its texts. unverified: values without a good source.
    """

    policy: str
    layer: str
    shop: str | None
    hash: str | None
    version: VersionTold | None
    since: str | None
    waiting: list[VersionTold]
    orders: dict[str, int]
    unverified: int
    release_differs: bool


class VersionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One version. base: hash of what was in force when it was begun. accepted: examples that are meant to change."""

    number: int
    policy: str
    shop: str | None
    hash: str
    status: str
    note: str
    base: str | None
    accepted: list[str]
    proposed_by: str
    proposed_at: str
    submitted_at: str | None
    approved_by: str | None
    approved_at: str | None
    retired_at: str | None
    rejected_by: str | None
    rejected_at: str | None
    rejection: str | None


class TextToCheck(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A policy's text, to be tried and not kept."""

    text: str
    shop: str | None = None


class FindingsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What trying a text found. as_of: the day for which it was asked, when everything in it holds.

    rewritten: values of which a meaning of the past was edited. requests: how many of late were judged again.
    """

    policy: str
    hash: str
    live: str | None
    as_of: date
    changes: list[ChangeTold]
    turned: list[ExampleTurned]
    failures: list[ExampleFailed]
    right_taken_away: ExampleCaseTold | None
    handed_over_cancelled: ReachTold | None
    rewritten: list[str]
    unfit: list[Unfit]
    requests: int
    otherwise: list[RequestRejudged]


class ChangeTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One thing that is written otherwise. A side is None where it is not there."""

    kind: str
    name: str
    before: str | None
    after: str | None


class ExampleTurned(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A worked example that is answered otherwise; a side is None where it has no answer."""

    example: str
    says: str
    before: AnswerTold | None
    after: AnswerTold | None


class AnswerTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a rule answers to a buyer. wait: a span such as `24h`; silence: what no answer means."""

    verdict: str
    rule: str
    instead: str | None
    wait: str | None
    silence: str | None


class ExampleFailed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A worked example that does not come out as it says."""

    example: str
    says: str
    message: str


class ExampleCaseTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A case in which a shop's own rules give less than the platform (R-012)."""

    stage: str
    circumstances: dict[str, bool | int | str]
    granted: AnswerTold
    given: AnswerTold


class ReachTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A case in which a policy's own rules say yes to cancelling what was handed over (M-10). on: the question."""

    stage: str
    on: str
    circumstances: dict[str, bool | int | str]
    given: AnswerTold


class Unfit(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A shop that has chosen what the text does not offer."""

    shop: str
    message: str


class RequestRejudged(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A request of the past, answered as of today and under the text."""

    order: str
    at: str
    before: AnswerTold | None
    after: AnswerTold | None


class Differences(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How two policies differ: in what is written, and in the worked examples that are answered otherwise."""

    changes: list[ChangeTold]
    turned: list[ExampleTurned]


class VersionsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Versions, the newest first."""

    versions: list[VersionTold]


class VersionRead(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A version with its text; findings as long as it waits."""

    version: VersionTold
    text: str
    findings: FindingsTold | None


class NewDraft(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A policy's text. shop: whose own rules it holds. note: why; whoever approves reads it."""

    text: str
    shop: str | None = None
    note: str = ""


class DraftText(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Another text for a draft; without a note the old one stays."""

    text: str
    note: str | None = None


class Submission(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """accepted: ids of worked examples that are meant to come out otherwise."""

    accepted: list[str] = []


class SendBack(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Why a draft goes back to its author."""

    reason: str


class SourcesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Sources, as policies name them."""

    sources: list[SourceTold]


class SourceTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One source. code: as policies cite it, or an article of a law. says: our sentence for it, by language. markets:
    regions of the CLDR, such as `US`, `EU` or `035`; none: every market.
    """

    code: str
    says: dict[str, str]
    grade: str
    markets: list[str]
    pages: list[PageTold]


Grade = Literal["asked", "inferred", "official", "ours", "secondary", "unverified"]
"""How far to trust a source, the best first; the last two are not about the world but about us."""


class PageTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Where it was read. printed: the day, month or year on the page; copied: day of the copy that was read."""

    address: str
    printed: str | None
    copied: date | None
    since: date | None


class RefundsListed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of a list. rows: as of other lists; refunds: the same, as they were first called. next, previous:
    cursors, null at an end. total: null when there are many.
    """

    rows: list[RefundListed]
    refunds: list[RefundListed]
    next: str | None
    previous: str | None
    total: int | None


class RefundListed(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One refund. state: where it stands. next_check_at: when its provider is asked next; nothing for one that has
    ended. ended_at: when it did. owner: who looks after it. cause: why nothing was sent yet.
    """

    refund: str
    shop: str
    order: str
    number: str
    tender: str
    method: str
    amount: Money
    state: str
    status: str
    cause: str
    reference: str
    owed_at: str
    next_check_at: str | None
    ended_at: str | None
    owner: str | None


class RefundTaken(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Who looks after a refund."""

    refund: str
    owner: str


class AlertsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What wants somebody now; empty where all is well."""

    alerts: list[AlertTold]


class AlertTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Refunds of one kind that wait for a person: ``failed`` for good, ``not_sent`` for their details, ``not_set_up``
    for an operator to connect a provider, or ``unclear`` for more than a day.

    count: how many, up to ten thousand; since: the oldest of them; unowned: those that nobody looks after.
    """

    kind: str
    count: int
    since: str
    unowned: int


class ReconciliationsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Comparisons, the newest first."""

    reconciliations: list[ReconciliationTold]


class ReconciliationTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One comparison with one provider. finished_at: nothing for one that broke off, which counts for nothing."""

    number: int
    provider: str
    source: str
    since: str
    until: str
    started_by: str
    started_at: str
    finished_at: str | None
    ours: int
    theirs: int
    agreed: int
    on_its_way: int
    not_sent: int
    open: int
    told: int
    explained: int


class DifferencesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of a list, in the order of our own ids. next: what to read on after, if anything."""

    differences: list[DifferenceTold]
    next: int | None


class DifferenceTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One difference. ours or theirs: nothing where there is none."""

    place: int
    kind: str
    refund: str
    shop: str
    order: str
    number: str
    ours: SideTold | None
    theirs: SideTold | None
    state: str
    explained_by: str | None
    explained_at: str | None
    explanation: str | None


class SideTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How one of the two has it. reference: the provider's own id. count: of `twice` how many there are."""

    status: str
    amount: Money
    payment: str
    reference: str
    at: str
    count: int


class Explanation(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Why a difference is as it should be, or what was done about it."""

    why: str


class BalanceTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The trial balance."""

    currencies: list[CurrencyTold]


class CurrencyTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The accounts of one currency. total: of all of them, which is nothing while the books are right."""

    currency: str
    total: Money
    accounts: list[AccountTold]


class AccountTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What an account holds. provider: with payment providers; credit: owed to buyers as credit of the marketplace;
    seller: owed to sellers; buyer: on its way back; elsewhere: left by a way that is not ours.
    """

    account: str
    holds: Money
    postings: int


class NewLink(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Whom to hand over, and to what. buyer: your id of them. order: its id here or your number of it. shop: the id of
    the shop whose order it is, where several may have one of this number.

    to: orders (all of them; without an order), or of one order its page (order), the form to cancel it (cancel),
    what was said about it (conversation), or a fragment for a page of yours (fragment). Without ``to``, the order's
    page, or all orders. language: what they read. return_to: the page of yours to come back to, of a site in
    RESCIND_HOST_SITES.
    """

    buyer: str
    order: str = ""
    shop: str = ""
    to: Literal["cancel", "conversation", "fragment", "order", "orders"] | None = None
    language: Literal["", "en", "zh"] = ""
    return_to: str = ""
    lifetime_s: int = 900


class LinkTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A link. It signs in once; the address of a fragment is good until it ends."""

    url: str
    expires_at: str


class GuestCodeWish(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a guest typed. number: of the order, as the marketplace writes it. language: of the mail."""

    number: str
    email: str
    language: Literal["en", "zh"] = "en"


class GuestCodeTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The same for every order, also for one that is not there. step: goes with the code that the guest types."""

    step: str
    expires_at: str


class GuestCodeTyped(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The step, and the code as it was typed. shop: its id, where the guest has orders of this number in several."""

    step: str
    code: str
    shop: str = ""


class KeysTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Keys, those in force first."""

    keys: list[KeyTold]


class KeyTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One key. mark: the beginning of its hash, by which events name it. used_on: the day of its last use.

    scopes: what it may do, empty for all that its role may. mandated: it acts under a mandate alone. made_by: as
    what and who; empty where nobody kept it.
    """

    mark: str
    role: str
    principal: str
    shop: str | None
    buyer: str | None
    scopes: list[str]
    mandated: bool
    made_by: str
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    used_on: date | None
    in_force: bool


class LinkSecretsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Secrets, those in force first."""

    secrets: list[LinkSecretTold]


class LinkSecretTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A secret; what it is nobody is told again. used_at: when a link of it last signed somebody in, within a day."""

    id: str
    made_by: str
    made_at: str
    used_at: str | None
    ended_at: str | None


class LinkSecretMade(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A new secret, and what it is: text, to be used as it stands."""

    made: LinkSecretTold
    secret: str


class MandatesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Mandates, those that hold first."""

    mandates: list[MandateTold]


class MandateTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A mandate. key: the mark of its key; program: what that is called. holds: whether anything can be done under it.

    used: what acts of today (UTC) cancelled, gave back or asked for; left: of the day. acts_today: how many there
    were today; acts_made: in all. A shop is told of a mandate that is not its own what was used on the shop's
    orders.
    """

    id: str
    key: str
    program: str
    role: str
    acts: list[str]
    shops: list[str]
    buyer: str
    each: Money
    a_day: Money
    acts_a_day: int | None
    until: str
    because: str
    made_by: str
    made_at: str
    ended_by: str
    ended_at: str | None
    holds: bool
    used: Money
    left: Money
    acts_today: int
    acts_made: int


ProgramAct = Literal["approve", "cancel", "offer", "refuse", "withdraw"]
"""What a mandate may let a program do; everything else is left to people."""


class MandatePost(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a key may do that acts under mandates alone. shops: none for all that the key sees; buyer: whose orders
    alone. each: the most that one act is about by its worth; a_day: the most of one day (UTC), in the same
    currency. acts_a_day: the most acts of one day, null for any number. until: the first moment it does not reach.
    because: why, in your own words.
    """

    key: str
    acts: list[ProgramAct]
    shops: list[str] = []
    buyer: str = ""
    each: Amount
    a_day: Amount
    acts_a_day: int | None = None
    until: datetime
    because: str


class MandateActsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A mandate and what was done under it, the last first. next: after which to read on, null at the end."""

    mandate: MandateTold
    acts: list[ProgramActTold]
    next: int | None


class ProgramActTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was done under a mandate. worth: the money that would go back, or the price of what was cancelled if that
    is more; counted: what of it counted against the day.
    """

    shop: str
    order: str
    number: str
    act: str
    worth: Money
    counted: Money
    at: str


class CallerTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Whoever shows this credential. scopes: what it may do, all of them where nobody narrowed it.

    mandated: it acts under a mandate alone; mandate: the last it was given, which may have ended.
    """

    role: str
    id: str
    name: str
    shop: str | None
    buyer: str | None
    scopes: list[str]
    mandated: bool
    mandate: MandateTold | None


class PeopleTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the list of who works here, and everybody who is invited.

    ``next`` and ``previous``: cursors, null at an end. ``total``: of the people, null when there are many.
    """

    people: list[PersonTold]
    invitations: list[InvitationTold]
    next: str | None
    previous: str | None
    total: int | None


class PersonTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A person in one role; who has two stands there twice. shop: of a seller. rights: manage the shop, or answer
    only.

    signed_in_at: when they last signed in with this role. passkeys: how many; app: whether there is a password with
    an authenticator app; provider: whether they came by the identity provider.
    """

    id: str
    name: str
    email: str
    role: str
    shop: str | None
    rights: str
    given_at: str
    signed_in_at: str | None
    passkeys: int
    app: bool
    provider: bool


class InvitationTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An invitation that nobody has taken up."""

    id: str
    name: str
    email: str
    language: str
    role: str
    shop: str | None
    rights: str
    invited_by: str
    invited_at: str
    expires_at: str


class ActsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The record, the latest first."""

    acts: list[ActTold]


class ActTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A line of the record. by: as what and who; whom: a person, a session's or a key's holder."""

    number: int
    at: str
    act: str
    by: str
    by_name: str
    whom: str
    role: str
    shop: str | None
    rights: str


class InvitationPost(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Somebody to invite. shop, rights: of a seller. language: of the mail."""

    name: str
    email: str
    role: Literal["operator", "seller", "support"]
    shop: str | None = None
    rights: Literal["answer", "manage"] = "manage"
    language: Literal["en", "zh"] = "en"


class InvitedTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An invitation that goes out. mailed: a mail server is there that it is handed to.

    link: where no mail goes out; never for an operator, whose link is printed on the machine itself alone.
    """

    invitation: InvitationTold
    mailed: bool
    link: str | None


class RightsPatch(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Other rights in a shop."""

    shop: str
    rights: Literal["answer", "manage"]


class RolePost(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Which role ends. shop: of a seller."""

    role: Literal["operator", "seller", "support"]
    shop: str | None = None


class SessionsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Sessions, the one that was used last first."""

    sessions: list[SessionTold]


class SessionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A session. mark: the beginning of its hash, by which events name it. agent: what the browser says of itself.

    address: whence it was begun. seen_at: within a quarter of an hour. this: it is the one that asks.
    """

    mark: str
    person: str
    name: str
    role: str
    shop: str | None
    agent: str
    address: str
    signed_in_at: str
    seen_at: str
    expires_at: str
    this: bool


class ProvidersTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Connected providers by name, what the marketplace pays out itself, by the codes of its means of payment, and the
    latest messages that a person has to look at.
    """

    providers: list[ConnectionTold]
    paid_out_by_host: list[str]
    set_aside: list[AsideTold]


class ConnectionTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A connected provider, never its keys. test: it moves no real money. own: for payments that name no connection.

    direct: sellers take payments on accounts of their own.
    """

    name: str
    kind: str
    test: bool
    account: str
    own: bool
    direct: bool
    changed_at: str
    changed_by: str


class AsideTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A message that nothing could be made of. cause: a code, such as unknown_payment, shared_payment, does_not_fit."""

    connection: str
    message: str
    type: str
    received_at: str
    cause: str


class MeansByHand(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Means of payment by the codes that orders use, such as bank_transfer; all alone for every one; none for none."""

    means: list[str]


class MeansByHandTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Means of payment whose refunds the marketplace pays out itself, by their codes."""

    means: list[str]


class NewConnection(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A provider to connect. kind: such as stripe or paypal, or sandbox, which moves no money and is called so. key:
    empty keeps the one of a connection that is there.

    client_id: of PayPal's application, whose secret is the key; other kinds have none. webhook_secrets: what its
    messages are signed with, or the ids of the webhooks they are signed for; two while one takes over from the
    other. own: use it for payments that name no connection. direct: sellers take payments on accounts of their own,
    which tenders name.
    """

    kind: str
    client_id: str = ""
    key: str = ""
    webhook_secrets: list[str] = []
    own: bool = False
    direct: bool = False


class CheckTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What the provider says to the key. trouble: refused, forbidden, unreachable, or empty where it is good."""

    trouble: str
    account: str
    test: bool


class ReceivedTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The message is kept."""

    received: bool = True


class OrderSourcesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Order sources by name."""

    sources: list[OrderSourceTold]


class OrderSourceTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Where orders come from, never its keys. shop: whose they are, null where each message says.

    state: on, or paused: then messages are kept and not read. old_secret_until: until when the secret before counts
    too. fetched_to: everything that changed there until then is here; fetch_trouble: why the last attempt came to
    nothing. waiting, understood, no_news, set_aside: how many of its messages came to what.
    """

    name: str
    kind: str
    shop: str | None
    url: str
    state: str
    chosen: ChosenTold
    old_secret_until: str | None
    fetched_to: str | None
    fetch_trouble: str
    last_message_at: str | None
    waiting: int
    understood: int
    no_news: int
    set_aside: int
    created_at: str
    changed_at: str
    changed_by: str


class ChosenTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What was chosen for a shop system. statuses: what its statuses mean; providers: by payment plugin, the
    connection that takes the money. pays: who sends refunds back, here or there. restock: cancelled units go back
    into its stock. reason: why an order is cancelled here that was cancelled there; locale: what its buyers read.
    """

    statuses: dict[str, str]
    providers: dict[str, str]
    pays: str
    restock: bool
    reason: str
    locale: str


class NewSource(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A source to make. kind: signed, for any program that signs as Standard Webhooks say, or woocommerce.

    shop: whose orders they are; a signed source may leave it out and say it in each. url, consumer_key,
    consumer_secret: of the shop's REST API.
    """

    name: str
    kind: str
    shop: str | None = None
    url: str = ""
    consumer_key: str = ""
    consumer_secret: str = ""
    chosen: NewChosen | None = msgspec.field(default=None)


class NewChosen(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is chosen for a shop system; what is left out is as it is by itself.

    statuses: by status there, one of nothing, preparation_started, packed, handed_over, delivered, completed and
    cancelled.
    """

    statuses: dict[str, str] | None = msgspec.field(default=None)
    providers: dict[str, str] | None = msgspec.field(default=None)
    pays: Literal["here", "there"] = "here"
    restock: bool = True
    reason: str = "out_of_stock"
    locale: Literal["en", "zh"] = "en"


class SourceMade(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A source with the secret that its messages are to be signed with. It is shown this once."""

    source: OrderSourceTold
    secret: str


class SourceChange(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is to change; what is left out stays. chosen: all of it anew. state: on, or paused."""

    url: str | None = None
    consumer_key: str | None = None
    consumer_secret: str | None = None
    state: Literal["on", "paused"] | None = None
    chosen: NewChosen | None = None


class SourceCheckTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What a shop system says to its key. trouble: such as forbidden or missing; empty where it is good."""

    trouble: str


class SourceMessagesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Messages, the newest first. next: the message to read on from; null at the end."""

    messages: list[SourceMessageTold]
    next: str | None


class SourceMessageTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A message of a source. told: waiting, done, no_news, set_aside for a person, or ignored by one.

    cause: why nothing could be made of it, in a code; field, expected: where, as a JSON pointer, and what should
    stand there. order: which of ours it was about. ignored_by, ignored_why: who made nothing of it, and why.
    message: what came, in one message alone.
    """

    id: str
    topic: str
    subject: str
    received_at: str
    told: str
    cause: str
    field: str
    expected: str
    order: str | None
    ignored_by: str | None
    ignored_why: str | None
    message: Any | None


class MessageIgnored(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Why nothing is to be made of it."""

    reason: str


class ReadAgainTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How many messages are read again."""

    again: int


class EndpointsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Endpoints, the marketplace's own first. offered: what their `events` may name."""

    endpoints: list[EndpointTold]
    offered: list[str]


class EndpointTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Where somebody is told. shop: whose it is, null for the marketplace's own. events: empty for everything.

    state: on, paused by somebody, gone because the receiver said 410, failing because it took nothing for days.
    asymmetric: whether messages are signed for a public key too. failing_since: when the attempts began that all
    failed until now. old_secret_until: until when the secret before signs too.
    """

    id: str
    shop: str | None
    url: str
    about: str
    events: list[str]
    state: str
    asymmetric: bool
    failing_since: str | None
    stopped_at: str | None
    old_secret_until: str | None
    created_at: str
    created_by: str
    changed_at: str
    changed_by: str


class NewEndpoint(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An endpoint to make. url: https, on the public internet. events: kinds, or `noun.*`; empty for everything.

    shop: whose it is to be; for a seller it is their shop's in any case, others leave it out for the marketplace's
    own. asymmetric: sign each message with `v1a` beside `v1`, so that whoever has the public key can verify it.
    """

    url: str
    events: list[str] = []
    about: str = ""
    shop: str | None = None
    asymmetric: bool = False


class EndpointMade(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """An endpoint with the secret that its messages are signed with: `whsec_` and base 64. It is shown this once."""

    endpoint: EndpointTold
    secret: str


class EndpointChange(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is to change; what is left out stays. state: on, or paused."""

    url: str | None = None
    events: list[str] | None = None
    about: str | None = None
    state: Literal["on", "paused"] | None = None
    asymmetric: bool | None = None


class PublicKeysTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """The present one first, then the one before while it still signs; none for an endpoint that wants no such."""

    keys: list[PublicKeyTold]


class PublicKeyTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A key that verifies `v1a` signatures: `whpk_` and 32 bytes in base 64. until: null for the present one."""

    key: str
    until: str | None


class DeliveryTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One event for one endpoint. event: what `webhook-id` says. state: waiting, delivered, failed, missed.

    next_at: when it is sent next, while it waits. sent: how often it was. attempts: the newest first; in a list the
    last one alone.
    """

    event: str
    type: str
    state: str
    made_at: str
    next_at: str | None
    ended_at: str | None
    sent: int
    message: Any
    attempts: list[AttemptTold]


class AttemptTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """One attempt. at: when it ended; ms: how long it took; status: of HTTP, 0 without an answer.

    fault: empty where it was taken; timeout, unreachable, unknown_name, tls, no_answer, redirect, status, refused,
    sealed_elsewhere, not_sent. answer: the first of what the receiver said.
    """

    at: str
    ms: int
    status: int
    fault: str
    answer: str


class DeliveriesTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A part of the log, the newest first. next: what to read on after, if there is more."""

    deliveries: list[DeliveryTold]
    next: str | None


class Since(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """since: what failed or was missed from then on is sent again; no more than thirty days are kept."""

    since: datetime


class AgainTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How many messages wait again."""

    again: int


class RobotsTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Robots of group chats. offered: what their `topics` may name."""

    robots: list[RobotTold]
    offered: list[str]


class RobotTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A robot of a group chat. address: its host and its end; the rest is a secret. topics: empty for everything.

    signed: whether messages are signed with a secret. state: on, paused by somebody, gone because it is not in its
    group any more, failing because it took nothing for days. verified_at: when a message was first taken at this
    address: before that the group hears nothing. waiting: pieces of news that it is still to say.
    """

    id: str
    shop: str
    kind: str
    address: str
    signed: bool
    about: str
    topics: list[str]
    language: str
    state: str
    failing_since: str | None
    stopped_at: str | None
    verified_at: str | None
    waiting: int
    last: LastTold | None
    created_at: str
    created_by: str
    changed_at: str
    changed_by: str


class LastTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What came of the last message. fault: empty when the group has it. said: what the robot answered.

    test: whether it was one.
    """

    at: str
    fault: str
    said: str
    test: bool


class NewRobot(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """A robot to connect. kind: `wecom` 企业微信, `feishu` 飞书, `dingtalk` 钉钉. url: as the group shows it.

    secret: where the robot asks for a signature. topics: empty for everything. language: of the group, `en` or
    `zh`. shop: whose it is to be; a seller leaves it out.
    """

    kind: str
    url: str
    secret: str = ""
    topics: list[str] = []
    language: str = "zh"
    about: str = ""
    shop: str | None = None


class RobotChange(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """What is to change; what is left out stays. secret: empty to sign no more. state: on, or paused."""

    url: str | None = None
    secret: str | None = None
    topics: list[str] | None = None
    language: str | None = None
    about: str | None = None
    state: Literal["on", "paused"] | None = None


class Health(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """database: reachable; migrations: the schema is what this program wants; version: of the program.

    refunds: ``ok``, or ``attention`` while one failed for good, cannot be sent, or has been unclear for a day: the
    program is well, and somebody is needed. stream: ``off`` where no message broker is set, ``ok``, or
    ``attention`` while it takes nothing; what happens meanwhile waits. proxy: ``off`` where this call came by none
    that says for whom it calls, ``ok``, or ``attention`` where one does that nobody has named, so that it is not
    believed.
    """

    status: str
    database: str
    migrations: str
    refunds: str
    stream: str
    proxy: str
    version: str


class CheckUp(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """Everything the installation hangs on, in the order in which one is set up. grade: the worst of all."""

    grade: str
    findings: list[FindingTold]


class FindingTold(msgspec.Struct, kw_only=True, frozen=True, omit_defaults=True):
    """How one thing is. grade: good, attention (it runs, and somebody should see to it), or broken.

    code names what was found; says tells it in the caller's language, advice what to do, empty where nothing is.
    """

    topic: str
    code: str
    grade: str
    says: str
    advice: str
