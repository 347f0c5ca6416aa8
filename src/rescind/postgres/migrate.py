"""Schema changes: numbered SQL files, each applied once, in order, by the owner.

    migrations/0001_pre_first_tables.sql      runs before the new code
    migrations/0002_post_drop_old.sql         runs after it
    migrations/0002.check.sql                 optional: returns no row, or the migration is undone
    migrations/HEAD                           name of the last file, so that two branches conflict in git

A file is one transaction. One whose first line is `-- no transaction` holds a single statement that cannot be in one
(create index concurrently) and can be run again. Released files are never edited: their checksums are recorded.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import asyncpg

from rescind.core.sentence import phrased

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

FOLDER = Path(__file__).with_name("migrations")
FILE = re.compile(r"([0-9]{4})_(pre|post)_[a-z0-9_]+\.sql")
NO_TRANSACTION = "-- no transaction"
LOCK_TIMEOUT = "4s"  # a change of a table that waits makes every later statement on it wait too

APPEND_ONLY = ("events", "ledger")
DURABLE = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"}}

BOOKS = """
create table if not exists migrations (
  number int primary key,
  name text not null,
  checksum text not null,
  applied_at timestamptz not null default clock_timestamp()
);
create table if not exists migration_lock (only_row boolean primary key default true check (only_row));
insert into migration_lock default values on conflict do nothing;
"""


class MigrationError(Exception):
    """The schema cannot be brought, or is not, where the code wants it. The message says what to do."""


class UnfitDatabase(Exception):
    """Serving from this connection would break a promise. The message says which."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    phase: Literal["pre", "post"]
    sql: str
    check: str | None

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()

    @property
    def in_transaction(self) -> bool:
        return not self.sql.startswith(NO_TRANSACTION)


@dataclass(frozen=True, slots=True)
class Status:
    """Names of migrations. ahead: applied by newer code, which may be: old and new code both work in between."""

    applied: tuple[str, ...]
    pending: tuple[str, ...]
    ahead: tuple[str, ...]


