"""The way of one refund as people follow it: approved, sent, accepted, there; and the days on which it should be there.

Nobody knows when a bank books money. What is told is a promise with two ends, counted in working days where the buyer
lives, from the day on which the provider took the money over (M-15, R-146).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from rescind.core import failed_refund
from rescind.core.chargeback import frozen, frozen_until
from rescind.core.deadline import Calendar, Span, reckon, zone_of
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import Refund, RefundStatus, Tender
from rescind.core.record import Record
from rescind.core.refund import SANDBOX, RefundAnswered
from rescind.core.refund_order import waits

StepName = Literal["approved", "sent", "accepted", "there", "paid_out", "let_go", "bank", "elsewhere", "tried"]
StepState = Literal["done", "now", "todo", "failed"]
Trouble = Literal["", "not_sent", "unclear", "declined", "came_back"]
Move = Literal["nobody", "platform", "provider", "bank"]

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
    frozen_until: while it waits for the buyer's bank, when support asks that bank at last. over: it failed, and nobody
    has to decide about its money any more. due_on: while it is the platform's move, the day by which it means to have
    put right what is in the way; it stays owed after that. trial: it is only tried, and no money moves.
    """

    refund: Refund
    steps: tuple[Step, ...]
    expected: Expected | None
    overdue: bool
    move: Move
    trouble: Trouble
    failed_at: Instant | None = None
    frozen_until: Instant | None = None
    over: bool = False
    due_on: date | None = None
    trial: bool = False

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


def way(
    refund: Refund,
    tender: Tender,
    records: Iterable[Record],
    calendar: Calendar,
    now: Instant,
    waits_until: Instant | None = None,
) -> Way:
    """How far a refund is. ``records``: of its order; ``calendar``: the working days where the buyer lives.

    waits_until: when support asks the buyer's bank at last, while the refund waits for it.
    """
    if refund.release:
        return _let_go(refund)
    if refund.status is RefundStatus.TAKEN_ELSEWHERE:
        return _elsewhere(refund)
    if waits_until is not None:
        return _frozen(refund, waits_until)
    if tender.trial and (refund.through in {"", SANDBOX}) and refund.status in _TRIED and not refund.cause:
        return _tried(refund)
    method = goes_by(refund, tender)
    if refund.ordered is not None or refund.into == failed_refund.WayOn.PAID_OUT:
        return _paid_out(refund, method)
    told = [
        record.event
        for record in records
        if isinstance(record.event, RefundAnswered) and record.event.refund == refund.id
    ]
    sent = next((one.at for one in told if one.status is not RefundStatus.OWED), None)
    accepted = next((one.at for one in told if one.status is RefundStatus.SUCCEEDED), None)
    failed = next((one.at for one in told if one.status is RefundStatus.FAILED), None)
    status = refund.status
    if status is RefundStatus.FAILED and refund.cause:
        return _given_up(refund)
    if status is RefundStatus.FAILED:
        return _failed(refund, sent, accepted, failed or refund.settled_at)
    if status is RefundStatus.SUCCEEDED:
        accepted = accepted or refund.settled_at
    there = at_once(method) and accepted is not None
    days = expected(method, accepted or sent or now, calendar)
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


_TRIED = frozenset({RefundStatus.OWED, RefundStatus.SUBMITTED, RefundStatus.IN_DOUBT, RefundStatus.SUCCEEDED})


def ways(
    order: Order, records: Iterable[Record], calendar: Calendar, now: Instant, put_right_days: int
) -> tuple[Way, ...]:
    """The way of every refund of an order, in the order in which they came to be owed.

    put_right_days: working days in which the platform means to find a way for what could not be sent; no source says
    how long that may take (R-145), so it is what it promises for what it pays out itself.
    """
    tenders = {tender.id: tender for tender in order.tenders}
    known = tuple(records)
    undecided = {one.id for one in failed_refund.unsettled(order)}
    found = (
        way(
            one,
            tenders[one.tender],
            known,
            calendar,
            now,
            frozen_until(order, one.tender) if frozen(order, one) else None,
        )
        for one in order.refunds
    )
    return tuple(
        msgspec.structs.replace(one, over=True, move="nobody", trouble="", overdue=False)
        if one.refund.status is RefundStatus.FAILED and one.refund.id not in undecided
        else _put_right(one, put_right_days, calendar)
        for one in found
    )


