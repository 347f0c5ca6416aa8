"""The one write path on a real PostgreSQL: together, once, under the lock, and never both ways."""

import asyncio
import os
import random
import time
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from postgres.cut import line_to
from postgres.market import (
    ANN,
    HOST,
    KILN,
    LANTERN,
    SAM,
    audit,
    fingerprint,
    key,
    market_on,
    worked,
)
from postgres.servers import VERSIONS
from rescind.clock import DatabaseClock
from rescind.core.actor import SYSTEM
from rescind.core.cancellation import ApproveCancellation, CancelBySeller, LapseDeadline, RequestCancellation
from rescind.core.errors import (
    DeadlinePassed,
    IdempotencyKeyReused,
    InvalidTransition,
    NotFound,
    OrderConflict,
    QuantityNotOpen,
    StaleOrder,
    Unavailable,
)
from rescind.core.fulfilment import ReportFact
from rescind.core.ids import CancellationId
from rescind.core.order import FactKind, Line, Pins, Stage
from rescind.core.ports import Retry, Wanted
from rescind.core.scope import Scope
from rescind.engine import Submission
from rescind.postgres import rows
from rescind.postgres import statements as sql
from rescind.postgres.due import DueTable
from rescind.postgres.embedded import OWNER, SUPERUSER
from rescind.postgres.store import BY_INDEX, PLANNED_FOR, PostgresStore, connect
from rescind.worker import deadlines

RACES = 2000 if os.environ.get("PROOF") == "full" else 200
TICK = timedelta(microseconds=1)
WRITING = b"fan_out"
"""What is said only when something is written."""
NOBODY = CancellationId("can_00000001none0000000000")


class Counting(PostgresStore):
    """The store itself, which also counts its transactions."""

    transactions = 0

    @asynccontextmanager
    async def unit_of_work(self, *, locking=False):
        self.transactions += 1
        async with super().unit_of_work(locking=locking) as work:
            yield work


@pytest.fixture
async def store(pool, clock):
    return Counting(pool, clock)


@pytest.fixture
async def market(pool, clock, store):
    """One engine with one lane, so that what is said at once is one batch."""
    async with market_on(pool, clock, store=store, lanes=1) as opened:
        yield opened


@pytest.fixture
async def others(database, clock):
    """A second process, as far as the database can tell: its own pool and its own engine."""
    elsewhere = await connect(database(), size=4, planning=BY_INDEX)
    async with market_on(elsewhere, clock) as opened:
        yield opened
    await elsewhere.close()


