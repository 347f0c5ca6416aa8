"""A desk with order sources: one that signs, and a shop on this machine. Its worker is called by hand."""

import json
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiohttp import web
from standardwebhooks.webhooks import Webhook

from postgres.market import KILN
from rescind.app import make_app
from rescind.core.ports import Means
from rescind.order_sources import Chosen
from rescind.postgres.due import DueTable
from rescind.providers.paths import Known
from rescind.providers.router import Router
from rescind.providers.sandbox import Sandbox
from rescind.worker import fan_out, refunds, sources
from sources.shop import KEY, SECRET, Shop


@pytest.fixture
def chosen():
    return {"webhook_loopback": True}


class Acme(Sandbox):
    """The marketplace's own provider, which takes what no shop system pays; the trial itself tells no shop anything."""

    name = "acme"


class Beside:
    """The connections of the desk, and Acme for payments that name none."""

    def __init__(self, connected):
        self._connected, self._acme = connected, Acme()

    async def provider(self, name):
        return self._acme if name in {"", "acme"} else await self._connected.provider(name)

    async def known(self):
        return [*await self._connected.known(), Known(name="acme", own=True, means=Means())]


class Desk:
    """The desk, what comes in by HTTP, and the work that is due."""

    def __init__(self, desk, client):
        self.desk, self.client = desk, client
        self.sources, self.table = desk.order_sources, desk.order_sources.table
        self.due = DueTable(desk.pool, desk.clock)
        self.payer = Router(Beside(desk.connected))
        self._ids = 0

    async def source(self, name="erp", kind="signed", **more):
        return await self.sources.create(name, kind, "operator:ops", request=name, **more)

    async def sends(self, made, told, *, identifier=None, at=None, secret=None):
        """A message as a host signs it, by the standard's own library."""
        self._ids += 1
        identifier = identifier or f"msg_{self._ids}"
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        stamp = int(time.time()) if at is None else at
        signature = Webhook(secret or made.secret).sign(identifier, _moment(stamp), body.decode("latin-1"))
        headers = {
            "content-type": "application/json",
            "webhook-id": identifier,
            "webhook-timestamp": str(stamp),
            "webhook-signature": signature,
        }
        return await self.posts(made.source.name, headers, body)

    async def posts(self, name, headers, body):
        return await self.client.post(f"/v1/intake/{name}", content=body, headers=headers)

    async def works(self):
        """Read, carry, send refunds and tell until nothing is due."""
        while (
            await sources.sweep(self.desk)
            + await fan_out.sweep(self.due)
            + await refunds.sweep(self.desk.engine, self.due, self.payer)
            + await sources.retell(self.desk)
        ):
            pass

    def later(self, **span):
        self.desk.clock.set(self.desk.clock.read() + timedelta(**span))

    async def entries(self, name, told=None):
        return await self.sources.entries(name, told, limit=50)

    async def last(self, name):
        return (await self.entries(name))[0]

    async def orders(self):
        rows = await self.desk.pool.fetch("SELECT order_id FROM orders ORDER BY placed_at, order_id")
        return [await self.read(row["order_id"]) for row in rows]

    async def read(self, order):
        return await self.table.order(KILN, order)


def _moment(stamp):
    return datetime.fromtimestamp(stamp, UTC)


@pytest.fixture
async def at_desk(desk, market):
    transport = httpx.ASGITransport(make_app(desk), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        yield Desk(desk, client)


class Connected:
    """A WooCommerce shop that is a source of the desk, and both sides of it."""

    def __init__(self, at_desk, woo, url):
        self.at_desk, self.woo, self.url = at_desk, woo, url
        self.desk = at_desk.desk

    async def opens(self, **chosen):
        self.made = await self.at_desk.source(
            "woo", "woocommerce", shop=KILN, url=self.url, key=KEY, secret=SECRET, chosen=Chosen(**chosen)
        )
        return self

    async def hears(self, order, topic="order.updated", **more):
        """A webhook comes in, and is read."""
        headers, body = self.woo.message(order, topic, secret=self.made.secret, **more)
        answer = await self.at_desk.posts("woo", headers, body)
        await self.at_desk.works()
        return answer

    async def imported(self, **more):
        """An order of the shop, here."""
        there = self.woo.order(**more)
        await self.hears(there, "order.created")
        linked = await self.at_desk.table.linked("woo", str(there["id"]))
        return there["id"], linked.order

    async def read(self, order):
        return await self.at_desk.read(order)


@pytest.fixture
async def woo(at_desk):
    shop = Shop()
    at_desk.sources.line._timeout_s = 1.0
    runner = web.AppRunner(shop.app(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    yield Connected(at_desk, shop, f"http://127.0.0.1:{port}")
    await runner.cleanup()
