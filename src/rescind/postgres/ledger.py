"""The ledger as it is kept: read order by order to be proven, and added up to be looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import groupby
from operator import itemgetter
from typing import Any

import asyncpg
import msgspec

from rescind.core.books import Fault, Kept, prove

AT_ONCE = 200
"""Orders read together, so that the memory a proof takes does not grow with what it proves."""
ORPHANS = 1_000
"""Rows without an order that are looked for in each table; one of them is enough to be told."""

_ORDERS = """
SELECT shop_id, order_id, number, version, currency, state, head FROM orders
WHERE (shop_id, order_id) > ($1, $2) AND ($4::text IS NULL OR shop_id = $4)
ORDER BY shop_id, order_id LIMIT $3
"""
_THESE = "FROM unnest($1::text[], $2::text[]) AS o (shop_id, order_id) JOIN {table} t USING (shop_id, order_id)"
_EVENTS = f"SELECT t.order_id, t.seq, t.body, t.hash {_THESE.format(table='events')} ORDER BY 1, 2"
_LEDGER = f"""
SELECT t.order_id, t.seq, t.place, t.account, t.tender_id, t.currency, t.amount_minor
{_THESE.format(table="ledger")} ORDER BY 1, 2, 3
"""
_TENDERS = f"""
SELECT t.order_id, t.tender_id, t.method, t.currency, t.amount_minor, t.captured_minor, t.reserved_minor,
       t.refunded_minor, t.taken_elsewhere_minor
{_THESE.format(table="tenders")} ORDER BY 1, 2
"""
_LOST = """
SELECT DISTINCT shop_id, order_id FROM {table} t
WHERE NOT EXISTS (SELECT FROM orders o WHERE (o.shop_id, o.order_id) = (t.shop_id, t.order_id))
  AND ($1::text IS NULL OR shop_id = $1)
ORDER BY shop_id, order_id LIMIT $2
"""
_BALANCE = """
SELECT shop_id, currency, account, sum(amount_minor)::bigint AS amount_minor, count(*) AS postings
FROM ledger WHERE $1::text IS NULL OR shop_id = $1
GROUP BY GROUPING SETS ((currency, account), (shop_id, currency, account))
ORDER BY shop_id NULLS FIRST, currency, account
"""
_LONGEST_S = 3600.0
_BALANCE_S = 12
"""Seconds after which adding up is given up: it reads the whole ledger while somebody waits for the page."""


class Checked(msgspec.Struct, frozen=True):
    """How much was proven when there is no fault left to tell."""

    orders: int
    postings: int


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """What one account holds in one currency; ``shop`` is empty for all shops together."""

    shop: str
    currency: str
    account: str
    amount_minor: int
    postings: int


async def check(
    connection: asyncpg.Connection[Any], shop: str | None = None, *, at_once: int = AT_ONCE
) -> AsyncIterator[Fault | Checked]:
    """Prove the books of every order, or of one shop's: each fault as it is found, and at the end what was looked at.

    All of it is of one moment, so it may run while orders move on. Orders come by shop and id.
    """
    orders = postings = 0
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        await connection.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        after = ("", "")
        while rows := await connection.fetch(_ORDERS, *after, at_once, shop):
            for kept in await _kept(connection, rows):
                orders += 1
                postings += len(kept.postings)
                for fault in prove(kept):
                    yield fault
            after = (rows[-1]["shop_id"], rows[-1]["order_id"])
        for table in ("ledger", "tenders", "events"):
            for row in await connection.fetch(_LOST.format(table=table), shop, ORPHANS, timeout=_LONGEST_S):
                yield Fault(
                    kind="orphan", shop=row["shop_id"], order=row["order_id"], number="", currency="", what=table
                )
    yield Checked(orders, postings)


async def _kept(connection: asyncpg.Connection[Any], rows: list[Any]) -> list[Kept]:
    keys = [row["shop_id"] for row in rows], [row["order_id"] for row in rows]
    events, ledger, tenders = [
        {order: [tuple(row)[1:] for row in group] for order, group in groupby(found, key=itemgetter("order_id"))}
        for found in [await connection.fetch(statement, *keys) for statement in (_EVENTS, _LEDGER, _TENDERS)]
    ]
    return [
        Kept(
            shop=row["shop_id"],
            order=row["order_id"],
            number=row["number"],
            version=row["version"],
            currency=row["currency"],
            state=row["state"],
            head=row["head"],
            events=events.get(row["order_id"], ()),
            postings=ledger.get(row["order_id"], ()),
            tenders=tenders.get(row["order_id"], ()),
        )
        for row in rows
    ]


async def balance(pool: asyncpg.Pool[Any], shop: str | None = None) -> tuple[Balance, ...]:
    """The trial balance: by currency and account over all shops first, then by shop."""
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(f"SET LOCAL statement_timeout = '{_BALANCE_S}s'")
        rows = await connection.fetch(_BALANCE, shop)
    return tuple(
        Balance(
            shop=row["shop_id"] or "",
            currency=row["currency"],
            account=row["account"],
            amount_minor=row["amount_minor"],
            postings=row["postings"],
        )
        for row in rows
    )
