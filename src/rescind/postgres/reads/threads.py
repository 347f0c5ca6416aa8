"""Conversations: an inbox, one of them, what was said in it. Each side reads what is for it and learns of no more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import asyncpg
import msgspec

from rescind.core.cancellation import Said
from rescind.core.conversation import (
    About,
    Audience,
    FirstAnswer,
    Flag,
    Message,
    Outside,
    Side,
    Thread,
    ThreadFilters,
    Translation,
    Way,
    audiences,
    first_answer,
    may_know_seen,
)
from rescind.core.errors import InvalidField, NotFound, one_of
from rescind.core.evidence import EvidenceRef
from rescind.core.ids import MessageId, OrderId, ShopId, ThreadId, shop_of
from rescind.core.instant import Instant
from rescind.core.offer import latest, open_offer
from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.core.views import Page
from rescind.postgres import paging
from rescind.postgres.reads.conditions import Where, known, narrow, short_text
from rescind.postgres.reads.rows import decoded
from rescind.postgres.reads.search import anywhere
from rescind.postgres.reads.source import Source, query

_THREADS, _MESSAGES = (query(name).replace("{message}", query("message")) for name in ("threads", "messages"))
_NEWEST = paging.Order("newest", "x.last_at", "x.thread_id", "timestamptz", descending=True)
_WAITS_SINCE = "(SELECT t.waits_since FROM threads t WHERE t.shop_id = x.shop_id AND t.thread_id = x.thread_id)"
_LONGEST = paging.Order("waiting", _WAITS_SINCE, "x.thread_id", "timestamptz")
_TABS = {
    "all": "true",
    "flagged": "x.flagged",
    "waiting": "(x.shop_id, x.thread_id) IN (SELECT t.shop_id, t.thread_id FROM threads t"
    " WHERE t.waits_since IS NOT NULL)",
}
COUNTED = 99
"""Unread conversations are counted up to here: nobody needs to know how many more there are."""

_UNREAD = "SELECT count(*) FROM (SELECT FROM thread_sides x WHERE {where} LIMIT {most}) AS unread"
_NEW = "x.new_place > x.seen_place"
# New to a side, or a note to one of its people who has written there; each found by an index of its own.
_NEW_TO = """
SELECT s.shop_id, s.thread_id FROM thread_sides s WHERE s.side = {side} AND s.new_place > s.seen_place
UNION
SELECT s.shop_id, s.thread_id FROM thread_people p JOIN thread_sides s USING (shop_id, thread_id)
WHERE p.account_id = {account} AND s.side = {side} AND s.note_place > p.seen_place
"""
_NOTED = """
EXISTS (SELECT FROM thread_people p WHERE p.shop_id = x.shop_id AND p.thread_id = x.thread_id
        AND p.account_id = {account} AND p.seen_place < x.note_place)
"""
_WAITING = """
SELECT count(*) FROM (SELECT FROM threads WHERE shop_id = $1 AND waits_since IS NOT NULL LIMIT $2) AS waiting
"""
_OF = "(x.shop_id, x.thread_id) IN (SELECT t.shop_id, t.thread_id FROM threads t WHERE {})"
_BUYER = "(SELECT o.buyer_id FROM orders o WHERE o.shop_id = {} AND o.order_id = {})"
_FOUND = """
(EXISTS (SELECT FROM messages m WHERE m.shop_id = x.shop_id AND m.thread_id = x.thread_id
         AND m.audience = ANY({}::text[]) AND m.body ILIKE {})
 OR EXISTS (SELECT FROM threads t
            LEFT JOIN orders o ON o.shop_id = t.shop_id AND o.order_id = t.order_id
            LEFT JOIN shops s ON s.shop_id = t.shop_id
            LEFT JOIN buyers b ON b.buyer_id = t.buyer_id AND t.order_id IS NULL
            LEFT JOIN people p ON p.shop_id = t.shop_id AND p.order_id = t.order_id
            WHERE t.shop_id = x.shop_id AND t.thread_id = x.thread_id
              AND (t.subject ILIKE {} OR o.number ILIKE {} OR s.name ILIKE {}
                   OR coalesce(b.name, p.buyer ->> 'name') ILIKE {})))
