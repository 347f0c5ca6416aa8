"""Links in mails to people who work here: to join, to begin anew, to choose another password. Each works once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.staff import Grant, LinkKind, Rights

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_FIELDS = (
    "link_id AS id, kind, email, name, language, account_id AS account, role, shop_id AS shop, rights, made_by,"
    " made_at, expires_at"
)
_GOOD = "used_at IS NULL AND ended_at IS NULL AND expires_at > clock_timestamp()"
_ADD = f"""
INSERT INTO staff_links (link_id, kind, email, name, language, account_id, role, shop_id, rights, made_by, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, clock_timestamp() + $11::interval)
RETURNING {_FIELDS}
"""  # noqa: S608 - names of ours
# Of several to one person the last one counts: the mail that is on top is the one that works.
_END_EARLIER = """
UPDATE staff_links SET ended_at = clock_timestamp()
WHERE email = $1 AND kind = $2 AND role = $3 AND shop_id = $4 AND used_at IS NULL AND ended_at IS NULL
"""
_FIND = f"SELECT {_FIELDS} FROM staff_links WHERE link_id = $1 AND {_GOOD}"  # noqa: S608 - names of ours
_KEPT = f"SELECT {_FIELDS} FROM staff_links WHERE link_id = $1"  # noqa: S608 - names of ours
_FATE = """
SELECT CASE WHEN used_at IS NOT NULL THEN 'used' WHEN ended_at IS NOT NULL THEN 'ended' ELSE 'over' END
FROM staff_links WHERE link_id = $1
"""
_USE = f"UPDATE staff_links SET used_at = clock_timestamp() WHERE link_id = $1 AND {_GOOD}"  # noqa: S608 - names of ours
_END = f"""
UPDATE staff_links SET ended_at = clock_timestamp()
WHERE link_id = $1 AND kind = 'join' AND ($2 = '' OR shop_id = $2) AND used_at IS NULL AND ended_at IS NULL
RETURNING {_FIELDS}
"""  # noqa: S608 - names of ours
_END_OF = """
UPDATE staff_links SET ended_at = clock_timestamp() WHERE account_id = $1 AND used_at IS NULL AND ended_at IS NULL
"""
_OPEN = f"""
SELECT {_FIELDS} FROM staff_links
WHERE kind = 'join' AND ($1 = '' OR shop_id = $1) AND used_at IS NULL AND ended_at IS NULL
  AND expires_at > clock_timestamp() - interval '30 days'
ORDER BY made_at DESC LIMIT 200
"""  # noqa: S608 - names of ours


class NewLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link to be made. account: whose it is, empty for who joins; role, shop, rights: of an invitation."""

    id: str
    kind: LinkKind
    email: str
    name: str
    language: str
    account: str = ""
    role: str = ""
    shop: str = ""
    rights: Rights = "manage"
    made_by: str


class StaffLink(NewLink, frozen=True, kw_only=True):
    """A link to one person, and until when it is good."""

    made_at: Instant
    expires_at: Instant

    @property
    def grant(self) -> Grant:
        """As what an invitation lets somebody work."""
        assert self.role in {"operator", "support", "seller"}, "an invitation names a role"
        return Grant(role=self.role, shop=ShopId(self.shop) if self.shop else None, rights=self.rights)  # pyright: ignore[reportArgumentType]  # as asserted


class StaffLinkTable:
    """Writes and reads links by their ids."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def add(self, link: NewLink, lifetime: timedelta, within: PoolConnectionProxy[Any]) -> StaffLink:
        """A link that is good for so long, in place of earlier ones to the same person for the same thing."""
        await within.execute(_END_EARLIER, link.email, link.kind, link.role, link.shop)
        row = await within.fetchrow(
            _ADD,
            *(link.id, link.kind, link.email, link.name, link.language, link.account),
            *(link.role, link.shop, link.rights, link.made_by, lifetime),
        )
        assert row is not None, "it was just written"
        return StaffLink(**dict(row))

    async def kept(self, identifier: str, within: PoolConnectionProxy[Any]) -> StaffLink | None:
        """A link that was made under this id, whatever became of it."""
        row = await within.fetchrow(_KEPT, identifier)
        return StaffLink(**dict(row)) if row else None

    async def find(self, identifier: str) -> StaffLink | None:
        """A link that is still good."""
        row = await self._pool.fetchrow(_FIND, identifier)
        return StaffLink(**dict(row)) if row else None

    async def fate(self, identifier: str) -> str:
        """Why a link is no longer good: used, ended, over; empty where there never was one."""
        return await self._pool.fetchval(_FATE, identifier) or ""

    async def use(self, identifier: str, within: PoolConnectionProxy[Any]) -> bool:
        """Use a link up; of two who do so at once one gets it."""
        return await within.execute(_USE, identifier) == "UPDATE 1"

    async def end(self, identifier: str, shop: str, within: PoolConnectionProxy[Any]) -> StaffLink | None:
        """Take an invitation back. shop: whose it has to be; empty for anybody's."""
        row = await within.fetchrow(_END, identifier, shop)
        return StaffLink(**dict(row)) if row else None

    async def end_of(self, account: str, within: PoolConnectionProxy[Any]) -> None:
        """Take back whatever was sent to somebody."""
        await within.execute(_END_OF, account)

    async def open(self, shop: str = "") -> tuple[StaffLink, ...]:
        """Invitations that nobody has taken up, those that are over by now among them; the latest first."""
        return tuple(StaffLink(**dict(row)) for row in await self._pool.fetch(_OPEN, shop))
