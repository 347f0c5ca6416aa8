"""Which conditions made the difference, of all that a rule read: those without which the answer was another one.

A rule that refuses what is packed says only that the order has not left; that packing has begun is what a kinder rule
before it found. So the answer is asked for as if one fact were otherwise, and what is told first is the fact that would
have led to a kinder answer, as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from rescind.core.policy import Atom, Branch, Facts, Flip, ResolvedPolicy, ResolvedRule, Step
from rescind.core.policy.outline import ordinary
from rescind.core.policy.vocabulary import STANDARD, Kind, Per
from rescind.core.stage import Stage
from rescind.core.verdict import Verdict

_A_WAY_ON = frozenset({"asked_anyway"})
"""What the buyer may still do about it is offered beside, and is no reason."""


def told(
    layer: ResolvedPolicy,
    found: ResolvedRule,
    facts: Facts,
    steps: Sequence[Step],
    flips: Sequence[Flip],
    untold: frozenset[str],
) -> tuple[Atom, ...]:
    """The comparisons to tell, each as it came out, what made the difference first.

    steps: the layer's rules that were asked. flips: what would have changed the answer. What holds for nearly every
    order is left out, and so is what the reader has no claim to (untold).
    """
    held = tuple(dict.fromkeys(_counted(layer.explainer.trace(found.rule.when, facts, found.rule.lines))))
    usual = ordinary(layer, Stage(str(facts["stage"])))
    against = tuple(atom for atom in _against(steps, flips) if not _plain(atom, usual))
    known = {one.atom.fact for one in flips if one.kinder is not (found.verdict is Verdict.APPROVE)}
    matter = [atom for atom in held if atom.fact not in _A_WAY_ON and (atom.fact in known or not _usual(atom, usual))]
    merged = [*against, *(one for one in matter if all(one.fact != other.fact for other in against))]
    shown = tuple(atom for atom in merged if atom.fact not in untold)
    return shown or tuple(atom for atom in held if atom.fact not in _A_WAY_ON | untold)


def _against(steps: Sequence[Step], flips: Sequence[Flip]) -> Iterator[Atom]:
    """What kept a kinder rule from holding, where it is one fact alone; the order of the flips is that of interest."""
    failed = {step.rule: step.failed for step in steps if not step.held}
    given: set[str] = set()
    for flip in flips:
        atoms = [atom for atom in failed.get(flip.rule, ()) if atom.fact == flip.atom.fact]
        if flip.kinder and atoms and flip.atom.fact not in given | _A_WAY_ON:
            given.add(flip.atom.fact)
            # What a rule wanted did not hold, so the words of it are turned: "has not reached" becomes "has reached".
            yield msgspec.structs.replace(atoms[-1], held=False)


def _counted(branch: Branch) -> Iterator[Atom]:
    """The comparisons that made a condition come out as it did; each told the way it counted."""
    match branch.how:
        case "atom":
            if branch.atom is not None:
                yield branch.atom
        case "and" if branch.held:
            for part in branch.parts:
                yield from _counted(part)
        case "or" | "any" if branch.held:
            yield from _counted(next(part for part in branch.parts if part.held))
        case "and" | "all" if not branch.held and branch.parts:
            yield from _counted(next(part for part in branch.parts if not part.held))
        case _:
            for part in branch.parts:
                yield from _counted(part)


def _usual(atom: Atom, usual: Facts) -> bool:
    """Whether a comparison comes out like this for nearly every order."""
    if atom.fact == "stage":
        # A step that most of an order's way satisfies tells nothing; one that most does not, tells where it is.
        return sum(_holds(atom, stage.value) for stage in Stage) > len(Stage) // 2
    return _plain(atom, usual)


def _plain(atom: Atom, usual: Facts) -> bool:
    """Whether the fact is as in an order about which there is nothing else to say; its stage and clocks are its own."""
    spec = STANDARD.get(atom.fact)
    if spec is None or atom.fact == "stage" or spec.kind not in {Kind.FLAG, Kind.CODE}:
        return False
    value = usual["lines"][0][atom.fact] if spec.level is Per.LINE else usual.get(atom.fact)
    return value == atom.actual


def _holds(atom: Atom, stage: str) -> bool:
    """Whether a level would have come out as it did at another stage."""
    levels = STANDARD["stage"].members
    if isinstance(atom.wanted, tuple):
        return ((stage in atom.wanted) == (atom.op == "in")) == atom.held
    here, there = levels.index(stage), levels.index(str(atom.wanted))
    answer = {
        "=": here == there,
        "!=": here != there,
        "<": here < there,
        "<=": here <= there,
        ">": here > there,
        ">=": here >= there,
    }.get(atom.op, False)
    return answer is atom.held
