"""The terms an order was bought under, found by what it pinned, and the calendar that counts its days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import cache

import holidays
import msgspec

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
from rescind.core.instant import Instant
from rescind.core.order import Cancellation, Pins
from rescind.core.policy import Policy, ResolvedPolicy
from rescind.core.receipt import ground_for
from rescind.core.record import Record
from rescind.core.terms import Terms
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.policies import PolicyTable

YEARS = range(FIRST_YEAR, LAST_YEAR + 1)


class Book:
    """Policies by hash, read once and kept: what was published never changes. Calendars as they count now."""

    def __init__(self, table: PolicyTable, calendars: CalendarTable) -> None:
        self._table = table
        self._calendars = calendars
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
        for policy in presets:
            await self._table.publish(policy)
        self._known = {policy.hash: policy for policy in await self._table.all()}
        self._said = await self._calendars.said()

    async def policy(self, digest: str) -> Policy | None:
        """The policy with this hash; one published by another process since is read now."""
        found = self._known.get(digest) or await self._table.by_hash(digest)
        if found is not None:
            self._known[digest] = found
        return found

    async def terms(self, pins: Pins, placed_at: Instant) -> Terms:
        """The terms pinned by an order placed at ``placed_at``, and the laws of today."""
        preset = await self._resolved(pins.preset_hash, placed_at, pins.settings)
        others = (await self._resolved(pins.shop_hash, placed_at, {}),) if pins.shop_hash else ()
        terms = Terms(preset=preset, others=others, laws=self._laws)
        if (preset.policy.calendar, preset.policy.zone) not in self._counting:
            await self._count(preset.policy.calendar, preset.policy.zone)
        return terms

    async def terms_of(self, ground: Ground, pins: Pins, placed_at: Instant) -> Terms:
        """The terms a decision was made on: those pinned, and of the laws the one it names, as it was then."""
        terms = await self.terms(pins, placed_at)
        law = await self.policy(ground.policies["law"]) if "law" in ground.policies else None
        return msgspec.structs.replace(terms, laws=(law,) if law else ())

    async def _resolved(self, digest: str, placed_at: Instant, settings: dict[str, bool | int | str]) -> ResolvedPolicy:
        policy = await self.policy(digest)
        assert policy is not None, f"an order pins policy {digest}, which was never published"
        return policy.at(placed_at, settings)

    # --- calendars --------------------------------------------------------------------------------------------------

    def calendar(self, terms: Terms) -> Calendar:
        """The days that count where the preset holds, for what is decided now."""
        return self._counting[terms.preset.policy.calendar, terms.preset.policy.zone]

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

    async def refresh(self) -> bool:
        """Read what operators said since, in this process or another; whether there was anything."""
        last = self._said[-1].number if self._said else 0
        if await self._calendars.last() == last:
            return False
        self._said = await self._calendars.said()
        for name, zone in tuple(self._counting):
            await self._count(name, zone)
        return True

    async def say(self, name: str, day: date, says: Says, reason: str, by: str, at: Instant) -> bool:
        """Keep an operator's word about a day and count by it from now on; False when it was said before.

        Raises NotFound for a calendar no policy counts by, InvalidField for a day that cannot be meant.
        """
        await self.refresh()
        if not is_news(self.package(name), self.said(name), day, says):
            return False
        await self._calendars.say(own_name(name), day, says, reason, by, at)
        await self.refresh()
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
    return holidays.country_holidays(country, subdiv=part or None, years=YEARS, language=language)
