"""What was reported by mistake is taken back, and what it had closed opens again; what the carrier saw stays seen."""

import pytest

from rescind.core.actor import ActorKind
from rescind.core.correction import CorrectFact, correctable
from rescind.core.errors import (
    AlreadyCorrected,
    CarrierHasScanned,
    FactFromTheFuture,
    Forbidden,
    InvalidField,
    InvalidTransition,
    NotFound,
)
from rescind.core.stage import Stage
from scenarios.shop import eur, item, usd

POLICIES = ("base", "us")


def test_a_step_pressed_by_mistake_is_undone_and_the_window_is_open_again(shop):  # M-01, M-09
    shop.order(paid=eur("40.00"))
    shop.at("Mon 09:00").seller.reports("packing_started")
    assert shop.stage is Stage.PACKING
    shop.seller.corrects("packing_started")
    assert shop.stage is Stage.REVIEW
    assert shop.buyer.requests_cancellation().status == "approved"
    assert shop.happened[-3:] == ["FactReported", "FactCorrected", "CancellationApproved"], "the mistake is still told"


def test_a_voided_label_reopens_what_it_had_closed(shop):  # R-005, S-21
    us = shop("us").order(paid=usd("40.00"))
    us.at("Mon 15:00").seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert us.at("Mon 18:00").buyer.requests_cancellation().status == "refused"
    us.seller.corrects("tracking_added", "label_voided")
    assert (us.stage, us.state.parcels) == (Stage.REVIEW, ())
    assert us.buyer.requests_cancellation().status == "awaiting_seller"


def test_what_was_taken_back_is_not_taken_back_again_and_says_by_whom_it_was(shop):
    shop.order(paid=eur("40.00"))
    shop.at("Mon 09:00").seller.reports("packing_started")
    wrong = shop.records[-1].seq
    shop.at("Mon 09:10").seller.corrects("packing_started")
    correction = shop.records[-1].seq
    for who in (shop.seller, shop.host):
        with pytest.raises(AlreadyCorrected) as refused:
            who.says(CorrectFact, seq=wrong, reason="mistake")
        told = {"event": wrong, "correction": correction, "fact": "packing_started"}
        assert refused.value.params == told | {"corrected_at": shop.time("Mon 09:10")}
    # A time that was put right leaves the report standing, so that it can be put right once more.
    shop.at("Mon 09:30").seller.reports("packing_started")
    again = shop.records[-1].seq
    for to in ("Mon 09:20", "Mon 09:25"):
        shop.seller.says(CorrectFact, seq=again, reason="wrong_time", occurred_at=shop.time(to))
    assert shop.state.progress.packing_started_at == shop.time("Mon 09:25")
    with pytest.raises(NotFound):
        shop.seller.says(CorrectFact, seq=999, reason="mistake")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("who", ["host", "carrier"])
@pytest.mark.parametrize("scan", ["handed_over", "delivered"])
def test_what_the_carrier_has_scanned_is_not_taken_back(shop, policy, who, scan):
    here = shop(policy).order(paid=eur("40.00"), stage=Stage.PREPARING)
    here.at("Mon 12:00").seller.reports("packed")
    here.seller.reports("tracking_added", carrier="Post", tracking="JD1")
    getattr(here, who).reports(scan)
    for fact in ("packed", "tracking_added", scan):
        with pytest.raises(CarrierHasScanned) as refused:
            here.host.corrects(fact)
        assert refused.value.params["fact"] == fact
    assert correctable(here.state, ActorKind.SELLER) is None


@pytest.mark.parametrize(("scan", "other"), [("handed_over", "out_for_delivery"), ("delivered", "handed_over")])
def test_a_scan_that_was_another_orders_is_taken_back_unless_another_one_stands(shop, scan, other):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 12:00").host.reports(scan, carrier="Post", tracking="JD1")
    assert shop.stage in {Stage.IN_TRANSIT, Stage.DELIVERED}
    with pytest.raises(CarrierHasScanned):
        shop.host.corrects(scan)
    shop.host.corrects(scan, reason="other_order")
    assert (shop.stage, shop.state.parcels) == (Stage.PREPARING, ())
    assert shop.buyer.requests_cancellation().status == "awaiting_seller", "what it had closed is open again"
    shop.host.reports(scan, carrier="Post", tracking="JD2")
    assert shop.carrier.reports(other, carrier="Post", tracking="JD2").events
    with pytest.raises(CarrierHasScanned):
        shop.host.corrects(scan, reason="other_order")


