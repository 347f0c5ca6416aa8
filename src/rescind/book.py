"""The terms an order was bought under, found by what it pinned, and the calendar that counts its days."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

import holidays
import msgspec
import structlog

from rescind.core.business_calendar import (
    FIRST_YEAR,
    LAST_YEAR,
    WEEKDAYS,
    CalendarDay,
    DaySaid,
    Says,
    days,
    is_news,
    with_words,
)
from rescind.core.deadline import Calendar
from rescind.core.errors import InvalidField, NotFound
from rescind.core.event import Ground
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.parts import Cancellation, Pins
from rescind.core.policy import Policy, ResolvedPolicy
from rescind.core.receipt import ground_for
from rescind.core.record import Record
from rescind.core.terms import Terms
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.notice_people import NoticePeople
from rescind.postgres.policies import PolicyTable
from rescind.postgres.shop_versions import ShopVersions
from rescind.postgres.store import AWAY

log = structlog.get_logger()

YEARS = range(FIRST_YEAR, LAST_YEAR + 1)


FRESH_S = 1.0
"""How long another process may take to hear what a shop agrees to, or what an operator said of a day."""


class Book:
    """Policies by hash, read once and kept: what was published never changes. Calendars as they count now."""

    def __init__(
        self,
        table: PolicyTable,
        calendars: CalendarTable,
        versions: ShopVersions | None = None,
        people: NoticePeople | None = None,
    ) -> None:
        self._people = people
        self._moved = ""
        self._reached: frozenset[ShopId] | None = None
        self._table = table
        self._calendars = calendars
        self._versions = versions
        self._standing: Mapping[ShopId, str] = {}
        self._known: dict[str, Policy] = {}
        self._laws: tuple[Policy, ...] = ()
        self._said: tuple[DaySaid, ...] = ()
        self._counting: dict[tuple[str, str], Calendar] = {}
        self._past: dict[str, Calendar] = {}

    async def open(self, presets: tuple[Policy, ...]) -> None:
        """Publish what is shipped and read everything that was published before.

        The laws among the presets are those that hold from now on, for whatever was placed under whatever terms.
        """
        self._laws = tuple(policy for policy in presets if policy.layer == "law")
        await self._table.publish(*presets)
        shipped = {policy.hash: policy for policy in presets}
        self._known = shipped | {policy.hash: policy for policy in await self._table.besides(shipped)}
        self._said = await self._calendars.said()
        await self._refresh_standing()
        await self._refresh_reached()

    async def refresh(self) -> None:
        """Read what shops agree to, who can be told and what operators said of calendars since, here or elsewhere.

        A decision looks into what was read last and asks no database.
        """
        await self._refresh_standing()
        await self._refresh_reached()
        await self._refresh_calendars()

    async def follow(self) -> None:
        """Read it for ever; what another process wrote holds here a second later."""
        while True:
            await asyncio.sleep(FRESH_S)
            try:
                await self.refresh()
            except AWAY as fault:
                log.warning("book.unread", fault=type(fault).__name__)

    async def policy(self, digest: str) -> Policy | None:
        """The policy with this hash; one published by another process since is read now."""
        found = self._known.get(digest) or await self._table.by_hash(digest)
        if found is not None:
            self._known[digest] = found
        return found

    async def terms(self, pins: Pins, placed_at: Instant, shop: ShopId | None = None) -> Terms:
        """The terms pinned by an order placed at ``placed_at``, the laws of today, and what its shop agrees to today.

        Without a shop nothing is agreed to: what a shop's terms promise in general is not what it agrees to by rule.
        """
        preset = await self._resolved(pins.preset_hash, placed_at, pins.settings)
        others = (await self._resolved(pins.shop_hash, placed_at, {}),) if pins.shop_hash else ()
        digest = self._standing.get(shop) if shop is not None else None
        standing = await self.policy(digest) if digest else None
        terms = Terms(preset=preset, others=others, laws=self._laws, standing=standing)
        if (preset.policy.calendar, preset.policy.zone) not in self._counting:
            await self._count(preset.policy.calendar, preset.policy.zone)
        return terms

    async def terms_of(self, ground: Ground, pins: Pins, placed_at: Instant) -> Terms:
        """The terms a decision was made on: those pinned, and the law and the consent it names, as they were then."""
        terms = await self.terms(pins, placed_at)
        law = await self.policy(ground.policies["law"]) if "law" in ground.policies else None
        standing = await self.policy(ground.policies["standing"]) if "standing" in ground.policies else None
        return msgspec.structs.replace(terms, laws=(law,) if law else (), standing=standing)

    async def _resolved(self, digest: str, placed_at: Instant, settings: dict[str, bool | int | str]) -> ResolvedPolicy:
        policy = await self.policy(digest)
        assert policy is not None, f"an order pins policy {digest}, which was never published"
        return policy.at(placed_at, settings)

    # --- calendars --------------------------------------------------------------------------------------------------

    def calendar(self, terms: Terms) -> Calendar:
        """The days that count where the preset holds, for what is decided now."""
        return self._counting[terms.preset.policy.calendar, terms.preset.policy.zone]

    def working_days(self, country: str, terms: Terms) -> Calendar:
        """The days on which banks work where a buyer lives; those of the market where that is not known.

        Nothing is decided by them: they tell when money should be there.
        """
        market = self.calendar(terms)
        try:
            return with_words(calendar(country, market.zone), self.said(country)) if country else market
        except NotImplementedError:
            return market

    async def calendar_of(self, digest: str, terms: Terms) -> Calendar:
        """The calendar a decision was made by, which may have been edited since."""
        counting = self.calendar(terms)
        if not digest or counting.hash == digest:
            return counting
        found = self._past.get(digest) or await self._calendars.by_hash(digest)
        if found is None:
            # Decided by a program that did not keep its calendars yet.
            return counting
        self._past[digest] = found
        return found

    async def calendar_when(self, records: Sequence[Record], about: Cancellation, terms: Terms) -> Calendar:
        """The calendar by which a policy answered a cancellation, from the order's history."""
        grounds = (ground_for(record, about) for record in records)
        ground = next((one for one in grounds if one is not None), None)
        return self.calendar(terms) if ground is None else await self.calendar_of(ground.calendar, terms)

    def reached(self, shop: ShopId) -> bool:
        """Whether a shop can be told of a request, so that its silence means something; True where that is not asked.

        What was proved a moment ago in another process counts a second later.
        """
        return self._reached is None or shop in self._reached

    async def _refresh_reached(self) -> None:
        if self._people is not None and await self._people.moved() != self._moved:
            self._moved, self._reached = await self._people.reached()

    async def _refresh_standing(self) -> None:
        if self._versions is not None:
            self._standing = await self._versions.standing()

    async def _refresh_calendars(self) -> None:
        last = self._said[-1].number if self._said else 0
        if await self._calendars.last() == last:
            return
        self._said = await self._calendars.said()
        for name, zone in tuple(self._counting):
            await self._count(name, zone)

    async def say(self, name: str, day: date, says: Says, reason: str, by: str, at: Instant) -> bool:
        """Keep an operator's word about a day and count by it from now on; False when it was said before.

        Raises NotFound for a calendar no policy counts by, InvalidField for a day that cannot be meant.
        """
        await self._refresh_calendars()
        if not is_news(self.package(name), self.said(name), day, says):
            return False
        await self._calendars.say(own_name(name), day, says, reason, by, at)
        await self._refresh_calendars()
        return True

    def said(self, name: str) -> tuple[DaySaid, ...]:
        """Every word about a day of this calendar, the oldest first."""
        return tuple(one for one in self._said if one.calendar == own_name(name))

    def year(self, name: str, year: int, language: str) -> tuple[CalendarDay, ...]:
        """The days of a year that are not plain, with whose word it is. Raises NotFound, InvalidField."""
        if year not in YEARS:
            raise InvalidField(field="?year", expected=f"a year from {FIRST_YEAR} to {LAST_YEAR}")
        return days(self.package(name), day_names(own_name(name), language), self.said(name), year)

    def counts(self, name: str, day: date) -> bool:
        """Whether a day counts by what is said now. Raises NotFound."""
        return with_words(self.package(name), self.said(name)).counts(day)

    def zones(self) -> dict[str, tuple[str, ...]]:
        """Every calendar that a policy counts by, by the name people give it, with the zones it is read in."""
        found: dict[str, set[str]] = {}
        for policy in self._known.values():
            if policy.layer == "preset":
                found.setdefault(policy.calendar or WEEKDAYS, set()).add(policy.zone)
        return {name: tuple(sorted(zones)) for name, zones in sorted(found.items())}

    def package(self, name: str) -> Calendar:
        """A calendar as the package has it, nobody's words in it. Raises NotFound."""
        zones = self.zones().get(name)
        if zones is None:
            raise NotFound(kind="calendar")
        return calendar(own_name(name), zones[0])

    async def _count(self, name: str, zone: str) -> None:
        counting = with_words(calendar(name, zone), self.said(name or WEEKDAYS))
        # Before anything is decided by it: a receipt must be able to name it.
        await self._calendars.publish(name, counting)
        self._counting[name, zone] = counting


