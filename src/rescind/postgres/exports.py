"""Who took a list away as a file, and the files that were made for somebody."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import NotFound
from rescind.core.instant import Instant
from rescind.postgres.notice_people import Owner

KEPT_FOR = timedelta(days=7)
"""How long a file is there that was made for somebody."""

_NOW = "coalesce({}, clock_timestamp())"
_BEGIN = f"""
INSERT INTO list_exports (
    export_id, role, shop_id, person, credential, via, list, query, columns, personal, format, began_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, {_NOW.format("$12")})
"""  # noqa: S608 - a piece of ours
_END = f"UPDATE list_exports SET rows = $2, ended_at = {_NOW.format('$3')} WHERE export_id = $1"  # noqa: S608 - a piece of ours
_FILE = "file_id, view_id, role, shop_id, person, list, format, rows, size, made_at, gone_at"
_KEEP = f"""
INSERT INTO list_files (file_id, view_id, role, shop_id, person, list, format, rows, size, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, {_NOW.format("$10")})
"""  # noqa: S608 - a piece of ours
_ONE = f"SELECT {_FILE} FROM list_files WHERE file_id = $1"  # noqa: S608 - names of ours
_FILES = f"""
SELECT {_FILE} FROM list_files WHERE role = $1 AND shop_id = $2 AND person = $3 AND gone_at IS NULL
ORDER BY made_at DESC LIMIT 50
"""  # noqa: S608 - names of ours
_OLD = f"""
SELECT file_id FROM list_files WHERE gone_at IS NULL AND made_at < {_NOW.format("$1")} - $2::interval LIMIT 100
"""  # noqa: S608 - a piece of ours
_GONE = f"UPDATE list_files SET gone_at = {_NOW.format('$2')} WHERE file_id = $1"  # noqa: S608 - a piece of ours


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """A list that leaves as a file. shop_id: empty for people of the platform. credential: by which they came.

    export_id, shop_name: empty until it is read.
    """

    role: str
    shop_id: str
    person: str
    credential: str
    via: str
    list: str
    query: str
    columns: Sequence[str]
    personal: bool
    format: str
    rows: int = 0
    began_at: Instant | None = None
    ended_at: Instant | None = None
    export_id: str = ""
    shop_name: str = ""


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was made of somebody's view. size: bytes. gone_at: since when it is not there any more."""

    file_id: str
    view_id: str
    role: str
    shop_id: str
    person: str
    list: str
    format: str
    rows: int
    size: int
    made_at: Instant
    gone_at: Instant | None = None


class ExportTable:
    """Writes and reads ``list_exports`` and ``list_files``."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def begin(self, taken: Taken) -> str:
        """Write down that somebody takes a list away, before the first row leaves; its id."""
        identifier = "exp_" + secrets.token_hex(10)
        await self._pool.execute(
            _BEGIN,
            *(identifier, taken.role, taken.shop_id, taken.person, taken.credential, taken.via, taken.list),
            *(taken.query, list(taken.columns), taken.personal, taken.format, self._clock.read()),
        )
        return identifier

    async def end(self, identifier: str, rows: int) -> None:
        """How many rows left in the end."""
        await self._pool.execute(_END, identifier, rows, self._clock.read())

    async def rows(self, identifier: str) -> int:
        """How many rows left by one export."""
        return int(await self._pool.fetchval("SELECT rows FROM list_exports WHERE export_id = $1", identifier) or 0)

    async def keep(self, connection: Any, file: KeptFile) -> None:
        """Write down a file whose bytes are kept, within somebody's transaction."""
        await connection.execute(
            _KEEP,
            *(file.file_id, file.view_id, file.role, file.shop_id, file.person, file.list, file.format, file.rows),
            *(file.size, self._clock.read()),
        )

    async def files(self, owner: Owner) -> tuple[KeptFile, ...]:
        """The files of a person that are still there, the latest first."""
        rows = await self._pool.fetch(_FILES, owner.role, owner.shop, owner.person)
        return tuple(KeptFile(**dict(row)) for row in rows)

    async def file(self, identifier: str) -> KeptFile:
        """A file that is still there, for whoever checks whose it is. Raises NotFound."""
        row = await self._pool.fetchrow(_ONE, identifier)
        if row is None or row["gone_at"] is not None:
            raise NotFound(kind="file")
        return KeptFile(**dict(row))

    async def old(self) -> list[str]:
        """Files whose time is over."""
        return [row["file_id"] for row in await self._pool.fetch(_OLD, self._clock.read(), KEPT_FOR)]

    async def gone(self, identifier: str) -> None:
        """The bytes of a file are not there any more."""
        await self._pool.execute(_GONE, identifier, self._clock.read())
