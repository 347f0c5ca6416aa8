"""`rescind people`: who works here, inviting and removing them, and a new beginning for who has lost their way in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from typing import Annotated, Any, Literal, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.access.credentials import Access
from rescind.access.people import COMMAND_LINE, Invited, People, Wanted
from rescind.clock import DatabaseClock
from rescind.commands.installation import shop_called, with_pool
from rescind.commands.speaking import _, columns, fail, must_be, ngettext, out, refuses_mail, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import AddressBounces, InvalidField, InvalidText, LastOperator, NotFound
from rescind.core.staff import Rights, StaffRole
from rescind.mail.address import wire
from rescind.mail.post import Post
from rescind.postgres.accounts import AccountTable
from rescind.postgres.mail_server import MailServerTable
from rescind.postgres.mails import MailTable
from rescind.postgres.reads import Reads
from rescind.postgres.staff_links import StaffLinkTable
from rescind.secret_keys import secret
from rescind.settings import Settings

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="People who work here.")
_Email = Annotated[str, typer.Argument(help="The e-mail address of their account.")]
_Role = Annotated[StaffRole, typer.Argument(help="As what.")]
_Shop = Annotated[str | None, typer.Option(help="A seller's shop, by its id or its exact name.")]
_BaseUrl = Annotated[str | None, typer.Option(help="Address under which people reach Rescind.")]


@app.command("invite")
def invite(
    role: _Role,
    name: Annotated[str, typer.Argument(help="What they are called.")],
    email: Annotated[str, typer.Argument(help="Where the invitation goes.")],
    shop: _Shop = None,
    rights: Annotated[Rights, typer.Option(help="What a seller may do: manage the shop, or answer only.")] = "manage",
    language: Annotated[Literal["en", "zh"], typer.Option(help="Of the mail.")] = "en",
    base_url: _BaseUrl = None,
    data: Data = None,
) -> None:
    """Invite somebody and print the link, which works once, for 7 days. A mail brings it too."""

    async def work(people: People) -> Invited:
        of = await _shop_of(people, shop)
        wanted = Wanted(email=email, name=name, role=role, shop=of, rights=rights, language=language)
        return await people.invite(COMMAND_LINE, wanted)

    _print(_with(data, work, base_url=base_url, links=True))


@app.command("list")
def list_people(data: Data = None) -> None:
    """Print who works here, as what, by what they sign in, and when they last did; and who is invited."""

    async def work(people: People) -> Table:
        table = columns(
            _("name"), _("e-mail"), _("as"), _("rights"), _("signs in with"), _("last signed in"), whole=(1,)
        )
        for one in await people.all(COMMAND_LINE):
            ways = (
                ngettext("%(num)s passkey", "%(num)s passkeys", one.passkeys) % {"num": one.passkeys}
                if one.passkeys
                else "",
                _("password and app") if one.app else "",
                _("identity provider") if one.identity else "",
            )
            used = f"{one.used_at:%Y-%m-%d %H:%M}" if one.used_at else _("not yet")
            rights = one.rights if one.shop else ""
            table.add_row(one.name, one.email, one.grant.code, rights, ", ".join(filter(None, ways)), used)
        for link in await people.waiting(COMMAND_LINE):
            rights = link.rights if link.shop else ""
            table.add_row(
                link.name,
                link.email,
                link.grant.code,
                rights,
                "",
                _("invited until %(day)s") % {"day": f"{link.expires_at:%Y-%m-%d}"},
            )
        return table

    out.print(_with(data, work))


@app.command("remove")
def remove(email: _Email, role: _Role, shop: _Shop = None, data: Data = None) -> None:
    """End what somebody does here, and their sessions with it, at once."""

    async def work(people: People) -> None:
        await people.remove(COMMAND_LINE, await _known(people, email), role, await _shop_of(people, shop))

    _with(data, work)
    say(_("Removed."))


@app.command("begin-anew")
def begin_anew(email: _Email, base_url: _BaseUrl = None, data: Data = None) -> None:
    """Forget what somebody signs in with, who has lost it, and print a link that lets them choose anew."""

    async def work(people: People) -> Invited:
        return await people.begin_anew(COMMAND_LINE, await _known(people, email))

    _print(_with(data, work, base_url=base_url, links=True))


@app.command("acts")
def list_acts(data: Data = None) -> None:
    """Print who did what to people, sessions and keys, the latest first."""

    async def work(people: People) -> Table:
        table = columns(_("at"), _("what"), _("whom"), _("as"), _("by"))
        for one in await people.acts(COMMAND_LINE):
            about = ":".join(part for part in (one.role, one.shop) if part)
            table.add_row(f"{one.at:%Y-%m-%d %H:%M}", one.act, one.whom, about, one.by_name)
        return table

    out.print(_with(data, work))


def _print(invited: Invited) -> None:
    say(invited.address)
    if not invited.mailed:
        say(_("No mail server is set up; give them the link yourself."))


async def _shop_of(people: People, called: str | None) -> str | None:
    return (await shop_called(people.reads, called)).id if called else None


async def _known(people: People, email: str) -> str:
    person = await people.table.by_email(wire(email).lower())
    if person is None:
        raise NotFound(kind="person")
    return person.id


@contextmanager
def people_on(pool: asyncpg.Pool[Any], settings: Settings, base_url: str) -> Generator[People]:
    """Those who work here, for a command. base_url: where links lead."""
    key = secret(settings)
    post = Post(MailTable(pool, DatabaseClock()), MailServerTable(pool), settings, key)
    access = Access(pool, key, base_url)
    try:
        yield People(AccountTable(pool), StaffLinkTable(pool), access, post, Reads(pool, key), key, base_url)
    finally:
        post.close()


def _with(data: Any, work: Callable[[People], Awaitable[T]], *, base_url: str | None = None, links: bool = False) -> T:
    settings = read_settings(data=data, base_url=base_url)
    if links and not settings.base_url:
        fail(_("Say the address people reach Rescind at: --base-url, or RESCIND_BASE_URL."))

    async def opened(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        try:
            with people_on(pool, settings, settings.base_url or "") as people:
                return await work(people)
        except (InvalidField, InvalidText) as error:
            fail(must_be(error))
        except NotFound:
            fail(_("There is no such person in that role."))
        except LastOperator:
            fail(_("It is the last operator; invite another one first."))
        except AddressBounces as error:
            fail(refuses_mail(error))

    return run(with_pool(settings, opened))
