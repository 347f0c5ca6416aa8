"""Make the demo marketplace that ships with the product: `python tools/make_demo_orders.py PATH_TO_ONLINE_RETAIL`.

Goods, quantities and prices are chosen from real invoices; people, payments and what happens to the orders are
invented here. Everything is drawn from one seed, so the same input gives the same bytes. CREDITS.md beside the
result says what was changed.
"""

import gzip
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from demo_cast import BAGS, BUYERS, CRAFT, GARDEN, KITCHEN, LIGHTS, MARKETPLACE, SHOPS, TOYS
from demo_goods import Goods

from rescind.core.money import split_minor
from rescind.demo.catalogue import About, Address, Buyer, Demo, Event, Expected, Line, Order, Shop, Tender
from rescind.simulator.history import BadRow, PastOrder
from rescind.simulator.layouts import recognise

SEED = 20_101_209
TARGET = Path(__file__).resolve().parent.parent / "src" / "rescind" / "demo" / "orders.json.gz"
ORDERS_OF = {LIGHTS: 90, KITCHEN: 54, CRAFT: 52, GARDEN: 44, TOYS: 38, BAGS: 42}
FIRST_NUMBER = 20_117
HOUR, DAY = 60, 24 * 60
VAT_BPS = 2000

# Hours, at the 5, 10, 25, 50, 75, 90, 95 and 99 % quantile, of the delivered orders of the Brazilian E-Commerce Public
# Dataset by Olist: purchase to approval, approval to carrier, carrier to customer.
SHARES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95, 0.99)
TO_PAYMENT = (0.144, 0.169, 0.215, 0.346, 14.719, 34.9, 48.696, 89.689)
TO_CARRIER = (5.893, 10.74, 20.896, 43.492, 86.232, 143.964, 195.545, 413.361)
TO_BUYER = (27.009, 44.831, 98.415, 169.996, 288.687, 455.52, 587.409, 965.62)

ABOUT = About(
    source="Chen, D. (2012). Online Retail II. UCI Machine Learning Repository. https://doi.org/10.24432/C5CG6D",
    licence="CC BY 4.0, https://creativecommons.org/licenses/by/4.0/",
    changes=(
        "A few hundred invoices were chosen; lines outside an invented shop's assortment left out, equal lines joined.",
        "Product names were rewritten; colours and sizes became variants.",
        "Customers, countries, invoice numbers and dates were dropped.",
        "Shops, people, addresses, payments, discounts, delivery, taxes, inscriptions and events were invented.",
    ),
)


# --- goods: real baskets ---------------------------------------------------------------------------------------------


class Basket(NamedTuple):
    """What one real invoice bought of one assortment."""

    invoice: str
    shop: str
    lines: tuple[Line, ...]
    left_out: int

    @property
    def goods_minor(self) -> int:
        return sum(line.quantity * line.unit_minor for line in self.lines)


def baskets(history: Sequence[PastOrder]) -> Iterator[Basket]:
    """Every invoice that makes a sensible order of one of the shops: 1–6 lines, 1–12 units each, £8–£300."""
    goods = Goods((line.sku, line.title) for order in history for line in order.lines)
    for order in history:
        joined: dict[tuple[str, int], int] = Counter()
        for line in order.lines:
            joined[line.sku, line.unit_price.minor] += line.quantity
        products = {sku: found for sku, _ in joined if (found := goods.product(sku))}
        popular = Counter(found.shop for found in products.values()).most_common(1)
        if not popular:
            continue
        shop = popular[0][0]
        fitting_lines = [
            (sku, unit, quantity, products[sku])
            for (sku, unit), quantity in joined.items()
            if sku in products and products[sku].shop == shop
        ]
        lines = [
            Line(
                id=str(place),
                sku=sku,
                title=found.title,
                variant=", ".join(found.options.values()),
                options=found.options,
                quantity=quantity,
                unit_minor=unit,
            )
            for place, (sku, unit, quantity, found) in enumerate(fitting_lines, 1)
        ]
        basket = Basket(order.number, shop, tuple(lines), len(joined) - len(lines))
        once_each = len({(line.title, line.variant) for line in lines}) == len(lines)
        small = all(line.quantity <= 12 for line in lines)
        if once_each and small and 1 <= len(lines) <= 6 and 800 <= basket.goods_minor <= 30_000:
            yield basket


def chosen(history: Sequence[PastOrder], rng: random.Random) -> dict[str, list[Basket]]:
    """The baskets of each shop: whole invoices and household quantities first, and not all of them single lines."""
    found: dict[str, list[Basket]] = defaultdict(list)
    for basket in baskets(history):
        found[basket.shop].append(basket)
    result: dict[str, list[Basket]] = {}
    for shop, wanted in ORDERS_OF.items():
        by_length: dict[int, list[Basket]] = defaultdict(list)
        rng.shuffle(found[shop])
        for basket in sorted(found[shop], key=lambda b: (max(line.quantity for line in b.lines) > 6, b.left_out > 3)):
            by_length[len(basket.lines)].append(basket)
        picked: list[Basket] = []
        for length, share in zip((2, 3, 4, 5, 6), (0.27, 0.2, 0.13, 0.07, 0.05), strict=True):
            picked += by_length[length][: round(wanted * share)]
        picked += by_length[1][: wanted - len(picked)]
        assert len(picked) == wanted, f"{shop}: {len(picked)} baskets found, {wanted} wanted"
        rng.shuffle(picked)
        result[shop] = picked
    return result


