"""What WooCommerce sends, as far as it is read here: members that nobody needs are left alone.

Source: the documentation of its REST API, version 3. Amounts are decimal strings without tax; times that end in
``_gmt`` are UTC and say no offset; an amount that went back is negative.
"""

from __future__ import annotations

from typing import Any

import msgspec

from rescind.core.errors import InvalidField
from rescind.core.instant import Instant, instant
from rescind.core.money import decimals

PRECISION = 6
"""Digits after the point that WooCommerce works with."""


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a plugin, or we, keep beside it. value: of any kind; only text is read."""

    key: str
    value: Any = None


class Taxed(msgspec.Struct, frozen=True, kw_only=True):
    """A tax of a line. id: of its rate."""

    id: int | str
    total: str = ""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the buyer chose of a variation, or wrote."""

    display_key: str | None = None
    display_value: Any = None
    key: str = ""


class LineItem(msgspec.Struct, frozen=True, kw_only=True):
    """Goods. subtotal: before discounts; total: after; both for all units and without tax."""

    id: int
    name: str = ""
    product_id: int = 0
    variation_id: int = 0
    quantity: int | float
    subtotal: str
    total: str
    total_tax: str = "0"
    taxes: tuple[Taxed, ...] = ()
    sku: str | None = None
    meta_data: tuple[Shown, ...] = ()


class ShippingLine(msgspec.Struct, frozen=True, kw_only=True):
    """A way of delivery that was paid for."""

    id: int
    total: str
    total_tax: str = "0"


class FeeLine(msgspec.Struct, frozen=True, kw_only=True):
    """Something else that was paid for, or with a negative total a reduction of the order as a whole."""

    id: int
    name: str | None = ""
    total: str
    total_tax: str = "0"


class CouponLine(msgspec.Struct, frozen=True, kw_only=True):
    """A coupon that was used. What it took off stands in the lines."""

    id: int
    code: str


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """Who pays, or where the parcel goes."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    address_1: str = ""
    address_2: str = ""
    city: str = ""
    state: str = ""
    postcode: str = ""
    country: str = ""
    email: str | None = ""
    phone: str | None = ""


class RefundNamed(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as an order names it."""

    id: int


class WooOrder(msgspec.Struct, frozen=True, kw_only=True):
    """An order. number: what people call it, which plugins may make another than the id. customer_id: 0 for a guest."""

    id: int
    number: str
    status: str
    currency: str
    date_created_gmt: str | None
    date_modified_gmt: str | None
    total: str
    customer_id: int = 0
    billing: Person = Person()
    shipping: Person = Person()
    customer_note: str = ""
    payment_method: str = ""
    payment_method_title: str = ""
    transaction_id: str = ""
    date_paid_gmt: str | None = None
    date_completed_gmt: str | None = None
    line_items: tuple[LineItem, ...]
    shipping_lines: tuple[ShippingLine, ...] = ()
    fee_lines: tuple[FeeLine, ...] = ()
    coupon_lines: tuple[CouponLine, ...] = ()
    refunds: tuple[RefundNamed, ...] = ()


class WooRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund by itself. amount: positive. refunded_payment: the shop's payment plugin sent the money back."""

    id: int
    amount: str
    date_created_gmt: str | None = None
    reason: str | None = ""
    refunded_payment: bool = False
    meta_data: tuple[Meta, ...] = ()


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A line in an order's history there."""

    id: int
    note: str


def minor(text: str, currency: str, *, field: str) -> int:
    """Minor units of an amount, to the nearest one: more digits than the currency has are WooCommerce's own working.

    Negative amounts stay so. Raises InvalidField.
    """
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, fraction = digits.partition(".")
    if not (digits.isascii() and (whole + fraction).isdigit() and len(digits) <= 20):
        raise InvalidField(field=field, expected="an amount such as 12.50")
    places = decimals(currency)
    exact = int(whole or 0) * 10**PRECISION + int(fraction[:PRECISION].ljust(PRECISION, "0"))
    unit: int = 10 ** (PRECISION - places)
    return sign * ((exact + unit // 2) // unit)


def said(minor_units: int, currency: str) -> str:
    """An amount as WooCommerce reads it."""
    places = decimals(currency)
    whole, rest = divmod(minor_units, 10**places)
    return f"{whole}.{rest:0{places}}" if places else str(whole)


def moment(text: str | None, *, field: str) -> Instant | None:
    """A time of a ``_gmt`` member; None where there is none. Raises InvalidField."""
    if not text:
        return None
    return instant(text.removesuffix("Z").removesuffix("+00:00") + "+00:00", field=field)
