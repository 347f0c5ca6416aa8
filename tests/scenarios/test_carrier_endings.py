"""A parcel's way can end elsewhere than at the buyer's. Then it is cancelled and refunded on the carrier's word."""

import pytest

from rescind.core.errors import InvalidField, InvalidTransition
from rescind.core.stage import Stage
from scenarios.shop import eur, item, usd

ENDINGS = ("refused", "delivery_failed", "lost", "damaged", "tracking_stale", "untraceable")


def sent(shop, policy="base", **order):
    """An order that is with the carrier."""
    return shop(policy).order(**({"paid": eur("40.00")} | order), stage=Stage.IN_TRANSIT)


def halves(shop, **order):
    """Two mugs in two parcels, both on their way."""
    shop.order(lines=[item("mug", eur("10.00"), 2)], shipping=eur("5.00"), paid=eur("25.00"), **order)
    for parcel in ("1", "2"):
        shop.carrier.reports("handed_over", parcel=parcel, lines={"mug": 1}, tracking=f"JD{parcel}")
    return shop


def test_refused_at_the_door_is_cancelled_and_refunded_on_the_carriers_report(shop):  # S-24, R-110, Q-09
    us = sent(shop, "us", paid=usd("40.00"))
    us.at("Fri 10:00")
    assert (us.stage, us.refunded) == (Stage.IN_TRANSIT, usd("0.00")), "the trigger is the report, not the door"
    us.at("Sat 09:00").carrier.reports("refused", occurred="Fri 17:00")
    assert (us.stage, us.refunded) == (Stage.CANCELLED, usd("40.00"))
    done = us.cancellation
    assert (done.status, done.closed_by, done.filed_by, done.requested_by) == ("approved", "system", "system", "system")
    assert (done.reason, done.fault, done.stage) == ("refused", "buyer", Stage.IN_TRANSIT)
    us.provider.answers("succeeded")
    assert us.state.tenders[0].refunded_minor == 4000


@pytest.mark.parametrize("policy", ["base", "us"])
@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_has_a_reason_of_its_own_and_the_same_refund(shop, policy, ending):
    here = sent(shop, policy)
    here.carrier.reports(ending)
    assert (here.stage, here.refunded) == (Stage.CANCELLED, eur("40.00"))
    assert here.cancellation.reason == ending
    assert not here.carrier.reports(ending).events, "the same news twice is one cancellation"
    assert not here.carrier.reports("lost").events, "a way ends once"


def test_cash_on_delivery_refused_at_the_door_refunds_nothing(shop):  # S-25, R-149
    shop.order(total=eur("40.00"), tenders={"cash_on_delivery": 4000}, stage=Stage.UNPAID)
    shop.carrier.reports("handed_over")
    shop.carrier.reports("refused")
    assert (shop.stage, shop.cancellation.refund_minor, shop.state.refunds) == (Stage.CANCELLED, 0, ())


def test_of_a_split_order_only_the_parcel_that_failed_is_cancelled(shop):  # R-024, E-10
    halves(shop)
    shop.carrier.reports("refused", parcel="2")
    assert shop.cancellation.lines == {"mug": 1}
    assert (shop.refunded, shop.stage) == (eur("10.00"), Stage.IN_TRANSIT), "delivery is owed while anything arrives"
    shop.carrier.reports("delivered", parcel="1")
    assert shop.stage is Stage.DELIVERED


def test_when_both_parcels_fail_everything_goes_back_with_delivery(shop):  # E-10, KF-07
    halves(shop)
    shop.carrier.reports("lost", parcel="1")
    shop.carrier.reports("damaged", parcel="2")
    assert (shop.refunded, shop.stage) == (eur("25.00"), Stage.CANCELLED)
    assert [one.reason for one in shop.state.cancellations] == ["lost", "damaged"]


def test_units_that_never_left_stay_open_when_the_parcel_before_them_is_lost(shop):
    shop.order(lines=[item("mug", eur("10.00"), 3)], paid=eur("30.00"))
    shop.carrier.reports("handed_over", parcel="1", lines={"mug": 1}, tracking="JD1")
    shop.carrier.reports("lost", parcel="1")
    assert (shop.state.open_units(), shop.stage) == ({"mug": 2}, Stage.REVIEW)
    assert shop.buyer.requests_cancellation().status == "approved"
    assert shop.refunded == eur("30.00")


def test_where_nobody_knows_what_was_in_a_parcel_a_person_finds_out(shop):
    halves(shop)
    shop.carrier.reports("lost", parcel="9")
    assert (shop.contradictions, shop.refunded, shop.stage) == (["parcel_unknown"], eur("0.00"), Stage.IN_TRANSIT)
    with pytest.raises(InvalidField) as refused:
        shop.carrier.reports("lost")
    assert refused.value.params["field"] == "/parcel"


def test_trouble_after_delivery_is_a_matter_for_a_person(shop):
    here = sent(shop)
    here.carrier.reports("delivered")
    here.carrier.reports("damaged")
    assert (here.contradictions, here.stage) == (["ended_after_delivery"], Stage.DELIVERED)


def test_a_lost_parcel_that_arrives_all_the_same_opens_a_case(shop):
    here = sent(shop)
    here.carrier.reports("lost")
    here.carrier.reports("handed_over", occurred="Mon 07:59")
    assert here.contradictions == [], "an old scan that is told late is no news of it"
    here.carrier.reports("delivered")
    assert (here.contradictions, here.stage, here.refunded) == (
        ["delivered_after_ending"],
        Stage.CANCELLED,
        eur("40.00"),
    )


def test_a_parcel_stopped_on_its_way_comes_back_without_a_second_refund(shop):
    here = shop.order(paid=eur("40.00"))
    here.buyer.requests_cancellation()
    here.carrier.reports("handed_over")
    here.carrier.reports("refused")
    assert (len(here.state.cancellations), here.refunded) == (1, eur("40.00"))


def test_an_open_request_for_the_same_goods_is_answered_by_it(shop):  # E-04, R-051
    us = shop("us").order(paid=usd("40.00"))
    us.at("Mon 11:30").buyer.requests_cancellation()
    us.carrier.reports("handed_over")
    assert us.cancellation.status == "awaiting_seller", "no tracking, no answer"
    us.carrier.reports("lost")
    assert len(us.state.cancellations) == 1
    assert (us.cancellation.status, us.cancellation.closed_by, us.cancellation.reason) == (
        "approved",
        "system",
        "changed_mind",
    )
    assert us.refunded == usd("40.00")


def test_a_request_for_other_goods_waits_on(shop):  # E-04
    shop.order(lines=[item("mug", eur("10.00")), item("cup", eur("8.00"))], paid=eur("18.00"), stage=Stage.PREPARING)
    shop.carrier.reports("handed_over", parcel="1", lines={"mug": 1}, tracking="JD1")
    shop.buyer.requests_cancellation(lines={"cup": 1}, anyway=True)
    shop.carrier.reports("lost", parcel="1")
    assert shop.state.open_cancellation.lines == {"cup": 1}
    shop.seller.approves(shop.state.open_cancellation.id)
    assert (shop.stage, shop.refunded) == (Stage.CANCELLED, eur("18.00"))


def test_an_ending_is_not_taken_back_because_money_has_moved(shop):
    here = sent(shop)
    here.carrier.reports("lost")
    with pytest.raises(InvalidTransition):
        here.host.corrects("lost")
