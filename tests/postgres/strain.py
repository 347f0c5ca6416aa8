"""A database made slow or full on purpose, so that those who meet in it are sure to meet."""

import asyncpg

from postgres.market import KILN
from rescind.postgres.embedded import OWNER, SUPERUSER

SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.15); RETURN new; END';
CREATE TRIGGER slow BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION slow();
"""


ASLEEP = """
DO $$ BEGIN
    WHILE NOT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND pid <> pg_backend_pid()) LOOP
        PERFORM pg_stat_clear_snapshot();
    END LOOP;
END $$
"""


async def slowly(database, table):
    """Let every row of a table take its time, so that two batches are sure to meet in the middle."""
    owner = await asyncpg.connect(database(OWNER))
    await owner.execute(SLOW.format(table=table))
    await owner.close()


async def asleep(database):
    """Wait until somebody is in the middle of writing a row that takes its time."""
    root = await asyncpg.connect(database(SUPERUSER))
    try:
        await root.execute(ASLEEP)
    finally:
        await root.close()


async def crowded(database, *, counted=True):
    """So many orders that the planner goes by the index, as it does in earnest. counted: the planner is told."""
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute(
        """INSERT INTO orders (shop_id, order_id, number, buyer_id, version, state, head, stage, total_minor, currency,
                               placed_at, updated_at)
           SELECT $1, 'ord_00000001' || lpad(g::text, 14, '0'), g::text, 'ann', 1, '', decode(repeat('00', 32), 'hex'),
                  'review', 1, 'EUR', now(), now() FROM generate_series(1, 5000) g""",
        KILN,
    )
    if counted:
        await root.execute("ANALYZE orders")
    await root.close()


async def deadlocks(database):
    root = await asyncpg.connect(database(SUPERUSER))
    try:
        await root.execute("SELECT pg_stat_force_next_flush()")
        return await root.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    finally:
        await root.close()
