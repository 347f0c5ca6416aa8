"""From WooCommerce's amounts and people to ours: nothing is lost, nothing is invented, and what is odd says where."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind.core.errors import InvalidField
from rescind.core.fulfilment import place
from rescind.core.ids import make_id, shop_id
from rescind.core.parts import Pins
from rescind.intake import document
from rescind.intake.orders import place_order
from rescind.woocommerce.documents import WooOrder, minor, said
from rescind.woocommerce.orders import Buying, differs, method_of, new_order
from sources.shop import START, Shop, item, person

KILN = shop_id(1)


def told(**more):
    return document.shape(Shop().order(**more), WooOrder)


def made(woo, **more):
    return new_order(woo, Buying(source="woo", shop=KILN, **more))


def total(order):
    """What our own arithmetic makes of it: it refuses what does not add up."""
    command, _ = place_order(order, make_id("ord", KILN, START, 1), Pins(preset="base", preset_hash=""), START)
    return place(command).order.total.minor


@pytest.mark.parametrize(
    ("currency", "text", "units"),
    [
        ("EUR", "12.5", 1250),
        ("JPY", "1200", 1200),
        ("KWD", "1.255", 1255),
        ("EUR", "8.264463", 826),
        ("EUR", "-3", -300),
    ],
)
def test_an_amount_is_read_to_the_nearest_unit_of_its_currency(currency, text, units):
    assert minor(text, currency, field="/total") == units


@given(units=st.integers(0, 10**12), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_is_said_of_an_amount_is_read_back(units, currency):
    assert minor(said(units, currency), currency, field="/total") == units


@pytest.mark.parametrize("text", ["", "12,50", "1e3", "٣", "12.5 EUR", "--1"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(InvalidField):
        minor(text, "EUR", field="/total")


@given(
    prices=st.lists(
        st.tuples(st.integers(1, 9), st.integers(0, 90_000), st.integers(0, 9_000)), min_size=1, max_size=5
    ),
    shipping=st.integers(0, 5_000),
    cut=st.integers(0, 300),
)
def test_whatever_lines_taxes_and_reductions_there_are_it_adds_up(prices, shipping, cut):
    items = [
        item(11 + place, quantity=count, total=said(net, "EUR"), tax=said(tax, "EUR"))
        for place, (count, net, tax) in enumerate(prices)
    ]
    cut = min(cut, sum(net for _, net, _ in prices))
    more = {
        "shipping_lines": [{"id": 1, "total": said(shipping, "EUR"), "total_tax": "0.00"}],
        "fee_lines": [{"id": 2, "name": "Thanks", "total": f"-{said(cut, 'EUR')}", "total_tax": "0.00"}],
    }
    woo = told(items=items, **more)
    assert total(made(woo)) == minor(woo.total, "EUR", field="/total")


def test_a_price_that_does_not_divide_by_its_units_keeps_every_cent():
    order = made(told(items=[item(11, quantity=3, total="10.00")]))
    (line,) = order.lines
    assert (line.unit_price.amount, line.discount.amount) == (334, 2)
    assert total(order) == 1000


@pytest.mark.parametrize(("apart", "fits"), [("30.01", True), ("29.99", True), ("30.05", False), ("29.00", False)])
def test_half_a_unit_a_figure_is_rounding_and_more_does_not_add_up(apart, fits):
    woo = told(items=[item(11, total="25.00", tax="5.00")])
    woo = msgspec.structs.replace(woo, total=apart)
    if fits:
        assert total(made(woo)) == minor(apart, "EUR", field="/total")
    else:
        with pytest.raises(InvalidField) as fault:
            made(woo)
        assert fault.value.params["field"] == "/total"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"currency": "XTS"}, "/currency"),
        ({"total": "-1.00"}, "/total"),
        ({"items": [item(11, total="-2.00", subtotal="2.00")], "total": "1.00"}, "/line_items/0/total"),
        ({"items": [item(11, quantity=1.5)]}, "/line_items/0/quantity"),
        ({"items": [item(11, quantity=0.5)]}, "/line_items/0/quantity"),
        ({"date_created_gmt": None}, "/date_created_gmt"),
        ({"date_created_gmt": "yesterday"}, "/date_created_gmt"),
        ({"fee_lines": [{"id": 1, "total": "-90.00", "total_tax": "0"}], "total": "1.00"}, "/fee_lines/0/total"),
        ({"shipping": person(country="UK")}, "/recipient/country"),
    ],
)
def test_what_cannot_be_an_order_says_where(change, field):
    woo = told(**change)
    with pytest.raises(InvalidField) as fault:
        total(made(woo))
    assert fault.value.params["field"] == field


def test_people_and_words_lose_what_nobody_should_see_and_nothing_else():
    odd = person(first_name="Mia\u202e", last_name="<b>Holm</b>", city="Malm\u00f6 &amp; co")
    order = made(told(shipping=odd, customer_note="Ring\n\n twice\u200b"))
    assert (order.recipient.name, order.recipient.city) == ("Mia Holm", "Malm\u00f6 & co")
    assert order.note == "Ring twice"


def test_what_the_buyer_chose_of_a_variation_is_told_and_a_plugins_own_is_not():
    chosen = [
        {"key": "pa_size", "display_key": "Size", "display_value": "<p>L</p>"},
        {"key": "_reserved", "display_key": "_reserved", "display_value": "yes"},
        {"key": "extra", "display_key": "Extra", "display_value": {"not": "words"}},
    ]
    order = made(told(items=[item(11, sku="a b", variation_id=7, meta_data=chosen)]))
    assert order.lines[0].options == {"Size": "L"}
    assert order.lines[0].sku == "product-101-7"


@pytest.mark.parametrize(
    ("plugin", "method"),
    [
        ("stripe", "card"),
        ("stripe_ideal", "ideal"),
        ("ppcp-gateway", "paypal"),
        ("cod", "cash_on_delivery"),
        ("x", "other"),
    ],
)
def test_the_means_of_payment_of_a_plugin(plugin, method):
    assert method_of(plugin) == method


def test_another_means_of_payment_is_no_change_of_what_was_bought_and_another_price_is():
    before = made(told())
    assert differs(before, made(told(payment_method="ppcp-gateway", transaction_id="8AB12345CD678901E"))) == ""
    assert differs(before, made(told(items=[item(11, total="21.00")]))) == "/line_items"
    assert differs(before, made(told(shipping=person(city="Lund")))) == "/shipping"
