"""`rescind notice`: which shops nobody can tell anything, and what their silence means."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import asyncpg
import typer

from rescind.clock import DatabaseClock
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, columns, ngettext, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.views import UnreachedShop
from rescind.postgres.notice_people import NoticePeople, Silence
from rescind.postgres.paging import MOST
from rescind.postgres.reads.unreached import UnreachedShops
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="Whom notices reach.")


@app.command("unreached")
def list_unreached(data: Data = None) -> None:
    """List the shops without a verified address, a hundred at most, and how many of their requests wait since when."""

    async def work(pool: asyncpg.Pool[Any], _settings: Settings) -> tuple[UnreachedShop, ...]:
        # Only the first page is read, so no cursor of it is ever opened.
        return (await UnreachedShops(pool, b"").unreached_shops(limit=MOST)).rows

    found = run(with_pool(read_settings(data=data), work))
    table = columns(_("shop"), _("name"), _("requests"), _("since (UTC)"))
    for one in found:
        table.add_row(one.id, one.name, str(one.waiting), f"{one.since:%Y-%m-%d %H:%M}" if one.since else "")
    out.print(table if found else _("Every shop has a verified address."))


@app.command("silence")
def silence(
    means: Annotated[
        Literal["platform", "decides"] | None,
        typer.Argument(help="platform: it goes to the platform; decides: it is an answer in any case."),
    ] = None,
    data: Data = None,
) -> None:
    """Print what the silence of a shop without a verified address means, or say it, for requests from now on."""

    async def work(pool: asyncpg.Pool[Any], _settings: Settings) -> Silence:
        people = NoticePeople(pool, DatabaseClock())
        if means is not None:
            await people.want(means == "platform")
        return await people.silence()

    found = run(with_pool(read_settings(data=data), work))
    say(
        _("Silence of a shop without a verified address goes to the platform.")
        if found.wanted
        else _("Silence of a shop without a verified address decides.")
    )
    shops = ngettext("%(num)s shop is like that.", "%(num)s shops are like that.", found.unreached)
    say(shops % {"num": found.unreached})
