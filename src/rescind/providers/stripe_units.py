"""Amounts as Stripe counts them, which is not always in the minor units of ISO 4217 (KF-08)."""

from __future__ import annotations

from rescind.core.money import decimals

_HUNDREDFOLD = frozenset({"ISK", "UGX"})
"""Without decimals in ISO 4217; Stripe keeps two, both of them 0."""
_WHOLE = frozenset({"MGA"})
"""With two decimals in ISO 4217; Stripe takes whole ones."""
_LARGEST = 999_999_999_999


def to_stripe(minor: int, currency: str) -> int | None:
    """What Stripe is asked for; None for an amount that cannot be said there, which must not be rounded."""
    if currency in _HUNDREDFOLD:
        minor *= 100
    elif currency in _WHOLE:
        if minor % 100:
            return None
        minor //= 100
    elif decimals(currency) == 3 and minor % 10:
        return None
    return minor if 0 < minor <= _LARGEST else None


def from_stripe(amount: int, currency: str) -> int:
    """Minor units of ISO 4217. Raises ValueError for an amount that they cannot hold."""
    if currency in _WHOLE:
        return amount * 100
    if currency in _HUNDREDFOLD:
        if amount % 100:
            msg = f"{amount} {currency} is no whole amount"
            raise ValueError(msg)
        return amount // 100
    return amount
