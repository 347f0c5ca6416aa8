"""The books from the command line: proving them, and adding them up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import asyncpg
import typer
from rich.table import Table

from rescind.administration import shop_called, with_pool
from rescind.core.books import Fault
from rescind.core.money import Money
from rescind.locales import DEFAULT, locale
from rescind.postgres.ledger import Balance, Checked, balance, check
from rescind.postgres.reads import Reads
from rescind.settings import Settings, secret
from rescind.terminal import Data, err, out, read_settings, run

ledger = typer.Typer(no_args_is_help=True, help="The books: double entry of every movement of money.")
Shop = Annotated[str | None, typer.Option(help="One shop's id; otherwise all of them.")]
_TOLD = 20
"""Faults that are told in words; the rest is counted."""


@ledger.command("check")
def check_ledger(shop: Shop = None, data: Data = None) -> None:
    """Work the books out again from the events and tell what differs, first things first; exit status 1 if any."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[int, Checked]:
        only = (await shop_called(Reads(pool, secret(settings)), shop)).id if shop else None
        faults, done = 0, Checked(0, 0)
        async with pool.acquire() as connection:
            async for found in check(connection, only):  # pyright: ignore[reportArgumentType]  # a pool lends a stand-in
                if isinstance(found, Checked):
                    done = found
                    continue
                faults += 1
                if faults <= _TOLD:
                    out.print(words(found), highlight=False, markup=False, soft_wrap=True)
        return faults, done

    faults, done = run(with_pool(read_settings(data=data), work))
    if faults:
        rest = f"; {faults - _TOLD} of them are not told above" if faults > _TOLD else ""
        err.print(f"rescind: {faults} differences in {done.orders} orders{rest}.", highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    out.print(f"The books are right: {done.orders} orders, {done.postings} postings, no difference.", highlight=False)


@ledger.command("balance")
def show_balance(shop: Shop = None, data: Data = None) -> None:
    """Print the trial balance: what each account holds, by currency. Each currency adds up to nothing."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Sequence[Balance]:
        only = (await shop_called(Reads(pool, secret(settings)), shop)).id if shop else None
        return await balance(pool, only)

    found = [one for one in run(with_pool(read_settings(data=data), work)) if bool(one.shop) == bool(shop)]
    table = Table("currency", "account", "holds", "postings", box=None)
    english = locale(DEFAULT)
    off: list[str] = []
    for currency in dict.fromkeys(one.currency for one in found):
        rows = [one for one in found if one.currency == currency]
        for one in rows:
            table.add_row(currency, one.account, english.money(one.amount_minor, currency), str(one.postings))
        total = sum(one.amount_minor for one in rows)
        table.add_row(currency, "all", english.money(total, currency), str(sum(one.postings for one in rows)))
        off += [currency] if total else []
    out.print(table)
    if off:
        err.print(f"rescind: {', '.join(off)} does not add up to nothing; see: rescind ledger check", highlight=False)
        raise typer.Exit(1)


def words(fault: Fault) -> str:
    """A fault as somebody says it who has to find it."""
    who = f"Order {fault.number or '?'} ({fault.order}) of shop {fault.shop}"
    tender = f"tender {fault.tender}"
    at = f"posting {fault.place + 1} of record {fault.seq}"
    match fault.kind:
        case "history":
            return f"{who}: its history does not hold from record {fault.seq} on ({fault.what})."
        case "state":
            return f"{who}: its stored state is not what its {fault.seq} records make of it."
        case "posting_missing":
            return f"{who}: {at} is not in the ledger: {_amount(fault, fault.expected)} to {fault.what}, {tender}."
        case "posting_extra":
            amount = _amount(fault, fault.found)
            return f"{who}: the ledger has {at}, which no event makes: {amount} to {fault.what}, {tender}."
        case "posting_differs":
            return (
                f"{who}: the {fault.what} of {at} ({tender}) is {_amount(fault, fault.found)} in the ledger; "
                f"the events say {_amount(fault, fault.expected)}."
            )
        case "tender_missing" | "tender_extra":
            how = "is not in the table of tenders" if fault.kind == "tender_missing" else "belongs to nothing"
            return f"{who}: {tender} {how}."
        case "tender_differs":
            return (
                f"{who}: {fault.what} of {tender} is {_amount(fault, fault.found)} in the table of tenders; "
                f"the events say {_amount(fault, fault.expected)}."
            )
        case "unbalanced":
            left = _amount(fault, fault.found)
            return f"{who}: the entry of record {fault.seq} does not add up to nothing: {left} is left."
        case "account_differs":
            return (
                f"{who}: {tender} has {_amount(fault, fault.found)} in account {fault.what}; "
                f"its columns say {_amount(fault, fault.expected)}."
            )
        case "orphan":
            return f"The table {fault.what} has rows of order {fault.order} of shop {fault.shop}, which is not there."


def _amount(fault: Fault, value: int | str | None) -> str:
    if isinstance(value, int):
        return locale(DEFAULT).money(Money(value, fault.currency))
    return "nothing" if value is None else str(value)
