"""Laws of quotes: whatever was bought, however it was paid and in whatever parts it is cancelled, it adds up."""

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from laws.histories import lines, orders
from rescind.core.order import Order
from rescind.core.parts import Pins, Tender, Through
from rescind.core.price import Benefit, BenefitKind, Charge, Fee
from rescind.core.quote import capped, quote, stays, worth
from rescind.core.refund import RefundOwed, RefundTerms, apply_owed
from rescind.locales import locale
from rescind.web.quote_words import quote_rows
from scenarios.shop import Shop

EN = locale("en")
BENEFITS = (
    Benefit(id="vou_1", kind=BenefitKind.VOUCHER),
    Benefit(id="pts_1", kind=BenefitKind.POINTS, units=997),
)


@st.composite
def priced(draw):
    """An order with charges, vouchers and points; some of its payments are promised only, some taken in part."""
    told = draw(orders())
    charges = tuple(
        Charge(code=f"c{n}", amount_minor=amount, returns=returns)
        for n, (amount, returns) in enumerate(draw(st.lists(st.tuples(st.integers(0, 500), st.booleans()), max_size=2)))
    )
    first = next(iter(told["tenders"]))
    told["tenders"] = told["tenders"] | {first: told["tenders"][first] + sum(one.amount_minor for one in charges)}
    return told | {"charges": charges, "benefits": BENEFITS}


def parts(shop, data, most=40):
    """Cancel what is open in parts of any size and order; each part's quote before it happens."""
    for _ in range(most):
        units = shop.state.open_units()
        if not units:
            return
        chosen = data.draw(st.dictionaries(st.sampled_from(sorted(units)), st.integers(1, 7), min_size=1, max_size=3))
        chosen = {line: min(count, units[line]) for line, count in chosen.items()}
        yield quote(shop.state, chosen, at=shop.now)
        shop.seller.cancels(lines=chosen)


@given(priced(), st.booleans(), st.data())
def test_what_units_are_worth_adds_up_to_the_total_whether_or_not_anything_was_paid(told, paid, data):
    shop = Shop()
    shop.handle(shop.placing(**told), shop.host.actor)
    if paid:
        shop.host.reports("paid")
    assert worth(shop.state, shop.state.open_units()) == shop.state.total.minor
    counted = 0
    for told_before in parts(shop, data):
        counted += worth(shop.state, {one.line: one.quantity for one in told_before.lines})
    assert counted == shop.state.total.minor


def signed(row):
    return -row["amount"].minor if row.get("minus") else row["amount"].minor


def units_returned(shop):
    return {one.id: one.returned for one in shop.state.benefits}


@given(priced(), st.booleans(), st.data())
def test_what_goes_back_and_what_is_let_go_is_what_was_secured_but_for_what_stays(told, promised, data):  # I-02, KF-07
    shop = Shop()
    shop.handle(shop.placing(**told), shop.host.actor)
    shop.host.reports("authorised" if promised else "paid")
    if promised and (first := next((one for one in shop.state.tenders if one.amount_minor), None)) is not None:
        shop.host.reports("paid", tender=first.id, amount_minor=data.draw(st.integers(1, first.amount_minor)))
    secured = sum(one.secured_minor for one in shop.state.tenders)
    back = let_go = 0
    for told_before in parts(shop, data):
        funding = told_before.funding
        assert funding.seller_minor + funding.platform_minor == told_before.total_minor + told_before.released_minor
        rows = quote_rows(EN, told_before, {}, shop.state)
        assert sum(signed(row) for row in rows) == told_before.total_minor or not told_before.total_minor
        back, let_go = back + told_before.total_minor, let_go + told_before.released_minor
    assert back + let_go == secured - stays(shop.state)
    assert back == shop.refunded.minor
    assert sum(one.authorised_minor + one.left_minor for one in shop.state.tenders) == stays(shop.state)
    for one in shop.state.tenders:
        assert one.reserved_minor <= one.captured_minor
        assert one.captured_minor + one.released_minor <= one.amount_minor
    assert units_returned(shop) == {"vou_1": 1, "pts_1": 997}


