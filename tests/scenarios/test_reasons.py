"""The catalogues of reasons, market by market, as the rule book's table 2.10a has them (R-131 to R-135)."""

from datetime import UTC, datetime

import pytest

from rescind.core.cancellation.by_system import FAULT
from rescind.core.policy.example import plain_facts
from rescind.core.policy.vocabulary import BUYER_REASONS, REFUSAL_REASONS, SELLER_REASONS
from rescind.core.stage import Stage
from rescind.locales import locale
from rescind.policies import preset, presets

NOW = datetime(2026, 5, 6, 17, 0, tzinfo=UTC)
LANGUAGES = ("en", "zh")

ASIA = ("id", "my", "ph", "sg", "th", "vn", "cross-border")
ALL = ("us", "uk", "eu", "br", *ASIA)
TO_SHIP = "ecom_order_to_ship_canceled_reason_"
ANSWER = "order_manage_list_action_respond_popup_reject_reason_"
PACKED = "seller_reject_apply_product_has_been_packed"
GONE = "ecom_reverse_reject_cancel_reason_product_packed"

# Our code, the platform's code, the markets whose list has it.
BUYER_PAID = [
    ("changed_mind", f"{TO_SHIP}no_longer_needed", ("us", "uk", "th", "br")),
    ("changed_mind", "ecom_order_unpaid_canceled_reason_no_longer_needed", ("eu",)),
    ("ordered_by_mistake", f"{TO_SHIP}created_by_mistakes", ALL),
    ("better_price", f"{TO_SHIP}better_price", ALL),
    ("wrong_address", f"{TO_SHIP}wrong_delivery_info", ALL),
    ("change_payment", f"{TO_SHIP}change_payment_method", ("us", "uk", "eu", *ASIA)),
    ("discount_missing", f"{TO_SHIP}discount_not_expected", ("us", "uk", "eu", *ASIA)),
    ("delivery_cost", f"{TO_SHIP}high_delivery_costs", ("us", "uk", "eu", *ASIA)),
    ("forgot_coupon", f"{TO_SHIP}forgot_to_apply_coupons", ("us", "br")),
    ("too_late", f"{TO_SHIP}not_shipped_on_time", ("us", "br", *ASIA)),
    ("too_late", "buyer_cancel_late_shipment", ("uk", "eu")),
    ("cannot_wait", "US_order_to_ship_canceled_reason_not_shipped_on_time_before_RTS_prod", ("us",)),
    ("none", "ecom_order_delivered_refund_reason_none", ("eu",)),
    ("seller_asked", "ecom_order_unpaid_canceled_reason_other", ("uk", "eu")),
    ("seller_silent", "ecom_order_unpaid_canceled_reason_other", ("uk", "eu")),
    ("other", "ecom_order_unpaid_canceled_reason_other", ("uk", "eu")),
]
BUYER_UNPAID = {"changed_mind", "ordered_by_mistake", "better_price", "wrong_address", "forgot_coupon"}
BUYER_UNPAID_MORE = {
    "eu": {"none", "seller_asked", "seller_silent", "other"},
    "uk": {"seller_asked", "seller_silent", "other"},
} | {market: {"wrong_variant", "payment_unavailable"} for market in ASIA}
SELLER_PAID = [
    ("out_of_stock", "seller_cancel_reason_out_of_stock", ALL),
    ("price_error", "seller_cancel_reason_wrong_price", ("us", "uk", "eu", *ASIA)),
    ("undeliverable_address", "seller_cancel_paid_reason_address_not_deliver", {*ALL} - {"eu", "sg"}),
    ("undeliverable_address", "seller_cancel_unable_to_deliver_to_buyer_address", ("sg",)),
    ("buyer_asked", "seller_cancel_paid_reason_buyer_requested_cancellation", ("us", "ph", "br")),
]
# The European Union's list was not read to its end; and a seller whom the buyer asked may cancel everywhere.
SELLER_PAID_WITHOUT_CODE = {("undeliverable_address", "eu"), *(("buyer_asked", name) for name in ALL)}
REFUSAL = [
    ("already_shipped", GONE, ("us", "eu")),
    ("already_shipped", PACKED, ("br",)),
    ("packed", PACKED, ("uk", *ASIA)),
    ("reason_not_valid", f"{ANSWER}invalid_cancellation_reason", ("uk", *ASIA)),
    ("delivery_on_schedule", f"{ANSWER}delivered", ("uk", *ASIA)),
    ("buyer_agreed_to_keep", f"{ANSWER}buyer_agree", ("uk", *ASIA)),
    ("buyer_agreed_to_keep", "reverse_reject_request_reason_5", ("br",)),
    ("cannot_change_address", "seller_reject_apply_unable_to_change_address", ("us", "br")),
    ("several_packages", "ecom_reverse_reject_refund_request_package_delivery_multiple_boxes", ("us",)),
    ("not_accepted", "ecom_refund_reject_reason_cancel_unacceptable_uk", ("eu",)),
]
# Ours beside the platform's: a parcel that left is named everywhere, and work that has begun where a seller may say no.
REFUSAL_OURS = {"already_shipped", "production_started"}
UNSUFFIXED = {"buyer_cancel_late_shipment", PACKED}


