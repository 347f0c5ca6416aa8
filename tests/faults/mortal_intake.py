"""Workers that read what order sources sent and put in what came by file, each made to be killed at one step.

    python mortal_intake.py DSN DATA

For every line ``{"step": …, "nth": …, "now": …}`` on standard input a process lives, does what is due, and ends with
SIGKILL when it comes to that step for the nth time: ``killed``, or ``done`` when nothing was left to do before. The
processes are forked from this one, which has loaded everything.
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
from pathlib import Path
from typing import ClassVar

import structlog

from rescind import importing
from rescind.app import open_desk
from rescind.clock import HandClock
from rescind.postgres.imports import ImportTable
from rescind.postgres.order_sources import OrderSourceTable
from rescind.postgres.store import PostgresStore
from rescind.settings import Settings
from rescind.worker import sources

OF_MESSAGES = ("leased", "writing", "written", "settling", "settled")
OF_FILES = ("staged", "keeping", "kept")
"""Of a message: leased; at some moment of the transaction that writes an order, or just after it; what became of it not
yet written, or just so. Of a file: some of its rows are apart; a chunk is in and not kept as done, or just so.
"""
ROWS_OF_A_CHUNK = 1
LONGEST_S = 60


class Fate:
    """When this process dies."""

    step: ClassVar[str] = ""
    nth: ClassVar[int] = 0
    seen: ClassVar[Counter[str]] = Counter()

    @classmethod
    def comes_to(cls, step: str) -> bool:
        cls.seen[step] += 1
        return step == cls.step and cls.seen[step] == cls.nth

    @classmethod
    def at(cls, step: str) -> None:
        if cls.comes_to(step):
            die()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def mortal(kind: type, name: str, before: str, after: str) -> None:
    """Have a method of a table be one that a process may die before or after."""
    real = getattr(kind, name)

    async def method(self, *given, **more):
        if before:
            Fate.at(before)
        found = await real(self, *given, **more)
        if after and found != []:
            Fate.at(after)
        return found

    setattr(kind, name, method)


def mortal_store() -> None:
    real = PostgresStore.unit_of_work

    @asynccontextmanager
    async def unit_of_work(self, **more):
        async with real(self, **more) as work:
            if Fate.comes_to("writing"):
                threading.Timer(random.random() * 0.004, die).start()
            yield work
        Fate.at("written")

    PostgresStore.unit_of_work = unit_of_work


async def live(dsn: str, data: str, step: str, nth: int, now: str) -> None:
    Fate.step, Fate.nth = step, nth
    clock = HandClock(datetime.fromisoformat(now))
    async with open_desk(Settings(data=Path(data)), dsn, "", clock, live=False) as desk:
        while await sources.sweep(desk) or await desk.importing.work():
            pass


def main(dsn: str, data: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    importing.ROWS_OF_A_CHUNK = ROWS_OF_A_CHUNK
    mortal(OrderSourceTable, "lease", "", "leased")
    mortal(OrderSourceTable, "finish", "settling", "settled")
    mortal(ImportTable, "stage", "", "staged")
    mortal(ImportTable, "keep", "keeping", "kept")
    mortal_store()
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.alarm(LONGEST_S)
            asyncio.run(live(dsn, data, **json.loads(line)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else "done" if status == 0 else f"failed {status}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
