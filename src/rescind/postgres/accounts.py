"""People who work here, as what, and what they show to sign in; and the record of who let whom in.

Whoever takes a role away and whoever signs in with it wait for each other at the role's row, so that no session
outlives what it was made from.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from rescind.core.errors import NotFound
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.staff import Grant, Rights, StaffRole, require_operator_left

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[Any]

SHOWN = 200
"""Lines of the record that a page shows."""

_FIELDS = "account_id AS id, email, name, language, zone, password, totp, totp_step, identity, made_at"
_FIND = f"SELECT {_FIELDS} FROM accounts WHERE account_id = $1"  # noqa: S608 - names of ours
_BY_EMAIL = f"SELECT {_FIELDS} FROM accounts WHERE email = $1"  # noqa: S608 - names of ours
_ADD = "INSERT INTO accounts (account_id, email, name, language, zone) VALUES ($1, $2, $3, $4, $5)"
_RENAME = "UPDATE accounts SET name = $2, language = $3, zone = $4 WHERE account_id = $1"
_PASSWORD = "UPDATE accounts SET password = $2 WHERE account_id = $1 AND totp IS NOT NULL"  # noqa: S105 - a statement
_BOTH = "UPDATE accounts SET password = $2, totp = $3, totp_step = $4 WHERE account_id = $1"
# The later of two that show one code at once finds the step taken.
_TAKE_STEP = "UPDATE accounts SET totp_step = $2 WHERE account_id = $1 AND totp_step < $2"
# Whoever came from there once is that person for good: an address can be given to somebody else.
_KNOWN_AS = "UPDATE accounts SET identity = $2 WHERE account_id = $1 AND identity IN ('', $2)"
_BEGIN_ANEW = "UPDATE accounts SET password = '', totp = NULL, totp_step = 0, identity = '' WHERE account_id = $1"
_GRANTS = """
SELECT role, shop_id, rights FROM account_roles WHERE account_id = $1
ORDER BY used_at DESC NULLS LAST, role, shop_id
"""
_GIVE = """
INSERT INTO account_roles (account_id, role, shop_id, rights, given_by) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (account_id, role, shop_id) DO UPDATE SET rights = excluded.rights, given_by = excluded.given_by
"""
_TAKE_AWAY = "DELETE FROM account_roles WHERE account_id = $1 AND role = $2 AND shop_id = $3 RETURNING rights"
_NONE_LEFT = """
DELETE FROM accounts a WHERE account_id = $1 AND NOT EXISTS (SELECT FROM account_roles r WHERE r.account_id = $1)
"""
_HELD = """
SELECT rights FROM account_roles WHERE account_id = $1 AND role = $2 AND shop_id = $3 FOR NO KEY UPDATE
"""
_USED = """
UPDATE account_roles SET used_at = clock_timestamp() WHERE account_id = $1 AND role = $2 AND shop_id = $3
"""
_ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('operators', 0))"
_OPERATORS = "SELECT count(*) FROM account_roles WHERE role = 'operator'"
_END_ROLE = """
UPDATE credentials SET revoked_at = clock_timestamp()
WHERE account_id = $1 AND role = $2 AND coalesce(shop_id, '') = $3 AND revoked_at IS NULL
"""
# Nor is whoever may not come any more mailed a list.
_PAUSE_VIEWS = """
UPDATE saved_views SET paused = 'no_access', next_at = NULL, lease_until = NULL
WHERE person = $1 AND role = CASE $2 WHEN 'operator' THEN 'support' ELSE $2 END AND shop_id = $3 AND rhythm <> ''
"""
# Whoever may let nobody in any more has let in nobody who has not come yet.
_END_INVITED = """
UPDATE staff_links SET ended_at = clock_timestamp()
WHERE kind = 'join' AND made_by = $2 || ':' || $1 AND ($3 = '' OR shop_id = $3)
  AND used_at IS NULL AND ended_at IS NULL
"""
_END_ALL = """
UPDATE credentials SET revoked_at = clock_timestamp() WHERE account_id = $1 AND revoked_at IS NULL
"""
_PEOPLE = """
SELECT a.account_id AS id, a.email, a.name, r.role, r.shop_id AS shop, r.rights, r.given_at, r.used_at,
       (SELECT count(*) FROM passkeys p WHERE p.account_id = a.account_id) AS passkeys, a.totp IS NOT NULL AS app,
       a.identity <> '' AS identity
