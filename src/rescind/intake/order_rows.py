"""Rows of a file as the order they make, and what its columns say happened to it.

The rows become the very document that ``POST /v1/orders`` takes, and go through the same reading; a fault of that
document is a fault of the column it came from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from rescind.core.details import Details
from rescind.core.errors import FactFromTheFuture, InvalidField, RescindError, one_of
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.parts import FactKind, Pins
from rescind.core.views import ShopView
from rescind.intake import document, fields
from rescind.intake.columns import OF_LINES, ORDERS
from rescind.intake.faults import Fault, expects, fault_of, of_cells
from rescind.intake.methods import code_of, words
from rescind.intake.moments import NOT_BEFORE, before, read_moment
from rescind.intake.orders import LINES, NewOrder, buyer_of, place_order
from rescind.intake.sheet import Row, narrow, plain
from rescind.intake.text import label
from rescind.intake.tracking import tracking_number

_NEEDED = tuple(column.name for column in ORDERS if column.needed)
_TIMES = {
    "paid_at": FactKind.PAID,
    "packed_at": FactKind.PACKED,
    "label_at": FactKind.TRACKING_ADDED,
    "handed_over_at": FactKind.HANDED_OVER,
    "scanned_at": FactKind.HANDED_OVER,
    "delivered_at": FactKind.DELIVERED,
    "completed_at": FactKind.COMPLETED,
}
_NARROW = frozenset(
    {
        *(
            "currency",
            "placed_at",
            "quantity",
            "unit_price",
            "discount",
            "discount_by_platform",
            "tax",
            "shipping",
            "total",
        ),
        *_TIMES,
    }
)
"""Columns of numbers, codes and times, whose wide signs mean the usual ones."""
_CARRIED = (FactKind.TRACKING_ADDED, FactKind.HANDED_OVER, FactKind.DELIVERED)
"""Facts of a parcel, which a tracking number can stand with."""
_MOST_DIGITS = 40
"""What of a cell is read as an amount; whatever has more is far beyond every limit already."""
_TENDER = "1"
_METHOD = "card"

_COLUMNS: Mapping[str, str] = {
    "number": "order_number",
    "buyer/id": "buyer",
    "buyer/name": "buyer_name",
    "buyer/email": "buyer_email",
    "buyer/country": "buyer_country",
    "sku": "item",
    "title": "item_name",
    "method": "payment_method",
    "provider": "payment_provider",
    "payment": "payment_reference",
    "recipient/name": "recipient_name",
    "recipient/phone": "phone",
    "recipient/email": "email",
    "recipient/street": "street",
    "recipient/city": "city",
    "recipient/region": "region",
    "recipient/postcode": "postcode",
    "recipient/country": "country",
    "tenders": "total",
    "lines": "item",
}
"""Members of the document whose column has another name."""


class Happened(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to the order, and the column it stands in."""

    column: str
    fact: FactKind
    at: Instant
    carrier: str = ""
    tracking: str = ""


class OrderRows(msgspec.Struct, frozen=True, kw_only=True):
    """An order as a file tells it: the document, and what happened to it since, the earliest first."""

    rows: Sequence[Row]
    body: NewOrder
    happened: tuple[Happened, ...]

    @property
    def nth(self) -> int:
        """Its first row."""
        return self.rows[0].nth


