"""From an event to a group and to a browser: the same notices, in words that are true when they are said."""

import dataclasses

import pytest

from mail.people import ANN, SAM
from postgres.market import KILN
from push.service import Service
from rescind.app import messenger
from rescind.conversations import Saying
from rescind.core.stage import Stage
from rescind.postgres.due import DueTable
from rescind.robot_news import RobotNews
from rescind.webhooks.posting import Poster
from rescind.worker import fan_out
from rescind.worker.robots import Speaker


class Day:
    """The worker, called by hand, at a desk that people could reach."""

    def __init__(self, chats, poster, base_url="https://desk.test"):
        self.desk = dataclasses.replace(chats.desk, base_url=base_url)
        self.chats = chats
        self.messenger = messenger(self.desk, poster)
        news = RobotNews(self.desk.inbox.sends, self.desk.clock, base_url)
        chats.speaker = Speaker(self.desk.robots, poster, news.compose)

    async def carried(self):
        """Events are carried and notices are on their way; nobody has spoken yet."""
        due = DueTable(self.desk.pool, self.desk.clock)
        while await fan_out.sweep(due, people=self.desk.inbox.people):
            pass
        await self.messenger.spoken()
        while sum([await self.messenger.sweep(name) for name in self.messenger.channels]):
            pass

    async def goes_on(self):
        await self.carried()
        await self.chats.said()

    async def reached(self):
        await self.desk.book.refresh()
        return self.desk.book.reached(KILN)


@pytest.fixture
async def day(chats):
    async with Poster(chats.desk.settings.egress, timeout_s=2) as poster:
        yield Day(chats, poster)


@pytest.fixture
async def service():
    async with Service() as running:
        yield running
    assert running.refused == []


async def test_a_request_is_said_in_the_group_with_the_way_to_answer_it_and_not_once_it_is_answered(day, market):
    robot, row = await day.chats.connect("feishu", signed=True, language="zh", topics=("requests",))
    first = await market.order(Stage.PACKING)
    await market.asks(first, anyway=True)
    await day.goes_on()
    assert robot.said == [], "nobody has tried the robot yet"
    await day.chats.tested(row)
    day.chats.passes(minutes=1)
    second = await market.order(Stage.PACKING, number="2002")
    asked = (await market.asks(second, anyway=True)).order.open_cancellation
    await day.goes_on()
    assert "买家申请取消订单 2002，同意后将退还 €40.00。请您在 2026年5月5日" in robot.texts[-1]
    (button,) = [part for part in robot.said[-1]["card"]["elements"] if part["tag"] == "action"][-1]["actions"]
    assert button["text"]["content"] == "处理申请", "the link says what is done there"
    assert robot.links[-1] == f"https://desk.test/seller/requests/{asked.id}"
    said = len(robot.said)
    third = await market.order(Stage.PACKING, number="3003")
    request = (await market.asks(third, anyway=True)).order.open_cancellation
    await day.carried()
    await market.refuses(third, request.id)
    day.chats.passes(minutes=1)
    await day.goes_on()
    assert not any("3003" in text for text in robot.texts[said:]), "it was answered before the robot could speak"
    assert "over" in (await day.chats.states(row)).values()


async def test_what_is_carried_twice_is_said_once_and_only_what_was_chosen(day, market):
    robot, row = await day.chats.connect(topics=("money",))
    await day.chats.tested(row)
    day.chats.passes(minutes=1)
    order = await market.order(Stage.PACKING)
    await market.asks(order, anyway=True)
    await day.goes_on()
    assert len(robot.said) == 1, "the test; requests were not chosen"
    await day.desk.robots.change(day.chats.scope, row.id, "test", topics=())
    await market.asks(await market.order(Stage.PACKING, number="2002"), anyway=True)
    await day.carried()
    await day.desk.pool.execute("UPDATE notice_sends SET state = 'waiting' WHERE channel = 'robot'")
    await day.goes_on()
    day.chats.passes(minutes=1)
    await day.goes_on()
    assert sum(text.count("A buyer asks to cancel order 2002; ") for text in robot.texts) == 1
    assert len(set(robot.links)) == len(robot.links)


