"""Why a rule held or did not: the facts it read, what it wanted, and the least that would have changed its answer.

An explanation is data. Pages turn (fact, op, wanted) into a sentence of the reader's language.
"""

from typing import Any

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


class Atom(msgspec.Struct, frozen=True, omit_defaults=True):
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


class Explainer:
    """Explains conditions under one set of values."""

    def __init__(self, values: Values, vocabulary: Vocabulary) -> None:
        self.values = values
        self.vocabulary = vocabulary

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
        return any(self.vocabulary[name].level is Per.LINE for name in facts_read(node))

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
                    return tuple(dict.fromkeys(atom for blockers in each for atom in blockers))
                return min(each, key=len)
            case _:
                atom = self.atom(node, facts, line)
                return () if atom.held == want else (atom if want else _turned(atom),)

    def atom(self, node: AtomNode, facts: Facts, line: int | None = None) -> Atom:
        """One comparison with what it found. line: number of the line, for facts of lines."""
        match node:
            case Always(holds):
                return Atom("", "is", wanted=True, actual=holds, held=holds)
            case Setting(name):
                held = bool(self.values[name])
                return Atom(name, "is", wanted=True, actual=held, held=held, by=(name,))
            case Flag(fact):
                actual, at = self._read(fact, facts, line)
                return Atom(fact, "is", wanted=True, actual=actual, held=actual, line=at)
            case Among(fact, listed):
                spec = self.vocabulary[fact]
                constants = [constant(value, spec, self.values) for value in listed]
                actual, at = self._read(fact, facts, line)
                held = any(self._holds(spec, "=", wanted, actual, facts) for wanted in constants)
                return self._atom(spec, "in", constants, actual, facts, held=held, line=at)
            case Compare(fact, op, value):
                spec = self.vocabulary[fact]
                wanted = constant(value, spec, self.values)
                actual, at = self._read(fact, facts, line)
                held = self._holds(spec, op, wanted, actual, facts)
                return self._atom(spec, op, [wanted], actual, facts, held=held, line=at)

    def _read(self, fact: str, facts: Facts, line: int | None) -> tuple[Any, int | None]:
        if self.vocabulary[fact].level is Per.LINE:
            assert line is not None, "a fact of lines is judged line by line"
            return facts["lines"][line][fact], line
        return facts[fact], None

    @staticmethod
    def _atom(
        spec: FactSpec, op: str, constants: list[Constant], actual: Any, facts: Facts, *, held: bool, line: int | None
    ) -> Atom:
        money = spec.kind is Kind.AMOUNT
        return Atom(
            spec.name,
            op,
            tuple(wanted.content for wanted in constants) if op == "in" else constants[0].content,
            actual,
            held,
            unit=constants[0].currency if money else spec.unit,
            currency=facts["currency"] if money else "",
            line=line,
            by=tuple(name for wanted in constants for name in wanted.by),
        )

    @staticmethod
    def _holds(spec: FactSpec, op: Op, wanted: Constant, actual: Any, facts: Facts) -> bool:
        content: Any = wanted.content
        if spec.kind is Kind.LEVEL:
            return actual in members(op, content, spec)
        if spec.kind is Kind.AMOUNT and facts["currency"] != wanted.currency:
            return False
        match op:
            case "=":
                return actual == content
            case "!=":
                return actual != content
            case "<":
                return actual < content
            case "<=":
                return actual <= content
            case ">":
                return actual > content
            case ">=":
                return actual >= content


_TURNED: dict[str, str] = {**OPPOSITE, "in": "not in", "is": "is not"}


def _turned(atom: Atom) -> Atom:
    return msgspec.structs.replace(atom, op=_TURNED[atom.op], held=not atom.held)
