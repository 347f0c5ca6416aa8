"""Rows of refunds: all of them as they stand, and those that wait for a person, failed, unclear or not sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rescind.core.failed_refund import stuck, unsettled
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus
from rescind.core.ports import Change
from rescind.core.views import RefundPlace

Row = tuple[Any, ...]


def every(change: Change, _: Instant) -> Iterable[Row]:
    """Refunds that are new or stand otherwise now. What becomes of one that failed may be said of another part."""
    before, after = change.before, change.after
    if before is None or not _untouched(before, after):
        known = _places(before)
        methods = {one.id: one.method for one in after.tenders}
        for one, place in _places(after).items():
            if known.get(one) != place:
                yield (
                    after.shop,
                    one.id,
                    after.id,
                    one.tender,
                    methods[one.tender],
                    after.currency,
                    one.amount_minor,
                    place,
                    one.status.value,
                    one.cause,
                    one.reference,
                    one.owed_at,
                    one.settled_at,
                )


def _places(order: Order | None) -> dict[Refund, RefundPlace]:
    if order is None or not order.refunds:
        return {}
    open_still = {one.id for one in unsettled(order)}
    return {one: _place(one, open_still=one.id in open_still) for one in order.refunds}


def _place(refund: Refund, *, open_still: bool) -> RefundPlace:
    match refund.status:
        case RefundStatus.OWED:
            return "not_sent" if refund.cause else "owed"
        case RefundStatus.SUBMITTED:
            return "submitted"
        case RefundStatus.IN_DOUBT:
            return "in_doubt"
        case RefundStatus.SUCCEEDED:
            return "succeeded"
        case RefundStatus.FAILED:
            return "failed" if open_still else "settled"
        case RefundStatus.TAKEN_ELSEWHERE:
            return "settled"


def failed(change: Change, _: Instant) -> Iterable[Row]:
    """Refunds that failed just now; nothing is due about them any more, so this is where they are found."""
    before, after = change.before, change.after
    if before is None or _untouched(before, after):
        return
    known = {one.id for one in unsettled(before)}
    for one in unsettled(after):
        if one.id not in known:
            yield (after.shop, one.id, after.id, one.settled_at or change.written[-1].record.received_at)


def no_more_failed(change: Change, _: Instant) -> Iterable[Row]:
    """Those about which nothing is left to say: settled, or with the buyer by their bank."""
    before, after = change.before, change.after
    if before is None or _untouched(before, after):
        return
    left = {one.id for one in unsettled(after)}
    for one in before.refunds:
        if one.status is RefundStatus.FAILED and one.id not in left:
            yield (after.shop, one.id)


def _untouched(before: Order, after: Order) -> bool:
    """Whether nothing changed from which it follows that a failed refund waits for somebody."""
    return (
        before.refunds is after.refunds
        and before.tenders is after.tenders
        and before.cancellations is after.cancellations
    )


def unclear(change: Change, _: Instant) -> Iterable[Row]:
    """Refunds about which a provider gave no clear answer just now."""
    before, after = change.before, change.after
    if before is None or before.refunds is after.refunds:
        return
    known = _in_doubt(before)
    for one in after.refunds:
        if one.status is RefundStatus.IN_DOUBT and one.id not in known:
            yield (after.shop, one.id, after.id, change.written[-1].record.received_at)


def no_more_unclear(change: Change, _: Instant) -> Iterable[Row]:
    """Those that are clear now."""
    before, after = change.before, change.after
    if before is None or before.refunds is after.refunds:
        return
    for one in _in_doubt(before) - _in_doubt(after):
        yield (after.shop, one)


def unsent(change: Change, _: Instant) -> Iterable[Row]:
    """Refunds that cannot be sent since just now, or for another cause than before."""
    after, known = change.after, _causes(change.before)
    for one, cause in _causes(after).items():
        if known.get(one) != cause:
            yield (after.shop, one, after.id, cause, change.written[-1].record.received_at)


def no_more_unsent(change: Change, _: Instant) -> Iterable[Row]:
    """Those that were sent, settled, or wait for a bank now."""
    for one in _causes(change.before).keys() - _causes(change.after).keys():
        yield (change.after.shop, one)


def _causes(order: Order | None) -> dict[str, str]:
    return {} if order is None else {one.id: one.cause for one in order.refunds if stuck(order, one)}


def _in_doubt(order: Order) -> set[str]:
    return {one.id for one in order.refunds if one.status is RefundStatus.IN_DOUBT}
