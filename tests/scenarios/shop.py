"""A shop on the core alone: its people, its order, and a clock moved by hand.

    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation()
    assert shop.at("Tue 10:00").cancellation.status == "approved"

Times are local to the preset's zone. "Mon 10:00" lies in the week of Monday 4 May 2026; "2026-05-11 08:00" anywhere.
Moving the clock lets everything that is due happen, each at its own instant, exactly as the worker would.
"""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import date, datetime, timedelta

import msgspec

from rescind.book import calendar
from rescind.core import lifecycle
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import (
    AnswerForCarrier,
    ApproveCancellation,
    CancelBySeller,
    LapseDeadline,
    RefuseCancellation,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.chargeback import LapseChargeback
from rescind.core.context import Context
from rescind.core.correction import CorrectFact, CorrectionReason
from rescind.core.deadline import zone_of
from rescind.core.escalation import LapseEscalation
from rescind.core.event import Note
from rescind.core.failed_refund import SettleFailedRefund, WayOn, to_settle
from rescind.core.fulfilment import EndHold, PlaceOrder, ReportFact
from rescind.core.giving_back import GiveBack
from rescind.core.ids import OrderId, make_id, shop_id
from rescind.core.instant import instant
from rescind.core.ledger import BUYER, BY_HAND, CREDIT, ELSEWHERE, SELLER, holder, postings
from rescind.core.money import Money
from rescind.core.order import stage
from rescind.core.override import AnswerOverride, LapseOverride, OverrideRules
from rescind.core.parts import Act, FactKind, Line, Pins, Tender
from rescind.core.quote import quote
from rescind.core.record import Record, decode, encode
from rescind.core.refund import ProviderOutcome, RecordRefundReply
from rescind.core.refund_order import ConfirmRefundOrder, DeclineRefundOrder, LapseRefundOrder, TakeRefundOrder
from rescind.core.returns import LapseReturn
from rescind.core.review import LapseReview
from rescind.core.second_person import AnswerProposal, LapseProposal
from rescind.core.stage import Stage, rank
from rescind.core.terms import Terms
from rescind.core.timers import RingTimer
from rescind.policies import laws, preset

MONDAY = date(2026, 5, 4)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SHOP = shop_id(7)

# What has been reported of an order that is so far.
STEPS = (
    (Stage.REVIEW, FactKind.PAID),
    (Stage.ALLOCATED, FactKind.ALLOCATED),
    (Stage.PREPARING, FactKind.PREPARATION_STARTED),
    (Stage.PACKING, FactKind.PACKING_STARTED),
    (Stage.PACKED, FactKind.PACKED),
    (Stage.AWAITING_COLLECTION, FactKind.TRACKING_ADDED),
    (Stage.IN_TRANSIT, FactKind.HANDED_OVER),
    (Stage.DELIVERED, FactKind.DELIVERED),
    (Stage.COMPLETED, FactKind.COMPLETED),
)


def eur(text: str) -> Money:
    return Money.parse(text, "EUR")


def usd(text: str) -> Money:
    return Money.parse(text, "USD")


def jpy(text: str) -> Money:
    return Money.parse(text, "JPY")


def kwd(text: str) -> Money:
    return Money.parse(text, "KWD")


def item(name: str, unit: Money, quantity: int = 1, **more) -> Line:
    """One line. ``discount`` and ``tax`` are money for the whole line; other words are the line's own."""
    more |= {f"{part}_minor": more.pop(part).minor for part in ("discount", "tax") if part in more}
    return Line(id=name, sku=name.upper(), quantity=quantity, unit_minor=unit.minor, **more)


class Shop:
    """One shop under a preset, with its own settings, and the one order the scenario is about."""

    def __init__(self, policy: str = "base", **settings) -> None:
        self.policy = preset(policy)
        self.zone = zone_of(self.policy.zone)
        self.settings = settings
        self.rules = ()
        self.calendar = calendar(self.policy.calendar, self.policy.zone)
        self.now = self.time("Mon 08:00")
        self.state = None
        self.records = []
        self.books = {}
        self.decision = None
        self.counters = 0
        self.alone = None
        self.outages = ()
        self.reached = True
        self.paths = {}
        self._entropy = itertools.count(1000, 100)
        self._notes = itertools.count(1)
        self.buyer = Buyer(self, Actor(kind=ActorKind.BUYER, id="ann"))
        self.seller = Seller(self, Actor(kind=ActorKind.SELLER, id="sam"))
        self.support = Buyer(self, Actor(kind=ActorKind.SUPPORT, id="sue", on_behalf_of="ann"), consent="on the phone")
        self.host = Payer(self, Actor(kind=ActorKind.HOST, id="host"))
        self.carrier = _Decider(self, Actor(kind=ActorKind.CARRIER, id="post"))
        self.agent = Agent(self, Actor(kind=ActorKind.SUPPORT, id="sue"))
        self.colleague = Agent(self, Actor(kind=ActorKind.SUPPORT, id="cal"))
        self.provider = Provider(self)

    def __call__(self, policy: str = "base", **settings) -> Shop:
        """Another shop, under this preset and with these settings of its own."""
        return Shop(policy, **settings)

    # --- time -------------------------------------------------------------------------------------------------------

    def time(self, text: str):
        """An instant from local words of the shop's zone."""
        day, _, clock = text.partition(" ")
        day = (MONDAY + timedelta(days=DAYS.index(day))).isoformat() if day in DAYS else day
        return instant(datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=self.zone))

    def at(self, when) -> Shop:
        """Move the clock forward; what is due until then happens on the way."""
        then = self.time(when) if isinstance(when, str) else when
        assert then >= self.now, f"{when} is over"
        while waiting := [one for one in self.due if one.kind != "refund" and one.due_at <= then]:
            first = min(waiting, key=lambda one: one.due_at)
            self.now = max(self.now, first.due_at)
            self._happens_by_itself(first)
        self.now = then
        return self

    def _happens_by_itself(self, one) -> None:
        commands = {
            "deadline": lambda: LapseDeadline(order=self.state.id, cancellation=one.ref),
            "hold": lambda: EndHold(order=self.state.id),
            "review": lambda: LapseReview(order=self.state.id),
            "return": lambda: LapseReturn(order=self.state.id, case=one.ref),
            "escalation": lambda: LapseEscalation(order=self.state.id, number=int(one.ref.rpartition(":")[2])),
            "override": lambda: LapseOverride(order=self.state.id, number=int(one.ref.rpartition(":")[2])),
            "proposal": lambda: LapseProposal(order=self.state.id, number=int(one.ref.rpartition(":")[2])),
            "chargeback": lambda: LapseChargeback(order=self.state.id, seq=int(one.ref.rpartition(":")[2])),
            "timer": lambda: RingTimer(order=self.state.id, name=one.ref.rpartition(":")[2]),
            "refund_order": lambda: LapseRefundOrder(order=self.state.id, refund=one.ref),
            "unpaid": lambda: RingTimer(order=self.state.id, name=one.ref.rpartition(":")[2]),
        }
        self.handle(commands[one.kind](), SYSTEM)
        assert one not in self.due, f"{one} waits for ever"

    # --- what happens -----------------------------------------------------------------------------------------------

    def order(
        self,
        *,
        paid: Money | None = None,
        total: Money | None = None,
        stage: Stage | None = None,
        placed: str = "Mon 08:00",
        lines=None,
        shipping: Money | None = None,
        tenders=None,
        custom_made: bool = False,
        **more,
    ) -> Shop:
        """Place an order and report everything up to ``stage``. ``paid``: the whole price; without it, still unpaid."""
        self.now = self.time(placed)
        command = self.placing(
            price=paid or total or eur("40.00"),
            lines=lines,
            shipping=shipping,
            tenders=tenders,
            custom_made=custom_made,
            **{name: self.time(told) if name == "deliver_by" else told for name, told in more.items()},
        )
        self.handle(command, self.host.actor)
        stage = stage or (Stage.REVIEW if paid else Stage.UNPAID)
        for reached, fact in STEPS:
            if rank(reached) <= rank(stage):
                self.host.reports(fact, tracking="JD1" if fact is FactKind.TRACKING_ADDED else "")
        return self

    def placing(
        self,
        *,
        price: Money | None = None,
        lines=None,
        shipping: Money | None = None,
        tenders=None,
        custom_made: bool = False,
        placed_at=None,
        **more,
    ) -> PlaceOrder:
        """The command that places an order, not handled yet. ``tenders``: minor units by means of payment."""
        price = price or eur("40.00")
        lines = lines or (Line(id="mug", sku="MUG", quantity=1, unit_minor=price.minor, custom_made=custom_made),)
        fee = shipping.minor if shipping else 0
        charged = sum(charge.amount_minor for charge in more.get("charges", ()))
        tenders = tenders or {"card": sum(line.paid_minor for line in lines) + fee + charged}
        return PlaceOrder(
            order=OrderId(make_id("ord", SHOP, self.now, next(self._entropy))),
            shop=SHOP,
            buyer="ann",
            number="1001",
            currency=price.currency,
            placed_at=placed_at or self.now,
            pins=Pins(preset=self.policy.name, preset_hash=self.policy.hash, settings=self.settings),
            lines=tuple(lines),
            tenders=tuple(Tender(id=name, method=name, amount_minor=minor) for name, minor in tenders.items()),
            shipping_minor=fee,
            **more,
        )

    @property
    def context(self) -> Context:
        """What a decision reads beside the order and its terms."""
        return Context(
            calendar=self.calendar,
            entropy=next(self._entropy),
            buyer_cancels_30d=self.counters,
            alone_up_to_minor=self.alone.minor if self.alone else None,
            outages=self.outages,
            reached=self.reached,
            paths=self.paths,
            explain=True,
        )

    def handle(self, command, actor: Actor):
        """Decide and fold one command as the engine does, and check what must be true after every one."""
        self.decision = lifecycle.decide(self.state, command, actor, self.context, self.terms, self.now)
        for event in self.decision.events:
            self._post(postings(self.state, event))
            after = lifecycle.apply(self.state, event)
            self.records.append(
                Record(order=after.id, seq=after.version, received_at=self.now, actor=actor, event=event)
            )
            self.state = after
        self._check(len(self.decision.events))
        return self.decision

    def _check(self, written: int) -> None:
        new = self.records[len(self.records) - written :]
        assert [decode(encode(record)) for record in new] == new
        assert lifecycle.replay(tuple(record.event for record in self.records)) == self.state
        for tender in self.state.tenders:
            assert tender.reserved_minor >= 0
            assert tender.refunded_minor >= 0
            gone = tender.reserved_minor + tender.refunded_minor
            assert gone <= tender.captured_minor <= tender.amount_minor
            if tender.trial:
                assert not any(of == tender.id for of, _ in self.books), "on trial no money moves"
                continue
            assert self.books.get((tender.id, SELLER), 0) == gone - tender.captured_minor
            assert self.books.get((tender.id, BUYER), 0) == -tender.reserved_minor
            assert self.books.get((tender.id, ELSEWHERE), 0) == tender.taken_elsewhere_minor
            else_ = self._otherwise(tender.id)
            wanted = Counter({account: -amount for account, amount in else_.items()})
            wanted[holder(tender)] += tender.captured_minor - tender.refunded_minor - tender.taken_elsewhere_minor
            wanted[holder(tender)] += sum(else_.values())
            for account, amount in wanted.items():
                assert self.books.get((tender.id, account), 0) == amount
            assert tender.authorised_minor >= 0
            assert tender.released_minor >= 0

    def _otherwise(self, tender: str) -> dict[str, int]:
        """What came back to the buyer by another way than the provider, by the account it came from."""
        done = [one for one in self.state.refunds if one.tender == tender and one.status == "succeeded"]
        return {
            CREDIT: sum(one.amount_minor for one in done if one.into == "store_credit"),
            BY_HAND: sum(one.amount_minor for one in done if one.into == "paid_out"),
        }

    def _post(self, entry) -> None:
        assert sum(one.amount_minor for one in entry) == 0
        for one in entry:
            self.books[one.tender, one.account] = self.books.get((one.tender, one.account), 0) + one.amount_minor

    def note(self, words: str) -> Note:
        return Note(id=f"txt_{next(self._notes)}", body=words, salt="salt")

    # --- what can be seen -------------------------------------------------------------------------------------------

    @property
    def terms(self) -> Terms:
        placed_at = self.state.placed_at if self.state else self.now
        rules = tuple(policy.at(placed_at) for policy in self.rules)
        return Terms(preset=self.policy.at(placed_at, self.settings), others=rules, laws=laws())

    @property
    def cancellation(self):
        """The last request, or cancellation by the seller."""
        return self.state.cancellations[-1]

    @property
    def rule(self) -> str:
        """The rule that decided last."""
        return self.decision.finding.rule

    @property
    def stage(self) -> Stage:
        return stage(self.state, self.now)

    @property
    def refunded(self) -> Money:
        """What went back or is on its way back."""
        return self.state.given_back

    @property
    def refunds(self) -> dict[str, Money]:
        """The same by tender."""
        return {
            tender.id: Money(tender.refunded_minor + tender.reserved_minor, self.state.currency)
            for tender in self.state.tenders
        }

    @property
    def due(self):
        """Everything that will happen by itself."""
        return lifecycle.due(self.state) if self.state else ()

    @property
    def happened(self) -> list[str]:
        """The names of everything that happened, in order."""
        return [type(record.event).__name__ for record in self.records]

    @property
    def contradictions(self) -> list[str]:
        return [one.kind for one in self.state.open_contradictions]

    def quote(self, **lines) -> Money:
        """What cancelling these units would give back now."""
        return Money(quote(self.state, lines or self.state.open_units()).total_minor, self.state.currency)


