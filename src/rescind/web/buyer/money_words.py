"""What a buyer is told of money: what goes back to which means of payment, how far it is, and when it is there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rescind.core.counting import AtTheDoor
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, Refund, RefundOrder, RefundStatus, Tender
from rescind.core.price import BenefitKind
from rescind.core.refund import Quote
from rescind.core.refund_order import waits
from rescind.locales import Locale
from rescind.web.explain import span_words
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
    text = locale.ngettext(
        "Usually there in %(low)s to %(num)s working day", "Usually there in %(low)s to %(num)s working days", high
    )
    return text % {"low": low, "num": high}


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
    if quote.charges_minor:
        rows.append({"label": _("Charges on the whole order"), "amount": money(quote.charges_minor)})
    rows.extend(
        {
            "label": _("Kept by the shop: %(why)s") % {"why": fee_words(locale, fee.rule)},
            "amount": money(fee.amount_minor),
            "minus": True,
        }
        for fee in quote.fees
    )
    return rows


def fee_words(locale: Locale, rule: str) -> str:
    """What a fee is for; a shop's own rule is named as the shop named it."""
    return locale.term("fee", rule) if locale.has("fee", rule) else rule


def quote_notes(locale: Locale, quote: Quote) -> list[str]:
    """What happens beside money that goes back: a bank's promise is let go, vouchers and points return."""
    _ = locale.gettext
    notes: list[str] = []
    if quote.released_minor:
        amount = locale.money(Money(quote.released_minor, quote.currency))
        notes.append(
            _("%(amount)s is only reserved at your bank. It was never taken, and is let go.") % {"amount": amount}
        )
    vouchers = [one for one in quote.benefits if one.kind is BenefitKind.VOUCHER]
    if vouchers:
        notes.append(_("The voucher you used comes back to you."))
    points = sum(one.units for one in quote.benefits if one.kind is BenefitKind.POINTS)
    if points:
        notes.append(_("%(count)s points you used come back to you.") % {"count": locale.number(points)})
    return notes


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


def refund_steps(locale: Locale, refund: Refund, tender: Tender, approved_at: Instant) -> list[dict[str, Any]]:
    """The way of one refund: approved, sent, accepted, there. A failure says what we do about it."""
    _ = locale.gettext
    if refund.release:
        return _release_steps(locale, refund, approved_at)
    status = refund.status
    reference = _("Reference %(reference)s") % {"reference": refund.reference} if refund.reference else ""
    sent = status is not RefundStatus.OWED

    def step(label: str, state: str, at: datetime | None = None, detail: str = "") -> dict[str, Any]:
        return {"label": label, "state": state, "at": at, "detail": detail}

    steps = [step(_("Approved"), "done", approved_at)]
    if refund.ordered is not None:
        return [*steps, *_by_hand(locale, refund, refund.ordered)]
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
    steps.append(step(_("Sent to the payment provider"), "done" if sent else "now", detail=reference if sent else ""))
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


def _by_hand(locale: Locale, refund: Refund, ordered: RefundOrder) -> list[dict[str, Any]]:
    """The way of a refund that the shop's platform pays out itself: ordered, paid out with its reference and day."""
    _ = locale.gettext
    label = _("The shop's platform pays it out")
    if waits(refund):
        late = ordered.escalated_at is not None
        why = _("It takes longer than planned. Whoever leads support sees to it.")
        soon = _("To be paid out by %(day)s. You need to do nothing.") % {"day": locale.instant(ordered.due_at)}
        return [
            {"label": label, "state": "now", "at": None, "detail": why if late else soon},
            {"label": _("With you"), "state": "todo", "at": None, "detail": ""},
        ]
    told = {"reference": refund.reference, "day": locale.date(ordered.paid_on) if ordered.paid_on else ""}
    paid = _("Reference %(reference)s, paid out on %(day)s") % told
    if refund.status is RefundStatus.FAILED:
        sorry = _("We are sorting this out with the shop. The money stays yours; you need to do nothing.")
        return [
            {"label": label, "state": "done", "at": None, "detail": paid if ordered.paid_on else ""},
            {"label": _("It could not be paid out"), "state": "failed", "at": refund.settled_at, "detail": sorry},
        ]
    if refund.status is RefundStatus.SUCCEEDED:
        return [
            {"label": label, "state": "done", "at": None, "detail": paid},
            {"label": _("With you"), "state": "now", "at": None, "detail": _("Your bank or wallet shows it.")},
        ]
    return [{"label": label, "state": "todo", "at": None, "detail": ""}]


def _release_steps(locale: Locale, refund: Refund, approved_at: Instant) -> list[dict[str, Any]]:
    """The way of a promise that is let go: nothing was taken, so nothing has to arrive."""
    _ = locale.gettext
    done, failed = refund.status is RefundStatus.SUCCEEDED, refund.status is RefundStatus.FAILED
    said = _("Your bank ends it by itself after some days. Nothing is taken.") if failed else ""
    return [
        {"label": _("Approved"), "state": "done", "at": approved_at, "detail": ""},
        {
            "label": _("Your bank lets the reserved amount go"),
            "state": "done" if done else "failed" if failed else "now",
            "at": refund.settled_at,
            "detail": said,
        },
    ]


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
    numbers = {"count": door.refused, "limit": door.limit, "span": span_words(locale, f"{door.days}d")}
    if door.off_until is not None:
        text = _(
            "Orders you did not take at the door in %(span)s: %(count)s. So you cannot pay there until %(day)s. Then "
            "it is open again by itself; every other way to pay is open now."
        )
        return text % (numbers | {"day": locale.date(door.off_until)})
    if not over:
        text = _(
            "You pay at the door. An order that is not taken there is counted: %(count)s in %(span)s so far. At "
            "%(limit)s you cannot pay there for a while."
        )
    elif any(one.reason == "refused" for one in order.cancellations):
        text = _(
            "You did not take this order at the door. That is counted: %(count)s in %(span)s so far. At %(limit)s "
            "you cannot pay there for a while."
        )
    else:
        return ""
    return text % numbers
