"""What other systems are told of an order: that something happened, under a name they can choose by; never what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import msgspec

from rescind.core import (
    cancellation,
    chargeback,
    correction,
    escalation,
    failed_refund,
    fulfilment,
    intercept,
    lost_time,
    offer,
    order_note,
    packing,
    parcels,
    refund,
    refund_order,
    returns,
    review,
    stock,
    timers,
)
from rescind.core.event import BaseEvent
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.override import AMONG_STAFF
from rescind.core.record import Record
from rescind.core.second_person import EVENTS as TWO_PEOPLE

KINDS: Mapping[type[BaseEvent], str] = {
    fulfilment.OrderPlaced: "order.placed",
    fulfilment.HoldEnded: "order.hold_ended",
    timers.TimerRang: "order.timer_rang",
    lost_time.TimeReturned: "order.time_returned",
    review.ReviewTaken: "order.review_taken",
    review.RecipientCorrected: "order.recipient_corrected",
    order_note.NoteAdded: "order.note_added",
    order_note.NoteAcknowledged: "order.note_acknowledged",
    fulfilment.FactReported: "fact.reported",
    correction.FactCorrected: "fact.corrected",
    fulfilment.ContradictionNoted: "contradiction.noted",
    intercept.ContradictionResolved: "contradiction.resolved",
    cancellation.SellerAsked: "cancellation.seller_asked",
    cancellation.CancellationHeld: "cancellation.held",
    cancellation.CancellationApproved: "cancellation.approved",
    cancellation.CancellationRefused: "cancellation.refused",
    cancellation.CancellationWithdrawn: "cancellation.withdrawn",
    cancellation.CancellationOvertaken: "cancellation.overtaken",
    cancellation.DeadlineExtended: "cancellation.deadline_extended",
    cancellation.CancellationReopened: "cancellation.reopened",
    cancellation.CancellationUndone: "cancellation.undone",
    offer.OfferMade: "offer.made",
    offer.OfferAccepted: "offer.accepted",
    offer.OfferDeclined: "offer.declined",
    refund.RefundOwed: "refund.owed",
    refund.RefundAnswered: "refund.answered",
    refund_order.RefundOrderTaken: "refund.order_taken",
    refund_order.RefundOrderLapsed: "refund.order_lapsed",
    failed_refund.FailedRefundSettled: "refund.settled",
    chargeback.RefundCovered: "refund.covered",
    returns.ReturnOpened: "return.opened",
    returns.ReturnTaken: "return.taken",
    returns.ReturnQuestioned: "return.questioned",
    returns.ReturnAnswered: "return.answered",
    returns.ReturnLapsed: "return.lapsed",
    returns.ReturnExtended: "return.extended",
    returns.ReturnClosed: "return.closed",
    escalation.EscalationOpened: "escalation.opened",
    escalation.EscalationTaken: "escalation.taken",
    escalation.EscalationLapsed: "escalation.lapsed",
    escalation.EscalationClosed: "escalation.closed",
    parcels.ParcelsArranged: "parcel.arranged",
    packing.ShippingLeased: "parcel.shipping_leased",
    packing.ShippingGivenBack: "parcel.shipping_given_back",
    packing.GoodsUnpacked: "stock.unpacked",
    stock.GoodsCameBack: "stock.came_back",
}
"""Every event that is told, by its kind: a noun and what happened to it."""

IMPORT_ENDED = "import.ended"
"""What is told of a file that was put in: that it is over, once, and nothing of the history it brought along."""

UNTOLD = (*AMONG_STAFF, *TWO_PEOPLE)
"""What people weigh among themselves. What comes of it is told."""
TEST = "endpoint.test"
"""The kind of a message that somebody sends to see whether it arrives."""
TEST_PREFIX = "evt_test_"
NAMES = (*KINDS.values(), IMPORT_ENDED)
"""Everything that is told, by its kind."""
TOPICS = tuple(dict.fromkeys(kind.partition(".")[0] for kind in NAMES))
"""The nouns, in order: who chooses one hears everything about it."""
CHOICES = (*(f"{topic}.*" for topic in TOPICS), *NAMES)
"""What an endpoint may choose; one that chooses nothing hears everything."""

_encode = msgspec.json.Encoder().encode


class Named(Protocol):
    """What a message says of the order itself; an ``Order`` is one."""

    @property
    def id(self) -> OrderId: ...
    @property
    def shop(self) -> ShopId: ...
    @property
    def number(self) -> str: ...


class Data(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which order it is, and which of its matters: ids and codes, by which the rest is read (WH-12).

    number: the marketplace's own of the order. version: of the order with this event, so that what comes late is told
    from what is new.
    """

    order: str
    shop: str
    number: str
    version: int
    cancellation: str = ""
    refund: str = ""
    contradiction: str = ""
    case: str = ""
    fact: str = ""
    status: str = ""


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a message, in the members that Standard Webhooks wants."""

    type: str
    timestamp: Instant
    data: Data


class ImportData(msgspec.Struct, frozen=True, kw_only=True):
    """Which import it is, and how many orders it put in, found there already, and left out."""

    id: str
    put_in: int
    there_already: int
    left_out: int


class ImportMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The body of the message that an import is over."""

    type: str = IMPORT_ENDED
    timestamp: Instant
    data: ImportData


class TestData(msgspec.Struct, frozen=True):
    """That it is only a test, and of which endpoint."""

    __test__ = False
    endpoint: str
    test: bool = True


class TestMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a test."""

    __test__ = False
    type: str = TEST
    timestamp: Instant
    data: TestData


def kind_of(record: Record) -> str | None:
    """Under which name a record is told, None for one that is not."""
    return KINDS.get(type(record.event))


def wanted(events: Iterable[str], kind: str) -> bool:
    """Whether an endpoint that chose these hears of this kind."""
    chosen = tuple(events)
    return not chosen or kind in chosen or f"{kind.partition('.')[0]}.*" in chosen


def identifier(order: OrderId, seq: int) -> str:
    """The id of a message: the same for every endpoint and every attempt, so that receivers know a repeat."""
    return f"evt_{order[4:]}_{seq}"


def body(order: Named, record: Record, kind: str) -> bytes:
    """The bytes that are signed and sent. They are made once: every attempt sends the same."""
    event = record.event
    about = "contradiction" if kind.startswith("contradiction.") else ""
    data = Data(
        order=order.id,
        shop=order.shop,
        number=order.number,
        version=record.seq,
        cancellation=getattr(event, "cancellation", ""),
        refund=getattr(event, "refund", ""),
        contradiction=str(getattr(event, "id", "")) if about else "",
        case=getattr(event, "case", ""),
        fact=str(getattr(event, "fact", "")),
        status=str(getattr(event, "status", "")),
    )
    return _encode(Message(type=kind, timestamp=record.received_at, data=data))


def import_body(data: ImportData, at: Instant) -> bytes:
    """The bytes of the message that an import is over."""
    return _encode(ImportMessage(timestamp=at, data=data))


def test_body(endpoint: str, at: Instant) -> bytes:
    """The bytes of a test."""
    return _encode(TestMessage(timestamp=at, data=TestData(endpoint)))
