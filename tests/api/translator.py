"""A translator in LibreTranslate's wire form: a real HTTP server that takes nothing but what that API documents.

It knows no language: it says the words backwards, which is how a test knows that they came from it.
"""

from __future__ import annotations

import asyncio
import json

from aiohttp import web

LANGUAGES = {"en", "zh"}


class Translator:
    """``key``: what it wants, None for one that wants none. ``fault``: how it fails, empty while it works."""

    def __init__(self) -> None:
        self.key: str | None = None
        self.fault = ""
        self.asked: list[dict] = []
        self.wrong: list[str] = []
        self.holds: asyncio.Event | None = None

    async def __aenter__(self):
        app = web.Application()
        app.router.add_route("*", "/{rest:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        complaint = self._complaint(request, body)
        if complaint:
            self.wrong.append(complaint)
            return web.json_response({"error": complaint}, status=400)
        asked = json.loads(body)
        self.asked.append(asked)
        if self.holds is not None:
            await self.holds.wait()
        if self.key is not None and asked.get("api_key") != self.key:
            return web.json_response({"error": "Invalid API key"}, status=403)
        return await self._answer(request, asked["q"])

    def _complaint(self, request, body) -> str:
        if (request.method, request.path) != ("POST", "/translate"):
            return f"{request.method} {request.path} is not there"
        if request.content_type != "application/json":
            return "Content-Type must be application/json"
        asked = json.loads(body)
        if not set(asked) <= {"q", "source", "target", "format", "api_key"}:
            return f"unknown members: {sorted(asked)}"
        if not isinstance(asked.get("q"), str) or not asked["q"]:
            return "q must be text"
        if asked.get("source") != "auto" or asked.get("target") not in LANGUAGES or asked.get("format") != "text":
            return "source, target or format is not supported"
        return ""

    async def _answer(self, request, text) -> web.StreamResponse:
        match self.fault:
            case "status":
                return web.json_response({"error": "Slowdown"}, status=429)
            case "redirect":
                return web.Response(status=307, headers={"location": f"{self.url}/elsewhere"})
            case "silent":
                await asyncio.sleep(5)
            case "no json":
                return web.Response(text="<html>translated</html>", content_type="text/html")
            case "another form":
                return web.json_response({"translatedText": ["a", "b"]})
            case "nothing":
                return web.json_response({"translatedText": " \n "})
            case "too long":
                return web.json_response({"translatedText": "a" * 9000})
            case "no end":
                answer = web.StreamResponse(headers={"content-type": "application/json"})
                await answer.prepare(request)
                for _ in range(200):
                    await answer.write(b" " * 4096)
                return answer
            case "cut":
                request.transport.close()
            case "signs":
                return web.json_response({"translatedText": "a\u202eb\0c\r\n<b>d</b>"})
        detected = {"confidence": 90, "language": "de"}
        return web.json_response({"translatedText": text[::-1], "detectedLanguage": detected})