# --- time: what happens to an order, in minutes after it was placed ---------------------------------------------------

STAGES = {
    "unpaid": "placed",
    "on_hold": "paid",
    "review": "hold_ended",
    "allocated": "allocated",
    "preparing": "preparation_started",
    "packing": "packing_started",
    "packed": "packed",
    "awaiting_collection": "tracking_added",
    "in_transit": "handed_over",
    "delivered": "delivered",
    "completed": "completed",
}
CARRIERS = (("Swift Otter", "SO"), ("Northway Post", "NP"), ("Blue Kite Express", "BK"))


class Story:
    """Tells one order's life. Offsets grow; `plan` turns them into minutes before the end of the story."""

    def __init__(self, rng: random.Random, *, slow: bool) -> None:
        self.rng = rng
        self.slow = slow
        self.offset = 0
        self.told: list[tuple[int, dict[str, Any]]] = []
        self.expects = Expected(stage="unpaid")
        self.carrier, letters = rng.choice(CARRIERS)
        self.tracking = f"{letters}-{rng.randrange(1000, 9999)}-{rng.randrange(1000, 9999)}"
        self.life: dict[str, int] = {}
        self.live(0.7)

    def live(self, up_to: float) -> None:
        """Draw how long everything takes, leaving out the slowest; an order that waits for weeks tells no story."""
        pay = self._drawn(TO_PAYMENT, up_to)
        hand_over = int(self._drawn(TO_CARRIER, up_to) * (1.7 if self.slow else 1))
        arrive = self._drawn(TO_BUYER, up_to)
        at = {"placed": 0, "paid": pay, "hold_ended": pay + HOUR}
        for what, share in (
            ("allocated", 0.12),
            ("preparation_started", 0.3),
            ("packing_started", 0.66),
            ("packed", 0.78),
            ("tracking_added", 0.88),
            ("handed_over", 1.0),
        ):
            at[what] = pay + HOUR + int(max(hand_over - HOUR, 300) * share)
        at["delivered"] = at["handed_over"] + arrive
        at["completed"] = at["delivered"] + 14 * DAY
        self.life = at

    def _drawn(self, quantiles: Sequence[float], up_to: float) -> int:
        """Minutes, from the measured quantiles by straight lines between them."""
        share = self.rng.uniform(SHARES[0], up_to)
        high = next(place for place, known in enumerate(SHARES) if known >= share) or 1
        low = high - 1
        part = (share - SHARES[low]) / (SHARES[high] - SHARES[low])
        return max(2, round((quantiles[low] + (quantiles[high] - quantiles[low]) * part) * HOUR))

    def say(self, what: str, after: int = 1, **fields: Any) -> "Story":
        """Something happens `after` minutes later; a fact said so does not happen again by itself."""
        assert after > 0
        self.offset += after
        self.told.append((self.offset, {"what": what, **fields}))
        self.life.pop(what, None)
        return self

    def reach(self, stage: str, share: float = 0.4) -> "Story":
        """Let life go on to `share` of the time in `stage`; what was said before pushes the rest back."""
        names = list(STAGES.values())
        last = names.index(STAGES[stage])
        due = [(what, at) for what, at in self.life.items() if names.index(what) <= last]
        late = max(0, self.offset + 20 - due[0][1]) if due and self.told else 0
        self.life = {what: at + late if what != "placed" else at for what, at in self.life.items()}
        for what, _ in due:
            at = self.life.pop(what)
            if what not in ("placed", "hold_ended"):
                shipping = {"parcel": "1", "carrier": self.carrier, "tracking": self.tracking}
                fields = shipping if what == "tracking_added" else {"parcel": "1"} if what in SHIPPED else {}
                self.told.append((at, {"what": what, **fields}))
            self.offset = max(self.offset, at)
        following = min(self.life.values(), default=self.offset + 20 * DAY)
        self.offset += max(1, int((following - self.offset) * share))
        return self

    def later(self) -> int:
        """Some days, for what needs no moment of its own."""
        return self.rng.randrange(7 * HOUR, 9 * DAY)

    def end(self, after: int, stage: str, cancellation: str = "", by: str = "", refund: str = "", **more: Any) -> None:
        """The demo opens `after` minutes later and should show this."""
        self.offset += after
        self.expects = Expected(stage=stage, cancellation=cancellation, closed_by=by, refund=refund, **more)

    def plan(self) -> tuple[Event, ...]:
        told = sorted(self.told, key=lambda step: step[0])
        offsets = [at for at, _ in told]
        # Two things in one minute have no order; the earlier one gives way.
        for place in range(len(offsets) - 2, -1, -1):
            offsets[place] = min(offsets[place], offsets[place + 1] - 1)
        assert not offsets or offsets[0] > 0, told
        return tuple(Event(minutes=self.offset - at, **fields) for at, (_, fields) in zip(offsets, told, strict=True))


