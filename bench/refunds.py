"""Refunds by two worker processes and Stripe's own client, against a strict provider that is a process of its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
from rich.console import Console

from bench.marketplace import BUYER, Field, field, order_id
from rescind.app import open_desk
from rescind.connections import Secrets
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import RequestCancellation
from rescind.desk import Desk
from rescind.engine import Submission
from rescind.postgres import embedded
from rescind.postgres.rows import slice_of

REFUNDS = 8_000
WORKERS = 2
WANTED = 300.0
"""Refunds a second, from the first answer to the last."""
AMOUNT = 2870
TESTS = Path(__file__).resolve().parents[1] / "tests"

_PAYMENTS = "CREATE TABLE bench_payments (order_id text PRIMARY KEY, payment text, slice smallint)"
# Every order as the first one is now, with a payment of its own and an id of its own for its refund.
_CLONE = """
UPDATE orders o
SET version = first.version, head = first.head, stage = first.stage, case_status = first.case_status,
    updated_at = first.updated_at,
    state = convert_to(replace(replace(replace(convert_from(first.state, 'UTF8'), first.order_id, o.order_id), $2,
        'ref_' || substr(o.order_id, 5)), '"method":"card"', '"method":"card","payment":"' || p.payment || '"'), 'UTF8')
FROM orders first, bench_payments p WHERE first.order_id = $1 AND p.order_id = o.order_id
"""
_RESERVED = "UPDATE tenders SET reserved_minor = captured_minor"
_DUE = """
INSERT INTO due (shop_id, kind, ref, order_id, due_at, slice)
SELECT o.shop_id, 'refund', 'ref_' || substr(o.order_id, 5), o.order_id, clock_timestamp(), p.slice
FROM orders o JOIN bench_payments p USING (order_id)
"""
_LEFT = "SELECT count(*) FROM due WHERE kind = 'refund'"
_ENDED = """SELECT count(*) FROM tenders WHERE refunded_minor = captured_minor AND reserved_minor = 0"""


async def run(out: Console) -> bool:
    """Measure and print; whether the figure was met."""
    sys.path.insert(0, str(TESTS))
    from provider.client import Provider  # noqa: PLC0415 - the provider of the tests is no part of the program

    with tempfile.TemporaryDirectory() as name, Provider() as fake:
        async with field(Path(name) / "data", REFUNDS) as ready:
            payments = [one.id for one in fake.captures(REFUNDS, AMOUNT, "EUR")]
            async with open_desk(ready.settings, ready.server.dsn(embedded.APP), "http://127.0.0.1") as desk:
                secrets = Secrets("sk_test_fake", ("whsec_fake_secret_of_no_value",), fake.url)
                await desk.connected.connect("stripe", "stripe", secrets, "bench", own=True)
                refund = await _cancelled(desk)
            root = await asyncpg.connect(ready.server.dsn(embedded.SUPERUSER))
            await _owe(root, refund, payments)
            with workers(ready) as pids:
                began = await _until(root, REFUNDS - 1)

                def spent() -> tuple[float, float, float]:
                    return sum(processor_time(pid) for pid in pids), server_time(ready), fake.usage()["cpu_s"]

                first, left = spent(), await root.fetchval(_LEFT)
                ended = await _until(root, 0)
                working, database, served = (two - one for one, two in zip(first, spent(), strict=True))
            right = await root.fetchval(_ENDED)
            await root.close()
        books = fake.ledger()
    took = ended - began
    rate = left / took
    out.print(
        f"refunds by {WORKERS} workers: {rate:,.0f}/s, {left:,} in {took:.1f} s at a load of {os.getloadavg()[0]:.1f}"
        f" (wanted: at least {WANTED:g}/s)"
    )
    each = [spent / left * 1000 for spent in (working, database, served)]
    out.print(
        f"  processor time of a refund: {each[0]:.2f} ms in the workers, {each[1]:.2f} in the database,"
        f" and apart from that {each[2]:.2f} in the provider ({served:.1f} s in all)"
    )
    assert right == len(books["refunds"]) == REFUNDS, "each was refunded once"
    assert all(one["succeeded"] == one["amount"] for one in books["captures"]), "to its own payment"
    return rate >= WANTED


async def _cancelled(desk: Desk) -> str:
    """Cancel the first order; gives the id of the refund that is owed since."""
    buyer = Actor(kind=ActorKind.BUYER, id=BUYER)
    asked = RequestCancellation(order=order_id(1), reason="changed_mind")
    outcome = await desk.engine.handle(Submission(command=asked, actor=buyer))
    (owed,) = outcome.order.refunds
    return owed.id


async def _owe(root: asyncpg.Connection, refund: str, payments: list[str]) -> None:
    """Let every order owe its refund, from now on."""
    await root.execute(_PAYMENTS)
    rows = [(order_id(n), payment, slice_of(order_id(n))) for n, payment in enumerate(payments, 1)]
    await root.copy_records_to_table("bench_payments", records=rows)
    await root.execute(_CLONE, order_id(1), refund, timeout=600)
    await root.execute("DELETE FROM due")
    await root.execute(_RESERVED, timeout=600)
    await root.execute(_DUE, timeout=600)
    await root.execute("VACUUM ANALYZE", timeout=600)
    await root.execute("CHECKPOINT", timeout=600)


@contextmanager
def workers(ready: Field, **more: str) -> Iterator[list[int]]:
    """Two worker processes, by their ids. more: of their environment."""
    environ = {
        **os.environ,
        "DATABASE_URL": ready.server.dsn(embedded.APP),
        "RESCIND_DATA": str(ready.settings.data),
        **more,
    }
    command = [sys.executable, "-m", "rescind", "worker"]
    processes = [
        subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(WORKERS)
    ]
    try:
        yield [process.pid for process in processes]
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait(15)


async def _until(root: asyncpg.Connection, left: int) -> float:
    """Wait until so many are left at most; gives when that was."""
    limit = time.monotonic() + 300
    while time.monotonic() < limit:
        if await root.fetchval(_LEFT) <= left:
            return time.monotonic()
        await asyncio.sleep(0.1)
    raise TimeoutError("the refunds do not end")


def processor_time(pid: int) -> float:
    """Seconds of processor time of one process, in the program and for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def server_time(ready: Field) -> float:
    """The same of the database's processes that are there."""
    pid = ready.server.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")
    return processor_time(pid) + ended + sum(processor_time(int(child)) for child in children)


if __name__ == "__main__":
    asyncio.run(run(Console(width=140)))
