"""Of two that may not both happen, one wins."""

import asyncio
import os
import random
from datetime import timedelta

import pytest

from postgres.market import HOST, KILN, LANTERN, SAM, audit, fingerprint, key, market_on
from postgres.servers import VERSIONS
from rescind.core.actor import SYSTEM
from rescind.core.cancellation import CancelBySeller, LapseDeadline
from rescind.core.errors import DeadlinePassed, InvalidTransition, QuantityNotOpen
from rescind.core.parts import FactKind, Line
from rescind.postgres.due import DueTable
from rescind.worker import deadlines

RACES = 2000 if os.environ.get("PROOF") == "full" else 200
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize("version", VERSIONS)
async def test_shipped_or_cancelled_one_of_them_wins(market, others):  # I-14, KF-22
    dice = random.Random(22)
    shops = (KILN, LANTERN)
    made = await asyncio.gather(*(market.order(shop=dice.choice(shops)) for _ in range(RACES)))
    market.clock.advance(timedelta(hours=2))
    # Each with a key, as every request has: one whose commit was not heard of finds itself when it is tried again.
    asked = await asyncio.gather(
        *(market.asks(order, key=key(order), fingerprint=fingerprint(order)) for order in made)
    )
    cases = [one.order.open_cancellation.id for one in asked]

    async def later(speaking):
        await asyncio.sleep(dice.random() * 0.004)
        return await speaking

    won = {"approved": 0, "overtaken": 0}
    for start in range(0, RACES, 25):
        part = list(zip(made, cases, strict=True))[start : start + 25]
        await asyncio.gather(
            *(
                later(speaking)
                for order, case in part
                for speaking in (
                    market.approves(order, case),
                    others.fact(order, FactKind.HANDED_OVER, carrier="Post", tracking="JD1"),
                )
            ),
            return_exceptions=True,
        )
    for order in made:
        after = await market.read(order)
        (case,) = after.cancellations
        won[case.status.value] += 1
        assert after.given_back.minor == (4000 if case.status == "approved" else 0)
        assert bool(after.progress.cancelled_at) == (case.status == "approved")
        late = [one.kind for one in after.contradictions if one.kind == "shipped_after_cancel"]
        assert len(late) == (case.status == "approved"), "the parcel that left all the same is somebody's case"
        assert after.parcels
    assert min(won.values()) > 0, f"both orders of events have to be seen: {won}"
    assert await audit(market.pool) == RACES


