"""What a quote says before anybody commits: every part of the price, who bears it, and what returns as what it was."""

import time

import pytest

from rescind.core.errors import (
    AmountsDoNotAddUp,
    Forbidden,
    NothingSelected,
    QuantityNotOpen,
    RefundOfNothing,
    RefundTooHigh,
    UnknownLine,
)
from rescind.core.giving_back import GiveBack
from rescind.core.price import Benefit, BenefitKind, Charge
from rescind.core.quote import quote
from rescind.core.stage import Stage
from scenarios.shop import eur, item

POINTS = Benefit(id="pts_1", kind=BenefitKind.POINTS, units=1000)
VOUCHER = Benefit(id="vou_1", kind=BenefitKind.VOUCHER)


def returned(shop):
    return {one.id: one.returned for one in shop.state.benefits}


def test_the_tax_of_the_delivery_is_recorded_and_returns_with_it(shop):  # KF-01
    lines = (item("chair", eur("100.00"), tax=eur("20.00")),)
    shop.order(paid=eur("132.00"), lines=lines, shipping=eur("12.00"), shipping_tax_minor=200)
    found = quote(shop.state, {"chair": 1})
    assert (found.total_minor, found.shipping_minor, found.shipping_tax_minor) == (13200, 1200, 200)
    shop.buyer.requests_cancellation()
    assert shop.refunded == shop.state.paid


def test_delivery_that_was_discounted_away_is_worth_nothing(shop):  # KF-04
    shop.order(paid=eur("40.00"), shipping_discount_minor=499)
    assert quote(shop.state, {"mug": 1}).shipping_minor == 0
    with pytest.raises(RefundOfNothing):
        shop.seller.gives_back(shipping=True)


def test_charges_on_the_whole_order_come_back_with_the_last_of_it(shop):  # R-142, E-10
    charges = (Charge(code="service_fee", amount_minor=150), Charge(code="gift_wrap", amount_minor=100, returns=False))
    lines = (item("a", eur("10.00")), item("b", eur("20.00")))
    shop.order(paid=eur("32.50"), lines=lines, charges=charges)
    assert shop.state.total == eur("32.50")
    shop.buyer.requests_cancellation(lines={"a": 1})
    assert shop.refunded == eur("10.00")
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("31.50"), "what was said not to return does not"
    assert shop.state.returning_charges_minor == 0


def test_charges_are_part_of_what_has_to_add_up(shop):  # KF-05
    with pytest.raises(AmountsDoNotAddUp):
        shop.order(paid=eur("40.00"), tenders={"card": 4000}, charges=(Charge(code="service_fee", amount_minor=1),))


def test_who_bears_what_goes_back(shop):
    lines = (item("coat", eur("100.00"), 2, discount=eur("30.00"), discount_platform_minor=2000),)
    charges = (Charge(code="service_fee", amount_minor=150),)
    shop.order(paid=eur("180.49"), lines=lines, shipping=eur("8.99"), charges=charges, shipping_by="platform")
    one, all_of_it = quote(shop.state, {"coat": 1}).funding, quote(shop.state, {"coat": 2}).funding
    assert (one.seller_minor, one.platform_minor, one.subsidy_minor) == (8500, 0, 1000)
    assert (all_of_it.seller_minor, all_of_it.platform_minor, all_of_it.subsidy_minor) == (17000, 1049, 2000)


def test_a_voucher_returns_with_the_whole_order_only_and_never_as_money(shop):
    lines = (item("a", eur("10.00"), discount=eur("1.00")), item("b", eur("20.00"), discount=eur("2.00")))
    shop.order(paid=eur("27.00"), lines=lines, benefits=(VOUCHER,))
    shop.buyer.requests_cancellation(lines={"a": 1})
    assert (shop.refunded, returned(shop)) == (eur("9.00"), {"vou_1": 0})
    shop.buyer.requests_cancellation()
    assert (shop.refunded, returned(shop)) == (eur("27.00"), {"vou_1": 1})
    assert shop.cancellation.returned == {"vou_1": 1}


def test_a_voucher_that_is_over_does_not_return(shop):
    ends = shop.time("Mon 10:00")
    for when, back in (("Mon 09:59", 1), ("Mon 10:00", 0)):
        other = shop()
        other.order(paid=eur("40.00"), benefits=(Benefit(id="v", kind=BenefitKind.VOUCHER, expires_at=ends),))
        other.at(when).buyer.requests_cancellation()
        assert returned(other) == {"v": back}


