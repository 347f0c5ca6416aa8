"""The event stream from the command line: whether a broker takes what happens, and how much waits."""

from __future__ import annotations

from typing import Any

import asyncpg
import typer
from rich.table import Table

from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, fail, language, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.jetstream import JetStream, NotPublished
from rescind.postgres.event_streams import MOST, StreamView, view
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Events that are published to a message broker.")


@app.command("check")
def check_stream(data: Data = None) -> None:
    """Log in to the NATS server, make the stream where it is missing, and print how publishing goes."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> tuple[StreamView | None, NotPublished | None]:
        assert settings.nats is not None, "it was looked at before"
        server = JetStream(settings.nats)
        try:
            await server.publish(())
        except NotPublished as fault:
            return await view(pool), fault
        finally:
            await server.close()
        return await view(pool), None

    settings = read_settings(data=data)
    if settings.nats is None:
        fail(_("No event stream is set up: set RESCIND_NATS_URL."))
    found, fault = run(with_pool(settings, work))
    table = Table(box=None, show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row(_("server"), ", ".join(settings.nats.addresses))
    said = {"stream": settings.nats.stream, "subjects": f"{settings.nats.prefix}.>"}
    table.add_row(_("stream"), _("%(stream)s, subjects %(subjects)s") % said)
    if found is None:
        table.add_row(_("published"), _("nothing yet: no worker has begun"))
    else:
        last = f"{found.published_at:%Y-%m-%d %H:%M:%S}" if found.published_at else _("nothing yet")
        table.add_row(_("last"), last)
        table.add_row(_("waiting"), f"{found.waiting}{'+' if found.waiting == MOST else ''}")
    out.print(table)
    if fault is not None:
        fail(f"{language().term('stream_fault', fault.fault)}: {fault.said}")
    say(_("The server lets us in, and the stream is there."))
