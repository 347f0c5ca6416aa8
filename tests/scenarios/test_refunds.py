"""How much goes back, to which payment, and what the provider says about it."""

from datetime import timedelta

import pytest

from rescind.core.errors import AmountsDoNotAddUp, InvalidField, NotFound
from rescind.core.ids import RefundId
from rescind.core.quote import quote
from rescind.core.refund import ProviderOutcome
from rescind.core.stage import Stage
from scenarios.shop import eur, item, jpy, kwd

LATER = {"next_check_at": None}


def test_shipping_and_its_tax_come_back_with_the_whole_order(shop):  # KF-01
    shop.order(paid=eur("132.00"), lines=(item("chair", eur("100.00"), tax=eur("20.00")),), shipping=eur("12.00"))
    shop.buyer.requests_cancellation()
    assert shop.refunded == shop.state.paid == eur("132.00")
    assert shop.stage is Stage.CANCELLED


def test_a_voucher_is_shared_over_the_lines_as_it_was_bought(shop):  # KF-02
    lines = (item("coat", eur("150.00"), discount=eur("30.00")), item("hat", eur("60.00"), discount=eur("12.00")))
    shop.order(paid=eur("168.00"), lines=lines)
    shop.buyer.requests_cancellation(lines={"coat": 1})
    assert shop.refunded == eur("120.00")
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("168.00")


def test_promotions_and_delivery_stay_as_bought(shop):  # KF-03
    # Five at 5.50 less ten per cent, and 0.50 for delivery: the discount on the whole line is 2.75.
    line = item("pen", eur("5.50"), 5, discount=eur("2.75"))
    shop.order(paid=eur("25.25"), lines=(line,), shipping=eur("0.50"))
    shop.buyer.requests_cancellation(lines={"pen": 2})
    assert shop.refunded == eur("9.90")
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("25.25"), "the fee comes back with the last of it"


def test_shipping_that_was_free_is_not_refunded(shop):  # KF-04
    shop.order(paid=eur("40.00"), shipping=None)
    assert quote(shop.state, {"mug": 1}).shipping_minor == 0


def test_shipping_is_kept_while_anything_ships(shop):  # E-10
    lines = (item("cup", eur("5.00")), item("pot", eur("10.00")))
    shop.order(paid=eur("19.00"), lines=lines, shipping=eur("4.00"), stage=Stage.ALLOCATED)
    shop.carrier.reports("handed_over", parcel="1", lines={"pot": 1})
    shop.seller.cancels(lines={"cup": 1})
    assert shop.refunded == eur("5.00")
    assert shop.state.shipping_refunded_minor == 0


def test_the_last_cent_can_be_refunded(shop):  # KF-07
    lines = (item("a", eur("4.33"), discount=eur("0.34")), item("b", eur("8.98")))
    shop.order(paid=eur("12.97"), lines=lines)
    shop.buyer.requests_cancellation(lines={"b": 1})
    assert shop.refunded == eur("8.98")
    assert shop.quote() == eur("3.99")
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("12.97")
    assert shop.state.tenders[0].left_minor == 0


@pytest.mark.parametrize(
    ("price", "minor", "told"), [(jpy("5800"), 5800, "5800 JPY"), (kwd("1.255"), 1255, "1.255 KWD")]
)
def test_currencies_without_two_decimals(shop, price, minor, told):  # KF-08
    shop.order(paid=price)
    shop.buyer.requests_cancellation()
    assert (shop.state.refunds[0].amount_minor, str(shop.refunded)) == (minor, told)


def test_each_payment_gets_its_own_part_back(shop):  # KF-09, KF-10
    shop.order(paid=eur("60.00"), tenders={"gift": 2500, "card": 3500})
    shop.buyer.requests_cancellation()
    assert shop.refunds == {"gift": eur("25.00"), "card": eur("35.00")}


def test_three_steps_over_two_payments_never_exceed_either(shop):  # KF-10, E-06
    lines = tuple(item(name, eur("20.00")) for name in "abc")
    shop.order(paid=eur("60.00"), lines=lines, tenders={"gift": 2500, "card": 3500})
    steps = []
    for name in "abc":
        shop.buyer.requests_cancellation(lines={name: 1})
        steps.append({tender: str(money) for tender, money in shop.refunds.items()})
    assert steps == [
        {"gift": "8.33 EUR", "card": "11.67 EUR"},
        {"gift": "16.66 EUR", "card": "23.34 EUR"},
        {"gift": "25.00 EUR", "card": "35.00 EUR"},
    ]
    assert [(one.tender, one.amount_minor) for one in shop.state.refunds] == [
        ("gift", 833), ("card", 1167), ("gift", 833), ("card", 1167), ("gift", 834), ("card", 1166),
    ]  # fmt: skip


