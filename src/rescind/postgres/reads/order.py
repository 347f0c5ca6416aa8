"""One order with everything a page says of it."""

from __future__ import annotations

from rescind.core.details import BuyerWords, Details, LineWords, Recipient
from rescind.core.errors import InvalidField, NotFound
from rescind.core.ids import OrderId, ShopId
from rescind.core.instant import Instant
from rescind.core.money import Money
from rescind.core.record import decode_order
from rescind.core.scope import Scope
from rescind.core.views import BuyerView, OrderView
from rescind.postgres.reads.conditions import LONGEST_NUMBER, Where, add_id, buyer_told, known, sane, scoped
from rescind.postgres.reads.directory import shop_view
from rescind.postgres.reads.rows import decoded
from rescind.postgres.reads.source import Source, query

_ORDER = query("order")
_PLACED_BETWEEN = """
SELECT EXISTS (SELECT FROM orders WHERE shop_id = $1 AND buyer_id = $2 AND placed_at BETWEEN $3 AND $4
               AND number <> $5 AND total_minor = $6 AND currency = $7 AND stage <> 'cancelled')
"""

_OF_NUMBER = """
SELECT o.order_id, p.buyer ->> 'email' AS email FROM orders o JOIN people p USING (shop_id, order_id)
WHERE o.number = $1 AND p.buyer ->> 'email' <> '' ORDER BY o.placed_at DESC LIMIT 100
"""


class OneOrder(Source):
    async def order(self, scope: Scope, order_id: str, *, counting: Instant | None = None) -> OrderView:
        """One order. Raises NotFound: missing, foreign, or no id of an order.

        counting: since when the buyer's cancellations are to be counted; one look brings both.
        """
        where = scoped(scope, "o")
        add_id(where, order_id)
        return await self._one(scope, where, counting)

    async def order_by_number(self, scope: Scope, number: str, shop: ShopId | None = None) -> OrderView:
        """One order by its number, which is unique in its shop.

        Raises NotFound; InvalidField(field="shop") when several shops have one of this number and none is named.
        """
        if not sane(number, LONGEST_NUMBER):
            raise NotFound(kind="order")
        where = scoped(scope, "o")
        where.add("o.number = {}", number)
        if shop is not None:
            where.add("o.shop_id = {}", known("shp", shop, "shop"))
        return await self._one(scope, where)

    async def addresses_of(self, number: str) -> tuple[tuple[OrderId, str], ...]:
        """Every order of this number that was told with an address of its buyer, and the address; what was placed last
        comes first. What was told with another order proves nothing of this one.
        """
        if not sane(number, LONGEST_NUMBER):
            return ()
        return tuple((row["order_id"], row["email"]) for row in await self._pool.fetch(_OF_NUMBER, number))

    async def placed_between(
        self, shop: str, buyer: str, since: Instant, until: Instant, *, total: Money, besides: str
    ) -> bool:
        """Whether this buyer placed an order of this worth in this shop between the two, ``besides`` one of a number,
        and it still stands.
        """
        given = (shop, buyer, since, until, besides, total.minor, total.currency)
        return bool(await self._pool.fetchval(_PLACED_BETWEEN, *given))

    async def _one(self, scope: Scope, where: Where, counting: Instant | None = None) -> OrderView:
        since = where.bind(counting.date()) if counting else "NULL::date"
        text = _ORDER.format(
            where=where,
            since=since,
            buyer_name=buyer_told(scope, "name"),
            email=buyer_told(scope, "email"),
            locale=buyer_told(scope, "locale"),
        )
        rows = await self._pool.fetch(text, *where.parameters)
        if len(rows) > 1:
            raise InvalidField(field="shop", expected="the shop, for several have an order of this number")
        if not rows:
            raise NotFound(kind="order")
        row = rows[0]
        return OrderView(
            order=decode_order(row["state"]),
            details=Details(
                lines=decoded(row["lines"], tuple[LineWords, ...], ()),
                recipient=decoded(row["recipient"], Recipient, Recipient()),
                buyer=decoded(row["buyer"], BuyerWords, BuyerWords()),
                note=row["note"],
            ),
            shop=shop_view(row),
            buyer=BuyerView(
                id=row["buyer_id"],
                name=row["buyer_name"] or "",
                email=row["email"] or "",
                locale=row["locale"] or "en",
            ),
            notes=decoded(row["notes"], dict[str, str], {}),
            updated_at=row["updated_at"],
            counted=row["counted"] if counting else None,
        )
