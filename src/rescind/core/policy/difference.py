"""How two policies differ: in what is written, and in what they answer to the situations people thought of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from rescind.core.policy.example import Book, Example, answer
from rescind.core.policy.judge import Finding
from rescind.core.policy.policy import DeadlineTerms, NamedValue, Policy, Rule, Tunable
from rescind.core.sentence import Sentence, phrased

T = TypeVar("T")


class Change(msgspec.Struct, frozen=True):
    """One thing that is written differently. before and after: in words of the policy; empty where it is not there."""

    kind: str
    name: str
    before: str
    after: str


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """A worked example to which the second policy answers otherwise. A side is empty when it cannot be asked there."""

    example: str
    says: str
    before: str
    after: str


def changes(before: Policy, after: Policy) -> tuple[Change, ...]:
    """Every member, value, deadline, rule, reason and tunable that is not the same, in the order of a policy file."""
    return (
        *_compared(
            "policy", ((name, name) for name in ("region", "zone", "calendar", "currency", "applies")), before, after
        ),
        *_compared("setting", ((one, f"settings.{one}") for one in before.settings.__struct_fields__), before, after),
        *_matched("value", before.values, after.values, lambda one: one.name, _value),
        *_matched("deadline", before.deadlines, after.deadlines, lambda one: one.name, _deadline),
        *_matched("rule", before.rules, after.rules, lambda one: one.id, _rule),
        *_order(before, after),
        *_matched("tunable", before.tunable, after.tunable, lambda one: one.name, _tunable),
        *_reasons(before, after),
    )


def turns(before: Policy, after: Policy, books: Iterable[Book]) -> tuple[Turn, ...]:
    """The examples whose verdict, rule, deadline or way on is another one, each once."""
    found: dict[str, Turn] = {}
    for book in books:
        for example in book.examples:
            if example.deadline or example.id in found:
                continue
            one, other = _said(before, book, example), _said(after, book, example)
            if one != other:
                found[example.id] = Turn(example=example.id, says=example.says, before=one, after=other)
    return tuple(found.values())


def _said(policy: Policy, book: Book, example: Example) -> str:
    try:
        finding = answer(policy, book, example)
    except (ValueError, LookupError):
        return ""
    return told(finding)


def told(finding: Finding) -> Sentence:
    """A finding in a line: verdict and rule, what it waits for, what it offers instead."""
    said = phrased("%(verdict)s by %(rule)s", verdict=finding.verdict.value, rule=finding.rule)
    if finding.deadline:
        due = f"{finding.deadline.due_at:%Y-%m-%d %H:%M:%S}"
        means = finding.deadline.on_silence
        said = phrased("%(said)s until %(due)s UTC, silence: %(means)s", said=said, due=due, means=means)
    return phrased("%(said)s, instead %(way)s", said=said, way=finding.instead) if finding.instead else said


def _compared(kind: str, paths: Iterable[tuple[str, str]], before: Policy, after: Policy) -> Iterator[Change]:
    for name, path in paths:
        one, other = _at(before, path), _at(after, path)
        if one != other:
            yield Change(kind, name, one, other)


def _at(policy: Policy, path: str) -> str:
    found: object = policy
    for step in path.split("."):
        found = getattr(found, step)
    return str(found)


def _matched(
    kind: str, before: Iterable[T], after: Iterable[T], name: Callable[[T], str], said: Callable[[T], str]
) -> Iterator[Change]:
    """What stands in both under one name is compared; what stands in one only was added or taken away."""
    one, other = ({name(each): said(each) for each in each_side} for each_side in (before, after))
    for key in dict.fromkeys((*one, *other)):
        if one.get(key) != other.get(key):
            yield Change(kind, key, one.get(key, ""), other.get(key, ""))


def _order(before: Policy, after: Policy) -> Iterator[Change]:
    """Rules that both have and that stand in another order: the first that holds decides."""
    shared = {rule.id for rule in before.rules} & {rule.id for rule in after.rules}
    one, other = (" ".join(rule.id for rule in side.rules if rule.id in shared) for side in (before, after))
    if one != other:
        yield Change("order", "rules", one, other)


def _reasons(before: Policy, after: Policy) -> Iterator[Change]:
    for catalogue in before.reasons.__struct_fields__:
        one, other = (
            ", ".join(f"{reason.code} {reason.text}".strip() for reason in getattr(side.reasons, catalogue))
            for side in (before, after)
        )
        if one != other:
            yield Change("reasons", catalogue, one, other)


def _value(one: NamedValue) -> str:
    return "; ".join(f"{dated.value} from {dated.first_day}" for dated in one.history)


def _deadline(one: DeadlineTerms) -> str:
    then = f"silence: {one.on_silence.value}" if one.on_silence else f"then: {one.then}"
    return f"{one.span} from {one.event}{f', cut-off {one.cutoff}' if one.cutoff else ''}; {then}"


def _rule(one: Rule) -> str:
    deadline = f" until {one.deadline}" if one.deadline else ""
    instead = f", instead {one.instead}" if one.instead else ""
    lines = "" if one.lines == "any" else " (all lines)"
    return f"on {one.on}: {one.verdict.value}{deadline}{instead}, when {one.text}{lines}"


def _tunable(one: Tunable) -> str:
    return ", ".join(map(str, one.choices)) if one.choices else f"{one.low} to {one.high}"
