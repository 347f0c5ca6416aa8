"""One order of one buyer, read for a page: the order, its words, its terms, and what the policy says of it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rescind.core.details import LineWords
from rescind.core.errors import NotFound
from rescind.core.habit import Favours, Pace, pace
from rescind.core.ids import OrderId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.order import Order, in_manual_review, leased, stage
from rescind.core.outlook import Answer, Outlook, Until
from rescind.core.parts import Cancellation, Contradiction, Line, ShippingLease
from rescind.core.stage import Stage, rank
from rescind.core.terms import Terms
from rescind.core.views import OrderView, TimelineEntry
from rescind.core.withdrawal import Right, right
from rescind.desk import Desk
from rescind.locales import Locale
from rescind.prospects import MONTH
from rescind.web.buyer.money_words import tender_words
from rescind.web.explain import RuleCard, rule_card
from rescind.web.session import Visit
from rescind.web.timeline import Entry, story


@dataclass(frozen=True, slots=True)
class Matter:
    """``answer``: what a request would be told now, None where none can be made; ``until``: when that gets worse.

    likely: when it will likely be too late, by the shop's own pace; favours: what it said to those who were too late.
    withdrawal: the right to withdraw from the contract here, while a law gives it. nowhere: tenders to which nothing
    can be sent as things stand.
    """

    view: OrderView
    terms: Terms
    outlook: Outlook
    stage: Stage
    answer: Answer | None
    until: Until | None
    now: Instant
    likely: Pace | None = None
    favours: Favours | None = None
    withdrawal: Right | None = None
    nowhere: frozenset[str] = frozenset()

    @property
    def order(self) -> Order:
        """The order itself."""
        return self.view.order

    @property
    def path(self) -> str:
        """Address of the order's page."""
        return f"/orders/{self.order.id}"

    @property
    def zone(self) -> str:
        """The shop's zone: its days are counted in it, and its times shown in it to who has not told a zone."""
        return self.view.shop.zone

    @property
    def arrived(self) -> bool:
        """Whether the goods are with the buyer, so that nothing can be refused at the door."""
        return rank(self.stage) >= rank(Stage.DELIVERED) and self.stage is not Stage.CANCELLED

    @property
    def left(self) -> bool:
        """Whether anything has left the shop, so that something could come back."""
        return rank(Stage.PARTIALLY_SHIPPING) <= rank(self.stage) < rank(Stage.CANCELLED)

    @property
    def reviewed(self) -> bool:
        """Whether a person of the platform has the order."""
        return in_manual_review(self.order)

    @property
    def lease(self) -> ShippingLease | None:
        """Whether the shop is handing the parcel to the carrier right now."""
        return leased(self.order, self.now)

    @property
    def unheard(self) -> bool:
        """Whether a request would be put to a shop that cannot be told of it."""
        if self.answer is None or self.outlook.reached:
            return False
        return self.answer.kind[0] == "ask_seller" or asks_a_favour(self.answer)

    @property
    def left_anyway(self) -> Contradiction | None:
        """A parcel that left although the order was cancelled, until it is known what became of it."""
        found = (one for one in self.order.contradictions if one.kind == "shipped_after_cancel" and not one.closed_at)
        return next(found, None)

    def words(self, line: str) -> LineWords:
        """What the buyer read when buying a line."""
        found = next((one for one in self.view.details.lines if one.line == line), None)
        return found or LineWords(line=line, title=self.line(line).sku)

    def line(self, line: str) -> Line:
        """A line by its id."""
        return next(one for one in self.order.lines if one.id == line)

    def titles(self) -> dict[str, str]:
        """What each line is called, by its id: two variants of one product are two things."""
        return {line.id: named(self.words(line.id)) for line in self.order.lines}

    def cancellation(self, identifier: str) -> Cancellation:
        """One request of this order. Raises NotFound."""
        found = next((one for one in self.order.cancellations if one.id == identifier), None)
        if found is None:
            raise NotFound(kind="cancellation")
        return found

    def money(self, minor: int) -> Money:
        """Minor units in the order's currency."""
        return Money(minor, self.order.currency)

    def rule(self, locale: Locale) -> RuleCard | None:
        """Why the policy answers as it does now."""
        if self.answer is None:
            return None
        can = self.answer.finding.verdict != "refuse"
        title = locale.gettext("Why can I cancel?") if can else locale.gettext("Why can I not cancel?")
        deadline = self.answer.finding.deadline
        return rule_card(
            self.answer.ground, self.terms, locale, title=title, deadline=deadline, reached=self.outlook.reached
        )

    def prices(self, locale: Locale) -> list[dict[str, Any]]:
        """What the order cost, part by part."""
        _ = locale.gettext
        lines = self.order.lines
        rows: list[dict[str, Any]] = [
            {"label": _("Items"), "amount": self.money(sum(one.quantity * one.unit_minor for one in lines))}
        ]
        discount, tax = sum(one.discount_minor for one in lines), sum(one.tax_minor for one in lines)
        if discount:
            rows.append({"label": _("Discount"), "amount": self.money(discount), "minus": True})
        if tax:
            rows.append({"label": _("Tax"), "amount": self.money(tax)})
        rows.append({"label": _("Delivery"), "amount": self.money(self.order.shipping_minor)})
        if self.order.charges:
            charged = sum(charge.amount_minor for charge in self.order.charges)
            rows.append({"label": _("Charges on the whole order"), "amount": self.money(charged)})
        return rows

    def payments(self, locale: Locale) -> list[dict[str, Any]]:
        """What was paid with what."""
        return tender_words(locale, self.order)