async def contents(pool):
    """Everything that is stored, to see whether something was written."""
    tables = ("orders", "events", "ledger", "due", "cases", "idempotency", "tenders", "order_lines", "texts")
    return {name: await pool.fetch(f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in tables}


def asking(order, **more):
    return RequestCancellation(order=order, reason="changed_mind", **more)


# --- together ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_commands_that_arrive_together_share_one_transaction(market, store):
    orders = [await market.order() for _ in range(6)]
    waiting = [(await market.asks(order)).order.cancellations[-1].id for order in orders[:4]]
    before = store.transactions
    placing = await market.placing()
    outcomes = await asyncio.gather(
        market.approves(orders[0], waiting[0]),
        market.refuses(orders[1], waiting[1]),
        market.withdraws(orders[2], waiting[2]),
        market.cancels(orders[3]),
        market.fact(orders[4], FactKind.PREPARATION_STARTED),
        market.asks(orders[5]),
        market.does(placing, HOST),
    )
    assert store.transactions == before + 1
    statuses = [one.order.cancellations[-1].status for one in outcomes[:4]]
    assert statuses == ["approved", "refused", "withdrawn", "approved"]
    assert outcomes[6].order.version == 1
    for outcome in outcomes:
        assert await market.read(outcome.order.id) == outcome.order
        assert outcome.records[-1].seq == outcome.order.version
    assert await audit(market.pool) == 7


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_command_that_is_refused_leaves_its_neighbours_alone(market, store):
    good, bad = await market.order(), await market.order()
    unknown = Pins(preset="base", preset_hash="0" * 64)
    broken = await market.placing()
    broken = type(broken)(**{name: getattr(broken, name) for name in broken.__struct_fields__} | {"pins": unknown})
    before = store.transactions
    first, second, third = await asyncio.gather(
        market.asks(good), market.approves(bad, NOBODY), market.does(broken, HOST), return_exceptions=True
    )
    assert store.transactions == before + 1
    assert first.order.open_cancellation
    assert isinstance(second, NotFound)
    assert isinstance(third, AssertionError), "a mistake of ours is told to its own caller only"
    assert (await market.read(bad)).version == 3
    assert await audit(market.pool) == 2


async def test_commands_about_one_order_keep_their_turn(market, store):
    order = await market.order(Stage.REVIEW)
    steps = (FactKind.ALLOCATED, FactKind.PREPARATION_STARTED, FactKind.PACKING_STARTED, FactKind.PACKED)
    before = store.transactions
    outcomes = await asyncio.gather(*(market.fact(order, step) for step in steps))
    assert [one.order.version for one in outcomes] == [3, 4, 5, 6]
    assert store.transactions == before + len(steps), "nobody ran into another and had to be tried again"
    assert [one.records[0].event.fact for one in outcomes] == list(steps)


async def test_a_problem_writes_nothing_at_all(market):  # I-20
    order, shipped = await market.order(), await market.order(Stage.IN_TRANSIT)
    asked = (await market.asks(order)).order.cancellations[-1].id
    before = await contents(market.pool)
    again = await market.placing(number=(await market.read(order)).number, price=1)
    wrong = (
        (market.asks(order), InvalidTransition),
        (market.asks(order, key=key("k" * 16), fingerprint=fingerprint("ask")), InvalidTransition),
        (market.approves(order, NOBODY), NotFound),
        (market.approves(order, asked, expected_version=3), StaleOrder),
        (market.does(ApproveCancellation(order=order, cancellation=asked), ANN), Exception),
        (market.cancels(shipped, lines={"1": 1}), QuantityNotOpen),
        (market.does(again, HOST), OrderConflict),
        (market.asks(order, scope=Scope(buyer="bob")), NotFound),
    )
    for speaking, problem in wrong:
        with pytest.raises(problem):
            await speaking
    assert await contents(market.pool) == before


async def test_somebody_elses_order_is_not_found(market):  # KF-23, I-30
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1].id
    missing = await market.placing()
    packed = ReportFact(order=order, fact=FactKind.PACKED, occurred_at=market.clock.read())
    said = set()
    for scope in (Scope(buyer="bob"), Scope(shop=LANTERN), Scope(shop=LANTERN, buyer="ann")):
        for speaking in (
            market.asks(order, scope=scope),
            market.approves(order, asked, scope=scope),
            market.withdraws(order, asked, scope=scope),
            market.does(packed, SAM, scope=scope),
            market.asks(missing.order, scope=scope),
        ):
            with pytest.raises(NotFound) as refused:
                await speaking
            said.add(str(refused.value))
    assert said == {"not-found: kind=order"}
    await market.approves(order, asked, scope=Scope(shop=KILN))


async def test_a_version_that_moved_on_is_told(market):
    order = await market.order()
    with pytest.raises(StaleOrder) as refused:
        await market.asks(order, expected_version=2)
    assert refused.value.params == {"order": order, "expected": 2, "actual": 3}
    outcome = await market.asks(order, expected_version=3)
    assert outcome.order.version == 4


# --- once -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_same_key_gets_the_same_answer_also_after_the_order_moved_on(market):  # ID-02
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask 1")}
    first = await market.asks(order, **said)
    asked = first.order.cancellations[-1].id
    await market.approves(order, asked)
    await worked(market)
    before = await contents(market.pool)
    again = await market.asks(order, **said)
    assert again.replayed
    assert not first.replayed
    assert (again.order, again.records) == (first.order, first.records)
    assert again.order.cancellations[-1].status == "awaiting_seller", "as it stood right after the first"
    assert await contents(market.pool) == before


async def test_a_repeat_is_answered_whatever_version_it_expected(market):  # ID-02
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask 1"), "expected_version": 3}
    first = await market.asks(order, **said)
    assert (await market.asks(order, **said)).records == first.records


async def test_another_request_under_the_same_key_is_refused(market):  # ID-02
    one, two = await market.order(), await market.order()
    await market.asks(one, key=key("a" * 16), fingerprint=fingerprint("ask 1"))
    for order, said in ((one, "ask 2"), (two, "ask 1 of two")):
        with pytest.raises(IdempotencyKeyReused):
            await market.asks(order, key=key("a" * 16), fingerprint=fingerprint(said))
    assert not (await market.read(two)).cancellations


