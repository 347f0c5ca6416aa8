"""A hundred thousand refunds compared with a provider's exported list, the file's reading included."""

from __future__ import annotations

import asyncio
import random
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
from rich.console import Console

from bench.marketplace import BUYER, SHOP, field, order_id
from rescind.app import open_desk
from rescind.core.actor import SYSTEM, Actor, ActorKind
from rescind.core.cancellation import RequestCancellation
from rescind.core.ids import RefundId
from rescind.core.refund import ProviderOutcome, RecordRefundReply
from rescind.desk import Desk
from rescind.engine import Submission
from rescind.postgres import embedded
from rescind.postgres.reconciliation import Reconciliations, in_parts
from rescind.providers.exported import refunds
from rescind.worker.reconciliation import reconcile

REFUNDS = 100_000
WANTED_S = 60.0
DIFFER = 100
"""Every so many refunds one that differs."""

# Every order as the first one is now, with an id of its own for its refund.
_CLONE = """
UPDATE orders o
SET state = convert_to(replace(replace(convert_from(first.state, 'UTF8'), first.order_id, o.order_id), $2,
                               'ref_' || substr(o.order_id, 5)), 'UTF8')
FROM orders first WHERE first.order_id = $1 AND o.order_id <> $1
"""


async def run(out: Console) -> bool:
    """Measure and print; whether the figure was met."""
    with tempfile.TemporaryDirectory() as name:
        async with (
            field(Path(name) / "data", REFUNDS) as ready,
            open_desk(ready.settings, ready.server.dsn(embedded.APP), "http://127.0.0.1") as desk,
        ):
            refund = await _one_refund(desk)
            root = await asyncpg.connect(ready.owner)
            await root.execute(_CLONE, order_id(1), refund, timeout=600)
            await root.execute("VACUUM ANALYZE orders", timeout=600)
            await root.close()
            file = Path(name) / "refunds.csv"
            _list(file, refund)
            began = time.perf_counter()
            until = datetime.now(UTC) + timedelta(hours=2)
            done = await reconcile(
                desk.engine,
                Reconciliations(desk.pool),
                in_parts(refunds(file)),
                provider="",
                source=file.name,
                since=until - timedelta(days=2),
                until=until,
                by="bench",
            )
            took = time.perf_counter() - began
    found = done.open
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    out.print(
        f"reconcile {done.ours:,} refunds with a list of {done.theirs:,}: {took:.1f} s, {found:,} differences,"
        f" at most {peak:,.0f} MB (wanted: at most {WANTED_S:g} s)"
    )
    assert (done.ours, done.agreed) == (REFUNDS, REFUNDS - REFUNDS // DIFFER), "the comparison itself is wrong"
    return took <= WANTED_S


async def _one_refund(desk: Desk) -> str:
    """Cancel the first order and let its refund arrive; gives the refund's id."""
    buyer = Actor(kind=ActorKind.BUYER, id=BUYER)
    asked = RequestCancellation(order=order_id(1), reason="changed_mind")
    outcome = await desk.engine.handle(Submission(command=asked, actor=buyer))
    (owed,) = outcome.order.refunds
    reply = RecordRefundReply(
        order=order_id(1), refund=RefundId(owed.id), outcome=ProviderOutcome.SUCCEEDED, reference="re_1"
    )
    await desk.engine.handle(Submission(command=reply, actor=SYSTEM))
    return owed.id


def _list(file: Path, first: str) -> None:
    """The provider's list in an order of its own; one in ``DIFFER`` is of another amount."""
    now = datetime.now(UTC).isoformat()
    ids = [(1, first), *((n, f"ref_{SHOP[4:]}{n:014d}") for n in range(2, REFUNDS + 1))]
    random.Random(7).shuffle(ids)
    with file.open("w") as text:
        text.write("created,id,metadata,amount_minor,currency,status,refund,reference,at\n")
        for n, refund in ids:
            amount = 2870 + (n % DIFFER == 0)
            text.write(f"{now},re_{n},-,{amount},eur,succeeded,{refund},re_{n},{now}\n")


if __name__ == "__main__":
    asyncio.run(run(Console(width=140)))
