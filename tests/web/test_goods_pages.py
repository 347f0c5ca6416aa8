"""Goods on a seller's pages: parcels that are split, what came back, who ships, and where it goes during the hold."""

from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN, person
from rescind.app import make_app
from rescind.core.parts import Line, Tender
from rescind.core.stage import Stage
from web.consoles import Person

ORDERS = "/seller/orders"
TWO_LINES = {
    "lines": (
        Line(id="1", sku="MUG", quantity=2, unit_minor=1000),
        Line(id="2", sku="LID", quantity=1, unit_minor=1000),
    ),
    "tenders": (Tender(id="t", method="card", label="Visa ..42", amount_minor=3000),),
}


@pytest.fixture
def app(desk, market):
    return make_app(desk)


@pytest.fixture
async def sam(app, desk):
    """The seller of Kiln, under the plain rules."""
    return await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN)


@pytest.fixture
async def lou(app, desk):
    """The seller of Lantern, under the rules of the United States."""
    return await Person(app).sign_in(desk, "seller", "lou", shop_id=LANTERN)


async def send(who, form, **typed):
    """Fill in a form and go where its answer leads."""
    pairs = [(name, value) for name, value in form["fields"] if name not in typed]
    page = await who.send(form["action"], [*pairs, *typed.items()])
    return await who.see(page.to) if page.to else page


def with_button(page, name, value):
    return next(one for one in page.forms if (name, value) in one["buttons"])


async def split(who, order, **units):
    """Say of lines ``l1``, ``l2`` how many go into a parcel of their own."""
    page = await who.see(f"{ORDERS}/{order}")
    taken = {f"take-{line[1:]}": typed for line, typed in units.items()}
    return await send(who, with_button(page, "do", "split"), do="split", **taken)


async def test_an_order_is_split_shipped_parcel_by_parcel_and_combined(sam, market):
    order = await market.order(Stage.PACKED, **TWO_LINES)
    page = await split(sam, order, l1="1")
    assert page.status == 200, page.text
    assert {one.id: one.lines for one in (await market.read(order)).parcels} == {"1": {"1": 1, "2": 1}, "2": {"1": 1}}
    assert "Noted: the parcels are as below." in page.text
    assert page.text.count("No label yet") == 2
    combine = with_button(page, "do", "combine")
    await send(sam, combine, do="combine")
    assert [one.lines for one in (await market.read(order)).parcels] == [{"1": 2, "2": 1}]
    page = await split(sam, order, l1="2")
    first, second = (one.id for one in (await market.read(order)).parcels)
    ship = page.form(f"{ORDERS}/{order}/facts")
    sent = await send(sam, ship, fact="handed_over", carrier="Post", tracking="JD12345", parcel=second)
    assert sent.status == 200
    state = await market.read(order)
    assert {one.id: bool(one.handed_over_at) for one in state.parcels} == {first: False, second: True}
    assert state.open_units() == {"2": 1}


@pytest.mark.parametrize("typed", ["0", "9", "-1", "x", "1.5", ""])
async def test_a_split_that_makes_no_sense_is_told_and_changes_nothing(sam, market, typed):
    order = await market.order(Stage.PACKED, units=2)
    page = await split(sam, order, l1=typed)
    assert page.status == 422
    assert "leave some for the other" in page.text
    assert (await market.read(order)).parcels == ()


async def test_one_unit_is_not_split(sam, market):
    order = await market.order(Stage.PACKED)
    page = await sam.see(f"{ORDERS}/{order}")
    assert not page.has_form(f"{ORDERS}/{order}/parcels")


async def test_the_bench_asks_which_parcel_of_a_split_order_leaves(sam, market):
    order = await market.order(Stage.PACKED, **TWO_LINES)
    await split(sam, order, l1="2")
    number = (await market.read(order)).number
    page = await sam.see(f"/seller/packing?code={number}")
    await send(sam, with_button(page, "step", "lease"), step="lease")
    page = await sam.see(f"/seller/packing?code={number}")
    ship = with_button(page, "step", "ship")
    await send(sam, ship, step="ship", carrier="Post", tracking="JD12345", parcel="2")
    state = await market.read(order)
    assert {one.id: bool(one.handed_over_at) for one in state.parcels} == {"1": False, "2": True}


