"""The lists there are, each described once for page, API and file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rescind.core.conversation import Thread
from rescind.core.listing import Listing, View, column
from rescind.core.views import RowLine

_LONGEST_WORDS = 200


def items(lines: Iterable[RowLine]) -> str:
    """What was bought, in one line."""
    return "; ".join(f"{line.quantity} × {_named(line)}" for line in lines)


def _named(line: RowLine) -> str:
    return ", ".join(part for part in (line.title or line.sku, line.variant) if part)


ORDERS = Listing(
    name="orders",
    columns=(
        column("number", "id", lambda row: row.number),
        column("order", "id", lambda row: row.order_id, shown=False),
        column("shop", "text", lambda row: row.shop_name, staff=True),
        column("shop_id", "id", lambda row: row.shop_id, staff=True, shown=False),
        column("buyer", "text", lambda row: row.buyer_name, personal=True),
        column("buyer_id", "id", lambda row: row.buyer_id, personal=True, shown=False),
        column("items", "text", lambda row: items(row.lines)),
        column("stage", "code", lambda row: row.stage.value, "stage"),
        column("request", "code", lambda row: row.case_status, "cancellation"),
        column("total", "money", lambda row: row.total),
        column("given_back", "money", lambda row: row.given_back, shown=False),
        column("placed", "time", lambda row: row.placed_at),
        column("ship_by", "time", lambda row: row.dispatch_due_at),
        column("deadline", "time", lambda row: row.due_at, shown=False),
        column("tracking", "id", lambda row: " ".join(row.tracking), shown=False),
        column("updated", "time", lambda row: row.updated_at, shown=False),
    ),
    filters=("tab", "stage", "reason", "placed", "amount", "due", "shop", "sort"),
    views=(
        View(name="asked_to_cancel", where={"tab": "cancellation_requested", "sort": "time_left"}),
        View(name="packed_and_waiting", where={"tab": "packed"}),
        View(name="overdue_to_ship", where={"tab": "shipping_overdue"}),
        View(name="placed_today", where={"placed": "today"}),
    ),
)

REQUESTS = Listing(
    name="requests",
    columns=(
        column("number", "id", lambda row: row.number),
        column("case", "id", lambda row: row.case_id, shown=False),
        column("kind", "code", lambda row: row.kind, "case_kind", shown=False),
        column("shop", "text", lambda row: row.shop_name, staff=True),
        column("shop_id", "id", lambda row: row.shop_id, staff=True, shown=False),
        column("buyer", "text", lambda row: row.buyer_name, personal=True, shown=False),
        column("items", "text", lambda row: items(row.lines)),
        column("reason", "code", lambda row: row.reason, "reason", "return_reason", "money_act", "contradiction"),
        column("stage", "code", lambda row: row.stage, "stage"),
        column("amount", "money", lambda row: row.amount),
        column("status", "code", lambda row: row.status, "cancellation", "return", "proposal_outcome", "refund_order"),
        column("asked", "time", lambda row: row.requested_at, shown=False),
        column("deadline", "time", lambda row: row.due_at),
        column("closed", "time", lambda row: row.closed_at, shown=False),
        column("filed_by", "code", lambda row: row.filed_by, "actor", shown=False),
        column("rule", "id", lambda row: row.rule, shown=False),
    ),
    filters=("tab", "reason", "stage", "placed", "amount", "due", "shop", "sort"),
    views=(
        View(name="due_today", where={"tab": "to_respond", "due": "today"}),
        View(name="late_answers", where={"tab": "to_respond", "due": "overdue"}, readers=("support",)),
        View(name="with_us_today", where={"tab": "with_platform", "due": "today"}, readers=("support",)),
        View(name="refused_this_month", where={"tab": "refused", "placed": "30d"}),
    ),
)

REFUNDS = Listing(
    name="refunds",
    columns=(
        column("number", "id", lambda row: row.number),
        column("refund", "id", lambda row: row.refund),
        column("order", "id", lambda row: row.order_id, shown=False),
        column("shop", "text", lambda row: row.shop_name, staff=True),
        column("shop_id", "id", lambda row: row.shop_id, staff=True, shown=False),
        column("amount", "money", lambda row: row.amount),
        column("method", "code", lambda row: row.method, "tender", shown=False),
        column("status", "code", lambda row: row.status, "refund"),
        column("cause", "code", lambda row: row.cause, "not_sent", shown=False),
        column("owed", "time", lambda row: row.owed_at),
        column("next_check", "time", lambda row: row.due_at),
        column("ended", "time", lambda row: row.settled_at, shown=False),
        column("owner", "text", lambda row: row.owner, staff=True),
        column("reference", "id", lambda row: row.reference, staff=True),
    ),
    filters=("state", "placed", "amount", "shop", "sort"),
    views=(
        View(name="refund_failed", where={"state": "failed"}),
        View(name="refund_not_sent", where={"state": "not_sent"}),
        View(name="given_back_lately", where={"state": "succeeded", "placed": "7d"}),
    ),
)


def _said(row: Thread) -> str:
    return " ".join(row.last.text.split())[:_LONGEST_WORDS] if row.last else ""


MESSAGES = Listing(
    name="messages",
    columns=(
        column("conversation", "id", lambda row: row.id, shown=False),
        column("number", "id", lambda row: row.number),
        column("shop", "text", lambda row: row.shop_name, staff=True),
        column("buyer", "text", lambda row: row.buyer_name, personal=True),
        column("subject", "text", lambda row: row.subject or row.sku),
        column("said_by", "code", lambda row: row.last.by if row.last else "", "actor"),
        column("audience", "code", lambda row: row.last.audience.value if row.last else "", "audience"),
        column("said", "text", _said, personal=True),
        column("said_at", "time", lambda row: row.last_at),
        column("unread", "number", lambda row: int(row.unread)),
    ),
    filters=("tab",),
    views=(
        View(name="unread", where={"tab": "unread"}),
        View(name="to_look_at", where={"tab": "flagged"}, readers=("support",)),
    ),
)

SHOPS = Listing(
    name="shops",
    columns=(
        column("name", "text", lambda row: row.shop.name),
        column("shop_id", "id", lambda row: row.shop.id),
        column("policy", "id", lambda row: row.shop.preset),
        column("zone", "id", lambda row: row.shop.zone),
        column("email", "id", lambda row: row.shop.contact.get("email", "")),
        column("phone", "id", lambda row: row.shop.contact.get("phone", ""), shown=False),
        column("to_answer", "number", lambda row: row.waiting),
        column("since", "time", lambda row: row.since, shown=False),
    ),
    filters=("sort",),
    readers=("support",),
    views=(View(name="newest_shops", where={"sort": "newest"}),),
)

PEOPLE = Listing(
    name="people",
    columns=(
        column("person", "text", lambda row: row.person.name),
        column("account", "id", lambda row: row.person.id, shown=False),
        column("email", "id", lambda row: row.person.email, shown=False),
        column("role", "code", lambda row: row.person.role, "actor"),
        column("shop", "text", lambda row: row.shop_name, staff=True),
        column("shop_id", "id", lambda row: row.person.shop, staff=True, shown=False),
        column("rights", "code", lambda row: row.person.rights if row.person.shop else "", "rights"),
        column("signs_in_with", "code", lambda row: row.way, "sign_in_way"),
        column("signed_in", "time", lambda row: row.person.used_at),
        column("joined", "time", lambda row: row.person.given_at, shown=False),
    ),
    filters=("role", "rights", "signed_in", "shop", "sort"),
    views=(
        View(name="never_signed_in", where={"signed_in": "never"}),
        View(name="longest_away", where={"sort": "seen"}),
        View(name="newest_people", where={"sort": "newest"}),
    ),
    of_staff=True,
)

LISTS: Mapping[str, Listing] = {one.name: one for one in (ORDERS, REQUESTS, REFUNDS, MESSAGES, SHOPS, PEOPLE)}
"""By the name that addresses, the API and the command line have for them."""
