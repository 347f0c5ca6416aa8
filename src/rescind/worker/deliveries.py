"""Messages to webhook endpoints: sent outside any transaction, at least once, in whatever order they come (WH-11)."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import structlog

from rescind.core.errors import Unavailable
from rescind.postgres.deliveries import DeliveryTable, Ended, Leased
from rescind.sealing import Sealer
from rescind.webhooks import ladder, signing
from rescind.webhooks.posting import Posted, Poster
from rescind.worker.shares import BEGIN, Shares

log = structlog.get_logger()

LEASE = timedelta(seconds=60)
"""Longer than an attempt can take, and what it leaves to be written."""
IDLE_S = 0.15


class Courier:
    """Sends what waits. Attempts are tasks of their own; what came of them is written together.

    sealer: opens the endpoints' secrets. pairs: what signs for those who verify with a public key.
    """

    def __init__(
        self,
        table: DeliveryTable,
        poster: Poster,
        sealer: Sealer,
        pairs: signing.KeyPairs,
        *,
        lease: timedelta = LEASE,
    ) -> None:
        self._table = table
        self._poster = poster
        self._sealer = sealer
        self._pairs = pairs
        self._lease = lease
        self._shares = Shares()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended: list[Ended] = []

    async def sweep(self) -> int:
        """Write down what has ended, begin what there is room for; returns 0 when nothing is under way either."""
        written = await self._write()
        begun = await self._begin()
        if not written and not begun and self._tasks:
            # Whatever is under way, somebody else may have something to send meanwhile.
            await asyncio.wait(self._tasks, timeout=IDLE_S, return_when=asyncio.FIRST_COMPLETED)
        return written + begun + len(self._tasks) + len(self._ended)

    async def close(self) -> None:
        """Give up what is under way: nobody else has it before its lease ends, and then it is sent again."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _begin(self) -> int:
        if not self._shares.free:
            return 0
        leased = await self._table.lease(
            self._shares.rooms(),
            usual=BEGIN,
            most=self._shares.free,
            slow_most=self._shares.slow_free,
            span=self._lease,
        )
        for one in leased:
            self._shares.begins(one.endpoint)
            task = asyncio.create_task(self._send(one))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return len(leased)

    async def _send(self, one: Leased) -> None:
        posted = Posted(fault="not_sent")
        try:
            posted = await self._attempt(one)
        except Exception:
            # A mistake of ours is a failure of this message alone, and told.
            log.exception("webhook.failed", endpoint=one.endpoint, event_id=one.event)
        finally:
            self._shares.ends(one.endpoint, well=posted.taken, ms=posted.ms)
        self._ended.append(_ended(one, posted))

    async def _attempt(self, one: Leased) -> Posted:
        try:
            keys = [self._sealer.open(one.endpoint, each) for each in (one.secret, one.old_secret) if each]
        except Unavailable:
            return Posted(fault="sealed_elsewhere")
        # Receivers compare it with their own clock; a rehearsal's would look like a repeat of long ago.
        pairs = [self._pairs.private(one.endpoint, key) for key in keys] if one.asymmetric else ()
        headers = signing.headers(one.event, int(time.time()), one.body, keys, pairs)
        return await self._poster.post(one.url, headers, one.body)

    async def _write(self) -> int:
        ended = self._ended[:]
        if ended:
            # Until it is written it is not forgotten: a database that is away is asked again.
            for endpoint, why in await self._table.finish(ended):
                log.warning("webhook.switched_off", endpoint=endpoint, why=why)
            del self._ended[: len(ended)]
        return len(ended)


def _ended(one: Leased, posted: Posted) -> Ended:
    if posted.taken:
        return Ended(one, "delivered", None, posted.status, posted.ms, "", posted.answer)
    wait = None if posted.gone else ladder.wait_after(one.tries + 1, posted.retry_after_s)
    state = "failed" if wait is None else "waiting"
    return Ended(one, state, wait, posted.status, posted.ms, posted.fault or "status", posted.answer)
