"""What the database itself refuses."""

import asyncpg
import pytest

from postgres.market import audit
from postgres.servers import VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_program_itself_cannot_rewrite_what_happened(market):  # I-22
    order = await market.order()
    for statement in (
        "UPDATE events SET body = ''",
        "UPDATE events SET received_at = now() WHERE order_id = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE ledger SET amount_minor = 1",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "DROP TABLE events",
        "ALTER TABLE tenders DROP CONSTRAINT never_more_than_captured",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await market.pool.execute(statement)
    assert (await market.read(order)).version == 3
    assert await audit(market.pool) == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_statement_gives_back_more_than_came_in(market):  # I-02
    order = await market.order()
    for change in (
        "reserved_minor = 4001",
        "refunded_minor = 4001",
        "reserved_minor = 2001, refunded_minor = 2000",
        "reserved_minor = -1",
        "refunded_minor = -1",
        "captured_minor = 4001",
        "taken_elsewhere_minor = -1",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await market.pool.execute(f"UPDATE tenders SET {change} WHERE order_id = $1", order)
    await market.pool.execute(
        "UPDATE tenders SET reserved_minor = 2000, refunded_minor = 2000 WHERE order_id = $1", order
    )
