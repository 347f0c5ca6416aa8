"""Which reason "Something wrong?" means, where a market's list has other words for it."""

from __future__ import annotations

from collections.abc import Container

NEAREST = {
    "wrong_variant": ("ordered_by_mistake",),
    "wrong_contact": ("wrong_address", "ordered_by_mistake"),
    "wrong_address": ("wrong_contact", "ordered_by_mistake"),
    "price_error": ("better_price", "discount_missing"),
    "change_payment": ("payment_unavailable", "ordered_by_mistake"),
}
"""For what may be wrong, the reasons that say nearly the same, the nearest first; ``other`` fits everything."""


def nearest(wanted: str, listed: Container[str]) -> str:
    """The reason that is meant, or the nearest of the list; empty where the list has none like it."""
    return next((code for code in (wanted, *NEAREST.get(wanted, ()), "other") if code in listed), "")
