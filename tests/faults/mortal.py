"""Refund workers that are made to be killed, each at one step of its work.

    python mortal.py DSN URL

For every line ``{"step": …, "nth": …, "now": …}`` on standard input a process lives, sends refunds that are due, and
ends with SIGKILL when it comes to that step for the nth time. Its end is told on standard output: ``killed``, or
``done`` when nothing was left to do before. The processes are forked from this one, which has loaded everything.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import sys
import threading
from collections import Counter
from contextlib import asynccontextmanager
from datetime import datetime

import structlog

from rescind.book import Book
from rescind.clock import HandClock
from rescind.engine import Engine
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.due import DueTable
from rescind.postgres.policies import PolicyTable
from rescind.postgres.store import BY_INDEX, PostgresStore, connect
from rescind.providers.router import Fixed, Router
from rescind.providers.stripe import Stripe
from rescind.worker import refunds

STEPS = ("claimed", "before_call", "acted", "answered", "writing", "written")
"""claimed: it is leased. before_call: nobody was asked yet. acted: the provider has done it, and its answer has not
been read. answered: the answer is understood and not written. writing: at some moment of the transaction that writes
it. written: it is committed, and nobody was told.
"""
PATIENCE_S = 0.5
LONGEST_S = 60


class Fate:
    """When this process dies."""

    def __init__(self, step: str, nth: int) -> None:
        self._step, self._nth = step, nth
        self._seen = Counter[str]()

    def comes_to(self, step: str) -> bool:
        """Whether it is now."""
        self._seen[step] += 1
        return step == self._step and self._seen[step] == self._nth

    def at(self, step: str) -> None:
        if self.comes_to(step):
            die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MortalTable(DueTable):
    fate: Fate

    async def lease(self, kind, span, limit):
        leased = await super().lease(kind, span, limit)
        for _ in leased:
            self.fate.at("claimed")
        return leased


class MortalStripe(Stripe):
    fate: Fate

    def __init__(self, url: str) -> None:
        super().__init__("sk_test_fake", base=url, timeout_s=PATIENCE_S)
        http = self._client._http
        self._stream, http.request_stream_async = http.request_stream_async, self._streams

    async def _streams(self, *asked, **more):
        begun = await self._stream(*asked, **more)
        self.fate.at("acted")
        return begun

    async def refund(self, call):
        self.fate.at("before_call")
        reply = await super().refund(call)
        self.fate.at("answered")
        return reply

    async def look_up(self, call):
        self.fate.at("before_call")
        reply = await super().look_up(call)
        self.fate.at("answered")
        return reply


class MortalStore(PostgresStore):
    fate: Fate

    @asynccontextmanager
    async def unit_of_work(self, *, locking=False, many=False):
        async with super().unit_of_work(locking=locking, many=many) as work:
            if self.fate.comes_to("writing"):
                threading.Timer(random.random() * 0.004, die).start()
            yield work
        self.fate.at("written")


async def live(dsn: str, adapter: MortalStripe, step: str, nth: int, now: str) -> None:
    fate, clock = Fate(step, nth), HandClock(datetime.fromisoformat(now))
    pool = await connect(dsn, size=2, planning=BY_INDEX)
    # It reads what its orders pinned, and nothing else: most of these processes live for a tenth of a second.
    book = Book(PolicyTable(pool), CalendarTable(pool))
    store, table = MortalStore(pool, clock), MortalTable(pool, clock)
    store.fate = table.fate = adapter.fate = fate
    async with Engine(store, book, lanes=1).running() as engine:
        while await refunds.sweep(engine, table, Router(Fixed(adapter))):
            pass
    pool.terminate()


def main(dsn: str, url: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    adapter = MortalStripe(url)
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.alarm(LONGEST_S)  # One that hangs ends too, and is told apart.
            asyncio.run(live(dsn, adapter, **json.loads(line)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else "done" if status == 0 else f"failed {status}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
