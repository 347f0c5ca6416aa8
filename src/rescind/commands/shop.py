"""``rescind shop``: the shops of the marketplace, which its first order needs."""

from __future__ import annotations

from typing import Annotated, Any

import asyncpg
import typer
from rich.table import Table

from rescind import zones
from rescind.clock import DatabaseClock, wall_clock
from rescind.commands.installation import named, shop_called, with_pool
from rescind.commands.speaking import _, columns, fail, language, must_be, out
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.automation import AutomationRequired
from rescind.core.errors import InvalidField
from rescind.core.sentence import why
from rescind.core.shop_settings import range_of, read, written
from rescind.drafting import Drafting
from rescind.policies import preset, presets
from rescind.postgres.directory import Directory, new_shop
from rescind.postgres.policies import PolicyTable
from rescind.postgres.reads import Reads
from rescind.postgres.shop_versions import ShopVersions
from rescind.secret_keys import secret
from rescind.settings import Settings

app = typer.Typer(no_args_is_help=True, help="The shops of the marketplace.")


@app.command("add")
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
    name = named(name)
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
