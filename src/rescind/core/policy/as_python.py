"""Conditions as a Python function: one for a whole list of rules; it answers with the number of the first that holds.

Most rules look at the stage, and at nothing else once the stage is known to be another: so the list is written out once
for each stage with that word put in, and an order is asked only what is still open about orders at its stage.

The source is written from our tree only: names come from the closed vocabulary, words and numbers go through `repr`.
Nothing an author typed is ever executed.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

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
    words = vocabulary[_STAGE].members if any(_STAGE in facts_read(node) for node, _ in conditions) else ()
    if not words:
        return "\n".join(_Writer(values, vocabulary, None).function("first", conditions))
    written: dict[str, str] = {}
    source: list[str] = []
    for word in words:
        head, *body = _Writer(values, vocabulary, word).function(f"at_{word}", conditions)
        name = written.setdefault("\n".join(body), f"at_{word}")
        source += [head, *body] if name == f"at_{word}" else [f"at_{word} = {name}"]
    chosen = ", ".join(f"{word!r}: at_{word}" for word in words)
    return "\n".join([*source, f"at = {{{chosen}}}", "def first(f):", f"    return at[f[{_STAGE!r}]](f)", ""])


_STAGE = "stage"
_ALWAYS, _NEVER = "True", "False"
_OTHERWISE = {_ALWAYS: _NEVER, _NEVER: _ALWAYS}


class _Writer:
    """Writes the function for orders at one stage; None: for all of them."""

    def __init__(self, values: Values, vocabulary: Vocabulary, stage: str | None) -> None:
        self.values = values
        self.vocabulary = vocabulary
        self.stage = stage
        self.of_lines: Counter[str] = Counter()

    def function(self, name: str, conditions: Sequence[tuple[Node, str]]) -> list[str]:
        """The lines of the function, its head first. What can never hold is left out, and what comes after a rule that
        always does.
        """
        rules: list[tuple[int, str]] = []
        for number, (node, lines) in enumerate(conditions):
            said = self.rule(node, lines)
            if said != _NEVER:
                rules.append((number, said))
            if said == _ALWAYS:
                break
        return [f"def {name}(f):", *self._body(rules), ""]

    def _body(self, rules: Sequence[tuple[int, str]]) -> list[str]:
        body: list[str] = []
        # What several rules ask of the lines is found out once, by the first of them.
        shared = {said: f"s{n}" for n, (said, times) in enumerate(self.of_lines.items()) if times > 1}
        found: set[str] = set()
        for number, rule in rules:
            said = rule
            for asked, local in shared.items():
                if asked in said:
                    said = said.replace(asked, local)
                    body += [] if local in found else [f"    {local} = {asked}"]
                    found.add(local)
            body += [f"    return {number}"] if said == _ALWAYS else [f"    if {said}:", f"        return {number}"]
        return body if rules and rules[-1][1] == _ALWAYS else [*body, "    return -1"]

    def rule(self, node: Node, lines: str) -> str:
        """What a line has no part in is asked once, before the lines: the quantifier does not change it."""
        if not self._per_line(node):
            return self._say(node)
        parts = node.parts if isinstance(node, And) else (node,)
        once = self._joined("and", [part for part in parts if not self._per_line(part)])
        each = self._joined("and", [part for part in parts if self._per_line(part)])
        if _NEVER in {once, each}:
            return _NEVER
        if "l[" not in each:
            # The stage has settled it, for every line there is.
            asked = "f['lines']" if each == _ALWAYS else f"f['lines'] and {each}"
        elif lines == "all":
            asked = f"f['lines'] and all([{each} for l in f['lines']])"
        else:
            asked = f"any([{each} for l in f['lines']])"
            self.of_lines[asked] += 1
        return asked if once == _ALWAYS else f"{once} and {asked}"

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
                said = self._say(part)
                return _OTHERWISE.get(said, f"(not {said})")
            case And(parts):
                return self._joined("and", parts)
            case Or(parts):
                return self._joined("or", parts)
            case Among(fact, listed):
                return self._among(self.vocabulary[fact], listed)
            case Compare(fact, op, value):
                return self._compare(self.vocabulary[fact], op, constant(value, self.vocabulary[fact], self.values))

    def _joined(self, how: Literal["and", "or"], parts: Sequence[Node]) -> str:
        """The parts that are still open; one that settles it settles all."""
        neutral = _ALWAYS if how == "and" else _NEVER
        said = [one for one in map(self._say, parts) if one != neutral]
        if _OTHERWISE[neutral] in said:
            return _OTHERWISE[neutral]
        return f"({f' {how} '.join(said)})" if len(said) > 1 else "".join(said) or neutral

    def _read(self, fact: str) -> str:
        return f"l[{fact!r}]" if self.vocabulary[fact].level is Per.LINE else f"f[{fact!r}]"

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
            return _NEVER
        if spec.name == _STAGE and self.stage is not None:
            return repr(self.stage in wanted)
        if len(wanted) == 1:
            return f"({self._read(spec.name)} == {wanted[0]!r})"
        # A set literal of constants is a frozenset in the compiled code: one hash, whatever its size.
        return f"({self._read(spec.name)} in {{{', '.join(repr(one) for one in wanted)}}})"
