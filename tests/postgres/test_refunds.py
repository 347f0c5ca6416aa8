"""Refunds in lists: where each stands, through whose eyes, and narrowed; and that the rows are those of the orders."""

from datetime import timedelta
from importlib.resources import files

import asyncpg
import pytest

from postgres.market import KILN, LANTERN, audit, person, worked
from rescind.core.actor import ActorKind
from rescind.core.errors import InvalidField
from rescind.core.failed_refund import SettleFailedRefund, WayOn
from rescind.core.scope import Scope
from rescind.core.views import Filters
from rescind.postgres.embedded import OWNER
from rescind.postgres.reads import Reads

EVERYBODY, KILNS = Scope(), Scope(shop=KILN)


async def owed(market, price, **more):
    """An order that its shop cancels; the sandbox answers by the last two digits of the price."""
    order = await market.order(price=price, **more)
    await market.cancels(order)
    return (await market.read(order)).refunds[0]


@pytest.fixture
async def refunds(market):
    """One refund in each place, by the place; those of odd amounts are of another shop."""
    found = {}
    for place, price, shop in (
        ("succeeded", 1000, KILN),
        ("failed", 2013, KILN),
        ("settled", 3013, LANTERN),
        ("in_doubt", 4018, KILN),
    ):
        found[place] = await owed(market, price, shop=shop)
        market.clock.advance(timedelta(minutes=1))
    await worked(market)
    order = await market.pool.fetchval("SELECT order_id FROM refunds WHERE refund_id = $1", found["settled"].id)
    lost = SettleFailedRefund(order=order, refund=found["settled"].id, way=WayOn.PAID_OUT, voucher="V-1")
    await market.does(lost, person(ActorKind.SUPPORT))
    market.clock.advance(timedelta(days=3))
    await worked(market)
    for place, price in (("not_sent", 5014), ("submitted", 6000), ("owed", 7000)):
        found[place] = await owed(market, price)
        if place != "owed":
            await worked(market)
        market.clock.advance(timedelta(seconds=1))
    return found


async def ids(market, scope, now=None, **filters):
    page = await Reads(market.pool, b"secret").refunds(scope, Filters(**filters), now=now or await market.now())
    return [one.refund for one in page.rows]


async def test_each_stands_in_its_place_and_the_rows_are_those_of_the_orders(market, refunds):  # KF-15, KF-16
    for place, refund in refunds.items():
        shown = await ids(market, EVERYBODY, tab=place)
        assert refund.id in shown, place
        assert not set(shown) & {one.id for other, one in refunds.items() if other != place}, place
    counts = await Reads(market.pool, b"secret").refund_counts(EVERYBODY)
    # What was paid out by hand is a refund in its own right, in the place of the one that failed.
    assert dict(counts) == dict.fromkeys(counts, 1) | {"succeeded": 2}
    assert await audit(market.pool) == 7


async def test_a_shop_sees_its_own_and_every_filter_narrows(market, refunds):
    kilns = await ids(market, KILNS, tab="all")
    assert kilns == [
        refunds[place].id for place in ("owed", "submitted", "not_sent", "in_doubt", "failed", "succeeded")
    ]
    late = refunds["submitted"].owed_at
    assert await ids(market, EVERYBODY, tab="all", placed_from=late) == kilns[:2]
    assert await ids(market, EVERYBODY, tab="all", placed_to=late, amount_min_minor=5000, currency="EUR") == kilns[2:3]
    assert await ids(market, EVERYBODY, tab="all", shop=LANTERN, sort="amount") != []
    assert (await ids(market, KILNS, tab="all", sort="amount"))[0] == refunds["owed"].id
    order = await market.pool.fetchrow(
        "SELECT o.number, r.reference FROM refunds r JOIN orders o USING (order_id) WHERE refund_id = $1",
        refunds["succeeded"].id,
    )
    for number in (order["number"], order["reference"], refunds["succeeded"].id.upper()):
        assert await ids(market, KILNS, tab="all", numbers=(number,)) == [refunds["succeeded"].id]
        assert await ids(market, Scope(shop=LANTERN), tab="all", numbers=(number,)) == []
    for wrong in ({"tab": "gone"}, {"sort": "time_left"}, {"numbers": ("1",) * 101}):
        with pytest.raises(InvalidField):
            await ids(market, EVERYBODY, **wrong)


async def test_a_list_is_read_to_its_end_without_a_gap_while_others_come_in(market, refunds):
    reads, now, seen, cursor = Reads(market.pool, b"secret"), await market.now(), [], None
    while True:
        page = await reads.refunds(EVERYBODY, Filters(tab="all"), cursor, 2, now=now)
        seen += [one.refund for one in page.rows]
        if cursor is None:
            await owed(market, 8000)
        if (cursor := page.next) is None:
            break
    assert len(seen) == len(set(seen)) == 8
    assert {one.id for one in refunds.values()} <= set(seen)


async def test_what_was_there_before_there_was_a_list_is_in_it(market, refunds, database):
    before = await market.pool.fetch("SELECT * FROM refunds ORDER BY refund_id")
    text = files("rescind.postgres").joinpath("migrations", "0039_pre_refunds.sql").read_text()
    fill = text[text.index("INSERT INTO refunds") : text.index("GRANT")]
    owner = await asyncpg.connect(database(OWNER))
    await owner.execute("TRUNCATE refunds")
    await owner.execute(fill)
    await owner.close()
    assert refunds
    assert await market.pool.fetch("SELECT * FROM refunds ORDER BY refund_id") == before
