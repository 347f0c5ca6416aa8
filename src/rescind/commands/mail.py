"""`rescind mail`: what waits and what became of the rest, a test of the server, and sending once more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal, TypeVar

import asyncpg
import typer
from rich.table import Table

from rescind.clock import DatabaseClock, wall_clock
from rescind.commands.installation import with_pool
from rescind.commands.speaking import _, columns, fail, must_be, out, refuses_mail, say
from rescind.commands.terminal import Data, read_settings, run
from rescind.core.errors import AddressBounces, InvalidField, NoMailServer, NotFound
from rescind.core.mail import MailStatus
from rescind.locales import locale
from rescind.mail.post import Post
from rescind.postgres.mail_server import MailServerTable
from rescind.postgres.mails import MailTable
from rescind.secret_keys import secret
from rescind.settings import Settings
from rescind.web.letters import letter_of_test

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Mail that goes out.")
_Status = Literal["waiting", "taken", "refused", "failed", "in_doubt", "dropped"]


@app.command("list")
def list_mails(
    status: Annotated[_Status | None, typer.Option(help="Those of one status; without it, all.")] = None,
    data: Data = None,
) -> None:
    """Print the last hundred mails, newest first, with the server's last answer to each."""

    async def work(post: Post) -> Table:
        table = columns(_("mail"), _("status"), _("to"), _("about"), _("asked"), _("by"), _("tries"), _("answer"))
        for one in await post.table.latest(MailStatus(status) if status else None):
            answer = " ".join(part for part in (one.place, str(one.code or ""), one.said) if part)
            about = one.document or one.endpoint or one.kind
            table.add_row(
                *(one.id, one.status.value, one.masked, about, f"{one.asked_at:%Y-%m-%d %H:%M}"),
                *(one.asked_by.partition(":")[0], str(one.tries), answer),
            )
        return table

    out.print(_with(data, work))


@app.command("test")
def send_test(
    address: Annotated[str, typer.Argument(help="Where the test goes.")],
    language: Annotated[Literal["en", "zh"], typer.Option(help="In which language.")] = "en",
    data: Data = None,
) -> None:
    """Hand a test to the mail server now and print its own answer. Exit status 1: it did not take it."""

    async def work(post: Post) -> tuple[bool, str]:
        letter = letter_of_test(locale(language), wall_clock())
        answer = await post.test(address, letter)
        words = " ".join(part for part in (str(answer.code or ""), answer.said) if part)
        return answer.how == "taken", f"{answer.how} ({answer.place}): {words}" if words else answer.how

    taken, said = _with(data, work)
    say(said)
    if not taken:
        raise typer.Exit(1)


@app.command("retry")
def retry_mail(
    mail: Annotated[str, typer.Argument(help="Its id, as of: rescind mail list")],
    data: Data = None,
) -> None:
    """Send once more what was refused, given up or is in doubt."""

    async def work(post: Post) -> bool:
        return await post.table.again(mail)

    if not _with(data, work):
        fail(_("%(mail)s is neither refused nor given up nor in doubt, or its address is forgotten.") % {"mail": mail})
    say(_("It is sent once more."))


def _with(data: Any, work: Callable[[Post], Awaitable[T]]) -> T:
    async def posted(pool: asyncpg.Pool[Any], settings: Settings) -> T:
        post = Post(MailTable(pool, DatabaseClock()), MailServerTable(pool), settings, secret(settings))
        try:
            return await work(post)
        except InvalidField as error:
            fail(must_be(error))
        except NoMailServer:
            fail(_("No mail server is set up: on the operator's page of mail, or by RESCIND_MAIL_HOST."))
        except NotFound:
            fail(_("There is no such mail; see: rescind mail list"))
        except AddressBounces as error:
            fail(refuses_mail(error))
        finally:
            post.close()

    return run(with_pool(read_settings(data=data), posted))
