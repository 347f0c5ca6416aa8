"""From an order as WooCommerce tells it to one as a host reports it: amounts, people, and how it stands there.

WooCommerce rounds each figure by itself, so lines and total may be apart by half a unit a figure. That much is put
where rounding comes from, into the tax or the discount of the dearest line; anything more does not add up and is no
order.
"""

from __future__ import annotations

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from rescind.core.errors import InvalidField
from rescind.core.instant import Instant
from rescind.core.money import split_minor
from rescind.intake import document, fields
from rescind.intake.orders import NewOrder
from rescind.woocommerce.documents import LineItem, Person, WooOrder, minor, moment

Meaning = Literal["nothing", "preparation_started", "packed", "handed_over", "delivered", "completed", "cancelled"]
"""What a status there says of an order here."""

MEANINGS: Mapping[str, Meaning] = {
    "pending": "nothing",
    "on-hold": "nothing",
    "processing": "nothing",
    "completed": "handed_over",
    "cancelled": "cancelled",
    "refunded": "cancelled",
    "failed": "nothing",
}
"""Of the statuses that WooCommerce has by itself. That it is paid says the time of payment, whatever the status is."""

DRAFTS = frozenset({"auto-draft", "checkout-draft", "draft", "trash", "new"})
"""Statuses of what is no order yet, or none any more."""
OVER = frozenset({"cancelled", "refunded", "failed"})
"""Statuses in which there is nothing to stop: an order that is first heard of in one is left alone."""

_METHODS: Mapping[str, str] = {
    "bacs": "bank_transfer",
    "cod": "cash_on_delivery",
    "stripe": "card",
    "stripe_cc": "card",
    "stripe_sepa": "sepa_debit",
    "stripe_ideal": "ideal",
    "stripe_klarna": "klarna",
    "stripe_alipay": "alipay",
    "stripe_wechat_pay": "wechat_pay",
    "woocommerce_payments": "card",
    "klarna_payments": "klarna",
    "paypal": "paypal",
    "ppec_paypal": "paypal",
}
_KINDS: Mapping[str, str] = {"stripe": "stripe", "ppcp": "paypal", "paypal": "paypal", "ppec": "paypal"}
"""How the names of payment plugins begin, and the kind of provider they take money through."""

_SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]{0,63}", re.ASCII)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_TAGS = re.compile(r"<[^>]*>")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_LABEL, _NOTE, _OPTIONS = 200, 2000, 20


