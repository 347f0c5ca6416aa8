"""What the clock does by itself: it reminds, marks as late, cancels; never early, never twice, never for nothing."""

from datetime import timedelta

import pytest

from rescind.api.order_state import next_actions
from rescind.core.actor import SYSTEM
from rescind.core.errors import InvalidField
from rescind.core.parts import CancellationStatus, Line
from rescind.core.stage import Stage
from rescind.core.timers import RingTimer
from rescind.locales import locale
from rescind.web.ending import ending
from scenarios.shop import eur, item, usd


def rings(shop):
    """Name and time of every timer that rang."""
    events = [record.event for record in shop.records if type(record.event).__name__ == "TimerRang"]
    return [(event.name, event.at) for event in events]


def names(shop):
    return sorted(one.ref.rpartition(":")[2] for one in shop.due if one.kind in {"timer", "unpaid"})


def test_an_order_nobody_pays_is_reminded_of_and_then_cancelled(shop):  # S-03, R-070, R-071, E-02
    us = shop("us").order(placed="Wed 10:00", total=usd("40.00"))
    assert us.at("Wed 10:14:59").happened == ["OrderPlaced"]
    assert rings(us.at("Wed 10:15")) == [("pay_reminder_1", us.time("Wed 10:15"))]
    assert rings(us.at("Thu 02:00"))[-1] == ("pay_reminder_2", us.time("Thu 02:00"))
    assert us.at("Fri 09:59:59").stage is Stage.UNPAID
    us.at("Fri 10:00")
    assert (us.stage, us.cancellation.reason, us.cancellation.closed_by) == (
        Stage.CANCELLED,
        "unpaid_timeout",
        "system",
    )
    assert (us.cancellation.fault, us.cancellation.refund_minor, us.state.refunds) == ("buyer", 0, ())
    assert us.due == ()


@pytest.mark.parametrize("policy", ["base", "us"])
def test_who_pays_is_not_reminded_and_not_cancelled(shop, policy):  # I-15
    here = shop(policy).order(placed="Wed 10:00", total=eur("40.00"))
    here.at("Wed 10:10").host.reports("paid")
    assert not {"unpaid", "pay_reminder_1", "pay_reminder_2"} & set(names(here)), "what is not waited for is not there"
    here.at("Fri 10:00")
    assert here.stage is not Stage.CANCELLED


def test_cash_on_delivery_waits_for_no_payment(shop):
    us = shop("us").order(total=usd("40.00"), tenders={"cash_on_delivery": 4000})
    assert names(us) == ["auto_cancel", "dispatch"]
    assert us.state.dispatch_due_at == us.time("Thu 00:00"), "the seller's time counts from placing"


def test_a_timer_that_comes_early_twice_or_too_late_does_nothing(shop):  # I-37
    us = shop("us").order(placed="Wed 10:00", total=usd("40.00"))
    early = RingTimer(order=us.state.id, name="unpaid")
    assert not us.handle(early, SYSTEM).events
    assert not us.handle(RingTimer(order=us.state.id, name="nobody"), SYSTEM).events
    us.at("Fri 10:00")
    assert not us.handle(early, SYSTEM).events
    assert len(us.state.cancellations) == 1


# --- a payment that was in time, told too late ------------------------------------------------------------------------


def unpaid(shop, policy="us", **more):
    """An order that was cancelled because nobody had paid, as far as anybody knew."""
    here = shop(policy).order(**({"placed": "Wed 10:00", "total": usd("40.00")} | more))
    here.at("Fri 10:00")
    assert here.stage is Stage.CANCELLED
    return here


def test_a_payment_in_time_that_is_told_late_restores_the_order(shop):  # S-04, R-070, E-08
    us = unpaid(shop, lines=[item("mug", usd("35.00"))], shipping=usd("5.00"))
    us.at("Fri 10:00:30").host.reports("paid", occurred="Fri 09:59:59")
    assert us.stage is Stage.ON_HOLD
    assert (us.cancellation.status, us.refunded) == (CancellationStatus.UNDONE, usd("0.00"))
    assert "auto_cancel" in names(us)
    us.at("Fri 10:30").buyer.requests_cancellation()
    assert us.refunded == usd("40.00"), "delivery is there again to be refunded"


def test_a_payment_at_the_limit_is_too_late_and_goes_back(shop):  # S-04, E-02
    us = unpaid(shop)
    us.at("Fri 10:00:30").host.reports("paid", occurred="Fri 10:00")
    assert (us.stage, us.refunded) == (Stage.CANCELLED, usd("40.00"))


