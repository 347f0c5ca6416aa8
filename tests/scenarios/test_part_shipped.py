"""An order of which a part has left: what can be stopped is the whole, and no refusal leads back to itself."""

from __future__ import annotations

import pytest

from rescind.core.money import Money
from rescind.core.outlook import Outlook
from rescind.core.stage import Stage
from rescind.core.verdict import Verdict
from rescind.policies import preset, presets
from scenarios.shop import STEPS, Shop, item

SELECTIONS = {"all that is left": {"mug": 1, "pot": 2}, "some of it": {"mug": 1}, "less of a line": {"pot": 1}}
SHIPPERS = ("seller", "platform", "fulfilled_by_platform")


def part_shipped(policy: str, *, by: str = "seller", custom_made: bool = False) -> Shop:
    """Two of three mugs have left; one mug and two pots are here."""
    shop = Shop(policy)
    price = Money(1000, shop.policy.currency or "USD")
    lines = [item("mug", price, 3, custom_made=custom_made), item("pot", price, 2)]
    total = Money(5000, price.currency)
    shop.order(paid=total, lines=lines, shipping_by=by).at("Mon 10:00")
    shop.host.reports("handed_over", parcel="p1", lines={"mug": 2}, tracking="JD1")
    assert shop.stage is Stage.PARTIALLY_SHIPPING
    return shop


def ask(shop: Shop, lines: dict[str, int] | None, *, anyway: bool = False):
    found = Outlook(shop.state, shop.terms, shop.context).ask(shop.now, lines=lines, anyway=anyway)
    assert found is not None
    return found


def followed(shop: Shop, lines: dict[str, int] | None) -> list[tuple[str, str]]:
    """Each refusal and its way on, for a buyer who asks, reads what is possible instead, and does just that."""
    anyway, refused = False, []
    while True:
        finding = ask(shop, lines, anyway=anyway).finding
        if finding.verdict is not Verdict.REFUSE:
            return refused
        told = (finding.rule, finding.instead or "")
        assert told not in refused, f"{refused} lead back to {told}"
        refused.append(told)
        match finding.instead:
            case "request_whole_order" | "ask_for_what_is_open":
                lines = None
            case "ask_seller_anyway":
                anyway = True
            case _:
                return refused


@pytest.mark.parametrize("by", SHIPPERS)
@pytest.mark.parametrize("policy", presets())
def test_no_way_on_leads_back_to_the_refusal_it_came_from(policy, by):  # WHOLE-1, READY-1
    for custom_made in (False, True):
        shop = part_shipped(policy, by=by, custom_made=custom_made)
        for lines in (None, *SELECTIONS.values()):
            ways = [instead for _, instead in followed(shop, lines)]
            assert "request_whole_order" not in ways, "there is no whole order any more"


@pytest.mark.parametrize("policy", presets())
def test_at_no_stage_does_a_way_on_lead_back_to_the_refusal_it_came_from(policy):
    price = Money(1000, preset(policy).currency or "USD")
    lines = [item("mug", price, 3), item("pot", price, 2)]
    for stage, _ in STEPS:
        shop = Shop(policy).order(paid=Money(5000, price.currency), lines=lines, stage=stage).at("Mon 10:00")
        followed(shop, None)
        if shop.state.open_units():
            followed(shop, {"mug": 1})


@pytest.mark.parametrize("policy", ["us", "uk", "eu", "th", "vn", "br"])
def test_what_is_left_of_a_part_shipped_order_is_refused_with_the_way_of_a_return(policy):
    for lines in (None, *SELECTIONS.values()):
        shop = part_shipped(policy)
        shop.buyer.requests_cancellation("wrong_address", lines=lines)
        assert (shop.rule, shop.cancellation.instead) == ("READY-1", "return_or_refund")


def test_in_the_plain_rules_the_shop_is_asked_for_all_that_is_left_and_for_some_of_it():  # M-09
    for lines in (None, *SELECTIONS.values()):
        shop = part_shipped("base")
        shop.buyer.requests_cancellation(lines=lines)
        assert (shop.rule, shop.cancellation.on_silence) == ("PARTSHIP-2", "refuse")


def test_a_part_of_what_is_left_is_a_part_and_all_of_it_is_not():
    shop = part_shipped("us")
    assert ask(shop, {"mug": 1}).ground.facts["partial"] is True
    assert ask(shop, None).ground.facts["partial"] is False
    assert ask(shop, {"mug": 1, "pot": 2}).ground.facts["partial"] is False


@pytest.mark.parametrize("policy", ["us", "uk"])
def test_the_shop_may_stop_what_is_missing_of_the_rest_all_of_it_or_some(policy):
    for lines in (None, {"mug": 1}):
        shop = part_shipped(policy)
        shop.seller.cancels("out_of_stock", lines=lines)
        assert (shop.rule, shop.cancellation.status) == ("SELLER-4", "approved")
        shop = part_shipped(policy)
        shop.seller.cancels("price_error", lines=lines)
        assert (shop.rule, shop.cancellation.instead) == ("SELLER-3", "return_or_refund")


def test_in_the_plain_rules_the_shop_stops_the_rest_for_any_reason():  # M-29
    for lines in (None, {"mug": 1}):
        shop = part_shipped("base")
        shop.seller.cancels("price_error", lines=lines)
        assert (shop.rule, shop.cancellation.status) == ("SELLER-1", "approved")


def test_a_declared_withdrawal_reaches_all_that_is_left_and_some_of_it():
    for lines in (None, {"pot": 2}):
        shop = Shop("eu")
        price = Money(1000, "EUR")
        shop.order(paid=Money(5000, "EUR"), lines=[item("mug", price, 3), item("pot", price, 2)], country="DE")
        shop.at("Mon 10:00").host.reports("handed_over", parcel="p1", lines={"mug": 2})
        shop.buyer.requests_cancellation("withdrawal", lines=lines)
        assert (shop.rule, shop.cancellation.status) == ("LAW-EU-2", "approved")


def test_what_has_left_entirely_is_never_a_part():
    shop = Shop("us")
    shop.order(paid=Money(4000, "USD"), stage=Stage.IN_TRANSIT)
    assert ask(shop, None).ground.facts["partial"] is False
