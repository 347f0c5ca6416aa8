"""Shops and keys from the command line: what a host marketplace needs before its first order."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind import zones
from rescind.access import Access
from rescind.clock import DatabaseClock, wall_clock
from rescind.core.automation import AutomationRequired
from rescind.core.errors import InvalidField, InvalidText, NotFound
from rescind.core.ids import ShopId, canonical
from rescind.core.scopes import scopes
from rescind.core.sentence import why
from rescind.core.shop_settings import range_of, read, written
from rescind.core.views import ShopView
from rescind.drafting import Drafting
from rescind.intake.text import label
from rescind.people import COMMAND_LINE
from rescind.policies import preset, presets
from rescind.postgres import embedded
from rescind.postgres.directory import Directory, new_shop
from rescind.postgres.embedded import EmbeddedServer, ensure_database
from rescind.postgres.migrate import migrate
from rescind.postgres.policies import PolicyTable
from rescind.postgres.reads import Reads
from rescind.postgres.shop_versions import ShopVersions
from rescind.postgres.store import connect
from rescind.settings import Settings, secret
from rescind.speaking import _, columns, expected, fail, language, must_be, out, say
from rescind.terminal import Data, read_settings, run

T = TypeVar("T")
Role = Literal["host", "seller", "buyer", "support", "operator"]

shops = typer.Typer(no_args_is_help=True, help="The shops of the marketplace.")
keys = typer.Typer(no_args_is_help=True, help="Keys for programs.")
_MARK = re.compile(r"[0-9a-f]{16}")


@shops.command("add")
def add_shop(
    name: Annotated[str, typer.Argument(help="What buyers know the shop by.")],
    policy: Annotated[str, typer.Option(help="Preset that its orders are bought under.")] = "base",
    zone: Annotated[str, typer.Option(help="Its time zone, such as Europe/London.")] = "UTC",
    window: Annotated[str | None, typer.Option(help="Its own cancellation window, such as 24h.")] = None,
    email: Annotated[str, typer.Option(help="Where buyers write to it.")] = "",
    phone: Annotated[str, typer.Option(help="Where buyers call it.")] = "",
    trader: Annotated[str, typer.Option(help="The person or company behind it, by its legal name.")] = "",
    address: Annotated[str, typer.Option(help="Its postal address.")] = "",
    register: Annotated[str, typer.Option(help="Trade register and number.")] = "",
    data: Data = None,
) -> None:
    """Add a shop and print its id."""
    name = _named(name)
    if policy not in presets():
        fail(
            _("There is no preset %(policy)s. There are: %(these)s.")
            % {"policy": policy, "these": ", ".join(presets())}
        )
    if zone not in zones.known():
        fail(_("%(zone)s is no time zone; write one like Europe/London.") % {"zone": zone})
    chosen: dict[str, bool | int | str] = {"window": window} if window else {}
    given = {"email": email, "phone": phone, "trader": trader, "address": address, "register": register}
    contact = {kind: text for kind, text in given.items() if text}
    made = new_shop()

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> None:
        await PolicyTable(pool).publish(preset(policy))
        # What operators have put in force since the release is what its orders are bought under.
        live = await Drafting(pool, Reads(pool, secret(settings))).live(policy) or preset(policy)
        try:
            live.check_settings(chosen)
        except ValueError as error:
            fail(f"{language().told(why(error))}.")
        await Directory(pool).put_shop(
            made, name=name, preset_hash=live.hash, settings=chosen, zone=zone, contact=contact
        )

    run(with_pool(read_settings(data=data), work))
    out.print(made)


@shops.command("list")
def list_shops(data: Data = None) -> None:
    """Print every shop with its id and policy."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Table:
        table = Table(_("shop"), _("name"), _("policy"), _("time zone"))
        for shop in await Reads(pool, secret(settings)).shops():
            table.add_row(shop.id, shop.name, shop.preset, shop.zone)
        return table

    out.print(run(with_pool(read_settings(data=data), work)))


@shops.command("set")
def set_shop(
    shop: Annotated[str, typer.Argument(help="The shop, by its id or its exact name.")],
    values: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME=VALUE]...", help="What to choose; nothing shows what there is.")
    ] = None,
    data: Data = None,
) -> None:
    """Choose some of the values that a shop's preset offers, for orders placed from now on."""
    given = [one.partition("=") for one in values or ()]
    for name, equals, _value in given:
        if not equals:
            fail(_("%(name)s is no NAME=VALUE; write one like window=24h.") % {"name": name})

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Table:
        owner = await shop_called(Reads(pool, secret(settings)), shop)
        policy = await PolicyTable(pool).by_hash(owner.preset_hash)
        assert policy is not None, "a shop's preset is published before the shop is"
        versions = ShopVersions(pool, DatabaseClock())
        try:
            chosen = {name: read(policy, name, text) for name, _, text in given}
            choices = (
                await versions.put_settings(owner.id, chosen, policy, "operator:command line")
                if chosen
                else await versions.choices(owner.id)
            )
        except InvalidField as error:
            name = str(error.params["field"]).removeprefix("/")
            fail(must_be(error, name or _("name")))
        except AutomationRequired as error:
            fail(
                _("The platform has switched %(setting)s on until %(until)s.")
                % {
                    "setting": error.params["setting"],
                    "until": error.params["until"],
                }
            )
        preset_values = policy.at(wall_clock()).values
        table = columns(_("value"), _("chosen"), _("usual"), _("choices"), _("source"))
        for one in policy.tunable:
            usual = preset_values[one.name]
            now = choices.settings.get(one.name, usual)
            table.add_row(one.name, written(now), written(usual), range_of(one), " ".join(one.cites))
        return table

    out.print(run(with_pool(read_settings(data=data), work)))