class _Person:
    def __init__(self, shop: Shop, actor: Actor) -> None:
        self.shop = shop
        self.actor = actor

    def says(self, command_type, **words):
        """Send a command of one's own."""
        return self.shop.handle(command_type(order=self.shop.state.id, **words), self.actor)

    def _about(self, cancellation) -> str:
        return cancellation or self.shop.cancellation.id


class _Second(_Person):
    """Somebody who answers what another person wants to do with money."""

    def agrees(self, number=1):
        return self.says(AnswerProposal, number=number, confirm=True)

    def disagrees(self, number=1, comment="No."):
        return self.says(AnswerProposal, number=number, confirm=False, comment=self.shop.note(comment))


class Buyer(_Person):
    """The buyer, or somebody of support who acts for her."""

    def __init__(self, shop: Shop, actor: Actor, consent: str = "") -> None:
        super().__init__(shop, actor)
        self.consent = consent

    def _consented(self, consent):
        words = self.consent if consent is None else consent
        return self.shop.note(words) if words else None

    def requests_cancellation(
        self, reason="changed_mind", lines=None, *, anyway=False, comment="", consent=None, **proof
    ):
        self.says(
            RequestCancellation,
            reason=reason,
            lines=lines,
            anyway=anyway,
            comment=self.shop.note(comment) if comment else None,
            consent=self._consented(consent),
            **proof,
        )
        return self.shop.cancellation

    def withdraws(self, cancellation=None, *, consent=None):
        return self.says(WithdrawCancellation, cancellation=self._about(cancellation), consent=self._consented(consent))


