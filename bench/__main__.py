"""``make bench``: every figure we promise, measured now, as ratios where a machine's own speed would show through.

python -m bench [judge] [quote] [cancel] [serving] [replay] [due] [ask] [reconcile] [refunds] [webhooks]
"""

from __future__ import annotations

import asyncio
import json
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

from rich.console import Console

from bench import ask, cancel, due, judge, quote, reconcile, refunds, serving, webhooks

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


def main() -> int:
    """Run what was asked for, or everything; 1 when a figure was not met."""
    out = Console(width=140)
    asked = sys.argv[1:] or [
        "judge",
        "quote",
        "cancel",
        "serving",
        "replay",
        "due",
        "ask",
        "reconcile",
        "refunds",
        "webhooks",
    ]
    out.print(f"{date.today()}  {platform.python_implementation()} {platform.python_version()}  {platform.machine()}")  # noqa: DTZ011
    met = True
    if "judge" in asked:
        met &= judge.run(out)
    if "quote" in asked:
        met &= quote.run(out)
    if "cancel" in asked:
        met &= asyncio.run(cancel.run(out))
    if "serving" in asked:
        met &= serving.run(out)
    if "due" in asked:
        met &= asyncio.run(due.run(out))
    if "ask" in asked:
        met &= asyncio.run(ask.run(out))
    if "reconcile" in asked:
        met &= asyncio.run(reconcile.run(out))
    if "refunds" in asked:
        met &= asyncio.run(refunds.run(out))
    if "webhooks" in asked:
        met &= asyncio.run(webhooks.run(out))
    if "replay" in asked:
        met &= replay(out)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
