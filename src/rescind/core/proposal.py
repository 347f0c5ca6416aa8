"""What waits for a second person: who may answer it, until when, and how it ends without effect.

Decisions against the rules (``override``) and money moved by hand (``second_person``) are proposed in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Final, TypeVar

import msgspec

from rescind.core.actor import Actor
from rescind.core.errors import DeadlinePassed, InvalidTransition, NotFound, SecondPersonNeeded
from rescind.core.instant import Instant
from rescind.core.parts import Override, Proposal, ProposalOutcome

WAITS: Final = timedelta(hours=48)
"""How long a proposal waits for a second person."""

P = TypeVar("P", Override, Proposal)


def waiting(among: Iterable[P]) -> tuple[P, ...]:
    """Those that wait for a second person."""
    return tuple(one for one in among if one.outcome is ProposalOutcome.PROPOSED)


def to_answer(among: Iterable[P], number: int, kind: str, now: Instant) -> P:
    """The proposal that somebody answers now; kind: ``override`` or ``proposal``.

    Raises NotFound, InvalidTransition (answered before, or lapsed), DeadlinePassed.
    """
    found = next((one for one in among if one.number == number), None)
    if found is None:
        raise NotFound(kind=kind)
    if found.outcome is not ProposalOutcome.PROPOSED:
        raise InvalidTransition(
            action=f"answer_{kind}", current_state=f"{kind}_{found.outcome.value}", allowed_actions=()
        )
    if now >= found.due_at:
        raise DeadlinePassed(due_at=found.due_at, now=now)
    return found


def dropped_by(found: Override | Proposal, actor: Actor) -> ProposalOutcome:
    """How it ends when this person says no: whoever proposed it takes it back."""
    return ProposalOutcome.WITHDRAWN if found.by == actor.id else ProposalOutcome.REJECTED


def require_another(found: Override | Proposal, actor: Actor) -> None:
    """Nobody is two people, by whichever of their keys or sessions, and in whichever role. Raises SecondPersonNeeded.

    A key's id is its holder's name, so that two keys of one holder are one, too.
    """
    if found.by == actor.id:
        raise SecondPersonNeeded(number=found.number)


def to_lapse(among: Iterable[P], number: int, now: Instant) -> P | None:
    """The proposal whose time is over; None before its instant, or when somebody answered (I-37)."""
    found = next((one for one in waiting(among) if one.number == number), None)
    return found if found is not None and now >= found.due_at else None


def ended(among: tuple[P, ...], number: int, outcome: ProposalOutcome, by: str, at: Instant) -> tuple[P, ...]:
    """All of them, with how this one ended."""
    return tuple(
        msgspec.structs.replace(one, outcome=outcome, answered_by=by, answered_at=at) if one.number == number else one
        for one in among
    )
