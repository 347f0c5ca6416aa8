"""Whether a policy's own rules say yes to what was handed over, shown by a case as what a shop takes away is (R-012).

Such a rule would have no effect, since no layer can say yes to that; whoever publishes it means something else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from rescind.core.policy.boundary import Content, boundaries
from rescind.core.policy.handed_over import GONE, PLAIN, within
from rescind.core.policy.outline import ordinary
from rescind.core.policy.resolved import ResolvedPolicy, ResolvedRule
from rescind.core.policy.right import FIXED, fitted, special, with_facts
from rescind.core.sentence import Sentence, phrased
from rescind.core.stage import Stage

_ACTORS = {"request": "buyer", "seller_cancel": "seller"}


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """A situation in which a policy says yes too late. on: the question; circumstances: what is special beside."""

    stage: str
    on: str
    circumstances: tuple[tuple[str, Content], ...]
    given: ResolvedRule

    @property
    def sentence(self) -> Sentence:
        """All of it."""
        more = "".join(f", {name} = {str(value).lower()}" for name, value in self.circumstances)
        return phrased(
            "With stage = %(stage)s%(more)s the answer on %(question)s would be %(verdict)s by %(rule)s. What "
            "was handed "
            "over is not cancelled; it can be returned (M-10).",
            stage=self.stage,
            more=more,
            question=self.on,
            verdict=self.given.verdict.value,
            rule=self.given.id,
        )

    def __str__(self) -> str:
        return str(self.sentence)


def too_late(
    policy: ResolvedPolicy, platform: ResolvedPolicy, situations: Iterable[Mapping[str, Any]] = ()
) -> Reach | None:
    """The simplest case found; None when there is none.

    Tried are an ordinary order and the given situations at each stage from hand-over on; each of them as it is, as it
    would have to be for each rule to hold, and with one fact changed to whatever the rules can tell apart.
    """
    told = tuple(situations)
    for on in PLAIN:
        search = _Search(policy, on)
        for stage in (one for one in Stage if one in GONE):
            usual = ordinary(platform, stage) | {"actor": _ACTORS[on]}
            for facts in (usual, *(with_facts(one, {"stage": stage.value}) for one in told)):
                found = search.near(facts)
                if found is not None:
                    return search.simplest(found, usual)
    return None


class _Search:
    def __init__(self, policy: ResolvedPolicy, on: str) -> None:
        self.policy = policy
        self.on = on
        told_apart = boundaries((policy,), on)
        self.changes = [
            (name, value) for name, values in told_apart.items() if name not in FIXED | {"stage"} for value in values
        ]

    def near(self, facts: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A situation of the same stage in which a yes holds."""
        for start in (facts, *fitted(self.policy, self.on, facts)):
            if start["stage"] != facts["stage"]:
                continue
            for one in self._about(start):
                if self.yes(one):
                    return one
        return None

    def _about(self, facts: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        yield facts
        yield from (with_facts(facts, {name: value}) for name, value in self.changes)

    def yes(self, facts: Mapping[str, Any]) -> ResolvedRule | None:
        """The rule that decides, where it may not."""
        first = self.policy.first.get(self.on)
        number = -1 if first is None else first(facts)
        if number < 0:
            return None
        rule = self.policy.rules_on(self.on)[number]
        return None if within(self.on, facts["stage"], self.policy.layer, rule) else rule

    def simplest(self, facts: Mapping[str, Any], usual: Mapping[str, Any]) -> Reach:
        """The same case with everything undone that it does not hang on."""
        for name in usual:
            undone = {**facts, name: usual[name]}
            if facts[name] != usual[name] and self.yes(undone):
                facts = undone
        given = self.yes(facts)
        assert given is not None, "it was found by its answer"
        return Reach(stage=facts["stage"], on=self.on, circumstances=tuple(special(facts, usual)), given=given)
