"""What a seller keeps of a cancellation: by the policy alone, and no more than was shown."""

import pytest

from rescind.core.quote import quote
from rescind.core.stage import Stage
from rescind.core.withdrawal import DeclareWithdrawal
from rescind.policies import preset
from scenarios.shop import eur, item


def keeping(shop, **settings):
    """A shop that chose what it keeps of what."""
    return shop(**settings)


def engraved(shop, price="40.00", **more):
    """Goods made for the buyer whose making began; the shop is asked, as a favour."""
    shop.order(paid=eur(price), custom_made=True, stage=Stage.PREPARING, **more)
    shop.buyer.requests_cancellation(anyway=True)
    return shop


def test_material_and_labour_are_kept_of_goods_made_for_the_buyer(shop):  # M-08
    shop = engraved(keeping(shop, material_bps=2500))
    assert (shop.cancellation.fee_minor, shop.cancellation.refund_minor) == (1000, 3000)
    assert [(fee.rule, fee.line, fee.units) for fee in shop.cancellation.fees] == [("FEE-2", "mug", 1)]
    shop.seller.approves()
    assert (shop.refunded, shop.state.kept_minor) == (eur("30.00"), 1000)
    assert shop.cancellation.fee_minor + shop.cancellation.refund_minor == 4000


def test_before_the_making_began_nothing_is_kept(shop):  # M-08, R-105
    shop = keeping(shop, material_bps=2500)
    shop.order(paid=eur("40.00"), custom_made=True, stage=Stage.ALLOCATED)
    shop.buyer.requests_cancellation()
    assert shop.cancellation.fees == ()
    shop.seller.approves()
    assert shop.refunded == eur("40.00")


def test_an_amount_is_kept_once_however_many_items_it_is_about(shop):  # I-12
    shop = keeping(shop, restocking_minor=300)
    lines = tuple(item(name, eur("10.00")) for name in "abc")
    shop.order(paid=eur("35.00"), lines=lines, shipping=eur("5.00"), stage=Stage.PACKED)
    shop.buyer.requests_cancellation(anyway=True)
    shop.seller.approves()
    assert [(fee.rule, fee.line, fee.amount_minor) for fee in shop.cancellation.fees] == [("FEE-3", "", 300)]
    assert shop.refunded == eur("32.00"), "the delivery comes back whole"


def test_only_the_items_a_rule_is_about_bear_it(shop):  # M-08
    shop = keeping(shop, material_bps=5000)
    lines = (item("ring", eur("80.00"), custom_made=True), item("box", eur("6.00")))
    shop.order(paid=eur("86.00"), lines=lines, stage=Stage.PREPARING)
    shop.buyer.requests_cancellation(anyway=True)
    assert [(fee.line, fee.amount_minor) for fee in shop.cancellation.fees] == [("ring", 4000)]


@pytest.mark.parametrize("fault", ["seller_at_fault", "error_confirmed"])
def test_a_seller_at_fault_keeps_nothing(shop, fault):  # M-08, FEE-1
    shop = keeping(shop, restocking_bps=1000)
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.host.reports(fault)
    shop.buyer.requests_cancellation()
    assert (shop.cancellation.fees, shop.refunded) == ((), eur("40.00"))


def test_who_cancels_for_the_shop_or_the_platform_keeps_nothing(shop):  # M-08, FEE-1
    shop = keeping(shop, restocking_bps=1000, material_bps=5000)
    shop.order(paid=eur("40.00"), custom_made=True, stage=Stage.PACKED)
    shop.seller.cancels()
    assert (shop.refunded, shop.state.kept_minor) == (eur("40.00"), 0)


def test_what_was_shown_is_what_is_kept(shop):  # M-08: shown before the buyer confirms
    shop = engraved(keeping(shop, material_bps=2500))
    shown = shop.cancellation.fee_minor
    # Packed meanwhile: the shop might have kept something else of a request made now.
    shop.host.reports("packed")
    shop.at("Mon 12:00").seller.approves()
    assert shop.cancellation.fee_minor == shown == shop.state.kept_minor


