"""Mails as rows: written with what they tell of, leased by whoever sends them, and settled by what the server said.

A mail is handed over at most once without a person's say: before the server gets the content, the row says so, and a
worker that ends before it has kept the server's answer leaves a mail that is in doubt.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.errors import AddressBounces, MailLimit, NotFound
from rescind.core.ids import DocumentId, MailId, OrderId, ShopId, canonical, make_id, shop_of
from rescind.core.instant import Instant
from rescind.core.mail import A_DAY_EACH, A_DAY_EVERY, AGAIN, Answer, Mail, MailKind, MailStatus, masked
from rescind.postgres.due import LeaseLost
from rescind.postgres.notice_people import mark_back, mark_gone

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

_RANDOM_BITS = 28
_FIELDS = (
    "mail_id, shop_id, order_id, kind, document_id, endpoint_id, language, address, masked, asked_by, asked_at, status,"
    " due_at, tries, settled_at, place, code, said, about, reader"
)
_NOW = "SELECT coalesce($1, clock_timestamp())"
_KNOWN = f"SELECT {_FIELDS} FROM mails WHERE shop_id = $1 AND key = $2"  # noqa: S608 - names of ours
# Whoever asks for mail to one address waits for whoever does so at the moment, so that a limit is one.
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended('mail ' || $1, 0))"
_BOUNCED = "SELECT EXISTS (SELECT FROM mail_bounces WHERE address = $1)"
_TODAY = """
SELECT count(*) FILTER (WHERE document_id = $2) AS each, count(*) AS every,
       extract(epoch FROM date_trunc('day', $3::timestamptz, 'UTC') + interval '1 day' - $3::timestamptz)::int AS left
