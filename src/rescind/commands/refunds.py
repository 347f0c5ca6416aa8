"""`rescind refunds`: money given back without a cancellation; and the file of refunds that the marketplace pays out
itself, out to be paid and back confirmed.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_hex
from typing import Annotated, Any, TypeVar

import asyncpg
import typer

from rescind.api import problems
from rescind.book import Book
from rescind.clock import DatabaseClock, wall_clock
from rescind.commands.installation import with_pool
from rescind.commands.operator_key import Key, operator_of
from rescind.commands.speaking import _, fail, language, must_be, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import InvalidField, InvalidText, RescindError, UnknownField
from rescind.core.event import Note
from rescind.core.giving_back import GiveBack
from rescind.core.ids import RefundId
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.scope import Scope
from rescind.core.tried import OweTried
from rescind.core.views import RefundOrderFilters
from rescind.engine import Engine, Outcome, Submission
from rescind.intake import confirmations
from rescind.intake.confirmations import Fault, Read, Row
from rescind.intake.text import label
from rescind.paying_out import Confirmed, PayingOut
from rescind.policies import names, preset
from rescind.postgres.calendars import CalendarTable
from rescind.postgres.guards import GuardTable
from rescind.postgres.policies import PolicyTable
from rescind.postgres.reads import Reads
from rescind.postgres.shop_versions import ShopVersions
from rescind.postgres.store import PostgresStore
from rescind.secret_keys import secret
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Money given back, and refunds that the marketplace pays out itself.")
T = TypeVar("T")


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="Where to write the table (CSV); it must not be there yet.")],
    method: Annotated[str, typer.Option(help="Only refunds to this means of payment, such as bank_transfer.")] = "",
    data: Data = None,
) -> None:
    """Write every refund that is to be paid out as a table, to be filled in and given back."""
    if file.exists():
        fail(_("%(file)s is there already; another name keeps both.") % {"file": file})

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> bytes:
        async def every(paying: PayingOut) -> bytes:
            return confirmations.written(await paying.every(Scope(), RefundOrderFilters(method=method)))

        return await _paying(pool, settings, every)

    try:
        table = run(with_pool(read_settings(data=data), work))
    except InvalidField as error:
        fail(must_be(error))
    file.write_bytes(table)
    rows = len(table.splitlines()) - 1
    say(_("Wrote %(rows)s to %(file)s.") % {"rows": rows, "file": file})


@app.command()
def confirm(
    file: Annotated[Path, typer.Argument(help="The table (CSV) with reference and paid_on filled in.")],
    key: Key,
    check: Annotated[bool, typer.Option("--check", help="Only say what it would do.")] = False,
    data: Data = None,
) -> None:
    """Confirm the refunds of a table, once every line of it is right; while one is not, none is confirmed.

    Exit status 2 when a line has a fault, 1 when one of them was declined meanwhile. Confirming the same again changes
    nothing.
    """
    try:
        read = confirmations.read(file.read_bytes())
    except OSError as error:
        fail(_("%(file)s cannot be read: %(strerror)s.") % {"file": file, "strerror": error.strerror})
    except RescindError as error:
        fail(_words(error))

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[list[Fault], list[Confirmed | RescindError]]:
        by = await operator_of(pool, settings, key)
        actor = Actor(kind=ActorKind.SUPPORT, id=by, via="command line")

        async def act(paying: PayingOut) -> tuple[list[Fault], list[Confirmed | RescindError]]:
            return await _checked_then_confirmed(paying, actor, read, check=check)

        return await _paying(pool, settings, act)

    faults, done = run(with_pool(read_settings(data=data), work))
    for one in faults:
        _say_of(one.line, one.refund, _words(one.error))
    if faults:
        fail(
            _("Nothing was confirmed; lines that are not right: %(wrong)s of %(all)s.")
            % {"wrong": len(faults), "all": len(read.rows) + len(read.faults)}
        )
    late = [_tell(row, result) for row, result in zip(read.rows, done, strict=False)].count(False)
    proposed = sum(isinstance(one, Confirmed) and one.proposed for one in done)
    told = {"done": len(read.rows) - late - proposed, "proposed": proposed, "left": read.left}
    if check:
        say(_("%(done)s would be confirmed, %(left)s not paid yet.") % told)
    elif proposed:
        say(_("%(done)s done, %(proposed)s proposed, %(left)s not paid yet.") % told)
    else:
        say(_("%(done)s done, %(left)s not paid yet.") % told)
    if late:
        raise typer.Exit(1)


def _tell(row: Row, result: Confirmed | RescindError) -> bool:
    """Say what became of a line; whether it was confirmed."""
    refused = isinstance(result, RescindError)
    _say_of(row.line, row.said.refund, _words(result) if refused else _became(result))
    return not refused


@app.command()
def give(
    order: Annotated[str, typer.Argument(help="The order's id, ord_….")],
    key: Key,
    amount: Annotated[str, typer.Option(help="How much, in the order's currency, such as 5.00.")] = "",
    shipping: Annotated[bool, typer.Option("--shipping", help="The delivery, as far as it is not back.")] = False,
    why: Annotated[str, typer.Option(help="Why; buyer and shop read it.")] = "",
    data: Data = None,
) -> None:
    """Give money of an order back although nothing is cancelled, to where it came from."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Outcome:
        by = await operator_of(pool, settings, key)
        reads = Reads(pool, secret(settings))
        found = (await reads.order(Scope(), order)).order
        command = GiveBack(
            order=found.id,
            shipping=shipping,
            amount_minor=Money.parse(amount, found.currency).minor if amount else None,
            comment=_said(why),
        )
        actor = Actor(kind=ActorKind.SUPPORT, id=by, via="command line")
        async with deciding(pool, settings) as engine:
            return await engine.handle(Submission(command=command, actor=actor, scope=Scope()))

    try:
        done = run(with_pool(read_settings(data=data), work))
    except RescindError as error:
        fail(_words(error))
    after, proposed = done.order, done.proposed
    if proposed is not None:
        total = language().money(Money(proposed.terms.amount_minor, after.currency))
        say(
            _(
                "Proposed: %(amount)s of order %(number)s. Another operator confirms it: "
                "rescind proposal confirm %(order)s %(proposal)s"
            )
            % {"amount": total, "number": after.number, "order": after.id, "proposal": proposed.number}
        )
        return
    _tell_owed(after)


