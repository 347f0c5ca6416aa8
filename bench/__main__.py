"""``make bench``: every figure we promise, measured now, as ratios where a machine's own speed would show through.

python -m bench [FIGURE ...]: those of ``FIGURES``; all of them where none is named.
"""

from __future__ import annotations

import asyncio
import json
import platform
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console

from bench import ask, cancel, disk, due, importing, judge, lists, live, quote, reconcile, refunds, serving, webhooks

HISTORIES = Path(__file__).resolve().parents[2] / "shared" / "data" / "olist"
DECISIONS_A_SECOND = 10_000


def replay(out: Console) -> bool:
    """Play a year of real orders, reading included."""
    if not HISTORIES.exists():
        out.print("left out: replay, because the order histories are not beside the checkout")
        return True
    done = subprocess.run(
        [sys.executable, "-m", "rescind", "replay", str(HISTORIES), "--policy", "base", "--json", "-"],
        check=True,
        capture_output=True,
        text=True,
    )
    rate = json.loads(done.stdout)["decisions_per_second"]
    out.print(f"replay: {rate:,.0f} orders/s, reading included (wanted: at least {DECISIONS_A_SECOND:,})")
    return rate >= DECISIONS_A_SECOND


FIGURES: Mapping[str, Callable[[Console], bool | Coroutine[Any, Any, bool]]] = {
    "judge": judge.run,
    "quote": quote.run,
    "cancel": cancel.run,
    "serving": serving.run,
    "live": live.run,
    "due": due.run,
    "ask": ask.run,
    "import": importing.run,
    "disk": disk.run,
    "reconcile": reconcile.run,
    "refunds": refunds.run,
    "webhooks": webhooks.run,
    "lists": lists.run,
    "replay": replay,
}
"""Each prints what it measured beside what is wanted, and says whether that was met."""


def main() -> int:
    """Run what was asked for, or everything; 1 when a figure was not met, 2 for a figure there is not."""
    out = Console(width=140)
    asked = sys.argv[1:] or list(FIGURES)
    if unknown := [name for name in asked if name not in FIGURES]:
        out.print(f"no such figure: {', '.join(unknown)}; there are {', '.join(FIGURES)}")
        return 2
    out.print(f"{date.today()}  {platform.python_implementation()} {platform.python_version()}  {platform.machine()}")  # noqa: DTZ011
    met = True
    for name in asked:
        done = FIGURES[name](out)
        met &= done if isinstance(done, bool) else asyncio.run(done)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