FROM mails WHERE address = $1 AND kind = 'document' AND asked_at >= date_trunc('day', $3::timestamptz, 'UTC')
"""
_KEEP = f"""
INSERT INTO mails (
    shop_id, mail_id, order_id, kind, document_id, language, address, masked, key, asked_by, asked_at, due_at,
    endpoint_id
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)
RETURNING {_FIELDS}
"""  # noqa: S608 - names of ours
# Told once, whoever carries it and however often.
_TELL = f"""
INSERT INTO mails (
    shop_id, mail_id, order_id, kind, document_id, language, address, masked, key, asked_by, asked_at, due_at, about,
    reader
) VALUES ($1, $2, $3, $4, '', $5, $6, $7, $8, 'system:notices', $9, $9, $10, $11)
ON CONFLICT (shop_id, key) DO UPDATE SET key = excluded.key
RETURNING {_FIELDS}
"""  # noqa: S608 - names of ours
# A lease is counted in the database's own time, so that workers with wrong clocks cannot hold one mail twice.
_LEASE = f"""
UPDATE mails SET lease_until = clock_timestamp() + $2::interval, fence = fence + 1, tries = tries + 1
WHERE (shop_id, mail_id) IN (
    SELECT shop_id, mail_id FROM mails
    WHERE status = 'waiting' AND due_at <= (SELECT coalesce($1, clock_timestamp())) AND handing_at IS NULL
      AND (lease_until IS NULL OR lease_until <= clock_timestamp())
      -- A restored installation may have sent long ago what waits in its backup: a person looks first.
      AND NOT EXISTS (SELECT FROM installation WHERE key = 'held')
    ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING {_FIELDS}, fence
"""  # noqa: S608 - names of ours
_HANDING = """
UPDATE mails SET handing_at = clock_timestamp()
WHERE shop_id = $1 AND mail_id = $2 AND fence = $3 AND lease_until > clock_timestamp()
"""
_SETTLE = """
UPDATE mails SET status = $4, settled_at = coalesce($5, clock_timestamp()), lease_until = NULL, handing_at = NULL,
                 place = $6, code = $7, said = $8
WHERE shop_id = $1 AND mail_id = $2 AND fence = $3
"""
_POSTPONE = """
UPDATE mails SET due_at = coalesce($4, clock_timestamp()) + $5::interval, lease_until = NULL, handing_at = NULL,
                 tries = $6, place = $7, code = $8, said = $9
WHERE shop_id = $1 AND mail_id = $2 AND fence = $3
"""
# Only what a server took, or may have taken, can come back; one report is enough.
_CAME_BACK = """
UPDATE mails SET status = 'refused', settled_at = coalesce($3, clock_timestamp()), place = $4, code = $5,
                 said = CASE WHEN address = '' THEN $6 ELSE replace($6, address, masked) END
WHERE shop_id = $1 AND mail_id = $2 AND status IN ('taken', 'in_doubt')
RETURNING address, said
"""
_LEFT_BEHIND = """
UPDATE mails SET status = 'in_doubt', settled_at = coalesce($1, clock_timestamp()), lease_until = NULL,
                 handing_at = NULL, place = 'content', code = 0, said = ''
WHERE status = 'waiting' AND handing_at IS NOT NULL AND lease_until <= clock_timestamp()
"""
_BOUNCE = """
INSERT INTO mail_bounces (address, code, said, bounced_at) VALUES ($1, $2, $3, coalesce($4, clock_timestamp()))
ON CONFLICT (address) DO UPDATE SET code = excluded.code, said = excluded.said, bounced_at = excluded.bounced_at
"""
_LIFT = "DELETE FROM mail_bounces WHERE address = $1"
_BOUNCES = "SELECT address, code, said, bounced_at FROM mail_bounces ORDER BY bounced_at DESC LIMIT $1"
_READ = f"SELECT {_FIELDS} FROM mails WHERE shop_id = $1 AND mail_id = $2"  # noqa: S608 - names of ours
_AGAIN = """
UPDATE mails SET status = 'waiting', due_at = coalesce($3, clock_timestamp()), settled_at = NULL, tries = 0,
                 place = '', code = 0, said = ''
WHERE shop_id = $1 AND mail_id = $2 AND status = ANY($4::text[]) AND address <> ''
"""
_WAITING_NOW = """
UPDATE mails SET due_at = coalesce($1, clock_timestamp()), tries = 0, place = '', code = 0, said = ''
WHERE status = 'waiting'
"""
_LATEST = f"""
SELECT {_FIELDS} FROM mails WHERE ($1 = '' OR status = $1)
  AND ($3 = '' OR (asked_at, mail_id) < (SELECT b.asked_at, b.mail_id FROM mails b WHERE b.mail_id = $3))
ORDER BY asked_at DESC, mail_id DESC LIMIT $2
"""  # noqa: S608 - names of ours
_COUNTS = "SELECT status, count(*) FROM mails GROUP BY status"
_OF_DOCUMENT = f"""
SELECT {_FIELDS} FROM mails WHERE shop_id = $1 AND document_id = $2 ORDER BY asked_at DESC, mail_id DESC LIMIT 20
"""  # noqa: S608 - names of ours
_FORGET = """
UPDATE mails SET address = '', said = ''
WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM mails WHERE address <> '' AND settled_at < coalesce($1, clock_timestamp()) - $2::interval
    LIMIT 1000
))
"""
KEPT_FOR = timedelta(days=90)
"""How long it is kept where a mail went; that one went, and when, stays."""


class NewMail(msgspec.Struct, frozen=True, kw_only=True):
    """A mail to be written. key: whoever asks twice with the same one asked once.

    order, document, endpoint: what it is about. shop: of the order, or named where it is about none.
    """

    kind: MailKind
    order: OrderId = OrderId("")
    document: DocumentId = DocumentId("")
    endpoint: str = ""
    shop: ShopId | None = None
    language: str
    address: str
    key: str
    asked_by: str


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that tells somebody something, or proves an address. shop: whose row it is. about, reader: as of ``Mail``.

    key: whoever tells it twice with the same one tells it once.
    """

    shop: ShopId
    kind: MailKind
    order: str = ""
    about: str = ""
    reader: str
    language: str
    address: str
    key: str


class Leased(msgspec.Struct, frozen=True, kw_only=True):
    """A mail that one worker sends. ``fence`` is what a later write has to show."""

    mail: Mail
    fence: int


class Bounce(msgspec.Struct, frozen=True, kw_only=True):
    """An address that a server refused for good, and its words."""

    address: str
    code: int
    said: str
    bounced_at: Instant


