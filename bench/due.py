"""A sweep for due work that finds nothing, with a million things waiting for their time."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

import asyncpg
from rich.console import Console

from bench.marketplace import field
from rescind.clock import DatabaseClock
from rescind.postgres import embedded
from rescind.postgres.due import DueTable
from rescind.postgres.store import connect
from rescind.worker.deadlines import AT_ONCE, KINDS

PENDING = 1_000_000
SWEEPS = 200
WANTED_MS = 2.0

# Spread over a month, as real deadlines are, and over all kinds and slices.
_FILL = f"""
INSERT INTO due (shop_id, kind, ref, order_id, due_at, slice)
SELECT o.shop_id, (ARRAY['{"', '".join(KINDS)}'])[1 + n % {len(KINDS)}], 'can_' || n, o.order_id,
       clock_timestamp() + interval '1 hour' + n * interval '2.6 s', n % 64
FROM (SELECT shop_id, order_id FROM orders LIMIT 1) o, generate_series(1, {PENDING}) n
"""


async def run(out: Console) -> bool:
    """Measure and print; whether the figure was met."""
    with tempfile.TemporaryDirectory() as name:
        async with field(Path(name) / "data", 10) as ready:
            root = await asyncpg.connect(ready.owner)
            await root.execute(_FILL, timeout=600)
            await root.execute("VACUUM ANALYZE due", timeout=600)
            await root.close()
            pool = await connect(ready.server.dsn(embedded.APP))
            try:
                took = await _sweeps(DueTable(pool, DatabaseClock()))
            finally:
                await pool.close()
    middle, top = statistics.median(took), statistics.quantiles(took, n=100)[98]
    out.print(
        f"sweep with nothing due and {PENDING:,} waiting: median {middle:.2f} ms, 99th percentile {top:.2f} ms"
        f" (wanted: at most {WANTED_MS:g} ms)"
    )
    return middle <= WANTED_MS


async def _sweeps(due: DueTable) -> list[float]:
    took: list[float] = []
    for _ in range(SWEEPS):
        began = time.perf_counter()
        found = await due.ready(KINDS, AT_ONCE)
        took.append((time.perf_counter() - began) * 1000)
        assert not found
        await asyncio.sleep(0.005)
    return took
