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

from faults.chaos import BadDay, Road
from faults.judge import judged
from postgres.market import market_on
from provider.client import STORM, Provider, Refusal
from rescind.app import make_app
from rescind.clock import wall_clock
from rescind.connections import Connected, Secrets
from rescind.core.errors import RescindError
from rescind.core.parts import RefundStatus
from rescind.postgres.connections import ConnectionTable
from rescind.postgres.due import DueTable
from rescind.postgres.reconciliation import Reconciliations, in_parts
from rescind.postgres.store import BY_INDEX, connect
from rescind.providers.sandbox import Sandbox
from rescind.providers.stripe import Stripe
from rescind.settings import secret
from rescind.worker.reconciliation import reconcile

REFUNDS = 5000 if os.environ.get("PROOF") == "full" else 500
TURNS = 8
STEP = timedelta(minutes=20)
PATIENCE_S = 0.25
"""How long an answer is waited for; what hangs is left alone then."""
ASKED = ("refund", "refund.read", "refunds.list", "dispute.read")


@pytest.fixture
def fake():
    with Provider() as running:
        running.subscribe()
        yield running


@pytest.fixture
async def day(desk, market, database, clock, fake):
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
            connected = Connected(
                ConnectionTable(one.pool, clock), secret(desk.settings), Sandbox(), patience_s=PATIENCE_S
            )
            workers.append((one, DueTable(one.pool, clock), connected))
        secrets = Secrets("sk_test_fake", ("whsec_fake_secret_of_no_value",), fake.url)
        await connected.connect("stripe_main", "stripe", secrets, "operator:ops", own=True)
        yield BadDay(workers, fake, Road(fake, client, dice), clock, dice)
        for _, _, connected in workers:
            await connected.close()
    await elsewhere.close()


async def test_on_a_very_bad_day_the_providers_ledger_equals_ours(day):  # I-05, I-07, I-09, I-10, KF-14, KF-15
    began = day.clock.read() - timedelta(hours=1)
    await day.opens(REFUNDS * 3 // 10, TURNS)
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
    assert fired.keys() == STORM.keys(), "everything that can go wrong did"
    day.fake.behave()
    for _ in range(10):
        await day.road.carries(1)
        await day.works()
        day.passes(timedelta(hours=13))
        if not await day.open() and not day.fake.messages(day.road.told):
            break
    day.sends_back(5)
    await day.road.carries(1)
    assert doubted > REFUNDS // 10
    assert len(day.road.lost) > 5
    assert day.road.carried > REFUNDS

    run = await compared(day, began)
    assert (await compared(day, began)).told == 0
    assert run.told >= 5, "what failed and was lost on the way is found by comparing"
    stands = await judged(day.market.pool, day.fake.ledger())
    assert stands.total() >= REFUNDS, stands
    assert stands[RefundStatus.SUCCEEDED] > REFUNDS // 2
    assert stands[RefundStatus.FAILED] > 0


async def compared(day, since):
    """Reconcile with the provider's list; what is left open is what somebody refunded there by hand."""
    market = day.market
    adapter = Stripe("sk_test_fake", base=day.fake.url)
    until = day.clock.read() + timedelta(hours=1)
    table = Reconciliations(market.pool)
    run = await reconcile(
        market.engine,
        table,
        in_parts(adapter.refunds(since, until)),
        provider="",
        source="stripe_main",
        since=since,
        until=until,
        by="ines",
    )
    await adapter.close()
    by_hand = {one["id"] for one in day.fake.ledger()["refunds"] if one["by"] == "dashboard"}
    left = [one for one in await table.differences(run.number) if one.state == "open"]
    assert {(one.kind, one.their_reference) for one in left} == {("unknown", name) for name in by_hand}
    return run
