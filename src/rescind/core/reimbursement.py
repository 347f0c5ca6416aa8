"""What leaving a contract gives back: shown before it is declared, and told in its acknowledgement.

What has not left is a cancellation like any other, and its money is owed at once. What the buyer sends back is worked
out here and moved by nobody (a return case moves no money): it is what was paid for it, and with the last of the goods
what was paid for the order as a whole. A law that lets goods be sent back, and no contract be left, gives back their
price alone (Consumer Rights Protection Law, art. 25), the others what was paid for delivery too (2011/83/EU, art. 13).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from rescind.core.acknowledgement import Declared
from rescind.core.actor import ActorKind
from rescind.core.context import Context
from rescind.core.event import BaseEvent
from rescind.core.fees import keepable
from rescind.core.instant import Instant
from rescind.core.lifecycle import apply
from rescind.core.order import Order, stage
from rescind.core.policy.facts import facts
from rescind.core.price import Fee
from rescind.core.quote import Quote, quote, sent_back
from rescind.core.record import Record
from rescind.core.terms import Terms
from rescind.core.withdrawal import REASON, parts, withdrawn


class Reimbursement(msgspec.Struct, frozen=True, kw_only=True):
    """What a declaration gives back. stopped: for what has not left; back: for what is sent back; None where nothing
    of the kind is in it.
    """

    stopped: Quote | None = None
    back: Quote | None = None


def ahead(
    order: Order, lines: Mapping[str, int], terms: Terms, context: Context, now: Instant, *, price_alone: bool
) -> Reimbursement:
    """What withdrawing from these units would give back now. price_alone: the law gives back no delivery."""
    stopped, back = parts(order, lines)
    fees: Sequence[Fee] = ()
    if stopped:
        read = facts(
            order,
            now=now,
            at_stage=stage(order, now),
            actor=ActorKind.BUYER.value,
            reason=REASON,
            selection=stopped,
            amount_minor=quote(order, stopped).freed_minor,
            context=context,
        )
        fees = keepable(order, stopped, read, terms, now)
    return _of(order, stopped, back, fees, now, price_alone=price_alone)


def declared(records: Iterable[Record], one: Declared, *, price_alone: bool) -> Reimbursement:
    """What a declaration gave back, as of the moment at which it was made. records: all of its order, in turn."""
    before: Order | None = None
    for record in records:
        event = record.event
        if one.id in {getattr(event, "cancellation", ""), getattr(event, "case", "")}:
            break
        before = apply(before, event)
    else:
        message = f"the records tell nothing of {one.id}"
        raise AssertionError(message)
    assert before is not None, "an order is placed before anybody leaves it"
    return _of(before, one.stopped, one.returned, _fees(event), one.at, price_alone=price_alone)


def _fees(event: BaseEvent) -> Sequence[Fee]:
    """What was kept, or is to be if the request that waits is approved."""
    request = getattr(event, "request", None)
    return request.fees if request is not None else ()


def _of(
    order: Order,
    stopped: Mapping[str, int],
    back: Mapping[str, int],
    fees: Sequence[Fee],
    now: Instant,
    *,
    price_alone: bool,
) -> Reimbursement:
    money = quote(order, dict(stopped), fees=fees, at=now) if stopped else None
    if not back:
        return Reimbursement(stopped=money)
    gone = withdrawn(order)
    after = msgspec.structs.replace(
        order,
        lines=tuple(
            msgspec.structs.replace(
                line, cancelled=line.cancelled + stopped.get(line.id, 0) + min(gone.get(line.id, 0), line.open)
            )
            for line in order.lines
        ),
    )
    if money is not None:
        # What goes back for the one part is not there for the other.
        owed = {share.tender: share.amount_minor for share in money.tenders}
        after = msgspec.structs.replace(
            after,
            tenders=tuple(
                msgspec.structs.replace(tender, reserved_minor=tender.reserved_minor + owed.get(tender.id, 0))
                for tender in after.tenders
            ),
        )
    return Reimbursement(stopped=money, back=sent_back(after, back, price_alone=price_alone))
