"""Amounts of money: whole minor units of one currency, never a float, never a tolerance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Self

import msgspec

from rescind.core.errors import CurrencyMismatch, InvalidField

CAP_MINOR = 10**15
"""Largest amount one field may hold; far above any order and far below the range of a 64-bit sum of them."""

_NO_DECIMALS = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI"}
    | {"VND", "VUV", "XAF", "XOF", "XPF"}
)
_THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])


def decimals(currency: str) -> int:
    """Digits after the point in ISO 4217's minor unit: 0 for JPY, 2 for EUR, 3 for KWD (KF-08)."""
    if currency in _NO_DECIMALS:
        return 0
    return 3 if currency in _THREE_DECIMALS else 2


class Money(msgspec.Struct, frozen=True, order=False, rename={"minor": "amount"}):
    """``minor``: count of the currency's smallest unit (1999 EUR is 19.99, 1999 JPY is 1999); ``currency``: ISO 4217.

    JSON: ``{"amount": 1999, "currency": "EUR"}``.
    """

    minor: int
    currency: str

    @classmethod
    def parse(cls, text: str, currency: str) -> Self:
        """Read "19.99" as exact minor units. Raises InvalidField for exponents, signs and more digits than exist."""
        whole, dot, fraction = text.partition(".")
        places = decimals(currency)
        plain = text.isascii() and whole.isdigit() and (fraction.isdigit() or not dot)
        if not plain or len(fraction) > places:
            raise InvalidField(
                field="amount", expected=f"a decimal amount with at most {places} digits after the point"
            )
        return cls(int(whole) * 10**places + int(fraction.ljust(places, "0") or 0), currency)

    def __add__(self, other: Self) -> Self:
        return type(self)(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Self) -> Self:
        return type(self)(self.minor - self._same(other), self.currency)

    def __lt__(self, other: Self) -> bool:
        return self.minor < self._same(other)

    def __le__(self, other: Self) -> bool:
        return self.minor <= self._same(other)

    def __bool__(self) -> bool:
        return self.minor != 0

    def __str__(self) -> str:
        places = decimals(self.currency)
        whole, fraction = divmod(abs(self.minor), 10**places)
        text = f"{whole}.{fraction:0{places}d}" if places else str(whole)
        return f"{'-' if self.minor < 0 else ''}{text} {self.currency}"

    def split(self, weights: Sequence[int]) -> tuple[Self, ...]:
        """Divide by weight so that the parts add up to the whole, always (I-11).

        weights: each >= 0, their sum > 0. Each part is within one minor unit of its exact
        share; spare units go to the largest remainders, ties to the earlier part (E-05).
        """
        return tuple(type(self)(part, self.currency) for part in split_minor(self.minor, weights))

    def _same(self, other: Self) -> int:
        if other.currency != self.currency:
            raise CurrencyMismatch(expected=self.currency, actual=other.currency)
        return other.minor


def split_minor(whole: int, weights: Sequence[int]) -> list[int]:
    """Share ``whole`` (>= 0) by ``weights`` (>= 0, sum > 0) with largest remainders; ties go to the earlier."""
    total = sum(weights)
    assert whole >= 0 and total > 0 and min(weights) >= 0, "weights must be non-negative and not all zero"  # noqa: PT018
    if len(weights) == 1:
        return [whole]
    parts = [whole * weight // total for weight in weights]
    spare = whole - sum(parts)
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(whole * weights[i] % total), i))
    for i in by_remainder[:spare]:
        parts[i] += 1
    return parts


def total(amounts: Iterable[Money], currency: str) -> Money:
    """Sum that is zero of ``currency`` for no amounts at all."""
    result = Money(0, currency)
    for amount in amounts:
        result += amount
    return result
