"""What happens is told: signed, at least once, to those who chose it, and to nobody else."""

import time
from collections import Counter
from datetime import timedelta
from typing import get_args

import pytest

from postgres.due.books import let_pass
from postgres.market import KILN, LANTERN
from postgres.servers import VERSIONS
from rescind.core import news
from rescind.core.lifecycle import Event
from rescind.core.override import AMONG_STAFF
from rescind.core.stage import Stage
from rescind.postgres.deliveries import Ended, Room
from rescind.webhooks.posting import Poster
from rescind.worker.deliveries import Courier
from rescind.worker.shares import BEGIN, LARGEST, MOST, QUICK_MS, SLOW_MOST, Shares
from webhooks.conftest import EVERYTHING, SAMS


async def test_what_happens_is_told_to_who_chose_it_and_every_signature_verifies(post, market, receiver):  # WH-10
    everything = await post.endpoint("all")
    await post.endpoint("some", events=("cancellation.*", "order.placed"))
    await post.endpoint("market", shop=None, events=("cancellation.approved",))
    order = await market.order(Stage.REVIEW)
    asked = await market.asks(order)
    await post.sent()
    told = [message["type"] for _, message in receiver.of("all")]
    assert sorted(told) == sorted(["order.placed", *["fact.reported"] * 1, "cancellation.approved"]), told
    assert sorted(one["type"] for _, one in receiver.of("some")) == ["cancellation.approved", "order.placed"]
    ((identifier, message),) = receiver.of("market")
    assert identifier == f"evt_{order[4:]}_{asked.order.version}"
    assert message["data"] == {
        "order": order,
        "shop": KILN,
        "number": asked.order.number,
        "version": asked.order.version,
        "cancellation": asked.order.cancellations[0].id,
    }
    assert set(await post.states(everything)) == {"delivered"}


async def test_a_shop_hears_of_its_own_orders_alone(post, market, receiver):  # I-35
    await post.endpoint("kiln")
    await post.endpoint("lantern", shop=LANTERN)
    await post.endpoint("market", shop=None)
    await market.order()
    await market.order(shop=LANTERN)
    await post.sent()
    assert {one["data"]["shop"] for _, one in receiver.of("kiln")} == {KILN}
    assert {one["data"]["shop"] for _, one in receiver.of("lantern")} == {LANTERN}
    assert {one["data"]["shop"] for _, one in receiver.of("market")} == {KILN, LANTERN}


async def test_what_failed_is_sent_again_up_the_ladder_and_ends(post, market, receiver):  # WH-11
    endpoint = await post.endpoint(events=("order.placed",))
    receiver.answers["hook"] = [500]
    await market.order()
    for hours in (0, 0.01, 0.1, 0.6, 2.3, 5.6, 11.1, 15.5, 22.1, 26.5, 40):
        post.passes(timedelta(hours=hours))
        await post.sent()
    (one,) = await post.log(endpoint)
    assert (one.state, one.sent, receiver.asked["hook"]) == ("failed", 10, 10)
    receiver.answers["hook"] = [204]
    await post.endpoints.again(EVERYTHING, endpoint.id, one.event)
    await post.sent()
    assert await post.states(endpoint) == ["delivered"]
    tried = await post.endpoints.delivery(EVERYTHING, endpoint.id, one.event)
    assert [each.status for each in tried.attempts] == [204, *[500] * 10]


async def test_one_that_hangs_delays_no_other(post, market, receiver):  # WH-13
    slow = [await post.endpoint(f"slow{place}", shop=None) for place in range(10)]
    receiver.answers |= {one.about: [-60] for one in slow}
    for _ in range(12):
        await market.order()
    await post.endpoint("quick", events=("order.placed",))
    for _ in range(10):
        await market.order()
    await post.carried()
    async with Poster(post.desk.settings.egress, timeout_s=60) as patient:
        courier = Courier(post.endpoints.deliveries, patient, post.endpoints.sealer, post.endpoints.pairs)
        began = time.monotonic()
        while len(receiver.of("quick")) < 22:
            await courier.sweep()
            assert time.monotonic() - began < 5
        assert {receiver.asked[one.about] for one in slow} == {BEGIN}, "they were tried too, a few at a time"
        await courier.close()


