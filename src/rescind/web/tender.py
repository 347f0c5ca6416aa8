"""Means of payment by the names people have for them."""

from __future__ import annotations

from rescind.core.failed_refund import WayOn
from rescind.core.parts import Refund, Tender
from rescind.core.refund import SANDBOX
from rescind.locales import Locale


def method_name(locale: Locale, method: str) -> str:
    """A host's code for a means of payment by its usual name; one that we do not know is read as words: "Acme pay"."""
    if locale.has("tender", method):
        return locale.term("tender", method)
    return method.replace("_", " ").capitalize()


def tender_name(locale: Locale, tender: Tender) -> str:
    """How people call a means of payment: "Visa ··4242", "PayPal", "Gift card ··7731"."""
    # "Visa ··4242" and "PayPal" say what they are; "··7731" does not.
    if tender.label[:1].isalpha():
        return tender.label
    name = method_name(locale, tender.method)
    return f"{name} {tender.label}" if tender.label else name


def goes_to(locale: Locale, refund: Refund, tender: Tender, *, seller: bool = False) -> str:
    """Where a refund goes, as it stands in "%(amount)s to ...": its means of payment, or the other way it took.

    seller: who reads it is told how much, and not by which means (I-26).
    """
    _ = locale.gettext
    other = {WayOn.STORE_CREDIT.value: _("credit with us"), WayOn.PAID_OUT.value: _("the buyer, by hand")}
    name = _("the buyer") if seller else other.get(refund.into, tender_name(locale, tender))
    if refund.through == SANDBOX:
        # What was only tried must never pass for money, wherever it is read.
        return _("%(tender)s (trial, no money moves)") % {"tender": name}
    return name
