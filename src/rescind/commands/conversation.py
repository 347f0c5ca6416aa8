"""`rescind conversation`: what was said, written out as a file, and whether a file says what was said."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import msgspec
import typer

from rescind.clock import wall_clock
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, fail, ngettext, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.conversations import written_out
from rescind.core.conversation import Side
from rescind.core.errors import NotFound
from rescind.core.ids import OrderId
from rescind.core.scope import Scope
from rescind.core.transcript import Transcript, altered, complete
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="What buyer, seller and platform said to each other.")
_EVERYBODY = Scope()


@app.command()
def export(
    conversation: Annotated[str, typer.Argument(help="Its id, or that of the order it is about.")],
    reader: Annotated[Side, typer.Option(help="As whom to read it: what is not for them is left out.")] = "platform",
    file: Annotated[Path | None, typer.Option(help="Where to write it; without it, to standard output.")] = None,
    data: Data = None,
) -> None:
    """Write a conversation as JSON, with a hash of each message and of all of them."""
    if file is not None and file.exists():
        fail(_("%(file)s is there already; an export does not write over anything.") % {"file": file})

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Transcript:
        reads = Reads(pool, secret(settings))
        try:
            if conversation.startswith("ord_"):
                order = (await reads.order(_EVERYBODY, conversation)).order.id
                found = await reads.thread_of(_EVERYBODY, reader, OrderId(order))
            else:
                found = await reads.thread(_EVERYBODY, reader, conversation)
        except NotFound:
            found = None
        if found is None:
            fail(
                _("There is no conversation %(conversation)s in which anything is for the %(reader)s.")
                % {"conversation": conversation, "reader": reader}
            )
        return await written_out(reads, _EVERYBODY, reader, found, wall_clock())

    written = msgspec.json.format(msgspec.json.encode(run(with_pool(read_settings(data=data), work))), indent=2) + b"\n"
    if file is None:
        sys.stdout.buffer.write(written)
    else:
        file.write_bytes(written)


@app.command()
def check(file: Annotated[Path, typer.Argument(help="A transcript that was exported.", exists=True)]) -> None:
    """Check a transcript by itself: each text and translation by its hash, all of them by theirs.

    Exit status 1: it was changed.
    """
    try:
        told = msgspec.json.decode(file.read_bytes(), type=Transcript)
    except msgspec.DecodeError:
        fail(_("%(file)s is no transcript.") % {"file": file})
    changed = altered(told)
    for one in changed:
        say(_("%(one)s is not as it was sent.") % {"one": one})
    whole = complete(told)
    if not whole:
        say(_("The digest is of other messages."))
    if changed or not whole:
        raise typer.Exit(1)
    count = len(told.messages)
    said = ngettext("%(num)s message, as it was sent.", "%(num)s messages, each as it was sent.", count)
    say(said % {"num": count})
