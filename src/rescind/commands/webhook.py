"""Webhook endpoints from the command line: who is told what happened, what became of it, and sending again."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.clock import DatabaseClock
from rescind.commands.installation import shop_called, with_pool
from rescind.commands.speaking import _, columns, fail, must_be, out, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import EndpointsFull, InvalidField, InvalidText, InvalidTransition, NotFound
from rescind.core.scope import Scope
from rescind.endpoints import Choice, Endpoints
from rescind.intake.fields import moment
from rescind.postgres.deliveries import Delivery, DeliveryTable, State
from rescind.postgres.endpoints import EndpointTable
from rescind.postgres.reads import Reads
from rescind.secret_keys import secret
from rescind.settings import Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Other systems that are told what happened.")
_BY = "operator:command line"
_EVERYTHING = Scope()
_Id = Annotated[str, typer.Argument(help="The endpoint's id, from `rescind webhook list`.")]


@app.command("list")
def list_endpoints(data: Data = None) -> None:
    """Print every endpoint, whose it is, what it hears, and how it is."""

    async def work(endpoints: Endpoints) -> Table:
        table = columns(_("endpoint"), _("shop"), _("address"), _("hears"), _("state"), _("since"), whole=(0, 1))
        for one in await endpoints.all(_EVERYTHING):
            since = one.stopped_at or one.failing_since
            state = "failing" if one.state == "on" and one.failing_since else one.state
            table.add_row(
                one.id,
                one.shop or _("the marketplace"),
                one.url,
                ", ".join(one.events) or _("everything"),
                state,
                f"{since:%Y-%m-%d %H:%M}" if since else "",
            )
        return table

    out.print(_with(data, work))


@app.command("add")
def add_endpoint(
    url: Annotated[str, typer.Argument(help="Its address, by https.")],
    event: Annotated[
        list[str] | None, typer.Option(help="What it hears, such as refund.* or refund.owed; again for more.")
    ] = None,
    shop: Annotated[
        str | None, typer.Option(help="The shop whose it is, by its id or its exact name; none: the marketplace's own.")
    ] = None,
    about: Annotated[str, typer.Option(help="What it is for.")] = "",
    asymmetric: Annotated[bool, typer.Option("--asymmetric", help="Sign for a public key too (v1a).")] = False,
    data: Data = None,
) -> None:
    """Make an endpoint. Prints its id, and its secret this once."""

    async def work(endpoints: Endpoints, pool: asyncpg.Pool[Any], settings: Settings) -> tuple[str, str]:
        owner = (await shop_called(Reads(pool, secret(settings)), shop)).id if shop else None
        made = await endpoints.create(
            _EVERYTHING,
            owner,
            url,
            about=about,
            events=event or (),
            by=_BY,
            key=secrets.token_hex(16),
            asymmetric=asymmetric,
        )
        return made.endpoint.id, made.secret

    for line in _with_pool(data, work):
        say(line)


@app.command("set")
def set_endpoint(
    endpoint: _Id,
    state: Annotated[str | None, typer.Option(help="on or paused.")] = None,
    url: Annotated[str | None, typer.Option(help="Another address.")] = None,
    event: Annotated[list[str] | None, typer.Option(help="What it hears from now on; again for more.")] = None,
    asymmetric: Annotated[
        bool | None, typer.Option("--asymmetric/--symmetric", help="Sign for a public key too (v1a), or not any more.")
    ] = None,
    data: Data = None,
) -> None:
    """Change an endpoint: pause it, switch it on again, send elsewhere, or send something else."""
    choices: dict[str | None, Choice | None] = {None: None, "on": "on", "paused": "paused"}
    if state not in choices:
        fail(_("An endpoint is on or paused."))

    async def work(endpoints: Endpoints) -> str:
        one = await endpoints.change(
            _EVERYTHING, endpoint, _BY, url=url, events=event, state=choices[state], asymmetric=asymmetric
        )
        return _("%(endpoint)s: %(state)s, %(events)s to %(url)s") % {
            "endpoint": one.id,
            "state": one.state,
            "events": ", ".join(one.events) or _("everything"),
            "url": one.url,
        }

    say(_with(data, work))


@app.command("rotate")
def rotate_secret(endpoint: _Id, data: Data = None) -> None:
    """Give an endpoint a new secret and print it, this once. The one before signs beside it for a day."""

    async def work(endpoints: Endpoints) -> str:
        return (await endpoints.rotate(_EVERYTHING, endpoint, _BY, secrets.token_hex(16))).secret

    say(_with(data, work))


@app.command("public-key")
def show_public_key(endpoint: _Id, data: Data = None) -> None:
    """Print what verifies the v1a signatures of an endpoint's messages, the present key first."""

    async def work(endpoints: Endpoints) -> list[str]:
        keys = await endpoints.public_keys(_EVERYTHING, endpoint)
        return [
            one.key + (f"  {_('until %(when)s') % {'when': f'{one.until:%Y-%m-%d %H:%M}'}}" if one.until else "")
            for one in keys
        ]

    found = _with(data, work)
    if not found:
        fail(_("Its messages carry no such signature; see: rescind webhook set --asymmetric"))
    for line in found:
        say(line)


