"""An order in several parcels: who may arrange them, what can still be cancelled, and what an open request minds."""

from datetime import timedelta

import pytest

from rescind.core.correction import CorrectFact
from rescind.core.errors import Forbidden, InParcel, InvalidField, InvalidTransition
from rescind.core.intercept import ResolveContradiction
from rescind.core.packing import ShipOrder
from rescind.core.parcels import ArrangeParcels
from rescind.core.stage import Stage
from scenarios.shop import Shop, eur, item, usd


def order(shop, money=eur, stage=Stage.PACKED, **more):
    lines = [item("jar", money("10.00"), 3), item("lid", money("2.00"), 2)]
    shop.order(paid=money("34.00"), lines=lines, stage=stage, **more)
    return shop


def split(shop, who="seller", **parcels):
    getattr(shop, who).says(ArrangeParcels, parcels=parcels)
    return shop


def units(shop):
    return {one.id: one.lines for one in shop.state.parcels}


HALVES = {"p1": {"jar": 2}, "p2": {"jar": 1, "lid": 2}}


@pytest.mark.parametrize("who", ["host", "seller"])
def test_an_order_is_split_and_its_stage_is_what_it_was(shop, who):
    split(order(shop), who, **HALVES)
    assert units(shop) == HALVES
    assert shop.stage is Stage.PACKED
    assert shop.state.open_units() == {"jar": 3, "lid": 2}
    assert split(shop, who, **HALVES).decision.events == ()


def test_parcels_are_combined_and_taken_apart_again(shop):
    split(order(shop), **HALVES)
    split(shop, one={"jar": 3, "lid": 2})
    assert units(shop) == {"one": {"jar": 3, "lid": 2}}
    split(shop, **HALVES)
    assert units(shop) == HALVES


def test_parcels_of_several_orders_travel_together_and_apart_again(shop):
    order(shop)
    whole = {"p1": {"jar": 3, "lid": 2}}
    shop.host.says(ArrangeParcels, parcels=whole, together="PKG-9")
    assert [one.together for one in shop.state.parcels] == ["PKG-9"]
    shop.host.says(ArrangeParcels, parcels=whole)
    assert [one.together for one in shop.state.parcels] == [""]


@pytest.mark.parametrize(
    "parcels",
    [
        {},
        {"p1": {"jar": 3}},
        {"p1": {"jar": 4, "lid": 2}},
        {"p1": {"jar": 3, "lid": 2}, "p2": {}},
        {"p1": {"jar": 3, "lid": 2}, "p2": {"pot": 1}},
        {"p1": {"jar": 3, "lid": 2}, "p2": {"jar": 0}},
        {str(place): {"jar": 1} for place in range(51)},
    ],
)
def test_what_has_no_label_lies_in_exactly_one_parcel(shop, parcels):
    order(shop)
    with pytest.raises(InvalidField) as refused:
        shop.host.says(ArrangeParcels, parcels=parcels)
    assert refused.value.params["field"].startswith("/parcels")
    assert shop.state.parcels == ()


def test_a_parcel_that_has_its_label_is_past_arranging(shop):
    split(order(shop), **HALVES)
    shop.host.reports("tracking_added", parcel="p1", tracking="JD1")
    with pytest.raises(InvalidField):
        split(shop, p1={"jar": 1, "lid": 2})
    split(shop, p3={"lid": 2}, p4={"jar": 1})
    assert units(shop) == {"p1": {"jar": 2}, "p3": {"lid": 2}, "p4": {"jar": 1}}


def test_nobody_else_arranges_parcels_and_nobody_those_of_a_cancelled_order(shop):
    order(shop)
    for who in (shop.buyer, shop.agent, shop.carrier):
        with pytest.raises(Forbidden):
            who.says(ArrangeParcels, parcels=HALVES)
    shop.seller.cancels()
    for who in (shop.host, shop.seller):
        with pytest.raises(InvalidTransition):
            who.says(ArrangeParcels, parcels=HALVES)


