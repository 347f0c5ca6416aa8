"""Orders of the "Brazilian E-Commerce Public Dataset by Olist", in the publisher's own files.

Times are local to São Paulo, amounts reais. One items row is one unit. The set has no time of cancellation.
Payments cover more orders than a sample of the orders does; those rows are counted as absent.
"""

from collections.abc import Iterator
from functools import partial
from operator import itemgetter
from pathlib import Path
from sys import intern
from typing import TypeAlias, TypeVar

from rescind.core.instant import Instant
from rescind.simulator.history import BadRow, PastLine, PastOrder, PastTender, Reading, Tally
from rescind.simulator.tables import Amounts, Layout, LocalTimes, UnreadableError, drain, headings, rows

CURRENCY = "BRL"
ZONE = "America/Sao_Paulo"
STATUSES = frozenset(
    ("created", "approved", "invoiced", "processing", "shipped", "delivered", "canceled", "unavailable")
)

ORDERS = (
    "order_id",
    "customer_id",
    "order_status",
    "order_purchase_timestamp",
    "order_approved_at",
    "order_delivered_carrier_date",
    "order_delivered_customer_date",
    "order_estimated_delivery_date",
)
ITEMS = (
    "order_id",
    "order_item_id",
    "product_id",
    "seller_id",
    "shipping_limit_date",
    "price",
    "freight_value",
)
PAYMENTS = ("order_id", "payment_sequential", "payment_type", "payment_value")
CUSTOMERS = ("customer_id", "customer_unique_id")

LAYOUT = Layout(
    name="olist",
    needed={"orders": ORDERS, "items": ITEMS, "payments": PAYMENTS},
    optional={"customers": CUSTOMERS},
)

# An order's rows: position within the order, then what the row says.
_Item: TypeAlias = tuple[int, PastLine, str, Instant]
_Payment: TypeAlias = tuple[int, PastTender]
_Row = TypeVar("_Row", _Item, _Payment)
_PLACE = itemgetter(0)


class OlistReader:
    """Reads orders with their items and payments; the buyer is the person where the customers table is there."""

    layout = LAYOUT
    name = LAYOUT.name

    def read(self, path: Path) -> Reading:
        files = LAYOUT.locate(headings(path))
        return Reading(partial(_entries, files))


def _entries(files: dict[str, Path], tally: Tally) -> Iterator[PastOrder | BadRow]:
    tally.bytes_total = sum(file.stat().st_size for file in files.values())
    amounts = Amounts(CURRENCY)
    times = LocalTimes(ZONE)
    persons = _persons(files["customers"], tally) if "customers" in files else {}
    payments = _payments(files["payments"], amounts, tally)
    items = _items(files["items"], amounts, times, tally)
    yield from drain(tally)
    yield from _orders(files["orders"], persons, payments, items, times, tally)
    tally.absent_orders = len(payments.keys() | items.keys())
    tally.absent_payments = sum(map(len, payments.values()))
    tally.absent_items = sum(map(len, items.values()))


def _persons(file: Path, tally: Tally) -> dict[str, str]:
    """Person by customer id; a customer id of this set belongs to one order only."""
    return {customer: person for _, (customer, person) in rows(file, CUSTOMERS, tally)}


def _payments(file: Path, amounts: Amounts, tally: Tally) -> dict[str, tuple[_Payment, ...]]:
    found: dict[str, tuple[_Payment, ...]] = {}
    for line, cells in rows(file, PAYMENTS, tally):
        number, position, kind, value = cells
        try:
            payment = (_position(position), PastTender(intern(kind), amounts[value]))
            _add(found, number, payment)
        except UnreadableError as error:
            tally.pending.append(BadRow(file.name, line, error.among(PAYMENTS, cells)))
    return found


def _items(file: Path, amounts: Amounts, times: LocalTimes, tally: Tally) -> dict[str, tuple[_Item, ...]]:
    found: dict[str, tuple[_Item, ...]] = {}
    for line, cells in rows(file, ITEMS, tally):
        number, position, product, seller, limit, price, freight = cells
        try:
            bought = PastLine(product, "", 1, amounts[price], amounts[freight])
            _add(found, number, (_position(position), bought, seller, times.read(limit)))
        except UnreadableError as error:
            tally.pending.append(BadRow(file.name, line, error.among(ITEMS, cells)))
    return found


def _orders(
    file: Path,
    persons: dict[str, str],
    payments: dict[str, tuple[_Payment, ...]],
    items: dict[str, tuple[_Item, ...]],
    times: LocalTimes,
    tally: Tally,
) -> Iterator[PastOrder | BadRow]:
    seen: dict[str, int] = {}
    at = times.read
    for line, cells in rows(file, ORDERS, tally):
        if tally.pending:
            yield from drain(tally)
        number, customer, status, placed, paid, carrier, delivered, promised = cells
        try:
            _check(number, status, seen)
            placed_at = at(placed)
            paid_at = at(paid) if paid else None
            carrier_at = at(carrier) if carrier else None
            delivered_at = at(delivered) if delivered else None
            estimate = at(promised) if promised else None
        except UnreadableError as error:
            yield BadRow(file.name, line, error.among(ORDERS, cells))
            continue
        seen[number] = line
        bought = items.pop(number, ())
        yield PastOrder(
            number=number,
            buyer=persons.get(customer, customer),
            sellers=tuple(dict.fromkeys([item[2] for item in bought])),
            currency=CURRENCY,
            placed_at=placed_at,
            paid_at=paid_at,
            carrier_at=carrier_at,
            delivered_at=delivered_at,
            estimate=estimate,
            ship_by=max([item[3] for item in bought], default=None),
            lines=tuple([item[1] for item in bought]),
            tenders=tuple([payment[1] for payment in payments.pop(number, ())]),
            ended_as=intern(status),
        )
    yield from drain(tally)


def _check(number: str, status: str, seen: dict[str, int]) -> None:
    if not number:
        raise UnreadableError(number, "is not an order id")
    if number in seen:
        raise UnreadableError(number, f"is listed twice, first on line {seen[number]}")
    if status not in STATUSES:
        raise UnreadableError(status, "is not a status of this set")


def _add(found: dict[str, tuple[_Row, ...]], number: str, row: _Row) -> None:
    """File a row under its order. Raises UnreadableError when its position is taken: the row is there twice."""
    earlier = found.get(number)
    if earlier is None:
        found[number] = (row,)
    elif any(other[0] == row[0] for other in earlier):
        raise UnreadableError(number, f"has number {row[0]} twice")
    else:
        found[number] = tuple(sorted((*earlier, row), key=_PLACE))


def _position(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise UnreadableError(text, "is not a number")
    return int(text)
