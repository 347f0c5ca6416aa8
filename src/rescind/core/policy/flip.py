"""What would have changed an answer: for each fact alone, the nearest value with which the policy says something else.

Found by asking the policy, not by reading its rules: with each value that its rules can tell apart, it is judged again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from rescind.core.policy.as_python import Facts
from rescind.core.policy.boundary import Content, boundaries
from rescind.core.policy.explain import Atom
from rescind.core.policy.judge import judge_fast
from rescind.core.policy.resolved import ResolvedPolicy, ResolvedRule
from rescind.core.policy.unheard import as_heard
from rescind.core.policy.vocabulary import STANDARD, FactSpec, Kind, Per
from rescind.core.stage import Stage, status_of

# Who asks, why and how is no circumstance; `status` and `paid` follow from the stage.
_NO_CIRCUMSTANCE = frozenset({"actor", "reason", "asked_anyway", "with_tracking", "request_open", "status", "paid"})
# No order comes back from its end, before the payment there was another question, and had a part left it would be one
# about the rest alone.
_NO_ALTERNATIVE = frozenset(
    {Stage.UNPAID.value, Stage.PARTIALLY_SHIPPING.value, Stage.COMPLETED.value, Stage.CANCELLED.value}
)

# What people ask about first: how far the order was, and whether they were quick enough.
_FIRST = frozenset({"stage", "since_placed", "since_paid"})


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that is otherwise, and the other answer. kinder: it is more generous than the one that was given."""

    atom: Atom
    verdict: str
    rule: str
    on_silence: str
    instead: str
    kinder: bool


def flips(layers: Sequence[ResolvedPolicy], on: str, facts: Facts, *, reached: bool = True) -> tuple[Flip, ...]:
    """Every fact that alone would have led to another verdict or another meaning of silence; the kinder ones first.

    Of a level, a count or an amount the nearest such value below and the nearest above. A fact of lines is changed on
    every selected line. reached: the shop can be told, so that its silence means what the policy says.
    """
    given = _judged(layers, on, facts, reached=reached)
    found: list[Flip] = []
    for name, contents in boundaries(layers, on).items():
        spec = STANDARD[name]
        if name in _NO_CIRCUMSTANCE or (spec.level is Per.ORDER and name not in facts):
            continue
        for content in _nearest(spec, contents, facts):
            differing = _first_other(layers, on, facts, spec, content, given, reached=reached)
            if differing is not None:
                found.append(differing)
    return tuple(sorted(found, key=lambda flip: (not flip.kinder, flip.atom.fact not in _FIRST)))


def _judged(layers: Sequence[ResolvedPolicy], on: str, facts: Facts, *, reached: bool) -> ResolvedRule:
    return as_heard(judge_fast(layers, on, facts)[1], reached=reached)


def _first_other(
    layers: Sequence[ResolvedPolicy],
    on: str,
    facts: Facts,
    spec: FactSpec,
    way: Sequence[Content],
    given: ResolvedRule,
    *,
    reached: bool,
) -> Flip | None:
    """Going away from what is the case, the first value that leads to another answer."""
    for content in way:
        rule = _judged(layers, on, _with(facts, spec, content), reached=reached)
        if rule.rank != given.rank or rule.verdict is not given.verdict:
            return Flip(
                atom=_atom(spec, content, facts),
                verdict=rule.verdict.value,
                rule=rule.id,
                on_silence=(rule.deadline.on_silence or "") if rule.deadline else "",
                instead=rule.instead or "",
                kinder=rule.rank < given.rank,
            )
    return None


def _nearest(spec: FactSpec, contents: Sequence[Content], facts: Facts) -> Iterator[Sequence[Content]]:
    """The ways that lead away from what is the case, each with its nearest value first."""
    if spec.level is Per.LINE:
        held = {line[spec.name] for line in facts["lines"]}
        # Lines that differ already cannot be told as one fact that is otherwise.
        yield from ([content] for content in contents if held == {not content} or (len(held) > 1 and not content))
        return
    actual: Any = facts[spec.name]
    if not spec.ordered:
        yield from ([content] for content in contents if content != actual)
        return
    here = _place(actual, spec)
    ladder = _in_order(spec, tuple(contents))
    yield [one for place, one in reversed(ladder) if place < here]
    yield [one for place, one in ladder if place > here]


@lru_cache(maxsize=1024)
def _in_order(spec: FactSpec, contents: tuple[Content, ...]) -> tuple[tuple[int, Content], ...]:
    """Values of a level by the place of their word, numbers by size; without those that are no alternative."""
    return tuple(sorted((_place(one, spec), one) for one in contents if one not in _NO_ALTERNATIVE))


def _place(content: Any, spec: FactSpec) -> int:
    return spec.members.index(content) if spec.members else int(content)


def _with(facts: Facts, spec: FactSpec, content: Content) -> dict[str, Any]:
    if spec.level is Per.LINE:
        return {**facts, "lines": [{**line, spec.name: content} for line in facts["lines"]]}
    changed: dict[str, Any] = {**facts, spec.name: content}
    if spec.name == "stage":
        changed["status"] = status_of(Stage(str(content)))
    return changed


def _atom(spec: FactSpec, content: Content, facts: Facts) -> Atom:
    """The fact as it would have had to be. Of numbers the edge is told: less than 24 hours, not 86,399 seconds."""
    unit = facts["currency"] if spec.kind is Kind.AMOUNT else spec.unit
    if spec.kind is Kind.FLAG:
        actual = not content
        return Atom(spec.name, "is" if content else "is not", wanted=True, actual=actual, held=False)
    actual = facts[spec.name]
    if spec.kind in {Kind.COUNT, Kind.AMOUNT}:
        below = int(content) < int(actual)
        edge = int(content) + 1 if below else int(content)
        return Atom(spec.name, "<" if below else ">=", wanted=edge, actual=actual, held=False, unit=unit)
    return Atom(spec.name, "=", wanted=content, actual=actual, held=False)
