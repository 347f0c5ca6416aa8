"""The books as PayPal's objects: amounts as decimal strings, statuses in capitals, links to everything."""

import re
from decimal import Decimal

from provider.fake import Fake
from provider.ledger import Capture, Dispute, Refund

CURRENCIES = {
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "MYR", "NOK"),
    *("NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
}
WHOLE = {"HUF": 100, "JPY": 1, "TWD": 100}
"""No decimals at PayPal, and how many minor units of ISO 4217 one of them is."""

VALUE = re.compile(r"-?\d{1,30}(\.\d+)?|-?\.\d+", re.ASCII)

REFUND_STATUS = {
    "succeeded": "COMPLETED",
    "pending": "PENDING",
    "requires_action": "PENDING",
    "failed": "FAILED",
    "canceled": "CANCELLED",
}
CAPTURE_STATUS = {
    "requires_payment_method": "DECLINED",
    "canceled": "DECLINED",
    "processing": "PENDING",
    "requires_capture": "PENDING",
}
DISPUTE_STATUS = {
    "warning_needs_response": ("WAITING_FOR_SELLER_RESPONSE", "INQUIRY", "REQUIRED_ACTION", ""),
    "needs_response": ("WAITING_FOR_SELLER_RESPONSE", "CHARGEBACK", "REQUIRED_ACTION", ""),
    "under_review": ("UNDER_REVIEW", "CHARGEBACK", "UNDER_PAYPAL_REVIEW", ""),
    "won": ("RESOLVED", "CHARGEBACK", "RESOLVED", "RESOLVED_SELLER_FAVOUR"),
    "lost": ("RESOLVED", "CHARGEBACK", "RESOLVED", "RESOLVED_BUYER_FAVOUR"),
    "warning_closed": ("RESOLVED", "INQUIRY", "RESOLVED", "CANCELED_BY_BUYER"),
}
"""Of ours: their status, how far it went, whose turn it is, and how it ended."""


