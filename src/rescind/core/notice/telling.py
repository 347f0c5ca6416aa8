"""Who is told what of an event: a case a kind, and a reader a line. Says nothing of how things stand when they read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rescind.core import (
    cancellation,
    chargeback,
    escalation,
    failed_refund,
    fulfilment,
    offer,
    order_note,
    override,
    refund,
    refund_order,
    returns,
    second_person,
    timers,
)
from rescind.core.event import BaseEvent
from rescind.core.money import Money
from rescind.core.notice.notice import Notice, NoticeKind, NoticeRole
from rescind.core.order import Order, in_manual_review
from rescind.core.parts import CancellationStatus, FactKind, Refund, RefundStatus
from rescind.core.record import Record
from rescind.core.verdict import Verdict


class _Told(NamedTuple):
    """One reader's part of an event."""

    role: NoticeRole
    kind: NoticeKind
    about: str = ""
    amount_minor: int | None = None
    code: str = ""


_FACTS = {
    FactKind.PREPARATION_STARTED: NoticeKind.PREPARING,
    FactKind.PACKING_STARTED: NoticeKind.PACKING,
    FactKind.HANDED_OVER: NoticeKind.SHIPPED,
    FactKind.DELIVERED: NoticeKind.DELIVERED,
} | dict.fromkeys(fulfilment.ENDINGS, NoticeKind.DELIVERY_ENDED)
"""What a buyer is told of what happens to the goods."""


def notices_of(records: Iterable[Record], order: Order) -> tuple[Notice, ...]:
    """Everything these records of one command tell anybody. order: with them, or as it stands since."""
    parties = {"buyer": order.buyer, "seller": order.shop, "support": ""}
    return tuple(
        Notice(
            kind=told.kind,
            role=told.role,
            party=parties[told.role],
            order=order.id,
            shop=order.shop,
            number=order.number,
            seq=record.seq,
            at=record.event.at,
            about=told.about,
            amount=None if told.amount_minor is None else Money(told.amount_minor, order.currency),
            code=told.code,
        )
        for record in records
        for told in _told(record.event, order)
    )


