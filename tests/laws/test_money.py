"""What holds for every amount and every way to share one."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws.histories import orders
from rescind.core.errors import CurrencyMismatch, InvalidField
from rescind.core.money import Money, decimals, split_minor, total
from rescind.core.parts import Tender
from rescind.core.quote import quote, share_out, units_share
from scenarios.shop import Shop

AMOUNTS = st.integers(0, 10**15)
WEIGHTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=8).filter(any)
CURRENCIES = ("EUR", "USD", "JPY", "KRW", "KWD", "BHD")


@given(AMOUNTS, WEIGHTS)
def test_shares_add_up_and_each_is_within_a_unit_of_its_due(whole, weights):  # I-11, E-05
    parts = split_minor(whole, weights)
    assert sum(parts) == whole
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - Fraction(whole * weight, sum(weights))) < 1
        assert part >= 0
        assert weight or part == 0
    assert [one.minor for one in Money(whole, "EUR").split(weights)] == parts


@given(AMOUNTS, st.integers(1, 9))
def test_equal_shares_differ_by_one_at_most_and_the_earlier_get_more(whole, count):  # E-05
    parts = split_minor(whole, [1] * count)
    assert parts == sorted(parts, reverse=True)
    assert parts[0] - parts[-1] <= 1


@given(AMOUNTS, st.integers(1, 500), st.data())
def test_units_carry_their_share_whatever_the_steps(whole, units, data):  # I-11, KF-07
    cuts = sorted(data.draw(st.sets(st.integers(1, units), max_size=6)) | {units})
    starts = [0, *cuts[:-1]]
    shares = [units_share(whole, units, first, last - first) for first, last in zip(starts, cuts, strict=True)]
    assert sum(shares) == whole
    for first, last, share in zip(starts, cuts, shares, strict=True):
        assert abs(share - Fraction(whole * (last - first), units)) < last - first + 1
        assert share >= 0


@given(orders(), st.data())
def test_an_order_cancelled_in_any_parts_gives_back_what_was_paid(order, data):  # KF-02, KF-03, KF-07
    shop = Shop()
    shop.handle(shop.placing(**order), shop.host.actor)
    shop.host.reports("paid")
    by_line = dict.fromkeys((line.id for line in shop.state.lines), 0)
    for _ in range(40):
        units = shop.state.open_units()
        if not units:
            break
        chosen = data.draw(st.dictionaries(st.sampled_from(sorted(units)), st.integers(1, 7), min_size=1, max_size=3))
        chosen = {line: min(count, units[line]) for line, count in chosen.items()}
        before, told = shop.refunded, quote(shop.state, chosen)
        for line in told.lines:
            by_line[line.line] += line.total_minor
            assert line.total_minor >= 0
        last = chosen == units
        assert told.shipping_minor == (shop.state.shipping_minor if last else 0), "shipping comes with the last of it"
        shop.seller.cancels(lines=chosen)
        assert (shop.refunded - before).minor == told.total_minor == sum(one.amount_minor for one in told.tenders)
        assert told.total_minor == sum(line.total_minor for line in told.lines) + told.shipping_minor
        assert shop.cancellation.refund_minor == told.total_minor
    assert shop.refunded == shop.state.paid == shop.state.total
    assert by_line == {line.id: line.paid_minor for line in shop.state.lines}
    assert all(tender.left_minor == 0 for tender in shop.state.tenders)


@given(orders(), st.data())
def test_how_an_order_was_cut_makes_no_difference_to_what_a_line_gives_back(order, data):  # I-11
    whole, cut = Shop(), Shop()
    for shop in (whole, cut):
        shop.handle(shop.placing(**order), shop.host.actor)
        shop.host.reports("paid")
    line = data.draw(st.sampled_from(whole.state.lines))
    at_once = quote(whole.state, {line.id: line.quantity}).lines[0].total_minor
    singly = 0
    for _ in range(line.quantity):
        singly += quote(cut.state, {line.id: 1}).lines[0].total_minor
        cut.seller.cancels(lines={line.id: 1})
    assert singly == at_once


@st.composite
def tenders(draw):
    made = []
    for name in "abc"[: draw(st.integers(1, 3))]:
        captured = draw(st.integers(0, 10_000))
        gone = draw(st.integers(0, captured))
        reserved = draw(st.integers(0, gone))
        made.append(
            Tender(
                id=name,
                method="card",
                amount_minor=captured,
                captured_minor=captured,
                reserved_minor=reserved,
                refunded_minor=gone - reserved,
                taken_elsewhere_minor=draw(st.sampled_from((0, 0, 1, 500, 20_000))),
            )
        )
    return tuple(made)


@given(tenders(), st.integers(-5, 40_000), st.booleans())
def test_nothing_goes_where_nothing_is_left(of, amount, everything):  # I-02, I-10, E-06, KF-10, KF-13
    shares = share_out(of, amount, everything=everything)
    left = {tender.id: tender.left_minor for tender in of}
    assert all(0 < share.amount_minor <= left[share.tender] for share in shares)
    assert len({share.tender for share in shares}) == len(shares)
    wanted = sum(left.values()) if everything else max(0, min(amount, sum(left.values())))
    assert sum(share.amount_minor for share in shares) == wanted


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=4).filter(any), st.data())
def test_untouched_payments_share_by_what_they_paid(captured, data):  # E-06
    of = tuple(Tender(id=str(n), method="card", amount_minor=c, captured_minor=c) for n, c in enumerate(captured))
    amount = data.draw(st.integers(0, sum(captured)))
    got = {share.tender: share.amount_minor for share in share_out(of, amount, everything=False)}
    for tender in of:
        due = Fraction(amount * tender.captured_minor, sum(captured))
        assert abs(got.get(tender.id, 0) - due) < 1


@given(st.integers(0, 10**15), st.sampled_from(CURRENCIES))
def test_an_amount_reads_as_it_was_written(minor, currency):  # I-01, KF-08
    text, _, code = str(Money(minor, currency)).partition(" ")
    assert code == currency
    assert Money.parse(text, currency) == Money(minor, currency)
    assert Decimal(text).scaleb(decimals(currency)) == minor
    assert ("." in text) == bool(decimals(currency))


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "1.", ".5", "-1", "+1", "1e3", "1,00", "1 000", " 1", "1 ", "1\n", "1\x00", "1_0", "0x1"),
        *("nan", "inf", "1.000", "1.2.3", "١", "1.²", "1.٣", "½"),
    ],
)
def test_what_is_no_amount_is_refused(text):  # I-01
    with pytest.raises(InvalidField) as refused:
        Money.parse(text, "EUR")
    assert refused.value.params["field"] == "amount"


@pytest.mark.parametrize(("text", "currency"), [("1.5", "JPY"), ("1.234", "EUR"), ("1.2345", "KWD"), ("1.0", "KRW")])
def test_an_amount_has_no_more_digits_than_its_currency(text, currency):  # KF-08
    with pytest.raises(InvalidField):
        Money.parse(text, currency)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("5800", "JPY", 5800), ("1.255", "KWD", 1255), ("1.2", "KWD", 1200), ("19.99", "EUR", 1999), ("007", "EUR", 700)],
)
def test_an_amount_counts_its_currencys_smallest_unit(text, currency, minor):  # KF-08
    assert Money.parse(text, currency).minor == minor


def test_amounts_of_two_currencies_do_not_meet():  # I-03
    one, other = Money(1, "EUR"), Money(1, "USD")
    for meet in (lambda: one + other, lambda: one - other, lambda: one < other, lambda: one <= other):
        with pytest.raises(CurrencyMismatch):
            meet()
    with pytest.raises(CurrencyMismatch):
        total([one, other], "EUR")
    assert one != other
    assert total([], "JPY") == Money(0, "JPY")
    assert total([one, one, Money(-3, "EUR")], "EUR") == Money(-1, "EUR")
    assert str(Money(-105, "EUR")) == "-1.05 EUR"