def test_a_part_paid_in_time_goes_back_for_an_order_needs_all_of_it(shop):  # S-04, I-02
    us = unpaid(shop, tenders={"card": 2500, "gift": 1500})
    us.at("Fri 10:00:30").host.reports("paid", tender="card", occurred="Fri 09:00")
    assert (us.stage, us.refunds["card"]) == (Stage.CANCELLED, usd("25.00"))
    us.host.reports("paid", tender="gift", occurred="Fri 09:00")
    assert us.refunded == usd("40.00") == us.state.paid, "never paid and cancelled without a refund"


def test_units_stopped_before_stay_stopped_when_the_rest_is_restored(shop):  # S-04
    here = shop("base").order(
        placed="Wed 10:00", total=eur("20.00"), lines=[item("mug", eur("12.00")), item("cup", eur("8.00"))]
    )
    here.at("Wed 11:00").buyer.requests_cancellation(lines={"cup": 1})
    here.at("Fri 10:00")
    here.at("Fri 10:01").host.reports("paid", occurred="Fri 09:00")
    assert (here.stage, here.state.open_units()) == (Stage.REVIEW, {"mug": 1})
    assert here.state.cancellations[-1].status == "undone"


# --- shipping in time -------------------------------------------------------------------------------------------------


def test_an_order_without_tracking_is_cancelled_after_seven_working_days(shop):  # S-49, R-073, R-085, R-190
    us = shop("us").order(placed="Mon 09:00", paid=usd("40.00"))
    assert us.at("2026-05-13 23:59:59").stage is Stage.REVIEW
    us.at("2026-05-14 00:00")
    assert (us.stage, us.refunded) == (Stage.CANCELLED, usd("40.00"))
    assert (us.cancellation.reason, us.cancellation.fault) == ("not_shipped", "seller")
    assert [name for name, _ in rings(us)] == ["dispatch", "auto_cancel"]


def test_the_day_to_ship_is_marked_once_when_it_is_over(shop):  # S-20
    us = shop("us").order(placed="Mon 09:00", paid=usd("40.00"))
    assert rings(us.at("Wed 23:59:59")) == []
    assert rings(us.at("Thu 00:00")) == [("dispatch", us.state.dispatch_due_at)]
    assert us.at("Fri 12:00").state.open_cancellation is None
    assert len(rings(us)) == 1


def test_a_label_ends_the_wait_and_voiding_it_begins_it_again(shop):  # R-073, S-21
    us = shop("us").order(placed="Mon 09:00", paid=usd("40.00"))
    us.at("Mon 15:00").seller.reports("tracking_added", carrier="UPS", tracking="1Z1")
    assert names(us) == []
    us.at("2026-05-15 09:00").seller.corrects("tracking_added", "label_voided")
    us.at("2026-05-15 09:00")
    assert (us.stage, us.cancellation.reason) == (Stage.CANCELLED, "not_shipped")


def test_of_a_split_order_only_what_has_no_label_is_cancelled(shop):
    us = shop("us").order(placed="Mon 09:00", paid=usd("20.00"), lines=[item("mug", usd("10.00"), 2)])
    us.at("Mon 15:00").carrier.reports("handed_over", parcel="1", lines={"mug": 1}, tracking="1Z1")
    us.at("2026-05-14 00:00")
    assert (us.cancellation.lines, us.refunded, us.stage) == ({"mug": 1}, usd("10.00"), Stage.IN_TRANSIT)


def test_a_request_that_waits_is_answered_by_it(shop):  # E-04, R-070
    base = shop("base").order(placed="Wed 10:00", total=eur("40.00"), stage=Stage.UNPAID)
    base.host.reports("preparation_started")
    base.at("Fri 09:00").buyer.requests_cancellation()
    assert base.cancellation.status == "awaiting_seller"
    base.at("Fri 10:00")
    assert [one.status for one in base.state.cancellations] == ["approved"]
    assert (base.cancellation.closed_by, base.cancellation.reason) == ("system", "changed_mind")


# --- hearing of it late -----------------------------------------------------------------------------------------------


def test_a_time_to_pay_that_was_over_before_we_heard_of_the_order_leaves_an_hour_for_the_payment(shop):  # I-38, E-08
    us = shop("us")
    us.now = us.time("2026-05-20 10:00")
    us.handle(us.placing(price=usd("40.00"), placed_at=us.time("Mon 10:00")), us.host.actor)
    assert names(us) == ["auto_cancel", "unpaid"], "nobody is reminded of what is long over"
    assert us.at("2026-05-20 10:59:59").stage is Stage.UNPAID
    assert us.at("2026-05-20 11:00").stage is Stage.CANCELLED