def test_points_return_with_the_units_they_paid_for(shop):  # R-144, I-11
    lines = (item("a", eur("10.00"), 3, discount=eur("3.00")), item("b", eur("70.00"), discount=eur("7.00")))
    shop.order(paid=eur("90.00"), lines=lines, benefits=(POINTS,))
    steps = []
    for chosen in ({"a": 1}, {"a": 1}, {"b": 1}, None):
        shop.seller.cancels(lines=chosen)
        steps.append(returned(shop)["pts_1"])
    assert steps == [100, 200, 900, 1000]


def test_what_is_undone_takes_its_voucher_and_points_again(shop):
    shop.order(paid=eur("40.00"), benefits=(VOUCHER, POINTS))
    shop.buyer.requests_cancellation()
    assert returned(shop) == {"vou_1": 1, "pts_1": 1000}
    shop.provider.answers("declined")
    shop.agent.overrides("reverse", "decided_by_mistake", alone=eur("100.00"))
    assert returned(shop) == {"vou_1": 0, "pts_1": 0}


# --- money back without a cancellation --------------------------------------------------------------------------------


def test_the_delivery_alone_is_given_back(shop):  # KF-06
    shop.order(paid=eur("45.00"), lines=(item("set", eur("40.00")),), shipping=eur("5.00"), stage=Stage.IN_TRANSIT)
    for wrong in ({"set": 0}, {}):
        with pytest.raises((QuantityNotOpen, NothingSelected)):
            shop.seller.cancels(lines=wrong)
    shop.seller.gives_back(shipping=True)
    assert (shop.refunded, shop.state.shipping_refunded_minor) == (eur("5.00"), 500)
    assert shop.state.lines[0].cancelled == 0
    with pytest.raises(RefundOfNothing):
        shop.agent.gives_back(shipping=True)


def test_what_was_given_back_is_not_given_back_again(shop):  # I-02, KF-07
    shop.order(paid=eur("45.00"), lines=(item("set", eur("40.00")),), shipping=eur("5.00"))
    shop.agent.gives_back(eur("3.33"))
    shop.agent.gives_back(shipping=True)
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("45.00")
    assert shop.cancellation.refund_minor == 3667


def test_only_the_seller_and_support_give_back(shop):  # I-04
    shop.order(paid=eur("40.00"))
    for who in (shop.buyer, shop.host, shop.carrier):
        with pytest.raises(Forbidden):
            who.says(GiveBack, amount_minor=100)


@pytest.mark.parametrize(
    ("asked", "problem"),
    [(eur("0.00"), RefundOfNothing), (-100, RefundOfNothing), (eur("40.01"), RefundTooHigh), (None, NothingSelected)],
)
def test_a_refund_of_nothing_or_of_too_much_reserves_nothing(shop, asked, problem):  # KF-13, I-02
    shop.order(paid=eur("40.00"))
    before = shop.state
    with pytest.raises(problem) as refused:
        shop.seller.says(GiveBack, amount_minor=getattr(asked, "minor", asked))
    assert shop.state is before
    if problem is not NothingSelected:
        assert refused.value.params["left"] == eur("40.00")


def test_a_line_that_is_not_the_orders_is_named_by_its_place(shop):  # bad input
    shop.order(paid=eur("15.00"), lines=(item("cup", eur("5.00")), item("pot", eur("10.00"))))
    with pytest.raises(UnknownLine) as refused:
        shop.buyer.requests_cancellation(lines={"cup": 1, "lid": 1})
    assert refused.value.params == {"field": "/lines/1/line"}
    assert shop.state.refunds == ()


# --- speed ------------------------------------------------------------------------------------------------------------


def of_lines(shop, count):
    shop = shop()
    lines = tuple(item(f"l{n}", eur("9.99"), 3, discount=eur("1.01"), tax=eur("2.17")) for n in range(count))
    price = sum(line.paid_minor for line in lines)
    shop.order(total=eur("1.00"), lines=lines, tenders={"card": price - 777, "gift": 777}, benefits=(POINTS,))
    shop.host.reports("paid")
    return shop.state


def spent(order, rounds=30):
    chosen, best = {line.id: 1 for line in order.lines}, 1.0
    for _ in range(rounds):
        began = time.process_time()
        quote(order, chosen)
        best = min(best, time.process_time() - began)
    return best


def test_a_quote_takes_time_in_proportion_to_its_lines(shop):  # KF-02 at size: no step looks at all the others
    small, large = spent(of_lines(shop, 50)), spent(of_lines(shop, 400))
    # Eight times the lines; a step that looked at every line for every line would take sixty-four times as long.
    assert large < 20 * small