async def test_a_key_belongs_to_its_shop_its_principal_and_its_route(market):  # ID-01, I-35
    keys = (
        key("a" * 16),
        key("a" * 16, principal="bob"),
        key("a" * 16, route="POST /elsewhere"),
        key("a" * 16, shop=LANTERN),
    )
    for number, one in enumerate(keys):
        outcome = await market.asks(await market.order(), key=one, fingerprint=fingerprint(str(number)))
        assert not outcome.replayed


async def test_a_repeat_shows_nothing_to_who_may_not_see_it_any_more(market):  # ID-02, I-30
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask 1")}
    await market.asks(order, **said)
    with pytest.raises(NotFound):
        await market.asks(order, **said, scope=Scope(buyer="bob"))


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_same_key_twenty_times_at_once_runs_once(market, others):  # ID-02, KF-12
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask 1")}
    outcomes = await asyncio.gather(*(random.choice((market, others)).asks(order, **said) for _ in range(20)))
    assert sum(not one.replayed for one in outcomes) == 1
    assert all(one.records == outcomes[0].records for one in outcomes)
    assert len((await market.read(order)).cancellations) == 1


async def test_one_key_for_two_orders_in_one_batch_serves_the_first(market):
    orders = [await market.order(), await market.order()]
    outcomes = await asyncio.gather(
        *(market.asks(order, key=key("a" * 16), fingerprint=fingerprint(order)) for order in orders),
        return_exceptions=True,
    )
    assert outcomes[0].order.open_cancellation
    assert isinstance(outcomes[1], IdempotencyKeyReused)
    assert await audit(market.pool) == 2


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_placed_twice_at_once_is_one_order(market, others):
    for _ in range(5):
        first = await market.placing()
        second = type(first)(
            **{name: getattr(first, name) for name in first.__struct_fields__}
            | {"order": (await others.placing()).order}
        )
        neighbours = [await market.placing() for _ in range(3)]
        outcomes = await asyncio.gather(
            market.does(first, HOST), others.does(second, HOST), *(market.does(one, HOST) for one in neighbours)
        )
        assert outcomes[0].order == outcomes[1].order
        assert sorted(len(one.records) for one in outcomes[:2]) == [0, 1]
        assert [one.order.id for one in outcomes[2:]] == [one.order for one in neighbours]
    assert await audit(market.pool) == 20


async def test_an_order_placed_again_with_other_contents_is_a_conflict(market):
    first = await market.placing()
    await market.does(first, HOST)
    await market.fact(first.order, "paid")
    same = await market.does(first, HOST)
    assert (same.records, same.order.version) == ((), 2)
    other = await market.placing(number=first.number, price=3999)
    with pytest.raises(OrderConflict) as refused:
        await market.does(other, HOST)
    assert refused.value.params == {"number": first.number, "order": first.order}
    elsewhere = await market.placing(number=first.number, shop=LANTERN)
    assert (await market.does(elsewhere, HOST)).order.version == 1, "a number belongs to its shop"


# --- crossed ----------------------------------------------------------------------------------------------------------

