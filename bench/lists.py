"""How fast a page of a list is with many rows, by every filter and sort, and what an export of all of them takes."""

from __future__ import annotations

import resource
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
from rich.console import Console

from bench.marketplace import SHOP, field
from rescind.access.principal import Principal
from rescind.app import open_desk
from rescind.core.lists import ORDERS, REFUNDS, REQUESTS
from rescind.core.scope import Scope
from rescind.core.views import CASE_TABS, Filters, ShopFilters
from rescind.desk import Desk
from rescind.lists import Wanted
from rescind.postgres import embedded
from rescind.postgres.reads.refunds import PLACES

ROWS = 100_000
WANTED_MS = 50.0
"""A page of any list by any one filter and sort takes the server at most this long."""
WANTED_MIB = 32.0
"""Memory may grow by at most this much while all rows leave as a file."""
ROUNDS = 5

# Orders of one mould get the times, stages and sums of a marketplace; every fourth has a request, as closed as old.
_SPREAD = """
UPDATE orders SET placed_at = now() - n * interval '3 minutes', total_minor = 100 + (n * 7919) % 90000,
    stage = (ARRAY['delivered', 'delivered', 'in_transit', 'delivered',
                   'packed', 'preparing', 'cancelled', 'allocated'])[n % 8 + 1],
    dispatch_due_at = now() - n * interval '3 minutes' + interval '2 days',
    due_at = CASE WHEN n % 4 = 0 AND n < 4000 THEN now() + (n - 500) * interval '1 minute' END,
    case_status = CASE WHEN n % 4 = 0 AND n < 4000 THEN 'awaiting_seller' END
FROM (SELECT order_id AS of, row_number() OVER (ORDER BY order_id) AS n FROM orders) AS numbered
WHERE order_id = of
"""
# Five thousand buyers, so that a name is one of some.
_PEOPLE = """
INSERT INTO buyers (buyer_id, name, email, locale)
SELECT 'buyer-' || n, 'Buyer ' || n, 'buyer' || n || '@example.org', 'en' FROM generate_series(1, 5000) AS n;
UPDATE orders SET buyer_id = 'buyer-' || (n % 5000 + 1)
FROM (SELECT order_id AS of, row_number() OVER (ORDER BY order_id) AS n FROM orders) AS numbered WHERE order_id = of
"""
_ASK = """
INSERT INTO cases (shop_id, case_id, order_id, buyer_id, kind, status, reason, stage, rule, amount_minor, currency,
                   requested_at, due_at, on_silence, closed_at, closed_by, filed_by)
SELECT shop_id, replace(order_id, 'ord_', 'can_'), order_id, buyer_id, 'cancellation',
       coalesce(case_status, (ARRAY['approved', 'approved', 'refused', 'withdrawn'])[n % 4 + 1]),
       (ARRAY['changed_mind', 'ordered_by_mistake', 'wrong_address', 'better_price'])[n % 4 + 1], stage, 'WINDOW-1',
       total_minor, currency, placed_at, coalesce(due_at, placed_at + interval '1 day'), 'approve',
       CASE WHEN case_status IS NULL THEN placed_at + interval '2 hours' END, 'seller', 'buyer'
FROM (SELECT *, row_number() OVER (ORDER BY order_id) AS n FROM orders) AS o
"""


# Nine of ten refunds arrived; some stand in each other place.
_OWE = """
INSERT INTO refunds (shop_id, refund_id, order_id, tender_id, method, currency, amount_minor, place, status, cause,
                     reference, owed_at, settled_at)
SELECT shop_id, replace(order_id, 'ord_', 'ref_'), order_id, 't', 'card', currency, total_minor, place,
       CASE place WHEN 'not_sent' THEN 'owed' WHEN 'settled' THEN 'failed' ELSE place END, '', 're_' || n, placed_at,
       CASE WHEN place IN ('succeeded', 'settled', 'failed') THEN placed_at + interval '1 hour' END
FROM (SELECT *, CASE WHEN n % 10 > 0 THEN 'succeeded' ELSE
          (ARRAY['failed', 'settled', 'in_doubt', 'not_sent', 'owed', 'submitted'])[n / 10 % 6 + 1] END AS place
      FROM (SELECT *, row_number() OVER (ORDER BY order_id) AS n FROM orders) AS numbered) AS o
"""


async def run(out: Console) -> bool:
    """Measure; whether every page is as fast as we promise, and memory as flat."""
    with tempfile.TemporaryDirectory() as folder:
        async with field(Path(folder), ROWS) as made:
            await _spread(made.owner)
            async with open_desk(made.settings, made.server.dsn(embedded.APP), "http://127.0.0.1") as desk:
                return await _pages(out, desk) & await _files(out, desk)


