"""Thousands of refunds on a very bad day: whatever the provider, the network, banks and people do, it comes out even.

The provider is a process of its own whose books are the judge; both clocks are moved by hand. `make test` plays a
seeded tenth, `make proof` all.
"""

import os
import random
from collections import Counter
from datetime import timedelta

import httpx
import pytest

from faults.chaos import SECRET, WEBHOOK, BadDay, Road
from faults.judge import judged
from postgres.market import market_on
from provider.client import STORM, Provider, Refusal
from rescind.app import make_app
from rescind.clock import wall_clock
from rescind.connections import Connected, Secrets
from rescind.core.errors import RescindError
from rescind.core.parts import FactKind, RefundStatus
from rescind.core.record import decode_order
from rescind.postgres.connections import ConnectionTable
from rescind.postgres.due import DueTable
from rescind.postgres.reconciliation import Reconciliations, in_parts
from rescind.postgres.store import BY_INDEX, connect
from rescind.secret_keys import secret
from rescind.worker.reconciliation import reconcile

FULL = os.environ.get("PROOF") == "full"
REFUNDS = {"stripe": 5000 if FULL else 500, "paypal": 1000 if FULL else 60}
TURNS = 8
STEP = timedelta(minutes=20)
PATIENCE_S = {"stripe": 0.25, "paypal": 0.5}
"""How long an answer is waited for; what hangs is left alone then. PayPal's client works in threads."""
SECRETS = {
    "stripe": lambda url: Secrets("sk_test_fake", (SECRET,), url),
    "paypal": lambda url: Secrets("fake-secret", (WEBHOOK,), url, "fake-client"),
}
ASKED = ("refund", "refund.read", "refunds.list", "dispute.read")


@pytest.fixture(params=REFUNDS)
def wire(request):
    """Whose form the provider speaks."""
    return request.param


@pytest.fixture
def fake(wire):
    with Provider() as running:
        running.subscribe(wire=wire)
        yield running


@pytest.fixture
async def day(desk, market, database, clock, fake, wire):
    """Two workers with connections of their own, the second on another pool as another process has it."""
    dice = random.Random(5000)
    clock.set(wall_clock())  # The provider's clock can only be moved on from now.
    elsewhere = await connect(database(), size=4, planning=BY_INDEX)
    transport = httpx.ASGITransport(make_app(desk), raise_app_exceptions=False)
    async with (
        market_on(elsewhere, clock) as others,
        httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client,
    ):
        workers = []
        for one in (market, others):
            connected = Connected(ConnectionTable(one.pool, clock), secret(desk.settings), patience_s=PATIENCE_S[wire])
            workers.append((one, DueTable(one.pool, clock), connected))
        await connected.connect(f"{wire}_main", wire, SECRETS[wire](fake.url), "operator:ops", own=True)
        yield BadDay(workers, fake, Road(fake, client, dice, wire), clock, dice, wire)
        for _, _, connected in workers:
            await connected.close()
    await elsewhere.close()


async def test_on_a_very_bad_day_the_providers_ledger_equals_ours(day):  # I-05, I-07, I-09, I-10, KF-14, KF-15
    began, many = day.clock.read() - timedelta(hours=1), REFUNDS[day.wire]
    some = max(1, many // 100)
    await day.opens(many * 3 // 10, TURNS)
    await day.works()
    day.fake.chance(5000, STORM, operations=ASKED)
    doubted = 0
    for turn in range(TURNS + 1):
        refused = await day.acts(turn)
        strange = [one for one in refused if not isinstance(one, RescindError | Refusal)]
        assert strange == []
        await day.road.carries()
        await day.works()
        doubted += (await day.open())[RefundStatus.IN_DOUBT]
        await day.supports(0.3)
        # In the middle a day passes, and the provider forgets every key it was asked under.
        day.passes(timedelta(hours=25) if turn == TURNS // 2 else STEP)

    fired = Counter(one["fault"] for one in day.fake.fired())
    assert fired.keys() <= STORM.keys()
    assert many < 500 or fired.keys() == STORM.keys(), "everything that can go wrong did"
    day.fake.behave()
    for _ in range(10):
        await day.road.carries(1)
        await day.works()
        day.passes(timedelta(hours=13))
        if not await day.open() and not day.fake.messages(day.road.told):
            break
    day.sends_back(some)
    await day.road.carries(1)
    assert doubted > many // 10
    assert len(day.road.lost) > some
    assert day.road.carried > many // 2

    run = await compared(day, began)
    assert (await compared(day, began)).told == 0
    assert run.told >= some, "what failed and was lost on the way is found by comparing"
    stands = await judged(day.market.pool, day.fake.ledger())
    assert stands.total() >= many * 9 // 10, stands
    assert stands[RefundStatus.SUCCEEDED] > many // 2
    assert stands[RefundStatus.FAILED] > 0


async def compared(day, since):
    """Reconcile with the provider's list; left open is what somebody refunded there by hand and no order heard of."""
    market = day.market
    adapter = await day.workers[0][2].provider("")
    # PayPal has no list of what is still to come.
    until = day.clock.read() + (timedelta() if adapter.traits.lists_after else timedelta(hours=1))
    table = Reconciliations(market.pool)
    run = await reconcile(
        market.engine,
        table,
        in_parts(adapter.refunds(since, until)),
        provider="",
        source=adapter.name,
        since=since,
        until=until,
        by="ines",
    )
    by_hand = {one["id"] for one in day.fake.ledger()["refunds"] if one["by"] == "dashboard"}
    left = [one for one in await table.differences(run.number) if one.state == "open"]
    # What the order was told of by message it counts as taken elsewhere; only what it never heard of is a difference.
    orders = [decode_order(row["state"]) for row in await market.pool.fetch("SELECT state FROM orders")]
    told = {one.reference for order in orders for one in order.reports if one.fact is FactKind.REFUNDED_ELSEWHERE}
    assert {(one.kind, one.their_reference) for one in left} == {("unknown", name) for name in by_hand - told}
    assert not by_hand or by_hand & told, "some were told"
    return run
