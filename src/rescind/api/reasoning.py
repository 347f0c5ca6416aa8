"""The policy's reasoning as the API tells it: rules asked, what they wanted, facts read, a deadline's arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from rescind.api.told import Told
from rescind.core.instant import Instant
from rescind.core.policy import Atom, Deadline, Finding, Flip, Step
from rescind.postgres.credentials import Role

_WITHHELD: Mapping[Role, frozenset[str]] = {"seller": frozenset({"buyer_cancels_30d"})}
"""Facts about one party that the other has no claim to (I-26); their names are told, what they were is not."""
SENSITIVE = frozenset[str]().union(*_WITHHELD.values())
"""Facts that not every reader may know."""


class AtomTold(Told, frozen=True, kw_only=True):
    """One comparison of one fact, as it would have had to be.

    op: = != < <= > >= in is. wanted, actual: a word, a count in ``unit``, or a flag; minor units when ``unit`` is a
    currency. actual is null when the reader may not know it. line: place of the selected line, from 0. by: values.
    """

    fact: str
    op: str
    wanted: bool | int | str | list[int | str]
    actual: bool | int | str | None
    unit: str
    line: int | None
    by: list[str]


class StepTold(Told, frozen=True, kw_only=True):
    """One rule that was asked, in order. failed: the least that would have had to be otherwise for it to hold.

    set_aside: only there when true: it held, and says yes to what no rule can, such as cancelling what has arrived.
    """

    layer: str
    policy: str
    rule: str
    held: bool
    failed: list[AtomTold]
    set_aside: bool | msgspec.UnsetType = msgspec.UNSET


class FlipTold(Told, frozen=True, kw_only=True):
    """One fact that alone would have led to another answer. wanted: as it would have had to be, the nearest such value.

    verdict, rule, if_silent, instead: the answer then. kinder: it is more generous than the one that was given.
    """

    fact: str
    op: str
    wanted: bool | int | str
    actual: bool | int | str
    unit: str
    verdict: str
    rule: str
    if_silent: str
    instead: str
    kinder: bool


class DeadlineTold(Told, frozen=True, kw_only=True):
    """A promised instant and how it was worked out; the four last are of spans counted in days.

    starts_from: the event the span runs from; start: when that was. The order's day is day 0, and ``due_at`` is the
    first instant after ``last_day``; ``skipped`` days do not count.
    """

    name: str
    due_at: Instant
    if_silent: str
    starts_from: str
    start: Instant
    span: str
    zone: str
    day_zero: date | None
    last_day: date | None
    skipped: list[date]
    calendar: str


def withheld(role: Role, facts: Mapping[str, object]) -> list[str]:
    """Names of the facts that a reader of this role is not told."""
    return sorted(facts.keys() & _WITHHELD.get(role, frozenset()))


def facts_told(role: Role, facts: Mapping[str, object]) -> dict[str, object]:
    """The facts a reader of this role may know."""
    hidden = _WITHHELD.get(role, frozenset())
    return {name: value for name, value in facts.items() if name not in hidden}


def findings_told(finding: Finding, role: Role) -> list[StepTold]:
    """Every rule that was asked, layer by layer."""
    hidden = _WITHHELD.get(role, frozenset())
    return [_step(one, hidden) for one in finding.trace]


def flips_told(found: Sequence[Flip], role: Role) -> list[FlipTold]:
    """What would have changed the answer, without the facts that a reader of this role is not told."""
    hidden = _WITHHELD.get(role, frozenset())
    return [
        FlipTold(
            fact=one.atom.fact,
            op=one.atom.op,
            wanted=one.atom.wanted,
            actual=one.atom.actual,
            unit=one.atom.unit,
            verdict=one.verdict,
            rule=one.rule,
            if_silent=one.on_silence,
            instead=one.instead,
            kinder=one.kinder,
        )
        for one in found
        if one.atom.fact not in hidden and not isinstance(one.atom.wanted, tuple)
    ]


def _step(one: Step, hidden: frozenset[str]) -> StepTold:
    return StepTold(
        layer=one.layer,
        policy=one.policy,
        rule=one.rule,
        held=one.held,
        failed=_atoms(one.failed, hidden),
        set_aside=one.set_aside or msgspec.UNSET,
    )


def _atoms(atoms: Sequence[Atom], hidden: frozenset[str]) -> list[AtomTold]:
    return [
        AtomTold(
            fact=atom.fact,
            op=atom.op,
            wanted=list(atom.wanted) if isinstance(atom.wanted, tuple) else atom.wanted,
            actual=None if atom.fact in hidden else atom.actual,
            unit=atom.unit,
            line=atom.line,
            by=list(atom.by),
        )
        for atom in atoms
    ]


def deadline_told(deadline: Deadline | None) -> DeadlineTold | None:
    """A deadline with its arithmetic."""
    if deadline is None:
        return None
    return DeadlineTold(
        name=deadline.name,
        due_at=deadline.due_at,
        if_silent=deadline.on_silence or deadline.then or "",
        starts_from=deadline.event,
        start=deadline.start,
        span=deadline.span,
        zone=deadline.zone,
        day_zero=deadline.day_zero,
        last_day=deadline.last_day,
        skipped=list(deadline.skipped),
        calendar=deadline.calendar_hash,
    )
