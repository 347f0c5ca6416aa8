"""What happens is said in groups: merged, within what a robot takes, again after a failure, nobody behind others."""

import asyncio
import time
from collections import Counter
from datetime import timedelta

import pytest
from aiohttp import web

from postgres.market import LANTERN
from postgres.servers import VERSIONS
from rescind.core.errors import NotFound, RateLimited
from rescind.notices.robot import Came
from rescind.notices.robots import ROBOTS
from rescind.postgres.robots import GIVEN_UP_AFTER
from rescind.robots import heard
from rescind.webhooks.posting import Poster
from rescind.worker import robots as speaking
from rescind.worker.robots import Speaker
from robots.conftest import EVERYTHING, SAMS


@pytest.mark.parametrize("kind", ROBOTS)
async def test_what_comes_up_at_once_is_one_message_and_no_minute_has_too_many(chats, kind):
    robot, row = await chats.connect(kind, signed=ROBOTS[kind].signs)
    total = 0
    for second in range(60):
        await chats.happens(*(f"{second}-{number}" for number in range(3)))
        total += 3
        await chats.said()
        chats.passes(seconds=1)
    chats.passes(seconds=5)
    await chats.said()
    assert robot.refused == []
    assert len(robot.said) <= total / 3
    assert sorted(Counter(robot.links).values()) == [1] * total, "everything was said, and once"
    assert set((await chats.states(row)).values()) == {"said"}


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_group_hears_what_it_chose_of_its_own_shop(chats, version):
    some, _ = await chats.connect(topics=("money",))
    every, _ = await chats.connect("feishu")
    other, _ = await chats.connect(shop=LANTERN)
    await chats.happens("a")
    await chats.happens("b", topic="money")
    await chats.happens("b", topic="money")
    await chats.happens("c", shop=LANTERN)
    await chats.said()
    assert [link[-1] for link in some.links] == ["b"]
    assert sorted(link[-1] for link in every.links) == ["a", "b"]
    assert [link[-1] for link in other.links] == ["c"]


async def test_what_does_not_fit_one_message_is_in_the_next(chats):
    robot, _ = await chats.connect("wecom", language="zh")
    await chats.happens(*(f"{number:060}" for number in range(40)))
    await chats.said()
    assert 1 <= len(robot.links) < 40
    for _ in range(9):
        chats.passes(seconds=4)
        await chats.said()
    assert len(set(robot.links)) == len(robot.links) == 40
    assert "条订单动态" in robot.texts[0]
    assert robot.refused == []


async def test_what_is_over_when_it_would_be_said_is_not_said_and_keeps_nobody_waiting(chats):
    robot, row = await chats.connect()
    chats.over |= {"a", "b"}
    await chats.happens("a", "b")
    await chats.said()
    assert robot.asked == 0
    await chats.happens("c")
    await chats.said()
    assert [link[-1] for link in robot.links] == ["c"]
    assert await chats.states(row) == {"a": "over", "b": "over", "c": "said"}


async def test_what_failed_is_said_again_up_the_ladder_with_what_came_up_meanwhile(chats):
    robot, row = await chats.connect("dingtalk")
    robot.rude = [web.Response(status=502), web.json_response({"errcode": -1, "errmsg": "system busy"})]
    await chats.happens("a")
    await chats.said()
    found = await chats.now(row)
    assert (found.last_fault, found.failing_since is not None, robot.asked) == ("status", True, 1)
    await chats.happens("b")
    chats.passes(seconds=4)
    await chats.said()
    assert robot.asked == 1, "the ladder is the robot's, whatever comes up meanwhile"
    chats.passes(seconds=2)
    await chats.said()
    assert ((await chats.now(row)).last_fault, robot.asked) == ("answer", 2)
    chats.passes(minutes=6)
    await chats.said()
    assert sorted(link[-1] for link in robot.links) == ["a", "b"]
    found = await chats.now(row)
    assert (found.last_fault, found.failing_since, found.verified_at is not None) == ("", None, True)


async def test_a_robot_that_was_told_too_much_is_left_alone_for_as_long_as_its_house_wants(chats):
    robot, row = await chats.connect("dingtalk")
    robot.times = [chats.desk.clock.read().timestamp()] * 20
    await chats.happens("a")
    await chats.said()
    assert (await chats.now(row)).last_fault == "too_fast"
    with pytest.raises(RateLimited) as busy:
        await chats.tested(row)
    assert busy.value.params["retry_after"] == 600
    chats.passes(minutes=9)
    await chats.said()
    assert robot.asked == 1
    chats.passes(minutes=2)
    await chats.said()
    assert robot.links == ["https://desk.test/a"]


async def test_a_robot_that_was_removed_from_its_group_is_switched_off_at_once(chats):
    robot, row = await chats.connect("feishu")
    robot.here = False
    await chats.happens("a", "b")
    await chats.said()
    found = await chats.now(row)
    assert (found.state, found.last_fault, found.stopped_at is not None) == ("gone", "no_robot", True)
    assert await chats.states(row) == {"a": "failed", "b": "failed"}
    await chats.happens("c")
    assert len(await chats.states(row)) == 2, "nothing waits for who is not there"


async def test_nothing_but_failures_for_five_days_switches_a_robot_off_and_a_good_one_in_between_does_not(chats):
    robot, row = await chats.connect()
    other, well = await chats.connect()
    other.rude = [web.Response(status=500) for _ in range(3)]
    robot.rude = [web.Response(status=500) for _ in range(99)]
    for day in range(8):
        await chats.happens(f"day {day}")
        for _ in range(2):
            await chats.said()
            chats.passes(hours=12)
    assert (await chats.now(row)).state == "failing"
    assert (await chats.now(well)).state == "on"
    assert robot.asked < 30
    assert (await chats.now(row)).stopped_at - (await chats.now(row)).failing_since >= GIVEN_UP_AFTER


