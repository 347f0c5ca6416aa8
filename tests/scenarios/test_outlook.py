"""What an order is told of its future: nothing better than what it gets, whenever it gets there."""

from __future__ import annotations

import os
from datetime import timedelta

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import settings as tries
from hypothesis import strategies as st

from rescind.core.money import Money
from rescind.core.outlook import Outlook
from rescind.core.parts import FactKind
from rescind.core.policy.resolved import badness
from rescind.core.stage import Stage, rank
from rescind.core.standing import StandingRule, allowed, policy_of
from rescind.policies import preset, presets
from scenarios.shop import STEPS, Shop, item, usd

FULL = os.environ.get("PROOF") == "full"
HOUR = timedelta(hours=1)
WAITS = (timedelta(0), timedelta(minutes=3), HOUR, 5 * HOUR, 23 * HOUR, timedelta(days=2), timedelta(days=9))


def baht(text):
    return Money.parse(text, "THB")


class Told(Shop):
    """A shop that may agree to some requests in advance."""

    standing = None

    @property
    def terms(self):
        return msgspec.structs.replace(super().terms, standing=self.standing)

    def outlook(self) -> Outlook:
        return Outlook(self.state, self.terms, self.context)

    def rows(self):
        return self.outlook().ahead(self.now)

    def told(self):
        """Each row as a stage or "now" or a time, and the verdict that is sure with the rule that says so."""
        return [
            ("now" if row.now else row.at or row.stage.value, row.said.kind[0], row.said.worst.id)
            for row in self.rows()
        ]

    def agrees(self, *rules):
        self.standing = policy_of(rules, self.policy.at(self.now, self.settings), self.policy.zone)


def promised(rows, at_stage, now):
    """What the table says of this stage at this time."""
    by_stage = [row for row in rows if not row.now and row.at is None and rank(row.stage) <= rank(at_stage)]
    by_clock = [row for row in rows if row.now or (row.at and row.at <= now)]
    return (by_stage or by_clock)[-1].said


def test_a_parcel_that_waits_for_its_carrier_has_a_row_of_its_own():
    shop = Told("us")
    shop.order(paid=usd("40.00"), stage=Stage.PREPARING).at("Mon 10:00")
    assert shop.told() == [("now", "ask_seller", "ASK-1"), ("awaiting_collection", "refuse", "READY-1")]


def test_an_order_nobody_paid_is_told_every_stage_at_which_the_answer_changes():
    shop = Told()
    shop.order(total=usd("40.00"))
    assert shop.told() == [
        ("now", "approve", "UNPAID-1"),
        ("allocated", "ask_seller", "ASK-1"),
        ("packing", "refuse", "PACKED-1"),
        ("in_transit", "refuse", "SHIPPED-1"),
    ]


def test_a_window_that_may_be_over_by_the_payment_is_not_promised_to_later_stages():
    shop = Told(window="24h")
    shop.order(total=usd("40.00"))
    assert ("packing", "refuse", "PACKED-1") in shop.told()
    assert ("allocated", "ask_seller", "ASK-1") in shop.told()


def test_a_hold_that_comes_with_the_payment_does_not_approve_what_is_packed_later():
    shop = Told("us")
    shop.order(total=usd("40.00"))
    assert shop.told() == [
        ("now", "approve", "UNPAID-1"),
        ("review", "ask_seller", "ASK-1"),
        ("awaiting_collection", "refuse", "READY-1"),
    ]


def test_a_hold_that_began_after_the_order_covers_what_is_got_ready_meanwhile():
    shop = Told("us")
    shop.order(total=usd("40.00")).at("Mon 08:10").host.reports("paid")
    assert shop.told() == [
        ("now", "approve", "HOLD-1"),
        (shop.time("Mon 09:10"), "ask_seller", "ASK-1"),
        ("awaiting_collection", "refuse", "READY-1"),
    ]


