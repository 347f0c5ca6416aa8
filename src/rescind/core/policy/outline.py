"""What a policy says to ordinary requests, step by step: made by asking it, so that it cannot say anything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from rescind.core.deadline import Calendar
from rescind.core.instant import Instant
from rescind.core.policy.boundary import boundaries
from rescind.core.policy.example import plain_facts
from rescind.core.policy.facts import NONE
from rescind.core.policy.judge import judge_fast
from rescind.core.policy.resolved import ResolvedPolicy, ResolvedRule, badness
from rescind.core.policy.unheard import as_heard
from rescind.core.stage import Stage, status_of

_STAGES = tuple(stage for stage in Stage if stage not in {Stage.COMPLETED, Stage.CANCELLED})
_STARTS: Mapping[str, Instant] = dict.fromkeys(
    ("requested", "placed", "paid", "promised", "estimated"), datetime(2024, 1, 1, tzinfo=UTC)
)
_CLOCKS = ("since_placed", "since_paid")
_SPECIAL = (
    *((name, Stage.PREPARING) for name in ("custom_made", "special", "partial", "past_dispatch_sla", "seller_fault")),
    ("past_estimated_delivery", Stage.IN_TRANSIT),
)
"""What may be special about an order, and the stage at which that is asked about."""
_COUNTS = ("requests_on_order", "buyer_cancels_30d")
_SHIPPERS = ("seller", "platform", "fulfilled_by_platform")
# Long enough that every span in which a shop is quick is over, and shorter than any in which it may be asked at all.
_LATER_S = 29 * 86_400


class Early(msgspec.Struct, frozen=True):
    """A kinder answer for whoever asks within so many seconds, counted from the fact `since`."""

    seconds: int
    since: str
    rule: ResolvedRule


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is answered from `stage` on, until the next step. early: the kinder answer to those who are quick.

    deciders: the rules that say so, where several do one after the other.
    """

    stage: Stage
    rule: ResolvedRule
    early: Early | None = None
    deciders: tuple[ResolvedRule, ...] = ()

    def same(self, other: Step) -> bool:
        """Whether nobody could tell the two apart by what they are answered."""
        return _said(self.rule) == _said(other.rule) and _early(self.early) == _early(other.early)


class Special(msgspec.Struct, frozen=True, kw_only=True):
    """A circumstance in which the answer is another one than at this stage otherwise.

    circumstance: a fact; count: from how many on, of a count. by: who ships, where it is so for their orders alone.
    """

    circumstance: str
    rule: ResolvedRule
    count: int | None = None
    by: str = ""


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """late: the answer to a buyer who is refused and asks the shop all the same; None where that is not offered."""

    steps: tuple[Step, ...]
    special: tuple[Special, ...]
    late: ResolvedRule | None


def outline(layers: Sequence[ResolvedPolicy], *, reached: bool = True) -> Outline:
    """The policy as it stands, for a whole order of ordinary goods that the seller ships, and what is special.

    reached: the shop can be told, so that its silence means what the policy says.
    """
    steps: list[Step] = []
    for stage in _STAGES:
        if stage is Stage.ON_HOLD and "hold" not in layers[0].deadlines:
            continue  # The policy has no such stage, even where the hour after the payment counts.
        step = _step(layers, stage, reached=reached)
        if not steps or not steps[-1].same(step):
            steps.append(step)
        elif step.rule.id not in {rule.id for rule in steps[-1].deciders}:
            last = steps[-1]
            steps[-1] = msgspec.structs.replace(last, deciders=(*last.deciders, step.rule))
    found = (*_specials(layers, reached=reached), *_counted(layers, reached=reached))
    favour = next((step.stage for step in steps if step.rule.instead == "ask_seller_anyway"), None)
    late = _ask(layers, favour, reached=reached, asked_anyway=True) if favour is not None else None
    return Outline(steps=tuple(steps), special=found, late=late)


def _specials(layers: Sequence[ResolvedPolicy], *, reached: bool) -> Iterator[Special]:
    """Each circumstance that changes the answer; for whom the shop does not ship, where it changes nothing else."""
    for name, stage in _SPECIAL:
        for by in _SHIPPERS:
            rule = _ask(layers, stage, reached=reached, shipping_by=by, **{name: True})
            if _said(rule) != _said(_ask(layers, stage, reached=reached, shipping_by=by)):
                yield Special(circumstance=name, rule=rule, by="" if by == "seller" else by)
                break


def _counted(layers: Sequence[ResolvedPolicy], *, reached: bool) -> Iterator[Special]:
    """From how many on a buyer is answered otherwise."""
    usual, told = _said(_ask(layers, Stage.PREPARING, reached=reached)), boundaries(layers, "request")
    for name in _COUNTS:
        for count in sorted(int(one) for one in told.get(name, ()) if int(one) > 0):
            rule = _ask(layers, Stage.PREPARING, reached=reached, **{name: count})
            if _said(rule) != usual:
                yield Special(circumstance=name, rule=rule, count=count)
                break


def _step(layers: Sequence[ResolvedPolicy], stage: Stage, *, reached: bool) -> Step:
    later = _ask(layers, stage, reached=reached)
    early: Early | None = None
    for fact, seconds in _spans(layers):
        rule = _ask(layers, stage, reached=reached, **{fact: seconds - 1})
        if rule.rank < later.rank and (early is None or seconds > early.seconds):
            early = Early(seconds, fact, rule)
    return Step(stage=stage, rule=later, early=early, deciders=(later,))


def _spans(layers: Sequence[ResolvedPolicy]) -> list[tuple[str, int]]:
    """The lengths of time that rules compare with, which lie before what counts as later here."""
    known = boundaries(layers, "request")
    return [(fact, int(seconds)) for fact in _CLOCKS for seconds in known.get(fact, ()) if 0 < int(seconds) <= _LATER_S]


def _ask(layers: Sequence[ResolvedPolicy], stage: Stage, *, reached: bool, **circumstances: object) -> ResolvedRule:
    facts = ordinary(layers[0], stage)
    lines = [{name: circumstances.get(name, usual) for name, usual in facts["lines"][0].items()}]
    asked: dict[str, Any] = {**facts, **circumstances, "lines": lines}
    calendar = Calendar(layers[0].policy.zone or "UTC")
    # What holds for some amounts or some reasons only is promised to nobody here.
    told = boundaries(layers, "request")
    amounts = {asked["amount"], *told.get("amount", ())}
    reasons = {NONE, *told.get("reason", ())}
    found = (
        as_heard(
            judge_fast(layers, "request", {**asked, "amount": amount, "reason": reason}, _STARTS, calendar)[1],
            reached=reached,
        )
        for amount in amounts
        for reason in reasons
    )
    return max(found, key=badness)


def ordinary(policy: ResolvedPolicy, stage: Stage) -> dict[str, Any]:
    """The facts of an order that has come to a stage and about which there is nothing else to say."""
    return plain_facts(policy) | {
        "stage": stage.value,
        "status": status_of(stage),
        "paid": stage is not Stage.UNPAID,
        "since_placed": _LATER_S,
        "since_paid": 0 if stage is Stage.UNPAID else _LATER_S,
    }


def _said(rule: ResolvedRule) -> tuple[str, str, str, str]:
    deadline = rule.deadline
    span, silence = (str(deadline.span), deadline.on_silence or "") if deadline else ("", "")
    return rule.verdict.value, rule.instead or "", span, silence


def _early(early: Early | None) -> object:
    return None if early is None else (early.seconds, early.since, _said(early.rule))
