"""Programs that act for people, in a real database: no day holds more than a person said, however many act at once."""

import asyncio
import os
import random
from datetime import timedelta
from importlib.resources import files

import asyncpg
import pytest

from postgres.market import KILN, audit, market_on
from rescind.access.credentials import Access, token_hash
from rescind.core.actor import Actor, ActorKind
from rescind.core.cancellation import ApproveCancellation, CancelBySeller, RefuseCancellation
from rescind.core.errors import OutsideMandate
from rescind.core.event import Note
from rescind.core.mandate import Bounds, ProgramAct
from rescind.core.offer import MakeOffer, OfferKind
from rescind.core.parts import Tender
from rescind.core.record import decode, decode_order
from rescind.core.stage import Stage
from rescind.postgres.embedded import OWNER
from rescind.postgres.mandates import MandateTable, NewMandate

SORRY = Note(id="txt_sorry", body="Sorry", salt="salt")
ROUNDS = 40 if os.environ.get("PROOF") == "full" else 4


async def program(pool, clock, number, *, each=10_000, a_day=16_000, acts_a_day=None):
    """The actor of a seller's key that acts under a mandate, and the table of mandates."""
    key = await Access(pool, b"s" * 32, "").issue_key("seller", f"helper{number}", shop_id=KILN, mandated=True)
    mark = token_hash(key).hex()[:16]
    now = clock.read()
    bounds = Bounds(
        acts=tuple(ProgramAct),
        currency="EUR",
        each_minor=each,
        a_day_minor=a_day,
        acts_a_day=acts_a_day,
        until=now + timedelta(days=30),
    )
    table = MandateTable(pool)
    made = NewMandate(
        id=f"man_{number}", key=mark, bounds=bounds, because="busy", by="operator:ines", by_name="Ines", at=now
    )
    await table.add(made)
    return Actor(kind=ActorKind.SELLER, id=f"helper{number}", via=f"key:{mark}", mandate=f"man_{number}"), table


async def done_under(pool, mandate):
    """The price of what was cancelled by records that name this mandate, in minor units, one for each act."""
    found = await pool.fetch(
        "SELECT e.body, o.state FROM events e JOIN orders o USING (order_id) ORDER BY order_id, seq"
    )
    done = [decode_order(row["state"]).total.minor for row in found if decode(row["body"]).actor.mandate == mandate]
    kept = await pool.fetch("SELECT worth_minor FROM mandate_acts WHERE mandate_id = $1", mandate)
    assert sorted(one[0] for one in kept) == sorted(done), "the list of acts is what the records say"
    return done


async def test_of_many_acts_at_once_no_day_holds_more_than_the_mandate_says_and_what_fits_is_done(pool, clock):
    drawn = random.Random(36)
    async with market_on(pool, clock) as here, market_on(pool, clock) as there:
        for number in range(ROUNDS):
            a_day = drawn.randrange(4_000, 40_000)
            actor, table = await program(pool, clock, number, a_day=a_day, each=4_000)
            prices = [drawn.randrange(1, 6_000) for _ in range(10)]
            # Paid, not paid yet, and to be paid at the door: a mandate bounds them alike.
            orders = [
                await here.order(
                    drawn.choice((Stage.ALLOCATED, Stage.UNPAID)),
                    price=price,
                    tenders=(Tender(id="t", method=drawn.choice(("card", "cash_on_delivery")), amount_minor=price),),
                )
                for price in prices
            ]
            answers = await asyncio.gather(
                *(
                    drawn.choice((here, there)).does(CancelBySeller(order=one, reason="out_of_stock"), actor)
                    for one in orders
                ),
                return_exceptions=True,
            )
            held = (await table.one(actor.mandate, clock.read())).held
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


