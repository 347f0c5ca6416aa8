"""Commands that work at a desk: what the program that serves can do, beside it or without one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from rescind.app import open_desk
from rescind.commands.installation import require_one
from rescind.desk import Desk
from rescind.postgres import embedded
from rescind.postgres.embedded import EmbeddedServer, ensure_database
from rescind.postgres.migrate import migrate
from rescind.settings import Settings

T = TypeVar("T")


async def with_desk(settings: Settings, work: Callable[[Desk], Awaitable[T]]) -> T:
    """Do something with the engine, beside the program that serves or without one."""
    require_one(settings)
    if settings.database_url:
        async with open_desk(settings, settings.database_url, "", live=False) as desk:
            return await work(desk)
    server = await asyncio.to_thread(EmbeddedServer.start, settings, share=True)
    try:
        await ensure_database(server.dsn(embedded.SUPERUSER, "postgres"))
        await migrate(server.dsn(embedded.OWNER))
        async with open_desk(settings, server.dsn(embedded.APP), "", live=False) as desk:
            return await work(desk)
    finally:
        await asyncio.to_thread(server.stop)
