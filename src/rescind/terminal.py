"""What every command shares: its language, where it writes, how it fails, how it reads its settings.

Help texts, results, questions and mistakes are in the terminal's language. JSON, identifiers and codes are what they
are, and so are the log and whatever another program is meant to read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import asyncpg
import typer
import uvloop
from rich.console import Console
from rich.table import Table

from rescind.core.errors import RescindError
from rescind.locales import DEFAULT, Locale, locale, negotiate
from rescind.postgres.backup import BackupError
from rescind.postgres.embedded import ServerUnavailable
from rescind.postgres.migrate import MigrationError, UnfitDatabase
from rescind.settings import Settings, SettingsError

T = TypeVar("T")
OF_A_PIPE = 240
"""Columns where nobody looks: what reads a table through a pipe gets its words whole."""


def _width() -> int | None:
    """None: as wide as the terminal, or as ``COLUMNS`` says."""
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else OF_A_PIPE


out = Console(width=_width())
err = Console(stderr=True)

Data = Annotated[Path | None, typer.Option(help="Folder of the embedded database and the secret key.")]


def language() -> Locale:
    """The language that the terminal speaks, as its environment says (``LC_ALL``, ``LC_MESSAGES``, ``LANG``)."""
    said = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), DEFAULT)
    return locale(negotiate(None, said.partition(".")[0].replace("_", "-")))


def _(sentence: str) -> str:
    """A sentence in the terminal's language; its places are left for the caller to fill."""
    return language().gettext(sentence)


def ngettext(singular: str, plural: str, n: int) -> str:
    """The form for ``n``; ``%(num)s`` is left for the caller to fill."""
    return language().ngettext(singular, plural, n)


def pgettext(context: str, code: str) -> str:
    """What people call a thing that the program knows by a code."""
    return language().pgettext(context, code)


def say(sentence: object) -> None:
    """Print a sentence as it is, on one line however narrow the terminal."""
    out.print(str(sentence), highlight=False, markup=False, soft_wrap=True)


def table(*columns: str) -> Table:
    """A table with these heads, for ``out``."""
    return Table(*columns, box=None)


def read_settings(**options: object) -> Settings:
    """Settings of the environment and of a command's options; what cannot be used ends the command."""
    try:
        return Settings.read(os.environ, **options)
    except SettingsError as error:
        fail(str(error))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; what a person can mend is one line on standard error and exit status 2."""
    try:
        return uvloop.run(work)
    except (SettingsError, ServerUnavailable, UnfitDatabase, MigrationError, BackupError) as error:
        fail(str(error))
    except RescindError as error:
        fail(told(error))
    except (OSError, asyncpg.PostgresError) as error:
        fail(_("The database cannot be used: %(why)s") % {"why": error})
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def told(error: RescindError) -> str:
    """A problem in the words of its page, and in the terminal's language."""
    said = {name: ", ".join(map(str, one)) if isinstance(one, tuple) else one for name, one in error.params.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]  # codes
    try:
        return pgettext("problem.detail", error.code) % said
    except KeyError:
        return str(error)


def must_be(name: str, error: RescindError) -> str:
    """What a value that was given has to be. name: what its option or argument is called."""
    return _("%(name)s must be %(expected)s.") % {
        "name": name,
        "expected": language().expected(str(error.params["expected"])),
    }


def field_of(error: RescindError) -> str:
    """The name of the value that an error is about."""
    return str(error.params["field"]).strip("/?").replace("_", " ")


def fail(message: str) -> NoReturn:
    """End the command with one line that says why."""
    err.print(f"rescind: {message}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(2)
