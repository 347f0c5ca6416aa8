"""The terms an order was bought under, found by what it pinned, and the calendar that counts its days."""

from __future__ import annotations

from functools import cache

import holidays
import msgspec

from rescind.core.deadline import Calendar
from rescind.core.event import Ground
from rescind.core.instant import Instant
from rescind.core.order import Pins
from rescind.core.policy import Policy, ResolvedPolicy
from rescind.core.terms import Terms
from rescind.postgres.policies import PolicyTable

YEARS = range(2016, 2041)
"""Fixed, so that a calendar and its hash are the same whenever they are asked for."""


class Book:
    """Policies by hash, read once and kept: what was published never changes."""

    def __init__(self, table: PolicyTable) -> None:
        self._table = table
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
        return Terms(preset=preset, others=others, laws=self._laws)

    async def terms_of(self, ground: Ground, pins: Pins, placed_at: Instant) -> Terms:
        """The terms a decision was made on: those pinned, and of the laws the one it names, as it was then."""
        terms = await self.terms(pins, placed_at)
        law = await self.policy(ground.policies["law"]) if "law" in ground.policies else None
        return msgspec.structs.replace(terms, laws=(law,) if law else ())

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