def offered(name, catalogue, stage, **more):
    """What may be chosen at this stage: our code, and the platform's codes of it."""
    policy = preset(name).at(NOW)
    said = plain_facts(policy) | {"stage": stage, "paid": stage != "unpaid"} | more
    return {one.code: one.platform for one in policy.policy.reasons_for(catalogue, said)}


def on_the_platform(code, market):
    """British codes have an ending of their own, but for two."""
    return code if market != "uk" or code in UNSUFFIXED else f"{code}_uk"


def listed(table, market):
    return {(ours, on_the_platform(code, market)) for ours, code, markets in table if market in markets}


@pytest.mark.parametrize("market", ALL)
def test_a_buyer_who_has_paid_chooses_from_the_markets_list(market):
    found = offered(market, "buyer", "review")
    wanted = listed(BUYER_PAID, market)
    assert set(found) == {ours for ours, _ in wanted}
    assert [(ours, code) for ours, code in wanted if code not in found[ours]] == []


@pytest.mark.parametrize("market", ALL)
def test_a_buyer_who_has_not_paid_chooses_from_a_shorter_list(market):
    assert set(offered(market, "buyer", "unpaid")) == BUYER_UNPAID | BUYER_UNPAID_MORE.get(market, set())


@pytest.mark.parametrize("market", ALL)
def test_a_seller_chooses_from_the_markets_list(market):
    found = offered(market, "seller", "review")
    wanted = listed(SELLER_PAID, market)
    without = {ours for ours, where in SELLER_PAID_WITHOUT_CODE if where == market}
    assert set(found) == {ours for ours, _ in wanted} | without
    assert [(ours, code) for ours, code in wanted if code not in found[ours]] == []
    unpaid = {"out_of_stock", "price_error", "buyer_did_not_pay"}
    assert unpaid <= set(offered(market, "seller", "unpaid")) <= unpaid | {"buyer_asked"}


@pytest.mark.parametrize("market", ALL)
def test_a_seller_refuses_with_a_reason_of_the_markets_list(market):
    found = offered(market, "refusal", "packed", production_started=True)
    wanted = listed(REFUSAL, market)
    assert {ours for ours, _ in wanted} <= set(found) <= {ours for ours, _ in wanted} | REFUSAL_OURS
    assert [(ours, code) for ours, code in wanted if code not in found[ours]] == []


@pytest.mark.parametrize("market", ALL)
def test_whose_fault_a_reason_is(market):  # E-09
    policy = preset(market)
    said = plain_facts(policy.at(NOW)) | {"stage": "review", "paid": True}
    at_fault = {
        (catalogue, code)
        for catalogue in ("buyer", "seller")
        for code in offered(market, catalogue, "review")
        if policy.seller_at_fault(catalogue, code, said)
    }
    seller = {"out_of_stock", "price_error"} & set(offered(market, "seller", "review"))
    assert at_fault == {("seller", code) for code in seller} | ({("buyer", "too_late")} if market in ASIA else set())
    unpaid = said | {"stage": "unpaid", "paid": False}
    assert not any(policy.seller_at_fault("seller", code, unpaid) for code in offered(market, "seller", "unpaid"))


@pytest.mark.parametrize("name", presets())
def test_every_reason_of_a_catalogue_has_its_words_in_every_language(name):
    reasons = preset(name).reasons
    kinds = {"buyer": BUYER_REASONS, "seller": SELLER_REASONS, "refusal": REFUSAL_REASONS}
    for catalogue, known in kinds.items():
        codes = [one.code for one in getattr(reasons, catalogue)]
        assert codes, f"{name} has a list for {catalogue}"
        assert set(codes) <= set(known)
        context = "refusal" if catalogue == "refusal" else "reason"
        for tag in LANGUAGES:
            unsaid = [code for code in codes if not locale(tag).has(context, code)]
            assert unsaid == [], f"{tag} has no words for {unsaid} of {name}"


@pytest.mark.parametrize("name", presets())
def test_at_every_stage_one_code_has_one_meaning(name):
    for catalogue in ("buyer", "seller", "refusal"):
        for stage in Stage:
            policy = preset(name).at(NOW)
            said = plain_facts(policy) | {"stage": stage.value, "paid": stage is not Stage.UNPAID}
            codes = [one.code for one in policy.policy.reasons_for(catalogue, said)]
            assert len(set(codes)) == len(codes), (catalogue, stage)


def test_what_the_system_cancels_for_has_its_words_and_a_fault():  # R-135, E-09
    assert set(FAULT.values()) <= {"buyer", "seller", "carrier", ""}
    for tag in LANGUAGES:
        assert [code for code in FAULT if not locale(tag).has("reason", code)] == []