class Unreadable(Exception):
    """Rows that make no order. ``faults``: why, at least one."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(faults)
        self.faults = faults


def read_order(rows: Sequence[Row], places: Mapping[str, int], shop: ShopView) -> OrderRows:
    """The order that these rows make, in the shop they name. Raises Unreadable."""
    reading = _Reading(rows, places, shop.zone or "UTC")
    return reading.order(shop)


def commands_of(
    told: OrderRows, order: OrderId, pins: Pins, now: Instant
) -> tuple[PlaceOrder, Details, list[ReportFact]]:
    """The commands that say the same as the rows. Raises Unreadable."""
    try:
        buyer_of(told.body)
        placing, details = place_order(told.body, order, pins, now)
    except RescindError as error:
        raise Unreadable([_at(told.rows, error)]) from None
    return placing, details, [_report(placing, one) for one in told.happened if not _needless(placing, one)]


def column_of(told: OrderRows, place: int, error: RescindError, facts: Sequence[ReportFact]) -> Fault:
    """Where a refusal belongs: to a cell of the order, or to the time of what was told as its ``place``-th command."""
    if place == 0:
        return _at(told.rows, error)
    return fault_of(told.nth, _told_by(told, facts[place - 1]), error)


def difference(
    told: OrderRows, placing: PlaceOrder, details: Details, facts: Sequence[ReportFact], order: Order, kept: Details
) -> tuple[int, str] | None:
    """The first row and column that say something else than the order that is there; None where none does.

    What has happened since, and what a buyer put right since, is no difference.
    """
    found = (*_of_lines(told, placing, details, order, kept), *_of_order(told, placing, details, order, kept))
    differs = next(((nth, column) for nth, column, has, said in found if has != said), None)
    if differs is not None:
        return differs
    for fact in facts:
        known = [one for one in order.reports if one.fact is fact.fact and one.at == fact.occurred_at]
        if not known or (fact.tracking and all(one.tracking != fact.tracking for one in known)):
            return told.nth, _told_by(told, fact)
    return None


def _of_lines(
    told: OrderRows, placing: PlaceOrder, details: Details, order: Order, kept: Details
) -> Iterator[tuple[int, str, object, object]]:
    yield told.nth, "item", len(order.lines), len(placing.lines)
    for row, line, has in zip(told.rows, placing.lines, order.lines, strict=False):
        yield row.nth, "item", has.sku, line.sku
        yield row.nth, "quantity", has.quantity, line.quantity
        yield row.nth, "unit_price", has.unit_minor, line.unit_minor
        yield row.nth, "discount", has.discount_minor, line.discount_minor
        yield row.nth, "discount_by_platform", has.discount_platform_minor, line.discount_platform_minor
        yield row.nth, "tax", has.tax_minor, line.tax_minor
        yield row.nth, "category", has.category, line.category
    for row, said, has in zip(told.rows, details.lines, kept.lines, strict=False):
        yield row.nth, "item_name", has.title, said.title
        yield row.nth, "variant", has.variant, said.variant


def _of_order(
    told: OrderRows, placing: PlaceOrder, details: Details, order: Order, kept: Details
) -> Iterator[tuple[int, str, object, object]]:
    nth, tender = told.nth, placing.tenders[0]
    yield nth, "buyer", order.buyer, placing.buyer
    yield nth, "currency", order.currency, placing.currency
    yield nth, "placed_at", order.placed_at, placing.placed_at
    yield nth, "shipping", order.shipping_minor, placing.shipping_minor
    yield nth, "payment_method", order.tenders[0].method, tender.method
    yield nth, "total", sum(one.amount_minor for one in order.tenders), tender.amount_minor
    yield nth, "payment_reference", tender.payment and order.tenders[0].payment, tender.payment
    # Where a buyer lives was not always read from where the parcel goes.
    yield nth, "buyer_country", order.country, order.country and placing.country
    yield nth, "note", kept.note, details.note
    if order.review is None or not order.review.corrected:
        for name in ("name", "phone", "email", "street", "city", "region", "postcode", "country"):
            column = _COLUMNS[f"recipient/{name}"]
            yield nth, column, getattr(kept.recipient, name), getattr(details.recipient, name)


def _told_by(told: OrderRows, fact: ReportFact) -> str:
    """The column that a fact stands in."""
    return next(one.column for one in told.happened if (one.fact, one.at) == (fact.fact, fact.occurred_at))


class _Reading:
    """The cells of one order on their way into a document, and what is wrong with them."""

    def __init__(self, rows: Sequence[Row], places: Mapping[str, int], zone: str) -> None:
        self._rows, self._places, self._zone = rows, places, zone
        self._cells = {row.nth: _named(row, places) for row in rows}
        self._faults: list[Fault] = []
        self._currency = ""

    def order(self, shop: ShopView) -> OrderRows:
        rows = self._rows
        if len(rows) > LINES:
            raise Unreadable(
                [expects(row.nth, "order_number", expected=f"at most {LINES} rows of one order") for row in rows]
            )
        for row in rows:
            self._faults += of_cells(row.nth, row.bad, self._places)
        said = self._said()
        for name in _NEEDED:
            for row in rows if name in OF_LINES else rows[:1]:
                if not self._cell(row, name):
                    self._faults.append(expects(row.nth, name, expected="present"))
        self._currency = said["currency"].upper()
        if self._currency and self._currency not in fields.currencies():
            self._faults.append(expects(rows[0].nth, "currency", expected="three capital letters of ISO 4217"))
        if self._faults:
            raise Unreadable(self._faults)
        body = self._document(said, shop)
        happened = self._happened(said, body["placed_at"])
        if self._faults:
            raise Unreadable(self._faults)
        try:
            shaped = document.shape(body, NewOrder)
        except RescindError as error:
            raise Unreadable([_at(rows, error)]) from None
        return OrderRows(rows=rows, body=shaped, happened=happened)

    def _cell(self, row: Row, name: str) -> str:
        return self._cells[row.nth].get(name, "")

    def _said(self) -> dict[str, str]:
        """What the rows say of the order as a whole: all of them the same, or nothing after the first."""
        first = self._rows[0]
        said = {name: self._cell(first, name) for name in self._places if name not in OF_LINES}
        for row in self._rows[1:]:
            for name, has in said.items():
                other = self._cell(row, name)
                if other and other != has and (name != "currency" or other.upper() != has.upper()):
                    self._faults.append(expects(row.nth, name, expected="the same in every row of one order"))
        return {column.name: said.get(column.name, "") for column in ORDERS}

    def _document(self, said: Mapping[str, str], shop: ShopView) -> dict[str, Any]:
        lines = [self._line(place, row) for place, row in enumerate(self._rows, start=1)]
        shipping = self._money(self._rows[0], "shipping")
        adds_up = (shipping or 0) + sum(one.pop("_paid") for one in lines)
        total = self._money(self._rows[0], "total")
        return {
            "shop": shop.id,
            "number": said["order_number"],
            "buyer": {
                "id": said["buyer"],
                "name": said["buyer_name"],
                "email": said["buyer_email"],
                "country": said["buyer_country"],
            },
            "currency": self._currency,
            "placed_at": self._moment(self._rows[0], "placed_at"),
            "lines": lines,
            "tenders": [
                {
                    "id": _TENDER,
                    "method": self._method(said["payment_method"]),
                    "amount": self._amount(max(0, adds_up) if total is None else total),
                    "payment": said["payment_reference"] or None,
                    "provider": said["payment_provider"] or None,
                }
            ],
            "shipping": None if shipping is None else self._amount(shipping),
            "recipient": {
                "name": said["recipient_name"],
                **{name: said[name] for name in ("phone", "email", "street", "city", "region", "postcode", "country")},
            },
            "note": said["note"],
        }

    def _method(self, cell: str) -> str:
        found = code_of(cell) if cell else _METHOD
        if found is None:
            self._faults.append(expects(self._rows[0].nth, "payment_method", expected=one_of(words())))
        return found or _METHOD

    def _line(self, place: int, row: Row) -> dict[str, Any]:
        quantity = self._quantity(row)
        unit = self._money(row, "unit_price") or 0
        shares = {name: self._money(row, name) for name in ("discount", "discount_by_platform", "tax")}
        sku = self._cell(row, "item")
        return {
            "id": str(place),
            "sku": sku,
            "title": self._cell(row, "item_name") or sku,
            "variant": self._cell(row, "variant"),
            "category": self._cell(row, "category"),
            "quantity": quantity,
            "unit_price": self._amount(unit),
            **{name: self._amount(share) for name, share in shares.items() if share is not None},
            "_paid": quantity * unit - (shares["discount"] or 0) + (shares["tax"] or 0),
        }

    def _quantity(self, row: Row) -> int:
        cell = self._cell(row, "quantity")
        if cell.isascii() and cell.isdigit() and len(cell) < 8 and int(cell):
            return int(cell)
        self._faults.append(expects(row.nth, "quantity", expected="a whole number of at least 1"))
        return 1

    def _money(self, row: Row, name: str) -> int | None:
        """Minor units of the order's currency; None for an empty cell."""
        cell = self._cell(row, name)
        if not cell:
            return None
        try:
            return Money.parse(cell[:_MOST_DIGITS], self._currency).minor
        except InvalidField as error:
            self._faults.append(fault_of(row.nth, name, error))
            return None

    def _amount(self, minor: int) -> dict[str, Any]:
        return {"amount": minor, "currency": self._currency}

    def _moment(self, row: Row, name: str) -> datetime | None:
        cell = self._cell(row, name)
        if not cell:
            return None
        try:
            return read_moment(cell, self._zone, name)
        except InvalidField as error:
            self._faults.append(fault_of(row.nth, name, error))
            return None

    def _happened(self, said: Mapping[str, str], placed_at: datetime | None) -> tuple[Happened, ...]:
        row = self._rows[0]
        times = {name: at for name in _TIMES if (at := self._moment(row, name)) is not None}
        if "handed_over_at" in times and "scanned_at" in times:
            # One thing, by two people's clocks: the earliest report of it counts.
            times.pop(max(("handed_over_at", "scanned_at"), key=lambda name: times[name]))
        carrier, tracking = self._parcel(row, said)
        self._faults += [
            expects(row.nth, name, expected=NOT_BEFORE)
            for name, at in times.items()
            if placed_at is not None and before(placed_at, at)
        ]
        numbered = [name for name in times if _TIMES[name] in _CARRIED]
        if (carrier or tracking) and not numbered:
            self._faults.append(
                expects(row.nth, "tracking_number", expected="beside label_at, handed_over_at or delivered_at")
            )
        happened = [
            Happened(
                column=name,
                fact=_TIMES[name],
                at=at,
                carrier=carrier if name in numbered[:1] else "",
                tracking=tracking if name in numbered[:1] else "",
            )
            for name, at in times.items()
        ]
        return tuple(sorted(happened, key=lambda one: one.at))

    def _parcel(self, row: Row, said: Mapping[str, str]) -> tuple[str, str]:
        try:
            carrier = label(said["carrier"], field="carrier")
            return carrier, tracking_number(said["tracking_number"], field="tracking_number")
        except RescindError as error:
            self._faults.append(fault_of(row.nth, str(error.params["field"]), error))
            return "", ""


