"""Folding what happened to a request into the order. No rules here: what an event says has happened."""

from __future__ import annotations

import msgspec

from rescind.core.cancellation.messages import (
    CancellationApproved,
    CancellationHeld,
    CancellationOvertaken,
    CancellationRefused,
    CancellationReopened,
    CancellationUndone,
    CancellationWithdrawn,
    DeadlineExtended,
    RequestTerms,
    SellerAsked,
)
from rescind.core.event import Ground
from rescind.core.ids import CancellationId
from rescind.core.instant import Instant
from rescind.core.order import Order, rearranged
from rescind.core.parts import Cancellation, CancellationStatus, Decider
from rescind.core.price import Benefit
from rescind.core.refund import owe


def apply_approved(order: Order, event: CancellationApproved) -> Order:
    """Cancel the units, reserve the money, close the request."""
    lines = tuple(
        msgspec.structs.replace(line, cancelled=line.cancelled + event.lines.get(line.id, 0)) for line in order.lines
    )
    progress = order.progress
    if all(line.open == 0 for line in lines):
        progress = msgspec.structs.replace(progress, cancelled_at=event.at)
    order = msgspec.structs.replace(
        order,
        lines=lines,
        shipping_refunded_minor=order.shipping_refunded_minor + event.shipping_minor,
        charges_refunded_minor=order.charges_refunded_minor + event.charges_minor,
        kept_minor=order.kept_minor + sum(fee.amount_minor for fee in event.fees),
        benefits=_returned(order, event.benefits),
        progress=progress,
    )
    order = owe(order, event.refunds, event.cancellation, event.at)
    refunded = sum(terms.amount_minor for terms in event.refunds if not terms.release)
    order = _close(order, event, CancellationStatus.APPROVED, event.by)
    fault = event.request.fault if event.request else ""
    order = _replace(
        order,
        event.cancellation,
        lines=event.lines,
        refund_minor=refunded,
        fault=fault,
        fees=event.fees,
        returned=event.benefits,
    )
    return rearranged(order) if order.parcels else order


def apply_asked(order: Order, event: SellerAsked) -> Order:
    """Keep the question and its deadline."""
    asked = _open(
        order,
        event,
        event.request,
        event.ground,
        CancellationStatus.AWAITING_SELLER,
        event.answer_due_at,
        event.on_silence,
    )
    return _replace(asked, event.cancellation, unreached=True) if event.unreached else asked


def apply_held(order: Order, event: CancellationHeld) -> Order:
    """Keep whose move it is now; a held request that was already open only changes hands, with a time of its own.

    Before the platform had a time of its own, such an event repeated the one that was over and said no silence.
    """
    if event.request is not None and event.ground is not None:
        return _open(order, event, event.request, event.ground, event.by, event.due_at, event.on_silence)
    promise = (
        {"due_at": event.due_at, "on_silence": event.on_silence, "returned_s": 0, "escalated_at": event.at}
        if event.on_silence
        else {"due_at": None, "on_silence": ""}
    )
    return _replace(order, event.cancellation, status=event.by, **promise)


def apply_refused(order: Order, event: CancellationRefused) -> Order:
    """Close the request; the order goes on."""
    order = _close(order, event, CancellationStatus.REFUSED, event.by)
    return _replace(order, event.cancellation, instead=event.instead) if event.instead else order


def apply_withdrawn(order: Order, event: CancellationWithdrawn) -> Order:
    """Close the request at the buyer's wish."""
    return _replace(
        order, event.cancellation, status=CancellationStatus.WITHDRAWN, closed_at=event.at, closed_by="buyer"
    )


def apply_extended(order: Order, event: DeadlineExtended) -> Order:
    """Move the promise in favour of whoever it was made to."""
    before = next(one.returned_s for one in order.cancellations if one.id == event.cancellation)
    return _replace(order, event.cancellation, due_at=event.due_at, returned_s=before + event.returned_s)


def apply_overtaken(order: Order, event: CancellationOvertaken) -> Order:
    """Close the request because the goods have left."""
    return _replace(
        order, event.cancellation, status=CancellationStatus.OVERTAKEN, closed_at=event.at, closed_by="shipment"
    )


