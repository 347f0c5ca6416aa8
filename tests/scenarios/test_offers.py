"""Instead of yes or no: what a seller offers while a request waits, and what the buyer makes of it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.core.errors import ConsentMissing, DeadlinePassed, Forbidden, InvalidField, InvalidTransition
from rescind.core.offer import AnswerOffer, MakeOffer, OfferKind
from rescind.core.stage import Stage
from scenarios.shop import Shop, eur, item, usd


@pytest.fixture
def asked(shop):
    """A request that waits for the seller until Tuesday, 10:00; silence approves it."""
    shop.order(paid=eur("40.00"), lines=(item("mug", eur("40.00")),), stage=Stage.PREPARING, placed="Mon 08:00")
    shop.at("Mon 10:00").buyer.requests_cancellation()
    return shop


def offers(shop, kind="partial_refund", **more):
    more = more or {"amount_minor": 500}
    return shop.seller.says(MakeOffer, cancellation=shop.cancellation.id, kind=OfferKind(kind), **more)


def answers(who, accept, number=1, **more):
    shop = who.shop
    return who.says(AnswerOffer, cancellation=shop.cancellation.id, number=number, accept=accept, **more)


def test_an_accepted_partial_refund_is_owed_once_and_the_order_goes_on(asked):
    offers(asked)
    answers(asked.buyer, accept=True)
    assert (asked.cancellation.status, asked.cancellation.closed_by) == ("settled", "buyer")
    assert asked.refunded == eur("5.00")
    assert asked.stage is Stage.PREPARING
    assert [one.kind for one in asked.due] == ["refund"]
    with pytest.raises(InvalidTransition):
        answers(asked.buyer, accept=True)
    asked.provider.answers("succeeded")
    assert asked.refunded == eur("5.00")
    asked.at("Wed 10:00")
    assert asked.cancellation.status == "settled", "the old deadline does nothing any more"


def test_what_was_given_for_keeping_is_not_given_back_again_when_all_is_cancelled(asked):
    offers(asked)
    answers(asked.buyer, accept=True)
    asked.seller.cancels()
    assert asked.refunded == eur("40.00")


def test_a_later_day_to_ship_moves_the_promise(asked):
    day = asked.time("Fri 18:00")
    offers(asked, "ship_later", ship_by=day)
    assert asked.state.dispatch_due_at != day, "an offer alone moves nothing"
    answers(asked.buyer, accept=True)
    assert asked.state.dispatch_due_at == day
    assert asked.cancellation.status == "settled"
    assert asked.state.refunds == ()


def test_a_late_parcel_after_the_new_day_is_late_again(shop):
    shop = shop("us").order(paid=usd("40.00"), stage=Stage.PREPARING, placed="Mon 08:00")
    shop.at("Mon 10:00").buyer.requests_cancellation()
    offers(shop, "ship_later", ship_by=shop.time("Fri 00:00"))
    answers(shop.buyer, accept=True)
    assert shop.at("Thu 23:59").buyer.requests_cancellation().status == "awaiting_seller"
    shop.buyer.withdraws()
    assert shop.at("Fri 00:00").buyer.requests_cancellation().status == "approved"


def test_a_declined_offer_leaves_the_request_and_its_clock_as_they_were(asked):
    offers(asked)
    due_at = asked.cancellation.due_at
    answers(asked.buyer, accept=False)
    assert (asked.cancellation.status, asked.cancellation.due_at) == ("awaiting_seller", due_at)
    assert asked.at("Tue 09:59").cancellation.status == "awaiting_seller"
    assert asked.at("Tue 10:00").cancellation.status == "approved"
    assert asked.refunded == eur("40.00")


def test_a_buyer_who_says_nothing_is_answered_at_the_first_deadline(asked):  # CONSENT-2
    asked.at("Tue 09:59")
    offers(asked)
    assert asked.cancellation.due_at == asked.time("Tue 10:00")
    assert asked.at("Tue 10:00").cancellation.status == "approved"


def test_an_offer_and_its_answer_count_until_just_before_the_deadline(asked):  # I-37
    offers(asked)
    asked.now = asked.time("Tue 10:00")
    for late in (lambda: offers(asked), lambda: answers(asked.buyer, accept=True)):
        with pytest.raises(DeadlinePassed):
            late()
    asked.now -= timedelta(microseconds=1)
    answers(asked.buyer, accept=True)
    assert asked.cancellation.status == "settled"


def test_a_second_offer_takes_the_place_of_the_first_and_nobody_accepts_what_is_gone(asked):
    offers(asked)
    offers(asked, amount_minor=900)
    with pytest.raises(InvalidTransition):
        answers(asked.buyer, accept=True, number=1)
    answers(asked.buyer, accept=True, number=2)
    assert asked.refunded == eur("9.00")


def test_the_seller_may_still_say_yes_or_no(asked):
    offers(asked)
    asked.seller.approves()
    assert asked.refunded == eur("40.00")
    with pytest.raises(InvalidTransition):
        answers(asked.buyer, accept=True)


@pytest.mark.parametrize("amount", [0, -1, 4001])
def test_what_can_be_offered_is_what_could_go_back(asked, amount):
    with pytest.raises(InvalidField):
        offers(asked, amount_minor=amount)
    with pytest.raises(InvalidField):
        offers(asked, "ship_later", ship_by=asked.now)


def test_the_parties_keep_to_their_parts(asked):
    for who, problem in ((asked.buyer, InvalidTransition), (asked.host, Forbidden)):
        with pytest.raises(problem):
            who.says(MakeOffer, cancellation=asked.cancellation.id, kind=OfferKind.PARTIAL_REFUND, amount_minor=1)
    with pytest.raises(InvalidTransition):
        answers(asked.buyer, accept=True)
    offers(asked)
    with pytest.raises(Forbidden):
        answers(asked.seller, accept=True)
    with pytest.raises(ConsentMissing):
        answers(asked.support, accept=True)
    answers(asked.support, accept=True, consent=asked.note("on the phone"))
    assert asked.cancellation.status == "settled"


@given(paid=st.lists(st.integers(1, 5000), min_size=1, max_size=3), share=st.integers(1, 15_000))
def test_an_offer_is_shared_over_the_payments_to_the_cent(paid, share):  # I-02 I-03
    shop = Shop()
    total = sum(paid)
    share = min(share, total)
    tenders = dict(zip(("card", "gift", "wallet"), paid, strict=False))
    shop.order(paid=eur(f"{total // 100}.{total % 100:02}"), tenders=tenders, stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    offers(shop, amount_minor=share)
    answers(shop.buyer, accept=True)
    assert shop.refunded.minor == share
    shop.seller.cancels()
    assert shop.refunded.minor == total
