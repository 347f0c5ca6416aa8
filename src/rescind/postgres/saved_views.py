"""Views that people keep of lists, which columns they want to see, and which views are to be mailed now."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import NotFound, ViewsFull
from rescind.core.instant import Instant
from rescind.core.schedule import Schedule
from rescind.core.staff import KEY_HOLDER
from rescind.postgres.notice_people import Owner

MOST = 50
"""Views of one person."""

Pause = Literal["", "no_access", "no_address", "not_seen", "too_large", "outdated"]
"""Why a view is not mailed: its person may not come any more, has no address that takes mail, has not been here for
long, the file was too large, or the list cannot be narrowed like that any more.
"""

_FIELDS = (
    "view_id, role, shop_id, person, list, name, query, columns, rhythm, weekday, hour, zone, format, language,"
    " channel, next_at, paused"
)
_OWN = "role = $1 AND shop_id = $2 AND person = $3"
_NOW = "coalesce({}, clock_timestamp())"
_OF = f"SELECT {_FIELDS} FROM saved_views WHERE {_OWN} AND ($4 = '' OR list = $4) ORDER BY list, lower(name), view_id"  # noqa: S608
_FIND = f"SELECT {_FIELDS} FROM saved_views WHERE {_OWN} AND view_id = $4"  # noqa: S608 - names of ours
_ONE = f"SELECT {_FIELDS} FROM saved_views WHERE view_id = $1"  # noqa: S608 - names of ours
# Whoever keeps two at once waits for the first, so that the limit is one.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('views ' || $1 || ' ' || $2 || ' ' || $3, 0))"
_COUNT = f"SELECT count(*) FROM saved_views WHERE {_OWN} AND NOT (list = $4 AND name = $5)"  # noqa: S608 - names of ours
_PUT = f"""
INSERT INTO saved_views (role, shop_id, person, view_id, list, name, query, columns)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (role, shop_id, person, list, name) DO UPDATE SET query = excluded.query, columns = excluded.columns
RETURNING {_FIELDS}
"""  # noqa: S608 - names of ours
_REMOVE = f"DELETE FROM saved_views WHERE {_OWN} AND view_id = $4"  # noqa: S608 - names of ours
_SCHEDULE = f"""
UPDATE saved_views SET rhythm = $5, weekday = $6, hour = $7, zone = $8, format = $9, language = $10, channel = $11,
                       next_at = $12, paused = '', lease_until = NULL, fence = fence + 1
