"""Money that left another way: the buyer's bank took it, or somebody paid it out by hand (I-10).

While a bank has not decided, no new refund goes to the payment that it took from: what is owed there waits. If we lose,
what the buyer got from the bank is not sent again; if we win, what waited goes, and what the bank's hold had kept from
being owed is owed.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec

from rescind.core.context import Context
from rescind.core.errors import InvalidField, RefundUnderWay
from rescind.core.event import BaseCommand, BaseEvent
from rescind.core.ids import RefundId
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.parts import CancellationStatus, Chargeback, FactKind, Refund, RefundStatus, Tender
from rescind.core.quote import wanted
from rescind.core.refund import RefundOwed, RefundTerms

WAITS = timedelta(days=120)
"""How long a bank's word is waited for before support asks; card schemes end a chargeback in that time."""

ASKED_AGAIN_S = 30
"""After so many seconds a refund whose sender died is asked for again; what became of it is known soon after."""

SILENT = "chargeback_silent"
"""The contradiction of a chargeback on which no word came in time."""

ENDS = {FactKind.CHARGEBACK_WON: "won", FactKind.CHARGEBACK_LOST: "lost"}
ELSEWHERE = frozenset({FactKind.CHARGED_BACK, FactKind.REFUNDED_ELSEWHERE, *ENDS})
"""Facts about money that moves without us. Each names its tender."""
OF_BANKS = ELSEWHERE - {FactKind.REFUNDED_ELSEWHERE}


class LapseChargeback(BaseCommand, frozen=True, kw_only=True):
    """The instant came until which the bank's word was waited for. ``seq``: of the record that opened it."""

    seq: int


class RefundCovered(BaseEvent, frozen=True, kw_only=True):
    """The buyer got ``amount_minor`` of a refund another way before it was sent, so that much of it is not sent."""

    refund: RefundId
    amount_minor: int


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """What a fact moves on its tender, minor units: ``taken`` from us, ``returned`` to us."""

    taken: int = 0
    returned: int = 0


def is_open(order: Order, tender: str) -> bool:
    """Whether a bank has still to decide about money of this tender."""
    return any(one.tender == tender and not one.outcome for one in order.chargebacks)


def open_chargebacks(order: Order) -> tuple[Chargeback, ...]:
    """The chargebacks on which the bank's word is waited for."""
    return tuple(one for one in order.chargebacks if not one.outcome)


def require_told(order: Order, tender: str, asked: frozenset[RefundId]) -> None:
    """Refuse news about this tender while one of its refunds is being sent: whether it left is not known, so what the
    buyer got beside it can be taken off it neither safely nor not at all (I-10). Raises RefundUnderWay.
    """
    for one in order.refunds:
        if one.id in asked and one.tender == tender and one.status is RefundStatus.OWED:
            raise RefundUnderWay(refund=one.id, retry_after=ASKED_AGAIN_S)


def frozen(order: Order, refund: Refund) -> bool:
    """Whether a refund waits for a bank. What was sent is on its way; no word of ours calls it back.

    To let go of a promise pays nothing, so it does not wait. An order to pay out is only a paper until somebody has.
    """
    return _here(refund) and not refund.release and is_open(order, refund.tender)


def _here(refund: Refund) -> bool:
    """Whether the money has not left yet, as far as we know."""
    return refund.status is RefundStatus.OWED or refund.to_pay_out


def frozen_until(order: Order, tender: str) -> Instant | None:
    """When support asks at last what became of it, while a bank's word on this tender is waited for."""
    return max((one.due_at for one in open_chargebacks(order) if one.tender == tender), default=None)


def unheard(order: Order, one: Chargeback) -> bool:
    """Whether nobody has been told yet that no word came."""
    return not one.outcome and all(noted.id != f"{SILENT}-{one.seq}" for noted in order.contradictions)


def named(order: Order, tender: str, reference: str) -> Chargeback:
    """The chargeback that a fact has just told of."""
    return next(one for one in order.chargebacks if (one.tender, one.reference) == (tender, reference))


