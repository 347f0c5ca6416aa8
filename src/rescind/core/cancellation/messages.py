"""What can be asked about stopping an order, and what can have happened."""

from __future__ import annotations

import msgspec

from rescind.core.event import BaseCommand, BaseEvent, Ground, Note, NoteRef
from rescind.core.evidence import EvidenceRef
from rescind.core.ids import CancellationId, MessageId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.outage import Outage
from rescind.core.parts import CancellationStatus, Decider, Timer
from rescind.core.policy import Finding
from rescind.core.price import Fee
from rescind.core.refund import RefundTerms
from rescind.core.stage import Stage


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message in which the buyer plainly asked to cancel, and when it was sent."""

    message: MessageId
    at: Instant


class RequestCancellation(BaseCommand, frozen=True, kw_only=True):
    """The buyer, or support with the buyer's consent, asks to stop an order.

    lines: units by line id, None for everything open. anyway: ask the seller although the window is closed (M-02).
    consent: how the buyer agreed that support files this (M-49). refund: what whoever asks was shown would go back;
    verdict: what they were shown would be answered, empty where they were shown nothing.
    said: the message the request is filed from, whose time counts where the policy says so.
    """

    reason: str
    lines: dict[str, int] | None = None
    anyway: bool = False
    comment: Note | None = None
    consent: Note | None = None
    evidence: tuple[EvidenceRef, ...] = ()
    refund: Money | None = None
    verdict: str = ""
    said: Said | None = None


class ApproveCancellation(BaseCommand, frozen=True, kw_only=True):
    """The seller agrees to a request, or support to one that the platform decides. refund: what they were shown."""

    cancellation: CancellationId
    comment: Note | None = None
    refund: Money | None = None


class RefuseCancellation(BaseCommand, frozen=True, kw_only=True):
    """The seller declines a request, with a listed reason; ``already_shipped`` needs carrier and tracking (R-053).

    Support declines one that the platform decides, with a reason of its own list.
    """

    cancellation: CancellationId
    reason: str
    carrier: str = ""
    tracking: str = ""
    comment: Note | None = None
    evidence: tuple[EvidenceRef, ...] = ()


class AnswerForCarrier(BaseCommand, frozen=True, kw_only=True):
    """What the carrier says to a request that waits for it (R-007): ``stops``: the goods come back to the seller.

    comment: in support's hands the carrier's own words, or the number they can be found by.
    """

    cancellation: CancellationId
    stops: bool
    comment: Note | None = None


class WithdrawCancellation(BaseCommand, frozen=True, kw_only=True):
    """The buyer, or support with consent, takes a request back."""

    cancellation: CancellationId
    consent: Note | None = None


class CancelBySeller(BaseCommand, frozen=True, kw_only=True):
    """The seller stops the order of their own accord (R-037). refund, verdict: what they were shown, as above."""

    reason: str
    lines: dict[str, int] | None = None
    comment: Note | None = None
    evidence: tuple[EvidenceRef, ...] = ()
    refund: Money | None = None
    verdict: str = ""


class LapseDeadline(BaseCommand, frozen=True, kw_only=True):
    """The instant came at which silence is an answer (CONSENT-2). ``outages``: when nobody could have answered."""

    cancellation: CancellationId
    outages: tuple[Outage, ...] = ()


class RequestTerms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was asked, by whom, at what stage. ``filed_by`` differs from ``requested_by`` when support filed it.

    fault: whose fault it is when the system cancels. fees: what the seller keeps if it is approved, as it was shown.
    said: the message whose time counted, where it was to the buyer's good. lost_s: the seconds in which nobody could
    ask, where the answer is kinder without them (I-38).
    """

    reason: str
    requested_by: str
    filed_by: str
    stage: Stage
    lines: dict[str, int]
    refund_minor: int
    comment: NoteRef | None = None
    consent: NoteRef | None = None
    fault: str = ""
    evidence: tuple[EvidenceRef, ...] = ()
    fees: tuple[Fee, ...] = ()
    said: Said | None = None
    lost_s: int = 0


class CancellationApproved(BaseEvent, frozen=True, kw_only=True):
    """The units are cancelled and their money is owed. ``request``: present when asked and answered at once.

    ground: of a policy's or a person's decision; the system's own needs no rule. fees: what the seller keeps.
    benefits: units of vouchers and points that go back, by the host's id.
    """

    cancellation: CancellationId
    by: Decider
    lines: dict[str, int]
    refunds: tuple[RefundTerms, ...] = ()
    shipping_minor: int = 0
    request: RequestTerms | None = None
    ground: Ground | None = None
    comment: NoteRef | None = None
    charges_minor: int = 0
    fees: tuple[Fee, ...] = ()
    benefits: dict[str, int] = {}  # noqa: RUF012 - copied each time, and left out of the bytes while empty


class SellerAsked(BaseEvent, frozen=True, kw_only=True):
    """The seller must answer before ``answer_due_at``, then ``on_silence`` answers. It is stored: a promise stays.

    unreached: nobody can tell the shop of it, so that silence leaves it to the platform, whatever the policy says.
    """

    cancellation: CancellationId
    request: RequestTerms
    ground: Ground
    answer_due_at: Instant
    on_silence: str
    unreached: bool = False


class CancellationHeld(BaseEvent, frozen=True, kw_only=True):
    """The carrier or the platform must answer before ``due_at``."""

    cancellation: CancellationId
    by: CancellationStatus
    request: RequestTerms | None = None
    ground: Ground | None = None
    due_at: Instant
    on_silence: str


class CancellationRefused(BaseEvent, frozen=True, kw_only=True):
    """The order goes on. ``answer``: the reason of the seller or of support who refused.

    instead: what is left to the buyer, where it is not the policy that says so.
    """

    cancellation: CancellationId
    by: Decider
    request: RequestTerms | None = None
    ground: Ground | None = None
    answer: str = ""
    comment: NoteRef | None = None
    evidence: tuple[EvidenceRef, ...] = ()
    instead: str = ""


class CancellationWithdrawn(BaseEvent, frozen=True, kw_only=True):
    """The buyer took the request back."""

    cancellation: CancellationId
    consent: NoteRef | None = None


class CancellationOvertaken(BaseEvent, frozen=True, kw_only=True):
    """The goods left before anybody answered (R-050)."""

    cancellation: CancellationId


class DeadlineExtended(BaseEvent, frozen=True, kw_only=True):
    """Whoever must answer gets the time back in which we were not there (I-38): ``returned_s`` seconds more."""

    cancellation: CancellationId
    due_at: Instant
    returned_s: int


class CancellationReopened(BaseEvent, frozen=True, kw_only=True):
    """The goods had not left after all: the request that their leaving had closed waits again, by its old deadline."""

    cancellation: CancellationId


class CancellationUndone(BaseEvent, frozen=True, kw_only=True):
    """What was cancelled stands again: it had been paid in time, as we hear now (S-04), or ``by`` support says so.

    back: units by line that had left, are in the house again and are the order's again; parcels: those that brought
    them, on no way any more. timers and dispatch_due_at: what is promised anew, where a time to ship was over.
    """

    cancellation: CancellationId
    by: str = ""
    back: dict[str, int] = msgspec.field(default_factory=dict[str, int])
    parcels: tuple[str, ...] = ()
    timers: tuple[Timer, ...] = ()
    dispatch_due_at: Instant | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The whole answer: what happened, why, and which words were said."""

    events: tuple[BaseEvent, ...]
    finding: Finding | None = None
    notes: tuple[Note, ...] = ()
