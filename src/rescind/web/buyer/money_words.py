"""What a buyer is told of money: what goes back to which means of payment, how far it is, and when it is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rescind.core.counting import AtTheDoor
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, Refund, RefundStatus, Tender
from rescind.core.refund import Quote
from rescind.locales import Locale
from rescind.web.tender import tender_name

# Working days after the provider has sent it, by method (lowest, highest); 0 is at once. Banks decide, so "usually".
_ARRIVAL: dict[str, tuple[int, int]] = {
    "card": (3, 5),
    "credit_card": (3, 10),
    "debit_card": (5, 10),
    "bank_transfer": (1, 3),
    "boleto": (1, 3),
    "wallet": (0, 1),
    "balance": (0, 0),
    "gift_card": (0, 0),
    "voucher": (0, 0),
    "points": (0, 0),
    "store_credit": (0, 0),
}


def arrival(locale: Locale, method: str) -> str:
    """When money usually is there once it was sent, by the kind of payment (M-15)."""
    _ = locale.gettext
    low, high = _ARRIVAL.get(method, (3, 10))
    if high == 0:
        return _("There at once")
    if low == 0:
        return _("Usually there the same or the next day")
    return _("Usually there in %(low)s to %(high)s working days") % {"low": low, "high": high}


def quote_rows(locale: Locale, quote: Quote, titles: dict[str, str]) -> list[dict[str, Any]]:
    """Rows of the money table: goods by line, discount share, tax, shipping."""
    _ = locale.gettext

    def money(minor: int) -> Money:
        return Money(minor, quote.currency)

    rows: list[dict[str, Any]] = [
        {"label": f"{titles.get(line.line, line.line)} × {line.quantity}", "amount": money(line.goods_minor)}
        for line in quote.lines
    ]
    discount = sum(line.discount_minor for line in quote.lines)
    tax = sum(line.tax_minor for line in quote.lines)
    if discount:
        rows.append({"label": _("Less your discount on these items"), "amount": money(discount), "minus": True})
    if tax:
        rows.append({"label": _("Tax you paid on these items"), "amount": money(tax)})
    if quote.shipping_minor:
        rows.append({"label": _("Delivery"), "amount": money(quote.shipping_minor)})
    return rows


def quote_tenders(locale: Locale, quote: Quote, order: Order) -> list[dict[str, Any]]:
    """What goes back to which means of payment, and when it arrives."""
    by_id = {tender.id: tender for tender in order.tenders}
    return [
        {
            "label": tender_name(locale, by_id[share.tender]),
            "amount": Money(share.amount_minor, quote.currency),
            "note": arrival(locale, by_id[share.tender].method),
        }
        for share in quote.tenders
    ]


def refund_steps(
    locale: Locale, refund: Refund, tender: Tender, approved_at: Instant, frozen_until: Instant | None = None
) -> list[dict[str, Any]]:
    """The way of one refund: approved, sent, accepted, there. A failure says what we do about it.

    frozen_until: when support asks what became of it, while it waits for the buyer's bank.
    """
    _ = locale.gettext
    status = refund.status
    reference = _("Reference %(reference)s") % {"reference": refund.reference} if refund.reference else ""
    sent = status is not RefundStatus.OWED

    def step(label: str, state: str, at: datetime | None = None, detail: str = "") -> dict[str, Any]:
        return {"label": label, "state": state, "at": at, "detail": detail}

    steps = [step(_("Approved"), "done", approved_at)]
    if status is RefundStatus.FAILED:
        steps.append(step(_("Sent to the payment provider"), "done", detail=reference))
        steps.append(
            step(
                _("The provider could not pay it out"),
                "failed",
                refund.settled_at,
                _("We are sorting this out with the shop. The money stays yours; you need to do nothing."),
            )
        )
        return steps
    if status is RefundStatus.TAKEN_ELSEWHERE:
        got = _("You got this money another way, from your bank or from the shop, so it is not sent a second time.")
        steps.append(step(_("Paid another way"), "done", refund.settled_at, got))
        return steps
    waits = "now"
    if frozen_until is not None and not sent:
        waits = "todo"
        text = _(
            "You asked your bank to take the payment back. While it decides, nothing more is sent to this payment. We "
            "hear of the decision from the bank; if no word has come by %(day)s, platform support asks for it."
        )
        steps.append(step(_("Waiting for your bank"), "now", detail=text % {"day": locale.date(frozen_until)}))
    steps.append(step(_("Sent to the payment provider"), "done" if sent else waits, detail=reference if sent else ""))
    if status is RefundStatus.IN_DOUBT:
        steps.append(
            step(
                _("Waiting for the provider's word"),
                "now",
                detail=_("Its answer was not clear, so we keep asking. Nothing is lost."),
            )
        )
    else:
        done = status is RefundStatus.SUCCEEDED
        steps.append(
            step(_("Accepted by the provider"), "done" if done else ("now" if sent else "todo"), refund.settled_at)
        )
    arrived = status is RefundStatus.SUCCEEDED
    at_once = _ARRIVAL.get(tender.method, (0, 1))[1] == 0
    there = ("done" if at_once else "now") if arrived else "todo"
    label = _("On your statement") if tender.method.endswith("card") and not at_once else _("With you")
    steps.append(step(label, there, detail=arrival(locale, tender.method)))
    return steps


def tender_words(locale: Locale, order: Order) -> list[dict[str, Any]]:
    """Each means of payment with what was paid by it; at the door nothing is yet."""
    _ = locale.gettext
    return [
        {
            "label": tender_name(locale, tender),
            "amount": Money(tender.amount_minor, order.currency),
            "note": ""
            if tender.captured_minor >= tender.amount_minor
            else (_("To be paid at the door") if tender.method == "cash_on_delivery" else _("Not paid yet")),
        }
        for tender in order.tenders
    ]


def at_the_door(locale: Locale, door: AtTheDoor | None, order: Order, *, over: bool) -> str:
    """What not taking a parcel to be paid at the door means, said before it happens, and how it stands after it did."""
    if door is None:
        return ""
    _ = locale.gettext
    numbers = {"count": door.refused, "limit": door.limit, "days": door.days}
    if door.off_until is not None:
        text = _(
            "You did not take %(count)s orders at the door in %(days)s days, so you cannot pay there until %(day)s. "
            "Then it is open again by itself; every other way to pay is open now."
        )
        return text % (numbers | {"day": locale.date(door.off_until)})
    if not over:
        text = _(
            "You pay at the door. An order that is not taken there is counted: %(count)s in %(days)s days so far. At "
            "%(limit)s you cannot pay there for a while."
        )
    elif any(one.reason == "refused" for one in order.cancellations):
        text = _(
            "You did not take this order at the door. That is counted: %(count)s in %(days)s days so far. At %(limit)s "
            "you cannot pay there for a while."
        )
    else:
        return ""
    return text % numbers
