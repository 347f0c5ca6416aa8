"""The carrier decides whether goods that are late on their way come back (R-007, R-034).

A yes is approved as every other request: units, money, refund, while the goods travel back to the seller. A no leaves
the buyer the way of a return. Whether it counts against the seller was judged when it was asked: only where the order
had been dispatched late.
"""

from __future__ import annotations

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation.by_support import way_on
from rescind.core.cancellation.decide import approved, still_open
from rescind.core.cancellation.guards import require_answerable
from rescind.core.cancellation.messages import AnswerForCarrier, CancellationRefused, Decision
from rescind.core.context import Context
from rescind.core.errors import EvidenceMissing, Forbidden
from rescind.core.event import BaseEvent, NoteRef
from rescind.core.instant import Instant
from rescind.core.order import Order

_MAY = frozenset({ActorKind.CARRIER, ActorKind.HOST, ActorKind.SUPPORT})


def answer_for_carrier(
    order: Order, command: AnswerForCarrier, actor: Actor, context: Context, now: Instant
) -> Decision:
    """The carrier's yes or no, told by the host, or by support with what the carrier said.

    Raises Forbidden, NotFound, InvalidTransition, DeadlinePassed (the platform decides from then on), EvidenceMissing.
    """
    if actor.speaks_as not in _MAY:
        raise Forbidden(action="answer_for_carrier")
    asked = require_answerable(order, command.cancellation, ActorKind.CARRIER, "answer_for_carrier", now)
    if actor.kind is ActorKind.SUPPORT and command.comment is None:
        raise EvidenceMissing(reason="carrier_answer", needs=("comment",))
    said = NoteRef.of(command.comment)
    event: BaseEvent
    if command.stops:
        event = approved(
            order, asked.id, "carrier", still_open(order, asked), context, now, comment=said, fees=asked.fees
        )
    else:
        event = CancellationRefused(
            at=now, cancellation=asked.id, by="carrier", comment=said, instead=way_on(order, now)
        )
    return Decision(events=(event,), notes=(command.comment,) if command.comment else ())
