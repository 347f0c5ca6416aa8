"""How a notice stands at a later moment: whose move it is, until when, and whether it is still so.

A notice is put into words when somebody reads it or when it is sent, which may be days after its event. What it says
has to be true then, so everything that may change is read from the order as it is (KF-15).
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from rescind.core import escalation, order_note, override, review, second_person, timers
from rescind.core.instant import Instant
from rescind.core.notice.notice import Can, Move, Notice, NoticeKind
from rescind.core.notice.unread import IN_CONVERSATIONS, Unread, excerpt
from rescind.core.order import Order, stage
from rescind.core.outlook import Outlook
from rescind.core.parts import Cancellation, CancellationStatus, RefundStatus, ReturnStatus
from rescind.core.prospect import AnswerKind
from rescind.core.stage import Stage, rank

_WAITS_FOR: dict[CancellationStatus, Move] = {
    CancellationStatus.AWAITING_SELLER: "seller",
    CancellationStatus.AWAITING_CARRIER: "carrier",
    CancellationStatus.IN_REVIEW: "support",
}
_REFUNDS = {
    NoticeKind.REFUND_SENT: frozenset({RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT}),
    NoticeKind.REFUNDED: frozenset({RefundStatus.SUCCEEDED}),
    NoticeKind.REFUND_FAILED: frozenset({RefundStatus.FAILED}),
    NoticeKind.REFUND_UNCLEAR: frozenset({RefundStatus.IN_DOUBT}),
}


def promises(notice: Notice) -> bool:
    """Whether it says what its buyer can do about the order, which is the policy's to say."""
    return notice.role == "buyer" and notice.kind in _WITH_THE_SHOP


def as_of(
    notice: Notice, order: Order | None, now: Instant, unread: Unread | None = None, outlook: Outlook | None = None
) -> Notice:
    """The notice as it stands now: ``order`` has everything that happened until then; None before there is one.

    unread: what its reader has not read of its conversation; None where it is of none. outlook: what the policy says of
    the order; without it nothing is promised.
    """
    if notice.kind in IN_CONVERSATIONS:
        return msgspec.structs.replace(notice, **_of_conversation(notice, unread or Unread(), now))
    assert order is not None, "only questions are from before an order"
    standing = _standing(notice, order, now)
    if outlook is not None and promises(notice) and standing is not _OVER:
        standing = standing | {"can": _can(outlook, now)}
    return msgspec.structs.replace(notice, **standing)


def _of_conversation(notice: Notice, unread: Unread, now: Instant) -> dict[str, object]:
    if not unread.count:
        return {"over": True, "code": "read"}
    said: dict[str, object] = {"unread": unread.count, "text": excerpt(unread.text), "by": unread.by}
    if notice.role == "buyer" or notice.kind is NoticeKind.CONTACT_NOTE:
        # What was said elsewhere is evidence and asks nothing of anybody.
        return said
    if notice.role == "seller" and unread.since is None:
        return said
    if notice.role == "seller" and unread.since is not None and notice.answer_s:
        due_at = unread.since + timedelta(seconds=notice.answer_s)
        return said | {"move": "seller", "due_at": due_at, "then": "call" if now < due_at else "called"}
    return said | {"move": notice.role}


def _standing(notice: Notice, order: Order, now: Instant) -> dict[str, object]:
    kind = notice.kind
    if kind in _OF_REQUEST:
        return _of_request(notice, order)
    if kind in _REFUNDS or kind is NoticeKind.REFUND_SETTLED:
        return _of_refund(notice, order)
    if kind in {NoticeKind.PAY_OUT, NoticeKind.PAY_OUT_LATE}:
        found = next((one for one in order.refunds if one.id == notice.about), None)
        if found is None or not found.to_pay_out or found.ordered is None:
            return _OVER
        return {"move": "support", "due_at": found.ordered.due_at, "then": "lead"}
    if kind in _OF_RETURN:
        return _of_return(notice, order)
    if kind in {NoticeKind.CALLED, NoticeKind.CALLED_LATE}:
        called = escalation.current(order) if order.escalations else None
        if called is None or str(called.number) != notice.about:
            return _OVER
        return {"move": "support", "due_at": called.due_at}
    if kind is NoticeKind.CONTRADICTION:
        still = any(one.id == notice.about for one in order.open_contradictions)
        return {"move": notice.role} if still else _OVER
    if kind is NoticeKind.SECOND_WANTED:
        return _of_proposal(notice, order)
    if kind is NoticeKind.ORDER_NOTE:
        left = any(str(one.number) == notice.about for one in order_note.unread(order))
        return {"move": notice.role} if left else _OVER
    return _of_order(notice, order, now)


