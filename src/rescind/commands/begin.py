"""`rescind init`: an empty marketplace from the command line, asked for what was not said."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import asyncpg
import typer

from rescind.access.credentials import Access
from rescind.beginning import Beginning, Begun, Wanted, markets
from rescind.commands.installation import require_market, with_pool
from rescind.commands.people import people_on
from rescind.commands.speaking import _, fail, language, must_be, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import AddressBounces, InvalidField, InvalidText, NotFound
from rescind.mail.address import wire
from rescind.policies import preset, presets
from rescind.secret_keys import secret
from rescind.settings import Settings


def init(
    name: Annotated[str | None, typer.Option(help="What you are called; you become the first operator.")] = None,
    email: Annotated[str | None, typer.Option(help="Your e-mail address; you sign in with it.")] = None,
    shop: Annotated[str | None, typer.Option(help="What buyers know the first shop by.")] = None,
    policy: Annotated[str | None, typer.Option(help="Policy that its orders are bought under.")] = None,
    zone: Annotated[str | None, typer.Option(help="Its time zone, such as Europe/London.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address under which people reach Rescind.")] = None,
    data: Data = None,
) -> None:
    """Begin an empty marketplace: its first operator, its first shop, its first key. What is not said is asked for."""
    spoken = language()
    who, address = _asked(name, _("Your name")), _asked(email, _("E-mail address"))
    called = _asked(shop, _("Name of the first shop"))
    if policy is None and sys.stdin.isatty():
        for market, words in markets(spoken):
            say(f"  {market:<14}{words}")
    chosen = _asked(policy, _("Policy"), "base")
    where = _asked(zone, _("Time zone"), preset(chosen).zone if chosen in presets() else "UTC")
    wanted = Wanted(name=who, email=address, shop=called, preset=chosen, zone=where, language=spoken.tag)
    # Before anything is made: what is wrong leaves no folder behind.
    require_market(chosen, where)
    _require_address(address)
    settings = read_settings(data=data, base_url=base_url)
    begun = run(with_pool(settings, lambda pool, chosen: _begin(pool, chosen, wanted), new=True))
    for words in (
        f"{_('Shop')}: {begun.shop}",
        f"{_('Key')}: {begun.key}",
        _("With this key your marketplace's own program places orders."),
        _("It is shown this once and is good for 365 days; another can be made at any time."),
        "",
        _("Start it with %(command)s, then choose how you sign in:") % {"command": _serve(data)},
        begun.join,
    ):
        say(words)


def _require_address(address: str) -> None:
    try:
        wire(address, field="/email")
    except InvalidField as error:
        fail(must_be(error))


def _serve(data: Path | None) -> str:
    """What starts this very installation: a folder that was named here has to be named again."""
    return "rescind serve" if data is None else f"rescind serve --data {shlex.quote(str(data))}"


def _asked(given: str | None, question: str, usual: str | None = None) -> str:
    if given is not None:
        return given
    if not sys.stdin.isatty():
        if usual is not None:
            return usual
        fail(
            _("Say it as an option, or run this in a terminal: %(question)s. See: rescind init --help")
            % {"question": question}
        )
    answer: str = typer.prompt(question, default=usual)
    return answer


async def _begin(pool: asyncpg.Pool[Any], settings: Settings, wanted: Wanted) -> Begun:
    key = secret(settings)
    base_url = settings.base_url or f"http://{settings.host}:{settings.port}"
    try:
        with people_on(pool, settings, base_url) as people:
            return await Beginning(pool, people, Access(pool, key, base_url), key, base_url).begin(wanted)
    except (InvalidField, InvalidText) as error:
        fail(must_be(error))
    except AddressBounces:
        fail(_("Mail to this address comes back."))
    except NotFound:
        fail(
            _("There is a marketplace in %(data)s already; name another folder with --data.") % {"data": settings.data}
        )
