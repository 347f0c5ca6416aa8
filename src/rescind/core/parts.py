"""What an order is made of, as it is stored: lines and tenders, parcels and reports, requests, refunds and cases.

Released shapes are frozen: optional members may be added, nothing is renamed or taken away.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Literal

import msgspec

from rescind.core.event import NoteRef
from rescind.core.ids import CancellationId, RefundId, ReturnId
from rescind.core.instant import Instant
from rescind.core.price import Fee
from rescind.core.stage import Stage


class FactKind(StrEnum):
    """What the host, the seller or the carrier reports of the world."""

    PAID = "paid"
    AUTHORISED = "authorised"
    REVIEW_OPENED = "review_opened"
    REVIEW_CLEARED = "review_cleared"
    ALLOCATED = "allocated"
    PREPARATION_STARTED = "preparation_started"
    PACKING_STARTED = "packing_started"
    PACKED = "packed"
    TRACKING_ADDED = "tracking_added"
    HANDED_OVER = "handed_over"
    OUT_FOR_DELIVERY = "out_for_delivery"
    DELIVERED = "delivered"
    REFUSED = "refused"
    DELIVERY_FAILED = "delivery_failed"
    LOST = "lost"
    DAMAGED = "damaged"
    TRACKING_STALE = "tracking_stale"
    UNTRACEABLE = "untraceable"
    COMPLETED = "completed"
    CHARGED_BACK = "charged_back"
    CHARGEBACK_WON = "chargeback_won"
    CHARGEBACK_LOST = "chargeback_lost"
    REFUNDED_ELSEWHERE = "refunded_elsewhere"
    ERROR_CONFIRMED = "error_confirmed"
    SELLER_AT_FAULT = "seller_at_fault"


class _State(msgspec.Struct, frozen=True, omit_defaults=True):
    """Base of what is stored inside an order; defaults are left out of the bytes."""


class Line(_State, frozen=True, kw_only=True):
    """One line as bought. Amounts are minor units of the order's currency, for the whole line.

    category: what kind of goods it is, in the marketplace's own codes; empty when the host does not say.
    special_reason: why it cannot be sold again, a code of the policy's list; empty in orders of before there was one.
    discount_platform_minor: what of the discount the platform gave; the seller gave the rest (R-143).

    paid for the line = quantity * unit_minor - discount_minor + tax_minor; discount and tax are the shares
    recorded at checkout and never worked out again (E-05).
    """

    id: str
    sku: str
    quantity: int
    unit_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    custom_made: bool = False
    special: bool = False
    special_reason: str = ""
    cancelled: int = 0
    category: str = ""
    discount_platform_minor: int = 0

    @property
    def paid_minor(self) -> int:
        """What the buyer paid for all units of this line."""
        return self.quantity * self.unit_minor - self.discount_minor + self.tax_minor

    @property
    def open(self) -> int:
        """Units not cancelled."""
        return self.quantity - self.cancelled


class Tender(_State, frozen=True, kw_only=True):
    """One means of payment and what has happened to its money (minor units).

    reserved: on its way back; refunded: arrived; taken_elsewhere: left without us (chargeback, provider's own page).
    authorised: promised by the bank, neither captured nor let go; released: let go, so that it never will be captured.
    payment: the provider's own id of it. provider: the connection it was taken through, as the host named it or as it
    was when the payment was told, at the latest when a refund went through it; empty: not known yet, so the
    installation's own. step: the smallest amount that goes back on it, 0 where nobody said so; parts are whole steps.
    account: the seller's account at the provider, where the payment has to do with one. trial: it was paid on trial, so
    that no money stands behind it.
    """

    id: str
    method: str
    label: str = ""
    amount_minor: int
    captured_minor: int = 0
    reserved_minor: int = 0
    refunded_minor: int = 0
    taken_elsewhere_minor: int = 0
    authorised_minor: int = 0
    released_minor: int = 0
    payment: str = ""
    provider: str = ""
    trial: bool = False
    account: str = ""
    step_minor: int = 0

    @property
    def left_minor(self) -> int:
        """What may still go back to this tender, never below zero."""
        return max(0, self.captured_minor - self.reserved_minor - self.refunded_minor - self.taken_elsewhere_minor)

    @property
    def secured_minor(self) -> int:
        """What was captured and what may be captured still: by this a refund is shared (E-06)."""
        return self.captured_minor + self.authorised_minor

    @property
    def wanted_minor(self) -> int:
        """What is still to be paid by it, never below zero: what was let go is not."""
        return max(0, self.amount_minor - self.captured_minor - self.released_minor)


class Through(_State, frozen=True, kw_only=True):
    """How money of a tender comes in and goes back. connection: empty while none of ours is chosen; step: in minor
    units, and trial, as of ``Tender``.
    """

    connection: str = ""
    step_minor: int = 0
    trial: bool = False


PAYING = frozenset({FactKind.PAID, FactKind.AUTHORISED})
"""Facts by which an order is paid: captured, or promised by the bank so that it can be."""


class Parcel(_State, frozen=True, kw_only=True):
    """One parcel. ``lines`` is units by line id; empty means every unit that is open.

    ended: how its way ended if not at the buyer's, a fact the carrier reported; empty while it may still arrive.
    arranged_at: when somebody said what goes into it, before it had a label. together: the host's name for the package
    in which it travels with parcels of other orders; empty while it travels alone.
    """

    id: str
    lines: dict[str, int] = {}
    carrier: str = ""
    tracking: str = ""
    labelled_at: Instant | None = None
    handed_over_at: Instant | None = None
    delivered_at: Instant | None = None
    ended_at: Instant | None = None
    ended: str = ""
    arranged_at: Instant | None = None
    together: str = ""

    @property
    def further_on(self) -> bool:
        """Whether it has a label or left, so that what is in it goes where the parcel goes."""
        return bool(self.labelled_at or self.gone or self.ended)

    @property
    def gone(self) -> bool:
        """Whether the carrier has it, or had it."""
        return bool(self.handed_over_at or self.delivered_at)


class Progress(_State, frozen=True, kw_only=True):
    """When each thing happened by its own clock (E-08); None while unknown. The earliest report of a thing counts."""

    paid_at: Instant | None = None
    review_opened_at: Instant | None = None
    review_cleared_at: Instant | None = None
    allocated_at: Instant | None = None
    preparation_started_at: Instant | None = None
    packing_started_at: Instant | None = None
    packed_at: Instant | None = None
    out_for_delivery_at: Instant | None = None
    delivered_at: Instant | None = None
    completed_at: Instant | None = None
    error_confirmed_at: Instant | None = None
    seller_fault_at: Instant | None = None
    cancelled_at: Instant | None = None


class Pins(_State, frozen=True, kw_only=True):
    """The terms the order was bought under: names and hashes of the policies in force when it was placed (I-18).

    settings: what the shop had chosen of the values its preset lets shops choose.
    """

    preset: str
    preset_hash: str
    settings: dict[str, bool | int | str] = {}
    shop_hash: str = ""


class CancellationStatus(StrEnum):
    """Where a request to cancel stands."""

    AWAITING_SELLER = "awaiting_seller"
    AWAITING_CARRIER = "awaiting_carrier"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"
    SETTLED = "settled"
    UNDONE = "undone"

    @property
    def waiting(self) -> bool:
        """Whether somebody still has to act."""
        return self in _WAITING


_WAITING = frozenset(
    {CancellationStatus.AWAITING_SELLER, CancellationStatus.AWAITING_CARRIER, CancellationStatus.IN_REVIEW}
)

Decider = Literal["rule", "seller", "carrier", "silence", "support", "buyer", "shipment", "system"]


class Offer(_State, frozen=True, kw_only=True):
    """What is offered instead of an answer (``offer.OfferKind``), ``by`` the seller, or the buyer in return.

    amount_minor: back for keeping the goods, ``share_bps`` of their price where it was said so. material_minor,
    labour_minor: what stays for work that was begun, and refund_minor what then goes back. answer: accepted, declined,
    or empty.
    """

    number: int
    kind: str
    at: Instant
    by: str = "seller"
    amount_minor: int = 0
    share_bps: int = 0
    material_minor: int = 0
    labour_minor: int = 0
    refund_minor: int = 0
    ship_by: Instant | None = None
    answer: str = ""


class Cancellation(_State, frozen=True, kw_only=True):
    """One request to cancel, or one cancellation by the seller or the system, from its beginning to its end.

    returned_s: seconds given back because nobody could answer in them; ``due_at`` has them in it. fault: whose fault it
    was that the system cancelled; empty for every other. escalated_at: since when it is left to the platform, because
    whoever was asked first was silent. fees: what the seller keeps if it is approved, as it was shown when it was
    asked; returned: units of vouchers and points that went back, by the host's id. unreached: the shop could not be
    told of it, so that the platform has it once the shop's time is over.
    """

    id: CancellationId
    status: CancellationStatus
    reason: str
    requested_at: Instant
    requested_by: str
    filed_by: str
    stage: Stage
    rule: str
    verdict: str
    lines: dict[str, int]
    refund_minor: int
    due_at: Instant | None = None
    on_silence: str = ""
    instead: str = ""
    returned_s: int = 0
    closed_at: Instant | None = None
    closed_by: Decider | None = None
    answer: str = ""
    offer: Offer | None = None
    fault: str = ""
    escalated_at: Instant | None = None
    fees: tuple[Fee, ...] = ()
    returned: dict[str, int] = {}
    unreached: bool = False

    @property
    def fee_minor(self) -> int:
        """What the seller keeps of it, in minor units."""
        return sum(fee.amount_minor for fee in self.fees)

    @property
    def waits_since(self) -> Instant:
        """From when on whoever has the move now has had it."""
        return self.escalated_at or self.requested_at


class RefundStatus(StrEnum):
    """Where money owed stands. ``in_doubt``: the provider has not said, so it is neither done nor undone (I-07).

    ``taken_elsewhere``: the buyer got it another way, from the bank or by hand, so that nothing is sent (I-10).
    """

    OWED = "owed"
    SUBMITTED = "submitted"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"
    TAKEN_ELSEWHERE = "taken_elsewhere"


class RefundOrder(_State, frozen=True, kw_only=True):
    """That the marketplace pays a refund out itself, by means we do not see, and somebody says so.

    days: working days in which it is to be confirmed, so until ``due_at``, counted from ``moved_at``. owner: who of
    support took it. escalated_at: since when whoever leads support has it, because nobody confirmed in time. paid_on:
    the day on which it left, as confirmed. declined: the code for which it was not paid out, or came back.
    """

    ordered_at: Instant
    moved_at: Instant
    due_at: Instant
    days: int
    owner: str = ""
    escalated_at: Instant | None = None
    paid_on: date | None = None
    declined: str = ""


class Refund(_State, frozen=True, kw_only=True):
    """Money owed to one tender. Its own id is the provider's idempotency key (I-05).

    through: the connection that was asked for it. cause: why nothing was sent yet, where something is in the way
    (KF-16). ordered: where the marketplace pays it out.
    release: nothing was captured, so it is a promise of the bank that is let go. into: where it goes if not to its
    tender (``failed_refund.WayOn``). settled: what became of one that failed, in the same words; empty while somebody
    still has to say; instead_of: the one that failed in whose place it is owed. covered_minor: what the buyer got of it
    another way; ``amount_minor`` is then what is left to send, or all of it where nothing is.
    """

    id: RefundId
    cancellation: CancellationId | None = None
    tender: str
    amount_minor: int
    status: RefundStatus = RefundStatus.OWED
    owed_at: Instant
    next_check_at: Instant | None = None
    settled_at: Instant | None = None
    reference: str = ""
    cause: str = ""
    ordered: RefundOrder | None = None
    release: bool = False
    into: str = ""
    settled: str = ""
    covered_minor: int = 0
    through: str = ""
    instead_of: RefundId | None = None

    @property
    def to_pay_out(self) -> bool:
        """Whether somebody of the marketplace is to pay it out, and nobody has said yet that it was."""
        return self.ordered is not None and self.status is RefundStatus.SUBMITTED


class Chargeback(_State, frozen=True, kw_only=True):
    """Money of one tender that the buyer's bank took, by the bank's name for it; open until the bank has decided.

    amount_minor: all that was taken; returned_minor: what of it came back to us. seq: the record that opened it.
    outcome: ``won`` (it came back) or ``lost`` (it stays with the buyer), empty while open; due_at: when support asks.
    """

    tender: str
    reference: str = ""
    amount_minor: int
    returned_minor: int = 0
    seq: int
    opened_at: Instant
    due_at: Instant
    outcome: str = ""
    closed_at: Instant | None = None

    @property
    def gone_minor(self) -> int:
        """What of it is with the buyer now."""
        return self.amount_minor - self.returned_minor


class Contradiction(_State, frozen=True, kw_only=True):
    """A fact that does not fit what was decided; a person looks at it, until the fact itself is taken back.

    outcome: the last thing that person did or found out (``intercept.STEPS``); closed: nothing is left to do about it.
    """

    id: str
    kind: str
    fact: FactKind
    at: Instant
    outcome: str = ""
    closed_at: Instant | None = None
    closed_by: Decider | None = None


class ReturnStatus(StrEnum):
    """Whose move a return case is. ``escalated``: support let its time pass, so that its lead has it."""

    WITH_SUPPORT = "with_support"
    WITH_BUYER = "with_buyer"
    ESCALATED = "escalated"
    CLOSED = "closed"


class ReturnCase(_State, frozen=True, kw_only=True):
    """Something is wrong with goods that have left the shop. lines: units by line id; stage: when it was opened.

    moved_at: since when the present move is waited for, due_at: until when; returned_s: what of that was given back.
    owner: who of support has it.
    """

    id: ReturnId
    reason: str
    wish: str
    lines: dict[str, int]
    stage: Stage
    filed_by: str
    opened_at: Instant
    moved_at: Instant
    due_at: Instant
    status: ReturnStatus = ReturnStatus.WITH_SUPPORT
    owner: str = ""
    returned_s: int = 0
    outcome: str = ""
    closed_at: Instant | None = None
    closed_by: Decider | None = None


class AskedBefore(_State, frozen=True, kw_only=True):
    """A question from before the order, as it stood. digest: of what was said in it, with the files."""

    thread: str
    messages: int
    digest: str


class Attached(_State, frozen=True, kw_only=True):
    """What was said about an order as it stood when the platform was called, as its buyer reads it.

    thread, upto: ids of the conversation and of its last message, empty where there is none; messages: how many there
    were. digest: of the messages, which stays the same. whole: of these with who saw them and with their translations,
    of ``acts`` requests, offers and answers, and of the questions ``before`` the order; empty in calls of before.
    """

    thread: str
    upto: str
    messages: int
    digest: str
    whole: str = ""
    acts: int = 0
    before: tuple[AskedBefore, ...] = ()


class Escalation(_State, frozen=True, kw_only=True):
    """The platform was called. owner: who of support has it; due_at: until when support moves."""

    number: int
    ground: str
    filed_by: str
    opened_at: Instant
    due_at: Instant
    attached: Attached | None = None
    status: ReturnStatus = ReturnStatus.WITH_SUPPORT
    owner: str = ""
    outcome: str = ""
    closed_at: Instant | None = None
    closed_by: Decider | None = None


class Granting(_State, frozen=True, kw_only=True):
    """The call, by its number, that is granted once a second person has agreed. comment: what both sides read then."""

    number: int
    comment: NoteRef


class OrderNote(_State, frozen=True, kw_only=True):
    """What the buyer asks of the shop beside the order. wish: ``address`` where it is about where the parcel goes.

    comment: the words; None of a note at placement, whose words are kept with the address. acknowledged_by: who of
    the shop, or of the platform, has said to have read it.
    """

    number: int
    wish: str
    filed_by: str
    at: Instant
    comment: NoteRef | None = None
    acknowledged_at: Instant | None = None
    acknowledged_by: str = ""


class ShippingLease(_State, frozen=True, kw_only=True):
    """Somebody of the shop, named by id, is about to hand the order to the carrier. It informs; it decides nothing."""

    by: str
    since: Instant
    until: Instant


class Report(_State, frozen=True, kw_only=True):
    """A fact that stands: the record ``seq`` told it and no correction took it back. ``by``: the kind of reporter.

    partly: of a payment after which something was still missing. reference, amount_minor: of money that somebody
    outside knows by a name, such as a bank's dispute; it counts once. tender: of money that moved past us.
    """

    seq: int
    fact: FactKind
    at: Instant
    by: str = ""
    parcel: str = ""
    carrier: str = ""
    tracking: str = ""
    partly: bool = False
    reference: str = ""
    amount_minor: int = 0
    tender: str = ""


class TakenBack(_State, frozen=True, kw_only=True):
    """A report that does not stand any more: record ``seq`` told it, record ``by`` took it back ``at``."""

    seq: int
    fact: FactKind
    by: int
    at: Instant


class Review(_State, frozen=True, kw_only=True):
    """Why a person looks at an order, and what happens if nobody does: ``release`` or ``cancel`` at ``due_at``.

    found: codes of what the checks found; empty when somebody asked for the review. owner: who of support took it.
    corrected: the buyer changed where the order goes. since: when this was promised, None for the opening; returned_s:
    seconds given back because nobody could answer in them, which ``due_at`` has in it.
    """

    found: tuple[str, ...] = ()
    due_at: Instant | None = None
    on_silence: str = ""
    owner: str = ""
    corrected: bool = False
    since: Instant | None = None
    returned_s: int = 0


class Act(StrEnum):
    """What support may decide against the rules: grant a request, stop an order, restore what was stopped."""

    APPROVE = "approve"
    CANCEL = "cancel"
    REVERSE = "reverse"


class ProposalOutcome(StrEnum):
    """Where a decision that may take two people stands. ``proposed``: it waits for the second of them."""

    PROPOSED = "proposed"
    DONE = "done"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class Override(_State, frozen=True, kw_only=True):
    """A decision against the rules, or the proposal of one. ``by``: who began it; ``answered_by``: who ended it.

    cancellation: the one it approves or reverses. amount_minor: the money it moves, as both people read it.
    """

    number: int
    act: Act
    cancellation: CancellationId | None = None
    lines: dict[str, int]
    reason: str
    amount_minor: int
    by: str
    at: Instant
    due_at: Instant
    outcome: ProposalOutcome = ProposalOutcome.PROPOSED
    answered_by: str = ""
    answered_at: Instant | None = None
    grants: Granting | None = None


class MoneyAct(StrEnum):
    """How people move money by hand: give some back, settle a refund that failed, say that they paid one out."""

    GIVE_BACK = "give_back"
    SETTLE = "settle_failed_refund"
    CONFIRM = "confirm_refund_order"


class MoneyTerms(_State, frozen=True, kw_only=True):
    """What somebody wants to do with money: enough to judge it again when a second person agrees.

    amount_minor: all that moves, ``shipping_minor`` of it for delivery. refund: the one that failed or is to be paid
    out. way: as in ``failed_refund.WayOn``. reference: of the payment, or the number of the voucher.
    """

    act: MoneyAct
    amount_minor: int
    shipping_minor: int = 0
    refund: RefundId | None = None
    way: str = ""
    reference: str = ""
    paid_on: date | None = None


class Proposal(_State, frozen=True, kw_only=True):
    """Money that ``by`` of the shop or of support (``side``, an actor's kind) wants to move, and whoever ended that."""

    number: int
    terms: MoneyTerms
    side: str
    by: str
    at: Instant
    due_at: Instant
    comment: NoteRef | None = None
    consent: NoteRef | None = None
    outcome: ProposalOutcome = ProposalOutcome.PROPOSED
    answered_by: str = ""
    answered_at: Instant | None = None
    grants: Granting | None = None


class Timer(_State, frozen=True, kw_only=True):
    """Something the clock does by itself, by the policy's name for it. ``then``: remind, late or cancel.

    since: when a limit was promised, None where it was with the order; returned_s: seconds given back, as of a review.
    """

    name: str
    then: str
    due_at: Instant
    rung_at: Instant | None = None
    since: Instant | None = None
    returned_s: int = 0