def test_silence_keeps_what_was_shown_too(shop):  # M-08, R-040
    shop = keeping(shop, restocking_bps=1000)
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    assert shop.at("Tue 09:00").refunded == eur("40.00"), "nothing was packed when it was asked"


def test_a_later_payment_does_not_give_the_fee_back(shop):  # I-12
    shop = keeping(shop, material_bps=2500)
    shop.order(total=eur("40.00"), custom_made=True, tenders={"card": 4000})
    shop.host.reports("paid", tender="card", amount_minor=3000)
    shop.host.reports("preparation_started")
    shop.buyer.requests_cancellation(anyway=True)
    if shop.cancellation.status == "awaiting_seller":
        shop.seller.approves()
    kept = shop.state.kept_minor
    shop.host.reports("paid", tender="card", amount_minor=1000)
    assert shop.refunded.minor == 4000 - kept


def test_a_cancellation_that_is_undone_returns_the_fee(shop):  # I-12, R-039
    shop = engraved(keeping(shop, material_bps=2500))
    shop.seller.approves()
    shop.provider.answers("declined")
    assert shop.state.kept_minor == 1000
    shop.agent.overrides("reverse", "parties_agree", alone=eur("100.00"))
    assert (shop.state.kept_minor, shop.cancellation.status) == (0, "undone")


def test_no_preset_of_a_market_keeps_anything(shop):  # S-18
    for name in ("us", "uk", "eu", "th", "sg", "my", "ph", "vn", "id", "cross-border", "br"):
        assert preset(name).rules_on("fee") == ()
        assert not {one.name for one in preset(name).tunable} & {"material_bps", "restocking_bps"}


def test_nobody_keeps_more_than_the_preset_allows(shop):  # M-08
    with pytest.raises(ValueError, match="does not allow material_bps"):
        preset("base").at(shop.now, {"material_bps": 5001})


def test_nothing_is_kept_of_what_nobody_paid(shop):
    shop = keeping(shop, material_bps=2500)
    shop.order(total=eur("40.00"), custom_made=True, tenders={"cash_on_delivery": 4000}, stage=Stage.UNPAID)
    shop.host.reports("preparation_started")
    shop.buyer.requests_cancellation(anyway=True)
    assert (shop.cancellation.fees, quote(shop.state, {"mug": 1}).total_minor) == ((), 0)


@pytest.mark.parametrize("country", ["DE", "GB", "CN"])
@pytest.mark.parametrize("declared", [True, False])
def test_of_whom_a_law_lets_leave_the_contract_nothing_is_kept(shop, country, declared):  # 2011/83/EU, art. 9(1)
    placed = "2026-07-06 10:00"
    shop = keeping(shop, restocking_bps=1500, restocking_minor=700)
    lines = (item("mug", eur("9.99"), 3), item("sign", eur("20.00"), custom_made=True))
    shop.order(paid=eur("54.96"), lines=lines, shipping=eur("4.99"), stage=Stage.PACKED, country=country, placed=placed)
    if declared and country != "CN":
        shop.handle(
            DeclareWithdrawal(order=shop.state.id, statement=shop.note("I withdraw."), lines={"mug": 3}),
            shop.buyer.actor,
        )
    else:
        shop.buyer.requests_cancellation(lines={"mug": 3})
    assert (shop.cancellation.status, shop.cancellation.fees) == ("approved", ())
    assert (shop.refunded, shop.state.kept_minor) == (eur("29.97"), 0)


def test_where_no_law_lets_the_buyer_leave_the_shops_fee_stays(shop):  # M-08
    shop = keeping(shop, restocking_bps=1500, material_bps=1000)
    lines = (item("mug", eur("20.00")), item("sign", eur("20.00"), custom_made=True))
    shop.order(paid=eur("40.00"), lines=lines, stage=Stage.PACKED, country="DE", placed="2026-07-06 10:00")
    shop.buyer.requests_cancellation(anyway=True)
    assert [(fee.rule, fee.line) for fee in shop.cancellation.fees] == [("FEE-2", "sign")]
