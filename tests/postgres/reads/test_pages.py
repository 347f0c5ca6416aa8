"""Page after page, forth and back."""

from datetime import timedelta

import pytest

from postgres.mall import EVERYBODY, KILN, KILNS, LANTERNS, MONDAY, NOW
from rescind.core.errors import InvalidField
from rescind.core.scope import Scope
from rescind.core.views import Filters
from rescind.postgres.reads import Reads


@pytest.mark.parametrize("limit", [0, -1, 101])
async def test_a_page_has_one_to_a_hundred_rows(reads, limit):
    for read in (reads.orders, reads.cases):
        with pytest.raises(InvalidField, match="limit"):
            await read(KILNS, Filters(), limit=limit, now=NOW)


async def walk(read, scope, filters, limit, *, back=False):
    page, pages = await read(scope, filters, limit=limit, now=NOW), []
    while True:
        pages.append([getattr(row, "case_id", row.order_id) for row in page.rows])
        cursor = page.previous if back else page.next
        if cursor is None:
            return pages, page
        page = await read(scope, filters, cursor, limit, now=NOW)


@pytest.mark.parametrize("sort", ["newest", "amount", "time_left"])
@pytest.mark.parametrize("limit", [1, 3, 5, 100])
async def test_pages_in_a_row_are_the_list_and_lead_back_again(reads, sort, limit):
    for read in (reads.orders, reads.cases):
        filters = Filters(sort=sort)
        whole = await read(EVERYBODY, filters, limit=100, now=NOW)
        ids = [getattr(row, "case_id", row.order_id) for row in whole.rows]
        forward, last = await walk(read, EVERYBODY, filters, limit)
        assert [one for part in forward for one in part] == ids
        assert all(len(part) == limit for part in forward[:-1])
        assert (whole.previous, whole.next) == (None, None)
        page, seen = last, [forward[-1]]
        while page.previous is not None:
            page = await read(EVERYBODY, filters, page.previous, limit, now=NOW)
            seen.insert(0, [getattr(row, "case_id", row.order_id) for row in page.rows])
        assert seen == forward


async def test_new_orders_shift_nothing_and_are_there_on_the_way_back(spare):
    old = [await spare.place(f"{n}", at=MONDAY + timedelta(minutes=n)) for n in range(7)]
    read = spare.reads.orders
    first = await read(KILNS, Filters(), limit=3, now=NOW)
    assert [row.order_id for row in first.rows] == [old[6], old[5], old[4]]
    new = [await spare.place(f"new{n}", at=MONDAY + timedelta(hours=1, minutes=n)) for n in range(2)]
    second = await read(KILNS, Filters(), first.next, 3, now=NOW)
    assert [row.order_id for row in second.rows] == [old[3], old[2], old[1]]
    back = await read(KILNS, Filters(), second.previous, 3, now=NOW)
    assert [row.order_id for row in back.rows] == [old[6], old[5], old[4]]
    # Two newer ones before it: too few for a page of their own, so it is the first page, whole.
    top = await read(KILNS, Filters(), back.previous, 3, now=NOW)
    assert [row.order_id for row in top.rows] == [new[1], new[0], old[6]]
    assert (top.previous, top.total) == (None, 9)


async def test_a_row_that_left_the_list_leaves_its_cursor_good(spare):
    ids = [await spare.place(f"{n}", at=MONDAY + timedelta(minutes=n)) for n in range(4)]
    filters = Filters(tab="to_pay")
    page = await spare.reads.orders(KILNS, filters, limit=2, now=NOW)
    await spare.fact(ids[2], "paid", at=MONDAY + timedelta(hours=1))
    rest = await spare.reads.orders(KILNS, filters, page.next, 2, now=NOW)
    assert [row.order_id for row in rest.rows] == [ids[1], ids[0]]
    await spare.fact(ids[1], "paid")
    await spare.fact(ids[0], "paid")
    empty = await spare.reads.orders(KILNS, filters, page.next, 2, now=NOW)
    assert (empty.rows, empty.next, empty.previous) == ((), None, None)


async def test_equal_times_are_told_apart_by_id(spare):
    ids = sorted([await spare.place(f"{n}") for n in range(5)], reverse=True)
    pages, _ = await walk(spare.reads.orders, KILNS, Filters(), 2)
    assert pages == [ids[:2], ids[2:4], ids[4:]]


async def test_a_cursor_is_good_for_its_own_list_only(reads):
    page = await reads.orders(KILNS, Filters(), limit=2, now=NOW)
    assert page.next is not None
    assert (await reads.orders(KILNS, Filters(), page.next, 2, now=NOW)).rows
    for read, scope, filters, cursor in (
        (reads.orders, LANTERNS, Filters(), page.next),
        (reads.orders, EVERYBODY, Filters(), page.next),
        (reads.orders, Scope(shop=KILN, buyer="ann"), Filters(), page.next),
        (reads.orders, KILNS, Filters(tab="to_pay"), page.next),
        (reads.orders, KILNS, Filters(sort="amount"), page.next),
        (reads.cases, KILNS, Filters(), page.next),
        (reads.orders, KILNS, Filters(), page.next[:-2]),
        (reads.orders, KILNS, Filters(), ("A" if page.next[0] != "A" else "B") + page.next[1:]),
        (reads.orders, KILNS, Filters(), "2"),
        (reads.orders, KILNS, Filters(), "é"),
        (Reads(reads._pool, bytes(32)).orders, KILNS, Filters(), page.next),
    ):
        with pytest.raises(InvalidField) as refused:
            await read(scope, filters, cursor, 2, now=NOW)
        assert refused.value.params["field"] == "cursor"


async def test_a_list_is_counted_only_so_far(reads, monkeypatch):
    for counted, total in ((9, None), (10, 10)):
        monkeypatch.setattr("rescind.postgres.reads.source.COUNTED", counted)
        monkeypatch.setattr("rescind.postgres.paging.COUNTED", counted)
        assert (await reads.orders(EVERYBODY, Filters(), now=NOW)).total == total
