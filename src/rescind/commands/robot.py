"""Group robots from the command line: how each is, and trying one."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.clock import DatabaseClock
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, columns, fail, language, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import NotFound, RateLimited
from rescind.core.ids import ShopId
from rescind.core.scope import Scope
from rescind.postgres.notice_people import NoticePeople
from rescind.postgres.reads import Reads
from rescind.postgres.robot_messages import RobotMessages
from rescind.postgres.robots import RobotTable
from rescind.robots import Robots
from rescind.secret_keys import secret
from rescind.settings import Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Robots that tell group chats what happened.")
_EVERYTHING = Scope()


@app.command("list")
def list_robots(data: Data = None) -> None:
    """Print every group robot, whose it is, what its group hears, and how it is."""

    async def work(robots: Robots, _reads: Reads) -> Table:
        table = columns(_("robot"), _("shop"), _("kind"), _("address"), _("hears"), _("state"), _("last"), whole=(0, 1))
        for one in await robots.all(_EVERYTHING):
            last = f"{one.last_at:%Y-%m-%d %H:%M} {one.last_fault or 'taken'}" if one.last_at else ""
            state = "failing" if one.state == "on" and one.failing_since else one.state
            table.add_row(one.id, one.shop, one.kind, one.shown, ", ".join(one.topics) or _("everything"), state, last)
        return table

    out.print(_with(data, work))


@app.command("test")
def try_robot(
    robot: Annotated[str, typer.Argument(help="The robot's id, from `rescind robot list`.")], data: Data = None
) -> None:
    """Say a test in the group now, and print what the robot answered."""

    async def work(robots: Robots, reads: Reads) -> str:
        one = await robots.find(_EVERYTHING, robot)
        shop = await reads.shop(ShopId(one.shop))
        key = secrets.token_hex(16)
        found = await robots.test(_EVERYTHING, robot, shop.name, "", by="operator:command line", key=key)
        if found.last_fault:
            fail(f"{language().term('robot_fault', found.last_fault)} {found.last_said}".strip())
        return f"{_('Taken.')} {found.last_said}"

    say(_with(data, work))


def _with(data: Any, work: Callable[[Robots, Reads], Awaitable[T]]) -> T:
    async def opened(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        clock, key = DatabaseClock(), secret(settings)
        table = RobotTable(pool, clock)
        robots = Robots(
            table, RobotMessages(pool, table, clock), NoticePeople(pool, clock), key, settings.egress, clock
        )
        try:
            return await work(robots, Reads(pool, key))
        except NotFound:
            fail(_("There is no such robot; see: rescind robot list"))
        except RateLimited as busy:
            fail(
                _("The robot takes no more messages at the moment; try again in %(retry_after)s s.")
                % {"retry_after": busy.params["retry_after"]}
            )

    return run(with_pool(read_settings(data=data), opened))
