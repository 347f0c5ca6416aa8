"""The one fixture file: the shop on the core alone, and everything that needs a real PostgreSQL.

A test that wants the database on both versions says ``@pytest.mark.parametrize("version", VERSIONS)``; without it
the embedded 18 serves. Servers start when first asked for and live as long as the run; every test has a database of
its own, copied from one that was migrated once.
"""

import asyncio
import itertools
from contextlib import ExitStack
from datetime import UTC, datetime

import asyncpg
import pytest

from postgres.market import Market
from postgres.servers import programs
from rescind.book import Book
from rescind.clock import HandClock
from rescind.policies import names, preset
from rescind.postgres.embedded import APP, OWNER, SUPERUSER, EmbeddedServer, ensure_database
from rescind.postgres.migrate import migrate
from rescind.postgres.policies import PolicyTable
from rescind.postgres.store import connect
from rescind.settings import Settings
from scenarios.shop import Shop

TEMPLATE = "template_rescind"
START = datetime(2026, 5, 4, 8, tzinfo=UTC)
"""When the hand-moved clock begins: a Monday morning."""


@pytest.fixture
def shop():
    """A shop under the plain rules; ``shop("us", window="24h")`` is another one under other terms."""
    return Shop()


class Servers:
    """Real servers by version, and databases on them."""

    def __init__(self, make_folder):
        self._make_folder = make_folder
        self._running = {}
        self._open = ExitStack()
        self._count = itertools.count(1)

    def server(self, version=18) -> EmbeddedServer:
        if version not in self._running:
            settings = Settings(data=self._make_folder(f"pg{version}"), pg_bin=programs(version))
            server = self._open.enter_context(EmbeddedServer.start(settings))
            asyncio.run(self._make_template(server))
            self._running[version] = server
        return self._running[version]

    async def _make_template(self, server):
        await ensure_database(server.dsn(SUPERUSER, "postgres"), TEMPLATE)
        await migrate(server.dsn(OWNER, TEMPLATE))
        # Published once here, so that opening a desk on a copy finds its policies.
        pool = await asyncpg.create_pool(server.dsn(APP, TEMPLATE), min_size=1, max_size=1)
        await Book(PolicyTable(pool)).open(tuple(preset(name) for name in names()))
        await pool.close()

    def new_database(self, version=18):
        """A migrated database of one's own; gives the address for a role."""
        server = self.server(version)
        name = f"test_{next(self._count)}"
        asyncio.run(self._copy(server, name))
        return lambda role=APP: server.dsn(role, name)

    async def _copy(self, server, name):
        connection = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
        try:
            await connection.execute(f"create database {name} template {TEMPLATE} owner {OWNER}")
            await connection.execute(f"revoke all on database {name} from public")
            await connection.execute(f"grant connect, temporary on database {name} to {APP}")
        finally:
            await connection.close()

    def drop_database(self, version, address):
        name = address().rsplit("/", 1)[1].partition("?")[0]
        asyncio.run(self._drop(self.server(version), name))

    async def _drop(self, server, name):
        connection = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
        try:
            await connection.execute(f"drop database if exists {name} with (force)")
        finally:
            await connection.close()

    def stop(self):
        self._open.close()


@pytest.fixture(scope="session")
def servers(tmp_path_factory):
    running = Servers(tmp_path_factory.mktemp)
    yield running
    running.stop()


@pytest.fixture
def version():
    """Which PostgreSQL; a test that cares says so with ``parametrize("version", VERSIONS)``."""
    return 18


@pytest.fixture
def database(servers, version):
    """A migrated database of the test's own: ``database()`` is its address for the serving role."""
    address = servers.new_database(version)
    yield address
    servers.drop_database(version, address)


@pytest.fixture
def clock():
    """The deciding clock, moved by hand."""
    return HandClock(START)


@pytest.fixture
async def pool(database):
    opened = await connect(database(), size=6)
    yield opened
    await asyncio.wait_for(opened.close(), 10)


@pytest.fixture
async def desk(database, clock, tmp_path):
    """An open desk on the test's own database and hand-moved clock. Nothing works in the background."""
    from rescind.app import open_desk  # noqa: PLC0415  the tests of the core and the database need no surfaces

    async with open_desk(Settings(data=tmp_path), database(), "http://desk.test", clock) as opened:
        yield opened


@pytest.fixture
async def market(desk):
    """Two shops and two buyers at the desk, and a way to place orders and to speak for everybody."""
    return await Market(desk.pool, desk.engine, desk.clock).open()
