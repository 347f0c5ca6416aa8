"""Webhook messages a second by two worker processes, to a local receiver that is a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from rich.console import Console

from bench.marketplace import field
from bench.refunds import WORKERS, processor_time, server_time, workers
from rescind.app import open_desk
from rescind.core.scope import Scope
from rescind.postgres import embedded

MESSAGES = 20_000
ENDPOINTS = 4
WANTED = 1_000.0
"""Messages a second that were sent, taken and written down."""

# What fan-out leaves, for as many events as there are messages to each endpoint; of the size of a real one.
_MESSAGES = """
INSERT INTO deliveries (shop_id, event_id, endpoint_id, type, body, state, due_at, made_at)
SELECT 'shp_00000001', 'evt_00000001' || lpad(n::text, 14, '0') || '_3', e.endpoint_id, 'cancellation.approved',
    convert_to('{"type":"cancellation.approved","timestamp":"2026-02-02T02:40:00.123456Z","data":{"order":"ord_00000001'
        || lpad(n::text, 14, '0') || '","shop":"shp_00000001","number":"' || n
        || '","version":3,"cancellation":"can_00000001cxy805000000z8"}}', 'UTF8'),
    'waiting', clock_timestamp() + interval '12 s', clock_timestamp()
FROM webhook_endpoints e, generate_series(1, $1) AS n
"""
_LEFT = "SELECT count(*) FROM deliveries WHERE state = 'waiting'"
_RIGHT = "SELECT count(*) FROM deliveries d JOIN delivery_attempts a USING (shop_id, event_id, endpoint_id) WHERE d.state = 'delivered' AND a.status = 204"  # noqa: E501


async def run(out: Console) -> bool:
    """Measure and print; whether the figure was met."""
    with tempfile.TemporaryDirectory() as name, _receiver() as address:
        async with field(Path(name) / "data", 100) as ready:
            settings = ready.settings.__class__.read({}, data=ready.settings.data, webhook_loopback=True)
            async with open_desk(settings, ready.server.dsn(embedded.APP), "http://127.0.0.1") as desk:
                for number in range(ENDPOINTS):
                    await desk.endpoints.create(
                        Scope(), None, f"{address}hook{number}", about="", events=(), by="bench", key=f"bench {number}"
                    )
            root = await asyncpg.connect(ready.server.dsn(embedded.SUPERUSER))
            await root.execute(_MESSAGES, MESSAGES // ENDPOINTS, timeout=600)
            await root.execute("VACUUM ANALYZE", timeout=600)
            await root.execute("CHECKPOINT", timeout=600)
            with workers(ready, RESCIND_WEBHOOK_LOOPBACK="1") as pids:
                began = await _until(root, MESSAGES - 1)

                def spent() -> tuple[float, float, float]:
                    return sum(map(processor_time, pids)), server_time(ready), _told(address)["cpu_s"]

                first, left = spent(), await root.fetchval(_LEFT)
                ended = await _until(root, 0)
                sending, database, served = (two - one for one, two in zip(first, spent(), strict=True))
            right = await root.fetchval(_RIGHT)
            await root.close()
        told = _told(address)
    took = ended - began
    rate = left / took
    out.print(
        f"webhooks by {WORKERS} workers: {rate:,.0f}/s, {left:,} in {took:.1f} s at a load of {os.getloadavg()[0]:.1f}"
        f" (wanted: at least {WANTED:,.0f}/s)"
    )
    each = [spent / left * 1000 for spent in (sending, database, served)]
    out.print(
        f"  processor time of a message: {each[0]:.2f} ms in the workers, {each[1]:.2f} in the database,"
        f" and apart from that {each[2]:.2f} in the receiver ({served:.1f} s in all)"
    )
    assert right == MESSAGES == told["messages"] == told["signed"], "each was sent once, signed, and written down"
    return rate >= WANTED


@contextmanager
def _receiver() -> Iterator[str]:
    process = subprocess.Popen([sys.executable, "-m", "bench.receiver"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/"
    finally:
        process.terminate()
        process.wait(15)


def _told(address: str) -> dict[str, float]:
    with urllib.request.urlopen(address) as answer:
        return json.load(answer)


async def _until(root: asyncpg.Connection, left: int) -> float:
    """Wait until so many are left at most; gives when that was."""
    limit = time.monotonic() + 300
    while time.monotonic() < limit:
        if await root.fetchval(_LEFT) <= left:
            return time.monotonic()
        await asyncio.sleep(0.05)
    raise TimeoutError("the messages do not end")


if __name__ == "__main__":
    asyncio.run(run(Console(width=140)))