def own_name(name: str) -> str:
    """A calendar's name as policies write it."""
    return "" if name == WEEKDAYS else name


@cache
def calendar(name: str, zone: str) -> Calendar:
    """A business calendar by its name in a policy, such as ``US`` or ``GB-ENG``; without one every weekday counts."""
    if not name:
        return Calendar(zone)
    found = _package(name, None)
    worked: set[date] = getattr(found, "weekend_workdays", set())
    return Calendar(zone, holidays=frozenset(found), working=frozenset(day for day in worked if day.year in YEARS))


@cache
def day_names(name: str, language: str) -> dict[date, str]:
    """What the package calls its holidays, in a language where it knows it, else as it is called there."""
    if not name:
        return {}
    known: tuple[str, ...] = getattr(_package(name, None), "supported_languages", ())
    wanted = {"en": ("en_US", "en_GB"), "zh": ("zh_CN",)}[language]
    return dict(_package(name, next((one for one in (*wanted, "en_US") if one in known), None)))


@cache
def _package(name: str, language: str | None) -> holidays.HolidayBase:
    country, _, part = name.partition("-")
    with warnings.catch_warnings():
        # Some countries announce a year's holidays in the year before: what lies beyond is without any.
        warnings.simplefilter("ignore", UserWarning)
        return holidays.country_holidays(country, subdiv=part or None, years=YEARS, language=language)
