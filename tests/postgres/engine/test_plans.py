"""Statements of the write path find their rows by index."""

from datetime import UTC, datetime

import asyncpg
import pytest

from postgres.market import KILN, NOBODY
from postgres.servers import VERSIONS
from postgres.strain import crowded
from rescind.core.ports import Wanted
from rescind.postgres import rows
from rescind.postgres import statements as sql
from rescind.postgres.embedded import SUPERUSER
from rescind.postgres.store import BY_INDEX, PLANNED_FOR, PostgresStore, connect


@pytest.mark.parametrize("version", VERSIONS)
async def test_reading_and_locking_touch_the_rows_they_need_and_no_others(database, market):
    await crowded(database)
    root = await asyncpg.connect(database(SUPERUSER), server_settings=dict(BY_INDEX))
    ids = ["ord_00000001" + "1".zfill(14)] * 2
    numbers = ["7", None]
    locked = ([KILN] * 2, ids, numbers)
    read = [(place, KILN, ids[place], numbers[place], *[key] * 4) for place, key in enumerate((None, "x"))]
    for statement, values in ((sql.LOCK, locked), (sql.READ, (read, None))):
        plan = "\n".join(row[0] for row in await root.fetch(f"EXPLAIN {statement}", *values))
        assert "Seq Scan on orders" not in plan, plan
    await root.close()


async def planned(work, statement, values):
    """The plan a connection keeps for a statement it has run."""
    run = work._connection
    name = await run.fetchval("SELECT name FROM pg_prepared_statements WHERE statement = $1", statement)
    lines = await run.fetch(f"EXPLAIN (COSTS off) EXECUTE {name}({', '.join(values)})")
    return " ".join(row[0].strip() for row in lines)


@pytest.mark.parametrize("version", VERSIONS)
async def test_keys_are_looked_up_by_key_from_the_first_call_on(database, clock):
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute("VACUUM ANALYZE idempotency")
    pool = await connect(database(), size=1, planning=BY_INDEX)
    async with PostgresStore(pool, clock).unit_of_work() as work:
        await work.read([Wanted(order=NOBODY, shop=KILN)])
        plan = await planned(work, sql.READ, ["'{}'", "NULL"])
    assert "(shop_id = w.key_shop) AND (principal = w.principal) AND (route = w.route) AND (key = w.key)" in plan
    await pool.close()
    await root.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_plan_made_for_an_empty_table_is_given_up_as_it_grows(database, clock):
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute("VACUUM ANALYZE orders")
    pool = await connect(database(), size=2, planning=BY_INDEX)
    store = PostgresStore(pool, clock)
    statement, empty = rows.MOVING.statement([], datetime.now(UTC))

    async def plans():
        """Of two connections that take turns, as two lanes do."""
        async with store.unit_of_work() as one, store.unit_of_work() as other:
            return [await plan(one), await plan(other)]

    async def plan(work):
        await work._connection.execute(statement, *empty, 0)
        return await planned(work, statement, [*["'{}'"] * len(empty), "0"])

    # Whichever of the indexes that begin with both: each finds one row.
    by_key = "Index Cond: ((shop_id = (w.shop_id)::text) AND (order_id = (w.order_id)::text))"
    await plans()
    await crowded(database, counted=False)
    assert not any(by_key in one for one in await plans()), (
        "the trap is not there any more, and neither need its guard be"
    )
    for _ in range(PLANNED_FOR):
        last = await plans()
    assert all(by_key in one for one in last), last
    await pool.close()
    await root.close()
