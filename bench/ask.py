"""Asking first, whether and how an order can be cancelled, against reading the same order, in alternating segments."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console

from bench.marketplace import SHOP, Field, field, web

PORT = 8793
CLIENTS = 8
SECONDS = 2
ROUNDS = 7
ORDERS = 20_000
WANTED = 2.0
ROUTES = {"read the order": "", "ask first": "/cancellability"}

_SCRIPT = """
local n = 0
request = function()
  n = n % {orders} + 1
  return wrk.format("GET", "/v1/orders/ord_{shop}" .. string.format("%014d", n) .. "{route}")
end
wrk.headers["Authorization"] = "Bearer {token}"
done = function(summary, latency, requests)
  local wrong = summary.errors.status + summary.errors.connect + summary.errors.read + summary.errors.write
  io.write(string.format("RESULT %d %d %f %f\\n", summary.requests, wrong, latency:percentile(50),
    latency:percentile(99)))
end
"""


async def run(out: Console) -> bool:
    """Measure and print; whether the 99th percentile of asking is within its multiple of reading."""
    if not shutil.which("wrk"):
        out.print("left out: asking first; not here: wrk")
        return True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with field(folder / "data", ORDERS) as ready:
            with web(ready, PORT):
                rounds = [
                    {route: _segment(ready, folder, path) for route, path in ROUTES.items()} for _ in range(ROUNDS)
                ]
    ratios: list[float] = []
    for one in rounds[1:]:
        (_, _, plain), (_, _, asked) = one.values()
        ratios.append(asked / plain)
    for route in ROUTES:
        rate, middle, top = (statistics.median(column) for column in zip(*(one[route] for one in rounds), strict=True))
        out.print(f"{route}: {rate:,.0f}/s, median {middle:.2f} ms, 99th percentile {top:.2f} ms")
    ratio = statistics.median(ratios)
    out.print(
        f"ask first against reading, 99th percentile: {ratio:.2f} [{min(ratios):.2f} to {max(ratios):.2f}]"
        f" (wanted: at most {WANTED:g})"
    )
    return ratio <= WANTED


def _segment(field: Field, folder: Path, route: str) -> tuple[float, float, float]:
    """Calls a second, and the median and 99th percentile of latency in milliseconds."""
    script = folder / "ask.lua"
    script.write_text(_SCRIPT.format(orders=ORDERS, shop=SHOP[4:], route=route, token=field.token))
    done = subprocess.run(
        ["wrk", "-t1", f"-c{CLIENTS}", f"-d{SECONDS}s", "-s", str(script), f"http://127.0.0.1:{PORT}"],
        check=True,
        capture_output=True,
        text=True,
    )
    found = re.search(r"RESULT (\d+) (\d+) ([\d.]+) ([\d.]+)", done.stdout)
    assert found, done.stdout
    requests, wrong = int(found[1]), int(found[2])
    assert wrong == 0, f"{wrong} of {requests} were not answered with success"
    return requests / SECONDS, float(found[3]) / 1000, float(found[4]) / 1000
