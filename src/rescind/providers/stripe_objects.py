"""What we read of Stripe's objects, and the names under which our own ids stand in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from rescind.core.instant import Instant
from rescind.core.refund import ProviderOutcome

REFUND, ORDER = "rescind_refund", "rescind_order"
"""Names in the metadata of a refund under which our own ids stand there."""

_OUTCOMES: Mapping[str, ProviderOutcome] = {
    "succeeded": ProviderOutcome.SUCCEEDED,
    "pending": ProviderOutcome.SUBMITTED,
    "requires_action": ProviderOutcome.SUBMITTED,
    "failed": ProviderOutcome.DECLINED,
    "canceled": ProviderOutcome.DECLINED,
}


class Refund(msgspec.Struct):
    """What we read of a refund."""

    id: str
    amount: int
    currency: str
    created: int
    status: str
    charge: str | None = None
    payment_intent: str | None = None
    metadata: dict[str, str] = {}

    @property
    def outcome(self) -> ProviderOutcome:
        """Ours for theirs; a word we do not know is not clear."""
        return _OUTCOMES.get(self.status, ProviderOutcome.IN_DOUBT)


class Dispute(msgspec.Struct):
    """What we read of a dispute."""

    id: str
    amount: int
    currency: str
    created: int
    status: str
    charge: str | None = None
    payment_intent: str | None = None


class Page(msgspec.Struct):
    """Part of a list of refunds, newest first."""

    data: list[Refund]
    has_more: bool


class Charge(msgspec.Struct):
    """Money that came in; amounts in their own units."""

    id: str
    created: int
    currency: str
    paid: bool
    captured: bool
    amount_captured: int


class Intent(msgspec.Struct):
    """A payment, from the first try until it came in or was given up."""

    id: str
    status: str
    currency: str
    amount_received: int
    amount_capturable: int = 0
    latest_charge: Charge | str | None = None
    metadata: dict[str, str] = {}


class Intents(msgspec.Struct):
    """Payments that a search found."""

    data: list[Intent]


class Balance(msgspec.Struct):
    """What any key may read: whether it moves real money."""

    livemode: bool


class Account(msgspec.Struct):
    """Whose key it is."""

    id: str


def instant(seconds: int) -> Instant:
    """Their time, seconds since 1970, as ours."""
    return datetime.fromtimestamp(seconds, UTC)
