"""What the engine needs from the world around it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from typing import NewType, Protocol

import msgspec

from rescind.core.deadline import Calendar
from rescind.core.details import Details
from rescind.core.errors import OutsideMandate
from rescind.core.event import Note
from rescind.core.ids import OrderId, RefundId, ShopId
from rescind.core.instant import Instant
from rescind.core.ledger import Posting
from rescind.core.lifecycle import DueMoves
from rescind.core.limits import Gift, Guards
from rescind.core.mandate import Errand
from rescind.core.order import Order
from rescind.core.outage import Outage
from rescind.core.parts import Pins, Tender, Through
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

    gift: what of it counts against somebody's day. errand: what of it a mandate has to allow. told: whether anybody
    hears of it, as of all but what is history.
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
    errand: Errand | None = None
    told: bool = True


class Beyond(msgspec.Struct, frozen=True, kw_only=True):
    """A change that was left out. outside: which bound of its mandate it would pass; None: its actor's day is full."""

    change: Change
    outside: OutsideMandate | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What one command needs to know: its order, by id or by the host's own number, and what became of its key.

    asked: also which of its refunds a provider may have been asked for, and that no other is asked for meanwhile.
    """

    order: OrderId
    shop: ShopId
    number: str | None = None
    key: Key | None = None
    asked: bool = False


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What was found for one command. ``stored``: the order with that number, or else with that id. ``asked``: its
    refunds that a provider may have been asked for, where that was wanted.
    """

    stored: Stored | None
    used: Used | None
    buyer_cancels_30d: int
    asked: frozenset[RefundId] = frozenset()


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

    async def write(self, changes: Sequence[Change], now: Instant) -> Sequence[Beyond]:
        """Write everything or nothing, but for what goes beyond somebody's day or mandate, which is left out and given
        back.

        Raises Retry when one of the orders is not any more as it was read.
        """
        ...


