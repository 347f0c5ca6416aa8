"""The demo marketplace: its sums are exact, its people do not exist, and its plans end where they say."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest

from rescind.core import cancellation as cancel
from rescind.core import fulfilment, lifecycle, parts, refund, timers
from rescind.core import order as core
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.context import Context
from rescind.core.deadline import Calendar
from rescind.core.event import Note
from rescind.core.ids import OrderId, make_id, shop_id
from rescind.core.refund import ProviderOutcome
from rescind.core.stage import Stage
from rescind.core.terms import Terms
from rescind.demo.catalogue import Demo, Event, Order, load
from rescind.policies import preset

OPENED = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)  # a Wednesday
WEEKEND = datetime(2026, 3, 22, 23, 30, tzinfo=UTC)
SHOP_ID = shop_id(7)


@pytest.fixture(scope="module")
def demo() -> Demo:
    return load()


# --- money -----------------------------------------------------------------------------------------------------------


def test_lines_and_delivery_are_what_the_tenders_pay(demo):
    for order in demo.orders:
        assert sum(tender.amount_minor for tender in order.tenders) == order.total_minor, order.number
        assert all(tender.amount_minor > 0 for tender in order.tenders), order.number
        assert order.shipping_minor >= 0


def test_discounts_are_shared_by_value_and_no_line_pays_more_than_it_costs(demo):
    with_discount = [order for order in demo.orders if any(line.discount_minor for line in order.lines)]
    assert len(with_discount) > 40
    for order in with_discount:
        goods = [line.quantity * line.unit_minor for line in order.lines]
        whole = sum(line.discount_minor for line in order.lines)
        assert whole in {round(sum(goods) * percent / 100) for percent in (5, 10, 15)}, order.number
        for line, value in zip(order.lines, goods, strict=True):
            assert abs(line.discount_minor * sum(goods) - whole * value) < sum(goods), order.number


def test_tax_is_on_top_only_where_prices_come_without_it(demo):
    without = {shop.key for shop in demo.shops if shop.prices_without_tax}
    assert without
    for order in demo.orders:
        for line in order.lines:
            net = line.quantity * line.unit_minor - line.discount_minor
            assert (line.tax_minor > 0) == (order.shop in without), order.number
            assert abs(line.tax_minor * 5 - net) <= 5 or not line.tax_minor


def test_orders_are_of_a_size_people_buy(demo):
    for order in demo.orders:
        goods = sum(line.quantity * line.unit_minor for line in order.lines)
        assert 1 <= len(order.lines) <= 6
        assert 800 <= goods <= 30_000, order.number
        assert all(1 <= line.quantity <= 12 for line in order.lines)
        assert [line.id for line in order.lines] == [str(place) for place in range(1, len(order.lines) + 1)]


# --- people and words ------------------------------------------------------------------------------------------------

FICTION = re.compile(
    r"\+44 7700 900\d{3}|\+44 1632 960 \d{3}|\+44 1(?:31|61|17) 496 0\d{3}|\+44 29 2018 0\d{3}"
    r"|\+1 \d{3} 555 01\d{2}|\+33 6 39 98 \d{2} \d{2}|\+49 171 39200\d{2}|\+46 70 174 06 \d{2}|\+61 491 570 15[6-9]"
)
NOWHERE = re.compile(r"ZZ\d \dZZ|0000\d|000 0\d|000\d|")


def test_nobody_in_it_exists(demo):
    for person in (*demo.buyers, *demo.shops):
        assert FICTION.fullmatch(person.phone), person
        assert re.fullmatch(r"[a-z.]+@example\.(?:com|org)", person.email), person
    addresses = [buyer.address for buyer in demo.buyers] + [o.deliver_to for o in demo.orders if o.deliver_to]
    for address in addresses:
        assert NOWHERE.fullmatch(address.postcode), address
        assert FICTION.fullmatch(address.phone), address
    assert (
        len({buyer.email for buyer in demo.buyers}) == len({buyer.phone for buyer in demo.buyers}) == len(demo.buyers)
    )


def test_the_source_is_credited_in_the_file(demo):
    assert "10.24432/C5CG6D" in demo.about.source
    assert demo.about.licence.startswith("CC BY 4.0")
    assert demo.about.changes


def test_titles_are_written_as_a_shop_would(demo):
    for order in demo.orders:
        for line in order.lines:
            assert not line.title.isupper(), line.title
            assert re.fullmatch(r"[A-Z0-9][A-Za-z0-9 '\-]+", line.title), line.title
            assert line.variant == "" or line.options, line.title


def test_both_languages_are_spoken(demo):
    said = [event.comment for order in demo.orders for event in order.plan if event.comment]
    said += [order.note for order in demo.orders if order.note]
    chinese = [comment for comment in said if re.search(r"[\u4e00-\u9fff]", comment)]
    assert len(chinese) >= 8
    assert len(said) - len(chinese) >= 25
    assert not [comment for comment in chinese if re.search(r"[\u4e00-\u9fff][,.!?;:]", comment)]


# --- what there is to see --------------------------------------------------------------------------------------------


def test_every_stage_and_every_way_a_request_can_end_is_there(demo):
    stages = Counter(order.expects.stage for order in demo.orders)
    assert set(stages) == {stage.value for stage in Stage}
    ends = Counter((order.expects.cancellation, order.expects.closed_by) for order in demo.orders)
    assert {
        ("awaiting_seller", ""),
        ("approved", "rule"),
        ("approved", "seller"),
        ("approved", "silence"),
        ("refused", "seller"),
        ("refused", "rule"),
        ("refused", "silence"),
        ("withdrawn", "buyer"),
        ("overtaken", "shipment"),
    } < set(ends)
    assert {"succeeded", "submitted", "failed", "in_doubt"} < {order.expects.refund for order in demo.orders}
    assert sum(order.expects.manual_review for order in demo.orders) >= 5


def test_the_first_buyer_and_the_first_shop_have_plenty_to_show(demo):
    mine = [order for order in demo.orders if order.buyer == demo.buyers[0].key]
    assert len(mine) >= 14
    assert len({order.expects.stage for order in mine}) >= 9
    assert len({order.expects.cancellation for order in mine}) >= 5
    assert any(order.expects.refund and len(order.tenders) > 1 for order in mine)
    theirs = [order for order in demo.orders if order.shop == demo.shops[0].key]
    assert len(theirs) == 90
    queue = [order for order in theirs if order.expects.cancellation == "awaiting_seller"]
    left = sorted(24 * 60 - order.plan[-1].minutes for order in queue)
    assert 8 <= len(queue) <= 10
    assert 0 < left[0] <= 10
    assert left[-1] >= 21 * 60


def test_special_shops_are_special(demo):
    shops = {shop.key: shop for shop in demo.shops}
    custom = {order.shop for order in demo.orders if any(line.custom_made for line in order.lines)}
    assert custom == {key for key, shop in shops.items() if shop.makes_to_order}
    assert [shop.own_window_hours for shop in demo.shops].count(24) == 1
    assert [shop.ships_slowly for shop in demo.shops].count(True) == 1
    assert all("text" in line.options for o in demo.orders for line in o.lines if line.custom_made)


# --- plans -----------------------------------------------------------------------------------------------------------


def test_no_event_is_in_the_future_out_of_order_or_before_its_order(demo):
    for order in demo.orders:
        minutes = [event.minutes for event in order.plan]
        assert all(earlier > later for earlier, later in pairwise([order.placed, *minutes])), order.number
        assert not minutes or minutes[-1] >= 0, order.number


def test_numbers_follow_the_order_of_placing(demo):
    assert [order.number for order in demo.orders] == [f"RM-{20117 + place}" for place in range(len(demo.orders))]
    assert all(earlier.placed >= later.placed for earlier, later in pairwise(demo.orders))


def test_everything_named_is_there(demo):
    shops, buyers = {shop.key for shop in demo.shops}, {buyer.key for buyer in demo.buyers}
    for order in demo.orders:
        assert order.shop in shops
        assert order.buyer in buyers
        bought = {line.id: line.quantity for line in order.lines}
        for event in order.plan:
            assert all(0 < count <= bought[line] for line, count in event.lines.items()), order.number


BUYER = Actor(kind=ActorKind.BUYER, id="buyer")
SELLER = Actor(kind=ActorKind.SELLER, id="seller")
HOST = Actor(kind=ActorKind.HOST, id="host")
OUTCOMES = {
    "refund.submitted": ProviderOutcome.SUBMITTED,
    "refund.succeeded": ProviderOutcome.SUCCEEDED,
    "refund.failed": ProviderOutcome.DECLINED,
    "refund.in_doubt": ProviderOutcome.IN_DOUBT,
}


class Player:
    """Plays one order's plan through the core, as the demo does through the engine."""

    def __init__(self, demo: Demo, planned: Order, opened: datetime) -> None:
        shop = next(shop for shop in demo.shops if shop.key == planned.shop)
        policy = preset(shop.preset)
        placed_at = opened - timedelta(minutes=planned.placed)
        settings = {"window": f"{shop.own_window_hours}h"} if shop.own_window_hours else {}
        self.opened = opened
        self.planned = planned
        self.terms = Terms(preset=policy.at(placed_at, settings))
        self.calendar = Calendar(zone=policy.zone)
        self.context = Context(calendar=self.calendar, entropy=1)
        self.id = OrderId(make_id("ord", SHOP_ID, placed_at, 1))
        self.order: core.Order | None = None
        pins = parts.Pins(preset=shop.preset, preset_hash=policy.hash)
        place = fulfilment.PlaceOrder(
            order=self.id,
            shop=SHOP_ID,
            buyer=BUYER.id,
            number=planned.number,
            currency=planned.currency,
            placed_at=placed_at,
            pins=pins,
            lines=tuple(
                parts.Line(
                    id=line.id,
                    sku=line.sku,
                    quantity=line.quantity,
                    unit_minor=line.unit_minor,
                    discount_minor=line.discount_minor,
                    tax_minor=line.tax_minor,
                    custom_made=line.custom_made,
                )
                for line in planned.lines
            ),
            tenders=tuple(
                parts.Tender(id=tender.id, method=tender.method, label=tender.label, amount_minor=tender.amount_minor)
                for tender in planned.tenders
            ),
            shipping_minor=planned.shipping_minor,
        )
        self.do(place, HOST, placed_at)

    def do(self, command: lifecycle.Command, actor: Actor, now: datetime) -> None:
        decision = lifecycle.decide(self.order, command, actor, self.context, self.terms, now)
        assert decision.events, f"{self.planned.number}: {command} changed nothing"
        for event in decision.events:
            self.order = lifecycle.apply(self.order, event)
        self.context = msgspec.structs.replace(self.context, entropy=self.context.entropy + 8)

    def play(self) -> core.Order:
        for event in self.planned.plan:
            self.step(event, self.opened - timedelta(minutes=event.minutes))
        assert self.order is not None
        return self.order

    def step(self, event: Event, now: datetime) -> None:
        assert self.order is not None
        note = Note(id="note", body=event.comment, salt="salt") if event.comment else None
        waiting = self.order.open_cancellation
        match event.what:
            case "buyer.requests":
                asked = cancel.RequestCancellation(
                    order=self.id, reason=event.reason, lines=event.lines or None, anyway=event.anyway, comment=note
                )
                self.do(asked, BUYER, now)
            case "seller.approves":
                self.do(cancel.ApproveCancellation(order=self.id, cancellation=waiting.id, comment=note), SELLER, now)
            case "seller.refuses":
                answer = cancel.RefuseCancellation(
                    order=self.id,
                    cancellation=waiting.id,
                    reason=event.reason,
                    carrier=event.carrier,
                    tracking=event.tracking,
                    comment=note,
                )
                self.do(answer, SELLER, now)
            case "buyer.withdraws":
                self.do(cancel.WithdrawCancellation(order=self.id, cancellation=waiting.id), BUYER, now)
            case "seller.cancels":
                stop = cancel.CancelBySeller(
                    order=self.id, reason=event.reason, lines=event.lines or None, comment=note
                )
                self.do(stop, SELLER, now)
            case "clock.lapses":
                self.do(cancel.LapseDeadline(order=self.id, cancellation=waiting.id), SYSTEM, now)
            case _ if event.what in OUTCOMES:
                assert self.order.refunds, self.planned.number
                for owed in self.order.refunds:
                    if not event.tender or event.tender == owed.tender:
                        reply = refund.RecordRefundReply(order=self.id, refund=owed.id, outcome=OUTCOMES[event.what])
                        self.do(reply, SYSTEM, now)
            case _:
                fact = fulfilment.ReportFact(
                    order=self.id,
                    fact=parts.FactKind(event.what),
                    occurred_at=now,
                    parcel=event.parcel,
                    lines=event.lines,
                    carrier=event.carrier,
                    tracking=event.tracking,
                )
                self.do(fact, HOST, now)


@pytest.mark.parametrize("opened", [OPENED, WEEKEND], ids=["midweek", "weekend"])
def test_every_plan_ends_in_the_state_it_says(demo, opened):
    for planned in demo.orders:
        order = Player(demo, planned, opened).play()
        expects = planned.expects
        last = order.cancellations[-1] if order.cancellations else None
        assert core.stage(order, opened) == expects.stage, planned.number
        assert (last.status.value if last else "") == expects.cancellation, planned.number
        assert ((last.closed_by or "") if last else "") == expects.closed_by, planned.number
        assert {r.status.value for r in order.refunds} == ({expects.refund} if expects.refund else set()), (
            planned.number
        )
        in_review = core.in_manual_review(order) and expects.stage != "cancelled"
        assert in_review == expects.manual_review, planned.number
        # What is shown stays as it is shown: the clock has nothing to end when the demo opens.
        over = [one.name for one in timers.waiting(order) if one.then == "cancel" and one.due_at <= opened]
        assert over == [], planned.number
        if last is not None and last.status.waiting:
            assert last.due_at is not None
            assert last.due_at > opened, planned.number
