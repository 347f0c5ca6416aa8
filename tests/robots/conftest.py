"""A desk that may call this machine, houses of group chats on it, and a speaker that is called by hand."""

import asyncio
from datetime import timedelta

import pytest

from postgres.market import KILN
from rescind.core.scope import Scope
from rescind.notices.robot import Item
from rescind.webhooks.posting import Poster
from rescind.worker.robots import Speaker
from robots.groups import Groups

SAMS, EVERYTHING = Scope(shop=KILN), Scope()


@pytest.fixture
def chosen():
    return {"webhook_loopback": True}


@pytest.fixture
async def groups(clock):
    async with Groups(now=lambda: clock.read().timestamp()) as running:
        yield running


class Chats:
    """Robots of a shop, and the worker that speaks through them. What is said is the id of the news, for itself."""

    scope = SAMS

    def __init__(self, desk, groups, poster):
        self.desk, self.groups, self.robots = desk, groups, desk.robots
        self.speaker = Speaker(desk.robots, poster, self.compose)
        self.over = set()
        self._count = 0

    async def compose(self, _held, waiting):
        """The words of tests: a title, and a link that says what it is about."""
        return {
            one.id: Item(f"Order {one.id}", "It is your move.", f"https://desk.test/{one.id}")
            for one in waiting
            if one.id not in self.over
        }

    async def connect(self, kind="wecom", *, shop=KILN, topics=(), signed=False, secret=None, language="en"):
        """A robot in a group of its own, connected: what is in the group, and what we know of it."""
        robot = self.groups.add(kind, signed=signed)
        self._count += 1
        row = await self.robots.create(
            Scope(shop=shop),
            shop,
            kind,
            self.groups.url(robot),
            secret=robot.secret if secret is None else secret,
            topics=topics,
            language=language,
            by="test",
            key=f"{self._count}",
        )
        return robot, row

    async def happens(self, *ids, topic="requests", shop=KILN):
        """News for the robots of a shop, as the messenger brings it."""
        for row in await self.robots.all(Scope(shop=shop)):
            for one in ids:
                await self.robots.messages.put(shop, row.id, one, topic)

    async def tested(self, row, link=""):
        self._count += 1
        return await self.robots.test(SAMS, row.id, "窑", link, by="test", key=f"{self._count}")

    async def said(self):
        """Everybody who may speak has spoken."""
        while await self.speaker.sweep():
            pass

    async def now(self, row):
        return await self.robots.find(EVERYTHING, row.id)

    async def states(self, row):
        return {one.id: one.state for one in await self.robots.messages.log(row.shop, row.id, 500)}

    def passes(self, **span):
        self.desk.clock.advance(timedelta(**span))


@pytest.fixture
async def chats(desk, market, groups):
    async with Poster(desk.settings.egress, timeout_s=10) as poster:
        chats = Chats(desk, groups, poster)
        yield chats
        await asyncio.wait_for(chats.speaker.close(), 5)
