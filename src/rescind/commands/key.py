"""``rescind key``: keys for programs, and links by which staff sign in."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

import asyncpg
import typer
from rich.table import Table

from rescind.access.credentials import Access, token_hash
from rescind.access.keys import Keys, NewKey
from rescind.access.people import COMMAND_LINE
from rescind.commands.installation import named, shop_called, with_pool
from rescind.commands.speaking import _, columns, expected, fail, must_be, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import InvalidField
from rescind.core.scopes import scopes
from rescind.postgres.accounts import AccountTable
from rescind.postgres.credentials import MARK_BYTES
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

Role = Literal["host", "seller", "buyer", "support", "operator"]

app = typer.Typer(no_args_is_help=True, help="Keys for programs.")
_MARK = re.compile(r"[0-9a-f]{16}")


@app.command("new")
def new_key(
    role: Annotated[Role, typer.Argument(help="What it may do.")],
    name: Annotated[str, typer.Argument(help="Which program it is for; events name it.")],
    shop: Annotated[str | None, typer.Option(help="A seller's shop, by its id or its exact name.")] = None,
    buyer: Annotated[str | None, typer.Option(help="The host's id of a buyer.")] = None,
    days: Annotated[int, typer.Option(min=1, max=3660, help="Days it is good for.")] = 365,
    may: Annotated[
        list[str] | None, typer.Option(help="What it may do alone, such as orders:read; without it, all its role may.")
    ] = None,
    mandated: Annotated[
        bool, typer.Option("--mandated", help="For a program that acts for people: it does so under a mandate alone.")
    ] = False,
    data: Data = None,
) -> None:
    """Make a key and print it. It is shown this once; the database keeps its hash."""
    name = named(name)
    if (role == "seller") != (shop is not None):
        fail(_("A seller's key names its --shop; other keys name none."))
    if (role == "buyer") != (buyer is not None):
        fail(_("A buyer's key names its --buyer; other keys name none."))
    try:
        allowed = scopes(may or ())
    except InvalidField as error:
        fail(_("What it may do must be %(expected)s.") % {"expected": expected(error)})

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> str:
        seller = (await shop_called(Reads(pool, secret(settings)), shop)).id if shop else None
        new = NewKey(
            role=role,
            name=name,
            shop=seller,
            buyer=buyer,
            lifetime=timedelta(days=days),
            scopes=allowed,
            mandated=mandated,
        )
        try:
            return await _keys(pool, settings).make(COMMAND_LINE, new)
        except InvalidField as error:
            fail(must_be(error, _("name")))

    say(run(with_pool(read_settings(data=data), work)))


@app.command("list")
def list_keys(data: Data = None) -> None:
    """Print every key by its mark, with who holds it, until when, and when it was last used; never the key itself."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Table:
        table = columns(
            _("mark"),
            _("role"),
            _("name"),
            _("for"),
            _("may"),
            _("made"),
            _("by"),
            _("ends"),
            _("last used"),
            whole=(0, 3),
        )
        for one in await Access(pool, secret(settings), "").keys():
            ended = one.revoked_at or one.expires_at
            end = f"{ended:%Y-%m-%d}" if ended else ""
            table.add_row(
                one.mark,
                one.role,
                one.principal,
                one.shop_id or one.buyer_id or "",
                (" ".join(one.scopes) or _("all")) + (_(", under a mandate") if one.mandated else ""),
                f"{one.created_at:%Y-%m-%d}",
                one.made_by.partition(":")[2],
                end
                if one.in_force
                else (_("revoked %(day)s") if one.revoked_at else _("ended %(day)s")) % {"day": end},
                str(one.used_on) if one.used_on else _("not yet"),
            )
        return table

    out.print(run(with_pool(read_settings(data=data), work)))


@app.command("link")
def sign_in_link(
    role: Annotated[Literal["seller", "support", "operator"], typer.Argument(help="As what they sign in.")],
    name: Annotated[str, typer.Argument(help="Who it is; events name them, and two links of one name are one person.")],
    base_url: Annotated[str | None, typer.Option(help="Address under which people reach Rescind.")] = None,
    shop: Annotated[str | None, typer.Option(help="A seller's shop, by its id or its exact name.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="Minutes until it is used.")] = 15,
    data: Data = None,
) -> None:
    """Print a link that signs a person in, once: how staff come to their pages without the marketplace's backend."""
    name = named(name)
    if (role == "seller") != (shop is not None):
        fail(_("A seller's link names its --shop; other links name none."))
    settings = read_settings(data=data, base_url=base_url)
    if not settings.base_url:
        fail(_("Say the address people reach Rescind at: --base-url, or RESCIND_BASE_URL."))

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> str:
        seller = (await shop_called(Reads(pool, secret(settings)), shop)).id if shop else None
        access = Access(pool, secret(settings), settings.base_url or "")
        try:
            await _keys(pool, settings).require_person(name)
        except InvalidField as error:
            fail(must_be(error, _("name")))
        return await access.issue_link(role, name, name=name, shop_id=seller, lifetime=timedelta(minutes=minutes))

    say(run(with_pool(settings, work)))


@app.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key itself, or its mark from `rescind key list`.")],
    data: Data = None,
) -> None:
    """End a key now, also for whoever is using it."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> bool:
        mark = key if _MARK.fullmatch(key) else token_hash(key)[:MARK_BYTES].hex()
        return await _keys(pool, settings).end(COMMAND_LINE, mark)

    if not run(with_pool(read_settings(data=data), work)):
        fail(_("No such key is in force."))
    say(_("Revoked."))


def _keys(pool: asyncpg.Pool[Any], settings: Settings) -> Keys:
    return Keys(Access(pool, secret(settings), ""), AccountTable(pool))
