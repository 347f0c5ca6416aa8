"""Amounts as PayPal writes them: decimal strings, with decimals that are not always those of ISO 4217 (KF-08)."""

from __future__ import annotations

import re

from rescind.core.money import decimals

CURRENCIES = frozenset(
    {
        *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS", "JPY", "MXN", "MYR"),
        *("NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
    }
)
_WHOLE = frozenset({"HUF", "JPY", "TWD"})
"""Taken without decimals, also where ISO 4217 has two."""
_VALUE = re.compile(r"(-?)([0-9]{1,30})(?:\.([0-9]{1,2}))?")


def to_paypal(minor: int, currency: str) -> str | None:
    """What PayPal is asked for; None for an amount that cannot be said there, which must not be rounded."""
    if currency not in CURRENCIES or minor <= 0:
        return None
    places = decimals(currency)
    whole, rest = divmod(minor, 10**places)
    if currency in _WHOLE:
        return None if rest else str(whole)
    return f"{whole}.{rest:0{places}}"


def from_paypal(value: str, currency: str) -> int:
    """Minor units of ISO 4217, negative for what went out. Raises ValueError for what they cannot hold."""
    written, places = _VALUE.fullmatch(value), decimals(currency)
    rest = written[3] or "" if written else ""
    if written is None or rest[places:].strip("0"):
        msg = f"{value} {currency} is no amount"
        raise ValueError(msg)
    minor = int(written[2]) * 10**places + int(rest[:places].ljust(places, "0") or 0)
    return -minor if written[1] else minor
