"""What each command leaves behind is carried on once."""

from datetime import timedelta

from postgres.due.books import let_pass
from postgres.market import worked
from rescind.core.stage import Stage
from rescind.worker import fan_out


async def test_every_command_that_wrote_is_carried_with_its_records(market, due):  # I-19
    order = await market.order(Stage.REVIEW)
    outcome = await market.asks(order)
    told = await due.told(10)
    assert [[record.seq for record in one.records] for one in told] == [[1], [2], [3]]
    assert told[2].records == outcome.records
    await market.fact(order, "paid")
    await due.finish(told, [])
    assert await due.told(10) == [], "a fact told twice is no news"


async def test_a_buyers_cancellations_are_counted_once_after_a_crash(market, due, database):
    orders = [await market.order(Stage.REVIEW) for _ in range(3)]
    for order in orders:
        await market.asks(order)
    await market.cancels(await market.order())
    await due.told(100)  # and here the worker dies
    await let_pass(database, "fan_out")
    assert await fan_out.sweep(due) == 13
    assert await fan_out.sweep(due) == 0
    counted = await market.pool.fetch("SELECT buyer_id, name, count FROM buyer_counters")
    assert [tuple(row) for row in counted] == [("ann", "cancellations", 3)], "what a seller stops counts for nobody"


async def test_what_was_counted_is_read_by_the_next_decision(market):
    for _ in range(10):
        await market.asks(await market.order(Stage.REVIEW))
    order = await market.order()
    await worked(market)
    asked = (await market.asks(order)).order.cancellations[-1]
    assert (asked.rule, asked.status) == ("FREQUENT-1", "in_review")
    market.clock.advance(timedelta(days=31))
    assert (await market.asks(await market.order())).finding.rule == "ASK-1"
    other = await market.order(buyer="bob")
    assert (await market.asks(other, buyer="bob")).finding.rule == "ASK-1"
