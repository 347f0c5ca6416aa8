"""What an order with its history takes on disk, with every index, and what a cancellation adds to it.

Orders come in by file, as a marketplace that moves in brings them; the cancellations are asked for over HTTP. Sizes are
PostgreSQL's own, after it has tidied up, each table with its indexes and what it keeps beside it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from bench import cancel
from bench.importing import imported
from bench.marketplace import field, web
from rescind.postgres import embedded

ORDERS = 100_000
BYTES_AN_ORDER = 10_000
"""What is wanted of an order that was paid, shipped, delivered and completed; every third has two lines."""
_SIZES = """
SELECT relname, pg_total_relation_size(oid) FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname NOT IN ('import_rows', 'import_chunks')
"""


async def run(out: Console) -> bool:
    """Measure and print; whether an order takes as little as is wanted."""
    with tempfile.TemporaryDirectory() as name:
        async with imported(Path(name), ORDERS) as (server, _):
            taken = await _sizes(server.dsn(embedded.OWNER))
    table = Table("table", "bytes an order", box=None)
    for name, size in sorted(taken.items(), key=lambda one: -one[1]):
        if size >= ORDERS:
            table.add_row(name, f"{size / ORDERS:,.0f}")
    out.print(table)
    each = sum(taken.values()) / ORDERS
    out.print(f"disk: {each:,.0f} bytes an order with its history (wanted: at most {BYTES_AN_ORDER:,})")
    if shutil.which("wrk"):
        out.print(f"disk: {await _of_a_cancellation():,.0f} bytes more for a cancellation")
    return each <= BYTES_AN_ORDER


async def _sizes(dsn: str) -> Mapping[str, int]:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("VACUUM ANALYZE", timeout=600)
        return dict(await connection.fetch(_SIZES))
    finally:
        await connection.close()


async def _of_a_cancellation() -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with field(folder / "data", ORDERS) as ready:
            before = await _sizes(ready.owner)
            with web(ready, cancel.PORT):
                for base in range(0, ORDERS // 2, ORDERS // 10):
                    cancel.http(ready, folder, clients=16, base=base)
            after = await _sizes(ready.owner)
            connection = await asyncpg.connect(ready.owner)
            try:
                count: int = await connection.fetchval("SELECT count(*) FROM cases")
            finally:
                await connection.close()
    return (sum(after.values()) - sum(before.values())) / count
