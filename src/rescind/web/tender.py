"""Means of payment by the names people have for them."""

from __future__ import annotations

from rescind.core.parts import Tender
from rescind.locales import Locale


def tender_name(locale: Locale, tender: Tender) -> str:
    """How people call a means of payment: "Visa ··4242", "PayPal", "Gift card ··7731"."""
    # "Visa ··4242" and "PayPal" say what they are; "··7731" does not.
    if tender.label[:1].isalpha():
        return tender.label
    name = locale.term("tender", tender.method)
    return f"{name} {tender.label}" if tender.label else name
