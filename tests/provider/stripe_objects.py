"""The books as Stripe's objects: amounts in the minor units that Stripe counts in, currencies in lower case."""

from provider.fake import Fake
from provider.ledger import HELD, TAKEN, Capture, Dispute, Refund

HUNDREDFOLD = {"ISK", "UGX"}
"""No decimals in ISO 4217, two at Stripe, both of them 0."""
WHOLE = {"MGA"}
"""Two decimals in ISO 4217, none at Stripe."""
THREE_DECIMALS = {"BHD", "JOD", "KWD", "OMR", "TND"}
NO_DECIMALS = {
    *("BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA"),
    *("PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF"),
}
SIGNS = {"EUR": "€", "GBP": "£", "JPY": "¥", "USD": "$"}


def to_stripe(minor: int, currency: str) -> int:
    if currency in HUNDREDFOLD:
        return minor * 100
    return minor // 100 if currency in WHOLE else minor


def from_stripe(amount: int, currency: str) -> int | None:
    """None where the currency has no such amount: the last digits that have to be 0 are not."""
    if currency in HUNDREDFOLD:
        return None if amount % 100 else amount // 100
    if currency in THREE_DECIMALS and amount % 10:
        return None
    return amount * 100 if currency in WHOLE else amount


def spelled(minor: int, currency: str) -> str:
    amount, digits = (
        to_stripe(minor, currency),
        3 if currency in THREE_DECIMALS else 0 if currency in NO_DECIMALS else 2,
    )
    return f"{SIGNS.get(currency, currency + ' ')}{amount / 10**digits:,.{digits}f}"


def refund_object(refund: Refund, capture: Capture) -> dict[str, object]:
    """As of API version 2026-10-28; the members that depend on the way of paying are those of a card."""
    shown: dict[str, object] = {
        "id": refund.id,
        "object": "refund",
        "amount": to_stripe(refund.amount, refund.currency),
        "balance_transaction": "txn_" + refund.id[3:] if refund.status in {"succeeded", "failed"} else None,
        "charge": capture.charge,
        "created": int(refund.created),
        "currency": refund.currency.lower(),
        "destination_details": {
            "card": {"reference_status": "pending", "reference_type": "acquirer_reference_number", "type": "refund"},
            "type": "card",
        },
        "metadata": refund.metadata,
        "payment_intent": capture.id,
        "payment_method": "pm_" + capture.id[3:],
        "reason": refund.reason or None,
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": refund.status,
        "transfer_reversal": "trr_" + refund.id[3:] if refund.reversed else None,
    }
    if refund.status == "failed":
        shown["failure_reason"] = refund.failure_reason
        shown["failure_balance_transaction"] = "txn_f" + refund.id[4:]
    if refund.pending_reason:
        shown["pending_reason"] = refund.pending_reason
    return shown


def charge_object(capture: Capture) -> dict[str, object]:
    amount, captured = to_stripe(capture.amount, capture.currency), capture.status == "succeeded"
    return {
        "id": capture.charge,
        "object": "charge",
        "amount": amount,
        "amount_captured": amount if captured else 0,
        "amount_refunded": to_stripe(capture.refunded, capture.currency),
        "balance_transaction": "txn_" + capture.charge[3:] if captured else None,
        "captured": captured,
        "created": int(capture.created),
        "currency": capture.currency.lower(),
        "customer": None,
        "description": None,
        "disputed": bool(capture.disputes),
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": capture.metadata,
        "outcome": {"network_status": "approved_by_network", "type": "authorized"},
        "paid": capture.status in {"succeeded", "requires_capture"},
        "payment_intent": capture.id,
        "payment_method": "pm_" + capture.id[3:],
        "refunded": capture.refunded == capture.amount,
        "status": "succeeded",
    }


