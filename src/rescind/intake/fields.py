"""The kinds of field a document from outside is made of, each with its form and range."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated

import msgspec
from babel.core import get_global
from babel.numbers import get_territory_currencies

from rescind.core.country import expected, known
from rescind.core.errors import CurrencyMismatch, InvalidField, NothingSelected
from rescind.core.instant import Instant
from rescind.core.money import CAP_MINOR, Money

# Python's $ also stands before a line break at the end; the look-ahead keeps one out.
_END = r"(?!\n)$"
_IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._:/#-]{0,63}" + _END
_CODE = r"^[a-z][a-z0-9_]{0,63}" + _END
_CATEGORY = r"^([A-Za-z0-9][A-Za-z0-9_.:/-]{0,63})?" + _END
_CURRENCY = r"^[A-Z]{3}" + _END
_COUNTRY = r"^([A-Z]{2})?" + _END
WORDS_OF_PATTERN: Mapping[str, str] = {
    _IDENTIFIER: "an id of at most 64 letters, digits and . _ : / # -",
    _CODE: "a code of small letters, digits and _",
    _CATEGORY: "a code of at most 64 letters, digits and _ . : / -",
    _CURRENCY: "three capital letters of ISO 4217",
    _COUNTRY: "two capital letters of ISO 3166",
}
"""What a pattern asks for, in words: a pattern is for machines."""

Identifier = Annotated[
    str,
    msgspec.Meta(
        pattern=_IDENTIFIER,
        description="An id of the caller's own: letters, digits and . _ : / # - and at most 64 of them.",
    ),
]
Code = Annotated[str, msgspec.Meta(pattern=_CODE, description="A code of a catalogue.")]
Category = Annotated[
    str,
    msgspec.Meta(
        pattern=_CATEGORY,
        description="A code of the marketplace's catalogue: letters, digits and _ . : / - and at most 64 of them.",
    ),
]
Currency = Annotated[str, msgspec.Meta(pattern=_CURRENCY, description="ISO 4217 code.")]
Country = Annotated[
    str, msgspec.Meta(pattern=_COUNTRY, description="ISO 3166-1 alpha-2 code; GB, not UK, and GR, not EL.")
]
Quantity = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]
Moment = Annotated[datetime, msgspec.Meta(tz=True, description="RFC 3339 date-time with an offset.")]
Words = Annotated[str, msgspec.Meta(max_length=8000)]
"""Length is checked again, more tightly, when the text is normalised; this only keeps work in bounds."""

_FIRST_YEAR, _LAST_YEAR = 1970, 9000


class Incoming(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of everything that comes in: a member nobody knows is refused."""


class Amount(Incoming, frozen=True, kw_only=True):
    """Money, in whole minor units of its currency: 1999 EUR is 19.99, 1999 JPY is 1999."""

    amount: Annotated[int, msgspec.Meta(ge=0, le=CAP_MINOR)]
    currency: Currency


class Units(Incoming, frozen=True, kw_only=True):
    """Some units of one line of the order."""

    line: Identifier
    quantity: Quantity


def minor(amount: Amount | None, currency: str) -> int:
    """Minor units of an amount that must be in this currency; 0 for none. Raises CurrencyMismatch."""
    if amount is None:
        return 0
    if amount.currency != currency:
        raise CurrencyMismatch(expected=currency, actual=amount.currency)
    return amount.amount


def figure(amount: Amount | None) -> Money | None:
    """An amount that somebody was shown, in whatever currency it was said; the core compares it."""
    return None if amount is None else Money(amount.amount, amount.currency)


def moment(value: datetime, *, field: str) -> Instant:
    """A time in UTC. Raises InvalidField for one that no calendar of ours reaches."""
    if not _FIRST_YEAR < value.year < _LAST_YEAR:
        raise InvalidField(field=field, expected=f"a time between the years {_FIRST_YEAR} and {_LAST_YEAR}")
    return value.astimezone(UTC)


def country(code: str, *, field: str) -> str:
    """A country as it was told; empty where it was not. Raises InvalidField: no law is lost by a slip of the pen."""
    if code and not known(code):
        raise InvalidField(field=field, expected=expected(code))
    return code


def selection(units: tuple[Units, ...] | None) -> dict[str, int] | None:
    """Units by line; None stays None, an empty list never means everything (KF-06).

    Raises NothingSelected, InvalidField.
    """
    if units is None:
        return None
    if not units:
        raise NothingSelected
    chosen = {one.line: one.quantity for one in units}
    if len(chosen) != len(units):
        raise InvalidField(field="/lines", expected="each line once")
    return chosen


@cache
def currencies() -> frozenset[str]:
    """Every currency that somebody can pay with today: no test code, no metal, none that a country gave up."""
    return frozenset(
        code for country in get_global("territory_currencies") for code in get_territory_currencies(country)
    )
