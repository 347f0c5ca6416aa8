"""What a buyer is told of money: what an order cost, what goes back to which means of payment, and when it is there."""

from __future__ import annotations

from typing import Any

from rescind.core.counting import AtTheDoor
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.price import BenefitKind
from rescind.core.quote import Quote
from rescind.locales import Locale
from rescind.web.explain import span_words
from rescind.web.tender import tender_name
from rescind.web.way_words import usually


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
    if quote.rounding_minor:
        label = _("Rounded to what can be sent; the last part of the order makes up for it")
        rows.append(
            {"label": label, "amount": money(abs(quote.rounding_minor)), "minus": quote.rounding_minor < 0},
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
            "note": usually(locale, by_id[share.tender].method),
        }
        for share in quote.tenders
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