@app.command("owe-again")
def owe_again(
    order: Annotated[str, typer.Argument(help="The order's id, ord_….")],
    refund: Annotated[str, typer.Argument(help="The refund's id, ref_….")],
    key: Key,
    why: Annotated[str, typer.Option(help="Why; buyer and shop read it.")] = "",
    data: Data = None,
) -> None:
    """Say that a payment is real whose refunds were only tried: they are owed again, as money."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Outcome:
        by = await operator_of(pool, settings, key)
        found = (await Reads(pool, secret(settings)).order(Scope(), order)).order
        command = OweTried(order=found.id, refund=RefundId(refund), comment=_said(why))
        actor = Actor(kind=ActorKind.SUPPORT, id=by, via="command line")
        async with deciding(pool, settings) as engine:
            return await engine.handle(Submission(command=command, actor=actor, scope=Scope()))

    try:
        done = run(with_pool(read_settings(data=data), work))
    except RescindError as error:
        fail(_words(error))
    _tell_owed(done.order)


def _said(why: str) -> Note | None:
    words = label(why, field="why", limit=500)
    return Note(id="txt_" + token_hex(8), body=words, salt=token_hex(16)) if words else None


def _tell_owed(after: Order) -> None:
    """Say what became owed just now, and to which tender."""
    for one in after.refunds:
        if one.owed_at == after.refunds[-1].owed_at:
            amount = language().money(Money(one.amount_minor, after.currency))
            say(
                _("%(refund)s: %(amount)s to %(tender)s of order %(number)s")
                % {"refund": one.id, "amount": amount, "tender": one.tender, "number": after.number}
            )


async def _checked_then_confirmed(
    paying: PayingOut, actor: Actor, read: Read, *, check: bool
) -> tuple[list[Fault], list[Confirmed | RescindError]]:
    said = [one.said for one in read.rows]
    found = await paying.check_each(Scope(), actor, said, wall_clock())
    faults = [
        *read.faults,
        *(
            Fault(line=row.line, refund=row.said.refund, error=error)
            for row, error in zip(read.rows, found, strict=True)
            if isinstance(error, RescindError)
        ),
    ]
    faults.sort(key=lambda one: one.line)
    if faults or check:
        return faults, []
    return [], await paying.confirm_each(Scope(), actor, said)


async def _paying(pool: asyncpg.Pool[Any], settings: Settings, work: Callable[[PayingOut], Awaitable[T]]) -> T:
    """Do something about refund orders, beside the program that serves or without one."""
    async with deciding(pool, settings) as engine:
        return await work(PayingOut(engine, Reads(pool, secret(settings))))


@asynccontextmanager
async def deciding(pool: asyncpg.Pool[Any], settings: Settings) -> AsyncGenerator[Engine]:
    """An engine for what one command line does. The limits are the installation's, whatever this process was told."""
    clock = DatabaseClock()
    book = Book(PolicyTable(pool), CalendarTable(pool), ShopVersions(pool, clock))
    await book.open(tuple(preset(one) for one in names()))
    async with Engine(PostgresStore(pool, clock), book, guards=GuardTable(pool, settings.guards)).running() as engine:
        yield engine


def _became(one: Confirmed) -> str:
    if one.proposed:
        return _("proposed; another operator has to confirm it: rescind proposal list")
    return _("confirmed") if one.news else _("was so before")


def _say_of(line: int, refund: str, news: str) -> None:
    say(_("line %(line)s: %(refund)s: %(news)s") % {"line": line, "refund": refund, "news": news})


def _words(error: RescindError) -> str:
    """What is wrong, with the column where there is one."""
    params = error.params
    match error:
        case UnknownField():
            return _("There is no column %(name)s; the columns are %(these)s.") % {
                "name": str(params["field"]).lstrip("/"),
                "these": ", ".join(confirmations.HEADER),
            }
        case InvalidField() | InvalidText():
            return must_be(error, str(params["field"]).lstrip("/"))
        case _:
            return problems.detail(error, language())
