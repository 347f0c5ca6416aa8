"""Workers that read sources and files end in the middle of everything: each order is there, whole, and once.

`make test` plays a seeded part of it, `make proof` all.
"""

import asyncio
import io
import json
import os
import random
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from faults.mortal_intake import OF_FILES, OF_MESSAGES
from postgres.market import KILN, audit
from rescind.api.description import EXAMPLES
from rescind.core.record import decode_order

FULL = os.environ.get("PROOF") == "full"
ROUNDS = 25 if FULL else 1
"""In each, somebody dies once at every step."""
SEED = random.randrange(1 << 32) if FULL else 20260204
TESTS = Path(__file__).parents[1]
LEFT = """SELECT (SELECT count(*) FROM source_messages WHERE done_at IS NULL)
    + (SELECT count(*) FROM imports WHERE state <> 'ended')"""
HEADER = "shop,order_number,buyer,currency,placed_at,item,quantity,unit_price,paid_at"


@pytest.fixture
async def mortal(database, desk):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(TESTS / "faults" / "mortal_intake.py"),
        database(),
        str(desk.settings.data),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
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


async def sent(desk, number):
    """Two messages of a source: an order, and that it was paid."""
    keep = desk.order_sources.table.keep
    order = {**EXAMPLES["orders_place"], "shop": KILN, "number": number, "placed_at": desk.now().isoformat()}
    for name, told in (
        ("placed", {"type": "order.placed", "data": order}),
        (
            "fact",
            {"type": "order.fact", "number": number, "data": {"fact": "paid", "occurred_at": desk.now().isoformat()}},
        ),
    ):
        await keep("erp", f"{number}-{name}", f"order.{name}", number, json.dumps(told).encode())


async def put_in(desk, numbers):
    """The same many orders by a file."""
    at = (desk.now() - timedelta(hours=1)).isoformat()
    rows = [HEADER, *(f"{KILN},{number},ann,EUR,{at},MUG,2,9.95,{at}" for number in numbers)]
    file = io.BytesIO("\n".join((*rows, "")).encode())
    return await desk.importing.receive(file, "orders.csv", by="operator:ops", confirmed=True)


async def test_every_order_of_a_source_and_of_a_file_is_there_once_whatever_is_killed(market, desk, mortal):  # I-39
    dice, killed = random.Random(SEED), Counter()
    print(f"seed {SEED}")  # noqa: T201 - the same seed is the same run
    await desk.order_sources.create("erp", "signed", "test", request="r")

    async def again():
        # The leases of the dead end.
        market.clock.advance(timedelta(minutes=11))
        await market.pool.execute("UPDATE imports SET lease_until = NULL")

    by_message, by_file = list[str](), list[str]()
    for step in (*OF_MESSAGES, *OF_FILES) * ROUNDS:
        for _ in range(2):
            by_message.append(f"M-{len(by_message):04}")
            await sent(desk, by_message[-1])
        if step in OF_FILES:
            new = [f"F-{len(by_file) + place:04}" for place in range(3)]
            await put_in(desk, new)
            by_file += new
        # A batch is leased, and a file taken apart, at once.
        nth = 1 if step in {"leased", "staged"} else dice.randint(1, 3)
        killed[step] += await mortal(step=step, nth=nth, now=market.clock.read().isoformat()) == "killed"
        await again()
    for _ in range(20):
        assert await mortal(step="", nth=0, now=market.clock.read().isoformat()) == "done"
        await again()
        if not await market.pool.fetchval(LEFT):
            break
    assert min(killed.values()) == ROUNDS, killed
    told = await market.pool.fetch("SELECT outcome, count(*) FROM source_messages GROUP BY 1")
    assert sum(row["count"] for row in told if row["outcome"] in {"done", "no_news"}) == 2 * len(by_message), told
    orders = [decode_order(row["state"]) for row in await market.pool.fetch("SELECT state FROM orders")]
    assert Counter(one.number for one in orders) == Counter([*by_message, *by_file])
    for one in orders:
        assert one.progress.paid_at is not None, one.number
        assert sum(tender.captured_minor for tender in one.tenders) == sum(t.amount_minor for t in one.tenders)
        assert sum(report.fact == "paid" for report in one.reports) == 1, one.number
    assert await audit(market.pool) == len(orders)