SLOW = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(0.15); RETURN new; END';
CREATE TRIGGER slow BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION slow();
"""


async def slowly(database, table):
    """Let every row of a table take its time, so that two batches are sure to meet in the middle."""
    owner = await asyncpg.connect(database(OWNER))
    await owner.execute(SLOW.format(table=table))
    await owner.close()


async def crowded(database, *, counted=True):
    """So many orders that the planner goes by the index, as it does in earnest. counted: the planner is told."""
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute(
        """INSERT INTO orders (shop_id, order_id, number, buyer_id, version, state, head, stage, total_minor, currency,
                               placed_at, updated_at)
           SELECT $1, 'ord_00000001' || lpad(g::text, 14, '0'), g::text, 'ann', 1, '', decode(repeat('00', 32), 'hex'),
                  'review', 1, 'EUR', now(), now() FROM generate_series(1, 5000) g""",
        KILN,
    )
    if counted:
        await root.execute("ANALYZE orders")
    await root.close()


async def deadlocks(database):
    root = await asyncpg.connect(database(SUPERUSER))
    try:
        await root.execute("SELECT pg_stat_force_next_flush()")
        return await root.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
    finally:
        await root.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_crossed_keys_wait_for_each_other_in_one_order_only(database, market, others):
    orders = [await market.order() for _ in range(4)]
    await slowly(database, "idempotency")
    crossed = [(orders[0], "a"), (orders[1], "b"), (orders[2], "b"), (orders[3], "a")]
    one, two = market, others
    started = time.monotonic()
    outcomes = await asyncio.gather(
        *(
            by.asks(order, key=key(name * 16), fingerprint=fingerprint(order))
            for by, (order, name) in zip((one, one, two, two), crossed, strict=True)
        ),
        return_exceptions=True,
    )
    assert time.monotonic() - started < 1, "the server looks for deadlocks after a second"
    assert [isinstance(one, IdempotencyKeyReused) for one in outcomes] in (
        [False, False, True, True],
        [True, True, False, False],
    )
    assert await deadlocks(database) == 0
    assert await audit(market.pool) == 4


async def test_crossed_numbers_wait_for_each_other_in_one_order_only(database, market, others):
    await slowly(database, "orders")
    first = [await market.placing(number="1"), await market.placing(number="2")]
    second = [
        type(one)(**{n: getattr(one, n) for n in one.__struct_fields__} | {"order": (await others.placing()).order})
        for one in reversed(first)
    ]
    outcomes = await asyncio.gather(
        *(market.does(one, HOST) for one in first), *(others.does(one, HOST) for one in second)
    )
    assert {one.order.id for one in outcomes[:2]} == {one.order.id for one in outcomes[2:]}
    assert await deadlocks(database) == 0
    assert await audit(market.pool) == 2


async def test_batches_that_share_orders_never_wait_for_each_other_in_a_circle(database, market, others):
    orders = [await market.order(Stage.REVIEW) for _ in range(12)]
    dice = random.Random(7)
    steps = (FactKind.ALLOCATED, FactKind.PREPARATION_STARTED, FactKind.PACKING_STARTED, FactKind.PACKED)
    for step in steps:
        mine, theirs = dice.sample(orders, len(orders)), dice.sample(orders, len(orders))
        await asyncio.gather(
            *(market.fact(order, step) for order in mine), *(others.fact(order, step) for order in theirs)
        )
    assert await deadlocks(database) == 0
    assert {(await market.read(order)).version for order in orders} == {6}
    assert await audit(market.pool) == 12


@pytest.mark.parametrize("placing", [True, False])
async def test_orders_are_locked_in_one_order_whatever_order_they_were_spoken_of_in(database, market, others, placing):
    """One order is held from outside: both batches stand before it, each with what the other needs next in hand."""
    first, middle, last = sorted([await market.order(Stage.REVIEW) for _ in range(3)])
    await crowded(database)
    root = await asyncpg.connect(database(SUPERUSER))
    holding = root.transaction()
    await holding.start()
    await root.fetch("SELECT FROM orders WHERE order_id = $1 FOR UPDATE", middle)
    speaking = []
    for by, turn in ((market, (first, middle, last)), (others, (last, middle, first))):
        speaking += [asyncio.create_task(by.fact(order, FactKind.ALLOCATED)) for order in turn]
        if placing:
            speaking.append(asyncio.create_task(by.does(await by.placing(), HOST)))
    await asyncio.sleep(0.3)
    await holding.rollback()
    await asyncio.gather(*speaking)
    await root.close()
    assert await deadlocks(database) == 0
    assert {(await market.read(order)).version for order in (first, middle, last)} == {3}


# --- locks, versions and plans ----------------------------------------------------------------------------------------


async def test_a_decision_is_dated_after_what_it_waited_for(database):  # I-36
    """Somebody else's change of the order is being written when the request is decided, on the order as it was."""
    pools = [await connect(database(), size=3, planning=BY_INDEX) for _ in range(2)]
    async with market_on(pools[0], DatabaseClock()) as market, market_on(pools[1], DatabaseClock()) as others:
        order = await market.order(Stage.REVIEW)
        await slowly(database, "events")
        allocating = asyncio.create_task(others.fact(order, FactKind.ALLOCATED))
        await asyncio.sleep(0.05)
        asked = await market.asks(order)
        allocated = await allocating
        assert asked.order.version == allocated.order.version + 1, "decided again, on the order as it is"
        seen = asked.records[0].received_at - allocated.records[0].received_at
        assert seen > timedelta(seconds=0.14), "and dated by then: what was slow took that long"
    for pool in pools:
        await pool.close()


