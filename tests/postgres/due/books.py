"""A provider to be looked at, refunds that are owed, and leases whose time is over."""

import asyncio

import asyncpg

from rescind.core.ports import Captured, ProviderReply
from rescind.core.refund import ProviderOutcome
from rescind.core.stage import Stage
from rescind.postgres.embedded import SUPERUSER


class Books:
    """A provider that writes down what it was asked, and answers as it was told to."""

    name = "books"

    def __init__(self, outcome=ProviderOutcome.SUCCEEDED, *, check_after_s=0, slow_s=0.0, broken=(), until=None):
        self.outcome, self.check_after_s, self.slow_s, self.broken = outcome, check_after_s, slow_s, broken
        self.until, self.asked = until, asyncio.Event()
        self.sent, self.looked_up = [], []
        self.came_in, self.asked_for = {}, []

    async def refund(self, call):
        self.sent.append((call.refund, call.method, call.amount_minor, call.currency))
        return await self._answer(call.refund)

    async def look_up(self, call):
        self.looked_up.append(call.refund)
        return await self._answer(call.refund)

    async def captured(self, call):
        self.asked_for.append((call.number, call.tender, call.amount_minor))
        await asyncio.sleep(self.slow_s)
        return self.came_in.get(call.tender, Captured(clear=True))

    async def _answer(self, refund):
        if refund in self.broken:
            raise RuntimeError("an adapter with a mistake in it")
        self.asked.set()
        await asyncio.sleep(self.slow_s)
        if self.until:
            await self.until.wait()
        return ProviderReply(outcome=self.outcome, reference=f"re-{refund[-4:]}", check_after_s=self.check_after_s)


async def owed(market, **order):
    """An order whose whole price is owed; gives its id and its refund's."""
    identifier = await market.order(Stage.REVIEW, **order)
    outcome = await market.asks(identifier)
    return identifier, outcome.order.refunds[0].id


async def leases(pool, kind="refund"):
    return await pool.fetch("SELECT ref, fence, attempts, lease_until FROM due WHERE kind = $1 ORDER BY ref", kind)


async def let_pass(database, kind="refund"):
    """The lease's time is over: it is counted on the database's clock, which no test can move."""
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute("UPDATE due SET lease_until = clock_timestamp() - interval '1 ms' WHERE kind = $1", kind)
    await root.close()
