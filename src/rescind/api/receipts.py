"""The receipt of a decision: everything needed to come to the same answer again, without asking us."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rescind.api.answers import (
    CancellationTold,
    RefundTold,
    Told,
    cancellation_of,
    cancellation_told,
    ground_of,
    refunds_told,
)
from rescind.api.cancellations import find
from rescind.api.endpoint import ANYBODY, Answer, Call, operation
from rescind.api.reasoning import DeadlineTold, StepTold, deadline_told, facts_told, findings_told, withheld
from rescind.core import errors, lifecycle
from rescind.core.cancellation import starts
from rescind.core.instant import Instant
from rescind.core.record import ROOT, Record, chain, encode


class PlaceTold(Told, frozen=True, kw_only=True):
    """A record's place in the order's chain: hash = SHA-256(previous, record). head: the last hash of the chain."""

    seq: int
    type: str
    at: Instant
    received_at: Instant
    hash: str
    previous: str


class CalendarTold(Told, frozen=True, kw_only=True):
    """The days that count. weekend: 0 is Monday. hash: SHA-256 of zone, weekend and holidays as sorted JSON."""

    hash: str
    zone: str
    weekend: list[int]
    holidays: list[date]


class Receipt(Told, frozen=True, kw_only=True):
    """Why the policy answered as it did, and what became of it.

    on, facts, starts, calendar and the policies' texts (at ``/v1/policies/{hash}``) are the whole question; rule,
    findings and deadline are the answer that anybody gets who asks it. facts the reader may not see are named in
    ``withheld``; with any there, the receipt cannot be recomputed by this reader. records: every record about this
    cancellation, each with its place in the order's hash chain, which holds ``length`` records and ends in ``head``.
    """

    format: int
    order: str
    number: str
    cancellation: CancellationTold
    refunds: list[RefundTold]
    on: str
    decided_at: Instant
    verdict: str
    rule: str
    layer: str
    cites: list[str]
    instead: str
    policies: dict[str, str]
    settings: dict[str, bool | int | str]
    placed_at: Instant
    starts: dict[str, Instant]
    facts: dict[str, object]
    withheld: list[str]
    counted_at: Instant | None
    calendar: CalendarTold
    deadline: DeadlineTold | None
    findings: list[StepTold]
    records: list[PlaceTold]
    head: str
    length: int


@operation(
    "GET",
    "/v1/orders/{order}/cancellations/{cancellation}/receipt",
    may=ANYBODY,
    through="order",
    summary="Read the receipt of a decision",
    gives=Receipt,
    fails=(errors.NotFound,),
)
async def receipt(call: Call) -> Answer:
    """The decision with its rule, facts, policies, calendar, deadline arithmetic and place in the hash chain."""
    desk, who = call.desk, call.principal
    order = await call.order()
    cancellation = find(call, order)
    about = cancellation.id
    entries = await desk.reads.timeline(who.scope, order.id)
    records = [entry.record for entry in entries]
    decided = next(one for one in records if cancellation_of(one) == about and ground_of(one) is not None)
    ground = ground_of(decided)
    assert ground is not None, "chosen for having one"
    # As it was when the question was put: a fact that came later with an earlier time must not move the arithmetic.
    before = lifecycle.replay(tuple(one.event for one in records[: decided.seq - 1]))
    begun = starts(before, decided.event.at)
    terms = await desk.book.terms_of(ground, order.pins, order.placed_at)
    calendar = desk.book.calendar(terms)
    on = "seller_cancel" if cancellation.filed_by == "seller" else "request"
    finding = terms.judge(on, ground.facts, now=decided.event.at, starts=begun, calendar=calendar, trace=True)
    places, head = _places(records, about)
    return Answer(
        body=Receipt(
            format=1,
            order=order.id,
            number=order.number,
            cancellation=cancellation_told(cancellation, order),
            refunds=refunds_told(order, (one for one in order.refunds if one.cancellation == about), who.role),
            on=on,
            decided_at=decided.event.at,
            verdict=ground.verdict,
            rule=ground.rule,
            layer=ground.layer,
            cites=list(ground.cites),
            instead=ground.instead,
            policies=ground.policies,
            settings=order.pins.settings,
            placed_at=order.placed_at,
            starts=begun,
            facts=facts_told(who.role, ground.facts),
            withheld=withheld(who.role, ground.facts),
            counted_at=ground.as_of,
            calendar=CalendarTold(
                hash=ground.calendar,
                zone=calendar.zone,
                weekend=sorted(calendar.weekend),
                holidays=sorted(calendar.holidays),
            ),
            deadline=deadline_told(finding.deadline),
            findings=findings_told(finding, who.role),
            records=places,
            head=head,
            length=len(records),
        ),
        version=order.version,
    )


def _places(records: Sequence[Record], cancellation: str) -> tuple[list[PlaceTold], str]:
    """Where the records about a cancellation stand in the chain, and the hash it ends in.

    Encoding is exact: what was stored by this version comes out as the same bytes, which a test holds against the
    stored hashes.
    """
    found: list[PlaceTold] = []
    head = ROOT
    for record in records:
        before, head = head, chain(head, encode(record))
        if cancellation_of(record) == cancellation:
            found.append(
                PlaceTold(
                    seq=record.seq,
                    type=type(record.event).__name__,
                    at=record.event.at,
                    received_at=record.received_at,
                    hash=head.hex(),
                    previous=before.hex(),
                )
            )
    return found, head.hex()


OPERATIONS = (receipt,)
