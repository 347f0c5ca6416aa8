"""A whole marketplace in one process, made to be killed: buyers, sellers, a carrier, the worker and a provider.

    python life.py '{"dsn": …, "seed": 1, "folder": …, "began": 1700000000.0}'

Everything that was answered is written to ``answers`` after the answer, everything the provider did to ``books``
before its reply. Time runs twenty thousand times faster than outside, so that deadlines lapse within seconds.
"""

from __future__ import annotations

import asyncio
import json
import random
import secrets
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from postgres.market import HOST, KILN, LANTERN, SAM, fingerprint, key, market_on, person
from rescind.core.cancellation import (
    ApproveCancellation,
    CancelBySeller,
    RefuseCancellation,
    RequestCancellation,
    WithdrawCancellation,
)
from rescind.core.errors import RescindError
from rescind.core.fulfilment import ReportFact
from rescind.core.parts import FactKind
from rescind.core.ports import Captured, ProviderReply
from rescind.core.record import decode_order
from rescind.core.refund import ProviderOutcome
from rescind.postgres.due import DueTable
from rescind.postgres.store import connect
from rescind.worker import loops

BEGAN = datetime(2026, 5, 4, 8, tzinfo=UTC)
FASTER = 20_000
STEPS = (
    FactKind.PAID,
    FactKind.ALLOCATED,
    FactKind.PREPARATION_STARTED,
    FactKind.PACKED,
    FactKind.TRACKING_ADDED,
    FactKind.HANDED_OVER,
    FactKind.CHARGED_BACK,
)


class FastClock:
    """Agrees with every other process of the same run."""

    def __init__(self, began: float) -> None:
        self._began = began

    def read(self) -> datetime:
        return BEGAN + timedelta(seconds=(time.time() - self._began) * FASTER)


class Provider:
    """Does what it is asked once for each id, writes that down, and then answers, or does not know."""

    name = "books"

    def __init__(self, folder: Path, dice: random.Random) -> None:
        self._file = folder / "books"
        self._dice = dice

    def done(self) -> dict[str, int]:
        lines = self._file.read_text().splitlines() if self._file.exists() else []
        return {refund: int(amount) for refund, amount in (line.split() for line in lines)}

    async def refund(self, call):
        if self._dice.random() < 0.1:
            return ProviderReply(outcome=ProviderOutcome.DECLINED)
        if call.refund not in self.done():
            with self._file.open("a") as books:
                books.write(f"{call.refund} {call.amount_minor}\n")
        await asyncio.sleep(self._dice.random() * 0.01)
        outcome = self._dice.choice([ProviderOutcome.SUCCEEDED, ProviderOutcome.SUBMITTED, ProviderOutcome.IN_DOUBT])
        return ProviderReply(outcome=outcome, check_after_s=60)

    async def look_up(self, call):
        known = call.refund in self.done()
        return ProviderReply(outcome=ProviderOutcome.SUCCEEDED if known else ProviderOutcome.DECLINED)

    async def captured(self, _):
        return Captured(clear=self._dice.random() < 0.9)


class Life:
    def __init__(self, market, folder: Path, dice: random.Random) -> None:
        self.market, self.dice = market, dice
        self._answers = (folder / "answers").open("a", buffering=1)

    async def says(self, command, actor):
        """Send a command under a key of its own, and write down that it was answered."""
        name = secrets.token_hex(12)
        outcome = await self.market.does(
            command,
            actor,
            key=key(name, shop="shp_" + command.order[4:12], principal=actor.id),
            fingerprint=fingerprint(name),
        )
        if outcome.records:
            self._answers.write(f"{command.order} {outcome.order.version} {name}\n")

    async def lives(self):
        """One turn after another, for ever."""
        while True:
            with suppress(RescindError):
                await (self._places() if self.dice.random() < 0.25 else self._acts())

    async def _places(self):
        shop = self.dice.choice((KILN, LANTERN))
        command = await self.market.placing(
            shop=shop, number=secrets.token_hex(6), units=self.dice.randint(1, 3), price=self.dice.randint(1, 9999)
        )
        await self.says(command, HOST)

    async def _acts(self):
        row = await self.market.pool.fetchrow(
            "SELECT state FROM orders OFFSET floor($1 * (SELECT count(*) FROM orders)) LIMIT 1", self.dice.random()
        )
        if row is None:
            return
        order = decode_order(row[0])
        case = order.cancellations[-1].id if order.cancellations else "can_00000001none0000000000"
        some = self.dice.choice((None, None, {"1": 1}))
        await self.says(*self.dice.choice(
            [
                (self._fact(order), HOST),
                (self._fact(order), HOST),
                (RequestCancellation(order=order.id, reason="changed_mind", lines=some), person("buyer", order.buyer)),
                (RequestCancellation(order=order.id, reason="changed_mind", anyway=True), person("buyer", order.buyer)),
                (ApproveCancellation(order=order.id, cancellation=case), SAM),
                (RefuseCancellation(order=order.id, cancellation=case, reason="buyer_agreed_to_keep"), SAM),
                (WithdrawCancellation(order=order.id, cancellation=case), person("buyer", order.buyer)),
                (CancelBySeller(order=order.id, reason="out_of_stock", lines=some), SAM),
            ]
        ))  # fmt: skip

    def _fact(self, order):
        fact = self.dice.choice(STEPS[: order.version + 1])
        taken = {"tender": "t", "amount_minor": 1} if fact is FactKind.CHARGED_BACK else {}
        tracking = "JD1" if fact is FactKind.TRACKING_ADDED else ""
        return ReportFact(order=order.id, fact=fact, occurred_at=self.market.clock.read(), tracking=tracking, **taken)


async def main(dsn: str, seed: int, folder: str, began: float) -> None:
    dice, clock, place = random.Random(seed), FastClock(began), Path(folder)
    pool = await connect(dsn, size=6)
    async with market_on(pool, clock, lanes=2) as market:
        life = Life(market, place, dice)
        print("alive", flush=True)  # noqa: T201
        async with asyncio.TaskGroup() as group:
            group.create_task(loops.run(market.engine, DueTable(pool, clock), Provider(place, dice)))
            for _ in range(12):
                group.create_task(life.lives())


if __name__ == "__main__":
    asyncio.run(main(**json.loads(sys.argv[1])))