FROM account_roles r JOIN accounts a USING (account_id)
WHERE $1 = '' OR r.shop_id = $1
ORDER BY a.name, a.email, r.role, r.shop_id
"""
_PASSKEYS = """
SELECT passkey_id AS id, attested, name, made_at, used_at FROM passkeys WHERE account_id = $1 ORDER BY made_at
"""
_WHOSE = "SELECT account_id FROM passkeys WHERE passkey_id = $1"
_ADD_PASSKEY = "INSERT INTO passkeys (passkey_id, account_id, attested, name, host) VALUES ($1, $2, $3, $4, $5)"
_PASSKEY_USED = "UPDATE passkeys SET used_at = clock_timestamp(), host = $2 WHERE passkey_id = $1"
# Passkeys of another host, of people who have none for this one.
_STRANDED = """
SELECT p.host, count(DISTINCT p.account_id)::int AS people FROM passkeys p
WHERE p.host NOT IN ('', $1)
  AND NOT EXISTS (SELECT FROM passkeys h WHERE h.account_id = p.account_id AND h.host IN ('', $1))
GROUP BY p.host ORDER BY max(p.made_at) DESC LIMIT 1
"""
_DROP_PASSKEY = "DELETE FROM passkeys WHERE account_id = $1 AND passkey_id = $2"
_PASSKEYS_LEFT = "SELECT count(*) FROM passkeys WHERE account_id = $1"
_DROP_PASSKEYS = "DELETE FROM passkeys WHERE account_id = $1"
_DROP_CODES = "DELETE FROM recovery_codes WHERE account_id = $1"
_ADD_CODES = "INSERT INTO recovery_codes (account_id, code_hash) SELECT $1, unnest($2::bytea[])"
_USE_CODE = """
UPDATE recovery_codes SET used_at = clock_timestamp() WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL
"""
_CODES_LEFT = "SELECT count(*) FROM recovery_codes WHERE account_id = $1 AND used_at IS NULL"
_NOTE = """
INSERT INTO staff_acts (act, by, by_name, whom, role, shop_id, rights) VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
# What they are called: by their account, else by the way in that they were given last.
_NOTED = """
INSERT INTO staff_acts (act, by, by_name, whom)
SELECT $1, $2::text, coalesce(
    (SELECT name FROM accounts WHERE account_id = who.id),
    (SELECT name FROM credentials WHERE principal = who.id AND role <> 'buyer' AND name <> ''
     ORDER BY kind = 'key', created_at DESC LIMIT 1),
    who.id), $3
FROM (SELECT substr($2::text, strpos($2::text, ':') + 1) AS id) who
"""
_ACTS = """
SELECT act_id AS id, at, act, by, by_name, whom, role, shop_id AS shop, rights FROM staff_acts
WHERE $1 = '' OR shop_id = $1 ORDER BY act_id DESC LIMIT $2
"""
_LOCKED = "SELECT FROM accounts WHERE account_id = $1 FOR NO KEY UPDATE"


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """A person. password: argon2id, empty for none; totp: the app's seed, sealed. Both are there, or neither.

    identity: as whom the identity provider knows them; empty for whoever never came from there.
    """

    id: str
    email: str
    name: str
    language: str
    zone: str
    password: str
    totp: bytes | None
    totp_step: int
    identity: str
    made_at: Instant

    def __repr__(self) -> str:
        return f"Account({self.id})"


class PersonView(msgspec.Struct, frozen=True, kw_only=True):
    """A person in one role, as those who let people in see them. used_at: when they last signed in with it."""

    id: str
    email: str
    name: str
    role: StaffRole
    shop: str
    rights: Rights
    given_at: Instant
    used_at: Instant | None
    passkeys: int
    app: bool
    identity: bool

    @property
    def grant(self) -> Grant:
        """As what they work."""
        return Grant(role=self.role, shop=ShopId(self.shop) if self.shop else None, rights=self.rights)


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """A passkey: attested is what it is checked with, as the standard writes it down."""

    id: bytes
    attested: bytes
    name: str
    made_at: Instant
    used_at: Instant | None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A line to be added to the record. by: as what and who, ``operator:psn_…``; whom: a person, session or key."""

    act: str
    by: str
    by_name: str
    whom: str
    role: str = ""
    shop: str = ""
    rights: str = ""


class ActView(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the record."""

    id: int
    at: Instant
    act: str
    by: str
    by_name: str
    whom: str
    role: str
    shop: str
    rights: str


