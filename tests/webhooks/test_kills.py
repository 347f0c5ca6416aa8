"""Receivers of which three in ten answers are bad, and workers that are killed at each step: everything arrives.

`make test` sends a seeded part of it, `make proof` all ten thousand events.
"""

import asyncio
import json
import os
import random
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from postgres.due.books import let_pass
from postgres.market import LANTERN
from rescind.secret_keys import secret
from webhooks.mortal import STEPS

FULL = os.environ.get("PROOF") == "full"
EVENTS, KILLS = (10_000, 400) if FULL else (200, 18)
SEED = random.randrange(1 << 32) if FULL else 20260129
TESTS = Path(__file__).parents[1]
BAD = (500, 503, 302, 404, -1)
"""What comes instead of a receipt; -1: nothing, until the sender has given up."""
LEFT = """SELECT (SELECT count(*) FROM deliveries WHERE state = 'waiting')
    + (SELECT count(*) FROM due WHERE kind = 'fan_out')"""


@pytest.fixture
async def mortal(database, desk):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(TESTS / "webhooks" / "mortal.py"),
        database(),
        secret(desk.settings).hex(),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    assert (await process.stdout.readline()).strip() == b"ready"

    async def lives(**fate):
        process.stdin.write(json.dumps(fate).encode() + b"\n")
        await process.stdin.drain()
        return (await process.stdout.readline()).decode().strip()

    yield lives
    process.stdin.close()
    await process.wait()


async def test_every_event_reaches_its_receivers_whatever_is_killed(post, market, receiver, mortal, database):
    dice = random.Random(SEED)
    print(f"seed {SEED}")  # noqa: T201 - the same seed is the same run
    await post.endpoint("kiln")
    await post.endpoint("lantern", shop=LANTERN)
    await post.endpoint("market", shop=None)

    def answer():
        return dice.choice(BAD) if dice.random() < 0.3 else 200

    receiver.decides = answer
    pool, killed = post.desk.pool, Counter()
    for kill in range(KILLS):
        while await pool.fetchval("SELECT count(*) FROM events") < EVENTS * (kill + 1) / KILLS:
            await market.order(shop=LANTERN if dice.random() < 0.3 else "shp_00000001")
        step = STEPS[kill % len(STEPS)]
        # An event is carried, and what came of attempts is written, for many at once.
        nth = 1 if step in {"carrying", "writing", "written"} else dice.randint(1, 6)
        ended = await mortal(step=step, nth=nth, now=market.clock.read().isoformat())
        assert ended in {"killed", "done"}
        killed[step] += ended == "killed"
        # The leases of the dead end, and some of what failed is due again.
        await let_pass(database, "fan_out")
        market.clock.advance(timedelta(minutes=dice.choice((2, 2, 40))))
    for _ in range(15):
        assert await mortal(step="", nth=0, now=market.clock.read().isoformat()) == "done"
        await let_pass(database, "fan_out")
        market.clock.advance(timedelta(hours=27))
        if not await pool.fetchval(LEFT):
            break
    assert min(killed[step] for step in STEPS) > KILLS // len(STEPS) // 2, killed
    events = await pool.fetch("SELECT shop_id, order_id, seq FROM events")
    assert len(events) >= EVENTS
    states = await pool.fetch("SELECT state, count(*), max(tries) FROM deliveries GROUP BY 1 ORDER BY 1")
    assert [row["state"] for row in states] == ["delivered"], f"no ladder came to its end: {states}"
    own = {"shp_00000001": "kiln", LANTERN: "lantern"}
    due = {
        (name, f"evt_{row['order_id'][4:]}_{row['seq']}") for row in events for name in (own[row["shop_id"]], "market")
    }
    taken = Counter((path, identifier) for path, identifier, _ in receiver.taken)
    assert due - taken.keys() == set(), "each at least once"
    assert taken.keys() - due == set(), "and nothing else to anybody"
    assert receiver.forged == [], "every signature verified, also of what was refused"
    assert [row["count"] for row in states] == [len(due)]
    assert taken.total() > len(taken), "what was answered and not written was sent again"
    print(f"{len(due)} messages, {taken.total() - len(taken)} twice, {dict(killed)} killed")  # noqa: T201
