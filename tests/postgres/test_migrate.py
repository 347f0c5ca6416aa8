import asyncio
from itertools import count

import asyncpg
import pytest

from postgres.servers import VERSIONS, new_database, running
from rescind.postgres.embedded import APP, OWNER, SUPERUSER
from rescind.postgres.migrate import (
    MigrationError,
    UnfitDatabase,
    check_durability,
    check_serving_role,
    migrate,
    released,
    status,
)

names = (f"migrate_{n}" for n in count())


@pytest.fixture(scope="module", params=VERSIONS)
def server(request, tmp_path_factory):
    yield from running(tmp_path_factory.mktemp("migrate"), request.param)


@pytest.fixture
async def address(server):
    return await new_database(server, next(names))


@pytest.fixture
def folder(tmp_path):
    write(tmp_path, "0001_pre_first", "create table events (n int); grant select, insert on events to rescind_app;")
    write(tmp_path, "0002_post_second", "insert into events values (2); insert into events values (3);")
    return tmp_path


def write(folder, name, sql):
    (folder / f"{name}.sql").write_text(sql)
    (folder / "HEAD").write_text(f"{name}.sql\n")


async def rows(dsn, query):
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def stand(dsn, folder):
    connection = await asyncpg.connect(dsn)
    try:
        return await status(connection, folder=folder)
    finally:
        await connection.close()


async def test_each_file_is_applied_once_and_in_order(address, folder):
    assert (await stand(address(OWNER), folder)).pending == ("0001_pre_first", "0002_post_second")
    assert await migrate(address(OWNER), folder=folder) == ("0001_pre_first", "0002_post_second")
    assert await migrate(address(OWNER), folder=folder) == ()
    assert await rows(address(OWNER), "select n from events order by n") == [(2,), (3,)]
    after = await stand(address(OWNER), folder)
    assert (after.applied, after.pending, after.ahead) == (("0001_pre_first", "0002_post_second"), (), ())


async def test_before_the_new_code_runs_only_what_may(address, folder):
    write(folder, "0003_pre_third", "insert into events values (4)")
    assert await migrate(address(OWNER), folder=folder, phase="pre") == ("0001_pre_first",)
    assert await migrate(address(OWNER), folder=folder) == ("0002_post_second", "0003_pre_third")


async def test_migrators_that_meet_apply_it_once(address, folder):
    write(folder, "0003_pre_slow", "select pg_sleep(0.3); insert into events values (4)")
    done = await asyncio.gather(*(migrate(address(OWNER), folder=folder) for _ in range(4)))
    assert sorted(map(len, done)) == [0, 0, 0, 3]
    assert await rows(address(OWNER), "select count(*) from events") == [(3,)]


async def test_a_file_that_fails_leaves_nothing_and_keeps_what_came_before(address, folder):
    write(folder, "0003_pre_broken", "create table half (n int); insert into no_such_table values (1)")
    with pytest.raises(MigrationError, match="0003_pre_broken.sql failed.*no_such_table"):
        await migrate(address(OWNER), folder=folder)
    assert await rows(address(OWNER), "select to_regclass('half')::text") == [(None,)]
    assert (await stand(address(OWNER), folder)).pending == ("0003_pre_broken",)
    write(folder, "0003_pre_broken", "create table half (n int)")
    assert await migrate(address(OWNER), folder=folder) == ("0003_pre_broken",)


async def test_a_released_file_that_was_edited_is_refused(address, folder):
    await migrate(address(OWNER), folder=folder)
    (folder / "0001_pre_first.sql").write_text("create table events (n bigint)")
    with pytest.raises(MigrationError, match="0001_pre_first.sql is applied already.*write a new one"):
        await migrate(address(OWNER), folder=folder)


async def test_a_file_that_slipped_in_before_applied_ones_is_refused(address, folder):
    await migrate(address(OWNER), folder=folder)
    connection = await asyncpg.connect(address(OWNER))
    await connection.execute("delete from migrations where number = 1")
    await connection.close()
    with pytest.raises(MigrationError, match="0001_pre_first.sql was never applied, though later ones were"):
        await migrate(address(OWNER), folder=folder)


