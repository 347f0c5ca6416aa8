"""What a buyer is told of money: what an order cost, what goes back to which means of payment, and when it is there."""

from __future__ import annotations

from typing import Any

from rescind.core.counting import AtTheDoor
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.refund import Quote
from rescind.locales import Locale
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
    return rows


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