def test_a_no_is_told_once_where_other_words_for_it_help_nobody():
    shop = Told("us")
    shop.order(paid=usd("40.00"), lines=[item("mug", usd("20.00"), 2)], stage=Stage.PREPARING).at("Mon 10:00")
    assert shop.told() == [("now", "ask_seller", "ASK-1"), ("awaiting_collection", "refuse", "READY-1")]


def test_every_worsening_by_the_clock_has_its_time():
    shop = Told("us", auto_approve="3h", request_window="24h")
    shop.order(paid=usd("40.00"))
    now, first, second, *_ = shop.told()
    assert now == ("now", "approve", "HOLD-1")
    assert first == (shop.now + 4 * HOUR, "ask_seller", "ASK-1")
    assert second == (shop.now + 24 * HOUR, "refuse", "WINDOW-1")


def test_where_reasons_differ_the_worst_is_sure_and_the_best_is_told_beside_it():
    shop = Told("us")
    shop.order(paid=usd("40.00"), stage=Stage.PREPARING).at("Mon 10:00")
    shop.agrees(StandingRule(name="Two hours", reasons=("changed_mind",), wait="2h"))
    said = shop.outlook().said(shop.now)
    assert (said.worst.id, said.worst.deadline.said) == ("ASK-1", "24h")
    assert (said.best.id, said.best.deadline.said) == ("SHOP-1", "2h")
    answer = shop.outlook().ask(shop.now)
    assert answer.finding.rule == "ASK-1", "no deadline is told that holds for one reason only"
    assert shop.outlook().ask(shop.now, reason="changed_mind").finding.rule == "SHOP-1"


def test_what_a_shop_agrees_to_for_small_amounts_is_promised_to_small_orders_alone():
    for price, said in ((usd("40.00"), "SHOP-1"), (usd("60.00"), "ASK-1")):
        shop = Told("us")
        shop.order(paid=price, stage=Stage.PREPARING).at("Mon 10:00")
        shop.agrees(StandingRule(name="Small", most_minor=5000, currency="USD"))
        assert [rule for _, _, rule in shop.told()] == [said, "READY-1"]


def test_what_a_bank_has_promised_counts_as_much_as_what_was_taken():
    shop = Told("us")
    shop.agrees(StandingRule(name="Small", most_minor=5000, currency="USD"))
    shop.order(total=usd("60.00"))
    shop.host.reports("authorised")
    shop.at("Mon 10:00")
    assert shop.told()[0] == ("now", "ask_seller", "ASK-1")
    shop.buyer.requests_cancellation()
    assert shop.rule == "ASK-1"


@pytest.mark.parametrize(("tender", "stage"), [("card", "review"), ("cash_on_delivery", "allocated")])
def test_an_order_to_be_paid_is_told_what_holds_for_its_whole_amount(tender, stage):
    shop = Told("th")
    shop.order(total=baht("80.00"), tenders={tender: 8000})
    shop.agrees(StandingRule(name="Small", most_minor=4000, currency="THB"))
    assert (stage, "ask_seller", "ASK-1") in shop.told()


def test_what_a_shop_agrees_to_until_a_day_is_not_promised_beyond_it():
    shop = Told("us")
    shop.order(paid=usd("40.00")).at("Mon 10:00")
    shop.agrees(StandingRule(name="This week", last_day=shop.time("Tue 08:00").date()))
    assert shop.told() == [
        ("now", "approve", "SHOP-1"),
        (shop.time("Wed 00:00"), "ask_seller", "ASK-1"),
        ("awaiting_collection", "refuse", "READY-1"),
    ]


def test_what_the_rest_of_a_split_order_gets_has_a_row_where_there_can_be_a_rest():
    shop = Told()
    shop.order(paid=usd("40.00"), stage=Stage.PACKED)
    assert "partially_shipping" not in [row.stage for row in shop.rows()]
    shop = Told()
    shop.order(paid=usd("40.00"), lines=[item("mug", usd("20.00"), 2)], stage=Stage.PACKED)
    assert [one[:2] for one in shop.told()] == [
        ("now", "refuse"),
        ("partially_shipping", "ask_seller"),
        ("in_transit", "refuse"),
    ]


