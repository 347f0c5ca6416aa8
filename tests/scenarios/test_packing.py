"""What the packing bench is told, who is about to ship, what must come out of a parcel, and one that left anyway."""

from datetime import timedelta

import pytest

from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import BeingShipped, Forbidden, InvalidField, InvalidTransition, NotFound, NotTakenOut
from rescind.core.intercept import ResolveContradiction, steps
from rescind.core.order import leased
from rescind.core.packing import (
    LEASE,
    AcknowledgeUnpacked,
    Answer,
    GiveBackShipping,
    LeaseShipping,
    ShipOrder,
    Step,
    Why,
    look,
    to_unpack,
)
from rescind.core.policy.loading import load
from rescind.core.stage import Stage
from rescind.policies import preset
from scenarios.shop import Seller, eur, item, usd

MUG, BOWL = item("mug", eur("10.00"), 2), item("bowl", eur("20.00"))


def scan(shop, who="sam", *, words=False):
    return look(shop.state, shop.terms, shop.calendar, shop.now, who=who, words=words)


def told(shop, **more):
    found = scan(shop, **more)
    return found.answer, found.why


def colleague(shop):
    return Seller(shop, Actor(kind=ActorKind.SELLER, id="kim"))


# --- what a scan answers ---------------------------------------------------------------------------------------------


def test_what_is_ready_goes_with_what_belongs_in_the_parcel(shop):
    shop.order(paid=eur("40.00"), lines=(MUG, BOWL), stage=Stage.PREPARING)
    found = scan(shop)
    assert (found.answer, found.step) == (Answer.GO, Step.START)
    assert found.pack == {"mug": 2, "bowl": 1}
    shop.seller.reports("packing_started")
    assert scan(shop).step is Step.FINISH
    shop.seller.reports("packed")
    assert scan(shop).step is Step.LEASE


def test_a_cancelled_order_is_a_stop_at_once(shop):  # M-11
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    assert told(shop) == (Answer.STOP, Why.CANCELLED)
    assert scan(shop).step is None


def test_an_open_request_is_a_stop_until_it_is_answered(shop):  # M-13 R-052
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    assert told(shop) == (Answer.STOP, Why.ASKED)
    shop.buyer.withdraws()
    assert told(shop) == (Answer.GO, Why.READY)


def test_a_parcel_that_left_is_not_packed_again(shop):
    shop.order(paid=eur("40.00"), stage=Stage.IN_TRANSIT)
    assert told(shop) == (Answer.STOP, Why.LEFT)


@pytest.mark.parametrize("stage", [None, Stage.PACKED])
def test_an_unpaid_order_is_held_also_when_somebody_packed_it(shop, stage):  # M-06 R-020
    shop.order(total=eur("40.00"), stage=Stage.UNPAID)
    if stage:
        shop.host.reports("packed")
    assert told(shop) == (Answer.HOLD, Why.UNPAID)


def test_the_hold_hour_holds_the_bench_to_its_last_second(shop):
    shop = shop("us").order(paid=usd("40.00"), placed="Mon 08:00")
    assert told(shop.at("Mon 08:59")) == (Answer.HOLD, Why.ON_HOLD)
    assert scan(shop).until == shop.time("Mon 09:00")
    assert told(shop.at("Mon 09:00")) == (Answer.GO, Why.READY)


def test_an_order_that_a_person_checks_is_held(shop):  # M-07
    shop.order(paid=eur("40.00"), stage=Stage.ALLOCATED)
    shop.host.reports("review_opened")
    assert told(shop) == (Answer.HOLD, Why.IN_REVIEW)
    shop.host.reports("review_cleared")
    assert told(shop) == (Answer.GO, Why.READY)


def test_what_the_buyer_wrote_is_read_before_packing(shop):  # M-18
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    assert told(shop, words=True) == (Answer.NOTE, Why.WORDS)
    assert scan(shop, words=True).step is Step.START


def test_what_was_cancelled_before_packing_is_left_out_not_taken_out(shop):
    shop.order(paid=eur("40.00"), lines=(MUG, BOWL), stage=Stage.ALLOCATED)
    shop.seller.cancels("out_of_stock", {"bowl": 1})
    assert told(shop) == (Answer.NOTE, Why.PART_CANCELLED)
    assert scan(shop).pack == {"mug": 2}
    shop.at(shop.now + timedelta(minutes=1)).seller.reports("packing_started")
    assert to_unpack(shop.state) == {}


# --- what must come out ----------------------------------------------------------------------------------------------


