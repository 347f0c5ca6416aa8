"""What webhooks tell is in the stream too: each event, an order's own in their order, whatever is killed."""

import asyncio
import os
import random
from datetime import timedelta

import pytest

from postgres.market import KILN, LANTERN
from postgres.servers import VERSIONS
from rescind.core import news
from rescind.core.record import decode
from rescind.core.stage import Stage
from rescind.jetstream import JetStream, Message, NotPublished, Server
from rescind.postgres.backup import HOLD
from rescind.postgres.event_streams import EventStream, view
from rescind.worker.publishing import LEASE
from streams.server import Nats

FULL = os.environ.get("PROOF") == "full"
ORDERS, KILLS = (3000, 20) if FULL else (90, 3)
SEED = random.randrange(1 << 32) if FULL else 20260131


ONE = Message("evt_1", "shp_1.order.placed", b"{}")


async def expected(pool):
    """The ids of what webhooks would tell, from the events themselves."""
    rows = await pool.fetch("SELECT body FROM events")
    records = [decode(row["body"]) for row in rows]
    return {news.identifier(one.order, one.seq) for one in records if news.kind_of(one)}


async def all_of_it(publisher):
    while await publisher.sweep():
        pass


async def test_what_happens_is_published_as_webhooks_tell_it(publisher, market, desk, told):
    order = await market.order(Stage.REVIEW)
    asked = await market.asks(order)
    other = await market.order(shop=LANTERN)
    await all_of_it(publisher)
    found = await told()
    assert set(found.ids) == await expected(desk.pool)
    last = f"evt_{order[4:]}_{asked.order.version}"
    assert found.subjects[last] == f"rescind.{KILN}.cancellation.approved"
    assert found.bodies[last]["data"]["cancellation"] == asked.order.cancellations[0].id
    assert found.subjects[f"evt_{other[4:]}_1"] == f"rescind.{LANTERN}.order.placed"
    assert found.of(order) == sorted(found.of(order))
    assert (await view(desk.pool)).waiting == 0


async def test_what_happened_before_is_not_published_and_what_happened_while_away_is(publishers, market, told):
    await market.order()
    first = publishers()
    await all_of_it(first)
    during = await market.order()
    await all_of_it(first)
    await first.close()
    while_away = await market.order()
    await all_of_it(publishers("two"))
    assert {one[4:-2] for one in (await told()).ids} == {during[4:], while_away[4:]}


async def test_a_server_that_is_killed_has_everything_once_in_the_end(publisher, market, desk, nats, told):
    dice = random.Random(SEED)
    print(f"seed {SEED}")  # noqa: T201 - the same seed is the same run
    stopped, faults = asyncio.Event(), 0

    async def publishing():
        nonlocal faults
        while not stopped.is_set():
            publisher._again_at = 0.0
            if not await publisher.sweep():
                faults += bool(publisher._faults)
                await asyncio.sleep(0.005)

    async def killing():
        for _ in range(KILLS):
            await asyncio.sleep(dice.uniform(0.05, 0.3))
            await nats.kill()
            await asyncio.sleep(dice.uniform(0.0, 0.1))
            await nats.start()

    at_work = [asyncio.create_task(publishing()), asyncio.create_task(killing())]
    orders = []
    for place in range(ORDERS):
        orders.append(await market.order(Stage.REVIEW, shop=KILN if place % 3 else LANTERN))
        if place % 4 == 0:
            await market.asks(orders[-1])
    await at_work[1]
    for _ in range(500):
        if not (await view(desk.pool)).waiting:
            break
        await asyncio.sleep(0.02)
    stopped.set()
    await at_work[0]
    found, wanted = await told(), await expected(desk.pool)
    assert set(found.ids) == wanted, "nothing is lost, and nothing else is there"
    assert len(found.ids) == len(wanted), "what was sent twice the stream knew by its id"
    assert all(found.of(order) == sorted(found.of(order)) for order in orders)
    state = await view(desk.pool)
    assert (state.failing_since, state.fault) == (None, "")
    assert faults, "it was away when something was to be published"


async def test_a_worker_that_ends_before_it_has_written_its_place_leaves_the_next_to_publish_again(
    publishers, market, told, desk
):
    first, second = publishers("one"), publishers("two")
    await first.sweep()
    order = await market.order(Stage.REVIEW)

    async def dies(*_):
        raise ConnectionResetError

    first._events.move = dies
    with pytest.raises(ConnectionResetError):
        await first.sweep()
    assert await second.sweep() == 0, "the place is leased"
    await desk.pool.execute("UPDATE event_streams SET lease_until = clock_timestamp()")
    await all_of_it(second)
    found = await told()
    assert len(found.ids) == len(set(found.ids)) == len(await expected(desk.pool))
    assert found.of(order) == [1, 2]


