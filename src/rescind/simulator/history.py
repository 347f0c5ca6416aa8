"""A past order as published: what was bought, paid, shipped and credited, and when, in no source's own words.

Readers (`olist.py`, `online_retail.py`) produce these records and correct nothing: contradictory times
(a hand-over before the purchase, an arrival before the hand-over) stay as they were recorded.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, Protocol, Self

from msgspec import Struct, field

from rescind.core.instant import Instant
from rescind.core.money import Money

Reached = Literal["never_approved", "approved", "with_carrier", "delivered"]


class PastLine(Struct, frozen=True, gc=False):
    """One product of an order. `title` is empty where the source names products by number only."""

    sku: str
    title: str
    quantity: int
    unit_price: Money
    shipping: Money


class PastTender(Struct, frozen=True, gc=False):
    """One payment; `kind` is the source's own word (`credit_card`, `boleto`, `voucher`, `invoice`…)."""

    kind: str
    amount: Money


class PastCredit(Struct, frozen=True, gc=False):
    """Units of an order that were credited at `at`: a cancellation or a return, the source does not say which."""

    at: Instant
    sku: str
    quantity: int
    amount: Money


class PastOrder(Struct, frozen=True, gc=False):
    """One order of a published history.

    `sellers` are distinct, in the order of the lines; empty where there are no lines or one shop owns all.
    `ended_as` is the source's status word. `paid_at` is when the payment was approved, `carrier_at` the
    hand-over, `estimate` the start of the day promised to the buyer, `ship_by` the seller's last moment to hand
    over. `cancelled_at` is None where the source does not tell when (Olist), even if the order was cancelled.
    """

    number: str
    buyer: str
    sellers: tuple[str, ...]
    currency: str
    placed_at: Instant
    paid_at: Instant | None
    carrier_at: Instant | None
    delivered_at: Instant | None
    estimate: Instant | None
    ship_by: Instant | None
    lines: tuple[PastLine, ...]
    tenders: tuple[PastTender, ...]
    ended_as: str
    cancelled_at: Instant | None = None
    credits: tuple[PastCredit, ...] = ()

    @property
    def reached(self) -> Reached:
        """The furthest stage with a recorded time, whatever the times say about their sequence."""
        if self.delivered_at is not None:
            return "delivered"
        if self.carrier_at is not None:
            return "with_carrier"
        return "approved" if self.paid_at is not None else "never_approved"

    @property
    def last_at(self) -> Instant:
        """The latest recorded time of the order (the promise and the credits do not count)."""
        known = (self.placed_at, self.paid_at, self.carrier_at, self.delivered_at)
        return max(at for at in known if at is not None)

    @property
    def paid(self) -> Money:
        """What the tenders add up to; zero where none is known."""
        return Money(sum(tender.amount.minor for tender in self.tenders), self.currency)


class BadRow(Struct, frozen=True):
    """A row that was skipped. `line` counts from 1 and includes the heading."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}, line {self.line}: {self.message}"


class Tally(Struct):
    """What a reading has met so far; complete when the iteration has ended.

    Absent rows are sound but belong to an order that is not in the history (the published payments of Olist cover
    more orders than a sample of its orders), so they are not bad; `absent_orders` are the orders they belong to.
    `unmatched_credits` found no unit to be taken off, `partly_matched_credits` fewer than they say. Bytes are
    those of the files as stored.
    """

    orders: int = 0
    bad_rows: int = 0
    absent_orders: int = 0
    absent_payments: int = 0
    absent_items: int = 0
    credits: int = 0
    unmatched_credits: int = 0
    partly_matched_credits: int = 0
    bytes_total: int = 0
    bytes_read: int = 0
    pending: list[BadRow] = field(default_factory=list[BadRow])


class Reading(Iterator[PastOrder | BadRow]):
    """One pass over a history: yields orders and bad rows, and keeps the tally."""

    def __init__(self, entries: Callable[[Tally], Iterator[PastOrder | BadRow]]) -> None:
        self.tally = Tally()
        self._entries = entries(self.tally)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> PastOrder | BadRow:
        entry = next(self._entries)
        if isinstance(entry, BadRow):
            self.tally.bad_rows += 1
        else:
            self.tally.orders += 1
        return entry


class Reader(Protocol):
    """Knows one published layout. `name` is what a report calls it."""

    @property
    def name(self) -> str: ...

    def read(self, path: Path) -> Reading:
        """Read the folder or file at `path`, each file once. Raises UnknownLayoutError when a table is missing."""
        ...