SHIPPED = ("handed_over", "delivered")

Tell = Callable[[Story], None]


class Wish(NamedTuple):
    """An order the demo must have. `buyer` 0 is the one to sign in as; `lines` and `custom` say what goods it needs.

    `locale` is the language its buyer reads, empty for any; `address` what is wrong with theirs; `pays` how they pay.
    """

    shop: str
    tell: Tell
    buyer: int | None = None
    lines: int = 1
    custom: bool = False
    locale: str = "en"
    note: str = ""
    address: str = ""
    pays: str = ""


# --- plain orders ----------------------------------------------------------------------------------------------------


def plain(stage: str) -> Tell:
    def tell(story: Story) -> None:
        if stage in ("in_transit", "delivered", "completed"):
            story.live(0.97)
        share = story.rng.uniform(0.08, 0.85)
        if stage == "unpaid":
            share = min(share, 20 * HOUR / story.life["paid"])
        story.reach(stage, share)
        story.end(0, stage)

    return tell


def manual_review(found: str = "", *, cleared: bool = False) -> Tell:
    """found: code of what the automatic check stopped at; empty when somebody asked for the review."""

    def tell(story: Story) -> None:
        story.reach("on_hold", 0.1)
        story.say("review_opened", 3, reason=found)
        if cleared:
            story.say("review_cleared", story.rng.randrange(90, 400))
            story.reach("preparing", 0.3)
            story.end(0, "preparing")
        else:
            story.end(story.rng.randrange(2 * HOUR, 9 * HOUR), "review", manual_review=True)

    return tell


def two_parcels(story: Story) -> None:
    """The first line is on its way, the rest waits to be packed."""
    story.reach("packed", 0.5)
    story.say("tracking_added", 15, parcel="1", carrier=story.carrier, tracking=story.tracking, lines={"1": FIRST_LINE})
    story.say("handed_over", story.rng.randrange(60, 400), parcel="1")
    story.end(story.rng.randrange(60, 900), "partially_shipping")


def lost_in_the_middle(story: Story) -> None:
    """One parcel has arrived, the other is still under way."""
    story.reach("packed", 0.5)
    story.say("tracking_added", 15, parcel="1", carrier=story.carrier, tracking=story.tracking, lines={"1": FIRST_LINE})
    story.say("handed_over", 120, parcel="1")
    story.say("delivered", 3 * DAY, parcel="1")
    story.end(5 * HOUR, "partially_shipping")


FIRST_LINE = -1  # stands for the whole quantity of the first line, known once the goods are


# --- stopping an order -----------------------------------------------------------------------------------------------


def waiting(stage: str, ago: int, reason: str, comment: str = "", *, anyway: bool = False, **fields: Any) -> Tell:
    """A request that the seller has still to answer, filed `ago` minutes before."""

    def tell(story: Story) -> None:
        story.reach(stage, 0.2)
        story.say("buyer.requests", 5, reason=reason, comment=comment, anyway=anyway, **fields)
        story.end(ago, stage, "awaiting_seller")

    return tell


def _refunded(story: Story, refund: str) -> None:
    story.say("refund.submitted", story.rng.randrange(2, 9))
    if refund == "succeeded":
        story.say("refund.succeeded", story.rng.randrange(8 * HOUR, 3 * DAY))
    elif refund != "submitted":
        story.say(f"refund.{refund}", story.rng.randrange(30, 6 * HOUR))


def by_rule(
    stage: str, reason: str, comment: str = "", *, refund: str = "succeeded", after: int = 0, review: bool = False
) -> Tell:
    """A request that the policy approves at once."""

    def tell(story: Story) -> None:
        story.reach("on_hold" if review else stage, 0.25)
        if review:
            story.say("review_opened", 2)
            story.offset += 2 * HOUR
        story.say("buyer.requests", 4, reason=reason, comment=comment)
        if stage != "unpaid":
            _refunded(story, refund)
        story.end(after or story.later(), "cancelled", "approved", "rule", refund if stage != "unpaid" else "")

    return tell


def own_window(reason: str, comment: str = "", *, refund: str = "succeeded", after: int = 0) -> Tell:
    """Packed within hours, and still inside the 24 hours that this shop gives."""

    def tell(story: Story) -> None:
        story.say("paid", 12).say("allocated", 70).say("preparation_started", 45).say("packing_started", 150)
        story.say("packed", 35)
        story.say("buyer.requests", story.rng.randrange(40, 12 * HOUR), reason=reason, comment=comment)
        _refunded(story, refund)
        story.end(after or story.later(), "cancelled", "approved", "rule", refund)

    return tell


def by_seller(
    stage: str,
    reason: str,
    comment: str = "",
    answer: str = "",
    *,
    refund: str = "succeeded",
    after: int = 0,
    anyway: bool = False,
    **fields: Any,
) -> Tell:
    """A request that the seller approves; with `lines` only they go back and the rest is sent."""

    def tell(story: Story) -> None:
        story.reach(stage, 0.2)
        story.say("buyer.requests", 5, reason=reason, comment=comment, anyway=anyway, **fields)
        story.say("seller.approves", story.rng.randrange(25, 15 * HOUR), comment=answer)
        _refunded(story, refund)
        story.end(after or story.later(), stage if fields.get("lines") else "cancelled", "approved", "seller", refund)

    return tell


