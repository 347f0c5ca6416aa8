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
        ({"postcode": "ABCDE"}, ("postcode_implausible",)),
        ({"street": ""}, ("street_missing",)),
        ({"city": ""}, ("city_left_out",)),
        ({"city": "", "postcode": ""}, ("town_missing", "postcode_left_out")),
        ({"country": ""}, ("country_left_out",)),
        ({"country": "XX"}, ("country_unknown",)),
        ({"country": "ZZ"}, ("country_unknown",)),
        ({"phone": "123"}, ("phone_implausible",)),
        ({"phone": "02 98 00 00 00"}, ()),
        ({"phone": ""}, ()),
        ({"email": "zoe@example"}, ("email_implausible",)),
        ({"name": "", "postcode": "", "email": "@"}, ("recipient_missing", "postcode_left_out", "email_implausible")),
    ],
)
def test_the_checks_find_what_is_not_plausible(wrong, found):  # M-07
    assert check_recipient(msgspec.structs.replace(GOOD, **wrong)) == found


def at(country, region="", city="", postcode=""):
    """The doubts about somewhere in a country."""
    return check_recipient(
        Recipient(name="Zoë", street="1 Quay", country=country, region=region, city=city, postcode=postcode)
    )


@pytest.mark.parametrize(
    ("country", "region", "city", "postcode"),
    [
        ("CN", "广东", "深圳", "518057"),
        ("CN", "广东省", "深圳市", "518057"),
        ("CN", "广东省深圳市", "南山区", "518057"),
        ("CN", "Guangdong", "Shenzhen", "518057"),
        ("CN", "广东省", "深圳市", ""),
        ("CN", "江苏", "昆山", "215300"),
        ("CN", "内蒙古", "呼和浩特", ""),
        ("CN", "广西壮族自治区", "南宁市", ""),
        ("CN", "上海市", "上海市", "200030"),
        ("CN", "Beijing", "Beijing", "100096"),
        ("IE", "Dublin", "Dublin", ""),
        ("IE", "Co. Cork", "Cork", "T12 X7AB"),
        ("VN", "Ho Chi Minh", "Ho Chi Minh City", ""),
        ("VN", "Hồ Chí Minh", "Quận 1", ""),
        ("MY", "Wilayah Persekutuan Kuala Lumpur", "Kuala Lumpur", "50754"),
        ("BR", "Sao Paulo", "Sao Paulo", "01310-100"),
        ("BR", "SP", "Campinas", "13010000"),
        ("DE", "", "Berlin", "D-10115"),
        ("ES", "Cataluña", "Barcelona", "08001"),
        ("IT", "Lombardia", "Milano", "20121"),
        ("ID", "DKI Jakarta", "Jakarta Selatan", "12190"),
        ("HK", "Kowloon", "Mong Kok", ""),
        ("HK", "九龍", "旺角", ""),
        ("JP", "Tokyo", "Chiyoda", "1000001"),
        ("KR", "서울", "강남구", "06236"),
        ("TW", "臺北市", "大安區", "106"),
        ("TW", "Taipei City", "Da'an Dist.", "106"),
        ("CA", "Québec", "Montreal", "h2x 1y4"),
        ("GB", "", "London", "ec1a1hq"),
        ("SG", "", "", "546080"),
        ("AE", "Dubai", "Dubai", ""),
    ],
)
def test_an_address_as_people_of_the_country_write_it_is_no_finding(country, region, city, postcode):  # M-07
    assert at(country, region, city, postcode) == ()


@pytest.mark.parametrize(
    ("country", "region", "city", "postcode", "found"),
    [
        ("CN", "广东省", "杭州市", "518057", ("city_implausible",)),
        ("CN", "东广省", "深圳市", "518057", ("region_implausible",)),
        ("US", "CA", "San Jose", "10001", ("postcode_implausible",)),
        ("DE", "", "Berlin", "1011", ("postcode_implausible",)),
        ("VN", "Hanoi", "Hanoi", "ABC", ("postcode_implausible",)),
    ],
)
def test_what_the_post_would_write_otherwise_is_looked_at_and_silence_lets_it_go(  # M-07, I-15
    shop, country, region, city, postcode, found
):
    assert at(country, region, city, postcode) == found
    here = stopped(shop, *found)
    assert waiting(here.at("Wed 07:59:59").state).on_silence == "release"
    assert (waiting(here.at("Wed 08:00").state), here.stage) == (None, Stage.REVIEW)


@pytest.mark.parametrize("code", ["recipient_missing", "street_missing", "town_missing", "country_unknown"])
def test_what_no_parcel_can_do_without_ends_the_order_when_nobody_puts_it_right(shop, code):
    here = stopped(shop, code)
    here.at("Wed 08:00")
    assert (here.stage, here.refunded) == (Stage.CANCELLED, eur("40.00"))


def test_a_street_that_was_put_right_takes_the_threat_with_it(shop):
    here = stopped(shop, "street_missing")
    here.at("Tue 10:00").buyer.says(CorrectRecipient, found=("postcode_implausible",))
    assert waiting(here.state).on_silence == "release"
    here.buyer.says(CorrectRecipient, found=("street_missing", "postcode_implausible"))
    assert waiting(here.state).on_silence == "cancel"
    here.buyer.says(CorrectRecipient, found=("postcode_implausible",))
    assert (waiting(here.at("Thu 10:00").state), here.stage) == (None, Stage.REVIEW)


def test_saving_the_same_address_again_is_no_correction(shop):
    here = stopped(shop, "street_missing")
    assert not here.buyer.says(CorrectRecipient, found=("street_missing",), changed=False).events
    assert not waiting(here.state).corrected
    assert here.buyer.says(CorrectRecipient, found=(), changed=False).events, "the checks have learned since"
    assert waiting(here.state) is None


def test_the_review_of_an_order_ends_with_its_last_parcel_and_comes_back_with_it(shop):
    here = stopped(shop, "street_missing")
    here.host.reports("handed_over", carrier="Post", tracking="JD1")
    assert waiting(here.state) is None
    assert not [one for one in here.due if one.kind == "review"]
    with pytest.raises(InvalidTransition):
        here.agent.says(StopReviewed)
    here.host.reports("delivered")
    assert here.at("Thu 10:00").stage is Stage.DELIVERED


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
