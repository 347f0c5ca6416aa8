"""The command line: serve, look after the database, play histories, check policies."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, TypeVar

import typer
import typer.main
from typer.exceptions import TyperException

from rescind import (
    __version__,
    administration,
    bookkeeping,
    calendars,
    connecting,
    conversation_command,
    document_command,
    export_command,
    link_command,
    logs,
    mandate_command,
    notice_command,
    people_command,
    policies,
    proposal_command,
    push_command,
    reconciling,
    refunds,
    robot_command,
    source_command,
    stream_command,
    webhook_command,
)
from rescind.app import attending, check_demo, database, make_app, open_demo, open_desk, working
from rescind.backing_up import back_up, let_go, new_file, tried
from rescind.begin_command import init
from rescind.core.sentence import phrased, why
from rescind.demo import guests
from rescind.desk import Desk
from rescind.doctor.command import doctor
from rescind.helping import misused, speak
from rescind.import_command import import_file
from rescind.mail.command import app as mail_commands
from rescind.mcp_command import mcp
from rescind.policies import publishing
from rescind.policies.command import app as policy_commands
from rescind.postgres import embedded
from rescind.postgres.backup import BackupError, restore
from rescind.postgres.embedded import EmbeddedServer, ensure_database
from rescind.postgres.migrate import migrate
from rescind.receipts.command import app as receipt_commands
from rescind.serving import STOPS, Server, settle
from rescind.settings import Settings, SettingsError, listen
from rescind.simulator.command import replay
from rescind.speaking import _, err, fail, language, out, say
from rescind.terminal import Data, read_settings, run

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The cancellation desk of a marketplace.",
)
for one in publishing.COMMANDS:
    policy_commands.command()(one)
cli.add_typer(policy_commands, name="policy")
cli.add_typer(administration.shops, name="shop")
cli.add_typer(administration.keys, name="key")
cli.add_typer(link_command.link_secrets, name="link-secret")
cli.add_typer(mandate_command.app, name="mandate")
cli.add_typer(people_command.app, name="people")
cli.add_typer(receipt_commands, name="receipt")
cli.add_typer(document_command.app, name="document")
cli.add_typer(conversation_command.app, name="conversation")
cli.add_typer(calendars.app, name="calendar")
cli.add_typer(refunds.app, name="refunds")
cli.add_typer(proposal_command.app, name="proposal")
cli.add_typer(connecting.app, name="provider")
cli.add_typer(source_command.app, name="source")
cli.add_typer(webhook_command.app, name="webhook")
cli.add_typer(stream_command.app, name="stream")
cli.add_typer(robot_command.app, name="robot")
cli.add_typer(push_command.app, name="push")
cli.add_typer(mail_commands, name="mail")
cli.add_typer(notice_command.app, name="notice")
cli.add_typer(bookkeeping.ledger, name="ledger")
cli.command()(init)
cli.command()(doctor)
cli.command()(link_command.link)
cli.command()(mcp)
cli.command()(replay)
cli.command("import")(import_file)
cli.command()(export_command.export)
cli.command()(reconciling.reconcile)
cli.command("explain-difference")(reconciling.explain_difference)
T = TypeVar("T")


def main() -> None:
    """Run a command, in the terminal's language; the entry point of the package."""
    logs.configure()
    command = typer.main.get_command(cli)
    speak(command, language())
    try:
        status = command(standalone_mode=False)
    except typer.Abort:
        err.print(_("Nothing was done."))
        sys.exit(1)
    except TyperException as error:
        # Where nothing was typed, the help has been printed already.
        sys.exit(2 if type(error).__name__ == "NoArgsIsHelpError" else misused(error))
    sys.exit(status)


Host = Annotated[str | None, typer.Option(help="Address to listen on.")]
Port = Annotated[str | None, typer.Option(help="Port to listen on; unless given, the next free one after 8700.")]
BaseUrl = Annotated[str | None, typer.Option(help="Address under which people reach Rescind.")]
Demo = Annotated[bool | None, typer.Option("--demo", help="Fill an empty database with the demo marketplace.")]
File = Annotated[Path, typer.Argument(help="The backup file.")]


@cli.command()
def version() -> None:
    """Print the version."""
    out.print(__version__)


@cli.command()
def serve(data: Data = None, host: Host = None, port: Port = None, base_url: BaseUrl = None, demo: Demo = None) -> None:
    """Run everything in one process: database, web and worker."""
    settings = read_settings(data=data, host=host, port=port, base_url=base_url, demo=demo)
    run(_serve(settings, web=True, work=True))


@cli.command()
def web(host: Host = None, port: Port = None, base_url: BaseUrl = None) -> None:
    """Serve pages and API from a PostgreSQL of your own; due work is left to ``rescind worker``."""
    run(_serve(_with_database(read_settings(host=host, port=port, base_url=base_url)), web=True, work=False))


@cli.command()
def worker() -> None:
    """Do due work on a PostgreSQL of your own: deadlines, refunds, news."""
    run(_serve(_with_database(read_settings()), web=False, work=True))


@cli.command("migrate")
def migrate_command(data: Data = None) -> None:
    """Bring the database to this version. The embedded one does so by itself."""
    settings = read_settings(data=data)
    for name in run(_as_owner(settings, migrate)):
        say(_("applied %(name)s") % {"name": name})
    say(_("The database is up to date."))


