"""Mandates from the command line: what programs may do for people, giving one, and ending one at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.access.mandating import Mandates, WantedMandate
from rescind.access.people import COMMAND_LINE
from rescind.clock import wall_clock
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, columns, expected, fail, language, must_be, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import InvalidField, InvalidText, MandateStands, NotFound
from rescind.core.instant import Instant
from rescind.core.mandate import LONGEST, MOST_ACTS, ProgramAct
from rescind.core.money import Money
from rescind.postgres.accounts import AccountTable
from rescind.postgres.mandates import MandateTable, MandateView
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="What programs may do for people.")


@app.command("list")
def list_mandates(data: Data = None) -> None:
    """Print every mandate: for which program, what it may do, up to which amounts, until when, and what was used."""

    async def work(mandates: Mandates) -> Table:
        now = wall_clock()
        table = columns(
            *(
                _("mandate"),
                _("program"),
                _("may"),
                _("for"),
                _("each"),
                _("a day"),
                _("used today"),
                _("acts today"),
                _("until"),
                _("acts"),
                _("by"),
            )
        )
        for one in await mandates.all(now):
            allowed = one.bounds

            def money(minor: int, currency: str = allowed.currency) -> str:
                return language().money(Money(minor, currency))

            table.add_row(
                one.id,
                one.program,
                " ".join(allowed.acts),
                _for_whom(one),
                money(allowed.each_minor),
                money(allowed.a_day_minor),
                money(one.held.used(now.date())),
                _acts_today(one, now),
                f"{allowed.until:%Y-%m-%d %H:%M}" if one.holds(now) else _("ended"),
                str(one.held.acts),
                one.made_by_name,
            )
        return table

    out.print(_with(data, work))


@app.command("acts")
def list_acts(
    mandate: Annotated[str, typer.Argument(help="The mandate's id, from `rescind mandate list`.")],
    after: Annotated[int | None, typer.Option(help="Those before the last one that was printed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="So many.")] = 100,
    data: Data = None,
) -> None:
    """Print what was done under a mandate, the last first, also of one that has ended."""

    async def work(mandates: Mandates) -> tuple[Table, int | None]:
        try:
            found = (await mandates.one(mandate, wall_clock())).id
        except NotFound:
            fail(_("There is no mandate %(mandate)s; see: rescind mandate list") % {"mandate": mandate})
        acts, rest = await mandates.acts(found, after, limit)
        table = columns(_("time"), _("order"), _("number"), _("shop"), _("act"), _("worth"), _("counted"))
        for one in acts:
            money = (language().money(amount) for amount in (one.worth, one.counted))
            table.add_row(f"{one.at:%Y-%m-%d %H:%M}", one.order, one.number, one.shop, one.act, *money)
        return table, rest

    table, rest = _with(data, work)
    out.print(table)
    if rest is not None:
        say(_("There is more: --after %(after)s") % {"after": rest})


@app.command("give")
def give_mandate(
    key: Annotated[str, typer.Argument(help="The mark of the key, from `rescind key list`.")],
    because: Annotated[str, typer.Argument(help="Why; whoever looks at it later reads this.")],
    may: Annotated[list[ProgramAct], typer.Option(help="What it may do; again for more.")],
    each: Annotated[str, typer.Option(help="The most one act is about, such as 25.00.")],
    a_day: Annotated[str, typer.Option(help="The most of one day (UTC).")],
    currency: Annotated[str, typer.Option(help="Of both amounts, such as EUR.")],
    acts_a_day: Annotated[
        int | None, typer.Option(min=1, max=MOST_ACTS, help="The most acts of one day; without it any number.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=LONGEST.days, help="Days it holds.")] = 30,
    shop: Annotated[list[str] | None, typer.Option(help="For this shop alone; again for more.")] = None,
    buyer: Annotated[str, typer.Option(help="For this buyer's orders alone, by the host's id.")] = "",
    data: Data = None,
) -> None:
    """Let the program of a key that acts under mandates alone do so much, and print the mandate's id."""
    try:
        wanted = WantedMandate(
            key=key,
            acts=may,
            shops=shop or (),
            buyer=buyer,
            currency=currency,
            each_minor=Money.parse(each, currency).minor,
            a_day_minor=Money.parse(a_day, currency).minor,
            acts_a_day=acts_a_day,
            until=wall_clock() + timedelta(days=days),
            because=because,
        )
    except InvalidField as error:
        fail(_("An amount must be %(expected)s.") % {"expected": expected(error)})

    async def work(mandates: Mandates) -> str:
        try:
            return (await mandates.make(COMMAND_LINE, wanted, wall_clock())).id
        except (InvalidField, InvalidText) as error:
            fail(must_be(error, _("daily amount") if error.params["field"] == "/a_day" else ""))
        except NotFound:
            fail(_("No key in force of this mark acts under mandates alone; see: rescind key new --mandated"))
        except MandateStands as error:
            fail(_("The key has a mandate; end it first: rescind mandate end %(mandate)s") % error.params)

    out.print(_with(data, work))


@app.command("end")
def end_mandate(
    mandate: Annotated[str, typer.Argument(help="The mandate's id, from `rescind mandate list`.")], data: Data = None
) -> None:
    """End a mandate now, also for whoever is using it."""

    async def work(mandates: Mandates) -> None:
        try:
            await mandates.end(COMMAND_LINE, mandate, wall_clock())
        except NotFound:
            fail(_("There is no mandate %(mandate)s; see: rescind mandate list") % {"mandate": mandate})

    _with(data, work)
    say(_("Ended."))


def _for_whom(one: MandateView) -> str:
    allowed = one.bounds
    buyer = [_("buyer %(id)s") % {"id": allowed.buyer}] if allowed.buyer else []
    return " ".join((*allowed.shops, *buyer)) or one.shop or one.key_buyer or _("all")


def _acts_today(one: MandateView, now: Instant) -> str:
    made, most = one.held.made(now.date()), one.bounds.acts_a_day
    return str(made) if most is None else _("%(count)s of %(most)s") % {"count": made, "most": most}


def _with(data: Data, work: Callable[[Mandates], Awaitable[T]]) -> T:
    async def opened(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        return await work(Mandates(MandateTable(pool), AccountTable(pool), Reads(pool, secret(settings))))

    return run(with_pool(read_settings(data=data), opened))