async def test_a_lock_that_is_held_too_long_is_tried_again(market, database):  # CC-01
    order = await market.order()
    root = await asyncpg.connect(database(SUPERUSER))
    holding = root.transaction()
    await holding.start()
    await root.fetch("SELECT FROM orders WHERE order_id = $1 FOR UPDATE", order)
    asking_now = asyncio.create_task(market.asks(order))
    await asyncio.sleep(2.3)
    await holding.rollback()
    assert (await asking_now).order.open_cancellation
    await root.close()


async def test_an_order_that_somebody_holds_keeps_few_waiting_and_briefly(database, others):
    """Those who share its batch wait until the batch gives up; who comes later does not."""
    orders = [await others.order() for _ in range(8)]
    root = await asyncpg.connect(database(SUPERUSER))
    holding = root.transaction()
    await holding.start()
    await root.fetch("SELECT FROM orders WHERE order_id = $1 FOR UPDATE", orders[0])
    together = [asyncio.create_task(others.asks(order)) for order in orders[:6]]
    await asyncio.sleep(0.1)
    for late in orders[6:]:
        started = time.monotonic()
        await others.asks(late)
        assert time.monotonic() - started < 0.5
    assert not any(one.done() for one in together)
    await holding.rollback()
    for outcome in await asyncio.gather(*together):
        assert outcome.order.open_cancellation
    await root.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_order_that_moved_on_since_it_was_read_is_left_alone(market, store):  # I-13, I-20
    orders = [await market.order(Stage.REVIEW) for _ in range(2)]
    async with store.unit_of_work() as work:
        situation = await work.read([Wanted(order=order, shop=KILN) for order in orders])
        changes = []
        for order, found in zip(orders, situation.found, strict=True):
            packed = ReportFact(order=order, fact=FactKind.PACKED, occurred_at=situation.now)
            submission = Submission(command=packed, actor=HOST)
            _, change = await market.engine._decide(submission, found, situation.now, 0)
            changes.append(change)
    await market.fact(orders[1], FactKind.ALLOCATED)
    before = await contents(market.pool)
    with pytest.raises(Retry):
        async with store.unit_of_work() as work:
            await work.write(changes, situation.now)
    assert await contents(market.pool) == before, "not even its neighbour, which had not moved"
    assert await audit(market.pool) == 2


async def test_a_clock_set_back_does_not_turn_history_around(market, clock):  # I-38
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    clock.advance(timedelta(hours=-5))
    outcome = await market.withdraws(order, asked.id)
    assert outcome.records[0].received_at == asked.requested_at
    rows = await market.pool.fetch("SELECT received_at FROM events WHERE order_id = $1 ORDER BY seq", order)
    assert [row[0] for row in rows] == sorted(row[0] for row in rows)
    again = (await market.asks(order)).order.cancellations[-1]
    assert again.due_at == asked.due_at, "nobody's time is shortened"


@pytest.mark.parametrize("version", VERSIONS)
async def test_reading_and_locking_touch_the_rows_they_need_and_no_others(database, market):
    await crowded(database)
    root = await asyncpg.connect(database(SUPERUSER), server_settings=dict(BY_INDEX))
    ids = ["ord_00000001" + "1".zfill(14)] * 2
    asked = ([KILN] * 2, ids, ["7", None])
    for statement, values in ((sql.LOCK, asked), (sql.READ, (*asked, *([[None, "x"]] * 4), None))):
        plan = "\n".join(row[0] for row in await root.fetch(f"EXPLAIN {statement}", *values))
        assert "Seq Scan on orders" not in plan, plan
    await root.close()


async def planned(work, statement, values):
    """The plan a connection keeps for a statement it has run."""
    run = work._connection
    name = await run.fetchval("SELECT name FROM pg_prepared_statements WHERE statement = $1", statement)
    lines = await run.fetch(f"EXPLAIN (COSTS off) EXECUTE {name}({', '.join(values)})")
    return " ".join(row[0].strip() for row in lines)


