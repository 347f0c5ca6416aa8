"""Notices as their reader has them: a list, one of them, and how many are new."""

from __future__ import annotations

from typing import Literal, get_args

import asyncpg
import msgspec

from rescind.core.errors import InvalidField, NotFound, one_of
from rescind.core.ids import NoticeId, shop_of
from rescind.core.instant import Instant
from rescind.core.notice import Notice, NoticeRole, Unread
from rescind.core.order import Order
from rescind.core.record import decode_order
from rescind.core.views import Page
from rescind.postgres import paging
from rescind.postgres.reads.conditions import Where, known
from rescind.postgres.reads.source import Source, query
from rescind.postgres.unread import unread, unread_of

NoticeTab = Literal["all", "unread"]
_NOTICES = query("notices").replace("{unread}", unread("x"))
_NEWEST = paging.Order("newest", "x.made_at", "x.notice_id", "timestamptz", descending=True)
_TABS = {"all": "true", "unread": "x.read_at IS NULL"}
COUNTED = 99
"""Unread notices are counted up to here: nobody needs to know how many more there are."""
_UNREAD = """
SELECT count(*) FROM (
    SELECT FROM notices WHERE role = $1 AND party = $2 AND read_at IS NULL LIMIT $3
) AS unread
"""


class NoticeRow(msgspec.Struct, frozen=True, kw_only=True):
    """One notice, and the order and what is unread of its conversation as they are now.

    order: None where it is of none. made_at: when we heard of it. zone: the shop's.
    """

    id: NoticeId
    notice: Notice
    order: Order | None
    unread: Unread
    shop_name: str
    zone: str
    made_at: Instant
    read_at: Instant | None


class Notices(Source):
    async def notices(
        self, role: NoticeRole, party: str, tab: NoticeTab = "all", cursor: str | None = None, limit: int = 25
    ) -> Page[NoticeRow]:
        """A page of a reader's notices, the latest first. Raises InvalidField: cursor, limit, tab."""
        if tab not in _TABS:
            raise InvalidField(field="tab", expected=one_of(get_args(NoticeTab)))
        where = _own(role, party)
        where.add(_TABS[tab])
        of = msgspec.json.encode(["notices", role, party, tab])
        return await self._page(_NOTICES, where, _NEWEST, of, cursor, limit, _row)

    async def notice(self, role: NoticeRole, party: str, notice: str) -> NoticeRow:
        """One of a reader's notices. Raises NotFound: missing or another's."""
        identifier = known("ntc", notice, "notice")
        where = _own(role, party)
        where.add("x.shop_id = {} AND x.notice_id = {}", shop_of(identifier), identifier)
        page = await self._page(_NOTICES, where, _NEWEST, b"", None, 1, _row)
        if not page.rows:
            raise NotFound(kind="notice")
        return page.rows[0]

    async def notices_unread(self, role: NoticeRole, party: str) -> int:
        """How many notices somebody has not read; more than ``COUNTED`` are one more."""
        return int(await self._pool.fetchval(_UNREAD, role, party, COUNTED + 1))


def _own(role: NoticeRole, party: str) -> Where:
    where = Where()
    where.add("x.role = {} AND x.party = {}", role, party)
    return where


def _row(row: asyncpg.Record) -> NoticeRow:
    return NoticeRow(
        id=row["notice_id"],
        notice=msgspec.json.decode(row["body"], type=Notice),
        order=decode_order(row["state"]) if row["state"] else None,
        unread=unread_of(row),
        shop_name=row["shop_name"] or "",
        zone=row["zone"] or "UTC",
        made_at=row["made_at"],
        read_at=row["read_at"],
    )
