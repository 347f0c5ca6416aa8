"""The worked scenarios of the United States (S-01 to S-23), each played through the whole core."""

from datetime import timedelta

import pytest

from rescind.core.errors import InvalidTransition, ReasonNotListed, RefusalNotOffered
from rescind.core.stage import Stage
from scenarios.shop import item, usd

TICK = timedelta(microseconds=1)


@pytest.fixture
def us(shop):
    return shop("us")


def test_in_the_first_hour_the_platform_approves_without_asking(us):  # S-01, R-002
    us.order(placed="Wed 10:00", paid=usd("40.00"))
    assert us.stage is Stage.ON_HOLD
    asked = us.at("Wed 10:40").buyer.requests_cancellation()
    assert (asked.status, asked.rule, asked.closed_by) == ("approved", "HOLD-1", "rule")
    assert us.refunded == usd("40.00")
    assert "SellerAsked" not in us.happened


def test_the_hold_ends_one_hour_after_the_payment(shop):
    for moment, stage, rule in (("Wed 10:59:59", Stage.ON_HOLD, "HOLD-1"), ("Wed 11:00", Stage.REVIEW, "ASK-1")):
        us = shop("us").order(placed="Wed 10:00", paid=usd("40.00")).at(moment)
        assert us.stage is stage
        assert us.buyer.requests_cancellation().rule == rule
        assert us.happened.count("HoldEnded") == (stage is Stage.REVIEW)


def test_an_order_nobody_paid_is_cancelled_at_once_and_nothing_is_refunded(us):  # S-02, R-001
    us.order(placed="Wed 10:00", total=usd("40.00"))
    assert us.at("Wed 10:05").buyer.requests_cancellation().rule == "UNPAID-1"
    assert (us.stage, us.refunded, us.state.refunds) == (Stage.CANCELLED, usd("0.00"), ())


@pytest.mark.parametrize("policy", ["base", "us"])
def test_money_that_reaches_a_cancelled_order_goes_back_at_once(shop, policy):  # S-04, R-070, E-08
    here = shop(policy).order(placed="Wed 10:00", total=usd("40.00"))
    here.at("Fri 09:30").buyer.requests_cancellation()
    here.at("Fri 10:00:30").host.reports("paid", occurred="Fri 09:59:59")
    assert here.state.progress.paid_at == here.time("Fri 09:59:59"), "the capture's own time counts"
    assert here.stage is Stage.CANCELLED
    assert here.refunded == here.state.paid == usd("40.00")
    assert [one.kind for one in here.due] == ["refund"]
    here.host.reports("paid")
    assert here.refunded == usd("40.00"), "a payment reported twice is refunded once"


def test_two_payments_of_a_cancelled_order_both_go_back(shop):  # S-04, KF-10
    here = shop("base").order(total=usd("40.00"), tenders={"card": 2500, "gift": 1500})
    here.buyer.requests_cancellation()
    here.host.reports("paid", tender="gift")
    assert here.refunds == {"card": usd("0.00"), "gift": usd("15.00")}
    here.host.reports("paid", tender="card")
    assert here.refunds == {"card": usd("25.00"), "gift": usd("15.00")}


def test_after_the_hour_the_seller_is_asked_and_may_agree(us):  # S-05, R-004
    us.order(placed="Wed 10:00", paid=usd("40.00"))
    assert us.at("Wed 11:30").buyer.requests_cancellation().status == "awaiting_seller"
    us.at("Wed 15:00").seller.approves()
    assert (us.cancellation.status, us.cancellation.closed_at) == ("approved", us.time("Wed 15:00"))
    us.provider.answers("succeeded")
    assert us.state.refunds[0].status == "succeeded"


def test_a_silent_seller_has_agreed_a_day_later(us):  # S-06, R-040
    us.order(placed="Wed 10:00", paid=usd("40.00"))
    us.at("Wed 11:30").buyer.requests_cancellation()
    assert us.at(us.time("Thu 11:30") - TICK).cancellation.status == "awaiting_seller"
    assert us.at("Thu 11:30").cancellation.status == "approved"
    assert us.cancellation.closed_by == "silence"
    assert us.refunded == usd("40.00")


