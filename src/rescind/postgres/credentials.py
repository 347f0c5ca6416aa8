"""The table ``credentials``: hashes of tokens, and who is behind them.

Ends are judged by the database's own clock: a token's life has nothing to do with a rehearsal's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

import asyncpg
import msgspec

from rescind.core.handover import Destination
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.staff import Rights

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Role = Literal["buyer", "seller", "support", "operator", "host"]
Kind = Literal["key", "link", "session"]


ACQUIRE_S = 2.0
"""How long a look-up waits for a free connection before the caller is told to come back."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """Who is behind a token; the token itself is known to its holder alone. ``principal``: the person's or key's id.

    account: of a person who signed in with one. scopes: what a key may do, empty for all that its role may. made_by:
    who made a key. mandated: whether a key acts under mandates alone; mandate: the last it was given, empty for none.
    agent, address: whence a session came. proven: whether its person showed who they are just now. fresh_s: seconds
    since they did so; None where nobody did. order_id: of a buyer who came for this order alone. opens, language: what
    a buyer's link leads to, and how they read it. back_to: where a buyer came from, if anywhere. zone: the account's
    own, as it is now.
    """

    kind: Kind
    role: Role
    principal: str
    name: str = ""
    shop_id: ShopId | None = None
    buyer_id: str | None = None
    account: str = ""
    rights: Rights = "manage"
    scopes: tuple[str, ...] = ()
    made_by: str = ""
    mandated: bool = False
    mandate: str = ""
    agent: str = ""
    address: str = ""
    proven: bool = False
    fresh_s: float | None = None
    order_id: OrderId | None = None
    opens: Destination | None = None
    language: str = ""
    back_to: str = ""
    zone: str = ""


class KeptLink(msgspec.Struct, frozen=True, kw_only=True):
    """A link that was made, whatever became of it. lifetime_s: how long it was to be good."""

    credential: Credential
    lifetime_s: int
    expires_at: Instant
    used: bool
    over: bool


class SessionView(msgspec.Struct, frozen=True, kw_only=True):
    """A session that is good, as its person and operators see it. mark: the beginning of its hash."""

    mark: str
    role: Role
    principal: str
    name: str
    shop_id: ShopId | None
    account: str
    agent: str
    address: str
    created_at: Instant
    used_at: Instant
    expires_at: Instant


class KeyView(msgspec.Struct, frozen=True, kw_only=True):
    """A key as operators see it; the key itself nobody has but its holder.

    mark: the beginning of its hash, by which events name it. used_on: the day of its last use, None before the first.
    """

    mark: str
    role: Role
    principal: str
    name: str
    shop_id: ShopId | None
    buyer_id: str | None
    scopes: tuple[str, ...]
    made_by: str
    mandated: bool
    created_at: Instant
    expires_at: Instant | None
    revoked_at: Instant | None
    used_on: date | None
    in_force: bool


MARK_BYTES = 8
_KEYS = f"""
SELECT encode(substring(token_hash FROM 1 FOR {MARK_BYTES}), 'hex') AS mark, role, principal, name, shop_id, buyer_id,
       scopes, made_by, mandated, created_at, expires_at, revoked_at, used_on,
       revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp()) AS in_force
FROM credentials WHERE kind = 'key'
ORDER BY in_force DESC, created_at DESC LIMIT $1
"""  # noqa: S608 - a number of ours
# The day is enough to find a key that nobody uses, and costs one write a key a day.
_USED = "UPDATE credentials SET used_on = current_date WHERE token_hash = ANY($1::bytea[])"
# A minute is what people can tell "now" from, and a page of twenty images is written once.
_SEEN = "UPDATE credentials SET used_at = clock_timestamp() WHERE token_hash = ANY($1::bytea[])"
_ADD = """
INSERT INTO credentials (token_hash, kind, role, principal, name, shop_id, buyer_id, expires_at,
    account_id, rights, scopes, made_by, mandated, agent, address, used_at, proven_at,
    order_id, opens, language, back_to)
VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8::interval, $9, $10, $11, $12, $21, $13, $14,
    CASE WHEN $2 = 'session' THEN clock_timestamp() END,
    CASE WHEN $15 THEN clock_timestamp() ELSE clock_timestamp() - make_interval(secs => $16::float8) END,
    $17, $18, $19, $20)
ON CONFLICT (token_hash) DO NOTHING
"""
_FIELDS = """
kind, role, principal, name, shop_id, buyer_id, account_id, rights, scopes, mandated, order_id, opens, language, back_to
"""
_END_KEY = f"""
UPDATE credentials SET revoked_at = clock_timestamp()
WHERE kind = 'key' AND encode(substring(token_hash FROM 1 FOR {MARK_BYTES}), 'hex') = $1
  AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > clock_timestamp())
RETURNING {_FIELDS}, extract(epoch FROM clock_timestamp() - proven_at)::float8 AS fresh_s
"""  # noqa: S608 - names of ours
# The last that was given, also where it has ended: whoever acts under one that has ended is told so, of that one. Only
# one holds at a time, and it is the last.
_MANDATE = """
CASE WHEN mandated THEN coalesce(
    (SELECT mandate_id FROM mandates WHERE key_hash = token_hash
     ORDER BY made_at DESC, ended_at IS NULL DESC, mandate_id LIMIT 1), ''
) ELSE '' END AS mandate
"""
_FIND = f"""
SELECT token_hash, {_FIELDS}, {_MANDATE}, expires_at - clock_timestamp() AS rest,
       extract(epoch FROM clock_timestamp() - proven_at)::float8 AS fresh_s,
       kind = 'key' AND used_on IS DISTINCT FROM current_date AS first_today,
       (SELECT zone FROM accounts WHERE accounts.account_id = credentials.account_id) AS zone,
       kind = 'session' AND used_at < clock_timestamp() - interval '1 minute' AS seen_before
FROM credentials
WHERE token_hash = ANY($1::bytea[]) AND revoked_at IS NULL AND expires_at > clock_timestamp()
"""  # noqa: S608 - names of ours
# A link is worth no more than the key that made it, however that one ended. The range is what an index can follow.
_MAKER = "decode(substring(credentials.made_by FROM 5), 'hex')"
_MAKER_ENDED = f"""
CASE WHEN kind = 'link' AND made_by LIKE 'key:%' THEN NOT EXISTS (
    SELECT FROM credentials k WHERE k.token_hash BETWEEN {_MAKER} AND {_MAKER} || decode(repeat('ff', 24), 'hex')
      AND k.kind = 'key' AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > clock_timestamp()))
ELSE false END
"""
# Of two that take the same one at the same time, the second waits for the row and then finds it revoked.
_TAKE = f"""
UPDATE credentials SET revoked_at = clock_timestamp()
WHERE token_hash = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp() AND NOT ({_MAKER_ENDED})
RETURNING {_FIELDS}, extract(epoch FROM clock_timestamp() - proven_at)::float8 AS fresh_s
"""  # noqa: S608 - names of ours
_KEPT_LINK = f"""
SELECT {_FIELDS}, extract(epoch FROM clock_timestamp() - proven_at)::float8 AS fresh_s, expires_at,
       round(extract(epoch FROM expires_at - created_at))::int AS lifetime_s, revoked_at IS NOT NULL AS used,
       expires_at <= clock_timestamp() OR ({_MAKER_ENDED}) AS over
FROM credentials WHERE token_hash = $1 AND kind = 'link'
"""  # noqa: S608 - names of ours
_EXTEND = """
UPDATE credentials SET expires_at = least(clock_timestamp() + $2::interval, created_at + $3::interval),
                       used_at = clock_timestamp()
