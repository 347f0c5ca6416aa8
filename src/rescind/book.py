"""The terms an order was bought under, found by what it pinned, and the calendar that counts its days."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache

import holidays
import msgspec
import structlog

from rescind.core.deadline import Calendar
from rescind.core.event import Ground
from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.order import Pins
from rescind.core.policy import Policy, ResolvedPolicy
from rescind.core.terms import Terms
from rescind.postgres.policies import PolicyTable
from rescind.postgres.shop_versions import ShopVersions
from rescind.postgres.store import AWAY

log = structlog.get_logger()

YEARS = range(2016, 2041)
"""Fixed, so that a calendar and its hash are the same whenever they are asked for."""


FRESH_S = 1.0
"""How long another process may take to hear that a shop agrees to something, or does not any more."""


class Book:
    """Policies by hash, read once and kept: what was published never changes."""

    def __init__(self, table: PolicyTable, versions: ShopVersions | None = None) -> None:
        self._table = table
        self._versions = versions
        self._standing: Mapping[ShopId, str] = {}
        self._known: dict[str, Policy] = {}
        self._laws: tuple[Policy, ...] = ()

    async def open(self, presets: tuple[Policy, ...]) -> None:
        """Publish what is shipped and read everything that was published before.

        The laws among the presets are those that hold from now on, for whatever was placed under whatever terms.
        """
        self._laws = tuple(policy for policy in presets if policy.layer == "law")
        for policy in presets:
            await self._table.publish(policy)
        self._known = {policy.hash: policy for policy in await self._table.all()}
        await self.refresh()

    async def refresh(self) -> None:
        """Read what shops agree to in advance. A decision looks into what was read last and asks no database."""
        if self._versions is not None:
            self._standing = await self._versions.standing()

    async def follow(self) -> None:
        """Read it for ever; what another process wrote holds here a second later."""
        while True:
            await asyncio.sleep(FRESH_S)
            try:
                await self.refresh()
            except AWAY as fault:
                log.warning("standing.unavailable", fault=type(fault).__name__)

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
        return Terms(preset=preset, others=others, laws=self._laws, standing=standing)

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

    def calendar(self, terms: Terms) -> Calendar:
        """The days that count where the preset holds."""
        return calendar(terms.preset.policy.calendar, terms.preset.policy.zone)


@cache
def calendar(name: str, zone: str) -> Calendar:
    """A business calendar by its name in a policy, such as ``US`` or ``GB-ENG``; without one every weekday counts."""
    country, _, part = name.partition("-")
    if not country:
        return Calendar(zone)
    return Calendar(zone, holidays=frozenset(holidays.country_holidays(country, subdiv=part or None, years=YEARS)))
