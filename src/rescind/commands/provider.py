"""Payment providers from the command line: which there are, connecting one, trying its key."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.api import problems
from rescind.clock import DatabaseClock
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, columns, fail, language, must_be, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.connections import Connected, Secrets
from rescind.core.errors import InvalidField, NotFound, TrialRefused, Unavailable
from rescind.core.refund import SANDBOX
from rescind.core.sentence import marked
from rescind.postgres.connections import ConnectionTable, ConnectionView
from rescind.providers.kinds import KINDS
from rescind.secret_keys import secret
from rescind.settings import Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="The payment providers that refunds go through.")
_Name = Annotated[str, typer.Argument(help="The connection's name; tenders of orders name it.")]


@app.command("list")
def list_providers(data: Data = None) -> None:
    """Print every connected provider, test or live; never a key."""

    async def work(connected: Connected) -> Table:
        table = columns(
            _("name"), _("kind"), _("money"), _("account"), _("for payments that name none"), _("changed"), _("by")
        )
        for one in await connected.all():
            table.add_row(
                one.name,
                one.kind,
                _money(one),
                one.account,
                _("yes") if one.own else "",
                f"{one.changed_at:%Y-%m-%d}",
                one.changed_by,
            )
        return table

    out.print(_with(data, work))


@app.command("add")
def add_provider(
    name: _Name,
    kind: Annotated[str, typer.Option(help=f"What it is: {', '.join(KINDS)}.")] = "stripe",
    own: Annotated[bool, typer.Option("--own", help="Use it for payments that name no connection.")] = False,
    direct: Annotated[bool, typer.Option("--direct", help="Sellers take payments on accounts of their own.")] = False,
    data: Data = None,
) -> None:
    """Connect a provider. What it takes is asked for, or read from standard input in this order, with spaces between:
    for PayPal the client ID first, then the key, then up to two signing secrets or webhook IDs.

    To try without money: rescind provider add sandbox --kind sandbox --own; to end that: rescind provider end-trial
    """
    if kind not in KINDS:
        fail(_("There is no kind %(kind)s; there are: %(these)s.") % {"kind": kind, "these": ", ".join(KINDS)})
    secrets = _asked(kind)

    async def work(connected: Connected) -> str:
        view = await connected.connect(name, kind, secrets, "operator:command line", own=own, direct=direct)
        said = _("Connected %(name)s (%(money)s) %(account)s")
        return (said % {"name": view.name, "money": _money(view), "account": view.account}).rstrip()

    say(_with(data, work))


@app.command("end-trial")
def end_trial(data: Data = None) -> None:
    """End the trial without money. What was paid before it is owed as ever, and what was tried stays so."""

    async def work(connected: Connected) -> str:
        if not await connected.trial():
            return _("There is no trial.")
        await connected.end_trial("operator:command line")
        return _("The trial has ended.")

    say(_with(data, work))


@app.command("test")
def check_provider(name: _Name, data: Data = None) -> None:
    """Ask a provider for something that only reads, and say whether the key is good, and test or live."""

    async def work(connected: Connected) -> str:
        checked = await connected.check(name)
        if checked.trouble:
            fail(_("%(name)s: the key is not good: %(trouble)s.") % {"name": name, "trouble": checked.trouble})
        said = _("%(name)s: good, test %(account)s") if checked.test else _("%(name)s: good, live %(account)s")
        return (said % {"name": name, "account": checked.account}).rstrip()

    say(_with(data, work))


def _money(view: ConnectionView) -> str:
    """What it moves."""
    if view.name == SANDBOX:
        return _("trial, no money moves")
    return _("test") if view.test else _("live")


_PROMPTS = {
    "client": marked("Client ID"),
    "key": marked("Key"),
    "webhook": marked("Signing secrets or webhook IDs, with a space between two"),
}


def _asked(kind: str) -> Secrets:
    """Typed, what opens something unseen; or piped: an argument would stand in the list of processes."""
    fields = KINDS[kind].fields
    if not fields:
        return Secrets("")
    if sys.stdin.isatty():
        typed = {
            field.name: typer.prompt(
                _(_PROMPTS[field.name]), default="" if field.name == "webhook" else None, hide_input=field.hidden
            )
            for field in fields
        }
        return Secrets(typed["key"], tuple(typed["webhook"].split()), client=typed.get("client", ""))
    words = sys.stdin.read().split()
    client = words.pop(0) if words and any(field.name == "client" for field in fields) else ""
    return Secrets(words[0] if words else "", tuple(words[1:]), client=client)


def _with(data: Any, work: Callable[[Connected], Awaitable[T]]) -> T:
    async def connected(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        opened = Connected(
            ConnectionTable(pool, DatabaseClock()), secret(settings), pretend=settings.demo, paid_out=settings.host_pays
        )
        try:
            return await work(opened)
        except InvalidField as error:
            fail(must_be(error))
        except TrialRefused as error:
            fail(problems.detail(error, language()))
        except NotFound:
            fail(_("There is no such connection; see: rescind provider list"))
        except Unavailable:
            fail(_("The provider cannot be reached now."))
        finally:
            await opened.close()

    return run(with_pool(read_settings(data=data), connected))
