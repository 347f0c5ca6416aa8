"""Through whose eyes something is read: objects are fetched through a scope, never fetched and then checked (I-30)."""

from __future__ import annotations

import msgspec

from rescind.core.ids import OrderId, ShopId


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """One shop, one buyer, or with neither the whole marketplace. order: of a buyer who came for this one alone."""

    shop: ShopId | None = None
    buyer: str | None = None
    order: OrderId | None = None

    @property
    def knows_buyers(self) -> bool:
        """Whether what the marketplace told of a buyer beside an order may be seen with it. A shop sees what was told
        with its own orders, and who came for one order what was told with that one.
        """
        return self.shop is None and self.order is None

    def sees(self, shop: str, buyer: str, order: str) -> bool:
        """Whether something of this shop, buyer and order is visible. order: empty for what belongs to none."""
        return (
            (self.shop is None or self.shop == shop)
            and (self.buyer is None or self.buyer == buyer)
            and (self.order is None or self.order == order)
        )
