"""What a rule may read: a closed list of facts, never null, each with its kind, its unit and its meaning.

`facts.py` computes exactly these; a rule that names anything else is refused when it is loaded.
"""

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from rescind.core.stage import Stage


class Kind(StrEnum):
    """How a fact compares. Only levels, counts and amounts have an order."""

    FLAG = "flag"
    COUNT = "count"
    LEVEL = "level"
    CODE = "code"
    AMOUNT = "amount"


class Per(StrEnum):
    """Whether an order has one of it, or each of its lines."""

    ORDER = "order"
    LINE = "line"


class FactSpec(msgspec.Struct, frozen=True):
    """One word of the vocabulary.

    unit: of a count ("seconds", "pieces"). members: of a level in their order, of a code in any; an empty tuple leaves
    a code open. A level and a code hold a word, a flag a bool, a count and an amount an int (minor units).
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    members: tuple[str, ...] = ()
    level: Per = Per.ORDER

    @property
    def ordered(self) -> bool:
        """Whether `<` means anything."""
        return self.kind in {Kind.LEVEL, Kind.COUNT, Kind.AMOUNT}


Vocabulary = Mapping[str, FactSpec]

STATUSES = (
    "unpaid",
    "on_hold",
    "awaiting_shipment",
    "awaiting_collection",
    "partially_shipping",
    "in_transit",
    "delivered",
    "completed",
    "cancelled",
)

BUYER_REASONS = (
    "changed_mind",
    "ordered_by_mistake",
    "duplicate",
    "wrong_address",
    "wrong_variant",
    "wrong_contact",
    "better_price",
    "change_payment",
    "payment_unavailable",
    "discount_missing",
    "delivery_cost",
    "forgot_coupon",
    "too_late",
    "cannot_wait",
    "seller_asked",
    "seller_silent",
    "price_error",
    "undeliverable_address",
    "withdrawal",
    "none",
    "other",
)
SELLER_REASONS = (
    "out_of_stock",
    "price_error",
    "undeliverable_address",
    "buyer_asked",
    "buyer_did_not_pay",
    "duplicate",
)
REFUSAL_REASONS = (
    "already_shipped",
    "packed",
    "production_started",
    "buyer_agreed_to_keep",
    "cannot_change_address",
    "several_packages",
    "reason_not_valid",
    "delivery_on_schedule",
    "not_accepted",
    "other",
)
RETURN_REASONS = (
    "not_arrived",
    "damaged",
    "faulty",
    "wrong_item",
    "not_as_described",
    "parts_missing",
    "no_longer_wanted",
    "withdrawal",
    "other",
)

SPECIAL_REASONS = (
    "hygiene",
    "perishable",
    "cut_to_length",
    "unsealed_media",
    "digital",
    "dated",
    "living",
    "mixed",
    "hazardous",
    "other",
)
"""Why goods are of a kind that cannot be sold again; most are exceptions of the laws on withdrawal as well."""

HANDLINGS = ("regular", "made_to_order", "backorder", "custom", "pre_order")

# What a refusal offers instead. Pages translate these words.
WAYS_ON = (
    "ask_seller_anyway",
    "return_or_refund",
    "request_whole_order",
    "ask_for_what_is_open",
    "see_refund",
    "contact_support",
    "answer_request",
    "wait_for_hold",
    "wait_for_payment",
    "wait_for_review",
    "platform_ships",
    "stop_work",
    "cancel_whole_order",
)


def _flag(name: str, meaning: str, level: Per = Per.ORDER) -> FactSpec:
    return FactSpec(name, Kind.FLAG, meaning, level=level)


def _count(name: str, unit: str, meaning: str) -> FactSpec:
    return FactSpec(name, Kind.COUNT, meaning, unit=unit)


_FACTS = (
    FactSpec("stage", Kind.LEVEL, "how far fulfilment went", members=tuple(stage.value for stage in Stage)),
    FactSpec("status", Kind.LEVEL, "the coarse word a buyer's list shows", members=STATUSES),
    FactSpec(
        "actor",
        Kind.CODE,
        "who asks; what support files for a buyer is the buyer's",
        members=("buyer", "seller", "support", "system", "host", "carrier"),
    ),
    FactSpec(
        "reason",
        Kind.CODE,
        "the code the asker chose; `none` where no reason is asked",
        members=tuple(dict.fromkeys((*BUYER_REASONS, *SELLER_REASONS))),
    ),
    FactSpec(
        "shipping_by",
        Kind.CODE,
        "who ships: the seller, the platform's carrier, or the platform from its own warehouse",
        members=("seller", "platform", "fulfilled_by_platform"),
    ),
    FactSpec("handling", Kind.CODE, "whether the goods are ready, or have to be made or got first", members=HANDLINGS),
    FactSpec("country", Kind.CODE, "where the buyer lives, ISO 3166 alpha-2; `none` when the host does not say"),
    FactSpec(
        "amount", Kind.AMOUNT, "what the request would give back or let go before it is taken, in the order's currency"
    ),
    _flag("paid", "the payment was captured"),
    _flag("past_dispatch_sla", "the day by which the seller had to dispatch is over"),
    _flag("dispatched_late", "the first parcel left after the day by which the seller had to dispatch"),
    _flag("past_estimated_delivery", "the day on which the order was to arrive is over, and it has not arrived"),
    _flag("out_for_delivery", "the carrier reported that the parcel is on its last way to the door"),
    _flag("carrier_said_no", "the carrier was asked to bring the goods back and could not"),
    _flag("cross_border", "the goods come from another country than the buyer's"),
    _flag("in_manual_review", "a person is checking the order, its address or its payment"),
    _flag("production_started", "the seller reported that making the goods began"),
    _flag("asked_anyway", "the buyer was refused and asks the seller all the same"),
    _flag("partial", "the request is for less than what has not left yet of the order"),
    _flag("request_open", "a cancellation request waits for an answer"),
    _flag("shipping_leased", "somebody of the shop is about to hand the order to the carrier"),
    _flag("with_tracking", "the act carries a tracking number"),
    _flag("order_error_confirmed", "a demonstrable error in the order was confirmed"),
    _flag("seller_fault", "the seller broke a named rule, or sent or listed the wrong thing"),
    _flag("cash_on_delivery", "the buyer pays at the door"),
    _count("since_placed", "seconds", "elapsed since the order was placed"),
    _count("since_paid", "seconds", "elapsed since the payment was captured; 0 while unpaid (E-08)"),
    _count("working_days_late", "days", "whole working days since the day of dispatch ended; 0 while in time"),
    _count("requests_on_order", "pieces", "earlier requests on this order; not those the policy sent on to the seller"),
    _count("buyer_cancels_30d", "pieces", "the buyer's counted cancellations in the 30 days before"),
    _flag("custom_made", "the line is made for this buyer", Per.LINE),
    _flag("special", "the line is of a kind that cannot be sold again", Per.LINE),
    FactSpec(
        "category",
        Kind.CODE,
        "what kind of goods the line is, in the marketplace's own codes; `none` when the host does not say",
        level=Per.LINE,
    ),
)

STANDARD: Vocabulary = {spec.name: spec for spec in _FACTS}