def intent_object(capture: Capture) -> dict[str, object]:
    amount = to_stripe(capture.amount, capture.currency)
    reached = capture.status in {"requires_capture", "succeeded"}
    return {
        "id": capture.id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": amount if capture.status == "requires_capture" else 0,
        "amount_received": amount if capture.status == "succeeded" else 0,
        "application_fee_amount": to_stripe(capture.fee, capture.currency) if capture.fee else None,
        "canceled_at": int(capture.canceled_at) if capture.canceled_at else None,
        "cancellation_reason": capture.cancel_reason or None,
        "capture_method": "manual" if capture.status == "requires_capture" else "automatic",
        "client_secret": f"{capture.id}_secret_fake",
        "confirmation_method": "automatic",
        "created": int(capture.created),
        "currency": capture.currency.lower(),
        "customer": None,
        "description": None,
        "last_payment_error": None,
        "latest_charge": capture.charge if reached else None,
        "livemode": False,
        "metadata": capture.metadata,
        "next_action": None,
        "payment_method": "pm_" + capture.id[3:] if reached else None,
        "payment_method_types": ["card"],
        "status": capture.status,
        "transfer_data": {"destination": capture.destination} if capture.destination else None,
        "transfer_group": None,
    }


def dispute_object(dispute: Dispute, capture: Capture) -> dict[str, object]:
    inquiry = dispute.status.startswith("warning_")
    return {
        "id": dispute.id,
        "object": "dispute",
        "amount": to_stripe(dispute.amount, dispute.currency),
        "balance_transactions": [],
        "charge": capture.charge,
        "created": int(dispute.created),
        "currency": dispute.currency.lower(),
        "evidence_details": {"due_by": int(dispute.created) + 7 * 86400, "has_evidence": False, "submission_count": 0},
        "is_charge_refundable": inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": capture.id,
        "reason": dispute.reason or "product_not_received",
        "status": dispute.status,
    }


def balance_object(fake: Fake) -> dict[str, object]:
    totals: dict[str, int] = {}
    for capture in fake.ledger.captures.values():
        if capture.wire == "stripe" and capture.status == "succeeded":
            kept = capture.amount - capture.refunded - capture.taken
            totals[capture.currency] = totals.get(capture.currency, 0) + to_stripe(kept, capture.currency)
    funds = [
        {"amount": amount, "currency": currency.lower(), "source_types": {"card": amount}}
        for currency, amount in sorted(totals.items())
    ]
    return {"object": "balance", "available": funds, "livemode": False, "pending": []}


def account_object(account: str) -> dict[str, object]:
    return {
        "id": account,
        "object": "account",
        "business_type": "company",
        "charges_enabled": True,
        "country": "US",
        "default_currency": "usd",
        "details_submitted": True,
        "email": "desk@example.com",
        "payouts_enabled": True,
        "type": "standard",
    }


def happenings(news: str, capture: Capture, about: Refund | Dispute | None) -> list[tuple[str, dict[str, object]]]:
    """The webhook events that Stripe makes of something in the books, in the order in which it makes them."""
    charge = charge_object(capture)
    if isinstance(about, Refund):
        refund = refund_object(about, capture)
        if news.startswith("refund.created"):
            events = [("refund.created", refund)]
            if about.status in HELD:
                events.append(("charge.refunded", charge))
        else:
            events = [("refund.updated", refund), ("charge.refund.updated", refund)]
        return events + ([("refund.failed", refund)] if about.status == "failed" else [])
    if isinstance(about, Dispute):
        dispute = dispute_object(about, capture)
        if news == "dispute.created":
            taken = [("charge.dispute.funds_withdrawn", dispute)] if about.status in TAKEN else []
            return [("charge.dispute.created", dispute), *taken]
        if about.status in {"won", "lost", "warning_closed"}:
            back = [("charge.dispute.funds_reinstated", dispute)] if about.status == "won" else []
            return [("charge.dispute.closed", dispute), *back]
        return [("charge.dispute.updated", dispute)]
    intent = intent_object(capture)
    if capture.status == "succeeded":
        return [("payment_intent.succeeded", intent), ("charge.succeeded", charge)]
    return [(f"payment_intent.{capture.status}", intent)]
