"""The books from the command line: proving them, and adding them up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import asyncpg
import typer

from rescind.commands.installation import shop_called, with_pool
from rescind.commands.speaking import _, columns, err, language, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.books import Fault
from rescind.core.money import Money
from rescind.core.sentence import Sentence, phrased
from rescind.postgres.ledger import Balance, Checked, balance, check
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The books: double entry of every movement of money.")
Shop = Annotated[str | None, typer.Option(help="One shop's id; otherwise all of them.")]
_TOLD = 20
"""Faults that are told in words; the rest is counted."""


@app.command("check")
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
                    say(words(found))
        return faults, done

    faults, done = run(with_pool(read_settings(data=data), work))
    if faults:
        said = _("Differences: %(faults)s; orders looked at: %(orders)s.") % {"faults": faults, "orders": done.orders}
        rest = _("%(rest)s of them are not told above.") % {"rest": faults - _TOLD} if faults > _TOLD else ""
        err.print(f"rescind: {said} {rest}".rstrip(), highlight=False, soft_wrap=True)
        raise typer.Exit(1)
    say(
        _("The books are right. Orders: %(orders)s, postings: %(postings)s, differences: none.")
        % {"orders": done.orders, "postings": done.postings}
    )


@app.command("balance")
def show_balance(shop: Shop = None, data: Data = None) -> None:
    """Print the trial balance: what each account holds, by currency. Each currency adds up to nothing."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Sequence[Balance]:
        only = (await shop_called(Reads(pool, secret(settings)), shop)).id if shop else None
        return await balance(pool, only)

    found = [one for one in run(with_pool(read_settings(data=data), work)) if bool(one.shop) == bool(shop)]
    table = columns(_("currency"), _("account"), _("holds"), _("postings"))
    spoken = language()
    off: list[str] = []
    for currency in dict.fromkeys(one.currency for one in found):
        rows = [one for one in found if one.currency == currency]
        for one in rows:
            table.add_row(currency, one.account, spoken.money(one.amount_minor, currency), str(one.postings))
        total = sum(one.amount_minor for one in rows)
        table.add_row(currency, _("all"), spoken.money(total, currency), str(sum(one.postings for one in rows)))
        off += [currency] if total else []
    out.print(table)
    if off:
        said = _("%(these)s does not add up to nothing; see: rescind ledger check") % {"these": ", ".join(off)}
        err.print(f"rescind: {said}", highlight=False)
        raise typer.Exit(1)


def words(fault: Fault) -> str:
    """A fault as somebody says it who has to find it."""
    return (
        language().told(_said(fault)) if fault.kind == "orphan" else f"{_whose(fault)}: {language().told(_said(fault))}"
    )


def _whose(fault: Fault) -> str:
    return _("Order %(number)s (%(order)s) of shop %(shop)s") % {
        "number": fault.number or "?",
        "order": fault.order,
        "shop": fault.shop,
    }


def _said(fault: Fault) -> Sentence:
    tender = phrased("tender %(tender)s", tender=fault.tender)
    at = phrased("posting %(place)s of record %(record)s", place=fault.place + 1, record=fault.seq)
    found, expected = _amount(fault, fault.found), _amount(fault, fault.expected)
    match fault.kind:
        case "history":
            return phrased(
                "its history does not hold from record %(record)s on (%(why)s).", record=fault.seq, why=fault.what
            )
        case "state":
            return phrased("its stored state is not what its %(records)s records make of it.", records=fault.seq)
        case "posting_missing":
            return phrased(
                "%(posting)s is not in the ledger: %(amount)s to %(account)s, %(tender)s.",
                posting=at,
                amount=expected,
                account=fault.what,
                tender=tender,
            )
        case "posting_extra":
            return phrased(
                "the ledger has %(posting)s, which no event makes: %(amount)s to %(account)s, %(tender)s.",
                posting=at,
                amount=found,
                account=fault.what,
                tender=tender,
            )
        case "posting_differs":
            return phrased(
                "the %(what)s of %(posting)s (%(tender)s) is %(found)s in the ledger; the events say %(expected)s.",
                what=fault.what,
                posting=at,
                tender=tender,
                found=found,
                expected=expected,
            )
        case "tender_missing":
            return phrased("%(tender)s is not in the table of tenders.", tender=tender)
        case "tender_extra":
            return phrased("%(tender)s belongs to nothing.", tender=tender)
        case "tender_differs":
            return phrased(
                "%(what)s of %(tender)s is %(found)s in the table of tenders; the events say %(expected)s.",
                what=fault.what,
                tender=tender,
                found=found,
                expected=expected,
            )
        case "unbalanced":
            return phrased(
                "the entry of record %(record)s does not add up to nothing: %(amount)s is left.",
                record=fault.seq,
                amount=found,
            )
        case "account_differs":
            return phrased(
                "%(tender)s has %(found)s in account %(account)s; its columns say %(expected)s.",
                tender=tender,
                found=found,
                account=fault.what,
                expected=expected,
            )
        case "orphan":
            return phrased(
                "In the table %(table)s something is of order %(order)s of shop %(shop)s, which is not there.",
                table=fault.what,
                order=fault.order,
                shop=fault.shop,
            )


def _amount(fault: Fault, value: int | str | None) -> str:
    if isinstance(value, int):
        return language().money(Money(value, fault.currency))
    return _("nothing") if value is None else str(value)
