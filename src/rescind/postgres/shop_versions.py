"""What shops decide in advance, with every version of it: settings, rules, and what the platform decides for them; how
they are reached and the sentences they keep ready; and what the platform has them under.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal

import asyncpg
import msgspec

from rescind.clock import Clock
from rescind.core.automation import SETTING, Answered, require_over
from rescind.core.cancellation import SellerAsked
from rescind.core.contact_card import ContactCard
from rescind.core.errors import NotFound, StaleShop
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.policy import Policy
from rescind.core.policy.literal import Plain
from rescind.core.quick_reply import QuickReply
from rescind.core.record import decode
from rescind.core.shop_fit import Fit, fit
from rescind.core.shop_settings import require_offered
from rescind.core.standing import StandingRule
from rescind.postgres.accounts import AccountTable, Note
from rescind.postgres.policies import PolicyTable
from rescind.postgres.publishing import require_in_force

Kind = Literal["automation", "contact", "replies", "rules", "settings", "shop"]

# The platform's word comes before the shop's own: it agrees to everything that any rule of the shop could.
_STANDING = """
SELECT DISTINCT ON (shop_id) shop_id, hash FROM (
    SELECT DISTINCT ON (shop_id, kind) shop_id, kind, hash FROM shop_versions WHERE kind <> 'settings'
    ORDER BY shop_id, kind, number DESC
) AS latest
WHERE hash IS NOT NULL ORDER BY shop_id, kind
"""
_CURRENT = """
SELECT DISTINCT ON (kind) kind, number, body::text AS body, hash, may_end_at, since, changed_by
FROM shop_versions WHERE shop_id = $1 ORDER BY kind, number DESC
"""
_LATEST = """
SELECT number, body::text AS body FROM shop_versions WHERE shop_id = $1 AND kind = $2 ORDER BY number DESC LIMIT 1
"""
_HISTORY = """
SELECT kind, number, body::text AS body, hash, may_end_at, since, changed_by
FROM shop_versions WHERE shop_id = $1 ORDER BY since DESC, kind, number DESC LIMIT $2
"""
# Whoever changes a shop waits here for whoever changes it at the same moment.
_LOCK = """
SELECT settings::text, coalesce($2::timestamptz, clock_timestamp()), preset_hash FROM shops
WHERE shop_id = $1 FOR NO KEY UPDATE
"""
_INSERT = """
INSERT INTO shop_versions (shop_id, kind, number, body, hash, may_end_at, since, changed_by)
SELECT $1::text, $2::text, coalesce(max(number), 0) + 1, $3::jsonb, $4::text, $5::timestamptz, $6::timestamptz,
       $7::text
FROM shop_versions WHERE shop_id = $1::text AND kind = $2::text
RETURNING number
"""
_KEEP = """
INSERT INTO shop_versions (shop_id, kind, number, body, before, since, changed_by)
SELECT $1::text, $6::text, coalesce(max(number), 0) + 1, $2::jsonb, $3::jsonb, $4::timestamptz, $5::text
FROM shop_versions WHERE shop_id = $1::text AND kind = $6::text
"""
_SETTINGS = "UPDATE shops SET settings = $2::jsonb WHERE shop_id = $1"
_FACTS = """
SELECT s.name, s.zone, s.contact::text AS contact, p.name AS preset, s.preset_hash
FROM shops s JOIN policies p ON p.hash = s.preset_hash WHERE s.shop_id = $1
"""
_NUMBER = "SELECT coalesce(max(number), 0) FROM shop_versions WHERE shop_id = $1 AND kind = $2"
_PUT_FACTS = "UPDATE shops SET name = $2, zone = $3, contact = $4::jsonb, preset_hash = $5 WHERE shop_id = $1"
_PRESETS = "SELECT DISTINCT preset_hash FROM shops"
_TO_COUNT = """
SELECT s.shop_id FROM shops s
WHERE s.preset_hash = $1 AND NOT EXISTS (SELECT FROM answer_months m WHERE m.shop_id = s.shop_id AND m.month = $2)
ORDER BY s.shop_id LIMIT $3
"""
# A request counts in the month in which it had to be answered. Not counted are those the buyer took back in time, those
# that a rule of the shop let wait, favours (what was asked for although it was too late), and what the shop could not
# be told of. Silence, and a parcel that left meanwhile, are no answers. The first bound of requested_at only lets an
# index be used.
_ANSWERED = """
SELECT count(*) FILTER (WHERE status <> 'withdrawn')::int AS asked,
       count(*) FILTER (WHERE closed_by = 'seller' OR status = 'settled')::int AS in_time,
       count(*) FILTER (WHERE status = 'awaiting_seller')::int AS waiting