class AccountTable:
    """Reads and writes people. What belongs together is one transaction, with its line in the record."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def find(self, account: str) -> Account:
        """A person. Raises NotFound."""
        row = await self._pool.fetchrow(_FIND, account)
        if row is None:
            raise NotFound(kind="person")
        return Account(**dict(row))

    async def by_email(self, email: str) -> Account | None:
        """Whose address this is."""
        row = await self._pool.fetchrow(_BY_EMAIL, email)
        return Account(**dict(row)) if row else None

    async def grants(self, account: str) -> tuple[Grant, ...]:
        """As what somebody works; what they signed in with last comes first."""
        return tuple(
            Grant(role=row["role"], shop=row["shop_id"] or None, rights=row["rights"])
            for row in await self._pool.fetch(_GRANTS, account)
        )

    async def people(self, shop: str = "") -> tuple[PersonView, ...]:
        """Everybody, or who works for one shop; a person with two roles stands there twice."""
        return tuple(PersonView(**dict(row)) for row in await self._pool.fetch(_PEOPLE, shop))

    async def acts(self, shop: str = "", most: int = SHOWN) -> tuple[ActView, ...]:
        """The record, the latest first."""
        return tuple(ActView(**dict(row)) for row in await self._pool.fetch(_ACTS, shop, most))

    async def note(self, note: Note, within: Connection | None = None) -> None:
        """Add a line to the record."""
        await (within or self._pool).execute(
            _NOTE, note.act, note.by, note.by_name, note.whom, note.role, note.shop, note.rights
        )

    async def rename(self, account: str, name: str, language: str, zone: str) -> None:
        """What somebody is called, in which language they read, and by whose clock."""
        await self._pool.execute(_RENAME, account, name, language, zone)

    # --- joining, changing, leaving ----------------------------------------------------------------------------------

    async def add(self, account: Account, within: Connection) -> None:
        """A person without anything to sign in with yet."""
        await within.execute(_ADD, account.id, account.email, account.name, account.language, account.zone)

    async def give(self, account: str, grant: Grant, by: str, within: Connection) -> None:
        """Let somebody work as this from now on."""
        await within.execute(_GIVE, account, grant.role, grant.shop or "", grant.rights, by)

    async def change(self, account: str, grant: Grant, note: Note) -> None:
        """Other rights in a role that somebody has; sessions and invitations with the old ones end. Raises NotFound."""
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval(_HELD, account, grant.role, grant.shop or "") is None:
                raise NotFound(kind="person")
            await self.give(account, grant, note.by, connection)
            await connection.execute(_END_ROLE, account, grant.role, grant.shop or "")
            await connection.execute(_END_INVITED, account, grant.role, grant.shop or "")
            await self.note(note, connection)

    async def take_away(self, account: str, grant: Grant, note: Note) -> None:
        """End a role, its sessions and what it invited at once; who has none left is forgotten.

        Raises NotFound, LastOperator.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            # Of two operators who remove each other one stays.
            await connection.execute(_ONE_AT_A_TIME)
            operators: int = await connection.fetchval(_OPERATORS)
            if await connection.fetchval(_TAKE_AWAY, account, grant.role, grant.shop or "") is None:
                raise NotFound(kind="person")
            require_operator_left(grant, operators)
            await connection.execute(_END_ROLE, account, grant.role, grant.shop or "")
            await connection.execute(_END_INVITED, account, grant.role, grant.shop or "")
            await connection.execute(_PAUSE_VIEWS, account, grant.role, grant.shop or "")
            await connection.execute(_NONE_LEFT, account)
            await self.note(note, connection)

    async def begin_anew(self, account: str, within: Connection) -> None:
        """Forget everything that somebody signs in with, and end their sessions."""
        for statement in (_BEGIN_ANEW, _DROP_PASSKEYS, _DROP_CODES, _END_ALL):
            await within.execute(statement, account)

    async def hold(self, account: str, grant: Grant, within: Connection) -> Grant:
        """The role as it is now, kept until the transaction ends. Raises NotFound: it was taken away."""
        rights = await within.fetchval(_HELD, account, grant.role, grant.shop or "")
        if rights is None:
            raise NotFound(kind="person")
        await within.execute(_USED, account, grant.role, grant.shop or "")
        return msgspec.structs.replace(grant, rights=rights)

    async def known_as(self, account: str, identity: str, within: Connection | None = None) -> bool:
        """Keep as whom the identity provider knows somebody; False where it knows them as another."""
        return await (within or self._pool).execute(_KNOWN_AS, account, identity) == "UPDATE 1"

    # --- what people show --------------------------------------------------------------------------------------------

    async def set_both(
        self, account: str, password: str, totp: bytes, step: int, codes: Sequence[bytes], within: Connection
    ) -> None:
        """A password, the app beside it and codes for the day the app is lost, in place of those before."""
        await within.execute(_BOTH, account, password, totp, step)
        await self.set_codes(account, codes, within)

    async def set_password(self, account: str, password: str, within: Connection) -> bool:
        """Another password, where there is an app beside it; every session ends."""
        if await within.execute(_PASSWORD, account, password) != "UPDATE 1":
            return False
        await within.execute(_END_ALL, account)
        return True

    async def set_codes(self, account: str, codes: Sequence[bytes], within: Connection) -> None:
        """Other recovery codes, as hashes."""
        await within.execute(_DROP_CODES, account)
        await within.execute(_ADD_CODES, account, codes)

    async def take_step(self, account: str, step: int) -> bool:
        """Use up an app's code; False where it, or a later one, was used."""
        return await self._pool.execute(_TAKE_STEP, account, step) == "UPDATE 1"

    async def use_code(self, account: str, code_hash: bytes) -> bool:
        """Use up a recovery code; False for one that is none or was used."""
        return await self._pool.execute(_USE_CODE, account, code_hash) == "UPDATE 1"

    async def codes_left(self, account: str) -> int:
        """How many recovery codes have not been used."""
        left: int = await self._pool.fetchval(_CODES_LEFT, account)
        return left

    async def passkeys(self, account: str) -> tuple[Passkey, ...]:
        """Somebody's passkeys, the oldest first."""
        return tuple(Passkey(**dict(row)) for row in await self._pool.fetch(_PASSKEYS, account))

    async def whose(self, passkey: bytes) -> str:
        """Whose passkey this is; empty for nobody's."""
        return await self._pool.fetchval(_WHOSE, passkey) or ""

    async def add_passkey(
        self, account: str, passkey: bytes, attested: bytes, name: str, host: str, within: Connection
    ) -> None:
        """Let somebody sign in with a passkey from now on. host: for whose pages it was made."""
        await within.execute(_ADD_PASSKEY, passkey, account, attested, name, host)

    async def stranded(self, host: str) -> tuple[str, int]:
        """Of which other host people have passkeys who have none for this one, and how many; empty and 0 for nobody."""
        row = await self._pool.fetchrow(_STRANDED, host)
        return (row["host"], row["people"]) if row else ("", 0)

    async def passkey_used(self, passkey: bytes, host: str) -> None:
        """Keep when it was last used."""
        await self._pool.execute(_PASSKEY_USED, passkey, host)

    async def drop_passkey(self, account: str, passkey: bytes, within: Connection) -> int | None:
        """Take a passkey away; how many are left, None where there was none.

        The person's row is held, so that of two that are taken away at once the later is seen to be the last.
        """
        await within.execute(_LOCKED, account)
        if await within.execute(_DROP_PASSKEY, account, passkey) != "DELETE 1":
            return None
        left: int = await within.fetchval(_PASSKEYS_LEFT, account)
        return left

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Connection]:
        """``async with table.transaction() as connection``: what belongs together."""
        async with self._pool.acquire() as connection, connection.transaction():
            yield connection


async def noted(within: Connection, act: str, by: str, whom: str) -> None:
    """Add a line to the record within the transaction of what was done. by: as what and who, ``operator:psn_…``."""
    await within.execute(_NOTED, act, by, whom)
