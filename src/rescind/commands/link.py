"""`rescind link` and `rescind link-secret`: a link for one buyer, and what the marketplace signs links with itself."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Annotated, Any

import asyncpg
import typer
from rich.table import Table

from rescind.access.credentials import Access
from rescind.access.links import Links
from rescind.access.people import COMMAND_LINE
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, columns, fail, must_be, ngettext, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import InvalidField, InvalidText, NotFound, SecretsFull
from rescind.core.handover import Handover, destination
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

link_secrets = typer.Typer(no_args_is_help=True, help="Secrets under which the marketplace signs links itself.")


def link(
    buyer: Annotated[str, typer.Argument(help="The marketplace's id of the buyer.")],
    order: Annotated[str, typer.Option(help="One order, by its id here or its number; it is all they see.")] = "",
    shop: Annotated[str, typer.Option(help="Whose order it is, by its id, where several shops have the number.")] = "",
    to: Annotated[str, typer.Option(help="orders, or of one order: order, cancel, conversation or fragment.")] = "",
    lang: Annotated[str, typer.Option(help="What they read: en or zh.")] = "",
    return_to: Annotated[str, typer.Option(help="The page of the marketplace to come back to.")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="Minutes it is good for.")] = 15,
    base_url: Annotated[str | None, typer.Option(help="Address under which people reach Rescind.")] = None,
    data: Data = None,
) -> None:
    """Print a link that signs one buyer in, once: what POST /v1/links makes for the marketplace."""
    settings = read_settings(data=data, base_url=base_url)
    if not settings.base_url:
        fail(_("Say the address people reach Rescind at: --base-url, or RESCIND_BASE_URL."))

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> str:
        try:
            leads = destination(to or ("order" if order else "orders"), field="/to")
            said = Handover(buyer=buyer, order=order, shop=shop, to=leads, language=lang, back_to=return_to)
            key = secrets.token_hex(16)
            return (await _links(pool, settings).make(said, timedelta(minutes=minutes), COMMAND_LINE.who, key)).url
        except NotFound:
            fail(_("%(buyer)s has no order %(order)s.") % {"buyer": buyer, "order": order})
        except (InvalidField, InvalidText) as error:
            named = {"/return_to": _("return address"), "/to": _("place it leads to")}
            fail(must_be(error, named.get(str(error.params["field"]), "")))

    say(run(with_pool(settings, work)))


def sign_out(
    buyer: Annotated[str, typer.Argument(help="The marketplace's id of the buyer.")], data: Data = None
) -> None:
    """End every session and open link of one buyer, at once."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> int:
        try:
            return await _links(pool, settings).end_of(buyer, COMMAND_LINE.who, COMMAND_LINE.name)
        except (InvalidField, InvalidText) as error:
            fail(must_be(error))

    ended = run(with_pool(read_settings(data=data), work))
    say(ngettext("%(num)s session or link ended.", "%(num)s sessions and links ended.", ended) % {"num": ended})


@link_secrets.command("new")
def new_secret(data: Data = None) -> None:
    """Make a secret and print it, once. Two may be in force, so that servers change over one by one."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> str:
        try:
            return (await _links(pool, settings).secrets.make(COMMAND_LINE, secrets.token_hex(16))).text
        except SecretsFull as full:
            fail(_("%(limit)s are in force already; end one first: rescind link-secret end ID") % full.params)

    say(run(with_pool(read_settings(data=data), work)))


@link_secrets.command("list")
def list_secrets(data: Data = None) -> None:
    """Print every secret with who made it and when it was last used; never the secret itself."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Table:
        table = columns(_("id"), _("made"), _("by"), _("last used"), _("state"))
        for one in await _links(pool, settings).secrets.all():
            table.add_row(
                one.id,
                f"{one.made_at:%Y-%m-%d}",
                one.made_by.partition(":")[2],
                f"{one.used_at:%Y-%m-%d}" if one.used_at else _("not yet"),
                _("ended %(day)s") % {"day": f"{one.ended_at:%Y-%m-%d}"} if one.ended_at else _("in force"),
            )
        return table

    out.print(run(with_pool(read_settings(data=data), work)))


@link_secrets.command("end")
def end_secret(identifier: Annotated[str, typer.Argument(help="Its id.")], data: Data = None) -> None:
    """Let a secret count no more, also for links that are out already."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> None:
        try:
            await _links(pool, settings).secrets.end(COMMAND_LINE, identifier)
        except NotFound:
            fail(_("There is no secret %(secret)s; see: rescind link-secret list") % {"secret": identifier})

    run(with_pool(read_settings(data=data), work))
    say(_("Ended."))


def _links(pool: asyncpg.Pool[Any], settings: Settings) -> Links:
    key = secret(settings)
    return Links.over(pool, Access(pool, key, settings.base_url or ""), Reads(pool, key), settings, key)
