"""`rescind doctor`: how the installation is, a line a finding, and what to do."""

from __future__ import annotations

from typing import Any

import asyncpg
import typer
from rich.table import Table

from rescind.clock import DatabaseClock
from rescind.commands.installation import there_is_one, with_pool
from rescind.commands.speaking import language, out
from rescind.commands.terminal import Data, read_settings, run
from rescind.connections import Connected
from rescind.doctor.examining import Installation, examine, of_files
from rescind.doctor.finding import Finding, Grade
from rescind.doctor.words import advice, says, topic
from rescind.mail.post import Post
from rescind.postgres.connections import ConnectionTable
from rescind.postgres.embedded import ServerUnavailable
from rescind.postgres.mail_server import MailServerTable
from rescind.postgres.mails import MailTable
from rescind.secret_keys import secret
from rescind.settings import Settings

_MARKS: dict[Grade, str] = {"good": "[green]✓[/]", "attention": "[yellow]![/]", "broken": "[red]✗[/]"}


def doctor(data: Data = None) -> None:
    """Look at everything the installation hangs on, and say what to do. Exit status 1: something is broken."""
    settings = read_settings(data=data)
    findings = run(_examined(settings))
    spoken = language()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for one in findings:
        table.add_row(_MARKS[one.grade], topic(spoken, one), says(spoken, one))
        if one.grade != "good" and (todo := advice(spoken, one)):
            table.add_row("", "", f"→ {todo}")
    out.print(table, highlight=False)
    if any(one.grade == "broken" for one in findings):
        raise typer.Exit(1)


async def _examined(settings: Settings) -> tuple[Finding, ...]:
    if not there_is_one(settings):
        missing = Finding(topic="database", code="missing", grade="broken", params={"folder": str(settings.data)})
        return (missing,)
    try:
        return await with_pool(settings, _with_pool)
    except (ServerUnavailable, OSError, asyncpg.PostgresError) as odd:
        away = Finding(topic="database", code="database_away", grade="broken", params={"said": str(odd)})
        return (away, *of_files(settings))


async def _with_pool(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[Finding, ...]:
    key = secret(settings)
    post = Post(MailTable(pool, DatabaseClock()), MailServerTable(pool), settings, key)
    connected = Connected(
        ConnectionTable(pool, DatabaseClock()), key, pretend=settings.demo, paid_out=settings.host_pays
    )
    try:
        return await examine(Installation(settings=settings, pool=pool, post=post, connected=connected))
    finally:
        post.close()
        await connected.close()
