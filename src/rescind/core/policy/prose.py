"""A condition as pieces that a page can put into any language: comparisons joined by "and" and "or", nothing else."""

from typing import Literal

import msgspec

from rescind.core.policy.literal import Values, constant
from rescind.core.policy.tree import OPPOSITE, Always, Among, And, Compare, Flag, Node, Not, Or, Setting, Value
from rescind.core.policy.vocabulary import Kind, Vocabulary


class Phrase(msgspec.Struct, frozen=True, omit_defaults=True):
    """how "and", "or": join `parts`. "always", "never": nothing is asked. "atom": one comparison.

    op: = != < <= > >= "in" "not in", or "is" and "is not" for flags. wanted: words, or a count in `unit`, which is a
    currency for money. by: names of the values behind `wanted`, for a page that shows where a number comes from.
    """

    how: Literal["and", "or", "always", "never", "atom"]
    fact: str = ""
    op: str = ""
    wanted: tuple[int | str, ...] = ()
    unit: str = ""
    by: tuple[str, ...] = ()
    parts: tuple["Phrase", ...] = ()


def phrase(node: Node, values: Values, vocabulary: Vocabulary, *, negated: bool = False) -> Phrase:
    """The pieces of a condition under `values`; NOT is taken inward, so that no page has to say it twice."""
    match node:
        case Always(holds):
            return Phrase("never" if holds == negated else "always")
        case Setting(name):
            return Phrase("never" if bool(values[name]) == negated else "always", by=(name,))
        case Not(part):
            return phrase(part, values, vocabulary, negated=not negated)
        case And(parts) | Or(parts):
            how = "and" if isinstance(node, And) != negated else "or"
            return Phrase(how, parts=tuple(phrase(part, values, vocabulary, negated=negated) for part in parts))
        case Flag(fact):
            return Phrase("atom", fact, "is not" if negated else "is")
        case Among(fact, listed):
            return _atom(fact, "not in" if negated else "in", listed, values, vocabulary)
        case Compare(fact, op, value):
            return _atom(fact, OPPOSITE[op] if negated else op, (value,), values, vocabulary)


def _atom(fact: str, op: str, listed: tuple[Value, ...], values: Values, vocabulary: Vocabulary) -> Phrase:
    spec = vocabulary[fact]
    constants = [constant(value, spec, values) for value in listed]
    return Phrase(
        "atom",
        fact,
        op,
        tuple(wanted.content for wanted in constants),
        constants[0].currency if spec.kind is Kind.AMOUNT else spec.unit,
        tuple(name for wanted in constants for name in wanted.by),
    )