def money(minor: int, currency: str) -> dict[str, str]:
    if unit := WHOLE.get(currency):
        return {"currency_code": currency, "value": str(minor // unit)}
    return {"currency_code": currency, "value": f"{Decimal(minor) / 100:.2f}"}


def minor_units(value: str, currency: str) -> int:
    """Raises ValueError with PayPal's own word for what is wrong."""
    if not VALUE.fullmatch(value):
        raise ValueError("INVALID_PARAMETER_SYNTAX")
    amount, unit = Decimal(value), WHOLE.get(currency)
    if unit:
        if "." in value:
            raise ValueError("DECIMALS_NOT_SUPPORTED")
        return int(amount) * unit
    if len(value.partition(".")[2]) > 2:
        raise ValueError("DECIMAL_PRECISION")
    return int(amount * 100)


def links(base: str, *some: tuple[str, str, str]) -> list[dict[str, str]]:
    return [{"href": f"{base}{path}", "rel": rel, "method": method} for path, rel, method in some]


def refund_object(refund: Refund, capture: Capture, fake: Fake, base: str) -> dict[str, object]:
    gross = money(refund.amount, refund.currency)
    refunded = money(capture.refunded, capture.currency)
    shown: dict[str, object] = {
        "id": refund.id,
        "amount": gross,
        "status": REFUND_STATUS[refund.status],
        "seller_payable_breakdown": {
            "gross_amount": gross,
            "paypal_fee": money(0, refund.currency),
            "net_amount": gross,
            "total_refunded_amount": refunded,
        },
        "payer": {"merchant_id": merchant(capture, fake)},
        "create_time": fake.clock.iso(refund.created),
        "update_time": fake.clock.iso(refund.history[-1][0]),
        "links": links(
            base,
            (f"/v2/payments/refunds/{refund.id}", "self", "GET"),
            (f"/v2/payments/captures/{capture.id}", "up", "GET"),
        ),
    }
    if refund.status == "pending":
        shown["status_details"] = {"reason": "ECHECK"}
    if refund.invoice_id:
        shown["invoice_id"] = refund.invoice_id
    if custom := refund.metadata.get("custom_id"):
        shown["custom_id"] = custom
    if refund.note:
        shown["note_to_payer"] = refund.note
    return shown


def merchant(capture: Capture, fake: Fake) -> str:
    """Whose account it is on."""
    return capture.account or fake.settings.paypal_merchant


def capture_status(capture: Capture) -> str:
    if capture.status != "succeeded":
        return CAPTURE_STATUS[capture.status]
    if capture.refunded == capture.amount:
        return "REFUNDED"
    return "PARTIALLY_REFUNDED" if capture.refunded else "COMPLETED"


def capture_object(capture: Capture, fake: Fake, base: str) -> dict[str, object]:
    gross = money(capture.amount, capture.currency)
    shown: dict[str, object] = {
        "id": capture.id,
        "amount": gross,
        "final_capture": True,
        "status": capture_status(capture),
        "seller_protection": {"status": "ELIGIBLE", "dispute_categories": ["ITEM_NOT_RECEIVED"]},
        "seller_receivable_breakdown": {
            "gross_amount": gross,
            "paypal_fee": money(0, capture.currency),
            "net_amount": gross,
        },
        "create_time": fake.clock.iso(capture.created),
        "update_time": fake.clock.iso(capture.captured_at or capture.created),
        "links": links(
            base,
            (f"/v2/payments/captures/{capture.id}", "self", "GET"),
            (f"/v2/payments/captures/{capture.id}/refund", "refund", "POST"),
        ),
    }
    shown["payee"] = {"merchant_id": merchant(capture, fake)}
    if capture.invoice_id:
        shown["invoice_id"] = capture.invoice_id
    if custom := capture.metadata.get("custom_id"):
        shown["custom_id"] = custom
    if shown["status"] == "PENDING":
        shown["status_details"] = {"reason": "ECHECK"}
    return shown


AUTHORIZATION_STATUS = {"requires_capture": "CREATED", "succeeded": "CAPTURED", "canceled": "VOIDED"}


def authorization_object(capture: Capture, fake: Fake, base: str) -> dict[str, object]:
    """What was promised, under an id of its own."""
    shown: dict[str, object] = {
        "id": capture.charge,
        "status": AUTHORIZATION_STATUS[capture.status],
        "amount": money(capture.amount, capture.currency),
        "create_time": fake.clock.iso(capture.created),
        "update_time": fake.clock.iso(capture.captured_at or capture.canceled_at or capture.created),
        "expiration_time": fake.clock.iso(capture.created + 29 * 86400),
        "links": links(
            base,
            (f"/v2/payments/authorizations/{capture.charge}", "self", "GET"),
            (f"/v2/payments/authorizations/{capture.charge}/void", "void", "POST"),
        ),
    }
    if capture.invoice_id:
        shown["invoice_id"] = capture.invoice_id
    return shown


def dispute_object(dispute: Dispute, capture: Capture, fake: Fake, base: str, *, whole: bool) -> dict[str, object]:
    """whole: with what a list leaves out, the transactions above all."""
    status, stage, state, outcome = DISPUTE_STATUS[dispute.status]
    shown: dict[str, object] = {
        "dispute_id": dispute.id,
        "create_time": fake.clock.iso(dispute.created),
        "update_time": fake.clock.iso(dispute.updated),
        "reason": (dispute.reason or "merchandise_or_service_not_received").upper(),
        "status": status,
        "dispute_state": state,
        "dispute_amount": money(dispute.amount, dispute.currency),
        "dispute_life_cycle_stage": stage,
        "dispute_channel": "INTERNAL" if stage == "INQUIRY" else "EXTERNAL",
        "links": links(base, (f"/v1/customer/disputes/{dispute.id}", "self", "GET")),
    }
    if outcome:
        shown["outcome"] = outcome
    if whole:
        shown.pop("outcome", None)
        shown["disputed_transactions"] = [
            {
                "seller_transaction_id": capture.id,
                "seller": {"merchant_id": merchant(capture, fake)},
                "create_time": fake.clock.iso(capture.created),
                "transaction_status": "COMPLETED",
                "gross_amount": money(capture.amount, capture.currency),
                **({"invoice_number": capture.invoice_id} if capture.invoice_id else {}),
            }
        ]
        if outcome:
            refunded = dispute.amount if outcome == "RESOLVED_BUYER_FAVOUR" else 0
            shown["dispute_outcome"] = {
                "outcome_code": outcome,
                "amount_refunded": money(refunded, dispute.currency),
            }
    return shown


def reversal_object(dispute: Dispute, capture: Capture, base: str) -> dict[str, object]:
    """What the buyer got by a dispute, as a refund that nobody asked for."""
    return {
        "id": capture.id[::-1],
        "status": "COMPLETED",
        "amount": money(dispute.amount, dispute.currency),
        "links": links(base, (f"/v2/payments/captures/{capture.id}", "up", "GET")),
    }


def transaction(about: Capture | Refund, capture: Capture, fake: Fake) -> dict[str, object]:
    """One line of the transaction search: money that came is above zero, money that went below."""
    refund = about if isinstance(about, Refund) else None
    amount = money(about.amount, about.currency)
    status = {"failed": "D", "canceled": "V"}.get(about.status, "S" if about.status == "succeeded" else "P")
    info: dict[str, object] = {
        "transaction_id": about.id,
        "transaction_event_code": "T1107" if refund else "T0006",
        "transaction_initiation_date": fake.clock.iso(about.created),
        "transaction_updated_date": fake.clock.iso(refund.history[-1][0] if refund else about.created),
        "transaction_amount": amount | ({"value": "-" + amount["value"]} if refund else {}),
        "transaction_status": status,
    }
    if refund:
        info |= {"paypal_reference_id": capture.id, "paypal_reference_id_type": "TXN"}
    if about.invoice_id:
        info["invoice_id"] = about.invoice_id
    if custom := about.metadata.get("custom_id"):
        info["custom_field"] = custom
    return {"transaction_info": info}


def happenings(
    news: str, capture: Capture, about: Refund | Dispute | None, fake: Fake, base: str
) -> list[tuple[str, str, dict[str, object]]]:
    """The webhook events that PayPal makes of something in the books: name, kind of resource, resource."""
    if isinstance(about, Refund):
        shown = refund_object(about, capture, fake, base)
        names = {
            "COMPLETED": "PAYMENT.CAPTURE.REFUNDED",
            "PENDING": "PAYMENT.REFUND.PENDING",
            "FAILED": "PAYMENT.REFUND.FAILED",
            "CANCELLED": "PAYMENT.REFUND.FAILED",
        }
        return [(names[str(shown["status"])], "refund", shown)]
    if isinstance(about, Dispute):
        shown = dispute_object(about, capture, fake, base, whole=True)
        if news == "dispute.created":
            return [("CUSTOMER.DISPUTE.CREATED", "dispute", shown)]
        name = "RESOLVED" if shown["status"] == "RESOLVED" else "UPDATED"
        told = [(f"CUSTOMER.DISPUTE.{name}", "dispute", shown)]
        if about.status == "lost":
            told.append(("PAYMENT.CAPTURE.REVERSED", "refund", reversal_object(about, capture, base)))
        return told
    if capture.charge and capture.status == "canceled":
        return [("PAYMENT.AUTHORIZATION.VOIDED", "authorization", authorization_object(capture, fake, base))]
    names = {"COMPLETED": "COMPLETED", "DECLINED": "DECLINED"}
    name = names.get(capture_status(capture), "PENDING")
    return [(f"PAYMENT.CAPTURE.{name}", "capture", capture_object(capture, fake, base))]