def test_units_of_a_parcel_that_is_further_on_are_not_cancelled_one_by_one(shop):
    split(order(shop, stage=Stage.PREPARING), **HALVES)
    shop.host.reports("tracking_added", parcel="p1", tracking="JD1")
    assert shop.stage is Stage.PREPARING
    with pytest.raises(InParcel) as refused:
        shop.buyer.requests_cancellation(lines={"jar": 2})
    assert refused.value.params == {"line": "jar", "open": 1}
    with pytest.raises(InParcel):
        shop.seller.cancels(lines={"jar": 3})
    assert shop.seller.cancels(lines={"jar": 1}).status == "approved"
    assert shop.buyer.requests_cancellation(lines={"lid": 1}).status == "awaiting_seller"


def test_in_the_united_states_the_seller_cancels_what_is_out_of_stock_and_not_further_on():  # R-024 R-061
    shop = split(order(Shop("us"), usd, stage=Stage.REVIEW).at("Mon 12:00"), **HALVES)
    shop.host.reports("tracking_added", parcel="p1", tracking="JD1")
    with pytest.raises(InParcel):
        shop.seller.cancels(lines={"jar": 2})
    assert shop.seller.cancels(lines={"jar": 1, "lid": 2}).status == "approved"
    # Everything else has its label now.
    assert shop.stage is Stage.AWAITING_COLLECTION


def test_the_whole_order_is_still_asked_for_as_a_whole(shop):
    split(order(shop, stage=Stage.PREPARING), **HALVES)
    shop.host.reports("tracking_added", parcel="p1", tracking="JD1")
    assert shop.buyer.requests_cancellation().lines == {"jar": 3, "lid": 2}
    shop.seller.approves()
    assert shop.stage is Stage.CANCELLED


def test_an_open_request_follows_the_order_not_the_parcel(shop):
    order(shop, stage=Stage.PREPARING)
    asked = shop.buyer.requests_cancellation(lines={"jar": 1})
    split(shop, **HALVES)
    split(shop, one={"jar": 3, "lid": 2})
    split(shop, "host", **HALVES)
    assert shop.cancellation.status == "awaiting_seller"
    assert shop.cancellation.due_at == asked.due_at
    # One parcel leaves, and enough is left of what is asked for.
    shop.carrier.reports("handed_over", parcel="p1", tracking="JD1")
    assert shop.cancellation.status == "awaiting_seller"
    shop.seller.approves()
    assert units(shop) == {"p1": {"jar": 2}, "p2": {"lid": 2}}


def test_cancelled_units_are_in_no_parcel_any_more_and_an_empty_parcel_is_none(shop):
    split(order(shop), p1={"jar": 2}, p2={"jar": 1}, p3={"lid": 2})
    shop.seller.cancels(lines={"jar": 2})
    assert units(shop) == {"p1": {"jar": 1}, "p3": {"lid": 2}}
    shop.seller.reports("handed_over", parcel="p1", tracking="JD1")
    assert shop.state.open_units() == {"lid": 2}
    shop.seller.reports("handed_over", parcel="p3", tracking="JD2")
    assert shop.stage is Stage.IN_TRANSIT


def test_the_parcels_of_a_split_order_leave_one_by_one(shop):
    split(order(shop), **HALVES)
    with pytest.raises(InvalidField) as refused:
        shop.seller.says(ShipOrder, carrier="Post", tracking="JD1")
    assert refused.value.params["field"] == "/parcel"
    with pytest.raises(InvalidField):
        shop.host.reports("tracking_added", tracking="JD1")
    shop.seller.says(ShipOrder, carrier="Post", tracking="JD1", parcel="p2")
    assert shop.stage is Stage.PARTIALLY_SHIPPING
    assert shop.state.open_units() == {"jar": 2}
    shop.seller.says(ShipOrder, carrier="Post", tracking="JD2")
    assert shop.stage is Stage.IN_TRANSIT
    assert units(shop) == {"p1": {"jar": 2}, "p2": {"jar": 1, "lid": 2}}


def test_a_void_label_leaves_the_parcel_as_it_was_arranged(shop):
    split(order(shop), **HALVES)
    shop.seller.reports("tracking_added", parcel="p1", tracking="JD1")
    shop.seller.corrects("tracking_added", reason="label_voided")
    assert units(shop) == HALVES
    assert shop.state.units_by_line() == {"jar": 3, "lid": 2}