WHERE token_hash = $1 AND revoked_at IS NULL AND expires_at > clock_timestamp()
"""
_REVOKE_PRINCIPAL = """
UPDATE credentials SET revoked_at = clock_timestamp() WHERE role = $1 AND principal = $2 AND revoked_at IS NULL
"""
# A person with an account is one in every role; one who came by a link is known by role and name.
_WHOSE = """
kind = 'session' AND revoked_at IS NULL AND expires_at > clock_timestamp()
AND CASE WHEN $1 <> '' THEN account_id = $1
         ELSE account_id = '' AND role = $2 AND principal = $3 AND shop_id IS NOT DISTINCT FROM $4 END
"""
_SESSIONS = f"""
SELECT encode(substring(token_hash FROM 1 FOR {MARK_BYTES}), 'hex') AS mark, role, principal, name, shop_id,
       account_id AS account, agent, address, created_at, coalesce(used_at, created_at) AS used_at, expires_at
FROM credentials WHERE {_WHOSE} ORDER BY used_at DESC, created_at DESC LIMIT 200
"""  # noqa: S608 - names of ours
_EVERY_SESSION = f"""
SELECT encode(substring(token_hash FROM 1 FOR {MARK_BYTES}), 'hex') AS mark, role, principal, name, shop_id,
       account_id AS account, agent, address, created_at, coalesce(used_at, created_at) AS used_at, expires_at
FROM credentials
WHERE kind = 'session' AND revoked_at IS NULL AND expires_at > clock_timestamp() AND role <> 'host'
  AND CASE WHEN $2 = '' THEN $3 OR role <> 'buyer' ELSE role = 'buyer' AND buyer_id = $2 END
ORDER BY role = 'buyer', used_at DESC, created_at DESC LIMIT $1
"""  # noqa: S608 - names of ours
_END_BUYER = """
WITH moment AS (
    INSERT INTO buyer_endings (buyer_id, ended_at) VALUES ($1, clock_timestamp())
    ON CONFLICT (buyer_id) DO UPDATE SET ended_at = excluded.ended_at)
UPDATE credentials SET revoked_at = clock_timestamp()
WHERE role = 'buyer' AND buyer_id = $1 AND kind IN ('session', 'link') AND revoked_at IS NULL
  AND expires_at > clock_timestamp()
"""
_END_SESSIONS = f"""
UPDATE credentials SET revoked_at = clock_timestamp()
WHERE {_WHOSE} AND ($5 = '' OR encode(substring(token_hash FROM 1 FOR {MARK_BYTES}), 'hex') = $5)
  AND encode(substring(token_hash FROM 1 FOR {MARK_BYTES}), 'hex') <> $6
"""  # noqa: S608 - names of ours
_END_ANY = f"""
UPDATE credentials SET revoked_at = clock_timestamp()
WHERE kind = 'session' AND revoked_at IS NULL AND expires_at > clock_timestamp()
  AND encode(substring(token_hash FROM 1 FOR {MARK_BYTES}), 'hex') = $1
RETURNING name, principal, role, coalesce(shop_id, '') AS shop
"""  # noqa: S608 - names of ours
# Whoever may not come any more is mailed no lists either.
_PAUSE_VIEWS = """
UPDATE saved_views SET paused = 'no_access', next_at = NULL, lease_until = NULL
WHERE role = CASE $1 WHEN 'operator' THEN 'support' ELSE $1 END AND person = $2 AND rhythm <> ''
"""
# What a key keeps ends with the last key of its name.
_PAUSE_VIEWS_OF_KEY = """
UPDATE saved_views SET paused = 'no_access', next_at = NULL, lease_until = NULL
WHERE role = CASE $1 WHEN 'operator' THEN 'support' ELSE $1 END AND person = 'key:' || $2 AND shop_id = $3
  AND rhythm <> '' AND NOT EXISTS (
    SELECT FROM credentials c
    WHERE c.kind = 'key' AND c.principal = $2 AND coalesce(c.shop_id, '') = $3
      AND CASE c.role WHEN 'operator' THEN 'support' ELSE c.role END = saved_views.role
      AND c.revoked_at IS NULL AND c.expires_at > clock_timestamp())
