"""What the API says of a request to cancel, of the shop's offer in its place, and of what an act made of it."""

from __future__ import annotations

from collections.abc import Iterable

from rescind.api.money_answers import FeeTold, RefundTold, fees_told, refunds_told
from rescind.api.order_state import OrderState, order_state
from rescind.api.told import Told, UnitsTold, units_told
from rescind.core.cancellation import (
    PLATFORM,
    CancellationApproved,
    CancellationHeld,
    CancellationOvertaken,
    CancellationRefused,
    CancellationReopened,
    CancellationUndone,
    CancellationWithdrawn,
    DeadlineExtended,
    SellerAsked,
    reason_for_buyer,
)
from rescind.core.event import Ground
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.offer import OfferAccepted, OfferDeclined, OfferKind, OfferMade
from rescind.core.order import Order
from rescind.core.parts import Cancellation, CancellationStatus, Offer
from rescind.core.record import Record
from rescind.core.stage import Stage
from rescind.postgres.credentials import Role


class OfferTold(Told, frozen=True, kw_only=True):
    """What is offered instead of an answer, ``by`` seller or buyer. ``answer``: accepted, declined, or empty.

    material, labour: what stays of ``cancel_with_costs``; refund: what goes back then.
    """

    number: int
    kind: str
    at: Instant
    by: str
    amount: Money | None
    share_bps: int | None
    material: Money | None
    labour: Money | None
    refund: Money | None
    ship_by: Instant | None
    answer: str


class CancellationTold(Told, frozen=True, kw_only=True):
    """A request to cancel, or a cancellation by the seller or the system.

    verdict and rule: what the policy said to the request; ``status`` is what became of it. deadline, if_silent:
    until when somebody has to answer, and the answer if nobody does. unreached: the shop could not be told when it
    was asked, so that silence was promised to go to the platform, whatever the policy says (UNHEARD-1). refund:
    what it gives back. fees, fee: what the seller keeps if it is approved, each and together. returned: vouchers
    and points that went back, in units by the host's id. answer: a refusing seller's reason. instead: what the
    policy offers in place of what it refused. fault: whose it was that the system cancelled, empty where that
    cannot be said.
    """

    id: str
    order: str
    status: CancellationStatus
    requested_by: str
    filed_by: str
    requested_at: Instant
    reason: str
    stage: Stage
    lines: list[UnitsTold]
    verdict: str
    rule: str
    instead: str
    refund: Money
    fees: list[FeeTold]
    fee: Money
    returned: dict[str, int]
    deadline: Instant | None
    if_silent: str
    unreached: bool
    closed_at: Instant | None
    closed_by: str | None
    answer: str
    offer: OfferTold | None
    fault: str


class DecisionTold(Told, frozen=True, kw_only=True):
    """What became of an act on a request: the request, the money it makes owed, and where the order stands.

    verdict, rule, cites: the policy's own answer to the request; its whole reasoning is in the receipt. mandate: under
    which a program did it, else empty.
    """

    cancellation: CancellationTold
    cites: list[str]
    refunds: list[RefundTold]
    order: OrderState
    receipt: str
    mandate: str


def decision_told(order: Order, cancellation: Cancellation, records: Iterable[Record], role: Role) -> DecisionTold:
    """The answer to an act, from the order right after it and the records it wrote alone.

    Nothing else goes in, not even the time, so that a repeat gets the same bytes (ID-02).
    """
    written = tuple(records)
    grounds = [ground for one in written if (ground := ground_of(one)) is not None]
    now = written[-1].received_at if written else order.placed_at
    return DecisionTold(
        cancellation=cancellation_told(cancellation, order, role),
        cites=list(grounds[-1].cites) if grounds else [],
        refunds=refunds_told(order, (one for one in order.refunds if one.cancellation == cancellation.id), role),
        order=order_state(order, now),
        receipt=f"/v1/orders/{order.id}/cancellations/{cancellation.id}/receipt",
        mandate=written[-1].actor.mandate if written else "",
    )


_ABOUT_CANCELLATIONS = (
    CancellationApproved,
    SellerAsked,
    CancellationHeld,
    CancellationRefused,
    CancellationWithdrawn,
    CancellationOvertaken,
    DeadlineExtended,
    OfferMade,
    OfferAccepted,
    OfferDeclined,
    CancellationReopened,
    CancellationUndone,
)


def cancellation_of(record: Record) -> str | None:
    """The cancellation a record is about, None for one about something else."""
    return record.event.cancellation if isinstance(record.event, _ABOUT_CANCELLATIONS) else None


def ground_of(record: Record) -> Ground | None:
    """Why the policy answered as this record says, None for a record that no policy decided."""
    event = record.event
    if isinstance(event, (CancellationApproved, SellerAsked, CancellationHeld, CancellationRefused)):
        return event.ground
    return None


def cancellation_told(one: Cancellation, order: Order, role: Role) -> CancellationTold:
    """A request, for any of the parties to it; a buyer is not told what the platform suspects (I-26)."""
    return CancellationTold(
        id=one.id,
        order=order.id,
        status=one.status,
        requested_by=one.filed_by if one.filed_by in {"seller", "system", PLATFORM} else "buyer",
        filed_by=one.filed_by,
        requested_at=one.requested_at,
        reason=reason_for_buyer(one.reason) if role == "buyer" else one.reason,
        stage=one.stage,
        lines=units_told(one.lines),
        verdict=one.verdict,
        rule=one.rule,
        instead=one.instead,
        refund=Money(one.refund_minor, order.currency),
        fees=fees_told(one.fees, order.currency),
        fee=Money(one.fee_minor, order.currency),
        returned=one.returned,
        deadline=one.due_at if one.status.waiting else None,
        if_silent=one.on_silence if one.status.waiting else "",
        unreached=one.unreached,
        closed_at=one.closed_at,
        closed_by=one.closed_by,
        answer=one.answer,
        offer=offer_told(one.offer, order.currency),
        fault=one.fault,
    )


def offer_told(one: Offer | None, currency: str) -> OfferTold | None:
    """One offer, if there is one."""
    if one is None:
        return None
    costs = one.kind == OfferKind.CANCEL_WITH_COSTS
    return OfferTold(
        number=one.number,
        kind=one.kind,
        at=one.at,
        by=one.by,
        amount=Money(one.amount_minor, currency) if one.amount_minor else None,
        share_bps=one.share_bps or None,
        material=Money(one.material_minor, currency) if costs else None,
        labour=Money(one.labour_minor, currency) if costs else None,
        refund=Money(one.refund_minor, currency) if costs else None,
        ship_by=one.ship_by,
        answer=one.answer,
    )