async def test_all_that_fail_share_a_part_and_an_endpoint_has_no_more_than_its_own():  # WH-13
    shares = Shares()
    for place in range(300):
        shares.begins(f"dead{place}")
        shares.ends(f"dead{place}", well=False, ms=15_000)
    for place in range(SLOW_MOST):
        shares.begins(f"dead{place}")
    assert shares.slow_free == 0
    assert shares.free == MOST - SLOW_MOST
    assert shares.rooms()["dead299"] == Room(1, slow=True)
    for _ in range(200):
        shares.begins("well")
        shares.ends("well", well=True, ms=20)
    assert shares.rooms()["well"] == Room(LARGEST, slow=False)
    shares.begins("well")
    shares.ends("well", well=False, ms=20)
    assert shares.rooms()["well"] == Room(LARGEST // 2, slow=False)
    shares.begins("well")
    shares.ends("well", well=True, ms=QUICK_MS + 1)
    assert shares.rooms()["well"] == Room(1, slow=True)


@pytest.mark.parametrize("version", VERSIONS)
async def test_of_those_that_fail_no_more_is_taken_than_their_share_and_of_each_no_more_than_its_room(post, market):
    endpoints = [await post.endpoint(f"e{place}", events=("order.placed",)) for place in range(6)]
    for _ in range(8):
        await market.order()
    await post.carried()
    known = {one.id: Room(5, slow=place < 4) for place, one in enumerate(endpoints)}
    leased = await post.endpoints.deliveries.lease(known, usual=4, most=100, slow_most=6, span=timedelta(seconds=60))
    taken = Counter(one.endpoint for one in leased)
    assert [taken[one.id] for one in endpoints[4:]] == [5, 5]
    assert sum(taken[one.id] for one in endpoints[:4]) == 6
    assert max(taken[one.id] for one in endpoints[:4]) <= 2, "shared, not first come"


async def test_what_a_worker_wrote_down_after_its_lease_changes_nothing(post, market):  # I-39
    endpoint = await post.endpoint(events=("order.placed",))
    await market.order()
    await post.carried()
    table = post.endpoints.deliveries
    usual = {"usual": 4, "most": 9, "slow_most": 9, "span": timedelta(seconds=60)}
    (first,) = await table.lease({}, **usual)
    assert await table.lease({}, **usual) == [], "it is leased"
    post.passes(timedelta(seconds=61))
    (second,) = await table.lease({}, **usual)
    await table.finish([Ended(first, "failed", None, 500, 1, "status", "late")])
    assert await post.states(endpoint) == ["waiting"]
    await table.finish([Ended(second, "delivered", None, 200, 1, "", "")])
    (one,) = await post.log(endpoint)
    assert (one.state, [each.status for each in one.attempts]) == ("delivered", [200])


async def test_a_redirect_is_no_receipt_and_nobody_goes_there(post, market, receiver):  # WH-11
    endpoint = await post.endpoint(events=("order.placed",))
    receiver.answers["hook"] = [307, 200]
    await market.order()
    await post.sent()
    assert await post.states(endpoint) == ["waiting"]
    post.passes(timedelta(seconds=6))
    await post.sent()
    assert await post.states(endpoint) == ["delivered"]
    assert receiver.asked == {"hook": 2}


async def test_gone_ends_the_endpoint_and_what_happens_then_can_be_sent_later(post, market, receiver):  # WH-11
    endpoint = await post.endpoint(events=("order.placed",))
    receiver.answers["hook"] = [410, 200]
    await market.order()
    await post.sent()
    assert (await post.now(endpoint)).state == "gone"
    since = market.clock.read()
    await market.order()
    await post.sent()
    assert sorted(await post.states(endpoint)) == ["failed", "missed"]
    assert receiver.asked["hook"] == 1
    await post.endpoints.change(SAMS, endpoint.id, "sam", state="on")
    assert await post.endpoints.all_again(SAMS, endpoint.id, since) == 2
    await post.sent()
    assert await post.states(endpoint) == ["delivered", "delivered"]


async def test_nothing_but_failures_for_five_days_switches_it_off_and_one_success_does_not(post, market, receiver):
    bad = await post.endpoint("bad", events=("order.placed",))
    mixed = await post.endpoint("mixed", events=("order.placed",))
    receiver.answers |= {"bad": [500], "mixed": [500, 200, 500]}
    for day in range(5):
        await market.order()
        await post.sent()
        assert (await post.now(bad)).state == "on", day
        post.passes(timedelta(hours=23, minutes=59))
    await market.order()
    await post.sent()
    assert (await post.now(bad)).state == "on", "five days are not over"
    post.passes(timedelta(hours=1))
    await market.order()
    await post.sent()
    assert (await post.now(bad)).state == "failing"
    assert (await post.now(mixed)).state == "on", "it took one on the first day"
    assert (await post.now(bad)).failing_since is not None


async def test_who_is_busy_says_for_how_long(post, market, receiver):  # WH-11
    endpoint = await post.endpoint(events=("order.placed",))
    receiver.answers["hook"], receiver.headers["hook"] = [429, 200], {"Retry-After": "600"}
    await market.order()
    await post.sent()
    post.passes(timedelta(seconds=599))
    await post.sent()
    assert receiver.asked["hook"] == 1
    post.passes(timedelta(seconds=2))
    await post.sent()
    assert await post.states(endpoint) == ["delivered"]


async def test_for_a_day_both_secrets_sign(post, market, receiver):  # WH-10
    endpoint = await post.endpoint(events=("order.placed",))
    (old,) = receiver.secrets["hook"]
    made = await post.endpoints.rotate(SAMS, endpoint.id, "sam", "the first key")
    again = await post.endpoints.rotate(SAMS, endpoint.id, "sam", "the first key")
    assert made.secret == again.secret != old
    receiver.secrets["hook"] = [old, made.secret]
    await market.order()
    await post.sent()
    assert len(receiver.of()) == 1
    post.passes(timedelta(hours=25))
    receiver.secrets["hook"] = [made.secret]
    await market.order()
    await post.sent()
    assert len(receiver.of()) == 2
    assert await post.desk.pool.fetchval(
        "SELECT count(*) FROM webhook_endpoints WHERE position($1 IN encode(secret, 'base64')) > 0", old[6:]
    ) == 0, "sealed"  # fmt: skip


async def test_a_restored_installation_tells_nobody_anything_until_it_is_released(post, market, receiver):
    await post.endpoint(events=("order.placed",))
    await post.desk.pool.execute("INSERT INTO installation (key, value) VALUES ('held', 'now')")
    await market.order()
    await post.sent()
    assert receiver.asked == {}
    await post.desk.pool.execute("DELETE FROM installation WHERE key = 'held'")
    await post.sent()
    assert receiver.asked == {"hook": 1}


async def test_a_fan_out_that_is_carried_twice_makes_no_message_twice(post, market, receiver, database):  # I-19
    await post.endpoint(events=("order.placed",))
    await market.order()
    told = await post.due.told(10)  # and here the worker dies
    assert told
    await let_pass(database, "fan_out")
    await post.sent()
    await post.sent()
    assert len(receiver.of()) == 1


async def test_what_staff_weigh_among_themselves_is_told_nobody():  # I-26
    assert {*news.KINDS, *news.UNTOLD} == set(get_args(Event))
    assert not set(news.KINDS) & set(news.UNTOLD)
    assert set(AMONG_STAFF) <= set(news.UNTOLD)
    assert len(set(news.KINDS.values())) == len(news.KINDS)


async def test_old_messages_are_forgotten_with_their_attempts(post, market):
    endpoint = await post.endpoint(events=("order.placed",))
    await market.order()
    await post.sent()
    post.passes(timedelta(days=29))
    await post.endpoints.deliveries.forget()
    assert len(await post.log(endpoint)) == 1
    post.passes(timedelta(days=2))
    await post.endpoints.deliveries.forget()
    assert await post.log(endpoint) == ()
    assert await post.desk.pool.fetchval("SELECT count(*) FROM delivery_attempts") == 0