async def test_a_shop_is_reached_by_a_robot_that_was_heard_while_it_is_on(day):
    await day.desk.inbox.people.want(True)
    assert not await day.reached()
    robot, row = await day.chats.connect("dingtalk", signed=True, secret="another-secret")
    await day.chats.tested(row)
    assert not await day.reached(), "a test that was refused proves nothing"
    day.chats.passes(minutes=1)
    await day.desk.robots.change(day.chats.scope, row.id, "test", secret=robot.secret)
    await day.chats.tested(row)
    assert await day.reached()
    for state, reached in (("paused", False), ("on", True)):
        await day.desk.robots.change(day.chats.scope, row.id, "test", state=state)
        assert await day.reached() is reached
    robot.here = False
    day.chats.passes(minutes=1)
    await day.desk.robots.messages.put(KILN, row.id, "ntc_x", "requests")
    day.chats.speaker._compose = day.chats.compose
    await day.chats.said()
    assert (await day.chats.now(row)).state == "gone"
    assert not await day.reached(), "a robot that is not in its group any more tells nobody"


async def test_a_browser_is_told_of_ones_own_orders_and_forgotten_when_it_wants_nothing_more(day, market, service):
    key = await day.desk.pushing.public_key()
    anns, sams = service.browser(key), service.browser(key)
    await day.desk.pushing.subscribe(ANN, **anns.fields, browser="", language="en")
    await day.desk.pushing.subscribe(SAM, **sams.fields, browser="", language="en")
    order = await market.order(Stage.PACKING, number="7007")
    asked = (await market.asks(order, anyway=True)).order.open_cancellation
    await day.carried()
    told = next(one for one in sams.shown if asked.id in one["url"])
    assert told["url"] == f"https://desk.test/seller/requests/{asked.id}"
    assert told["title"] == "A buyer asks to cancel order 7007"
    assert told["body"].startswith(
        "A buyer asks to cancel order 7007; agreeing gives back €40.00. It is your move, until"
    )
    assert anns.shown[-1]["title"] == "Kiln & Co was asked to cancel order 7007"
    assert told["tag"].startswith("ntc_")
    assert sams.headers[-1]["Urgency"] == "high", "somebody waits for an answer"
    assert all("/seller/" not in one["url"] for one in anns.shown)
    anns.answers = [410]
    await market.refuses(order, asked.id)
    await day.carried()
    assert await day.desk.pushing.of(ANN) == ()
    assert [one.channel for one in await day.desk.inbox.addresses(ANN)] == []
    assert len(await day.desk.inbox.addresses(SAM)) == 1


async def test_a_service_that_is_busy_is_asked_again_later_and_the_words_are_true_then(day, market, service):
    browser = service.browser(await day.desk.pushing.public_key())
    await day.desk.pushing.subscribe(SAM, **browser.fields, browser="", language="en")
    browser.answers = [429, 503]
    order = await market.order(Stage.PACKING)
    asked = (await market.asks(order, anyway=True)).order.open_cancellation
    await day.carried()
    before = [one["title"] for one in browser.shown]
    await market.refuses(order, asked.id)
    day.chats.passes(hours=2)
    await day.carried()
    titles = [one["title"] for one in browser.shown][len(before) :]
    assert not any("asks to cancel" in title for title in titles), titles


async def test_a_message_is_said_in_groups_that_chose_messages_and_in_a_browser_once_it_is_quiet(day, market, service):
    hears, row = await day.chats.connect(topics=("messages",))
    other, _ = await day.chats.connect(topics=("money",))
    await day.chats.tested(row)
    day.chats.passes(minutes=1)
    browser = service.browser(await day.desk.pushing.public_key())
    await day.desk.pushing.subscribe(SAM, **browser.fields, browser="", language="zh")
    order = await market.read(await market.order(Stage.PREPARING, number="7007"))
    await day.goes_on()
    shown = len(browser.shown)
    saying = Saying(text="Is it on its way?", audience="everyone", key="test message 1", fingerprint=bytes(32))
    sent = await day.desk.conversations.say_about(ANN, order, saying)
    await day.goes_on()
    assert len(browser.shown) == shown, "she may still be writing"
    day.chats.passes(minutes=2)
    await day.goes_on()
    assert "“Is it on its way?”" in hears.texts[-1]
    assert hears.links[-1] == f"https://desk.test/seller/messages/{sent.thread}?from={sent.message}#{sent.message}"
    assert other.said == []
    assert browser.shown[-1]["title"] == "买家就订单 7007 发来消息"
    assert browser.headers[-1]["Urgency"] == "high", "an answer is wanted"