def test_a_packed_parcel_of_a_cancelled_order_waits_until_somebody_has_unpacked_it(shop):
    shop.order(paid=eur("40.00"), lines=(MUG, BOWL), stage=Stage.PACKED)
    shop.seller.cancels()
    assert to_unpack(shop.state) == {"mug": 2, "bowl": 1}
    shop.seller.says(AcknowledgeUnpacked)
    assert to_unpack(shop.state) == {}
    assert shop.records[-1].actor.id == "sam"
    known = len(shop.records)
    colleague(shop).says(AcknowledgeUnpacked)
    assert len(shop.records) == known, "what is out is not taken out twice"


def test_a_part_that_is_cancelled_after_packing_must_come_out_before_the_parcel_goes_on(shop):
    shop.order(paid=eur("40.00"), lines=(MUG, BOWL), stage=Stage.PACKED)
    shop.seller.cancels("out_of_stock", {"mug": 1})
    assert told(shop) == (Answer.STOP, Why.TAKE_OUT)
    assert scan(shop).out == {"mug": 1}
    shop.seller.says(AcknowledgeUnpacked)
    assert told(shop) == (Answer.NOTE, Why.PART_CANCELLED)
    shop.seller.cancels("out_of_stock", {"mug": 1})
    assert scan(shop).out == {"mug": 1}


def test_nobody_ships_a_parcel_with_cancelled_items_in_it(shop):  # KF-22, M-11
    shop.order(paid=eur("40.00"), lines=(MUG, BOWL), stage=Stage.PACKED)
    shop.seller.cancels("out_of_stock", {"mug": 1})
    for act in (ShipOrder, LeaseShipping):
        with pytest.raises(NotTakenOut) as problem:
            shop.seller.says(act)
        assert problem.value.params["units"] == 1
    shop.seller.says(AcknowledgeUnpacked)
    shop.seller.says(ShipOrder, tracking="JD7", carrier="Post")
    assert (shop.stage, shop.state.contradictions) == (Stage.IN_TRANSIT, ())


@pytest.mark.parametrize("fact", ["tracking_added", "handed_over", "delivered"])
def test_a_parcel_that_left_with_cancelled_items_perhaps_is_somebodys_case(shop, fact):  # I-27
    shop.order(paid=eur("40.00"), lines=(MUG, BOWL), stage=Stage.PACKED)
    shop.seller.cancels("out_of_stock", {"mug": 1})
    shop.host.reports(fact, tracking="JD7", carrier="Post")
    left = fact != "tracking_added"
    assert [one.kind for one in shop.state.contradictions] == (["cancelled_inside"] if left else [])
    assert to_unpack(shop.state) == ({} if left else {"mug": 1}), "a label alone has not left the house"
    if left:
        shop.host.reports("delivered" if fact == "handed_over" else "completed")
        assert len(shop.state.contradictions) == 1, "one parcel is one case"
        assert steps(shop.state.contradictions[0]) == ("looked_at", "carrier_asked", "came_back", "loss_accepted")


@pytest.mark.parametrize("policy", ["base", "us"])
@pytest.mark.parametrize("who", ["seller", "host"])
def test_packing_that_is_told_after_the_cancellation_changes_no_decision_and_is_unpacked(shop, policy, who):  # E-08
    """Begun at 13:50, cancelled at 14:00 by who knew of nothing, told at 14:10."""
    here = shop(policy).order(paid=eur("40.00"), lines=(MUG, BOWL), placed="Mon 13:40")
    assert here.at("Mon 14:00").buyer.requests_cancellation().status == "approved"
    before = (here.cancellation, here.state.refunds)
    assert to_unpack(here.state) == {}
    getattr(here.at("Mon 14:10"), who).reports("packing_started", occurred="Mon 13:50")
    assert here.state.progress.packing_started_at == here.time("Mon 13:50")
    assert (here.cancellation, here.state.refunds) == before
    assert to_unpack(here.state) == {"mug": 2, "bowl": 1}
    assert told(here) == (Answer.STOP, Why.CANCELLED)
    here.seller.says(AcknowledgeUnpacked)
    assert to_unpack(here.state) == {}


def test_a_seller_goes_on_with_nothing_that_is_cancelled(shop):
    """What happened before the end is believed; a next step after it is an act, and refused."""
    shop.order(paid=eur("40.00"), placed="Mon 13:40")
    shop.at("Mon 14:00").buyer.requests_cancellation()
    for when in ("Mon 14:00", "Mon 14:05"):
        with pytest.raises(InvalidTransition):
            shop.at("Mon 14:10").seller.reports("packed", occurred=when)
    assert shop.seller.reports("packed", occurred="Mon 13:59").events


def test_of_a_part_that_was_cancelled_the_units_come_out_that_late_news_put_in(shop):
    shop.order(paid=eur("40.00"), lines=(MUG, BOWL), placed="Mon 13:40")
    shop.at("Mon 14:00").seller.cancels("out_of_stock", {"bowl": 1})
    shop.at("Mon 14:10").seller.reports("packing_started", occurred="Mon 13:50")
    assert to_unpack(shop.state) == {"bowl": 1}


