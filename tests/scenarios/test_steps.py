"""What goes back is split in steps that the tender's provider can send, and the last part clears the rest."""

import msgspec
import pytest

from rescind.core.errors import InvalidField
from rescind.core.money import Money
from rescind.core.parts import Tender, Through
from rescind.core.quote import share
from rescind.providers.paypal_units import to_paypal
from rescind.providers.stripe_units import to_stripe
from scenarios.shop import item, kwd


def huf(text):
    return Money.parse(text, "HUF")


def paid_in(shop, step, line, **tenders):
    """An order of this line whose first tender goes back in steps; the others by any amount."""
    shop.order(total=Money(line.unit_minor, line.currency), lines=(line.bought,), tenders=tenders or None)
    first = shop.state.tenders[0].id
    shop.paths = {first: Through(connection="main", step_minor=step)}
    shop.host.reports("paid")
    return shop


class _Line(msgspec.Struct):
    currency: str
    unit_minor: int
    bought: object


def hungarian():
    return _Line("HUF", 100000, item("mug", huf("1000.00"), 3, discount=huf("100.00")))


def kuwaiti():
    return _Line("KWD", 1300, item("mug", kwd("1.300"), 3, discount=kwd("0.040")))


@pytest.mark.parametrize("steps", [(1, 2), (2, 1)])
def test_parts_of_forints_are_whole_at_paypal_and_all_of_it_goes_back(shop, steps):  # KF-08, I-02
    paid_in(shop, 100, hungarian())
    for count in steps:
        shop.seller.cancels(lines={"mug": count})
    amounts = [one.amount_minor for one in shop.state.refunds]
    assert all(to_paypal(one, "HUF") for one in amounts)
    assert (sum(amounts), sorted(amounts)) == (290000, [96700, 193300])


@pytest.mark.parametrize("steps", [(1, 2), (2, 1)])
def test_parts_of_dinars_are_tens_of_fils_at_stripe(shop, steps):  # KF-08, I-02
    paid_in(shop, 10, kuwaiti())
    for count in steps:
        shop.seller.cancels(lines={"mug": count})
    amounts = [one.amount_minor for one in shop.state.refunds]
    assert all(to_stripe(one, "KWD") for one in amounts)
    assert sum(amounts) == 3860


def test_what_was_recorded_when_it_was_paid_stays_whatever_is_connected_later(shop):  # KF-16
    paid_in(shop, 10, kuwaiti())
    shop.paths = {"card": Through(connection="other", step_minor=1000)}
    shop.host.reports("paid")
    (tender,) = shop.state.tenders
    assert (tender.provider, tender.step_minor) == ("main", 10)


def test_a_gift_card_takes_what_the_card_cannot_and_nothing_is_rounded(shop):  # KF-10
    paid_in(shop, 10, kuwaiti(), card=2860, gift_card=1000)
    quoted = shop.quote(mug=1)
    assert quoted == kwd("1.286")
    shop.seller.cancels(lines={"mug": 1})
    by_tender = {one.tender: one.amount_minor for one in shop.state.refunds}
    assert by_tender["card"] % 10 == 0
    assert sum(by_tender.values()) == 1286


def test_an_amount_that_somebody_names_is_one_that_can_be_sent(shop):  # KF-06, KF-08
    paid_in(shop, 100, hungarian())
    with pytest.raises(InvalidField):
        shop.seller.gives_back(huf("10.50"))
    assert shop.state.refunds == ()
    shop.seller.gives_back(huf("11.00"))
    assert shop.state.refunds[0].amount_minor == 1100


def test_a_fee_that_stays_leaves_the_step_to_the_buyer():
    tenders = (Tender(id="t", method="card", amount_minor=3860, captured_minor=3860, step_minor=10),)
    shared = share(tenders, 3860, keep=579)
    assert (shared.refunds[0].amount_minor, shared.rounding_minor) == (3290, 9)
    assert share(tenders, 3860, keep=0).rounding_minor == 0
