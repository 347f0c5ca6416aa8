"""One filled mall for every test that only reads, and a spare one for a test that writes."""

import asyncio
import secrets

import pytest

from postgres.mall import SECRET, fill, mall
from postgres.servers import VERSIONS, new_database, running
from rescind.postgres.embedded import APP, OWNER
from rescind.postgres.migrate import migrate
from rescind.postgres.reads import Reads
from rescind.postgres.store import connect


@pytest.fixture(scope="session", params=VERSIONS)
def server(request, tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("reads"), request.param)


@pytest.fixture(scope="session")
def filled(server):
    async def make():
        address = await new_database(server, "reads")
        await migrate(address(OWNER))
        async with mall(address(APP)) as one:
            return address(APP), await fill(one)

    return asyncio.run(make())


@pytest.fixture
async def reads(filled):
    pool = await connect(filled[0], size=2)
    yield Reads(pool, SECRET)
    await pool.close()


@pytest.fixture
def order(filled):
    return filled[1].order


@pytest.fixture
def case(filled):
    return filled[1].case


@pytest.fixture
async def spare(server):
    """An empty mall of one test's own."""
    address = await new_database(server, f"spare_{secrets.token_hex(4)}")
    await migrate(address(OWNER))
    async with mall(address(APP)) as one:
        yield one
