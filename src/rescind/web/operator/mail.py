"""Outgoing mail: the server it is handed to, a test of it, the outbox, and addresses that refuse it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, get_args

from litestar import get, post
from litestar.params import FromPath

from rescind.core.documents import DocumentKind
from rescind.core.errors import AddressBounces, InvalidField, InvalidText, NoMailServer, Unavailable
from rescind.core.mail import AGAIN, Answer, Mail, MailStatus
from rescind.locales import Locale
from rescind.mail.post import NewServer, ServerView
from rescind.mail.security import PORTS, Security
from rescind.postgres.hold import held
from rescind.web.document import title
from rescind.web.letters import letter_of_test
from rescind.web.operator.console import MAIL, told
from rescind.web.rendering import address
from rescind.web.seller.console import Console, Fields, Here, Notice
from rescind.web.session import Html

_SHOWN = 25


@get("/mail")
async def read(console: Here) -> Html:
    """The server without its password, what waits, and what came of the rest."""
    return await _page(console)


@post("/mail/server", status_code=200)
async def set_up(console: Here) -> Html:
    """Hand mail to this server from now on."""
    form = await console.form()
    port = form.text("port")
    new = NewServer(
        host=form.text("host"),
        security=form.text("security"),
        sender=form.text("sender"),
        port=None if not port else int(port) if port.isascii() and port.isdigit() and len(port) < 6 else 0,
        user=form.text("user"),
        password=form.values.get("password", ""),
        name=form.text("name"),
    )
    try:
        await console.desk.post.set_up(new, f"operator:{console.person.id}")
    except (InvalidField, InvalidText) as wrong:
        return await _page(console, form=form, errors=_wrong(console.language, wrong), status=422)
    except Unavailable:
        errors = {"password": console.language.gettext("The password that is kept cannot be opened. Type it again.")}
        return await _page(console, form=form, errors=errors, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return console.go(f"{MAIL}?said=mail_set_up")


@post("/mail/server/remove", status_code=200)
async def remove(console: Here) -> Html:
    """Hand mail to nobody any more."""
    await console.form()
    await console.desk.post.remove()
    return console.go(f"{MAIL}?said=mail_removed")


@post("/mail/test", status_code=200)
async def test(console: Here) -> Html:
    """Send a test now, and say what the server said."""
    form = await console.form()
    _ = console.language.gettext
    letter = letter_of_test(console.language, console.now)
    try:
        answer = await console.desk.post.test(form.text("address"), letter)
    except InvalidField as wrong:
        return await _page(console, form=form, errors=_wrong(console.language, wrong), status=422)
    except NoMailServer:
        return await _page(console, errors={"host": _("Set up a server first.")}, status=HTTPStatus.CONFLICT)
    except Unavailable:
        errors = {"password": _("The password that is kept cannot be opened. Type it again.")}
        return await _page(console, errors=errors, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return await _page(console, form=form, tested=answer)


@post("/mail/{mail:str}/again", status_code=200)
async def again(console: Here, mail: FromPath[str]) -> Html:
    """Send a mail once more that was refused, given up or is in doubt."""
    await console.form()
    try:
        done = await console.desk.post.table.again(mail)
    except AddressBounces as error:
        return await _page(console, notice=console.problem(error), status=HTTPStatus.CONFLICT)
    return console.go(address(MAIL, said="mail_again" if done else None))


@post("/mail/bounces/lift", status_code=200)
async def lift(console: Here) -> Html:
    """Let mail be sent to an address again."""
    form = await console.form()
    await console.desk.post.table.lift(form.text("bounced"))
    return console.go(f"{MAIL}?said=mail_lifted")


ROUTES = (read, set_up, remove, test, again, lift)


async def _page(
    console: Console,
    *,
    form: Fields | None = None,
    errors: dict[str, str] | None = None,
    notice: Notice | None = None,
    tested: Answer | None = None,
    status: int = HTTPStatus.OK,
) -> Html:
    desk, language = console.desk, console.language
    post, wanted = desk.post, console.query("status")
    server = await post.view()
    counts = await post.table.counts()
    tab = MailStatus(wanted) if wanted in set(MailStatus) else None
    before = console.query("before")
    # One more than is shown tells whether there are older ones.
    found = await post.table.latest(tab, _SHOWN + 1, before)
    mails = found[:_SHOWN]
    here = address(MAIL, status=tab.value if tab else None)
    called = await desk.documents.table.called(one.document for one in mails if one.document)
    return console.page(
        "operator/mail.html",
        status=status,
        here=MAIL,
        notice=notice or told(console),
        errors=errors or {},
        values={**(_values(server) | (dict(form.values) if form else {})), "password": ""},
        server=server,
        waiting=counts.get(MailStatus.WAITING, 0),
        hold=await held(desk.pool),
        tabs=_tabs(language, counts, tab),
        rows=[_row(language, one, called.get(one.document)) for one in mails],
        newest=here if before else "",
        older=address(here, before=mails[-1].id) if len(found) > _SHOWN else "",
        bounces=[{"id": str(place), "one": one} for place, one in enumerate(await post.table.bounces())],
        securities=[(one, language.term("mail.security", one)) for one in get_args(Security)],
        ports=PORTS,
        tested=tested,
        tested_place=language.term("mail.place", tested.place) if tested and tested.place else "",
    )


def _values(server: ServerView | None) -> dict[str, str]:
    if server is None or server.source == "environment":
        return {"host": "", "port": "", "security": "starttls", "user": "", "sender": "", "name": "", "address": ""}
    return {
        "host": server.host,
        "port": str(server.port),
        "security": server.security,
        "user": server.user,
        "sender": server.sender,
        "name": server.name,
        "address": "",
    }


def _wrong(language: Locale, wrong: InvalidField | InvalidText) -> dict[str, str]:
    field = str(wrong.params["field"]).strip("/")
    said = language.expected(str(wrong.params["expected"]))
    return {field: language.gettext("Write %(expected)s.") % {"expected": said}}


def _tabs(language: Locale, counts: dict[MailStatus, int], tab: MailStatus | None) -> list[dict[str, Any]]:
    every = {"href": MAIL, "label": language.gettext("All"), "count": sum(counts.values()), "current": tab is None}
    return [
        every,
        *(
            {
                "href": address(MAIL, status=one.value),
                "label": language.term("mail", one.value),
                "count": counts.get(one, 0),
                "current": tab is one,
            }
            for one in MailStatus
        ),
    ]


def _row(language: Locale, one: Mail, called: tuple[DocumentKind, str] | None) -> dict[str, Any]:
    place = language.term("mail.place", one.place) if one.place and one.place != "content" else ""
    words = " ".join(part for part in (str(one.code) if one.code else "", one.said) if part)
    return {
        "id": one.id,
        "one": one,
        "what": _what(language, one, called),
        "href": _href(one),
        "by": language.term("actor", one.asked_by.partition(":")[0]),
        "place": place,
        "words": words,
        "again": one.status in AGAIN and bool(one.address),
    }


def _what(language: Locale, one: Mail, called: tuple[DocumentKind, str] | None) -> str:
    return f"{title(language, called[0])} {called[1]}" if called else language.term("mail.kind", one.kind)


def _href(one: Mail) -> str:
    """Where what it is about can be seen; empty where it is about nothing that has a page."""
    if one.endpoint:
        return f"/operator/webhooks/{one.endpoint}"
    if one.document:
        return f"/documents/{one.document}"
    return f"/support/orders/{one.order}" if one.order else ""
