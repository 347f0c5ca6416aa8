"""Programs and servers that end in the middle of everything: what was answered is kept, and money is counted once.

`make test` plays a seeded tenth of them, `make proof` all.
"""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from faults.life import BEGAN, FastClock, Provider
from postgres.market import Market, audit, fingerprint, key, market_on
from postgres.servers import VERSIONS, programs
from rescind.book import Book
from rescind.clock import HandClock
from rescind.core.chargeback import open_chargebacks
from rescind.core.errors import Unavailable
from rescind.core.parts import RefundStatus
from rescind.core.record import decode_order
from rescind.core.refund import OPEN
from rescind.core.stage import Stage
from rescind.engine import Engine
from rescind.policies import names, preset
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.due import DueTable
from rescind.postgres.embedded import OWNER, SUPERUSER, EmbeddedServer, ensure_database
from rescind.postgres.migrate import migrate
from rescind.postgres.policies import PolicyTable
from rescind.postgres.store import PostgresStore, connect
from rescind.settings import Settings
from rescind.worker import deadlines, fan_out, payments, refunds

FULL = os.environ.get("PROOF") == "full"
SEEDS = range(10) if FULL else range(1)
KILLS = 10 if FULL else 3
TESTS = Path(__file__).parents[1]


def live_and_die(dsn, folder, began, dice):
    """Let a process live for as many answers as the dice choose, and kill it without a word."""
    order = json.dumps({"dsn": dsn, "seed": dice.randrange(2**32), "folder": str(folder), "began": began})
    environment = {**os.environ, "PYTHONPATH": f"{TESTS}:{TESTS.parent / 'src'}"}
    with subprocess.Popen(
        [sys.executable, TESTS / "faults" / "life.py", order], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "alive\n"
        answers, enough = folder / "answers", dice.randint(10, 200 if FULL else 60)
        before = len(answers.read_text().splitlines()) if answers.exists() else 0
        for _ in range(3000):
            if answers.exists() and len(answers.read_text().splitlines()) >= before + enough:
                break
            time.sleep(0.01)
        time.sleep(dice.random() * 0.05)
        assert process.poll() is None, "it died by itself"
        process.kill()


async def finish(pool, clock, folder, dice):
    """Do what was left to do, days later."""
    later = HandClock(clock.read() + timedelta(days=10))
    provider = Provider(folder, random.Random(0))
    table = DueTable(pool, later)
    async with market_on(pool, later) as market:
        # What a bank decides about waits for its word, so that the bank says one.
        for row in await pool.fetch("SELECT state FROM orders"):
            order = decode_order(row[0])
            for one in open_chargebacks(order):
                word = dice.choice(("chargeback_won", "chargeback_lost"))
                await market.fact(order.id, word, tender=one.tender, reference=one.reference)
        for _ in range(60):
            # Where the provider did not say what came in, it is asked again in five minutes of the database's clock.
            await pool.execute("UPDATE due SET lease_until = NULL WHERE kind = 'unpaid'")
            done = await deadlines.sweep(market.engine, table)
            done += await fan_out.sweep(table)
            done += await payments.sweep(market.engine, table, provider)
            done += await refunds.sweep(market.engine, table, provider)
            later.advance(timedelta(minutes=20))
            if not done:
                return
    raise AssertionError("the work does not end")


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("version", VERSIONS if FULL else VERSIONS[:1])
async def test_killed_again_and_again_nothing_is_lost_and_nothing_happens_twice(database, pool, tmp_path, seed):
    dice, began = random.Random(seed), time.time()
    for _ in range(KILLS):
        await asyncio.to_thread(live_and_die, database(), tmp_path, began, dice)
        await audit(pool)
    root = await asyncpg.connect(database(SUPERUSER))
    # The leases of the dead end by themselves, in half a minute.
    await root.execute("UPDATE due SET lease_until = NULL")
    await root.close()
    await finish(pool, FastClock(began), tmp_path, dice)
    count = await audit(pool)
    assert count > 10, f"seed {seed}: too little happened to mean anything"
    assert await pool.fetchval("SELECT count(*) FROM due") == 0

    for line in (tmp_path / "answers").read_text().splitlines():  # I-16: what was answered is on disk
        order, version, name = line.split()
        stored = "SELECT last_seq FROM idempotency WHERE key = $1 AND order_id = $2"
        assert await pool.fetchval(stored, name, order) == int(version), f"seed {seed}: {line} was forgotten"

    books = Provider(tmp_path, dice).done()
    written = [line.split()[0] for line in (tmp_path / "books").read_text().splitlines()]
    assert len(written) == len(set(written)), "the provider was asked for nothing twice"
    owed = [one for row in await pool.fetch("SELECT state FROM orders") for one in decode_order(row[0]).refunds]
    assert {one.id: one.amount_minor for one in owed if one.status is RefundStatus.SUCCEEDED} == books, f"seed {seed}"
    assert not [one for one in owed if one.status in OPEN]

    counted = await pool.fetchval("SELECT coalesce(sum(count), 0) FROM buyer_counters")
    approved = """SELECT count(*) FROM events WHERE type = 'CancellationApproved'
                  AND convert_from(body, 'utf8')::jsonb -> 'event' ->> 'by' NOT IN ('seller', 'system')"""
    assert counted == await pool.fetchval(approved), "carried once, however often the carrier was killed"


@pytest.mark.parametrize("version", VERSIONS if FULL else VERSIONS[:1])
async def test_a_server_that_is_killed_comes_back_with_everything_that_was_answered(tmp_path, version):
    # In the folder above, where the path is short enough for a socket: a long one gets a new address with every start.
    place = Settings(data=tmp_path.parent / f"k{version}", pg_bin=programs(version))
    server = await asyncio.to_thread(EmbeddedServer.start, place)
    try:
        await ensure_database(server.dsn(SUPERUSER, "postgres"))
        await migrate(server.dsn(OWNER))
        clock, dice = HandClock(BEGAN), random.Random(2)
        pool = await connect(server.dsn(), size=4)
        book = Book(PolicyTable(pool), CalendarTable(pool))
        await book.open(tuple(preset(name) for name in names()))
        async with Engine(PostgresStore(pool, clock), book).running() as engine:
            market = await Market(pool, engine, clock).open()
            orders = [await market.order() for _ in range(60)]
            answered = {}

            async def asks(order):
                for _ in range(100):
                    await asyncio.sleep(dice.random() * 0.2)
                    with suppress(Unavailable):
                        outcome = await market.asks(order, key=key(order), fingerprint=fingerprint(order))
                        answered[order] = outcome
                        return

            asking = asyncio.gather(*(asks(order) for order in orders))
            await asyncio.sleep(0.1)
            before = len(answered)
            os.kill(server.pid, signal.SIGKILL)
            await asyncio.to_thread(server.stop)
            server = await asyncio.to_thread(EmbeddedServer.start, place)
            await asking
            assert before < len(orders), "it was killed in the middle"
            assert len(answered) == len(orders)
            for order, outcome in answered.items():
                assert len(outcome.records) == 1
                assert len((await market.read(order)).cancellations) == 1
            assert await audit(pool) == len(orders)
        pool.terminate()
    finally:
        await asyncio.to_thread(server.stop)


@pytest.mark.parametrize("seed", range(20) if FULL else range(2))
async def test_a_clock_that_jumps_makes_nothing_early_twice_or_undone(pool, clock, seed):  # I-38
    dice = random.Random(seed)
    jumps = [timedelta(days=3), timedelta(hours=-2), timedelta(hours=25), timedelta(seconds=-1), timedelta(minutes=7)]
    async with market_on(pool, clock) as market:
        table = DueTable(pool, clock)
        orders = [await market.order(dice.choice((Stage.REVIEW, Stage.ALLOCATED, Stage.PACKED))) for _ in range(12)]
        for _ in range(60):
            order = dice.choice(orders)
            state = await market.read(order)
            case = state.cancellations[-1].id if state.cancellations else "can_00000001none0000000000"
            acts = (
                lambda order=order: market.asks(order, anyway=dice.random() < 0.5),
                lambda order=order, case=case: market.withdraws(order, case),
                lambda order=order, case=case: market.approves(order, case),
                lambda: deadlines.sweep(market.engine, table),
            )
            await asyncio.gather(dice.choice(acts)(), return_exceptions=True)
            clock.advance(dice.choice(jumps))
            await deadlines.sweep(market.engine, table)
        for order in orders:
            state = await market.read(order)
            for case in state.cancellations:
                if case.closed_by == "silence":
                    assert case.closed_at >= case.due_at
                elif case.closed_by == "seller":
                    assert case.closed_at < case.due_at
                assert not case.due_at or case.due_at >= case.requested_at
            times = await pool.fetch("SELECT received_at FROM events WHERE order_id = $1 ORDER BY seq", order)
            assert [row[0] for row in times] == sorted(row[0] for row in times)
        await audit(pool)
