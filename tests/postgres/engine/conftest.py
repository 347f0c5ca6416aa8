"""Two engines on one database, as two processes have."""

from contextlib import asynccontextmanager

import pytest

from postgres.market import market_on
from rescind.postgres.store import BY_INDEX, PostgresStore, connect


class Counting(PostgresStore):
    """The store itself, which also counts its transactions."""

    transactions = 0

    @asynccontextmanager
    async def unit_of_work(self, *, locking=False, many=False):
        self.transactions += 1
        async with super().unit_of_work(locking=locking, many=many) as work:
            yield work


@pytest.fixture
async def store(pool, clock):
    return Counting(pool, clock)


@pytest.fixture
async def market(pool, clock, store):
    """One engine with one lane, so that what is said at once is one batch."""
    async with market_on(pool, clock, store=store, lanes=1) as opened:
        yield opened


@pytest.fixture
async def others(database, clock):
    """A second process, as far as the database can tell: its own pool and its own engine."""
    elsewhere = await connect(database(), size=4, planning=BY_INDEX)
    async with market_on(elsewhere, clock) as opened:
        yield opened
    await elsewhere.close()
