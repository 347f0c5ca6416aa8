"""What of an order's history belongs to what is said about it: what was asked, offered and answered.

It is decided by commands and kept by the order; a conversation only shows it, where it happened between the messages.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec

from rescind.core import cancellation
from rescind.core.conversation import Side
from rescind.core.event import BaseEvent, NoteRef
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.offer import OfferAccepted, OfferDeclined, OfferMade, as_made
from rescind.core.order import Order
from rescind.core.parts import Offer
from rescind.core.record import Record

_ASKED = (cancellation.SellerAsked, cancellation.CancellationHeld)
_SPOKEN = (
    *_ASKED,
    OfferMade,
    OfferAccepted,
    OfferDeclined,
    cancellation.CancellationApproved,
    cancellation.CancellationRefused,
    cancellation.CancellationWithdrawn,
    cancellation.CancellationOvertaken,
    cancellation.CancellationReopened,
    cancellation.CancellationUndone,
    cancellation.DeadlineExtended,
)
Became = Literal["", "open", "lapsed"]
"""What an offer is now: an answer or another offer that followed it tells its own story."""


class OrderAct(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked, offered or answered, as the order keeps it. seq: of its record; type: of its event.

    by: who did it (an actor, or ``policy``, ``silence``); reason: of a request or of a refusal, a code of the policy's.
    due_at: until when somebody had to answer. offer: its terms, in minor units of ``currency``, as they were made.
    text: what was said with it, and ``digest`` what the order keeps of that; both empty where nothing was.
    """

    seq: int
    at: Instant
    type: str
    by: str
    request: CancellationId
    reason: str = ""
    due_at: Instant | None = None
    offer: Offer | None = None
    currency: str = ""
    text: str = ""
    digest: str = ""


def spoken(event: BaseEvent) -> bool:
    """Whether it stands in the conversation about its order."""
    return isinstance(event, _SPOKEN)


def concerns(record: Record) -> tuple[Side, Side] | None:
    """Who makes or answers an offer, and to whom that is news; None for everything else."""
    event = record.event
    if not isinstance(event, OfferMade | OfferAccepted | OfferDeclined):
        return None
    return ("buyer", "seller") if event.by == "buyer" else ("seller", "buyer")


def acts(records: Iterable[tuple[Record, Mapping[str, str]]], order: Order) -> tuple[OrderAct, ...]:
    """What a conversation has of a history, oldest first. Each record comes with the words that belong to it, by id."""
    return tuple(_act(record, words, order) for record, words in records if spoken(record.event))


def became(order: Order, event: OfferMade) -> Became:
    """Whether an offer can be answered still, or its request ended without an answer to it."""
    asked = next((one for one in order.cancellations if one.id == event.cancellation), None)
    if asked is None or asked.offer is None or asked.offer.number != event.number or asked.offer.answer:
        return ""
    return "open" if asked.status.waiting else "lapsed"


def _act(record: Record, words: Mapping[str, str], order: Order) -> OrderAct:
    event = record.event
    request = getattr(event, "request", None)
    comment: NoteRef | None = getattr(event, "comment", None) or getattr(request, "comment", None)
    by = record.actor.kind.value if isinstance(event, _ASKED) else getattr(event, "by", "") or record.actor.kind.value
    return OrderAct(
        seq=record.seq,
        at=event.at,
        type=type(event).__name__,
        by=by,
        request=getattr(event, "cancellation"),  # noqa: B009 - every one of them is about a request
        reason=getattr(event, "answer", "") or getattr(request, "reason", ""),
        due_at=getattr(event, "answer_due_at", None) or getattr(event, "due_at", None),
        offer=as_made(event) if isinstance(event, OfferMade) else None,
        currency=order.currency if isinstance(event, OfferMade) else "",
        text=words.get(comment.id, "") if comment else "",
        digest=comment.digest if comment else "",
    )
