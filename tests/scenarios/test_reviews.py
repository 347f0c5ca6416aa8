"""An order that the automatic checks stop at waits for a person: with the window open, an owner, and an end (M-07)."""

import msgspec
import pytest

from rescind.core.actor import SYSTEM
from rescind.core.details import Recipient
from rescind.core.errors import Forbidden, InvalidTransition
from rescind.core.order import in_manual_review
from rescind.core.review import CorrectRecipient, LapseReview, StopReviewed, TakeReview, waiting
from rescind.core.stage import Stage
from rescind.intake.checks import check_order, check_recipient
from scenarios.shop import eur, usd

GOOD = Recipient(
    name="Zoë Ångström",
    street="1 Quay",
    city="Brest",
    postcode="29200",
    country="FR",
    phone="+33 2 98 00 00 00",
    email="zoe@example.org",
)


def stopped(shop, *found, policy="base", price=None):
    """An order that the checks stopped at, and that is paid."""
    here = shop(policy)
    price = price or eur("40.00")
    here.handle(msgspec.structs.replace(here.placing(price=price), found=found), here.host.actor)
    here.host.reports("paid")
    return here


@pytest.mark.parametrize(
    ("wrong", "found"),
    [
        ({}, ()),
        ({"name": ""}, ("recipient_missing",)),
        ({"postcode": "ABCDE"}, ("address_implausible",)),
        ({"street": ""}, ("address_implausible",)),
        ({"country": ""}, ("address_implausible",)),
        ({"phone": "123"}, ("phone_implausible",)),
        ({"phone": "02 98 00 00 00"}, ()),
        ({"phone": ""}, ()),
        ({"email": "zoe@example"}, ("email_implausible",)),
        ({"name": "", "postcode": "", "email": "@"}, ("recipient_missing", "address_implausible", "email_implausible")),
    ],
)
def test_the_checks_find_what_is_not_plausible(wrong, found):  # M-07
    assert check_recipient(msgspec.structs.replace(GOOD, **wrong)) == found


def test_what_the_host_keeps_to_itself_is_not_checked():
    assert check_recipient(Recipient()) == ()


def test_worth_and_repetition_are_checked_too():  # M-07
    def check(total, limit, *, twice=False):
        return check_order(GOOD, total_minor=total, high_value=limit, duplicate=twice)

    assert check(99_999, 100_000) == ()
    assert check(100_000, 100_000) == ("high_value",)
    assert check(10**9, 0) == (), "no limit"
    assert check(1, 0, twice=True) == ("duplicate",)


@pytest.mark.parametrize("policy", ["base", "us"])
def test_a_review_does_not_close_the_buyers_window(shop, policy):  # M-07, S-11
    here = stopped(shop, "address_implausible", policy=policy)
    assert in_manual_review(here.state)
    assert here.buyer.requests_cancellation().status == "approved"
    assert waiting(here.state) is None
    assert not [one for one in here.due if one.kind == "review"]


def test_nobody_ships_what_is_being_checked(shop):  # M-07
    here = stopped(shop, "duplicate")
    with pytest.raises(InvalidTransition) as refused:
        here.seller.reports("handed_over", carrier="Post", tracking="JD1")
    assert refused.value.params["rule"] == "SHIP-3"


def test_support_takes_it_and_lets_it_pass(shop):
    here = stopped(shop, "duplicate")
    here.agent.says(TakeReview)
    assert waiting(here.state).owner == "sue"
    assert not here.agent.says(TakeReview).events, "it is hers already"
    here.agent.reports("review_cleared")
    assert waiting(here.state) is None
    with pytest.raises(InvalidTransition):
        here.agent.says(TakeReview)


def test_support_stops_it_and_the_money_goes_back(shop):
    here = stopped(shop, "high_value")
    for person in (here.seller, here.host, here.buyer):
        with pytest.raises(Forbidden):
            person.says(StopReviewed)
    here.agent.says(StopReviewed)
    assert (here.stage, here.refunded) == (Stage.CANCELLED, eur("40.00"))
    assert (here.cancellation.reason, here.cancellation.closed_by) == ("review_failed", "support")


def test_an_address_nobody_puts_right_ends_the_order(shop):  # R-027, I-15
    here = stopped(shop, "address_implausible")
    assert here.at("Wed 07:59:59").stage is Stage.REVIEW
    here.at("Wed 08:00")
    assert (here.stage, here.refunded, here.cancellation.closed_by) == (Stage.CANCELLED, eur("40.00"), "system")


def test_any_other_finding_nobody_looks_at_lets_the_order_go_on(shop):  # M-07, I-15
    us = stopped(shop, "duplicate", policy="us", price=usd("40.00"))
    assert not us.handle(LapseReview(order=us.state.id), SYSTEM).events, "not early"
    assert waiting(us.at("Wed 07:59:59").state)
    assert waiting(us.at("Wed 08:00").state) is None
    assert us.stage is Stage.REVIEW
    assert not us.handle(LapseReview(order=us.state.id), SYSTEM).events, "not twice"


def test_the_buyer_puts_the_address_right_and_the_review_ends_with_the_last_finding(shop):
    here = stopped(shop, "address_implausible", "phone_implausible")
    here.buyer.says(CorrectRecipient, found=("phone_implausible",))
    assert waiting(here.state).found == ("phone_implausible",)
    here.buyer.says(CorrectRecipient)
    assert waiting(here.state) is None
    with pytest.raises(InvalidTransition):
        here.buyer.says(CorrectRecipient)


def test_a_right_address_does_not_answer_what_else_was_found(shop):
    here = stopped(shop, "address_implausible", "high_value")
    with pytest.raises(Forbidden):
        here.seller.says(CorrectRecipient)
    here.buyer.says(CorrectRecipient)
    assert waiting(here.state).found == ("high_value",)


def test_a_review_that_somebody_asked_for_has_an_end_too(shop):  # I-15
    shop.order(paid=eur("40.00"))
    shop.at("Mon 10:00").agent.reports("review_opened")
    shop.buyer.says(CorrectRecipient)
    assert waiting(shop.state), "who asked for it ends it"
    assert waiting(shop.at("Wed 10:00").state) is None
