"""To which group of scopes the operations of each noun belong. What no key needs a scope for is not here."""

from __future__ import annotations

from collections.abc import Mapping

from rescind.core.scopes import GROUPS

_NOUNS: Mapping[str, tuple[str, ...]] = {
    "orders": (
        *("orders", "imports", "exports", "views", "bulk", "cancellability", "cancellations", "withdrawals", "returns"),
        *("escalations", "order_notes", "packing", "stock", "receipts", "documents", "evidence", "buyers"),
        *("proposals", "deciders", "happenings"),
    ),
    "money": ("refunds", "refund_orders", "refund_ways", "refund_lists", "reconciliations", "ledger"),
    "talk": ("threads", "notices", "push", "mail"),
    "shop": ("shops", "shop_lists", "shop_facts", "contact", "robots", "webhook_endpoints", "webhook_deliveries"),
    "policy": ("policies", "sources", "calendars"),
    "desk": ("keys", "mandates", "link_secrets", "people", "sessions", "providers", "order_sources", "installation"),
    "links": ("links", "guests"),
}
assert tuple(_NOUNS) == GROUPS, "every group has its nouns"

GROUP: Mapping[str, str] = {noun: group for group, nouns in _NOUNS.items() for noun in nouns}
"""The group of each noun."""