class Reporter(_Person):
    """Somebody who saw something happen."""

    def reports(self, fact, **more):
        """Report a fact; it happened now unless ``occurred`` says otherwise."""
        occurred = self.shop.time(more.pop("occurred")) if "occurred" in more else self.shop.now
        return self.says(ReportFact, fact=FactKind(fact), occurred_at=occurred, **more)

    def corrects(self, fact, reason="mistake", *, to="", parcel=""):
        """Take the last report of this fact back; ``to``: it did happen, but then."""
        reports = [one.seq for one in self.shop.state.reports if one.fact == fact and parcel in {"", one.parcel}]
        return self.says(
            CorrectFact,
            seq=reports[-1],
            reason=CorrectionReason(reason),
            occurred_at=self.shop.time(to) if to else None,
        )


class _Decider(Reporter):
    def answers_for_carrier(self, *, stops, comment="", cancellation=None):
        """Say whether the parcel comes back."""
        return self.says(
            AnswerForCarrier,
            cancellation=self._about(cancellation),
            stops=stops,
            comment=self.shop.note(comment) if comment else None,
        )

    def approves(self, cancellation=None):
        return self.says(ApproveCancellation, cancellation=self._about(cancellation))

    def refuses(self, reason="other", *, comment="", cancellation=None, **proof):
        return self.says(
            RefuseCancellation,
            cancellation=self._about(cancellation),
            reason=reason,
            comment=self.shop.note(comment) if comment else None,
            **proof,
        )


