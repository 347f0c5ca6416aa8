"""What Stripe tells us: whether it was Stripe, and what it is about.

A message is a hint: of refunds and disputes it says only which one, and how that stands is asked anew. So it does not
matter in which order messages come, how often, or how late.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256
from typing import Any

import msgspec

from rescind.core.instant import Instant
from rescind.core.ports import DisputeNews, News, PaymentNews, RefundNews, Told
from rescind.providers.stripe_client import StripeClient
from rescind.providers.stripe_objects import ORDER, REFUND, Dispute, Refund, instant
from rescind.providers.stripe_units import from_stripe

TOLERANCE = timedelta(seconds=300)
_TAKEN = frozenset({"needs_response", "under_review"})


class _Event(msgspec.Struct):
    id: str
    type: str
    livemode: bool
    data: dict[str, Any]
    account: str = ""
    created: int = 0


class _Object(msgspec.Struct):
    object: str
    id: str


class _Intent(msgspec.Struct):
    id: str
    amount_received: int
    currency: str
    latest_charge: str | None = None


def opened(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], now: Instant) -> Told | None:
    """The message, if one of these secrets signed these bytes within the last minutes, else None (WH-01)."""
    stamp, signatures = 0, list[str]()
    for part in headers.get("stripe-signature", "").split(","):
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isascii() and value.isdigit() and len(value) < 12:
            stamp = int(value)
        elif name == "v1":
            signatures.append(value)
    if abs(now - instant(stamp)) > TOLERANCE:
        return None
    wanted = [hmac.new(one.encode(), b"%d.%s" % (stamp, body), sha256).hexdigest() for one in secrets if one]
    good = False
    for one in wanted:
        for signature in signatures:
            # Each is compared, so that the time tells nothing.
            good |= hmac.compare_digest(one.encode(), signature.encode())
    if not good:
        return None
    try:
        event = msgspec.json.decode(body, type=_Event)
    except msgspec.DecodeError:
        return None
    return Told(id=event.id, type=event.type, test=not event.livemode)


async def news(client: StripeClient, body: bytes) -> tuple[News, ...] | None:
    """What a message is about, as it stands now. None: nothing we know. Raises Unavailable, msgspec.ValidationError."""
    event = msgspec.json.decode(body, type=_Event)
    told = event.data.get("object")
    match msgspec.convert(told, _Object).object:
        case "refund":
            found = await client.find(msgspec.convert(told, Refund).id, event.account)
            return None if found is None else (_refund(found),)
        case "charge" if event.type in {"charge.refunded", "charge.succeeded"}:
            return ()  # A message of its own tells of the refund, and of the payment.
        case "dispute":
            known = await client.find_dispute(msgspec.convert(told, _Object).id, event.account)
            return None if known is None else _dispute(known, event)
        case "payment_intent" if event.type == "payment_intent.succeeded":
            return (_payment(msgspec.convert(told, _Intent), event),)
        case "payment_intent":
            return ()
        case _:
            return None


def _refund(found: Refund) -> RefundNews:
    currency = found.currency.upper()
    return RefundNews(
        refund=found.metadata.get(REFUND, ""),
        order=found.metadata.get(ORDER, ""),
        reference=found.id,
        payments=_names(found.payment_intent, found.charge),
        amount_minor=from_stripe(found.amount, currency),
        currency=currency,
        status=found.outcome,
        at=instant(found.created),
    )


def _dispute(found: Dispute, event: _Event) -> tuple[News, ...]:
    """An inquiry takes nothing; a chargeback takes the money when it is opened, until the bank says how it ends."""
    won, lost = found.status == "won", found.status == "lost"
    if not won and not lost and found.status not in _TAKEN:
        return ()
    currency = found.currency.upper()
    return (
        DisputeNews(
            reference=found.id,
            payments=_names(found.payment_intent, found.charge),
            amount_minor=from_stripe(found.amount, currency),
            currency=currency,
            # They do not say when it ended, but it had when they told us of it, or ends as we ask.
            at=instant(max(event.created, found.created) if won or lost else found.created),
            won=won,
            lost=lost,
        ),
    )


def _payment(told: _Intent, event: _Event) -> PaymentNews:
    currency = told.currency.upper()
    created = event.data["object"].get("created")
    return PaymentNews(
        payments=_names(told.id, told.latest_charge),
        amount_minor=from_stripe(told.amount_received, currency),
        currency=currency,
        at=instant(created if isinstance(created, int) else 0),
    )


def _names(*names: str | None) -> tuple[str, ...]:
    return tuple(name for name in names if name)