def test_nothing_is_unpacked_where_nothing_was_packed(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.seller.cancels()
    assert to_unpack(shop.state) == {}
    shop.host.reports("packed")
    assert to_unpack(shop.state) == {"mug": 1}, "packed after all, by somebody who had not heard"


def test_a_buyer_unpacks_nothing(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.seller.cancels()
    with pytest.raises(Forbidden):
        shop.buyer.says(AcknowledgeUnpacked)


# --- the lease -------------------------------------------------------------------------------------------------------


def test_a_lease_ends_by_itself_at_its_very_instant(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.seller.says(LeaseShipping)
    until = shop.now + LEASE
    assert leased(shop.state, until - timedelta(microseconds=1)).by == "sam"
    assert leased(shop.state, until) is None
    shop.at(until)
    colleague(shop).says(LeaseShipping)
    assert leased(shop.state, shop.now).by == "kim"


def test_two_people_at_one_bench_do_not_ship_the_same_order(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.seller.says(LeaseShipping)
    assert scan(shop).step is Step.SHIP
    assert told(shop, who="kim") == (Answer.HOLD, Why.BEING_SHIPPED)
    for act in (LeaseShipping, ShipOrder):
        with pytest.raises(BeingShipped) as refused:
            colleague(shop).says(act)
        assert refused.value.params["until"] == shop.now + LEASE
    colleague(shop).says(GiveBackShipping)
    colleague(shop).says(ShipOrder, carrier="Post", tracking="JD1")
    assert shop.stage is Stage.IN_TRANSIT


def test_leasing_twice_is_one_lease_and_not_a_longer_one(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.seller.says(LeaseShipping)
    until, known = shop.state.shipping_lease.until, len(shop.records)
    shop.at(shop.now + timedelta(minutes=5)).seller.says(LeaseShipping)
    assert (shop.state.shipping_lease.until, len(shop.records)) == (until, known)


def test_shipping_ends_the_lease_and_a_cancelled_order_has_none(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.seller.says(LeaseShipping)
    shop.seller.says(ShipOrder, carrier="Post", tracking="JD1")
    assert leased(shop.state, shop.now) is None
    other = shop("base").order(paid=eur("40.00"))
    other.seller.says(LeaseShipping)
    other.buyer.requests_cancellation()
    assert leased(other.state, other.now) is None


def test_a_lease_only_informs_where_the_policy_does_not_ask_for_it(shop):
    shop.order(paid=eur("40.00"))
    shop.seller.says(LeaseShipping)
    assert shop.buyer.requests_cancellation().status == "approved"
    with pytest.raises(InvalidTransition) as refused:
        shop.seller.says(ShipOrder, carrier="Post", tracking="JD1")
    assert refused.value.params["current_state"] == "cancelled"
    assert shop.state.parcels == (), "nothing left"


def careful():
    """The plain rules, with one before all others: while somebody ships, the shop is asked."""
    order = ", ".join(f'"{rule.id}"' for rule in preset("base").rules)
    text = f"""
        policy = "careful"
        extends = "base"
        order = ["LEASED-1", {order}]
        [[rules]]
        id = "LEASED-1"
        on = "request"
        when = "shipping_leased"
        verdict = "ask_seller"
        deadline = "seller_answer"
        cites = ["R-004"]
    """
    return load(text.encode(), "careful.toml", bases={"base": preset("base")})


def test_a_policy_may_have_the_shop_asked_while_somebody_ships(shop):
    shop.policy = careful()
    shop.order(paid=eur("40.00"))
    shop.seller.says(LeaseShipping)
    assert shop.at(shop.now + LEASE - timedelta(seconds=1)).buyer.requests_cancellation().status == "awaiting_seller"
    assert shop.rule == "LEASED-1"
    shop.buyer.withdraws()
    assert shop.at(shop.now + timedelta(seconds=1)).buyer.requests_cancellation().status == "approved"


def test_no_lease_is_given_where_shipping_waits_for_the_answer(shop):  # M-13 R-052
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    for act in (LeaseShipping, ShipOrder):
        with pytest.raises(InvalidTransition) as refused:
            shop.seller.says(act)
        assert refused.value.params["allowed_actions"] == ("answer_request",)


def test_a_request_that_comes_during_a_lease_stops_the_parcel_where_shipping_is_blocked(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.seller.says(LeaseShipping)
    assert shop.buyer.requests_cancellation().status == "awaiting_seller"
    with pytest.raises(InvalidTransition):
        shop.seller.says(ShipOrder, carrier="Post", tracking="JD1")
    shop.seller.refuses("buyer_agreed_to_keep")
    shop.seller.says(ShipOrder, carrier="Post", tracking="JD1")
    assert shop.stage is Stage.IN_TRANSIT


def test_where_shipping_is_the_answer_the_lease_goes_on_beside_the_request(shop):
    shop = shop("us").order(paid=usd("40.00"), stage=Stage.PACKED, placed="Mon 08:00")
    shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.seller.says(LeaseShipping)
    shop.seller.says(ShipOrder, carrier="Post", tracking="JD1")
    assert shop.cancellation.status == "overtaken"


def test_a_hand_over_without_tracking_stays_silence_where_the_preset_says_so(shop):
    shop = shop("us").order(paid=usd("40.00"), stage=Stage.PACKED, placed="Mon 08:00")
    shop.at("Mon 10:00").buyer.requests_cancellation()
    shop.seller.says(ShipOrder)
    assert shop.cancellation.status == "awaiting_seller"
    assert shop.contradictions == ["shipped_while_asked"]
    assert shop.at("Tue 10:00").cancellation.status == "approved"


def test_all_labelled_parcels_leave_at_once_and_what_is_left_over_leaves_later(shop):
    shop.order(paid=eur("40.00"), lines=(MUG, BOWL), stage=Stage.PACKED)
    shop.seller.reports("tracking_added", parcel="1", lines={"mug": 2}, tracking="JD1")
    shop.seller.says(ShipOrder)
    assert shop.stage is Stage.PARTIALLY_SHIPPING
    shop.seller.says(ShipOrder, carrier="Post", tracking="JD2")
    assert shop.stage is Stage.IN_TRANSIT
    with pytest.raises(InvalidTransition):
        shop.seller.says(ShipOrder)


def test_only_the_shop_leases_and_ships(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    for who in (shop.buyer, shop.host):
        for act in (LeaseShipping, GiveBackShipping, ShipOrder):
            with pytest.raises(Forbidden):
                who.says(act)


# --- a parcel that left anyway ---------------------------------------------------------------------------------------


@pytest.fixture
def gone(shop):
    """Cancelled, and then the carrier scans the parcel all the same."""
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.seller.cancels()
    shop.carrier.reports("handed_over", tracking="JD1")
    return shop


def resolves(who, outcome, **words):
    return who.says(ResolveContradiction, contradiction=who.shop.state.contradictions[0].id, outcome=outcome, **words)


def test_a_late_shipment_opens_a_case_and_money_stays_where_it_went(gone):  # KF-22
    (noted,) = gone.state.contradictions
    assert (noted.kind, noted.outcome, noted.closed_at) == ("shipped_after_cancel", "", None)
    assert gone.refunded == eur("40.00")
    assert to_unpack(gone.state) == {}, "what has left is not unpacked"


def test_label_scan_and_delivery_are_one_case_until_it_is_closed(gone):
    gone.carrier.reports("delivered", tracking="JD1")
    assert gone.contradictions == ["shipped_after_cancel"]
    resolves(gone.seller, "came_back")
    assert gone.contradictions == []
    gone.carrier.reports("handed_over", parcel="2", tracking="JD2")
    assert gone.contradictions == ["shipped_after_cancel"]
    assert len(gone.state.contradictions) == 2


@pytest.mark.parametrize("outcome", ["came_back", "loss_accepted", "never_left"])
def test_the_carrier_is_asked_and_then_it_ends_one_way_or_another(gone, outcome):
    resolves(gone.seller, "carrier_asked")
    assert gone.state.contradictions[0].closed_at is None
    known = len(gone.records)
    resolves(gone.seller, "carrier_asked")
    assert len(gone.records) == known
    resolves(gone.seller, outcome)
    (noted,) = gone.state.contradictions
    assert (noted.outcome, noted.closed_at, noted.closed_by) == (outcome, gone.now, "seller")
    assert gone.refunded == eur("40.00")
    assert to_unpack(gone.state) == ({} if outcome == "loss_accepted" else {"mug": 1})
    with pytest.raises(InvalidTransition):
        resolves(gone.seller, "came_back" if outcome != "came_back" else "never_left")


def test_a_case_takes_only_steps_of_its_kind_by_those_whose_it_is(gone):
    with pytest.raises(InvalidField):
        resolves(gone.seller, "goes_on")
    with pytest.raises(Forbidden):
        resolves(gone.buyer, "came_back")
    with pytest.raises(NotFound):
        gone.seller.says(ResolveContradiction, contradiction="none", outcome="came_back")
    gone.host.reports("charged_back", tender="card", amount_minor=100)
    bank = gone.state.contradictions[1]
    with pytest.raises(Forbidden):
        gone.seller.says(ResolveContradiction, contradiction=bank.id, outcome="looked_at")
