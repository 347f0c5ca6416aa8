"""What a command works on: the database of an installation, and a shop of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import asyncpg

from rescind import zones
from rescind.commands.speaking import _, fail, must_be
from rescind.core.errors import InvalidText, NotFound
from rescind.core.ids import ShopId, canonical
from rescind.core.sentence import phrased
from rescind.core.views import ShopView
from rescind.intake.text import label
from rescind.policies import presets
from rescind.postgres import embedded
from rescind.postgres.embedded import EmbeddedServer, ensure_database
from rescind.postgres.migrate import migrate
from rescind.postgres.reads import Reads
from rescind.postgres.store import connect
from rescind.settings import Settings, SettingsError

T = TypeVar("T")


def there_is_one(settings: Settings) -> bool:
    """Whether there is an installation where the settings say: a database that is named, or our own in its folder."""
    return bool(settings.database_url) or settings.data.joinpath("postgres", "cluster", "PG_VERSION").exists()


def require_one(settings: Settings) -> None:
    """A misspelt folder is not the beginning of a new installation. Raises SettingsError, and nothing was made."""
    if not there_is_one(settings):
        raise SettingsError(phrased("There is no installation in %(data)s.", data=settings.data))


async def with_pool(
    settings: Settings, work: Callable[[asyncpg.Pool[Any], Settings], Awaitable[T]], *, new: bool = False
) -> T:
    """Do something with the database, beside the program that serves from it or without one. new: it may begin."""
    if not new:
        require_one(settings)
    if settings.database_url:
        return await _connected(settings.database_url, settings, work)
    server = await asyncio.to_thread(EmbeddedServer.start, settings, share=True)
    try:
        await ensure_database(server.dsn(embedded.SUPERUSER, "postgres"))
        await migrate(server.dsn(embedded.OWNER))
        return await _connected(server.dsn(embedded.APP), settings, work)
    finally:
        await asyncio.to_thread(server.stop)


async def _connected(dsn: str, settings: Settings, work: Callable[[asyncpg.Pool[Any], Settings], Awaitable[T]]) -> T:
    pool = await connect(dsn, size=2)
    try:
        return await work(pool, settings)
    finally:
        await pool.close()


async def as_owner(settings: Settings, work: Callable[[str], Awaitable[T]], *, new: bool = False) -> T:
    """Do something with the address of the database's owner, starting the embedded server when it does not run.

    new: it may begin.
    """
    if not new:
        require_one(settings)
    if settings.database_url:
        if not settings.owner_url:
            raise SettingsError(phrased("Set RESCIND_OWNER_URL to the same database as its owner."))
        return await work(settings.owner_url)
    server = await asyncio.to_thread(EmbeddedServer.start, settings, share=True)
    try:
        await ensure_database(server.dsn(embedded.SUPERUSER, "postgres"))
        return await work(server.dsn(embedded.OWNER))
    finally:
        await asyncio.to_thread(server.stop)


async def shop_called(reads: Reads, called: str) -> ShopView:
    """The shop of this id, else of exactly this name; ends the command when there is none, or more than one."""
    try:
        return await reads.shop(ShopId(canonical("shp", called)))
    except NotFound:
        found = [one for one in await reads.shops() if one.name == called]
    if not found:
        fail(_("There is no shop %(identifier)s; see: rescind shop list") % {"identifier": called})
    if len(found) > 1:
        which = ", ".join(one.id for one in found)
        fail(_("Several shops are called %(name)s; say which by its id: %(ids)s") % {"name": called, "ids": which})
    return found[0]


def named(name: str) -> str:
    """A name that people can see."""
    try:
        return label(name, field="name", blank=False)
    except InvalidText as error:
        fail(must_be(error, _("name")))


def require_market(policy: str | None, zone: str | None) -> None:
    """What a shop is to be sold under is there, and so is where it is; before anything is opened or made."""
    if policy is not None and policy not in presets():
        fail(
            _("There is no policy %(policy)s. There are: %(these)s.")
            % {"policy": policy, "these": ", ".join(presets())}
        )
    if zone is not None and zone not in zones.known():
        fail(_("%(zone)s is no time zone; write one like Europe/London.") % {"zone": zone})
