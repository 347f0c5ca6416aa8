"""What every command shares: its data folder, how it reads its settings, how it runs and fails."""

from __future__ import annotations

import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
import uvloop

from rescind.commands.speaking import _, fail, language, told
from rescind.core.errors import RescindError
from rescind.core.sentence import why
from rescind.postgres.backup import BackupError
from rescind.postgres.embedded import ServerUnavailable
from rescind.postgres.migrate import MigrationError, UnfitDatabase
from rescind.settings import Settings, SettingsError

T = TypeVar("T")

Data = Annotated[Path | None, typer.Option(help="Folder of the embedded database and the secret key.")]


def read_settings(**options: object) -> Settings:
    """Settings of the environment and of a command's options; what cannot be used ends the command."""
    try:
        return Settings.read(os.environ, **options)
    except SettingsError as error:
        fail(language().told(why(error)))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end; what a person can mend is one line on standard error and exit status 2."""
    try:
        return uvloop.run(work)
    except (SettingsError, ServerUnavailable, UnfitDatabase, MigrationError, BackupError) as error:
        fail(language().told(why(error)))
    except RescindError as error:
        fail(told(error))
    except (OSError, asyncpg.PostgresError) as error:
        fail(_("The database cannot be used: %(why)s") % {"why": error})
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