async def test_older_code_runs_on_a_newer_schema(address, folder):
    write(folder, "0003_pre_third", "select 1")
    await migrate(address(OWNER), folder=folder)
    (folder / "0003_pre_third.sql").unlink()
    (folder / "HEAD").write_text("0002_post_second.sql")
    assert (await stand(address(OWNER), folder)).ahead == ("0003_pre_third",)
    assert await migrate(address(OWNER), folder=folder) == ()


async def test_an_index_is_built_concurrently_while_a_transaction_holds_the_lock_row(address, folder):
    write(folder, "0003_post_index", "-- no transaction\ncreate index concurrently if not exists by_n on events (n)")
    async with asyncio.timeout(20):
        assert (await migrate(address(OWNER), folder=folder))[-1] == "0003_post_index"
    assert await rows(address(OWNER), "select indisvalid from pg_index where indexrelid = 'by_n'::regclass") == [
        (True,)
    ]


async def test_a_check_that_returns_rows_undoes_its_migration(address, folder):
    (folder / "0002.check.sql").write_text("select n from events where n = 3")
    with pytest.raises(MigrationError, match=r"0002.check.sql found rows: 1, the first \{'n': 3\}"):
        await migrate(address(OWNER), folder=folder)
    assert await rows(address(OWNER), "select count(*) from events") == [(0,)]
    (folder / "0002.check.sql").write_text("select n from events where n > 3")
    assert await migrate(address(OWNER), folder=folder) == ("0002_post_second",)


async def test_a_change_gives_up_rather_than_make_others_wait_behind_it(address, folder, monkeypatch):
    monkeypatch.setattr("rescind.postgres.migrate.LOCK_TIMEOUT", "100ms")
    await migrate(address(OWNER), folder=folder)
    write(folder, "0003_pre_blocked", "alter table events add column note text")
    reader = await asyncpg.connect(address(APP))
    try:
        async with reader.transaction():
            await reader.fetch("select from events")
            with pytest.raises(MigrationError, match="lock timeout"):
                await migrate(address(OWNER), folder=folder)
        assert await migrate(address(OWNER), folder=folder) == ("0003_pre_blocked",)
    finally:
        await reader.close()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("0002_pre_twice", "should be number 0003|0002_pre_twice.sql should be number|should be number 0003"),
        ("0004_pre_gap", "0004_pre_gap.sql should be number 0003"),
        ("third", "third.sql is no name"),
    ],
)
def test_numbers_have_no_gap_and_no_twin(folder, name, complaint):
    write(folder, name, "select 1")
    with pytest.raises(MigrationError, match=complaint):
        released(folder)


def test_head_names_the_last_file_so_that_two_branches_conflict_early(folder):
    assert [each.name for each in released(folder)] == ["0001_pre_first", "0002_post_second"]
    (folder / "0003_pre_theirs.sql").write_text("select 1")
    with pytest.raises(
        MigrationError, match="HEAD names '0002_post_second.sql', the last file is '0003_pre_theirs.sql'"
    ):
        released(folder)


async def test_whoever_could_rewrite_history_does_not_serve(address, folder):
    await migrate(address(OWNER), folder=folder)

    async def refusal(role):
        connection = await asyncpg.connect(address(role))
        try:
            await check_serving_role(connection)
        except UnfitDatabase as error:
            return str(error)
        finally:
            await connection.close()

    assert await refusal(APP) is None
    assert "superuser postgres" in await refusal(SUPERUSER)
    assert "rescind_owner, who owns its tables" in await refusal(OWNER)
    owner = await asyncpg.connect(address(OWNER))
    for right in ("update", "delete", "truncate"):
        await owner.execute(f"grant {right} on events to rescind_app")
        assert "may change or delete rows of events" in await refusal(APP)
        await owner.execute(f"revoke {right} on events from rescind_app")
    await owner.close()
    assert await refusal(APP) is None


async def test_a_server_that_may_forget_is_refused(address):
    connection = await asyncpg.connect(address(APP))
    try:
        await check_durability(connection)
        await connection.execute("set synchronous_commit = remote_apply")
        await check_durability(connection)
        for value in ("off", "local", "remote_write"):
            await connection.execute(f"set synchronous_commit = {value}")
            with pytest.raises(UnfitDatabase, match=f"synchronous_commit = {value}"):
                await check_durability(connection)
    finally:
        await connection.close()
