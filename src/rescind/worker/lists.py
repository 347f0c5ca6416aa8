"""Views that are mailed: the file is made through its person's eyes, kept for a week, and a mail says that it is there.

Two workers never make the same one: the lease says who has it, and the mail, the file's row and the next time are
written in one transaction that wants the lease still to hold.
"""

from __future__ import annotations

import secrets
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import structlog

from rescind.access.principal import Principal
from rescind.core.errors import AddressBounces, InvalidField, UnknownField
from rescind.core.ids import NO_SHOP, ShopId
from rescind.core.instant import Instant
from rescind.core.lists import LISTS
from rescind.lists import Lists, Wanted
from rescind.locales import locale
from rescind.objects import Objects
from rescind.postgres.exports import KeptFile
from rescind.postgres.mails import MailTable, Telling
from rescind.postgres.notice_people import NoticePeople
from rescind.postgres.saved_views import Leased, Pause, SavedView, SavedViews

log = structlog.get_logger()

LEASE = timedelta(minutes=10)
"""Longer than the largest list takes."""
NOT_SEEN = timedelta(days=90)
"""Whoever has not been here for so long is mailed no lists until they come again and say so."""
MOST_BYTES = 100 * 1024 * 1024


class Mailing:
    """Makes and mails the views whose time has come. objects: where the bytes of files are."""

    def __init__(
        self,
        pool: asyncpg.Pool[Any],
        lists: Lists,
        views: SavedViews,
        people: NoticePeople,
        mails: MailTable,
        objects: Objects,
    ) -> None:
        self._pool = pool
        self._lists = lists
        self._views = views
        self._people = people
        self._mails = mails
        self._objects = objects

    async def sweep(self) -> int:
        """Make one that is due; returns how many."""
        leased = await self._views.lease(LEASE)
        if leased is None:
            return 0
        now = self._people.now()
        why = await self._hindered(leased.view, now)
        if not why:
            try:
                why = await self._make(leased, now)
            except AddressBounces:
                why = "no_address"
        if why:
            await self._views.pause(leased, why)
            log.info("view.paused", view=leased.view.view_id, why=why)
        return 1

    async def _hindered(self, view: SavedView, now: Instant) -> Pause:
        """Why a view cannot be mailed; empty where it can."""
        seen = await self._views.seen(view.owner)
        if seen is None:
            return "no_access"
        if now - seen > NOT_SEEN:
            return "not_seen"
        address = await self._people.by_id(view.channel)
        if address is None or address.owner != view.owner or address.verified_at is None or address.gone_at:
            return "no_address"
        return ""

    async def _make(self, leased: Leased, now: Instant) -> Pause:
        view, schedule = leased.view, leased.view.schedule
        assert schedule is not None, "a view that is due has a schedule"
        wanted = Wanted(LISTS[view.list], view.query, view.columns, view.format, view.zone, locale(view.language))
        try:
            file = await self._lists.export(_person(view), wanted, "mail")
        except (InvalidField, UnknownField):
            # The list is not what it was when the view was kept; its person keeps it anew.
            return "outdated"
        identifier = "lfl_" + secrets.token_hex(10)
        with tempfile.TemporaryDirectory(prefix="rescind-view-") as folder:
            path = Path(folder) / "list"
            size = 0
            with path.open("wb") as out:
                async for part in file.parts:
                    size += out.write(part)
                    if size > MOST_BYTES:
                        return "too_large"
            await self._objects.put_file(identifier, path)
        rows = await self._lists.exports.rows(file.export)
        kept = KeptFile(
            file_id=identifier,
            view_id=view.view_id,
            role=view.role,
            shop_id=view.shop_id,
            person=view.person,
            list=view.list,
            format=view.format,
            rows=rows,
            size=size,
            made_at=now,
        )
        if not await self._tell(leased, kept, schedule.next(now)):
            await self._objects.delete(identifier)
        return ""

    async def _tell(self, leased: Leased, kept: KeptFile, next_at: Instant) -> bool:
        """Write the mail, the file and the next time as one; False where somebody else has the view by now."""
        view = leased.view
        address = await self._people.by_id(view.channel)
        telling = Telling(
            shop=ShopId(view.shop_id) if view.shop_id else NO_SHOP,
            kind="list",
            about=kept.file_id,
            reader=view.channel,
            language=view.language,
            address=address.address if address else "",
            key=f"list:{view.view_id}:{view.next_at:%Y%m%dT%H%M}",
        )
        async with self._pool.acquire() as connection, connection.transaction():
            if not await self._views.done(connection, leased, next_at):
                return False
            await self._lists.exports.keep(connection, kept)
            await self._mails.write_telling(connection, telling)
        return True

    async def tidy(self) -> None:
        """Remove files whose week is over."""
        for identifier in await self._lists.exports.old():
            await self._objects.delete(identifier)
            await self._lists.exports.gone(identifier)


def _person(view: SavedView) -> Principal:
    """Somebody as whose list it is made: they see then what they see on the page."""
    return Principal(
        role=view.role,
        id=view.person,
        shop_id=ShopId(view.shop_id) if view.shop_id else None,
        credential=f"view:{view.view_id}",
    )