@given(orders(), st.lists(st.sampled_from((0, 1, 10, 100)), min_size=4, max_size=4), st.booleans(), st.data())
def test_parts_go_in_whole_steps_and_add_up_to_all_of_it(told, steps, promised, data):  # I-02, KF-07, KF-08
    """Whatever a provider can send at least, and however an order is cut, no cent of what was taken stays."""
    shop = Shop()
    shop.handle(shop.placing(**told), shop.host.actor)
    each = {one.id: step for one, step in zip(shop.state.tenders, steps, strict=False)}
    shop.paths = {name: Through(step_minor=step) for name, step in each.items()}
    shop.host.reports("authorised" if promised else "paid")
    if promised and (first := next((one for one in shop.state.tenders if one.amount_minor), None)) is not None:
        shop.host.reports("paid", tender=first.id, amount_minor=data.draw(st.integers(1, first.amount_minor)))
    secured = sum(one.secured_minor for one in shop.state.tenders)
    for told_before in parts(shop, data):
        room = {one.id: one.left_minor for one in shop.state.tenders}
        for one in told_before.tenders:
            step = each.get(one.tender, 0)
            assert step <= 1 or one.amount_minor % step == 0 or one.amount_minor == room[one.tender]
    assert sum(one.reserved_minor + one.released_minor for one in shop.state.tenders) == secured
    assert sum(one.left_minor + one.authorised_minor for one in shop.state.tenders) == 0


@given(lines(), st.integers(1, 10_000), st.integers(0, 5000), st.data())
def test_fee_and_refund_are_what_was_paid_for_the_units(bought, bps, once, data):  # M-08, I-12
    chosen = {line.id: data.draw(st.integers(1, line.quantity)) for line in bought}
    order = paid(bought)
    told = quote(order, chosen)
    fees = [
        Fee(rule="R", amount_minor=line.total_minor * bps // 10_000, line=line.line, units=line.quantity)
        for line in told.lines
    ]
    charged = quote(order, chosen, fees=(*fees, Fee(rule="ONCE", amount_minor=once)))
    assert charged.fee_minor + charged.total_minor == told.total_minor
    assert charged.total_minor >= told.shipping_minor, "a fee takes nothing of the delivery"
    assert all(fee.amount_minor > 0 for fee in charged.fees)
    assert len({(fee.rule, fee.line) for fee in charged.fees}) == len(charged.fees)


@given(lines(), st.integers(0, 10_000), st.data())
def test_a_fee_shown_for_more_units_is_never_more_for_fewer(bought, amount, data):  # M-08
    line = data.draw(st.sampled_from(bought))
    asked = data.draw(st.integers(1, line.quantity))
    fee = Fee(rule="R", amount_minor=amount, line=line.id, units=asked)
    kept = [
        sum(one.amount_minor for one in capped((fee,), quote(paid(bought), {line.id: count}).lines))
        for count in range(1, asked + 1)
    ]
    assert kept == sorted(kept)
    assert all(part <= amount * count // asked for count, part in enumerate(kept, start=1))


@given(lines(), st.integers(0, 1999), st.data())
def test_delivery_given_back_alone_is_not_given_back_twice(bought, fee, data):  # KF-06, KF-07
    order = paid(bought, fee)
    whole = {line.id: line.quantity for line in bought}
    total = quote(order, whole).total_minor
    before = msgspec.structs.replace(order, shipping_refunded_minor=0)
    owed = (RefundTerms(id="ref_1", tender="t", amount_minor=fee),) if fee else ()
    given_back = apply_owed(before, RefundOwed(at=order.placed_at, refunds=owed, by="sam", shipping_minor=fee))
    part = {line: data.draw(st.integers(1, count)) for line, count in whole.items()}
    assert quote(given_back, whole).shipping_minor == 0
    assert quote(given_back, part).total_minor <= total


def paid(bought, fee=0):
    """An order of these lines, all of it taken."""
    shop = Shop()
    price = sum(line.paid_minor for line in bought) + fee
    return Order(
        id="ord_1",
        shop="shp_1",
        buyer="ann",
        number="1",
        currency="KWD",
        placed_at=shop.now,
        pins=Pins(preset="base", preset_hash=""),
        lines=bought,
        tenders=(Tender(id="t", method="card", amount_minor=price, captured_minor=price),),
        shipping_minor=fee,
    )
