"""The provider's own books: what came in, what went back, what the bank took. They are the judge of a test.

Amounts are in ISO minor units, whatever the wire makes of them. Nobody writes here but through these methods, and
each either does all of it or raises Refused and does nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from provider.clockwork import Clockwork

REFUND_MOVES = {
    "pending": {"succeeded", "failed", "canceled", "requires_action"},
    "requires_action": {"pending", "succeeded", "failed", "canceled"},
    "succeeded": {"failed"},
    "failed": set(),
    "canceled": set(),
}
"""What may become of a refund. A bank that sends the money back makes ``failed`` of ``succeeded``, days later."""

CAPTURE_MOVES = {
    "requires_payment_method": {"processing", "requires_capture", "succeeded", "canceled"},
    "processing": {"succeeded", "requires_payment_method"},
    "requires_capture": {"succeeded", "canceled"},
    "succeeded": set(),
    "canceled": set(),
}

DISPUTE_MOVES = {
    "warning_needs_response": {"needs_response", "warning_closed"},
    "needs_response": {"under_review", "won", "lost"},
    "under_review": {"won", "lost"},
    "won": set(),
    "lost": set(),
    "warning_closed": set(),
}
"""An inquiry (``warning_``) takes nothing; a chargeback takes the money when it is opened and brings it back if won."""

HELD = {"pending", "requires_action", "succeeded"}
TAKEN = {"needs_response", "under_review", "lost"}


class Refused(Exception):
    """The books do not allow it. ``left``: what could still be refunded.

    ``why``: already_refunded, too_much, disputed, not_captured, not_positive, move.
    """

    def __init__(self, why: str, *, left: int = 0, detail: str = "") -> None:
        super().__init__(why, detail)
        self.why, self.left, self.detail = why, left, detail


@dataclass(slots=True, kw_only=True)
class Capture:
    """A payment: a PaymentIntent and its charge, or PayPal's capture."""

    id: str
    charge: str
    """Stripe's; PayPal's authorisation, where the money was only promised at first."""
    wire: str
    account: str
    amount: int
    currency: str
    status: str
    metadata: dict[str, str]
    invoice_id: str
    created: float
    captured_at: float | None
    destination: str = ""
    """The connected account that a transfer handed the money on to, if any."""
    fee: int = 0
    """What the platform kept of it."""
    canceled_at: float | None = None
    cancel_reason: str = ""
    refunds: list[str] = field(default_factory=list)
    disputes: list[str] = field(default_factory=list)
    refunded: int = 0
    """Of refunds that succeeded or may still. Never above ``amount``."""
    taken: int = 0
    """By chargebacks that are open or lost. May come on top: the bank does not ask."""


@dataclass(slots=True, kw_only=True)
class Refund:
    id: str
    capture: str
    amount: int
    currency: str
    status: str
    by: str
    """``api``, or ``dashboard`` for a person at the provider's own screen."""
    key: str
    metadata: dict[str, str]
    invoice_id: str
    note: str
    reason: str
    failure_reason: str
    pending_reason: str
    created: float
    reversed: int
    """What the seller gave back of its transfer."""
    fee_refunded: int
    """What the platform gave back of its fee."""
    history: list[tuple[float, str]]


@dataclass(slots=True, kw_only=True)
class Dispute:
    id: str
    capture: str
    amount: int
    currency: str
    reason: str
    status: str
    created: float
    updated: float


