"""A very bad day of a marketplace: people who want their money back, two workers, a provider, and the road between."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import time
from collections import defaultdict
from datetime import timedelta

from faults.judge import our_id
from postgres.market import HOST, KILN, SAM, person
from rescind.core.failed_refund import SettleFailedRefund, WayOn, unsettled
from rescind.core.giving_back import GiveBack
from rescind.core.parts import FactKind, Line, RefundStatus, Tender
from rescind.core.record import decode_order
from rescind.core.refund import OPEN
from rescind.providers.router import Router
from rescind.worker import deadlines, fan_out, messages, refunds

SECRET = "whsec_fake_secret_of_no_value"
UNITS = 4
LOST, TWICE, AT_ONCE = 0.15, 0.25, 0.6
"""Of how many of our refunds no message ever comes; how many messages come twice; how many of all that are on their way
arrive in a turn."""
WEBHOOK = "8PT597110X687430L"
NOT_ASKED_FOR = {"charge.refunded", "charge.refund.updated"}
"""They say what a message of its own says of the same refund, so that nobody need subscribe to them."""
_OURS = re.compile(r'"(?:rescind_refund|invoice_id)":"(ref_\w+)"')


class Road:
    """What the provider tells comes twice, late, out of order, or never."""

    def __init__(self, fake, client, dice, wire="stripe") -> None:
        self._fake, self._client, self._dice, self._wire = fake, client, dice, wire
        self.told, self.waiting = 0, []
        self.lost, self._heard = set(), set()
        self.carried = 0

    async def carries(self, share=AT_ONCE) -> None:
        """Deliver some of what is on its way, in whatever order."""
        new = self._fake.messages(self.told)
        self.told += len(new)
        for one in new:
            if one["name"] in NOT_ASKED_FOR or self._loses(_OURS.findall(one["body"])):
                continue
            self.waiting += [one["body"]] * (2 if self._dice.random() < TWICE else 1)
        self._dice.shuffle(self.waiting)
        count = int(len(self.waiting) * share)
        now, self.waiting = self.waiting[:count], self.waiting[count:]
        for body in now:
            assert await self._delivered(body) == 200
        if now:
            assert await self._delivered(now[0], forged=True) == 401
        self.carried += count

    def _loses(self, ours: list[str]) -> bool:
        for name in ours:
            if name not in self.lost | self._heard:
                (self.lost if self._dice.random() < LOST else self._heard).add(name)
        return bool(ours) and self.lost.issuperset(ours)

    async def _delivered(self, body: str, *, forged: bool = False) -> int:
        # The provider signs each delivery anew, by the time at which it leaves; its clock here is moved by hand.
        if self._wire == "paypal":
            headers = self._fake.signed(body + " " * forged)
        else:
            stamp, secret = int(time.time()), "whsec_of_somebody_else" if forged else SECRET
            signature = hmac.new(secret.encode(), b"%d.%s" % (stamp, body.encode()), hashlib.sha256).hexdigest()
            headers = {"content-type": "application/json", "stripe-signature": f"t={stamp},v1={signature}"}
        address = f"/v1/providers/{self._wire}_main/webhooks"
        return (await self._client.post(address, content=body, headers=headers)).status_code


class BadDay:
    """``acts`` lets people and banks do what they had in mind for this turn; ``works`` does what is due after it."""

    def __init__(self, workers, fake, road, clock, dice, wire="stripe") -> None:
        """workers: of each the market, the due table and the connections that are its own. road: None where nothing is
        told, nobody refunds by hand and no bank is asked. wire: whose form the provider speaks.
        """
        self.wire = wire
        self.workers, self.fake, self.road, self.clock, self.dice = workers, fake, road, clock, dice
        self.market = workers[0][0]
        self._plans = defaultdict(list)

    # What people have in mind.

    async def opens(self, orders: int, turns: int) -> None:
        """Place and pay orders at the provider, and draw what will happen to each of them, and when."""
        shapes = [(self.dice.choice(("EUR", "EUR", "JPY")), self.dice.random() < 0.4) for _ in range(orders)]
        for start in range(0, orders, 50):
            await asyncio.gather(*(self._places(turns, *shape) for shape in shapes[start : start + 50]))

    async def _places(self, turns: int, currency: str, two: bool) -> None:
        price = self.dice.randint(101, 9999)
        whole = price * UNITS
        first = self.dice.randint(1, whole - 1) if two else whole
        shares = {"t": first, "u": whole - first} if two else {"t": whole}
        paid = {name: self.fake.capture(amount, currency, wire=self.wire).id for name, amount in shares.items()}
        command = await self.market.placing(
            shop=KILN,
            currency=currency,
            lines=(Line(id="1", sku="MUG", quantity=UNITS, unit_minor=price),),
            tenders=tuple(
                Tender(id=name, method="card", amount_minor=amount, payment=paid[name])
                for name, amount in shares.items()
            ),
        )
        await self.market.does(command, HOST)
        await self.market.fact(command.order, FactKind.PAID)
        self._draws(command.order, price, shares["t"], paid["t"], turns)

    def _draws(self, order: str, price: int, amount: int, payment: str, turns: int) -> None:
        dice = self.dice
        for _ in range(2):
            self._plans[dice.randrange(turns)].append(lambda: self.market.cancels(order, lines={"1": 1}))
        given = GiveBack(order=order, amount_minor=dice.randint(1, price))
        self._plans[dice.randrange(turns)].append(lambda: self.market.does(given, SAM))
        self._plans[dice.randrange(turns)].append(lambda: self.market.cancels(order))
        happens, when = dice.random(), dice.randrange(turns)
        if self.road is None:
            return
        if happens < 0.08:
            part = dice.randint(1, max(1, amount // 5))
            self._plans[when].append(lambda: self._by_hand(payment, part))
        elif happens < 0.16:
            taken = dice.choice((amount, dice.randint(1, amount)))
            self._plans[when].append(lambda: self._charges_back(payment, taken, when, turns))

    async def _by_hand(self, payment: str, amount: int) -> None:
        self.fake.refund_by_hand(payment, amount)

    async def _charges_back(self, payment: str, amount: int, when: int, turns: int) -> None:
        dispute, word = self.fake.dispute(payment, amount), self.dice.choice(("won", "lost"))

        async def decides():
            self.fake.move_dispute(dispute, word)

        self._plans[min(turns, when + self.dice.randint(1, 4))].append(decides)

    # One turn.

    async def acts(self, turn: int) -> list[BaseException]:
        """Everything drawn for this turn at once; gives what was refused."""
        plans = self._plans.pop(turn, [])
        self.dice.shuffle(plans)
        said = await asyncio.gather(*(plan() for plan in plans), return_exceptions=True)
        return [one for one in said if isinstance(one, BaseException)]

    async def supports(self, share: float) -> int:
        """Support sends some of what failed again; gives how many."""
        rows = await self.market.pool.fetch(
            "SELECT state FROM orders WHERE order_id IN (SELECT order_id FROM failed_refunds) ORDER BY order_id"
        )
        again = [
            SettleFailedRefund(order=order.id, refund=one.id, way=WayOn.AGAIN)
            for order in (decode_order(row[0]) for row in rows)
            for one in unsettled(order)
            if self.dice.random() < share
        ]
        said = await asyncio.gather(
            *(self.market.does(one, person("support")) for one in again), return_exceptions=True
        )
        return sum(not isinstance(one, BaseException) for one in said)

    async def works(self) -> None:
        """Two workers beside each other, until nothing is due."""
        await asyncio.gather(*(self._works(*worker) for worker in self.workers))

    async def _works(self, market, due, connected) -> None:
        for _ in range(2000):
            done = await fan_out.sweep(due)
            done += await refunds.sweep(market.engine, due, Router(connected))
            if self.road is not None:
                done += await messages.sweep(market.engine, connected)
            done += await deadlines.sweep(market.engine, due)
            if not done:
                return
        raise AssertionError("the work does not end")

    def sends_back(self, count: int) -> None:
        """A bank sends back what had arrived, and the message of it is lost."""
        for one in self.fake.ledger()["refunds"]:
            name = our_id(one)
            if count and one["status"] == "succeeded" and name in self.road.lost:
                self.fake.move_refund(one["id"], "failed", "expired_or_canceled_card")
                count -= 1
        assert not count

    def passes(self, span: timedelta) -> None:
        """Move the time of all of them on."""
        self.clock.advance(span)
        self.fake.advance(span.total_seconds())

    async def open(self) -> dict[RefundStatus, int]:
        """How many refunds are not over, by where they stand."""
        found = defaultdict(int)
        for row in await self.market.pool.fetch("SELECT state FROM orders"):
            for one in decode_order(row[0]).refunds:
                if one.status in OPEN:
                    found[one.status] += 1
        return found