@app.command("test")
def send_test(endpoint: _Id, data: Data = None) -> None:
    """Let the worker send a test; what comes of it is in `rescind webhook log`."""

    async def work(endpoints: Endpoints) -> str:
        return (await endpoints.test(_EVERYTHING, endpoint, _BY, secrets.token_hex(16))).event

    say(_with(data, work))


@app.command("remove")
def remove_endpoint(endpoint: _Id, data: Data = None) -> None:
    """Send nothing there any more."""

    async def work(endpoints: Endpoints) -> str:
        await endpoints.remove(_EVERYTHING, endpoint, _BY)
        return _("Removed.")

    out.print(_with(data, work))


@app.command("log")
def show_log(
    endpoint: _Id,
    state: Annotated[str | None, typer.Option(help="Only waiting, delivered, failed or missed.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many, the newest first.")] = 20,
    data: Data = None,
) -> None:
    """Print the latest messages to an endpoint with their last attempt."""
    states: dict[str | None, State | None] = {
        None: None,
        "waiting": "waiting",
        "delivered": "delivered",
        "failed": "failed",
        "missed": "missed",
    }
    if state not in states:
        fail(_("A message is waiting, delivered, failed or missed."))

    async def work(endpoints: Endpoints) -> Table:
        table = columns(_("event"), _("kind"), _("made"), _("state"), _("sent"), _("last attempt"))
        for one in await endpoints.log(_EVERYTHING, endpoint, states[state], limit=limit):
            made = f"{one.made_at:%Y-%m-%d %H:%M:%S}"
            table.add_row(one.event, one.type, made, one.state, str(one.sent), _last(one))
        return table

    out.print(_with(data, work))


@app.command("replay")
def replay(
    endpoint: _Id,
    event: Annotated[str | None, typer.Option(help="One message, by its event.")] = None,
    since: Annotated[
        str | None, typer.Option(help="All that failed or was missed since a time, such as 2026-05-01T00:00Z.")
    ] = None,
    data: Data = None,
) -> None:
    """Send one message again, or all that failed or was missed since a time."""
    if (event is None) == (since is None):
        fail(_("Say which: --event or --since."))
    at = _moment(since) if since else None

    async def work(endpoints: Endpoints) -> int:
        if at:
            return await endpoints.all_again(_EVERYTHING, endpoint, at)
        await endpoints.again(_EVERYTHING, endpoint, event or "")
        return 1

    say(_("Sent again: %(count)s") % {"count": _with(data, work)})


def _last(one: Delivery) -> str:
    if not one.attempts:
        return ""
    last = one.attempts[0]
    return f"{last.status or last.fault}, {last.ms} ms"


def _moment(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
        if at.tzinfo is None:
            fail(_("A time needs its offset, such as 2026-05-01T00:00Z."))
        return moment(at, field="since")
    except (ValueError, InvalidField):
        fail(_("Write a time such as 2026-05-01T00:00Z."))


def _with(data: Any, work: Callable[[Endpoints], Awaitable[T]]) -> T:
    return _with_pool(data, lambda endpoints, _pool, _settings: work(endpoints))


def _with_pool(data: Any, work: Callable[[Endpoints, asyncpg.Pool[Any], Settings], Awaitable[T]]) -> T:
    async def opened(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        clock = DatabaseClock()
        endpoints = Endpoints(
            EndpointTable(pool, clock), DeliveryTable(pool, clock), secret(settings), settings.egress, clock
        )
        try:
            return await work(endpoints, pool, settings)
        except (InvalidField, InvalidText) as error:
            fail(must_be(error))
        except EndpointsFull as error:
            fail(_("There are %(limit)s endpoints already; remove one first.") % {"limit": error.params["limit"]})
        except InvalidTransition as error:
            fail(
                _("The endpoint is %(current_state)s; see: rescind webhook set --state on")
                % {"current_state": error.params["current_state"]}
            )
        except NotFound:
            fail(_("There is no such endpoint or message; see: rescind webhook list, rescind webhook log"))

    return run(with_pool(read_settings(data=data), opened))
