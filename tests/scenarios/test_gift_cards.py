"""A gift card that was bought in an order: once it is used it is with the buyer, and its money does not go back."""

import pytest

from rescind.core import stock
from rescind.core.errors import QuantityNotOpen
from rescind.core.stage import Stage
from scenarios.shop import eur, item


@pytest.fixture
def bought(shop):
    """A mug of EUR 20 and a gift card of EUR 50, paid and not begun."""
    return shop.order(lines=[item("mug", eur("20.00")), item("card", eur("50.00"))], paid=eur("70.00"))


def used(shop):
    """The host says that the card was used, or its code sent: what it is about has arrived."""
    shop.host.reports("delivered", parcel="gift-card", lines={"card": 1})


def test_a_card_nobody_has_used_goes_back_and_the_host_is_told_to_end_it(bought):  # KF-09
    before = bought.state
    assert bought.buyer.requests_cancellation().status == "approved"
    assert bought.refunded == eur("70.00")
    told = {one.line: one.kind for one in stock.instructions(before, bought.state)}
    assert told["card"] == "release", "a card that is released buys nothing"


def test_a_card_that_was_used_stays_paid_whoever_cancels_the_rest(bought):  # KF-09
    used(bought)
    assert bought.buyer.requests_cancellation().lines == {"mug": 1}
    bought.seller.approves()
    assert (bought.refunded, bought.state.given_minor) == (eur("20.00"), 0)


def test_nobody_cancels_a_used_card_by_naming_it(bought):  # KF-09
    used(bought)
    for cancel in (
        lambda: bought.buyer.requests_cancellation(lines={"card": 1}),
        lambda: bought.seller.cancels(lines={"card": 1}),
        lambda: bought.agent.overrides("cancel", "experience", lines={"card": 1}, alone=eur("100.00")),
    ):
        with pytest.raises(QuantityNotOpen):
            cancel()
    assert bought.refunded == eur("0.00")


def test_a_card_used_while_a_request_waits_ends_the_request_and_a_person_hears_of_it(shop):  # KF-09
    shop.order(lines=[item("card", eur("50.00"))], paid=eur("50.00"), stage=Stage.PREPARING)
    assert shop.buyer.requests_cancellation().status == "awaiting_seller"
    used(shop)
    assert (shop.cancellation.status, shop.refunded) == ("overtaken", eur("0.00"))
    assert [one.kind for one in shop.state.open_contradictions] == ["shipped_while_asked"]


def test_a_card_used_after_its_money_went_back_is_a_case_for_a_person(bought):  # KF-09
    bought.buyer.requests_cancellation()
    used(bought)
    assert [one.kind for one in bought.state.open_contradictions] == ["shipped_after_cancel"]
    assert bought.refunded == eur("70.00"), "what was decided stands until somebody has looked at it"
