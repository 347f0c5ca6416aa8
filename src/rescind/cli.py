"""The command line: every command by its name, and where it is read from."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib import import_module
from typing import Annotated

import typer
import typer.main
from typer.exceptions import TyperException

from rescind import __version__, logs
from rescind.commands.helping import misused, speak
from rescind.commands.speaking import _, err, language, out

COMMANDS = {
    "policy": "policy:app",
    "shop": "shop:app",
    "key": "key:app",
    "link-secret": "link:link_secrets",
    "mandate": "mandate:app",
    "people": "people:app",
    "receipt": "receipt:app",
    "document": "document:app",
    "conversation": "conversation:app",
    "calendar": "calendar:app",
    "refunds": "refunds:app",
    "proposal": "proposal:app",
    "provider": "provider:app",
    "source": "source:app",
    "webhook": "webhook:app",
    "stream": "stream:app",
    "robot": "robot:app",
    "push": "push:app",
    "mail": "mail:app",
    "notice": "notice:app",
    "ledger": "ledger:app",
    "init": "begin:init",
    "doctor": "doctor:doctor",
    "link": "link:link",
    "sign-out": "link:sign_out",
    "mcp": "mcp:mcp",
    "replay": "replay:replay",
    "import": "import_file:import_file",
    "export": "export:export",
    "reconcile": "reconcile:reconcile",
    "explain-difference": "reconcile:explain_difference",
    "serve": "serve:serve",
    "web": "serve:web",
    "worker": "serve:worker",
    "migrate": "keep:migrate_database",
    "backup": "keep:backup",
    "restore": "keep:restore_from",
    "release": "keep:release",
}
"""Commands and groups of commands: the module under ``rescind.commands`` and what it is called there."""

_SERVE = (["serve"], ["web"], ["worker"])
"""Those that run until they are ended, and whose log machines read."""
_VERSION = ("version", "--version")


def _version(wanted: bool) -> None:
    if wanted:
        out.print(__version__)
        raise typer.Exit


def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """The cancellation desk of a marketplace."""


def _print_version() -> None:
    """Print the version."""
    out.print(__version__)


def _asked(only: str | None) -> Iterable[str]:
    if only in COMMANDS:
        return [only]
    return () if only in _VERSION else COMMANDS


def program(only: str | None = None) -> typer.Typer:
    """The whole command line, or as much of it as one command takes: reading all of it takes half a second longer."""
    cli = typer.Typer(
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    cli.callback()(_options)
    cli.command("version")(_print_version)
    for name in _asked(only):
        module, _colon, attribute = COMMANDS[name].partition(":")
        found = getattr(import_module(f"rescind.commands.{module}"), attribute)
        if isinstance(found, typer.Typer):
            cli.add_typer(found, name=name)
        else:
            cli.command(name)(found)
    return cli


def main() -> None:
    """Run a command, in the terminal's language; the entry point of the package."""
    logs.configure(serving=sys.argv[1:2] in _SERVE)
    command = typer.main.get_command(program(sys.argv[1] if len(sys.argv) > 1 else None))
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
