"""Orders that are brought along: many in one transaction, and each as its commands make it one by one."""

import asyncio
import random
from datetime import timedelta

import asyncpg
import pytest

from postgres.market import HOST, audit
from rescind.core.details import Details, LineWords, Recipient
from rescind.core.errors import FactFromTheFuture
from rescind.core.fulfilment import ReportFact
from rescind.core.parts import FactKind, Line, Tender
from rescind.engine import Refused, Submission
from rescind.postgres.embedded import SUPERUSER

ROWS = {
    "orders": "shop_id, order_id",
    "order_lines": "shop_id, order_id, line_id",
    "parcels": "shop_id, order_id, parcel_id",
    "tenders": "shop_id, order_id, tender_id",
    "people": "shop_id, order_id",
    "events": "shop_id, order_id, seq",
    "ledger": "shop_id, order_id, seq, place",
    "cases": "shop_id, case_id",
    "unpacking": "shop_id, order_id",
    "due": "shop_id, kind, ref",
}
STEPS = (
    FactKind.PAID,
    FactKind.PACKED,
    FactKind.TRACKING_ADDED,
    FactKind.HANDED_OVER,
    FactKind.DELIVERED,
    FactKind.COMPLETED,
)


async def _an_order(market, chance, *, history):
    now = await market.now()
    placed = now - timedelta(days=chance.randint(4, 400) if history else 0, minutes=chance.randint(1, 900))
    lines = tuple(
        Line(id=str(n), sku="MUG", quantity=chance.randint(1, 3), unit_minor=chance.randint(1, 5000))
        for n in range(1, chance.randint(2, 4))
    )
    total = sum(line.quantity * line.unit_minor for line in lines)
    method = chance.choice(("card", "cash_on_delivery", "balance"))
    placing = await market.placing(
        placed_at=placed,
        lines=lines,
        tenders=(Tender(id="1", method=method, amount_minor=total, payment=chance.choice(("", "pi_1"))),),
        history=history,
        found=() if history else chance.choice(((), ("street_missing",))),
        noted=chance.choice(("", "words")),
    )
    details = Details(
        lines=tuple(LineWords(line=line.id, title="Mug") for line in lines), recipient=Recipient(name="Zoë")
    )
    commands = [Submission(command=placing, actor=HOST, details=details)]
    last = len(STEPS) if history else 3
    for step in STEPS[: chance.randint(0, last)]:
        placed = min(now, placed + timedelta(minutes=chance.randint(0, 400)))
        tracking = f"JD{chance.randint(10, 12)}" if step is FactKind.TRACKING_ADDED else ""
        fact = ReportFact(order=placing.order, fact=step, occurred_at=placed, tracking=tracking)
        commands.append(Submission(command=fact, actor=HOST))
    return commands


async def _rows(connection):
    found = {name: await connection.fetch(f"SELECT * FROM {name} ORDER BY {key}") for name, key in ROWS.items()}
    kept = {name: [dict(row) for row in rows] for name, rows in found.items()}
    for row in kept["events"]:
        del row["id"], row["tx"]
    # Whom it is told, and how many messages that takes, is what an import leaves out or says at once.
    kept["due"] = [row for row in kept["due"] if row["kind"] != "fan_out"]
    return kept


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_brought_along_has_the_rows_that_its_commands_make_one_by_one(market, database, seed):
    chance = random.Random(seed)
    orders = [await _an_order(market, chance, history=place % 3 > 0) for place in range(40)]
    for commands in orders:
        for one in commands:
            await market.engine.handle(one)
    owner = await asyncpg.connect(database(SUPERUSER))
    one_by_one = await _rows(owner)
    assert await audit(market.pool) == 40
    await owner.execute("SET session_replication_role = replica")
    for name in ROWS:
        await owner.execute(f"DELETE FROM {name}")
    answers = await market.engine.bring_in(orders)
    assert [len(one.records) > 0 for one in answers] == [True] * 40
    together = await _rows(owner)
    for name in ROWS:
        assert together[name] == one_by_one[name], name
    assert await audit(market.pool) == 40
    told = await owner.fetch("SELECT DISTINCT order_id FROM due WHERE kind = 'fan_out'")
    live = {commands[0].command.order for commands in orders if not commands[0].command.history}
    assert {row["order_id"] for row in told} == live, "nobody hears of history, and everybody of what lives, once"
    named = await owner.fetch("SELECT order_id FROM payments")
    paid = {one[0].command.order for one in orders if one[0].command.history and one[0].command.tenders[0].payment}
    assert {row["order_id"] for row in named} == paid, "a provider's message finds an order that nobody was told of"
    assert (
        await owner.fetchval(
            "SELECT count(*) FROM due d JOIN orders o USING (order_id) WHERE d.order_id <> ALL($1::text[])", list(live)
        )
        == 0
    ), "history waits for nothing"
    await owner.close()


async def test_an_order_of_which_one_command_is_refused_leaves_nothing_and_the_others_go_in(market):
    chance = random.Random(7)
    good, bad = [await _an_order(market, chance, history=True) for _ in range(2)]
    late = ReportFact(
        order=bad[0].command.order, fact=FactKind.COMPLETED, occurred_at=await market.now() + timedelta(days=1)
    )
    first, second = await market.engine.bring_in([good, [*bad, Submission(command=late, actor=HOST)]])
    assert first.order.version == len(first.records)
    assert isinstance(second, Refused)
    assert (second.place, type(second.error)) == (len(bad), FactFromTheFuture)
    assert await market.pool.fetchval("SELECT count(*) FROM orders") == 1
    assert await audit(market.pool) == 1


async def test_what_would_happen_is_said_and_nothing_is_written(market):
    chance = random.Random(8)
    order = await _an_order(market, chance, history=True)
    (said,) = await market.engine.weigh([order])
    assert said.order.version == len(said.records)
    assert await market.pool.fetchval("SELECT count(*) FROM events") == 0


async def test_an_order_that_moves_on_meanwhile_is_decided_anew_and_one_that_is_there_is_not_placed_twice(market):
    order = await market.order()
    at = await market.now()
    told = [Submission(command=ReportFact(order=order, fact=FactKind.PACKED, occurred_at=at), actor=HOST)]
    await asyncio.gather(market.engine.bring_in([told]), market.asks(order))
    assert (await market.read(order)).progress.packed_at == at
    again = await _an_order(market, random.Random(9), history=True)
    await market.engine.bring_in([again])
    (twice,) = await market.engine.bring_in([again])
    assert twice.records == ()
    assert await audit(market.pool) == 2
