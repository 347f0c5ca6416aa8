"""The one fixture file: the shop on the core alone, and everything that needs a real PostgreSQL.

A test that wants the database on both versions says ``@pytest.mark.parametrize("version", VERSIONS)``; without it
the embedded 18 serves. Servers start when first asked for and live as long as the run; every test has a database of
its own, copied from one that was migrated once.
"""

import asyncio
import itertools
import os
import shutil
import signal
from contextlib import ExitStack
from datetime import UTC, datetime

import asyncpg
import pytest
import structlog
from hypothesis import HealthCheck, settings

from postgres.market import Market
from postgres.servers import programs
from rescind.clock import HandClock
from rescind.postgres.embedded import APP, OWNER, SUPERUSER, EmbeddedServer, ensure_database
from rescind.postgres.migrate import migrate
from rescind.postgres.store import BY_INDEX, connect
from rescind.settings import Settings
from scenarios.shop import Shop

# A fault that a test provokes is told in short: the pretty form draws every local variable, which takes a second.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ]
)

# `make test` plays a tenth of the examples, the same ones each time; `make proof` plays them all, new ones each time.
settings.register_profile("tenth", max_examples=100, deadline=None, derandomize=True, database=None)
settings.register_profile("full", max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("full" if os.environ.get("PROOF") == "full" else "tenth")

TEMPLATE = "template_rescind"
START = datetime(2026, 5, 4, 8, tzinfo=UTC)
"""When the hand-moved clock begins: a Monday morning."""


@pytest.fixture
def shop():
    """A shop under the plain rules; ``shop("us", window="24h")`` is another one under other terms."""
    return Shop()


class Servers:
    """Real servers by version, and migrated databases on them, used again when a test has done with one."""

    def __init__(self, make_folder):
        self._make_folder = make_folder
        self._running = {}
        self._free = {}
        self._open = ExitStack()
        self._count = itertools.count(1)

    def server(self, version=18) -> EmbeddedServer:
        if version not in self._running:
            folder = self._make_folder(f"pg{version}")
            self._open.callback(shutil.rmtree, folder, ignore_errors=True)
            server = self._open.enter_context(EmbeddedServer.start(Settings(data=folder, pg_bin=programs(version))))
            asyncio.run(self._make_template(server))
            self._running[version] = server
        return self._running[version]

    async def _make_template(self, server):
        await ensure_database(server.dsn(SUPERUSER, "postgres"), TEMPLATE)
        await migrate(server.dsn(OWNER, TEMPLATE))
        # The shops of tests can be reached: what follows where one cannot be has tests of its own.
        connection = await asyncpg.connect(server.dsn(OWNER, TEMPLATE))
        await connection.execute("DELETE FROM installation WHERE key = 'channels'")
        await connection.close()

    def lend(self, version=18) -> str:
        """The name of a migrated database with nothing in it."""
        server, free = self.server(version), self._free.setdefault(version, [])
        if free:
            return free.pop()
        name = f"test_{next(self._count)}"
        asyncio.run(self._copy(server, name))
        return name

    async def _copy(self, server, name):
        connection = await asyncpg.connect(server.dsn(SUPERUSER, "postgres"))
        try:
            await connection.execute(f"create database {name} template {TEMPLATE} owner {OWNER}")
            await connection.execute(f"revoke all on database {name} from public")
            await connection.execute(f"grant connect, temporary on database {name} to {APP}")
        finally:
            await connection.close()

    def give_back(self, version, name):
        """Empty it for the next test; one whose schema was changed, or that has grown large, is left alone."""
        if asyncio.run(self._empty(self.server(version), name)):
            self._free[version].append(name)

    async def _empty(self, server, name):
        connection = await asyncpg.connect(server.dsn(SUPERUSER, name))
        try:
            await connection.execute(END_OTHERS)
            if await connection.fetchval(CHANGED):
                return False
            await connection.execute(EMPTY)
            return True
        finally:
            await connection.close()

    def stop(self):
        """End the servers at once: to stop them in an orderly way would write everything out first."""
        for server in self._running.values():
            server._child.send_signal(signal.SIGQUIT)
        self._open.close()


END_OTHERS = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
CHANGED = """
SELECT EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal)
    OR EXISTS (SELECT FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > 1000)
    OR (SELECT count(*) > 5000 FROM events)
"""
EMPTY = """
SET session_replication_role = replica;
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'migration%' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    INSERT INTO installation (key, value) VALUES ('epoch', '1');
END $$;
"""


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
    name = servers.lend(version)
    yield lambda role=APP: servers.server(version).dsn(role, name)
    servers.give_back(version, name)


@pytest.fixture
def clock():
    """The deciding clock, moved by hand."""
    return HandClock(START)


@pytest.fixture
async def pool(database):
    opened = await connect(database(), size=6, planning=BY_INDEX)
    yield opened
    await asyncio.wait_for(opened.close(), 10)


@pytest.fixture
def chosen():
    """The settings that an operator chose, beside where the data is; a test file chooses by a fixture of this name."""
    return {}


@pytest.fixture
async def desk(database, clock, tmp_path, chosen):
    """An open desk on the test's own database and hand-moved clock. Nothing works in the background."""
    from rescind.app import open_desk  # noqa: PLC0415  the tests of the core and the database need no surfaces

    async with open_desk(Settings(data=tmp_path, **chosen), database(), "http://desk.test", clock) as opened:
        yield opened


@pytest.fixture
async def market(desk):
    """Two shops and two buyers at the desk, and a way to place orders and to speak for everybody."""
    return await Market(desk.pool, desk.engine, desk.clock).open()
