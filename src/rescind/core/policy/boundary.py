"""Where a policy can change its mind: the values of each fact between which its rules tell a difference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from rescind.core.policy.literal import constant
from rescind.core.policy.policy import Catalogue, Reason
from rescind.core.policy.resolved import ResolvedPolicy
from rescind.core.policy.tree import Among, Compare, Flag, Node, atoms
from rescind.core.policy.vocabulary import FactSpec, Kind

Content = bool | int | str


def boundaries(layers: Sequence[ResolvedPolicy], on: str) -> Mapping[str, tuple[Content, ...]]:
    """For each fact that a rule on ``on`` reads, one value of every kind the rules can tell apart.

    Words of a level or a code: all it can be, or all that are named. Numbers: those compared with and their neighbours.
    """
    return _boundaries(tuple(layers), on)


@lru_cache(maxsize=512)
def _boundaries(layers: tuple[ResolvedPolicy, ...], on: str) -> Mapping[str, tuple[Content, ...]]:
    found: dict[str, dict[Content, None]] = {}
    for layer in layers:
        for rule in layer.rules_on(on):
            for fact, content in _told_apart(rule.rule.when, layer):
                found.setdefault(fact, {})[content] = None
    return {fact: tuple(sorted(contents, key=_place)) for fact, contents in found.items()}


@lru_cache(maxsize=512)
def of_reasons(layers: tuple[ResolvedPolicy, ...], actor: Catalogue) -> Mapping[str, tuple[Content, ...]]:
    """The same for what decides which reasons this actor may choose from."""
    found: dict[str, dict[Content, None]] = {}
    for layer in layers:
        offered: tuple[Reason, ...] = getattr(layer.policy.reasons, actor)
        for reason in offered:
            for fact, content in _told_apart(reason.when, layer) if reason.when else ():
                found.setdefault(fact, {})[content] = None
    return {fact: tuple(sorted(contents, key=_place)) for fact, contents in found.items()}


def _told_apart(node: Node, layer: ResolvedPolicy) -> Iterator[tuple[str, Content]]:
    for atom in atoms(node):
        match atom:
            case Flag(fact):
                yield from ((fact, held) for held in (False, True))
            case Compare(fact=fact, value=value):
                yield from _around(
                    layer.vocabulary[fact], constant(value, layer.vocabulary[fact], layer.values).content
                )
            case Among(fact=fact, values=values):
                for value in values:
                    spec = layer.vocabulary[fact]
                    yield from _around(spec, constant(value, spec, layer.values).content)
            case _:
                pass


def _around(spec: FactSpec, content: int | str) -> Iterator[tuple[str, Content]]:
    if spec.kind in {Kind.LEVEL, Kind.CODE}:
        yield from ((spec.name, word) for word in (spec.members or (str(content),)))
        return
    number = int(content)
    yield from ((spec.name, near) for near in {0, max(0, number - 1), number, number + 1})


def _place(content: Content) -> tuple[bool, int, str]:
    """Numbers by size; words as they are, so that the outcome hangs on nothing but the policy."""
    return (isinstance(content, str), 0 if isinstance(content, str) else int(content), str(content))
