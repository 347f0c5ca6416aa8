"""A desk that may call this machine, a receiver on it, and a worker that is called by hand."""

import asyncio

import pytest

from postgres.market import KILN, LANTERN
from rescind.core.scope import Scope
from rescind.postgres.due import DueTable
from rescind.settings import Settings
from rescind.webhooks.posting import Poster
from rescind.worker import fan_out
from rescind.worker.deliveries import Courier
from webhooks.receiver import Receiver

SAMS, LOUS, EVERYTHING = Scope(shop=KILN), Scope(shop=LANTERN), Scope()


class Post:
    """Endpoints, and the worker that sends to them."""

    def __init__(self, desk, receiver, poster):
        self.desk, self.receiver = desk, receiver
        self.endpoints = desk.endpoints
        self.due = DueTable(desk.pool, desk.clock)
        self.courier = Courier(desk.endpoints.deliveries, poster, desk.endpoints.sealer, desk.endpoints.pairs)
        self._keys = 0

    async def endpoint(self, name="hook", *, shop=KILN, events=(), **more):
        """An endpoint at a path of the receiver, which knows its secret."""
        self._keys += 1
        made = await self.endpoints.create(
            Scope(shop=shop),
            shop,
            self.receiver.url(name),
            about=name,
            events=events,
            by="test",
            key=f"{self._keys}",
            **more,
        )
        self.receiver.secrets[name] = [made.secret]
        return made.endpoint

    async def carried(self):
        """What was committed is made into messages."""
        while await fan_out.sweep(self.due, self.endpoints.table):
            pass

    async def sent(self):
        """Everything that is due has been tried."""
        await self.carried()
        while await self.courier.sweep():
            pass

    async def log(self, endpoint, state=None):
        return await self.endpoints.log(EVERYTHING, endpoint.id, state, limit=100)

    async def states(self, endpoint):
        return [one.state for one in await self.log(endpoint)]

    async def now(self, endpoint):
        """The endpoint as it is."""
        return await self.endpoints.find(EVERYTHING, endpoint.id)

    def passes(self, span):
        self.desk.clock.advance(span)


@pytest.fixture
async def desk(database, clock, tmp_path):
    from rescind.app import open_desk  # noqa: PLC0415 - as the desk of all tests

    settings = Settings(data=tmp_path, webhook_loopback=True)
    async with open_desk(settings, database(), "http://desk.test", clock) as opened:
        yield opened


@pytest.fixture
async def receiver():
    async with Receiver() as running:
        yield running
    assert running.forged == [], "signed as the standard says, every time"


@pytest.fixture
async def post(desk, market, receiver):
    async with Poster(desk.settings.egress, timeout_s=0.5) as poster:
        post = Post(desk, receiver, poster)
        yield post
        await asyncio.wait_for(post.courier.close(), 5)
