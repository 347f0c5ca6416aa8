"""How programs reach the server: standard input and output with one key, or HTTP on the loopback with their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from weakref import WeakValueDictionary

import httpx
import uvicorn
from mcp.server.context import ServerRequestContext
from mcp.server.stdio import stdio_server
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from rescind.locales import LANGUAGE_NAMES, Locale
from rescind.mcp.server import DeskOf, serve
from rescind_client import AsyncRescind, InvalidCall
from rescind_client.transport import shown

_LOOPBACK = "127.0.0.1"
_TIMEOUT_S = 30
_AT_ONCE = 8
"""Calls of one key that are under way at once; more of them wait for their turn, and hold up nobody else's."""


async def stdio(url: str, key: str, language: str) -> None:
    """Serve one program until its end of the line closes."""
    async with _client() as client:
        desks = {tag: AsyncRescind(url, key, language=tag, client=client) for tag in LANGUAGE_NAMES}

        def desk_of(_: ServerRequestContext[Any, Any], tongue: Locale) -> AsyncRescind:
            return desks[tongue.tag]

        server = serve(desk_of, language)
        async with stdio_server() as (reading, writing):
            await server.run(reading, writing, server.create_initialization_options())


async def loopback(url: str, port: int, language: str) -> None:
    """Serve programs of this machine, each with the key that it shows; this process holds none."""
    async with _client() as client:
        config = uvicorn.Config(
            app(url, language, client), host=_LOOPBACK, port=port, log_level="warning", server_header=False
        )
        await uvicorn.Server(config).serve()


def app(url: str, language: str, client: httpx.AsyncClient) -> ASGIApp:
    """The server as an ASGI application. Host and Origin are checked by the package, so that no page of the internet
    reaches it under a name of its own (DNS rebinding); nothing is kept between calls.
    """

    def desk_of(context: ServerRequestContext[Any, Any], tongue: Locale) -> AsyncRescind:
        said = context.request.headers.get("authorization", "") if context.request is not None else ""
        return AsyncRescind(url, said.partition(" ")[2], language=tongue.tag, client=client)

    return _with_key(_stateless(desk_of, language))


def _stateless(desk_of: DeskOf, language: str) -> ASGIApp:
    return serve(desk_of, language).streamable_http_app(host=_LOOPBACK, json_response=True, stateless_http=True)


def _with_key(inner: ASGIApp) -> ASGIApp:
    """Nobody gets further without a key of their own, and no key takes the turns of others: on a shared machine the
    loopback is everybody's.
    """
    turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        key = _key(dict(scope["headers"]).get(b"authorization", b""))
        if not key:
            refusal = JSONResponse({"error": "Show your key: Authorization: Bearer rsk_…"}, status_code=401)
            refusal.headers["www-authenticate"] = 'Bearer realm="rescind"'
            await refusal(scope, receive, send)
            return
        if scope["method"] != "POST":
            await inner(scope, receive, send)
            return
        async with turns.setdefault(key, asyncio.Semaphore(_AT_ONCE)):
            await inner(scope, receive, send)

    return outer


def _key(authorization: bytes) -> str:
    """The key of a request; empty where there is none, and for what no key is."""
    scheme, _, said = authorization.partition(b" ")
    if scheme.lower() != b"bearer":
        return ""
    try:
        return shown(said.decode("latin-1"))
    except InvalidCall:
        return ""


@asynccontextmanager
async def _client() -> AsyncGenerator[httpx.AsyncClient]:
    # No proxy and no netrc of the environment: the key goes to the desk and nowhere else.
    # No bound of connections: each caller has one of its own, and a common one would be theirs who call most.
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, limits=limits, trust_env=False) as client:
        yield client
