"""A market whose worker is called by hand."""

import pytest

from postgres.market import market_on
from rescind.postgres.due import DueTable


@pytest.fixture
async def market(pool, clock):
    async with market_on(pool, clock) as opened:
        yield opened


@pytest.fixture
def due(pool, clock):
    return DueTable(pool, clock)
