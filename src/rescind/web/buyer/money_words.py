"""What a buyer is told of money: what was paid by which means, and what paying at the door means."""

from __future__ import annotations

from typing import Any

from rescind.core.counting import AtTheDoor
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import Tender
from rescind.locales import Locale
from rescind.web.explain import span_words
from rescind.web.tender import tender_name


def tender_words(locale: Locale, order: Order) -> list[dict[str, Any]]:
    """Each means of payment with what was paid by it; at the door nothing is yet."""
    return [
        {
            "label": tender_name(locale, tender),
            "amount": Money(tender.amount_minor, order.currency),
            "note": _tender_note(locale, tender, order),
        }
        for tender in order.tenders
    ]


def _tender_note(locale: Locale, tender: Tender, order: Order) -> str:
    """What is still to be paid, or what of it went back past this desk."""
    _ = locale.gettext
    if tender.captured_minor < tender.amount_minor:
        return _("To be paid at the door") if tender.method == "cash_on_delivery" else _("Not paid yet")
    if tender.taken_elsewhere_minor:
        amount = locale.money(Money(tender.taken_elsewhere_minor, order.currency))
        return _("%(amount)s of it went back another way") % {"amount": amount}
    return ""


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
