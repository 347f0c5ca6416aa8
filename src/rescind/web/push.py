"""Messages on this device: a browser is told while no page is open, once somebody wants it to."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from rescind.access.browsers import device
from rescind.core.errors import InvalidField, NotFound, RateLimited, Unavailable
from rescind.core.notice import GROUPS, REQUIRED, How, how
from rescind.inbox import reader
from rescind.locales import Locale
from rescind.notices import PUSH
from rescind.postgres.credentials import Role
from rescind.web.notice_settings import group_words
from rescind.web.operator.console import operator_console
from rescind.web.rendering import STATIC
from rescind.web.seller.console import Comes, Console, seller_console
from rescind.web.session import Call, Html, Visit
from rescind.web.support.find import support_console

HOME = "/push"
_CONSOLES: Mapping[Role, Callable[[Visit], Awaitable[Console]]] = {
    "seller": seller_console,
    "support": support_console,
    "operator": operator_console,
}
"""What stands around the page for people who work here."""
_ID = re.compile(r"psh_[0-9a-hjkmnp-tv-z]{22}", re.ASCII)


@get(HOME)
async def read(visit: Comes) -> Html:
    """Whether this browser is told, with a button; and the person's other browsers."""
    return await _page(visit)


@post(HOME, status_code=200)
async def subscribe(visit: Comes) -> Html:
    """Tell this browser from now on. The form is filled in by the page's script, once the browser has agreed."""
    person = visit.require("buyer", "seller", "support", "operator")
    form = await visit.form()
    try:
        await visit.desk.pushing.subscribe(
            person,
            form.get("endpoint", ""),
            form.get("point", ""),
            form.get("auth", ""),
            browser=device(visit.request.headers.get("user-agent", "")),
            language=visit.locale.tag,
        )
    except (InvalidField, RateLimited):
        return await _page(visit, failed=True, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return visit.go(f"{HOME}?said=on")


@post(HOME + "/choices", status_code=200)
async def choose(visit: Comes) -> Html:
    """Of what the browsers are told."""
    visit.require("buyer", "seller", "support", "operator")
    form = await visit.form()
    role, _party = reader(visit.person)
    before = await visit.desk.inbox.preferences(visit.person)
    ways: dict[str, How] = {
        group: "at_once" if form.get(f"on_{group}") else "off" for group in GROUPS[role] if group not in REQUIRED[role]
    }
    chosen = msgspec.structs.replace(before, choices={**before.choices, PUSH: ways})
    await visit.desk.inbox.choose(visit.person, chosen)
    return visit.go(f"{HOME}?said=chosen")


@post(HOME + "/{subscription:str}/remove", status_code=200)
async def remove(visit: Comes, subscription: FromPath[str]) -> Html:
    """Tell one of the person's browsers nothing more."""
    person = visit.require("buyer", "seller", "support", "operator")
    await visit.form()
    if not _ID.fullmatch(subscription):
        raise NotFound(kind="subscription")
    await visit.desk.pushing.remove(person, subscription)
    return visit.go(f"{HOME}?said=off")


@get("/service-worker.js", sync_to_thread=False)
def service_worker(request: Call) -> Response[bytes]:  # noqa: ARG001 - everybody gets the same
    """The script that a browser runs when a message comes. At the root, so that it may speak for every page."""
    body = (STATIC / "service-worker.js").read_bytes()
    # Asked for anew each time: an old one would go on for as long as it is kept.
    return Response(body, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


ROUTES = (read, subscribe, choose, remove, service_worker)


async def _page(visit: Visit, *, failed: bool = False, status: int = HTTPStatus.OK) -> Html:
    person = visit.require("buyer", "seller", "support", "operator")
    _ = visit.locale.gettext
    try:
        key = await visit.desk.pushing.public_key()
    except Unavailable:
        key = ""
    said = {
        "on": _("This browser is told from now on."),
        "chosen": _("Saved. It holds for what happens from now on."),
        "off": _("Switched off. That browser is told nothing more."),
    }
    role, _party = reader(person)
    chosen = (await visit.desk.inbox.preferences(person)).choices
    around = _CONSOLES.get(person.role)
    console = await around(visit) if around else None
    shop = person.shop_id
    return visit.page(
        "push/page.html",
        status=status,
        zone=console.zone if console else "UTC",
        nav=console.nav if console else None,
        here=HOME,
        key=key,
        failed=failed,
        hearing=await visit.desk.inbox.people.hearing(shop) if shop else None,
        said=said.get(visit.query("said"), ""),
        groups=[
            {
                "id": group,
                "name": group_words(visit.locale, role, group)[0],
                "on": how(role, PUSH, group, chosen) != "off",
                "required": group in REQUIRED[role],
            }
            for group in GROUPS[role]
        ],
        rows=[
            {"id": one.id, "one": one, "came": _came(visit.locale, one.last_fault) if one.last_at else ""}
            for one in await visit.desk.pushing.of(person)
        ],
    )


def _came(language: Locale, fault: str) -> str:
    return language.term("webhook_fault", fault) if fault else language.gettext("Taken")
