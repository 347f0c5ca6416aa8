"""Everything in one file, and back again, with PostgreSQL's own programs.

A restored installation starts held: refunds may have been made after the backup, and no money moves until a person has
compared ours with the provider's. The hold commits together with the data.
"""

import asyncio
import os
import re
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import asyncpg

from rescind.core.sentence import phrased
from rescind.postgres.embedded import OWNER, wheel_bin

CHUNK = 1 << 20
HOLD = """
insert into public.installation (key, value)
select key, prefix || to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
from (values ('held', 'restore '), ('restored_at', '')) as told (key, prefix)
on conflict (key) do update set value = excluded.value;
update public.installation set value = (value::int + 1)::text where key = 'epoch';
-- A broker is told on from where it was, by the new numbers; a backup of an older version has no such place.
do $$ begin
    if to_regclass('public.event_streams') is not null then
        update public.event_streams s
        set tx = pg_current_xact_id(), fence = s.fence + 1, lease_until = '-infinity',
            id = coalesce((select min(e.id) - 1 from public.events e where (e.tx, e.id) > (s.tx, s.id)),
                (select max(e.id) from public.events e), 0);
    end if;
end $$;
-- Transactions are numbered anew. What keeps a number of before would be hidden until this server has got that far.
update public.events set tx = default;
do $$ begin
    if to_regclass('public.messages') is not null then
        update public.messages set tx = default;
    end if;
    if to_regclass('public.event_streams') is not null then
        update public.message_reads set tx = null where tx is not null;
    end if;
end $$;
commit;
analyze;
"""


class BackupError(Exception):
    """No backup or restore was made. The message says why, and nothing was changed."""


async def backup(dsn: str, file: Path, *, pg_bin: Path | None = None) -> None:
    """Write the database to `file`, which only its owner may read; whole or not at all.

    dsn: as the owner or a superuser. The secret key of the data folder is not in it: keep that apart. BackupError.
    """
    file = file.absolute()
    try:
        descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)  # 0600: there are names in it
    except OSError as error:
        raise BackupError(
            phrased("Cannot write to %(parent)s: %(strerror)s.", parent=file.parent, strerror=error.strerror)
        ) from error
    os.close(descriptor)
    partial = Path(name)
    try:
        address, env = hide_password(dsn)
        await run(program("pg_dump", pg_bin), "--format=custom", f"--file={partial}", f"--dbname={address}", env=env)
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(file)
        folder = os.open(file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    finally:
        partial.unlink(missing_ok=True)


async def restore(dsn: str, file: Path, *, pg_bin: Path | None = None) -> None:
    """Fill an empty database from a backup, in one transaction, and leave it held.

    dsn: as the owner or a superuser, of a database where `ensure_database` has made the roles. BackupError.
    """
    try:
        await run(program("pg_restore", pg_bin), "--list", str(file), env={})
    except BackupError as error:
        raise BackupError(phrased("%(file)s is no backup: %(error)s", file=file, error=error)) from error
    role = await check_empty(dsn, await major(pg_bin))
    address, env = hide_password(dsn)
    reader = await asyncio.create_subprocess_exec(
        program("pg_restore", pg_bin), "--no-owner", "--file=-", str(file), stdin=DEVNULL, stdout=PIPE, stderr=PIPE
    )
    writer = await asyncio.create_subprocess_exec(
        *(program("psql", pg_bin), "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={address}"),
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=PIPE,
        env=os.environ | env,
    )
    try:
        complaints = await asyncio.gather(pump(reader, writer, role), said(reader), said(writer))
    finally:
        for process in (reader, writer):
            if process.returncode is None:
                process.kill()
                await process.wait()
    if reader.returncode or writer.returncode:
        raise BackupError(
            phrased("%(file)s was not restored: %(these)s", file=file, these=" ".join(filter(None, complaints[1:])))
        )


async def pump(reader: asyncio.subprocess.Process, writer: asyncio.subprocess.Process, role: str | None) -> None:
    """Pass the statements on. The commit is ours, and comes only after a good end: without it nothing was done."""
    assert reader.stdout is not None
    assert writer.stdin is not None
    try:
        writer.stdin.write(b"begin;\n" + (f"set local role {role};\n".encode() if role else b""))
        while chunk := await reader.stdout.read(CHUNK):
            writer.stdin.write(chunk)
            await writer.stdin.drain()
        if await reader.wait() == 0:
            writer.stdin.write(HOLD.encode())
            await writer.stdin.drain()
        writer.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        reader.kill()  # the database refused something, and said what
    await writer.wait()
    await reader.wait()


async def said(process: asyncio.subprocess.Process) -> str:
    assert process.stderr is not None
    return (await process.stderr.read()).decode(errors="replace").strip()


async def check_empty(dsn: str, programs: int) -> str | None:
    """The role that shall own the tables, None: the one that connects. BackupError: no place to restore to."""
    connection = await asyncpg.connect(dsn)
    try:
        server = connection.get_server_version().major
        if server != programs:
            raise BackupError(
                phrased(
                    "The server is PostgreSQL %(server)s, the programs are %(programs)s: set RESCIND_PG_BIN to "
                    "%(server)s's.",
                    server=server,
                    programs=programs,
                )
            )
        tables: int = await connection.fetchval(
            "select count(*) from pg_class where relnamespace::regnamespace::text !~ '^(pg_|information_schema)'"
        )
        if tables:
            raise BackupError(phrased("The database is not empty. Restore into a new data folder or a new database."))
        return await connection.fetchval(
            "select rolname from pg_roles where rolname = $1 and pg_has_role(oid, 'member')", OWNER
        )
    finally:
        await connection.close()


async def major(pg_bin: Path | None) -> int:
    found = re.search(r"\d+", await run(program("psql", pg_bin), "--version", env={}))
    assert found is not None
    return int(found[0])


def program(name: str, pg_bin: Path | None) -> str:
    return str((pg_bin or wheel_bin()) / name)


def hide_password(dsn: str) -> tuple[str, Mapping[str, str]]:
    """The address without its password, and the environment that has it: arguments can be read by every account."""
    parts = urlsplit(dsn)
    if parts.password is None:
        return dsn, {}
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user.split(':')[0]}@{place}")), {"PGPASSWORD": unquote(parts.password)}


async def run(*words: str, env: Mapping[str, str]) -> str:
    """Output of a program. BackupError: it could not, in its own words."""
    try:
        process = await asyncio.create_subprocess_exec(
            *words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, env=os.environ | env
        )
    except OSError as error:
        raise BackupError(
            phrased(
                "%(words)s does not run: %(strerror)s; see RESCIND_PG_BIN.", words=words[0], strerror=error.strerror
            )
        ) from error
    try:
        out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise BackupError(err.decode(errors="replace").strip())
    return out.decode(errors="replace")