"""
_ANSWERED = """
SELECT extract(epoch FROM answered_at - asked_at)::bigint AS seconds FROM threads
WHERE shop_id = $1 AND answered_at IS NOT NULL AND asked_at >= $2 AND asked_at < $3
ORDER BY asked_at DESC LIMIT 1000
"""
_SAID = """
SELECT m.message_id, m.sent_at FROM messages m JOIN threads t USING (shop_id, thread_id)
WHERE m.shop_id = $1 AND m.message_id = $2 AND t.order_id = $3 AND m.side = 'buyer' AND m.flag = 'wants_to_cancel'
"""
_ANSWERED_SINCE = timedelta(days=90)


class Threads(Source):
    async def threads(
        self,
        scope: Scope,
        side: Side,
        filters: ThreadFilters,
        cursor: str | None = None,
        limit: int = 25,
        *,
        account: str = "",
    ) -> Page[Thread]:
        """A page of a side's conversations, the one with the latest message first, or that waits longest for an answer.

        account: of the person who reads, where they have one. Raises InvalidField: cursor, limit, tab, text.
        """
        where = _narrowed(scope, side, filters, account)
        of = msgspec.json.encode(["threads", scope, side, filters])
        order = _LONGEST if filters.tab == "waiting" else _NEWEST
        return await self._page(_shown(where, account), where, order, of, cursor, limit, _read(side))

    def every_thread(self, scope: Scope, side: Side, filters: ThreadFilters) -> AsyncIterator[Thread]:
        """All of a side's conversations, in the order of the inbox. Raises InvalidField: tab, text."""
        return self._every(_shown(), _narrowed(scope, side, filters), _NEWEST, _read(side))

    async def thread(self, scope: Scope, side: Side, thread: str, *, account: str = "") -> Thread:
        """One conversation in which there is something for this side. Raises NotFound: missing or foreign."""
        identifier = known("cnv", thread, "thread")
        where = _own(scope, side)
        where.add("x.shop_id = {} AND x.thread_id = {}", shop_of(identifier), identifier)
        return await self._first(where, side, account)

    async def thread_of(self, scope: Scope, side: Side, order: OrderId, *, account: str = "") -> Thread | None:
        """The conversation about an order, once there is something in it for this side."""
        where = _own(scope, side)
        where.add("x.shop_id = {}", shop_of(order))
        where.add(_OF.replace("{}", "t.shop_id = {} AND t.order_id = {}"), shop_of(order), order)
        try:
            return await self._first(where, side, account)
        except NotFound:
            return None

    async def questions_before(self, scope: Scope, side: Side, order: OrderId) -> tuple[Thread, ...]:
        """Conversations from before an order that it followed, oldest first."""
        where, shop = _own(scope, side), shop_of(order)
        where.add(f"x.shop_id = {{}} AND x.buyer_id = {_BUYER}", shop, shop, order)
        asked = f"t.shop_id = {{}} AND t.buyer_id = {_BUYER} AND t.order_id IS NULL"
        where.add(_OF.replace("{}", asked), shop, shop, order)
        page = await self._page(_shown(), where, _NEWEST, b"", None, paging.MOST, _read(side))
        return tuple(reversed([one for one in page.rows if one.order == order]))

    async def _first(self, where: Where, side: Side, account: str) -> Thread:
        page = await self._page(_shown(where, account), where, _NEWEST, b"", None, 1, _read(side))
        if not page.rows:
            raise NotFound(kind="thread")
        return page.rows[0]

    async def messages(
        self, thread: ThreadId, side: Side, before: str | None = None, limit: int = 50
    ) -> tuple[tuple[Message, ...], bool]:
        """The last messages of a conversation, or the last before one of them, oldest first; whether there are earlier
        ones. Raises InvalidField for a message that this side does not know.
        """
        paging.check_limit(limit)
        readable = [one.value for one in audiences(side)]
        if before is not None:
            before = _named(before)
            if not await self._pool.fetchval(_KNOWN, shop_of(thread), thread, before, readable):
                raise _unknown()
        rows = await self._pool.fetch(_MESSAGES, shop_of(thread), thread, readable, before, limit + 1)
        found = [_message(row, side) for row in rows[:limit]]
        return tuple(reversed(found)), len(rows) > limit

    async def has_message(self, thread: ThreadId, side: Side, message: str) -> bool:
        """Whether a side reads a message of this id in a conversation."""
        return await self.sent_at(thread, side, message) is not None

    async def sent_at(self, thread: ThreadId, side: Side, message: str) -> Instant | None:
        """When a message was sent, if a side reads one of this id in a conversation."""
        readable = [one.value for one in audiences(side)]
        try:
            named = known("msg", message, "message")
        except NotFound:
            return None
        sent: Instant | None = await self._pool.fetchval(_KNOWN, shop_of(thread), thread, named, readable)
        return sent

    async def every_message(self, thread: ThreadId, side: Side) -> tuple[Message, ...]:
        """All that a side may read of a conversation, oldest first."""
        readable = [one.value for one in audiences(side)]
        rows = await self._pool.fetch(_MESSAGES, shop_of(thread), thread, readable, None, None)
        return tuple(_message(row, side) for row in reversed(rows))

    async def said(self, order: OrderId, message: str) -> Said:
        """A message of the buyer's about this order that plainly asks to cancel. Raises InvalidField for any other."""
        try:
            row = await self._pool.fetchrow(_SAID, shop_of(order), known("msg", message, "message"), order)
        except NotFound:
            row = None
        if row is None:
            expected = "a message of the buyer's about this order that asks to cancel"
            raise InvalidField(field="/message", expected=expected)
        return Said(message=row["message_id"], at=row["sent_at"])

    async def unread(self, scope: Scope, side: Side, *, account: str = "") -> int:
        """In how many conversations there is something a side has not seen, or somebody with an account a note of it.

        More than ``COUNTED`` are one more.
        """
        where = _narrowed(scope, side, ThreadFilters(tab="unread"), account)
        text = f"{where.matched} {_UNREAD.format(where=where, most=COUNTED + 1)}"
        return int(await self._pool.fetchval(text, *where.parameters))

    async def waiting(self, shop: ShopId) -> int:
        """In how many conversations a shop owes an answer; more than ``COUNTED`` are one more."""
        return int(await self._pool.fetchval(_WAITING, shop, COUNTED + 1))

    async def first_answers(self, shop: ShopId, now: Instant) -> FirstAnswer | None:
        """How fast a shop answered what it was asked first in the last months; None where too few asked."""
        rows = await self._pool.fetch(_ANSWERED, shop, now - _ANSWERED_SINCE, now)
        return first_answer([row["seconds"] for row in rows])


