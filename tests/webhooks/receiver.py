"""A receiver of webhooks: a real HTTP server that checks every message with a third party's package, and misbehaves.

In a test's own loop as ``Receiver``.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError


class Receiver:
    """Takes what is sent. ``secrets``: by path, what a message there must be signed with.

    ``answers``: by path, statuses to give one after another, the last one for ever; a number below zero hangs for so
    many seconds before the answer is 200. ``decides``: gives the status of every answer instead.
    """

    def __init__(self) -> None:
        self.secrets: dict[str, list[str]] = {}
        self.answers: dict[str, list[int]] = {}
        self.decides = None
        self.headers: dict[str, dict[str, str]] = {}
        self.taken: list[tuple[str, str, dict]] = []
        self.asked: Counter[str] = Counter()
        self.forged: list[str] = []
        self.under_way: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.came = asyncio.Event()
        self.last: dict[str, tuple[dict[str, str], bytes]] = {}

    async def __aenter__(self):
        app = web.Application()
        app.router.add_post("/{name}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    def url(self, name: str = "hook") -> str:
        return f"http://127.0.0.1:{self.port}/{name}"

    def of(self, name: str = "hook"):
        """What was taken at one path: (id, message)."""
        return [(identifier, message) for path, identifier, message in self.taken if path == name]

    async def _take(self, request: web.Request) -> web.Response:
        name, body = request.match_info["name"], await request.read()
        identifier = request.headers.get("webhook-id", "")
        self.asked[name] += 1
        self.last[name] = ({each.lower(): value for each, value in request.headers.items()}, body)
        self.came.set()
        self.under_way[name] += 1
        self.most[name] = max(self.most[name], self.under_way[name])
        try:
            return await self._answer(name, identifier, body, request)
        finally:
            self.under_way[name] -= 1

    async def _answer(self, name, identifier, body, request) -> web.Response:
        message = verified(self.secrets.get(name, []), body, dict(request.headers))
        if message is None:
            self.forged.append(identifier)
        answers = self.answers.get(name, [200])
        status = self.decides() if self.decides else answers.pop(0) if len(answers) > 1 else answers[0]
        if status < 0:
            await asyncio.sleep(0.3 if self.decides else -status)
            status = 504 if self.decides else 200
        if 200 <= status < 300 and message is not None:
            self.taken.append((name, identifier, message))
        headers = {"location": self.url("elsewhere")} if 300 <= status < 400 else self.headers.get(name, {})
        return web.Response(status=status, text=f"answer {status} <b>", headers=headers)


def verified(secrets: list[str], body: bytes, headers: dict[str, str]):
    """The message, if every secret that should hold has signed it; None otherwise."""
    told = None
    for secret in secrets:
        try:
            told = Webhook(secret).verify(body, {name.lower(): value for name, value in headers.items()})
        except WebhookVerificationError:
            return None
    return told
