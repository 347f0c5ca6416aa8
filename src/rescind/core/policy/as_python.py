"""Conditions as a Python function: one for a whole list of rules; it answers with the number of the first that holds.

The source is written from our tree only: names come from the closed vocabulary, words and numbers go through `repr`.
Nothing an author typed is ever executed.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rescind.core.policy.literal import Constant, Values, constant, members
from rescind.core.policy.tree import (
    Always,
    Among,
    And,
    Compare,
    Flag,
    Node,
    Not,
    Op,
    Or,
    Setting,
    Value,
    facts_read,
)
from rescind.core.policy.vocabulary import FactSpec, Kind, Per, Vocabulary

Facts = Mapping[str, Any]
"""The facts of one order: every name that is per order, `currency`, and `lines`, each with the names per line."""

First = Callable[[Facts], int]
PYTHON: dict[Op, str] = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


def first_that_holds(
    conditions: Sequence[tuple[Node, str]], values: Values, vocabulary: Vocabulary, name: str = "policy"
) -> First:
    """Compile (condition, "any" or "all" lines) pairs to one function of the facts; -1 when none holds."""
    source = source_of(conditions, values, vocabulary)
    # `any` and `all` are the only names besides the facts the function can reach.
    space: dict[str, Any] = {"__builtins__": {}, "any": any, "all": all}
    exec(compile(source, f"<{name}>", "exec"), space)  # noqa: S102  # our own source, see above
    return space["first"]


def source_of(conditions: Sequence[tuple[Node, str]], values: Values, vocabulary: Vocabulary) -> str:
    """The Python source of that function."""
    writer = _Writer(values, vocabulary)
    body = [f"    if {writer.rule(node, lines)}:\n        return {n}" for n, (node, lines) in enumerate(conditions)]
    # Most rules of most policies look at the stage: read it once.
    head = [f"    {name} = f[{name!r}]" for name in sorted(writer.hoisted)]
    return "\n".join(["def first(f):", *head, *body, "    return -1", ""])


_HOISTED = frozenset({"stage"})


class _Writer:
    def __init__(self, values: Values, vocabulary: Vocabulary) -> None:
        self.values = values
        self.vocabulary = vocabulary
        self.hoisted: set[str] = set()

    def rule(self, node: Node, lines: str) -> str:
        """What a line has no part in is asked once, before the lines: the quantifier does not change it."""
        if not self._per_line(node):
            return self._say(node)
        parts = node.parts if isinstance(node, And) else (node,)
        once = [self._say(part) for part in parts if not self._per_line(part)]
        each = " and ".join(self._say(part) for part in parts if self._per_line(part))
        if lines == "all":
            once += ["f['lines']", f"all([{each} for l in f['lines']])"]
        else:
            once.append(f"any([{each} for l in f['lines']])")
        return " and ".join(once)

    def _per_line(self, node: Node) -> bool:
        return any(self.vocabulary[name].level is Per.LINE for name in facts_read(node))

    def _say(self, node: Node) -> str:
        match node:
            case Always(holds):
                return repr(holds)
            case Setting(name):
                return repr(bool(self.values[name]))
            case Flag(fact):
                return self._read(fact)
            case Not(part):
                return f"(not {self._say(part)})"
            case And(parts):
                return f"({' and '.join(self._say(part) for part in parts)})"
            case Or(parts):
                return f"({' or '.join(self._say(part) for part in parts)})"
            case Among(fact, listed):
                return self._among(self.vocabulary[fact], listed)
            case Compare(fact, op, value):
                return self._compare(self.vocabulary[fact], op, constant(value, self.vocabulary[fact], self.values))

    def _read(self, fact: str) -> str:
        if self.vocabulary[fact].level is Per.LINE:
            return f"l[{fact!r}]"
        if fact in _HOISTED:
            self.hoisted.add(fact)
            return fact
        return f"f[{fact!r}]"

    def _among(self, spec: FactSpec, listed: tuple[Value, ...]) -> str:
        constants = [constant(value, spec, self.values) for value in listed]
        if spec.kind is Kind.AMOUNT:
            return f"({' or '.join(self._compare(spec, '=', wanted) for wanted in constants)})"
        return self._one_of(spec, tuple(wanted.content for wanted in constants))

    def _compare(self, spec: FactSpec, op: Op, wanted: Constant) -> str:
        if spec.kind is Kind.LEVEL:
            assert isinstance(wanted.content, str), "a level is compared with a word"
            return self._one_of(spec, members(op, wanted.content, spec))
        said = f"{self._read(spec.name)} {PYTHON[op]} {wanted.content!r}"
        if spec.kind is Kind.AMOUNT:
            return f"(f['currency'] == {wanted.currency!r} and {said})"
        return f"({said})"

    def _one_of(self, spec: FactSpec, wanted: tuple[str | int, ...]) -> str:
        if not wanted:
            return "False"
        if len(wanted) == 1:
            return f"({self._read(spec.name)} == {wanted[0]!r})"
        # A set literal of constants is a frozenset in the compiled code: one hash, whatever its size.
        return f"({self._read(spec.name)} in {{{', '.join(repr(one) for one in wanted)}}})"