@pytest.mark.parametrize("version", VERSIONS)
async def test_keys_are_looked_up_by_key_from_the_first_call_on(database, clock):
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute("VACUUM ANALYZE idempotency")
    pool = await connect(database(), size=1, planning=BY_INDEX)
    async with PostgresStore(pool, clock).unit_of_work() as work:
        await work.read([Wanted(order=NOBODY, shop=KILN)])
        plan = await planned(work, sql.READ, [*["'{x}'"] * 7, "NULL"])
    assert "(shop_id = w.key_shop) AND (principal = w.principal) AND (route = w.route) AND (key = w.key)" in plan
    await pool.close()
    await root.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_plan_made_for_an_empty_table_is_given_up_as_it_grows(database, clock):
    root = await asyncpg.connect(database(SUPERUSER))
    await root.execute("VACUUM ANALYZE orders")
    pool = await connect(database(), size=2, planning=BY_INDEX)
    store = PostgresStore(pool, clock)
    statement, empty = rows.MOVING.statement([], datetime.now(UTC))

    async def plans():
        """Of two connections that take turns, as two lanes do."""
        async with store.unit_of_work() as one, store.unit_of_work() as other:
            return [await plan(one), await plan(other)]

    async def plan(work):
        await work._connection.execute(statement, *empty, 0)
        return await planned(work, statement, [*["'{}'"] * len(empty), "0"])

    by_key = "Index Scan using orders_pkey on orders o Index Cond:"
    await plans()
    await crowded(database, counted=False)
    assert not any(by_key in one for one in await plans()), (
        "the trap is not there any more, and neither need its guard be"
    )
    for _ in range(PLANNED_FOR):
        last = await plans()
    assert all(by_key in one for one in last)
    await pool.close()
    await root.close()


