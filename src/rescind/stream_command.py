"""The event stream from the command line: whether a broker takes what happens, and how much waits."""

from __future__ import annotations

from typing import Any

import asyncpg
import typer
from rich.table import Table

from rescind.administration import with_pool
from rescind.jetstream import JetStream, NotPublished
from rescind.locales import DEFAULT, locale
from rescind.postgres.event_streams import MOST, StreamView, view
from rescind.settings import Settings
from rescind.terminal import Data, fail, out, read_settings, run

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
        fail("No event stream is set up: set RESCIND_NATS_URL.")
    found, fault = run(with_pool(settings, work))
    table = Table(box=None, show_header=False)
    table.add_row("server", ", ".join(settings.nats.addresses))
    table.add_row("stream", f"{settings.nats.stream}, subjects {settings.nats.prefix}.>")
    if found is None:
        table.add_row("published", "nothing yet: no worker has begun")
    else:
        table.add_row("last", f"{found.published_at:%Y-%m-%d %H:%M:%S}" if found.published_at else "nothing yet")
        table.add_row("waiting", f"{found.waiting}{'+' if found.waiting == MOST else ''}")
    out.print(table)
    if fault is not None:
        fail(f"{locale(DEFAULT).term('stream_fault', fault.fault)}: {fault.said}")
    out.print("The server lets us in, and the stream is there.")
