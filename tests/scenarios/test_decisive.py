"""Why an answer was given, said by the condition that made the difference, and not by what holds for every order."""

import pytest

from rescind.core.stage import Stage
from rescind.locales import locale
from rescind.web.explain import rule_card
from rescind.web.explain.ground import ground_of
from scenarios.shop import eur


def why(shop, stage, *, policy="base", language="en", anyway=False, untold=frozenset(), **more):
    shop = shop(policy).order(paid=eur("40.00"), stage=stage, **more)
    shop.buyer.requests_cancellation(anyway=anyway)
    ground = ground_of(shop.records, shop.cancellation.id)
    card = rule_card(ground, shop.terms, locale(language), untold=untold)
    assert card.id == shop.cancellation.rule
    return card.why


@pytest.mark.parametrize("stage", [Stage.PACKING, Stage.PACKED, Stage.AWAITING_COLLECTION])
def test_a_packed_order_is_refused_because_packing_has_begun(shop, stage):  # M-01, M-28
    assert why(shop, stage) == ("The order has reached “Packing”",)
    assert why(shop, stage, language="zh") == ("订单已到“打包中”",)
    assert why(shop, stage, anyway=True) == ("The order has reached “Packing”",)


def test_an_answer_that_waits_says_what_kept_the_kinder_one_away(shop):
    assert why(shop, Stage.PREPARING) == ("The order is past “In review”",)


def test_an_answer_at_once_says_what_it_hangs_on(shop):
    assert why(shop, Stage.REVIEW) == ("The order is no further than “In review”",)
    within = why(shop, Stage.PREPARING, policy="us")
    assert within == ("Less than 1 hour since the payment", "The order has not reached “Shipped”")


def test_what_is_special_about_goods_comes_with_what_was_too_late_for_them(shop):
    assert why(shop, Stage.REVIEW, custom_made=True)[0] == "An item is made to order"
    begun = why(shop, Stage.PREPARING, custom_made=True)
    assert begun == ("Work on the order has begun", "An item is made to order")


@pytest.mark.parametrize("policy", ["base", "us", "eu", "th"])
@pytest.mark.parametrize("stage", [Stage.REVIEW, Stage.PREPARING, Stage.PACKED, Stage.IN_TRANSIT, Stage.DELIVERED])
def test_no_refusal_is_explained_by_what_nearly_every_order_has(shop, policy, stage):
    told = why(shop, stage, policy=policy)
    assert told
    usual = ("has not reached “Partly shipped”", "favour", "not found to be at fault", "whole order")
    assert not [one for one in told if any(words in one for words in usual)]


def test_a_reader_is_not_told_what_they_have_no_claim_to(shop):
    def often(**more):
        asked = shop("base")
        asked.counters = 20
        asked.order(paid=eur("40.00"), stage=Stage.PREPARING)
        asked.buyer.requests_cancellation()
        assert asked.cancellation.rule == "FREQUENT-1"
        ground = ground_of(asked.records, asked.cancellation.id)
        return rule_card(ground, asked.terms, locale("en"), **more).why

    assert any("by this buyer" in one for one in often())
    assert not any("by this buyer" in one for one in often(untold=frozenset({"buyer_cancels_30d"})))
