"""Web push from the command line: beginning anew after the installation's secret key has changed."""

from __future__ import annotations

from typing import Any

import asyncpg
import typer

from rescind.clock import DatabaseClock
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.postgres.push import PushTable
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Browsers that people are told in.")


@app.callback()
def push() -> None:
    """Browsers that people are told in."""


@app.command("reset")
def reset(
    sure: bool = typer.Option(..., "--yes", prompt="Every browser has to be switched on again. Go on?"),
    data: Data = None,
) -> None:
    """Forget the key and every browser: for when they were sealed under another secret key of the installation."""

    async def work(pool: asyncpg.Pool[Any], _settings: Settings) -> int:
        return await PushTable(pool, DatabaseClock()).reset()

    if not sure:
        raise typer.Abort
    say(_("Browsers forgotten: %(count)s") % {"count": run(with_pool(read_settings(data=data), work))})
