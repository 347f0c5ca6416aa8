"""``rescind serve``, ``web`` and ``worker``: running Rescind."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Annotated

import typer

from rescind import __version__, policies
from rescind.app import attending, check_demo, database, make_app, open_demo, open_desk, working
from rescind.commands.speaking import _, err, fail, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.demo import guests
from rescind.desk import Desk
from rescind.listening import listen
from rescind.postgres.embedded import HAND_OVER_WITHIN, in_use
from rescind.serving import STOPS, Server, settle
from rescind.settings import Settings

Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[str | None, typer.Option(help="Port to listen on; unless given, the next free one after 8700.")]
BaseUrl = Annotated[str | None, typer.Option(help="Address under which people reach Rescind.")]
Demo = Annotated[bool | None, typer.Option("--demo", help="Fill an empty database with the demo marketplace.")]


def serve(data: Data = None, host: Host = None, port: Port = None, base_url: BaseUrl = None, demo: Demo = None) -> None:
    """Run everything in one process: database, web and worker."""
    settings = read_settings(data=data, host=host, port=port, base_url=base_url, demo=demo)
    run(_serve(settings, web=True, work=True))


def web(host: Host = None, port: Port = None, base_url: BaseUrl = None) -> None:
    """Serve pages and API from a PostgreSQL of your own; due work is left to ``rescind worker``."""
    run(_serve(_with_database(read_settings(host=host, port=port, base_url=base_url)), web=True, work=False))


def worker() -> None:
    """Do due work on a PostgreSQL of your own: deadlines, refunds, news."""
    run(_serve(_with_database(read_settings()), web=False, work=True))


async def _serve(settings: Settings, *, web: bool, work: bool) -> None:
    bound = listen(settings) if web else None
    host, port = bound.getsockname()[:2] if bound else ("", 0)
    if settings.host == "localhost":
        # By that name, and by no number, browsers make passkeys without TLS.
        host = settings.host
    base_url = settings.base_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    # The shipped policies are read while the database starts: both take a third of a second.
    reading = asyncio.ensure_future(asyncio.to_thread(policies.all_of_them))
    if not settings.database_url and in_use(settings):
        # It may be on its way out, as at a restart; whoever waits knows for what.
        said = _("Another Rescind serves from %(data)s; it gets %(seconds)s s to end.")
        said %= {"data": settings.data, "seconds": f"{HAND_OVER_WITHIN:.0f}"}
        err.print(said, highlight=False, soft_wrap=True)
    async with database(settings) as dsn:
        await reading
        await check_demo(settings, dsn)
        if settings.demo:
            with err.status(_("Opening the demo marketplace")):
                await open_demo(settings, dsn)
        async with open_desk(settings, dsn, base_url) as desk, AsyncExitStack() as stack:
            if settings.demo and not all(one.test for one in await desk.connected.all()):
                fail(
                    _(
                        "A live payment provider is connected here; a demonstration moves no real money. Leave "
                        "out --demo."
                    )
                )
            if web:
                # Whatever is done at the command line is held to the same.
                await desk.guards.write()
                await stack.enter_async_context(attending(desk))
            if work:
                await stack.enter_async_context(working(desk))
            if bound is None:
                await _until_stopped()
                return
            server = Server(make_app(desk), settings.proxies)
            await _welcome(desk)
            settle()
            await server.serve(sockets=[bound])


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in STOPS:
        loop.add_signal_handler(name, stopped.set)
    await stopped.wait()


async def _welcome(desk: Desk) -> None:
    say(_("Rescind %(version)s serves at %(base_url)s") % {"version": __version__, "base_url": desk.base_url})
    if not desk.settings.demo:
        if await desk.beginning.open():
            say(_("Nothing is here yet. Begin at: %(address)s") % {"address": desk.beginning.address})
        return
    for who, link in await guests.links(desk):
        say(f"  {_('sign in as %(who)s') % {'who': f'{who:<9}'}} {link}")


def _with_database(settings: Settings) -> Settings:
    if not settings.database_url:
        fail(_("Set DATABASE_URL to your PostgreSQL, or run `rescind serve`, which brings its own."))
    return settings