def _told(event: BaseEvent, order: Order) -> Iterator[_Told]:  # noqa: C901, PLR0912, PLR0915 - a case for each kind there is
    match event:
        case fulfilment.OrderPlaced(order=placed):
            unpaid = not placed.cash_on_delivery and placed.progress.paid_at is None
            yield _Told("buyer", NoticeKind.ORDER_TO_PAY if unpaid else NoticeKind.ORDER_PLACED)
            if placed.cash_on_delivery and not in_manual_review(order):
                yield _Told("seller", NoticeKind.ORDER_TO_SHIP)
        case fulfilment.FactReported():
            yield from _of_fact(event, order)
        case timers.TimerRang(then="remind"):
            yield _Told("buyer", NoticeKind.ORDER_TO_PAY)
        case timers.TimerRang(then="late"):
            yield _Told("buyer", NoticeKind.SHIPPING_LATE)
            yield _Told("seller", NoticeKind.SHIPPING_LATE)
        case fulfilment.ContradictionNoted(id=identifier, kind=kind):
            yield _Told("seller", NoticeKind.CONTRADICTION, identifier, code=kind)
            yield _Told("support", NoticeKind.CONTRADICTION, identifier, code=kind)
        case (
            cancellation.SellerAsked()
            | cancellation.CancellationHeld()
            | cancellation.CancellationApproved()
            | cancellation.CancellationRefused()
        ):
            yield from _of_request(event, order)
        case cancellation.CancellationWithdrawn(cancellation=about):
            yield _Told("seller", NoticeKind.WITHDRAWN, about)
        case cancellation.CancellationOvertaken(cancellation=about):
            yield _Told("buyer", NoticeKind.OVERTAKEN, about)
            # It was their move, and is not any more: whoever was about to answer has to know.
            if (asked := _was_asked(order, about)) is not None:
                yield _Told(asked, NoticeKind.OVERTAKEN, about)
        case cancellation.DeadlineExtended(cancellation=about):
            yield _Told("buyer", NoticeKind.EXTENDED, about)
            if (asked := _answering(order, about)) is not None:
                yield _Told(asked, NoticeKind.EXTENDED, about)
        case cancellation.CancellationReopened(cancellation=about):
            yield _Told("buyer", NoticeKind.REOPENED, about)
            if (asked := _answering(order, about)) is not None:
                yield _Told(asked, NoticeKind.REOPENED, about)
        case cancellation.CancellationUndone(cancellation=about):
            yield _Told("buyer", NoticeKind.UNDONE, about)
            yield _Told("seller", NoticeKind.UNDONE, about)
        case offer.OfferMade(cancellation=about, by=by):
            yield _Told("buyer" if by == "seller" else "seller", NoticeKind.OFFER_MADE, about)
        case offer.OfferAccepted(cancellation=about, by=by):
            yield _Told("seller" if by == "buyer" else "buyer", NoticeKind.OFFER_ACCEPTED, about)
        case offer.OfferDeclined(cancellation=about, by=by):
            yield _Told("seller" if by == "buyer" else "buyer", NoticeKind.OFFER_DECLINED, about)
        case refund.RefundOwed(refunds=owed):
            yield _Told("buyer", NoticeKind.REFUND_OWED, amount_minor=sum(one.amount_minor for one in owed))
        case refund.RefundAnswered():
            yield from _of_refund(event, order)
        case refund_order.RefundOrderLapsed(refund=about):
            yield _Told("support", NoticeKind.PAY_OUT_LATE, about, _amount(order, about))
        case failed_refund.FailedRefundSettled(refund=about, way=way):
            found = _refund(order, about)
            code = refund.ONLY_TRIED if found and found.cause == refund.ONLY_TRIED else way
            yield _Told("buyer", NoticeKind.REFUND_SETTLED, about, _amount(order, about), code)
        case returns.ReturnOpened(case=about):
            yield _Told("support", NoticeKind.RETURN_OPENED, about)
        case returns.ReturnQuestioned(case=about):
            yield _Told("buyer", NoticeKind.RETURN_QUESTIONED, about)
        case returns.ReturnAnswered(case=about):
            yield _Told("support", NoticeKind.RETURN_ANSWERED, about)
        case returns.ReturnLapsed(case=about):
            yield _Told("support", NoticeKind.RETURN_LATE, about)
        case returns.ReturnClosed(case=about, outcome=outcome) if outcome != returns.WITHDRAWN:
            yield _Told("buyer", NoticeKind.RETURN_CLOSED, about, code=outcome)
            yield _Told("seller", NoticeKind.RETURN_CLOSED, about, code=outcome)
        case escalation.EscalationOpened(number=number):
            yield _Told("support", NoticeKind.CALLED, str(number))
            yield _Told("seller", NoticeKind.CALLED, str(number))
        case escalation.EscalationLapsed(number=number):
            yield _Told("support", NoticeKind.CALLED_LATE, str(number))
        case escalation.EscalationClosed(number=number, outcome=outcome):
            yield _Told("buyer", NoticeKind.CALLED_CLOSED, str(number), code=outcome)
            yield _Told("seller", NoticeKind.CALLED_CLOSED, str(number), code=outcome)
        case override.OverrideProposed(number=number):
            yield _Told("support", NoticeKind.SECOND_WANTED, f"override:{number}")
        case second_person.ProposalMade(number=number, side=side):
            yield _Told("seller" if side == "seller" else "support", NoticeKind.SECOND_WANTED, f"proposal:{number}")
        case order_note.NoteAdded(number=number, comment=comment) if comment is not None:
            # The note that comes with an order is read with it.
            yield _Told("seller", NoticeKind.ORDER_NOTE, str(number))
        case _:
            pass


def _of_fact(event: fulfilment.FactReported, order: Order) -> Iterator[_Told]:
    kind = _FACTS.get(event.fact)
    if kind is not None:
        yield _Told("buyer", kind, event.parcel, code=event.fact.value)
    elif event.fact is FactKind.PAID and not event.partly:
        yield _Told("buyer", NoticeKind.ORDER_PAID)
        if not in_manual_review(order):
            yield _Told("seller", NoticeKind.ORDER_TO_SHIP)
    elif event.fact is FactKind.REVIEW_OPENED:
        if event.review is not None and event.review.on_silence == "cancel":
            yield _Told("buyer", NoticeKind.ADDRESS_WANTED)
        yield _Told("support", NoticeKind.REVIEW_WANTED)
    elif event.fact is FactKind.REVIEW_CLEARED and order.progress.cancelled_at is None:
        # Nothing of an order was to be prepared while it was checked, whatever was told before.
        if order.cash_on_delivery or order.progress.paid_at is not None:
            yield _Told("seller", NoticeKind.ORDER_TO_SHIP)
    elif event.fact is FactKind.CHARGED_BACK and not chargeback.named(order, event.tender, event.reference).outcome:
        yield _Told("seller", NoticeKind.CHARGEBACK, event.reference, event.amount_minor)
        yield _Told("support", NoticeKind.CHARGEBACK, event.reference, event.amount_minor)


