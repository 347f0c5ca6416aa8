"""Tabs and tiles hold what their names say, and as many as they say."""

from datetime import timedelta

import pytest

from postgres.mall import ANN, BOB, EVERYBODY, KILNS, LANTERNS, MONDAY, NOW, names
from rescind.core.scope import Scope
from rescind.core.views import CASE_TABS, ORDER_TABS, Filters


@pytest.mark.parametrize(
    ("tab", "expected"),
    [
        ("to_pay", ["unpaid"]),
        ("to_ship", ["partly", "withdrawn", "refused", "asked"]),
        ("packed", ["refused"]),
        ("to_pack", []),
        ("shipped", ["shipped"]),
        ("in_transit", ["shipped"]),
        ("cancelled", ["partly", "odd", "stopped", "asked"]),
        ("cancellation_requested", ["asked"]),
        ("auto_cancelling_24h", ["asked"]),
        ("contradictions", ["odd"]),
        ("completed", []),
    ],
)
async def test_a_tab_holds_the_orders_its_name_says(reads, order, tab, expected):
    assert names(await reads.orders(KILNS, Filters(tab=tab), now=NOW), order) == expected


async def test_what_must_be_shipped_soon_and_what_should_have_been(reads, order):
    rows = (await reads.orders(LANTERNS, Filters(), now=NOW)).rows
    due = {row.order_id: row.dispatch_due_at for row in rows}
    assert names(await reads.orders(LANTERNS, Filters(tab="shipping_overdue"), now=NOW), order) == ["late"]
    day, moment = timedelta(days=1), timedelta(microseconds=1)
    end = due[order["held"]]
    for now, within, overdue in (
        (end - day, [], ["late"]),
        (end - day + moment, ["held"], ["late"]),
        (end, ["held"], ["late"]),
        (end + moment, [], ["held", "late"]),
    ):
        counts = await reads.order_counts(LANTERNS, now=now)
        for tab, expected in (("ship_within_24h", within), ("shipping_overdue", overdue)):
            assert names(await reads.orders(LANTERNS, Filters(tab=tab), now=now), order) == expected, (tab, now)
            assert counts[tab] == len(expected)


async def test_silence_that_approves_within_a_day_is_announced_to_the_moment(reads, case):
    due_at = MONDAY + timedelta(hours=24, minutes=1)
    for now, found in ((due_at - timedelta(hours=24), 0), (due_at - timedelta(hours=23, minutes=59), 1)):
        page = await reads.orders(KILNS, Filters(tab="auto_cancelling_24h"), now=now)
        counts = await reads.order_counts(KILNS, now=now)
        assert (len(page.rows), counts["auto_cancelling_24h"]) == (found, found)


@pytest.mark.parametrize("scope", [EVERYBODY, KILNS, LANTERNS, ANN, BOB, Scope(buyer="nobody")])
async def test_every_tab_counts_what_it_lists(reads, scope):
    counts = await reads.order_counts(scope, now=NOW)
    assert set(counts) == set(ORDER_TABS)
    for tab in ORDER_TABS:
        page = await reads.orders(scope, Filters(tab=tab), now=NOW, limit=100)
        assert (tab, len(page.rows), page.total) == (tab, counts[tab], counts[tab])


@pytest.mark.parametrize("scope", [EVERYBODY, KILNS, LANTERNS, ANN, BOB, Scope(buyer="nobody")])
async def test_every_tab_of_the_queue_counts_what_it_lists(reads, scope):
    counts = await reads.case_counts(scope)
    assert set(counts) == set(CASE_TABS)
    for tab in CASE_TABS:
        page = await reads.cases(scope, Filters(tab=tab), now=NOW, limit=100)
        assert (tab, len(page.rows), page.total) == (tab, counts[tab], counts[tab])
