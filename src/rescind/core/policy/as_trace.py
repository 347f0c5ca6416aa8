"""What kept each rule from holding, fast enough to be kept with every decision.

The explainer says the same and is asked here: once for each combination of words and flags that a rule can meet. Only
comparisons of counts, whose actual value is part of the explanation, are worked out anew; those are compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import msgspec

from rescind.core.policy.as_python import PYTHON, Facts
from rescind.core.policy.explain import Atom, Explainer
from rescind.core.policy.literal import constant
from rescind.core.policy.tree import Always, And, AtomNode, Compare, Node, Not, Or, Setting, facts_read
from rescind.core.policy.vocabulary import Kind, Per, Vocabulary

Blockers = tuple[Atom, ...]

_MOST = 4096
"""Combinations that are remembered of one rule; a hostile sequence of orders cannot fill the memory."""
_LINES = 3
"""Orders of more lines are explained from scratch: there are too many combinations to remember."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One rule that was asked. failed: the least that would have had to be otherwise for it to hold."""

    layer: str
    policy: str
    rule: str
    held: bool
    failed: tuple[Atom, ...] = ()


class Asked(NamedTuple):
    """A rule as it is asked: its id, its condition, and whether "any" or "all" lines must meet it."""

    id: str
    when: Node
    lines: str


Trace = Callable[[Facts, int], tuple[Step, ...]]
"""The steps up to and with the rule of this number; -1: none held, so all were asked."""


def compiled(rules: Sequence[Asked], layer: str, policy: str, explainer: Explainer) -> Trace:
    """The trace of a list of rules, equal to what the explainer says of each."""
    space: dict[str, Any] = {"__builtins__": {}, "len": len, "min": min, "tuple": tuple, "Atom": Atom, "Step": Step}
    body = ["def trace(f, decided):"]
    for number, rule in enumerate(rules):
        space[f"H{number}"] = Step(layer, policy, rule.id, held=True)
        body.append(f"    if decided == {number}: return ({_row(number)}H{number},)")
        said = (layer, policy, rule.id)
        body.append(f"    s{number} = {_Rule(rule, said, explainer, space, str(number)).step()}")
    body.append(f"    return ({_row(len(rules))})")
    # Names of the closed vocabulary, and words and numbers through `repr`, as in as_python: nothing an author typed is
    # executed.
    exec(compile("\n".join([*body, ""]), f"<{policy} trace>", "exec"), space)  # noqa: S102
    return space["trace"]


def _row(count: int) -> str:
    return "".join(f"s{number}, " for number in range(count))


class _Rule:
    """Writes the expression that makes one rule's step."""

    def __init__(
        self, rule: Asked, said: tuple[str, str, str], explainer: Explainer, space: dict[str, Any], number: str
    ) -> None:
        self.rule = rule
        self.said = said
        self.explainer = explainer
        self.vocabulary: Vocabulary = explainer.vocabulary
        self.space = space
        self.number = number
        self.read = sorted(facts_read(rule.when))
        self.made = 0

    def step(self) -> str:
        specs = [self.vocabulary[name] for name in self.read]
        counted = any(spec.kind in {Kind.COUNT, Kind.AMOUNT} for spec in specs)
        of_lines = any(spec.level is Per.LINE for spec in specs)
        if not counted:
            return self._remembered([spec.name for spec in specs if spec.level is Per.ORDER], of_lines=of_lines)
        if of_lines or any(spec.kind is Kind.AMOUNT for spec in specs):
            self.space[f"E{self.number}"] = self._told
            return f"E{self.number}(f)"
        return f"Step({', '.join(map(repr, self.said))}, False, {self._say(self.rule.when, want=True)})"

    def _told(self, facts: Facts) -> Step:
        failed = self.explainer.what_would_change(self.rule.when, facts, self.rule.lines)
        return Step(*self.said, held=False, failed=failed)

    def _remembered(self, names: list[str], *, of_lines: bool) -> str:
        of_line = [name for name in self.read if name not in names]

        def told(key: tuple[Any, ...]) -> Step:
            facts = dict(zip(names, key, strict=False))
            lines = key[-1] if of_lines else ()
            return self._told({**facts, "lines": [dict(zip(of_line, line, strict=True)) for line in lines]})

        self.space[f"M{self.number}"] = _Memory(told)
        key = "".join(f"f[{name!r}], " for name in names)
        if not of_lines:
            return f"M{self.number}[({key})]"
        line = "".join(f"l[{name!r}], " for name in of_line)
        known = f"M{self.number}[({key}tuple([({line}) for l in f['lines']]),)]"
        self.space[f"E{self.number}"] = self._told
        return f"({known} if len(f['lines']) <= {_LINES} else E{self.number}(f))"

    def _say(self, node: Node, *, want: bool) -> str:
        """An expression for what `Explainer` calls the blockers of a node: a tuple, empty when it is as wanted."""
        match node:
            case Not(part):
                return self._say(part, want=not want)
            case And(parts) | Or(parts):
                each = [self._say(part, want=want) for part in parts]
                if isinstance(node, And) == want:
                    return f"({' + '.join(each)})"
                names = [self._name("t") for _ in each]
                # The first empty one ends it; otherwise the shortest, and of equals the first.
                asked = " and ".join(f"({name} := {said})" for name, said in zip(names, each, strict=True))
                return f"({asked} and min(({', '.join(names)},), key=len))"
            case Compare(fact, op, value) if self.vocabulary[fact].kind is Kind.COUNT:
                wanted = constant(value, self.vocabulary[fact], self.explainer.values).content
                assert isinstance(wanted, int), "a count is compared with a number"
                return self._count(node, f"f[{fact!r}] {PYTHON[op]} {wanted!r}", wanted, want=want)
            case _:
                return self._word(node, want=want)

    def _count(self, node: Compare, holds: str, wanted: int, *, want: bool) -> str:
        tried = (self._blockers(node, number, want=want) for number in (wanted - 1, wanted, wanted + 1))
        found = next((blockers[0] for blockers in tried if blockers), None)
        assert found is not None, "of three neighbours one is on the other side of any comparison"
        name = self._name("C")
        self.space[name] = found.by
        atom = (
            f"(Atom({found.fact!r}, {found.op!r}, {found.wanted!r}, f[{node.fact!r}], {found.held!r},"
            f" {found.unit!r}, '', None, {name}),)"
        )
        return f"(() if {holds} else {atom})" if want else f"({atom} if {holds} else ())"

    def _word(self, node: AtomNode, *, want: bool) -> str:
        name = self._name("W")
        if isinstance(node, Always | Setting):
            self.space[name] = self._blockers(node, None, want=want)
            return name
        self.space[name] = _Memory(lambda actual: self._blockers(node, actual, want=want))
        return f"{name}[f[{node.fact!r}]]"

    def _blockers(self, node: AtomNode, actual: Any, *, want: bool) -> Blockers:
        facts = {} if isinstance(node, Always | Setting) else {node.fact: actual}
        return self.explainer.what_would_change(node, facts, want=want)

    def _name(self, letter: str) -> str:
        self.made += 1
        return f"{letter}{self.number}_{self.made}"


class _Memory(dict[Any, Any]):
    """Works an answer out once for each key, and keeps a bounded number of them."""

    def __init__(self, told: Callable[[Any], Any]) -> None:
        super().__init__()
        self.told = told

    def __missing__(self, key: Any) -> Any:
        found = self.told(key)
        if len(self) < _MOST:
            self[key] = found
        return found
