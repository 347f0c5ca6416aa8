"""Judge a question by every layer alone and take the most generous answer.

Published order: the verdict (approve, then ask_seller or ask_carrier, then review, then refuse); among equals what
silence means (approve, escalate, refuse); among equals the earlier deadline; among equals the earlier layer given.
A layer in which no rule holds abstains. A standing consent answers in the seller's place: it comes last, and counts
only where the others would ask the seller. No layer says yes to cancelling what was handed over (``handed_over.py``).
"""

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from rescind.core.deadline import Calendar, reckon
from rescind.core.instant import Instant
from rescind.core.policy.as_python import Facts
from rescind.core.policy.as_trace import Step
from rescind.core.policy.handed_over import GONE, OVER, within
from rescind.core.policy.literal import Plain
from rescind.core.policy.resolved import ResolvedPolicy, ResolvedRule
from rescind.core.verdict import OnSilence, Verdict


class Deadline(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A promised instant and how it was worked out.

    event and start: what the span runs from, and when that was. day_zero, last_day, skipped, calendar_hash: for spans
    counted in days; the order's day is day 0 and `due_at` is the first instant after `last_day` (E-03).
    """

    name: str
    due_at: Instant
    event: str
    start: Instant
    span: str
    zone: str
    on_silence: OnSilence | None = None
    then: str | None = None
    day_zero: date | None = None
    last_day: date | None = None
    skipped: tuple[date, ...] = ()
    calendar_hash: str = ""
    cites: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """The outcome. trace: every rule that was asked, layer by layer; the rules after the one that held were not."""

    verdict: Verdict
    rule: str
    layer: str
    policy: str
    policy_hash: str
    on: str
    cites: tuple[str, ...]
    deadline: Deadline | None = None
    instead: str | None = None
    settings: Mapping[str, Plain] = msgspec.field(default_factory=dict[str, Plain])
    trace: tuple[Step, ...] = ()


def judge(
    layers: Sequence[ResolvedPolicy],
    on: str,
    facts: Facts,
    now: Instant,
    starts: Mapping[str, Instant],
    calendar: Calendar,
    *,
    trace: bool = True,
) -> Finding:
    """The whole answer to one question.

    starts: when the things happened that deadlines run from; `requested` defaults to `now`. LookupError when no layer
    has an answer, which a preset rules out for request, seller_cancel and ship.
    """
    begun = {"requested": now, **starts}
    numbers = _first(layers, on, facts)
    policy, chosen = _most_generous(layers, on, numbers, facts, begun, calendar)
    deadline = deadline_of(policy, chosen.deadline.name, begun, calendar) if chosen.deadline else None
    steps: tuple[Step, ...] = ()
    if trace:
        for layer, number in zip(layers, numbers, strict=True):
            if on in layer.trace:
                steps += _told(layer.trace[on](facts, number), on, facts, layer, number)
    return Finding(
        verdict=chosen.verdict,
        rule=chosen.id,
        layer=policy.layer,
        policy=policy.name,
        policy_hash=policy.hash,
        on=on,
        cites=chosen.rule.cites,
        deadline=deadline,
        instead=chosen.instead,
        settings=policy.settings,
        trace=steps,
    )


def judge_fast(
    layers: Sequence[ResolvedPolicy],
    on: str,
    facts: Facts,
    starts: Mapping[str, Instant] | None = None,
    calendar: Calendar | None = None,
) -> tuple[ResolvedPolicy, ResolvedRule]:
    """Who decides and by which rule, without a trace.

    starts and calendar are needed only where two layers would both wait and differ in nothing but the deadline;
    without them the earlier layer wins.
    """
    return _most_generous(layers, on, _first(layers, on, facts), facts, starts, calendar)


def _first(layers: Sequence[ResolvedPolicy], on: str, facts: Facts) -> list[int]:
    """The number of the rule that decides in each layer; -1 where it abstains."""
    return [layer.first[on](facts) if on in layer.first else -1 for layer in layers]


def _most_generous(
    layers: Sequence[ResolvedPolicy],
    on: str,
    numbers: Sequence[int],
    facts: Facts,
    starts: Mapping[str, Instant] | None,
    calendar: Calendar | None,
) -> tuple[ResolvedPolicy, ResolvedRule]:
    gone = on in OVER and facts["stage"] in GONE
    if len(layers) == 1 and numbers[0] >= 0 and not gone:
        return layers[0], layers[0].rules_on(on)[numbers[0]]
    best: tuple[ResolvedPolicy, ResolvedRule] | None = None
    for layer, number in zip(layers, numbers, strict=True):
        if number < 0:
            continue
        rule = layer.rules_on(on)[number]
        if gone and not within(on, facts["stage"], layer.layer, rule):
            continue
        if best is None or rule.rank < best[1].rank or _earlier(layer, rule, best, starts, calendar):
            # What the platform looks at itself, such as a buyer who cancels often, no shop can wave through (M-29).
            if best is not None and layer.layer == "standing" and best[1].verdict is not Verdict.ASK_SELLER:
                continue
            best = (layer, rule)
    if best is None and gone and max(numbers) >= 0:
        return layers[0], OVER[on]
    if best is None:
        msg = f"no layer has an answer on {on}"
        raise LookupError(msg)
    return best


def _told(steps: tuple[Step, ...], on: str, facts: Facts, layer: ResolvedPolicy, number: int) -> tuple[Step, ...]:
    """The steps of a layer; one that held and may not count says so."""
    if number < 0 or within(on, facts["stage"], layer.layer, layer.rules_on(on)[number]):
        return steps
    return (*steps[:-1], msgspec.structs.replace(steps[-1], set_aside=True))


def _earlier(
    layer: ResolvedPolicy,
    rule: ResolvedRule,
    best: tuple[ResolvedPolicy, ResolvedRule],
    starts: Mapping[str, Instant] | None,
    calendar: Calendar | None,
) -> bool:
    """Whether two rules that are as generous as each other differ in the deadline, and this one's comes first."""
    if rule.rank != best[1].rank or rule.deadline is None or best[1].deadline is None:
        return False
    if starts is None or calendar is None:
        return False
    mine = deadline_of(layer, rule.deadline.name, starts, calendar).due_at
    return mine < deadline_of(best[0], best[1].deadline.name, starts, calendar).due_at


def deadline_of(policy: ResolvedPolicy, name: str, starts: Mapping[str, Instant], calendar: Calendar) -> Deadline:
    """A deadline of the policy in this order's time; KeyError when its start has not happened."""
    terms = policy.deadlines[name]
    if terms.elapsed is not None:
        start = starts[terms.event]
        return Deadline(
            name=name,
            due_at=start + terms.elapsed,
            event=terms.event,
            start=start,
            span=terms.said,
            zone=policy.policy.zone or calendar.zone,
            on_silence=terms.on_silence,
            then=terms.then,
            cites=terms.cites,
        )
    counted = reckon(starts[terms.event], terms.span, calendar, policy.policy.zone, terms.cutoff)
    return Deadline(
        name=name,
        due_at=counted.due_at,
        event=terms.event,
        start=counted.start,
        span=counted.span,
        zone=counted.zone,
        on_silence=terms.on_silence,
        then=terms.then,
        day_zero=counted.day_zero,
        last_day=counted.last_day,
        skipped=counted.skipped,
        calendar_hash="" if terms.span.unit != "bd" else calendar.hash,
        cites=terms.cites,
    )


def due_of(policy: ResolvedPolicy, name: str, starts: Mapping[str, Instant], calendar: Calendar) -> Instant:
    """When that is, without how it was worked out."""
    terms = policy.deadlines[name]
    if terms.elapsed is not None:
        return starts[terms.event] + terms.elapsed
    return deadline_of(policy, name, starts, calendar).due_at


def asked(layer: ResolvedPolicy, on: str, facts: Facts) -> tuple[Step, ...]:
    """The rules of one layer that were asked, in order, up to and with the one that held."""
    first = layer.first.get(on)
    return () if first is None else layer.trace[on](facts, first(facts))
