"""The ground on which a request was judged, out of what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.core import cancellation as stop
from rescind.core.actor import ActorKind
from rescind.core.event import Ground
from rescind.core.policy import Finding
from rescind.core.record import Record
from rescind.locales import Locale
from rescind.program_words import done_by_program


def ground_of(records: Iterable[Record], cancellation: str) -> Ground | None:
    """Why the policy answered a request as it did; None for one that no policy answered."""
    for record in records:
        event = record.event
        if (
            isinstance(
                event, stop.SellerAsked | stop.CancellationHeld | stop.CancellationApproved | stop.CancellationRefused
            )
            and event.cancellation == cancellation
            and event.ground is not None
        ):
            return event.ground
    return None


def programs_in(records: Iterable[Record], cancellation: str, locale: Locale, *, buyer: bool = False) -> str:
    """That programs did something about a request, whose and under which mandates; empty where people did all of it.

    buyer: the reader is the buyer.
    """
    done = (
        done_by_program(
            locale,
            one.actor.kind.value,
            for_buyer=one.actor.speaks_as is ActorKind.BUYER,
            mandate=one.actor.mandate,
            mine=buyer,
        )
        for one in records
        if one.actor.mandate and getattr(one.event, "cancellation", None) == cancellation
    )
    return " ".join(dict.fromkeys(done))


def ground_in(decision: stop.Decision) -> Ground | None:
    """The ground of a judgement that was asked first."""
    for event in decision.events:
        found = getattr(event, "ground", None)
        if isinstance(found, Ground):
            return found
    return None


def finding_of(decision: stop.Decision) -> Finding:
    """The finding of a judgement; a request always has one."""
    assert decision.finding is not None, "a request is judged by the policy"
    return decision.finding
