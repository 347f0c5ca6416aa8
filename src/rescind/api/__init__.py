"""The JSON API: one file a noun, ``endpoint.py`` for the path every call takes, ``problems.py`` for every status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rescind.api import (
    bulk,
    buyers,
    calendars,
    cancellability,
    cancellations,
    contact,
    deciders,
    documents,
    escalations,
    evidence,
    exports,
    happenings,
    imports,
    installation,
    keys,
    ledger,
    mail,
    notices,
    order_notes,
    order_sources,
    orders,
    packing,
    people,
    policies,
    proposals,
    providers,
    push,
    receipts,
    reconciliations,
    reference,
    refund_lists,
    refund_orders,
    refund_ways,
    refunds,
    returns,
    robots,
    sessions,
    shop_lists,
    shops,
    sources,
    stock,
    threads,
    views,
    webhook_deliveries,
    webhook_endpoints,
    withdrawals,
)
from rescind.api.addresses import Api
from rescind.api.reference import Described

if TYPE_CHECKING:
    from litestar.types import ASGIApp

    from rescind.desk import Desk

OPERATIONS = (
    *orders.OPERATIONS,
    *imports.OPERATIONS,
    *exports.OPERATIONS,
    *views.OPERATIONS,
    *cancellability.OPERATIONS,
    *cancellations.OPERATIONS,
    *bulk.OPERATIONS,
    *refund_ways.OPERATIONS,
    *documents.OPERATIONS,
    *mail.OPERATIONS,
    *evidence.OPERATIONS,
    *threads.OPERATIONS,
    *notices.OPERATIONS,
    *push.OPERATIONS,
    *order_notes.OPERATIONS,
    *escalations.OPERATIONS,
    *withdrawals.OPERATIONS,
    *refunds.OPERATIONS,
    *returns.OPERATIONS,
    *refund_orders.OPERATIONS,
    *proposals.OPERATIONS,
    *deciders.OPERATIONS,
    *buyers.OPERATIONS,
    *packing.OPERATIONS,
    *stock.OPERATIONS,
    *shops.OPERATIONS,
    *shop_lists.OPERATIONS,
    *contact.OPERATIONS,
    *receipts.OPERATIONS,
    *calendars.OPERATIONS,
    *happenings.OPERATIONS,
    *policies.OPERATIONS,
    *sources.OPERATIONS,
    *refund_lists.OPERATIONS,
    *reconciliations.OPERATIONS,
    *ledger.OPERATIONS,
    *keys.OPERATIONS,
    *people.OPERATIONS,
    *sessions.OPERATIONS,
    *providers.OPERATIONS,
    *order_sources.OPERATIONS,
    *webhook_endpoints.OPERATIONS,
    *webhook_deliveries.OPERATIONS,
    *robots.OPERATIONS,
    *installation.OPERATIONS,
    *reference.OPERATIONS,
)
"""Everything the API can do, in the order in which its documentation tells it."""


def before(pages: ASGIApp, desk: Desk) -> Api:
    """The API in front of the pages."""
    return Api(desk, OPERATIONS, Described(OPERATIONS, desk.base_url), pages)
