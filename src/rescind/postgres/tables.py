"""What each table is kept by. A test reads the schema of a migrated database against this list.

shop: part of a shop's business, every key begins with ``shop_id``, so one statement about a shop stays on one node.
buyer: kept by buyer across shops, filled from events or by the host, and may be filled again.
reference: small, or found by a key that nobody can spread; the same everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

KINDS: Mapping[str, Literal["shop", "buyer", "reference"]] = {
    "shops": "shop",
    "orders": "shop",
    "order_lines": "shop",
    "parcels": "shop",
    "tenders": "shop",
    "people": "shop",
    "events": "shop",
    "texts": "shop",
    "ledger": "shop",
    "due": "shop",
    "cases": "shop",
    "unpacking": "shop",
    "threads": "shop",
    "thread_sides": "shop",
    "messages": "shop",
    "message_reads": "shop",
    "translations": "shop",
    "evidence": "shop",
    "failed_refunds": "shop",
    "unclear_refunds": "shop",
    "unsent_refunds": "shop",
    "refund_owners": "shop",
    "documents": "shop",
    "document_numbers": "shop",
    "deliveries": "shop",
    "delivery_attempts": "shop",
    "shop_versions": "shop",
    "answer_months": "shop",
    "mails": "shop",
    "robots": "shop",
    "robot_messages": "shop",
    "notices": "shop",
    "notice_sends": "shop",
    "idempotency": "shop",
    "buyer_counters": "buyer",
    "buyers": "buyer",
    "installation": "reference",
    "policies": "reference",
    "policy_versions": "reference",
    "calendars": "reference",
    "calendar_days": "reference",
    "credentials": "reference",
    "provider_connections": "reference",
    "provider_messages": "reference",
    "payments": "reference",
    "webhook_endpoints": "reference",
    "event_streams": "reference",
    "push_subscriptions": "reference",
    "mail_server": "reference",
    "mail_bounces": "reference",
    "notice_channels": "reference",
    "notice_preferences": "reference",
    "reconciliations": "reference",
    "differences": "reference",
    "releases": "reference",
    "daily_refunds": "reference",
    "heartbeats": "reference",
    "outages": "reference",
    "migrations": "reference",
    "migration_lock": "reference",
}