def named(words: LineWords) -> str:
    """Title and variant."""
    return " · ".join(part for part in (words.title, words.variant) if part)


async def load(visit: Visit, order_id: str) -> Matter:
    """Read an order through its buyer's own eyes. Raises NotFound for a missing and a foreign one alike."""
    visit.require("buyer")
    view = await visit.desk.reads.order(visit.scope, OrderId(order_id), counting=visit.now - MONTH)
    return await matter(visit, view)


async def matter(visit: Visit, view: OrderView) -> Matter:
    """What the policy says of an order that was read."""
    order = view.order
    terms = await visit.desk.terms(order)
    context = await visit.desk.context(order, terms, view.counted)
    outlook = Outlook(order, terms, context)
    answer = outlook.ask(visit.now)
    until = outlook.until(visit.now, answer) if answer else None
    may = right(order, terms, context, visit.now)
    return Matter(
        view=view,
        terms=terms,
        outlook=outlook,
        stage=stage(order, visit.now),
        answer=answer,
        until=until,
        now=visit.now,
        likely=await likely(visit.desk, outlook, visit.now),
        favours=await visit.desk.habits.favours(order.shop, visit.now) if answer and asks_a_favour(answer) else None,
        withdrawal=may if may is not None and not may.over(visit.now) else None,
        nowhere=await visit.desk.connected.nowhere(order.tenders),
    )


async def likely(desk: Desk, outlook: Outlook, now: Instant) -> Pace | None:
    """When the stage that ends the buyer's time will likely begin; None where no stage does, or too little is known."""
    stage_ = outlook.closes(now)
    if stage_ is None:
        return None
    order = outlook.order
    return pace(stage_, await desk.habits.durations(order.shop, stage_, now), order.placed_at, now)


def asks_a_favour(answer: Answer) -> bool:
    """Whether what is left is to ask the shop although it is too late."""
    return answer.finding.instead == "ask_seller_anyway"


async def history(visit: Visit, found: Matter) -> tuple[tuple[TimelineEntry, ...], tuple[Entry, ...]]:
    """The records of an order, and the story they tell its buyer."""
    entries: Sequence[TimelineEntry] = await visit.desk.reads.timeline(visit.scope, found.order.id)
    told = story(((one.record, one.notes) for one in entries), found.order, visit.locale, "buyer")
    return tuple(entries), told
