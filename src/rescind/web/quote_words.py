"""A quote in words: what comes back part by part, to which means of payment, and what happens beside it."""

from __future__ import annotations

from typing import Any

from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import Tender
from rescind.core.price import BenefitKind
from rescind.core.quote import Quote
from rescind.locales import Locale
from rescind.web.tender import tender_name
from rescind.web.way_words import usually


def quote_rows(locale: Locale, quote: Quote, titles: dict[str, str], order: Order) -> list[dict[str, Any]]:
    """Rows of the money table, which add up to what goes back and is let go: goods by line, discount share, tax,
    shipping, what is kept, and what had gone before.
    """
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
    rows.extend(_before(locale, quote, order))
    if quote.rounding_minor:
        label = _("Rounded to what can be sent; the last part of the order makes up for it")
        rows.append({"label": label, "amount": money(abs(quote.rounding_minor)), "minus": quote.rounding_minor < 0})
    if quote.released_minor and quote.total_minor:
        label = _("Only reserved, and let go")
        rows.append({"label": label, "amount": money(quote.released_minor), "minus": True})
    return rows


def failed_note(locale: Locale, order: Order) -> list[str]:
    """That money of an earlier refund is not in a sum, because support decides about it."""
    failed = sum(one.amount_minor for one in order.undecided if not one.release)
    if not failed:
        return []
    text = locale.gettext("An earlier refund of %(amount)s failed. It is not in this sum: platform support sees to it.")
    return [text % {"amount": locale.money(Money(failed, order.currency))}]


def _before(locale: Locale, quote: Quote, order: Order) -> list[dict[str, Any]]:
    """Why less goes back than the units cost: not all was paid, a bank took it, it was given back; or why more does."""
    _ = locale.gettext
    if quote.other_minor > 0:
        return [{"label": _("Paid beyond the price"), "amount": Money(quote.other_minor, quote.currency)}]
    gap = -quote.other_minor
    unpaid = sum(max(0, one.wanted_minor - one.authorised_minor) for one in order.tenders)
    elsewhere = sum(one.taken_elsewhere_minor for one in order.tenders)
    rows: list[dict[str, Any]] = []
    for label, most in (
        (_("Not paid yet"), unpaid),
        (_("Went back another way before"), elsewhere),
        (_("Given back before"), gap),
    ):
        amount = min(gap, most)
        if amount > 0:
            rows.append({"label": label, "amount": Money(amount, quote.currency), "minus": True})
            gap -= amount
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


def quote_tenders(
    locale: Locale, quote: Quote, order: Order, nowhere: frozenset[str] = frozenset()
) -> list[dict[str, Any]]:
    """What goes back to which means of payment, and when it arrives. nowhere: tenders to which nothing can be sent."""
    by_id = {tender.id: tender for tender in order.tenders}
    return [
        {
            "label": tender_name(locale, by_id[share.tender]),
            "amount": Money(share.amount_minor, quote.currency),
            "note": _arrives(locale, by_id[share.tender], nowhere),
        }
        for share in quote.tenders
    ]


def _arrives(locale: Locale, tender: Tender, nowhere: frozenset[str]) -> str:
    _ = locale.gettext
    if tender.trial:
        return _("Only tried: no money moves")
    if tender.id in nowhere:
        return _("Owed at once; sent as soon as the marketplace has a way to send it")
    return usually(locale, tender.method)