def test_an_upload_of_tracking_is_the_sellers_no(us):  # S-07, R-050
    us.order(placed="Wed 10:00", paid=usd("40.00"))
    us.at("Wed 11:30").buyer.requests_cancellation()
    us.at("Wed 16:00").seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert (us.cancellation.status, us.cancellation.closed_by) == ("overtaken", "shipment")
    assert us.cancellation.closed_at == us.time("Wed 16:00")
    assert (us.stage, us.contradictions) == (Stage.AWAITING_COLLECTION, [])
    assert us.at("Fri 10:00").refunded == usd("0.00"), "the deadline went with the request"


def test_a_hand_over_without_tracking_is_no_answer(us):  # S-08, R-051
    us.order(placed="Wed 10:00", paid=usd("40.00"))
    us.at("Wed 11:30").buyer.requests_cancellation()
    us.at("Wed 16:00").carrier.reports("handed_over")
    assert us.cancellation.status == "awaiting_seller"
    assert us.contradictions == ["shipped_while_asked"], "a person hears of it"
    assert us.at(us.time("Thu 11:30") - TICK).cancellation.status == "awaiting_seller"
    assert us.at("Thu 11:30").cancellation.status == "approved"
    assert us.refunded == usd("40.00"), "the seller carries the loss of the goods"


def test_packing_is_no_state_of_the_platform(us):  # S-09, R-023, R-031
    us.order(placed="Wed 10:00", paid=usd("40.00"))
    us.at("Wed 14:00").seller.reports("packing_started")
    assert us.at("Wed 14:20").buyer.requests_cancellation().rule == "ASK-1"
    for reason in ("packed", "other", "cannot_change_address"):
        with pytest.raises((RefusalNotOffered, ReasonNotListed)):
            us.seller.refuses(reason)
    with pytest.raises(RefusalNotOffered) as refused:
        us.seller.refuses("cannot_change_address")
    assert refused.value.params["allowed_actions"] == ("approve", "add_tracking")
    us.seller.refuses("already_shipped", carrier="UPS", tracking="1Z1")
    assert (us.cancellation.status, us.stage) == ("refused", Stage.AWAITING_COLLECTION)


def test_a_shop_may_let_packing_close_the_window(shop):  # S-10, R-023, R-037
    def packing_at_two():
        return shop("us", closes_at_packing=True).order(placed="Wed 10:00", paid=usd("40.00"))

    first = packing_at_two().at("Wed 13:59")
    assert first.buyer.requests_cancellation().status == "awaiting_seller"
    second = packing_at_two().at("Wed 14:00")
    second.seller.reports("packing_started")
    asked = second.at("Wed 14:20").buyer.requests_cancellation()
    assert (asked.status, asked.rule, asked.instead) == ("refused", "PACKING-1", "ask_seller_anyway")
    second.seller.cancels("buyer_asked")
    assert (second.cancellation.status, second.refunded) == ("approved", usd("40.00"))


def test_an_order_in_manual_review_is_cancelled_in_its_hold(us):  # S-11, M-07
    us.order(placed="Wed 10:00", paid=usd("40.00"))
    us.at("Wed 10:05").host.reports("review_opened")
    assert us.at("Wed 10:30").buyer.requests_cancellation().status == "approved"


def test_a_label_before_the_dispatch_date_closes_the_window(us):  # S-21, R-005
    us.order(placed="Mon 09:00", paid=usd("40.00"))
    us.at("Mon 15:00").seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    asked = us.at("Mon 18:00").buyer.requests_cancellation()
    assert (asked.status, asked.rule, asked.instead) == ("refused", "READY-1", "return_or_refund")


def test_after_the_dispatch_date_a_request_is_approved_on_filing(shop):  # S-20, R-032, R-085
    for moment, rule in (("Wed 23:59:59", "ASK-1"), ("Thu 00:00", "LATE-1"), ("Thu 08:00", "LATE-1")):
        us = shop("us").order(placed="Mon 09:00", paid=usd("40.00"))
        assert us.at(moment).buyer.requests_cancellation("too_late").rule == rule


