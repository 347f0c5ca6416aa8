"""What a request would be told at each stage that an order can still reach, at the worst that may be by then.

Nobody knows when a stage will begin, whether a person will have looked at the order, or which reason will be given. So
each fact that may change until then is tried with everything that it may have become and that the rules can tell apart;
of the answers the least generous is told. Whoever asks there gets that or better.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from rescind.core.deadline import Calendar
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.policy import Reason, ResolvedPolicy, ResolvedRule, as_heard, judge_fast
from rescind.core.policy.boundary import Content, boundaries, of_reasons
from rescind.core.policy.resolved import badness
from rescind.core.policy.vocabulary import STANDARD, Kind, Per
from rescind.core.stage import Stage, rank, status_of
from rescind.core.timers import NOT_COLLECTED, NOT_SHIPPED, reason_of

AnswerKind: TypeAlias = tuple[str, str, str]
"""What a person would call the same answer: verdict, meaning of silence, way on."""

_ON = "request"
_STARTS: Mapping[str, Instant] = dict.fromkeys(
    ("requested", "placed", "paid", "promised", "estimated"), datetime(2024, 1, 1, tzinfo=UTC)
)
"""Between two layers that both wait the shorter span decides, whenever it begins."""
_TO_COME = tuple(one for one in Stage if rank(Stage.UNPAID) < rank(one) <= rank(Stage.DELIVERED))


class Said(NamedTuple):
    """What a request is told, whichever reason is given: by the least generous rule and by the most generous one."""

    worst: ResolvedRule
    best: ResolvedRule

    @property
    def kind(self) -> AnswerKind:
        """The kind of answer that is sure."""
        return kind_by(self.worst)

    @property
    def varies(self) -> bool:
        """Whether it depends on the reason, as far as anybody could tell."""
        return _told(self.worst) != _told(self.best)

    def same(self, other: Said) -> bool:
        """Whether nobody could tell the two apart."""
        return [_told(rule) for rule in self] == [_told(rule) for rule in other]

    def less_than(self, other: Said) -> bool:
        """Whether this promises less."""
        return badness(self.worst) > badness(other.worst)


def kind_by(rule: ResolvedRule) -> AnswerKind:
    """The kind of answer that a rule gives."""
    silence = rule.deadline.on_silence if rule.deadline else None
    return rule.verdict.value, silence or "", rule.instead or ""


def _told(rule: ResolvedRule) -> tuple[AnswerKind, str]:
    return kind_by(rule), rule.deadline.said if rule.deadline else ""


def said(
    layers: Sequence[ResolvedPolicy],
    read: Mapping[str, object],
    listed: Iterable[str],
    starts: Mapping[str, Instant],
    calendar: Calendar,
    *,
    reached: bool,
) -> tuple[Said, str]:
    """What these facts are told for any of the listed reasons, and the reason that is told the worst.

    Of reasons that no rule names, the first speaks for all. reached: the shop can be told, so that its silence counts.
    """
    told = [
        (as_heard(judge_fast(layers, _ON, {**read, "reason": reason}, starts, calendar)[1], reached=reached), reason)
        for reason in _told_apart(layers, listed)
    ]
    worst, reason = max(told, key=_badness_of_first)
    return Said(worst, min(told, key=_badness_of_first)[0]), reason


def _badness_of_first(one: tuple[ResolvedRule, str]) -> tuple[int, int, int]:
    return badness(one[0])


def _told_apart(layers: Sequence[ResolvedPolicy], listed: Iterable[str]) -> list[str]:
    named = boundaries(layers, _ON).get("reason", ())
    found: list[str] = []
    others = False
    for code in listed:
        if code in named or not others:
            found.append(code)
        others = others or code not in named
    return found or ["none"]


class Step(NamedTuple):
    """A stage to come, and what a request there is told at the worst."""

    stage: Stage
    said: Said


def course(
    order: Order,
    layers: Sequence[ResolvedPolicy],
    read: Mapping[str, object],
    here: Stage,
    calendar: Calendar,
    *,
    reached: bool,
    most_s: int | None = None,
) -> tuple[Step, ...]:
    """Every stage after ``here`` that this order can reach, in order.

    read: the facts at the moment from which on it may be asked there; most_s: no later than so many seconds after the
    order was placed. What the clock ends by itself is not asked about later than that. reached: as it is now.
    """
    known = _facts_told_apart(tuple(layers))
    paid_at = order.progress.paid_at
    unpaid_s = max(0, int((paid_at - order.placed_at).total_seconds())) if paid_at else 0

    def most(*reasons: str) -> _Most:
        ends = (_ends(order, *reasons), most_s)
        return _most_of(known, min((one for one in ends if one is not None), default=None), unpaid_s)

    base = tuple([_floor(known[name], read[name]) if name in known else None for name in _READ])
    told_of_lines = tuple([name for name in _OF_LINES if name in known])
    lines = {tuple([one[name] for name in told_of_lines]) for one in _lines(read)}
    shape = _Shape(
        here=here,
        currency=order.currency,
        paid=paid_at is not None,
        at_the_door=order.cash_on_delivery,
        several=sum([line.open for line in order.lines]) > 1,
        amount=_floor(known["amount"], _amount_when_paid(order, read)) if "amount" in known else 0,
        to_label=most(NOT_SHIPPED, NOT_COLLECTED),
        to_leave=most(NOT_COLLECTED),
        afterwards=most(),
        reached=reached,
    )
    return _course(tuple(layers), base, tuple(sorted(lines, key=repr)), shape, calendar)


class _Most(NamedTuple):
    """The most that ``since_placed`` and ``since_paid`` can be, as far as rules tell; None where nothing ends it."""

    since_placed: int | None = None
    since_paid: int | None = None


class _Shape(NamedTuple):
    """What the stages to come hang on, beside the facts. amount: what a request is about at the most, once everything
    is paid, as far as rules tell. to_label, to_leave, afterwards: the most that can have passed before the label,
    before the carrier has it, and later. reached: the shop can be told.
    """

    here: Stage
    currency: str
    paid: bool
    at_the_door: bool
    several: bool
    amount: object
    to_label: _Most
    to_leave: _Most
    afterwards: _Most
    reached: bool


_READ = tuple(name for name, spec in STANDARD.items() if spec.level is Per.ORDER)
_OF_LINES = tuple(name for name, spec in STANDARD.items() if spec.level is Per.LINE)
_COUNTED = frozenset(name for name, spec in STANDARD.items() if spec.kind in {Kind.COUNT, Kind.AMOUNT})


@lru_cache(maxsize=512)
def _facts_told_apart(layers: tuple[ResolvedPolicy, ...]) -> Mapping[str, tuple[Content, ...]]:
    """The values of each fact between which rules on requests, or reasons for them, tell a difference."""
    rules, reasons = boundaries(layers, _ON), of_reasons(layers, "buyer")
    found: dict[str, tuple[Content, ...]] = {}
    for name in {**rules, **reasons}:
        values = {*rules.get(name, ()), *reasons.get(name, ())}
        found[name] = tuple(sorted(values)) if name in _COUNTED else tuple(values)  # type: ignore[type-var]
    return found


def _floor(known: Sequence[Content], value: object) -> object:
    """A number as far as rules can tell it from others; anything else as it is."""
    if value.__class__ is not int:
        return value
    floor: Content = 0
    for one in known:
        if one > value:  # type: ignore[operator]
            break
        floor = one
    return floor


def _most_of(known: Mapping[str, tuple[Content, ...]], most_s: int | None, unpaid_s: int) -> _Most:
    if most_s is None:
        return _Most()
    most = (("since_placed", most_s), ("since_paid", max(0, most_s - unpaid_s)))
    return _Most(*(int(str(_floor(known.get(name, ()), seconds))) for name, seconds in most))


def _amount_when_paid(order: Order, read: Mapping[str, object]) -> int:
    """What a request would be about, in minor units, had everything been paid."""
    amount: Any = read["amount"]
    return amount + sum([max(0, tender.wanted_minor - tender.authorised_minor) for tender in order.tenders])


def _lines(read: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    lines: Any = read["lines"]
    return lines


def _ends(order: Order, *reasons: str) -> int | None:
    """Seconds after placement at which the clock cancels what is not further on by then."""
    ends = [
        int((one.due_at - order.placed_at).total_seconds())
        for one in order.timers
        if one.then == "cancel" and one.rung_at is None and reason_of(one) in reasons
    ]
    return min(ends, default=None)


# Orders that the rules cannot tell apart are told the same, and most orders of a shop are alike.
@lru_cache(maxsize=4096)
def _course(
    layers: tuple[ResolvedPolicy, ...],
    base: tuple[object, ...],
    lines: tuple[tuple[object, ...], ...],
    shape: _Shape,
    calendar: Calendar,
) -> tuple[Step, ...]:
    known = _facts_told_apart(layers)
    told_of_lines = [name for name in _OF_LINES if name in known]
    read: dict[str, object] = {name: value for name, value in zip(_READ, base, strict=True) if name in known}
    read |= {"lines": [dict(zip(told_of_lines, line, strict=True)) for line in lines], "actor": "buyer"}
    # No word of the vocabulary, but an amount is compared in it.
    read["currency"] = shape.currency
    found: list[Step] = []
    for at_stage in _reached(shape, layers[0]):
        may_be = {name: tuple(_may_be(name, read, at_stage, shape, known)) for name in read if name in _CHANGES}
        if at_stage is Stage.ON_HOLD and "since_paid" in may_be:
            may_be["since_paid"] = tuple([one for one in may_be["since_paid"] if _held(layers[0], one)])
        there = {**read, "stage": str(at_stage), "status": status_of(at_stage)}
        every = [
            _at(layers, {**there, **dict(zip(may_be, one, strict=True))}, calendar, reached=shape.reached)
            for one in itertools.product(*may_be.values())
        ]
        worst = max((one.worst for one in every), key=badness)
        same = [one.best for one in every if _told(one.worst) == _told(worst)]
        # How much better it is for some reasons is told at the worst, too.
        found.append(Step(at_stage, Said(worst, max(same, key=badness))))
    return tuple(found)


def _at(layers: tuple[ResolvedPolicy, ...], read: Mapping[str, object], calendar: Calendar, *, reached: bool) -> Said:
    listed = [one.code for layer in layers if layer.layer in {"preset", "law"} for one in _listed(layer, read)]
    return said(layers, read, dict.fromkeys(listed), _STARTS, calendar, reached=reached)[0]


def _listed(layer: ResolvedPolicy, read: Mapping[str, object]) -> tuple[Reason, ...]:
    return layer.policy.reasons_for("buyer", read)


def _reached(shape: _Shape, preset: ResolvedPolicy) -> Iterator[Stage]:
    """The stages to come. Nothing is held back that was paid before, and a single piece is not shipped in part."""
    for one in _TO_COME:
        if rank(one) <= rank(shape.here):
            continue
        if one is Stage.ON_HOLD and "hold" not in preset.deadlines:
            continue
        if one is Stage.PARTIALLY_SHIPPING and not shape.several:
            continue
        yield one


def _held(preset: ResolvedPolicy, since_paid: object) -> bool:
    """Whether an order can still be on hold so many seconds after its payment."""
    hold = preset.deadlines["hold"]
    return hold.elapsed is None or hold.event != "paid" or int(str(since_paid)) < hold.elapsed.total_seconds()


_CHANGES = frozenset({
    "paid", "since_placed", "since_paid", "amount", "production_started", "in_manual_review",
    "shipping_leased", "past_dispatch_sla", "dispatched_late", "past_estimated_delivery", "out_for_delivery",
    "working_days_late",
})  # fmt: skip
"""What may have become another by then without anybody having asked for anything."""
_EITHER = (False, True)


def _may_be(
    name: str, read: Mapping[str, object], at_stage: Stage, shape: _Shape, known: Mapping[str, tuple[Content, ...]]
) -> Iterable[object]:
    """Everything that a fact may be when an order is at this stage."""
    now: Any = read[name]
    match name:
        case "since_placed":
            return _from(now, known[name], _most(at_stage, shape).since_placed)
        case "since_paid":
            return _from(now if shape.paid else 0, known[name], _most(at_stage, shape).since_paid)
        case "working_days_late":
            return _from(now, known[name], None)
        case "amount":
            return _amounts(now, at_stage, shape, known[name])
        case "paid":
            return _EITHER if shape.at_the_door and not now else (True,)
        case _:
            return _true_or_not(name, at_stage, now=now)


def _amounts(now: int, at_stage: Stage, shape: _Shape, known: Sequence[Content]) -> Sequence[object]:
    most: Any = shape.amount
    if rank(at_stage) >= rank(Stage.PARTIALLY_SHIPPING) and at_stage is not Stage.IN_TRANSIT:
        # What has left is not asked about any more, and what is left may be worth anything less.
        return (most, *(one for one in known if int(one) < most))
    if not shape.paid and not shape.at_the_door:
        return (most,)
    # More may be paid at any time, at the door or in parts.
    return (now, *(one for one in known if now < int(one) <= most))


def _true_or_not(name: str, at_stage: Stage, *, now: bool) -> tuple[bool, ...]:
    left, there = rank(at_stage) >= rank(Stage.PARTIALLY_SHIPPING), rank(at_stage) >= rank(Stage.DELIVERED)
    match name:
        case "production_started" if rank(at_stage) <= rank(Stage.PREPARING):
            return (at_stage is Stage.PREPARING,)
        case "production_started" | "past_dispatch_sla":
            return (True,) if now else _EITHER
        case "past_estimated_delivery":
            return (False,) if there else (True,) if now else _EITHER
        case "dispatched_late" | "out_for_delivery":
            return _EITHER if left and not now else (now,)
        case "shipping_leased":
            return (now,) if left and at_stage is not Stage.PARTIALLY_SHIPPING else _EITHER
        case _:
            return _EITHER


def _most(at_stage: Stage, shape: _Shape) -> _Most:
    if rank(at_stage) < rank(Stage.AWAITING_COLLECTION):
        return shape.to_label
    return shape.to_leave if at_stage is Stage.AWAITING_COLLECTION else shape.afterwards


def _from(now: int, known: Sequence[Content], most: int | None) -> list[object]:
    """A number that only grows: what it is, and every one after it that rules tell apart, up to the most."""
    return [now, *(one for one in known if now < int(one) and (most is None or int(one) <= most))]
