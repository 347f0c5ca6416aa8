"""A parcel that left although it should not have: a person sees to it, step by step, to an end.

The fact itself was believed when it came (``fulfilment.ContradictionNoted``); money is never moved from here.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision
from rescind.core.errors import Forbidden, InvalidField, InvalidTransition, NotFound
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Contradiction, Decider

STEPS: Mapping[str, tuple[str, ...]] = {
    "shipped_after_cancel": ("carrier_asked", "came_back", "never_left", "loss_accepted"),
    "shipped_while_asked": ("carrier_asked", "came_back", "goes_on"),
    "cancelled_inside": ("looked_at", "carrier_asked", "came_back", "loss_accepted"),
    "tracking_reused": ("looked_at",),
    "shipped_in_hold": ("carrier_asked", "came_back", "goes_on"),
    "shipped_unpaid": ("carrier_asked", "came_back", "looked_at", "loss_accepted"),
    "charged_back": ("looked_at",),
    "amounts_differ": ("looked_at",),
    "chargeback_silent": ("bank_asked",),
    "chargeback_lost": ("looked_at",),
    "chargeback_won": ("looked_at",),
    "refunded_elsewhere": ("looked_at",),
}
"""What can be said of each kind of contradiction, in the order in which people think of it."""

UNDER_WAY = frozenset({"carrier_asked", "bank_asked"})
"""Steps after which somebody still has to find out how it ended."""

NEVER_LEFT = "never_left"
IN_HOUSE_AGAIN = frozenset({"came_back", NEVER_LEFT})
"""Ends after which the goods are in the shop, so that the bench unpacks them."""

TOLD_TO_BUYER = frozenset({"carrier_asked", "came_back"})
"""What the buyer of a parcel that is on its way against the decision is told."""

_MAY: Mapping[ActorKind, Decider] = {ActorKind.SELLER: "seller", ActorKind.SUPPORT: "support"}
PLATFORM_ONLY = frozenset(
    {
        "charged_back",
        "amounts_differ",
        "chargeback_silent",
        "chargeback_lost",
        "chargeback_won",
        "refunded_elsewhere",
    }
)
"""What is between the platform and a bank or provider."""


class ResolveContradiction(BaseCommand, frozen=True, kw_only=True):
    """Somebody did something about it, or knows how it ended. ``outcome``: one of the kind's ``STEPS``."""

    contradiction: str
    outcome: str
    comment: Note | None = None


class ContradictionResolved(BaseEvent, frozen=True, kw_only=True):
    """What was done or found out; ``closed``: nothing is left to do."""

    id: str
    outcome: str
    by: Decider
    closed: bool
    comment: NoteRef | None = None


def steps(noted: Contradiction) -> tuple[str, ...]:
    """What may be said of it now; nothing once it is closed."""
    if noted.closed_at is not None:
        return ()
    return tuple(one for one in STEPS.get(noted.kind, ("looked_at",)) if one != noted.outcome)


def resolve(order: Order, command: ResolveContradiction, actor: Actor, now: Instant) -> Decision:
    """Take a case one step on. Raises NotFound, Forbidden, InvalidTransition (closed), InvalidField (no such step)."""
    noted = next((one for one in order.contradictions if one.id == command.contradiction), None)
    if noted is None:
        raise NotFound(kind="contradiction")
    by = _MAY.get(actor.kind)
    if by is None or (by == "seller" and noted.kind in PLATFORM_ONLY):
        raise Forbidden(action="resolve_contradiction")
    if noted.closed_at is not None:
        raise InvalidTransition(action="resolve_contradiction", current_state=noted.outcome, allowed_actions=())
    if command.outcome == noted.outcome:
        return Decision(events=())
    if command.outcome not in steps(noted):
        raise InvalidField(field="outcome", expected=" ".join(steps(noted)))
    event = ContradictionResolved(
        at=now,
        id=noted.id,
        outcome=command.outcome,
        by=by,
        closed=command.outcome not in UNDER_WAY,
        comment=NoteRef.of(command.comment),
    )
    return Decision(events=(event,), notes=(command.comment,) if command.comment else ())


def apply_resolved(order: Order, event: ContradictionResolved) -> Order:
    """Keep how it stands."""
    ended = {"closed_at": event.at, "closed_by": event.by} if event.closed else {}
    return msgspec.structs.replace(
        order,
        contradictions=tuple(
            msgspec.structs.replace(one, outcome=event.outcome, **ended) if one.id == event.id else one
            for one in order.contradictions
        ),
    )