def test_any_other_limit_that_was_over_before_we_heard_of_the_order_counts_from_then(shop):  # I-38
    us = shop("us")
    us.now = us.time("2026-05-20 10:00")
    us.handle(us.placing(price=usd("40.00"), placed_at=us.time("Mon 10:00")), us.host.actor)
    us.host.reports("paid")
    limit = next(one.due_at for one in us.state.timers if one.name == "auto_cancel")
    assert limit > us.now + timedelta(days=7), "the shop cannot have sent what it was not told of"


def test_what_was_promised_stays_whatever_is_paid_again(shop):  # I-18
    us = shop("us").order(placed="Mon 09:00", paid=usd("40.00"), tenders={"card": 2500, "gift": 1500})
    before = us.state.timers
    us.at(us.now + timedelta(hours=3))
    us.host.reports("paid", occurred="Mon 08:30")
    assert us.state.timers == before


# --- arriving in time -------------------------------------------------------------------------------------------------


def expected(shop, policy="us", **more):
    """An order that was to arrive on Friday, 15 May, and never did: the limit is the end of 14 June."""
    here = shop(policy)
    goods = {"total": usd("20.00"), "lines": [item("mug", usd("10.00"), 2)]}
    here.order(placed="Mon 09:00", **goods, deliver_by="2026-05-16 00:00", **more)
    here.at("Mon 09:00").host.reports("paid")
    return here


@pytest.mark.parametrize("policy", ["us", "br"])
def test_what_never_arrives_is_cancelled_thirty_days_after_it_was_expected(shop, policy):  # R-077, E-02, E-03
    here = expected(shop, policy)
    here.at("Tue 09:00").carrier.reports("handed_over", tracking="1Z1")
    assert here.at("2026-06-14 23:59:59").stage is Stage.IN_TRANSIT
    here.at("2026-06-15 00:00")
    assert (here.stage, here.refunded) == (Stage.CANCELLED, usd("20.00"))
    assert (here.cancellation.reason, here.cancellation.fault) == ("not_arrived", "carrier")
    assert here.cancellation.closed_by == "system"


def test_what_never_left_the_shop_did_not_arrive_by_the_shops_fault(shop):  # E-09
    here = expected(shop)
    here.at("Tue 09:00").seller.reports("tracking_added", tracking="1Z1")
    here.at("2026-06-15 00:00")
    assert (here.cancellation.reason, here.cancellation.fault) == ("not_arrived", "seller")


def test_what_arrived_in_time_or_was_told_late_is_not_cancelled(shop):  # R-077, E-08
    here = expected(shop)
    here.at("Tue 09:00").carrier.reports("handed_over", tracking="1Z1")
    here.at("Fri 09:00").carrier.reports("delivered", tracking="1Z1")
    assert "never_arrived" not in names(here)
    assert here.at("2026-06-20 00:00").stage is Stage.DELIVERED


def test_of_a_split_order_only_the_parcel_that_never_arrived_is_refunded(shop):
    here = expected(shop)
    here.at("Tue 09:00").carrier.reports("handed_over", parcel="1", lines={"mug": 1}, tracking="1Z1")
    here.carrier.reports("handed_over", parcel="2", lines={"mug": 1}, tracking="1Z2")
    here.at("Fri 09:00").carrier.reports("delivered", parcel="1", lines={"mug": 1}, tracking="1Z1")
    here.at("2026-06-15 00:00")
    assert (here.cancellation.lines, here.refunded) == ({"mug": 1}, usd("10.00"))
    here.at("2026-06-16 09:00").carrier.reports("delivered", parcel="2", lines={"mug": 1}, tracking="1Z2")
    assert [one.kind for one in here.state.contradictions] == ["delivered_after_ending"], "a person hears of it"


def test_what_arrives_after_it_was_given_up_is_a_case_for_a_person(shop):  # R-077, KF-22
    here = expected(shop)
    here.at("Tue 09:00").carrier.reports("handed_over", tracking="1Z1")
    here.at("2026-06-15 00:00")
    here.at("2026-06-15 09:00").carrier.reports("delivered", tracking="1Z1")
    assert (here.stage, len(here.state.contradictions)) == (Stage.CANCELLED, 1)


def test_without_an_estimate_nothing_is_late_to_arrive(shop):
    here = shop("us").order(placed="Mon 09:00", paid=usd("20.00"))
    assert "never_arrived" not in {one.name for one in here.state.timers}


def test_an_order_nobody_pays_is_not_said_to_be_late(shop):
    here = shop("us").order(placed="Mon 09:00", total=usd("20.00"), deliver_by="Tue 00:00")
    here.at("2026-06-15 00:00")
    assert [one.reason for one in here.state.cancellations] == ["unpaid_timeout"]