class MailTable:
    """Writes, leases and reads mails."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def ask(self, new: NewMail) -> Mail:
        """Write a mail in a transaction of its own. Raises AddressBounces, MailLimit."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self.write(connection, new)

    async def write(self, connection: PoolConnectionProxy[Any], new: NewMail) -> Mail:
        """Write a mail within somebody's transaction; the one there is where it was asked for before."""
        shop = new.shop or shop_of(new.order)
        await connection.execute(_ALONE, new.address)
        known = await connection.fetchrow(_KNOWN, shop, new.key)
        if known:
            return _mail(known)
        if await connection.fetchval(_BOUNCED, new.address):
            raise AddressBounces(address=masked(new.address))
        now: Instant = await connection.fetchval(_NOW, self._clock.read())
        if new.kind == "document":
            await self._check_limit(connection, new, now)
        mail = make_id("eml", shop, now, secrets.randbits(_RANDOM_BITS))
        row = await connection.fetchrow(
            _KEEP,
            *(shop, mail, new.order, new.kind, new.document, new.language),
            *(new.address, masked(new.address), new.key, new.asked_by, now),
            new.endpoint,
        )
        assert row is not None, "it was just written"
        return _mail(row)

    async def _check_limit(self, connection: PoolConnectionProxy[Any], new: NewMail, now: Instant) -> None:
        """Raises MailLimit: people asked often enough for today. What follows from an event is not asked for."""
        today = await connection.fetchrow(_TODAY, new.address, new.document, now)
        assert today is not None, "a count is always there"
        if today["each"] >= A_DAY_EACH or today["every"] >= A_DAY_EVERY:
            most = A_DAY_EACH if today["each"] >= A_DAY_EACH else A_DAY_EVERY
            raise MailLimit(most=most, retry_after=max(1, today["left"]))

    async def tell(self, telling: Telling) -> Mail:
        """Write a mail that nobody asked for, in a transaction of its own. Raises AddressBounces."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await self.write_telling(connection, telling)

    async def tell_of(self, notice: str, order: str, reader: str, language: str, address: str) -> str:
        """A mail that tells of one notice, once however often it is called; its id. Raises AddressBounces."""
        mail = await self.tell(
            Telling(
                shop=shop_of(notice),
                kind="notice",
                order=order,
                about=notice,
                reader=reader,
                language=language,
                address=address,
                key=f"notice:{notice}:{reader}",
            )
        )
        return mail.id

    async def write_telling(self, connection: PoolConnectionProxy[Any], telling: Telling) -> Mail:
        """The same within somebody's transaction; the one there is where it was told before. Raises AddressBounces."""
        if await connection.fetchval(_BOUNCED, telling.address):
            raise AddressBounces(address=masked(telling.address))
        now: Instant = await connection.fetchval(_NOW, self._clock.read())
        row = await connection.fetchrow(
            _TELL,
            *(telling.shop, make_id("eml", telling.shop, now, secrets.randbits(_RANDOM_BITS)), telling.order),
            *(telling.kind, telling.language, telling.address, masked(telling.address), telling.key, now),
            *(telling.about, telling.reader),
        )
        assert row is not None, "it was just written"
        return _mail(row)

    # Sending.

    async def lease(self, span: timedelta, limit: int) -> list[Leased]:
        """Take mails that are due; nobody else gets them before ``span`` is over."""
        return [
            Leased(mail=_mail(row), fence=row["fence"])
            for row in await self._pool.fetch(_LEASE, self._clock.read(), span, limit)
        ]

    async def handing(self, leased: Leased) -> None:
        """Say that the server gets the content now. Raises LeaseLost: somebody else has the mail."""
        done = await self._pool.execute(_HANDING, leased.mail.shop, leased.mail.id, leased.fence)
        if done != "UPDATE 1":
            raise LeaseLost

    async def settle(self, leased: Leased, status: MailStatus, answer: Answer) -> None:
        """Say what became of it; an address that is refused for good is kept with it, in one transaction."""
        mail, now = leased.mail, self._clock.read()
        async with self._pool.acquire() as connection, connection.transaction():
            done = await connection.execute(
                _SETTLE, mail.shop, mail.id, leased.fence, status.value, now, *_told(mail, answer)
            )
            if done == "UPDATE 1" and answer.bounces:
                await connection.execute(_BOUNCE, mail.address, answer.code, _hidden(mail, answer.said), now)
                # A shop that is told there alone cannot be told any more.
                await mark_gone(connection, mail.address, now)

    async def postpone(self, leased: Leased, span: timedelta, answer: Answer, *, tries: int | None = None) -> None:
        """Leave it for ``span``. tries: how often it counts as tried, if not once more."""
        mail = leased.mail
        count = mail.tries if tries is None else tries
        await self._pool.execute(
            _POSTPONE, mail.shop, mail.id, leased.fence, self._clock.read(), span, count, *_told(mail, answer)
        )

    async def came_back(self, mail: MailId, answer: Answer) -> bool:
        """A server further on gave it up for good. False: it is not ours, or was settled otherwise."""
        try:
            shop = shop_of(canonical("eml", mail))
        except NotFound:
            return False
        now = self._clock.read()
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(_CAME_BACK, shop, mail, now, answer.place, answer.code, answer.said)
            if row is not None and answer.bounces and row["address"]:
                await connection.execute(_BOUNCE, row["address"], answer.code, row["said"], now)
        return row is not None

    async def left_behind(self) -> None:
        """What a worker gave to the server before it ended is in doubt, and is not sent again by itself."""
        await self._pool.execute(_LEFT_BEHIND, self._clock.read())

    async def hurry(self) -> None:
        """Try everything that waits now and from the beginning: there is another server."""
        await self._pool.execute(_WAITING_NOW, self._clock.read())

    # Reading, and what people do.

    async def read(self, mail: str) -> Mail:
        """One mail. Raises NotFound."""
        identifier = canonical("eml", mail)
        row = await self._pool.fetchrow(_READ, shop_of(identifier), identifier)
        if row is None:
            raise NotFound(kind="mail")
        return _mail(row)

    async def again(self, mail: str) -> bool:
        """Send once more what was refused, given up or is in doubt; False where it is none of these any more.

        Raises NotFound, AddressBounces.
        """
        known = await self.read(mail)
        if known.address and await self._pool.fetchval(_BOUNCED, known.address):
            raise AddressBounces(address=known.masked)
        done = await self._pool.execute(_AGAIN, known.shop, known.id, self._clock.read(), [one.value for one in AGAIN])
        return done == "UPDATE 1"

    async def latest(self, status: MailStatus | None = None, limit: int = 100, before: str = "") -> tuple[Mail, ...]:
        """The last that were asked for, newest first; those before a mail, and none before one that is not there."""
        rows = await self._pool.fetch(_LATEST, status.value if status else "", limit, before)
        return tuple(map(_mail, rows))

    async def counts(self) -> dict[MailStatus, int]:
        """How many mails there are of each status."""
        return {MailStatus(row["status"]): row["count"] for row in await self._pool.fetch(_COUNTS)}

    async def of_document(self, document: DocumentId) -> tuple[Mail, ...]:
        """When a document was sent, newest first. The caller has read the document through somebody's scope."""
        return tuple(map(_mail, await self._pool.fetch(_OF_DOCUMENT, shop_of(document), document)))

    async def bounces(self, limit: int = 100) -> tuple[Bounce, ...]:
        """Addresses that nothing is sent to, the latest first."""
        return tuple(Bounce(**dict(row)) for row in await self._pool.fetch(_BOUNCES, limit))

    async def lift(self, address: str) -> bool:
        """Let mail be sent to an address again; False where nothing kept it from being."""
        async with self._pool.acquire() as connection, connection.transaction():
            lifted = await connection.execute(_LIFT, address) == "DELETE 1"
            if lifted:
                await mark_back(connection, address)
            return lifted

    async def forget(self) -> None:
        """Drop some addresses that mail went to long ago."""
        await self._pool.execute(_FORGET, self._clock.read(), KEPT_FOR)


def _mail(row: asyncpg.Record) -> Mail:
    return Mail(
        id=MailId(row["mail_id"]),
        shop=ShopId(row["shop_id"]),
        order=OrderId(row["order_id"]),
        kind=row["kind"],
        document=DocumentId(row["document_id"]),
        endpoint=row["endpoint_id"],
        language=row["language"],
        address=row["address"],
        masked=row["masked"],
        asked_by=row["asked_by"],
        asked_at=row["asked_at"],
        status=MailStatus(row["status"]),
        due_at=row["due_at"],
        tries=row["tries"],
        settled_at=row["settled_at"],
        place=row["place"],
        code=row["code"],
        said=row["said"],
        about=row["about"],
        reader=row["reader"],
    )


def _told(mail: Mail, answer: Answer) -> Sequence[object]:
    return (answer.place, answer.code, _hidden(mail, answer.said))


def _hidden(mail: Mail, said: str) -> str:
    """Servers like to repeat the address; whoever reads what they said need not know it."""
    return said.replace(mail.address, mail.masked)