def test_a_payment_captured_in_part_gives_back_what_it_took(shop):  # I-02
    shop.order(total=eur("60.00"), tenders={"card": 6000})
    shop.host.reports("paid", tender="card", amount_minor=2000)
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("20.00")
    shop.host.reports("paid", tender="card", amount_minor=4000)
    assert shop.refunded == eur("60.00")


def test_amounts_that_do_not_add_up_are_no_order(shop):  # KF-05, E-05
    with pytest.raises(AmountsDoNotAddUp):
        shop.order(paid=eur("40.00"), tenders={"card": 3999})
    with pytest.raises(AmountsDoNotAddUp):
        shop.order(lines=(item("a", eur("1.00"), discount=eur("2.00")),), tenders={"card": -100})
    with pytest.raises(InvalidField):
        shop.order(paid=eur("2.00"), lines=(item("a", eur("1.00")), item("a", eur("1.00"))))
    assert shop.state is None


def test_prices_shown_without_tax_come_back_with_it_to_the_last_unit(shop):  # KF-05
    # 240.00 and 85.00 without tax, a coupon of 60.00 over both, tax of a fifth on what is left: 318.00 were captured.
    lines = (
        item("coat", eur("120.00"), 2, discount=eur("44.31"), tax=eur("39.14")),
        item("hat", eur("85.00"), discount=eur("15.69"), tax=eur("13.86")),
    )
    shop.order(paid=eur("318.00"), lines=lines)
    assert shop.quote() == shop.state.paid == eur("318.00")
    shop.buyer.requests_cancellation(lines={"coat": 1})
    assert shop.refunded == eur("117.41"), "half of 234.83; the odd cent comes with the other half"
    shop.buyer.requests_cancellation()
    assert shop.refunded == eur("318.00")
    assert shop.stage is Stage.CANCELLED


# --- what the provider says -------------------------------------------------------------------------------------------


@pytest.fixture
def owed(shop):
    """An order whose 40.00 are owed."""
    shop.order(paid=eur("40.00"))
    shop.buyer.requests_cancellation()
    return shop


def money(shop):
    (card,) = shop.state.tenders
    return card.reserved_minor, card.refunded_minor, card.left_minor


def test_money_is_reserved_until_the_provider_has_spoken(owed):  # I-07
    assert money(owed) == (4000, 0, 0)
    for outcome in ("in_doubt", "submitted", "in_doubt"):
        owed.provider.answers(outcome, next_check_at=owed.time("Mon 09:00"))
        assert owed.state.refunds[0].status == outcome
        assert money(owed) == (4000, 0, 0), "no answer is not failure"
        assert [one.due_at for one in owed.due] == [owed.time("Mon 09:00")]
    owed.provider.answers("succeeded")
    assert money(owed) == (0, 4000, 0)
    assert owed.due == ()


def test_a_refused_refund_gives_the_money_back_to_where_it_can_be_refunded(owed):  # KF-15
    owed.provider.answers("declined")
    assert (owed.state.refunds[0].status, money(owed)) == ("failed", (0, 0, 4000))
    assert owed.refunded == eur("0.00")


def test_our_own_refund_that_comes_back_as_news_is_none(owed):  # KF-14
    refund = owed.state.refunds[0].id
    owed.provider.answers("succeeded", reference="re_1")
    version = owed.state.version
    for outcome in ("succeeded", "submitted", "in_doubt") * 5:
        owed.provider.answers(outcome, refund)
    assert (owed.state.version, money(owed)) == (version, (0, 4000, 0))
    assert owed.state.refunds[0].reference == "re_1"


def test_a_bank_may_send_it_back_days_later_once(owed):  # I-09
    refund = owed.state.refunds[0].id
    owed.provider.answers("succeeded")
    for _ in range(3):
        owed.at("Fri 10:00").provider.answers("declined", refund)
    assert (owed.state.refunds[0].status, money(owed)) == ("failed", (0, 0, 4000))
    owed.provider.answers("succeeded", refund)
    assert money(owed) == (0, 0, 4000), "nothing brings a failed refund back to life"


def test_news_of_a_foreign_refund_is_not_found(owed):  # I-35
    with pytest.raises(NotFound):
        owed.provider.answers("succeeded", RefundId("ref_00000007none0000000000"))


def test_a_refund_that_was_asked_once_is_never_said_to_be_unsent(shop):  # KF-16, I-07
    shop.order(paid=eur("40.00"), stage=Stage.REVIEW).buyer.requests_cancellation()
    (refund,) = shop.state.refunds
    later = shop.now + timedelta(minutes=1)
    shop.provider.answers(ProviderOutcome.IN_DOUBT, refund.id, next_check_at=later)
    shop.provider.answers(ProviderOutcome.NOT_SENT, refund.id, cause="not_set_up")
    assert (shop.state.refunds[0].status, shop.state.refunds[0].cause) == ("in_doubt", "")
