"""Leaving a contract because a law allows it: who may, with which units, until when, and what a declaration does.

The right is read from the law that protects the buyer, never from its name. It is declared here from the day the law's
value ``two_step_withdrawal`` or ``declared_here`` is true; its rules on ``return`` say which lines may go; its value
``withdrawal`` is the period after delivery. Where ``from_receipt`` is true there is no right before, and it is one to
send goods back. ``refund_within`` counts from the declaration, or from when the goods are back where
``refund_from_return`` is true; ``send_back_within``, of laws that have it, from the declaration. A period that is over
with a day of rest goes on to the end of the next working day where ``ends_on_working_day`` is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import (
    CancellationApproved,
    CancellationWithdrawn,
    Decision,
    RequestCancellation,
    request,
)
from rescind.core.cancellation.guards import require_consent, require_none_open, require_speaker
from rescind.core.context import Context
from rescind.core.deadline import Calendar, due, to_working_day
from rescind.core.errors import (
    NothingSelected,
    NoWithdrawal,
    QuantityNotOpen,
    UnknownLine,
)
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.instant import Instant
from rescind.core.order import Order, stage
from rescind.core.parts import CancellationStatus, ReturnCase
from rescind.core.policy import ResolvedPolicy
from rescind.core.policy.facts import facts
from rescind.core.returns import WITHDRAWN, Wish, begin
from rescind.core.terms import Terms

REASON = "withdrawal"
"""What such a request, or such a case, gives as its reason; nobody has to give another."""

_COUNTED = {"withdrawal", "refund_within"}
"""Values a law has that can be declared; one from before there was a declaration offers none."""

_SETTLED = frozenset({"refund_by_shop", "return_agreed"})
"""Outcomes of any case after which its units are the buyer's no more."""


class DeclareWithdrawal(BaseCommand, frozen=True, kw_only=True):
    """The buyer, or support with consent, withdraws from the contract. lines: units by line; None is all that may go.

    statement: the declaration as it was confirmed, with the name and the address for its acknowledgement.
    """

    statement: Note
    lines: dict[str, int] | None = None
    consent: Note | None = None


class Right(msgspec.Struct, frozen=True, kw_only=True):
    """What may still be withdrawn from. until: the first instant after the period; None until all has been delivered.

    lines: units by line that are not exempt and not withdrawn from yet. law: the law's name; zone: whose days count;
    period: how long after delivery, as the law writes it. sends_back: it is a right to send back what has come, and
    none to leave the contract before.
    """

    law: str
    zone: str
    period: str
    until: Instant | None
    lines: dict[str, int]
    sends_back: bool = False

    def over(self, now: Instant) -> bool:
        """Whether the period has ended."""
        return self.until is not None and now >= self.until


def right(order: Order, terms: Terms, context: Context, now: Instant) -> Right | None:
    """The buyer's right under the law of today, over or not; None where no law offers it, or nothing is left of it."""
    if order.progress.cancelled_at:
        return None
    law = _law(order, terms, context, now)
    if law is None:
        return None
    allowed, gone, sends_back = law.first.get("return"), withdrawn(order), _says(law, "from_receipt")
    covered = _arrived(order) if sends_back else {line.id: line.open for line in order.lines}
    known = _facts(order, context, now)
    left = {
        line.id: covered.get(line.id, 0) - gone.get(line.id, 0)
        for line, read in zip(order.lines, cast("list[object]", known["lines"]), strict=True)
        if allowed is not None and allowed({**known, "lines": [read]}) >= 0
    }
    left = {line: count for line, count in left.items() if count > 0}
    came, zone, period = received(order), law.policy.zone, str(law.values["withdrawal"])
    until = None if came is None else _after(came, period, law, context)
    if not left:
        return None
    return Right(law=law.name, zone=zone, period=period, until=until, lines=left, sends_back=sends_back)


class Follows(msgspec.Struct, frozen=True, kw_only=True):
    """What a declaration binds both sides to: the first instants after the last day for it. zone: whose days count.

    refund_by: of what is stopped, and of what goes back unless ``from_return``: then the law gives ``refund_within``
    from when the goods are back. send_back_by: None where the law names no day.
    """

    refund_by: Instant
    refund_within: str
    from_return: bool
    send_back_by: Instant | None
    zone: str
    sends_back: bool


def follows(order: Order, terms: Terms, context: Context, at: Instant) -> Follows | None:
    """By when the money must be back and the goods be sent, of a declaration made at ``at``; None where no law says."""
    law = _law(order, terms, context, at)
    if law is None:
        return None
    within, send_back = str(law.values["refund_within"]), law.values.get("send_back_within")
    return Follows(
        refund_by=_after(at, within, law, context),
        refund_within=within,
        from_return=_says(law, "refund_from_return"),
        send_back_by=_after(at, str(send_back), law, context) if send_back else None,
        zone=law.policy.zone,
        sends_back=_says(law, "from_receipt"),
    )


def _law(order: Order, terms: Terms, context: Context, now: Instant) -> ResolvedPolicy | None:
    """The law under which this buyer may declare it on that day."""
    if not order.country:
        return None
    speaking = terms.laws_for(_facts(order, context, now), now)
    offering = (law for law in speaking if _says(law, "two_step_withdrawal") or _says(law, "declared_here"))
    return next((law for law in offering if law.values.keys() >= _COUNTED), None)


def _says(law: ResolvedPolicy, value: str) -> bool:
    return law.values.get(value) is True


def _facts(order: Order, context: Context, now: Instant) -> dict[str, object]:
    """Facts with every line of the order, whether anything of it is still here or not."""
    return facts(
        order,
        now=now,
        at_stage=stage(order, now),
        actor=ActorKind.BUYER.value,
        selection={line.id: line.open for line in order.lines},
        amount_minor=0,
        context=context,
    )