def by_silence(reason: str, comment: str = "", *, refund: str = "succeeded", after: int = 0) -> Tell:
    def tell(story: Story) -> None:
        story.reach("preparing", 0.1)
        story.say("buyer.requests", 5, reason=reason, comment=comment)
        story.say("clock.lapses", DAY)
        _refunded(story, refund)
        story.end(after or story.later(), "cancelled", "approved", "silence", refund)

    return tell


def refused(code: str, reason: str, comment: str, answer: str, then: str = "in_transit", at: str = "preparing") -> Tell:
    """A request that the seller refuses; the order goes on."""

    def tell(story: Story) -> None:
        story.reach(at, 0.2)
        story.say("buyer.requests", 5, reason=reason, comment=comment)
        if code == "production_started":
            story.say("preparation_started", 30)
        if code in ("packed", "already_shipped"):
            story.say("packing_started", 40).say("packed", 50)
        shipping = {"carrier": story.carrier, "tracking": story.tracking} if code == "already_shipped" else {}
        story.say("seller.refuses", story.rng.randrange(20, 8 * HOUR), reason=code, comment=answer, **shipping)
        if shipping:
            story.life.pop("tracking_added")
        story.reach(then, 0.4)
        story.end(0, then, "refused", "seller")

    return tell


def refused_by_policy(stage: str, reason: str, comment: str = "", then: str = "") -> Tell:
    def tell(story: Story) -> None:
        story.reach(stage, 0.3)
        story.say("buyer.requests", 10, reason=reason, comment=comment)
        if then:
            story.reach(then, 0.4)
        story.end(90, then or stage, "refused", "rule")

    return tell


def asked_anyway(outcome: str, reason: str, comment: str, answer: str = "") -> Tell:
    """Refused because it was packed, then asked anyway: the seller may agree, and silence refuses."""

    def tell(story: Story) -> None:
        story.reach("packed", 0.15)
        story.say("buyer.requests", 5, reason=reason)
        story.say("buyer.requests", 3, reason=reason, comment=comment, anyway=True)
        if outcome == "approves":
            story.say("seller.approves", 3 * HOUR, comment=answer)
            _refunded(story, "succeeded")
            story.end(story.later(), "cancelled", "approved", "seller", "succeeded")
        elif outcome == "silence":
            story.say("clock.lapses", DAY)
            story.reach("in_transit", 0.3)
            story.end(0, "in_transit", "refused", "silence")
        else:
            story.end(int(outcome), "packed", "awaiting_seller")

    return tell


def withdrawn(reason: str, comment: str, then: str) -> Tell:
    def tell(story: Story) -> None:
        story.reach("preparing", 0.15)
        story.say("buyer.requests", 5, reason=reason, comment=comment)
        story.say("buyer.withdraws", story.rng.randrange(6, 3 * HOUR))
        story.reach(then, 0.4)
        story.end(0, then, "withdrawn", "buyer")

    return tell


def overtaken(reason: str, comment: str, then: str) -> Tell:
    """The parcel leaves while the request waits."""

    def tell(story: Story) -> None:
        story.reach("preparing", 0.3)
        story.say("buyer.requests", 5, reason=reason, comment=comment)
        story.say("packing_started", 45).say("packed", 40)
        story.say("tracking_added", 30, parcel="1", carrier=story.carrier, tracking=story.tracking)
        story.say("handed_over", 3 * HOUR, parcel="1")
        story.reach(then, 0.5)
        story.end(0, then, "overtaken", "shipment")

    return tell


def seller_stops(
    stage: str,
    code: str,
    comment: str,
    *,
    refund: str = "succeeded",
    after: int = 0,
    lines: dict[str, int] | None = None,
) -> Tell:
    """The seller stops the order, or some of it, without being asked."""

    def tell(story: Story) -> None:
        story.reach(stage, 0.3)
        story.say("seller.cancels", 5, reason=code, comment=comment, **({"lines": lines} if lines else {}))
        _refunded(story, refund)
        story.end(after or story.later(), stage if lines else "cancelled", "approved", "seller", refund)

    return tell


NOTE_CHECK = "Please check the address with me before you send it."
NOTE_ZH = "请在发货前核对一下地址，谢谢！"
NOTE_NEIGHBOUR = "If nobody is in, please leave it with the neighbour at number 4."
NOTE_GIFT = "It is a present, so please leave out the invoice."