FROM cases c
WHERE c.shop_id = $1 AND c.kind = 'cancellation' AND c.due_at >= $2 AND c.due_at < $3
  AND c.requested_at >= $2::timestamptz - interval '60 days' AND c.requested_at < $3
  AND EXISTS (
      SELECT FROM events e
      CROSS JOIN LATERAL (SELECT convert_from(e.body, 'UTF8')::jsonb -> 'event' AS event) AS told
      WHERE e.shop_id = c.shop_id AND e.order_id = c.order_id AND e.type = 'SellerAsked'
        AND told.event ->> 'cancellation' = c.case_id
        AND told.event #>> '{ground,layer}' IS DISTINCT FROM 'standing'
        AND told.event ->> 'unreached' IS DISTINCT FROM 'true'
        AND told.event #>> '{ground,facts,asked_anyway}' IS DISTINCT FROM 'true'
  )
"""
_ASKED = """
SELECT e.body FROM (
    SELECT order_id, case_id, requested_at FROM cases WHERE shop_id = $1 AND kind = 'cancellation'
    ORDER BY requested_at DESC, case_id DESC LIMIT 4 * $2
) AS c
JOIN events e ON e.shop_id = $1 AND e.order_id = c.order_id AND e.type = 'SellerAsked'
 AND convert_from(e.body, 'UTF8')::jsonb #>> '{event,cancellation}' = c.case_id
