"""Where people can be told, and what they have chosen: their addresses, proved by a code, and their preferences."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, cast

import asyncpg
import msgspec

from rescind.clock import Clock, wall_clock
from rescind.core.errors import CodeWrong, LastAddress, NotFound, RateLimited
from rescind.core.ids import ShopId, shop_of
from rescind.core.instant import Instant
from rescind.core.notice import How, NoticeRole, Preferences

CODE_LIVES = timedelta(hours=1)
CODES_A_DAY = 5
"""How many codes are sent for one address within a day: nobody's mailbox is filled from here."""
TRIES = 5
"""How often a code may be typed wrong; then it needs a new one."""
MOST = 10
"""Addresses of one person."""

_FIELDS = "channel_id, role, shop_id, person, channel, address, made_at, verified_at, gone_at"
_ADD = f"""
INSERT INTO notice_channels (channel_id, role, shop_id, person, channel, address, made_at, verified_at)
VALUES ($1, $2, $3, $4, $5, $6, coalesce($7, clock_timestamp()),
        CASE WHEN $8 THEN coalesce($7, clock_timestamp()) END)
ON CONFLICT (role, shop_id, person, channel, address) DO UPDATE
SET gone_at = NULL, verified_at = coalesce(notice_channels.verified_at, excluded.verified_at)
RETURNING {_FIELDS}
"""  # noqa: S608 - names of ours
_COUNT = "SELECT count(*) FROM notice_channels WHERE role = $1 AND shop_id = $2 AND person = $3"
_OF_PERSON = f"""
SELECT {_FIELDS} FROM notice_channels WHERE role = $1 AND shop_id = $2 AND person = $3 ORDER BY made_at, channel_id
"""  # noqa: S608 - names of ours
_OF_SHOP = f"""
SELECT {_FIELDS} FROM notice_channels
WHERE shop_id = $1 AND verified_at IS NOT NULL AND gone_at IS NULL ORDER BY made_at, channel_id
"""  # noqa: S608 - names of ours
_ONE = f"SELECT {_FIELDS} FROM notice_channels WHERE channel_id = $1"  # noqa: S608 - names of ours
# A browser that is told nothing is forgotten with the keys it gave.
_REMOVE = """
WITH gone AS (
    DELETE FROM notice_channels WHERE channel_id = $1 AND role = $2 AND shop_id = $3 AND person = $4
    RETURNING channel, address),
browsers AS (
    DELETE FROM push_subscriptions q USING gone WHERE gone.channel = 'push' AND q.subscription_id = gone.address)
SELECT count(*) FROM gone
"""
_NEW_CODE = """
UPDATE notice_channels
SET code = $2, code_until = coalesce($3, clock_timestamp()) + $4::interval, tries = 0,
    codes = CASE WHEN codes_since > coalesce($3, clock_timestamp()) - interval '1 day' THEN codes + 1 ELSE 1 END,
    codes_since = CASE WHEN codes_since > coalesce($3, clock_timestamp()) - interval '1 day' THEN codes_since
                       ELSE coalesce($3, clock_timestamp()) END
WHERE channel_id = $1 AND verified_at IS NULL
  AND (codes < $5 OR codes_since IS NULL OR codes_since <= coalesce($3, clock_timestamp()) - interval '1 day')
"""
# Counted before it is compared: however many are typed at once, no more than so many are looked at.
_TRY = """
UPDATE notice_channels SET tries = tries + 1
WHERE channel_id = $1 AND verified_at IS NULL AND code IS NOT NULL AND tries < $3
  AND code_until > coalesce($2, clock_timestamp())
RETURNING code
"""
_VERIFY = f"""
UPDATE notice_channels SET verified_at = coalesce(verified_at, $2, clock_timestamp()), gone_at = NULL, code = NULL
WHERE channel_id = $1 RETURNING {_FIELDS}
"""  # noqa: S608 - names of ours
_GONE = "UPDATE notice_channels SET gone_at = coalesce($2, clock_timestamp()) WHERE channel_id = $1 AND gone_at IS NULL"
_DROP = """
WITH gone AS (
    DELETE FROM notice_channels WHERE channel = $1 AND ($2::text IS NULL OR address = $2) RETURNING true
)
SELECT EXISTS (SELECT FROM gone)
"""
_MAIL_GONE = """
WITH gone AS (
    UPDATE notice_channels SET gone_at = coalesce($2, clock_timestamp())
    WHERE channel = 'email' AND address = $1 AND gone_at IS NULL RETURNING true
)
SELECT EXISTS (SELECT FROM gone)
"""
_MAIL_BACK = """
WITH back AS (
    UPDATE notice_channels SET gone_at = NULL
    WHERE channel = 'email' AND address = $1 AND gone_at IS NOT NULL RETURNING true
)
SELECT EXISTS (SELECT FROM back)
"""
# Every process reads who can be reached once this has moved.
_MOVED = """
INSERT INTO installation (key, value) VALUES ('channels moved', $1)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
_STATE = "SELECT key, value FROM installation WHERE key IN ('channels', 'channels moved')"
_REACHED = "SELECT DISTINCT shop_id FROM notice_channels WHERE verified_at IS NOT NULL AND gone_at IS NULL"
_SILENCE = """
SELECT EXISTS (SELECT FROM installation WHERE key = 'channels' AND value = 'wanted') AS wanted,
       (SELECT count(*)::int FROM shops s WHERE NOT EXISTS (
            SELECT FROM notice_channels c
            WHERE c.shop_id = s.shop_id AND c.verified_at IS NOT NULL AND c.gone_at IS NULL)) AS unreached
