"""Order sources from the command line: who sends us orders, what came of it, and reading again."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.clock import DatabaseClock
from rescind.commands.installation import shop_called, with_pool
from rescind.commands.speaking import _, columns, fail, language, must_be, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.connections import Connected
from rescind.core.errors import InvalidField, InvalidText, InvalidTransition, NotFound, Unavailable
from rescind.order_sources import KINDS, REASONS, Chosen, OrderSources, chosen_of
from rescind.postgres.connections import ConnectionTable
from rescind.postgres.order_sources import Counts, OrderSourceTable, State, Told
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Systems that send us their orders.")
_BY = "operator:command line"
_Name = Annotated[str, typer.Argument(help="The source's name, from `rescind source list`.")]


@app.command("list")
def list_sources(data: Data = None) -> None:
    """Print every source, whose orders it sends, and how it is; never a key."""

    async def work(sources: OrderSources) -> Table:
        table = columns(
            _("source"),
            _("kind"),
            _("shop"),
            _("state"),
            _("last message"),
            _("waiting"),
            _("not understood"),
            _("trouble"),
            whole=(0, 2),
        )
        counts = await sources.counts()
        for one in await sources.all():
            came = counts.get(one.name, Counts())
            table.add_row(
                one.name,
                one.kind,
                one.shop or _("any"),
                one.state,
                f"{came.last_at:%Y-%m-%d %H:%M}" if came.last_at else "",
                str(came.by_told.get("waiting", 0)),
                str(came.by_told.get("set_aside", 0)),
                one.fetch_trouble,
            )
        return table

    out.print(_with(data, work))


@app.command("add")
def add_source(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits and underscores.")],
    kind: Annotated[str, typer.Option(help=f"What it is: {', '.join(KINDS)}.")] = "signed",
    shop: Annotated[
        str | None, typer.Option(help="The shop whose orders they are, by its id or its exact name.")
    ] = None,
    url: Annotated[str, typer.Option(help="Where a shop system answers, by https.")] = "",
    pays_there: Annotated[
        bool, typer.Option("--pays-there", help="The shop's own payment plugins send refunds back, and we never do.")
    ] = False,
    data: Data = None,
) -> None:
    """Make a source. Prints the secret of its messages, this once. The keys of a shop system are asked for, or read
    from standard input: consumer key, consumer secret, with a space between.
    """
    key, word = _asked() if kind == "woocommerce" else ("", "")

    async def work(sources: OrderSources, pool: asyncpg.Pool[Any], settings: Settings) -> str:
        owner = (await shop_called(Reads(pool, secret(settings)), shop)).id if shop else ""
        made = await sources.create(
            name,
            kind,
            _BY,
            request=secrets.token_hex(16),
            shop=owner,
            url=url,
            key=key,
            secret=word,
            chosen=Chosen(pays="there" if pays_there else "here"),
        )
        return made.secret

    say(_with_pool(data, work))


@app.command("set")
def set_source(
    source: _Name,
    state: Annotated[str | None, typer.Option(help="on or paused.")] = None,
    url: Annotated[str | None, typer.Option(help="Another address of a shop system.")] = None,
    status: Annotated[
        list[str] | None, typer.Option(help="What a status there means, such as boxed=packed; again for more.")
    ] = None,
    plugin: Annotated[
        list[str] | None,
        typer.Option(
            help="The connection that a payment plugin takes money through, such as stripe=main; again for more."
        ),
    ] = None,
    pays: Annotated[str | None, typer.Option(help="Who sends refunds back: here or there.")] = None,
    restock: Annotated[
        bool | None, typer.Option("--restock/--no-restock", help="What is cancelled goes back into its stock.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help=f"Why it cancels: {', '.join(REASONS)}.")] = None,
    language: Annotated[str | None, typer.Option(help="What its buyers and its history read: en or zh.")] = None,
    data: Data = None,
) -> None:
    """Change a source: pause it, switch it on again, or choose what its page has to choose."""
    states: dict[str | None, State | None] = {None: None, "on": "on", "paused": "paused"}
    if state not in states:
        fail(_("A source is on or paused."))
    meanings, plugins = _pairs(status), _pairs(plugin)
    if pays not in {None, "here", "there"}:
        fail(_("Refunds are sent back from here or there."))

    async def work(sources: OrderSources) -> str:
        before = chosen_of(await sources.find(source))
        chosen = Chosen(
            statuses=before.statuses | meanings,
            providers={name: to for name, to in (before.providers | plugins).items() if to},
            pays=before.pays if pays is None else "there" if pays == "there" else "here",
            restock=before.restock if restock is None else restock,
            reason=reason or before.reason,
            locale=language or before.locale,
        )
        one = await sources.change(
            source, _BY, url=url, state=states[state], chosen=None if chosen == before else chosen
        )
        return f"{one.name}: {one.state}"

    say(_with(data, work))


@app.command("rotate")
def rotate_secret(source: _Name, data: Data = None) -> None:
    """Give a source a new secret and print it, this once. The one before counts for a day more."""

    async def work(sources: OrderSources) -> str:
        return (await sources.rotate(source, _BY, request=secrets.token_hex(16))).secret

    say(_with(data, work))


@app.command("test")
def check_source(source: _Name, data: Data = None) -> None:
    """Ask a shop system for something that only reads, and say whether its key is good."""

    async def work(sources: OrderSources) -> str:
        trouble = await sources.check(source)
        if trouble:
            fail(f"{source}: {trouble}.")
        return _("%(name)s: good") % {"name": source}

    say(_with(data, work))


@app.command("fetch")
def fetch_source(source: _Name, data: Data = None) -> None:
    """Let the worker ask a shop system for what changed; it does so every ten minutes by itself."""

    async def work(sources: OrderSources) -> str:
        await sources.catch_up(source, _BY)
        return _("Asked for.")

    say(_with(data, work))


@app.command("log")
def show_log(
    source: _Name,
    told: Annotated[str | None, typer.Option(help="Only waiting, done, no_news, set_aside or ignored.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many, the newest first.")] = 20,
    data: Data = None,
) -> None:
    """Print the latest messages of a source, what was made of them, and why nothing could be."""
    tolds: dict[str | None, Told | None] = {
        None: None,
        "waiting": "waiting",
        "done": "done",
        "no_news": "no_news",
        "set_aside": "set_aside",
        "ignored": "ignored",
    }
    if told not in tolds:
        fail(_("A message is waiting, done, no_news, set_aside or ignored."))

    async def work(sources: OrderSources) -> Table:
        table = columns(_("message"), _("order"), _("received"), _("told"), _("why"), _("where"), _("expected"))
        for one in await sources.entries(source, tolds[told], limit=limit):
            received = f"{one.received_at:%Y-%m-%d %H:%M:%S}"
            wanted = language().expected(one.expected) if one.expected else ""
            table.add_row(one.id, one.subject, received, one.told, one.cause, one.field, wanted)
        return table

    out.print(_with(data, work))


@app.command("retry")
def retry(
    source: _Name,
    message: Annotated[str | None, typer.Option(help="One message; none: all that were set aside.")] = None,
    data: Data = None,
) -> None:
    """Read one message again, or all that nothing could be made of."""

    async def work(sources: OrderSources) -> int:
        if message is None:
            return await sources.all_again(source)
        await sources.again(source, message)
        return 1

    say(_("Read again: %(count)s") % {"count": _with(data, work)})


@app.command("ignore")
def ignore(
    source: _Name,
    message: Annotated[str, typer.Argument(help="The message, from `rescind source log`.")],
    reason: Annotated[str, typer.Option(help="Why nothing is to be made of it; kept with it.")],
    data: Data = None,
) -> None:
    """Make nothing of a message that was set aside."""

    async def work(sources: OrderSources) -> str:
        await sources.ignore(source, message, _BY, reason)
        return _("Ignored.")

    say(_with(data, work))


@app.command("count")
def count(
    source: _Name,
    message: Annotated[str, typer.Argument(help="The message that asks, from `rescind source log`.")],
    data: Data = None,
) -> None:
    """Take a refund that may have been told twice for money of its own."""

    async def work(sources: OrderSources) -> str:
        await sources.count(source, message)
        return _("Read again, and counted.")

    say(_with(data, work))


def _pairs(given: list[str] | None) -> dict[str, str]:
    return {name: value for name, _, value in (one.partition("=") for one in given or ())}


def _asked() -> tuple[str, str]:
    """Typed, the secret unseen; or piped: an argument would stand in the list of processes."""
    if sys.stdin.isatty():
        return typer.prompt(_("Consumer key")), typer.prompt(_("Consumer secret"), hide_input=True)
    words = [*sys.stdin.read().split(), "", ""]
    return words[0], words[1]


def _with(data: Any, work: Callable[[OrderSources], Awaitable[T]]) -> T:
    return _with_pool(data, lambda sources, _pool, _settings: work(sources))


def _with_pool(data: Any, work: Callable[[OrderSources, asyncpg.Pool[Any], Settings], Awaitable[T]]) -> T:
    async def opened(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        clock, key = DatabaseClock(), secret(settings)
        connected = Connected(ConnectionTable(pool, clock), key, pretend=settings.demo, paid_out=settings.host_pays)
        sources = OrderSources(OrderSourceTable(pool, clock), connected, key, settings.egress, clock)
        try:
            return await work(sources, pool, settings)
        except InvalidField as error:
            fail(must_be(error))
        except (InvalidText, InvalidTransition):
            fail(_("Only what was set aside is answered, and what is ignored wants a reason."))
        except NotFound:
            fail(_("There is no such source or message; see: rescind source list, rescind source log"))
        except Unavailable:
            fail(_("The shop cannot be reached now."))
        finally:
            await sources.close()
            await connected.close()

    return run(with_pool(read_settings(data=data), opened))