def _named(row: Row, places: Mapping[str, int]) -> dict[str, str]:
    """The cells of a row by their columns; of those that are there."""
    cells = row.cells
    width = len(cells)
    named = {name: plain(cells[place]) for name, place in places.items() if place < width}
    return named | {name: narrow(cell) for name, cell in named.items() if name in _NARROW}


def _report(placing: PlaceOrder, one: Happened) -> ReportFact:
    paid = one.fact is FactKind.PAID
    (tender,) = placing.tenders
    return ReportFact(
        order=placing.order,
        fact=one.fact,
        occurred_at=one.at,
        carrier=one.carrier,
        tracking=one.tracking,
        tender=tender.id if paid else "",
        amount_minor=tender.amount_minor if paid else None,
        reference=tender.payment if paid else "",
    )


def _needless(placing: PlaceOrder, one: Happened) -> bool:
    """An order of nothing is paid from the beginning."""
    return one.fact is FactKind.PAID and not placing.tenders[0].amount_minor


def _at(rows: Sequence[Row], error: RescindError) -> Fault:
    """The row and column that a fault of the document belongs to."""
    steps = str(error.params.get("field", "")).strip("/").split("/")
    nth = rows[0].nth
    if steps[0] in {"lines", "tenders"} and len(steps) > 1 and steps[1].isdigit():
        if steps[0] == "lines":
            nth = rows[min(int(steps[1]), len(rows) - 1)].nth
        steps = steps[2:3]
    name = "/".join(steps)
    if not name and "lines_and_shipping" in error.params:
        name = "total"
    if isinstance(error, FactFromTheFuture):
        name = "placed_at"
    return fault_of(nth, _COLUMNS.get(name, name), error)