def _put_right(one: Way, days: int, calendar: Calendar) -> Way:
    """With the day by which the platform means to have moved; a refund order has a time of its own."""
    if one.move != "platform" or not one.trouble or one.refund.ordered is not None:
        return one
    return msgspec.structs.replace(one, due_on=_day(one.failed_at or one.refund.owed_at, days, calendar))


def _tried(refund: Refund) -> Way:
    """It is only tried: nothing is sent, so nothing has to arrive (ADR 0143)."""
    over = refund.status is RefundStatus.SUCCEEDED
    return Way(
        refund=refund,
        steps=(
            Step(name="approved", state="done", at=refund.owed_at),
            Step(name="tried", state="done" if over else "now", at=refund.settled_at if over else None),
        ),
        expected=None,
        overdue=False,
        move="nobody",
        trouble="",
        trial=True,
    )


def goes_by(refund: Refund, tender: Tender) -> str:
    """The means of payment by which it comes to the buyer: its tender's, unless it goes another way."""
    return refund.into or tender.method


def _elsewhere(refund: Refund) -> Way:
    """The buyer has it already, from the bank or by hand, so that nothing is sent (I-10)."""
    return Way(
        refund=refund,
        steps=(
            Step(name="approved", state="done", at=refund.owed_at),
            Step(name="elsewhere", state="done", at=refund.settled_at),
        ),
        expected=None,
        overdue=False,
        move="nobody",
        trouble="",
    )


def _frozen(refund: Refund, until: Instant) -> Way:
    """The buyer's bank decides about the payment, and until then nothing is sent to it."""
    return Way(
        refund=refund,
        steps=(
            Step(name="approved", state="done", at=refund.owed_at),
            Step(name="bank", state="now"),
            Step(name="sent", state="todo"),
            Step(name="accepted", state="todo"),
            Step(name="there", state="todo"),
        ),
        expected=None,
        overdue=False,
        move="bank",
        trouble="",
        frozen_until=until,
    )


def _let_go(refund: Refund) -> Way:
    """A bank's promise: nothing was taken, so nothing has to arrive. One that is not let go ends by itself."""
    over, failed = refund.status is RefundStatus.SUCCEEDED, refund.status is RefundStatus.FAILED
    return Way(
        refund=refund,
        steps=(
            Step(name="approved", state="done", at=refund.owed_at),
            Step(name="let_go", state="done" if over else ("failed" if failed else "now"), at=refund.settled_at),
        ),
        expected=None,
        overdue=False,
        move="nobody" if over else _move(refund, there=False),
        trouble="" if failed else _trouble(refund),
        failed_at=refund.settled_at if failed else None,
    )


def _paid_out(refund: Refund, method: str) -> Way:
    """What people pay out: by a refund order, or by hand with a voucher. It is paid when one of them says so."""
    paid, failed = refund.status is RefundStatus.SUCCEEDED, refund.status is RefundStatus.FAILED
    came_back = failed and refund.ordered is not None and refund.ordered.paid_on is not None
    there = paid and (refund.ordered is None or at_once(method))
    steps = [Step(name="approved", state="done", at=refund.owed_at)]
    if failed and not came_back:
        steps.append(Step(name="paid_out", state="failed", at=refund.settled_at))
    else:
        steps.append(
            Step(
                name="paid_out",
                state="done" if paid or came_back else "now",
                at=refund.settled_at if paid else None,
            )
        )
        steps.append(
            Step(
                name="there",
                state="failed" if came_back else ("done" if there else ("now" if paid else "todo")),
                at=refund.settled_at if came_back or there else None,
            )
        )
    late = waits(refund) and refund.ordered is not None and refund.ordered.escalated_at is not None
    move: Move = "nobody" if there else ("provider" if paid else "platform")
    return Way(
        refund=refund,
        steps=tuple(steps),
        expected=None,
        overdue=late,
        move=move,
        trouble=("came_back" if came_back else "declined") if failed else _trouble(refund),
        failed_at=refund.settled_at if failed else None,
    )


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


def _given_up(refund: Refund) -> Way:
    """It could not be sent, so the money goes another way; that is a refund of its own."""
    return Way(
        refund=refund,
        steps=(
            Step(name="approved", state="done", at=refund.owed_at),
            Step(name="sent", state="failed", at=refund.settled_at),
        ),
        expected=None,
        overdue=False,
        move="nobody",
        trouble="",
        failed_at=refund.settled_at,
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
