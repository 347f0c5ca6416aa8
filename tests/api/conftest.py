"""The real application over a real database, and somebody of each role to call it."""

import asyncio
import secrets
import socket

import httpx
import pytest

from postgres.market import KILN, LANTERN
from rescind.app import make_app
from rescind.serving import Server


class Caller:
    """One API key and the calls made with it. Changes get a fresh Idempotency-Key unless the test gives one."""

    def __init__(self, client, token=None):
        self.client = client
        self.token = token

    def headers(self, more):
        own = {"authorization": f"Bearer {self.token}"} if self.token else {}
        return {**own, **{name: value for name, value in (more or {}).items() if value is not None}}

    async def get(self, path, headers=None, **query):
        return await self.client.get(path, params=query or None, headers=self.headers(headers))

    async def send(self, method, path, body, *, key=True, headers=None):
        """A change by any method; only a POST has a key."""
        if method == "POST":
            return await self.post(path, body, key=key, headers=headers)
        return await self.client.request(method, path, json=body, headers=self.headers(headers))

    async def post(self, path, body=None, *, key=True, headers=None, content=None):
        more = {"idempotency-key": secrets.token_hex(12) if key is True else key, **(headers or {})}
        if content is not None:
            more = {"content-type": "application/json", **more}
            return await self.client.post(path, content=content, headers=self.headers(more))
        return await self.client.post(path, json={} if body is None else body, headers=self.headers(more))


class People:
    """Somebody of every role, by name."""

    def __init__(self, client, access):
        self.client, self.access = client, access
        self.nobody = Caller(client)

    async def open(self):
        self.ann = await self.key("buyer", "ann", buyer_id="ann")
        self.bob = await self.key("buyer", "bob", buyer_id="bob")
        self.sam = await self.key("seller", "sam", shop_id=KILN)
        self.lou = await self.key("seller", "lou", shop_id=LANTERN)
        self.sue = await self.key("support", "sue")
        self.ops = await self.key("operator", "ops")
        self.host = await self.key("host", "host")
        return self

    async def key(self, role, name, **more):
        return Caller(self.client, await self.access.issue_key(role, name, **more))


@pytest.fixture
async def people(desk, market):
    transport = httpx.ASGITransport(make_app(desk), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk.test") as client:
        yield await People(client, desk.access).open()


@pytest.fixture
async def served(desk):
    """The application behind its own server on a loopback port; yields the address."""
    server = Server(make_app(desk))
    with socket.create_server(("127.0.0.1", 0)) as bound:
        serving = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:  # noqa: ASYNC110 - the server has no event to wait for
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        await serving
