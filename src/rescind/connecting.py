"""Payment providers from the command line: which there are, connecting one, trying its key."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.administration import with_pool
from rescind.clock import DatabaseClock
from rescind.connections import KINDS, Connected, Secrets
from rescind.core.errors import InvalidField, NotFound, Unavailable
from rescind.postgres.connections import ConnectionTable
from rescind.providers.sandbox import Sandbox
from rescind.settings import Settings, secret
from rescind.terminal import Data, fail, out, read_settings, run

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="The payment providers that refunds go through.")
_Name = Annotated[str, typer.Argument(help="The connection's name; tenders of orders name it.")]


@app.command("list")
def list_providers(data: Data = None) -> None:
    """Print every connected provider, test or live; never a key."""

    async def work(connected: Connected) -> Table:
        table = Table("name", "kind", "money", "account", "for payments that name none", "changed", "by", box=None)
        for one in await connected.all():
            table.add_row(
                one.name,
                one.kind,
                "test" if one.test else "live",
                one.account,
                "yes" if one.own else "",
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
    """Connect a provider. Its key, then up to two signing secrets, are asked for or read from standard input."""
    secrets = _asked()

    async def work(connected: Connected) -> str:
        view = await connected.connect(name, kind, secrets, "operator:command line", own=own, direct=direct)
        return f"Connected {view.name}: {'test' if view.test else 'live'} {view.account}".rstrip()

    out.print(_with(data, work), highlight=False)


@app.command("test")
def check_provider(name: _Name, data: Data = None) -> None:
    """Ask a provider for something that only reads, and say whether the key is good, and test or live."""

    async def work(connected: Connected) -> str:
        checked = await connected.check(name)
        if checked.trouble:
            fail(f"{name}: the key is not good: {checked.trouble}.")
        return f"{name}: good, {'test' if checked.test else 'live'} {checked.account}".rstrip()

    out.print(_with(data, work), highlight=False)


def _asked() -> Secrets:
    """Typed unseen, or piped; an argument would stand in the list of processes."""
    if sys.stdin.isatty():
        key = typer.prompt("Key", hide_input=True)
        webhook = typer.prompt("Signing secrets, with a space between two", default="", hide_input=True).split()
    else:
        key, *webhook = sys.stdin.read().split() or [""]
    return Secrets(key, tuple(webhook))


def _with(data: Any, work: Callable[[Connected], Awaitable[T]]) -> T:
    async def connected(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        opened = Connected(ConnectionTable(pool, DatabaseClock()), secret(settings), Sandbox(), pretend=settings.demo)
        try:
            return await work(opened)
        except InvalidField as error:
            fail(f"The {str(error.params['field']).strip('/')} must be {error.params['expected']}.")
        except NotFound:
            fail("There is no such connection; see: rescind provider list")
        except Unavailable:
            fail("The provider cannot be reached now.")
        finally:
            await opened.close()

    return run(with_pool(read_settings(data=data), connected))