def find(order: Order, tender: Tender, reference: str) -> Chargeback | None:
    """The chargeback of this name. One that was told before outcomes were kept is known by its amount alone."""
    for one in order.chargebacks:
        if (one.tender, one.reference) == (tender.id, reference):
            return one
    told = [
        one
        for one in order.reports
        if one.fact is FactKind.CHARGED_BACK and one.reference == reference and one.tender in {"", tender.id}
    ]
    others = any(one.tender == tender.id for one in order.chargebacks)
    by_hand = any(one.fact is FactKind.REFUNDED_ELSEWHERE for one in order.reports)
    if not told or (not reference and (others or by_hand)):
        return None
    amount = max(one.amount_minor for one in told) if reference else tender.taken_elsewhere_minor
    first = told[0]
    return Chargeback(
        tender=tender.id,
        reference=reference,
        amount_minor=min(amount, tender.taken_elsewhere_minor),
        seq=first.seq,
        opened_at=first.at,
        due_at=first.at + WAITS,
    )


def ended(order: Order, tender: Tender, fact: FactKind, amount: int | None, reference: str, at: Instant) -> Moved:
    """What a bank's word moves: ``amount`` came back (won), or stays with the buyer (lost); None for all of it.

    A chargeback that was not told before is told with its end. The later word by its own clock stands. Raises
    InvalidField.
    """
    known = find(order, tender, reference)
    if known is None:
        if amount is None or not 0 < amount <= tender.captured_minor - tender.taken_elsewhere_minor:
            expected = "present and at most what was captured, for a chargeback that was not told before"
            raise InvalidField(field="/amount", expected=expected)
        return Moved(taken=amount, returned=amount if ENDS[fact] == "won" else 0)
    named = known.amount_minor if amount is None else amount
    if named > known.amount_minor:
        raise InvalidField(field="/amount", expected="at most what the bank took")
    if known.closed_at is not None and at < known.closed_at:
        return Moved()
    back = named if ENDS[fact] == "won" else known.amount_minor - named
    more = back - known.returned_minor
    return Moved(taken=max(0, -more), returned=max(0, more))


def taken(tender: Tender, amount: int, told: int) -> Moved:
    """What left past us beyond what was ``told`` of it before. Raises InvalidField."""
    if told and 0 < amount <= told:
        return Moved()
    if not told < amount <= told + tender.captured_minor - tender.taken_elsewhere_minor:
        raise InvalidField(field="amount", expected="more than nothing and at most what was captured")
    return Moved(taken=amount - told)


def apply_told(order: Order, fact: FactKind, tender: str, reference: str, at: Instant, moved: Moved) -> Order:
    """Keep what a bank took and what it decided. ``order``: as it was before the fact."""
    of = next(one for one in order.tenders if one.id == tender)
    known = find(order, of, reference)
    if fact is FactKind.CHARGED_BACK:
        begun = known or _begun(order, of, reference, at)
        after = msgspec.structs.replace(begun, amount_minor=begun.amount_minor + moved.taken)
    elif known is None:
        after = msgspec.structs.replace(
            _begun(order, of, reference, at),
            amount_minor=moved.taken,
            returned_minor=moved.returned,
            outcome=ENDS[fact],
            closed_at=at,
        )
    elif known.closed_at is not None and (at < known.closed_at or known.outcome == ENDS[fact]):
        after = msgspec.structs.replace(known, returned_minor=known.returned_minor + moved.returned - moved.taken)
    else:
        after = msgspec.structs.replace(
            known,
            returned_minor=known.returned_minor + moved.returned - moved.taken,
            outcome=ENDS[fact],
            closed_at=at,
        )
    others = tuple(one for one in order.chargebacks if (one.tender, one.reference) != (tender, reference))
    return msgspec.structs.replace(
        order,
        chargebacks=(*others, after),
        contradictions=tuple(
            msgspec.structs.replace(one, closed_at=at)
            if after.outcome and one.closed_at is None and one.id == f"{SILENT}-{after.seq}"
            else one
            for one in order.contradictions
        ),
    )


