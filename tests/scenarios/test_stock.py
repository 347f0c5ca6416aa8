"""What the host is told to do with its stock when something is cancelled, or comes back."""

from datetime import timedelta

import pytest

from rescind.core.errors import Forbidden, NothingSelected, QuantityNotOpen
from rescind.core.intercept import ResolveContradiction
from rescind.core.packing import AcknowledgeUnpacked
from rescind.core.stage import Stage
from rescind.core.stock import ReceiveBack, outside, would_release
from scenarios.shop import eur, item
from scenarios.warehouse import Warehouse


def jars(quantity):
    return [item("jar", eur("10.00"), quantity)]


def reserved(shop, quantity=3, stage=Stage.REVIEW, **more):
    """A paid order of some jars, of which the host has ten and has set these aside."""
    shop.order(paid=eur("10.00"), lines=jars(quantity), stage=stage, **more)
    house = Warehouse(jar=10)
    house.sets_aside(jar=quantity)
    return house


def later(shop, minutes=1):
    shop.at(shop.now + timedelta(minutes=minutes))
    return shop


def test_what_is_cancelled_in_parts_is_released_once(shop):  # KF-18
    house = reserved(shop)
    later(shop).buyer.requests_cancellation(lines={"jar": 1})
    house.catches_up(shop)
    assert house.totals() == {("release", "jar"): 1}
    later(shop).buyer.requests_cancellation()
    house.catches_up(shop)
    # And the whole feed once more, as after a lost cursor.
    house.catches_up(shop)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (10, 0)
    assert house.totals() == {("release", "jar"): 3}


def test_a_unit_that_came_back_is_not_restocked_again_by_the_cancellation_of_the_rest(shop):  # KF-18
    house = reserved(shop)
    later(shop).host.reports("handed_over", parcel="p1", lines={"jar": 1}, tracking="JD1")
    house.counts_out(jar=1)
    later(shop).host.reports("refused", parcel="p1")
    later(shop).seller.says(ReceiveBack)
    house.catches_up(shop)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (10, 2)
    later(shop).seller.cancels()
    house.catches_up(shop)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (10, 0)
    assert house.totals() == {("release", "jar"): 2, ("restock", "jar"): 1}


def test_of_five_with_two_on_their_way_the_three_that_are_here_are_cancelled(shop):  # KF-19
    house = reserved(shop, 5)
    later(shop).host.reports("handed_over", parcel="p1", lines={"jar": 2}, tracking="JD1")
    house.counts_out(jar=2)
    later(shop).seller.cancels(lines={"jar": 3})
    house.catches_up(shop)
    assert house.totals() == {("release", "jar"): 3}
    assert (house.on_hand["jar"], house.reserved["jar"]) == (8, 0)
    assert shop.stage is Stage.IN_TRANSIT
    later(shop).host.reports("delivered", parcel="p1")
    assert shop.stage is Stage.DELIVERED
    house.catches_up(shop)
    assert house.totals() == {("release", "jar"): 3}


def test_a_part_that_is_cancelled_leaves_the_rest_to_be_shipped(shop):  # KF-19
    house = reserved(shop, 5)
    later(shop).host.reports("handed_over", parcel="p1", lines={"jar": 2}, tracking="JD1")
    house.counts_out(jar=2)
    later(shop).seller.cancels(lines={"jar": 1})
    later(shop).seller.reports("handed_over", parcel="p2", lines={"jar": 2}, tracking="JD2")
    house.counts_out(jar=2)
    house.catches_up(shop)
    assert shop.stage is Stage.IN_TRANSIT
    assert (house.on_hand["jar"], house.reserved["jar"]) == (6, 0)


def test_an_order_that_was_never_paid_releases_nothing(shop):  # KF-20
    shop.order(lines=jars(3))
    later(shop).buyer.requests_cancellation()
    house = Warehouse(jar=10)
    house.catches_up(shop)
    assert shop.stage is Stage.CANCELLED
    assert house.done == []
    # Nor does a payment that comes after it.
    later(shop).host.reports("paid")
    house.catches_up(shop)
    assert house.done == []


def test_an_order_that_nobody_pays_in_time_releases_what_the_host_had_allocated(shop):  # KF-20
    shop.order(lines=jars(3))
    shop.host.reports("allocated")
    house = Warehouse(jar=10)
    house.sets_aside(jar=3)
    shop.at("Wed 09:00")
    house.catches_up(shop)
    assert shop.stage is Stage.CANCELLED
    assert house.totals() == {("release", "jar"): 3}
    # It had been paid in time, as we hear now: the order is restored, and the goods are set aside for it again.
    shop.host.reports("paid", occurred="Wed 07:00")
    house.catches_up(shop)
    assert shop.stage is Stage.ALLOCATED
    assert house.reserved["jar"] == 3


def test_an_order_that_pays_at_the_door_is_set_aside_from_the_beginning(shop):  # KF-20
    shop.order(lines=jars(3), tenders={"cash_on_delivery": 3000})
    later(shop).buyer.requests_cancellation()
    house = Warehouse(jar=10)
    house.sets_aside(jar=3)
    house.catches_up(shop)
    assert house.totals() == {("release", "jar"): 3}


def test_invoice_shipment_cancellation_and_refund_mixed(shop):  # KF-21
    shop.order(paid=eur("10.00"), lines=jars(10))
    house = Warehouse(jar=100)
    house.sets_aside(jar=10)
    later(shop).host.reports("handed_over", parcel="p1", lines={"jar": 2}, tracking="JD1")
    later(shop).host.reports("handed_over", parcel="p2", lines={"jar": 1}, tracking="JD2")
    house.counts_out(jar=3)
    later(shop).seller.cancels(lines={"jar": 3})
    later(shop).seller.cancels(lines={"jar": 4})
    later(shop).host.reports("refused", parcel="p2")
    house.catches_up(shop)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (97, 0)
    later(shop).seller.says(ReceiveBack)
    house.catches_up(shop)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (98, 0)
    assert house.totals() == {("release", "jar"): 7, ("restock", "jar"): 1}


