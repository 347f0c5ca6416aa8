"""Taking back what was reported by mistake. The report stays in the history; the order is as if it had not been said.

A correction names the record it corrects, so what stands is the same in whatever order corrections arrive. What the
mistake had closed opens again. What a carrier saw is not taken back by anybody here: goods that moved have moved.
"""

from __future__ import annotations

from enum import StrEnum
from functools import reduce

import msgspec

from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import Decision, reopen
from rescind.core.chargeback import ELSEWHERE
from rescind.core.errors import (
    AlreadyCorrected,
    CarrierHasScanned,
    Forbidden,
    InvalidField,
    InvalidTransition,
    NotFound,
)
from rescind.core.event import BaseCommand, BaseEvent, Note, NoteRef
from rescind.core.fulfilment import ENDINGS, FIELDS, OF_PARCELS, SCANS, STAMPS, check_time, noted, paid_since, scanned
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import PAYING, FactKind, Progress, Report, TakenBack


class CorrectionReason(StrEnum):
    """Why something that was reported is not so."""

    MISTAKE = "mistake"
    LABEL_VOIDED = "label_voided"
    OTHER_ORDER = "other_order"
    WRONG_TIME = "wrong_time"


class CorrectFact(BaseCommand, frozen=True, kw_only=True):
    """The report in record ``seq`` was wrong. ``occurred_at``: when it really happened; None: it did not happen."""

    seq: int
    reason: CorrectionReason
    occurred_at: Instant | None = None
    comment: Note | None = None


class FactCorrected(BaseEvent, frozen=True, kw_only=True):
    """What record ``seq`` reported did not happen, or happened at ``occurred_at``. The promises are those of a payment.

    fact, parcel: of the report, repeated for whoever reads this alone.
    """

    seq: int
    fact: FactKind
    parcel: str = ""
    reason: CorrectionReason
    occurred_at: Instant | None = None
    comment: NoteRef | None = None
    hold_until: Instant | None = None
    dispatch_due_at: Instant | None = None


_BEFORE_A_SCAN = frozenset(
    {
        FactKind.ALLOCATED,
        FactKind.PREPARATION_STARTED,
        FactKind.PACKING_STARTED,
        FactKind.PACKED,
        FactKind.TRACKING_ADDED,
        FactKind.HANDED_OVER,
        FactKind.DELIVERED,
    }
)
_SEEN = SCANS | ENDINGS | {FactKind.OUT_FOR_DELIVERY}
_MONEY = ELSEWHERE | PAYING
_REVIEW = frozenset({FactKind.REVIEW_OPENED, FactKind.REVIEW_CLEARED})
_WORDS_OF: dict[ActorKind, frozenset[str]] = {
    ActorKind.SELLER: frozenset({"seller"}),
    ActorKind.SUPPORT: frozenset({"seller", "support"}),
}
"""Whose reports somebody may take back; the host may all of them, since it speaks for everybody else."""


def correct(
    order: Order,
    command: CorrectFact,
    actor: Actor,
    now: Instant,
    *,
    hold_until: Instant | None,
    dispatch_due_at: Instant | None,
) -> Decision:
    """Take a report back, or move its time. ``hold_until`` and ``dispatch_due_at``: what the true time promises.

    Raises NotFound (no such report), AlreadyCorrected, Forbidden, CarrierHasScanned, InvalidTransition, InvalidField,
    FactFromTheFuture.
    """
    wrong = next((one for one in order.reports if one.seq == command.seq), None)
    if wrong is None:
        raise _not_standing(order, command.seq)
    require_correctable(order, wrong, actor.kind, command.reason)
    if command.occurred_at is not None:
        check_time(command.occurred_at, now)
    elif wrong.fact in PAYING:
        # Money came in; only when it did can have been wrong.
        raise InvalidField(field="/occurred_at", expected="the time of the payment, which itself is not undone")
    if command.occurred_at == wrong.at:
        return Decision(events=())
    paid = wrong.fact in PAYING and not wrong.partly
    event = FactCorrected(
        at=now,
        seq=wrong.seq,
        fact=wrong.fact,
        parcel=wrong.parcel,
        reason=command.reason,
        occurred_at=command.occurred_at,
        comment=NoteRef.of(command.comment),
        hold_until=hold_until if paid else None,
        dispatch_due_at=dispatch_due_at if paid else None,
    )
    notes = (command.comment,) if command.comment else ()
    return Decision(events=(event, *reopen(apply_corrected(order, event), now)), notes=notes)


def _not_standing(order: Order, seq: int) -> AlreadyCorrected | NotFound:
    """Why no report of this number stands: it was taken back, or there never was one."""
    gone = next((one for one in order.taken_back if one.seq == seq), None)
    if gone is None:
        return NotFound(kind="fact")
    return AlreadyCorrected(event=seq, correction=gone.by, fact=gone.fact.value, corrected_at=gone.at)