# --- what the database itself refuses ---------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_program_itself_cannot_rewrite_what_happened(market):  # I-22
    order = await market.order()
    for statement in (
        "UPDATE events SET body = ''",
        "UPDATE events SET received_at = now() WHERE order_id = 'x'",
        "DELETE FROM events",
        "TRUNCATE events",
        "UPDATE ledger SET amount_minor = 1",
        "DELETE FROM ledger",
        "TRUNCATE ledger",
        "DROP TABLE events",
        "ALTER TABLE tenders DROP CONSTRAINT never_more_than_captured",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await market.pool.execute(statement)
    assert (await market.read(order)).version == 3
    assert await audit(market.pool) == 1


@pytest.mark.parametrize("version", VERSIONS)
async def test_no_statement_gives_back_more_than_came_in(market):  # I-02
    order = await market.order()
    for change in (
        "reserved_minor = 4001",
        "refunded_minor = 4001",
        "reserved_minor = 2001, refunded_minor = 2000",
        "reserved_minor = -1",
        "refunded_minor = -1",
        "captured_minor = 4001",
        "taken_elsewhere_minor = -1",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await market.pool.execute(f"UPDATE tenders SET {change} WHERE order_id = $1", order)
    await market.pool.execute(
        "UPDATE tenders SET reserved_minor = 2000, refunded_minor = 2000 WHERE order_id = $1", order
    )


# --- lost connections -------------------------------------------------------------------------------------------------


@pytest.fixture
async def line(database, clock, tmp_path):
    """A market whose line to the database can be cut."""
    async with line_to(database(), tmp_path) as (cutter, address):
        pool = await connect(address, size=4, planning=BY_INDEX)
        async with market_on(pool, clock) as opened:
            yield cutter, opened
        pool.terminate()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("heard", [True, False])
async def test_a_commit_whose_answer_was_lost_is_found_by_its_key(line, pool, heard):  # CC-04
    cutter, market = line
    orders = [await market.order() for _ in range(3)]
    cutter.cut((WRITING, heard))
    outcomes = await asyncio.gather(
        *(market.asks(order, key=key(order), fingerprint=fingerprint(order)) for order in orders)
    )
    assert cutter.cuts == 1
    assert sum(one.replayed for one in outcomes) == (3 if heard else 0)
    for order, outcome in zip(orders, outcomes, strict=True):
        assert len(outcome.records) == 1
        assert len((await market.read(order)).cancellations) == 1
    assert await audit(pool) == 3


@pytest.mark.parametrize("heard", [True, False])
async def test_an_order_whose_placing_was_lost_in_the_commit_is_placed_once(line, pool, heard):  # CC-04
    cutter, market = line
    placing = await market.placing()
    cutter.cut((WRITING, heard))
    outcome = await market.does(placing, HOST, key=key("p" * 16), fingerprint=fingerprint("place"))
    assert (cutter.cuts, outcome.replayed, len(outcome.records)) == (1, heard, 1)
    assert await audit(pool) == 1


@pytest.mark.parametrize(
    "plan",
    [
        [(WRITING, True), (b"COMMIT", True), (b"COMMIT", False), (b"COMMIT", True)],
        [(WRITING, False), (b"COMMIT", False), (WRITING, True), (b"COMMIT", True), (b"COMMIT", False)],
        [(WRITING, False), (b"COMMIT", False), (WRITING, False), (WRITING, True)],
    ],
)
async def test_a_line_that_breaks_again_and_again_is_dialled_again_and_again(line, pool, plan):  # CC-01, CC-04
    cutter, market = line
    order = await market.order()
    cutter.cut(*plan)
    outcome = await market.asks(order, key=key("a" * 16), fingerprint=fingerprint("ask"))
    done_at_once, done_later = plan[0][1], (b"COMMIT", True) in plan[1:]
    assert (cutter.cuts, outcome.replayed, len(outcome.records)) == (len(plan), done_at_once or done_later, 1)
    assert await audit(pool) == 1


async def test_a_line_that_stays_cut_is_told_as_such_and_nothing_was_written(line, pool):
    cutter, market = line
    order = await market.order()
    before = await contents(pool)
    cutter.cut(*[(WRITING, False)] * 99)
    with pytest.raises(Unavailable):
        await market.asks(order, key=key("a" * 16), fingerprint=fingerprint("ask"))
    assert await contents(pool) == before


@pytest.mark.parametrize(
    "plan",
    [
        [(b"clock_timestamp", True)],
        [(b"INSERT INTO events", True)],
        [(WRITING, False), (b"FOR NO KEY UPDATE", True), (b"INSERT INTO events", True)],
    ],
)
async def test_a_line_that_breaks_in_the_middle_of_a_try_is_dialled_again(line, pool, plan):
    cutter, market = line
    order = await market.order()
    await market.pool.expire_connections()  # a new connection says its statements in full
    cutter.cut(*plan)
    outcome = await market.asks(order, key=key("a" * 16), fingerprint=fingerprint("ask"))
    assert (cutter.cuts, outcome.replayed) == (len(plan), False)
    assert await audit(pool) == 1


async def test_a_line_that_breaks_while_a_repeat_is_answered_is_dialled_again(line, pool):
    cutter, market = line
    order = await market.order()
    said = {"key": key("a" * 16), "fingerprint": fingerprint("ask")}
    first = await market.asks(order, **said)
    await market.pool.expire_connections()
    cutter.cut((b"SELECT body FROM events", True))
    again = await market.asks(order, **said)
    assert (cutter.cuts, again.replayed, again.records) == (1, True, first.records)


async def test_a_timer_whose_commit_was_lost_lapses_once(line, pool, clock):  # CC-04, I-37
    cutter, market = line
    order = await market.order()
    asked = (await market.asks(order)).order.cancellations[-1]
    clock.set(asked.due_at)
    cutter.cut((WRITING, True))
    assert await deadlines.sweep(market.engine, DueTable(pool, clock)) == 1
    assert cutter.cuts == 1
    after = await market.read(order)
    assert (after.cancellations[-1].closed_by, after.refunded.minor) == ("silence", 4000)
    assert await audit(pool) == 1


async def test_a_connection_ended_from_outside_costs_nobody_an_answer(market, database):
    orders = [await market.order() for _ in range(20)]
    root = await asyncpg.connect(database(SUPERUSER))
    kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'rescind'"

    async def ends():
        for _ in range(5):
            await asyncio.sleep(0.004)
            await root.fetchval(kill + " AND datname = current_database()")

    outcomes = await asyncio.gather(
        ends(), *(market.asks(order, key=key(order), fingerprint=fingerprint(order)) for order in orders)
    )
    assert all(len(one.records) == 1 for one in outcomes[1:])
    await root.close()
    again = await connect(database(), size=2)
    assert await audit(again) == 20
    await again.close()


# --- races ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
async def test_shipped_or_cancelled_one_of_them_wins(market, others):  # I-14, KF-22
    dice = random.Random(22)
    shops = (KILN, LANTERN)
    made = await asyncio.gather(*(market.order(shop=dice.choice(shops)) for _ in range(RACES)))
    market.clock.advance(timedelta(hours=2))
    cases = [one.order.open_cancellation.id for one in await asyncio.gather(*(market.asks(order) for order in made))]

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
        assert after.refunded.minor == (4000 if case.status == "approved" else 0)
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
    assert after.refunded.minor == 10000
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