def test_only_what_the_seller_delivers_has_the_sellers_limit(shop):
    here = shop("th").order(placed="Mon 09:00", paid=usd("20.00"))
    here.at("Mon 15:00").carrier.reports("handed_over", tracking="TH1")
    assert here.at("2026-05-19 23:59:59").stage is Stage.IN_TRANSIT
    here.at("2026-05-20 00:00")
    assert (here.stage, here.cancellation.reason) == (Stage.CANCELLED, "not_arrived")
    other = shop("th").order(placed="Mon 09:00", paid=usd("20.00"), shipping_by="platform")
    assert "undelivered" not in {one.name for one in other.state.timers}


@pytest.mark.parametrize("policy", ["base", "us"])
def test_an_order_that_costs_nothing_is_paid_and_never_ends_as_unpaid(shop, policy):
    here = shop(policy)
    here.handle(here.placing(lines=[Line(id="gift", sku="GIFT", quantity=1, unit_minor=0)]), here.host.actor)
    assert here.state.progress.paid_at == here.state.placed_at
    assert not {"unpaid", "pay_reminder_1", "pay_reminder_2"} & set(names(here))
    here.at("Fri 10:00")
    assert here.stage not in {Stage.UNPAID, Stage.CANCELLED}


def told_late(shop, hours):
    """How long an order may still be paid that we hear of so many hours after it was placed."""
    here = shop("us")
    placed_at = here.now - timedelta(hours=hours)
    here.handle(here.placing(price=usd("40.00"), placed_at=placed_at), here.host.actor)
    return next(one.due_at for one in here.state.timers if one.name == "unpaid") - here.now


@pytest.mark.parametrize(
    ("hours", "left"), [(0, 48), (24, 24), (47, 1), (47.5, 1), (47.99, 1), (48, 1), (48.01, 1), (500, 1)]
)
def test_the_time_to_pay_counts_from_placing_and_leaves_an_hour_to_hear_of_the_payment(
    shop, hours, left
):  # R-070, E-08
    assert told_late(shop, hours) == timedelta(hours=left)


def test_goods_that_are_judged_by_a_promised_day_are_not_placed_without_one(shop):
    for policy, handling in (("base", "pre_order"), ("us", "made_to_order"), ("us", "backorder")):
        here = shop(policy)
        with pytest.raises(InvalidField) as refused:
            here.handle(here.placing(handling=handling), here.host.actor)
        assert refused.value.params["field"] == "/promised_at"
    here = shop("base")
    assert here.handle(here.placing(handling="made_to_order"), here.host.actor).events, "nothing there counts from it"


# --- what is told of it -----------------------------------------------------------------------------------------------


def moves(shop):
    """Whose move it is, until when, and what follows."""
    return [(one.actor, one.action, one.deadline, one.if_silent) for one in next_actions(shop.state, shop.now)]


def test_what_ends_an_order_by_itself_is_told_from_the_moment_it_is_promised(shop):  # I-15
    th = shop("th").order(placed="Mon 10:00", paid=usd("40.00"))
    assert moves(th)[-1] == ("seller", "prepare", th.time("Thu 00:00"), "cancel")
    us = shop("us").order(placed="Mon 10:00", paid=usd("40.00")).at("Mon 12:00")
    late, cancelled = us.time("Thu 00:00"), us.time("Thu 00:00") + timedelta(days=7)
    assert moves(us) == [("seller", "prepare", late, "late"), ("seller", "ship", cancelled, "cancel")]
    assert moves(us.at("Thu 00:00")) == [("seller", "prepare", cancelled, "cancel")]


def test_a_hold_and_a_payment_hide_nothing_of_it(shop):  # I-15
    us = shop("us").order(placed="Mon 10:00", total=usd("40.00"))
    assert moves(us) == [("buyer", "pay", us.time("Wed 10:00"), "cancel")]
    us.host.reports("paid")
    assert [(action, silent) for _, action, _, silent in moves(us)] == [("end_hold", ""), ("ship", "cancel")]
    th = shop("th").order(placed="Mon 10:00", paid=usd("40.00"), stage=Stage.AWAITING_COLLECTION)
    assert moves(th)[-1] == ("carrier", "collect", th.time("Fri 00:00"), "cancel")


@pytest.mark.parametrize(
    ("stage", "said"),
    [(Stage.PREPARING, "What is not ready to ship by X"), (Stage.AWAITING_COLLECTION, "has not collected by X")],
)
def test_the_pages_say_what_would_keep_the_order_from_ending(shop, stage, said):
    th = shop("th").order(placed="Mon 10:00", paid=usd("40.00"), stage=stage)
    for tag in ("en", "zh"):
        told = ending(locale(tag), th.state)
        assert (said in told.told("X")) is (tag == "en")
        assert "X" in told.told("X")
    unpaid = shop("us").order(total=usd("40.00"))
    assert ending(locale("en"), unpaid.state) is None, "a payment has a place of its own"
