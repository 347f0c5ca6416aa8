"""Past orders played through the core that answers live ones: placed, their facts folded, the buyer's question asked.

Every step is a command to `lifecycle.decide` and its events go through `lifecycle.apply`; nothing here decides. What a
history does not tell, the core is not told either: no packing, no tracking number, no reason, no earlier requests of
the same buyer. Amounts are told so that each order adds up to what was paid for it:

* what was paid beyond the lines and their shipping (interest on instalments, orders without lines) is counted with the
  shipping, which goes back when nothing of the order ships;
* what was paid short of them is a discount shared over the lines, and what exceeds the lines is taken off the shipping.

An order of several sellers is one order of one shop, because a history's tenders are shared between them.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from enum import StrEnum
from itertools import groupby, repeat
from operator import attrgetter, itemgetter
from typing import cast

from msgspec import Struct

from rescind.core import lifecycle
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import (
    ApproveCancellation,
    CancellationApproved,
    CancellationHeld,
    CancellationRefused,
    Decision,
    RequestCancellation,
    SellerAsked,
    WithdrawCancellation,
)
from rescind.core.context import Context
from rescind.core.deadline import Calendar
from rescind.core.errors import EvidenceMissing, ReasonNotListed
from rescind.core.event import Note
from rescind.core.evidence import FOR_A_LOOK
from rescind.core.fulfilment import FactReported, PlaceOrder, ReportFact, report
from rescind.core.ids import OrderId, make_id, shop_id
from rescind.core.instant import Instant
from rescind.core.money import split_minor
from rescind.core.order import Order
from rescind.core.parts import CancellationStatus, FactKind, Line, Pins, Tender
from rescind.core.policy import Policy
from rescind.core.sentence import phrased
from rescind.core.stage import Stage
from rescind.core.terms import Terms
from rescind.core.verdict import Verdict
from rescind.simulator.history import PastCredit, PastOrder

A_MOMENT = timedelta(seconds=1)
"""How long after the last stage known the buyer of an order without a time of cancellation asks."""

REASON = "changed_mind"
"""What every buyer says where the policy lists it; elsewhere the first reason that it lists for the stage."""

_SHOP = shop_id(0)
_HOST = Actor(kind=ActorKind.HOST, id="history")
_BY = str(_HOST.kind)
_BUYER = Actor(kind=ActorKind.BUYER, id="buyer")
_SELLER = Actor(kind=ActorKind.SELLER, id="seller")
_SAID_NOTHING = Note(id="", body="", salt="")
_ANSWERS = (CancellationApproved, SellerAsked, CancellationHeld, CancellationRefused)
_WHEN = itemgetter(1)


class Asked(StrEnum):
    """When the question is put: once a moment after the last stage known, or at each credit note the history has."""

    AFTER_LAST_STAGE = "after_last_stage"
    AT_EACH_CREDIT = "at_each_credit"


class NoReasonListed(Exception):
    """The policy lists no reason a buyer could give, so nobody could ask. The message names policy and stage."""


class Answer(Struct, frozen=True, gc=False):
    """The policy's answer to one question.

    stage: the order's when asked. quoted_minor: what a yes gives back, of the money captured. credited_minor: what the
    history gave back at this moment; 0 where the question is not a credit's.
    """

    at: Instant
    stage: Stage
    verdict: Verdict
    rule: str
    quoted_minor: int
    credited_minor: int = 0


class Played(Struct, frozen=True):
    """An order as it was before the first question, and the answers in the order of their questions."""

    order: Order
    answers: tuple[Answer, ...]


class Player:
    """Plays orders under one policy, each by the values in force when it was placed."""

    def __init__(self, policy: Policy, calendar: Calendar, asked: Asked) -> None:
        self._policy = policy
        self._asked = asked
        # Nothing is stored, so the random part of an id need not be random.
        self._context = Context(calendar=calendar, entropy=0)
        self._pins = Pins(preset=policy.name, preset_hash=policy.hash)
        self._terms: dict[int, Terms] = {}
        self._count = 0

    def play(self, past: PastOrder) -> Played:
        """Play one order. Raises NoReasonListed."""
        terms = self._terms_of(past.placed_at)
        self._count += 1
        order = self._place(past, terms)
        for fact, at in _facts(past):
            order = lifecycle.apply(order, self._reported(order, fact, at, terms))
        if self._asked is Asked.AT_EACH_CREDIT:
            return Played(order, tuple(self._ask_at_credits(order, past, terms)))
        answer, _ = self._ask(order, None, terms, past.last_at + A_MOMENT)
        return Played(order, (answer,))

    def _terms_of(self, placed_at: Instant) -> Terms:
        """Policies are resolved once for all orders between two changes of their values, so terms are made once too."""
        resolved = self._policy.at(placed_at)
        terms = self._terms.get(id(resolved))
        if terms is None:
            terms = self._terms[id(resolved)] = Terms(preset=resolved)
        return terms

    def _place(self, past: PastOrder, terms: Terms) -> Order:
        tenders = tuple(
            [
                Tender(id=str(place), method=tender.kind, amount_minor=tender.amount.minor)
                for place, tender in enumerate(past.tenders, 1)
            ]
        )
        lines, shipping_minor = _adding_up(past, sum([tender.amount_minor for tender in tenders]))
        command = PlaceOrder(
            order=OrderId(make_id("ord", _SHOP, past.placed_at, self._count)),
            shop=_SHOP,
            buyer=past.buyer,
            number=past.number,
            currency=past.currency,
            placed_at=past.placed_at,
            pins=self._pins,
            lines=lines,
            tenders=tenders,
            shipping_minor=shipping_minor,
        )
        return self._fold(None, command, _HOST, terms, past.placed_at)

    def _reported(self, order: Order, fact: FactKind, at: Instant, terms: Terms) -> FactReported:
        """The fact as the core records it. Nothing was asked or cancelled yet, so nothing else follows from it."""
        command = ReportFact(order=order.id, fact=fact, occurred_at=at)
        if fact is not FactKind.PAID:
            return report(order, command, by=_BY, hold_until=None, dispatch_due_at=None)
        starts = {"placed": order.placed_at, "paid": at}
        calendar = self._context.calendar
        return report(
            order,
            command,
            by=_BY,
            hold_until=terms.due_at("hold", starts, calendar),
            dispatch_due_at=terms.due_at("dispatch", starts, calendar),
        )

    def _fold(self, order: Order | None, command: lifecycle.Command, actor: Actor, terms: Terms, now: Instant) -> Order:
        return _folded(order, lifecycle.decide(order, command, actor, self._context, terms, now))

    def _ask(
        self, order: Order, lines: dict[str, int] | None, terms: Terms, now: Instant, credited_minor: int = 0
    ) -> tuple[Answer, Decision]:
        command = RequestCancellation(order=order.id, reason=REASON, lines=lines)
        try:
            decision = lifecycle.decide(order, command, _BUYER, self._context, terms, now)
        except (ReasonNotListed, EvidenceMissing) as error:
            command = RequestCancellation(
                order=order.id,
                reason=self._offered(error),
                lines=lines,
                comment=_SAID_NOTHING,
                evidence=(FOR_A_LOOK,),
            )
            decision = lifecycle.decide(order, command, _BUYER, self._context, terms, now)
        event = decision.events[0]
        assert isinstance(event, _ANSWERS), "a request is answered by one event"
        assert event.request is not None, "and the answer tells what was asked"
        assert decision.finding is not None, "and which rule gave it"
        asked, finding = event.request, decision.finding
        return Answer(now, asked.stage, finding.verdict, finding.rule, asked.refund_minor, credited_minor), decision

    def _offered(self, error: ReasonNotListed | EvidenceMissing) -> str:
        """A reason the policy takes, together with a comment, where it does not take ours."""
        if isinstance(error, EvidenceMissing):
            return REASON
        listed = error.params["listed"]
        assert isinstance(listed, tuple), "the error names the reasons"
        if not listed:
            raise NoReasonListed(phrased("%(name)s lists no reason for which a buyer may ask.", name=self._policy.name))
        return str(cast("tuple[object, ...]", listed)[0])

    def _ask_at_credits(self, order: Order, past: PastOrder, terms: Terms) -> Iterator[Answer]:
        """Ask for the units of each credit note at its moment.

        The shop did credit them, so where the policy asks the seller, the seller says yes. Others whose answer the
        history does not tell are not waited for: the question is taken back before the next.
        """
        units = _Units(order, past)
        for at, notes in groupby(past.credits, attrgetter("at")):
            credited = tuple(notes)
            chosen = units.take(credited)
            answer, decision = self._ask(order, chosen, terms, at, sum(credit.amount.minor for credit in credited))
            yield answer
            order = _folded(order, decision)
            waiting = order.open_cancellation
            if waiting is None:
                continue
            if waiting.status is CancellationStatus.AWAITING_SELLER:
                yes = ApproveCancellation(order=order.id, cancellation=waiting.id)
                order = self._fold(order, yes, _SELLER, terms, at)
            else:
                back = WithdrawCancellation(order=order.id, cancellation=waiting.id)
                order = self._fold(order, back, _BUYER, terms, at)


def _folded(order: Order | None, decision: Decision) -> Order:
    for event in decision.events:
        order = lifecycle.apply(order, lifecycle.known(event))
    return lifecycle.require(order)


class _Units:
    """Which lines a credit's units are of: those of its product, the line furthest down first, each unit once."""

    def __init__(self, order: Order, past: PastOrder) -> None:
        self._left = {line.id: line.quantity for line in order.lines}
        wanted = {credit.sku for credit in past.credits}
        self._lines: dict[str, list[str]] = {sku: [] for sku in wanted}
        for line in reversed(order.lines):
            if line.sku in wanted:
                self._lines[line.sku].append(line.id)

    def take(self, credited: tuple[PastCredit, ...]) -> dict[str, int]:
        """Units by line id. A history credits no more units than were bought."""
        taken: dict[str, int] = {}
        for credit in credited:
            missing = credit.quantity
            for line in self._lines[credit.sku]:
                count = min(missing, self._left[line])
                if count:
                    self._left[line] -= count
                    taken[line] = taken.get(line, 0) + count
                    missing -= count
            assert not missing, f"more of {credit.sku} is credited than was bought"
        return taken