def test_a_parcel_that_was_refused_comes_back_to_the_shelf_when_somebody_says_so(shop):
    house = reserved(shop, stage=Stage.IN_TRANSIT)
    house.counts_out(jar=3)
    later(shop).carrier.reports("refused")
    house.catches_up(shop)
    assert house.done == []
    assert outside(shop.state) == {"jar": 3}
    later(shop).seller.says(ReceiveBack, lines={"jar": 2}, unsellable={"jar": 1})
    house.catches_up(shop)
    assert house.totals() == {("restock", "jar"): 1}
    assert outside(shop.state) == {"jar": 1}
    with pytest.raises(QuantityNotOpen):
        shop.seller.says(ReceiveBack, lines={"jar": 2})
    later(shop).seller.says(ReceiveBack)
    assert shop.seller.says(ReceiveBack).events == ()
    house.catches_up(shop)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (9, 0)


def test_what_never_left_does_not_come_back(shop):
    reserved(shop)
    later(shop).buyer.requests_cancellation()
    with pytest.raises(NothingSelected):
        shop.seller.says(ReceiveBack)
    with pytest.raises(Forbidden):
        shop.buyer.says(ReceiveBack)


def test_a_cancelled_parcel_that_leaves_all_the_same_takes_its_release_back(shop):
    house = reserved(shop, stage=Stage.PACKED)
    later(shop).seller.cancels()
    house.catches_up(shop)
    assert house.reserved["jar"] == 0
    later(shop).carrier.reports("handed_over", tracking="JD1")
    house.catches_up(shop)
    house.counts_out(jar=3)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (7, 0)
    # It is turned back, and the bench unpacks it.
    case = shop.state.open_contradictions[0].id
    later(shop).seller.says(ResolveContradiction, contradiction=case, outcome="came_back")
    later(shop).seller.says(AcknowledgeUnpacked)
    house.catches_up(shop)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (10, 0)
    assert outside(shop.state) == {}


def test_a_cancelled_unit_that_was_left_in_the_parcel_is_set_aside_again(shop):
    house = reserved(shop, stage=Stage.PACKED)
    later(shop).seller.cancels(lines={"jar": 1})
    later(shop).carrier.reports("handed_over", parcel="p1", lines={"jar": 3}, tracking="JD1")
    house.catches_up(shop)
    house.counts_out(jar=3)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (7, 0)


def test_what_was_restocked_is_not_released_when_its_hand_over_is_corrected(shop):
    house = reserved(shop, stage=Stage.PACKED)
    later(shop).seller.cancels()
    later(shop).seller.reports("handed_over", tracking="JD1")
    case = shop.state.open_contradictions[0].id
    later(shop).seller.says(ResolveContradiction, contradiction=case, outcome="came_back")
    later(shop).seller.says(AcknowledgeUnpacked)
    later(shop).seller.corrects("handed_over")
    house.catches_up(shop)
    assert house.totals() == {("release", "jar"): 3, ("reserve", "jar"): 3, ("restock", "jar"): 3}


def test_a_parcel_that_never_left_is_released_after_all(shop):
    house = reserved(shop, stage=Stage.PACKED)
    later(shop).seller.cancels()
    later(shop).host.reports("handed_over", tracking="JD1")
    case = shop.state.open_contradictions[0].id
    later(shop).seller.says(ResolveContradiction, contradiction=case, outcome="never_left")
    later(shop).seller.says(AcknowledgeUnpacked)
    house.catches_up(shop)
    assert (house.on_hand["jar"], house.reserved["jar"]) == (10, 0)
    assert ("restock", "jar") not in house.totals()


def test_a_hand_over_that_is_corrected_changes_what_was_released(shop):
    house = reserved(shop, stage=Stage.PACKED)
    later(shop).seller.reports("handed_over", parcel="p1", lines={"jar": 2}, tracking="JD1")
    later(shop).seller.cancels(lines={"jar": 1})
    house.catches_up(shop)
    assert house.totals() == {("release", "jar"): 1}
    later(shop).seller.corrects("handed_over", reason="label_voided")
    later(shop).seller.cancels()
    house.catches_up(shop)
    assert house.reserved["jar"] == 0
    assert house.totals() == {("release", "jar"): 3}


def test_a_refused_parcel_that_answers_a_request_releases_nothing(shop):
    house = reserved(shop, 5)
    later(shop).host.reports("handed_over", parcel="p1", lines={"jar": 2}, tracking="JD1")
    house.counts_out(jar=2)
    later(shop).buyer.requests_cancellation(lines={"jar": 2})
    assert shop.cancellation.status == "awaiting_seller"
    later(shop).carrier.reports("refused", parcel="p1")
    assert shop.cancellation.status == "approved"
    house.catches_up(shop)
    assert house.done == []
    assert outside(shop.state) == {"jar": 2}


def test_the_preview_promises_what_will_be_kept(shop):
    house = reserved(shop, 5, stage=Stage.PREPARING)
    later(shop).host.reports("handed_over", parcel="p1", lines={"jar": 2}, tracking="JD1")
    assert would_release(shop.state, {"jar": 3}, shop.now) == {"jar": 3}
    later(shop).seller.cancels(lines={"jar": 3})
    house.catches_up(shop)
    assert house.totals() == {("release", "jar"): 3}


def test_the_preview_of_an_unpaid_order_promises_nothing(shop):  # KF-20
    shop.order(lines=jars(3))
    assert would_release(shop.state, {"jar": 3}, shop.now) == {}
