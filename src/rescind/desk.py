"""The running program as surfaces see it: everything they may call, in one place."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import asyncpg

from rescind.access.credentials import Access
from rescind.access.guest_codes import GuestCodes
from rescind.access.keys import Keys
from rescind.access.links import Links
from rescind.access.mandating import Mandates
from rescind.access.people import People
from rescind.access.signing_in import SigningIn
from rescind.answering import Answering
from rescind.beginning import Beginning
from rescind.book import Book
from rescind.clock import Clock, wall_clock
from rescind.connections import Connected
from rescind.conversations import Conversations
from rescind.core import cancellation
from rescind.core.actor import Actor, ActorKind
from rescind.core.arrival import Way, ways
from rescind.core.cancellation import Decision, RequestCancellation
from rescind.core.context import Context
from rescind.core.conversation import About, Thread
from rescind.core.counting import DOOR_REFUSALS, AtTheDoor, at_the_door
from rescind.core.errors import ReasonNotListed
from rescind.core.escalation import answer_time
from rescind.core.event import Note
from rescind.core.evidence import FOR_A_LOOK
from rescind.core.ids import OrderId, ShopId, make_id
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Pins
from rescind.core.policy import Reason
from rescind.core.policy.policy import Catalogue
from rescind.core.record import Record
from rescind.core.scope import Scope
from rescind.core.terms import Terms
from rescind.core.views import OrderView, ShopView
from rescind.doctor.examining import Installation
from rescind.documents import Documents
from rescind.drafting import Drafting
from rescind.endpoints import Endpoints
from rescind.engine import Engine
from rescind.evidence import Evidence
from rescind.importing import Importing
from rescind.inbox import Inbox
from rescind.lists import Lists
from rescind.mail.documents import DocumentMail
from rescind.mail.post import Post
from rescind.objects import Objects
from rescind.order_sources import OrderSources
from rescind.paying_out import PayingOut
from rescind.pdf import Press
from rescind.postgres.directory import Directory
from rescind.postgres.guards import GuardTable
from rescind.postgres.habits import Habits
from rescind.postgres.imports import ImportTable
from rescind.postgres.mandates import MandateTable
from rescind.postgres.pins import PinTable
from rescind.postgres.reads import Reads
from rescind.postgres.saved_views import SavedViews
from rescind.postgres.shop_versions import ShopVersions
from rescind.postgres.stock import StockFeed
from rescind.postgres.tail import Tail
from rescind.prospects import Prospects
from rescind.pushing import Pushing
from rescind.receipts.signing import Signer
from rescind.robots import Robots
from rescind.settings import Settings
from rescind.shops import Shops
from rescind.translations import Translations

_RANDOM_BITS = 28
_LONGEST = timedelta(days=366)
"""How far back any policy may count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What pages, the API and the command line work with. Nothing here decides; the engine and the core do."""

    settings: Settings
    pool: asyncpg.Pool[Any]
    guards: GuardTable
    engine: Engine
    reads: Reads
    tail: Tail
    access: Access
    book: Book
    directory: Directory
    prospects: Prospects
    signer: Signer
    evidence: Evidence
    conversations: Conversations
    translations: Translations
    inbox: Inbox
    documents: Documents
    press: Press
    post: Post
    habits: Habits
    connected: Connected
    endpoints: Endpoints
    order_sources: OrderSources
    robots: Robots
    pushing: Pushing
    people: People
    signing_in: SigningIn
    links: Links
    guest_codes: GuestCodes
    beginning: Beginning
    stock: StockFeed
    lists: Lists
    views: SavedViews
    files: Objects
    versions: ShopVersions
    clock: Clock
    base_url: str

    @property
    def installation(self) -> Installation:
        """What a check-up looks at."""
        return Installation(settings=self.settings, pool=self.pool, post=self.post, connected=self.connected)

    @property
    def paying_out(self) -> PayingOut:
        """Refunds that the marketplace pays out itself."""
        return PayingOut(self.engine, self.reads)

    @property
    def importing(self) -> Importing:
        """Orders and stage changes that come as a file."""
        return Importing(
            table=ImportTable(self.pool, self.clock),
            engine=self.engine,
            reads=self.reads,
            book=self.book,
            directory=self.directory,
            pins=PinTable(self.pool),
            endpoints=self.endpoints.table,
            clock=self.clock,
        )

    @property
    def answering(self) -> Answering:
        """Requests that are answered together."""
        return Answering(self.engine, self.reads)

    @property
    def keys(self) -> Keys:
        """Keys of programs."""
        return Keys(self.access, self.people.table)

    @property
    def mandates(self) -> Mandates:
        """What programs may do for people."""
        return Mandates(MandateTable(self.pool), self.people.table, self.reads)

    @property
    def document_mail(self) -> DocumentMail:
        """Receipts and credit notes by mail."""
        return DocumentMail(self.post.table, self.documents, self.reads)

    @property
    def drafting(self) -> Drafting:
        """The operators' policy work."""
        return Drafting(self.pool, self.reads, self.book)

    @property
    def shops(self) -> Shops:
        """The shops of the marketplace."""
        return Shops(self.pool, self.drafting, self.versions)

    def now(self) -> Instant:
        """The time to show things at; decisions take theirs from the database."""
        return self.clock.read() or wall_clock()

    def new_order_id(self, shop: ShopId) -> OrderId:
        """A fresh id for an order of this shop."""
        return OrderId(make_id("ord", shop, self.now(), secrets.randbits(_RANDOM_BITS)))

    def note(self, words: str) -> Note:
        """Somebody's words, ready to be kept beside an event. They were checked where they came in."""
        return Note(id="txt_" + secrets.token_hex(8), body=words, salt=secrets.token_hex(16))

    def pins(self, shop: ShopView) -> Pins:
        """The terms an order of this shop is bought under when it is placed now."""
        return Pins(preset=shop.preset, preset_hash=shop.preset_hash, settings=shop.settings, shop_hash=shop.shop_hash)

    async def pins_at(self, shop: ShopView, placed_at: Instant) -> Pins:
        """The terms it was bought under when it was placed before it was told (E-07)."""
        return await PinTable(self.pool).at(shop, placed_at)

    async def terms(self, order: Order) -> Terms:
        """The terms an order is judged by now: those it was bought under, and what holds today."""
        return await self.book.terms(order.pins, order.placed_at, order.shop)

    async def due_first(self, threads: Iterable[Thread]) -> list[tuple[Thread, Instant]]:
        """Conversations in which a shop owes an answer, each with until when; what is due first comes first."""
        found = [(one, await self._answer_by(one, one.waits_since)) for one in threads if one.waits_since]
        return sorted(found, key=lambda one: one[1])

    async def _answer_by(self, thread: Thread, since: Instant) -> Instant:
        """After this its silence is a ground to call the platform (M-20): by the terms the order was bought under, or
        before any order by the shop's own of today.
        """
        if thread.about is About.ORDER and thread.order is not None:
            terms = await self.terms((await self.reads.order(Scope(shop=thread.shop), thread.order)).order)
        else:
            shop = await self.reads.shop(thread.shop)
            terms = await self.book.terms(self.pins(shop), since, thread.shop)
        return since + answer_time(terms)

    async def context(self, order: Order, terms: Terms, counted: int | None = None) -> Context:
        """The outside facts a decision about this order would read now, for a judgement that is only shown.

        counted: the buyer's cancellations of a month, where they are known already.
        """
        return await self.prospects.context(order, terms, counted)

    async def ways(self, view: OrderView, records: Iterable[Record]) -> tuple[Way, ...]:
        """The way of every refund of an order, in working days where its buyer lives."""
        terms = await self.terms(view.order)
        calendar = self.book.working_days(view.order.country, terms)
        return ways(view.order, records, calendar, self.now(), self.settings.pay_out_days)

    async def at_the_door(self, buyer: str, shop: ShopView) -> AtTheDoor | None:
        """How a buyer stands with paying at the door by a shop's policy of today; None where it sets no limit."""
        now = self.now()
        return at_the_door(await self.book.terms(self.pins(shop), now), await self._refusals(buyer, now), now.date())

    async def at_the_door_of(self, order: Order) -> AtTheDoor | None:
        """The same by the terms of an order; None too for one that is not paid at the door."""
        if not order.cash_on_delivery:
            return None
        now = self.now()
        return at_the_door(await self.terms(order), await self._refusals(order.buyer, now), now.date())

    async def _refusals(self, buyer: str, now: Instant) -> list[tuple[date, int]]:
        return await self.directory.counted_by_day(buyer, DOOR_REFUSALS, now - _LONGEST)

    async def reasons(self, order: Order, catalogue: Catalogue) -> tuple[Reason, ...]:
        """The reasons that may be chosen now: the buyer's, the seller's, for a refusal, or for a return case."""
        terms = await self.terms(order)
        actor = ActorKind.SELLER if catalogue in {"seller", "refusal"} else ActorKind.BUYER
        now = self.now()
        return terms.reasons(catalogue, cancellation.read(order, actor, await self.context(order, terms), now), now)

    async def preview(
        self, order: Order, *, reason: str = "", lines: dict[str, int] | None = None, anyway: bool = False
    ) -> Decision:
        """What would be decided if the buyer asked now; the same code, nothing written.

        Without a reason the first one that may be chosen. Raises what the request would raise.
        """
        terms = await self.terms(order)
        context = await self.context(order, terms)
        now = self.now()
        if not reason:
            listed = terms.reasons("buyer", cancellation.read(order, ActorKind.BUYER, context, now), now)
            if not listed:
                raise ReasonNotListed(reason="", listed=())
            reason = listed[0].code
        actor = Actor(kind=ActorKind.BUYER, id=order.buyer)
        words = Note(id="", body="", salt="")
        command = RequestCancellation(
            order=order.id, reason=reason, lines=lines, anyway=anyway, comment=words, evidence=(FOR_A_LOOK,)
        )
        return cancellation.request(order, command, actor, context, terms, now)
