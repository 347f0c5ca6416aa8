"""Buyers come in: by a link of the marketplace, whose page or whose signature says who they are and what they want."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, cast

import structlog
from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from rescind.access.links import FAULTS, Entered, Links
from rescind.access.principal import Principal
from rescind.access.request import Whence, whence
from rescind.core.errors import InvalidField, InvalidText, LinkAltered, NotFound, RescindError
from rescind.core.handover import origin
from rescind.locales import LANGUAGE_NAMES, locale
from rescind.postgres.credentials import Credential
from rescind.web import session
from rescind.web.rendering import Link
from rescind.web.session import Html, Visit, speak

log = structlog.get_logger()

ENTER: Final = "/enter"
_Here = NamedDependency[Visit]
_Look = Callable[[], Awaitable[Credential]]
_Enter = Callable[[Whence, Principal | None], Awaitable[Entered]]
_ADDRESSED: Mapping[str, str] = {"return_to": "return"}
"""What a link calls in an address what the API calls otherwise."""


@get(ENTER + "/{token:str}")
async def by_link(visit: _Here, token: FromPath[str]) -> Html:
    """A short link: straight in from the marketplace's own page, and otherwise once it was agreed to."""
    return await _come(visit, *_short(visit.desk.links, token))


@post(ENTER + "/{token:str}", status_code=HTTPStatus.SEE_OTHER)
async def agree(visit: _Here, token: FromPath[str]) -> Html:
    """Sign in by it."""
    return await _agreed(visit, *_short(visit.desk.links, token))


@get(ENTER)
async def by_signature(visit: _Here) -> Html:
    """A link that the marketplace signed itself."""
    return await _come(visit, *_signed(visit.desk.links, visit.request))


@post(ENTER, status_code=HTTPStatus.SEE_OTHER)
async def agree_to_signed(visit: _Here) -> Html:
    """Sign in by it."""
    return await _agreed(visit, *_signed(visit.desk.links, visit.request))


ROUTES = (by_link, agree, by_signature, agree_to_signed)


def _short(links: Links, token: str) -> tuple[_Look, _Enter]:
    return lambda: links.look(token), lambda came, who: links.enter(token, came, who)


def _signed(links: Links, request: Request[Any, Any, Any]) -> tuple[_Look, _Enter]:
    # The switch of languages puts its own beside what was signed.
    query = {name: cast("str", value) for name, value in request.query_params.items() if name != "lang"}
    return lambda: links.look_at_signed(query), lambda came, who: links.enter_signed(query, came, who)


async def _come(visit: Visit, look: _Look, enter: _Enter) -> Html:
    """Somebody follows a link: in at once, or asked."""
    try:
        found = await look()
        if not _straight(visit):
            return _ask(visit, found)
        return await _enter(visit, enter)
    except FAULTS as fault:
        return _over(visit, fault)
    except (InvalidField, InvalidText, NotFound) as fault:
        return _wrong(visit, fault)


async def _agreed(visit: Visit, look: _Look, enter: _Enter) -> Html:
    """Somebody was asked, and goes on."""
    visit.desk.access.require_same_site(visit.request)
    try:
        await look()
        return await _enter(visit, enter)
    except FAULTS as fault:
        return _over(visit, fault)
    except (InvalidField, InvalidText, NotFound) as fault:
        return _wrong(visit, fault)


def _straight(visit: Visit) -> bool:
    """Whether somebody clicked on a page of the marketplace, so that nothing has to be asked.

    A mail scanner that follows links, a browser that fetches ahead and a page of somebody else's do not use a link up;
    nor is anybody who works here signed out of that by one.
    """
    headers = visit.request.headers
    clicked = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
    ahead = "sec-purpose" in headers or "purpose" in headers
    known = origin(headers.get("referer", "")) in visit.desk.links.sites
    mine = visit.principal is None or visit.principal.role == "buyer"
    return clicked and known and not ahead and mine and not visit.query("lang")


def _ask(visit: Visit, found: Credential) -> Html:
    if found.language and not visit.query("lang"):
        visit.locale = locale(found.language)
    return visit.page("buyer/enter.html", live=False, guest=found, action=visit.here, busy=_works_here(visit))


def _works_here(visit: Visit) -> str:
    """What somebody is called who is signed in as one of those who work here; empty for anybody else."""
    who = visit.principal
    return (who.name or who.id) if who is not None and who.role != "buyer" else ""


async def _enter(visit: Visit, enter: _Enter) -> Html:
    """In, in a session of its own; the one before ends with it, unless it shows this and more."""
    entered = await enter(whence(visit.request), visit.principal)
    if entered.session:
        await visit.desk.access.sign_out(visit.request)
        response = session.enter(visit, entered.session, entered.person, entered.path)
    else:
        response = visit.go(entered.path)
    chosen = visit.query("lang")
    if language := chosen if chosen in LANGUAGE_NAMES else entered.language:
        speak(visit, response, language)
    return response


def _over(visit: Visit, fault: RescindError) -> Html:
    """A link that leads nowhere, or not any more: why, and the two ways on."""
    status = HTTPStatus.FORBIDDEN if isinstance(fault, LinkAltered) else HTTPStatus.GONE
    return visit.page("buyer/link_over.html", status=status, live=False, code=fault.code, sites=_sites(visit))


def _wrong(visit: Visit, fault: RescindError) -> Html:
    """A link that its site has made wrongly: ways on for the buyer, and what is wrong for whoever made it."""
    field = str(fault.params.get("field", "order")).strip("/?")
    name = _ADDRESSED.get(field, field)
    expected = str(fault.params.get("expected", "an order of this buyer: its id here, or its number"))
    log.warning("link.wrong", name=name, expected=expected)
    missing = isinstance(fault, NotFound)
    return visit.page(
        "buyer/link_wrong.html",
        status=HTTPStatus.NOT_FOUND if missing else HTTPStatus.UNPROCESSABLE_ENTITY,
        live=False,
        name=name,
        expected=visit.locale.expected(expected),
        sites=_sites(visit, visit.query("return")),
    )


def _sites(visit: Visit, back_to: str = "") -> list[Link]:
    """Ways back to the marketplace. back_to: the page that a link names, where it is one of the marketplace's."""
    _ = visit.locale.gettext
    links = visit.desk.links
    named = links.site(back_to) if back_to else None
    found = {back_to: named} if named else links.sites
    return [Link(site, _("Back to %(site)s") % {"site": name}) for site, name in found.items()]
