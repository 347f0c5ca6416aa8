"""Why a rule held or did not: the facts it read, what it wanted, and the least that would have changed its answer.

An explanation is data. Pages turn (fact, op, wanted) into a sentence of the reader's language.
"""

import operator
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from rescind.core.policy.as_python import Facts
from rescind.core.policy.literal import Constant, Values, constant, members
from rescind.core.policy.tree import (
    OPPOSITE,
    Always,
    Among,
    And,
    AtomNode,
    Compare,
    Flag,
    Node,
    Not,
    Op,
    Or,
    Setting,
    facts_read,
)
from rescind.core.policy.vocabulary import FactSpec, Kind, Per, Vocabulary


class Atom(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One comparison of one fact.

    op: one of = != < <= > >= "in" "not in" "is" "is not" (the last two for flags, which are wanted true, and for
    settings, whose fact is the value's name). wanted and actual: word, count in `unit`, or flag; minor units when
    `unit` is a currency, and then `currency` is the order's. line: number of the selected line. by: named values used.
    """

    fact: str
    op: str
    wanted: bool | int | str | tuple[int | str, ...]
    actual: bool | int | str
    held: bool
    unit: str = ""
    currency: str = ""
    line: int | None = None
    by: tuple[str, ...] = ()


class Branch(msgspec.Struct, frozen=True, omit_defaults=True):
    """A node of a trace: how = "and", "or", "not", "any", "all" (the two over lines) or "atom"."""

    how: str
    held: bool
    atom: Atom | None = None
    parts: tuple["Branch", ...] = ()


class _Ready(msgspec.Struct, frozen=True):
    """A comparison worked out once: what is wanted, and for a level the words with which it holds."""

    node: Compare | Among
    spec: FactSpec
    op: Op | Literal["in"]
    constants: tuple[Constant, ...]
    words: frozenset[int | str] | None


class Explainer:
    """Explains conditions under one set of values. Keep one a policy: what it works out about a node it keeps."""

    def __init__(self, values: Values, vocabulary: Vocabulary) -> None:
        self.values = values
        self.vocabulary = vocabulary
        # By identity: a node's hash walks its whole tree. The node is kept, so that its id stays its own.
        self._ready: dict[int, _Ready] = {}
        self._lines: dict[int, tuple[Node, bool]] = {}

    def trace(self, node: Node, facts: Facts, lines: str = "any") -> Branch:
        """The whole condition, every part with what it found; nothing is cut short."""
        if not self._per_line(node):
            return self._branch(node, facts, None)
        parts = tuple(self._branch(node, facts, n) for n in range(len(facts["lines"])))
        held = [part.held for part in parts]
        return Branch(lines, bool(held) and all(held) if lines == "all" else any(held), parts=parts)

    def what_would_change(self, node: Node, facts: Facts, lines: str = "any", *, want: bool = True) -> tuple[Atom, ...]:
        """The smallest set of comparisons that would have to come out otherwise; empty when the condition is as wanted.

        Each is given as it would have to be: `op` is already turned round where the condition negates it.
        """
        if not self._per_line(node):
            return self._blockers(node, facts, None, want=want)
        each = [self._blockers(node, facts, n, want=want) for n in range(len(facts["lines"]))]
        if not each:
            return ()
        if (lines == "all") == want:
            return tuple(atom for blockers in each for atom in blockers)
        return min(each, key=len)

    def _per_line(self, node: Node) -> bool:
        known = self._lines.get(id(node))
        if known is None:
            per_line = any(self.vocabulary[name].level is Per.LINE for name in facts_read(node))
            known = self._lines[id(node)] = (node, per_line)
        return known[1]

    def _branch(self, node: Node, facts: Facts, line: int | None) -> Branch:
        match node:
            case Not(part):
                inner = self._branch(part, facts, line)
                return Branch("not", not inner.held, parts=(inner,))
            case And(parts):
                inners = tuple(self._branch(part, facts, line) for part in parts)
                return Branch("and", all(inner.held for inner in inners), parts=inners)
            case Or(parts):
                inners = tuple(self._branch(part, facts, line) for part in parts)
                return Branch("or", any(inner.held for inner in inners), parts=inners)
            case _:
                atom = self.atom(node, facts, line)
                return Branch("atom", atom.held, atom)

    def _blockers(self, node: Node, facts: Facts, line: int | None, *, want: bool) -> tuple[Atom, ...]:
        match node:
            case Not(part):
                return self._blockers(part, facts, line, want=not want)
            case And(parts) | Or(parts):
                each = [self._blockers(part, facts, line, want=want) for part in parts]
                # An AND needs all its parts to be true, but one false part to be false; an OR the other way round.
                if isinstance(node, And) == want:
                    return tuple(atom for blockers in each for atom in blockers)
                return min(each, key=len)
            case _:
                if self._holds(node, facts, line) == want:
                    return ()
                atom = self.atom(node, facts, line)
                return (atom if want else _turned(atom),)

    def atom(self, node: AtomNode, facts: Facts, line: int | None = None) -> Atom:
        """One comparison with what it found. line: number of the line, for facts of lines."""
        held = self._holds(node, facts, line)
        match node:
            case Always():
                return Atom("", "is", wanted=True, actual=held, held=held)
            case Setting(name):
                return Atom(name, "is", wanted=True, actual=held, held=held, by=(name,))
            case Flag(fact):
                at = line if self.vocabulary[fact].level is Per.LINE else None
                return Atom(fact, "is", wanted=True, actual=held, held=held, line=at)
            case Compare() | Among():
                ready = self._worked_out(node)
                spec, first = ready.spec, ready.constants[0]
                money = spec.kind is Kind.AMOUNT
                return Atom(
                    spec.name,
                    ready.op,
                    tuple(wanted.content for wanted in ready.constants) if ready.op == "in" else first.content,
                    self._read(spec.name, facts, line),
                    held,
                    unit=first.currency if money else spec.unit,
                    currency=facts["currency"] if money else "",
                    line=line if spec.level is Per.LINE else None,
                    by=tuple(name for wanted in ready.constants for name in wanted.by),
                )

    def _holds(self, node: AtomNode, facts: Facts, line: int | None) -> bool:
        match node:
            case Always(holds):
                return holds
            case Setting(name):
                return bool(self.values[name])
            case Flag(fact):
                return self._read(fact, facts, line)
            case Compare() | Among():
                ready = self._worked_out(node)
                actual = self._read(ready.spec.name, facts, line)
                if ready.words is not None:
                    return actual in ready.words
                money, op = ready.spec.kind is Kind.AMOUNT, "=" if ready.op == "in" else ready.op
                return any(
                    _COMPARED[op](actual, wanted.content) and not (money and facts["currency"] != wanted.currency)
                    for wanted in ready.constants
                )

    def _worked_out(self, node: Compare | Among) -> _Ready:
        ready = self._ready.get(id(node))
        if ready is None:
            spec = self.vocabulary[node.fact]
            values = (node.value,) if isinstance(node, Compare) else node.values
            constants = tuple(constant(value, spec, self.values) for value in values)
            words: frozenset[int | str] | None = None
            if isinstance(node, Among) and spec.kind is not Kind.AMOUNT:
                words = frozenset(wanted.content for wanted in constants)
            elif isinstance(node, Compare) and spec.kind is Kind.LEVEL:
                words = frozenset(members(node.op, str(constants[0].content), spec))
            ready = _Ready(node, spec, node.op if isinstance(node, Compare) else "in", constants, words)
            self._ready[id(node)] = ready
        return ready

    def _read(self, fact: str, facts: Facts, line: int | None) -> Any:
        if self.vocabulary[fact].level is Per.LINE:
            assert line is not None, "a fact of lines is judged line by line"
            return facts["lines"][line][fact]
        return facts[fact]


_COMPARED: dict[Op, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_TURNED: dict[str, str] = {**OPPOSITE, "in": "not in", "is": "is not"}


def _turned(atom: Atom) -> Atom:
    return msgspec.structs.replace(atom, op=_TURNED[atom.op], held=not atom.held)
