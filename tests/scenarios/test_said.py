"""A wish to cancel in a message counts from the message on, where the policy gives it time (M-17)."""

from datetime import timedelta

import pytest

from rescind.core.cancellation import Said
from rescind.core.ids import MessageId
from rescind.core.stage import Stage
from scenarios.shop import Shop, eur, item


def at(shop, when):
    return Said(message=MessageId("msg_1"), at=shop.time(when))


@pytest.fixture
def packed(shop):
    """An order that was being prepared until Monday noon, and is packed since."""
    shop.at("Mon 09:00").order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 12:00").seller.reports("packing_started")
    shop.at("Mon 13:00").seller.reports("packed")
    return shop


def test_a_request_filed_after_packing_began_counts_from_the_message_before(packed):
    shop = packed
    asked = shop.at("Mon 14:00").buyer.requests_cancellation(said=at(shop, "Mon 11:59"))
    assert (asked.status, shop.rule) == ("awaiting_seller", "ASK-1")
    assert asked.due_at == shop.time("Tue 14:00"), "the shop has its whole time from when it was asked"
    assert asked.stage is Stage.PACKED, "what stage it was filed at stays true"
    assert shop.at("Tue 14:00").cancellation.status == "approved"
    assert shop.refunded == eur("40.00")


def test_without_the_message_or_with_a_later_one_it_is_too_late(packed):
    shop = packed
    assert shop.at("Mon 14:00").buyer.requests_cancellation(said=at(shop, "Mon 12:00")).status == "refused"
    assert shop.buyer.requests_cancellation().status == "refused"


@pytest.mark.parametrize(("filed", "status"), [("Tue 11:30", "awaiting_seller"), ("Tue 11:31", "refused")])
def test_a_message_counts_for_a_day_and_no_longer(packed, filed, status):
    shop = packed
    assert shop.at(filed).buyer.requests_cancellation(said=at(shop, "Mon 11:30")).status == status


def test_a_message_from_the_future_or_from_before_the_order_does_not_count(packed):
    shop = packed
    later = Said(message=MessageId("msg_1"), at=shop.time("Mon 14:00") + timedelta(seconds=1))
    assert shop.at("Mon 14:00").buyer.requests_cancellation(said=later).status == "refused"
    before = Said(message=MessageId("msg_1"), at=shop.state.placed_at - timedelta(seconds=1))
    assert shop.buyer.requests_cancellation(said=before).status == "refused"


def test_what_has_left_no_message_calls_back(packed):
    shop = packed
    shop.at("Mon 13:30").seller.reports("handed_over", tracking="JD1", carrier="DHL")
    assert shop.at("Mon 14:00").buyer.requests_cancellation(said=at(shop, "Mon 11:00")).status == "refused"


def test_a_message_is_spent_once_its_request_was_filed_whatever_became_of_that(shop):
    shop.at("Mon 09:00").order(paid=eur("40.00"), stage=Stage.PREPARING)
    wish = at(shop, "Mon 09:30")
    shop.at("Mon 10:00").buyer.requests_cancellation(said=wish)
    shop.at("Mon 10:30").buyer.withdraws()
    shop.at("Mon 12:00").seller.reports("packing_started")
    shop.at("Mon 13:00").seller.reports("packed")
    assert shop.at("Mon 14:00").buyer.requests_cancellation(said=wish).status == "refused"
    assert shop.at("Mon 14:01").buyer.requests_cancellation(said=at(shop, "Mon 11:00")).status == "refused", (
        "the refusal of a minute ago is what became of every wish before it"
    )


def test_a_new_message_after_a_withdrawal_counts_for_itself(shop):
    shop.at("Mon 09:00").order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").buyer.requests_cancellation(said=at(shop, "Mon 09:30"))
    shop.at("Mon 10:30").buyer.withdraws()
    shop.at("Mon 12:00").seller.reports("packing_started")
    assert shop.at("Mon 14:00").buyer.requests_cancellation(said=at(shop, "Mon 11:00")).status == "awaiting_seller"


def test_what_the_shop_cancelled_itself_spends_no_message_of_the_buyers(shop):
    lines = (item("lamp", eur("20.00")), item("vase", eur("20.00")))
    shop.at("Mon 09:00").order(lines=lines, stage=Stage.PREPARING)
    shop.at("Mon 10:00").seller.cancels(lines={"lamp": 1})
    shop.at("Mon 12:00").seller.reports("packing_started")
    assert shop.at("Mon 14:00").buyer.requests_cancellation(said=at(shop, "Mon 09:30")).status == "awaiting_seller"


def test_a_label_printed_after_the_message_does_not_end_it(packed):
    shop = packed
    shop.at("Mon 13:30").seller.reports("tracking_added", tracking="JD1", carrier="DHL")
    asked = shop.at("Mon 14:00").buyer.requests_cancellation(said=at(shop, "Mon 11:00"))
    assert asked.status == "awaiting_seller"


def test_a_message_never_makes_an_answer_worse():
    shop = Shop()
    shop.at("Mon 09:00").order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 10:00").host.reports("seller_at_fault")
    asked = shop.at("Mon 11:00").buyer.requests_cancellation(said=at(shop, "Mon 09:30"))
    assert (asked.status, shop.rule) == ("approved", "FAULT-1")


@pytest.mark.parametrize("policy", ["eu", "us", "uk", "th", "id", "vn", "br"])
def test_elsewhere_only_what_is_filed_counts(policy):
    shop = Shop(policy)
    values = shop.terms.preset.values
    assert values["message_counts"] == "0h"
