"""The two PostgreSQL versions that everything has to run on: the embedded 18 and Debian's 15."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rescind.postgres.embedded import DATABASE, SUPERUSER, EmbeddedServer, ensure_database
from rescind.settings import Settings

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
VERSIONS = (18, 15)


def programs(version: int) -> Path | None:
    """Folder for RESCIND_PG_BIN. Without Debian's 15 the test is left out, visibly; in CI that is a failure."""
    if version == 18:
        return None
    if not DEBIAN_15.exists():
        reason = "PostgreSQL 15 is not here (Debian: postgresql-15); only the embedded 18 was tested"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return DEBIAN_15


def running(folder: Path, version: int) -> Iterator[EmbeddedServer]:
    with EmbeddedServer.start(Settings(data=folder, pg_bin=programs(version))) as server:
        yield server


async def new_database(server: EmbeddedServer, name: str = DATABASE) -> Callable[[str], str]:
    """An empty database with its two roles; gives the address for a role."""
    await ensure_database(server.dsn(SUPERUSER, "postgres"), name)
    return lambda role: server.dsn(role, name)
