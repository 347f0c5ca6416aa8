"""What counts for the limits that policies set on buyers: one order a time, however it was taken apart."""

from rescind.core.counting import CANCELLATIONS, counted
from scenarios.shop import Shop, eur, item


def count(shop):
    """How often the order was counted, command by command."""
    return [name for record in shop.records for name in counted(shop.state, (record,)) if name == CANCELLATIONS]


def test_ten_units_taken_out_one_by_one_count_as_one_order():  # M-31
    shop = Shop().order(paid=eur("40.00"), lines=[item("mug", eur("4.00"), 10)])
    for minute in range(10):
        shop.at(f"Mon 09:{minute:02}").buyer.requests_cancellation(lines={"mug": 1})
    assert [one.status.value for one in shop.state.cancellations] == ["approved"] * 10
    assert count(shop) == [CANCELLATIONS]


def test_what_the_clock_or_the_shop_cancelled_first_leaves_the_buyers_own_to_be_counted():
    shop = Shop().order(paid=eur("40.00"), lines=[item("mug", eur("4.00"), 10)])
    shop.at("Mon 09:00").seller.cancels(lines={"mug": 1})
    assert count(shop) == []
    shop.at("Mon 10:00").buyer.requests_cancellation(lines={"mug": 1})
    assert count(shop) == [CANCELLATIONS]
