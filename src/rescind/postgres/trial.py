"""A backup that was never restored is a hope: restore one into a database of its own, look, and throw it away."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

import asyncpg
import msgspec

from rescind.core.instant import Instant
from rescind.core.sentence import phrased
from rescind.postgres import embedded
from rescind.postgres.backup import BackupError, restore
from rescind.postgres.embedded import EmbeddedServer, ensure_database

_FOUND = """
SELECT (SELECT count(*) FROM orders) AS orders, count(*) AS events, max(received_at) AS latest,
       (SELECT count(*) FROM orders o WHERE NOT EXISTS (
            SELECT FROM events e WHERE e.shop_id = o.shop_id AND e.order_id = o.order_id AND e.seq = o.version
        )) AS torn
FROM events
"""


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What came back. latest: when the last event was recorded, None without one; took_s: seconds the restore took."""

    orders: int
    events: int
    latest: Instant | None
    took_s: float


class _Place(msgspec.Struct, frozen=True, kw_only=True):
    data: Path
    pg_bin: Path | None
    pg_user: str | None


async def try_restore(file: Path, *, pg_bin: Path | None = None, pg_user: str | None = None) -> Trial:
    """Restore a backup beside it, count what came back, and remove it again. It takes as much space as the database.

    BackupError: it cannot be restored, or an order came back without its last event.
    """
    with tempfile.TemporaryDirectory(prefix=".restore-trial-", dir=file.parent) as folder:
        place = _Place(data=Path(folder), pg_bin=pg_bin, pg_user=pg_user)
        server = await asyncio.to_thread(EmbeddedServer.start, place)
        try:
            await ensure_database(server.dsn(embedded.SUPERUSER, "postgres"))
            began = time.monotonic()
            await restore(server.dsn(embedded.OWNER), file, pg_bin=pg_bin)
            took_s = time.monotonic() - began
            connection = await asyncpg.connect(server.dsn(embedded.OWNER))
            try:
                found = await connection.fetchrow(_FOUND)
            finally:
                await connection.close()
        finally:
            await asyncio.to_thread(server.stop)
    assert found is not None, "an aggregate gives a row"
    if found["torn"]:
        raise BackupError(
            phrased(
                "%(file)s came back, but orders have lost their last event: %(torn)s.", file=file, torn=found["torn"]
            )
        )
    return Trial(orders=found["orders"], events=found["events"], latest=found["latest"], took_s=took_s)
