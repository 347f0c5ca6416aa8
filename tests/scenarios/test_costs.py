"""Work that was begun: the seller quotes material and labour, and the buyer agrees to the figure or does not (M-08)."""

import pytest

from rescind.core.errors import EnoughOffers, Forbidden, InvalidField, InvalidTransition
from rescind.core.offer import MOST, AnswerOffer, MakeOffer, OfferKind
from rescind.core.stage import Stage
from scenarios.shop import eur, item, usd


@pytest.fixture
def begun(shop):
    """A ring of EUR 40 is being made, and its buyer asks anyway; silence keeps the order."""
    shop.order(paid=eur("45.00"), lines=(RING,), shipping=eur("5.00"), stage=Stage.PREPARING, placed="Mon 08:00")
    asked = shop.at("Mon 10:00").buyer.requests_cancellation(anyway=True)
    assert (asked.rule, asked.on_silence) == ("CUSTOM-3", "refuse")
    return shop


RING = item("ring", eur("40.00"), custom_made=True)


def quotes(who, material=900, labour=600, comment="Silver, and two hours at the bench."):
    return who.says(
        MakeOffer,
        cancellation=who.shop.cancellation.id,
        kind=OfferKind.CANCEL_WITH_COSTS,
        material_minor=material,
        labour_minor=labour,
        comment=who.shop.note(comment) if comment else None,
    )


def answers(who, accept, number=1):
    return who.says(AnswerOffer, cancellation=who.shop.cancellation.id, number=number, accept=accept)


def test_nothing_is_refunded_before_the_buyer_agrees_to_the_exact_figure(begun):
    quotes(begun.seller)
    offer = begun.cancellation.offer
    assert (offer.material_minor, offer.labour_minor, offer.refund_minor) == (900, 600, 3000)
    assert begun.refunded == eur("0.00")
    answers(begun.buyer, accept=True)
    assert (begun.cancellation.status, begun.stage) == ("approved", Stage.CANCELLED)
    assert begun.refunded == eur("30.00")
    assert {one.rule: one.amount_minor for one in begun.cancellation.fees} == {"material": 900, "labour": 600}
    assert begun.cancellation.offer.answer == "accepted"


def test_a_buyer_who_declines_or_says_nothing_keeps_the_order(begun):
    quotes(begun.seller)
    answers(begun.buyer, accept=False)
    assert begun.cancellation.status == "awaiting_seller"
    quotes(begun.seller, 500, 0)
    begun.at("Tue 10:00")
    assert (begun.cancellation.status, begun.stage) == ("refused", Stage.PREPARING)
    assert begun.refunded == eur("0.00")


@pytest.mark.parametrize(("material", "labour"), [(0, 0), (4001, 0), (2000, 2001), (-1, 5), (5, -1)])
def test_no_more_is_charged_than_the_units_cost_and_not_nothing(begun, material, labour):
    with pytest.raises(InvalidField):
        quotes(begun.seller, material, labour)
    assert begun.cancellation.offer is None


def test_all_that_the_units_cost_may_be_charged_and_the_delivery_never(begun):
    quotes(begun.seller, 3000, 1000)
    answers(begun.buyer, accept=True)
    assert begun.refunded == eur("5.00")


def test_who_charges_says_for_what(begun):
    with pytest.raises(InvalidField) as refused:
        quotes(begun.seller, comment="")
    assert refused.value.params["field"] == "comment"


def test_nothing_is_charged_for_goods_of_which_nothing_was_begun_or_that_anybody_may_buy(shop):
    shop.order(paid=eur("40.00"), lines=(RING,), stage=Stage.REVIEW)
    shop.buyer.requests_cancellation()
    with pytest.raises(InvalidField):
        quotes(shop.seller)
    plain = shop().order(paid=eur("40.00"), stage=Stage.PREPARING)
    plain.buyer.requests_cancellation()
    with pytest.raises(InvalidField):
        quotes(plain.seller)


def test_of_a_mixed_order_only_what_was_made_for_the_buyer_is_charged_for(shop):
    lines = (RING, item("box", eur("10.00")))
    shop.order(paid=eur("50.00"), lines=lines, stage=Stage.PREPARING)
    shop.buyer.requests_cancellation(anyway=True)
    with pytest.raises(InvalidField):
        quotes(shop.seller, 4001, 0)
    quotes(shop.seller, 4000, 0)


def test_a_seller_who_is_late_charges_nothing(shop):  # FEE-1: the order is past its day, or the fault is the seller's
    us = shop("us").order(paid=usd("40.00"), custom_made=True, stage=Stage.PREPARING, placed="Mon 08:00")
    us.at("Mon 12:00").buyer.requests_cancellation()
    with pytest.raises(InvalidField):
        quotes(us.seller)


def test_a_buyer_answers_an_offer_by_one_of_their_own_and_the_seller_takes_it(begun):
    quotes(begun.seller)
    quotes(begun.buyer, 900, 100, comment="The silver, but one hour was enough.")
    with pytest.raises(InvalidTransition):
        answers(begun.seller, accept=True, number=1)
    with pytest.raises(Forbidden):
        answers(begun.buyer, accept=True, number=2)
    answers(begun.seller, accept=True, number=2)
    assert begun.refunded == eur("35.00")
    assert begun.cancellation.status == "approved"


def test_a_seller_declines_what_the_buyer_offers_and_the_clock_stays(begun):
    due_at = begun.cancellation.due_at
    quotes(begun.seller)
    quotes(begun.buyer, 100, 0)
    answers(begun.seller, accept=False, number=2)
    assert (begun.cancellation.status, begun.cancellation.due_at) == ("awaiting_seller", due_at)


def test_a_buyer_makes_no_offer_that_answers_none(begun):
    with pytest.raises(InvalidTransition):
        quotes(begun.buyer)
    quotes(begun.seller)
    answers(begun.buyer, accept=False)
    with pytest.raises(InvalidTransition):
        quotes(begun.buyer)


def test_offers_come_to_an_end(begun):
    for turn in range(MOST):
        quotes(begun.seller if turn % 2 == 0 else begun.buyer, 100 + turn, 0)
    with pytest.raises(EnoughOffers):
        quotes(begun.seller)
    assert begun.cancellation.offer.number == MOST


def test_a_share_of_the_price_for_keeping_the_item(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PREPARING)
    shop.buyer.requests_cancellation()
    for share in (0, 10_001):
        with pytest.raises(InvalidField):
            shop.seller.says(MakeOffer, cancellation=shop.cancellation.id, kind=OfferKind.KEEP_ITEM, share_bps=share)
    shop.seller.says(MakeOffer, cancellation=shop.cancellation.id, kind=OfferKind.KEEP_ITEM, share_bps=1250)
    assert shop.cancellation.offer.amount_minor == 500
    shop.buyer.says(MakeOffer, cancellation=shop.cancellation.id, kind=OfferKind.KEEP_ITEM, share_bps=2500)
    answers(shop.seller, accept=True, number=2)
    assert (shop.cancellation.status, shop.cancellation.closed_by) == ("settled", "seller")
    assert (shop.refunded, shop.stage) == (eur("10.00"), Stage.PREPARING)
