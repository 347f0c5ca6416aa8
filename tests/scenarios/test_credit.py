"""A credit toward a later purchase is a ruling of support's, by consent, and never beside the money (M-22)."""

import pytest

from rescind.core.errors import ConsentMissing, Forbidden, InvalidField, RefundTooHigh
from rescind.core.giving_back import GiveBack
from rescind.core.ledger import CREDIT, PROVIDER, SELLER
from rescind.core.stage import Stage
from scenarios.shop import eur


def rules_credit(shop, amount, *, by=None, consent="She wants to buy another one.", comment="It came a month late."):
    return (by or shop.agent).says(
        GiveBack,
        amount_minor=amount.minor,
        credit=True,
        consent=shop.note(consent) if consent else None,
        comment=shop.note(comment) if comment else None,
    )


@pytest.fixture
def delivered(shop):
    return shop.order(paid=eur("40.00"), stage=Stage.DELIVERED)


def test_a_credit_comes_from_what_the_marketplace_owes_buyers_and_not_from_the_provider(delivered):
    rules_credit(delivered, eur("15.00"))
    (owed,) = delivered.state.refunds
    assert (owed.into, owed.amount_minor) == ("store_credit", 1500)
    delivered.provider.answers("succeeded")
    assert delivered.books["card", PROVIDER] == 4000, "the payment stays where it is"
    assert delivered.books["card", CREDIT] == -1500, "and the buyer holds a claim on us"
    assert delivered.books["card", SELLER] == -2500


def test_what_became_credit_does_not_go_back_as_money_as_well(delivered):
    rules_credit(delivered, eur("15.00"))
    with pytest.raises(RefundTooHigh):
        delivered.agent.gives_back(eur("25.01"))
    delivered.agent.gives_back(eur("25.00"))
    assert delivered.refunded == eur("40.00")
    with pytest.raises(RefundTooHigh):
        rules_credit(delivered, eur("0.01"))


def test_cancelled_later_the_rest_goes_back_and_the_credit_stays(shop):
    shop.order(paid=eur("40.00"), stage=Stage.REVIEW)
    rules_credit(shop, eur("15.00"))
    shop.buyer.requests_cancellation()
    assert shop.cancellation.status == "approved"
    assert [(one.into, one.amount_minor) for one in shop.state.refunds] == [("store_credit", 1500), ("", 2500)]


def test_nobody_is_given_credit_in_place_of_money_unasked_or_without_a_reason(delivered):
    with pytest.raises(ConsentMissing):
        rules_credit(delivered, eur("5.00"), consent="")
    with pytest.raises(InvalidField):
        rules_credit(delivered, eur("5.00"), comment="")
    with pytest.raises(Forbidden):
        rules_credit(delivered, eur("5.00"), by=delivered.seller)
    with pytest.raises(InvalidField):
        delivered.agent.says(GiveBack, amount_minor=500, consent=delivered.note("Yes."))
    assert delivered.state.refunds == ()


def test_above_the_amount_a_credit_takes_two_people_as_other_money_does(delivered):
    delivered.alone = eur("10.00")
    rules_credit(delivered, eur("15.00"))
    assert delivered.state.refunds == ()
    (made,) = delivered.state.proposals
    assert made.terms.way == "store_credit"
    delivered.colleague.agrees(made.number)
    (owed,) = delivered.state.refunds
    assert (owed.into, owed.amount_minor) == ("store_credit", 1500)
    owes = delivered.records[-1].event
    assert owes.consent == made.consent
    assert owes.comment == made.comment
    assert made.consent is not None
