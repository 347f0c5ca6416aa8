"""The list of orders: its rows, its filters, its sorts."""

from datetime import datetime, timedelta

import asyncpg
import msgspec
import pytest

from postgres.mall import ANN, EVERYBODY, KILN, KILNS, LANTERN, LANTERNS, MONDAY, NOW, SECRET, names
from rescind.core.errors import InvalidField
from rescind.core.money import Money
from rescind.core.scope import Scope
from rescind.core.stage import Stage
from rescind.core.views import Filters
from rescind.postgres.reads import Reads


async def test_a_row_says_what_was_bought_and_what_waits(reads, order, case):
    row = (await reads.orders(KILNS, Filters(numbers=("1002",)), now=NOW)).rows[0]
    assert (row.order_id, row.number, row.shop_name, row.buyer_name) == (order["asked"], "1002", "Kiln & Co", "Ann Lee")
    assert (row.stage, row.total, row.version) == (Stage.ALLOCATED, Money(3050, "EUR"), 4)
    assert (row.case_status, row.open_case_id, row.on_silence) == ("awaiting_seller", case["asked"], "approve")
    assert row.due_at == MONDAY + timedelta(hours=24, minutes=1)
    mug, bag = row.lines
    assert (mug.title, mug.variant, mug.quantity, mug.asked, mug.sku) == ("Mug", "blue", 3, 2, "MUG")
    assert (bag.title, bag.asked, bag.unit_minor, bag.image) == ("Paper bag", 0, 50, "")


async def test_a_list_shows_what_its_reader_may_see_and_nothing_else(reads, order):
    for scope, shops, buyers in (
        (KILNS, {KILN}, {"ann", "bob"}),
        (LANTERNS, {LANTERN}, {"ann", "bob"}),
        (ANN, {KILN, LANTERN}, {"ann"}),
        (Scope(shop=KILN, buyer="bob"), {KILN}, {"bob"}),
        (EVERYBODY, {KILN, LANTERN}, {"ann", "bob"}),
    ):
        page = await reads.orders(scope, Filters(), now=NOW)
        assert {row.shop_id for row in page.rows} == shops
        assert {row.buyer_id for row in page.rows} == buyers
        assert page.total == len(page.rows) == len({row.order_id for row in page.rows})
    assert (await reads.orders(EVERYBODY, Filters(), now=NOW)).total == len(order)
    # What is asked for narrows the scope; it never widens it.
    assert (await reads.orders(KILNS, Filters(shop=LANTERN), now=NOW)).rows == ()
    assert (await reads.orders(ANN, Filters(buyer="bob"), now=NOW)).rows == ()
    for number in ("2002", order["late"], "JD0001234SE", "CUP-7"):
        assert (await reads.orders(ANN, Filters(numbers=(number,)), now=NOW)).rows == ()
    assert (await reads.orders(LANTERNS, Filters(text="Teapot"), now=NOW)).rows == ()


async def test_the_stage_is_as_it_is_at_the_time_of_reading(reads, order):
    for now, expected in ((NOW, Stage.ON_HOLD), (NOW + timedelta(hours=1), Stage.REVIEW)):
        rows = (await reads.orders(LANTERNS, Filters(numbers=("1001",)), now=now)).rows
        assert [row.stage for row in rows] == [expected]
        assert rows[0].hold_until == NOW + timedelta(minutes=50)


async def test_filters_narrow_together(reads, order):
    async def found(**filters):
        return names(await reads.orders(EVERYBODY, Filters(**filters), now=NOW), order)

    assert await found(amount_min_minor=4050, currency="EUR") == ["held", "unpaid"]
    assert await found(amount_min_minor=4051, currency="EUR") == ["held"]
    assert await found(amount_min_minor=2050, amount_max_minor=4050, currency="EUR") == [
        "partly",
        "stopped",
        "asked",
        "unpaid",
    ]
    assert await found(placed_to=MONDAY, placed_from=MONDAY - timedelta(days=6)) == ["late"]
    assert await found(placed_from=MONDAY, placed_to=MONDAY + timedelta(minutes=1)) == ["unpaid"]
    assert await found(stage=("unpaid", "in_transit")) == ["shipped", "unpaid"]
    assert await found(reason=("duplicate",)) == ["stopped"]
    assert await found(shop=LANTERN, buyer="bob") == ["late"]
    assert await found(currency="SEK") == []
    assert await found(currency="EUR", tab="to_pay", text="mug", numbers=("1001",)) == ["unpaid"]
    assert await found(due_before=MONDAY + timedelta(days=2)) == ["asked"]


async def test_orders_are_sorted_as_asked(reads, order):
    async def found(sort, tab="all"):
        return names(await reads.orders(EVERYBODY, Filters(sort=sort, tab=tab), now=NOW), order)

    assert (await found("newest"))[:2] == ["held", "partly"]
    assert (await found("newest"))[-1] == "late"
    assert (await found("amount"))[:5] == ["held", "unpaid", "asked", "stopped", "partly"]
    assert (await found("time_left"))[0] == "asked"


@pytest.mark.parametrize(
    ("field", "filters"),
    [
        ("tab", {"tab": "to_respond"}),
        ("tab", {"tab": "x'; --"}),
        ("sort", {"sort": "total_minor; --"}),
        ("numbers", {"numbers": ("1",) * 101}),
        ("numbers", {"numbers": ("1" * 129,)}),
        ("numbers", {"numbers": ("1\x00",)}),
        ("text", {"text": "x" * 201}),
        ("text", {"text": "x\x00"}),
        ("text", {"text": "\ud800"}),
        ("stage", {"stage": ("On Hold",)}),
        ("reason", {"reason": ("x\x00",)}),
        ("currency", {"currency": "eur"}),
        ("amount_min_minor", {"amount_min_minor": -1, "currency": "EUR"}),
        ("amount_max_minor", {"amount_max_minor": 2**63, "currency": "EUR"}),
        ("placed_from", {"placed_from": datetime(2026, 3, 2)}),  # noqa: DTZ001
        ("shop", {"shop": "\x00"}),
        ("buyer", {"buyer": "x" * 300}),
    ],
)
async def test_a_filter_out_of_its_range_is_named(reads, field, filters):
    with pytest.raises(InvalidField) as refused:
        await reads.orders(KILNS, Filters(**filters), now=NOW)
    assert refused.value.params["field"] == field


async def test_reading_changes_nothing_and_needs_no_right_to(filled, reads, order):
    settings = {"default_transaction_read_only": "on"}
    async with asyncpg.create_pool(filled[0], min_size=1, max_size=1, server_settings=settings) as pool:
        only = Reads(pool, SECRET)
        assert (await only.orders(KILNS, Filters(), now=NOW)).rows
        assert (await only.cases(KILNS, Filters(), now=NOW)).rows
        assert await only.order_counts(KILNS, now=NOW)
        assert (await only.order(KILNS, order["asked"])).order.id == order["asked"]


async def test_views_are_json_with_exact_amounts(reads):
    page = await reads.orders(KILNS, Filters(numbers=("1002",)), now=NOW)
    said = msgspec.json.decode(msgspec.json.encode(page.rows[0]))
    assert said["total"] == {"amount": 3050, "currency": "EUR"}
    assert said["stage"] == "allocated"
    assert said["due_at"] == "2026-03-03T18:01:00Z"
