"""Stories played through the decisions themselves: time passes, and whatever is due on the way happens by itself."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import msgspec

from rescind.core import lifecycle
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.automation import Answered, Required, may_end_at, month_before, require_over
from rescind.core.cancellation import (
    AnswerForCarrier,
    ApproveCancellation,
    CancelBySeller,
    RefuseCancellation,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.context import Context
from rescind.core.correction import CorrectFact, CorrectionReason
from rescind.core.counting import DOOR_REFUSALS, at_the_door, counted
from rescind.core.deadline import Calendar, day_start, zone_of
from rescind.core.errors import RescindError
from rescind.core.event import BaseCommand, Ground, Note
from rescind.core.evidence import FOR_A_LOOK
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import CancellationId, OrderId, make_id, shop_id
from rescind.core.instant import Instant
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind
from rescind.core.order import Order, stage
from rescind.core.parts import FactKind, Pins, Report, Tender
from rescind.core.policy import Policy
from rescind.core.record import Record
from rescind.core.refund import OPEN, ProviderOutcome, RecordRefundReply
from rescind.core.review import StopReviewed, TakeReview
from rescind.core.story import Bought, Month, Step, Story, Then
from rescind.core.terms import Terms

SHOP = shop_id(1)
FOR_CARRIER = frozenset({"carrier", "host"})
"""Whose answer to a request is the carrier's."""
_FOR_ITSELF = frozenset({"reports", "reviews", "approves", "refuses"})


def verdict(story: Story, policy: Policy, laws: tuple[Policy, ...] = (), automation: Policy | None = None) -> str:
    """What is wrong with a story; nothing when it comes out, or when it does not and says what is missing."""
    message = play(story, policy, laws, automation)
    if not story.not_yet:
        return message
    return "" if message else "It comes out now: take its not_yet away."


def play(story: Story, policy: Policy, laws: tuple[Policy, ...] = (), automation: Policy | None = None) -> str:
    """What is wrong with a story, told as a person would; nothing when it comes out. One without steps does not.

    automation: what the platform agrees to in the place of a shop that answers too slowly.
    """
    if story.order is None or not story.steps:
        return "Nothing of it can be played."
    player = _Player(story, story.order, policy, laws, automation)
    for step in story.steps:
        try:
            player.move_to(step.at)
            message = player.act(step) or player.look(step.then)
        except NothingPlaysIt as gap:
            message = f"{gap}."
        if message:
            return f"{step.at:%a %Y-%m-%d %H:%M:%S}: {message}"
    return ""


class NothingPlaysIt(Exception):
    """The story tells of something the program does not know."""