_OVER: dict[str, object] = {"over": True}
_SAID: dict[str, object] = {}

_OF_REQUEST = frozenset(
    {
        NoticeKind.REQUEST_ASKED,
        NoticeKind.REQUEST_HELD,
        NoticeKind.APPROVED,
        NoticeKind.REFUSED,
        NoticeKind.WITHDRAWN,
        NoticeKind.OVERTAKEN,
        NoticeKind.EXTENDED,
        NoticeKind.REOPENED,
        NoticeKind.UNDONE,
        NoticeKind.OFFER_MADE,
        NoticeKind.OFFER_ACCEPTED,
        NoticeKind.OFFER_DECLINED,
    }
)
_WITH_THE_SHOP = frozenset(
    {
        NoticeKind.ORDER_PLACED,
        NoticeKind.ORDER_PAID,
        NoticeKind.PREPARING,
        NoticeKind.PACKING,
        NoticeKind.SHIPPING_LATE,
    }
)
_OF_RETURN = frozenset(
    {
        NoticeKind.RETURN_OPENED,
        NoticeKind.RETURN_QUESTIONED,
        NoticeKind.RETURN_ANSWERED,
        NoticeKind.RETURN_LATE,
        NoticeKind.RETURN_CLOSED,
    }
)
_ENDED = {
    NoticeKind.APPROVED: frozenset({CancellationStatus.APPROVED}),
    NoticeKind.REFUSED: frozenset({CancellationStatus.REFUSED}),
    NoticeKind.WITHDRAWN: frozenset({CancellationStatus.WITHDRAWN}),
    NoticeKind.OVERTAKEN: frozenset({CancellationStatus.OVERTAKEN}),
    NoticeKind.UNDONE: frozenset({CancellationStatus.UNDONE}),
    NoticeKind.OFFER_ACCEPTED: frozenset({CancellationStatus.SETTLED, CancellationStatus.APPROVED}),
}
"""What a notice of an ending says is so while the request has this status, and is not any more when it has another."""


def _of_request(notice: Notice, order: Order) -> dict[str, object]:
    found = next((one for one in order.cancellations if one.id == notice.about), None)
    if found is None:
        return _OVER
    if notice.kind in _ENDED:
        return _SAID if found.status in _ENDED[notice.kind] else _OVER
    if not found.status.waiting:
        return _OVER
    if notice.kind is NoticeKind.OFFER_MADE:
        return _of_offer(notice, found)
    if notice.kind is NoticeKind.REQUEST_ASKED and found.status is not CancellationStatus.AWAITING_SELLER:
        return _OVER
    return {"move": _WAITS_FOR[found.status], "due_at": found.due_at, "then": found.on_silence}


def _of_offer(notice: Notice, found: Cancellation) -> dict[str, object]:
    offer = found.offer
    mine = offer is not None and not offer.answer and (offer.by == "seller") == (notice.role == "buyer")
    return {"move": notice.role, "due_at": found.due_at, "then": found.on_silence} if mine else _OVER


def _of_refund(notice: Notice, order: Order) -> dict[str, object]:
    found = next((one for one in order.refunds if one.id == notice.about), None)
    if found is None:
        return _OVER
    if notice.kind is NoticeKind.REFUND_SETTLED:
        return _SAID if found.settled else _OVER
    if found.status not in _REFUNDS[notice.kind] or (notice.kind is NoticeKind.REFUND_FAILED and found.settled):
        return _OVER
    # One that is unclear is asked about by itself: somebody knows of it, and has nothing to do.
    return {"move": "support"} if notice.kind is NoticeKind.REFUND_FAILED else _SAID


