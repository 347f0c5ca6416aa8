"""The terms under which a shop sold at some moment: its preset, its own rules, and its settings, as they were then.

An order is told minutes after it was placed, or hours, when the host's line was down. What was published or chosen in
between is not what its buyer bought under (E-07).
"""

from __future__ import annotations

from typing import Any

import asyncpg
import msgspec

from rescind.core.ids import ShopId
from rescind.core.instant import Instant
from rescind.core.parts import Pins
from rescind.core.policy.literal import Plain
from rescind.core.views import ShopView
from rescind.policies import names, preset

# A shop is under the version of its preset, and of its own rules, that is live. Where one came or went since, it was
# under the one that was live then, or else under what the first one since was begun from. A shop without a version of
# its settings since then had those that it has; one that has chosen since had what it chose last, or had before.
_THEN = """
WITH changed AS (
    SELECT coalesce(shop_id, '') AS shop, hash, base_hash, approved_at, retired_at FROM policy_versions
    WHERE approved_at IS NOT NULL AND ((shop_id IS NULL AND name = $2) OR shop_id = $1)
), then_ AS (
    SELECT DISTINCT ON (shop) shop, hash FROM changed
    WHERE approved_at <= $3 AND (retired_at IS NULL OR retired_at > $3) ORDER BY shop, approved_at DESC
), since AS (
    SELECT DISTINCT ON (shop) shop, base_hash FROM changed
    WHERE approved_at > $3 OR retired_at > $3
    ORDER BY shop, CASE WHEN approved_at > $3 THEN approved_at ELSE 'infinity' END
)
SELECT since.shop, coalesce(then_.hash, since.base_hash) AS hash FROM since LEFT JOIN then_ USING (shop)
"""
_SETTINGS = """
SELECT coalesce(
    (SELECT body FROM shop_versions WHERE shop_id = $1 AND kind = 'settings' AND since <= $2
     ORDER BY number DESC LIMIT 1),
    (SELECT before FROM shop_versions WHERE shop_id = $1 AND kind = 'settings' AND since > $2
     ORDER BY number LIMIT 1)
)::text
"""
# The preset that a shop was under until the first change since then; no row where it has not changed.
_PRESET = """
SELECT before ->> 'preset' AS name, before ->> 'preset_hash' AS hash FROM shop_versions
WHERE shop_id = $1 AND kind = 'shop' AND since > $2 ORDER BY number LIMIT 1
"""
_TURNS = """
WITH presets AS (
    SELECT $2::text AS name UNION SELECT before ->> 'preset' FROM shop_versions WHERE shop_id = $1 AND kind = 'shop'
)
SELECT approved_at AS at FROM policy_versions
WHERE approved_at IS NOT NULL AND ((shop_id IS NULL AND name IN (SELECT name FROM presets)) OR shop_id = $1)
UNION SELECT retired_at FROM policy_versions
WHERE retired_at IS NOT NULL AND ((shop_id IS NULL AND name IN (SELECT name FROM presets)) OR shop_id = $1)
UNION SELECT since FROM shop_versions WHERE shop_id = $1 AND kind IN ('settings', 'shop')
ORDER BY at
"""


class PinTable:
    """Looks up what a shop sold under."""

    def __init__(self, pool: asyncpg.Pool[Any]) -> None:
        self._pool = pool

    async def at(self, shop: ShopView, then: Instant) -> Pins:
        """The terms of an order placed then. What is told at once needs no look back, but nobody knows that before."""
        moved = await self._pool.fetchrow(_PRESET, shop.id, then)
        name, digest = (moved["name"], moved["hash"]) if moved else (shop.preset, shop.preset_hash)
        rows = await self._pool.fetch(_THEN, shop.id, name, then)
        found = {row["shop"]: row["hash"] for row in rows}
        preset_hash = found.get("", digest) or _shipped(name, digest)
        chosen = await self._settings(shop.id, then)
        return Pins(
            preset=name,
            preset_hash=preset_hash,
            settings=shop.settings if chosen is None else chosen,
            shop_hash=found.get(shop.id, shop.shop_hash),
        )

    async def turns(self, shop: ShopView) -> list[Instant]:
        """When any of this changed, the earliest first; between two of them the terms are the same."""
        rows = await self._pool.fetch(_TURNS, shop.id, shop.preset)
        return [row["at"] for row in rows]

    async def _settings(self, shop: ShopId, then: Instant) -> dict[str, Plain] | None:
        said = await self._pool.fetchval(_SETTINGS, shop, then)
        return None if said is None else msgspec.json.decode(said, type=dict[str, Plain])


def _shipped(name: str, digest: str) -> str:
    """What a preset was before anybody approved a version of it."""
    return preset(name).hash if name in names() else digest
