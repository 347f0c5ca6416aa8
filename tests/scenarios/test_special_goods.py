"""Custom and special goods are never self-service, in the words of the policy (M-44)."""

from rescind.core.stage import Stage
from scenarios.shop import eur


def test_custom_goods_are_not_self_service_even_before_they_are_paid(shop):  # M-44, M-01
    shop.order(total=eur("40.00"), custom_made=True, placed="Mon 08:00")
    asked = shop.at("Mon 10:00").buyer.requests_cancellation()
    assert (asked.status, asked.on_silence, shop.rule) == ("awaiting_seller", "refuse", "CUSTOM-1")
    assert shop.at("Tue 10:00").cancellation.status == "refused"
    assert shop.stage is Stage.UNPAID
    assert shop.at("Wed 08:00").stage is Stage.CANCELLED, "nobody paid it, and the clock ended it as any other"


def test_a_seller_lets_an_unpaid_custom_order_go(shop):
    shop.order(total=eur("40.00"), custom_made=True)
    shop.buyer.requests_cancellation()
    shop.seller.approves()
    assert (shop.stage, shop.refunded) == (Stage.CANCELLED, eur("0.00"))


def test_the_limit_to_pay_ends_an_order_whose_seller_is_being_asked(shop):
    shop.order(total=eur("40.00"), custom_made=True, placed="Mon 08:00")
    shop.at("Wed 07:00").buyer.requests_cancellation()
    shop.at("Wed 08:00")
    assert (shop.stage, shop.cancellation.status) == (Stage.CANCELLED, "approved")
    shop.at("Thu 08:00")
    assert shop.cancellation.status == "approved", "the seller's deadline does nothing any more"


def test_ordinary_goods_are_cancelled_at_once_before_they_are_paid(shop):  # M-01
    shop.order(total=eur("40.00"))
    assert shop.buyer.requests_cancellation().status == "approved"
    assert shop.rule == "UNPAID-1"
