"""Programs that act for people, in a real database: no day holds more than a person said, however many act at once."""

import asyncio
import os
import random
from datetime import timedelta

import pytest

from postgres.market import KILN, audit, market_on
from rescind.access.credentials import Access, token_hash
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import CancelBySeller
from rescind.core.errors import OutsideMandate
from rescind.core.mandate import Bounds, ProgramAct
from rescind.core.record import decode
from rescind.postgres.mandates import MandateTable, NewMandate

ROUNDS = 40 if os.environ.get("PROOF") == "full" else 4


async def program(pool, clock, number, *, each=10_000, a_day=16_000):
    """The actor of a seller's key that acts under a mandate, and the table of mandates."""
    key = await Access(pool, b"s" * 32, "").issue_key("seller", f"helper{number}", shop_id=KILN, mandated=True)
    mark = token_hash(key).hex()[:16]
    now = clock.read()
    bounds = Bounds(
        acts=tuple(ProgramAct), currency="EUR", each_minor=each, a_day_minor=a_day, until=now + timedelta(days=30)
    )
    table = MandateTable(pool)
    made = NewMandate(
        id=f"man_{number}", key=mark, bounds=bounds, because="busy", by="operator:ines", by_name="Ines", at=now
    )
    await table.add(made)
    return Actor(kind=ActorKind.SELLER, id=f"helper{number}", via=f"key:{mark}", mandate=f"man_{number}"), table


async def done_under(pool, mandate):
    """What was given back by records that name this mandate, in minor units, one for each act."""
    found = [decode(row["body"]) for row in await pool.fetch("SELECT body FROM events ORDER BY order_id, seq")]
    return [
        sum(one.amount_minor for one in record.event.refunds) for record in found if record.actor.mandate == mandate
    ]


async def test_of_many_acts_at_once_no_day_holds_more_than_the_mandate_says_and_what_fits_is_done(pool, clock):
    drawn = random.Random(36)
    async with market_on(pool, clock) as here, market_on(pool, clock) as there:
        for number in range(ROUNDS):
            a_day = drawn.randrange(4_000, 40_000)
            actor, table = await program(pool, clock, number, a_day=a_day, each=4_000)
            prices = [drawn.randrange(1, 6_000) for _ in range(10)]
            orders = [await here.order(price=price) for price in prices]
            answers = await asyncio.gather(
                *(
                    drawn.choice((here, there)).does(CancelBySeller(order=one, reason="out_of_stock"), actor)
                    for one in orders
                ),
                return_exceptions=True,
            )
            held = (await table.one(actor.mandate)).held
            given = await done_under(pool, actor.mandate)
            assert sum(given) == held.used_minor <= a_day
            assert len(given) == held.acts
            for price, answer in zip(prices, answers, strict=True):
                if isinstance(answer, Exception):
                    assert isinstance(answer, OutsideMandate), answer
                    bound = answer.params["bound"]
                    assert (bound == "each") == (price > 4_000)
                    assert bound == "each" or price > a_day - held.used_minor, "what would still fit was not refused"
                else:
                    assert price <= 4_000
            clock.advance(timedelta(days=1))
        await audit(pool)


async def test_a_mandate_that_ends_in_the_middle_lets_nothing_more_through(pool, clock):
    async with market_on(pool, clock) as market:
        actor, table = await program(pool, clock, 1, a_day=10_000_00)
        orders = [await market.order(price=100) for _ in range(12)]

        async def ends():
            await asyncio.sleep(0.01)
            await table.end(actor.mandate, clock.read(), "operator:ines", "Ines")

        acts = (market.does(CancelBySeller(order=one, reason="out_of_stock"), actor) for one in orders)
        *answers, _ = await asyncio.gather(*acts, ends(), return_exceptions=True)
        refused = [one for one in answers if isinstance(one, Exception)]
        assert all(isinstance(one, OutsideMandate) and one.params["bound"] == "ended" for one in refused), refused
        done = await done_under(pool, actor.mandate)
        assert len(done) == len(answers) - len(refused)
        with pytest.raises(OutsideMandate):
            await market.does(CancelBySeller(order=await market.order(), reason="out_of_stock"), actor)


async def test_what_no_mandate_is_about_is_refused_at_the_one_write_path(pool, clock):
    async with market_on(pool, clock) as market:
        actor, table = await program(pool, clock, 1)
        order = await market.order()
        with pytest.raises(OutsideMandate) as refusal:
            await market.fact(order, "packed", actor=actor)
        assert refusal.value.params["bound"] == "acts"
        assert (await table.one("man_1")).held.acts == 0
        (row,) = await pool.fetch("SELECT count(*) FROM events WHERE body LIKE '%man_1%'::bytea")
        assert row[0] == 0


async def test_a_day_begins_anew_and_what_was_used_of_it_is_kept_with_the_mandate(pool, clock):
    async with market_on(pool, clock) as market:
        actor, table = await program(pool, clock, 1, a_day=5_000, each=5_000)
        cancel = [CancelBySeller(order=await market.order(price=3_000), reason="out_of_stock") for _ in range(2)]
        await market.does(cancel[0], actor)
        with pytest.raises(OutsideMandate) as refusal:
            await market.does(cancel[1], actor)
        assert (refusal.value.params["bound"], refusal.value.params["left"].minor) == ("a_day", 2_000)
        clock.advance(timedelta(days=1))
        done = await market.does(cancel[1], actor)
        assert done.records[0].actor.mandate == "man_1"
        assert (await table.one("man_1")).held.used(clock.read().date()) == 3_000
