"""`rescind proposal`: money that waits for a second person, and that person's word from the command line."""

from __future__ import annotations

from secrets import token_hex
from typing import Annotated, Any, Final

import asyncpg
import typer

from rescind.api import problems
from rescind.commands.installation import with_pool
from rescind.commands.operator_key import Key, operator_of
from rescind.commands.refunds import deciding
from rescind.commands.speaking import _, columns, fail, language, out, pgettext, say
from rescind.commands.terminal import Data, read_settings, run
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
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

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

    table = columns(_("order"), _("no."), _("what"), _("amount"), _("by"), _("of"), _("until (UTC)"), whole=(0, 1))
    for one in run(with_pool(read_settings(data=data), work)):
        waits = one.proposal
        what = language().term("money_act", waits.terms.act.value)
        until = f"{waits.due_at:%Y-%m-%d %H:%M}"
        table.add_row(one.order.id, str(waits.number), what, language().money(one.amount), waits.by, waits.side, until)
    out.print(table)


@app.command()
def confirm(order: OrderId, number: Number, key: Key, why: Words = "", data: Data = None) -> None:
    """Agree, as another operator than who proposed it, and have it done."""
    after = _answered(order, number, key, why, data, confirmed=True)
    done = next(one for one in after.proposals if one.number == number)
    amount = Money(done.terms.amount_minor, after.currency)
    say(_("Done: %(amount)s of order %(number)s.") % {"amount": language().money(amount), "number": after.number})


@app.command()
def reject(order: OrderId, number: Number, key: Key, why: Words = "", data: Data = None) -> None:
    """Reject what somebody proposed, or take back what you proposed yourself."""
    after = _answered(order, number, key, why, data, confirmed=False)
    done = next(one for one in after.proposals if one.number == number)
    said = {"outcome": pgettext("proposal_outcome", done.outcome.value)}
    say(_("%(outcome)s: nothing of it happens.") % said)


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
        fail(problems.detail(error, language()))
