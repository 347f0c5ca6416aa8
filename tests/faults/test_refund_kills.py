"""Refund workers are killed at each step of their work, again and again, and every refund still happens once.

`make test` kills a seeded tenth of them, `make proof` all.
"""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg

from faults.chaos import BadDay
from faults.judge import judged
from faults.mortal import STEPS
from postgres.market import market_on
from provider.client import Provider
from rescind.clock import wall_clock
from rescind.core.parts import RefundStatus
from rescind.postgres.due import DueTable
from rescind.postgres.embedded import SUPERUSER
from rescind.providers.router import Fixed
from rescind.providers.stripe import Stripe

KILLS = 1000 if os.environ.get("PROOF") == "full" else 100
TESTS = Path(__file__).parents[1]
UNSURE = {
    "drop_after": 0.06,
    "error_after": 0.06,
    "truncated": 0.03,
    "pending": 0.1,
    "failed": 0.05,
}
"""What goes wrong at the provider besides: enough that workers die while they look up as well."""


@contextmanager
def mortals(dsn, url):
    """Lets workers live and die; ``lives(step, nth, now)`` tells how it ended."""
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent / 'src'}"}
    with subprocess.Popen(
        [sys.executable, TESTS / "faults" / "mortal.py", dsn, url],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout.readline() == "ready\n"

        def lives(step, nth, now):
            process.stdin.write(json.dumps({"step": step, "nth": nth, "now": now.isoformat()}) + "\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        yield lives
        process.stdin.close()
        assert process.wait(30) == 0


async def test_workers_killed_at_every_step_send_each_refund_once(database, pool, clock):  # I-05, I-07, I-39
    dice = random.Random(1000)
    clock.set(wall_clock())
    root = await asyncpg.connect(database(SUPERUSER))
    with Provider() as fake:
        adapter = Stripe("sk_test_fake", base=fake.url, timeout_s=2)
        async with market_on(pool, clock) as market:
            day = BadDay([(market, DueTable(pool, clock), Fixed(adapter))], fake, None, clock, dice)
            # Some lives end with nothing left to do before the step at which they were to be killed.
            await day.opens(KILLS * 4 // 3, KILLS * 4 // 3)
            fake.chance(1000, UNSURE, operations=("refund", "refund.read", "refunds.list"))
            killed, turn = Counter(), 0
            with mortals(database(), fake.url) as lives:
                while killed.total() < KILLS:
                    await day.acts(turn)
                    step = dice.choice(STEPS)
                    end = await asyncio.to_thread(lives, step, dice.randint(1, 4), clock.read())
                    assert end in {"killed", "done"}
                    killed[step] += end == "killed"
                    # The leases of the dead end by themselves, in half a minute.
                    await root.execute("UPDATE due SET lease_until = NULL WHERE lease_until IS NOT NULL")
                    # Now and then a day passes, after which the provider has forgotten every key.
                    day.passes(timedelta(minutes=dice.choice((1, 20, 20, 60, 60, 25 * 60))))
                    turn += 1
                    assert turn < 2 * KILLS, killed
            fake.behave()
            for _ in range(10):
                await day.works()
                day.passes(timedelta(hours=13))
                if not await day.open():
                    break
            assert min(killed[step] for step in STEPS) > KILLS // 20, killed
            stands = await judged(pool, fake.ledger())
            assert stands.total() > 2 * KILLS
            assert stands[RefundStatus.SUCCEEDED] > KILLS
        await adapter.close()
    await root.close()
