import re
import stat
from itertools import count

import asyncpg
import pytest

from postgres.servers import VERSIONS, new_database, programs, running
from rescind.postgres.backup import BackupError, backup, hide_password, restore
from rescind.postgres.embedded import APP, OWNER, SUPERUSER

SCHEMA = """
create table installation (key text primary key, value text);
create table events (id bigint primary key, body bytea not null, tx xid8 not null default pg_current_xact_id());
create table totals (minor bigint not null check (minor >= 0));
grant select, insert on events to rescind_app;
"""
names = (f"backup_{n}" for n in count())


@pytest.fixture(scope="module", params=VERSIONS)
def server(request, tmp_path_factory):
    for server in running(tmp_path_factory.mktemp("backup"), request.param):
        server.pg_bin = programs(request.param)
        yield server


@pytest.fixture
async def filled(server):
    address = await new_database(server, next(names))
    await execute(address(OWNER), SCHEMA)
    # Written by a server that had got further in counting its transactions.
    await execute(
        address(APP),
        "insert into events (id, body, tx)"
        " select n, convert_to('字' || n, 'UTF8'), '900000000000' from generate_series(1, 1000) n",
    )
    return address


async def execute(dsn, statements):
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


async def value(dsn, query):
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


CONTENT = "select md5(string_agg(id || ':' || encode(body, 'hex'), ',' order by id)) from events"


@pytest.mark.parametrize("role", [SUPERUSER, OWNER])
async def test_what_was_backed_up_comes_back_and_is_held(server, filled, tmp_path, role):
    file = tmp_path / "desk.backup"
    await backup(filled(role), file, pg_bin=server.pg_bin)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [file]

    there = await new_database(server, next(names))
    await restore(there(role), file, pg_bin=server.pg_bin)
    assert await value(there(APP), CONTENT) == await value(filled(APP), CONTENT)
    assert await value(there(OWNER), "select tableowner from pg_tables where tablename = 'events'") == OWNER
    held = await value(there(OWNER), "select value from installation where key = 'held'")
    assert re.fullmatch(r"restore \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", held)
    assert await value(there(OWNER), "select value from installation where key = 'restored_at'") == held.split()[1]
    # Transactions are numbered anew: who reads the stream from the beginning finds everything that was restored.
    hidden = "select count(*) from events where tx >= pg_snapshot_xmin(pg_current_snapshot())"
    assert await value(there(APP), hidden) == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await execute(there(APP), "delete from events")


async def test_it_is_restored_into_an_empty_database_only(server, filled, tmp_path):
    await backup(filled(OWNER), tmp_path / "file", pg_bin=server.pg_bin)
    with pytest.raises(BackupError, match="not empty"):
        await restore(filled(OWNER), tmp_path / "file", pg_bin=server.pg_bin)
    assert await value(filled(OWNER), "select count(*) from installation") == 0


async def test_a_restore_that_fails_leaves_nothing(server, filled, tmp_path):
    file = tmp_path / "file"
    await execute(filled(OWNER), "drop table installation")
    await backup(filled(OWNER), file, pg_bin=server.pg_bin)
    there = await new_database(server, next(names))
    with pytest.raises(BackupError, match="was not restored.*installation"):
        await restore(there(OWNER), file, pg_bin=server.pg_bin)
    assert await value(there(SUPERUSER), "select to_regclass('public.events')::text") is None

    file.write_bytes(file.read_bytes()[:-4000])
    with pytest.raises(BackupError):
        await restore(there(OWNER), file, pg_bin=server.pg_bin)
    assert await value(there(SUPERUSER), "select to_regclass('public.events')::text") is None


async def test_a_file_that_is_no_backup_is_named(server, tmp_path):
    there = await new_database(server, next(names))
    (tmp_path / "letter").write_text("Dear support")
    with pytest.raises(BackupError, match="letter is no backup"):
        await restore(there(OWNER), tmp_path / "letter", pg_bin=server.pg_bin)
    with pytest.raises(BackupError, match="absent is no backup"):
        await restore(there(OWNER), tmp_path / "absent", pg_bin=server.pg_bin)


async def test_a_backup_that_fails_leaves_the_old_one_and_no_scraps(server, filled, tmp_path):
    file = tmp_path / "file"
    file.write_text("the old one")
    with pytest.raises(BackupError, match="no_such_database"):
        await backup(server.dsn(OWNER, "no_such_database"), file, pg_bin=server.pg_bin)
    assert file.read_text() == "the old one"
    assert list(tmp_path.iterdir()) == [file]
    with pytest.raises(BackupError, match="Cannot write to"):
        await backup(filled(OWNER), tmp_path / "absent" / "file", pg_bin=server.pg_bin)


def test_a_password_is_no_argument():
    assert hide_password("postgresql://desk:s%40cret@db.example:6432/rescind?sslmode=require") == (
        "postgresql://desk@db.example:6432/rescind?sslmode=require",
        {"PGPASSWORD": "s@cret"},
    )
    assert hide_password("postgresql://desk@/rescind?host=/run") == ("postgresql://desk@/rescind?host=/run", {})