def received(order: Order) -> Instant | None:
    """When the last of the goods came to the buyer; None while some of them have not.

    Goods of one order that are delivered separately count from the last (2011/83/EU, art. 9(2)(b)(i)). An order that
    ended as completed without any word of the delivery had come by then.
    """
    arrived = [parcel.delivered_at for parcel in order.travelling if parcel.delivered_at]
    if order.progress.delivered_at:
        arrived.append(order.progress.delivered_at)
    elif order.undelivered():
        return order.progress.completed_at
    return max(arrived, default=order.progress.completed_at)


def _arrived(order: Order) -> dict[str, int]:
    """Units by line that are with the buyer; of a completed order all, as ``received`` has it."""
    under_way = {} if order.progress.delivered_at or order.progress.completed_at else order.undelivered()
    return {line.id: line.open - under_way.get(line.id, 0) for line in order.lines}


def _after(start: Instant, span: str, law: ResolvedPolicy, context: Context) -> Instant:
    # Days are counted in the law's zone, days of rest among them; on which of them no period ends, the law says.
    zone = law.policy.zone
    until = due(start, span, Calendar(zone), zone)
    return to_working_day(until, context.calendar, zone) if _says(law, "ends_on_working_day") else until


def withdrawn(order: Order) -> dict[str, int]:
    """Units by line that were withdrawn from after they had left, or given back otherwise."""
    units: dict[str, int] = {}
    for case in order.returns:
        if _counts(case):
            for line, count in case.lines.items():
                units[line] = units.get(line, 0) + count
    return units


def _counts(case: ReturnCase) -> bool:
    return case.outcome in _SETTLED or (case.reason == REASON and case.outcome != WITHDRAWN)


def parts(order: Order, lines: Mapping[str, int]) -> tuple[dict[str, int], dict[str, int]]:
    """Which of these units can be stopped, and which the buyer sends back: what has left, or leaves with its parcel."""
    here = order.open_units()
    stopped = {line: min(count, here.get(line, 0)) for line, count in lines.items() if here.get(line)}
    if stopped != here:
        by_line = order.units_by_line()
        stopped = {line: min(count, by_line.get(line, 0)) for line, count in stopped.items() if by_line.get(line)}
    back = {line: count - stopped.get(line, 0) for line, count in lines.items()}
    return stopped, {line: count for line, count in back.items() if count}


def declare(
    order: Order, command: DeclareWithdrawal, actor: Actor, context: Context, terms: Terms, now: Instant
) -> Decision:
    """Withdraw: what is in the shop is cancelled as by any request, what has left becomes a return case (art. 9, 11a).

    Both at once, where an order is split. A request that waits about the same units is taken back by it. Raises
    Forbidden, ConsentMissing, NoWithdrawal, NothingSelected, QuantityNotOpen, InvalidField,
    InvalidTransition (too many cases).
    """
    require_speaker(actor, ActorKind.BUYER, "withdraw_from_contract")
    require_consent(actor, command.consent)
    found = right(order, terms, context, now)
    if found is None or found.over(now):
        raise NoWithdrawal(until=found.until if found else None)
    stopped, back = parts(order, _chosen(order, found, command.lines))
    events: list[BaseEvent] = []
    finding = None
    if stopped:
        answer = _stop(order, command, stopped, actor, context, terms, now)
        events += answer.events
        finding = answer.finding
    if back:
        events.append(
            begin(
                order,
                reason=REASON,
                wish=Wish.RETURN,
                lines=back,
                actor=actor,
                context=context,
                terms=terms,
                now=now,
                comment=NoteRef.of(command.statement),
                consent=NoteRef.of(command.consent),
            )
        )
    notes = (command.statement, command.consent) if command.consent else (command.statement,)
    return Decision(events=tuple(events), finding=finding, notes=notes)


def _chosen(order: Order, found: Right, lines: dict[str, int] | None) -> dict[str, int]:
    if lines is None:
        return found.lines
    if not lines:
        raise NothingSelected
    bought = {line.id for line in order.lines}
    for place, (line, count) in enumerate(lines.items()):
        if line not in bought:
            raise UnknownLine(field=f"/lines/{place}/line")
        if not 0 < count <= found.lines.get(line, 0):
            raise QuantityNotOpen(line=line, open=found.lines.get(line, 0))
    return lines


def _stop(
    order: Order,
    command: DeclareWithdrawal,
    lines: dict[str, int],
    actor: Actor,
    context: Context,
    terms: Terms,
    now: Instant,
) -> Decision:
    """The request for what is still in the shop, judged as if no other waited: the law gives it whatever was asked."""
    waiting = order.open_cancellation
    free = order
    if waiting is not None:
        free = msgspec.structs.replace(
            order,
            cancellations=tuple(
                msgspec.structs.replace(one, status=CancellationStatus.WITHDRAWN) if one.id == waiting.id else one
                for one in order.cancellations
            ),
        )
    asked = RequestCancellation(
        order=order.id, reason=REASON, lines=lines, comment=command.statement, consent=command.consent
    )
    answer = request(free, asked, actor, context, terms, now)
    if waiting is None:
        return answer
    if lines.keys() & waiting.lines.keys():
        taken_back = CancellationWithdrawn(at=now, cancellation=waiting.id, consent=NoteRef.of(command.consent))
        return msgspec.structs.replace(answer, events=(taken_back, *answer.events))
    if not isinstance(answer.events[0], CancellationApproved):
        # Two questions about one order never wait side by side (E-04).
        require_none_open(order, "withdraw_from_contract")
    return answer