class Store(Protocol):
    """Where orders are kept."""

    def unit_of_work(self, *, locking: bool = False, many: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Begin a try. locking: orders that were read stay as they are until the end, because nobody else may write.
        many: it fills tables, so that what was known of how large they are is not true any more.

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

    @property
    def outages(self) -> tuple[Outage, ...]:
        """When nobody could ask for anything, because we were not there (I-38)."""
        ...

    async def terms(self, pins: Pins, placed_at: Instant, shop: ShopId | None = None) -> Terms:
        """The terms an order of this shop is judged by. They were published before it was placed, so they are found."""
        ...

    def reached(self, shop: ShopId) -> bool:
        """Whether a shop can be told of a request, so that its silence means something."""
        ...

    def calendar(self, terms: Terms) -> Calendar:
        """The days that count where the preset holds, for what is decided now; after ``terms`` was asked for them."""
        ...


class GuardBook(Protocol):
    """What one person may do with money in this installation."""

    async def now(self) -> Guards:
        """What holds now, at whichever door."""
        ...


class Paths(Protocol):
    """Through which connection the money of tenders comes in now, where none is named."""

    async def of(
        self, tenders: Sequence[Tender], currency: str, at: Instant, told_by: str = ""
    ) -> Mapping[str, Through]:
        """By tender, how money that was paid ``at`` comes in and in which steps it goes back.

        told_by: the connection that told us.
        """
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
    confirm_days: working days in which people are to say that it was paid out; 0: the provider says it itself.
    through: the connection that was asked.
    """

    outcome: ProviderOutcome
    reference: str = ""
    cause: str = ""
    check_after_s: int = 0
    confirm_days: int = 0
    through: str = ""


class Captured(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider knows of money that came in by one tender. ``at``: when, where any did; None: none came in.

    clear: it has said so. What is not clear is neither paid nor unpaid, and is asked about again.
    """

    clear: bool
    at: Instant | None = None
    amount_minor: int = 0
    check_after_s: int = 0


class Means(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider can send money back to. methods: the means of payment it takes; None: every one there is.

    payments: how its own ids of payments look, a regular expression; what has one came through it, by whichever means.
    steps: by currency, the smallest amount it moves in minor units of ISO 4217, where that is more than one.
    """

    methods: frozenset[str] | None = None
    payments: str = ""
    steps: Mapping[str, int] = {}

    def take(self, method: str, payment: str) -> bool:
        """Whether money that came by this means, as this payment, can go back through it."""
        if self.methods is None or (payment and self.payments and re.fullmatch(self.payments, payment)):
            return True
        return method in self.methods


class ProviderTraits(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider can do, as data: the engine reads these and never a name.

    lists_refunds: it can say which refunds it made in a span of time; lists_after: how long ago that span ends at the
    latest, because its list takes so long to know everything. partial: a payment goes back in parts too.
    releases: what was authorised and not captured can be let go. reverses_transfers: a seller gives back its own share.
    idempotency_life: for how long asking twice with one key is asking once; None: for good. refund_within: how long
    after the payment money still goes back; None: as long as one likes. asynchronous: a refund that was taken may fail
    yet. pays_into: money goes back by another means than it came by, too. test: no real money moves. means: what it
    sends back to.
    """

    lists_refunds: bool = False
    lists_after: timedelta = timedelta()
    partial: bool = True
    releases: bool = False
    reverses_transfers: bool = False
    idempotency_life: timedelta | None = None
    refund_within: timedelta | None = None
    asynchronous: bool = True
    pays_into: bool = False
    test: bool = False
    means: Means = Means()


class PaymentCall(msgspec.Struct, frozen=True, kw_only=True):
    """One tender of an order, as a provider is asked about it.

    number, tender: the host's own names for the order and for the tender. payment: the provider's id of the payment,
    empty where the host never told it. provider: the name of the connection, empty: the installation's own. account:
    the seller's account at the provider, where the payment has to do with one. amount_minor: what the tender was to
    pay. trial: it was paid on trial.
    """

    order: OrderId
    number: str
    shop: ShopId
    tender: str
    method: str
    payment: str = ""
    provider: str = ""
    trial: bool = False
    account: str = ""
    amount_minor: int
    currency: str


class RefundCall(PaymentCall, frozen=True, kw_only=True):
    """One refund, as a provider is asked for it; ``amount_minor`` is what goes back.

    owed_at: nobody was asked for it before. at: the time now. reference: the provider's id of the refund, where it gave
    one. into: by which other means than ``method`` it goes back; empty for the very means it was paid by.
    """

    refund: RefundId
    owed_at: Instant
    at: Instant
    reference: str = ""
    into: str = ""


class ProviderRefund(msgspec.Struct, frozen=True, kw_only=True):
    """A refund as the provider lists it. reference: its own id; refund: ours, empty for one that somebody made there by
    hand; payment: the provider's id of the payment it went back on, empty where it does not say; at: when it was made.
    """

    reference: str
    refund: str = ""
    payment: str = ""
    amount_minor: int
    currency: str
    status: ProviderOutcome
    at: Instant


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a provider whose signature is good. test: it is about no real money."""

    id: str
    type: str
    test: bool


class RefundNews(msgspec.Struct, frozen=True, kw_only=True):
    """How a refund stands at the provider now. refund, order: our ids, empty for one that was made there by hand.

    payments: what the provider calls its payment.
    """

    refund: str = ""
    order: str = ""
    reference: str
    payments: tuple[str, ...]
    amount_minor: int
    currency: str
    status: ProviderOutcome
    at: Instant


class DisputeNews(msgspec.Struct, frozen=True, kw_only=True):
    """A buyer went to the bank, and the bank took the money. won: it was given back; lost: it stays with the buyer."""

    reference: str
    payments: tuple[str, ...]
    amount_minor: int
    currency: str
    at: Instant
    won: bool = False
    lost: bool = False


class PaymentNews(msgspec.Struct, frozen=True, kw_only=True):
    """Money came in."""

    payments: tuple[str, ...]
    amount_minor: int
    currency: str
    at: Instant


News = RefundNews | DisputeNews | PaymentNews


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider says to a key, asked by reading only. trouble: refused, forbidden, unreachable, or empty.

    account: whose key it is, where the key may know. test: it moves no real money.
    """

    trouble: str = ""
    account: str = ""
    test: bool = False


class PaymentProvider(Protocol):
    """Sends money back, and knows what came in.

    Unclear is ``IN_DOUBT``: an adapter never guesses and never raises for what a provider does.
    """

    name: str
    traits: ProviderTraits

    async def refund(self, call: RefundCall) -> ProviderReply:
        """Ask for a refund; the refund's own id is the idempotency key, so asking twice pays once."""
        ...

    async def look_up(self, call: RefundCall) -> ProviderReply:
        """Ask what became of a refund that was asked for and is not settled."""
        ...

    async def captured(self, call: PaymentCall) -> Captured:
        """Ask what came in by one tender."""
        ...

    async def release(self, call: PaymentCall) -> ProviderReply:
        """Let go of what was authorised and never captured. Where money did come in: declined.

        ``amount_minor``: all that is let go of it by now. While more than that is held, nothing is sent (still_held).
        """
        ...

    def refunds(self, since: Instant, until: Instant) -> AsyncIterator[ProviderRefund]:
        """Every refund it made from ``since`` until before ``until``. Raises Unavailable where it cannot say."""
        ...


class ConnectedProvider(PaymentProvider, Protocol):
    """A provider that an operator connects: its keys can be tried, and it tells us what happens there."""

    async def check(self) -> Checked:
        """Whether the keys open anything, by reading only, and whether they move real money."""
        ...

    async def opened(self, body: bytes, headers: Mapping[str, str], now: Instant) -> Told | None:
        """A message, if it was this provider that signed these bytes lately; else None (WH-01).

        headers: by their names in small letters. Raises Unavailable where that cannot be found out now.
        """
        ...

    async def news(self, body: bytes) -> tuple[News, ...] | None:
        """What a message is about, as it stands now. None: nothing we know.

        Raises Unavailable, msgspec.ValidationError, ValueError.
        """
        ...

    async def close(self) -> None:
        """Give up the connections."""
        ...


class Translator(Protocol):
    """A machine that translates. name: what readers are told beside what it wrote."""

    name: str

    async def translate(self, text: str, language: str) -> str:
        """The text in one of our languages. Raises Unavailable, whatever went wrong."""
        ...