async def _spread(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(_SPREAD, timeout=600)
        await connection.execute(_PEOPLE, timeout=600)
        await connection.execute(_ASK, timeout=600)
        await connection.execute(_OWE, timeout=600)
        await connection.execute("VACUUM ANALYZE", timeout=600)
    finally:
        await connection.close()


def _asked() -> Iterator[tuple[str, dict[str, Any]]]:
    """One filter and one sort at a time, and those that find little or nothing."""
    for sort in ("newest", "amount", "time_left"):
        yield f"sort {sort}", {"sort": sort}
        for stage in ("delivered", "packed", "completed"):
            yield f"stage {stage}, {sort}", {"stage": (stage,), "sort": sort}
        yield f"amount, {sort}", {"amount_min_minor": 80000, "amount_max_minor": 80500, "currency": "EUR", "sort": sort}
        yield f"currency, {sort}", {"currency": "EUR", "sort": sort}
        yield f"other currency, {sort}", {"currency": "JPY", "sort": sort}
        yield f"last 7 days, {sort}", {"placed": "7d", "sort": sort}
        yield f"due today, {sort}", {"due": "today", "sort": sort}
        yield f"shop, {sort}", {"shop": SHOP, "sort": sort}
        yield f"buyer, {sort}", {"buyer": "buyer-17", "sort": sort}
        yield f"reason, {sort}", {"reason": ("wrong_address",), "sort": sort}
        yield f"rare reason, {sort}", {"reason": ("price_error",), "sort": sort}
    yield "numbers", {"numbers": tuple(f"B-{n:014d}" for n in range(100, 200))}


def _owed() -> Iterator[tuple[str, dict[str, Any]]]:
    """The same of refunds, wherever they stand."""
    for place in (*PLACES, "all"):
        for sort in (None, "newest", "amount"):
            yield f"{place}, {sort}", {"tab": place, "sort": sort}
        yield (
            f"{place}, amount",
            {"tab": place, "amount_min_minor": 80000, "amount_max_minor": 80500, "currency": "EUR"},
        )
        yield f"{place}, other currency", {"tab": place, "currency": "JPY"}
        yield f"{place}, last 7 days", {"tab": place, "placed": "7d"}
        yield f"{place}, shop", {"tab": place, "shop": SHOP}
        yield f"{place}, numbers", {"tab": place, "numbers": tuple(f"B-{n:014d}" for n in range(100, 200))}


def _searched() -> Iterator[tuple[str, dict[str, Any]]]:
    """Parts of names and titles are looked for in every row, so these are measured and not promised."""
    yield "words", {"text": "Buyer 17"}
    yield "no words", {"text": "nothing like it"}


async def _pages(out: Console, desk: Desk) -> bool:
    now, slowest = desk.now(), list[tuple[float, str]]()
    for whose, scope in (("all", Scope()), ("shop", Scope(shop=SHOP))):
        for name, filters in _asked():
            took = await _spent(lambda s=scope, f=filters: desk.reads.orders(s, Filters(**f), now=now))
            slowest.append((took, f"orders of {whose}: {name}"))
            took = await _spent(lambda s=scope, f=filters: desk.reads.cases(s, Filters(**f), now=now))
            slowest.append((took, f"requests of {whose}: {name}"))
        for tab in ("packed", "cancelled", "shipping_overdue", "cancellation_requested", "contradictions"):
            took = await _spent(lambda s=scope, t=tab: desk.reads.orders(s, Filters(tab=t), now=now))
            slowest.append((took, f"orders of {whose}: tab {tab}"))
        for tab in CASE_TABS:
            took = await _spent(lambda s=scope, t=tab: desk.reads.cases(s, Filters(tab=t), now=now))
            slowest.append((took, f"requests of {whose}: tab {tab}"))
        for name, filters in _owed():
            took = await _spent(lambda s=scope, f=filters: desk.reads.refunds(s, Filters(**f), now=now))
            slowest.append((took, f"refunds of {whose}: {name}"))
        slowest.append(
            (await _spent(lambda s=scope: desk.reads.refund_counts(s)), f"refunds of {whose}: how many where")
        )
    slowest.append((await _spent(lambda: desk.reads.shop_rows(ShopFilters())), "shops"))
    for name, filters in _searched():
        took = await _spent(lambda f=filters: desk.reads.orders(Scope(), Filters(**f), now=now))
        out.print(f"lists: {took:6.1f} ms  orders of all: {name} (not promised)")
    slowest.sort(reverse=True)
    for took, name in slowest[:8]:
        out.print(f"lists: {took:6.1f} ms  {name}")
    worst = slowest[0][0]
    out.print(
        f"lists: slowest of {len(slowest)} pages {worst:.1f} ms with {ROWS:,} rows (wanted: at most {WANTED_MS:.0f} ms)"
    )
    return worst <= WANTED_MS


async def _spent(ask: Any) -> float:
    """Milliseconds of one page, the middle of several."""
    took: list[float] = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await ask()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


async def _files(out: Console, desk: Desk) -> bool:
    who = Principal(role="operator", id="bench", credential="bench")
    met = True
    for listing, form in ((ORDERS, "csv"), (REQUESTS, "csv"), (REFUNDS, "csv"), (ORDERS, "xlsx")):
        grown, size, seconds = await _grown(
            desk, who, Wanted(listing, "state=all" if listing is REFUNDS else "", (), form)
        )
        met &= grown <= WANTED_MIB
        out.print(
            f"lists: {ROWS:,} {listing.name} as {form}: {size / 2**20:.1f} MiB in {seconds:.0f} s, memory grew by"
            f" {grown:.1f} MiB (wanted: at most {WANTED_MIB:.0f} MiB)"
        )
    return met


async def _grown(desk: Desk, who: Principal, wanted: Wanted) -> tuple[float, int, float]:
    """By how many MiB the highest memory grew, how many bytes came, and in how many seconds."""
    before, began, size = _peak(), time.perf_counter(), 0
    async for part in (await desk.lists.export(who, wanted, "cli")).parts:
        size += len(part)
    return _peak() - before, size, time.perf_counter() - began


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
