"""A condition as we keep it: a small tree of our own, independent of the parser, stored with the policy (language 1).

Released shapes are frozen: a change of meaning is a new language number.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec

LANGUAGE = 1

Op = Literal["=", "!=", "<", "<=", ">", ">="]

FLIPPED: dict[Op, Op] = {"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
OPPOSITE: dict[Op, Op] = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Word(msgspec.Struct, frozen=True, tag="word"):
    """A member of a level or a code."""

    text: str


class Number(msgspec.Struct, frozen=True, tag="number"):
    """A whole number, in the fact's unit."""

    count: int


class Elapsed(msgspec.Struct, frozen=True, tag="elapsed"):
    """A length of elapsed time as written: `1h`; a day is 24 hours."""

    text: str


class Price(msgspec.Struct, frozen=True, tag="money"):
    """An amount in minor units. Against an order in another currency every comparison with it is false."""

    currency: str
    minor: int


class Named(msgspec.Struct, frozen=True, tag="value"):
    """A value of `[values]`, put in when the policy is resolved for an order."""

    name: str


class Sum(msgspec.Struct, frozen=True, tag="sum"):
    """Lengths of time or numbers, added: `hold + auto_approve`."""

    terms: tuple[Elapsed | Number | Named, ...]


Literal_ = Word | Number | Elapsed | Price
Value = Word | Number | Elapsed | Price | Named | Sum


class Always(msgspec.Struct, frozen=True, tag="always"):
    """TRUE or FALSE."""

    holds: bool


class Setting(msgspec.Struct, frozen=True, tag="setting"):
    """A boolean value of `[values]`; resolved to `Always`."""

    name: str


class Flag(msgspec.Struct, frozen=True, tag="flag"):
    """The flag is true."""

    fact: str


class Compare(msgspec.Struct, frozen=True, tag="compare"):
    """The fact on the left of the operator, what it is compared with on the right."""

    fact: str
    op: Op
    value: Value


class Among(msgspec.Struct, frozen=True, tag="among"):
    """The fact equals one of the values."""

    fact: str
    values: tuple[Value, ...]


class Not(msgspec.Struct, frozen=True, tag="not"):
    part: "Node"


class And(msgspec.Struct, frozen=True, tag="and"):
    parts: "tuple[Node, ...]"


class Or(msgspec.Struct, frozen=True, tag="or"):
    parts: "tuple[Node, ...]"


Node = Always | Setting | Flag | Compare | Among | Not | And | Or
AtomNode = Always | Setting | Flag | Compare | Among


def atoms(node: Node) -> Iterator[AtomNode]:
    """The leaves, left to right."""
    match node:
        case Not(part):
            yield from atoms(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from atoms(part)
        case _:
            yield node


def facts_read(node: Node) -> frozenset[str]:
    """Names of the facts a condition reads."""
    return frozenset(atom.fact for atom in atoms(node) if isinstance(atom, Flag | Compare | Among))


def values_read(node: Node) -> frozenset[str]:
    """Names of the values of `[values]` a condition reads."""
    found: set[str] = set()
    for atom in atoms(node):
        match atom:
            case Setting(name):
                found.add(name)
            case Compare(value=value):
                found |= _named(value)
            case Among(values=values):
                for value in values:
                    found |= _named(value)
            case _:
                pass
    return frozenset(found)


def _named(value: Value) -> set[str]:
    match value:
        case Named(name):
            return {name}
        case Sum(terms):
            return {term.name for term in terms if isinstance(term, Named)}
        case _:
            return set()