def test_a_sellers_own_shipped_is_undone_until_the_carrier_says_so_too(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.at("Mon 09:00").seller.reports("handed_over", carrier="Post", tracking="JD1")
    shop.seller.corrects("handed_over")
    assert (shop.stage, shop.state.parcels) == (Stage.PACKED, ())
    shop.seller.reports("handed_over", carrier="Post", tracking="JD1")
    # It tells nothing new about the order, and yet from now on it is more than the seller's word.
    assert shop.at("Mon 10:00").carrier.reports("handed_over").events
    assert not shop.carrier.reports("handed_over").events
    own = next(one.seq for one in shop.state.reports if (one.fact, one.by) == ("handed_over", "seller"))
    with pytest.raises(CarrierHasScanned):
        shop.seller.says(CorrectFact, seq=own, reason="mistake")


def test_each_parcel_is_corrected_on_its_own(shop):
    shop.order(lines=[item("mug", eur("10.00"), 2)], paid=eur("20.00"))
    shop.seller.reports("tracking_added", parcel="1", lines={"mug": 1}, carrier="Post", tracking="JD1")
    shop.seller.reports("tracking_added", parcel="2", lines={"mug": 1}, carrier="Post", tracking="JD2")
    shop.carrier.reports("handed_over", parcel="1")
    with pytest.raises(CarrierHasScanned):
        shop.seller.corrects("tracking_added", parcel="1")
    shop.seller.corrects("tracking_added", "label_voided", parcel="2")
    assert [parcel.id for parcel in shop.state.parcels] == ["1"]
    assert shop.state.open_units() == {"mug": 1}


def test_of_two_reports_the_one_that_stands_counts_whichever_was_wrong(shop):  # E-08
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.at("Mon 12:00")
    shop.host.reports("packed", occurred="Mon 11:00")
    shop.host.reports("packed", occurred="Mon 10:00")
    assert shop.state.progress.packed_at == shop.time("Mon 10:00")
    shop.host.corrects("packed")
    assert shop.state.progress.packed_at == shop.time("Mon 11:00")
    shop.host.corrects("packed")
    assert (shop.state.progress.packed_at, shop.stage) == (None, Stage.PREPARING)


def test_a_number_that_was_mistyped_gives_way_to_the_one_before(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    shop.seller.reports("tracking_added", carrier="Post", tracking="JD1")
    shop.seller.reports("tracking_added", carrier="Post", tracking="JD9")
    shop.seller.corrects("tracking_added")
    assert [parcel.tracking for parcel in shop.state.parcels] == ["JD1"]


# --- what the mistake had closed --------------------------------------------------------------------------------------


def test_a_request_that_a_wrong_shipment_overtook_waits_again_by_its_old_deadline(shop):  # R-050, S-07, I-18
    us = shop("us").order(paid=usd("40.00"))
    due_at = us.at("Mon 11:30").buyer.requests_cancellation().due_at
    us.at("Mon 16:00").seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert us.cancellation.status == "overtaken"
    us.at("Mon 17:00").seller.corrects("tracking_added", "other_order")
    assert (us.cancellation.status, us.cancellation.due_at) == ("awaiting_seller", due_at)
    assert us.at("Tue 11:29").cancellation.status == "awaiting_seller"
    assert us.at("Tue 11:30").cancellation.status == "approved"
    assert us.refunded == usd("40.00")


def test_a_refusal_that_named_a_parcel_falls_with_the_parcel(shop):
    us = shop("us").order(paid=usd("40.00"))
    us.at("Mon 11:30").buyer.requests_cancellation()
    us.at("Mon 12:00").seller.refuses("already_shipped", carrier="UPS", tracking="1Z1")
    assert us.cancellation.status == "refused"
    # Its time is over by now, so nobody is asked again: silence answers at once.
    us.at("Tue 18:00").seller.corrects("tracking_added", "other_order")
    assert us.at("Tue 18:00").cancellation.status == "approved"


def test_a_request_stays_closed_while_another_parcel_has_its_goods(shop):
    us = shop("us").order(paid=usd("40.00"))
    us.at("Mon 11:30").buyer.requests_cancellation()
    us.seller.reports("tracking_added", parcel="1", carrier="UPS", tracking="1Z1")
    us.seller.reports("tracking_added", parcel="2", carrier="UPS", tracking="1Z2")
    us.seller.corrects("tracking_added", parcel="2")
    assert us.cancellation.status == "overtaken"


def test_a_case_about_a_parcel_that_never_was_is_closed(shop):  # KF-22
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    shop.at("Mon 09:00").seller.reports("handed_over", carrier="Post", tracking="JD1")
    assert shop.contradictions == ["shipped_after_cancel"]
    shop.seller.corrects("handed_over", "other_order")
    assert shop.contradictions == []
    assert (shop.stage, shop.refunded) == (Stage.CANCELLED, eur("40.00"))


# --- times ------------------------------------------------------------------------------------------------------------


def test_a_wrong_time_of_payment_moves_the_hold_and_never_shortens_it(shop):  # E-08, I-18
    us = shop("us").order(paid=usd("40.00"), placed="Mon 10:00")
    us.at("Mon 10:30").host.corrects("paid", "wrong_time", to="Mon 10:20")
    assert (us.state.progress.paid_at, us.state.hold_until) == (us.time("Mon 10:20"), us.time("Mon 11:20"))
    us.host.corrects("paid", "wrong_time", to="Mon 10:05")
    assert (us.state.progress.paid_at, us.state.hold_until) == (us.time("Mon 10:05"), us.time("Mon 11:20"))
    assert us.at("Mon 11:19").stage is Stage.ON_HOLD
    assert us.at("Mon 11:20").stage is Stage.REVIEW


def test_a_hold_that_was_over_comes_back_with_a_later_payment(shop):
    us = shop("us").order(paid=usd("40.00"), placed="Mon 10:00")
    us.at("Mon 11:10").host.corrects("paid", "wrong_time", to="Mon 10:30")
    assert us.stage is Stage.ON_HOLD
    assert us.at("Mon 11:30").stage is Stage.REVIEW
    assert us.happened.count("HoldEnded") == 2


def test_money_that_came_in_is_not_undone_only_dated(shop):
    shop.order(paid=eur("40.00"))
    with pytest.raises(InvalidField):
        shop.host.corrects("paid")
    shop.host.reports("charged_back", tender="card", amount_minor=4000)
    with pytest.raises(InvalidTransition):
        shop.host.corrects("charged_back")


def test_a_correction_to_the_same_time_is_no_news_and_one_to_the_future_is_refused(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKED)
    assert not shop.host.corrects("packed", "wrong_time", to="Mon 08:00").events
    with pytest.raises(FactFromTheFuture):
        shop.host.corrects("packed", "wrong_time", to="Tue 08:00")


# --- who --------------------------------------------------------------------------------------------------------------


def test_everybody_takes_back_their_own_word_and_support_the_sellers_too(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    with pytest.raises(Forbidden):
        shop.seller.corrects("preparation_started")
    shop.seller.reports("packed")
    assert correctable(shop.state, ActorKind.SELLER).fact == "packed"
    with pytest.raises(Forbidden):
        shop.buyer.says(CorrectFact, seq=shop.state.reports[-1].seq, reason="mistake")
    shop.agent.corrects("packed")
    assert shop.stage is Stage.PREPARING
    with pytest.raises(NotFound):
        shop.agent.says(CorrectFact, seq=shop.state.version, reason="mistake")


def test_a_review_that_was_cleared_by_mistake_is_open_again(shop):  # M-07
    shop.order(paid=eur("40.00"))
    shop.host.reports("review_opened")
    shop.at("Mon 09:00").agent.reports("review_cleared")
    shop.agent.corrects("review_cleared")
    assert shop.state.progress.review_opened_at == shop.time("Mon 08:00")
    assert shop.state.progress.review_cleared_at is None
