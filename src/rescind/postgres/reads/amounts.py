"""Amounts within their currency: what rows are sorted and narrowed by, where rows have several currencies."""

from __future__ import annotations

from rescind.core.money import CAP_MINOR
from rescind.postgres import paging

_DIGITS = len(str(CAP_MINOR))


def within_currency(of: str, amount: str) -> str:
    """An expression that ascends by currency and then from the largest amount to the smallest; there is an index on it.

    of: the row's name; amount: its column of minor units.
    """
    return f"(({of}.currency || lpad(({CAP_MINOR} - {of}.{amount})::text, {_DIGITS}, '0')) COLLATE \"C\")"


def place(currency: str, minor: int) -> str:
    """Where an amount stands by that expression."""
    return f"{currency}{CAP_MINOR - minor:0{_DIGITS}}"


def by_amount(of: str, amount: str, tie: str) -> paging.Order:
    """The largest first within each currency, one currency after another."""
    return paging.Order("currency_and_amount", within_currency(of, amount), f"{of}.{tie}", "text")