# Amelia Hart is buyer 0: her orders show what a buyer can meet.
AMELIA = (
    Wish(KITCHEN, plain("unpaid"), 0, lines=2),
    Wish(BAGS, plain("on_hold"), 0, lines=2, note=NOTE_NEIGHBOUR),
    Wish(GARDEN, plain("review"), 0, lines=2),
    Wish(
        LIGHTS,
        waiting("preparing", 19 * HOUR + 12, "ordered_by_mistake", "I meant to order one set, not two. Sorry!"),
        0,
        lines=2,
    ),
    Wish(
        CRAFT,
        waiting("allocated", 3 * HOUR, "wrong_variant", "Could the name be spelt with an e? If not, please stop it."),
        0,
        custom=True,
    ),
    Wish(LIGHTS, plain("packed"), 0, lines=3, note=NOTE_GIFT),
    Wish(LIGHTS, plain("awaiting_collection"), 0, lines=2),
    Wish(TOYS, two_parcels, 0, lines=3),
    Wish(KITCHEN, plain("in_transit"), 0, lines=4),
    Wish(LIGHTS, plain("delivered"), 0, lines=2),
    Wish(GARDEN, by_rule("on_hold", "wrong_address", "Old address, I have moved."), 0, lines=2),
    Wish(
        KITCHEN,
        own_window("better_price", "Found it in the sale.", refund="submitted", after=7 * HOUR),
        0,
        lines=2,
        pays="gift+card",
    ),
    Wish(
        CRAFT,
        refused(
            "packed",
            "changed_mind",
            "I no longer need it.",
            "Your parcel is packed and the label is paid. Please return it if you do not like it.",
        ),
        0,
    ),
    Wish(BAGS, overtaken("too_late", "I need it before Saturday.", "in_transit"), 0, lines=2),
    Wish(TOYS, withdrawn("too_late", "The party is next week.", "delivered"), 0, lines=2),
    Wish(CRAFT, by_silence("duplicate", "I pressed the button twice."), 0, lines=2, pays="balance+card"),
)

# The main shop's queue: eight answers due, from four minutes to almost a day, and one asked anyway.
QUEUE = (
    Wish(LIGHTS, waiting("preparing", DAY - 4, "changed_mind")),
    Wish(LIGHTS, waiting("preparing", DAY - 22, "wrong_address", "地址填错了，包裹会寄到以前的公司。"), locale="zh"),
    Wish(
        LIGHTS,
        waiting(
            "allocated", DAY - 85, "duplicate", "I ordered the same twice within a minute, please keep only the first."
        ),
        lines=2,
    ),
    Wish(LIGHTS, waiting("preparing", 15 * HOUR, "better_price", "The other shop has it for half."), lines=3),
    Wish(LIGHTS, waiting("preparing", 10 * HOUR + 35, "wrong_variant", "颜色选错了，想要白色的。"), locale="zh"),
    Wish(
        LIGHTS, waiting("allocated", 5 * HOUR + 20, "change_payment", "Wrong card, this one is my employer's."), lines=2
    ),
    Wish(
        LIGHTS,
        waiting(
            "preparing", 48, "changed_mind", "Only the first item please, the rest may come.", lines={"1": FIRST_LINE}
        ),
        lines=4,
    ),
    Wish(LIGHTS, asked_anyway("130", "too_late", "It arrives after the wedding. Could you still stop it?")),
)

