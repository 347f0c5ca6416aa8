"""What PayPal tells us: whether it was PayPal, and what it is about.

It signs with a key of its own over the number and time of the delivery, the id of the webhook, and the sum of the
bytes. A message is a hint: of refunds and disputes it says only which one, and how that stands is asked anew.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from rescind.core.instant import Instant
from rescind.core.ports import DisputeNews, News, PaymentNews, RefundNews, Told
from rescind.providers.paypal import PayPal
from rescind.providers.paypal_objects import Amount, Dispute, Link, Merchant, Refund, above, ours

OLDEST, AHEAD = timedelta(days=4), timedelta(seconds=300)
"""How old a delivery may be, and how far ahead of our clock.

They deliver anew for three days and do not say whether each try is signed anew. One that is played back says nothing:
the same message is kept once, and what it is about is asked.
"""
_LOST = frozenset({"RESOLVED_BUYER_FAVOUR", "ACCEPTED"})
_REVERSED = "PAYMENT.CAPTURE.REVERSED"
_ASKING = "INQUIRY"
"""The stage at which buyer and seller talk and nobody has taken anything."""


class _Event(msgspec.Struct):
    id: str
    event_type: str
    resource_type: str
    resource: dict[str, Any]


class _Refunded(msgspec.Struct):
    id: str
    payer: Merchant = msgspec.field(default_factory=Merchant)


class _Gone(msgspec.Struct):
    id: str
    links: list[Link] = []
    payer: Merchant | None = None
    payee: Merchant = msgspec.field(default_factory=Merchant)


class _Disputing(msgspec.Struct):
    class Payment(msgspec.Struct):
        seller: Merchant = msgspec.field(default_factory=Merchant)

    dispute_id: str
    disputed_transactions: list[Payment] = []


class _Captured(msgspec.Struct):
    id: str
    amount: Amount
    create_time: datetime


async def opened(adapter: PayPal, body: bytes, headers: Mapping[str, str], now: Instant) -> Told | None:
    """The message, if PayPal signed these bytes for a webhook of ours lately, else None (WH-01). Raises Unavailable."""
    said = {name: headers.get(f"paypal-{name}", "") for name in ("transmission-id", "transmission-time", "auth-algo")}
    try:
        sent_at = datetime.fromisoformat(said["transmission-time"])
        signature = base64.b64decode(headers.get("paypal-transmission-sig", ""), validate=True)
        event = msgspec.json.decode(body, type=_Event)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        return None
    if said["auth-algo"] != "SHA256withRSA" or sent_at.tzinfo is None or not -AHEAD < now - sent_at < OLDEST:
        return None
    key = await adapter.certificates.key(headers.get("paypal-cert-url", ""), now) if adapter.webhook else None
    if key is None:
        return None
    delivery, summed = f"{said['transmission-id']}|{said['transmission-time']}", zlib.crc32(body)
    if not any(_genuine(key, signature, f"{delivery}|{webhook}|{summed}") for webhook in adapter.webhook):
        return None
    return Told(id=event.id, type=event.event_type, test=adapter.traits.test)


def _genuine(key: rsa.RSAPublicKey, signature: bytes, text: str) -> bool:
    try:
        key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


async def news(adapter: PayPal, body: bytes) -> tuple[News, ...] | None:
    """What a message is about, as it stands now. None: nothing we know.

    Raises Unavailable, msgspec.ValidationError, ValueError.
    """
    event = msgspec.json.decode(body, type=_Event)
    match event.resource_type:
        case "refund" | "capture" if event.event_type == _REVERSED:
            gone = msgspec.convert(event.resource, _Gone)
            seller = (gone.payer or gone.payee).merchant_id
            # What a dispute took is told by the dispute. Anything else a bank takes back is for a person to see.
            return () if await adapter.disputed(above(gone.links) or gone.id, seller) else None
        case "refund":
            refund = msgspec.convert(event.resource, _Refunded)
            found = await adapter.find(refund.id, refund.payer.merchant_id)
            return None if found is None else (_refund(found),)
        case "dispute":
            dispute = msgspec.convert(event.resource, _Disputing)
            sellers = {one.seller.merchant_id for one in dispute.disputed_transactions}
            # What several sellers share is no one of theirs to see; the application itself may.
            known = await adapter.find_dispute(dispute.dispute_id, sellers.pop() if len(sellers) == 1 else "")
            return None if known is None else _dispute(known)
        case "capture" if event.event_type == "PAYMENT.CAPTURE.COMPLETED":
            capture = msgspec.convert(event.resource, _Captured)
            return (
                PaymentNews(
                    payments=(capture.id,),
                    amount_minor=capture.amount.minor,
                    currency=capture.amount.currency_code,
                    at=capture.create_time,
                ),
            )
        case "capture" | "authorization" | "checkout-order":
            return ()
        case _:
            return None


def _refund(found: Refund) -> RefundNews:
    if found.amount is None or found.create_time is None:
        raise ValueError(f"{found.id} has no amount or no time")
    refund, order = ours("ref", found.invoice_id), ours("ord", found.custom_id)
    return RefundNews(
        refund=refund if order else "",
        order=order,
        reference=found.id,
        payments=tuple(name for name in (found.capture,) if name),
        amount_minor=found.amount.minor,
        currency=found.amount.currency_code,
        status=found.outcome,
        at=found.create_time,
    )


def _dispute(found: Dispute) -> tuple[News, ...]:
    """While buyer and seller talk nothing is taken. A claim or chargeback takes the money until it ends."""
    if found.dispute_life_cycle_stage == _ASKING:
        return ()
    over, lost = found.status == "RESOLVED", found.dispute_outcome.outcome_code in _LOST
    back = found.dispute_outcome.amount_refunded
    amount = back.minor if lost and back and back.minor else found.dispute_amount.minor
    return (
        DisputeNews(
            reference=found.dispute_id,
            payments=tuple(one.seller_transaction_id for one in found.disputed_transactions),
            amount_minor=amount,
            currency=found.dispute_amount.currency_code,
            at=(found.update_time or found.create_time) if over else found.create_time,
            won=over and not lost,
            lost=over and lost,
        ),
    )
