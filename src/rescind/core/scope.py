"""Through whose eyes something is read: objects are fetched through a scope, never fetched and then checked (I-30)."""

from __future__ import annotations

import msgspec

from rescind.core.ids import ShopId


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """One shop, one buyer, or with neither the whole marketplace."""

    shop: ShopId | None = None
    buyer: str | None = None

    def sees(self, shop: str, buyer: str) -> bool:
        """Whether something of this shop and buyer is visible."""
        return (self.shop is None or self.shop == shop) and (self.buyer is None or self.buyer == buyer)
