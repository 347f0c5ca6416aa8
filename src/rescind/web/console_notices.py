"""Notices of a shop and of the platform, on the pages of their consoles."""

from __future__ import annotations

from litestar import get, post
from litestar.params import FromPath

from rescind.web import notice_settings, notices
from rescind.web.seller.console import Here
from rescind.web.session import Html


@get("/notices")
async def listing(console: Here) -> Html:
    """What happened, the latest first."""
    return await notices.listing(console.visit, console.page)


@get("/notices/{notice:str}")
async def follow(console: Here, notice: FromPath[str]) -> Html:
    """Read one, and go where it leads."""
    return await notices.follow(console.visit, notice)


@post("/notices/read", status_code=303)
async def read_all(console: Here) -> Html:
    """Everything has been read."""
    return await notices.read_all(console.visit)


@get("/notices/preferences")
async def preferences(console: Here) -> Html:
    """How somebody of the shop or the platform is told."""
    return await notice_settings.show(console.visit, console.page)


@post("/notices/preferences", status_code=200)
async def choose(console: Here) -> Html:
    """Keep it."""
    return await notice_settings.choose(console.visit, console.page)


@post("/notices/channels", status_code=200)
async def add_address(console: Here) -> Html:
    """Take an address and send a code there."""
    return await notice_settings.add_address(console.visit, console.page)


@post("/notices/channels/{channel:str}/prove", status_code=200)
async def prove(console: Here, channel: FromPath[str]) -> Html:
    """Compare the code that was typed."""
    return await notice_settings.prove(console.visit, console.page, channel)


@post("/notices/channels/{channel:str}/code", status_code=200)
async def send_code(console: Here, channel: FromPath[str]) -> Html:
    """Send another code."""
    return await notice_settings.send_code(console.visit, console.page, channel)


@post("/notices/channels/{channel:str}/remove", status_code=200)
async def remove(console: Here, channel: FromPath[str]) -> Html:
    """Tell nobody there any more."""
    return await notice_settings.remove(console.visit, console.page, channel)


ROUTES = (listing, follow, read_all, preferences, choose, add_address, prove, send_code, remove)
