"""Invoice lines of "Online Retail II" (Chen 2012, UCI, doi 10.24432/C5CG6D) as orders with their credits.

An order is an invoice whose number is all digits with product lines of positive quantity and price; a product
is a stock code of five digits and up to two letters, so postage, discounts, fees and manual entries are none.
A product line of negative quantity on an invoice that starts with C is a credit. It names no purchase: it is
taken off what the same customer bought of the same product at or before its time, newest first, each unit at
most once; credits are served in order of time, then of place in the file.

An invoice counts as placed and paid at its own time, in one tender of kind `invoice`; hand-over and arrival are
not known. Times are local to London, amounts pounds.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from operator import attrgetter
from pathlib import Path
from sys import intern
from typing import NamedTuple

from msgspec import Struct, field

from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.simulator.history import BadRow, PastCredit, PastLine, PastOrder, PastTender, Reading, Tally
from rescind.simulator.tables import Amounts, Layout, LocalTimes, UnreadableError, drain, headings, rows

CURRENCY = "GBP"
ZONE = "Europe/London"
KEPT, CREDITED_IN_PART, CREDITED_IN_WHOLE = "kept", "credited_in_part", "credited_in_whole"

LINES = ("Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID")
LAYOUT = Layout(name="online-retail", needed={"lines": LINES}, optional={})

_NOTHING = Money(0, CURRENCY)
_PRODUCT = re.compile(r"[0-9]{5}[A-Za-z]{0,2}")
_QUANTITY = re.compile(r"-?[0-9]{1,9}")


class OnlineRetailReader:
    """Reads the invoices and matches the credits, so orders come only when the whole file has been read."""

    layout = LAYOUT
    name = LAYOUT.name

    def read(self, path: Path) -> Reading:
        return Reading(partial(_entries, LAYOUT.locate(headings(path))["lines"]))


class _Invoice(Struct, gc=False):
    """An order under construction. `times` and `places` (file lines) belong to the line of the same index."""

    number: str
    buyer: str
    lines: list[PastLine] = field(default_factory=list[PastLine])
    times: list[Instant] = field(default_factory=list[Instant])
    places: list[int] = field(default_factory=list[int])
    credits: list[PastCredit] = field(default_factory=list[PastCredit])

    def finished(self) -> PastOrder:
        units = sum(line.quantity for line in self.lines)
        credited = sum(credit.quantity for credit in self.credits)
        in_whole = credited >= units
        value = sum(line.quantity * line.unit_price.minor for line in self.lines)
        return PastOrder(
            number=self.number,
            buyer=self.buyer,
            sellers=(),
            currency=CURRENCY,
            placed_at=self.times[0],
            paid_at=self.times[0],
            carrier_at=None,
            delivered_at=None,
            estimate=None,
            ship_by=None,
            lines=tuple(self.lines),
            tenders=(PastTender("invoice", Money(value, CURRENCY)),),
            ended_as=CREDITED_IN_WHOLE if in_whole else CREDITED_IN_PART if credited else KEPT,
            cancelled_at=self.credits[-1].at if in_whole else None,
            credits=tuple(self.credits),
        )


class _Credit(NamedTuple):
    at: Instant
    place: int
    buyer: str
    sku: str
    quantity: int
    unit_price: Money


class _Purchase(Struct, gc=False):
    """What is left to credit of one line. Newest first means latest time, then furthest down in the file."""

    at: Instant
    place: int
    left: int
    invoice: _Invoice


def _entries(file: Path, tally: Tally) -> Iterator[PastOrder | BadRow]:
    tally.bytes_total = file.stat().st_size
    invoices: dict[str, _Invoice] = {}
    notes: list[_Credit] = []
    yield from _read(file, invoices, notes, tally)
    _match(invoices.values(), notes, tally)
    for number in list(invoices):
        yield invoices.pop(number).finished()


def _read(file: Path, invoices: dict[str, _Invoice], notes: list[_Credit], tally: Tally) -> Iterator[BadRow]:
    """Sort the product lines into purchases, by invoice, and credits."""
    amounts = Amounts(CURRENCY)
    times = LocalTimes(ZONE)
    products: dict[str, str] = {}
    for place, cells in rows(file, LINES, tally):
        if tally.pending:
            yield from drain(tally)
        number, code, title, units, stamp, price, buyer = cells
        sku = products.get(code)
        if sku is None:
            sku = products[code] = intern(code.upper()) if _PRODUCT.fullmatch(code) else ""
        if not sku:
            continue
        try:
            quantity, unit_price, at = _quantity(units), amounts[price], times.read(stamp)
        except UnreadableError as error:
            yield BadRow(file.name, place, error.among(LINES, cells))
            continue
        if number.isdigit():
            if quantity > 0 and unit_price.minor > 0:
                invoice = invoices.get(number) or invoices.setdefault(number, _Invoice(number, buyer))
                invoice.lines.append(PastLine(sku, intern(title.strip()), quantity, unit_price, _NOTHING))
                invoice.times.append(at)
                invoice.places.append(place)
        elif number.startswith("C") and quantity < 0:
            notes.append(_Credit(at, place, buyer, sku, -quantity, unit_price))
    yield from drain(tally)


def _quantity(text: str) -> int:
    if _QUANTITY.fullmatch(text) is None:
        raise UnreadableError(text, "is not a quantity")
    return int(text)


def _match(invoices: Iterable[_Invoice], notes: list[_Credit], tally: Tally) -> None:
    """Give each credit to the purchases it can have come from, and count those that find none."""
    wanted = {(credit.buyer, credit.sku) for credit in notes if credit.buyer}
    purchases: dict[tuple[str, str], list[_Purchase]] = {key: [] for key in wanted}
    for invoice in invoices:
        for line, at, place in zip(invoice.lines, invoice.times, invoice.places, strict=True):
            key = (invoice.buyer, line.sku)
            if key in wanted:
                purchases[key].append(_Purchase(at, place, line.quantity, invoice))
    for bought in purchases.values():
        bought.sort(key=attrgetter("at", "place"), reverse=True)
    for credit in sorted(notes):
        left = credit.quantity
        for purchase in purchases.get((credit.buyer, credit.sku), ()):
            if purchase.at > credit.at or not purchase.left:
                continue
            taken = min(left, purchase.left)
            purchase.left -= taken
            left -= taken
            amount = Money(taken * credit.unit_price.minor, CURRENCY)
            purchase.invoice.credits.append(PastCredit(credit.at, credit.sku, taken, amount))
            if not left:
                break
        tally.credits += 1
        tally.unmatched_credits += left == credit.quantity
        tally.partly_matched_credits += 0 < left < credit.quantity