class Buying(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be known beside the order. source: its name; shop: whose orders they are; locale: what buyers read.

    providers: by payment plugin, the connection it takes money through; kinds: by kind of provider, the one connection
    of that kind there is. paid_there: refunds are paid by the shop's own plugins, so through this connection.
    """

    source: str
    shop: str
    locale: str = "en"
    providers: Mapping[str, str] = {}
    kinds: Mapping[str, str] = {}
    paid_there: str = ""


def new_order(woo: WooOrder, buying: Buying) -> NewOrder:
    """The order as a host would report it. Raises InvalidField with the place in WooCommerce's document."""
    if woo.currency not in fields.currencies():
        raise InvalidField(field="/currency", expected="an ISO 4217 code")
    if not woo.line_items:
        raise InvalidField(field="/line_items", expected="at least one item")
    placed_at = moment(woo.date_created_gmt, field="/date_created_gmt")
    if placed_at is None:
        raise InvalidField(field="/date_created_gmt", expected="present")
    priced = _Prices(woo)
    to = woo.shipping if woo.shipping.address_1 or woo.shipping.country else woo.billing

    def amount(minor_units: int) -> dict[str, Any]:
        return {"amount": minor_units, "currency": woo.currency}

    return document.shape(
        {
            "shop": buying.shop,
            "number": number_of(woo),
            "buyer": _buyer(woo, buying),
            "currency": woo.currency,
            "placed_at": placed_at.isoformat(),
            "lines": [
                {
                    "id": str(item.id),
                    "sku": _sku(item),
                    "title": tidy(item.name) or "–",
                    "options": _options(item),
                    "quantity": line.quantity,
                    "unit_price": amount(line.unit),
                    "discount": amount(line.discount),
                    "tax": amount(line.tax),
                }
                for item, line in zip(woo.line_items, priced.lines, strict=True)
            ],
            "tenders": [
                {"id": TENDER, **tender(woo, buying), "amount": amount(priced.total)},
            ],
            "shipping": amount(priced.shipping),
            "shipping_tax": amount(priced.shipping_tax),
            "charges": [{"code": "service_fee", "amount": amount(fee), "by": "seller"} for fee in priced.fees],
            "recipient": _recipient(to, woo.billing),
            "note": tidy(woo.customer_note, _NOTE),
        },
        NewOrder,
    )


TENDER = "1"
"""WooCommerce knows one means of payment an order."""


def number_of(woo: WooOrder) -> str:
    """What people call it, as far as that is an id here; else its id there."""
    return woo.number if _SKU.fullmatch(woo.number) else str(woo.id)


def tender(woo: WooOrder, buying: Buying) -> dict[str, str]:
    """Means, label, payment and connection of an order's money."""
    told = {"method": method_of(woo.payment_method), "label": tidy(woo.payment_method_title)}
    if woo.transaction_id and _SKU.fullmatch(woo.transaction_id):
        told["payment"] = woo.transaction_id
    if provider := provider_of(woo.payment_method, buying):
        told["provider"] = provider
    return told


def method_of(plugin: str) -> str:
    """The means of payment that a payment plugin stands for."""
    if plugin in _METHODS:
        return _METHODS[plugin]
    kind = _kind(plugin)
    return {"stripe": "card", "paypal": "paypal"}.get(kind, "other")


def provider_of(plugin: str, buying: Buying) -> str:
    """The connection that a payment plugin takes money through; empty where that is not clear."""
    if buying.paid_there:
        return "" if method_of(plugin) in {"cash_on_delivery", "bank_transfer", "other"} else buying.paid_there
    return buying.providers.get(plugin) or buying.kinds.get(_kind(plugin), "")


def meaning_of(status: str, chosen: Mapping[str, str]) -> str | None:
    """What a status says; None for one that nobody has given a meaning."""
    plain = status.removeprefix("wc-")
    return chosen.get(plain) or MEANINGS.get(plain)


def paid_at(woo: WooOrder) -> Instant | None:
    """When it was paid, None while it is not."""
    return moment(woo.date_paid_gmt, field="/date_paid_gmt")


def changed_at(woo: WooOrder) -> Instant:
    """The time of this state of it there: of two states the later one counts. Raises InvalidField."""
    at = moment(woo.date_modified_gmt, field="/date_modified_gmt")
    if at is None:
        raise InvalidField(field="/date_modified_gmt", expected="present")
    return at


def differs(before: NewOrder, now: NewOrder) -> str:
    """Where an order was changed there after it came here, as a pointer into its document; empty where nowhere.

    By which means it is paid is not among it: that is often chosen again, and told with the payment.
    """
    for ours, theirs in _PLACES.items():
        if getattr(before, ours) != getattr(now, ours):
            return theirs
    if before.tenders[0].amount != now.tenders[0].amount:
        return "/total"
    return ""


_PLACES: Mapping[str, str] = {
    "lines": "/line_items",
    "shipping": "/shipping_lines",
    "charges": "/fee_lines",
    "currency": "/currency",
    "recipient": "/shipping",
    "note": "/customer_note",
}


class _Line:
    """The price of a line, minor units: for all units, but ``unit``."""

    def __init__(self, item: LineItem, currency: str, at: str) -> None:
        if item.quantity != int(item.quantity) or item.quantity < 1:
            raise InvalidField(field=f"{at}/quantity", expected="a whole number of units, at least 1")
        self.quantity = int(item.quantity)
        before = _positive(item.subtotal, currency, f"{at}/subtotal")
        after = _positive(item.total, currency, f"{at}/total")
        self.tax = _positive(item.total_tax, currency, f"{at}/total_tax")
        # A price for one that times the units gives at least the whole; what it gives too much is discount.
        self.unit = -(-max(before, after) // self.quantity)
        self.discount = self.quantity * self.unit - after

    @property
    def net(self) -> int:
        return self.quantity * self.unit - self.discount

    @property
    def paid(self) -> int:
        return self.net + self.tax


class _Prices:
    """Everything an order's total is made of. Raises InvalidField where it is not."""

    def __init__(self, woo: WooOrder) -> None:
        currency = woo.currency
        self.total = _positive(woo.total, currency, "/total")
        self.lines = [_Line(item, currency, f"/line_items/{place}") for place, item in enumerate(woo.line_items)]
        ways = [
            (
                _positive(one.total, currency, f"/shipping_lines/{place}/total"),
                _positive(one.total_tax, currency, f"/shipping_lines/{place}/total_tax"),
            )
            for place, one in enumerate(woo.shipping_lines)
        ]
        self.shipping_tax = sum(tax for _, tax in ways)
        self.shipping = sum(net for net, _ in ways) + self.shipping_tax
        self.fees: list[int] = []
        for place, fee in enumerate(woo.fee_lines):
            net = minor(fee.total, currency, field=f"/fee_lines/{place}/total")
            tax = minor(fee.total_tax, currency, field=f"/fee_lines/{place}/total_tax")
            if net + tax > 0:
                self.fees.append(net + tax)
            elif net + tax < 0:
                self._reduce(-net, -tax, f"/fee_lines/{place}/total")
        figures = 2 * (len(self.lines) + len(ways) + len(woo.fee_lines))
        self._round(figures)

    @property
    def sum(self) -> int:
        """What the parts add up to."""
        return sum(line.paid for line in self.lines) + self.shipping + sum(self.fees)

    def _reduce(self, net: int, tax: int, at: str) -> None:
        """Take a reduction of the whole off the lines, each by its share."""
        if net < 0 or tax < 0 or net > sum(line.net for line in self.lines):
            raise InvalidField(field=at, expected="at most what the items cost")
        for line, share in zip(self.lines, _shares(net, (line.net for line in self.lines)), strict=True):
            line.discount += share
        if tax > sum(line.tax for line in self.lines):
            raise InvalidField(field=at, expected="at most the tax of the items")
        for line, share in zip(self.lines, _shares(tax, (line.tax for line in self.lines)), strict=True):
            line.tax -= share

    def _round(self, figures: int) -> None:
        apart = self.total - self.sum
        dearest = max(self.lines, key=lambda line: line.paid)
        if not apart:
            return
        if abs(apart) <= max(1, figures // 2):
            if dearest.tax + apart >= 0 and dearest.tax:
                dearest.tax += apart
                return
            if 0 < dearest.discount - apart <= dearest.quantity * dearest.unit:
                dearest.discount -= apart
                return
        raise InvalidField(field="/total", expected="what its parts add up to")


def _shares(whole: int, weights: Iterable[int]) -> list[int]:
    weights = list(weights)
    return split_minor(whole, weights) if whole else [0] * len(weights)


def _positive(text: str, currency: str, field: str) -> int:
    amount = minor(text, currency, field=field)
    if amount < 0:
        raise InvalidField(field=field, expected="an amount of 0 or more")
    return amount


def _kind(plugin: str) -> str:
    return next((kind for begins, kind in _KINDS.items() if plugin.startswith(begins)), "")


def _sku(item: LineItem) -> str:
    if item.sku and _SKU.fullmatch(item.sku):
        return item.sku
    return f"product-{item.product_id}" + (f"-{item.variation_id}" if item.variation_id else "")


def _options(item: LineItem) -> dict[str, str]:
    """What the buyer chose or wrote; what begins with an underscore is a plugin's own."""
    found: dict[str, str] = {}
    for one in item.meta_data:
        name, value = tidy(one.display_key or one.key), one.display_value
        if name and not name.startswith("_") and isinstance(value, str) and tidy(value):
            found[name] = tidy(value)
    return dict(list(found.items())[:_OPTIONS])


def _buyer(woo: WooOrder, buying: Buying) -> dict[str, Any]:
    email = (woo.billing.email or "").strip()
    if woo.customer_id:
        who = str(woo.customer_id)
    else:
        # A guest is the same guest by the same address; without one, nobody but the buyer of this order.
        said = email.lower() or f"order {woo.id}"
        who = "guest-" + hashlib.sha256(said.encode()).hexdigest()[:20]
    return {
        "id": f"{buying.source}:{who}",
        "name": _name(woo.billing),
        "email": email if _EMAIL.fullmatch(email) and tidy(email) == email else "",
        "country": woo.billing.country,
        "locale": buying.locale,
    }


def _recipient(to: Person, billing: Person) -> dict[str, Any]:
    return {
        "name": _name(to),
        "phone": tidy(to.phone or billing.phone or ""),
        "email": tidy(billing.email or ""),
        "street": ", ".join(one for one in (tidy(to.address_1), tidy(to.address_2)) if one),
        "city": tidy(to.city),
        "region": tidy(to.state),
        "postcode": tidy(to.postcode),
        "country": to.country,
    }


def _name(person: Person) -> str:
    return tidy(f"{person.first_name} {person.last_name}") or tidy(person.company)


def tidy(text: str, limit: int = _LABEL) -> str:
    """Words without markup and without what a reader cannot see, on one line, no longer than they may be here."""
    plain = html.unescape(_TAGS.sub(" ", text))
    seen = "".join(" " if unicodedata.category(sign) in _UNSEEN else sign for sign in plain)
    return " ".join(seen.split())[:limit].strip()