class Ledger:
    """All books of one provider. ``tell`` hears of everything that happened, after it has."""

    def __init__(self, clock: Clockwork, tell: Callable[[str, Capture, Refund | Dispute | None], None]) -> None:
        self._clock, self._tell = clock, tell
        self.clear()

    def clear(self) -> None:
        self.captures: dict[str, Capture] = {}
        self.by_charge: dict[str, Capture] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self._made = 0

    def _id(self, prefix: str, length: int = 24) -> str:
        """Looks like theirs and is the same in every run: the n-th thing that was made."""
        self._made += 1
        digest = hashlib.blake2b(b"%d" % self._made, digest_size=12).hexdigest()
        return (prefix + digest)[: len(prefix) + length]

    def _paypal_id(self) -> str:
        return self._id("", 17).upper()

    # What came in.

    def add(
        self,
        wire: str,
        amount: int,
        currency: str,
        *,
        account: str = "",
        status: str = "succeeded",
        metadata: dict[str, str] | None = None,
        invoice_id: str = "",
        destination: str = "",
        fee: int = 0,
    ) -> Capture:
        """A payment that was made."""
        if wire not in {"stripe", "paypal"} or status not in CAPTURE_MOVES or amount <= 0 or len(currency) != 3:
            raise Refused("move", detail=f"no such payment: {wire} {status} {amount} {currency}")
        now, paypal, held = self._clock.now(), wire == "paypal", status == "requires_capture"
        capture = Capture(
            id=self._paypal_id() if paypal else self._id("pi_3"),
            charge=(self._paypal_id() if held else "") if paypal else self._id("ch_3"),
            wire=wire,
            account=account,
            amount=amount,
            currency=currency.upper(),
            status=status,
            metadata=metadata or {},
            invoice_id=invoice_id,
            created=now,
            captured_at=now if status == "succeeded" else None,
            destination=destination,
            fee=fee,
        )
        self.captures[capture.id] = capture
        if capture.charge:
            self.by_charge[capture.charge] = capture
        return capture

    def find(self, name: str) -> Capture | None:
        return self.captures.get(name) or self.by_charge.get(name)

    def move_capture(self, capture: Capture, status: str, reason: str = "") -> None:
        """Paid after all, or cancelled before anything was captured."""
        if status not in CAPTURE_MOVES[capture.status]:
            raise Refused("move", detail=f"a payment that is {capture.status} cannot become {status}")
        capture.status = status
        if status == "succeeded":
            capture.captured_at = self._clock.now()
        elif status == "canceled":
            capture.canceled_at, capture.cancel_reason = self._clock.now(), reason
        self._tell(f"capture.{status}", capture, None)

    # What goes back.

    def left(self, capture: Capture) -> int:
        return max(0, capture.amount - capture.refunded - capture.taken)

    def refund(
        self,
        capture: Capture,
        amount: int | None,
        *,
        key: str = "",
        by: str = "api",
        status: str = "succeeded",
        metadata: dict[str, str] | None = None,
        reason: str = "",
        invoice_id: str = "",
        note: str = "",
        failure_reason: str = "",
        pending_reason: str = "",
        reverse: bool = False,
        return_fee: bool = False,
    ) -> Refund:
        """Send money back; None: all that is left. Raises Refused, with what is left."""
        left = self.left(capture)
        if capture.status != "succeeded":
            raise Refused("not_captured")
        if amount is not None and amount <= 0:
            raise Refused("not_positive", left=left)
        if self._charged_back(capture):
            raise Refused("disputed", left=left)
        if left == 0:
            raise Refused("already_refunded")
        amount = left if amount is None else amount
        if amount > left:
            raise Refused("too_much", left=left)
        now = self._clock.now()
        refund = Refund(
            id=self._id("re_3") if capture.wire == "stripe" else self._paypal_id(),
            capture=capture.id,
            amount=amount,
            currency=capture.currency,
            status=status,
            by=by,
            key=key,
            metadata=metadata or {},
            invoice_id=invoice_id,
            note=note,
            reason=reason,
            failure_reason=failure_reason if status == "failed" else "",
            pending_reason=pending_reason if status == "pending" else "",
            created=now,
            reversed=amount if reverse else 0,
            fee_refunded=capture.fee * amount // capture.amount if return_fee else 0,
            history=[(now, status)],
        )
        self.refunds[refund.id] = refund
        capture.refunds.append(refund.id)
        if status in HELD:
            capture.refunded += amount
        assert capture.refunded <= capture.amount
        self._tell(f"refund.created.{status}", capture, refund)
        return refund

    def move_refund(self, refund: Refund, status: str, failure_reason: str = "") -> None:
        """What became of it. Money that comes back can be refunded again."""
        if status not in REFUND_MOVES[refund.status]:
            raise Refused("move", detail=f"a refund that is {refund.status} cannot become {status}")
        capture = self.captures[refund.capture]
        if refund.status in HELD and status not in HELD:
            capture.refunded -= refund.amount
        refund.status, refund.pending_reason = status, ""
        refund.failure_reason = (failure_reason or "unknown") if status == "failed" else ""
        refund.history.append((self._clock.now(), status))
        self._tell(f"refund.{status}", capture, refund)

    # What the bank takes.

    def _charged_back(self, capture: Capture) -> bool:
        return any(self.disputes[name].status in TAKEN for name in capture.disputes)

    def dispute(
        self, capture: Capture, amount: int | None = None, reason: str = "", *, inquiry: bool = False
    ) -> Dispute:
        """A buyer went to the bank. An inquiry asks only; anything else takes the money at once."""
        if capture.status != "succeeded":
            raise Refused("not_captured")
        now = self._clock.now()
        dispute = Dispute(
            id=self._id("dp_1") if capture.wire == "stripe" else f"PP-D-{self._paypal_id()[:6]}",
            capture=capture.id,
            amount=capture.amount if amount is None else amount,
            currency=capture.currency,
            reason=reason,
            status="warning_needs_response" if inquiry else "needs_response",
            created=now,
            updated=now,
        )
        self.disputes[dispute.id] = dispute
        capture.disputes.append(dispute.id)
        if not inquiry:
            capture.taken += dispute.amount
        self._tell("dispute.created", capture, dispute)
        return dispute

    def move_dispute(self, dispute: Dispute, status: str) -> None:
        if status not in DISPUTE_MOVES[dispute.status]:
            raise Refused("move", detail=f"a dispute that is {dispute.status} cannot become {status}")
        capture = self.captures[dispute.capture]
        capture.taken += dispute.amount * ((status in TAKEN) - (dispute.status in TAKEN))
        dispute.status, dispute.updated = status, self._clock.now()
        self._tell(f"dispute.{status}", capture, dispute)

    # What a test compares with.

    def facts(self) -> dict[str, object]:
        """Everything, and ``paid_twice``: payments of which more left than came in, by a chargeback on top."""
        captures = []
        for capture in self.captures.values():
            refunds = [self.refunds[name] for name in capture.refunds]
            assert capture.refunded == sum(refund.amount for refund in refunds if refund.status in HELD)
            succeeded = sum(refund.amount for refund in refunds if refund.status == "succeeded")
            captures.append({**asdict(capture), "succeeded": succeeded, "left": self.left(capture)})
        return {
            "captures": captures,
            "refunds": [asdict(refund) for refund in self.refunds.values()],
            "disputes": [asdict(dispute) for dispute in self.disputes.values()],
            "paid_twice": [each["id"] for each in captures if each["refunded"] + each["taken"] > each["amount"]],
        }
