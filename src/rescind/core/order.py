"""An order as the desk knows it: what was bought and paid, how far fulfilment went, what is open.

The host marketplace owns orders; we keep the facts a decision reads. The stage is never stored, it is derived
from payment and parcel facts, because those arrive late, twice and out of order and are believed all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.parts import (
    Cancellation,
    CancellationStatus,
    Chargeback,
    Contradiction,
    Escalation,
    Line,
    OrderNote,
    Override,
    Parcel,
    Pins,
    Progress,
    Proposal,
    Refund,
    RefundStatus,
    Report,
    ReturnCase,
    Review,
    ShippingLease,
    TakenBack,
    Tender,
    Timer,
)
from rescind.core.price import Benefit, Charge
from rescind.core.stage import Stage


class Order(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything about one order that can conflict, locked and stored as one row.

    ``version`` counts its events. Words of people (names, addresses, titles, comments) are not here. unpacked: units
    by line that somebody has taken out of a parcel after they were cancelled. came_back: units by line that had left
    and are in the house again; sellable: those of them that may be sold. promised_at: when goods that are not ready yet
    will be (end of the handling time, or of the pre-order). deliver_by: the first instant at which the estimated day of
    delivery is over. country: where the buyer lives, ISO 3166 alpha-2. shipping_minor: what was paid for delivery, with
    its tax and less its discount, both as they were recorded. kept: fees that the seller has kept of cancellations.
    alone: money that single people moved by hand, where only so much is left to one. proposals: of each thing the last.
    history: it was brought along from elsewhere and over by then; the clock does nothing to it by itself.
    """

    id: OrderId
    shop: ShopId
    buyer: str
    number: str
    currency: str
    placed_at: Instant
    pins: Pins
    lines: tuple[Line, ...]
    tenders: tuple[Tender, ...]
    shipping_minor: int = 0
    shipping_refunded_minor: int = 0
    shipping_by: str = "seller"
    version: int = 0
    progress: Progress = Progress()
    handling: str = "regular"
    promised_at: Instant | None = None
    deliver_by: Instant | None = None
    cross_border: bool = False
    country: str = ""
    hold_until: Instant | None = None
    hold_ended: bool = False
    dispatch_due_at: Instant | None = None
    parcels: tuple[Parcel, ...] = ()
    cancellations: tuple[Cancellation, ...] = ()
    refunds: tuple[Refund, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    shipping_lease: ShippingLease | None = None
    unpacked: dict[str, int] = {}
    came_back: dict[str, int] = {}
    sellable: dict[str, int] = {}
    reports: tuple[Report, ...] = ()
    timers: tuple[Timer, ...] = ()
    review: Review | None = None
    returns: tuple[ReturnCase, ...] = ()
    overrides: tuple[Override, ...] = ()
    shipping_tax_minor: int = 0
    shipping_discount_minor: int = 0
    charges: tuple[Charge, ...] = ()
    charges_refunded_minor: int = 0
    benefits: tuple[Benefit, ...] = ()
    kept_minor: int = 0
    given_minor: int = 0
    chargebacks: tuple[Chargeback, ...] = ()
    alone_minor: int = 0
    proposals: tuple[Proposal, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    taken_back: tuple[TakenBack, ...] = ()
    notes: tuple[OrderNote, ...] = ()
    history: bool = False

    @property
    def paid(self) -> Money:
        """Everything captured, whatever went back since."""
        return Money(sum(tender.captured_minor for tender in self.tenders), self.currency)

    @property
    def total(self) -> Money:
        """What the buyer agreed to pay."""
        charged = sum([charge.amount_minor for charge in self.charges])
        return Money(sum([line.paid_minor for line in self.lines]) + self.shipping_minor + charged, self.currency)

    @property
    def returning_charges_minor(self) -> int:
        """What of the charges goes back with the last of the order and has not yet, in minor units."""
        return sum(charge.amount_minor for charge in self.charges if charge.returns) - self.charges_refunded_minor

    @property
    def refunded(self) -> Money:
        """What has gone back, as providers or people have said."""
        return Money(sum(tender.refunded_minor for tender in self.tenders), self.currency)

    @property
    def on_its_way_back(self) -> Money:
        """What is owed, sent or in doubt."""
        return Money(sum(tender.reserved_minor for tender in self.tenders), self.currency)

    @property
    def given_back(self) -> Money:
        """What has gone back and what is on its way back."""
        return self.refunded + self.on_its_way_back

    @property
    def undecided(self) -> tuple[Refund, ...]:
        """The refunds that failed and about whose money nobody has said anything yet.

        Not those of a cancellation that was undone: that money pays for units that are bought again.
        """
        failed = [one for one in self.refunds if one.status is RefundStatus.FAILED and not one.settled]
        if not failed:
            return ()
        undone = {one.id for one in self.cancellations if one.status is CancellationStatus.UNDONE}
        return tuple([one for one in failed if one.cancellation not in undone])

    @property
    def free(self) -> tuple[Tender, ...]:
        """The tenders as anything new may draw on them: without the money of refunds that failed.

        That is owed already, and support decides which way it goes; nothing else sends or promises it a second time.
        """
        held = {(one.tender, one.release): 0 for one in self.undecided}
        if not held:
            return self.tenders
        for one in self.undecided:
            held[one.tender, one.release] += one.amount_minor
        return tuple(
            [
                msgspec.structs.replace(
                    tender,
                    reserved_minor=tender.reserved_minor + min(held.get((tender.id, False), 0), tender.left_minor),
                    authorised_minor=max(0, tender.authorised_minor - held.get((tender.id, True), 0)),
                )
                for tender in self.tenders
            ]
        )

    @property
    def cash_on_delivery(self) -> bool:
        """Nothing is paid before the door, so nothing waits for a payment."""
        for tender in self.tenders:  # noqa: SIM110 - every question asks this, and a generator costs three of a loop
            if tender.method == "cash_on_delivery":
                return True
        return False

    @property
    def open_cancellation(self) -> Cancellation | None:
        """The request that waits for an answer; there is never more than one (E-04)."""
        for one in reversed(self.cancellations):
            if one.status.waiting:
                return one
        return None

    @property
    def recalled(self) -> bool:
        """Whether the carrier brings back what was on its way: it is seen moving, and that is as it should be."""
        return any(
            one.closed_by == "carrier" and one.status is CancellationStatus.APPROVED for one in self.cancellations
        )

    def undelivered(self) -> dict[str, int]:
        """Units by line id that are neither cancelled nor with the buyer: what can still be stopped or called back."""
        there = units_in(parcel for parcel in self.travelling if parcel.delivered_at)
        if there is None:
            return {}
        left = {line.id: line.open - there.get(line.id, 0) for line in self.lines}
        return {line: count for line, count in left.items() if count > 0}

    @property
    def travelling(self) -> tuple[Parcel, ...]:
        """The parcels that are, or may come to be, where they should go."""
        return tuple([parcel for parcel in self.parcels if not parcel.ended]) if self.parcels else ()

    @property
    def arranged(self) -> tuple[Parcel, ...]:
        """The parcels that somebody said will be, and that have no label yet."""
        return tuple([parcel for parcel in self.parcels if parcel.arranged_at and not parcel.further_on])

    @property
    def open_contradictions(self) -> tuple[Contradiction, ...]:
        """What a person still has to look at."""
        return tuple(one for one in self.contradictions if one.closed_at is None)

    @property
    def open_returns(self) -> tuple[ReturnCase, ...]:
        """The return cases that somebody still has to end."""
        return tuple(one for one in self.returns if one.closed_at is None)

    def open_units(self) -> dict[str, int]:
        """Units by line id that are neither cancelled nor handed over."""
        return self._open_outside_of([parcel for parcel in self.travelling if parcel.gone])

    def unlabelled_units(self) -> dict[str, int]:
        """Units by line id that are neither cancelled nor in a parcel that is further on."""
        return self._open_outside_of([parcel for parcel in self.travelling if parcel.further_on])

    def units_by_line(self) -> dict[str, int]:
        """Open units that may be picked line by line: of a split order those in no parcel that is further on (R-024).

        Where nothing is split, or everything is further on, the stage speaks for the whole order.
        """
        return self.unlabelled_units() or self.open_units()

    def _open_outside_of(self, parcels: list[Parcel]) -> dict[str, int]:
        if not parcels:
            return {line.id: line.open for line in self.lines if line.open > 0}
        inside = units_in(parcels)
        if inside is None:
            return {}
        left = {line.id: line.open - inside.get(line.id, 0) for line in self.lines}
        return {line: count for line, count in left.items() if count > 0}


def units_in(parcels: Iterable[Parcel]) -> dict[str, int] | None:
    """Units by line in these parcels; None when one of them holds everything."""
    units: dict[str, int] = {}
    for parcel in parcels:
        if not parcel.lines:
            return None
        for line, count in parcel.lines.items():
            units[line] = units.get(line, 0) + count
    return units


def rearranged(order: Order) -> Order:
    """The order with no more units arranged into parcels than are open and have no label.

    What is cancelled, or went into another parcel, is taken out: units of no parcel first, then those of the last one.
    A parcel that is further on stays as it was reported.
    """
    if not order.arranged:
        return order
    left = order.unlabelled_units()
    kept: list[Parcel] = []
    for parcel in order.parcels:
        if parcel.further_on or not parcel.arranged_at:
            kept.append(parcel)
            continue
        lines = {line: min(count, left.get(line, 0)) for line, count in parcel.lines.items() if left.get(line)}
        for line, count in lines.items():
            left[line] -= count
        if lines:
            kept.append(msgspec.structs.replace(parcel, lines=lines))
    return msgspec.structs.replace(order, parcels=tuple(kept))


def stage(order: Order, now: Instant) -> Stage:
    """Derive how far the order is. Parcels outweigh payments: a scan was seen, a payment may be late."""
    progress = order.progress
    if progress.cancelled_at:
        return Stage.CANCELLED
    if progress.completed_at:
        return Stage.COMPLETED
    if progress.delivered_at:
        return Stage.DELIVERED
    shipped = _shipping_stage(order, order.travelling) if order.parcels else None
    if shipped:
        return shipped
    if progress.packed_at:
        return Stage.PACKED
    if progress.packing_started_at:
        return Stage.PACKING
    if progress.preparation_started_at:
        return Stage.PREPARING
    if progress.allocated_at:
        return Stage.ALLOCATED
    if progress.paid_at is None and not order.cash_on_delivery:
        return Stage.UNPAID
    if order.hold_until is not None and now < order.hold_until:
        return Stage.ON_HOLD
    return Stage.REVIEW


def _shipping_stage(order: Order, parcels: Sequence[Parcel]) -> Stage | None:
    if _covers(order, [parcel for parcel in parcels if parcel.delivered_at]):
        return Stage.DELIVERED
    handed_over = [parcel for parcel in parcels if parcel.gone]
    if _covers(order, handed_over):
        return Stage.IN_TRANSIT
    if handed_over:
        return Stage.PARTIALLY_SHIPPING
    labelled = [parcel for parcel in parcels if parcel.further_on]
    return Stage.AWAITING_COLLECTION if _covers(order, labelled) else None


def _covers(order: Order, parcels: Sequence[Parcel]) -> bool:
    """Whether every unit that is not cancelled lies in one of these parcels."""
    if not parcels:
        return False
    units = units_in(parcels)
    return units is None or all(units.get(line.id, 0) >= line.open for line in order.lines)


def in_manual_review(order: Order) -> bool:
    """Whether a person still has to look at the order before it goes on (M-07)."""
    return order.progress.review_opened_at is not None and order.progress.review_cleared_at is None


def on_hold_until(order: Order, now: Instant) -> Instant | None:
    """When the hold ends, while it lasts. Until then the seller is not told where the order goes (R-021)."""
    return order.hold_until if order.hold_until is not None and now < order.hold_until else None


def leased(order: Order, now: Instant) -> ShippingLease | None:
    """Who is about to ship; None once the time is over, the parcel has left, or there is nothing to ship any more."""
    lease = order.shipping_lease
    if lease is None or now >= lease.until or order.progress.cancelled_at or not order.open_units():
        return None
    gone = any(parcel.handed_over_at and parcel.handed_over_at >= lease.since for parcel in order.parcels)
    return None if gone else lease
