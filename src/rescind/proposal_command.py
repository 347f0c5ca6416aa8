"""`rescind proposal`: money that waits for a second person, and that person's word from the command line."""

from __future__ import annotations

from secrets import token_hex
from typing import Annotated, Any, Final

import asyncpg
import typer
from rich.table import Table

from rescind.administration import with_pool
from rescind.api import problems
from rescind.core.actor import Actor, ActorKind
from rescind.core.errors import RescindError
from rescind.core.event import Note
from rescind.core.money import Money
from rescind.core.order import Order
from rescind.core.scope import Scope
from rescind.core.second_person import AnswerProposal
from rescind.core.views import ProposalRow
from rescind.engine import Submission
from rescind.intake.text import label
from rescind.locales import locale
from rescind.policies.publishing import Key, operator_of
from rescind.postgres.reads import Reads
from rescind.refunds import deciding
from rescind.settings import Settings, secret
from rescind.terminal import Data, fail, out, read_settings, run

app = typer.Typer(no_args_is_help=True, help="Money that one person wants to move and another has to agree to.")

OrderId = Annotated[str, typer.Argument(help="The order's id, ord_….")]
Number = Annotated[int, typer.Argument(min=1, max=99_999, help="The proposal's number, from the list.")]
Words = Annotated[str, typer.Option(help="Your words; support reads them, and the shop where it is the shop's.")]
_EVERYBODY: Final = Scope()
_PAGE: Final = 100


@app.command("list")
def list_proposals(data: Data = None) -> None:
    """Print what waits for a second person, first what lapses first."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> list[ProposalRow]:
        reads, rows = Reads(pool, secret(settings)), list[ProposalRow]()
        cursor: str | None = None
        while True:
            page = await reads.proposals(_EVERYBODY, cursor, _PAGE)
            rows.extend(page.rows)
            cursor = page.next
            if cursor is None:
                return rows

    table = Table("order", "no.", "what", "amount", "by", "of", "until (UTC)", box=None)
    for one in run(with_pool(read_settings(data=data), work)):
        waits = one.proposal
        what = locale("en").term("money_act", waits.terms.act.value)
        until = f"{waits.due_at:%Y-%m-%d %H:%M}"
        table.add_row(one.order.id, str(waits.number), what, str(one.amount), waits.by, waits.side, until)
    out.print(table)


@app.command()
def confirm(order: OrderId, number: Number, key: Key, why: Words = "", data: Data = None) -> None:
    """Agree, as another operator than who proposed it, and have it done."""
    after = _answered(order, number, key, why, data, confirmed=True)
    done = next(one for one in after.proposals if one.number == number)
    amount = Money(done.terms.amount_minor, after.currency)
    out.print(f"Done: {amount} of order {after.number}.", highlight=False, markup=False)


@app.command()
def reject(order: OrderId, number: Number, key: Key, why: Words = "", data: Data = None) -> None:
    """Reject what somebody proposed, or take back what you proposed yourself."""
    after = _answered(order, number, key, why, data, confirmed=False)
    done = next(one for one in after.proposals if one.number == number)
    out.print(f"{done.outcome.value.capitalize()}: nothing of it happens.", highlight=False)


def _answered(order: str, number: int, key: str, why: str, data: Data, *, confirmed: bool) -> Order:
    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Order:
        by = await operator_of(pool, settings, key)
        found = (await Reads(pool, secret(settings)).order(_EVERYBODY, order)).order
        words = label(why, field="why", limit=500)
        command = AnswerProposal(
            order=found.id,
            number=number,
            confirm=confirmed,
            comment=Note(id="txt_" + token_hex(8), body=words, salt=token_hex(16)) if words else None,
        )
        actor = Actor(kind=ActorKind.SUPPORT, id=by, via="command line")
        async with deciding(pool, settings) as engine:
            return (await engine.handle(Submission(command=command, actor=actor, scope=_EVERYBODY))).order

    try:
        return run(with_pool(read_settings(data=data), work))
    except RescindError as error:
        fail(problems.detail(error, locale("en")))
