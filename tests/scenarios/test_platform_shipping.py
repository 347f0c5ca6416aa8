"""Orders that the platform ships: the seller is not asked, does nothing, and is told why."""

import itertools
from datetime import UTC, datetime

import pytest

from rescind.core.errors import InvalidTransition
from rescind.core.packing import Answer, LeaseShipping, ShipOrder, Why, look
from rescind.core.parcels import ArrangeParcels
from rescind.core.policy import judge_fast
from rescind.core.policy.example import plain_facts
from rescind.core.stage import Stage
from rescind.core.verdict import Verdict
from rescind.policies import preset, presets
from scenarios.shop import Shop, eur

NOW = datetime(2026, 5, 6, 17, 0, tzinfo=UTC)
FLAGS = ("asked_anyway", "partial", "production_started", "past_dispatch_sla", "in_manual_review", "cross_border")


@pytest.mark.parametrize("name", presets())
def test_under_no_preset_is_the_seller_asked_about_what_the_platform_fulfils(name):
    policy = preset(name).at(NOW)
    by = ("fulfilled_by_platform", *(("platform",) if name in {"base", "us"} else ()))
    for stage, shipping_by, made in itertools.product(Stage, by, (False, True)):
        for flags in itertools.product((False, True), repeat=len(FLAGS)):
            said = plain_facts(policy) | {"stage": stage.value, "shipping_by": shipping_by, "paid": True}
            said |= {"since_placed": 90_000, "since_paid": 90_000, "lines": [{"custom_made": made, "special": False}]}
            found = judge_fast([policy], "request", said | dict(zip(FLAGS, flags, strict=True)))
            assert found[1].verdict is not Verdict.ASK_SELLER, (stage, shipping_by, flags, found[1].id)


@pytest.mark.parametrize("name", presets())
def test_under_every_preset_the_platforms_orders_are_cancelled_at_once_before_work_on_them_began(name):
    shop = Shop(name).order(paid=eur("40.00"), shipping_by="fulfilled_by_platform", stage=Stage.PREPARING)
    assert shop.at("Tue 12:00").buyer.requests_cancellation("ordered_by_mistake").status == "approved"


@pytest.mark.parametrize("name", presets())
def test_a_seller_does_nothing_with_an_order_that_the_platform_fulfils(name):
    shop = Shop(name).order(paid=eur("40.00"), shipping_by="fulfilled_by_platform").at("Mon 12:00")
    acts = (
        *(lambda fact=fact: shop.seller.reports(fact) for fact in ("allocated", "preparation_started", "packed")),
        lambda: shop.seller.reports("tracking_added", tracking="JD1"),
        lambda: shop.seller.reports("handed_over", tracking="JD1"),
        lambda: shop.seller.says(LeaseShipping),
        lambda: shop.seller.says(ShipOrder, tracking="JD1"),
        lambda: shop.seller.says(ArrangeParcels, parcels={"p1": {"mug": 1}}),
    )
    for act in acts:
        with pytest.raises(InvalidTransition) as refused:
            act()
        assert refused.value.params["rule"] == "SHIP-8"
        assert refused.value.params["allowed_actions"] == ("platform_ships",)
    told = look(shop.state, shop.terms, shop.calendar, shop.now, who="sam", words=False)
    assert (told.answer, told.why, told.step) == (Answer.HOLD, Why.PLATFORM_SHIPS, None)
    # The platform's own facts come from the host.
    shop.host.reports("packed")
    shop.host.reports("handed_over", tracking="JD1")
    assert shop.stage is Stage.IN_TRANSIT


def test_what_the_seller_hands_to_the_platforms_carrier_the_seller_packs_outside_the_united_states():
    shop = Shop("th").order(paid=eur("40.00"), shipping_by="platform").at("Mon 12:00")
    shop.seller.reports("packed")
    shop.seller.reports("handed_over", tracking="JD1")
    assert shop.stage is Stage.IN_TRANSIT


def test_once_it_is_packed_the_platform_answers(shop):
    shop.order(paid=eur("40.00"), shipping_by="platform", stage=Stage.PACKED)
    assert shop.buyer.requests_cancellation().status == "refused"
    asked = shop.buyer.requests_cancellation(anyway=True)
    assert (asked.status, shop.rule) == ("in_review", "PLATFORM-2")
