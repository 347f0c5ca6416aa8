"""What kept each rule from holding, fast enough to be kept with every decision.

The explainer says the same and is asked here: once for each combination of words, flags and pieces that a rule can
meet. Rules in a row that read nothing else are remembered together as well: most orders meet few combinations. Only
comparisons of times and amounts, whose actual value is part of the explanation, are worked out anew; those of times are
compiled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
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
_MOST_ROWS = 1024
"""The same of several rules in a row. Beyond them each rule's own memory is asked."""
_LINES = 3
"""Orders of more lines are explained from scratch: there are too many combinations to remember."""


class Step(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One rule that was asked. failed: the least that would have had to be otherwise for it to hold.

    set_aside: it held, and says yes to what no layer can: cancelling what was handed over.
    """

    layer: str
    policy: str
    rule: str
    held: bool
    failed: tuple[Atom, ...] = ()
    set_aside: bool = False


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
    space["H"] = (*(Step(layer, policy, rule.id, held=True) for rule in rules),)
    shared = _Shared({}, {})
    asked = [_Rule(rule, (layer, policy, rule.id), explainer, space, str(n), shared) for n, rule in enumerate(rules)]
    body, before, start = ["def trace(f, decided):"], "", 0
    for counted, row in groupby(asked, key=lambda rule: rule.counted):
        for block in [[one] for one in row] if counted else [list(row)]:
            known = len(shared.compared)
            said = block[0].step() + "," if len(block) == 1 else _remembered_row(block, space, start)
            body += [f"    {name} = {compared}" for compared, name in list(shared.compared.items())[known:]]
            end = start + len(block)
            body.append(f"    r{start} = ({said})" if len(block) == 1 else f"    r{start} = {said}")
            body.append(
                f"    if {start} <= decided < {end}: return ({before}*r{start}[:decided - {start}], H[decided])"
            )
            before, start = f"{before}*r{start}, ", end
    body.append(f"    return ({before})")
    # Names of the closed vocabulary, and words and numbers through `repr`, as in as_python: nothing an author typed is
    # executed.
    exec(compile("\n".join([*body, ""]), f"<{policy} trace>", "exec"), space)  # noqa: S102
    return space["trace"]


def _remembered_row(block: Sequence[_Rule], space: dict[str, Any], start: int) -> str:
    """An expression for the steps of several rules that read no count: one look-up for all of them."""
    names = sorted({name for rule in block for name in rule.of_order})
    of_line = sorted({name for rule in block for name in rule.of_line})
    each = f"def each(f): return ({', '.join(rule.step() for rule in block)})"
    exec(compile(each, "<trace>", "exec"), space)  # noqa: S102
    whole = space.pop("each")
    space[f"E_{start}"], space[f"M_{start}"] = whole, _Memory(_from_key(names, of_line, whole), _MOST_ROWS)
    return _look_up(f"M_{start}", f"E_{start}", names, of_line)


def _from_key(names: Sequence[str], of_line: Sequence[str], told: Callable[[Facts], Any]) -> Callable[[Any], Any]:
    """Answers from what stands in a key: the order's facts in a row, then each line's."""

    def answer(key: tuple[Any, ...]) -> Any:
        lines = key[-1] if of_line else ()
        return told(
            {
                **dict(zip(names, key, strict=False)),
                "lines": [dict(zip(of_line, line, strict=True)) for line in lines],
            }
        )

    return answer


def _look_up(memory: str, else_: str, names: Sequence[str], of_line: Sequence[str]) -> str:
    key = "".join(f"f[{name!r}], " for name in names)
    if not of_line:
        return f"{memory}[({key})]"
    line = "".join(f"l[{name!r}], " for name in of_line)
    known = f"{memory}[({key}tuple([({line}) for l in f['lines']]),)]"
    return f"({known} if len(f['lines']) <= {_LINES} else {else_}(f))"


class _Shared(NamedTuple):
    """What several rules say alike: the variable of a comparison of times by its expression, and of named values."""

    compared: dict[str, str]
    values: dict[tuple[str, ...], str]


class _Rule:
    """Writes the expression that makes one rule's step."""

    def __init__(
        self,
        rule: Asked,
        said: tuple[str, str, str],
        explainer: Explainer,
        space: dict[str, Any],
        number: str,
        shared: _Shared,
    ) -> None:
        self.rule = rule
        self.said = said
        self.explainer = explainer
        self.vocabulary: Vocabulary = explainer.vocabulary
        self.space = space
        self.number = number
        self.specs = [self.vocabulary[name] for name in sorted(facts_read(rule.when))]
        self.of_order = [spec.name for spec in self.specs if spec.level is Per.ORDER]
        self.of_line = [spec.name for spec in self.specs if spec.level is Per.LINE]
        self.shared = shared
        self.made = 0

    @property
    def counted(self) -> bool:
        """Whether a time or an amount is part of what is said, so that there is no end of what can be said."""
        return any(spec.kind is Kind.AMOUNT or spec.unit == "seconds" for spec in self.specs)

    def step(self) -> str:
        if self.counted and not self.of_line and all(spec.kind is not Kind.AMOUNT for spec in self.specs):
            return f"Step({', '.join(map(repr, self.said))}, False, {self._say(self.rule.when, want=True)})"
        from_scratch = self.space[f"E{self.number}"] = self._told
        if self.counted:
            return f"E{self.number}(f)"
        self.space[f"M{self.number}"] = _Memory(_from_key(self.of_order, self.of_line, from_scratch), _MOST)
        return _look_up(f"M{self.number}", f"E{self.number}", self.of_order, self.of_line)

    def _told(self, facts: Facts) -> Step:
        failed = self.explainer.what_would_change(self.rule.when, facts, self.rule.lines)
        return Step(*self.said, held=False, failed=failed)

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
                return f"({asked} and {self._shortest(names)})"
            case Compare(fact, op, value) if self.vocabulary[fact].kind is Kind.COUNT:
                wanted = constant(value, self.vocabulary[fact], self.explainer.values).content
                assert isinstance(wanted, int), "a count is compared with a number"
                return self._count(node, f"f[{fact!r}] {PYTHON[op]} {wanted!r}", wanted, want=want)
            case _:
                return self._word(node, want=want)

    def _shortest(self, names: Sequence[str]) -> str:
        said = names[0]
        for name in names[1:]:
            kept = self._name("k")
            said = f"({kept} if len({kept} := {said}) <= len({name}) else {name})"
        return said

    def _count(self, node: Compare, holds: str, wanted: int, *, want: bool) -> str:
        tried = (self._blockers(node, number, want=want) for number in (wanted - 1, wanted, wanted + 1))
        found = next((blockers[0] for blockers in tried if blockers), None)
        assert found is not None, "of three neighbours one is on the other side of any comparison"
        # The names of values stand in the policy: words of its author, which are looked up and not written out.
        name = self.shared.values.setdefault(found.by, f"C{len(self.shared.values)}")
        self.space[name] = found.by
        atom = (
            f"(Atom({found.fact!r}, {found.op!r}, {found.wanted!r}, f[{node.fact!r}], {found.held!r},"
            f" {found.unit!r}, '', None, {name}),)"
        )
        said = f"(() if {holds} else {atom})" if want else f"({atom} if {holds} else ())"
        return self.shared.compared.setdefault(said, f"a{len(self.shared.compared)}")

    def _word(self, node: AtomNode, *, want: bool) -> str:
        name = self._name("W")
        if isinstance(node, Always | Setting):
            self.space[name] = self._blockers(node, None, want=want)
            return name
        self.space[name] = _Memory(lambda actual: self._blockers(node, actual, want=want), _MOST)
        return f"{name}[f[{node.fact!r}]]"

    def _blockers(self, node: AtomNode, actual: Any, *, want: bool) -> Blockers:
        facts = {} if isinstance(node, Always | Setting) else {node.fact: actual}
        return self.explainer.what_would_change(node, facts, want=want)

    def _name(self, letter: str) -> str:
        self.made += 1
        return f"{letter}{self.number}_{self.made}"


class _Memory(dict[Any, Any]):
    """Works an answer out once for each key, and keeps a bounded number of them."""

    def __init__(self, told: Callable[[Any], Any], most: int) -> None:
        super().__init__()
        self.told = told
        self.most = most

    def __missing__(self, key: Any) -> Any:
        found = self.told(key)
        if len(self) < self.most:
            self[key] = found
        return found
