"""``rescind shop``: the shops of the marketplace, which its first order needs."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.access.people import COMMAND_LINE
from rescind.clock import DatabaseClock, wall_clock
from rescind.commands.installation import named, require_market, shop_called, with_pool
from rescind.commands.speaking import _, columns, fail, must_be, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.automation import AutomationRequired
from rescind.core.errors import InvalidField, InvalidText
from rescind.core.ids import ShopId
from rescind.core.shop_fit import Fit
from rescind.core.shop_settings import range_of, read, written
from rescind.drafting import Drafting
from rescind.postgres.policies import PolicyTable
from rescind.postgres.reads import Reads
from rescind.postgres.shop_versions import ShopVersions
from rescind.secret_keys import secret
from rescind.settings import Settings
from rescind.shops import NewShop, ShopChange, Shops

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="The shops of the marketplace.")


_Email = Annotated[str | None, typer.Option(help="Where buyers write to it.")]
_Phone = Annotated[str | None, typer.Option(help="Where buyers call it, with its country's prefix.")]
_Trader = Annotated[str | None, typer.Option(help="The person or company behind it, by its legal name.")]
_Address = Annotated[str | None, typer.Option(help="Its postal address.")]
_Register = Annotated[str | None, typer.Option(help="Trade register and number.")]


@app.command("add")
def add_shop(
    name: Annotated[str, typer.Argument(help="What buyers know the shop by.")],
    policy: Annotated[str, typer.Option(help="Policy that its orders are bought under.")] = "base",
    zone: Annotated[str, typer.Option(help="Its time zone, such as Europe/London.")] = "UTC",
    window: Annotated[str | None, typer.Option(help="Its own cancellation window, such as 24h.")] = None,
    email: _Email = None,
    phone: _Phone = None,
    trader: _Trader = None,
    address: _Address = None,
    register: _Register = None,
    data: Data = None,
) -> None:
    """Add a shop and print its id."""
    require_market(policy, zone)
    wanted = NewShop(
        name=named(name),
        policy=policy,
        zone=zone,
        contact=_contact(email, phone, trader, address, register),
        settings={"window": window} if window else {},
    )

    async def work(shops: Shops, _reads: Reads) -> ShopId:
        return await shops.add(wanted, COMMAND_LINE.who, COMMAND_LINE.name)

    out.print(_kept(data, work))


@app.command("change")
def change_shop(
    shop: Annotated[str, typer.Argument(help="The shop, by its id or its exact name.")],
    name: Annotated[str | None, typer.Option(help="What buyers know the shop by.")] = None,
    policy: Annotated[str | None, typer.Option(help="Policy that its orders are bought under from now on.")] = None,
    zone: Annotated[str | None, typer.Option(help="Its time zone, such as Europe/London.")] = None,
    email: _Email = None,
    phone: _Phone = None,
    trader: _Trader = None,
    address: _Address = None,
    register: _Register = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask when choices of the shop fall away.")] = False,
    data: Data = None,
) -> None:
    """Say something else of a shop; what is not named stays, and an empty text is taken away.

    Orders placed before keep the policy they were bought under. What the shop has chosen and another policy has no room
    for falls away with it, and is shown before.
    """
    require_market(policy, zone)
    change = ShopChange(
        name=None if name is None else named(name),
        policy=policy,
        zone=zone,
        contact=_contact(email, phone, trader, address, register),
    )

    async def work(shops: Shops, reads: Reads) -> None:
        owner = await shop_called(reads, shop)
        if policy is not None and policy != owner.preset:
            _agree(await shops.fit(owner.id, policy), policy, yes=yes)
        await shops.change(owner.id, change, COMMAND_LINE.who, COMMAND_LINE.name)

    _kept(data, work)
    say(_("Changed."))


def _agree(fit: Fit, policy: str, *, yes: bool) -> None:
    """Show what falls away under another policy, and go on if that is meant."""
    if fit.whole:
        return
    say(_("%(policy)s has no room for these choices of the shop; they fall away:") % {"policy": policy})
    for name, value in fit.lost_settings.items():
        say(f"  {name} = {written(value)}")
    for one in fit.lost_rules:
        say("  " + _("Automatic approval: %(rules)s") % {"rules": one.name})
    if not yes:
        if not sys.stdin.isatty():
            fail(_("Nothing was changed. Say it with --yes, if that is meant."))
        typer.confirm(_("Change it?"), abort=True)


def _contact(
    email: str | None, phone: str | None, trader: str | None, address: str | None, register: str | None
) -> dict[str, str]:
    given = {"email": email, "phone": phone, "trader": trader, "address": address, "register": register}
    return {kind: text for kind, text in given.items() if text is not None}


def _kept(data: Path | None, work: Callable[[Shops, Reads], Awaitable[T]]) -> T:
    """Add or change a shop; ends the command for what cannot be."""

    async def on(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        reads = Reads(pool, secret(settings))
        try:
            return await work(Shops(pool, Drafting(pool, reads), ShopVersions(pool, DatabaseClock())), reads)
        except (InvalidField, InvalidText) as error:
            fail(must_be(error, str(error.params["field"]).rpartition("/")[2]))

    return run(with_pool(read_settings(data=data), on))


@app.command("list")
def list_shops(data: Data = None) -> None:
    """Print every shop with its id and policy."""

    async def work(pool: asyncpg.Pool[Any], settings: Settings) -> Table:
        table = columns(_("shop"), _("name"), _("policy"), _("time zone"))
        for shop in await Reads(pool, secret(settings)).shops():
            table.add_row(shop.id, shop.name, shop.preset, shop.zone)
        return table

    out.print(run(with_pool(read_settings(data=data), work)))


@app.command("set")
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
