"""What the policy would say of an order now, for whoever shows it: nothing here decides, and nothing is written."""

from __future__ import annotations

from datetime import timedelta

from rescind.book import Book
from rescind.clock import Clock, wall_clock
from rescind.core.context import Context
from rescind.core.instant import Instant
from rescind.core.notice import Notice, Unread, as_of, promises
from rescind.core.order import Order
from rescind.core.outlook import Outlook
from rescind.core.terms import Terms
from rescind.postgres.directory import Directory

MONTH = timedelta(days=30)


class Prospects:
    """Reads what a decision would read."""

    def __init__(self, book: Book, directory: Directory, clock: Clock) -> None:
        self._book = book
        self._directory = directory
        self._clock = clock

    def now(self) -> Instant:
        """The time to show things at."""
        return self._clock.read() or wall_clock()

    async def context(self, order: Order, terms: Terms, counted: int | None = None) -> Context:
        """The outside facts a decision about this order would read now, for a judgement that is only shown.

        counted: the buyer's cancellations of a month, where they are known already.
        """
        now = self.now()
        if counted is None:
            counted = await self._directory.cancellations_since(order.buyer, now - MONTH)
        return Context(
            calendar=self._book.calendar(terms),
            entropy=0,
            buyer_cancels_30d=counted,
            as_of=now,
            explain=True,
            outages=self._book.outages,
            reached=self._book.reached(order.shop),
        )

    async def outlook(self, order: Order) -> Outlook:
        """An order under the terms it is judged by now."""
        terms = await self._book.terms(order.pins, order.placed_at, order.shop)
        return Outlook(order, terms, await self.context(order, terms))

    async def notice(self, notice: Notice, order: Order | None, unread: Unread) -> Notice:
        """A notice as it stands now; what its buyer can do is asked of the policy, as on the order's page."""
        outlook = await self.outlook(order) if order is not None and promises(notice) else None
        return as_of(notice, order, self.now(), unread, outlook)
