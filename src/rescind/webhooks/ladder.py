"""When a message that was not taken is sent again, and when that ends (WH-11)."""

from __future__ import annotations

import random
from datetime import timedelta

WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After each failure; the first attempt is at once. Three days in all, so that a weekend is bridged."""
_JITTER = 0.1
_LONGEST = timedelta(hours=24)
"""No receiver may ask to be left alone for longer."""


def wait_after(tries: int, retry_after_s: int = 0) -> timedelta | None:
    """How long to wait after so many failures, None when that was the last attempt.

    retry_after_s: what the receiver asked for. A little is added by chance, so that what failed together is not sent
    together again.
    """
    if tries > len(WAITS):
        return None
    least = WAITS[tries - 1] * (1 + random.random() * _JITTER)  # noqa: S311 - spreads load, hides nothing
    return max(least, min(timedelta(seconds=retry_after_s), _LONGEST))
