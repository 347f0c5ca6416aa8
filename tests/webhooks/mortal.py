"""Workers that carry events and send messages, each made to be killed at one step of its work.

    python mortal.py DSN SECRET

For every line ``{"step": …, "nth": …, "now": …}`` on standard input a process lives, does what is due, and ends with
SIGKILL when it comes to that step for the nth time: ``killed``, or ``done`` when nothing was left to do before. The
processes are forked from this one, which has loaded everything. They look each other's ways alone: no clock moves.
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
from datetime import datetime

import structlog

from rescind.clock import HandClock
from rescind.endpoints import PURPOSE
from rescind.postgres.deliveries import DeliveryTable
from rescind.postgres.due import DueTable
from rescind.postgres.endpoints import EndpointTable
from rescind.postgres.store import connect
from rescind.sealing import Sealer
from rescind.webhooks.egress import Egress
from rescind.webhooks.posting import Poster
from rescind.webhooks.signing import KeyPairs
from rescind.worker import fan_out
from rescind.worker.deliveries import Courier

STEPS = ("told", "carrying", "claimed", "answered", "writing", "written")
"""told: a fan-out is leased. carrying: at some moment of the transaction that makes its messages. claimed: a message is
leased. answered: the receiver has spoken and nothing is written. writing: at some moment of the statement that writes
it. written: it is committed, and nobody was told.
"""
PATIENCE_S = 0.15
LONGEST_S = 300


class Fate:
    def __init__(self, step: str, nth: int) -> None:
        self._step, self._nth = step, nth
        self._seen = Counter[str]()

    def comes_to(self, step: str) -> bool:
        self._seen[step] += 1
        return step == self._step and self._seen[step] == self._nth

    def at(self, step: str) -> None:
        if self.comes_to(step):
            die()

    def during(self, step: str) -> None:
        if self.comes_to(step):
            threading.Timer(random.random() * 0.004, die).start()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class MortalDue(DueTable):
    fate: Fate

    async def told(self, limit):
        found = await super().told(min(limit, 20))
        for _ in found:
            self.fate.at("told")
        return found

    async def finish(self, *given):
        self.fate.during("carrying")
        await super().finish(*given)


class MortalDeliveries(DeliveryTable):
    fate: Fate

    async def lease(self, *given, **more):
        found = await super().lease(*given, **more)
        for _ in found:
            self.fate.at("claimed")
        return found

    async def finish(self, ended):
        self.fate.during("writing")
        switched = await super().finish(ended)
        self.fate.at("written")
        return switched


class MortalPoster(Poster):
    fate: Fate

    async def post(self, *given):
        posted = await super().post(*given)
        self.fate.at("answered")
        return posted


async def live(dsn: str, secret: str, step: str, nth: int, now: str) -> None:
    fate, clock = Fate(step, nth), HandClock(datetime.fromisoformat(now))
    pool = await connect(dsn, size=2)
    due, deliveries = MortalDue(pool, clock), MortalDeliveries(pool, clock)
    poster = MortalPoster(Egress(loopback=True), timeout_s=PATIENCE_S)
    due.fate = deliveries.fate = poster.fate = fate
    async with poster:
        courier = Courier(deliveries, poster, Sealer(bytes.fromhex(secret), PURPOSE), KeyPairs(bytes.fromhex(secret)))
        while await fan_out.sweep(due, EndpointTable(pool, clock)) + await courier.sweep():
            pass
    pool.terminate()


def main(dsn: str, secret: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    print("ready", flush=True)  # noqa: T201
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            signal.alarm(LONGEST_S)
            asyncio.run(live(dsn, secret, **json.loads(line)))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        print("killed" if killed else "done" if status == 0 else f"failed {status}", flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
