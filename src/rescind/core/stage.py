"""How far fulfilment went: the stages in their order, and the coarse words that marketplaces show for them."""

from enum import StrEnum


class Stage(StrEnum):
    """How far fulfilment went, in order; a policy compares them with ``<`` and ``>=``."""

    UNPAID = "unpaid"
    ON_HOLD = "on_hold"
    REVIEW = "review"
    ALLOCATED = "allocated"
    PREPARING = "preparing"
    PACKING = "packing"
    PACKED = "packed"
    AWAITING_COLLECTION = "awaiting_collection"
    PARTIALLY_SHIPPING = "partially_shipping"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


_RANK = {stage: rank for rank, stage in enumerate(Stage)}
_TO_SHIP = frozenset({Stage.REVIEW, Stage.ALLOCATED, Stage.PREPARING, Stage.PACKING, Stage.PACKED})


def rank(stage: Stage) -> int:
    """Place of a stage in the order of fulfilment, from 0 for unpaid."""
    return _RANK[stage]


def status_of(stage: Stage) -> str:
    """The coarse word a marketplace shows: everything between payment and label is ``awaiting_shipment`` (R-020)."""
    return "awaiting_shipment" if stage in _TO_SHIP else str(stage)
