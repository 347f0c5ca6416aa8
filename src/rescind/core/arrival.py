"""The way of one refund as people follow it: approved, sent, accepted, there; and the days on which it should be there.

Nobody knows when a bank books money. What is told is a promise with two ends, counted in working days where the buyer
lives, from the day on which the provider took the money over (M-15, R-146).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from rescind.core.deadline import Calendar, Span, reckon, zone_of
from rescind.core.instant import Instant
from rescind.core.order import Order, Refund, RefundStatus, Tender
from rescind.core.record import Record
from rescind.core.refund import RefundAnswered

StepName = Literal["approved", "sent", "accepted", "there"]
StepState = Literal["done", "now", "todo", "failed"]
Trouble = Literal["", "not_sent", "unclear", "declined", "came_back"]
Move = Literal["nobody", "platform", "provider"]

# Working days after the provider took it over (lowest, highest); 0 is at once. Banks decide, so "usually".
_DAYS: dict[str, tuple[int, int]] = {
    "card": (3, 5),
    "credit_card": (3, 10),
    "debit_card": (5, 10),
    "bank_transfer": (1, 3),
    "boleto": (1, 3),
    "wallet": (0, 1),
    "balance": (0, 0),
    "gift_card": (0, 0),
    "voucher": (0, 0),
    "points": (0, 0),
    "store_credit": (0, 0),
}
_OTHER = (3, 10)


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """The days on which money should be there, the first and the last, both included."""

    first_on: date
    last_on: date


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a refund's way. ``at``: when it was reached; None before, and where nobody said so."""

    name: StepName
    state: StepState
    at: Instant | None = None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How far a refund is. move: who must do something now. trouble: what stands in its way; cause: of ``not_sent``.

    expected: None once it is there, and while nothing is on its way because it failed. overdue: the last of these days
    is over, and nobody has said that it is there. failed_at: when the provider said no, or the bank sent it back.
    """

    refund: Refund
    steps: tuple[Step, ...]
    expected: Expected | None
    overdue: bool
    move: Move
    trouble: Trouble
    failed_at: Instant | None = None

    @property
    def cause(self) -> str:
        """Why nothing was sent yet."""
        return self.refund.cause


def usual_days(method: str) -> tuple[int, int]:
    """Working days from the provider to the buyer by this kind of payment: the fewest and the most usual."""
    return _DAYS.get(method, _OTHER)


def at_once(method: str) -> bool:
    """Whether what the provider accepts is there with it."""
    return usual_days(method)[1] == 0


def expected(method: str, since: Instant, calendar: Calendar) -> Expected:
    """The days on which money should be there that was taken over at ``since``."""
    first, last = (_day(since, count, calendar) for count in usual_days(method))
    return Expected(first_on=first, last_on=last)


def _day(since: Instant, count: int, calendar: Calendar) -> date:
    if count == 0:
        # The provider itself keeps no holidays.
        return since.astimezone(zone_of(calendar.zone)).date()
    last = reckon(since, Span(count, "bd"), calendar).last_day
    assert last is not None, "business days end on a day"
    return last


def way(refund: Refund, tender: Tender, records: Iterable[Record], calendar: Calendar, now: Instant) -> Way:
    """How far a refund is. ``records``: of its order; ``calendar``: the working days where the buyer lives."""
    told = [
        record.event
        for record in records
        if isinstance(record.event, RefundAnswered) and record.event.refund == refund.id
    ]
    sent = next((one.at for one in told if one.status is not RefundStatus.OWED), None)
    accepted = next((one.at for one in told if one.status is RefundStatus.SUCCEEDED), None)
    failed = next((one.at for one in told if one.status is RefundStatus.FAILED), None)
    status = refund.status
    if status is RefundStatus.FAILED:
        return _failed(refund, sent, accepted, failed or refund.settled_at)
    if status is RefundStatus.SUCCEEDED:
        accepted = accepted or refund.settled_at
    there = at_once(tender.method) and accepted is not None
    days = expected(tender.method, accepted or sent or now, calendar)
    today = now.astimezone(zone_of(calendar.zone)).date()
    return Way(
        refund=refund,
        steps=(
            Step(name="approved", state="done", at=refund.owed_at),
            Step(name="sent", state="now" if status is RefundStatus.OWED else "done", at=sent),
            Step(name="accepted", state=_accepted(status), at=accepted),
            Step(
                name="there", state="done" if there else ("now" if accepted else "todo"), at=accepted if there else None
            ),
        ),
        expected=None if there else days,
        overdue=not there and today > days.last_on,
        move=_move(refund, there=there),
        trouble=_trouble(refund),
    )


def ways(order: Order, records: Iterable[Record], calendar: Calendar, now: Instant) -> tuple[Way, ...]:
    """The way of every refund of an order, in the order in which they came to be owed."""
    tenders = {tender.id: tender for tender in order.tenders}
    known = tuple(records)
    return tuple(way(one, tenders[one.tender], known, calendar, now) for one in order.refunds)


def _failed(refund: Refund, sent: Instant | None, accepted: Instant | None, failed: Instant | None) -> Way:
    """The provider said no; or it said yes, and the bank sent the money back days later (I-09)."""
    came_back = accepted is not None
    steps = [
        Step(name="approved", state="done", at=refund.owed_at),
        Step(name="sent", state="done", at=sent),
        Step(name="accepted", state="done" if came_back else "failed", at=accepted or failed),
    ]
    if came_back:
        steps.append(Step(name="there", state="failed", at=failed))
    return Way(
        refund=refund,
        steps=tuple(steps),
        expected=None,
        overdue=False,
        move="platform",
        trouble="came_back" if came_back else "declined",
        failed_at=failed,
    )


def _accepted(status: RefundStatus) -> StepState:
    if status is RefundStatus.SUCCEEDED:
        return "done"
    return "todo" if status is RefundStatus.OWED else "now"


def _move(refund: Refund, *, there: bool) -> Move:
    if there:
        return "nobody"
    if refund.status is RefundStatus.OWED:
        return "platform"
    return "provider"


def _trouble(refund: Refund) -> Trouble:
    if refund.status is RefundStatus.IN_DOUBT:
        return "unclear"
    return "not_sent" if refund.cause else ""
