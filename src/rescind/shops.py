"""The shops of the marketplace: adding one, and changing its name, its time zone, its contact and its preset."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
import msgspec

from rescind import zones
from rescind.core.errors import IdempotencyKeyReused, InvalidField, one_of
from rescind.core.ids import ShopId, shop_id
from rescind.core.policy import Policy
from rescind.core.policy.literal import Plain
from rescind.core.shop_fit import Fit, fit
from rescind.core.shop_settings import require_offered
from rescind.drafting import Drafting
from rescind.intake.contact import reach
from rescind.intake.text import label
from rescind.policies import preset, presets
from rescind.postgres.accounts import Note
from rescind.postgres.directory import Directory, new_shop
from rescind.postgres.policies import PolicyTable
from rescind.postgres.shop_versions import ShopFacts, ShopVersions

_ID_BYTES: Final = 5


class NewShop(msgspec.Struct, frozen=True, kw_only=True):
    """A shop as it was typed. policy: name of the preset that its orders are bought under; contact: as of
    ``intake.contact.reach``; settings: what it chooses of the preset's values.
    """

    name: str
    policy: str = "base"
    zone: str = "UTC"
    contact: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    settings: Mapping[str, Plain] = msgspec.field(default_factory=dict[str, Plain])


class ShopChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said otherwise; None and what ``contact`` does not name stay as they are, an empty text goes."""

    name: str | None = None
    policy: str | None = None
    zone: str | None = None
    contact: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])


class Shops:
    """Adds and changes shops. Orders that were placed before keep the terms of their day (I-18)."""

    def __init__(self, pool: asyncpg.Pool[Any], drafting: Drafting, versions: ShopVersions) -> None:
        self._pool = pool
        self._drafting = drafting
        self._versions = versions
        self._directory = Directory(pool)

    async def add(self, wanted: NewShop, by: str, called: str, *, key: str = "") -> ShopId:
        """Add a shop; gives its id. by, called: who does, for the record. key: the same one adds one shop.

        Raises InvalidField and InvalidText (name, policy, zone, contact, settings), StaleShop, IdempotencyKeyReused.
        """
        name, zone, contact = label(wanted.name, field="/name", blank=False), _zone(wanted.zone), reach(wanted.contact)
        live = await self._live(wanted.policy)
        try:
            require_offered(live, wanted.settings)
        except InvalidField as error:
            field = f"/settings{error.params['field']}".rstrip("/")
            raise InvalidField(field=field, expected=error.params["expected"]) from None
        shop = _shop_of(key) if key else new_shop()
        said = {kind: text for kind, text in contact.items() if text}
        note = Note(act="shop_added", by=by, by_name=called, whom=name, shop=shop)
        await PolicyTable(self._pool).publish(live)
        new = await self._directory.add_shop(
            shop, name=name, preset=live, settings=wanted.settings, zone=zone, contact=said, note=note
        )
        if not new:
            there, version = await self._versions.facts(shop)
            asked = ShopFacts(name=name, zone=zone, contact=said, preset=live.name, preset_hash=there.preset_hash)
            if version == 0 and there != asked:
                raise IdempotencyKeyReused
        return shop

    async def fit(self, shop: ShopId, policy: str) -> Fit:
        """What of a shop's own choices would fall away under another preset. Raises NotFound, InvalidField (policy)."""
        choices, (facts, _) = await self._versions.choices(shop), await self._versions.facts(shop)
        live = await self._live(policy)
        return fit(choices.settings, choices.rules, live.at(await self._versions.now()), facts.zone)

    async def change(
        self, shop: ShopId, change: ShopChange, by: str, called: str, *, expected: int | None = None
    ) -> Fit:
        """Say otherwise what is to be said of a shop; gives what of its own choices fell away.

        Raises NotFound, StaleShop; InvalidField and InvalidText as for :meth:`add`.
        """
        before, _ = await self._versions.facts(shop)
        live = await self._live(before.preset if change.policy is None else change.policy, before)
        contact = {**before.contact, **reach(change.contact)}
        after = ShopFacts(
            name=before.name if change.name is None else label(change.name, field="/name", blank=False),
            zone=before.zone if change.zone in {None, before.zone} else _zone(change.zone),
            contact={kind: text for kind, text in contact.items() if text},
            preset=live.name,
            preset_hash=live.hash,
        )
        note = Note(act="shop_changed", by=by, by_name=called, whom=after.name, shop=shop)
        await PolicyTable(self._pool).publish(live)
        return await self._versions.put_facts(shop, after, live, note, expected=expected)

    async def _live(self, name: str, before: ShopFacts | None = None) -> Policy:
        """The preset of this name as it is in force; a shop keeps its own whatever became of its name."""
        if before is not None and name == before.preset:
            kept = await PolicyTable(self._pool).by_hash(before.preset_hash)
            assert kept is not None, "a shop's preset is published before the shop is"
            return kept
        if name not in presets():
            raise InvalidField(field="/policy", expected=one_of(presets()))
        return await self._drafting.live(name) or preset(name)


def _zone(name: str | None) -> str:
    if name not in zones.known():
        raise InvalidField(field="/zone", expected="a time zone like Europe/London")
    return name


def _shop_of(key: str) -> ShopId:
    """The id that a shop gets from whoever adds it: the same however often it is asked for."""
    return shop_id(int.from_bytes(hashlib.sha256(f"shop {key}".encode()).digest()[:_ID_BYTES]))