@pytest.mark.parametrize("version", VERSIONS)
async def test_answered_or_lapsed_one_of_them_wins(market, others, clock):  # I-37
    dice = random.Random(37)
    won = {"seller": 0, "silence": 0}
    for _ in range(0, RACES, 25):
        orders = await asyncio.gather(*(market.order() for _ in range(25)))
        waiting = [one.order.open_cancellation for one in await asyncio.gather(*(market.asks(one) for one in orders))]
        due_at = waiting[0].due_at
        clock.set(due_at - TICK)

        async def ticks(due_at=due_at):
            await asyncio.sleep(dice.random() * 0.02)
            clock.set(due_at)

        async def answers(order, asked):
            await asyncio.sleep(dice.random() * 0.04)
            await market.refuses(order, asked.id)

        async def lapses(order, asked):
            await asyncio.sleep(dice.random() * 0.04)
            await others.does(LapseDeadline(order=order, cancellation=asked.id), SYSTEM)

        said = await asyncio.gather(
            ticks(),
            *(does(order, asked) for order, asked in zip(orders, waiting, strict=True) for does in (answers, lapses)),
            return_exceptions=True,
        )
        assert all(one is None or isinstance(one, DeadlinePassed | InvalidTransition) for one in said), said
        while await deadlines.sweep(others.engine, DueTable(others.pool, clock)):
            pass
        for order in orders:
            (case,) = (await market.read(order)).cancellations
            won[case.closed_by] += 1
            assert case.status == ("refused" if case.closed_by == "seller" else "approved")
            assert (case.closed_at < case.due_at) == (case.closed_by == "seller")
            closing = "SELECT count(*) FROM events WHERE order_id = $1 AND type ~ 'Approved|Refused'"
            assert await market.pool.fetchval(closing, order) == 1
        clock.advance(timedelta(hours=1))
    assert min(won.values()) > 0, f"both ends have to be seen: {won}"
    assert await audit(market.pool) == RACES


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_tick_before_the_deadline_the_person_wins_and_from_it_on_the_clock(market, others, clock):  # I-37, E-02
    dice = random.Random(2)
    offsets = (-TICK, timedelta(0), TICK)
    seen = {(offset, said): 0 for offset in offsets for said in ("approves", "refuses", "withdraws")}
    for place in range(0, RACES, 25):
        orders = await asyncio.gather(*(market.order() for _ in range(25)))
        waiting = [one.order.open_cancellation for one in await asyncio.gather(*(market.asks(one) for one in orders))]
        offset = offsets[place // 25 % 3]
        clock.set(waiting[0].due_at + offset)
        acts = [dice.choice(("approves", "refuses", "withdraws")) for _ in orders]

        async def at_once(speaking):
            await asyncio.sleep(dice.random() * 0.01)
            return await speaking

        pairs = [
            (
                at_once(getattr(market, act)(order, asked.id)),
                at_once(others.does(LapseDeadline(order=order, cancellation=asked.id), SYSTEM)),
            )
            for order, asked, act in zip(orders, waiting, acts, strict=True)
        ]
        dice.shuffle(flat := [(place, one) for place, pair in enumerate(pairs) for one in pair])
        said = await asyncio.gather(*(one for _, one in flat), return_exceptions=True)
        lost = [one for one in said if isinstance(one, Exception)]
        assert all(isinstance(one, DeadlinePassed | InvalidTransition) for one in lost), lost
        person_wins = offset < timedelta(0)
        assert len(lost) == (0 if person_wins else 25), "only the person can lose; a timer too early says nothing"
        clock.set(waiting[0].due_at + timedelta(days=1))
        await deadlines.sweep(others.engine, DueTable(others.pool, clock))
        for order, asked, act in zip(orders, waiting, acts, strict=True):
            (case,) = (await market.read(order)).cancellations
            ends = {"approves": "approved", "refuses": "refused", "withdraws": "withdrawn"}
            assert case.status == (ends[act] if person_wins else "approved")
            assert (case.closed_by == "silence") != person_wins
            assert case.closed_at == asked.due_at + offset
            seen[offset, act] += 1
    assert min(seen.values()) > 0
    endings = "SELECT count(*) FROM events WHERE type ~ 'Cancellation(Approved|Refused|Withdrawn)' GROUP BY order_id"
    assert {row[0] for row in await market.pool.fetch(endings)} == {1}
    assert await audit(market.pool) == RACES


@pytest.mark.parametrize("version", VERSIONS)
async def test_however_many_ask_at_once_a_unit_is_refunded_once(market, others):  # KF-12, I-02
    lines = (
        Line(id="cup", sku="CUP", quantity=1, unit_minor=6000),
        Line(id="pot", sku="POT", quantity=1, unit_minor=4000),
    )
    command = await market.placing(lines=lines, price=10000)
    await market.does(command, HOST)
    await market.fact(command.order, "paid")
    wants = [{"cup": 1}, {"cup": 1}, {"cup": 1, "pot": 1}, None] * 5
    outcomes = await asyncio.gather(
        *(
            by.does(CancelBySeller(order=command.order, reason="out_of_stock", lines=lines), SAM)
            for by, lines in zip([market, others] * 10, wants, strict=True)
        ),
        return_exceptions=True,
    )
    after = await market.read(command.order)
    won = [one for one in outcomes if not isinstance(one, Exception)]
    assert 1 <= len(won) <= 2
    assert all(isinstance(one, QuantityNotOpen | InvalidTransition) for one in outcomes if isinstance(one, Exception))
    assert after.given_back.minor == 10000
    assert all(line.cancelled == 1 for line in after.lines)
    assert await audit(market.pool) == 1


async def test_an_engine_that_stops_finishes_what_it_took(pool, clock, store):
    async with market_on(pool, clock, store=store, lanes=2) as market:
        orders = [await market.order() for _ in range(30)]
        speaking = [asyncio.create_task(market.asks(order)) for order in orders]
        await asyncio.sleep(0)
    said = await asyncio.gather(*speaking, return_exceptions=True)
    for order, one in zip(orders, said, strict=True):
        written = bool((await market.read(order)).cancellations)
        assert written == (not isinstance(one, BaseException)), "who was answered is written, who was not is not"
    assert await audit(pool) == 30