def _facts(past: PastOrder) -> list[tuple[FactKind, Instant]]:
    """What happened, in the sequence of its times, however odd (a hand-over before the purchase is believed)."""
    known = (
        (FactKind.PAID, past.paid_at),
        (FactKind.HANDED_OVER, past.carrier_at),
        (FactKind.DELIVERED, past.delivered_at),
    )
    return sorted([(fact, at) for fact, at in known if at is not None], key=_WHEN)


def _adding_up(past: PastOrder, paid_minor: int) -> tuple[tuple[Line, ...], int]:
    """The lines and the shipping, together worth what was paid (see above)."""
    worth = [line.quantity * line.unit_price.minor for line in past.lines]
    goods = sum(worth)
    shipping = sum([line.shipping.minor for line in past.lines])
    short = goods + shipping - paid_minor
    discount = min(short, goods) if short > 0 else 0
    shares = split_minor(discount, worth) if discount else repeat(0, len(worth))
    lines = [
        Line(
            id=str(place),
            sku=line.sku,
            quantity=line.quantity,
            unit_minor=line.unit_price.minor,
            discount_minor=share,
        )
        for place, (line, share) in enumerate(zip(past.lines, shares, strict=True), 1)
    ]
    return tuple(lines), shipping - short + discount


ASKED: Mapping[str, Asked] = {"olist": Asked.AFTER_LAST_STAGE, "online-retail": Asked.AT_EACH_CREDIT}
"""When each layout's orders are asked about."""
