"""What a notice says that its buyer can do is what the policy lets them do at the moment it is read (KF-15)."""

import pytest

from rescind.core.notice import NoticeKind, as_of, notices_of, promises
from rescind.core.offer import MakeOffer, OfferKind
from rescind.core.outlook import Outlook
from rescind.core.stage import Stage
from rescind.notices import words
from scenarios.shop import Shop, eur

POSSIBLE = "You can still", "may still agree"


def read(shop, kind):
    """The latest notice of a kind to the buyer, in words, as it stands now."""
    told = [one for record in shop.records for one in notices_of((record,), shop.state)]
    notice = [one for one in told if one.kind is kind and promises(one)][-1]
    return words(as_of(notice, shop.state, shop.now, outlook=Outlook(shop.state, shop.terms, shop.context)), "en")


def test_the_same_notice_promises_less_as_the_order_goes_on(shop):  # ASK-1, LATE-1
    shop.order(paid=eur("40.00"), stage=Stage.REVIEW, placed="Mon 08:00")
    order = f"/orders/{shop.state.id}"
    told = read(shop, NoticeKind.ORDER_PAID)
    assert told.sentence.endswith("You can still cancel it. Nobody has to agree.")
    assert (told.label, told.link) == ("Cancel order", f"{order}/cancel")
    shop.at("Mon 12:00").seller.reports("preparation_started")
    told = read(shop, NoticeKind.PREPARING)
    assert told.sentence.endswith("You can still ask to cancel it.")
    assert (told.label, told.link) == ("Request cancellation", f"{order}/cancel")
    shop.seller.reports("packing_started")
    for kind in (NoticeKind.PREPARING, NoticeKind.PACKING, NoticeKind.ORDER_PAID):
        told = read(shop, kind)
        assert "The shop may still agree" in told.sentence
        assert (told.label, told.link) == ("Ask the shop anyway", f"{order}/cancel?anyway=1")
    shop.buyer.requests_cancellation(anyway=True)
    told = read(shop, NoticeKind.PACKING)
    assert not any(one in told.sentence for one in POSSIBLE)
    assert (told.label, told.link) == ("See the order", order)


@pytest.mark.parametrize("policy", ["base", "eu", "us", "uk", "my", "th", "id", "vn", "br"])
@pytest.mark.parametrize("stage", [Stage.PREPARING, Stage.PACKING, Stage.PACKED, Stage.AWAITING_COLLECTION])
def test_nothing_is_promised_that_the_policy_refuses(policy, stage):
    shop = Shop(policy)
    shop.order(paid=eur("40.00"), stage=stage, placed="Mon 08:00")
    shop.at("Mon 20:00")
    answer = Outlook(shop.state, shop.terms, shop.context).ask(shop.now)
    told = read(shop, NoticeKind.PREPARING)
    refused = answer.finding.verdict == "refuse"
    assert ("You can still" in told.sentence) == (not refused), (answer.kind, told.sentence)
    assert ("may still agree" in told.sentence) == (answer.finding.instead == "ask_seller_anyway")
    assert told.link.endswith("/cancel") == (not refused)


def test_an_offer_leaves_the_move_with_the_shop_and_says_so(shop):
    shop.order(paid=eur("40.00"), stage=Stage.PACKING, placed="Mon 08:00")
    shop.at("Mon 12:00").buyer.requests_cancellation(anyway=True)
    shop.seller.says(MakeOffer, cancellation=shop.cancellation.id, kind=OfferKind.PARTIAL_REFUND, amount_minor=400)
    (notice,) = [one for one in notices_of(shop.records[-1:], shop.state) if one.role == "buyer"]
    told = words(as_of(notice, shop.state, shop.now), "en")
    assert told.move.startswith("You can answer the offer until ")
    assert told.move.endswith("If you do nothing and the shop does not answer either, your request is declined then.")
    assert told.label == "See the offer"