def released(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """The migrations of a folder in order. MigrationError: a number is missing or taken twice, or HEAD is another."""
    found: list[Migration] = []
    for path in sorted(folder.glob("*.sql")):
        if path.name.endswith(".check.sql"):
            continue
        match = FILE.fullmatch(path.name)
        if match is None:
            raise MigrationError(
                phrased("%(name)s is no name for a migration, like 0007_pre_add_refund_attempts.sql.", name=path.name)
            )
        if int(match[1]) != len(found) + 1:
            raise MigrationError(
                phrased("%(name)s should be number %(what)s.", name=path.name, what=f"{len(found) + 1:04}")
            )
        check = folder / f"{match[1]}.check.sql"
        found.append(
            Migration(
                number=int(match[1]),
                name=path.stem,
                phase="pre" if match[2] == "pre" else "post",
                sql=path.read_text("utf-8"),
                check=check.read_text("utf-8") if check.exists() else None,
            )
        )
    head = (folder / "HEAD").read_text("utf-8").strip()
    last = f"{found[-1].name}.sql" if found else ""
    if head != last:
        raise MigrationError(
            phrased(
                "migrations/HEAD names %(head)s, the last file is %(last)s: were two branches joined?",
                head=repr(head),
                last=repr(last),
            )
        )
    return tuple(found)


async def migrate(owner_dsn: str, *, folder: Path = FOLDER, phase: Literal["pre", "post"] = "post") -> tuple[str, ...]:
    """Apply what is pending and return its names. One migrator at a time; a second waits, then finds nothing to do.

    phase: `pre` stops before the first pending migration that has to wait for the new code, `post` applies all.
    MigrationError: a released file was changed, a check found rows, a statement failed. Earlier files stay applied.
    """
    migrations = released(folder)
    holder = await asyncpg.connect(owner_dsn, server_settings={"idle_in_transaction_session_timeout": "0"})
    worker = await asyncpg.connect(owner_dsn, server_settings={"lock_timeout": LOCK_TIMEOUT})
    try:
        await _open_books(holder)
        # The lock has a connection of its own: a migration outside a transaction cannot hold one.
        async with holder.transaction():
            await holder.execute("select from migration_lock for update")
            pending = _pending(migrations, await _applied(worker))
            if phase == "pre":
                pending = pending[: next((i for i, each in enumerate(pending) if each.phase == "post"), len(pending))]
            for migration in pending:
                await _apply(worker, migration)
            return tuple(each.name for each in pending)
    finally:
        await worker.close()
        await holder.close()


async def status(connection: "asyncpg.Connection | PoolConnectionProxy[Any]", *, folder: Path = FOLDER) -> Status:
    """What is applied and what is not; any role that may read the books can ask."""
    migrations = released(folder)
    applied = await _applied(connection) if await connection.fetchval("select to_regclass('migrations')") else {}
    pending = _pending(migrations, applied)
    return Status(
        applied=tuple(each.name for each in migrations if each.number in applied),
        pending=tuple(each.name for each in pending),
        ahead=tuple(name for number, (name, _) in sorted(applied.items()) if number > len(migrations)),
    )


async def _open_books(connection: asyncpg.Connection) -> None:
    try:
        async with connection.transaction():
            await connection.execute(BOOKS)
    except (asyncpg.DuplicateObjectError, asyncpg.DuplicateTableError, asyncpg.UniqueViolationError):
        pass  # two migrators met on an empty database, and the other one has just made the tables


async def _applied(connection: "asyncpg.Connection | PoolConnectionProxy[Any]") -> dict[int, tuple[str, str]]:
    rows = await connection.fetch("select number, name, checksum from migrations")
    return {row["number"]: (row["name"], row["checksum"]) for row in rows}


def _pending(migrations: Sequence[Migration], applied: dict[int, tuple[str, str]]) -> list[Migration]:
    for migration in migrations:
        if migration.number in applied and applied[migration.number] != (migration.name, migration.checksum):
            raise MigrationError(
                phrased(
                    "%(name)s.sql is applied already, as %(applied)s and with other contents. A released "
                    "migration is never edited: write a new one.",
                    name=migration.name,
                    applied=applied[migration.number][0],
                )
            )
    pending = [each for each in migrations if each.number not in applied]
    if pending and any(number > pending[0].number for number in applied):
        raise MigrationError(phrased("%(name)s.sql was never applied, though later ones were.", name=pending[0].name))
    return pending


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    try:
        if migration.in_transaction:
            async with connection.transaction():
                await _run(connection, migration)
        else:
            await _run(connection, migration)
    except asyncpg.PostgresError as error:
        raise MigrationError(phrased("%(name)s.sql failed: %(error)s", name=migration.name, error=error)) from error


async def _run(connection: asyncpg.Connection, migration: Migration) -> None:
    await connection.execute(migration.sql)
    if migration.check is not None and (rows := await connection.fetch(migration.check)):
        raise MigrationError(
            phrased(
                "%(number)s.check.sql found rows: %(count)s, the first %(row)s.",
                number=f"{migration.number:04}",
                count=len(rows),
                row=dict(rows[0]),
            )
        )
    await connection.execute(
        "insert into migrations (number, name, checksum) values ($1, $2, $3)",
        migration.number,
        migration.name,
        migration.checksum,
    )


async def check_serving_role(connection: "asyncpg.Connection | PoolConnectionProxy[Any]") -> None:
    """Refuse to serve as somebody who could rewrite history (I-22). UnfitDatabase says who it is."""
    row = await connection.fetchrow(
        """
        select current_user as role, rolsuper or rolbypassrls as superuser,
          exists (select from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
                  and pg_has_role(relowner, 'member')) as owner,
          exists (select from pg_class where relnamespace = 'public'::regnamespace and relname = any($1)
                  and has_table_privilege(oid, 'update, delete, truncate')) as rewriter
        from pg_roles where rolname = current_user
        """,
        APPEND_ONLY,
    )
    assert row is not None
    if row["superuser"]:
        raise UnfitDatabase(
            phrased("Rescind does not serve as the superuser %(role)s: give it the role rescind_app.", role=row["role"])
        )
    if row["owner"]:
        raise UnfitDatabase(
            phrased(
                "Rescind does not serve as %(role)s, who owns its tables: give it the role rescind_app.",
                role=row["role"],
            )
        )
    if row["rewriter"]:
        raise UnfitDatabase(
            phrased(
                "%(role)s may change or delete rows of %(these)s: revoke that.",
                role=row["role"],
                these=" or ".join(APPEND_ONLY),
            )
        )


async def check_durability(connection: "asyncpg.Connection | PoolConnectionProxy[Any]") -> None:
    """Refuse a server that may forget what it confirmed (I-16), as this very role and database would see it."""
    for name, wanted in DURABLE.items():
        value = await connection.fetchval("select current_setting($1)", name)
        if value not in wanted:
            raise UnfitDatabase(
                phrased(
                    "PostgreSQL runs with %(name)s = %(value)s: what Rescind confirms must be on disk. Set it on.",
                    name=name,
                    value=value,
                )
            )