def apply_reopened(order: Order, event: CancellationReopened) -> Order:
    """The request waits again for whom it waited for, until the instant that was promised."""
    found = next(one for one in order.cancellations if one.id == event.cancellation)
    status = _WAITS_FOR.get(found.verdict, CancellationStatus.AWAITING_SELLER)
    if found.escalated_at or not found.on_silence:
        # Silence had spoken already, and a person was deciding.
        status = CancellationStatus.IN_REVIEW
    return _replace(order, event.cancellation, status=status, closed_at=None, closed_by=None, answer="")


def apply_undone(order: Order, event: CancellationUndone) -> Order:
    """Give the units back to the order. It had ended with them, if ever delivery was among what was taken off.

    What had come back is on the shelf for this order again, as if it had not left.
    """
    undone = next(one for one in order.cancellations if one.id == event.cancellation)
    anew = {one.name for one in event.timers}
    order = msgspec.structs.replace(
        order,
        lines=tuple(
            msgspec.structs.replace(line, cancelled=line.cancelled - undone.lines.get(line.id, 0))
            for line in order.lines
        ),
        shipping_refunded_minor=0,
        charges_refunded_minor=0,
        kept_minor=order.kept_minor - undone.fee_minor,
        benefits=_returned(order, {one: -units for one, units in undone.returned.items()}),
        progress=msgspec.structs.replace(order.progress, cancelled_at=None),
        came_back=_less(order.came_back, event.back),
        sellable=_less(order.sellable, event.back),
        parcels=tuple(parcel for parcel in order.parcels if parcel.id not in event.parcels),
        timers=(*(one for one in order.timers if one.name not in anew), *event.timers),
        dispatch_due_at=event.dispatch_due_at or order.dispatch_due_at,
    )
    by = {"closed_at": event.at, "closed_by": event.by} if event.by else {}
    return _replace(order, event.cancellation, status=CancellationStatus.UNDONE, **by)


def _returned(order: Order, units: dict[str, int]) -> tuple[Benefit, ...]:
    if not units:
        return order.benefits
    return tuple(msgspec.structs.replace(one, returned=one.returned + units.get(one.id, 0)) for one in order.benefits)


def _less(units: dict[str, int], taken: dict[str, int]) -> dict[str, int]:
    left = {line: count - taken.get(line, 0) for line, count in units.items()} if taken else units
    return {line: count for line, count in left.items() if count > 0}


_WAITS_FOR = {
    "ask_seller": CancellationStatus.AWAITING_SELLER,
    "ask_carrier": CancellationStatus.AWAITING_CARRIER,
    "review": CancellationStatus.IN_REVIEW,
}


def _close(
    order: Order,
    event: CancellationApproved | CancellationRefused,
    status: CancellationStatus,
    by: Decider,
) -> Order:
    if event.request is not None and not _known(order, event.cancellation):
        order = _open(order, event, event.request, event.ground, status, None, "")
    answer = event.answer if isinstance(event, CancellationRefused) else ""
    return _replace(order, event.cancellation, status=status, closed_at=event.at, closed_by=by, answer=answer)


def _open(
    order: Order,
    event: SellerAsked | CancellationHeld | CancellationApproved | CancellationRefused,
    asked: RequestTerms,
    ground: Ground | None,
    status: CancellationStatus,
    due_at: Instant | None,
    on_silence: str,
) -> Order:
    opened = Cancellation(
        id=event.cancellation,
        status=status,
        reason=asked.reason,
        requested_at=event.at,
        requested_by=asked.requested_by,
        filed_by=asked.filed_by,
        stage=asked.stage,
        rule=ground.rule if ground else "",
        verdict=ground.verdict if ground else "",
        lines=asked.lines,
        refund_minor=asked.refund_minor,
        due_at=due_at,
        on_silence=on_silence,
        instead=ground.instead if ground else "",
        fees=asked.fees,
    )
    return msgspec.structs.replace(order, cancellations=(*order.cancellations, opened))


def _replace(order: Order, cancellation: CancellationId, **changes: object) -> Order:
    return msgspec.structs.replace(
        order,
        cancellations=tuple(
            msgspec.structs.replace(one, **changes) if one.id == cancellation else one for one in order.cancellations
        ),
    )


def _known(order: Order, cancellation: CancellationId) -> bool:
    return any(one.id == cancellation for one in order.cancellations)