"""
# The latest name counts: whoever was given a way in again may have been given it under another one. A key that is
# called like a person names nobody but itself.
_NAMES = """
SELECT DISTINCT ON (principal) principal, name FROM credentials
WHERE role = $1 AND principal = ANY($2::text[]) AND shop_id IS NOT DISTINCT FROM $3 AND name <> ''
ORDER BY principal, kind = 'key', created_at DESC
"""
_HELD = """
SELECT EXISTS (SELECT FROM credentials
               WHERE lower(principal) = lower($1) AND (kind = 'key') = $2 AND role <> 'buyer')
"""


Found = tuple[Credential, timedelta] | None


class CredentialTable:
    """Reads and writes credentials by the SHA-256 of their token.

    Look-ups that wait at the same moment share one statement, as commands share a transaction. Each is answered by a
    statement that began after it was asked, so nothing is remembered and a revocation holds from its commit on (I-32).
    """

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool
        self._asked: dict[bytes, list[asyncio.Future[Found]]] = {}
        self._reader: asyncio.Task[None] | None = None

    async def add(
        self,
        token_hash: bytes,
        credential: Credential,
        lifetime: timedelta,
        within: PoolConnectionProxy[Any] | None = None,
    ) -> None:
        """Keep a credential that ends after ``lifetime``, where there is none. within: somebody's transaction."""
        await (within or self._pool).execute(
            _ADD,
            token_hash,
            credential.kind,
            credential.role,
            credential.principal,
            credential.name,
            credential.shop_id,
            credential.buyer_id,
            lifetime,
            credential.account,
            credential.rights,
            credential.scopes,
            credential.made_by,
            credential.agent,
            credential.address,
            credential.proven,
            credential.fresh_s,
            credential.order_id or "",
            credential.opens or "",
            credential.language,
            credential.back_to,
            credential.mandated,
        )

    async def find(self, token_hash: bytes) -> Found:
        """A credential that is neither revoked nor expired, and how long it has to live."""
        answer: asyncio.Future[Found] = asyncio.get_running_loop().create_future()
        self._asked.setdefault(token_hash, []).append(answer)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read(), name="credentials")
        return await answer

    async def _read(self) -> None:
        while self._asked:
            asked, self._asked = self._asked, {}
            # Whoever asked may be gone by now; nobody else notices.
            waiting = [(token_hash, one) for token_hash, ones in asked.items() for one in ones]
            try:
                async with self._pool.acquire(timeout=ACQUIRE_S) as connection:
                    rows = await connection.fetch(_FIND, list(asked))
                    if first := [row["token_hash"] for row in rows if row["first_today"]]:
                        await connection.execute(_USED, first)
                    if again := [row["token_hash"] for row in rows if row["seen_before"]]:
                        await connection.execute(_SEEN, again)
            except BaseException as fault:  # it belongs to those who asked, and a stopped reader leaves nobody waiting
                for _, answer in waiting:
                    if isinstance(fault, asyncio.CancelledError):
                        answer.cancel()
                    elif not answer.done():
                        answer.set_exception(fault)
                if not isinstance(fault, Exception):
                    raise
                continue
            found = {row["token_hash"]: (_credential(row), row["rest"]) for row in rows}
            for token_hash, answer in waiting:
                if not answer.done():
                    answer.set_result(found.get(token_hash))

    async def take(self, token_hash: bytes) -> Credential | None:
        """Find a credential and revoke it in one statement, so that of two takers one gets it."""
        row = await self._pool.fetchrow(_TAKE, token_hash)
        return None if row is None else _credential(row)

    async def kept_link(self, token_hash: bytes) -> KeptLink | None:
        """A link, whatever became of it."""
        row = await self._pool.fetchrow(_KEPT_LINK, token_hash)
        if row is None:
            return None
        return KeptLink(
            credential=_credential(row),
            lifetime_s=row["lifetime_s"],
            expires_at=row["expires_at"],
            used=row["used"],
            over=row["over"],
        )

    async def extend(self, token_hash: bytes, idle: timedelta, absolute: timedelta) -> None:
        """Let a session live on for ``idle`` from now, but never beyond ``absolute`` since it was made."""
        await self._pool.execute(_EXTEND, token_hash, idle, absolute)

    async def keys(self, most: int) -> tuple[KeyView, ...]:
        """Keys, those in force first and the newest of them first."""
        rows = await self._pool.fetch(_KEYS, most)
        return tuple(msgspec.convert(dict(row), KeyView) for row in rows)

    async def revoke_key(self, mark: str, within: PoolConnectionProxy[Any]) -> Credential | None:
        """End the key of this mark, and the mails of its views with it; which key it was, None where none was in force.

        within: the transaction that records it.
        """
        row = await within.fetchrow(_END_KEY, mark)
        if row is None:
            return None
        await within.execute(_PAUSE_VIEWS_OF_KEY, row["role"], row["principal"], row["shop_id"] or "")
        return _credential(row)

    async def held(self, principal: str, *, keys: bool) -> bool:
        """Whether a key, or else somebody of the staff who signs in, is or was called so."""
        return await self._pool.fetchval(_HELD, principal, keys)

    async def names(self, role: Role, principals: Sequence[str], shop_id: str | None) -> dict[str, str]:
        """What those who have or had a credential are called, by principal; who was never given a name is not there."""
        rows = await self._pool.fetch(_NAMES, role, principals, shop_id)
        return {row["principal"]: row["name"] for row in rows}

    async def sessions(self, account: str, role: Role, principal: str, shop: str | None) -> tuple[SessionView, ...]:
        """Somebody's good sessions, the one that was used last first."""
        rows = await self._pool.fetch(_SESSIONS, account, role, principal, shop)
        return tuple(SessionView(**dict(row)) for row in rows)

    async def every_session(self, most: int, buyer: str, *, buyers: bool) -> tuple[SessionView, ...]:
        """Good sessions of everybody who works here. buyers: of all buyers behind them; buyer: of this one alone."""
        rows = await self._pool.fetch(_EVERY_SESSION, most, buyer, buyers)
        return tuple(SessionView(**dict(row)) for row in rows)

    async def end_buyer(self, buyer: str) -> int:
        """End every session and link of a buyer, and say when; how many that were."""
        done: str = await self._pool.execute(_END_BUYER, buyer)
        return int(done.rpartition(" ")[2])

    async def end_sessions(
        self, account: str, role: Role, principal: str, shop: str | None, *, mark: str = "", but: str = ""
    ) -> int:
        """End one of somebody's sessions, or all but one; how many that were."""
        done: str = await self._pool.execute(_END_SESSIONS, account, role, principal, shop, mark, but)
        return int(done.rpartition(" ")[2])

    async def end_any(self, mark: str) -> tuple[str, str, str] | None:
        """End anybody's session: what they are called, their role and their shop. None where there is none."""
        row = await self._pool.fetchrow(_END_ANY, mark)
        return (row["name"] or row["principal"], row["role"], row["shop"]) if row else None

    async def revoke_principal(self, role: Role, principal: str) -> int:
        """End every key, link and session of somebody; how many that were."""
        async with self._pool.acquire() as connection, connection.transaction():
            done: str = await connection.execute(_REVOKE_PRINCIPAL, role, principal)
            await connection.execute(_PAUSE_VIEWS, role, principal)
        return int(done.rpartition(" ")[2])


def _credential(row: Any) -> Credential:
    return Credential(
        kind=row["kind"],
        role=row["role"],
        principal=row["principal"],
        name=row["name"],
        shop_id=row["shop_id"],
        buyer_id=row["buyer_id"],
        account=row["account_id"],
        rights=row["rights"],
        scopes=tuple(row["scopes"]),
        mandated=row["mandated"],
        mandate=row.get("mandate", ""),
        fresh_s=row["fresh_s"],
        order_id=row["order_id"] or None,
        opens=row["opens"] or None,
        language=row["language"],
        back_to=row["back_to"],
        zone=row.get("zone") or "",
    )