_KNOWN = """
SELECT sent_at FROM messages WHERE shop_id = $1 AND thread_id = $2 AND message_id = $3 AND audience = ANY($4::text[])
"""


def _own(scope: Scope, side: Side) -> Where:
    where = Where()
    where.add("x.side = {}", side)
    narrow(where, msgspec.structs.replace(scope, order=None), "x")
    if scope.order is not None:
        # A side of a conversation does not say of which order it is.
        where.add(_OF.replace("{}", "t.shop_id = {} AND t.order_id = {}"), shop_of(scope.order), scope.order)
    return where


def _shown(where: Where | None = None, account: str = "") -> str:
    """The statement of a list, with what is new to its reader."""
    noted = f" OR {_NOTED.format(account=where.bind(account))}" if where and account else ""
    return _THREADS.replace("{unread}", f"({_NEW}{noted})")


def _narrowed(scope: Scope, side: Side, filters: ThreadFilters, account: str = "") -> Where:
    if filters.tab not in (*_TABS, "unread"):
        raise InvalidField(field="tab", expected=one_of(_TABS))
    where = _own(scope, side)
    if filters.tab != "unread":
        where.add(_TABS[filters.tab])
    elif account:
        query = _NEW_TO.format(side=where.bind(side), account=where.bind(account))
        where.add_matched("x", "unread", query, key="thread_id")
    else:
        where.add(_NEW)
    if text := short_text("text", filters.text):
        readable, pattern = [one.value for one in audiences(side)], anywhere(text)
        where.add(_FOUND, readable, *[pattern] * 5)
    return where


def _named(message: str) -> MessageId:
    try:
        return MessageId(known("msg", message, "message"))
    except NotFound:
        raise _unknown() from None


def _unknown() -> InvalidField:
    return InvalidField(field="before", expected="the id of a message of this conversation")


def _read(side: Side) -> Any:
    def read(row: asyncpg.Record) -> Thread:
        order = decode_order(row["state"]) if row["state"] else None
        asked = order.open_cancellation if order else None
        return Thread(
            id=row["thread_id"],
            shop=row["shop_id"],
            shop_name=row["shop_name"] or "",
            buyer=row["buyer_id"],
            buyer_name=row["buyer_name"] or "",
            about=About(row["about"]),
            order=row["order_id"] or row["followed_id"],
            number=row["number"],
            sku=row["sku"],
            subject=row["subject"],
            last_at=row["last_at"],
            unread=row["unread"],
            flagged=row["flagged"],
            waits_since=row["waits_since"],
            offer=open_offer(asked) if asked else None,
            offered=latest(order) if order else None,
            currency=order.currency if order else "",
            last=_message(row, side) if row["message_id"] else None,
        )

    return read


def _message(row: asyncpg.Record, side: Side) -> Message:
    audience, by = Audience(row["audience"]), row["side"]
    body, outside = row["body"] or "", None
    if row["outside_way"]:
        # With whom something was said is words of people, too, and goes when they are erased.
        whom, _, body = body.partition("\n")
        outside = Outside(way=Way(row["outside_way"]), at=row["outside_at"], whom=whom)
    seen = decoded(row["seen"], dict[Side, Instant], {})
    flag = Flag(row["flag"]) if row["flag"] else None
    if flag is Flag.ASKS_BUYER_TO_CANCEL and side != "platform":
        # Who broke a rule is for support to look into.
        flag = None
    return Message(
        id=row["message_id"],
        audience=audience,
        by=by,
        # Who of the platform, or of the shop, is for their own to know (I-26).
        author=row["author"] if side in ("platform", by) else "",
        text=body,
        digest=row["digest"],
        salt=row["salt"] or "",
        sent_at=row["sent_at"],
        evidence=decoded(row["files"], tuple[EvidenceRef, ...], ()),
        flag=flag,
        seen={one: at for one, at in seen.items() if may_know_seen(side, one, audience)},
        erased=row["body"] is None,
        translations=decoded(row["translated"], dict[str, Translation], {}),
        outside=outside,
        answers=row["answers"],
    )