def require_correctable(
    order: Order, report: Report, by: ActorKind, reason: CorrectionReason = CorrectionReason.MISTAKE
) -> None:
    """Whether somebody of this kind may take a report back now. Raises Forbidden, CarrierHasScanned, InvalidTransition.

    A report of an order's whole, such as packed, is as good as any of its parcels.
    """
    if by is not ActorKind.HOST and report.by not in _WORDS_OF.get(by, frozenset()):
        raise Forbidden(action=f"correct_{report.fact.value}")
    filed_wrongly = reason is CorrectionReason.OTHER_ORDER and _only_scan(order, report)
    if report.fact in _BEFORE_A_SCAN and scanned(order, report.parcel) and not filed_wrongly:
        raise CarrierHasScanned(fact=report.fact.value, parcel=report.parcel)
    if report.fact in ELSEWHERE or report.fact in ENDINGS:
        # Money has moved upon it.
        raise InvalidTransition(action="correct", current_state=report.fact.value, allowed_actions=())


def _only_scan(order: Order, report: Report) -> bool:
    """Whether this is all that was seen of its parcel. A scan that was another order's was never one of this."""
    of_it = {"", report.parcel}
    seen = [one for one in order.reports if one.fact in _SEEN and one.by != "seller" and one.parcel in of_it]
    return seen == [report]


def correctable(order: Order, by: ActorKind) -> Report | None:
    """The last report that somebody of this kind may take back as a whole, None when there is none."""
    for one in reversed(order.reports):
        try:
            require_correctable(order, one, by)
        except (Forbidden, CarrierHasScanned, InvalidTransition):
            continue
        if one.fact not in _MONEY:
            return one
    return None


def apply_corrected(order: Order, event: FactCorrected) -> Order:
    """Fold a correction: what the reports that stand add up to, as if the wrong one had not been among them."""
    reports = tuple(
        msgspec.structs.replace(one, at=event.occurred_at) if one.seq == event.seq and event.occurred_at else one
        for one in order.reports
        if one.seq != event.seq or event.occurred_at
    )
    gone = TakenBack(seq=event.seq, fact=event.fact, by=order.version + 1, at=event.at)
    order = msgspec.structs.replace(
        order,
        reports=reports,
        taken_back=order.taken_back if event.occurred_at else (*order.taken_back, gone),
        contradictions=tuple(
            msgspec.structs.replace(one, closed_at=event.at)
            if one.closed_at is None and one.id == f"{event.fact.value}-{event.seq}" and event.occurred_at is None
            else one
            for one in order.contradictions
        ),
    )
    if event.fact in STAMPS:
        return _with_parcel(order, event.parcel)
    order = msgspec.structs.replace(order, progress=_progress(order, event.fact))
    return _with_promises(order, event) if event.fact in PAYING else order


def _progress(order: Order, fact: FactKind) -> Progress:
    """The times again, worked out from the reports of this kind that are left."""
    kinds = _REVIEW if fact in _REVIEW else PAYING if fact in PAYING else {fact}
    unknown = msgspec.structs.replace(order.progress, **dict.fromkeys((FIELDS[kind] for kind in kinds), None))
    left = (one for one in order.reports if one.fact in kinds and not one.partly)
    if fact in PAYING:
        left = (msgspec.structs.replace(one, at=paid_since(order.reports, one.at)) for one in left)
    return reduce(lambda known, one: noted(known, one.fact, one.at), left, unknown)


def _with_parcel(order: Order, parcel: str) -> Order:
    """The parcel again from the reports that are left; one that nobody speaks of any more was never there."""
    left = [one for one in order.reports if one.parcel == parcel and one.fact in OF_PARCELS]
    times = {stamp: [one.at for one in left if one.fact is fact] for fact, stamp in STAMPS.items()}
    changes: dict[str, object] = {stamp: min(found, default=None) for stamp, found in times.items()}
    for name in ("carrier", "tracking"):
        changes[name] = next((said for one in reversed(left) if (said := getattr(one, name))), "")
    return msgspec.structs.replace(
        order,
        parcels=tuple(
            msgspec.structs.replace(one, **changes) if one.id == parcel else one
            for one in order.parcels
            # What was arranged is still arranged when its label is void.
            if one.id != parcel or left or one.arranged_at
        ),
    )


def _with_promises(order: Order, event: FactCorrected) -> Order:
    """The promises of the true time. A hold the buyer was promised does not become shorter."""
    hold = max(filter(None, (order.hold_until, event.hold_until)), default=None)
    return msgspec.structs.replace(
        order,
        hold_until=hold,
        hold_ended=order.hold_ended and hold == order.hold_until,
        dispatch_due_at=event.dispatch_due_at or order.dispatch_due_at,
    )