@keys.command("new")
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
    name = _named(name)
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
        access = Access(pool, secret(settings), "")
        return await access.issue_key(
            role,
            name,
            name=name,
            shop_id=seller,
            buyer_id=buyer,
            lifetime=timedelta(days=days),
            scopes=allowed,
            made_by=COMMAND_LINE.who,
            mandated=mandated,
        )

    say(run(with_pool(read_settings(data=data), work)))


@keys.command("list")
def list_keys(data: Data = None) -> None:
    """Print every key by its mark, with who holds it, until when, and when it was last used; never the key itself."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Table:
        table = columns(
            _("mark"), _("role"), _("name"), _("for"), _("may"), _("made"), _("by"), _("ends"), _("last used")
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


@keys.command("link")
def sign_in_link(
    role: Annotated[Literal["seller", "support", "operator"], typer.Argument(help="As what they sign in.")],
    name: Annotated[str, typer.Argument(help="Who it is; events name them, and two links of one name are one person.")],
    base_url: Annotated[str | None, typer.Option(help="Address under which people reach Rescind.")] = None,
    shop: Annotated[str | None, typer.Option(help="A seller's shop, by its id or its exact name.")] = None,
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="Minutes until it is used.")] = 15,
    data: Data = None,
) -> None:
    """Print a link that signs a person in, once: how staff come to their pages without the marketplace's backend."""
    name = _named(name)
    if (role == "seller") != (shop is not None):
        fail(_("A seller's link names its --shop; other links name none."))
    settings = read_settings(data=data, base_url=base_url)
    if not settings.base_url:
        fail(_("Say the address people reach Rescind at: --base-url, or RESCIND_BASE_URL."))

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> str:
        seller = (await shop_called(Reads(pool, secret(settings)), shop)).id if shop else None
        access = Access(pool, secret(settings), settings.base_url or "")
        return await access.issue_link(role, name, name=name, shop_id=seller, lifetime=timedelta(minutes=minutes))

    say(run(with_pool(settings, work)))


@keys.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="The key itself, or its mark from `rescind key list`.")],
    data: Data = None,
) -> None:
    """End a key now, also for whoever is using it."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> bool:
        access = Access(pool, secret(settings), "")
        return await (access.revoke_key(key) if _MARK.fullmatch(key) else access.revoke(key))

    if not run(with_pool(read_settings(data=data), work)):
        fail(_("No such key is in force."))
    say(_("Revoked."))


async def shop_called(reads: Reads, called: str) -> ShopView:
    """The shop of this id, else of exactly this name; ends the command when there is none, or more than one."""
    try:
        return await reads.shop(ShopId(canonical("shp", called)))
    except NotFound:
        found = [one for one in await reads.shops() if one.name == called]
    if not found:
        fail(_("There is no shop %(identifier)s; see: rescind shop list") % {"identifier": called})
    if len(found) > 1:
        which = ", ".join(one.id for one in found)
        fail(_("Several shops are called %(name)s; say which by its id: %(ids)s") % {"name": called, "ids": which})
    return found[0]


async def with_pool(settings: Settings, work: Callable[[asyncpg.Pool[Any], Settings], Awaitable[T]]) -> T:
    """Do something with the database, beside the program that serves from it or without one."""
    if settings.database_url:
        return await _connected(settings.database_url, settings, work)
    server = await asyncio.to_thread(EmbeddedServer.start, settings, share=True)
    try:
        await ensure_database(server.dsn(embedded.SUPERUSER, "postgres"))
        await migrate(server.dsn(embedded.OWNER))
        return await _connected(server.dsn(embedded.APP), settings, work)
    finally:
        await asyncio.to_thread(server.stop)


async def _connected(dsn: str, settings: Settings, work: Callable[[asyncpg.Pool[Any], Settings], Awaitable[T]]) -> T:
    pool = await connect(dsn, size=2)
    try:
        return await work(pool, settings)
    finally:
        await pool.close()


def _named(name: str) -> str:
    """A name that people can see."""
    try:
        return label(name, field="name", blank=False)
    except InvalidText as error:
        fail(must_be(error, _("name")))
