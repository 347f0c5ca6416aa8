"""The ground on which a request was judged, out of what is recorded of it."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.core import cancellation as stop
from rescind.core.event import Ground
from rescind.core.policy import Finding
from rescind.core.record import Record


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