"""
_HEARING = """
SELECT EXISTS (SELECT FROM installation WHERE key = 'channels' AND value = 'wanted') AS wanted,
       (SELECT count(*)::int FROM cases
        WHERE shop_id = $1 AND kind = 'cancellation' AND status = 'awaiting_seller') AS waiting
"""
# Of two who remove the last two at once, the second is asked.
_HELD = """
SELECT channel_id FROM notice_channels
WHERE shop_id = $1 AND verified_at IS NOT NULL AND gone_at IS NULL ORDER BY channel_id FOR UPDATE
"""
_WANT = """
INSERT INTO installation (key, value) VALUES ('channels', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value
"""
_PREFERENCES = """
SELECT language, zone, hour, choices::text AS choices FROM notice_preferences
WHERE role = $1 AND shop_id = $2 AND person = $3
"""
_PUT = """
INSERT INTO notice_preferences (role, shop_id, person, language, zone, hour, choices, changed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, coalesce($8, clock_timestamp()))
ON CONFLICT (role, shop_id, person) DO UPDATE
SET language = excluded.language, zone = excluded.zone, hour = excluded.hour, choices = excluded.choices,
    changed_at = excluded.changed_at
"""
# Of buyers the address that was told with the order, or else the one the marketplace tells; of everybody else the
# addresses that were proved. An address that only an order names ends notices to itself, and to nobody else. A browser
# is told in the language in which it asked for it.
_REACH = """
SELECT 'buyer' AS role, CASE WHEN own.own THEN w.shop_id ELSE '' END AS shop_id,
       CASE WHEN own.own THEN w.order_id ELSE w.buyer_id END AS person, w.buyer_id AS party, w.order_id,
       'email' AS channel,
       CASE WHEN own.own THEN 'order:' || w.order_id ELSE 'buyer:' || w.buyer_id END AS recipient,
       CASE WHEN own.own THEN t.email ELSE b.email END AS address,
       coalesce(nullif(t.locale, ''), b.locale, '') AS known_language, '' AS known_zone,
       p.language, p.zone, p.hour, p.choices::text AS choices, x.choices::text AS ended
FROM unnest($1::text[], $4::text[], $5::text[]) AS w (buyer_id, shop_id, order_id)
LEFT JOIN buyers b ON b.buyer_id = w.buyer_id
LEFT JOIN people e ON e.shop_id = w.shop_id AND e.order_id = w.order_id
CROSS JOIN LATERAL (SELECT coalesce(e.buyer ->> 'email', '') AS email, e.buyer ->> 'locale' AS locale) t
CROSS JOIN LATERAL (SELECT t.email <> '' AND t.email IS DISTINCT FROM b.email AS own) own
LEFT JOIN notice_preferences p ON p.role = 'buyer' AND p.shop_id = '' AND p.person = w.buyer_id
LEFT JOIN notice_preferences x ON own.own AND x.role = 'buyer' AND x.shop_id = w.shop_id AND x.person = w.order_id
WHERE own.own OR b.email <> ''
UNION ALL
SELECT c.role, c.shop_id, c.person, CASE c.role WHEN 'buyer' THEN c.person WHEN 'seller' THEN c.shop_id ELSE '' END,
       NULL, c.channel, c.channel_id, c.address, coalesce(q.language, ''), coalesce(s.zone, ''),
       p.language, p.zone, p.hour, p.choices::text, NULL
FROM notice_channels c
LEFT JOIN shops s ON s.shop_id = c.shop_id
LEFT JOIN push_subscriptions q ON c.channel = 'push' AND q.subscription_id = c.address
LEFT JOIN notice_preferences p ON p.role = c.role AND p.shop_id = c.shop_id AND p.person = c.person
WHERE c.verified_at IS NOT NULL AND c.gone_at IS NULL
  AND (c.shop_id = ANY($2::text[]) OR (c.role = 'support' AND $3) OR (c.role = 'buyer' AND c.person = ANY($1::text[])))
"""


_BOUGHT_BY = "SELECT buyer_id FROM orders WHERE shop_id = $1 AND order_id = $2"


class Owner(msgspec.Struct, frozen=True, kw_only=True):
    """Whose addresses and choices these are. shop: empty for buyers and people of the platform.

    Of a buyer with a shop: the address that one order of it names, by the order's id; nobody signs in as that.
    """

    role: NoticeRole
    shop: str
    person: str


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where one person can be told. verified_at: when it was proved; gone_at: since when it takes nothing any more."""

    id: str
    owner: Owner
    channel: str
    address: str
    made_at: Instant
    verified_at: Instant | None
    gone_at: Instant | None


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who can be told by one way. id: the channel's, ``buyer:`` and the buyer's, or ``order:`` and the id of
    one that was told with an address of its own.

    party: the buyer's or the shop's id, empty for the platform. order: whose notices alone go there, empty for those of
    none; None for all of the party's.
    """

    id: str
    owner: Owner
    party: str
    order: str | None
    channel: str
    address: str
    known_language: str
    known_zone: str
    preferences: Preferences

    @property
    def language(self) -> str:
        """The language to write in; empty where nothing is known."""
        return self.preferences.language or self.known_language

    @property
    def zone(self) -> str:
        """Whose clock times are written in."""
        return self.preferences.zone or self.known_zone or "UTC"


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """wanted: silence goes to the platform where a shop cannot be told. unreached: how many shops cannot."""

    wanted: bool
    unreached: int


class Hearing(msgspec.Struct, frozen=True, kw_only=True):
    """By what a shop can be told, and what hangs on it.

    ways: its verified addresses. wanted: silence of a shop that has none goes to the platform. waiting: requests that
    wait for its answer.
    """

    ways: tuple[Address, ...]
    wanted: bool
    waiting: int

    def last(self, identifier: str) -> bool:
        """Whether the shop could be told by nothing else. identifier: of the address, the robot or the browser."""
        return len(self.ways) == 1 and identifier in {self.ways[0].id, self.ways[0].address}


class NoticePeople:
    """Reads and writes ``notice_channels`` and ``notice_preferences``."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    def now(self) -> Instant:
        """The time that hours of digests are counted from."""
        return self._clock.read() or wall_clock()

    # --- addresses ---------------------------------------------------------------------------------------------------

    async def add(self, owner: Owner, channel: str, address: str, *, verified: bool = False) -> Address:
        """Keep an address; the one there is where it is kept already. Raises RateLimited: too many of one person."""
        if await self._pool.fetchval(_COUNT, owner.role, owner.shop, owner.person) >= MOST:
            raise RateLimited(retry_after=int(timedelta(days=1).total_seconds()))
        row = await self._pool.fetchrow(
            _ADD,
            *("ntf_" + secrets.token_hex(10), owner.role, owner.shop, owner.person, channel, address),
            *(self._clock.read(), verified),
        )
        assert row is not None, "it was just written"
        if verified:
            await self._moved()
        return _address(row)

    async def of(self, owner: Owner) -> tuple[Address, ...]:
        """A person's addresses, the oldest first."""
        return tuple(map(_address, await self._pool.fetch(_OF_PERSON, owner.role, owner.shop, owner.person)))

    async def verified(self, shop: ShopId) -> tuple[Address, ...]:
        """The proved addresses of everybody in a shop."""
        return tuple(map(_address, await self._pool.fetch(_OF_SHOP, shop)))

    async def find(self, owner: Owner, identifier: str) -> Address:
        """One of a person's addresses. Raises NotFound: missing or another's."""
        row = await self._pool.fetchrow(_ONE, identifier)
        if row is None or _address(row).owner != owner:
            raise NotFound(kind="channel")
        return _address(row)

    async def by_id(self, identifier: str) -> Address | None:
        """An address, for whoever sends to it."""
        row = await self._pool.fetchrow(_ONE, identifier)
        return _address(row) if row else None

    async def remove(self, owner: Owner, identifier: str, *, last: bool = False) -> bool:
        """Tell nobody there any more; False where there was none.

        last: it may be the last one by which a shop can be told. Raises LastAddress where it is and may not be.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            held = [row[0] for row in await connection.fetch(_HELD, owner.shop)] if owner.shop else []
            ask = held == [identifier] and not last
            gone = (identifier, owner.role, owner.shop, owner.person)
            done = not ask and await connection.fetchval(_REMOVE, *gone) == 1
        if ask:
            found = await self.hearing(ShopId(owner.shop))
            raise LastAddress(goes_to="platform" if found.wanted else "decides", waiting=found.waiting)
        await self._moved()
        return done

    async def new_code(self, identifier: str, digest: bytes) -> None:
        """Let this code prove an address for a while. Raises RateLimited after so many a day."""
        done = await self._pool.execute(_NEW_CODE, identifier, digest, self._clock.read(), CODE_LIVES, CODES_A_DAY)
        if done != "UPDATE 1":
            raise RateLimited(retry_after=int(timedelta(days=1).total_seconds()))

    async def prove(self, identifier: str, digest: bytes) -> None:
        """Somebody shows the code that was sent there. Raises CodeWrong: another one, too late, tried too often."""
        kept: bytes | None = await self._pool.fetchval(_TRY, identifier, self._clock.read(), TRIES)
        if kept is None or not secrets.compare_digest(kept, digest):
            raise CodeWrong
        await self.verify(identifier)

    async def verify(self, identifier: str) -> Address:
        """An address has shown that it takes what is sent to it. Raises NotFound."""
        row = await self._pool.fetchrow(_VERIFY, identifier, self._clock.read())
        if row is None:
            raise NotFound(kind="channel")
        await self._moved()
        return _address(row)

    async def gone(self, identifier: str) -> None:
        """An address takes nothing any more, whatever is sent there."""
        await self._pool.execute(_GONE, identifier, self._clock.read())
        await self._moved()

    async def drop(self, channel: str, address: str) -> None:
        """An address is one no more, whoever had it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await drop(connection, channel, address)

    # --- who can be reached ------------------------------------------------------------------------------------------

    async def recipient(self, identifier: str) -> Recipient | None:
        """One who can be told, as things are now; None where they cannot any more."""
        kind, _, named = identifier.partition(":")
        if kind == "buyer":
            found = await self.recipients(((named, ""),), (), platform=False)
        elif kind == "order":
            buyer: str | None = await self._pool.fetchval(_BOUGHT_BY, shop_of(named), named)
            found = await self.recipients(((buyer or "", named),), (), platform=False)
            # Where the address was corrected to the one the marketplace tells, it is the same.
            return next((one for one in found if one.order == named), None)
        else:
            kept = await self.by_id(identifier)
            if kept is None:
                return None
            owner = kept.owner
            found = await self.recipients(((owner.person, ""),), (owner.shop,), platform=owner.role == "support")
        return next((one for one in found if one.id == identifier), None)

    async def reached(self) -> tuple[str, frozenset[ShopId] | None]:
        """When that last moved, and the shops that can be told; None where silence counts in any case."""
        state = {row["key"]: row["value"] for row in await self._pool.fetch(_STATE)}
        mark = state.get("channels", "") + state.get("channels moved", "")
        if state.get("channels") != "wanted":
            return mark, None
        return mark, frozenset(ShopId(row[0]) for row in await self._pool.fetch(_REACHED))

    async def moved(self) -> str:
        """The same mark alone, for whoever asks each second."""
        state = {row["key"]: row["value"] for row in await self._pool.fetch(_STATE)}
        return state.get("channels", "") + state.get("channels moved", "")

    async def silence(self) -> Silence:
        """Whether the silence of shops that cannot be told goes to the platform, and how many such shops there are."""
        row = await self._pool.fetchrow(_SILENCE)
        assert row is not None, "it is a count"
        return Silence(wanted=bool(row["wanted"]), unreached=row["unreached"])

    async def hearing(self, shop: ShopId) -> Hearing:
        """By what a shop can be told, as it is now."""
        row = await self._pool.fetchrow(_HEARING, shop)
        assert row is not None, "it is a count"
        return Hearing(ways=await self.verified(shop), wanted=row["wanted"], waiting=row["waiting"])

    async def want(self, wanted: bool) -> None:
        """Whether the silence of a shop that nobody can tell goes to the platform."""
        await self._pool.execute(_WANT, "wanted" if wanted else "")

    async def _moved(self) -> None:
        await self._pool.execute(_MOVED, secrets.token_hex(8))

    async def recipients(
        self, buyers: Iterable[tuple[str, str]], shops: Iterable[str], *, platform: bool
    ) -> tuple[Recipient, ...]:
        """Everybody who can be told of these buyers, in these shops, at the platform, by each way they have.

        buyers: each with the order it is about, empty for none.
        """
        bought = [(buyer, shop_of(order) if order else "", order) for buyer, order in buyers]
        ids, of, orders = map(list, zip(*bought, strict=True)) if bought else ([], [], [])
        rows = await self._pool.fetch(_REACH, ids, list(shops), platform, of, orders)
        return tuple(map(_recipient, rows))

    # --- preferences -------------------------------------------------------------------------------------------------

    async def preferences(self, owner: Owner) -> Preferences:
        """What a person has chosen; what comes by itself for whoever has chosen nothing."""
        row = await self._pool.fetchrow(_PREFERENCES, owner.role, owner.shop, owner.person)
        return _preferences(row) if row else Preferences()

    async def choose(self, owner: Owner, chosen: Preferences) -> None:
        """Keep what a person has chosen; it was checked."""
        await self._pool.execute(
            _PUT,
            *(owner.role, owner.shop, owner.person, chosen.language, chosen.zone, chosen.hour),
            msgspec.json.encode(chosen.choices).decode(),
            self._clock.read(),
        )


async def drop(connection: Any, channel: str, address: str | None = None) -> None:
    """An address is one no more, or none of a channel is, within the transaction that says so."""
    if await connection.fetchval(_DROP, channel, address):
        await connection.execute(_MOVED, secrets.token_hex(8))


async def mark_gone(connection: Any, address: str, now: Instant | None) -> None:
    """A mail address takes nothing any more, within the transaction that says so."""
    if await connection.fetchval(_MAIL_GONE, address, now):
        await connection.execute(_MOVED, secrets.token_hex(8))


async def mark_back(connection: Any, address: str) -> None:
    """A mail address is to be tried again."""
    if await connection.fetchval(_MAIL_BACK, address):
        await connection.execute(_MOVED, secrets.token_hex(8))


def _address(row: asyncpg.Record) -> Address:
    return Address(
        id=row["channel_id"],
        owner=Owner(role=row["role"], shop=row["shop_id"], person=row["person"]),
        channel=row["channel"],
        address=row["address"],
        made_at=row["made_at"],
        verified_at=row["verified_at"],
        gone_at=row["gone_at"],
    )


def _recipient(row: asyncpg.Record) -> Recipient:
    chosen = _preferences(row) if row["hour"] is not None else Preferences()
    if row["ended"]:
        chosen = chosen.without(msgspec.json.decode(row["ended"], type=dict[str, dict[str, How]]))
    return Recipient(
        id=row["recipient"],
        party=row["party"],
        order=row["order_id"],
        owner=Owner(role=row["role"], shop=row["shop_id"], person=row["person"]),
        channel=row["channel"],
        address=row["address"],
        known_language=row["known_language"],
        known_zone=row["known_zone"],
        preferences=chosen,
    )


def _preferences(row: asyncpg.Record) -> Preferences:
    return Preferences(
        language=row["language"],
        zone=row["zone"],
        hour=row["hour"],
        choices=cast("dict[str, dict[str, How]]", msgspec.json.decode(row["choices"])),
    )
