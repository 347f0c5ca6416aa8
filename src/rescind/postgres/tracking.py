"""Tracking numbers across the orders of a shop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from rescind.clock import Clock
from rescind.core.order import Order
from rescind.core.record import decode_order
from rescind.core.tracking import same

# Carriers give a number out again after a while, and of one that stands on many orders a few say as much as all.
_OTHERS: Final = """
SELECT w.place::int - 1 AS place, o.state
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY
         AS w (shop_id, order_id, buyer_id, tracking, place),
     LATERAL (
         SELECT o.state FROM parcels p JOIN orders o USING (shop_id, order_id)
         WHERE p.tracking = w.tracking AND p.shop_id = w.shop_id AND p.order_id <> w.order_id
           AND o.buyer_id <> w.buyer_id AND o.updated_at > coalesce($5, clock_timestamp()) - interval '90 days'
         LIMIT 20
     ) AS o
"""


class TrackingTable:
    """Finds parcels of one shop by their number."""

    def __init__(self, pool: asyncpg.Pool[Any], clock: Clock) -> None:
        self._pool = pool
        self._clock = clock

    async def reused(self, asked: Sequence[tuple[Order, str, str]]) -> set[int]:
        """Which of these (order, carrier, number) also stand on a parcel of another buyer of the shop, by their place.

        What was told by mistake and taken back stands on no parcel any more.
        """
        if not asked:
            return set()
        orders = [order for order, _, _ in asked]
        found = await self._pool.fetch(
            _OTHERS,
            [order.shop for order in orders],
            [order.id for order in orders],
            [order.buyer for order in orders],
            [tracking for _, _, tracking in asked],
            self._clock.read(),
        )
        places: set[int] = set()
        for row in found:
            place: int = row["place"]
            _, carrier, tracking = asked[place]
            if any(same(carrier, tracking, parcel) for parcel in decode_order(row["state"]).parcels):
                places.add(place)
        return places
