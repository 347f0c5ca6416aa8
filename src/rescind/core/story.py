"""Scenarios played through the decisions themselves: an order, what people do and when, and what must be true then.

An example asks one question of one policy; a story goes on until its end, and time passes in it. Whatever is due on the
way happens by itself, as the worker would have it.
"""

import tomllib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import count
from typing import Any, Literal

import msgspec

from rescind.core import lifecycle
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import (
    AnswerForCarrier,
    ApproveCancellation,
    CancelBySeller,
    RefuseCancellation,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.context import Context
from rescind.core.counting import DOOR_REFUSALS, at_the_door, counted
from rescind.core.deadline import Calendar, zone_of
from rescind.core.errors import RescindError
from rescind.core.event import BaseCommand, Ground, Note
from rescind.core.fulfilment import PlaceOrder, ReportFact
from rescind.core.ids import CancellationId, OrderId, RefundId, make_id, shop_id
from rescind.core.instant import Instant
from rescind.core.order import FactKind, Line, Order, Pins, Tender, stage
from rescind.core.policy import Policy
from rescind.core.policy.literal import Plain
from rescind.core.policy.position import PolicyError
from rescind.core.record import Record
from rescind.core.refund import ProviderOutcome, RecordRefundReply
from rescind.core.terms import Terms

SHOP = shop_id(1)
_PRICE = 4000
_FOR_CARRIER = frozenset({"carrier", "host"})


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of what a story is told with."""


class Bought(_Part, frozen=True):
    """The order. lines: minor units by line id, and `custom` the ids of those made for the buyer; times are local.

    cancels_30d, door_refusals: what has been counted of the buyer before.
    """

    placed: datetime
    lines: dict[str, int] = msgspec.field(default_factory=lambda: {"mug": _PRICE})
    custom: tuple[str, ...] = ()
    shipping: int = 0
    paid_by: str = "card"
    shipping_by: str = "seller"
    deliver_by: datetime | None = None
    cross_border: bool = False
    country: str = ""
    cancels_30d: int = 0
    door_refusals: int = 0


class Then(_Part, frozen=True):
    """What must be true: of the order, of its last request, and of the ground on which it was decided.

    cancellation, by, rule, due, on_silence: of the last request. requests: how many there were. refunded: minor units
    that went back or are on their way. refund: status of the last refund. noted: kind of the last contradiction.
    door_refusals: of the buyer, as "2 of 3". at_the_door: whether the buyer may pay there the next time.
    """

    stage: str | None = None
    requests: int | None = None
    cancellation: str | None = None
    by: str | None = None
    rule: str | None = None
    layer: str | None = None
    instead: str | None = None
    due: datetime | None = None
    on_silence: str | None = None
    fault: str | None = None
    refunded: int | None = None
    refund: str | None = None
    noted: str | None = None
    door_refusals: str | None = None
    at_the_door: bool | None = None


class Step(_Part, frozen=True):
    """One moment. Without `does` somebody only looks. happened: when it happened, where that is earlier.

    problem: the code of the problem it must meet.
    """

    at: datetime
    who: Literal["buyer", "seller", "host", "carrier", "support", "provider"] = "host"
    does: Literal["requests", "withdraws", "approves", "refuses", "cancels", "reports", "replies", ""] = ""
    fact: str = ""
    happened: datetime | None = None
    tracking: str = ""
    reason: str = "changed_mind"
    lines: dict[str, int] | None = None
    anyway: bool = False
    comment: str = ""
    outcome: str = ""
    problem: str = ""
    then: Then = Then()


class Story(_Part, frozen=True):
    """A scenario under one policy. not_yet: what is missing for it to come out; then it must not come out."""

    id: str
    policy: str
    says: str
    cites: tuple[str, ...]
    order: Bought | None = None
    settings: dict[str, Plain] = {}
    holidays: tuple[date, ...] = ()
    steps: tuple[Step, ...] = ()
    not_yet: str = ""


class _File(msgspec.Struct, forbid_unknown_fields=True):
    stories: tuple[Story, ...]


def stories(data: bytes, file: str) -> tuple[Story, ...]:
    """Read a file of stories. PolicyError when it is not one."""
    try:
        return msgspec.convert(tomllib.loads(data.decode()), _File).stories
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PolicyError(file, 1, 1, str(error)) from None


class Scenario(msgspec.Struct, frozen=True):
    """What became of one scenario of the rule book. told: how many examples and stories tell it.

    why: what is missing, or what went wrong.
    """

    id: str
    state: Literal["passed", "not yet", "failed", "not told"]
    told: int
    why: str = ""


SCENARIOS = tuple(f"S-{number:02}" for number in range(1, 53))
"""S-01 to S-52 of the rule book."""


def scenarios(results: Sequence[tuple[str, str, str]]) -> tuple[Scenario, ...]:
    """Every scenario with what became of it. results: id of an example or story, what is wrong with it, its not_yet.

    What is told under `S-10-late` belongs to S-10. One that misses something has not passed, whatever else came out.
    """
    return tuple(
        _scenario(one, [result for result in results if result[0] == one or result[0].startswith(f"{one}-")])
        for one in SCENARIOS
    )


def _scenario(name: str, results: Sequence[tuple[str, str, str]]) -> Scenario:
    wrong = next((wrong for _, wrong, _ in results if wrong), "")
    missing = next((not_yet for _, _, not_yet in results if not_yet), "")
    if not results:
        return Scenario(name, "not told", 0)
    if wrong:
        return Scenario(name, "failed", len(results), wrong)
    return Scenario(name, "not yet" if missing else "passed", len(results), missing)


def verdict(story: Story, policy: Policy, laws: tuple[Policy, ...] = ()) -> str:
    """What is wrong with a story; nothing when it comes out, or when it does not and says what is missing."""
    message = play(story, policy, laws)
    if not story.not_yet:
        return message
    return "" if message else "It comes out now: take its not_yet away."


def play(story: Story, policy: Policy, laws: tuple[Policy, ...] = ()) -> str:
    """What is wrong with a story, told as a person would; nothing when it comes out. One without steps does not."""
    if story.order is None or not story.steps:
        return "Nothing of it can be played."
    player = _Player(story, story.order, policy, laws)
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
    def __init__(self, story: Story, bought: Bought, policy: Policy, laws: tuple[Policy, ...]) -> None:
        self.zone = zone_of(policy.zone)
        self.now = self._instant(bought.placed)
        self.calendar = Calendar(policy.zone, holidays=frozenset(story.holidays))
        self.terms = Terms(preset=policy.at(self.now, story.settings), laws=laws)
        self.cancels_30d = bought.cancels_30d
        self.door_refusals = [(self.now.date(), bought.door_refusals)]
        self.entropy = count(1)
        self.ground: Ground | None = None
        self.order: Order | None = None
        self.handle(self._placing(bought, policy, story), Actor(kind=ActorKind.HOST, id="host"))

    def _placing(self, bought: Bought, policy: Policy, story: Story) -> PlaceOrder:
        total = sum(bought.lines.values()) + bought.shipping
        return PlaceOrder(
            order=OrderId(make_id("ord", SHOP, self.now, next(self.entropy))),
            shop=SHOP,
            buyer="buyer",
            number="1001",
            currency=policy.currency or "USD",
            placed_at=self.now,
            pins=Pins(preset=policy.name, preset_hash=policy.hash, settings=story.settings),
            lines=tuple(
                Line(id=name, sku=name, quantity=1, unit_minor=minor, custom_made=name in bought.custom)
                for name, minor in bought.lines.items()
            ),
            tenders=(Tender(id="1", method=bought.paid_by, amount_minor=total),),
            shipping_minor=bought.shipping,
            shipping_by=bought.shipping_by,
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
            self.ground = getattr(event, "ground", None) or self.ground
            records.append(
                Record(order=self.order.id, seq=self.order.version, received_at=self.now, actor=actor, event=event)
            )
        counters = counted(self._known(), records)
        self.door_refusals.append((self.now.date(), counters.count(DOOR_REFUSALS)))

    def move_to(self, local: datetime) -> None:
        """Let time pass; what is due until then happens on the way, each thing at its own time."""
        until = self._instant(local)
        while waiting := [one for one in lifecycle.due(self._known()) if one.kind != "refund" and one.due_at <= until]:
            first = min(waiting, key=lambda one: one.due_at)
            self.now = max(self.now, first.due_at)
            self.handle(lifecycle.by_itself(self._known().id, first), SYSTEM)
        self.now = until

    def act(self, step: Step) -> str:
        """Do what the step says; what is wrong, when it met another problem than it was to meet, or none."""
        met = ""
        try:
            if step.does:
                kind = {"host": ActorKind.HOST, "provider": ActorKind.SYSTEM}.get(step.who) or ActorKind(step.who)
                self.handle(self._command(step), Actor(kind=kind, id=step.who))
        except RescindError as problem:
            met = problem.code
        if met == step.problem:
            return ""
        return f"Expected {step.problem or 'no problem'}; it met {met or 'none'}."

    def _command(self, step: Step) -> lifecycle.Command:
        order, words = self._known(), self._note(step.comment)
        cancellation = order.cancellations[-1].id if order.cancellations else CancellationId("")
        commands: Mapping[str, Callable[[], BaseCommand]] = {
            "requests": lambda: RequestCancellation(
                order=order.id, reason=step.reason, lines=step.lines, anyway=step.anyway, comment=words
            ),
            "withdraws": lambda: WithdrawCancellation(order=order.id, cancellation=cancellation),
            "approves": lambda: (
                AnswerForCarrier(order=order.id, cancellation=cancellation, stops=True, comment=words)
                if step.who in _FOR_CARRIER
                else ApproveCancellation(order=order.id, cancellation=cancellation, comment=words)
            ),
            "refuses": lambda: (
                AnswerForCarrier(order=order.id, cancellation=cancellation, stops=False, comment=words)
                if step.who in _FOR_CARRIER
                else RefuseCancellation(
                    order=order.id, cancellation=cancellation, reason=step.reason, comment=words, tracking=step.tracking
                )
            ),
            "cancels": lambda: CancelBySeller(order=order.id, reason=step.reason, lines=step.lines, comment=words),
            "reports": lambda: self._report(order, step),
            "replies": lambda: RecordRefundReply(
                order=order.id, refund=_refund(order), outcome=ProviderOutcome(step.outcome)
            ),
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
            tracking=step.tracking,
            carrier="carrier" if step.tracking else "",
        )

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
        order, ground = self._known(), self.ground
        last = order.cancellations[-1] if order.cancellations else None
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
            "fault": (ground.fault if ground else "") or "nobody",
            "refunded": order.refunded.minor,
            "refund": order.refunds[-1].status.value if order.refunds else "",
            "noted": order.contradictions[-1].kind if order.contradictions else "",
            "door_refusals": f"{door.refused} of {door.limit}" if door else "",
            "at_the_door": door is None or door.off_until is None,
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


def _refund(order: Order) -> RefundId:
    if not order.refunds:
        msg = "there is no refund to reply to"
        raise NothingPlaysIt(msg)
    return order.refunds[-1].id