def _of_request(
    event: cancellation.SellerAsked
    | cancellation.CancellationHeld
    | cancellation.CancellationApproved
    | cancellation.CancellationRefused,
    order: Order,
) -> Iterator[_Told]:
    about = event.cancellation
    match event:
        case cancellation.SellerAsked(request=request):
            yield _Told("seller", NoticeKind.REQUEST_ASKED, about, request.refund_minor)
            yield _Told("buyer", NoticeKind.REQUEST_ASKED, about)
        case cancellation.CancellationHeld(by=by, request=request):
            code = by.value if request is not None else "seller_silent"
            yield _Told("buyer", NoticeKind.REQUEST_HELD, about, code=code)
            yield _Told("support", NoticeKind.REQUEST_HELD, about, code=code)
            if request is None:
                yield _Told("seller", NoticeKind.REQUEST_HELD, about, code=code)
        case cancellation.CancellationApproved(by=by, refunds=refunds):
            owed = sum(one.amount_minor for one in refunds)
            on_trial = {one.id for one in order.tenders if one.trial}
            tried = bool(refunds) and {one.tender for one in refunds} <= on_trial
            yield _Told("buyer", NoticeKind.APPROVED, about, owed, "trial" if tried else by)
            # Whoever stopped it knows; of everybody else's word the packing bench has to hear.
            if by != "seller":
                yield _Told("seller", NoticeKind.APPROVED, about, owed, by)
        case cancellation.CancellationRefused(by=by, request=request):
            asked_by_seller = request is not None and request.filed_by == "seller"
            yield _Told("seller" if asked_by_seller else "buyer", NoticeKind.REFUSED, about, code=by)
            if by in {"support", "carrier"}:
                yield _Told("seller", NoticeKind.REFUSED, about, code=by)


def _of_refund(event: refund.RefundAnswered, order: Order) -> Iterator[_Told]:
    about = event.refund
    found = _refund(order, about)
    amount, code = (found.amount_minor, "release" if found.release else "") if found else (None, "")
    if found and found.through == refund.SANDBOX:
        code = "trial"
    if event.cause == refund.ONLY_TRIED:
        return  # That it is owed again is told.
    match event.status:
        case RefundStatus.SUBMITTED if event.confirm_by is not None:
            yield _Told("support", NoticeKind.PAY_OUT, about, amount)
        case RefundStatus.SUBMITTED:
            yield _Told("buyer", NoticeKind.REFUND_SENT, about, amount, code)
        case RefundStatus.SUCCEEDED:
            yield _Told("buyer", NoticeKind.REFUNDED, about, amount, code)
        case RefundStatus.FAILED:
            yield _Told("buyer", NoticeKind.REFUND_FAILED, about, amount, code)
            yield _Told("support", NoticeKind.REFUND_FAILED, about, amount, code)
        case RefundStatus.IN_DOUBT:
            yield _Told("support", NoticeKind.REFUND_UNCLEAR, about, amount, code)
        case _:
            pass


def _refund(order: Order, identifier: str) -> Refund | None:
    return next((one for one in order.refunds if one.id == identifier), None)


def _amount(order: Order, identifier: str) -> int | None:
    found = _refund(order, identifier)
    return found.amount_minor if found else None


def _answering(order: Order, about: str) -> NoticeRole | None:
    """Who has to answer a request as the order stands."""
    waiting = order.open_cancellation
    if waiting is None or waiting.id != about:
        return None
    return "seller" if waiting.status is CancellationStatus.AWAITING_SELLER else "support"


def _was_asked(order: Order, about: str) -> NoticeRole | None:
    """Who had to answer a request that is over: the shop, until it was left to the platform; else the platform, which
    also asks the carrier.
    """
    found = next((one for one in order.cancellations if one.id == about), None)
    if found is None:
        return None
    return "seller" if found.verdict == Verdict.ASK_SELLER and found.escalated_at is None else "support"
