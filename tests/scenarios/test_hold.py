"""The hold: whoever labels or ships in it ends no right of the buyer's, and somebody looks into it."""

from __future__ import annotations

import pytest

from rescind.core.intercept import ResolveContradiction
from rescind.core.money import Money
from rescind.core.stage import Stage
from rescind.core.verdict import Verdict
from rescind.policies import preset, presets
from scenarios.shop import Shop, item

HARD = [name for name in presets() if "hold" in preset(name).at(Shop().now).deadlines]


def paid(policy, **more):
    price = Money(4000, preset(policy).currency or "USD")
    return Shop(policy).order(paid=price, **more)


def test_there_are_markets_with_a_hold():
    assert HARD == ["br", "eu", "uk", "us"]


@pytest.mark.parametrize("policy", HARD)
@pytest.mark.parametrize("by", ["host", "carrier"])
def test_a_label_in_the_hold_ends_no_right_and_is_somebodys_case(policy, by):
    shop = paid(policy).at("Mon 08:20")
    getattr(shop, by).reports("tracking_added", tracking="JD1")
    assert (shop.stage, shop.contradictions) == (Stage.AWAITING_COLLECTION, ["shipped_in_hold"])
    shop.at("Mon 08:59:59").buyer.requests_cancellation("better_price")
    assert (shop.rule, shop.cancellation.status, shop.refunded) == ("HOLD-1", "approved", shop.state.paid)


@pytest.mark.parametrize("policy", HARD)
def test_the_label_counts_once_the_hold_is_over(policy):  # E-02
    shop = paid(policy).at("Mon 08:20")
    shop.host.reports("tracking_added", tracking="JD1")
    shop.at("Mon 09:00").buyer.requests_cancellation("better_price")
    assert (shop.rule, shop.cancellation.status) == ("READY-1", "refused")


@pytest.mark.parametrize("policy", HARD)
def test_what_left_in_the_hold_is_looked_at_by_the_platform_and_silence_pays_nobody(policy):
    shop = paid(policy).at("Mon 08:20")
    shop.host.reports("handed_over", tracking="JD1")
    assert shop.contradictions == ["shipped_in_hold"], "label and scan are one case"
    shop.at("Mon 08:59:59").buyer.requests_cancellation("better_price")
    asked = shop.cancellation
    assert (shop.rule, asked.status, asked.verdict) == ("HOLD-2", "in_review", Verdict.REVIEW.value)
    shop.at(asked.due_at)
    assert (shop.cancellation.status, shop.cancellation.instead) == ("refused", "return_or_refund")
    assert not shop.refunded.minor


def test_support_may_stop_what_left_in_the_hold():
    shop = paid("us").at("Mon 08:20")
    shop.host.reports("handed_over", tracking="JD1")
    shop.at("Mon 08:30").buyer.requests_cancellation("better_price")
    shop.agent.approves()
    assert (shop.stage, shop.refunded) == (Stage.CANCELLED, shop.state.paid)


def test_of_an_order_of_which_a_part_left_in_the_hold_the_rest_can_be_stopped():
    price = Money(1000, "USD")
    shop = paid("us", lines=[item("mug", price, 4)]).at("Mon 08:20")
    shop.host.reports("handed_over", parcel="p1", lines={"mug": 1})
    shop.at("Mon 08:30").buyer.requests_cancellation("better_price")
    assert (shop.rule, shop.refunded) == ("HOLD-1", Money(3000, "USD"))


def test_one_breach_is_one_case_whatever_is_told_of_it():
    shop = paid("us").at("Mon 08:20")
    for fact in ("tracking_added", "handed_over", "delivered"):
        shop.host.reports(fact, tracking="JD1")
    assert shop.contradictions == ["shipped_in_hold"]


def test_a_payment_that_is_told_after_the_label_shows_the_breach_as_well():
    shop = Shop("us").order(total=Money(4000, "USD")).at("Mon 08:20")
    shop.host.reports("tracking_added", tracking="JD1")
    assert shop.contradictions == []
    shop.at("Mon 08:25").host.reports("paid", occurred="Mon 08:10")
    assert shop.contradictions == ["shipped_in_hold"]


@pytest.mark.parametrize("policy", HARD)
def test_a_label_at_the_end_of_the_hold_is_no_breach(policy):
    shop = paid(policy).at("Mon 09:00")
    shop.host.reports("tracking_added", tracking="JD1")
    assert shop.contradictions == []


@pytest.mark.parametrize("policy", [name for name in presets() if name not in HARD])
def test_where_there_is_no_hold_shipping_early_is_no_breach(policy):
    shop = paid(policy).at("Mon 08:20")
    shop.host.reports("handed_over", tracking="JD1")
    assert shop.contradictions == []


def test_the_case_is_closed_by_whoever_saw_to_it():
    shop = paid("us").at("Mon 08:20")
    shop.host.reports("tracking_added", tracking="JD1")
    noted = shop.state.open_contradictions[0]
    shop.seller.says(ResolveContradiction, contradiction=noted.id, outcome="goes_on")
    assert shop.contradictions == []


# --- goods that left and were not paid for ----------------------------------------------------------------------------


@pytest.mark.parametrize("policy", presets())
@pytest.mark.parametrize("fact", ["handed_over", "delivered", "completed"])
def test_goods_that_left_unpaid_are_somebodys_case_when_the_time_to_pay_is_over(policy, fact):
    shop = Shop(policy).order(total=Money(4000, preset(policy).currency or "USD")).at("Mon 10:00")
    shop.host.reports("handed_over", tracking="JD1")
    if fact != "handed_over":
        shop.host.reports(fact)
    limit = next(one for one in shop.state.timers if one.name == "unpaid")
    assert shop.contradictions == [], "the word of the payment may still come"
    shop.at(limit.due_at)
    assert shop.contradictions == ["shipped_unpaid"]
    assert shop.stage is not Stage.CANCELLED
    shop.at("2026-05-10 08:00")
    assert shop.contradictions == ["shipped_unpaid"], "once"


def test_who_pays_in_time_is_nobodys_case():
    shop = Shop("us").order(total=Money(4000, "USD")).at("Mon 10:00")
    shop.host.reports("handed_over", tracking="JD1")
    shop.at("Tue 10:00").host.reports("paid")
    shop.at("2026-05-10 08:00")
    assert shop.contradictions == []


def test_who_pays_at_the_door_is_nobodys_case():
    shop = Shop("id").order(total=Money(4000, "IDR"), tenders={"cash_on_delivery": 4000}).at("Mon 10:00")
    shop.host.reports("handed_over", tracking="JD1")
    shop.at("Fri 08:00")
    assert shop.contradictions == []


def test_of_an_unpaid_order_of_which_a_part_left_the_rest_is_cancelled_and_the_part_is_a_case():
    price = Money(1000, "EUR")
    shop = Shop("base").order(total=Money(4000, "EUR"), lines=[item("mug", price, 4)]).at("Mon 10:00")
    shop.host.reports("handed_over", parcel="p1", lines={"mug": 1})
    shop.at("2026-05-10 08:00")
    assert shop.contradictions == ["shipped_unpaid"]
    assert (shop.stage, shop.cancellation.reason, shop.cancellation.lines) == (
        Stage.IN_TRANSIT,
        "unpaid_timeout",
        {"mug": 3},
    )
