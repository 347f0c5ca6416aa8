"""How soon a warm start answers, and how much memory the processes share out among themselves."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from bench.marketplace import wait_for

PORT = 8792
START_S = 3.0
PSS_MIB = 250.0


def run(out: Console) -> bool:
    """Start the demo cold, then warm three times; print the median start and the memory after some use."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name) / "data"
        cold, _ = _start(data)
        starts, memory = [], 0.0
        for _ in range(3):
            seconds, pss = _start(data)
            starts.append(seconds)
            memory = max(memory, pss)
    warm = sorted(starts)[1]
    out.print(f"start to first answer: cold {cold:.2f} s, warm {warm:.2f} s (wanted: warm at most {START_S:.0f} s)")
    out.print(
        f"proportional memory of the Python processes with the demo: {memory:.0f} MiB (wanted: at most {PSS_MIB:.0f})"
    )
    return warm <= START_S and memory <= PSS_MIB


def _start(data: Path) -> tuple[float, float]:
    environ = {**os.environ, "RESCIND_DATA": str(data), "RESCIND_PORT": str(PORT)}
    begun = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "rescind", "serve", "--demo"],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        wait_for(f"http://127.0.0.1:{PORT}/healthz", 60)
        seconds = time.monotonic() - begun
        for _ in range(20):
            wait_for(f"http://127.0.0.1:{PORT}/")
        return seconds, sum(pss_mib(pid) for pid in _python(process.pid))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _python(parent: int) -> list[int]:
    """This process and its descendants that run Python."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(entry.parent.name))
    found, queue = [], [parent]
    while queue:
        pid = queue.pop()
        queue.extend(children.get(pid, ()))
        if "python" in Path(f"/proc/{pid}/comm").read_text() or pid == parent:
            found.append(pid)
    return found


def pss_mib(pid: int) -> float:
    """Proportional memory of a process, MiB."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) / 1024