def test_a_label_that_was_never_scanned_does_not_save_a_late_seller(us):  # S-22, R-032
    us.order(placed="Mon 09:00", paid=usd("40.00"))
    us.at("Mon 15:00").seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert us.at("Thu 08:00").buyer.requests_cancellation("too_late").rule == "LATE-1"
    assert us.refunded == usd("40.00")


def test_in_transit_nothing_is_cancelled_and_a_return_is_offered(us):  # S-23, R-005
    us.order(placed="Mon 09:00", paid=usd("40.00"), stage=Stage.AWAITING_COLLECTION)
    us.at("Tue 09:00").carrier.reports("handed_over")
    asked = us.at("Wed 09:00").buyer.requests_cancellation()
    assert (asked.status, asked.rule, asked.instead) == ("refused", "SHIPPED-1", "return_or_refund")


def test_a_seller_takes_one_line_out_and_the_rest_may_still_be_cancelled_whole(us):  # S-36, R-060, R-061
    lines = (item("cup", usd("5.00")), item("pot", usd("10.00")), item("jug", usd("20.00")))
    us.order(placed="Mon 09:00", paid=usd("39.00"), lines=lines, shipping=usd("4.00"), stage=Stage.ALLOCATED)
    us.at("Mon 12:00").seller.cancels("out_of_stock", lines={"pot": 1})
    assert (us.rule, us.refunded) == ("SELLER-4", usd("10.00")), "shipping is kept while something ships"
    with_part = us.buyer.requests_cancellation(lines={"cup": 1})
    assert (with_part.status, with_part.instead) == ("refused", "request_whole_order")
    assert us.buyer.requests_cancellation().rule == "ASK-1", "what is left is the whole order now"
    us.seller.approves()
    assert us.refunded == usd("39.00")


def test_a_seller_may_not_take_a_line_out_for_another_reason(us):
    us.order(placed="Mon 09:00", paid=usd("15.00"), lines=(item("cup", usd("5.00")), item("pot", usd("10.00"))))
    us.at("Mon 12:00").seller.cancels("price_error", lines={"pot": 1})
    assert (us.cancellation.status, us.rule, us.cancellation.instead) == ("refused", "SELLER-5", "cancel_whole_order")
    assert us.refunded == usd("0.00")


def test_nobody_ships_before_the_hold_is_over(us):
    us.order(placed="Wed 10:00", paid=usd("40.00"))
    with pytest.raises(InvalidTransition) as refused:
        us.at(us.time("Wed 11:00") - TICK).seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert refused.value.params["allowed_actions"] == ("wait_for_hold",)
    us.at("Wed 11:00").seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert us.stage is Stage.AWAITING_COLLECTION


def test_the_hold_counts_from_the_capture_however_late_we_hear_of_it(us):  # E-08, I-38
    us.order(placed="Wed 10:00", total=usd("40.00"))
    us.at("Wed 12:30").host.reports("paid", occurred="Wed 10:15")
    assert us.stage is Stage.REVIEW
    assert us.buyer.requests_cancellation().rule == "ASK-1"
    late = us("us").order(placed="Wed 10:00", total=usd("40.00"))
    late.at("Wed 12:30").host.reports("paid", occurred="Wed 12:00")
    assert late.stage is Stage.ON_HOLD
    assert late.at("Wed 12:59:59").buyer.requests_cancellation().rule == "HOLD-1"


def test_an_order_is_paid_when_all_of_it_is_and_has_one_hold(us):  # E-08, I-18
    us.order(placed="Wed 10:00", total=usd("40.00"), tenders={"card": 3000, "gift_card": 1000})
    us.host.reports("paid", tender="card")
    assert us.stage is Stage.UNPAID
    assert us.state.hold_until is None
    us.at("Wed 11:00").host.reports("paid", tender="gift_card")
    assert us.at("Wed 11:59:59").stage is Stage.ON_HOLD
    assert us.at("Wed 12:00").stage is Stage.REVIEW
    us.at("Wed 12:00").host.reports("paid", occurred="Wed 10:59")
    us.host.reports("paid", occurred="Wed 12:00")
    assert us.stage is Stage.REVIEW
    assert not [one for one in us.due if one.kind == "hold"]