class Payer(_Decider):
    """Somebody who may say that a refund order was paid out: the marketplace's program, or support."""

    def paid_out(self, reference="BK-1", *, on="2026-05-04", amount=None, refund=None):
        """Say that it was paid out; ``amount``: unless told, what is owed."""
        found = self._ordered(refund)
        owed = Money(found.amount_minor, self.shop.state.currency)
        return self.says(
            ConfirmRefundOrder,
            refund=found.id,
            reference=reference,
            paid_on=date.fromisoformat(on),
            amount=owed if amount is None else amount,
        )

    def could_not_pay(self, code="account_closed", *, refund=None):
        return self.says(DeclineRefundOrder, refund=self._ordered(refund).id, code=code)

    def _ordered(self, refund):
        return next(one for one in self.shop.state.refunds if refund in {None, one.id})


class Agent(Payer, _Second):
    """Somebody of support who speaks for the platform."""

    def takes_refund(self, refund=None, *, over=False):
        """Pay it out oneself."""
        return self.says(TakeRefundOrder, refund=self._ordered(refund).id, over=over)

    def overrides(self, act, reason, *, comment="I looked at it.", cancellation=None, lines=None, alone=None):
        """Decide against the rules; ``alone``: the highest amount for which one person is enough."""
        about = None if act == "cancel" else self._about(cancellation)
        return self.says(
            OverrideRules,
            act=Act(act),
            cancellation=about,
            lines=lines,
            reason=reason,
            comment=self.shop.note(comment) if comment else None,
            alone_up_to_minor=None if alone is None else alone.minor,
        )

    def confirms(self, number=1):
        return self.says(AnswerOverride, number=number, confirm=True)

    def settles(self, way, refund=None, *, consent="", **more):
        """Say what becomes of a refund that failed or cannot be sent: the last one, unless another is named."""
        waiting = to_settle(self.shop.state)
        failed = [one.id for one in waiting or self.shop.state.refunds if waiting or one.status == "failed"]
        return self.says(
            SettleFailedRefund,
            refund=refund or failed[-1],
            way=WayOn(way),
            consent=self.shop.note(consent) if consent else None,
            **more,
        )

    def gives_back(self, amount: Money | None = None, *, shipping=False):
        return self.says(GiveBack, shipping=shipping, amount_minor=None if amount is None else amount.minor)

    def drops(self, number=1, comment="No."):
        return self.says(AnswerOverride, number=number, confirm=False, comment=self.shop.note(comment))


class Seller(_Decider, _Second):
    def gives_back(self, amount: Money | None = None, *, shipping=False, comment=""):
        words = self.shop.note(comment) if comment else None
        minor = None if amount is None else amount.minor
        return self.says(GiveBack, shipping=shipping, amount_minor=minor, comment=words)

    def cancels(self, reason="out_of_stock", lines=None):
        self.says(CancelBySeller, reason=reason, lines=lines)
        return self.shop.cancellation


class Provider:
    """The payment provider, as far as it answers."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def orders(self, days=3):
        """Leave every refund that is owed to the marketplace's own people, for so many working days."""
        self.answers("submitted", confirm_days=days)

    def answers(self, outcome: ProviderOutcome | str, refund=None, **more):
        """Say something about one refund; without one, about every refund that is open."""
        open_ones = [one.ref for one in self.shop.due if one.kind == "refund"]
        for ref in [refund] if refund else open_ones:
            command = RecordRefundReply(order=self.shop.state.id, refund=ref, outcome=ProviderOutcome(outcome), **more)
            self.shop.handle(command, SYSTEM)


def events(shop: Shop) -> bytes:
    """The whole history as stored, to compare two of them."""
    return msgspec.json.encode([record.event for record in shop.records])
