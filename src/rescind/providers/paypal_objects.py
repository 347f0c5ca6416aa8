"""What PayPal's answers and messages are made of, as far as we read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec

from rescind.core.errors import RescindError
from rescind.core.ids import canonical
from rescind.core.refund import ProviderOutcome
from rescind.providers.paypal_units import from_paypal

_OUTCOMES: Mapping[str, ProviderOutcome] = {
    "COMPLETED": ProviderOutcome.SUCCEEDED,
    "PENDING": ProviderOutcome.SUBMITTED,
    "FAILED": ProviderOutcome.DECLINED,
    "CANCELLED": ProviderOutcome.DECLINED,
}


def ours(prefix: str, text: str) -> str:
    """Our id, or nothing where what stands there is none of ours: somebody's own invoice number."""
    try:
        return canonical(prefix, text)
    except RescindError:
        return ""


class Amount(msgspec.Struct):
    """Money as they write it."""

    currency_code: str
    value: str

    @property
    def minor(self) -> int:
        """Minor units of ISO 4217. Raises ValueError."""
        return from_paypal(self.value, self.currency_code)


class Link(msgspec.Struct):
    """Where something belongs."""

    href: str
    rel: str


def above(links: Sequence[Link]) -> str:
    """The id of what something belongs to; empty where no address says so."""
    address = next((one.href for one in links if one.rel == "up"), "")
    return address.rstrip("/").rpartition("/")[2]


class Refund(msgspec.Struct):
    """What we read of a refund. invoice_id: our id of it, custom_id: of its order, where they are ours."""

    id: str
    status: str
    amount: Amount | None = None
    invoice_id: str = ""
    custom_id: str = ""
    create_time: datetime | None = None
    links: list[Link] = []

    @property
    def outcome(self) -> ProviderOutcome:
        """Ours for theirs; a word we do not know is not clear."""
        return _OUTCOMES.get(self.status, ProviderOutcome.IN_DOUBT)

    @property
    def capture(self) -> str:
        """The payment it went back on; they name it only in an address."""
        return above(self.links)


class Merchant(msgspec.Struct):
    """Whose account it is."""

    merchant_id: str = ""


class Disputed(msgspec.Struct):
    """A payment that a dispute is about."""

    seller_transaction_id: str
    seller: Merchant = msgspec.field(default_factory=Merchant)


class Ended(msgspec.Struct):
    """How a dispute ended."""

    outcome_code: str = ""
    amount_refunded: Amount | None = None


class Dispute(msgspec.Struct):
    """What we read of a dispute."""

    dispute_id: str
    status: str
    dispute_amount: Amount
    create_time: datetime
    update_time: datetime | None = None
    dispute_life_cycle_stage: str = ""
    disputed_transactions: list[Disputed] = []
    dispute_outcome: Ended = msgspec.field(default_factory=Ended)


class Disputes(msgspec.Struct):
    """A list of disputes, of which it counts only whether there are any."""

    items: list[object] = []


class Capture(msgspec.Struct):
    """Money that came in."""

    id: str
    status: str
    amount: Amount
    create_time: datetime


class Authorization(msgspec.Struct):
    """Money that was promised."""

    id: str
    status: str
    amount: Amount | None = None
