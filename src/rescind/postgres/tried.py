"""What a trial has to do with money: refunds that are owed when one begins, and those that were only tried."""

from __future__ import annotations

from typing import Any, Final

import asyncpg
import msgspec

from rescind.core.ids import OrderId, RefundId
from rescind.core.instant import Instant
from rescind.core.money import Money

MOST: Final = 100

_WAITING = """
SELECT currency, count(*) AS count, sum(amount_minor)::bigint AS amount_minor
FROM refunds WHERE place IN ('not_sent', 'owed') GROUP BY currency ORDER BY currency
"""
# By what the sandbox calls its refunds; a span of the index, as nothing else is called so.
_TRIED = f"""
SELECT r.order_id, o.number, r.refund_id, r.currency, r.amount_minor, r.owed_at
FROM refunds r JOIN orders o ON o.shop_id = r.shop_id AND o.order_id = r.order_id
WHERE r.reference <> '' AND r.reference >= 'sandbox-' AND r.reference < 'sandbox.' AND r.place <> 'settled'
ORDER BY r.owed_at DESC, r.refund_id DESC LIMIT {MOST}
"""  # noqa: S608 - a number of ours


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Refunds that are owed and were not sent, in one currency."""

    count: int
    amount: Money


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """A refund that was only tried."""

    order: OrderId
    number: str
    refund: RefundId
    amount: Money
    owed_at: Instant


async def waiting(pool: asyncpg.Pool[Any]) -> tuple[Waiting, ...]:
    """What is owed now, by currency."""
    return tuple(
        Waiting(count=row["count"], amount=Money(row["amount_minor"], row["currency"]))
        for row in await pool.fetch(_WAITING)
    )


async def tried(pool: asyncpg.Pool[Any]) -> tuple[Tried, ...]:
    """The latest refunds that were only tried, newest first, up to ``MOST``."""
    return tuple(
        Tried(
            order=OrderId(row["order_id"]),
            number=row["number"],
            refund=RefundId(row["refund_id"]),
            amount=Money(row["amount_minor"], row["currency"]),
            owed_at=row["owed_at"],
        )
        for row in await pool.fetch(_TRIED)
    )