ORDER BY c.requested_at DESC, c.case_id DESC LIMIT $2
"""
_COUNTED = """
INSERT INTO answer_months (shop_id, month, asked, in_time, counted_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT DO NOTHING RETURNING month
"""


class ShopVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version. body: settings, rules, or the month's count; stands: whether a policy stands since then."""

    kind: Kind
    number: int
    body: msgspec.Raw
    stands: bool
    since: Instant
    changed_by: str
    may_end_at: Instant | None = None


class Automation(msgspec.Struct, frozen=True, kw_only=True):
    """That the platform agrees for a shop: since when, until when it must, and the month it follows from."""

    since: Instant
    until: Instant
    answered: Answered


class Choices(msgspec.Struct, frozen=True, kw_only=True):
    """What a shop has decided as it stands now. The versions are 0 where it has decided nothing."""

    settings: dict[str, Plain]
    settings_version: int
    rules: tuple[StandingRule, ...]
    rules_version: int
    automation: Automation | None


class ShopFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What the platform says of a shop. preset, preset_hash: what orders placed from now on are bought under; contact:
    its legal name and address and how it is reached, by kind.
    """

    name: str
    zone: str
    contact: dict[str, str]
    preset: str
    preset_hash: str


class ShopVersions:
    """Reads and writes ``shop_versions`` and ``answer_months``. ``clock``: as of the store."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def standing(self) -> dict[ShopId, str]:
        """The hash of what each shop agrees to in advance, or the platform for it; shops that do not are not here."""
        return {ShopId(row["shop_id"]): row["hash"] for row in await self._pool.fetch(_STANDING)}

    async def choices(self, shop: ShopId) -> Choices:
        """What a shop has decided. Raises NotFound."""
        settings = await self._pool.fetchval("SELECT settings::text FROM shops WHERE shop_id = $1", shop)
        if settings is None:
            raise NotFound(kind="shop")
        latest = {row["kind"]: _version(row) for row in await self._pool.fetch(_CURRENT, shop)}
        chosen, rules = latest.get("settings"), latest.get("rules")
        return Choices(
            settings=msgspec.json.decode(settings, type=dict[str, Plain]),
            settings_version=chosen.number if chosen else 0,
            rules=msgspec.json.decode(rules.body, type=tuple[StandingRule, ...]) if rules else (),
            rules_version=rules.number if rules else 0,
            automation=_automation(latest.get("automation")),
        )

    async def history(self, shop: ShopId, limit: int = 50) -> tuple[ShopVersion, ...]:
        """The latest versions of everything, the newest first."""
        return tuple(_version(row) for row in await self._pool.fetch(_HISTORY, shop, limit))

    async def asked(self, shop: ShopId, limit: int = 50) -> tuple[SellerAsked, ...]:
        """The last requests that were put to the shop, the newest first."""
        events = (decode(row[0]).event for row in await self._pool.fetch(_ASKED, shop, limit))
        return tuple(event for event in events if isinstance(event, SellerAsked))

    async def put_settings(
        self, shop: ShopId, change: Mapping[str, Plain], preset: Policy, by: str, *, expected: int | None = None
    ) -> Choices:
        """Choose some of the values that the preset offers; the others stay. Orders already placed keep theirs (I-18).

        Choosing what is chosen already writes nothing. Raises NotFound, StaleShop, AutomationRequired; InvalidField for
        what the preset does not offer.
        """
        require_offered(preset, change)
        async with self._pool.acquire() as connection, connection.transaction():
            before, now = await self._locked(connection, shop, "settings", expected, preset)
            after = {**before, **change}
            latest = {row["kind"]: _version(row) for row in await connection.fetch(_CURRENT, shop)}
            automation = _automation(latest.get("automation"))
            if automation is not None and change.get(SETTING) is False:
                require_over(automation.until, now)
                body = msgspec.json.encode(automation.answered).decode()
                await connection.fetchval(_INSERT, shop, "automation", body, None, None, now, by)
            if after != before:
                await _choose(connection, shop, before, after, now, by)
        return await self.choices(shop)

    async def put_rules(
        self,
        shop: ShopId,
        rules: tuple[StandingRule, ...],
        policy: Policy | None,
        by: str,
        *,
        expected: int | None = None,
    ) -> Choices:
        """Let these rules stand instead of those before; None without any. The same again writes nothing.

        Raises NotFound, StaleShop.
        """
        if policy is not None:
            await PolicyTable(self._pool).publish(policy)
        async with self._pool.acquire() as connection, connection.transaction():
            _, now = await self._locked(connection, shop, "rules", expected)
            digest = policy.hash if policy is not None else None
            latest = {row["kind"]: row for row in await connection.fetch(_CURRENT, shop)}.get("rules")
            before = msgspec.json.decode(latest["body"], type=tuple[StandingRule, ...]) if latest else ()
            if (rules, digest) != (before, latest["hash"] if latest else None):
                body = msgspec.json.encode(rules).decode()
                await connection.fetchval(_INSERT, shop, "rules", body, digest, None, now, by)
        return await self.choices(shop)

    # --- what the platform says of a shop ----------------------------------------------------------------------------

    async def facts(self, shop: ShopId) -> tuple[ShopFacts, int]:
        """What the platform says of a shop, and its version: 0 since it was added. Raises NotFound."""
        return await _facts(self._pool, shop), await self._pool.fetchval(_NUMBER, shop, "shop")

    async def put_facts(
        self, shop: ShopId, facts: ShopFacts, preset: Policy, note: Note, *, expected: int | None = None
    ) -> Fit:
        """Let this be said of a shop from now on, with its line in the record. preset: the one the facts name.

        Orders already placed keep the preset of their day (I-18). What the shop has chosen and the preset has no room
        for falls away with it; that is what this gives. The same again writes nothing. Raises NotFound, StaleShop.
        """
        choices = await self.choices(shop)
        fitted = fit(choices.settings, choices.rules, preset.at(await self.now()), facts.zone)
        if fitted.standing is not None:
            await PolicyTable(self._pool).publish(fitted.standing)
        async with self._pool.acquire() as connection, connection.transaction():
            await require_in_force(connection, preset, shop)
            settings, now = await self._locked(connection, shop, "shop", expected)
            before = await _facts(connection, shop)
            if before == facts:
                return fitted
            rules = await connection.fetchval(_NUMBER, shop, "rules")
            if (settings, rules) != (choices.settings, choices.rules_version):
                raise StaleShop(shop=shop, expected=choices.rules_version, actual=rules)
            await _keep(connection, shop, "shop", before, facts, now, note.by)
            contact = msgspec.json.encode(facts.contact).decode()
            await connection.execute(_PUT_FACTS, shop, facts.name, facts.zone, contact, facts.preset_hash)
            if fitted.settings != settings:
                await _choose(connection, shop, settings, fitted.settings, now, note.by)
            if fitted.lost_rules or (fitted.rules and facts.zone != before.zone):
                body = msgspec.json.encode(fitted.rules).decode()
                digest = fitted.standing.hash if fitted.standing else None
                await connection.fetchval(_INSERT, shop, "rules", body, digest, None, now, note.by)
            if choices.automation is not None and not fitted.automation:
                body = msgspec.json.encode(choices.automation.answered).decode()
                await connection.fetchval(_INSERT, shop, "automation", body, None, None, now, note.by)
            await AccountTable(self._pool).note(note, connection)
        return fitted

    # --- how a shop is reached, and what it keeps ready --------------------------------------------------------------

    async def contact(self, shop: ShopId) -> tuple[ContactCard | None, int]:
        """A shop's contact card and its version; None and 0 where it has none."""
        row = await self._pool.fetchrow(_LATEST, shop, "contact")
        return (msgspec.json.decode(row["body"], type=ContactCard), row["number"]) if row else (None, 0)

    async def replies(self, shop: ShopId) -> tuple[tuple[QuickReply, ...], int]:
        """A shop's quick replies and their version."""
        row = await self._pool.fetchrow(_LATEST, shop, "replies")
        return (msgspec.json.decode(row["body"], type=tuple[QuickReply, ...]), row["number"]) if row else ((), 0)

    async def put_contact(self, shop: ShopId, card: ContactCard, by: str, *, expected: int | None = None) -> None:
        """Let this card be the shop's. The same again writes nothing. Raises NotFound, StaleShop."""
        await self._put(shop, "contact", msgspec.json.encode(card), by, expected)

    async def put_replies(
        self, shop: ShopId, replies: tuple[QuickReply, ...], by: str, *, expected: int | None = None
    ) -> None:
        """Let these replies stand in the place of those before. The same again writes nothing.

        Raises NotFound, StaleShop.
        """
        await self._put(shop, "replies", msgspec.json.encode(replies), by, expected)

    async def _put(self, shop: ShopId, kind: Kind, body: bytes, by: str, expected: int | None) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            _, now = await self._locked(connection, shop, kind, expected)
            before = await connection.fetchrow(_LATEST, shop, kind)
            if before is None or msgspec.json.decode(before["body"]) != msgspec.json.decode(body):
                await connection.fetchval(_INSERT, shop, kind, body.decode(), None, None, now, by)

    # --- the monthly count --------------------------------------------------------------------------------------------

    async def now(self) -> Instant:
        """The database's time, or the rehearsal's."""
        return await self._pool.fetchval("SELECT coalesce($1::timestamptz, clock_timestamp())", self._clock.read())

    async def presets(self) -> tuple[str, ...]:
        """Hashes of the presets that shops are under."""
        return tuple(row[0] for row in await self._pool.fetch(_PRESETS))

    async def to_count(self, preset_hash: str, month: date, limit: int) -> tuple[ShopId, ...]:
        """Shops under a preset whose answers of this month nobody has counted yet."""
        found = await self._pool.fetch(_TO_COUNT, preset_hash, month, limit)
        return tuple(ShopId(row[0]) for row in found)

    async def answered(self, shop: ShopId, month: date, since: Instant, until: Instant) -> Answered | None:
        """How a shop answered what it had to in this time; None while something of it still waits to be settled."""
        row = await self._pool.fetchrow(_ANSWERED, shop, since, until)
        assert row is not None, "a count has a row"
        if row["waiting"]:
            return None
        return Answered(month=month, asked=row["asked"], in_time=row["in_time"])

    async def count(self, shop: ShopId, answered: Answered, until: Instant | None, automation: Policy) -> bool:
        """Keep a month's count and, where ``until`` says so, let the platform agree for the shop from now on.

        All of it or nothing, and once: a month that was counted already changes nothing. True when it was news.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            settings, now = await self._locked(connection, shop, "automation", None)
            if not await connection.fetchval(_COUNTED, shop, answered.month, answered.asked, answered.in_time, now):
                return False
            if until is not None:
                body = msgspec.json.encode(answered).decode()
                await connection.fetchval(_INSERT, shop, "automation", body, automation.hash, until, now, "system")
                if settings.get(SETTING) is not True:
                    await _choose(connection, shop, settings, {**settings, SETTING: True}, now, "system")
            return True

    async def _locked(
        self, connection: Any, shop: ShopId, kind: Kind, expected: int | None, preset: Policy | None = None
    ) -> tuple[dict[str, Plain], Instant]:
        """preset: what was chosen is offered by this one, so the shop must be under it still."""
        row = await connection.fetchrow(_LOCK, shop, self._clock.read())
        if row is None:
            raise NotFound(kind="shop")
        actual = await connection.fetchval(_NUMBER, shop, kind)
        if (expected is not None and actual != expected) or (preset is not None and preset.hash != row[2]):
            raise StaleShop(shop=shop, expected=actual if expected is None else expected, actual=actual)
        return msgspec.json.decode(row[0], type=dict[str, Plain]), row[1]


async def _choose(
    connection: Any, shop: ShopId, before: Mapping[str, Plain], after: Mapping[str, Plain], now: Instant, by: str
) -> None:
    """Put settings in the place of those before."""
    await _keep(connection, shop, "settings", before, after, now, by)
    await connection.execute(_SETTINGS, shop, msgspec.json.encode(after, order="sorted").decode())


async def _keep(
    connection: Any, shop: ShopId, kind: Kind, before: object, after: object, now: Instant, by: str
) -> None:
    """Keep a version and what was before it: orders are told late (``postgres.pins``)."""
    was, said = (msgspec.json.encode(one, order="sorted").decode() for one in (before, after))
    await connection.execute(_KEEP, shop, said, was, now, by, kind)


async def _facts(connection: Any, shop: ShopId) -> ShopFacts:
    row = await connection.fetchrow(_FACTS, shop)
    if row is None:
        raise NotFound(kind="shop")
    return ShopFacts(
        name=row["name"],
        zone=row["zone"],
        contact=msgspec.json.decode(row["contact"], type=dict[str, str]),
        preset=row["preset"],
        preset_hash=row["preset_hash"],
    )


def _version(row: Any) -> ShopVersion:
    return ShopVersion(
        kind=row["kind"],
        number=row["number"],
        body=msgspec.Raw(row["body"].encode()),
        stands=row["hash"] is not None,
        since=row["since"],
        changed_by=row["changed_by"],
        may_end_at=row["may_end_at"],
    )


def _automation(latest: ShopVersion | None) -> Automation | None:
    if latest is None or not latest.stands or latest.may_end_at is None:
        return None
    answered = msgspec.json.decode(latest.body, type=Answered)
    return Automation(since=latest.since, until=latest.may_end_at, answered=answered)
