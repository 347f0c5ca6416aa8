"""Custom and special goods are never self-service, in the words of the policy (M-44)."""

import msgspec
import pytest

from rescind.core.errors import InvalidField
from rescind.core.stage import Stage
from scenarios.shop import eur, item


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


def test_why_goods_are_special_is_one_of_the_policys_own_list(shop):
    soap = item("soap", eur("8.00"), special=True, special_reason="hygiene")
    shop.order(paid=eur("8.00"), lines=(soap,))
    assert shop.state.lines[0].special_reason == "hygiene"
    strict = shop()
    listed = strict.policy.reasons.special
    fewer = msgspec.structs.replace(strict.policy.reasons, special=listed[1:])
    strict.policy = msgspec.structs.replace(strict.policy, reasons=fewer)
    with pytest.raises(InvalidField) as refused:
        strict.order(paid=eur("8.00"), lines=(soap,))
    assert refused.value.params["field"] == "/lines/0/special"
    before = shop()
    before.policy = msgspec.structs.replace(before.policy, reasons=msgspec.structs.replace(fewer, special=()))
    assert before.order(paid=eur("8.00"), lines=(soap,)).state.lines[0].special_reason == "hygiene"


def test_every_market_lists_why_goods_are_special(shop):
    for name in ("us", "eu", "th", "br", "cross-border"):
        assert [one.code for one in shop(name).policy.reasons.special] == [
            one.code for one in shop().policy.reasons.special
        ]