@cli.command("backup")
def backup_command(
    file: Annotated[Path, typer.Argument(help="The backup file, or a folder in which it gets a dated name.")],
    keep: Annotated[
        int | None, typer.Option(min=1, help="Of a folder: how many to keep, the oldest are removed.")
    ] = None,
    trial: Annotated[bool, typer.Option("--try", help="Restore it on trial, into a database of its own.")] = False,
    data: Data = None,
) -> None:
    """Write everything to one file. Keep the secret key of the data folder apart; it is not in it."""
    settings = read_settings(data=data)
    if keep is not None and not file.is_dir():
        fail(_("--keep goes with a folder."))
    try:
        new = new_file(file)
    except BackupError as error:
        fail(language().told(why(error)))
    written = run(_as_owner(settings, lambda dsn: back_up(dsn, new, settings), existing=True))
    say(_("Wrote %(written)s.") % {"written": written})
    if trial:
        found = run(_as_owner(settings, lambda dsn: tried(dsn, written, settings), existing=True))
        say(
            _("Restored it on trial in %(took_s)s s. Orders: %(orders)s, events: %(events)s.")
            % {"took_s": f"{found.took_s:.0f}", "orders": found.orders, "events": found.events}
        )
    for one in let_go(file, keep) if keep is not None else ():
        say(_("Removed %(name)s.") % {"name": one.name})


@cli.command("restore")
def restore_command(file: File, data: Data = None) -> None:
    """Fill an empty database from a backup. It starts held: no money moves until ``rescind release``."""
    settings = read_settings(data=data)
    run(_as_owner(settings, lambda dsn: restore(dsn, file, pg_bin=settings.pg_bin)))
    say(_("Restored. Refunds are held until: rescind reconcile, then: rescind release"))
    key = settings.secret_file or settings.data / "secret"
    if not key.exists():
        say(
            _(
                "The secret key is in no backup. Put the one of before into %(file)s before you serve: "
                "without it nobody signs in with password and app, and keys of providers and order sources do not open."
            )
            % {"file": key}
        )


@cli.command()
def release(
    data: Data = None,
    without_comparing: Annotated[
        str | None, typer.Option(metavar="REASON", help="Go without a clean reconciliation; the reason is kept.")
    ] = None,
    by: Annotated[str, typer.Option(help="Who says so.")] = "command line",
) -> None:
    """Let refunds run again after a restore, once ours were reconciled with every provider's."""
    if without_comparing is not None and not without_comparing.strip():
        fail(_("Say why refunds may run although nobody compared them."))
    settings = read_settings(data=data)
    reason = (without_comparing or "").strip()
    who = f"operator:{by}"
    say(run(_as_owner(settings, lambda dsn: reconciling.let_go(dsn, who, reason), existing=True)))


async def _as_owner(settings: Settings, work: Callable[[str], Awaitable[T]], *, existing: bool = False) -> T:
    """Do something with the address of the database's owner, starting the embedded server when it does not run.

    existing: there must be something already; a misspelt folder is not the beginning of a new installation.
    """
    if settings.database_url:
        if not settings.owner_url:
            raise SettingsError(phrased("Set RESCIND_OWNER_URL to the same database as its owner."))
        return await work(settings.owner_url)
    if existing and not settings.data.joinpath("postgres", "cluster", "PG_VERSION").exists():
        raise SettingsError(phrased("There is no installation in %(data)s.", data=settings.data))
    server = await asyncio.to_thread(EmbeddedServer.start, settings, share=True)
    try:
        await ensure_database(server.dsn(embedded.SUPERUSER, "postgres"))
        return await work(server.dsn(embedded.OWNER))
    finally:
        await asyncio.to_thread(server.stop)


async def _serve(settings: Settings, *, web: bool, work: bool) -> None:
    bound = listen(settings) if web else None
    host, port = bound.getsockname()[:2] if bound else ("", 0)
    if settings.host == "localhost":
        # By that name, and by no number, browsers make passkeys without TLS.
        host = settings.host
    base_url = settings.base_url or f"http://{f'[{host}]' if ':' in host else host}:{port}"
    # The shipped policies are read while the database starts: both take a third of a second.
    reading = asyncio.ensure_future(asyncio.to_thread(policies.all_of_them))
    async with database(settings) as dsn:
        await reading
        await check_demo(settings, dsn)
        if settings.demo:
            with err.status(_("Opening the demo marketplace")):
                await open_demo(settings, dsn)
        async with open_desk(settings, dsn, base_url) as desk, AsyncExitStack() as stack:
            if settings.demo and not all(one.test for one in await desk.connected.all()):
                fail(
                    _(
                        "A live payment provider is connected here; a demonstration moves no real money. Leave "
                        "out --demo."
                    )
                )
            if web:
                # Whatever is done at the command line is held to the same.
                await desk.guards.write()
                await stack.enter_async_context(attending(desk))
            if work:
                await stack.enter_async_context(working(desk))
            if bound is None:
                await _until_stopped()
                return
            server = Server(make_app(desk), settings.proxies)
            await _welcome(desk)
            settle()
            await server.serve(sockets=[bound])


async def _until_stopped() -> None:
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in STOPS:
        loop.add_signal_handler(name, stopped.set)
    await stopped.wait()


async def _welcome(desk: Desk) -> None:
    say(_("Rescind %(version)s serves at %(base_url)s") % {"version": __version__, "base_url": desk.base_url})
    if not desk.settings.demo:
        if await desk.beginning.open():
            say(_("Nothing is here yet. Begin at: %(address)s") % {"address": desk.beginning.address})
        return
    for who, link in await guests.links(desk):
        say(f"  {_('sign in as %(who)s') % {'who': f'{who:<9}'}} {link}")


def _with_database(settings: Settings) -> Settings:
    if not settings.database_url:
        fail(_("Set DATABASE_URL to your PostgreSQL, or run `rescind serve`, which brings its own."))
    return settings
