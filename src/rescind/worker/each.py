"""Many pieces of work beside each other, none of which may stop another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable


async def each(work: Iterable[Awaitable[None]]) -> None:
    """Finish every piece. Raises an ExceptionGroup of what failed, when all are done."""
    ended = await asyncio.gather(*work, return_exceptions=True)
    failed = [one for one in ended if isinstance(one, Exception)]
    if failed:
        raise ExceptionGroup("some of the work failed", failed)