async def test_an_order_that_nobody_has_paid_is_worth_as_much_as_one_that_is_paid(pool, clock):
    async with market_on(pool, clock) as market:
        actor, table = await program(pool, clock, 1, each=2_500, a_day=2_500)
        cash = (Tender(id="t", method="cash_on_delivery", amount_minor=2_501),)
        dear = await market.order(Stage.PREPARING, price=2_501, tenders=cash)
        with pytest.raises(OutsideMandate) as refusal:
            await market.does(CancelBySeller(order=dear, reason="out_of_stock"), actor)
        assert (refusal.value.params["bound"], refusal.value.params["asked"].minor) == ("each", 2_501)
        asked = await market.asks(dear)
        case = asked.order.open_cancellation.id
        for answer in (
            ApproveCancellation(order=dear, cancellation=case),
            RefuseCancellation(order=dear, cancellation=case, reason="other", comment=SORRY),
        ):
            with pytest.raises(OutsideMandate, match="each"):
                await market.does(answer, actor)
        unpaid = await market.order(Stage.UNPAID, price=2_500)
        await market.does(CancelBySeller(order=unpaid, reason="out_of_stock"), actor)
        assert (await table.one("man_1", clock.read())).held.used(clock.read().date()) == 2_500
        assert await done_under(pool, "man_1") == [2_500]


async def test_of_many_acts_at_once_no_more_are_done_than_the_mandate_says_in_a_day(pool, clock):
    async with market_on(pool, clock) as here, market_on(pool, clock) as there:
        actor, table = await program(pool, clock, 1, a_day=100_000, acts_a_day=3)
        for day in range(2):
            orders = [await here.order(Stage.UNPAID, price=1) for _ in range(7)]
            answers = await asyncio.gather(
                *(
                    (here, there)[place % 2].does(CancelBySeller(order=one, reason="out_of_stock"), actor)
                    for place, one in enumerate(orders)
                ),
                return_exceptions=True,
            )
            refused = [one.params for one in answers if isinstance(one, OutsideMandate)]
            assert len(refused) == 4
            assert all((one["bound"], one["acts"]) == ("acts_a_day", 3) for one in refused)
            held = (await table.one("man_1", clock.read())).held
            assert (held.made(clock.read().date()), held.acts) == (3, 3 * (day + 1))
            clock.advance(timedelta(days=1))
        assert len(await done_under(pool, "man_1")) == 6


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
        assert (await table.one("man_1", clock.read())).held.acts == 0
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
        assert (await table.one("man_1", clock.read())).held.used(clock.read().date()) == 3_000


async def test_what_was_done_before_there_was_a_list_is_in_it(pool, clock, database):
    async with market_on(pool, clock) as market:
        actor, _ = await program(pool, clock, 1)
        await market.does(CancelBySeller(order=await market.order(price=100), reason="out_of_stock"), actor)
        asked = [(await market.asks(await market.order(Stage.PREPARING, price=200))).order for _ in range(3)]
        approved, refused, offered = ({"order": one.id, "cancellation": one.open_cancellation.id} for one in asked)
        await market.does(ApproveCancellation(**approved), actor)
        await market.does(RefuseCancellation(**refused, reason="other", comment=SORRY), actor)
        await market.does(MakeOffer(**offered, kind=OfferKind.PARTIAL_REFUND, amount_minor=50), actor)
        kept = (
            "SELECT shop_id, order_id, seq, mandate_id, act, worth_minor, counted_minor, done_at FROM mandate_acts"
            " ORDER BY worth_minor, act"
        )
        before = await pool.fetch(kept)
        assert [(one["act"], one["worth_minor"], one["counted_minor"]) for one in before] == [
            ("offer", 50, 50),
            ("cancel", 100, 100),
            ("approve", 200, 200),
            ("refuse", 200, 0),
        ]
        text = files("rescind.postgres").joinpath("migrations", "0040_pre_acts_under_mandates.sql").read_text()
        owner = await asyncpg.connect(database(OWNER))
        await owner.execute("TRUNCATE mandate_acts")
        await owner.execute(text[text.index("INSERT INTO mandate_acts") :])
        await owner.close()
        assert await pool.fetch(kept) == before