_CHOICES = {
    "window": ("24h",),
    "request_window": ("5h", "24h"),
    "auto_approve": ("3h",),
    "auto_approve_until_ready": (True,),
    "closes_at_packing": (True,),
}


@st.composite
def orders(draw, name):
    """A shop of this preset with some settings and consents, and an order of it that has come to some stage."""
    tunable = {one.name: one for one in preset(name).tunable}
    chosen = {key: draw(st.sampled_from([None, *values])) for key, values in _CHOICES.items() if key in tunable}
    offered = {key: value for key, value in chosen.items() if value is not None and tunable[key].allows(value)}
    shop = Told(name, **offered)
    price = msgspec.structs.replace(usd("40.00"), currency=preset(name).currency or "USD")
    count = draw(st.integers(1, 2))
    shop.order(
        total=price,
        lines=[item("mug", price, count, custom_made=draw(st.booleans()))],
        country=draw(st.sampled_from(("", "DE", "GB"))),
        tenders={draw(st.sampled_from(("card", "card", "cash_on_delivery"))): price.minor * count},
        shipping_by=draw(st.sampled_from(("seller", "seller", "platform"))),
    )
    if allowed(shop.policy.at(shop.now)) and draw(st.booleans()):
        shop.agrees(
            StandingRule(
                name="Some",
                reasons=draw(st.sampled_from(((), ("changed_mind",)))),
                last_day=draw(st.sampled_from((None, shop.time("Tue 08:00").date()))),
                wait=draw(st.sampled_from(("0h", "2h"))),
                most_minor=draw(st.sampled_from((None, 4000, 3999))),
                currency=price.currency,
            )
        )
    return goes_on(draw, shop, draw(st.sampled_from((Stage.UNPAID, *(one for one, _ in STEPS[:6])))))


def goes_on(draw, shop, to):
    """Report what brings the order to a stage, each after a while, though not always every step of it."""
    for reached, fact in STEPS:
        if rank(shop.stage) < rank(reached) <= rank(to) and not shop.state.progress.cancelled_at:
            shop.at(shop.now + draw(st.sampled_from(WAITS)))
            needed = fact is FactKind.PAID or reached is to
            if not shop.state.progress.cancelled_at and (needed or draw(st.booleans())):
                cash = fact is FactKind.PAID and shop.state.cash_on_delivery
                if not cash:
                    shop.host.reports(fact, tracking="JD1" if fact is FactKind.TRACKING_ADDED else "")
    assume(not shop.state.progress.cancelled_at)
    return shop


@pytest.mark.parametrize("name", presets())
@given(data=st.data())
@tries(max_examples=400 if FULL else 20)
def test_whoever_comes_to_a_stage_gets_no_less_than_was_promised_of_it(name, data):
    shop = data.draw(orders(name))
    here, rows = shop.stage, shop.rows()
    assume(rows)
    later = [one for one in Stage if rank(here) <= rank(one) <= rank(Stage.DELIVERED)]
    goes_on(data.draw, shop, data.draw(st.sampled_from(later)))
    shop.at(shop.now + data.draw(st.sampled_from(WAITS)))
    assume(not shop.state.progress.cancelled_at)
    there, outlook = shop.stage, shop.outlook()
    sure = promised(rows, there, shop.now)
    for reason in outlook.reasons(shop.now):
        given_ = shop.outlook().ask(shop.now, reason=reason.code)
        layer = next(
            one for one in shop.terms.layers_for(given_.ground.facts, shop.now) if one.name == given_.finding.policy
        )
        rule = next(one for one in layer.rules_on("request") if one.id == given_.finding.rule)
        assert badness(rule) <= badness(sure.worst), (there, reason.code, given_.finding.rule, sure.worst.id)