class _Player:
    def __init__(
        self, story: Story, bought: Bought, policy: Policy, laws: tuple[Policy, ...], automation: Policy | None
    ) -> None:
        self.zone = zone_of(policy.zone)
        self.now = self._instant(bought.placed)
        self.calendar = Calendar(policy.zone, holidays=frozenset(story.holidays))
        self.terms = Terms(preset=policy.at(self.now, story.settings), laws=laws)
        self.automation = automation
        self.answered = story.answered
        self.counted_at = day_start(
            (bought.placed.replace(day=1) + timedelta(days=31)).date().replace(day=1), policy.zone
        )
        self.may_end_at: Instant | None = None
        self.cancels_30d = bought.cancels_30d
        self.door_refusals = [(self.now.date(), bought.door_refusals)]
        self.entropy = count(1)
        self.grounds: dict[str, Ground] = {}
        self.order: Order | None = None
        self.handle(self._placing(bought, policy, story), Actor(kind=ActorKind.HOST, id="host"))

    def _placing(self, bought: Bought, policy: Policy, story: Story) -> PlaceOrder:
        return PlaceOrder(
            order=OrderId(make_id("ord", SHOP, self.now, next(self.entropy))),
            shop=SHOP,
            buyer="buyer",
            number="1001",
            currency=policy.currency or "USD",
            placed_at=self.now,
            pins=Pins(preset=policy.name, preset_hash=policy.hash, settings=story.settings),
            lines=bought.bought(),
            tenders=tuple(Tender(id=name, method=name, amount_minor=minor) for name, minor in bought.paid().items()),
            shipping_minor=bought.shipping,
            shipping_by=bought.shipping_by,
            handling=bought.handling,
            promised_at=self._instant(bought.promised) if bought.promised else None,
            deliver_by=self._instant(bought.deliver_by) if bought.deliver_by else None,
            cross_border=bought.cross_border,
            country=bought.country,
        )

    def handle(self, command: lifecycle.Command, actor: Actor) -> None:
        context = Context(calendar=self.calendar, entropy=next(self.entropy), buyer_cancels_30d=self.cancels_30d)
        decision = lifecycle.decide(self.order, command, actor, context, self.terms, self.now)
        records: list[Record] = []
        for event in map(lifecycle.known, decision.events):
            self.order = lifecycle.apply(self.order, event)
            records.append(
                Record(order=self.order.id, seq=self.order.version, received_at=self.now, actor=actor, event=event)
            )
            ground: Ground | None = getattr(event, "ground", None)
            if ground is not None:
                self.grounds.setdefault(getattr(event, "cancellation", ""), ground)
        counters = counted(self._known(), records)
        self.door_refusals.append((self.now.date(), counters.count(DOOR_REFUSALS)))

    def move_to(self, local: datetime) -> None:
        """Let time pass; what is due until then happens on the way, each thing at its own time."""
        until = self._instant(local)
        if self.answered is not None and until >= self.counted_at:
            self._happen_until(self.counted_at)
            self._count(self.answered)
            self.answered = None
        self._happen_until(until)

    def _count(self, month: Month) -> None:
        """The month is over: whether the platform agrees for the shop from now on."""
        required = Required.of(self.terms.preset.policy.at(self.now).values)
        if required is None or self.automation is None:
            msg = "nobody counts the answers of a shop under this policy"
            raise NothingPlaysIt(msg)
        first, _, _ = month_before(self.now, self.zone.key)
        answered = Answered(month=first, asked=month.asked, in_time=month.in_time)
        self.may_end_at = may_end_at(required, answered, self.now, self.zone.key)
        if self.may_end_at is not None:
            self.terms = msgspec.structs.replace(self.terms, standing=self.automation)

    def _happen_until(self, until: Instant) -> None:
        while waiting := [one for one in lifecycle.due(self._known()) if one.kind != "refund" and one.due_at <= until]:
            first = min(waiting, key=lambda one: one.due_at)
            self.now = max(self.now, first.due_at)
            self.handle(lifecycle.by_itself(self._known().id, first), SYSTEM)
        self.now = until

    def act(self, step: Step) -> str:
        """Do what the step says; what is wrong, when it met another problem than it was to meet, or none."""
        met = ""
        try:
            if step.does == "switches_off":
                require_over(self.may_end_at, self.now)
                self.terms = msgspec.structs.replace(self.terms, standing=None)
            elif step.does:
                self._do(step)
        except RescindError as problem:
            met = problem.code
        if met == step.problem:
            return ""
        return f"Expected {step.problem or 'no problem'}; it met {met or 'none'}."

    def _do(self, step: Step) -> None:
        kind = {"host": ActorKind.HOST, "provider": ActorKind.SYSTEM}.get(step.who) or ActorKind(step.who)
        # Support asks, withdraws and answers offers for the buyer; what it sees and decides it says for itself.
        behalf = self._known().buyer if kind is ActorKind.SUPPORT and step.does not in _FOR_ITSELF else ""
        actor = Actor(kind=kind, id=step.who, on_behalf_of=behalf)
        for command in self._replies(step) if step.does == "replies" else (self._command(step),):
            self.handle(command, actor)

    def _command(self, step: Step) -> lifecycle.Command:
        order, words = self._known(), self._note(step.comment)
        shown = (FOR_A_LOOK,) if step.evidence else ()
        consent = self._note("agreed on the telephone" if step.who == "support" else "")
        offer = order.cancellations[-1].offer if order.cancellations else None
        number = offer.number if offer else 0
        cancellation = order.cancellations[-1].id if order.cancellations else CancellationId("")
        commands: Mapping[str, Callable[[], BaseCommand]] = {
            "requests": lambda: RequestCancellation(
                order=order.id,
                reason=step.reason,
                lines=step.lines,
                anyway=step.anyway,
                comment=words,
                evidence=shown,
                consent=consent,
            ),
            "withdraws": lambda: WithdrawCancellation(order=order.id, cancellation=cancellation, consent=consent),
            "approves": lambda: (
                AnswerForCarrier(order=order.id, cancellation=cancellation, stops=True, comment=words)
                if step.who in FOR_CARRIER
                else ApproveCancellation(order=order.id, cancellation=cancellation, comment=words)
            ),
            "refuses": lambda: (
                AnswerForCarrier(order=order.id, cancellation=cancellation, stops=False, comment=words)
                if step.who in FOR_CARRIER
                else RefuseCancellation(
                    order=order.id,
                    cancellation=cancellation,
                    reason=step.reason,
                    comment=words,
                    carrier="carrier" if step.tracking else "",
                    tracking=step.tracking,
                    evidence=shown,
                )
            ),
            "cancels": lambda: CancelBySeller(
                order=order.id, reason=step.reason, lines=step.lines, comment=words, evidence=shown
            ),
            "reports": lambda: self._report(order, step),
            "corrects": lambda: self._correction(order, step),
            "offers": lambda: MakeOffer(
                order=order.id,
                cancellation=cancellation,
                kind=OfferKind(step.act),
                amount_minor=step.amount or 0,
                ship_by=self._instant(step.ship_by) if step.ship_by else None,
            ),
            "accepts": lambda: AnswerOffer(
                order=order.id, cancellation=cancellation, number=number, accept=True, consent=consent
            ),
            "declines": lambda: AnswerOffer(
                order=order.id, cancellation=cancellation, number=number, accept=False, consent=consent
            ),
            "reviews": lambda: self._review(order, step),
        }
        command: Any = commands[step.does]()
        return command

    def _report(self, order: Order, step: Step) -> ReportFact:
        if step.fact not in set(FactKind):
            msg = f"nobody can report {step.fact!r}"
            raise NothingPlaysIt(msg)
        happened = self._instant(step.happened) if step.happened else self.now
        return ReportFact(
            order=order.id,
            fact=FactKind(step.fact),
            occurred_at=happened,
            parcel=step.parcel,
            lines=step.lines or {},
            tracking=step.tracking,
            carrier="carrier" if step.tracking else "",
            tender=step.tender,
            amount_minor=step.amount,
        )

    def _correction(self, order: Order, step: Step) -> CorrectFact:
        told = last_told(order.reports, step.fact, step.parcel)
        when = self._instant(step.happened) if step.happened else None
        reason = CorrectionReason.WRONG_TIME if when else CorrectionReason.MISTAKE
        return CorrectFact(order=order.id, seq=told.seq, reason=reason, occurred_at=when)

    def _review(self, order: Order, step: Step) -> TakeReview | StopReviewed | ReportFact:
        match step.act:
            case "take":
                return TakeReview(order=order.id)
            case "stop":
                return StopReviewed(order=order.id)
            case "pass":
                return ReportFact(order=order.id, fact=FactKind.REVIEW_CLEARED, occurred_at=self.now)
            case _:
                msg = f"nobody can {step.act or 'do nothing'} a review"
                raise NothingPlaysIt(msg)

    def _replies(self, step: Step) -> tuple[RecordRefundReply, ...]:
        """The provider's word about every refund that waits for one."""
        order = self._known()
        waiting = [one.id for one in order.refunds if one.status in OPEN]
        if not waiting:
            msg = "there is no refund to reply to"
            raise NothingPlaysIt(msg)
        outcome = ProviderOutcome(step.outcome)
        return tuple(RecordRefundReply(order=order.id, refund=one, outcome=outcome) for one in waiting)

    def look(self, then: Then) -> str:
        """The first thing that is not as it must be."""
        found = self._found()
        for name, wanted in msgspec.structs.asdict(then).items():
            if wanted is None:
                continue
            if name == "due":
                wanted = self._instant(wanted)  # noqa: PLW2901  # an instant like the one it is compared with
            if found[name] != wanted:
                return f"Expected {name} to be {self._told(wanted)}; it is {self._told(found[name]) or 'nothing'}."
        return ""

    def _found(self) -> dict[str, Any]:
        order = self._known()
        last = order.cancellations[-1] if order.cancellations else None
        ground = self.grounds.get(last.id) if last else None
        door = at_the_door(self.terms, self.door_refusals, self.now.date())
        return {
            "stage": stage(order, self.now).value,
            "requests": len(order.cancellations),
            "cancellation": last.status.value if last else "",
            "by": (last.closed_by or "") if last else "",
            "rule": last.rule if last else "",
            "layer": ground.layer if ground else "",
            "instead": last.instead if last else "",
            "due": last.due_at if last else None,
            "on_silence": last.on_silence if last else "",
            "fault": (last.fault if last else "") or (ground.fault if ground else "") or "nobody",
            "refunded": order.given_back.minor,
            "refund": order.refunds[-1].status.value if order.refunds else "",
            "noted": order.contradictions[-1].kind if order.contradictions else "",
            "door_refusals": f"{door.refused} of {door.limit}" if door else "",
            "at_the_door": door is None or door.off_until is None,
            "back": {one.id: minor for one in order.tenders if (minor := one.reserved_minor + one.refunded_minor)},
        }

    def _told(self, value: object) -> str:
        if isinstance(value, datetime):
            return f"{value.astimezone(self.zone):%a %Y-%m-%d %H:%M:%S}"
        return "" if value is None else str(value)

    def _known(self) -> Order:
        return lifecycle.require(self.order)

    def _note(self, words: str) -> Note | None:
        return Note(id=f"txt_{next(self.entropy)}", body=words, salt="story") if words else None

    def _instant(self, local: datetime) -> Instant:
        return local.replace(tzinfo=self.zone).astimezone(UTC)


def last_told(reports: Sequence[Report], fact: str, parcel: str = "") -> Report:
    """The last report of this fact that stands, about this parcel where one is named."""
    for one in reversed(reports):
        if one.fact.value == fact and parcel in {"", one.parcel}:
            return one
    msg = f"nobody has reported {fact!r}"
    raise NothingPlaysIt(msg)