# The rest of what may happen, over all shops.
EVENTS = (
    Wish(LIGHTS, by_rule("unpaid", "changed_mind"), lines=2),
    Wish(LIGHTS, by_rule("on_hold", "ordered_by_mistake", "Wrong basket."), lines=2),
    Wish(LIGHTS, by_rule("on_hold", "duplicate", "下单时网络卡了，重复提交了。"), locale="zh"),
    Wish(
        LIGHTS,
        by_rule("review", "wrong_contact", "The phone number is my old one.", review=True),
        lines=2,
        address="no number",
    ),
    Wish(
        LIGHTS,
        by_seller(
            "preparing", "changed_mind", "", "No problem, it was not packed yet.", refund="failed", after=3 * HOUR
        ),
        lines=2,
    ),
    Wish(
        LIGHTS,
        by_seller("preparing", "wrong_variant", "I wanted the large one.", "Of course. The large one is in stock."),
    ),
    Wish(LIGHTS, by_seller("allocated", "better_price", "", refund="submitted", after=5 * HOUR), lines=3),
    Wish(
        LIGHTS,
        by_seller(
            "preparing", "changed_mind", "Two are enough.", "Done, the rest goes out today.", lines={"2": FIRST_LINE}
        ),
        lines=3,
    ),
    Wish(LIGHTS, by_silence("too_late", "我周末就要用，等不及了。"), locale="zh"),
    Wish(LIGHTS, by_silence("changed_mind", refund="in_doubt", after=2 * HOUR), lines=2),
    Wish(
        LIGHTS,
        refused("already_shipped", "changed_mind", "", "It is already with the carrier, here is the number."),
        lines=2,
    ),
    Wish(
        LIGHTS,
        refused(
            "cannot_change_address",
            "wrong_address",
            "House number is wrong.",
            "The label is printed; the carrier can redirect it.",
            then="delivered",
        ),
    ),
    Wish(
        LIGHTS,
        refused(
            "buyer_agreed_to_keep",
            "too_late",
            "Will it come before Friday?",
            "As agreed on the phone, we send it by express.",
            then="completed",
        ),
        lines=2,
    ),
    Wish(
        LIGHTS,
        refused("other", "better_price", "别家便宜好多。", "抱歉，这是特价商品，已经为您安排打包。"),
        locale="zh",
    ),
    Wish(LIGHTS, refused_by_policy("in_transit", "changed_mind", "Can I still stop it?")),
    Wish(LIGHTS, refused_by_policy("packed", "too_late"), lines=2),
    Wish(
        LIGHTS,
        asked_anyway("approves", "ordered_by_mistake", "I took the wrong size, sorry.", "Caught it just in time."),
    ),
    Wish(LIGHTS, withdrawn("change_payment", "想换一张卡付款，算了，不换了。", "in_transit"), locale="zh"),
    Wish(LIGHTS, overtaken("changed_mind", "", "delivered")),
    Wish(LIGHTS, seller_stops("preparing", "out_of_stock", "The last one was broken on the shelf, sorry.")),
    Wish(
        LIGHTS,
        seller_stops(
            "preparing", "out_of_stock", "Only one line is missing, the rest goes out.", lines={"1": FIRST_LINE}
        ),
        lines=3,
    ),
    Wish(
        LIGHTS,
        seller_stops("review", "price_error", "The price was wrong by a factor of ten.", refund="submitted", after=100),
    ),
    Wish(LIGHTS, two_parcels, lines=3),
    Wish(LIGHTS, lost_in_the_middle, lines=2),
    Wish(KITCHEN, own_window("changed_mind"), lines=2),
    Wish(KITCHEN, own_window("ordered_by_mistake", "不小心多点了一份。"), locale="zh"),
    Wish(KITCHEN, own_window("wrong_variant", "I meant the red one.", refund="failed", after=5 * HOUR), lines=2),
    Wish(KITCHEN, by_rule("unpaid", "better_price")),
    Wish(KITCHEN, refused_by_policy("in_transit", "too_late", "Please send it back.", then="delivered")),
    Wish(
        KITCHEN,
        seller_stops("allocated", "undeliverable_address", "We do not deliver to that postcode."),
        address="no postcode",
    ),
    Wish(KITCHEN, lost_in_the_middle, lines=2),
    Wish(
        CRAFT,
        refused(
            "production_started", "changed_mind", "", "Your text is already engraved.", then="packing", at="allocated"
        ),
        custom=True,
    ),
    Wish(CRAFT, refused_by_policy("preparing", "wrong_variant", "The inscription has a typing error."), custom=True),
    Wish(
        CRAFT,
        waiting("allocated", 21 * HOUR, "changed_mind", "刻字内容我想再想想，先取消吧。"),
        locale="zh",
        custom=True,
    ),
    Wish(CRAFT, waiting("preparing", 8 * HOUR, "duplicate", "One of the two, please.")),
    Wish(CRAFT, waiting("preparing", 75, "wrong_address"), lines=2),
    Wish(
        CRAFT,
        by_seller("preparing", "seller_asked", "You wrote that the ink has run out.", "Thank you, and sorry."),
        lines=2,
    ),
    Wish(CRAFT, seller_stops("allocated", "buyer_asked", "Asked for by telephone.")),
    Wish(GARDEN, waiting("preparing", 23 * HOUR + 20, "too_late", "The garden party is on Sunday."), lines=2),
    Wish(GARDEN, by_rule("on_hold", "change_payment", "", refund="succeeded"), lines=2),
    Wish(GARDEN, by_silence("better_price"), lines=2),
    Wish(GARDEN, refused("packed", "changed_mind", "", "Packed this morning."), lines=2),
    Wish(GARDEN, seller_stops("preparing", "duplicate", "Same order as the day before.", refund="submitted", after=40)),
    Wish(TOYS, waiting("preparing", 11 * HOUR, "too_late", "生日已经过了，不用寄了。"), locale="zh"),
    Wish(TOYS, waiting("preparing", 4 * HOUR, "too_late", "It has been a week.")),
    Wish(TOYS, by_silence("too_late", "No news since last Monday."), lines=2),
    Wish(TOYS, by_seller("preparing", "too_late", "等太久了。", "给您添麻烦了，已同意退款。"), locale="zh"),
    Wish(TOYS, overtaken("too_late", "Please cancel, I bought one in town.", "in_transit")),
    Wish(TOYS, asked_anyway("silence", "too_late", "Please, it is for a birthday that is over.")),
    Wish(BAGS, waiting("allocated", 17 * HOUR, "ordered_by_mistake", "The small one would have done.")),
    Wish(BAGS, refused("already_shipped", "changed_mind", "", "")),
    Wish(BAGS, plain("on_hold")),
    Wish(BAGS, plain("on_hold"), lines=2),
    Wish(BAGS, plain("on_hold"), lines=3),
    Wish(BAGS, by_rule("on_hold", "changed_mind", refund="in_doubt", after=70)),
    Wish(BAGS, by_seller("preparing", "wrong_address", "I mistyped the street.", refund="failed", after=4 * HOUR)),
    Wish(BAGS, withdrawn("better_price", "", "preparing")),
    Wish(BAGS, refused_by_policy("awaiting_collection", "changed_mind", then="in_transit")),
    Wish(BAGS, seller_stops("preparing", "price_error", "The discount was applied twice."), lines=2),
)
REVIEWS = (
    Wish(LIGHTS, manual_review("address_implausible"), address="no number", note=NOTE_CHECK),
    Wish(LIGHTS, manual_review("high_value"), lines=4),
    Wish(LIGHTS, manual_review(cleared=True), address="no postcode"),
    Wish(KITCHEN, manual_review("address_implausible"), address="no postcode"),
    Wish(CRAFT, manual_review("recipient_missing"), locale="zh", note=NOTE_ZH, address="nobody"),
    Wish(GARDEN, manual_review(cleared=True)),
    Wish(TOYS, manual_review("duplicate"), lines=2),
    Wish(BAGS, manual_review("address_implausible"), address="no number"),
)
WISHES = (*AMELIA, *QUEUE, *EVENTS, *REVIEWS)

