"""What every command shares: where it writes, how it fails, how it reads its settings."""

from __future__ import annotations

import os
import sys
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import asyncpg
import typer
import uvloop
from rich.console import Console

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
        fail(f"The database cannot be used: {error}")
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def told(error: RescindError) -> str:
    """A problem in the words of its page."""
    language = locale(DEFAULT)
    said = {name: _said(language, one) for name, one in error.params.items()}
    try:
        return language.pgettext("problem.detail", error.code) % said
    except KeyError:
        return str(error)


def _said(language: Locale, value: object) -> object:
    match value:
        case tuple():
            return ", ".join(map(str, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]  # codes
        case datetime():
            return language.moment(value)
        case _:
            return value


def fail(message: str) -> NoReturn:
    """End the command with one line that says why."""
    err.print(f"rescind: {message}", highlight=False, markup=False, soft_wrap=True)
    raise typer.Exit(2)
