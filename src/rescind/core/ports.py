"""What the engine needs from the world around it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import NewType, Protocol

import msgspec

from rescind.core.deadline import Calendar
from rescind.core.details import Details
from rescind.core.event import Note
from rescind.core.ids import OrderId, RefundId, ShopId
from rescind.core.instant import Instant
from rescind.core.ledger import Posting
from rescind.core.lifecycle import DueMoves
from rescind.core.limits import Gift
from rescind.core.order import Order, Pins
from rescind.core.record import Record
from rescind.core.refund import ProviderOutcome
from rescind.core.terms import Terms

Fingerprint = NewType("Fingerprint", bytes)
"""SHA-256 over the canonical request a key was used for."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What makes two requests the same: who sent it, where, under which key (ID-01)."""

    shop: ShopId
    principal: str
    route: str
    key: str


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was used before, and the records that request made (``last`` below ``first``: none)."""

    fingerprint: Fingerprint
    order: OrderId
    first: int
    last: int


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it was read, the hash its next record is chained to, and the time of its last one."""

    order: Order
    head: bytes
    updated_at: Instant


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One record ready to be stored: its bytes, its hash, and the entry it makes in the ledger."""

    record: Record
    data: bytes
    hash: bytes
    postings: tuple[Posting, ...]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one command changes. ``before`` is None for a new order. ``due``: what waits since, or no longer.

    gift: what of it counts against somebody's day.
    """

    before: Order | None
    after: Order
    written: tuple[Written, ...]
    notes: tuple[Note, ...] = ()
    details: Details | None = None
    key: Key | None = None
    fingerprint: Fingerprint = Fingerprint(b"")
    due: DueMoves
    gift: Gift | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What one command needs to know: its order, by id or by the host's own number, and what became of its key."""

    order: OrderId
    shop: ShopId
    number: str | None = None
    key: Key | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for one command. ``stored``: the order with that number, or else with that id."""

    stored: Stored | None
    used: Used | None
    buyer_cancels_30d: int


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What a batch was decided on, all of one moment: the time, and what was found for each of its commands in turn."""

    now: Instant
    found: Sequence[Found]


class UnitOfWork(Protocol):
    """One try at a batch: read once, write once."""

    async def read(self, wanted: Sequence[Wanted]) -> Situation:
        """Read everything the decisions need."""
        ...

    async def records(self, order: OrderId, last: int) -> Sequence[Record]:
        """The records of an order from the first to ``last``."""
        ...

    async def write(self, changes: Sequence[Change], now: Instant) -> Sequence[Change]:
        """Write everything or nothing, but for what goes beyond somebody's day, which is left out and given back.

        Raises Retry when one of the orders is not any more as it was read.
        """
        ...


class Store(Protocol):
    """Where orders are kept."""

    def unit_of_work(self, *, locking: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a try. locking: orders that were read stay as they are until the end, because nobody else may write.

        Raises Retry for a fault of the database that may pass, Conflict when somebody else made the same row.
        """
        ...


class Retry(Exception):
    """The try failed for a reason that may pass: an order that moved on, a deadlock, a lock timeout, a lost connection.

    Whether the commit happened may be unknown; the next try finds out by the commands' keys.
    """


class Conflict(Exception):
    """Two commands of a batch, or a batch and somebody else, wanted the same new row."""


class TermsBook(Protocol):
    """Policies and calendars by what an order pinned."""

    async def terms(self, pins: Pins, placed_at: Instant, shop: ShopId | None = None) -> Terms:
        """The terms an order of this shop is judged by. They were published before it was placed, so they are found."""
        ...

    def calendar(self, terms: Terms) -> Calendar:
        """The days that count where the preset holds, for what is decided now; after ``terms`` was asked for them."""
        ...


class ObjectStore(Protocol):
    """Where bytes are kept by name. Every method raises Unavailable when the store cannot be reached."""

    async def put(self, name: str, data: bytes) -> None:
        """Keep them for good; under a name that has bytes already, in their place."""
        ...

    async def get(self, name: str) -> bytes | None:
        """What is kept under a name, None for nothing."""
        ...

    async def delete(self, name: str) -> None:
        """Remove what is kept under a name; nothing there is well too."""
        ...


class ProviderReply(msgspec.Struct, frozen=True, kw_only=True):
    """A payment provider's answer. ``check_after_s``: seconds until it is worth asking again, when not final.

    cause: of ``refund.NOT_SENT_BECAUSE``, where the adapter found out before any call that there is nothing to send.
    """

    outcome: ProviderOutcome
    reference: str = ""
    cause: str = ""
    check_after_s: int = 0


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider knows of money that came in by one tender. ``at``: when, where any did; None: none came in.

    clear: it has said so. What is not clear is neither paid nor unpaid, and is asked about again.
    """

    clear: bool
    at: Instant | None = None
    amount_minor: int = 0
    check_after_s: int = 0


class PaymentProvider(Protocol):
    """Sends money back, and knows what came in.

    Unclear is ``IN_DOUBT``: an adapter never guesses and never raises for what a provider does.
    """

    name: str

    async def refund(self, refund: RefundId, method: str, amount_minor: int, currency: str) -> ProviderReply:
        """Ask for a refund; ``refund`` is the idempotency key, so asking twice pays once."""
        ...

    async def look_up(self, refund: RefundId) -> ProviderReply:
        """Ask what became of a refund."""
        ...

    async def captured(self, number: str, tender: str, method: str, amount_minor: int, currency: str) -> Captured:
        """Ask what came in for the order with the host's ``number`` by one of its tenders, by the host's id for it."""
        ...