# How the rest of each shop's orders is spread over the stages.
_USUAL = """
    delivered in_transit preparing completed review packed unpaid in_transit delivered allocated awaiting_collection
    on_hold completed preparing in_transit packing delivered review packed completed in_transit awaiting_collection
    preparing
"""
NOTES = ("", "", "", "", "", "", NOTE_NEIGHBOUR, "", "", "", NOTE_GIFT, "", "")
INSCRIPTIONS = (
    "The Harts",
    "Nan’s corner",
    "Best dad",
    "Oak Cottage",
    "Study",
    "Tea first",
    "小雨的茶杯",
    "Flat 4b",
    "外婆的小店",
)


# --- money -----------------------------------------------------------------------------------------------------------


def priced(basket: Basket, shop: Shop, rng: random.Random) -> tuple[tuple[Line, ...], int]:
    """The lines with their shares of a discount and of tax, and the delivery fee."""
    lines = basket.lines
    discount = round(basket.goods_minor * rng.choice((5, 10, 15)) / 100) if rng.random() < 0.24 else 0
    shares = split_minor(discount, [line.quantity * line.unit_minor for line in lines])
    lines = tuple(
        msgspec.structs.replace(line, discount_minor=share) for line, share in zip(lines, shares, strict=True)
    )
    if shop.prices_without_tax:
        lines = tuple(
            msgspec.structs.replace(line, tax_minor=(line.paid_minor * VAT_BPS + 5000) // 10_000) for line in lines
        )
    shipping = 0 if basket.goods_minor >= 7500 else rng.choice((295, 395, 395, 495))
    return lines, shipping


CARDS = (
    "Visa ··4242",
    "Mastercard ··4444",
    "Visa ··5556",
    "American Express ··8431",
    "UnionPay ··0005",
    "Mastercard ··3222",
)


def paid_with(total: int, wished: str, rng: random.Random) -> tuple[Tender, ...]:
    """One tender or two, which add up to the total."""
    kind = rng.choices(("card", "wallet", "balance", "gift+card", "balance+card", "cash"), (60, 18, 6, 10, 4, 2))[0]
    kind = wished or kind
    card = rng.choice(CARDS)
    first: tuple[str, int, str] | None = None
    if kind == "gift+card":
        first = ("gift_card", min(rng.choice((500, 1000, 2000, 2500)), total), f"··{rng.randrange(1000, 9999)}")
    elif kind == "balance+card":
        first = ("balance", min(rng.randrange(120, 780), total), "")
    elif kind != "card":
        first = {"wallet": ("wallet", total, "PayPal"), "balance": ("balance", total, "")}.get(
            kind, ("cash_on_delivery", total, "")
        )
    parts = [first] if first else []
    left = total - (first[1] if first else 0)
    if left:
        parts.append(("card", left, card))
    return tuple(
        Tender(id=str(place), method=method, amount_minor=amount, label=label)  # pyright: ignore[reportArgumentType]
        for place, (method, amount, label) in enumerate(parts, 1)
    )


def inscribed(lines: tuple[Line, ...], rng: random.Random) -> tuple[Line, ...]:
    """The first line gets a personal inscription, and so is custom made."""
    text = rng.choice(INSCRIPTIONS)
    first = lines[0]
    options = {**first.options, "text": text}
    variant = ", ".join(filter(None, (first.variant, f"“{text}”")))
    return (msgspec.structs.replace(first, options=options, variant=variant, custom_made=True), *lines[1:])


# --- putting it together ---------------------------------------------------------------------------------------------


def fitting(wish: Wish, pool: list[Basket]) -> Basket:
    """Take the first basket of the shop with goods enough for the story."""
    for place, basket in enumerate(pool):
        made = not wish.custom or any(
            word in basket.lines[0].title.lower().split() for word in ("sign", "mug", "doormat", "album")
        )
        if len(basket.lines) >= wish.lines and made:
            return pool.pop(place)
    raise LookupError(f"{wish.shop}: no basket left for {wish}")


def misaddressed(address: Address, how: str) -> Address:
    """An address that the automatic check would want a person to look at."""
    if how == "no postcode":
        return msgspec.structs.replace(address, postcode="")
    if how == "nobody":
        return msgspec.structs.replace(address, recipient="")
    street = address.lines[0]
    return msgspec.structs.replace(
        address, lines=(street.split(" ", 1)[1] if street[0].isdigit() else street.rsplit(" ", 1)[0],)
    )


def told(wish: Wish, basket: Basket, buyer: Buyer, rng: random.Random) -> Order:
    shop = next(shop for shop in SHOPS if shop.key == wish.shop)
    lines, shipping = priced(basket, shop, rng)
    if wish.custom:
        lines = inscribed(lines, rng)
    total = sum(line.paid_minor for line in lines) + shipping
    story = Story(rng, slow=shop.ships_slowly)
    wish.tell(story)
    if story.expects.stage == "on_hold" and shop.preset == "base":
        # Only a region with a hold knows the stage; elsewhere a paid order goes to its first review.
        story.expects = msgspec.structs.replace(story.expects, stage="review")
    tenders = paid_with(total, wish.pays, rng)
    # Cash is paid at the door: such an order is never unpaid and its money is not refunded, so only plain ones have it.
    if tenders[0].method == "cash_on_delivery" and (
        story.expects.cancellation or story.expects.stage in ("unpaid", "on_hold", "review")
    ):
        tenders = (Tender(id="1", method="card", amount_minor=total, label="Visa ··4242"),)
    plan = tuple(msgspec.structs.replace(event, lines=units(event.lines, lines)) for event in story.plan())
    if tenders[0].method == "cash_on_delivery":
        plan = at_the_door(plan)
    return Order(
        number="",
        shop=shop.key,
        buyer=buyer.key,
        placed=story.offset,
        currency="USD" if shop.preset == "us" else "GBP",
        lines=lines,
        shipping_minor=shipping,
        tenders=tenders,
        plan=plan,
        expects=story.expects,
        note=wish.note,
        deliver_to=misaddressed(buyer.address, wish.address) if wish.address else None,
    )


def units(asked: dict[str, int], lines: tuple[Line, ...]) -> dict[str, int]:
    """Put the real quantity where a story says "all of this line"."""
    bought = {line.id: line.quantity for line in lines}
    return {line: bought[line] if count == FIRST_LINE else count for line, count in asked.items()}


def at_the_door(plan: tuple[Event, ...]) -> tuple[Event, ...]:
    """The payment comes with the parcel."""
    arrived = next((event.minutes for event in plan if event.what == "delivered"), None)
    rest = [event for event in plan if event.what != "paid"]
    if arrived:
        rest.append(Event(minutes=arrived - 1, what="paid"))
    return tuple(sorted(rest, key=lambda event: -event.minutes))


def assign_buyers(wishes: Sequence[Wish], rng: random.Random) -> Iterator[Buyer]:
    """Who orders what: the wished-for buyer or language, otherwise everybody but the first in turn."""
    others = list(BUYERS[1:])
    rng.shuffle(others)
    readers = {locale: cycle([buyer for buyer in others if buyer.locale == locale]) for locale in ("en", "zh")}
    anybody = cycle(others)
    for wish in wishes:
        if wish.buyer is not None:
            yield BUYERS[wish.buyer]
        else:
            yield next(readers[wish.locale] if wish.locale else anybody)


def make(history: Sequence[PastOrder]) -> Demo:
    """The whole marketplace, the same every time."""
    rng = random.Random(SEED)
    pools = chosen(history, rng)
    wishes = list(WISHES)
    for shop, wanted in ORDERS_OF.items():
        missing = wanted - sum(wish.shop == shop for wish in wishes)
        stages = cycle(_USUAL.split())
        made = cycle((shop == CRAFT, False))
        wishes += [
            Wish(shop, plain(next(stages)), locale="", custom=next(made) and place < 12, note=rng.choice(NOTES))
            for place in range(missing)
        ]
    # The most demanding first, so that a simple story does not take a basket that only another could not do without.
    by_need = sorted(range(len(wishes)), key=lambda place: (not wishes[place].custom, -wishes[place].lines, place))
    goods = {place: fitting(wishes[place], pools[wishes[place].shop]) for place in by_need}
    buyers = assign_buyers(wishes, rng)
    orders = [
        told(wish, goods[place], buyer, rng) for place, (wish, buyer) in enumerate(zip(wishes, buyers, strict=True))
    ]
    orders.sort(key=lambda order: -order.placed)
    for shop in (LIGHTS, KITCHEN):
        # The first buyer has orders that are over, too: the newest of them.
        over = max(n for n, one in enumerate(orders) if one.shop == shop and one.expects.stage == "completed")
        orders[over] = msgspec.structs.replace(orders[over], buyer=BUYERS[0].key)
    numbered = (
        msgspec.structs.replace(order, number=f"RM-{FIRST_NUMBER + place}") for place, order in enumerate(orders)
    )
    return Demo(about=ABOUT, marketplace=MARKETPLACE, shops=SHOPS, buyers=BUYERS, orders=tuple(numbered))


def main(path: Path) -> None:
    history: list[PastOrder] = []
    for entry in recognise(path).read(path):
        if isinstance(entry, BadRow):
            raise SystemExit(str(entry))
        history.append(entry)
    demo = make(history)
    packed = gzip.compress(msgspec.json.encode(demo), 9, mtime=0)
    TARGET.write_bytes(packed)
    print(f"{len(demo.orders)} orders, {len(packed) / 1024:.1f} KiB: {TARGET}")
    print(dict(Counter(order.expects.stage for order in demo.orders)))
    print(dict(Counter((o.expects.cancellation, o.expects.closed_by) for o in demo.orders if o.expects.cancellation)))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(Path(sys.argv[1]))