async def test_a_worker_that_slept_past_its_lease_moves_nothing(desk, market):  # I-39
    slow, quick = EventStream(desk.pool, desk.clock, "slow"), EventStream(desk.pool, desk.clock, "quick")
    await slow.begin()
    await market.order()
    held = await slow.lease(LEASE, 500)
    await desk.pool.execute("UPDATE event_streams SET lease_until = clock_timestamp()")
    taken = await quick.lease(LEASE, 500)
    assert not await slow.move(held, LEASE)
    await slow.fail(held, "unreachable", "late")
    assert (await view(desk.pool)).fault == ""
    assert await quick.move(taken, LEASE)
    assert (await view(desk.pool)).waiting == 0


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_event_with_a_lower_transaction_than_the_one_before_it_does_not_overtake_it(desk, market, database):
    """A transaction has its number before it waits for the order's lock."""
    events = EventStream(desk.pool, desk.clock, "one")
    await events.begin()
    order = await market.order(Stage.REVIEW)
    # As if the transaction of the second event had begun first, and a page ended between them.
    owner = await _owner(database)
    await owner.execute("UPDATE events SET tx = (SELECT max(tx) FROM events) WHERE order_id = $1 AND seq = 2", order)
    await owner.execute(
        "UPDATE events SET tx = pg_current_xact_id(), id = DEFAULT WHERE order_id = $1 AND seq = 1", order
    )
    await owner.close()
    leased = await events.lease(LEASE, 1)
    assert [one.record.seq for one in leased.happened] == [1, 2]
    assert await events.move(leased, LEASE)
    again = await events.lease(LEASE, 1)
    assert [one.record.seq for one in again.happened] == [1], "and it comes again in its own place"


async def test_a_server_that_is_away_is_told_of_and_asked_more_rarely(publisher, market, desk, nats):
    await nats.kill()
    await market.order()
    assert await publisher.sweep() == 0
    state = await view(desk.pool)
    assert (state.fault, state.waiting, state.published_at) == ("unreachable", 3, None)
    assert state.failing_since is not None
    since = state.failing_since
    desk.clock.advance(timedelta(minutes=5))
    assert await publisher.sweep() == 0, "it is left alone for a moment"
    publisher._again_at = 0.0
    assert await publisher.sweep() == 0
    assert (await view(desk.pool)).failing_since == since
    await nats.start()
    publisher._again_at = 0.0
    assert await publisher.sweep() == 3
    state = await view(desk.pool)
    assert (state.fault, state.waiting, state.failing_since) == ("", 0, None)


async def test_a_restored_installation_publishes_nothing_before_it_is_released(publisher, market, desk):
    await market.order()
    await desk.pool.execute("INSERT INTO installation (key, value) VALUES ('held', 'restore')")
    assert await publisher.sweep() == 0
    await desk.pool.execute("DELETE FROM installation WHERE key = 'held'")
    assert await publisher.sweep() == 3


async def test_after_a_restore_it_goes_on_from_where_the_backup_was(publisher, market, desk, database, told):
    await market.order(Stage.REVIEW)
    await all_of_it(publisher)
    before = (await told()).ids
    waited = await market.order(Stage.REVIEW)
    owner = await _owner(database)
    await owner.execute("BEGIN;" + HOLD)
    await owner.execute("DELETE FROM installation WHERE key = 'held'")
    await owner.close()
    assert (await view(desk.pool)).waiting == 2
    await all_of_it(publisher)
    found = await told()
    assert found.ids[: len(before)] == before
    assert found.of(waited) == [1, 2]
    assert len(found.ids) == len(before) + 2


async def test_a_stream_that_is_made_has_an_end_and_one_that_is_there_stays_as_it_is(nats, told):
    import nats as client  # noqa: PLC0415 - an extra

    ours = JetStream(Server((nats.url,), days=3, mib=64))
    await ours.publish(
        [[Message("evt_1", "shp_1.order.placed", b"{}")], [Message("evt_1", "shp_1.order.placed", b"{}")]]
    )
    await ours.close()
    assert (await told()).ids == ["evt_1"], "a repeat is known"
    connection = await client.connect(nats.url)
    manager = connection.jetstream()
    made = (await manager.stream_info("RESCIND")).config
    assert (made.max_age, made.max_bytes, made.duplicate_window) == (3 * 86400, 64 * 1024 * 1024, 600)
    await manager.add_stream(name="THEIRS", subjects=["theirs.>"], max_msgs=5)
    theirs = JetStream(Server((nats.url,), stream="THEIRS", prefix="theirs"))
    await theirs.publish([[Message("evt_2", "shp_1.order.placed", b"{}")]])
    await theirs.close()
    kept = await manager.stream_info("THEIRS")
    assert (kept.config.max_msgs, kept.config.max_age, kept.state.messages) == (5, 0, 1)
    await connection.close()


async def fault_of(server):
    stream = JetStream(server)
    with pytest.raises(NotPublished) as told:
        await stream.publish([[ONE]])
    await stream.close()
    return told.value.fault


async def test_each_fault_of_a_server_has_its_name(tmp_path, nats):
    import nats as client  # noqa: PLC0415 - an extra

    connection = await client.connect(nats.url)
    await connection.jetstream().add_stream(name="OTHER", subjects=["other.>"])
    await connection.close()
    assert await fault_of(Server((nats.url,), stream="OTHER")) == "not_kept", "its stream takes other subjects"
    closed = Nats(tmp_path / "closed", "--user", "desk", "--pass", "correct")
    await closed.start(jetstream=False)
    password = tmp_path / "password"
    password.write_text("wrong\n")
    let_in = Server((closed.url,), user="desk", password_file=password)
    assert await fault_of(let_in) == "not_let_in"
    password.write_text("correct\n")
    assert await fault_of(let_in) == "no_jetstream"
    password.unlink()
    assert await fault_of(let_in) == "password_unreadable"
    await closed.kill()
    assert await fault_of(let_in._replace(user="")) == "unreachable"


async def _owner(database):
    import asyncpg  # noqa: PLC0415

    from rescind.postgres.embedded import OWNER  # noqa: PLC0415

    return await asyncpg.connect(database(OWNER))