def _begun(order: Order, tender: Tender, reference: str, at: Instant) -> Chargeback:
    return Chargeback(
        tender=tender.id,
        reference=reference,
        amount_minor=0,
        seq=order.version + 1,
        opened_at=at,
        due_at=at + WAITS,
    )


def settled(after: Order, tender: str, gone: int, back: int, context: Context, now: Instant) -> tuple[BaseEvent, ...]:
    """What money that moved past us changes in what we owe on its tender.

    gone: what the buyer has for good by this fact; back: what came back to us by it.
    """
    this = next(one for one in after.tenders if one.id == tender)
    over = this.reserved_minor + this.refunded_minor + _final(after, this) - this.captured_minor
    given = sum(one.reserved_minor + one.refunded_minor for one in after.tenders)
    surplus = given + sum(_final(after, one) for one in after.tenders) - _entitled(after)
    covered = _covered(after, tender, max(over, min(surplus, gone)), now)
    if covered or not back:
        return covered
    # What a failed refund left behind is for the person who looks at that; it is not owed a second time by this.
    failed = sum(one.amount_minor for one in after.undecided if not one.release)
    missing = _entitled(after) - given - sum(one.taken_elsewhere_minor for one in after.tenders) - failed
    amount = min(back, missing, next(one.left_minor for one in after.free if one.id == tender))
    if amount <= 0:
        return ()
    owed = RefundTerms(id=context.refund_id(after.shop, now, 0), tender=tender, amount_minor=amount)
    return (RefundOwed(at=now, refunds=(owed,)),)


def _covered(after: Order, tender: str, amount: int, now: Instant) -> tuple[BaseEvent, ...]:
    """Take ``amount`` off what is owed to a tender and was not sent, the newest first."""
    found: list[BaseEvent] = []
    for one in reversed(after.refunds):
        if amount > 0 and one.tender == tender and _here(one) and not one.release:
            part = min(amount, one.amount_minor)
            found.append(RefundCovered(at=now, refund=one.id, amount_minor=part))
            amount -= part
    return tuple(found)


def _final(order: Order, tender: Tender) -> int:
    """What left another way for good: without what a bank has still to decide about."""
    waits = sum(one.gone_minor for one in open_chargebacks(order) if one.tender == tender.id)
    return tender.taken_elsewhere_minor - waits


def _entitled(order: Order) -> int:
    """What the buyer is to have back of what was captured: what was secured beyond the price of all that is not
    cancelled and what the seller keeps of the rest, and what was agreed or given beside that.
    """
    kept = {one.id for one in order.cancellations if one.status is CancellationStatus.SETTLED}
    agreed = sum(
        one.amount_minor + (0 if one.status is RefundStatus.TAKEN_ELSEWHERE else one.covered_minor)
        for one in order.refunds
        if one.cancellation in kept and one.status is not RefundStatus.FAILED
    )
    secured = sum(one.secured_minor for one in order.tenders)
    return min(order.paid.minor, max(0, secured - wanted(order)) + agreed + order.given_minor)


def apply_covered(order: Order, event: RefundCovered) -> Order:
    """Take what the buyer has already out of what is reserved for them."""
    before = next(one for one in order.refunds if one.id == event.refund)
    left = before.amount_minor - event.amount_minor
    after = msgspec.structs.replace(before, covered_minor=before.covered_minor + event.amount_minor)
    if left:
        after = msgspec.structs.replace(after, amount_minor=left)
    else:
        after = msgspec.structs.replace(
            after,
            amount_minor=after.covered_minor,
            status=RefundStatus.TAKEN_ELSEWHERE,
            cause="",
            next_check_at=None,
            settled_at=event.at,
        )
    return msgspec.structs.replace(
        order,
        refunds=tuple(after if one.id == event.refund else one for one in order.refunds),
        tenders=tuple(
            msgspec.structs.replace(one, reserved_minor=one.reserved_minor - event.amount_minor)
            if one.id == before.tender
            else one
            for one in order.tenders
        ),
    )
