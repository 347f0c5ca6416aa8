"""The demo marketplace as data: shops, buyers, and orders with a plan of what happens to each before it opens.

`orders.json.gz` holds one `Demo`. Goods, quantities and prices are those of real purchases (CREDITS.md); shops,
people, addresses, payments and everything that happens are made up. `tools/make_demo_orders.py` writes the file.

Amounts are minor units of the order's currency. Times are whole minutes before the moment the demo is opened, so
that a deadline of twenty minutes is twenty minutes on any day. An order is placed `placed` minutes before; its
`plan` follows from the oldest event to the newest, no two in the same minute. The events:

=====================  ================================================================================
`paid`                 every tender in full
`review_opened`        the automatic check wants a person to look, `reason` what it found; `review_cleared` ends that
`allocated`            stock is set aside; then `preparation_started`, `packing_started`, `packed`
`tracking_added`       `parcel`, `carrier`, `tracking`; `lines` when the parcel does not hold everything
`handed_over`          the carrier took `parcel`; then `delivered`; `completed` closes the order
`buyer.requests`       `reason`, maybe `comment`, `anyway`, `lines` (units by line id; empty: everything)
`seller.approves`      the open request, maybe with a `comment`
`seller.refuses`       the open request: `reason` (a refusal code), `comment`, and `carrier` and `tracking` when shipped
`buyer.withdraws`      the open request
`seller.cancels`       unasked: `reason` (a seller's code), `comment`, maybe `lines`
`clock.lapses`         the deadline of the open request has just passed and silence answered
`refund.submitted`     the provider took the order's refunds and has said no more; `tender` when only that one's
`refund.succeeded`     the money arrived; likewise `refund.failed` and `refund.in_doubt`
=====================  ================================================================================

`expects` says what the preset of the shop should have made of it when the demo opens. Everything is reported by the
host, except what `buyer.`, `seller.` and the carrier (`handed_over`, `delivered`) do.
"""

import gzip
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

What = Literal[
    "paid",
    "review_opened",
    "review_cleared",
    "allocated",
    "preparation_started",
    "packing_started",
    "packed",
    "tracking_added",
    "handed_over",
    "delivered",
    "completed",
    "buyer.requests",
    "seller.approves",
    "seller.refuses",
    "buyer.withdraws",
    "seller.cancels",
    "clock.lapses",
    "refund.submitted",
    "refund.succeeded",
    "refund.failed",
    "refund.in_doubt",
]


class _Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class About(_Record, frozen=True, kw_only=True):
    """Where the goods and prices come from: source, licence, and what was changed."""

    source: str
    licence: str
    changes: tuple[str, ...]


class Shop(_Record, frozen=True, kw_only=True):
    """A seller. `preset`: the policy of its region. `own_window_hours`: its standing consent (M-03), 0 for none.

    `prices_without_tax`: its lines carry tax on top. `makes_to_order`: some of its lines are custom made.
    """

    key: str
    name: str
    category: str
    city: str
    zone: str
    email: str
    phone: str
    hours: str
    preset: Literal["base", "us"] = "base"
    own_window_hours: int = 0
    makes_to_order: bool = False
    ships_slowly: bool = False
    prices_without_tax: bool = False


class Address(_Record, frozen=True, kw_only=True):
    """Where a parcel goes. An empty postcode or missing house number is a mistake made on purpose (M-07)."""

    recipient: str
    lines: tuple[str, ...]
    city: str
    postcode: str
    country: str
    phone: str


class Buyer(_Record, frozen=True, kw_only=True):
    """A customer; `locale` is the language they read."""

    key: str
    name: str
    email: str
    phone: str
    locale: Literal["en", "zh"]
    address: Address


class Line(_Record, frozen=True, kw_only=True):
    """What was bought. Paid for the line: quantity * unit_minor - discount_minor + tax_minor.

    `variant` is `options` in words. Options: `colour`, `size`, `letter`, `text` (a personal inscription).
    """

    id: str
    sku: str
    title: str
    quantity: int
    unit_minor: int
    variant: str = ""
    options: dict[str, str] = {}
    discount_minor: int = 0
    tax_minor: int = 0
    custom_made: bool = False

    @property
    def paid_minor(self) -> int:
        """What the buyer paid for all units."""
        return self.quantity * self.unit_minor - self.discount_minor + self.tax_minor


class Tender(_Record, frozen=True, kw_only=True):
    """A means of payment. `label` needs no translation: "Visa ··4242", "··7731" of a gift card, or nothing."""

    id: str
    method: Literal["card", "wallet", "gift_card", "balance", "cash_on_delivery"]
    amount_minor: int
    label: str = ""


class Event(_Record, frozen=True, kw_only=True):
    """One step of a plan, `minutes` before the demo opens; which fields belong to which `what` is said above."""

    minutes: int
    what: What
    reason: str = ""
    comment: str = ""
    anyway: bool = False
    parcel: str = ""
    lines: dict[str, int] = {}
    carrier: str = ""
    tracking: str = ""
    tender: str = ""


class Expected(_Record, frozen=True, kw_only=True):
    """The state an order should be in when the demo opens. `refund` is empty where no money was owed."""

    stage: str
    cancellation: str = ""
    closed_by: str = ""
    refund: str = ""
    manual_review: bool = False


class Order(_Record, frozen=True, kw_only=True):
    """One order. `deliver_to` is present where the parcel does not go to the buyer's own address."""

    number: str
    shop: str
    buyer: str
    placed: int
    currency: str
    lines: tuple[Line, ...]
    shipping_minor: int
    tenders: tuple[Tender, ...]
    plan: tuple[Event, ...]
    expects: Expected
    note: str = ""
    deliver_to: Address | None = None

    @property
    def total_minor(self) -> int:
        """What the buyer agreed to pay: lines and delivery."""
        return sum(line.paid_minor for line in self.lines) + self.shipping_minor


class Demo(_Record, frozen=True, kw_only=True):
    """The whole marketplace; `buyers[0]` and `shops[0]` are the ones to sign in as first."""

    about: About
    marketplace: str
    shops: tuple[Shop, ...]
    buyers: tuple[Buyer, ...]
    orders: tuple[Order, ...]


@cache
def load() -> Demo:
    """Read the shipped marketplace. Orders come in the order of their numbers, the oldest first."""
    packed = (files("rescind.demo") / "orders.json.gz").read_bytes()
    return msgspec.json.decode(gzip.decompress(packed), type=Demo)
