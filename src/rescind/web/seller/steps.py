"""What a seller does next with an order: one step for each stage, and the facts that report it."""

from __future__ import annotations

from collections.abc import Mapping

from rescind.core.fulfilment import ReportFact
from rescind.core.instant import Instant
from rescind.core.order import Order
from rescind.core.packing import unused_name
from rescind.core.parts import FactKind
from rescind.core.stage import Stage
from rescind.locales import Locale

NEXT: Mapping[Stage, FactKind] = {
    Stage.REVIEW: FactKind.PREPARATION_STARTED,
    Stage.ALLOCATED: FactKind.PREPARATION_STARTED,
    Stage.PREPARING: FactKind.PACKING_STARTED,
    Stage.PACKING: FactKind.PACKED,
    Stage.PACKED: FactKind.HANDED_OVER,
    Stage.AWAITING_COLLECTION: FactKind.HANDED_OVER,
    Stage.PARTIALLY_SHIPPING: FactKind.HANDED_OVER,
    Stage.IN_TRANSIT: FactKind.DELIVERED,
}
"""The fact that ends a stage, where ending it is the seller's work."""

REPORTED = frozenset({*NEXT.values(), FactKind.TRACKING_ADDED, FactKind.REVIEW_CLEARED})
"""What a seller may report from these pages."""


def label(fact: FactKind, language: Locale) -> str:
    """What the button says."""
    _ = language.gettext
    return {
        FactKind.REVIEW_CLEARED: _("The order is fine, go on"),
        FactKind.PREPARATION_STARTED: _("Start preparing"),
        FactKind.PACKING_STARTED: _("Start packing"),
        FactKind.PACKED: _("Mark as packed"),
        FactKind.TRACKING_ADDED: _("Label is printed"),
        FactKind.HANDED_OVER: _("Mark as shipped"),
        FactKind.DELIVERED: _("Mark as delivered"),
    }[fact]


def final(fact: FactKind) -> bool:
    """Whether a step is felt by the buyer at once and cannot be taken back, so that one press is too few."""
    return fact in {FactKind.HANDED_OVER, FactKind.DELIVERED}


def wants_tracking(stage: Stage) -> bool:
    """Whether shipping from here opens a parcel, which is named by its tracking number; a labelled one has its own."""
    return NEXT.get(stage) is FactKind.HANDED_OVER and stage is not Stage.AWAITING_COLLECTION


def reports(
    order: Order, fact: FactKind, now: Instant, *, carrier: str, tracking: str, parcel: str = ""
) -> tuple[ReportFact, ...]:
    """The commands that say this happened just now; several when several parcels arrive at once.

    parcel: which of those that were arranged; one alone need not be named.
    """

    def said(parcel: str = "", lines: dict[str, int] | None = None) -> ReportFact:
        return ReportFact(
            order=order.id,
            fact=fact,
            occurred_at=now,
            parcel=parcel,
            lines=lines or {},
            carrier=carrier,
            tracking=tracking,
        )

    match fact:
        case FactKind.DELIVERED:
            on_the_way = [one.id for one in order.travelling if one.handed_over_at and not one.delivered_at]
            return tuple(said(parcel) for parcel in on_the_way) or (said(),)
        case FactKind.HANDED_OVER | FactKind.TRACKING_ADDED:
            if order.arranged and tracking:
                return (said(parcel),)
            waiting = [one.id for one in order.travelling if not one.gone and (one.further_on or not one.arranged_at)]
            if waiting and not tracking:
                return tuple(said(parcel) for parcel in waiting)
            # A second parcel takes what the first one left; the only one takes everything, whatever that will be.
            return (said(unused_name(order), order.open_units() if order.parcels else None),)
        case _:
            return (said(),)
