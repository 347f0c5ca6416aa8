"""The line of steps: what was reached and when, on the page of the buyer and on that of the seller alike."""

import re
from datetime import timedelta

import pytest

from postgres.market import KILN
from rescind.app import make_app
from rescind.core.parts import FactKind
from rescind.core.stage import Stage
from web.consoles import Person


@pytest.fixture
async def readers(desk, market):
    app = make_app(desk)
    return {
        "": await Person(app).sign_in(desk, "buyer", "ann", buyer_id="ann"),
        "/seller": await Person(app).sign_in(desk, "seller", "sam", shop_id=KILN),
    }


async def lines(readers, order):
    """The steps as each reader sees them; both see the same."""
    seen = []
    for root, person in readers.items():
        page = await person.see(f"{root}/orders/{order}")
        steps = re.search(r'<ol class="progress".*?</ol>', page.raw, re.DOTALL)[0]
        rows = re.findall(r'<li class="(\w+).*?</li>', steps, re.DOTALL)
        told = [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<li.*?</li>", steps, re.DOTALL)]
        seen.append(list(zip(rows, told, strict=True)))
    assert seen[0] == seen[1]
    return seen[0]


async def walked(market, clock, *facts):
    """An order that took an hour for each of these steps."""
    order = await market.order(Stage.UNPAID)
    for fact in facts:
        clock.advance(timedelta(hours=1))
        await market.fact(order, fact)
    clock.advance(timedelta(hours=1))
    return order


async def test_a_cancelled_order_shows_what_it_came_to_and_then_its_end_each_with_its_own_time(readers, market, clock):
    order = await walked(
        market, clock, FactKind.PAID, FactKind.PREPARATION_STARTED, FactKind.PACKING_STARTED, FactKind.PACKED
    )
    await market.cancels(order)
    steps = await lines(readers, order)
    assert [state for state, _ in steps] == ["done", "done", "done", "done", "stopped"]
    names = ["Placed", "Paid", "Preparing", "Ready to ship", "Cancelled"]
    assert [told.split(" done")[0].split(" Mon")[0] for _, told in steps] == names
    times = [re.search(r"\d\d:\d\d", told)[0] for _, told in steps]
    assert times == ["08:00", "09:00", "10:00", "12:00", "13:00"]


async def test_an_order_that_ends_before_it_is_paid_names_no_step_it_never_reached(readers, market, clock):
    order = await walked(market, clock)
    await market.asks(order)
    assert [told.split()[0] for _, told in await lines(readers, order)] == ["Placed", "Cancelled"]


async def test_labels_and_deliveries_of_parcels_count_for_both_readers(readers, market, clock):
    order = await market.order(Stage.PACKED)
    clock.advance(timedelta(hours=1))
    await market.fact(order, FactKind.HANDED_OVER, parcel="1")
    clock.advance(timedelta(hours=1))
    await market.fact(order, FactKind.DELIVERED, parcel="1")
    shipped, delivered = (await lines(readers, order))[-2:]
    assert (shipped[0], delivered[0]) == ("done", "done")
    assert (shipped[1][-5:], delivered[1][-5:]) == ("09:00", "10:00")


async def test_an_order_that_goes_on_shows_the_steps_still_to_come(readers, market):
    order = await market.order(Stage.PREPARING)
    steps = await lines(readers, order)
    assert [state for state, _ in steps] == ["done", "done", "now", "todo", "todo", "todo"]
    assert "Mon" not in "".join(told for state, told in steps if state == "todo")