async def test_what_is_cancelled_is_shown_as_back_in_stock(sam, market):
    order = await market.order(Stage.PREPARING, units=3)
    await market.cancels(order, lines={"1": 2})
    page = await sam.see(f"{ORDERS}/{order}")
    assert "2 × Mug · blue back to stock" in page.text


async def test_goods_that_come_back_are_said_to_be_back_and_counted(sam, market):
    order = await market.order(Stage.IN_TRANSIT, units=3)
    await market.fact(order, "refused", actor=person("carrier"))
    page = await sam.see(f"{ORDERS}/{order}")
    assert "back to stock" not in page.text
    form = page.form(f"{ORDERS}/{order}/received-back")
    wrong = await send(sam, form, **{"back-1": "1", "bad-1": "2"})
    assert wrong.status == 422
    assert "Say how many came back" in wrong.text
    page = await send(sam, form, **{"back-1": "2", "bad-1": "1"})
    assert "1 × Mug · blue back to stock" in page.text
    assert "2 units came back" in page.text
    rest = page.form(f"{ORDERS}/{order}/received-back")
    page = await send(sam, rest)
    assert "2 × Mug · blue back to stock" in page.text
    assert not page.has_form(f"{ORDERS}/{order}/received-back")


async def test_the_queue_promises_to_the_shelf_what_comes_back_to_it(sam, market):
    order = await market.order(Stage.PREPARING, units=3)
    asked = (await market.asks(order)).order.open_cancellation.id
    page = await sam.see(f"/seller/requests/{asked}")
    assert "3 × Mug back to the shelf" in page.text


async def test_what_the_platform_ships_has_no_steps_for_the_shop(sam, app, desk, market):
    order = await market.order(Stage.REVIEW, shipping_by="fulfilled_by_platform", units=2)
    board = await sam.see(ORDERS)
    assert not board.has_form(f"{ORDERS}/{order}/facts")
    assert "The platform ships it" in board.text
    page = await sam.see(f"{ORDERS}/{order}")
    assert not page.has_form(f"{ORDERS}/{order}/facts")
    assert not page.has_form(f"{ORDERS}/{order}/parcels")
    assert "The platform packs and ships this order. You need to do nothing." in page.text
    number = (await market.read(order)).number
    bench = await sam.see(f"/seller/packing?code={number}")
    assert f"The platform ships order {number}" in bench.text
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    assert "The platform packs and ships this order for the shop." in (await ann.see(f"/orders/{order}")).text


async def test_where_it_goes_is_shown_when_the_hold_is_over(lou, market, clock):
    order = await market.order(Stage.REVIEW, shop=LANTERN, units=2)
    page = await lou.see(f"{ORDERS}/{order}")
    assert "Shown when the hold is over" in page.text
    assert "Uppsala" not in page.text
    refused = await split(lou, order, l1="1")
    assert refused.status == 409
    assert (await market.read(order)).parcels == ()
    clock.advance(timedelta(hours=1))
    page = await lou.see(f"{ORDERS}/{order}")
    assert "Uppsala" in page.text


async def test_the_buyer_picks_what_is_not_in_a_parcel_that_is_ready_to_ship(sam, app, desk, market):
    order = await market.order(Stage.PREPARING, **TWO_LINES)
    await split(sam, order, l1="2")
    await market.fact(order, "tracking_added", parcel="2", tracking="JD12345")
    ann = await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann")
    page = await ann.see(f"/orders/{order}/cancel")
    told = "In a parcel that is ready to ship. Choose at most 0, or the whole order"
    assert told in page.text
    form = page.form(f"/orders/{order}/cancel")
    chosen = {"reason": "changed_mind", "units-0": "1", "units-1": "0"}
    refused = await send(ann, form, **chosen)
    assert refused.status == 422
    assert told in refused.text
    assert (await market.read(order)).cancellations == ()
    shown = await send(ann, form, **chosen | {"units-0": "0", "units-1": "1"})
    if shown.has_form(f"/orders/{order}/cancel"):
        # What the choice comes to is shown before it counts.
        await send(ann, shown.form(f"/orders/{order}/cancel"), reason="changed_mind")
    assert [one.lines for one in (await market.read(order)).cancellations] == [{"2": 1}]