def _of_return(notice: Notice, order: Order) -> dict[str, object]:
    found = next((one for one in order.returns if one.id == notice.about), None)
    if found is None:
        return _OVER
    if notice.kind is NoticeKind.RETURN_CLOSED:
        return _SAID
    with_buyer = found.status is ReturnStatus.WITH_BUYER
    if found.closed_at or with_buyer != (notice.kind is NoticeKind.RETURN_QUESTIONED):
        return _OVER
    return {"move": "buyer" if with_buyer else "support", "due_at": found.due_at}


def _of_proposal(notice: Notice, order: Order) -> dict[str, object]:
    kind, _, number = notice.about.partition(":")
    if kind == "override":
        proposed = override.waiting(order)
        due_at = proposed.due_at if proposed and str(proposed.number) == number else None
    else:
        due_at = next((one.due_at for one in second_person.waiting(order) if str(one.number) == number), None)
    return {"move": notice.role, "due_at": due_at, "then": "lapse"} if due_at else _OVER


def _of_order(notice: Notice, order: Order, now: Instant) -> dict[str, object]:
    at = stage(order, now)
    match notice.kind:
        case NoticeKind.ORDER_TO_PAY:
            if at is not Stage.UNPAID:
                return _OVER
            limit = next((one for one in timers.waiting(order) if one.name == "unpaid" and one.then == "cancel"), None)
            return {"move": "buyer", "due_at": limit.due_at if limit else None, "then": "cancel" if limit else ""}
        case NoticeKind.ORDER_PLACED | NoticeKind.ORDER_PAID | NoticeKind.PREPARING | NoticeKind.PACKING:
            return _SAID if _in_processing(at) else _OVER
        case NoticeKind.ORDER_TO_SHIP:
            if not _in_processing(at):
                return _OVER
            if review.waiting(order) is not None:
                return {"code": "held"}
            # Without a promised day it says what there is to do, and waits for nobody.
            return {"move": "seller", "due_at": order.dispatch_due_at} if order.dispatch_due_at else _SAID
        case NoticeKind.SHIPPING_LATE:
            if not _in_processing(at):
                return _OVER
            return {"move": "seller"}
        case NoticeKind.ADDRESS_WANTED | NoticeKind.REVIEW_WANTED:
            looked_at = review.waiting(order)
            mine = looked_at is not None and (
                notice.kind is NoticeKind.REVIEW_WANTED or looked_at.on_silence == "cancel"
            )
            if looked_at is None or not mine:
                return _OVER
            return {"move": notice.role, "due_at": looked_at.due_at, "then": looked_at.on_silence}
        case NoticeKind.SHIPPED | NoticeKind.DELIVERED | NoticeKind.DELIVERY_ENDED:
            return _of_parcel(notice, order)
        case _:
            return _SAID  # It tells of what happened, and that does not pass.


def _can(outlook: Outlook, now: Instant) -> Can:
    """By the same answer as the order's page: a promise that the policy does not keep is none."""
    said = outlook.said(now)
    return _of_answer(said.kind) if said is not None else ""


def _of_answer(kind: AnswerKind) -> Can:
    verdict, _, instead = kind
    if verdict == "approve":
        return "cancel"
    if verdict != "refuse" or instead in {"ask_for_what_is_open", "request_whole_order"}:
        return "ask"
    return "favour" if instead == "ask_seller_anyway" else ""


def _of_parcel(notice: Notice, order: Order) -> dict[str, object]:
    found = next((one for one in order.parcels if one.id == notice.about), None)
    if found is None:
        return _OVER if notice.about else _SAID
    so = {
        NoticeKind.SHIPPED: found.gone and not found.delivered_at and not found.ended,
        NoticeKind.DELIVERED: found.delivered_at is not None,
        NoticeKind.DELIVERY_ENDED: bool(found.ended),
    }
    return _SAID if so[notice.kind] else _OVER


def _in_processing(at: Stage) -> bool:
    """Whether the order is with the shop, so that there is something that could still be stopped there."""
    return rank(Stage.UNPAID) < rank(at) < rank(Stage.IN_TRANSIT)