async def test_one_robot_that_hangs_delays_no_other_and_a_house_that_hangs_no_other_house(chats, monkeypatch):
    monkeypatch.setattr(speaking, "PLACES", 3)
    hanging = [
        await chats.connect("wecom", shop=shop) for shop in (None, None, None, None) for shop in ["shp_00000001"]
    ]
    for robot, _ in hanging:
        robot.rude = [-60]
    quick, _ = await chats.connect("dingtalk")
    await chats.happens("x", shop=LANTERN)
    await chats.happens("y")
    async with Poster(chats.desk.settings.egress, timeout_s=60) as patient:
        speaker = Speaker(chats.robots, patient, chats.compose)
        began = time.monotonic()
        while not quick.said or chats.groups.under_way["wecom"] < 3:
            await speaker.sweep()
            assert time.monotonic() - began < 5
        await speaker.sweep()
        assert chats.groups.under_way["wecom"] == 3, "a house has so many places and no more"
        await speaker.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_two_workers_never_speak_to_one_robot_at_once_and_a_late_one_writes_nothing(chats):
    robot, row = await chats.connect()
    await chats.happens("a")
    (held,) = await chats.robots.messages.lease({"wecom": 9}, timedelta(seconds=60))
    assert await chats.robots.messages.lease({"wecom": 9}, timedelta(seconds=60)) == []
    with pytest.raises(RateLimited):
        await chats.tested(row)
    chats.passes(seconds=61)
    await chats.said()
    assert robot.links == ["https://desk.test/a"]
    late = heard(held, Came("no_robot", ""))
    assert await chats.robots.messages.finish(held, late, {"a": "failed"}) is None
    assert ((await chats.now(row)).state, await chats.states(row)) == ("on", {"a": "said"})


async def test_a_worker_that_is_ended_while_a_robot_listens_says_it_again(chats):
    robot, _ = await chats.connect()
    robot.rude = [-60]
    await chats.happens("a")
    async with Poster(chats.desk.settings.egress, timeout_s=60) as patient:
        speaker = Speaker(chats.robots, patient, chats.compose)
        await speaker.sweep()
        await asyncio.wait_for(chats.groups.came.wait(), 5)
        await speaker.close()
    chats.passes(seconds=61)
    await chats.said()
    assert robot.links == ["https://desk.test/a"]


async def test_the_test_says_what_the_robot_answered_and_one_that_is_heard_verifies(chats):
    robot, row = await chats.connect("feishu", signed=True, secret="wrong-secret-of-it", language="zh")
    found = await chats.tested(row, "https://desk.test/seller/robots/x")
    assert (found.last_fault, found.last_test, found.verified_at) == ("sign", True, None)
    assert found.last_said.startswith("19021: ")
    chats.passes(seconds=5)
    await chats.robots.change(SAMS, row.id, "test", secret=robot.secret)
    found = await chats.tested(row, "https://desk.test/seller/robots/x")
    assert (found.last_fault, found.verified_at) == ("", chats.desk.clock.read())
    assert "测试" in robot.texts[0]
    assert robot.links == ["https://desk.test/seller/robots/x"]
    changed = await chats.robots.change(SAMS, row.id, "test", url=chats.groups.url(chats.groups.add("feishu")))
    assert changed.verified_at is None, "another address is not known to work"


async def test_a_test_of_a_robot_that_is_off_switches_nothing_on(chats):
    robot, row = await chats.connect()
    await chats.robots.change(SAMS, row.id, "test", state="paused")
    await chats.happens("a")
    await chats.said()
    await chats.tested(row)
    assert ((await chats.now(row)).state, len(robot.said)) == ("paused", 1)
    assert await chats.states(row) == {}, "what happened while it was off is not said later"


async def test_a_restored_installation_says_nothing_before_it_is_released(chats):
    robot, _ = await chats.connect()
    await chats.desk.pool.execute("INSERT INTO installation (key, value) VALUES ('held', '1')")
    await chats.happens("a")
    await chats.said()
    assert robot.asked == 0
    await chats.desk.pool.execute("DELETE FROM installation WHERE key = 'held'")
    await chats.said()
    assert robot.asked == 1


async def test_what_nobody_could_be_told_for_days_is_given_up_and_forgotten_later(chats):
    robot, row = await chats.connect()
    robot.rude = [web.Response(status=500)]
    await chats.happens("a")
    await chats.said()
    chats.passes(days=2)
    await chats.robots.messages.forget()
    assert await chats.states(row) == {"a": "waiting"}
    chats.passes(days=2)
    await chats.robots.messages.forget()
    assert await chats.states(row) == {"a": "failed"}
    chats.passes(days=30)
    await chats.robots.messages.forget()
    assert await chats.states(row) == {}


async def test_nothing_in_the_database_is_an_address_or_a_secret(chats):
    robot, row = await chats.connect("dingtalk", signed=True)
    kept = str(dict(await chats.desk.pool.fetchrow("SELECT * FROM robots")))
    token = robot.query.partition("=")[2]
    assert token not in kept
    assert robot.secret not in kept
    await chats.robots.remove(SAMS, row.id, "test")
    with pytest.raises(NotFound):
        await chats.robots.find(EVERYTHING, row.id)
    assert (await chats.desk.pool.fetchrow("SELECT url, shown FROM robots"))["url"] == b""
    robot_again = await chats.robots.create(
        SAMS, row.shop, "dingtalk", chats.groups.url(robot), language="en", by="test", key="again"
    )
    assert robot_again.id != row.id
