"""Whether a shop's own rules take away what the platform grants (R-012), shown by a case and not by a feeling.

The most generous layer holds, so such a rule would have no effect; a shop that publishes it means something else, and
its buyers would read something else. So it is refused, with the case.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import msgspec

from rescind.core.deadline import Calendar, reckon
from rescind.core.instant import Instant
from rescind.core.policy.as_python import Facts
from rescind.core.policy.boundary import Content, boundaries
from rescind.core.policy.explain import Atom
from rescind.core.policy.literal import members
from rescind.core.policy.outline import ordinary
from rescind.core.policy.resolved import ResolvedPolicy, ResolvedRule
from rescind.core.policy.tree import Op
from rescind.core.policy.vocabulary import STANDARD, Kind, Per
from rescind.core.stage import Stage, status_of

ON = "request"
FIXED = frozenset({"actor", "status", "paid"})
"""What is not changed to find a case: a right is the buyer's; the other two follow from the stage."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """A situation in which the shop gives less. circumstances: what is special about it, beside its stage."""

    stage: str
    circumstances: tuple[tuple[str, Content], ...]
    granted: ResolvedRule
    given: ResolvedRule

    def __str__(self) -> str:
        special = "".join(f", {name} = {str(value).lower()}" for name, value in self.circumstances)
        return (
            f"With stage = {self.stage}{special} the platform grants: {_told(self.granted)}. "
            f"The shop would give: {_told(self.given)}. A shop may give more, never less (R-012)."
        )


def taken_away(
    platform: ResolvedPolicy, shop: ResolvedPolicy, situations: Iterable[Mapping[str, Any]], now: Instant
) -> Case | None:
    """The simplest case found in which the shop's rules answer a buyer less generously; None when there is none.

    Tried are an ordinary order at each stage and the given situations; each of them as it is, as it would have to be
    for each of the shop's rules to hold, and with one and two facts changed to whatever the rules of either can tell
    apart.
    """
    search = _Search(platform, shop, now)
    usual = [ordinary(platform, stage) for stage in Stage]
    for facts in itertools.chain(usual, situations):
        for start in (facts, *fitted(shop, ON, facts)):
            found = search.near(start, 2 if start in usual else 1)
            if found is not None:
                return search.simplest(found)
    return None


class _Search:
    def __init__(self, platform: ResolvedPolicy, shop: ResolvedPolicy, now: Instant) -> None:
        self.platform = platform
        self.shop = shop
        self.now = now
        self.calendar = Calendar(platform.policy.zone)
        told_apart = boundaries((platform, shop), ON)
        self.changes = [(name, value) for name, values in told_apart.items() if name not in FIXED for value in values]

    def near(self, facts: Facts, depth: int) -> dict[str, Any] | None:
        """A situation in which the shop gives less, reached by changing at most so many facts."""
        for count in range(depth + 1):
            for chosen in itertools.combinations(self.changes, count):
                changed = with_facts(facts, dict(chosen))
                if self.less(changed):
                    return changed
        return None

    def less(self, facts: Facts) -> bool:
        """Whether the shop's own answer is less generous than the platform's."""
        given = self.answer(self.shop, facts)
        if given is None:
            return False
        granted = self.answer(self.platform, facts)
        if granted is None or given.rank < granted.rank:
            return False
        return given.rank > granted.rank or self._later(given, granted)

    def answer(self, policy: ResolvedPolicy, facts: Facts) -> ResolvedRule | None:
        """The rule that decides in one layer; None where it abstains."""
        first = policy.first.get(ON)
        number = -1 if first is None else first(facts)
        return None if number < 0 else policy.rules_on(ON)[number]

    def _later(self, given: ResolvedRule, granted: ResolvedRule) -> bool:
        """Whether somebody has longer to let the buyer wait."""
        if given.deadline is None or granted.deadline is None:
            return False
        mine, theirs = (
            reckon(self.now, one.deadline.span, self.calendar, cutoff=one.deadline.cutoff).due_at
            for one in (given, granted)
            if one.deadline is not None
        )
        return mine > theirs

    def simplest(self, facts: dict[str, Any]) -> Case:
        """The same case with everything undone that it does not hang on."""
        plain = ordinary(self.platform, Stage(facts["stage"]))
        for name in plain:
            undone = {**facts, name: plain[name]}
            if name != "stage" and facts[name] != plain[name] and self.less(undone):
                facts = undone
        granted, given = self.answer(self.platform, facts), self.answer(self.shop, facts)
        assert granted is not None, "it was found by comparing the two"
        assert given is not None, "it was found by comparing the two"
        return Case(
            stage=facts["stage"],
            circumstances=tuple(special(facts, plain)),
            granted=granted,
            given=given,
        )


def fitted(policy: ResolvedPolicy, on: str, facts: Facts) -> Iterator[dict[str, Any]]:
    """The situation as it would have to be for each of the policy's rules to hold."""
    for rule in policy.rules_on(on):
        wanted = policy.explainer.what_would_change(rule.rule.when, facts, rule.rule.lines)
        yield with_facts(facts, {atom.fact: _satisfying(atom) for atom in wanted if atom.fact in STANDARD})


def special(facts: Mapping[str, Any], plain: Mapping[str, Any]) -> Iterator[tuple[str, Content]]:
    """What of a situation is not as in an ordinary order."""
    for name, value in facts.items():
        if name == "lines":
            first, usual = value[0], plain["lines"][0]
            yield from ((fact, first[fact]) for fact in first if first[fact] != usual[fact])
        elif name not in {"stage", "status"} and value != plain[name]:
            yield name, value


def with_facts(facts: Facts, changed: Mapping[str, Content]) -> dict[str, Any]:
    """The situation with some facts otherwise; those of lines on every line, and what follows from the stage."""
    of_lines = {name: value for name, value in changed.items() if STANDARD[name].level is Per.LINE}
    found = {**facts, **{name: value for name, value in changed.items() if name not in of_lines}}
    if of_lines:
        found["lines"] = [{**line, **of_lines} for line in facts["lines"]]
    stage = Stage(found["stage"])
    return {**found, "status": status_of(stage), "paid": stage is not Stage.UNPAID}


def _satisfying(atom: Atom) -> Content:
    """A value with which the comparison is true."""
    spec = STANDARD[atom.fact]
    if spec.kind is Kind.FLAG:
        return atom.op == "is"
    wanted = atom.wanted if isinstance(atom.wanted, tuple) else (atom.wanted,)
    if spec.kind in {Kind.COUNT, Kind.AMOUNT}:
        number = int(wanted[0])
        return {"<": max(0, number - 1), ">": number + 1, "!=": number + 1, "not in": max(map(int, wanted)) + 1}.get(
            atom.op, number
        )
    if spec.kind is Kind.LEVEL and atom.op not in {"in", "not in"}:
        fits = [word for word in spec.members if word in members(cast("Op", atom.op), str(wanted[0]), spec)]
    else:
        fits = [word for word in spec.members or wanted if (word in wanted) == (atom.op in {"=", "in"})]
    # The last that fits: an order is seldom found at its first stages.
    return fits[-1] if fits else wanted[0]


def _told(rule: ResolvedRule) -> str:
    deadline = rule.deadline
    wait = f" within {deadline.span}, silence: {deadline.on_silence}" if deadline else ""
    return f"{rule.verdict.value} by {rule.id}{wait}"