def test_a_parcel_that_holds_everything_leaves_nothing_for_those_arranged_before(shop):
    split(order(shop), **HALVES)
    shop.host.reports("handed_over", parcel="p9", tracking="JD9")
    assert units(shop) == {"p9": {}}
    assert shop.stage is Stage.IN_TRANSIT


def test_a_refusal_with_a_tracking_number_is_about_the_parcel_with_what_was_asked_for(shop):
    split(order(shop, stage=Stage.PREPARING), **HALVES)
    shop.buyer.requests_cancellation(lines={"jar": 2})
    shop.seller.refuses("already_shipped", carrier="Post", tracking="JD1")
    assert [(one.id, one.tracking) for one in shop.state.parcels] == [("p1", "JD1"), ("p2", "")]


# --- while an order is on hold ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("market", ["us", "uk", "eu"])
def test_in_the_hold_a_seller_prints_no_label_and_splits_and_ships_nothing(market):
    shop = order(Shop(market), stage=Stage.REVIEW)
    until = shop.state.hold_until
    assert shop.stage is Stage.ON_HOLD

    def refused(act):
        with pytest.raises(InvalidTransition) as told:
            act()
        return told.value.params["rule"], told.value.params["deadline"], told.value.params["allowed_actions"]

    acts = (
        lambda: shop.seller.reports("tracking_added", tracking="JD1"),
        lambda: shop.seller.reports("handed_over", tracking="JD1"),
        lambda: shop.seller.says(ShipOrder, carrier="Post", tracking="JD1"),
        lambda: split(shop, **HALVES),
        lambda: split(shop, one={"jar": 3, "lid": 2}),
    )
    for act in acts:
        assert refused(act) == ("SHIP-6", until, ("wait_for_hold",))
    # What was packed meanwhile waits as well.
    shop.seller.reports("packed")
    shop.at(until - timedelta(seconds=1))
    for act in acts:
        assert refused(act)[0] == "SHIP-6"
    split(shop.at(until), **HALVES)
    shop.seller.reports("tracking_added", parcel="p1", tracking="JD1")


def test_what_the_host_says_of_parcels_in_the_hold_is_believed():
    shop = order(Shop("us"), usd, stage=Stage.REVIEW)
    split(shop, "host", **HALVES)
    assert units(shop) == HALVES


# --- one number, two parcels -----------------------------------------------------------------------------------------


def two_parcels(shop, *, carrier="Post", second="JD1"):
    """An order whose two parcels get their labels, the second with this number."""
    shop.order(lines=[item("mug", eur("10.00"), 2)], paid=eur("20.00"))
    shop.seller.reports("tracking_added", parcel="1", lines={"mug": 1}, carrier="Post", tracking="JD1")
    shop.seller.reports("tracking_added", parcel="2", lines={"mug": 1}, carrier=carrier, tracking=second)
    return shop


@pytest.mark.parametrize("carrier", ["Post", "post", ""])
def test_one_number_on_two_parcels_of_an_order_is_taken_and_a_person_looks(shop, carrier):
    two_parcels(shop, carrier=carrier)
    (noted,) = shop.state.open_contradictions
    assert (noted.kind, noted.fact) == ("tracking_reused", "tracking_added")
    assert [one.tracking for one in shop.state.parcels] == ["JD1", "JD1"], "a fact is believed"
    # The same number told again of the same parcel is the same slip.
    shop.host.reports("handed_over", parcel="2", carrier=carrier, tracking="JD1")
    assert len(shop.state.contradictions) == 1
    shop.seller.says(ResolveContradiction, contradiction=noted.id, outcome="looked_at")
    assert shop.state.open_contradictions == ()


@pytest.mark.parametrize(("carrier", "second"), [("Post", "JD2"), ("UPS", "JD1")])
def test_another_number_or_another_carrier_is_no_slip(shop, carrier, second):
    assert two_parcels(shop, carrier=carrier, second=second).state.contradictions == ()


def test_the_wrong_label_taken_back_closes_the_case_about_its_number(shop):
    two_parcels(shop)
    shop.seller.says(CorrectFact, seq=shop.state.reports[-1].seq, reason="label_voided")
    assert shop.state.open_contradictions == ()
    shop.seller.reports("tracking_added", parcel="2", lines={"mug": 1}, carrier="Post", tracking="JD2")
    assert shop.state.open_contradictions == ()