WHERE {_OWN} AND view_id = $4
"""  # noqa: S608 - names of ours
_STOP = """
UPDATE saved_views SET rhythm = '', next_at = NULL, paused = '', lease_until = NULL, fence = fence + 1
WHERE view_id = $1
"""
_COLUMNS = f"SELECT columns FROM list_columns WHERE {_OWN} AND list = $4"  # noqa: S608 - names of ours
_CHOOSE = """
INSERT INTO list_columns (role, shop_id, person, list, columns) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (role, shop_id, person, list) DO UPDATE SET columns = excluded.columns
"""
# A lease is counted in the database's own time, so that workers with wrong clocks cannot hold one view twice.
_LEASE = f"""
UPDATE saved_views SET lease_until = clock_timestamp() + $2::interval, fence = fence + 1
WHERE view_id = (
    SELECT view_id FROM saved_views
    WHERE next_at <= {_NOW.format("$1")} AND (lease_until IS NULL OR lease_until <= clock_timestamp())
      -- A restored installation mails nobody anything until it is released.
      AND NOT EXISTS (SELECT FROM installation WHERE key = 'held')
    ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING {_FIELDS}, fence
"""  # noqa: S608 - names of ours
_DONE = """
UPDATE saved_views SET next_at = $3, lease_until = NULL
WHERE view_id = $1 AND fence = $2 AND lease_until > clock_timestamp()
RETURNING view_id
"""
_PAUSE = """
UPDATE saved_views SET paused = $3, next_at = NULL, lease_until = NULL WHERE view_id = $1 AND fence = $2
"""
# A key is there as long as it is in force; people were here when they came last.
_SEEN = """
SELECT max(greatest(created_at, least(expires_at, revoked_at, clock_timestamp()))) FROM credentials
WHERE role = ANY($1::text[]) AND principal = $2 AND coalesce(shop_id, '') = $3
  AND CASE WHEN $4 THEN kind = 'key' AND revoked_at IS NULL AND expires_at > clock_timestamp() ELSE kind <> 'key' END
"""


class SavedView(msgspec.Struct, frozen=True, kw_only=True):
    """A view of a list that somebody keeps. query: as it stands in an address. columns: none for the usual ones.

    rhythm: empty where it is not mailed; channel: the address it goes to; paused: why it is not mailed at the moment.
    """

    view_id: str
    role: Literal["seller", "support"]
    shop_id: str
    person: str
    list: str
    name: str
    query: str
    columns: Sequence[str]
    rhythm: Literal["", "daily", "weekly"]
    weekday: int
    hour: int
    zone: str
    format: Literal["csv", "xlsx"]
    language: str
    channel: str
    next_at: Instant | None
    paused: Pause

    @property
    def owner(self) -> Owner:
        """Whose it is."""
        return Owner(role=self.role, shop=self.shop_id, person=self.person)

    @property
    def schedule(self) -> Schedule | None:
        """When it is mailed."""
        if not self.rhythm:
            return None
        return Schedule(rhythm=self.rhythm, hour=self.hour, zone=self.zone, weekday=self.weekday)


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """A view that one worker mails now. ``fence`` is what a later write has to show."""

    view: SavedView
    fence: int


class SavedViews:
    """Reads and writes ``saved_views`` and ``list_columns``."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def of(self, owner: Owner, name: str = "") -> tuple[SavedView, ...]:
        """A person's views, of one list or of all."""
        return tuple(map(_view, await self._pool.fetch(_OF, *_keys(owner), name)))

    async def find(self, owner: Owner, view: str) -> SavedView:
        """One of a person's views. Raises NotFound: missing or another's."""
        row = await self._pool.fetchrow(_FIND, *_keys(owner), view)
        if row is None:
            raise NotFound(kind="view")
        return _view(row)

    async def by_id(self, view: str) -> SavedView | None:
        """A view, for whoever mails it or ends that."""
        row = await self._pool.fetchrow(_ONE, view)
        return _view(row) if row else None

    async def put(self, owner: Owner, listing: str, name: str, query: str, columns: Sequence[str]) -> SavedView:
        """Keep a view; one of that name is changed. Raises ViewsFull."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(_ALONE, *_keys(owner))
            if await connection.fetchval(_COUNT, *_keys(owner), listing, name) >= MOST:
                raise ViewsFull(limit=MOST)
            identifier = "svw_" + secrets.token_hex(10)
            row = await connection.fetchrow(_PUT, *_keys(owner), identifier, listing, name, query, list(columns))
        assert row is not None, "it was just written"
        return _view(row)

    async def remove(self, owner: Owner, view: str) -> None:
        """Keep it no longer. Raises NotFound."""
        if await self._pool.execute(_REMOVE, *_keys(owner), view) != "DELETE 1":
            raise NotFound(kind="view")

    async def mail(
        self, owner: Owner, view: str, schedule: Schedule, form: str, language: str, channel: str, next_at: Instant
    ) -> None:
        """Mail it from now on. channel: the address, which was seen to be the person's. Raises NotFound."""
        done = await self._pool.execute(
            _SCHEDULE,
            *(*_keys(owner), view, schedule.rhythm, schedule.weekday, schedule.hour, schedule.zone),
            *(form, language, channel, next_at),
        )
        if done != "UPDATE 1":
            raise NotFound(kind="view")

    async def stop(self, view: str) -> bool:
        """Mail it no longer; False where there is no such view."""
        return await self._pool.execute(_STOP, view) == "UPDATE 1"

    # --- columns -----------------------------------------------------------------------------------------------------

    async def columns(self, owner: Owner, listing: str) -> tuple[str, ...]:
        """The columns that somebody chose for a list; none where they never did."""
        return tuple(await self._pool.fetchval(_COLUMNS, *_keys(owner), listing) or ())

    async def choose(self, owner: Owner, listing: str, columns: Sequence[str]) -> None:
        """Show these columns of a list from now on; none for the usual ones."""
        await self._pool.execute(_CHOOSE, *_keys(owner), listing, list(columns))

    # --- mailing -----------------------------------------------------------------------------------------------------

    async def lease(self, span: timedelta) -> Leased | None:
        """Take a view whose time has come; nobody else gets it before ``span`` is over."""
        row = await self._pool.fetchrow(_LEASE, self._clock.read(), span)
        return Leased(view=_view(row), fence=row["fence"]) if row else None

    async def done(self, connection: Any, leased: Leased, next_at: Instant) -> bool:
        """It was mailed, within the transaction that wrote the mail; False where somebody else has it now."""
        return await connection.fetchval(_DONE, leased.view.view_id, leased.fence, next_at) is not None

    async def pause(self, leased: Leased, why: Pause) -> None:
        """Do not mail it until its person says so again."""
        await self._pool.execute(_PAUSE, leased.view.view_id, leased.fence, why)

    async def seen(self, owner: Owner) -> Instant | None:
        """When its person was here last, as far as their credentials tell; None where they have none."""
        roles = ["seller"] if owner.role == "seller" else ["support", "operator"]
        of_key = owner.person.startswith(KEY_HOLDER)
        return await self._pool.fetchval(_SEEN, roles, owner.person.removeprefix(KEY_HOLDER), owner.shop, of_key)


def _keys(owner: Owner) -> tuple[str, str, str]:
    return owner.role, owner.shop, owner.person


def _view(row: asyncpg.Record) -> SavedView:
    return SavedView(**{name: row[name] for name in SavedView.__struct_fields__})
